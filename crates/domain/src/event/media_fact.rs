//! What is told about a video.

use serde::{Deserialize, Serialize};

use super::{Event, EventKind, EventPayload, PAYLOAD_VERSION, Telling, source_url};
use crate::ids::{EventId, JobId, MediaId, VideoId};
use crate::job::{Dialect, Job, Origin, RequestKind};
use crate::media::{Cover, Media, MediaDetails, MediaFacts, MediaSource};
use crate::outcome::Failure;
use crate::time::Timestamp;

/// A video came, was probed, failed, changed or went. Older facts lack what has a default here.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MediaFact {
    /// [`PAYLOAD_VERSION`] of the writer.
    pub version: u32,
    /// The video's decimal id.
    pub media_id: MediaId,
    /// The video's 32-hex id.
    pub video_id: VideoId,
    /// Its name.
    pub name: String,
    /// URL of its bytes, if they are an object of ours.
    pub source_url: Option<String>,
    /// What a probe found.
    pub facts: Option<MediaFacts>,
    /// Why it failed.
    pub failure: Option<Failure>,
    /// The caller's text.
    pub pass_through: Option<String>,
    /// What people say of it beside its name.
    #[serde(default)]
    pub details: MediaDetails,
    /// URL of its cover at that time.
    #[serde(default)]
    pub cover_url: Option<String>,
    /// The API over which it came.
    #[serde(default)]
    pub added_by: Option<Dialect>,
    /// When it was added.
    #[serde(default)]
    pub added_at: Option<Timestamp>,
    /// What is told beside the video itself.
    #[serde(default)]
    pub news: MediaNews,
}

/// What an event about a video tells beside the video itself.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct MediaNews {
    /// Size of the bytes that came.
    pub size_bytes: Option<u64>,
    /// The fetch that brought the bytes, or could not.
    pub fetch: Option<Box<FetchNews>>,
    /// Procedures that were started for it.
    pub procedure_ids: Vec<JobId>,
    /// What it was before it changed.
    pub before: Option<Box<MediaBasics>>,
}

/// A video's bytes were fetched from a URL, or could not be.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FetchNews {
    /// The job that fetched.
    pub job_id: JobId,
    /// Where from.
    pub url: String,
    /// The caller's name for the request.
    pub dedupe_key: Option<String>,
    /// The caller's text about the request.
    #[serde(default)]
    pub pass_through: Option<String>,
    /// When the job was accepted.
    pub created_at: Timestamp,
    /// When its first attempt began.
    pub started_at: Option<Timestamp>,
    /// When it ended.
    pub finished_at: Timestamp,
}

/// What people say of a video, and its cover.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MediaBasics {
    /// Its name.
    pub name: String,
    /// The rest.
    pub details: MediaDetails,
    /// URL of its cover.
    pub cover_url: Option<String>,
}

impl MediaNews {
    /// Bytes of that size are here, and these jobs follow.
    pub fn stored(size_bytes: u64, jobs: &[Job]) -> Self {
        let procedures = jobs.iter().filter(|job| job.origin.kind == RequestKind::Procedure);
        let procedure_ids = procedures.map(|job| job.id.clone()).collect();
        Self { size_bytes: Some(size_bytes), procedure_ids, ..Self::default() }
    }

    /// A fetch ended.
    #[must_use]
    pub fn fetched(self, job: &Job, url: &str, finished_at: Timestamp) -> Self {
        let fetch = FetchNews {
            job_id: job.id.clone(),
            url: url.to_owned(),
            dedupe_key: job.options.dedupe_key.clone(),
            pass_through: job.pass_through.clone(),
            created_at: job.created_at,
            started_at: job.started_at,
            finished_at,
        };
        Self { fetch: Some(Box::new(fetch)), ..self }
    }

    /// The video was this before.
    pub fn changed(before: &Media, base_url: &str) -> Self {
        let before = MediaBasics {
            name: before.name.clone(),
            details: before.details.clone(),
            cover_url: cover_url(before.cover.as_ref(), base_url),
        };
        Self { before: Some(Box::new(before)), ..Self::default() }
    }
}

impl Event {
    /// An event about a video as it is then.
    pub fn of_media(
        id: EventId,
        kind: EventKind,
        origin: Origin,
        media: &Media,
        telling: Telling<'_>,
    ) -> Self {
        Self {
            id,
            app_id: media.app_id,
            kind,
            origin,
            created_at: telling.at,
            payload: EventPayload::Media(MediaFact {
                version: PAYLOAD_VERSION,
                media_id: media.id,
                video_id: media.video_id.clone(),
                name: media.name.clone(),
                source_url: source_url(media, telling.base_url),
                facts: media.facts.clone(),
                failure: media.failure.clone(),
                pass_through: media.pass_through.clone(),
                details: media.details.clone(),
                cover_url: cover_url(media.cover.as_ref(), telling.base_url),
                added_by: Some(media.added_by),
                added_at: Some(media.created_at),
                news: MediaNews::default(),
            }),
        }
    }

    /// The event with what is new of its video; one about pictures stays as it is.
    #[must_use]
    pub fn with_news(mut self, news: MediaNews) -> Self {
        if let EventPayload::Media(fact) = &mut self.payload {
            fact.news = news;
        }
        self
    }
}

/// URL of a cover.
pub fn cover_url(cover: Option<&Cover>, base_url: &str) -> Option<String> {
    cover.map(|cover| match cover {
        Cover::Object(key) => format!("{base_url}/{key}"),
        Cover::Url(url) => url.clone(),
    })
}

/// URL that a video's bytes are to be fetched from.
pub fn fetch_url(media: &Media) -> Option<&str> {
    match &media.source {
        MediaSource::Url { url } => Some(url),
        MediaSource::Object { .. } | MediaSource::LocalFile { .. } => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn facts_of_older_writers_are_still_read() {
        let old = r#"{"type":"media","version":1,"media_id":7,"video_id":"2327a6ec24b44844b3a5e2c1b691aaaa",
            "name":"film.mp4","source_url":null,"facts":null,"failure":null,"pass_through":"text"}"#;
        let EventPayload::Media(fact) = serde_json::from_str(old).expect("an old fact") else {
            panic!("a fact about a video");
        };
        assert_eq!((fact.name.as_str(), fact.added_by), ("film.mp4", None));
        assert_eq!((fact.details, fact.news), (MediaDetails::default(), MediaNews::default()));
    }
}
