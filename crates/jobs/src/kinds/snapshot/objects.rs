//! Numbers what was taken, stores it, and says what became of each output.

use std::collections::HashSet;
use std::fs::File;
use std::io;
use std::sync::Arc;

use bytes::Bytes;
use futures::FutureExt;
use futures::stream::{self, StreamExt, TryStreamExt};
use stillframe_domain::outcome::{PictureResult, Sheet};
use stillframe_domain::{
    ErrorCode, Failure, FrameChoice, ImageFormat, MediaTime, NotifyMode, Output, OutputOutcome,
    PictureOutcome, Product, Taken, object_key,
};
use stillframe_engine::vtt::{self, Cue};
use stillframe_storage::{ObjectKey, StorageError};

use super::taking::{Span, TakenJob, TakenOutput, TakenPicture};
use crate::error::JobError;
use crate::work::Work;

/// Most puts of one job at a time.
const PUTS_MAX: usize = 4;

/// Stores all that was taken; the outcomes name only what is stored when this returns.
///
/// All outputs are stored together, unless the caller asked to be told as each comes to its end.
pub(super) async fn put_all(work: &Work, taken: TakenJob) -> Result<Vec<OutputOutcome>, JobError> {
    let sets: Vec<Set<'_>> = work.job().outputs.iter().zip(&taken.outputs).collect();
    let together = match work.job().options.notify {
        NotifyMode::Change => 1,
        NotifyMode::Finish | NotifyMode::Never => sets.len().max(1),
    };
    let mut outcomes = Vec::new();
    for some in sets.chunks(together) {
        outcomes.extend(put(work, some, &taken).await?);
        if !may_be_tried_again(&outcomes) {
            work.tell_progress(&outcomes).await?;
        }
    }
    Ok(outcomes)
}

/// An output and what the engine made of it.
type Set<'a> = (&'a Output, &'a TakenOutput);

async fn put(work: &Work, sets: &[Set<'_>], taken: &TakenJob) -> Result<Vec<OutputOutcome>, JobError> {
    let mut puts = Vec::new();
    let mut outcomes: Vec<OutputOutcome> =
        sets.iter().map(|(output, made)| outcome(work, output, made, &mut puts)).collect();
    let spool = &taken.spool;
    let puts = puts.into_iter().map(|put| put.run(work, spool).boxed());
    stream::iter(puts).buffer_unordered(PUTS_MAX).try_collect::<()>().await?;
    for (outcome, (output, _)) in outcomes.iter_mut().zip(sets) {
        put_vtt(work, output, outcome, taken.duration).await?;
    }
    Ok(outcomes)
}

/// Whether another attempt may still give what these outputs lack: nothing is told of them then.
fn may_be_tried_again(outcomes: &[OutputOutcome]) -> bool {
    let mut failures = outcomes.iter().filter_map(OutputOutcome::first_failure);
    !outcomes.iter().any(OutputOutcome::is_success) && failures.any(|failure| failure.code.is_temporary())
}

/// An object to be stored.
struct Put {
    key: String,
    span: Span,
}

impl Put {
    async fn run(self, work: &Work, spool: &Arc<File>) -> Result<(), JobError> {
        let blocking = work.shared.deps.blocking.as_ref();
        let bytes =
            self.span.read(blocking, spool).await.map_err(|source| spool_unreadable(&self.key, source))?;
        store(work, &self.key, Bytes::from(bytes)).await
    }
}

/// Knows the frames that an output shows once.
struct Repeats {
    is_looked_for: bool,
    seen: HashSet<MediaTime>,
}

impl Repeats {
    /// A sheet has a cell for each time, so only single pictures can be left out.
    fn of(output: &Output) -> Self {
        let is_looked_for = output.spec.frame == FrameChoice::DistinctKeyframe
            && matches!(output.spec.product, Product::Stills { .. });
        Self { is_looked_for, seen: HashSet::new() }
    }

    /// Whether the frame at this time was shown before and is not to be shown again.
    fn is_one(&mut self, pts: MediaTime) -> bool {
        self.is_looked_for && !self.seen.insert(pts)
    }
}

fn outcome(work: &Work, output: &Output, taken: &TakenOutput, puts: &mut Vec<Put>) -> OutputOutcome {
    let key =
        |number, format| object_key::picture(&work.media.video_id, output.kind, &output.id, number, format);
    let mut put = |number, format, span| {
        puts.push(Put { key: key(number, format), span });
        key(number, format)
    };
    let mut numbers = 1..;
    let mut pictures = Vec::new();
    let mut repeats = Repeats::of(output);
    for picture in &taken.pictures {
        let Some(TakenPicture { offset, result }) = picture else {
            pictures.push(untold());
            continue;
        };
        if result.as_ref().is_ok_and(|frame| repeats.is_one(frame.pts)) {
            continue;
        }
        let result = match result {
            Err(failure) => PictureResult::Failed(failure.clone()),
            Ok(frame) => {
                let number = numbers.next().unwrap_or(u32::MAX);
                let key = match format_of_stills(&output.spec.product) {
                    Some(format) => put(number, format, frame.span),
                    None => String::new(),
                };
                let size_bytes = frame.span.size_bytes;
                PictureResult::Ok(Taken { pts: frame.pts, number, key, size: frame.size, size_bytes })
            }
        };
        pictures.push(PictureOutcome { offset: Some(*offset), result });
    }
    let sheets = taken.sheets.iter().map(|sheet| Sheet {
        number: sheet.number,
        key: put(sheet.number, format_of(&output.spec.product), sheet.span),
        size: sheet.size,
        cell: sheet.cell,
        size_bytes: sheet.span.size_bytes,
    });
    let mut outcome = OutputOutcome {
        output_id: output.id.clone(),
        pictures,
        sheets: sheets.collect(),
        vtt_key: None,
        failure: None,
    };
    outcome.failure = whole_failure(output, &outcome);
    outcome
}

/// The reason when the output has no object that a client could fetch.
fn whole_failure(output: &Output, outcome: &OutputOutcome) -> Option<Failure> {
    let has_taken = outcome.taken().next().is_some();
    let lacks_sheets = format_of_stills(&output.spec.product).is_none() && outcome.sheets.is_empty();
    match (has_taken, lacks_sheets) {
        (true, false) => None,
        (true, true) => Some(Failure::new(ErrorCode::EncodeFailed, "no sheet was made")),
        (false, _) => outcome.first_failure().cloned().or_else(|| {
            Some(Failure::new(ErrorCode::OffsetOutOfRange, "the video has no picture for this selection"))
        }),
    }
}

/// The engine told nothing of a picture that it had planned.
fn untold() -> PictureOutcome {
    let failure = Failure::new(ErrorCode::DecodeFailed, "the engine gave no picture");
    PictureOutcome { offset: None, result: PictureResult::Failed(failure) }
}

async fn put_vtt(
    work: &Work,
    output: &Output,
    outcome: &mut OutputOutcome,
    duration: MediaTime,
) -> Result<(), JobError> {
    if !output.spec.has_vtt || !outcome.is_success() {
        return Ok(());
    }
    let key = object_key::vtt(&work.media.video_id, output.kind, &output.id);
    let text = vtt::write(&cues(output, outcome, duration));
    store(work, &key, Bytes::from(text)).await?;
    outcome.vtt_key = Some(key);
    Ok(())
}

/// Cues of the pictures that exist, named relative to the WebVTT file beside them.
fn cues(output: &Output, outcome: &OutputOutcome, duration: MediaTime) -> Vec<Cue> {
    let name = |key: &str| key.rsplit('/').next().unwrap_or(key).to_owned();
    let times = outcome.pictures.iter().enumerate().filter_map(|(index, picture)| match &picture.result {
        PictureResult::Ok(taken) => Some((index, picture.offset?, taken)),
        PictureResult::Failed(_) => None,
    });
    match (&output.spec.product, outcome.sheets.first()) {
        (Product::Sprite { layout, .. }, Some(first)) => {
            let names: Vec<_> = outcome.sheets.iter().map(|sheet| name(&sheet.key)).collect();
            let cells = times.map(|(index, offset, _)| (index, offset));
            vtt::cues_for_sprite(cells, duration, layout, first.cell, &names)
        }
        _ => vtt::cues_for(times.map(|(_, offset, taken)| (offset, name(&taken.key))), duration),
    }
}

fn format_of_stills(product: &Product) -> Option<ImageFormat> {
    match product {
        Product::Stills { format, .. } => Some(*format),
        Product::Sprite { .. } => None,
    }
}

fn format_of(product: &Product) -> ImageFormat {
    match product {
        Product::Stills { format, .. } | Product::Sprite { format, .. } => *format,
    }
}

async fn store(work: &Work, key: &str, content: Bytes) -> Result<(), JobError> {
    let key =
        ObjectKey::parse(key).map_err(|error| JobError::fail(ErrorCode::Internal, error.to_string()))?;
    work.shared.deps.storage.put(&key, content).await?;
    Ok(())
}

fn spool_unreadable(key: &str, source: io::Error) -> JobError {
    JobError::from(StorageError::Backend { doing: "spool", key: key.to_owned(), source })
}
