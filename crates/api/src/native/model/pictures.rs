//! Jobs, their outputs and pictures.

use serde::Serialize;
use stillframe_domain::job::JobKind;
use stillframe_domain::object_key::OutputKind;
use stillframe_domain::outcome::{PictureResult, Sheet};
use stillframe_domain::{
    Failure, Job, JobState, MediaTime, Origin, Output, OutputOutcome, PictureOutcome, Traffic,
};
use utoipa::ToSchema;

use crate::timestamp::rfc3339_ms;
use crate::urls::Urls;

/// A job as its owner sees it.
#[derive(Debug, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = Job)]
pub(crate) struct JobView {
    /// Its id.
    id: String,
    /// The decimal id of its video.
    media_id: String,
    /// What it does.
    kind: JobKind,
    /// Where it stands.
    state: JobState,
    /// Where it came from.
    origin: Origin,
    /// Attempts begun.
    attempt: u32,
    /// Why the last attempt failed, or the whole job.
    failure: Option<Failure>,
    /// Sets of pictures.
    outputs: Vec<OutputView>,
    /// What it cost to read a video that stays at its URL.
    traffic: Option<Traffic>,
    /// Text of the caller that its event repeats.
    pass_through: Option<String>,
    /// When it was accepted: RFC 3339, UTC.
    created_at: String,
    /// When its first attempt began.
    started_at: Option<String>,
    /// When it came to its end.
    finished_at: Option<String>,
}

pub(crate) fn job(job: &Job, urls: &Urls<'_>) -> JobView {
    JobView {
        id: job.id.to_string(),
        media_id: job.media_id.to_string(),
        kind: job.kind,
        state: job.state,
        origin: job.origin,
        attempt: job.attempt,
        failure: job.failure.clone(),
        outputs: job
            .outputs
            .iter()
            .enumerate()
            .map(|(k, one)| output(one, job.outcomes.get(k), urls))
            .collect(),
        traffic: job.traffic,
        pass_through: job.pass_through.clone(),
        created_at: rfc3339_ms(job.created_at),
        started_at: job.started_at.map(rfc3339_ms),
        finished_at: job.finished_at.map(rfc3339_ms),
    }
}

/// One set of pictures; they stand in the order asked and come once the job has ended.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Output)]
pub(crate) struct OutputView {
    /// Its id, the stem of its object keys.
    id: String,
    /// Where its objects stand.
    kind: OutputKind,
    /// Its pictures.
    pictures: Vec<PictureView>,
    /// Its sprite sheets.
    sheets: Vec<SheetView>,
    /// Its WebVTT file.
    vtt_url: Option<String>,
    /// Why nothing of it was taken.
    failure: Option<Failure>,
}

pub(crate) fn output(output: &Output, outcome: Option<&OutputOutcome>, urls: &Urls<'_>) -> OutputView {
    let pictures = outcome.map(|outcome| outcome.pictures.iter().map(|one| picture(one, urls)).collect());
    let sheets = outcome.map(|outcome| outcome.sheets.iter().map(|one| sheet(one, urls)).collect());
    OutputView {
        id: output.id.to_string(),
        kind: output.kind,
        pictures: pictures.unwrap_or_default(),
        sheets: sheets.unwrap_or_default(),
        vtt_url: outcome.and_then(|outcome| outcome.vtt_key.as_ref()).map(|key| urls.object(key)),
        failure: outcome.and_then(|outcome| outcome.failure.clone()),
    }
}

/// An output of a video, with its job.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Snapshot)]
pub(crate) struct SnapshotView {
    /// The output.
    #[serde(flatten)]
    pub output: OutputView,
    /// The job that made it.
    pub job_id: String,
}

/// A picture that was asked for.
#[derive(Debug, Serialize, ToSchema)]
#[serde(tag = "status", rename_all = "lowercase")]
#[schema(as = Picture)]
pub(crate) enum PictureView {
    /// It was taken.
    Ok {
        /// The time asked for; null where none was.
        offset_ms: Option<MediaTime>,
        /// The time of its frame.
        pts_ms: MediaTime,
        /// Its number among those that exist, from 1.
        number: u32,
        /// Where it is served; a cell of a sprite has no object of its own, hence none of what follows.
        #[serde(skip_serializing_if = "Option::is_none")]
        url: Option<String>,
        /// Width in pixels.
        #[serde(skip_serializing_if = "Option::is_none")]
        width_px: Option<u32>,
        /// Height in pixels.
        #[serde(skip_serializing_if = "Option::is_none")]
        height_px: Option<u32>,
        /// Size in bytes.
        #[serde(skip_serializing_if = "Option::is_none")]
        size_bytes: Option<u64>,
    },
    /// It was not.
    Failed {
        /// The time asked for; null where none was.
        offset_ms: Option<MediaTime>,
        /// Why.
        error: Failure,
    },
}

fn picture(picture: &PictureOutcome, urls: &Urls<'_>) -> PictureView {
    let offset_ms = picture.offset;
    match &picture.result {
        PictureResult::Failed(reason) => PictureView::Failed { offset_ms, error: reason.clone() },
        PictureResult::Ok(taken) => {
            let has_object = !taken.key.is_empty();
            PictureView::Ok {
                offset_ms,
                pts_ms: taken.pts,
                number: taken.number,
                url: has_object.then(|| urls.object(&taken.key)),
                width_px: has_object.then_some(taken.size.width_px),
                height_px: has_object.then_some(taken.size.height_px),
                size_bytes: has_object.then_some(taken.size_bytes),
            }
        }
    }
}

/// A sprite sheet.
#[derive(Debug, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = Sheet)]
pub(crate) struct SheetView {
    /// Its number, from 1.
    number: u32,
    /// Where it is served.
    url: String,
    /// Width in pixels.
    width_px: u32,
    /// Height in pixels.
    height_px: u32,
    /// Width of a cell in pixels.
    cell_width_px: u32,
    /// Height of a cell in pixels.
    cell_height_px: u32,
    /// Size in bytes.
    size_bytes: u64,
}

fn sheet(sheet: &Sheet, urls: &Urls<'_>) -> SheetView {
    SheetView {
        number: sheet.number,
        url: urls.object(&sheet.key),
        width_px: sheet.size.width_px,
        height_px: sheet.size.height_px,
        cell_width_px: sheet.cell.width_px,
        cell_height_px: sheet.cell.height_px,
        size_bytes: sheet.size_bytes,
    }
}
