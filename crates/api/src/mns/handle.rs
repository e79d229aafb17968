//! One request: authenticated, handed to its operation, answered.

use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderValue, Method, StatusCode, header};
use axum::response::Response;
use stillframe_domain::QueueName;
use stillframe_domain::message_queue::InvalidQueueName;
use tower_http::request_id::RequestId;

use super::error::Refusal;
use super::query::Query;
use super::xml::Element;
use super::{auth, delete, queues, receive, send, visibility};
use crate::body;
use crate::state::ApiState;

/// The one version of the API that is spoken.
const VERSION: &str = "2015-06-06";
/// Digits of a request id.
const REQUEST_ID_DIGITS: usize = 24;

/// What an operation answers.
#[derive(Debug)]
pub(super) struct Answer {
    /// HTTP status.
    pub status: StatusCode,
    /// URL of what was made.
    pub location: Option<String>,
    /// The document, if there is one.
    pub body: Option<Element>,
}

impl Answer {
    /// A document.
    pub(super) fn new(status: StatusCode, body: Element) -> Self {
        Self { status, location: None, body: Some(body) }
    }

    /// Done, with nothing to say.
    pub(super) fn empty() -> Self {
        Self { status: StatusCode::NO_CONTENT, location: None, body: None }
    }
}

/// What a path names.
enum Target {
    Queues,
    Queue(QueueName),
    Messages(QueueName),
}

/// Answers any request at or below `/queues`.
pub(super) async fn handle(State(state): State<ApiState>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let (host, request_id) = (host(&parts), request_id(&parts));
    let answer = match answer(&state, &parts, body, &host).await {
        Ok(answer) => answer,
        Err(refusal) => refusal.answer(&host, &request_id),
    };
    response(answer, &request_id)
}

async fn answer(state: &ApiState, parts: &Parts, body: Body, host: &str) -> Result<Answer, Refusal> {
    let body = body::read(body).await?;
    let (query, service) = (Query::decode(&parts.uri), &state.service);
    let app = &auth::authenticate(service, parts, &query, &body).await?;
    match (&parts.method, &target(parts.uri.path())?) {
        (&Method::GET, Target::Queues) => queues::list(service, app, (host, &parts.headers)).await,
        (&Method::PUT, Target::Queue(queue)) if query.is_on("metaoverride") => {
            queues::set_attributes(service, app, queue, &body).await
        }
        (&Method::PUT, Target::Queue(queue)) => queues::create(service, app, queue, (host, &body)).await,
        (&Method::GET, Target::Queue(queue)) => queues::get_attributes(service, app, queue).await,
        (&Method::DELETE, Target::Queue(queue)) => queues::delete(service, app, queue).await,
        (&Method::POST, Target::Messages(queue)) => send::run(service, app, queue, &body).await,
        (&Method::GET, Target::Messages(queue)) => receive::run(service, app, queue, &query).await,
        (&Method::PUT, Target::Messages(queue)) => visibility::run(service, app, queue, &query).await,
        (&Method::DELETE, Target::Messages(queue)) => delete::run(service, app, queue, (&query, &body)).await,
        _ => Err(Refusal::unknown_operation()),
    }
}

fn target(path: &str) -> Result<Target, Refusal> {
    let parts: Vec<&str> = path.trim_end_matches('/').split('/').skip(2).collect();
    let name = |text: &str| {
        QueueName::parse(&auth::decoded(text)).map_err(|invalid| match invalid {
            InvalidQueueName::Length => Refusal::queue_name_length(),
            InvalidQueueName::Characters => Refusal::queue_name(),
        })
    };
    match parts.as_slice() {
        [] => Ok(Target::Queues),
        [queue] => Ok(Target::Queue(name(queue)?)),
        [queue, "messages"] => Ok(Target::Messages(name(queue)?)),
        _ => Err(Refusal::unknown_operation()),
    }
}

fn response(answer: Answer, request_id: &str) -> Response {
    let document = answer.body.map(|root| root.document());
    let has_body = document.is_some();
    let mut response = Response::new(document.map_or_else(Body::empty, Body::from));
    *response.status_mut() = answer.status;
    let headers = response.headers_mut();
    if has_body {
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/xml;charset=utf-8"));
    }
    if let Some(location) = answer.location.and_then(|url| HeaderValue::try_from(url).ok()) {
        headers.insert(header::LOCATION, location);
    }
    if let Ok(request_id) = HeaderValue::try_from(request_id) {
        headers.insert("x-mns-request-id", request_id);
    }
    headers.insert("x-mns-version", HeaderValue::from_static(VERSION));
    response
}

fn host(parts: &Parts) -> String {
    let host = parts.headers.get(header::HOST).and_then(|value| value.to_str().ok());
    host.or_else(|| parts.uri.authority().map(|authority| authority.as_str())).unwrap_or_default().to_owned()
}

/// The id that all dialects answer in a header, in the vendor's form.
fn request_id(parts: &Parts) -> String {
    let id = parts.extensions.get::<RequestId>().and_then(|id| id.header_value().to_str().ok());
    let digits = id.unwrap_or_default().chars().filter(char::is_ascii_hexdigit);
    digits.take(REQUEST_ID_DIGITS).collect::<String>().to_ascii_uppercase()
}
