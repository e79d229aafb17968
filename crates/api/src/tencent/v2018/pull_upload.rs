//! `PullUpload`: fetches a video from a URL, with what is to be made of it.
//!
//! Source: API 2018-07-17, PullUpload. What the URL gives comes as the task's end. `CoverUrl` is kept as it
//! is and not copied; there is one region of storage, so `StorageRegion` chooses nothing.

use stillframe_domain::media::Cover;
use stillframe_domain::{App, Dialect, ErrorCode, MediaDetails};
use stillframe_service::{AddMedia, FetchRequest, Service, ServiceError, SubmitSnapshot};

use super::asked;
use super::envelope::Answer;
use super::error::Refusal;
use super::input::Input;
use crate::tencent::task_id;

const SOURCE_CONTEXT_CHARS_MAX: usize = 250;
const MEDIA_TYPE_CHARS_MAX: usize = 16;

/// Accepts the video and answers the id of the task that fetches it.
pub(super) async fn run(service: &Service, app: &App, input: &Input<'_>) -> Result<Answer, Refusal> {
    let url = input.required_text("MediaUrl")?;
    asked::refuse_expiry(input)?;
    asked::refuse_members(input, &["MediaStoragePath"])?;
    check_media_type(input)?;
    let session_context = asked::session_context(input)?;
    let priority = asked::priority(input)?;
    let add = AddMedia {
        name: input.text("MediaName")?.filter(|name| !name.is_empty()),
        pass_through: source_context(input)?,
        details: MediaDetails { category: class_id(input)?, ..MediaDetails::default() },
        cover: cover(input)?,
        follow_ups: follow_ups(service, app, input).await?,
        fetch: FetchRequest {
            priority,
            dedupe_key: asked::session_id(input)?,
            pass_through: session_context,
        },
        ..AddMedia::over(Dialect::Tencent)
    };
    let added = service.add_url(app, add, &url).await.map_err(refused)?;
    let job = added.fetch.expect("a video of a URL is fetched");
    let id = task_id::of_pull_2018(app.id, &job.id);
    Ok(Answer::from_iter([("TaskId".to_owned(), id.into())]))
}

/// A category, unless it is 0, the vendor's for all others.
pub(super) fn class_id(input: &Input<'_>) -> Result<Option<i64>, Refusal> {
    match input.integer("ClassId")? {
        Some(id) if id < 0 => Err(Refusal::value("InvalidParameterValue.ClassId", "ClassId", "0 or more")),
        given => Ok(given.filter(|id| *id != 0)),
    }
}

pub(super) fn source_context(input: &Input<'_>) -> Result<Option<String>, Refusal> {
    asked::context(input, "SourceContext", ("InvalidParameterValue", SOURCE_CONTEXT_CHARS_MAX))
}

/// What the file is comes out when it is probed; the caller's word for it has to look like one.
pub(super) fn check_media_type(input: &Input<'_>) -> Result<(), Refusal> {
    let given = input.text("MediaType")?.unwrap_or_default();
    if given.len() > MEDIA_TYPE_CHARS_MAX || !given.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        return Err(Refusal::value(
            "InvalidParameterValue.MediaType",
            "MediaType",
            "an extension such as mp4",
        ));
    }
    Ok(())
}

fn cover(input: &Input<'_>) -> Result<Option<Cover>, Refusal> {
    let Some(url) = input.text("CoverUrl")?.filter(|url| !url.is_empty()) else { return Ok(None) };
    let is_http = url::Url::parse(&url).is_ok_and(|url| matches!(url.scheme(), "http" | "https"));
    if !is_http {
        return Err(Refusal::value("InvalidParameterValue.CoverUrl", "CoverUrl", "an http or https URL"));
    }
    Ok(Some(Cover::Url(url)))
}

/// The procedure that is named, to run when the bytes are here.
pub(super) async fn follow_ups(
    service: &Service,
    app: &App,
    input: &Input<'_>,
) -> Result<Vec<SubmitSnapshot>, Refusal> {
    let Some(name) = input.text("Procedure")?.filter(|name| !name.is_empty()) else { return Ok(Vec::new()) };
    let procedure = service.find_procedure(app, &name).await.map_err(|error| match error.code {
        ErrorCode::ProcedureNotFound => Refusal::new("InvalidParameterValue.Procedure", error.message),
        _ => error.into(),
    })?;
    let mut request = asked::procedure(input, service.procedure_outputs(app, &procedure).await?)?;
    // The name of the request is that of the fetch.
    request.options.dedupe_key = None;
    Ok(vec![request])
}

pub(super) fn refused(error: ServiceError) -> Refusal {
    let code = match error.parameter {
        Some("url") => "InvalidParameterValue.MediaUrl",
        Some("name") => "InvalidParameterValue.Name",
        Some("cover_url") => "InvalidParameterValue.CoverUrl",
        _ => return error.into(),
    };
    Refusal::new(code, error.message)
}
