//! What the vendor's documents say of a video.
//!
//! Fields for which Stillframe keeps nothing (category names, storage class, audit) are left out.

use std::collections::HashMap;

use serde_json::{Map, Value, json};
use stillframe_domain::endpoint::Target;
use stillframe_domain::object_key::OutputKind;
use stillframe_domain::{App, Media, MediaId, MediaSource, MediaState};
use stillframe_service::{LatestOutput, Service};

use super::error::Refusal;
use super::list_snapshots::object_keys;
use super::params::Params;
use super::time;
use crate::urls::Urls;

/// Statuses that a video can have here, with the state and whether its bytes are here.
pub(super) const STATUSES: [(&str, MediaState, Option<bool>); 5] = [
    ("Uploading", MediaState::Fetching, None),
    ("UploadSucc", MediaState::Stored, None),
    ("Normal", MediaState::Ready, None),
    // Its bytes never came.
    ("UploadFail", MediaState::Failed, Some(false)),
    // Its bytes are no video.
    ("TranscodeFail", MediaState::Failed, Some(true)),
];
/// What the vendor's documents name for callers without apps of their own.
const APP_DEFAULT: &str = "app-1000000";
/// Statuses that the vendor has and no video here.
pub(super) const OTHER_STATUSES: [&str; 4] = ["Transcoding", "Checking", "Blocked", "ProduceFail"];

/// All that is said of a video, but for its pictures.
pub(super) fn document(service: &Service, app: &App, media: &Media) -> Map<String, Value> {
    let mut video = Map::from_iter([
        ("AppId".to_owned(), app_id(app).into()),
        ("VideoId".to_owned(), json!(media.video_id)),
        ("Title".to_owned(), json!(media.name)),
        ("Status".to_owned(), status(media).into()),
        ("CreationTime".to_owned(), time::write(media.created_at).into()),
        ("ModificationTime".to_owned(), time::write(media.updated_at).into()),
    ]);
    let details = &media.details;
    let mut tell = |name: &str, value: Option<Value>| {
        if let Some(value) = value {
            video.insert(name.to_owned(), value);
        }
    };
    let text = |text: &str| (!text.is_empty()).then(|| text.into());
    tell("Description", text(&details.description));
    tell("Tags", text(&details.tags.join(",")));
    tell("CateId", details.category.map(Into::into));
    tell("ReferenceId", details.reference_id.clone().map(Into::into));
    tell("UserData", user_data(media).map(Into::into));
    tell("CoverURL", Urls::of(service, app).cover(media).map(Into::into));
    if let Some(facts) = &media.facts {
        // A Float of seconds.
        tell("Duration", Some((facts.duration.as_millis() as f64 / 1000.0).into()));
        tell("Size", Some(facts.size_bytes.into()));
    }
    video
}

/// URLs of the newest set of pictures of that kind, of each video that has one.
///
/// # Errors
/// Database failures.
pub(super) async fn picture_urls(
    service: &Service,
    app: &App,
    media: &[Media],
    kind: OutputKind,
) -> Result<HashMap<MediaId, Vec<String>>, Refusal> {
    let urls = Urls::of(service, app);
    let urls_of = |found: &LatestOutput| object_keys(found).iter().map(|key| urls.object(key)).collect();
    let found = service.latest_outputs(app, media, kind).await?;
    Ok(found.iter().map(|(id, found)| (*id, urls_of(found))).collect())
}

/// Refuses a request that names another app than that of its key.
///
/// # Errors
/// `Forbidden`.
pub(super) fn check_app(app: &App, params: &Params) -> Result<(), Refusal> {
    match params.find("AppId") {
        Some(named) if named != APP_DEFAULT && named != app_id(app) => Err(Refusal::forbidden()),
        _ => Ok(()),
    }
}

/// The vendor's name of an app.
pub(super) fn app_id(app: &App) -> String {
    format!("app-{}", app.id)
}

/// What the caller said for the events of its video, in the form in which it is said.
pub(super) fn user_data(media: &Media) -> Option<String> {
    let mut document = Map::new();
    if let Some(url) = &media.details.callback_url {
        let callback = match Target::of_url(url) {
            Target::Http(url) => json!({ "CallbackURL": url }),
            Target::Queue(name) => json!({ "CallbackType": "mns", "MnsQueueName": name.as_str() }),
        };
        document.insert("MessageCallback".to_owned(), callback);
    }
    if let Some(extend) = &media.pass_through {
        document.insert("Extend".to_owned(), json!(extend));
    }
    (!document.is_empty()).then(|| Value::Object(document).to_string())
}

fn status(media: &Media) -> &'static str {
    let has_bytes = !matches!(media.source, MediaSource::Url { .. });
    let mut statuses = STATUSES.into_iter();
    let found = statuses.find(|(_, state, is_here)| {
        *state == media.state && is_here.is_none_or(|is_here| is_here == has_bytes)
    });
    found.expect("every state has its status").0
}
