//! `/v1/media`: adding, reading and removing videos.

use std::io;
use std::path::Path as FilePath;

use axum::Json;
use axum::extract::{FromRequest, Multipart, Request, State};
use axum::http::{StatusCode, header};
use futures::StreamExt as _;
use serde::Deserialize;
use stillframe_domain::{App, Dialect, Media, MediaId, Origin, RequestKind, VideoId};
use stillframe_service::{AddMedia, MediaName, ServiceError, invalid, missing};
use utoipa::ToSchema;

use super::auth::Authenticated;
use super::error::Problem;
use super::input::{self, Named, PageQuery, Paged};
use super::model::{self, MediaView, Page};
use crate::body;
use crate::state::ApiState;

/// A video that lies elsewhere: either at `url` or at `path`.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AddElsewhere {
    /// An absolute http or https URL.
    url: Option<String>,
    /// Whether the bytes of a URL are copied here; they are unless this says no.
    fetch: Option<bool>,
    /// A file below an allowed root.
    path: Option<String>,
    /// Title or file name; that of the source by default.
    name: Option<String>,
    /// Text that events about it repeat.
    pass_through: Option<String>,
}

/// A form with a video; its parts stand in this order.
#[derive(ToSchema)]
#[expect(dead_code, reason = "the schema of a form that is read part by part")]
pub(crate) struct UploadForm {
    /// Title or file name; that of the file by default.
    name: Option<String>,
    /// Text that events about it repeat.
    pass_through: Option<String>,
    /// The video, last.
    #[schema(value_type = String, content_media_type = "application/octet-stream")]
    file: Vec<u8>,
}

/// Adds a video: an upload, or one that lies elsewhere.
#[utoipa::path(post, path = "/media", operation_id = "add_media", tag = "media",
    request_body(content(
        (AddElsewhere = "application/json"),
        (UploadForm = "multipart/form-data"),
    )),
    responses((status = 201, description = "The video.", body = MediaView)))]
pub(crate) async fn add(
    State(state): State<ApiState>,
    Authenticated(app): Authenticated,
    request: Request,
) -> Result<(StatusCode, Json<MediaView>), Problem> {
    let content_type = request.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let media = if content_type.is_some_and(|kind| kind.starts_with("multipart/form-data")) {
        let multipart = Multipart::from_request(request, &state)
            .await
            .map_err(|error| Problem(invalid("body", format!("multipart/form-data ({error})"))))?;
        upload(&state, &app, multipart).await?
    } else {
        let body = body::read(request.into_body()).await?;
        add_elsewhere(&state, &app, input::decode(&body)?).await?
    };
    Ok((StatusCode::CREATED, Json(model::media(&state.service, &app, &media))))
}

async fn upload(state: &ApiState, app: &App, mut multipart: Multipart) -> Result<Media, Problem> {
    let broken = |error| Problem(invalid("body", format!("multipart/form-data ({error})")));
    let mut add = AddMedia::over(Dialect::Native);
    while let Some(part) = multipart.next_field().await.map_err(broken)? {
        match part.name() {
            Some("name") => add.name = Some(part.text().await.map_err(broken)?),
            Some("pass_through") => add.pass_through = Some(part.text().await.map_err(broken)?),
            Some("file") => {
                let file_name = part.file_name().map(str::to_owned).filter(|name| !name.is_empty());
                add.name = add.name.or(file_name);
                return stream(state, app, add, part).await;
            }
            _ => return Err(Problem(invalid("body", "the parts name, pass_through and, last, file"))),
        }
    }
    Err(Problem(missing("file")))
}

/// The part borrows the request, while the service takes a stream of its own: a channel joins them.
async fn stream(
    state: &ApiState,
    app: &App,
    add: AddMedia,
    mut part: axum::extract::multipart::Field<'_>,
) -> Result<Media, Problem> {
    let (sender, receiver) = tokio::sync::mpsc::channel(4);
    let chunks = futures::stream::unfold(receiver, |mut receiver| async move {
        receiver.recv().await.map(|chunk| (chunk, receiver))
    });
    let feed = async move {
        loop {
            let chunk = match part.chunk().await {
                Ok(Some(chunk)) => Ok(chunk),
                Ok(None) => return,
                Err(error) => Err(io::Error::other(error)),
            };
            let is_end = chunk.is_err();
            if sender.send(chunk).await.is_err() || is_end {
                return;
            }
        }
    };
    let (added, ()) = tokio::join!(state.service.upload_media(app, add, chunks.boxed()), feed);
    Ok(added?.media)
}

async fn add_elsewhere(state: &ApiState, app: &App, request: AddElsewhere) -> Result<Media, Problem> {
    let add = AddMedia {
        name: request.name,
        pass_through: request.pass_through,
        ..AddMedia::over(Dialect::Native)
    };
    match (request.url, request.path) {
        (Some(url), None) if request.fetch == Some(false) => {
            Ok(state.service.add_remote(app, add, &url).await?.media)
        }
        (Some(url), None) => Ok(state.service.add_url(app, add, &url).await?.media),
        (None, Some(_)) if request.fetch.is_some() => Err(Problem(invalid("fetch", "only beside url"))),
        (None, Some(path)) => Ok(state.service.add_local_file(app, add, FilePath::new(&path)).await?.media),
        _ => Err(Problem(invalid("body", "either url or path"))),
    }
}

/// Lists videos, newest first.
#[utoipa::path(get, path = "/media", operation_id = "list_media", tag = "media", params(PageQuery),
    responses((status = 200, description = "A page of videos.", body = Page<MediaView>)))]
pub(crate) async fn list(
    State(state): State<ApiState>,
    Authenticated(app): Authenticated,
    Paged(query): Paged,
) -> Result<Json<Page<MediaView>>, Problem> {
    let page = state.service.list_media(&app, query.after.as_deref(), query.limit()).await?;
    let items = page.items.iter().map(|one| model::media(&state.service, &app, one)).collect();
    Ok(Json(Page { items, next: page.next }))
}

/// Reads a video.
#[utoipa::path(get, path = "/media/{id}", operation_id = "get_media", tag = "media",
    params(("id" = String, Path, description = "The decimal id, or that of 32 hex digits.")),
    responses((status = 200, description = "The video.", body = MediaView)))]
pub(crate) async fn get(
    State(state): State<ApiState>,
    Authenticated(app): Authenticated,
    Named(id): Named,
) -> Result<Json<MediaView>, Problem> {
    let media = state.service.find_media(&app, &name(&id)?).await?;
    Ok(Json(model::media(&state.service, &app, &media)))
}

/// Removes a video and its pictures.
#[utoipa::path(delete, path = "/media/{id}", operation_id = "delete_media", tag = "media",
    params(("id" = String, Path, description = "The decimal id, or that of 32 hex digits.")),
    responses((status = 204, description = "It is gone.")))]
pub(crate) async fn delete(
    State(state): State<ApiState>,
    Authenticated(app): Authenticated,
    Named(id): Named,
) -> Result<StatusCode, Problem> {
    state
        .service
        .delete_media(&app, &name(&id)?, Origin { dialect: Dialect::Native, kind: RequestKind::Ingest })
        .await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Either form of a video's id.
pub(crate) fn name(id: &str) -> Result<MediaName, Problem> {
    let refused = |_| -> ServiceError { invalid("id", "a decimal id or 32 lower-case hex digits") };
    let is_hex = id.len() == 32;
    if is_hex {
        Ok(MediaName::VideoId(VideoId::parse(id).map_err(refused)?))
    } else {
        Ok(MediaName::FileId(MediaId::parse(id).map_err(refused)?))
    }
}
