//! What a request asks for: its method and the names of its parameters say so.

use axum::body::{Body, to_bytes};
use axum::response::Response;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use futures::{StreamExt, TryStreamExt};
use stillframe_domain::{App, MultipartId, UploadSession};
use stillframe_service::{Chunks, Service, UploadError};
use stillframe_signing::headers::value;

use super::answers::{Answers, gone};
use super::error::Refusal;
use super::part_list;
use super::received::Received;

/// Most parts of one list.
const PARTS_LISTED_MAX: usize = 1_000;

/// An authenticated request without its bytes.
#[derive(Clone, Copy)]
pub(super) struct Call<'a> {
    /// The use cases.
    pub service: &'a Service,
    /// The app of the key.
    pub app: &'a App,
    /// What the key permits.
    pub session: &'a UploadSession,
    /// The request.
    pub received: &'a Received,
}

/// Does what is asked.
///
/// # Errors
/// See [`Refusal`].
pub(super) async fn run(call: Call<'_>, body: Body, answers: Answers<'_>) -> Result<Response, Refusal> {
    let has = |name| call.received.param(name).is_some();
    let is_bucket = call.received.key.is_empty();
    let (method, has_id, has_uploads) = (call.received.method.as_str(), has("uploadId"), has("uploads"));
    match method {
        "GET" if is_bucket && has_uploads => list_multiparts(call, answers).await,
        _ if is_bucket => Err(Refusal::Denied),
        "PUT" if has_id || has("partNumber") => put_part(call, body, answers).await,
        // Copies, and whatever else a parameter makes of a put, are not the upload that it seems to be.
        "PUT" if is_copy(call.received) || !is_plain(call.received) => Err(Refusal::Unsupported),
        "PUT" => put(call, body, answers).await,
        "HEAD" => head(call, answers).await,
        "POST" if has_uploads => begin(call, answers).await,
        "POST" if has_id => complete(call, body, answers).await,
        "GET" if has_id => list_parts(call, answers).await,
        "DELETE" if has_id => abort(call).await,
        _ => Err(Refusal::Unsupported),
    }
}

async fn put(call: Call<'_>, body: Body, answers: Answers<'_>) -> Result<Response, Refusal> {
    let md5 = content_md5(call.received)?;
    check_length(call)?;
    let sums = call.service.put_upload(call.app, call.session, chunks(body), md5).await?;
    Ok(answers.stored(&sums))
}

async fn put_part(call: Call<'_>, body: Body, answers: Answers<'_>) -> Result<Response, Refusal> {
    if is_copy(call.received) {
        return Err(Refusal::Unsupported);
    }
    let id = upload_id(call.received)?;
    let number = call.received.param("partNumber").and_then(|number| number.parse().ok());
    let number = number.ok_or(Refusal::Argument("partNumber"))?;
    let md5 = content_md5(call.received)?;
    check_length(call)?;
    let sums = call.service.put_part(call.app, call.session, &id, number, (chunks(body), md5)).await?;
    Ok(answers.stored(&sums))
}

async fn head(call: Call<'_>, answers: Answers<'_>) -> Result<Response, Refusal> {
    let (facts, sums) = call.service.head_upload(call.session).await?;
    Ok(answers.facts(&facts, &sums))
}

async fn begin(call: Call<'_>, answers: Answers<'_>) -> Result<Response, Refusal> {
    Ok(answers.begun(&call.service.begin_multipart(call.session).await?))
}

async fn complete(call: Call<'_>, body: Body, answers: Answers<'_>) -> Result<Response, Refusal> {
    let id = upload_id(call.received)?;
    let body = to_bytes(body, part_list::BODY_BYTES_MAX).await.map_err(|_| Refusal::Xml)?;
    let listed = part_list::decode(&body)?;
    let sums = call.service.complete_multipart(call.app, call.session, &id, &listed).await?;
    Ok(answers.completed(&sums))
}

async fn list_parts(call: Call<'_>, answers: Answers<'_>) -> Result<Response, Refusal> {
    let id = upload_id(call.received)?;
    let after = number(call.received, "part-number-marker")?.unwrap_or(0);
    let limit = number(call.received, "max-parts")?.map_or(PARTS_LISTED_MAX, |limit| limit as usize);
    let limit = limit.clamp(1, PARTS_LISTED_MAX);
    let (parts, has_more) = call.service.list_parts(call.session, &id, after, limit).await?;
    Ok(answers.parts(id.as_str(), (after, limit), (&parts, has_more)))
}

async fn abort(call: Call<'_>) -> Result<Response, Refusal> {
    call.service.abort_multipart(call.session, &upload_id(call.received)?).await?;
    Ok(gone())
}

async fn list_multiparts(call: Call<'_>, answers: Answers<'_>) -> Result<Response, Refusal> {
    let found = call.service.list_multiparts(call.session).await?;
    Ok(answers.multiparts(call.received.param("prefix").unwrap_or_default(), &found))
}

fn upload_id(received: &Received) -> Result<MultipartId, Refusal> {
    let text = received.param("uploadId").ok_or(Refusal::Argument("uploadId"))?;
    MultipartId::parse(text).map_err(|_| UploadError::NoMultipart.into())
}

/// A parameter that is empty counts as one that is not there.
fn number(received: &Received, name: &'static str) -> Result<Option<u32>, Refusal> {
    match received.param(name).filter(|text| !text.is_empty()) {
        None => Ok(None),
        Some(text) => text.parse().map(Some).map_err(|_| Refusal::Argument(name)),
    }
}

/// Parameters of a signed URL alone.
fn is_plain(received: &Received) -> bool {
    let is_of_signature = |name: &str| {
        name.starts_with("q-")
            || name.starts_with("x-oss-")
            || name.starts_with("x-cos-")
            || matches!(name, "OSSAccessKeyId" | "Expires" | "Signature" | "security-token")
    };
    received.query.iter().all(|(name, _)| is_of_signature(name))
}

fn is_copy(received: &Received) -> bool {
    let has = |name| value(&received.headers, name).is_some();
    has("x-oss-copy-source") || has("x-cos-copy-source")
}

fn content_md5(received: &Received) -> Result<Option<[u8; 16]>, Refusal> {
    let Some(text) = value(&received.headers, "content-md5") else { return Ok(None) };
    let bytes = STANDARD.decode(text).map_err(|_| Refusal::Digest)?;
    bytes.try_into().map(Some).map_err(|_| Refusal::Digest)
}

/// Refuses what is announced to be too large before it is sent.
fn check_length(call: Call<'_>) -> Result<(), Refusal> {
    let announced = value(&call.received.headers, "content-length").and_then(|text| text.parse::<u64>().ok());
    let size_bytes_max = call.service.upload_bytes_max();
    if announced.is_some_and(|length| size_bytes_max < length) {
        return Err(UploadError::TooLarge { size_bytes_max }.into());
    }
    Ok(())
}

fn chunks(body: Body) -> Chunks {
    body.into_data_stream().map_err(std::io::Error::other).boxed()
}
