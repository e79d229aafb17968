//! How requests name videos: by our id, or by their owner's own.

use stillframe_domain::{App, ErrorCode, Media, VideoId};
use stillframe_service::{MediaFilter, MediaName, Service, ServiceError};

use super::error::Refusal;
use super::params::Params;

/// Most videos that one request names.
pub(super) const VIDEOS_MAX: usize = 20;

/// The video that `VideoId` names, or else `ReferenceId`.
///
/// # Errors
/// `MissingVideoId`; `InvalidVideo.NotFound`, also for what can be no id and for another app's.
pub(super) async fn one(service: &Service, app: &App, params: &Params) -> Result<Media, Refusal> {
    match (params.find("VideoId"), params.find("ReferenceId")) {
        (None, Some(reference)) => Ok(service.find_media_by_reference(app, reference).await?),
        _ => by_id(service, app, params.required("VideoId")?).await,
    }
}

/// The video of that id.
///
/// # Errors
/// `InvalidVideo.NotFound`, also for what can be no id and for another app's.
pub(super) async fn by_id(service: &Service, app: &App, id: &str) -> Result<Media, Refusal> {
    let id = VideoId::parse(id).map_err(|_| not_found())?;
    Ok(service.find_media(app, &MediaName::VideoId(id)).await?)
}

/// The name of a video that was found.
pub(super) const fn name_of(media: &Media) -> MediaName {
    MediaName::FileId(Some(media.id))
}

/// The videos of a list, in its order, and the names that are none's.
#[derive(Debug, Default)]
pub(super) struct Named {
    /// The videos.
    pub videos: Vec<Media>,
    /// Ids of no video.
    pub unknown_ids: Vec<String>,
    /// Owners' ids of no video.
    pub unknown_references: Vec<String>,
}

/// The videos that `VideoIds` names, or else `ReferenceIds`.
///
/// # Errors
/// `MissingVideoIds`; `VideoIdsExceededMax` beyond [`VIDEOS_MAX`]; `InvalidVideo.NotFound` when there is none
/// of them.
pub(super) async fn many(service: &Service, app: &App, params: &Params) -> Result<Named, Refusal> {
    let ids = unique(params.list("VideoIds"));
    let references = if ids.is_empty() { unique(params.list("ReferenceIds")) } else { Vec::new() };
    if ids.is_empty() && references.is_empty() {
        return Err(Refusal::missing("VideoIds"));
    }
    if VIDEOS_MAX < ids.len() + references.len() {
        let message = format!("The number of videos exceeds the limit of {VIDEOS_MAX}.");
        return Err(Refusal::bad_request("VideoIdsExceededMax", &message));
    }
    let filter = MediaFilter {
        video_ids: ids.iter().filter_map(|id| VideoId::parse(id).ok()).collect(),
        reference_ids: references.iter().map(|&reference| reference.to_owned()).collect(),
        ..MediaFilter::default()
    };
    // Without a name that can be one the filter would find all.
    let is_narrowed = !filter.video_ids.is_empty() || !filter.reference_ids.is_empty();
    let found = match is_narrowed {
        true => service.search_media(app, &filter, 0, VIDEOS_MAX).await?.items,
        false => Vec::new(),
    };
    let named = sorted(found, &ids, &references);
    if named.videos.is_empty() { Err(not_found()) } else { Ok(named) }
}

fn sorted(found: Vec<Media>, ids: &[&str], references: &[&str]) -> Named {
    let mut named = Named::default();
    for &id in ids {
        match found.iter().find(|media| media.video_id.as_str() == id) {
            Some(media) => named.videos.push(media.clone()),
            None => named.unknown_ids.push(id.to_owned()),
        }
    }
    for &reference in references {
        match found.iter().find(|media| media.details.reference_id.as_deref() == Some(reference)) {
            Some(media) => named.videos.push(media.clone()),
            None => named.unknown_references.push(reference.to_owned()),
        }
    }
    named
}

fn unique(mut names: Vec<&str>) -> Vec<&str> {
    let mut seen = std::collections::HashSet::new();
    names.retain(|name| seen.insert(*name));
    names
}

fn not_found() -> Refusal {
    ServiceError::new(ErrorCode::MediaNotFound, "there is no such video").into()
}
