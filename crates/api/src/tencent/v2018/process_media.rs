//! `ProcessMedia`: one procedure with any number of snapshot tasks.
//!
//! Source: API 2018-07-17, ProcessMedia. Tasks that are none of pictures are refused rather than left
//! out, so that nothing is reported that did not happen.

use stillframe_domain::App;
use stillframe_service::Service;

use super::envelope::Answer;
use super::error::Refusal;
use super::input::Input;
use super::{asked, tasks};
use crate::tencent::task_id;

/// Parts of a request that only other services of the vendor can do.
const OTHER_TASKS: [&str; 3] = ["AiContentReviewTask", "AiAnalysisTask", "AiRecognitionTask"];

/// Accepts the procedure and answers its task id.
pub(super) async fn run(service: &Service, app: &App, input: &Input<'_>) -> Result<Answer, Refusal> {
    let media = asked::file_id(input)?;
    asked::refuse_members(input, &OTHER_TASKS)?;
    let process = input.required("MediaProcessTask", input.object("MediaProcessTask")?)?;
    let request = asked::procedure(input, tasks::outputs(service, app, &process).await?)?;
    let job = service.submit_snapshot(app, &media, request).await?;
    let id = task_id::of_procedure_2018(app.id, &job.id);
    Ok(Answer::from_iter([("TaskId".to_owned(), id.into())]))
}
