//! The native API's JSON: what is answered, each shape with its schema.
//!
//! **Invariant:** an answer has the fields of its schema and no other; the fields that need not be there
//! are optional in it.

mod events;
mod pictures;

use axum::Json;
use serde::Serialize;
use stillframe_domain::media::{AudioFacts, MediaFacts, VideoFacts};
use stillframe_domain::url_signing::UrlSigning;
use stillframe_domain::{
    App, CoverChoice, Dialect, Failure, Media, MediaSource, MediaState, MediaTime, PolicyName, PullMode,
};
use stillframe_service::Service;
use utoipa::ToSchema;

pub(crate) use events::{EventView, event, event_data};
pub(crate) use pictures::{JobView, OutputView, SnapshotView, job, output};

use crate::timestamp::rfc3339_ms;
use crate::urls::Urls;

/// Page of a list.
#[derive(Debug, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Page<T> {
    /// The items.
    pub items: Vec<T>,
    /// Pass as `after` for the next page; null at the end.
    pub next: Option<String>,
}

impl<T> Page<T> {
    /// A list that is short enough for one page.
    pub(crate) fn whole(items: impl IntoIterator<Item = T>) -> Json<Self> {
        Json(Self { items: items.into_iter().collect(), next: None })
    }
}

/// The caller's app.
#[derive(Debug, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = App)]
pub(crate) struct AppView {
    /// Its number, from 1.
    id: i64,
    /// A name for people.
    name: String,
    /// Base of its picture URLs.
    media_base_url: String,
    /// Whether an upload gets its covers by itself.
    automatic_covers: bool,
    /// Which of them stands for the video.
    cover_choice: CoverChoice,
    /// Whether its Tencent queue is fed, or a callback made instead.
    tencent_mode: PullMode,
    /// How callbacks are made that a vendor's API configured.
    callback_policy: PolicyName,
    /// Keys of signed picture URLs.
    url_signing: UrlSigning,
}

pub(crate) fn app(app: &App, base_url: &str) -> AppView {
    AppView {
        id: app.id.0,
        name: app.name.clone(),
        media_base_url: base_url.to_owned(),
        automatic_covers: app.settings.automatic_covers,
        cover_choice: app.settings.cover_choice,
        tencent_mode: app.settings.tencent_mode,
        callback_policy: app.settings.callback_policy,
        url_signing: app.settings.url_signing.clone(),
    }
}

/// A video.
#[derive(Debug, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = Media)]
pub(crate) struct MediaView {
    /// Its decimal id, as text: it exceeds 2^53.
    id: String,
    /// Its id of 32 hex digits.
    video_id: String,
    /// Title or file name.
    name: String,
    /// Where it stands.
    state: MediaState,
    /// Where its bytes are.
    source: SourceView,
    /// What it is made of, once probed.
    facts: Option<FactsView>,
    /// Why it failed.
    failure: Option<Failure>,
    /// The picture that stands for it.
    cover_url: Option<String>,
    /// The API that it came over.
    added_by: Dialect,
    /// When it was added: RFC 3339, UTC.
    created_at: String,
    /// When it last changed.
    updated_at: String,
}

/// Where a video's bytes are.
#[derive(Debug, Serialize, ToSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
#[schema(as = MediaSource)]
pub(crate) enum SourceView {
    /// In the store, served at a URL.
    Object {
        /// Where it is served.
        url: Option<String>,
    },
    /// A file below an allowed root.
    LocalFile {
        /// Its path.
        path: String,
    },
    /// At a URL.
    Url {
        /// The URL.
        url: String,
    },
}

/// What a video is made of.
#[derive(Debug, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = MediaFacts)]
pub(crate) struct FactsView {
    /// The container's format.
    container: String,
    /// Size in bytes.
    size_bytes: u64,
    /// Duration in milliseconds.
    duration_ms: MediaTime,
    /// Bits a second.
    bitrate_bps: u64,
    /// The video stream.
    video: Option<VideoFacts>,
    /// The audio stream.
    audio: Option<AudioFacts>,
}

pub(crate) fn media(service: &Service, app: &App, media: &Media) -> MediaView {
    let urls = Urls::of(service, app);
    MediaView {
        id: media.id.to_string(),
        video_id: media.video_id.to_string(),
        name: media.name.clone(),
        state: media.state,
        source: source(&urls, media),
        facts: media.facts.as_ref().map(facts),
        failure: media.failure.clone(),
        cover_url: urls.cover(media),
        added_by: media.added_by,
        created_at: rfc3339_ms(media.created_at),
        updated_at: rfc3339_ms(media.updated_at),
    }
}

fn source(urls: &Urls<'_>, media: &Media) -> SourceView {
    match &media.source {
        MediaSource::Object { .. } => SourceView::Object { url: urls.source(media) },
        MediaSource::LocalFile { path } => SourceView::LocalFile { path: path.clone() },
        MediaSource::Url { url } => SourceView::Url { url: url.clone() },
    }
}

pub(crate) fn facts(facts: &MediaFacts) -> FactsView {
    FactsView {
        container: facts.container.clone(),
        size_bytes: facts.size_bytes,
        duration_ms: facts.duration,
        bitrate_bps: facts.bitrate_bps,
        video: facts.video.clone(),
        audio: facts.audio.clone(),
    }
}
