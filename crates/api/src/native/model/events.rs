//! Events as the native format has them, whether sent to an endpoint or read from a job.

use serde::Serialize;
use stillframe_domain::event::{EndpointFact, MediaBasics, MediaFact, SnapshotFact};
use stillframe_domain::{DisableReason, Event, EventKind, EventPayload, Failure, Origin};
use utoipa::ToSchema;

use super::{FactsView, OutputView, facts, output};
use crate::timestamp::rfc3339_ms;
use crate::urls::Urls;

/// An event: the body that a native endpoint is sent.
#[derive(Debug, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = Event)]
pub(crate) struct EventView {
    /// Its id, the same over all attempts and endpoints.
    id: String,
    /// What happened.
    #[serde(rename = "type")]
    kind: EventKind,
    /// When: RFC 3339, UTC.
    created_at: String,
    /// What is told of it.
    data: EventDataView,
}

/// What is told, by what it is about.
#[derive(Debug, Serialize, ToSchema)]
#[serde(untagged)]
#[schema(as = EventData)]
pub(crate) enum EventDataView {
    /// A job that takes pictures.
    Job(Box<JobEventView>),
    /// A video.
    Media(Box<MediaEventView>),
    /// An endpoint.
    Endpoint(EndpointEventView),
}

/// What became of a job that takes pictures.
#[derive(Debug, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = JobEventData)]
pub(crate) struct JobEventView {
    /// The job's id.
    job_id: String,
    /// The decimal id of its video.
    media_id: String,
    /// The video's id of 32 hex digits.
    video_id: String,
    /// Where the job came from.
    origin: Origin,
    /// Its sets of pictures.
    outputs: Vec<OutputView>,
    /// Why nothing was taken.
    failure: Option<Failure>,
    /// The picture that stood for the video at that time.
    cover_url: Option<String>,
    /// Text of the caller.
    pass_through: Option<String>,
}

/// What happened to a video.
#[derive(Debug, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = MediaEventData)]
pub(crate) struct MediaEventView {
    /// Its decimal id.
    media_id: String,
    /// Its id of 32 hex digits.
    video_id: String,
    /// Over which API it came about.
    origin: Origin,
    /// Title or file name.
    name: String,
    /// A text about it.
    description: String,
    /// Words that it is found by.
    tags: Vec<String>,
    /// Number of a category that its owner keeps elsewhere.
    category: Option<i64>,
    /// Its owner's own id for it.
    reference_id: Option<String>,
    /// The picture that stood for it at that time.
    cover_url: Option<String>,
    /// Where its bytes are served.
    source_url: Option<String>,
    /// What it is made of, once probed.
    facts: Option<FactsView>,
    /// Why it failed.
    failure: Option<Failure>,
    /// Text of the caller.
    pass_through: Option<String>,
    /// How many bytes came.
    #[serde(skip_serializing_if = "Option::is_none")]
    size_bytes: Option<u64>,
    /// The fetch that brought them, or did not.
    #[serde(skip_serializing_if = "Option::is_none")]
    fetch: Option<FetchView>,
    /// What was said of it before it changed.
    #[serde(skip_serializing_if = "Option::is_none")]
    before: Option<MediaBasicsView>,
}

/// How a video's bytes were fetched.
#[derive(Debug, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = EventFetch)]
pub(crate) struct FetchView {
    /// The job that fetched them.
    job_id: String,
    /// From where.
    url: String,
}

/// What was said of a video.
#[derive(Debug, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = MediaBasics)]
pub(crate) struct MediaBasicsView {
    /// Title or file name.
    name: String,
    /// A text about it.
    description: String,
    /// Words that it is found by.
    tags: Vec<String>,
    /// Number of a category that its owner keeps elsewhere.
    category: Option<i64>,
    /// Its owner's own id for it.
    reference_id: Option<String>,
    /// The picture that stood for it.
    cover_url: Option<String>,
}

/// What happened to an endpoint.
#[derive(Debug, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = EndpointEventData)]
pub(crate) struct EndpointEventView {
    /// Its id.
    endpoint_id: String,
    /// Where it goes.
    url: String,
    /// Why it was disabled; null in a test.
    reason: Option<DisableReason>,
    /// First failure since the last success.
    failing_since: Option<String>,
}

/// The document that is sent.
pub(crate) fn event(event: &Event) -> EventView {
    EventView {
        id: event.id.to_string(),
        kind: event.kind,
        created_at: rfc3339_ms(event.created_at),
        data: event_data(event),
    }
}

/// What happened.
pub(crate) fn event_data(event: &Event) -> EventDataView {
    match &event.payload {
        EventPayload::Snapshot(fact) => EventDataView::Job(Box::new(job(event.origin, fact))),
        EventPayload::Media(fact) => EventDataView::Media(Box::new(media(event.origin, fact))),
        EventPayload::Endpoint(fact) => EventDataView::Endpoint(endpoint(fact)),
    }
}

fn job(origin: Origin, fact: &SnapshotFact) -> JobEventView {
    let urls = Urls::plain(&fact.base_url);
    let outputs = fact.outputs.iter().zip(&fact.outcomes);
    JobEventView {
        job_id: fact.job_id.to_string(),
        media_id: fact.media_id.to_string(),
        video_id: fact.video_id.to_string(),
        origin,
        outputs: outputs.map(|(one, outcome)| output(one, Some(outcome), &urls)).collect(),
        failure: fact.failure.clone(),
        cover_url: fact.cover_url.clone(),
        pass_through: fact.pass_through.clone(),
    }
}

fn media(origin: Origin, fact: &MediaFact) -> MediaEventView {
    let fetch = fact.news.fetch.as_ref();
    MediaEventView {
        media_id: fact.media_id.to_string(),
        video_id: fact.video_id.to_string(),
        origin,
        name: fact.name.clone(),
        description: fact.details.description.clone(),
        tags: fact.details.tags.clone(),
        category: fact.details.category,
        reference_id: fact.details.reference_id.clone(),
        cover_url: fact.cover_url.clone(),
        source_url: fact.source_url.clone(),
        facts: fact.facts.as_ref().map(facts),
        failure: fact.failure.clone(),
        pass_through: fact.pass_through.clone(),
        size_bytes: fact.news.size_bytes,
        fetch: fetch.map(|fetch| FetchView { job_id: fetch.job_id.to_string(), url: fetch.url.clone() }),
        before: fact.news.before.as_deref().map(basics),
    }
}

fn basics(before: &MediaBasics) -> MediaBasicsView {
    MediaBasicsView {
        name: before.name.clone(),
        description: before.details.description.clone(),
        tags: before.details.tags.clone(),
        category: before.details.category,
        reference_id: before.details.reference_id.clone(),
        cover_url: before.cover_url.clone(),
    }
}

fn endpoint(fact: &EndpointFact) -> EndpointEventView {
    EndpointEventView {
        endpoint_id: fact.endpoint_id.to_string(),
        url: fact.url.clone(),
        reason: fact.reason,
        failing_since: fact.failing_since.map(rfc3339_ms),
    }
}
