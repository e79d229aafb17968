//! `GetVideoInfo`: what is known of a video, with its cover and cover pictures.
//!
//! Fields of the vendor's for which Stillframe keeps nothing (category, storage class, audit) are left out.

use serde_json::{Value, json};
use stillframe_domain::object_key::OutputKind;
use stillframe_domain::{App, Media, MediaSource, MediaState};
use stillframe_service::Service;

use super::error::Refusal;
use super::handle::Answer;
use super::list_snapshots::object_keys;
use super::params::Params;
use super::submit_snapshot_job::video_id;
use super::time;

/// Answers the video.
pub(super) async fn run(service: &Service, app: &App, params: &Params) -> Result<Answer, Refusal> {
    let media = service.find_media(app, &video_id(params)?).await?;
    let covers = service.latest_output(app, &media, OutputKind::Cover).await?;
    let keys = covers.as_ref().map(object_keys).unwrap_or_default();
    let urls: Vec<String> = keys.iter().map(|key| service.picture_url(app, key)).collect();
    Ok(Answer::from_iter([("Video".to_owned(), video(service, app, &media, &urls))]))
}

fn video(service: &Service, app: &App, media: &Media, covers: &[String]) -> Value {
    let mut video = json!({
        "AppId": format!("app-{}", app.id),
        "VideoId": media.video_id,
        "Title": media.name,
        "Status": status(media),
        "CreationTime": time::write(media.created_at),
        "ModificationTime": time::write(media.updated_at),
        "Snapshots": { "Snapshot": covers },
    });
    if let Some(facts) = &media.facts {
        // A Float of seconds.
        video["Duration"] = (facts.duration.as_millis() as f64 / 1000.0).into();
        video["Size"] = facts.size_bytes.into();
    }
    if let Some(url) = service.cover_url(app, media) {
        video["CoverURL"] = url.into();
    }
    video
}

fn status(media: &Media) -> &'static str {
    match (media.state, &media.source) {
        (MediaState::Fetching, _) => "Uploading",
        (MediaState::Stored, _) => "UploadSucc",
        (MediaState::Ready, _) => "Normal",
        // Its bytes never came.
        (MediaState::Failed, MediaSource::Url { .. }) => "UploadFail",
        // Its bytes are no video.
        (MediaState::Failed, MediaSource::Object { .. } | MediaSource::LocalFile { .. }) => "TranscodeFail",
    }
}
