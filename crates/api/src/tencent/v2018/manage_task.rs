//! `ManageTask`: withdraws a task that waits.
//!
//! Source: API 2018-07-17, ManageTask. The one operation is `Abort`; a task that runs or has ended
//! stays as it is.

use stillframe_domain::App;
use stillframe_service::Service;

use super::envelope::Answer;
use super::error::Refusal;
use super::input::Input;
use super::task;

/// Aborts the task.
pub(super) async fn run(service: &Service, app: &App, input: &Input<'_>) -> Result<Answer, Refusal> {
    let task_id = input.required_text("TaskId")?;
    if input.required_text("OperationType")? != "Abort" {
        return Err(Refusal::value("InvalidParameterValue", "OperationType", "Abort"));
    }
    let job = task::find(service, app, &task_id).await?;
    service.cancel_job(app, &job.id).await?;
    Ok(Answer::new())
}
