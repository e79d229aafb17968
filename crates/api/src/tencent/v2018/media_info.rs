//! `MediaInfo`: what is known of a video, and the newest pictures of each definition.
//!
//! Source: API 2018-07-17, data types MediaInfo and MediaBasicInfo. A part that was never made is left
//! out, and so is every field that Stillframe keeps nothing for.

use serde_json::{Value, json};
use stillframe_domain::{App, Media, MediaState};
use stillframe_service::{LatestOutput, Service};

use super::asked::NEVER;
use super::error::Refusal;
use super::{meta_data, picture_sets};
use crate::tencent::newest;
use crate::timestamp::rfc3339_s;

const SAMPLES: &str = "sampleSnapshotInfo";
const SPRITES: &str = "imageSpriteInfo";
const BY_OFFSET: &str = "snapshotByTimeOffsetInfo";
/// Filters that need the pictures of a video to be looked up.
const PICTURE_FILTERS: [&str; 3] = [SAMPLES, SPRITES, BY_OFFSET];

/// The parts that `Filters` names, or all; names of parts that are never made are tolerated.
///
/// # Errors
/// Database failures.
pub(super) async fn info(
    service: &Service,
    app: &App,
    media: &Media,
    filters: &[String],
) -> Result<Value, Refusal> {
    let is_asked = |filter: &str| filters.is_empty() || filters.iter().any(|asked| asked == filter);
    let outputs = if PICTURE_FILTERS.into_iter().any(is_asked) {
        service.successful_outputs(app, media).await?
    } else {
        Vec::new()
    };
    let url = |key: &str| service.picture_url(app, key);
    let parts = [
        ("basicInfo", "BasicInfo", Some(basic_info(service, app, media))),
        ("metaData", "MetaData", media.facts.as_ref().map(meta_data::of)),
        (SAMPLES, "SampleSnapshotInfo", samples(&outputs, url)),
        (SPRITES, "ImageSpriteInfo", sprites(&outputs, url)),
        (BY_OFFSET, "SnapshotByTimeOffsetInfo", by_offset(&outputs, url)),
    ];
    let mut info = json!({ "FileId": media.id.to_string() });
    for (_, name, value) in parts.into_iter().filter(|(filter, ..)| is_asked(filter)) {
        if let Some(value) = value {
            info[name] = value;
        }
    }
    Ok(info)
}

/// `MediaBasicInfo`: what is known of the video now.
pub(super) fn basic_info(service: &Service, app: &App, media: &Media) -> Value {
    let has_picture = media.facts.as_ref().is_none_or(|facts| facts.video.is_some());
    let mut info = json!({
        "Name": media.name,
        "Description": media.details.description,
        "CreateTime": rfc3339_s(media.created_at),
        "UpdateTime": rfc3339_s(media.updated_at),
        "ExpireTime": NEVER,
        "ClassId": media.details.category.unwrap_or_default(),
        "TagSet": media.details.tags,
        "SourceInfo": {
            "SourceType": "Upload",
            "SourceContext": media.pass_through.as_deref().unwrap_or_default(),
        },
        "Category": if has_picture { "Video" } else { "Audio" },
        "Status": status(media.state),
    });
    if let Some(url) = service.cover_url(app, media) {
        info["CoverUrl"] = url.into();
    }
    if let Some(url) = service.source_url(app, media) {
        info["MediaUrl"] = url.into();
    }
    if let Some((_, extension)) = media.name.rsplit_once('.') {
        info["Type"] = extension.into();
    }
    info
}

/// The vendor names `Normal` and `Forbidden`; the other words are ours.
pub(super) const fn status(state: MediaState) -> &'static str {
    match state {
        MediaState::Stored | MediaState::Ready => "Normal",
        MediaState::Fetching => "Uploading",
        MediaState::Failed => "Failed",
    }
}

fn by_offset(outputs: &[LatestOutput], url: impl Fn(&str) -> String) -> Option<Value> {
    let set = |found: &LatestOutput| picture_sets::by_offset(newest::definition(found), &found.outcome, &url);
    in_member("SnapshotByTimeOffsetSet", newest::stills(outputs, false).into_iter().map(set).collect())
}

fn samples(outputs: &[LatestOutput], url: impl Fn(&str) -> String) -> Option<Value> {
    let set = |found: &LatestOutput| {
        let selection = &found.output.spec.selection;
        picture_sets::sample(newest::definition(found), selection, &found.outcome, &url)
    };
    in_member("SampleSnapshotSet", newest::stills(outputs, true).into_iter().map(set).collect())
}

fn sprites(outputs: &[LatestOutput], url: impl Fn(&str) -> String) -> Option<Value> {
    let set = |found: &LatestOutput| picture_sets::sprite(newest::definition(found), &found.outcome, &url);
    in_member("ImageSpriteSet", newest::sprites(outputs).into_iter().map(set).collect())
}

fn in_member(name: &str, sets: Vec<Value>) -> Option<Value> {
    (!sets.is_empty()).then(|| json!({ name: sets }))
}
