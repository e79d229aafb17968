//! One request: decoded, authenticated, handed to its operation, answered.

use axum::extract::{Request, State};
use axum::http::request::Parts;
use axum::http::{Method, header};
use axum::response::Response;
use serde_json::{Map, Value};
use stillframe_domain::App;
use tower_http::request_id::RequestId;

use super::error::Refusal;
use super::format::Format;
use super::params::Params;
use super::{auth, get_video_info, list_snapshots, submit_snapshot_job};
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
    let body = match body::read(body).await {
        Ok(body) => body,
        Err(error) => return Format::Json.failure(&host, &request_id, &error.into()),
    };
    let params = Params::decode(&parts, &body);
    let format = match Format::of(&params) {
        Ok(format) => format,
        Err(refusal) => return Format::Xml.failure(&host, &request_id, &refusal),
    };
    match answer(&state, &parts.method, &params).await {
        Ok((action, fields)) => format.success(action, &request_id, fields),
        Err(refusal) => format.failure(&host, &request_id, &refusal),
    }
}

async fn answer<'a>(
    state: &ApiState,
    method: &Method,
    params: &'a Params,
) -> Result<(&'a str, Answer), Refusal> {
    if !matches!(*method, Method::GET | Method::POST) {
        return Err(Refusal::bad_request("UnsupportedHTTPMethod", "Only GET and POST are supported."));
    }
    let app = auth::authenticate(&state.service, method, params).await?;
    // The signed parameters alone count: the headers of the same meaning are not signed in V1.
    let action = params.required("Action")?;
    if params.required("Version")? != VERSION {
        return Err(Refusal::unknown_operation());
    }
    Ok((action, run(state, &app, action, params).await?))
}

async fn run(state: &ApiState, app: &App, action: &str, params: &Params) -> Result<Answer, Refusal> {
    let service = &state.service;
    match action {
        "SubmitSnapshotJob" => submit_snapshot_job::run(service, app, params).await,
        "ListSnapshots" => list_snapshots::run(service, app, params).await,
        "GetVideoInfo" => get_video_info::run(service, app, params).await,
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
