//! `DeleteVideo`: removes videos with their pictures.

use serde_json::json;
use stillframe_domain::{App, Dialect, Origin, RequestKind};
use stillframe_service::Service;

use super::error::Refusal;
use super::handle::Answer;
use super::name_videos;
use super::params::Params;

/// Removes what the request names, and answers which names are of no video.
pub(super) async fn run(service: &Service, app: &App, params: &Params) -> Result<Answer, Refusal> {
    let named = name_videos::many(service, app, params).await?;
    let origin = Origin { dialect: Dialect::Alibaba, kind: RequestKind::Ingest };
    for media in &named.videos {
        service.delete_media(app, &name_videos::name_of(media), origin).await?;
    }
    Ok(Answer::from_iter([
        ("NonExistVideoIds".to_owned(), json!(named.unknown_ids)),
        ("NonExistReferenceIds".to_owned(), json!(named.unknown_references)),
        ("ForbiddenVideoIds".to_owned(), json!([])),
    ]))
}
