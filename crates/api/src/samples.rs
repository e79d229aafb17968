//! Events that the renderers' tests write.

use stillframe_domain::event::{FetchNews, MediaFact, MediaNews, PAYLOAD_VERSION, SnapshotFact};
use stillframe_domain::media::{AudioFacts, MediaFacts, VideoFacts};
use stillframe_domain::object_key::{self, OutputKind};
use stillframe_domain::outcome::{PictureResult, Sheet};
use stillframe_domain::{
    AppId, Colour, Dialect, ErrorCode, Event, EventId, EventKind, EventPayload, Failure, Fit, FrameChoice,
    ImageFormat, JobId, MediaDetails, MediaId, MediaTime, Origin, Output, OutputId, OutputOutcome,
    PictureOutcome, PixelSize, Position, Product, RequestKind, Selection, SizeRule, SnapshotSpec,
    SpriteLayout, Taken, TemplateFamily, TemplateRef, Timestamp, VideoId,
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
        EventPayload::Media(_) | EventPayload::Endpoint(_) => unreachable!("samples are about pictures"),
    }
}

/// 57.5 s of 640 x 360.
pub(crate) fn media_facts() -> MediaFacts {
    MediaFacts {
        container: "mov,mp4,m4a,3gp,3g2,mj2".to_owned(),
        size_bytes: 8_000_000,
        duration: MediaTime::from_millis(57_500),
        bitrate_bps: 1_113_500,
        video: Some(VideoFacts {
            codec: "h264".to_owned(),
            width_px: 640,
            height_px: 360,
            rotation_degrees: 0,
            frames_per_second: 25.0,
            bitrate_bps: 1_000_000,
            is_cover_art: false,
        }),
        audio: Some(AudioFacts { codec: "aac".to_owned(), sample_rate_hz: 48_000, bitrate_bps: 113_500 }),
    }
}

/// An event about a video that came over that API, with these news.
pub(crate) fn media_event(dialect: Dialect, kind: EventKind, news: MediaNews) -> Event {
    let at = Timestamp::from_millis(1_533_031_651_999);
    Event {
        id: EventId::parse(JOB).expect("hex"),
        app_id: AppId(1),
        kind,
        origin: Origin { dialect, kind: RequestKind::Ingest },
        created_at: at,
        payload: EventPayload::Media(MediaFact {
            version: PAYLOAD_VERSION,
            media_id: MediaId(9_031_868_222_841_494_656),
            video_id: VideoId::parse(VIDEO).expect("hex"),
            name: "film.mp4".to_owned(),
            source_url: Some(format!("{BASE}/{VIDEO}/source/film.mp4")),
            facts: None,
            failure: None,
            pass_through: Some("test data".to_owned()),
            details: MediaDetails {
                description: "A film".to_owned(),
                tags: vec!["a".to_owned(), "b".to_owned()],
                category: Some(4),
                ..MediaDetails::default()
            },
            cover_url: None,
            added_by: Some(dialect),
            added_at: Some(at),
            news,
        }),
    }
}

/// The fact of an event about a video.
pub(crate) fn media_fact(event: &mut Event) -> &mut MediaFact {
    match &mut event.payload {
        EventPayload::Media(fact) => fact,
        EventPayload::Snapshot(_) | EventPayload::Endpoint(_) => {
            unreachable!("the sample is about a video")
        }
    }
}

/// Bytes that came by themselves.
pub(crate) fn stored() -> MediaNews {
    MediaNews { size_bytes: Some(8_000_000), ..MediaNews::default() }
}

/// Bytes that were fetched.
pub(crate) fn fetched() -> MediaNews {
    let at = Timestamp::from_millis(1_533_031_650_000);
    let fetch = FetchNews {
        job_id: JobId::parse(JOB).expect("hex"),
        url: "http://example.org/film.mp4".to_owned(),
        dedupe_key: Some("s-1".to_owned()),
        pass_through: Some("of the request".to_owned()),
        created_at: at,
        started_at: Some(at),
        finished_at: at,
    };
    MediaNews { fetch: Some(Box::new(fetch)), ..stored() }
}
