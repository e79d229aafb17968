//! Events about videos: how they came, what was found out, what changed, and that they are gone.
//!
//! Source: ApsaraVideo VOD, pages of FileUploadComplete, VideoAnalysisComplete, UploadByURLComplete,
//! DeleteMediaComplete and MediaBaseChangeComplete (read 2026-11-22).

use serde::Serialize;
use serde_json::{Map, Value, json};
use stillframe_domain::event::{MediaBasics, MediaFact};
use stillframe_domain::media::MediaFacts;
use stillframe_domain::{Event, EventKind, Failure, MediaDetails};

use super::status;
use crate::alibaba::error::event_code;
use crate::alibaba::time;

/// The one kind of media that there is.
const MEDIA_TYPE: &str = "video";
/// Why a fetch failed, whatever the reason.
pub(in crate::alibaba) const URL_INVALID: &str = "URLInvalidError";

/// The fields that every event has, then those of its type.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Body {
    event_time: String,
    event_type: &'static str,
    status: &'static str,
    #[serde(flatten)]
    fields: Map<String, Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error_code: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error_message: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    extend: Option<String>,
}

/// The body of an event about a video; `None` when the vendor has no event for it.
pub(super) fn body(event: &Event, fact: &MediaFact) -> Option<Body> {
    let (event_type, fields, failure) = match event.kind {
        EventKind::MediaStored => ("FileUploadComplete", stored(fact), None),
        EventKind::MediaFetched => {
            ("UploadByURLComplete", fetched(fact)?, fact.failure.as_ref().map(|why| (URL_INVALID, why)))
        }
        EventKind::MediaReady => ("VideoAnalysisComplete", analysed(fact), None),
        EventKind::MediaFailed => {
            let failure = fact.failure.as_ref().map(|why| (event_code(why.code), why));
            ("VideoAnalysisComplete", analysed(fact), failure)
        }
        EventKind::MediaDeleted => ("DeleteMediaComplete", deleted(fact), None),
        EventKind::MediaUpdated => ("MediaBaseChangeComplete", changed(fact)?, None),
        EventKind::MediaCreated
        | EventKind::SnapshotCompleted
        | EventKind::SnapshotFailed
        | EventKind::JobProgress
        | EventKind::EndpointDisabled
        | EventKind::EndpointPing => return None,
    };
    Some(Body {
        event_time: time::write(event.created_at),
        event_type,
        status: status(failure.is_none()),
        fields,
        error_code: failure.map(|(code, _)| code),
        error_message: failure.map(|(_, Failure { message, .. })| message.clone()),
        extend: fact.pass_through.clone(),
    })
}

fn fields<const N: usize>(list: [(&str, Value); N]) -> Map<String, Value> {
    list.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

fn stored(fact: &MediaFact) -> Map<String, Value> {
    let mut fields = fields([("VideoId", json!(fact.video_id)), ("Size", json!(fact.news.size_bytes))]);
    if let Some(url) = &fact.source_url {
        // Spelled so by the vendor, unlike in its other events.
        fields.insert("FileUrl".to_owned(), json!(url));
    }
    fields
}

fn fetched(fact: &MediaFact) -> Option<Map<String, Value>> {
    let fetch = fact.news.fetch.as_ref()?;
    let mut fields = fields([("JobId", json!(fetch.job_id)), ("SourceURL", json!(fetch.url))]);
    if fact.failure.is_none() {
        fields.insert("VideoId".to_owned(), json!(fact.video_id));
        fields.insert("Size".to_owned(), json!(fact.news.size_bytes));
    }
    Some(fields)
}

/// Numbers are texts here. What a file without pictures has no word for is left out.
fn analysed(fact: &MediaFact) -> Map<String, Value> {
    let mut analysed = fields([("VideoId", json!(fact.video_id))]);
    if let Some(facts) = fact.facts.as_ref().filter(|_| fact.failure.is_none()) {
        analysed.extend(numbers(facts));
    }
    analysed
}

fn numbers(facts: &MediaFacts) -> Map<String, Value> {
    let text = |number: &dyn std::fmt::Display| Value::from(number.to_string());
    let duration_s = facts.duration.as_millis() as f64 / 1000.0;
    let mut numbers = fields([
        ("Size", text(&facts.size_bytes)),
        ("Duration", text(&duration_s)),
        ("Bitrate", text(&(facts.bitrate_bps / 1000))),
    ]);
    if let Some(video) = &facts.video {
        numbers.extend(fields([
            ("Width", text(&video.width_px)),
            ("Height", text(&video.height_px)),
            ("Fps", text(&((video.frames_per_second * 100.0).round() / 100.0))),
        ]));
    }
    numbers
}

fn deleted(fact: &MediaFact) -> Map<String, Value> {
    fields([
        ("MediaType", MEDIA_TYPE.into()),
        ("MediaId", json!(fact.video_id)),
        ("DeleteType", "all".into()),
    ])
}

fn changed(fact: &MediaFact) -> Option<Map<String, Value>> {
    let before = fact.news.before.as_ref()?;
    Some(fields([
        ("MediaType", MEDIA_TYPE.into()),
        ("MediaId", json!(fact.video_id)),
        ("OperateMode", "update".into()),
        ("MediaContent", changes(before, fact).into()),
    ]))
}

/// Each part that changed, as a JSON text of its old and its new value.
fn changes(before: &MediaBasics, fact: &MediaFact) -> Map<String, Value> {
    let old = parts(&before.name, &before.details, before.cover_url.as_deref());
    let new = parts(&fact.name, &fact.details, fact.cover_url.as_deref());
    let differing = old.into_iter().zip(new).filter(|(old, new)| old != new);
    let text = |((name, old), (_, new)): ((&str, String), (&str, String))| {
        (name.to_owned(), json!({ "OldValue": old, "NewValue": new }).to_string().into())
    };
    differing.map(text).collect()
}

fn parts<'a>(name: &str, details: &MediaDetails, cover_url: Option<&str>) -> [(&'a str, String); 5] {
    [
        ("Title", name.to_owned()),
        ("Description", details.description.clone()),
        ("CoverURL", cover_url.unwrap_or_default().to_owned()),
        ("CateId", details.category.map_or_else(String::new, |category| category.to_string())),
        ("Tags", details.tags.join(",")),
    ]
}
