//! One request of the legacy API: decoded, authenticated, handed to its operation, answered.

use axum::extract::{Request, State};
use axum::http::Method;
use axum::response::Response;
use stillframe_domain::{App, ErrorCode};
use stillframe_service::ServiceError;

use super::envelope::{self, Answer};
use super::error::Refusal;
use super::params::Params;
use super::{
    auth, confirm_event, convert_vod_file, create_image_sprite, create_snapshot_by_time_offset,
    delete_vod_file, get_task_info, get_task_list, get_video_info, multi_pull_vod_file, process_file,
    process_file_by_procedure, pull_event,
};
use crate::body;
use crate::state::ApiState;
use crate::tencent::received::Received;

/// Answers any request to a legacy path.
pub(super) async fn handle(State(state): State<ApiState>, request: Request) -> Response {
    match answer(&state, request).await {
        Ok(answer) => envelope::success(answer),
        Err(refusal) => envelope::failure(&refusal),
    }
}

async fn answer(state: &ApiState, request: Request) -> Result<Answer, Refusal> {
    let (parts, body) = request.into_parts();
    if !matches!(parts.method, Method::GET | Method::POST) {
        return Err(Refusal::unsupported_protocol("only GET and POST are supported"));
    }
    let body = body::read(body).await?;
    let received = Received::decode(&parts, &body);
    let app = auth::authenticate(&state.service, &received).await?;
    let params = Params::of_request(&received);
    let action = params.required("Action")?;
    run(state, &app, action, &params).await
}

async fn run(state: &ApiState, app: &App, action: &str, params: &Params) -> Result<Answer, Refusal> {
    let service = &state.service;
    match action {
        "CreateSnapshotByTimeOffset" => create_snapshot_by_time_offset::run(service, app, params).await,
        "CreateSnapShotByTime" | "SnapShotByTime" => {
            create_snapshot_by_time_offset::run_predecessor(service, app, params).await
        }
        "CreateImageSprite" => create_image_sprite::run(service, app, params).await,
        "ProcessFile" => process_file::run(service, app, params).await,
        "ProcessFileByProcedure" => process_file_by_procedure::run(service, app, params).await,
        "ConvertVodFile" | "TranscodeVideo" => convert_vod_file::run(service, app, params).await,
        "MultiPullVodFile" | "MultiPullVideoFromUrl" => multi_pull_vod_file::run(service, app, params).await,
        "GetTaskInfo" => get_task_info::run(service, app, params).await,
        "GetTaskList" => get_task_list::run(service, app, params).await,
        "GetVideoInfo" => get_video_info::run(service, app, params).await,
        "DeleteVodFile" | "DeleteVideo" => delete_vod_file::run(service, app, params).await,
        "PullEvent" | "PullVodEvent" => pull_event::run(service, app).await,
        "ConfirmEvent" | "ConfirmVodEvent" => confirm_event::run(service, app, params).await,
        _ => {
            let message = "the Action is not an operation of this host";
            Err(ServiceError::new(ErrorCode::UnknownOperation, message).into())
        }
    }
}
