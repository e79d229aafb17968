//! Asking for pictures.

use stillframe_database::DatabaseError;
use stillframe_domain::object_key::OutputKind;
use stillframe_domain::{
    App, Checkpoint, ErrorCode, ImageFormat, Job, Media, MediaState, MediaTime, Origin, Output, OutputId,
    Position, Product, RequestOptions, Selection, SizeRule, SnapshotSpec, Template, TemplateRef, ingest,
    limits, template,
};

use crate::endpoints::check_target;
use crate::media_details::check_pass_through;
use crate::{MediaName, Result, Service, ServiceError, invalid};

/// A request for pictures of a video, in native words.
#[derive(Debug, Clone)]
pub struct SubmitSnapshot {
    /// Where the request comes from.
    pub origin: Origin,
    /// Sets of pictures, 1 to 32.
    pub outputs: Vec<OutputRequest>,
    /// Text that the event repeats.
    pub pass_through: Option<String>,
    /// Callback of this job alone.
    pub callback_url: Option<String>,
    /// -10 to 10; higher runs first.
    pub priority: i32,
    /// What else is asked for.
    pub options: RequestOptions,
}

/// One set of pictures.
#[derive(Debug, Clone)]
pub struct OutputRequest {
    /// Where its objects stand.
    pub kind: OutputKind,
    /// The template that it was asked by.
    pub template: Option<TemplateRef>,
    /// What is made.
    pub spec: SnapshotSpec,
}

/// Most outputs of one job.
pub const OUTPUTS_MAX: usize = 32;

impl Service {
    /// Accepts a request for pictures. When this returns, the job is durable.
    ///
    /// # Errors
    /// `MediaNotFound`, `MediaNotReady`, `InvalidParameter`, `DuplicateRequest`.
    pub async fn submit_snapshot(&self, app: &App, name: &MediaName, request: SubmitSnapshot) -> Result<Job> {
        check(&request)?;
        let media = self.find_media(app, name).await?;
        require_bytes(&media)?;
        let job = self.snapshot_job(&media, request);
        self.database().insert_job(&job).await.map_err(name_taken)?;
        self.deps.checkpoints.reached(Checkpoint::RequestAccepted);
        Ok(job)
    }

    /// The job of a checked request.
    pub(crate) fn snapshot_job(&self, media: &Media, request: SubmitSnapshot) -> Job {
        let outputs = request
            .outputs
            .into_iter()
            .map(|output| Output {
                id: OutputId::mint(self.rng()),
                kind: output.kind,
                template: output.template,
                spec: output.spec,
            })
            .collect();
        Job {
            priority: request.priority,
            pass_through: request.pass_through,
            callback_url: request.callback_url,
            options: request.options,
            ..ingest::snapshot_job(media, request.origin, outputs, self.rng(), self.now())
        }
    }

    /// The template of that name: a preset, else the app's own, whose numbers are others.
    ///
    /// # Errors
    /// `TemplateNotFound`.
    pub async fn find_template(&self, app: &App, reference: &TemplateRef) -> Result<Template> {
        if let Some(preset) = template::find_preset(reference) {
            return Ok(preset);
        }
        let own = self.database().find_template(app.id, reference).await?;
        own.ok_or_else(|| ServiceError::new(ErrorCode::TemplateNotFound, "there is no such template"))
    }
}

/// The ids are new, so it is the caller's name for the request that was taken.
pub(crate) fn name_taken(error: DatabaseError) -> ServiceError {
    match error {
        DatabaseError::Conflict { .. } => {
            ServiceError::new(ErrorCode::DuplicateRequest, "a request of this name was accepted before")
        }
        other => other.into(),
    }
}

fn require_bytes(media: &Media) -> Result<()> {
    match (media.state, &media.failure) {
        (MediaState::Fetching, _) => {
            Err(ServiceError::new(ErrorCode::MediaNotReady, "the video's bytes have not arrived yet"))
        }
        (MediaState::Failed, Some(failure)) if failure.code != ErrorCode::NotAVideo => {
            Err(ServiceError::new(ErrorCode::MediaNotReady, format!("the video failed: {}", failure.message)))
        }
        // A file that is no video is accepted, and its job tells why there is no picture.
        _ => Ok(()),
    }
}

/// Checks all that a request says, but for its video.
pub(crate) fn check(request: &SubmitSnapshot) -> Result<()> {
    if request.outputs.is_empty() || request.outputs.len() > OUTPUTS_MAX {
        return Err(invalid("outputs", format!("1 to {OUTPUTS_MAX}")));
    }
    check_priority(request.priority)?;
    request.pass_through.as_deref().map_or(Ok(()), check_pass_through)?;
    check_dedupe_key(request.options.dedupe_key.as_deref())?;
    if let Some(url) = &request.callback_url {
        check_target("callback_url", url)?;
    }
    request.outputs.iter().try_for_each(|output| check_spec(&output.spec))
}

pub(crate) fn check_priority(priority: i32) -> Result<()> {
    if (-10..=10).contains(&priority) { Ok(()) } else { Err(invalid("priority", "-10 to 10")) }
}

pub(crate) fn check_dedupe_key(key: Option<&str>) -> Result<()> {
    let most = limits::DEDUPE_KEY_CHARS_MAX;
    if key.is_some_and(|key| key.is_empty() || most < key.chars().count()) {
        return Err(invalid("dedupe_key", format!("1 to {most} characters")));
    }
    Ok(())
}

pub(crate) fn check_spec(spec: &SnapshotSpec) -> Result<()> {
    check_selection(&spec.selection)?;
    check_preview(spec)?;
    check_product(spec)
}

/// Checks all but the selection, which a template may leave to its requests.
pub(crate) fn check_product(spec: &SnapshotSpec) -> Result<()> {
    match &spec.product {
        Product::Stills { size, quality, .. } => {
            check_size(*size)?;
            check_quality(*quality)
        }
        Product::Sprite { layout, quality, .. } => {
            check_size(layout.cell)?;
            check_quality(*quality)?;
            let is_grid = (1..=10_000).contains(&layout.columns) && (1..=10_000).contains(&layout.rows);
            if is_grid { Ok(()) } else { Err(invalid("sprite", "1 to 10,000 columns and rows")) }
        }
    }
}

fn check_selection(selection: &Selection) -> Result<()> {
    let most = limits::OFFSETS_PER_REQUEST_MAX;
    match selection {
        Selection::Offsets(positions) if positions.is_empty() || positions.len() > most => {
            Err(invalid("offsets", format!("1 to {most} offsets")))
        }
        Selection::Offsets(positions) => {
            let is_percent = |p: &Position| match p {
                Position::Percent(percent) => (0.0..=100.0).contains(percent),
                Position::At(_) => true,
            };
            if positions.iter().all(is_percent) { Ok(()) } else { Err(invalid("offsets", "0 % to 100 %")) }
        }
        Selection::Series { count: Some(0), .. } | Selection::Keyframes { count: 0, .. } => {
            Err(invalid("count", "1 or more"))
        }
        Selection::Series { interval_ms: 0, count: None, .. } => {
            Err(invalid("interval_ms", "above 0 without a count"))
        }
        Selection::PercentStep { percent } if !(*percent > 0.0 && *percent <= 100.0) => {
            Err(invalid("percent_step", "above 0, at most 100"))
        }
        Selection::Series { .. }
        | Selection::PercentStep { .. }
        | Selection::Keyframes { .. }
        | Selection::Preview { .. }
        | Selection::Cover => Ok(()),
    }
}

/// What moves is one picture in WebP, within its limits.
fn check_preview(spec: &SnapshotSpec) -> Result<()> {
    let Selection::Preview { start, length_ms, step_ms } = spec.selection else { return Ok(()) };
    let (frames, side_px) = (limits::PREVIEW_FRAMES_MAX as u64, limits::PREVIEW_SIDE_PX_MAX);
    if start < MediaTime::ZERO || length_ms == 0 || step_ms == 0 || frames < length_ms.div_ceil(step_ms) {
        return Err(invalid("preview", format!("a part of the video of 1 to {frames} frames")));
    }
    let Product::Stills { size, format: ImageFormat::Webp, .. } = spec.product else {
        return Err(invalid("preview", "single pictures in webp"));
    };
    if spec.has_vtt {
        return Err(invalid("preview", "a picture without a WebVTT file"));
    }
    let is_side = |side: Option<u32>| side.is_none_or(|px| px <= side_px);
    if is_side(size.width_px) && is_side(size.height_px) {
        Ok(())
    } else {
        Err(invalid("preview", format!("sides of at most {side_px} pixels")))
    }
}

fn check_size(size: SizeRule) -> Result<()> {
    let range = limits::PICTURE_SIDE_PX_MIN..=limits::PICTURE_SIDE_PX_MAX;
    let is_side = |side: Option<u32>| side.is_none_or(|px| range.contains(&px));
    if is_side(size.width_px) && is_side(size.height_px) {
        Ok(())
    } else {
        Err(invalid("size", format!("sides of {} to {} pixels", range.start(), range.end())))
    }
}

fn check_quality(quality: u8) -> Result<()> {
    if (1..=100).contains(&quality) { Ok(()) } else { Err(invalid("quality", "1 to 100")) }
}
