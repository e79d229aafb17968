//! Events that the renderers' tests write.

use stillframe_domain::event::{PAYLOAD_VERSION, SnapshotFact};
use stillframe_domain::object_key::{self, OutputKind};
use stillframe_domain::outcome::{PictureResult, Sheet};
use stillframe_domain::{
    AppId, Colour, Dialect, ErrorCode, Event, EventId, EventKind, EventPayload, Failure, Fit, FrameChoice,
    ImageFormat, JobId, MediaId, MediaTime, Origin, Output, OutputId, OutputOutcome, PictureOutcome,
    PixelSize, Position, Product, RequestKind, Selection, SizeRule, SnapshotSpec, SpriteLayout, Taken,
    TemplateFamily, TemplateRef, Timestamp, VideoId,
};

pub(crate) const JOB: &str = "1edb7eb88a599d05abe451cfc541cfbd";
pub(crate) const VIDEO: &str = "2327a6ec24b44844b3a5e2c1b691aaaa";
pub(crate) const BASE: &str = "http://media.example";

/// An output whose id is its number, repeated.
pub(crate) fn output_id(number: u8) -> OutputId {
    OutputId::parse(&format!("{number:032}")).expect("digits")
}

pub(crate) fn failure(code: ErrorCode) -> Failure {
    Failure::new(code, "told to the caller")
}

/// Pictures at these times, by the preset of that number if any.
pub(crate) fn stills(number: u8, kind: OutputKind, definition: Option<i64>, offsets: &[i64]) -> Output {
    let at = |&ms| Position::At(MediaTime::from_millis(ms));
    Output {
        id: output_id(number),
        kind,
        template: definition.map(|number| TemplateRef::Numbered { family: TemplateFamily::Offsets, number }),
        spec: SnapshotSpec {
            selection: Selection::Offsets(offsets.iter().map(at).collect()),
            frame: FrameChoice::Exact,
            product: Product::Stills {
                size: SizeRule::default(),
                fit: Fit::Stretch,
                format: ImageFormat::Jpg,
                quality: 85,
            },
            has_vtt: false,
        },
    }
}

/// A sprite of 2 x 1 cells.
pub(crate) fn sprite(number: u8, kind: OutputKind, definition: Option<i64>) -> Output {
    let layout = SpriteLayout {
        columns: 2,
        rows: 1,
        cell: SizeRule::default(),
        padding_px: 0,
        margin_px: 0,
        colour: Colour::BLACK,
    };
    let mut output = stills(number, kind, None, &[]);
    output.template =
        definition.map(|number| TemplateRef::Numbered { family: TemplateFamily::Sprite, number });
    output.spec.selection = Selection::PercentStep { percent: 10.0 };
    output.spec.product = Product::Sprite { layout, fit: Fit::Black, format: ImageFormat::Jpg, quality: 85 };
    output
}

const SIZE: PixelSize = PixelSize { width_px: 8, height_px: 8 };

fn key(output: &Output, number: u32) -> String {
    let video = VideoId::parse(VIDEO).expect("hex");
    object_key::picture(&video, output.kind, &output.id, number, ImageFormat::Jpg)
}

/// Each asked offset of a set of stills: taken, or failed with its code.
pub(crate) fn taken(output: &Output, codes: &[Option<ErrorCode>]) -> OutputOutcome {
    let mut numbers = 1..;
    let result = |code: &Option<ErrorCode>| match code {
        Some(code) => PictureResult::Failed(failure(*code)),
        None => {
            let number = numbers.next().expect("endless");
            let key = key(output, number);
            PictureResult::Ok(Taken { pts: MediaTime::ZERO, number, key, size: SIZE, size_bytes: 1 })
        }
    };
    let offsets = output.spec.selection.asked_offsets();
    let results: Vec<PictureResult> = codes.iter().map(result).collect();
    let pictures = offsets.into_iter().zip(results).map(|(offset, result)| PictureOutcome { offset, result });
    OutputOutcome {
        output_id: output.id.clone(),
        pictures: pictures.collect(),
        sheets: Vec::new(),
        vtt_key: None,
        failure: None,
    }
}

/// A sprite of three cells on two sheets.
pub(crate) fn taken_sprite(output: &Output) -> OutputOutcome {
    let cell = |number| PictureOutcome {
        offset: Some(MediaTime::from_millis(i64::from(number))),
        result: PictureResult::Ok(Taken {
            pts: MediaTime::ZERO,
            number,
            key: String::new(),
            size: SIZE,
            size_bytes: 0,
        }),
    };
    let sheet = |number| Sheet { number, key: key(output, number), size: SIZE, cell: SIZE, size_bytes: 1 };
    OutputOutcome {
        output_id: output.id.clone(),
        pictures: (1..=3).map(cell).collect(),
        sheets: (1..=2).map(sheet).collect(),
        vtt_key: None,
        failure: None,
    }
}

/// The event of a job that ended with these.
pub(crate) fn event(
    dialect: Dialect,
    kind: RequestKind,
    sets: Vec<(Output, OutputOutcome)>,
    failure: Option<Failure>,
) -> Event {
    let (outputs, outcomes) = sets.into_iter().unzip();
    let at = Timestamp::from_millis(1_533_031_651_999);
    Event {
        id: EventId::parse(JOB).expect("hex"),
        app_id: AppId(1),
        kind: if failure.is_none() { EventKind::SnapshotCompleted } else { EventKind::SnapshotFailed },
        origin: Origin { dialect, kind },
        created_at: at,
        payload: EventPayload::Snapshot(SnapshotFact {
            version: PAYLOAD_VERSION,
            job_id: JobId::parse(JOB).expect("hex"),
            media_id: MediaId(9_031_868_222_841_494_656),
            video_id: VideoId::parse(VIDEO).expect("hex"),
            outputs,
            outcomes,
            failure,
            cover_url: Some(format!("{BASE}/cover.jpg")),
            base_url: BASE.to_owned(),
            callback_url: None,
            options: stillframe_domain::RequestOptions::default(),
            priority: 0,
            media: None,
            pass_through: None,
            job_created_at: at,
            job_started_at: None,
            job_finished_at: at,
        }),
    }
}

/// Changes the fact of an event.
pub(crate) fn fact(event: &mut Event) -> &mut SnapshotFact {
    match &mut event.payload {
        EventPayload::Snapshot(fact) => fact,
        EventPayload::Media(_) => unreachable!("samples are about pictures"),
    }
}
