//! `CreateImageSprite`: sheets of small pictures by a template, with their WebVTT file.
//!
//! Source: 266/8101.

use stillframe_domain::{App, RequestKind, TemplateFamily};
use stillframe_service::Service;

use super::envelope::Answer;
use super::error::Refusal;
use super::params::Params;
use super::pictures;
use crate::tencent::task_id;

/// Accepts the job and answers its task id.
pub(super) async fn run(service: &Service, app: &App, params: &Params) -> Result<Answer, Refusal> {
    let media = pictures::file_id(params)?;
    let template = (TemplateFamily::Sprite, params.integer("definition")?);
    let output = pictures::by_template(service, app, template).await?;
    let request = pictures::request(RequestKind::Sprite, vec![output]);
    let job = service.submit_snapshot(app, &media, request).await?;
    Ok(Answer::from_iter([("vodTaskId".to_owned(), task_id::of_sprite(&job.id).into())]))
}
