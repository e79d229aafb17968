//! `DescribeMediaInfos`: what is known of videos, and the newest pictures of each definition.
//!
//! Source: API 2018-07-17, DescribeMediaInfos. A video that is not there is told, not refused. A part
//! that was never made is left out, and so is every field that Stillframe keeps nothing for.

use serde_json::{Value, json};
use stillframe_domain::{App, ErrorCode, Media, MediaId, MediaState};
use stillframe_service::{LatestOutput, MediaName, Service};

use super::envelope::Answer;
use super::error::Refusal;
use super::input::Input;
use super::{meta_data, picture_sets};
use crate::tencent::newest;
use crate::timestamp::rfc3339_s;

const FILE_IDS_MAX: usize = 20;
/// What the vendor writes for a video that is kept for ever.
const NEVER: &str = "9999-12-31T23:59:59Z";

/// Answers each video in the order asked.
pub(super) async fn run(service: &Service, app: &App, input: &Input<'_>) -> Result<Answer, Refusal> {
    let ids = input.texts("FileIds")?;
    if ids.is_empty() {
        return Err(Refusal::missing("FileIds"));
    }
    if ids.len() > FILE_IDS_MAX {
        let expected = format!("at most {FILE_IDS_MAX} ids");
        return Err(Refusal::value("InvalidParameterValue.FileIds", "FileIds", expected));
    }
    let filters = input.texts("Filters")?;
    let (mut found, mut missing) = (Vec::new(), Vec::new());
    for id in ids {
        match find(service, app, &id).await? {
            Some(media) => found.push(info(service, app, &media, &filters).await?),
            None => missing.push(id),
        }
    }
    Ok(Answer::from_iter([
        ("MediaInfoSet".to_owned(), found.into()),
        ("NotExistFileIdSet".to_owned(), missing.into()),
    ]))
}

async fn find(service: &Service, app: &App, id: &str) -> Result<Option<Media>, Refusal> {
    let Ok(id) = MediaId::parse(id) else { return Ok(None) };
    match service.find_media(app, &MediaName::FileId(id)).await {
        Ok(media) => Ok(Some(media)),
        Err(error) if error.code == ErrorCode::MediaNotFound => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// The parts that `Filters` names, or all; names of parts that are never made are tolerated.
async fn info(service: &Service, app: &App, media: &Media, filters: &[String]) -> Result<Value, Refusal> {
    let outputs = service.successful_outputs(app, media).await?;
    let url = |key: &str| service.picture_url(app, key);
    let parts = [
        ("basicInfo", "BasicInfo", Some(basic_info(service, app, media))),
        ("metaData", "MetaData", media.facts.as_ref().map(meta_data::of)),
        ("sampleSnapshotInfo", "SampleSnapshotInfo", samples(&outputs, url)),
        ("imageSpriteInfo", "ImageSpriteInfo", sprites(&outputs, url)),
        ("snapshotByTimeOffsetInfo", "SnapshotByTimeOffsetInfo", by_offset(&outputs, url)),
    ];
    let is_asked = |filter: &str| filters.is_empty() || filters.iter().any(|asked| asked == filter);
    let mut info = json!({ "FileId": media.id.to_string() });
    for (_, name, value) in parts.into_iter().filter(|(filter, ..)| is_asked(filter)) {
        if let Some(value) = value {
            info[name] = value;
        }
    }
    Ok(info)
}

fn basic_info(service: &Service, app: &App, media: &Media) -> Value {
    let has_picture = media.facts.as_ref().is_none_or(|facts| facts.video.is_some());
    let mut info = json!({
        "Name": media.name,
        "CreateTime": rfc3339_s(media.created_at),
        "UpdateTime": rfc3339_s(media.updated_at),
        "ExpireTime": NEVER,
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
const fn status(state: MediaState) -> &'static str {
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
