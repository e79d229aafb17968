//! One request: decoded, authenticated, handed to its operation, answered.

use axum::extract::{Request, State};
use axum::http::request::Parts;
use axum::http::{Method, header};
use axum::response::Response;
use serde_json::{Map, Value};
use stillframe_domain::App;
use tower_http::request_id::RequestId;

use super::auth::Received;
use super::error::Refusal;
use super::format::Format;
use super::params::Params;
use super::{
    auth, delete_video, get_url_upload_infos, get_video_info, get_video_infos, get_video_list, job_detail,
    list_snapshots, message_callback, search_media, submit_snapshot_job, update_video_info,
    upload_media_by_url, upload_video, vod_template, workflow,
};
use crate::body;
use crate::state::ApiState;

/// The fields of an operation's answer.
pub(super) type Answer = Map<String, Value>;

/// The one version of the API that is spoken.
const VERSION: &str = "2017-03-21";

/// Answers any request to `/`.
pub(super) async fn handle(State(state): State<ApiState>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let (host, request_id) = (host(&parts), request_id(&parts));
    let default = if auth::is_acs3(&parts) { Format::Json } else { Format::Xml };
    let body = match body::read(body).await {
        Ok(body) => body,
        Err(error) => return Format::Json.failure(&host, &request_id, &error.into()),
    };
    let params = Params::decode(&parts, &body);
    let format = match Format::of(&params, default) {
        Ok(format) => format,
        Err(refusal) => return default.failure(&host, &request_id, &refusal),
    };
    let received = Received { parts: &parts, host: &host, body: &body, params: &params };
    match answer(&state, &received).await {
        Ok((action, fields)) => format.success(&action, &request_id, fields),
        Err(refusal) => format.failure(&host, &request_id, &refusal),
    }
}

async fn answer(state: &ApiState, received: &Received<'_>) -> Result<(String, Answer), Refusal> {
    if !matches!(received.parts.method, Method::GET | Method::POST) {
        return Err(Refusal::bad_request("UnsupportedHTTPMethod", "Only GET and POST are supported."));
    }
    let call = auth::authenticate(&state.service, received).await?;
    if call.version != VERSION {
        return Err(Refusal::unknown_operation());
    }
    let answer = run(state, &call.app, &call.action, received.params).await?;
    Ok((call.action, answer))
}

async fn run(state: &ApiState, app: &App, action: &str, params: &Params) -> Result<Answer, Refusal> {
    let service = &state.service;
    match action {
        "AddVodTemplate" => vod_template::add(service, app, params).await,
        "CreateUploadVideo" => upload_video::create(service, app, params).await,
        "DeleteMessageCallback" => message_callback::delete(service, app, params).await,
        "DeleteVideo" => delete_video::run(service, app, params).await,
        "DeleteVodTemplate" => vod_template::delete(service, app, params).await,
        "GetJobDetail" => job_detail::get(service, app, params).await,
        "GetMessageCallback" => message_callback::get(service, app, params).await,
        "GetURLUploadInfos" => get_url_upload_infos::run(service, app, params).await,
        "GetVideoInfo" => get_video_info::run(service, app, params).await,
        "GetVideoInfos" => get_video_infos::run(service, app, params).await,
        "GetVideoList" => get_video_list::run(service, app, params).await,
        "GetVodTemplate" => vod_template::get(service, app, params).await,
        "GetWorkflowTask" => workflow::task(service, app, params).await,
        "ListJobInfo" => job_detail::list(service, app, params).await,
        "ListSnapshots" => list_snapshots::run(service, app, params).await,
        "ListVodTemplate" => vod_template::list(service, app, params).await,
        "RefreshUploadVideo" => upload_video::refresh(service, app, params).await,
        "SearchMedia" => search_media::run(service, app, params).await,
        "SetMessageCallback" => message_callback::set(service, app, params).await,
        "SubmitSnapshotJob" => submit_snapshot_job::run(service, app, params).await,
        "SubmitWorkflowJob" => workflow::submit(service, app, params).await,
        "UpdateVideoInfo" => update_video_info::run(service, app, params).await,
        "UpdateVodTemplate" => vod_template::update(service, app, params).await,
        "UploadMediaByURL" => upload_media_by_url::run(service, app, params).await,
        _ => Err(Refusal::unknown_operation()),
    }
}

fn host(parts: &Parts) -> String {
    let host = parts.headers.get(header::HOST).and_then(|value| value.to_str().ok());
    host.or_else(|| parts.uri.authority().map(|authority| authority.as_str())).unwrap_or_default().to_owned()
}

/// The id that all dialects answer in a header, in the vendor's capitals.
fn request_id(parts: &Parts) -> String {
    let id = parts.extensions.get::<RequestId>().and_then(|id| id.header_value().to_str().ok());
    id.unwrap_or_default().to_ascii_uppercase()
}
