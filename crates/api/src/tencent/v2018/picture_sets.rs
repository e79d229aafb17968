//! Sets of pictures of one definition, as task outputs and the information of a video have them.
//!
//! Source: API 2018-07-17, data types MediaSnapshotByTimeOffsetItem, MediaSampleSnapshotItem and
//! MediaImageSpriteItem.

use serde_json::{Value, json};
use stillframe_domain::outcome::PictureResult;
use stillframe_domain::{OutputOutcome, Selection};

/// Pictures with their times, in milliseconds as asked for.
pub(super) fn by_offset(definition: i64, outcome: &OutputOutcome, url: impl Fn(&str) -> String) -> Value {
    let pictures = outcome.pictures.iter().filter_map(|picture| match &picture.result {
        PictureResult::Ok(taken) => Some(json!({
            "TimeOffset": picture.offset.unwrap_or(taken.pts).as_millis(),
            "Url": url(&taken.key),
            "WaterMarkDefinition": [],
        })),
        PictureResult::Failed(_) => None,
    });
    json!({ "Definition": definition, "PicInfoSet": pictures.collect::<Vec<_>>() })
}

/// Pictures of a regular series.
pub(super) fn sample(
    definition: i64,
    selection: &Selection,
    outcome: &OutputOutcome,
    url: impl Fn(&str) -> String,
) -> Value {
    let (sample_type, interval) = interval(selection);
    json!({
        "Definition": definition,
        "SampleType": sample_type,
        "Interval": interval,
        "ImageUrlSet": outcome.taken().map(|taken| url(&taken.key)).collect::<Vec<_>>(),
        "WaterMarkDefinition": [],
    })
}

/// Sheets of small pictures; `TotalCount` counts the small pictures over all sheets.
pub(super) fn sprite(definition: i64, outcome: &OutputOutcome, url: impl Fn(&str) -> String) -> Value {
    let cell = outcome.sheets.first().map(|sheet| sheet.cell);
    json!({
        "Definition": definition,
        "Height": cell.map_or(0, |cell| cell.height_px),
        "Width": cell.map_or(0, |cell| cell.width_px),
        "TotalCount": outcome.taken().count(),
        "ImageUrlSet": outcome.sheets.iter().map(|sheet| url(&sheet.key)).collect::<Vec<_>>(),
        "WebVttUrl": outcome.vtt_key.as_deref().map_or_else(String::new, url),
    })
}

/// `SampleType` and its interval in percent or whole seconds; 0 for what is no regular series.
pub(super) fn interval(selection: &Selection) -> (&'static str, i64) {
    match selection {
        Selection::PercentStep { percent } => ("Percent", percent.round() as i64),
        Selection::Series { interval_ms, .. } => {
            ("Time", i64::try_from(interval_ms / 1000).unwrap_or(i64::MAX))
        }
        Selection::Offsets(_)
        | Selection::Keyframes { .. }
        | Selection::Cover
        | Selection::Preview { .. } => ("Time", 0),
    }
}
