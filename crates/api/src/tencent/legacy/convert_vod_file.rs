//! `ConvertVodFile` (also `TranscodeVideo`): the pictures that `isScreenshot` asks for. Nothing is
//! transcoded.
//!
//! Source: 266/7822. The page does not say which pictures are taken: here those of the preset sample
//! template.

use stillframe_domain::{App, RequestKind};
use stillframe_service::Service;

use super::envelope::Answer;
use super::error::Refusal;
use super::params::Params;
use super::pictures;
use crate::tencent::task_id;

/// Accepts the procedure and answers its task id.
pub(super) async fn run(service: &Service, app: &App, params: &Params) -> Result<Answer, Refusal> {
    let media = pictures::file_id(params)?;
    let is_screenshot = params.flag("isScreenshot")?;
    pictures::refuse_watermark(params, "isWatermark")?;
    if !is_screenshot {
        return Err(Refusal::invalid("isScreenshot", "1, since nothing is transcoded here"));
    }
    let samples = pictures::preset_samples(service, app).await?;
    let request = pictures::request(RequestKind::Procedure, vec![samples]);
    let job = service.submit_snapshot(app, &media, request).await?;
    Ok(Answer::from_iter([("vodTaskId".to_owned(), task_id::of_procedure(&job.id).into())]))
}
