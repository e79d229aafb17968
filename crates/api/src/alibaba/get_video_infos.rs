//! `GetVideoInfos`: what is known of several videos. Their pictures are a plain list here.

use serde_json::{Value, json};
use stillframe_domain::App;
use stillframe_domain::object_key::OutputKind;
use stillframe_service::Service;

use super::error::Refusal;
use super::handle::Answer;
use super::params::Params;
use super::{name_videos, video};

/// Answers the videos in the order asked, and which names are of none.
pub(super) async fn run(service: &Service, app: &App, params: &Params) -> Result<Answer, Refusal> {
    let named = name_videos::many(service, app, params).await?;
    let mut covers = video::picture_urls(service, app, &named.videos, OutputKind::Cover).await?;
    let mut videos: Vec<Value> = Vec::with_capacity(named.videos.len());
    for media in &named.videos {
        let mut document = video::document(service, app, media);
        document.insert("Snapshots".to_owned(), json!(covers.remove(&media.id).unwrap_or_default()));
        videos.push(document.into());
    }
    Ok(Answer::from_iter([
        ("VideoList".to_owned(), videos.into()),
        ("NonExistVideoIds".to_owned(), json!(named.unknown_ids)),
        ("NonExistReferenceIds".to_owned(), json!(named.unknown_references)),
    ]))
}
