//! `SubmitWorkflowJob`, and what a workflow asks for: a workflow is a procedure of the app.

use stillframe_domain::{App, Dialect, Origin, RequestKind, RequestOptions};
use stillframe_service::{Service, SubmitSnapshot};

use super::error::Refusal;
use super::handle::Answer;
use super::name_videos;
use super::params::Params;

/// Accepts the job and answers its id.
pub(super) async fn submit(service: &Service, app: &App, params: &Params) -> Result<Answer, Refusal> {
    let media = name_videos::by_id(service, app, params.required("MediaId")?).await?;
    let request = request(service, app, params.required("WorkflowId")?).await?;
    let job = service.submit_snapshot(app, &name_videos::name_of(&media), request).await?;
    Ok(Answer::from_iter([("TaskId".to_owned(), job.id.to_string().into())]))
}

/// What the workflow of that id asks for.
///
/// # Errors
/// `NoSuchResource`.
pub(super) async fn request(service: &Service, app: &App, id: &str) -> Result<SubmitSnapshot, Refusal> {
    let procedure = service.find_procedure(app, id).await?;
    Ok(SubmitSnapshot {
        origin: Origin { dialect: Dialect::Alibaba, kind: RequestKind::Procedure },
        outputs: service.procedure_outputs(app, &procedure).await?,
        pass_through: None,
        callback_url: None,
        priority: 0,
        options: RequestOptions { procedure_key: Some(procedure.key), ..RequestOptions::default() },
    })
}
