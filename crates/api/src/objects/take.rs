//! One request: taken when it is of an object protocol, else left to the other dialects.

use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::request::Parts;
use axum::middleware::Next;
use axum::response::Response;
use tower_http::request_id::RequestId;

use super::Protocol;
use super::answers::{Answers, failure, with_request_id};
use super::error::Refusal;
use super::operation::{self, Call};
use super::received::{Received, Scheme, bucket, names_bucket};
use super::{auth, header_case};
use crate::observe::spoken;
use crate::state::ApiState;

/// Answers requests that are signed as one of an object protocol, or name one of its buckets.
pub(crate) async fn take(State(state): State<ApiState>, request: Request, next: Next) -> Response {
    let (parts, body) = request.into_parts();
    let scheme = Scheme::of(&parts);
    if scheme.is_none() && !names_bucket(parts.uri.path()) {
        return next.run(Request::from_parts(parts, body)).await;
    }
    let protocol = scheme.map_or(Protocol::Oss, Scheme::protocol);
    let request_id = request_id(&parts);
    let response = match answer(&state, scheme, &parts, body).await {
        Ok(response) => response,
        Err(refusal) => failure(&refusal, protocol, parts.uri.path(), &request_id),
    };
    let answer = header_case::in_capitals(with_request_id(response, protocol, &request_id)).await;
    spoken("objects", answer)
}

async fn answer(
    state: &ApiState,
    scheme: Option<Scheme>,
    parts: &Parts,
    body: Body,
) -> Result<Response, Refusal> {
    let scheme = scheme.ok_or(Refusal::Unsigned)?;
    let received = Received::of(parts).ok_or(Refusal::Argument("the path"))?;
    let (app, session) = auth::authenticate(&state.service, scheme, &received).await?;
    let bucket = bucket(session.app_id);
    let answers = Answers { protocol: scheme.protocol(), bucket: &bucket, key: &session.object_key };
    let call = Call { service: &state.service, app: &app, session: &session, received: &received };
    operation::run(call, body, answers).await
}

fn request_id(parts: &Parts) -> String {
    let id = parts.extensions.get::<RequestId>().and_then(|id| id.header_value().to_str().ok());
    id.unwrap_or_default().to_owned()
}
