//! `/v1/media/{id}/snapshots`: asking for pictures and listing them.

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use serde::Deserialize;
use serde_json::{Value, json};
use stillframe_domain::object_key::OutputKind;
use stillframe_domain::template::JPEG_QUALITY_DEFAULT;
use stillframe_domain::{
    Colour, Dialect, Fit, FrameChoice, ImageFormat, MediaTime, Origin, Position, Product, RequestKind,
    RequestOptions, Selection, SizeRule, SnapshotSpec, SpriteLayout,
};
use stillframe_service::{OutputRequest, ServiceError, SubmitSnapshot, invalid};

use super::auth::Authenticated;
use super::error::Problem;
use super::{media, model};
use crate::state::ApiState;
use crate::urls::Urls;

/// Exactly one of the selections; stills, a sprite, or both.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SubmitRequest {
    offsets_ms: Option<Vec<i64>>,
    offsets_percent: Option<Vec<f64>>,
    series: Option<Series>,
    percent_step: Option<f64>,
    keyframes: Option<Keyframes>,
    cover: Option<CoverRequest>,
    preview: Option<Preview>,
    #[serde(default = "exact")]
    frame: FrameChoice,
    width_px: Option<u32>,
    height_px: Option<u32>,
    #[serde(default = "stretch")]
    fit: Fit,
    /// JPEG where it is not given, WebP for a preview.
    format: Option<ImageFormat>,
    #[serde(default = "quality")]
    quality: u8,
    sprite: Option<Sprite>,
    /// With `sprite`: whether the single pictures are kept too.
    #[serde(default)]
    stills: Option<bool>,
    #[serde(default)]
    vtt: bool,
    pass_through: Option<String>,
    #[serde(default)]
    priority: i32,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Series {
    #[serde(default)]
    start_ms: i64,
    #[serde(default)]
    interval_ms: u64,
    count: Option<u32>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Keyframes {
    count: u32,
    #[serde(default)]
    start_ms: i64,
}

/// One picture that becomes the video's cover.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
enum CoverRequest {
    /// The engine chooses.
    Auto,
    AtMs(i64),
    AtPercent(f64),
}

/// One picture that moves.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Preview {
    #[serde(default)]
    start_ms: i64,
    #[serde(default = "preview_length_ms")]
    length_ms: u64,
    #[serde(default = "preview_fps")]
    frames_per_second: u32,
}

const fn preview_length_ms() -> u64 {
    3_000
}
const fn preview_fps() -> u32 {
    10
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Sprite {
    columns: u32,
    rows: u32,
    cell_width_px: Option<u32>,
    cell_height_px: Option<u32>,
    #[serde(default)]
    padding_px: u32,
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

/// `POST /v1/media/{id}/snapshots`: 202 with the job, which is durable by then.
pub(crate) async fn submit(
    State(state): State<ApiState>,
    Authenticated(app): Authenticated,
    Path(id): Path<String>,
    body: Bytes,
) -> Result<(StatusCode, Json<Value>), Problem> {
    let request: SubmitRequest = model::decode(&body)?;
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

/// `GET /v1/media/{id}/snapshots`: the successful outputs of the video, newest job first.
pub(crate) async fn list(
    State(state): State<ApiState>,
    Authenticated(app): Authenticated,
    Path(id): Path<String>,
) -> Result<Json<Value>, Problem> {
    let found = state.service.find_media(&app, &media::name(&id)?).await?;
    let urls = Urls::of(&state.service, &app);
    let outputs = state.service.successful_outputs(&app, &found).await?;
    let items: Vec<Value> = outputs
        .iter()
        .map(|one| {
            let mut view = model::output(&one.output, Some(&one.outcome), &urls);
            view["job_id"] = json!(one.job.id);
            view
        })
        .collect();
    Ok(Json(json!({ "items": items, "next": null })))
}
