//! `GetVideoInfo`: what is known of a video, and the newest pictures of each template.
//!
//! Source: 266/8586. A set that was never made is left out, and so is every field of the vendor's that
//! Stillframe keeps nothing for (player, name of the class, expiry).

use serde_json::{Value, json};
use stillframe_domain::outcome::PictureResult;
use stillframe_domain::{App, Media, MediaState};
use stillframe_service::{LatestOutput, Service};

use super::envelope::Answer;
use super::error::Refusal;
use super::meta_data;
use super::params::Params;
use super::pictures::file_id;
use crate::tencent::newest;

/// Parts that can be asked for; those of transcoding and encryption are never there.
const PARTS: [&str; 7] = [
    "basicInfo",
    "metaData",
    "transcodeInfo",
    "drm",
    "imageSpriteInfo",
    "snapshotByTimeOffsetInfo",
    "sampleSnapshotInfo",
];

/// Answers the parts that `infoFilter.n` names, or all.
pub(super) async fn run(service: &Service, app: &App, params: &Params) -> Result<Answer, Refusal> {
    let media_name = file_id(params)?;
    let filter = params.list("infoFilter")?;
    if filter.iter().any(|part| !PARTS.contains(part)) {
        return Err(Refusal::invalid("infoFilter.n", format!("one of {}", PARTS.join(", "))));
    }
    let media = service.find_media(app, &media_name).await?;
    let outputs = service.successful_outputs(app, &media).await?;
    let url = |key: &str| service.picture_url(app, key);
    let parts = [
        ("basicInfo", Some(basic_info(service, app, &media))),
        ("metaData", media.facts.as_ref().map(meta_data::of)),
        ("imageSpriteInfo", sprites(&outputs, url)),
        ("snapshotByTimeOffsetInfo", pictures_by_offset(&outputs, url)),
        ("sampleSnapshotInfo", sample(&outputs, url)),
    ];
    let is_asked = |part: &str| filter.is_empty() || filter.contains(&part);
    let asked = parts.into_iter().filter(|(part, _)| is_asked(part));
    Ok(asked.filter_map(|(part, value)| Some((part.to_owned(), value?))).collect())
}

fn basic_info(service: &Service, app: &App, media: &Media) -> Value {
    let mut info = json!({
        "name": media.name,
        "status": status(media.state),
        "createTime": media.created_at.as_secs(),
        "updateTime": media.updated_at.as_secs(),
    });
    if !media.details.description.is_empty() {
        info["description"] = media.details.description.as_str().into();
    }
    if let Some(category) = media.details.category {
        info["classificationId"] = category.into();
    }
    if let Some(facts) = &media.facts {
        info["size"] = facts.size_bytes.into();
        info["duration"] = meta_data::duration_s(facts).into();
    }
    if let Some(url) = service.cover_url(app, media) {
        info["coverUrl"] = url.into();
    }
    if let Some(url) = service.source_url(app, media) {
        info["sourceVideoUrl"] = url.into();
    }
    if let Some((_, extension)) = media.name.rsplit_once('.') {
        info["type"] = extension.into();
    }
    info
}

/// The vendor names `normal` alone; the other words are ours.
const fn status(state: MediaState) -> &'static str {
    match state {
        MediaState::Stored | MediaState::Ready => "normal",
        MediaState::Fetching => "uploading",
        MediaState::Failed => "failed",
    }
}

fn pictures_by_offset(outputs: &[LatestOutput], url: impl Fn(&str) -> String) -> Option<Value> {
    let set = |found: &LatestOutput| {
        let pictures = found.outcome.pictures.iter().filter_map(|picture| match &picture.result {
            PictureResult::Ok(taken) => Some(json!({
                "timeOffset": picture.offset.unwrap_or(taken.pts).as_millis(),
                "url": url(&taken.key),
            })),
            PictureResult::Failed(_) => None,
        });
        json!({ "definition": newest::definition(found), "picInfoList": pictures.collect::<Vec<_>>() })
    };
    let sets: Vec<Value> = newest::stills(outputs, false).into_iter().map(set).collect();
    (!sets.is_empty()).then(|| json!({ "snapshotByTimeOffsetList": sets }))
}

fn sample(outputs: &[LatestOutput], url: impl Fn(&str) -> String) -> Option<Value> {
    let found = newest::stills(outputs, true).into_iter().next()?;
    let urls: Vec<String> = found.outcome.taken().map(|taken| url(&taken.key)).collect();
    Some(json!({ "imageUrls": urls }))
}

fn sprites(outputs: &[LatestOutput], url: impl Fn(&str) -> String) -> Option<Value> {
    let set = |found: &LatestOutput| {
        let cell = found.outcome.sheets.first().map(|sheet| sheet.cell);
        let mut set = json!({
            "definition": newest::definition(found),
            "height": cell.map_or(0, |cell| cell.height_px),
            "width": cell.map_or(0, |cell| cell.width_px),
            "totalCount": found.outcome.taken().count(),
            "imageUrls": found.outcome.sheets.iter().map(|sheet| url(&sheet.key)).collect::<Vec<_>>(),
        });
        if let Some(key) = &found.outcome.vtt_key {
            set["webVttUrl"] = url(key).into();
        }
        set
    };
    let sets: Vec<Value> = newest::sprites(outputs).into_iter().map(set).collect();
    (!sets.is_empty()).then(|| json!({ "imageSpriteList": sets }))
}
