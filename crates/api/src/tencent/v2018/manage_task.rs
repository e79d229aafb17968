//! `ManageTask`: withdraws a task that waits.
//!
//! Source: API 2018-07-17, ManageTask. The one operation is `Abort`; a task that runs or has ended
//! stays as it is, and so does one that fetches a video, since the video would wait for ever.

use stillframe_domain::{App, JobKind};
use stillframe_service::Service;

use super::envelope::Answer;
use super::error::Refusal;
use super::input::Input;
use super::task;

/// Aborts the task.
pub(super) async fn run(service: &Service, app: &App, input: &Input<'_>) -> Result<Answer, Refusal> {
    let task_id = input.required_text("TaskId")?;
    if input.required_text("OperationType")? != "Abort" {
        let code = "InvalidParameterValue.InvalidOperationType";
        return Err(Refusal::value(code, "OperationType", "Abort"));
    }
    let job = task::find(service, app, &task_id).await?;
    if job.kind == JobKind::Fetch {
        let message = "a task that fetches a video is not aborted: delete the video instead";
        return Err(Refusal::new("FailedOperation", message));
    }
    service.cancel_job(app, &job.id).await?;
    Ok(Answer::new())
}
