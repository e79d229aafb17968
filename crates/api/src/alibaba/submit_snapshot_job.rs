//! `SubmitSnapshotJob`: pictures at times, in a series, or as a sprite.

use serde_json::json;
use stillframe_domain::object_key::OutputKind;
use stillframe_domain::{
    App, Dialect, Fit, FrameChoice, ImageFormat, MediaTime, Origin, Position, Product, RequestKind,
    RequestOptions, Selection, SizeRule, SnapshotSpec, limits, template,
};
use stillframe_service::{OutputRequest, Service, SubmitSnapshot};

use super::error::Refusal;
use super::handle::Answer;
use super::params::Params;
use super::user_data::{self, UserData};
use super::{name_videos, sprite_config, video_details, vod_template};

/// Most entries of `SpecifiedOffsetTimes`.
const OFFSETS_MAX: usize = 30;
const INTERVAL_S_DEFAULT: i64 = 1;
/// Longest interval, in seconds.
pub(super) const INTERVAL_S_MAX: i64 = i64::MAX / 1000;
/// Most pictures of a series.
pub(super) const COUNT_MAX: i64 = limits::PICTURES_PER_OUTPUT_MAX as i64;

/// Accepts the job and answers its id.
pub(super) async fn run(service: &Service, app: &App, params: &Params) -> Result<Answer, Refusal> {
    let media = name_videos::one(service, app, params).await?;
    let UserData { extend, callback_url } = user_data::parse(params.find("UserData").unwrap_or_default())?;
    let outputs = match params.find("SnapshotTemplateId") {
        // A template replaces every parameter but the video and the caller's own data.
        Some(id) => vod_template::outputs(service, app, id).await?,
        None => of_params(params)?,
    };
    let request = SubmitSnapshot {
        origin: Origin { dialect: Dialect::Alibaba, kind: RequestKind::Snapshot },
        outputs,
        pass_through: extend,
        callback_url,
        priority: 0,
        options: RequestOptions::default(),
    };
    let job = service.submit_snapshot(app, &name_videos::name_of(&media), request).await;
    let job = job.map_err(video_details::in_vendor_words)?;
    Ok(Answer::from_iter([("SnapshotJob".to_owned(), json!({ "JobId": job.id }))]))
}

/// Single pictures; or, with a sprite configuration, the sprite and its single pictures.
fn of_params(params: &Params) -> Result<Vec<OutputRequest>, Refusal> {
    let selection = selection(params)?;
    let size =
        SizeRule { width_px: side(params, "Width")?, height_px: side(params, "Height")?, is_adaptive: false };
    let (fit, format, quality) = (Fit::Stretch, ImageFormat::Jpg, template::JPEG_QUALITY_DEFAULT);
    let output = |kind, product| OutputRequest {
        kind,
        template: None,
        spec: SnapshotSpec {
            selection: selection.clone(),
            frame: FrameChoice::Exact,
            product,
            has_vtt: false,
        },
    };
    let stills = Product::Stills { size, fit, format, quality };
    let Some(config) = params.find("SpriteSnapshotConfig") else {
        return Ok(vec![output(OutputKind::Normal, stills)]);
    };
    let config = sprite_config::parse(config, size)?;
    let sprite = Product::Sprite { layout: config.layout, fit, format, quality };
    let mut outputs = vec![output(OutputKind::Sprite, sprite)];
    if config.is_origin_kept {
        outputs.push(output(OutputKind::SpriteOrigin, stills));
    }
    Ok(outputs)
}

/// The times: a list, or a series of which neither `Count` nor the video's end is exceeded.
///
/// `Interval` alone runs to the end; `Count` alone has an interval of 1 s; neither gives one picture.
fn selection(params: &Params) -> Result<Selection, Refusal> {
    if let Some(list) = params.find("SpecifiedOffsetTimes") {
        return offset_list(list);
    }
    let start = params.number("SpecifiedOffsetTime", 0..=i64::MAX)?;
    let count = params.number("Count", 1..=COUNT_MAX)?;
    let interval_s = params.number("Interval", 0..=INTERVAL_S_MAX)?;
    Ok(series(start, count, interval_s))
}

/// The series that its three parameters stand for, each within its range.
pub(super) fn series(start_ms: Option<i64>, count: Option<i64>, interval_s: Option<i64>) -> Selection {
    let count = match (count, interval_s) {
        (None, None | Some(0)) => Some(1),
        (count, _) => count,
    };
    Selection::Series {
        start: MediaTime::from_millis(start_ms.unwrap_or(0)),
        interval_ms: interval_s.unwrap_or(INTERVAL_S_DEFAULT).unsigned_abs() * 1000,
        count: count.and_then(|count| u32::try_from(count).ok()),
    }
}

fn offset_list(text: &str) -> Result<Selection, Refusal> {
    let offsets: Vec<i64> = serde_json::from_str(text).unwrap_or_default();
    if offsets.is_empty() || offsets.len() > OFFSETS_MAX || offsets.iter().any(|&ms| ms < 0) {
        return Err(Refusal::invalid("SpecifiedOffsetTimes"));
    }
    let at = |ms| Position::At(MediaTime::from_millis(ms));
    Ok(Selection::Offsets(offsets.into_iter().map(at).collect()))
}

fn side(params: &Params, name: &'static str) -> Result<Option<u32>, Refusal> {
    Ok(params.number(name, 8..=4096)?.and_then(|px| u32::try_from(px).ok()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outputs(pairs: &[(&str, &str)]) -> Vec<OutputRequest> {
        of_params(&Params::of(pairs)).expect("accepted")
    }

    fn series(start: i64, interval_ms: u64, count: Option<u32>) -> Selection {
        Selection::Series { start: MediaTime::from_millis(start), interval_ms, count }
    }

    #[test]
    fn count_and_interval_bound_the_series_as_documented() {
        let selection = |pairs: &[(&str, &str)]| outputs(pairs).swap_remove(0).spec.selection;
        assert_eq!(selection(&[]), series(0, 1_000, Some(1)));
        assert_eq!(selection(&[("SpecifiedOffsetTime", "250")]), series(250, 1_000, Some(1)));
        assert_eq!(selection(&[("Count", "10")]), series(0, 1_000, Some(10)));
        assert_eq!(selection(&[("Count", "10"), ("Interval", "0")]), series(0, 0, Some(10)));
        assert_eq!(selection(&[("Count", "10"), ("Interval", "5")]), series(0, 5_000, Some(10)));
        assert_eq!(selection(&[("Interval", "5")]), series(0, 5_000, None));
        assert_eq!(selection(&[("Interval", "0")]), series(0, 0, Some(1)));
    }

    #[test]
    fn a_list_of_offsets_replaces_the_series() {
        let outputs = outputs(&[("SpecifiedOffsetTimes", "[2500, 1000]"), ("Count", "9")]);
        let at = |ms| Position::At(MediaTime::from_millis(ms));
        assert_eq!(outputs[0].spec.selection, Selection::Offsets(vec![at(2_500), at(1_000)]));
    }

    #[test]
    fn a_sprite_comes_with_its_single_pictures_unless_they_are_to_be_deleted() {
        let kinds = |config| {
            let outputs = outputs(&[("SpriteSnapshotConfig", config), ("Width", "320")]);
            outputs.into_iter().map(|output| output.kind).collect::<Vec<_>>()
        };
        assert_eq!(kinds("{}"), [OutputKind::Sprite, OutputKind::SpriteOrigin]);
        assert_eq!(kinds("{'KeepCellPic': 'delete'}"), [OutputKind::Sprite]);
    }

    #[test]
    fn one_given_side_leaves_the_other_to_the_shape_of_the_video() {
        let product = outputs(&[("Width", "320")]).swap_remove(0).spec.product;
        let Product::Stills { size, .. } = product else { unreachable!("pictures were asked for") };
        assert_eq!(size, SizeRule { width_px: Some(320), height_px: None, is_adaptive: false });
    }
}
