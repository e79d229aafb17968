//! `ProcessMediaByProcedure`: what a procedure of the app asks for, of one video.
//!
//! Source: API 2018-07-17, ProcessMediaByProcedure. `SessionId` keeps a second request away for as long as
//! that of ProcessMedia does.

use stillframe_domain::App;
use stillframe_service::Service;

use super::asked;
use super::envelope::Answer;
use super::error::Refusal;
use super::input::Input;
use crate::tencent::task_id;

/// Accepts the procedure and answers its task id.
pub(super) async fn run(service: &Service, app: &App, input: &Input<'_>) -> Result<Answer, Refusal> {
    let media = asked::file_id(input)?;
    let procedure = service.find_procedure(app, &input.required_text("ProcedureName")?).await?;
    let outputs = service.procedure_outputs(app, &procedure).await?;
    let job = service.submit_snapshot(app, &media, asked::procedure(input, outputs)?).await?;
    let id = task_id::of_procedure_2018(app.id, &job.id);
    Ok(Answer::from_iter([("TaskId".to_owned(), id.into())]))
}
