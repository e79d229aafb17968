//! `GetVideoInfo`: what is known of a video, with its cover and cover pictures.

use std::slice;

use serde_json::json;
use stillframe_domain::App;
use stillframe_domain::object_key::OutputKind;
use stillframe_service::Service;

use super::error::Refusal;
use super::handle::Answer;
use super::params::Params;
use super::{name_videos, video};

/// Answers the video.
pub(super) async fn run(service: &Service, app: &App, params: &Params) -> Result<Answer, Refusal> {
    let media = name_videos::one(service, app, params).await?;
    let covers = video::picture_urls(service, app, slice::from_ref(&media), OutputKind::Cover).await?;
    let mut document = video::document(service, app, &media);
    document.insert(
        "Snapshots".to_owned(),
        json!({ "Snapshot": covers.get(&media.id).cloned().unwrap_or_default() }),
    );
    Ok(Answer::from_iter([("Video".to_owned(), document.into())]))
}
