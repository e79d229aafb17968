//! `/v1/media/{id}/snapshots`: asking for pictures and listing them.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::Deserialize;
use stillframe_domain::object_key::OutputKind;
use stillframe_domain::template::JPEG_QUALITY_DEFAULT;
use stillframe_domain::{
    Colour, Dialect, Fit, FrameChoice, ImageFormat, MediaTime, Origin, Position, Product, RequestKind,
    RequestOptions, Selection, SizeRule, SnapshotSpec, SpriteLayout,
};
use stillframe_service::{OutputRequest, ServiceError, SubmitSnapshot, invalid};
use utoipa::ToSchema;

use super::auth::Authenticated;
use super::error::Problem;
use super::input::{Document, Named};
use super::media;
use super::model::{self, JobView, Page, SnapshotView};
use crate::state::ApiState;
use crate::urls::Urls;

/// A request for pictures: exactly one of the selections; stills, a sprite, or both.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = SubmitSnapshot)]
pub(super) struct SubmitRequest {
    /// Selection: these times in milliseconds, answered in this order.
    offsets_ms: Option<Vec<i64>>,
    /// Selection: these parts of the duration; 100 is the last frame.
    offsets_percent: Option<Vec<f64>>,
    /// Selection: at regular times.
    series: Option<Series>,
    /// Selection: 0 %, this, twice this, ... below 100 %.
    percent_step: Option<f64>,
    /// Selection: keyframes, evenly spread.
    keyframes: Option<Keyframes>,
    /// Selection: one picture that becomes the cover.
    cover: Option<CoverRequest>,
    /// One moving picture in the place of stills.
    preview: Option<Preview>,
    /// Which frame stands for a time.
    #[serde(default = "exact")]
    frame: FrameChoice,
    /// Width in pixels, 8 to 8,192; one side alone keeps the shape.
    width_px: Option<u32>,
    /// Height in pixels, 8 to 8,192.
    height_px: Option<u32>,
    /// How a frame fills a size of another shape.
    #[serde(default = "stretch")]
    fit: Fit,
    /// File format: JPEG where it is not given, WebP for a preview.
    format: Option<ImageFormat>,
    /// 1 to 100.
    #[serde(default = "quality")]
    quality: u8,
    /// A sprite of the pictures.
    sprite: Option<Sprite>,
    /// With `sprite`: whether the single pictures are kept too.
    #[serde(default)]
    stills: Option<bool>,
    /// Whether a WebVTT file says which picture shows which time.
    #[serde(default)]
    vtt: bool,
    /// Text that the event repeats, at most 1,000 characters.
    pass_through: Option<String>,
    /// -10 to 10; higher runs first.
    #[serde(default)]
    priority: i32,
}

/// Regular times.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Series {
    /// The first one.
    #[serde(default)]
    start_ms: i64,
    /// The wait between two; 0 spreads `count` evenly.
    #[serde(default)]
    interval_ms: u64,
    /// How many; until the end without it.
    count: Option<u32>,
}

/// Keyframes, evenly spread.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Keyframes {
    /// How many at most.
    count: u32,
    /// From where on.
    #[serde(default)]
    start_ms: i64,
}

/// One picture that becomes the video's cover.
#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum CoverRequest {
    /// The engine chooses.
    Auto,
    /// At this time in milliseconds.
    AtMs(i64),
    /// At this part of the duration.
    AtPercent(f64),
}

/// One picture that moves.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Preview {
    /// Where it begins.
    #[serde(default)]
    start_ms: i64,
    /// How long it is.
    #[serde(default = "preview_length_ms")]
    length_ms: u64,
    /// Pictures a second.
    #[serde(default = "preview_fps")]
    frames_per_second: u32,
}

const fn preview_length_ms() -> u64 {
    3_000
}
const fn preview_fps() -> u32 {
    10
}

/// A grid of pictures.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Sprite {
    /// Cells of a row.
    columns: u32,
    /// Rows of a sheet.
    rows: u32,
    /// Width of a cell in pixels.
    cell_width_px: Option<u32>,
    /// Height of a cell in pixels.
    cell_height_px: Option<u32>,
    /// Between cells, in pixels.
    #[serde(default)]
    padding_px: u32,
    /// Around the grid, in pixels.
    #[serde(default)]
    margin_px: u32,
}

const fn exact() -> FrameChoice {
    FrameChoice::Exact
}
const fn stretch() -> Fit {
    Fit::Stretch
}
const fn quality() -> u8 {
    JPEG_QUALITY_DEFAULT
}

impl SubmitRequest {
    /// Whether it asks for more than pictures, which only a request for a job can.
    pub(super) const fn is_of_a_job(&self) -> bool {
        self.pass_through.is_some() || self.priority != 0
    }

    fn selection(&self) -> Result<Selection, ServiceError> {
        let at = |ms| Position::At(MediaTime::from_millis(ms));
        let given = [
            self.offsets_ms.as_ref().map(|list| Selection::Offsets(list.iter().copied().map(at).collect())),
            self.offsets_percent
                .as_ref()
                .map(|list| Selection::Offsets(list.iter().copied().map(Position::Percent).collect())),
            self.series.as_ref().map(|series| Selection::Series {
                start: MediaTime::from_millis(series.start_ms),
                interval_ms: series.interval_ms,
                count: series.count,
            }),
            self.percent_step.map(|percent| Selection::PercentStep { percent }),
            self.keyframes.as_ref().map(|keyframes| Selection::Keyframes {
                count: keyframes.count,
                start: MediaTime::from_millis(keyframes.start_ms),
                names_best: false,
            }),
            self.cover.map(|cover| match cover {
                CoverRequest::Auto => Selection::Cover,
                CoverRequest::AtMs(ms) => Selection::Offsets(vec![at(ms)]),
                CoverRequest::AtPercent(percent) => Selection::Offsets(vec![Position::Percent(percent)]),
            }),
            self.preview.as_ref().map(|preview| Selection::Preview {
                start: MediaTime::from_millis(preview.start_ms),
                length_ms: preview.length_ms,
                // None at all, or more than one a millisecond, is a step of 0, which is refused.
                step_ms: 1_000_u64.checked_div(preview.frames_per_second.into()).unwrap_or(0),
            }),
        ];
        let mut given = given.into_iter().flatten();
        match (given.next(), given.next()) {
            (Some(selection), None) => Ok(selection),
            _ => Err(invalid(
                "body",
                "exactly one of offsets_ms, offsets_percent, series, percent_step, keyframes, cover, preview",
            )),
        }
    }

    /// The sets of pictures that it asks for.
    pub(super) fn outputs(&self) -> Result<Vec<OutputRequest>, ServiceError> {
        let selection = self.selection()?;
        if self.cover.is_some() && (self.sprite.is_some() || self.vtt || self.stills == Some(false)) {
            return Err(invalid("cover", "one picture, without sprite and vtt"));
        }
        let default = if self.preview.is_some() { ImageFormat::Webp } else { ImageFormat::Jpg };
        let format = self.format.unwrap_or(default);
        let (quality, fit) = (self.quality, self.fit);
        let output = |kind, product, has_vtt| OutputRequest {
            kind,
            template: None,
            spec: SnapshotSpec { selection: selection.clone(), frame: self.frame, product, has_vtt },
        };
        let mut outputs = Vec::new();
        let has_stills = self.stills.unwrap_or(self.sprite.is_none());
        if has_stills {
            let size = SizeRule { width_px: self.width_px, height_px: self.height_px, is_adaptive: false };
            let has_vtt = self.vtt && self.sprite.is_none();
            let kind = match self.cover {
                Some(_) => OutputKind::Cover,
                None if has_vtt => OutputKind::WebVtt,
                None => OutputKind::Normal,
            };
            outputs.push(output(kind, Product::Stills { size, fit, format, quality }, has_vtt));
        }
        if let Some(sprite) = &self.sprite {
            let cell = SizeRule {
                width_px: sprite.cell_width_px,
                height_px: sprite.cell_height_px,
                is_adaptive: false,
            };
            let layout = SpriteLayout {
                columns: sprite.columns,
                rows: sprite.rows,
                cell,
                padding_px: sprite.padding_px,
                margin_px: sprite.margin_px,
                colour: Colour::BLACK,
            };
            let kind = if self.vtt { OutputKind::WebVtt } else { OutputKind::Sprite };
            outputs.push(output(kind, Product::Sprite { layout, fit, format, quality }, self.vtt));
        }
        Ok(outputs)
    }
}

/// Asks for pictures; the job is durable when this is answered.
#[utoipa::path(post, path = "/media/{id}/snapshots", operation_id = "submit_snapshot", tag = "snapshots",
    params(("id" = String, Path, description = "The video's decimal id, or that of 32 hex digits.")),
    request_body = SubmitRequest,
    responses((status = 202, description = "The job.", body = JobView)))]
pub(crate) async fn submit(
    State(state): State<ApiState>,
    Authenticated(app): Authenticated,
    Named(id): Named,
    Document(request): Document<SubmitRequest>,
) -> Result<(StatusCode, Json<JobView>), Problem> {
    let name = media::name(&id)?;
    let submit = SubmitSnapshot {
        origin: Origin { dialect: Dialect::Native, kind: RequestKind::Snapshot },
        outputs: request.outputs()?,
        pass_through: request.pass_through,
        callback_url: None,
        priority: request.priority,
        options: RequestOptions::default(),
    };
    let job = state.service.submit_snapshot(&app, &name, submit).await?;
    Ok((StatusCode::ACCEPTED, Json(model::job(&job, &Urls::of(&state.service, &app)))))
}

/// Lists the successful outputs of a video, newest job first.
#[utoipa::path(get, path = "/media/{id}/snapshots", operation_id = "list_snapshots", tag = "snapshots",
    params(("id" = String, Path, description = "The video's decimal id, or that of 32 hex digits.")),
    responses((status = 200, description = "All successful outputs.", body = Page<SnapshotView>)))]
pub(crate) async fn list(
    State(state): State<ApiState>,
    Authenticated(app): Authenticated,
    Named(id): Named,
) -> Result<Json<Page<SnapshotView>>, Problem> {
    let found = state.service.find_media(&app, &media::name(&id)?).await?;
    let urls = Urls::of(&state.service, &app);
    let outputs = state.service.successful_outputs(&app, &found).await?;
    Ok(Page::whole(outputs.iter().map(|one| SnapshotView {
        output: model::output(&one.output, Some(&one.outcome), &urls),
        job_id: one.job.id.to_string(),
    })))
}
