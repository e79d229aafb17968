//! The native API's JSON.

use serde::Serialize;
use serde_json::{Value, json};
use stillframe_domain::media::MediaFacts;
use stillframe_domain::outcome::{PictureResult, Sheet};
use stillframe_domain::{
    App, Endpoint, Failure, Job, Media, MediaSource, Output, OutputOutcome, PictureOutcome,
};
use stillframe_service::{Service, ServiceError, invalid};
use stillframe_signing::standard_webhooks;

use super::error::Problem;
use crate::timestamp::rfc3339_ms;
use crate::urls::Urls;

/// Page of a list.
#[derive(Debug, Serialize)]
pub(crate) struct PageView {
    /// The items.
    pub items: Vec<Value>,
    /// Pass as `after` for the next page; null at the end.
    pub next: Option<String>,
}

pub(crate) fn app(app: &App, base_url: &str) -> Value {
    json!({
        "id": app.id,
        "name": app.name,
        "media_base_url": base_url,
        "automatic_covers": app.settings.automatic_covers,
        "cover_choice": app.settings.cover_choice,
        "tencent_mode": app.settings.tencent_mode,
        "callback_policy": app.settings.callback_policy,
        "url_signing": app.settings.url_signing,
    })
}

pub(crate) fn media(service: &Service, app: &App, media: &Media) -> Value {
    let urls = Urls::of(service, app);
    json!({
        "id": media.id.to_string(),
        "video_id": media.video_id,
        "name": media.name,
        "state": media.state,
        "source": source(&urls, media),
        "facts": media.facts.as_ref().map(facts),
        "failure": media.failure.as_ref().map(failure),
        "cover_url": urls.cover(media),
        "added_by": media.added_by,
        "created_at": rfc3339_ms(media.created_at),
        "updated_at": rfc3339_ms(media.updated_at),
    })
}

fn source(urls: &Urls<'_>, media: &Media) -> Value {
    match &media.source {
        MediaSource::Object { .. } => json!({ "kind": "object", "url": urls.source(media) }),
        MediaSource::LocalFile { path } => json!({ "kind": "local_file", "path": path }),
        MediaSource::Url { url } => json!({ "kind": "url", "url": url }),
    }
}

pub(crate) fn facts(facts: &MediaFacts) -> Value {
    json!({
        "container": facts.container,
        "size_bytes": facts.size_bytes,
        "duration_ms": facts.duration,
        "bitrate_bps": facts.bitrate_bps,
        "video": facts.video,
        "audio": facts.audio,
    })
}

pub(crate) fn failure(failure: &Failure) -> Value {
    json!({ "code": failure.code, "message": failure.message })
}

/// A job as its owner sees it.
pub(crate) fn job(job: &Job, urls: &Urls<'_>) -> Value {
    let outputs: Vec<Value> =
        job.outputs.iter().enumerate().map(|(k, one)| output(one, job.outcomes.get(k), urls)).collect();
    json!({
        "id": job.id,
        "media_id": job.media_id.to_string(),
        "kind": job.kind,
        "state": job.state,
        "origin": job.origin,
        "attempt": job.attempt,
        "failure": job.failure.as_ref().map(failure),
        "outputs": outputs,
        "traffic": job.traffic,
        "pass_through": job.pass_through,
        "created_at": rfc3339_ms(job.created_at),
        "started_at": job.started_at.map(rfc3339_ms),
        "finished_at": job.finished_at.map(rfc3339_ms),
    })
}

/// One output; pictures stand in the order asked and come once the job has ended.
pub(crate) fn output(output: &Output, outcome: Option<&OutputOutcome>, urls: &Urls<'_>) -> Value {
    let Some(outcome) = outcome else {
        return json!({ "id": output.id, "kind": output.kind, "pictures": [], "sheets": [] });
    };
    json!({
        "id": output.id,
        "kind": output.kind,
        "pictures": outcome.pictures.iter().map(|one| picture(one, urls)).collect::<Vec<_>>(),
        "sheets": outcome.sheets.iter().map(|one| sheet(one, urls)).collect::<Vec<_>>(),
        "vtt_url": outcome.vtt_key.as_ref().map(|key| urls.object(key)),
        "failure": outcome.failure.as_ref().map(failure),
    })
}

fn picture(picture: &PictureOutcome, urls: &Urls<'_>) -> Value {
    match &picture.result {
        PictureResult::Failed(reason) => {
            json!({ "offset_ms": picture.offset, "status": "failed", "error": failure(reason) })
        }
        // A cell of a sprite has no object of its own.
        PictureResult::Ok(taken) if taken.key.is_empty() => json!({
            "offset_ms": picture.offset,
            "status": "ok",
            "pts_ms": taken.pts,
            "number": taken.number,
        }),
        PictureResult::Ok(taken) => json!({
            "offset_ms": picture.offset,
            "status": "ok",
            "pts_ms": taken.pts,
            "number": taken.number,
            "url": urls.object(&taken.key),
            "width_px": taken.size.width_px,
            "height_px": taken.size.height_px,
            "size_bytes": taken.size_bytes,
        }),
    }
}

fn sheet(sheet: &Sheet, urls: &Urls<'_>) -> Value {
    json!({
        "number": sheet.number,
        "url": urls.object(&sheet.key),
        "width_px": sheet.size.width_px,
        "height_px": sheet.size.height_px,
        "cell_width_px": sheet.cell.width_px,
        "cell_height_px": sheet.cell.height_px,
        "size_bytes": sheet.size_bytes,
    })
}

pub(crate) fn endpoint(endpoint: &Endpoint) -> Value {
    let former = endpoint.former_secrets.iter().map(|former| former.until);
    let until: Vec<String> = former.map(rfc3339_ms).collect();
    json!({
        "id": endpoint.id,
        "url": endpoint.url,
        "format": endpoint.format,
        "owner": endpoint.owner,
        "event_kinds": endpoint.event_kinds,
        "origins": endpoint.origins,
        "policy": endpoint.policy,
        "public_key": standard_webhooks::public_key(&endpoint.secret),
        "former_secrets_until": until,
        "disabled": endpoint.health.disabled.map(|disabled| json!({
            "at": rfc3339_ms(disabled.at),
            "reason": disabled.reason,
        })),
        "failing_since": endpoint.health.failing_since.map(rfc3339_ms),
    })
}

/// As [`decode`], where an empty body stands for a document without fields.
pub(crate) fn decode_or_default<T: serde::de::DeserializeOwned + Default>(body: &[u8]) -> Result<T, Problem> {
    if body.is_empty() { Ok(T::default()) } else { decode(body) }
}

/// Reads a JSON body into a request type; problems name the field.
pub(crate) fn decode<T: serde::de::DeserializeOwned>(body: &[u8]) -> Result<T, Problem> {
    serde_json::from_slice(body).map_err(|error| {
        Problem(ServiceError {
            source: None,
            ..invalid("body", format!("a JSON document of this operation ({error})"))
        })
    })
}
