//! One request at `/`: taken when it is of this API, else left to the next dialect.

use axum::body::{Body, Bytes};
use axum::extract::{Request, State};
use axum::http::request::Parts;
use axum::http::{Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use stillframe_domain::{App, ErrorCode, TemplateFamily};
use stillframe_service::ServiceError;

use super::auth::{self, ACTION_HEADER, BODY_BYTES_MAX, VERSION};
use super::envelope::{self, Answer};
use super::error::Refusal;
use super::input::Input;
use super::{
    confirm_events, delete_media, describe_events_state, describe_media_infos, describe_task_detail,
    describe_tasks, event_config, manage_task, modify_media_info, procedure_templates, process_media,
    process_media_by_procedure, pull_events, pull_upload, search_media, templates, upload,
};
use crate::body;
use crate::observe::spoken;
use crate::state::ApiState;

/// Answers the requests of this API: those with the header `X-TC-Action`, and those whose query or form
/// names its version. All others go on.
pub(crate) async fn take(State(state): State<ApiState>, request: Request, next: Next) -> Response {
    let (parts, body) = request.into_parts();
    let is_ours = parts.headers.contains_key(ACTION_HEADER)
        || names_version(parts.uri.query().unwrap_or_default().as_bytes());
    if !is_ours && !is_form(&parts) {
        return next.run(Request::from_parts(parts, body)).await;
    }
    // Anything beyond this is too large for every dialect.
    let body = match body::read_within(body, BODY_BYTES_MAX).await {
        Ok(body) => body,
        Err(error) if is_ours => return envelope::failure(&error.into(), &envelope::request_id(&parts)),
        Err(error) => {
            let is_too_large = error.code == ErrorCode::RequestTooLarge;
            let status =
                if is_too_large { StatusCode::PAYLOAD_TOO_LARGE } else { StatusCode::REQUEST_TIMEOUT };
            return status.into_response();
        }
    };
    if is_ours || names_version(&body) {
        spoken("tencent-2018", handle(&state, &parts, &body).await)
    } else {
        next.run(Request::from_parts(parts, Body::from(body))).await
    }
}

fn is_form(parts: &Parts) -> bool {
    let kind = parts.headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    kind.is_some_and(|kind| kind.starts_with("application/x-www-form-urlencoded"))
}

fn names_version(encoded: &[u8]) -> bool {
    url::form_urlencoded::parse(encoded).any(|(name, value)| name == "Version" && value == VERSION)
}

async fn handle(state: &ApiState, parts: &Parts, body: &Bytes) -> Response {
    let request_id = envelope::request_id(parts);
    match answer(state, parts, body).await {
        Ok(answer) => envelope::success(answer, &request_id),
        Err(refusal) => envelope::failure(&refusal, &request_id),
    }
}

async fn answer(state: &ApiState, parts: &Parts, body: &Bytes) -> Result<Answer, Refusal> {
    if !matches!(parts.method, Method::GET | Method::POST) {
        return Err(Refusal::new("UnsupportedProtocol", "only GET and POST are supported"));
    }
    let call = auth::authenticate(&state.service, parts, body).await?;
    let input = Input::root(&call.tree)?;
    check_app(&call.app, &input)?;
    run(state, &call.app, &call.action, &input).await
}

/// A key belongs to one app; naming another one is refused.
fn check_app(app: &App, input: &Input<'_>) -> Result<(), Refusal> {
    match input.integer("SubAppId")? {
        Some(id) if id != app.id.0 => {
            let message = "the SubAppId is not the app of the key that signed the request";
            Err(ServiceError::new(ErrorCode::AppNotFound, message).into())
        }
        _ => Ok(()),
    }
}

async fn run(state: &ApiState, app: &App, action: &str, input: &Input<'_>) -> Result<Answer, Refusal> {
    let service = &state.service;
    match action {
        "PullEvents" => pull_events::run(service, app).await,
        "ConfirmEvents" => confirm_events::run(service, app, input).await,
        "ProcessMedia" => process_media::run(service, app, input).await,
        "ProcessMediaByProcedure" => process_media_by_procedure::run(service, app, input).await,
        "ApplyUpload" => upload::apply(service, app, input).await,
        "CommitUpload" => upload::commit(service, app, input).await,
        "PullUpload" => pull_upload::run(service, app, input).await,
        "SearchMedia" => search_media::run(service, app, input).await,
        "DescribeTaskDetail" => describe_task_detail::run(service, app, input).await,
        "DescribeMediaInfos" => describe_media_infos::run(service, app, input).await,
        "DescribeTasks" => describe_tasks::run(service, app, input).await,
        "ManageTask" => manage_task::run(service, app, input).await,
        "DeleteMedia" => delete_media::run(service, app, input).await,
        "ModifyMediaInfo" => modify_media_info::run(service, app, input).await,
        "DescribeEventConfig" => event_config::describe(service, app).await,
        "ModifyEventConfig" => event_config::modify(service, app, input).await,
        "DescribeEventsState" => describe_events_state::run(service, app).await,
        "CreateProcedureTemplate" => procedure_templates::create(service, app, input).await,
        "DescribeProcedureTemplates" => procedure_templates::describe(service, app, input).await,
        "ResetProcedureTemplate" => procedure_templates::reset(service, app, input).await,
        "DeleteProcedureTemplate" => procedure_templates::delete(service, app, input).await,
        _ => run_on_templates(state, app, action, input).await,
    }
}

async fn run_on_templates(
    state: &ApiState,
    app: &App,
    action: &str,
    input: &Input<'_>,
) -> Result<Answer, Refusal> {
    use TemplateFamily::{Offsets, Sample, Sprite};
    let service = &state.service;
    match action {
        "CreateSnapshotByTimeOffsetTemplate" => templates::create(service, app, Offsets, input).await,
        "DescribeSnapshotByTimeOffsetTemplates" => templates::describe(service, app, Offsets, input).await,
        "ModifySnapshotByTimeOffsetTemplate" => templates::modify(service, app, Offsets, input).await,
        "DeleteSnapshotByTimeOffsetTemplate" => templates::delete(service, app, Offsets, input).await,
        "CreateSampleSnapshotTemplate" => templates::create(service, app, Sample, input).await,
        "DescribeSampleSnapshotTemplates" => templates::describe(service, app, Sample, input).await,
        "ModifySampleSnapshotTemplate" => templates::modify(service, app, Sample, input).await,
        "DeleteSampleSnapshotTemplate" => templates::delete(service, app, Sample, input).await,
        "CreateImageSpriteTemplate" => templates::create(service, app, Sprite, input).await,
        "DescribeImageSpriteTemplates" => templates::describe(service, app, Sprite, input).await,
        "ModifyImageSpriteTemplate" => templates::modify(service, app, Sprite, input).await,
        "DeleteImageSpriteTemplate" => templates::delete(service, app, Sprite, input).await,
        _ => {
            let message = format!("the Action is not an operation of version {VERSION} here");
            Err(ServiceError::new(ErrorCode::UnknownOperation, message).into())
        }
    }
}
