//! `DeleteVodFile` (also `DeleteVideo`): removes a video with all its pictures.
//!
//! Source: 266/7838. A removal is done when it is answered, whatever its priority.

use stillframe_domain::{App, Dialect, Origin, RequestKind};
use stillframe_service::Service;

use super::envelope::Answer;
use super::error::Refusal;
use super::params::Params;
use super::pictures;

/// Removes the video.
pub(super) async fn run(service: &Service, app: &App, params: &Params) -> Result<Answer, Refusal> {
    let media = pictures::file_id(params)?;
    params.priority("priority")?;
    params.flag("isFlushCdn")?;
    let origin = Origin { dialect: Dialect::Tencent, kind: RequestKind::Ingest };
    service.delete_media(app, &media, origin).await?;
    Ok(Answer::new())
}
