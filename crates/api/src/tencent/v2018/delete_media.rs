//! `DeleteMedia`: removes a video with all its pictures.
//!
//! Source: API 2018-07-17, DeleteMedia. Parts of a video are transcoded files and the like, which
//! Stillframe does not make: naming some is refused.

use stillframe_domain::{App, Dialect, Origin, RequestKind};
use stillframe_service::Service;

use super::asked::file_id;
use super::envelope::Answer;
use super::error::Refusal;
use super::input::Input;

/// Deletes the video.
pub(super) async fn run(service: &Service, app: &App, input: &Input<'_>) -> Result<Answer, Refusal> {
    let media = file_id(input)?;
    if !input.objects("DeleteParts")?.is_empty() {
        let message = "DeleteParts is not supported: leave it out to delete the whole video";
        return Err(Refusal::new("UnsupportedOperation", message));
    }
    let origin = Origin { dialect: Dialect::Tencent, kind: RequestKind::Ingest };
    service.delete_media(app, &media, origin).await?;
    Ok(Answer::new())
}
