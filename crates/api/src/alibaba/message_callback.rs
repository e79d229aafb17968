//! `SetMessageCallback`, `GetMessageCallback`, `DeleteMessageCallback`: where an app's events go, and which.
//!
//! Source: ApsaraVideo VOD, "SetMessageCallback" (read 2026-11-22). The types that are chosen here govern the
//! callbacks that jobs and videos name for themselves, too.

use serde_json::{Value, json};
use stillframe_domain::endpoint::Target;
use stillframe_domain::{AlibabaCallback, App, AppSettings, EventFormat, EventKind, Owner, QueueName};
use stillframe_service::{CallbackChange, EventCallback, Service};

use super::error::Refusal;
use super::handle::Answer;
use super::params::Params;
use super::{user_data, video};

const HTTP: &str = "HTTP";
const MNS: &str = "MNS";
const ALL: &str = "ALL";
const AUTH_KEY_CHARS_MAX: usize = 32;
const EVENT_TYPES_MAX: usize = 64;

/// Types that Stillframe tells, with the kinds of events behind them.
const TOLD: [(&str, &[EventKind]); 6] = [
    ("SnapshotComplete", &[EventKind::SnapshotCompleted, EventKind::SnapshotFailed]),
    ("FileUploadComplete", &[EventKind::MediaStored]),
    ("VideoAnalysisComplete", &[EventKind::MediaReady, EventKind::MediaFailed]),
    ("UploadByURLComplete", &[EventKind::MediaFetched]),
    ("DeleteMediaComplete", &[EventKind::MediaDeleted]),
    ("MediaBaseChangeComplete", &[EventKind::MediaUpdated]),
];
/// A kind that this format has no words for: a callback that hears it alone hears nothing.
const UNHEARD: EventKind = EventKind::MediaCreated;

/// Replaces the configuration.
pub(super) async fn set(service: &Service, app: &App, params: &Params) -> Result<Answer, Refusal> {
    video::check_app(app, params)?;
    let event_types: Vec<String> = params.list("EventTypeList").into_iter().map(str::to_owned).collect();
    let is_name = |name: &String| name.len() <= 64 && name.bytes().all(|byte| byte.is_ascii_alphanumeric());
    if EVENT_TYPES_MAX < event_types.len() || !event_types.iter().all(is_name) {
        return Err(Refusal::invalid("EventTypeList"));
    }
    let (url, queue_endpoint) = target(params)?;
    let (is_signed, auth_key) = if queue_endpoint.is_none() { auth(params)? } else { (false, None) };
    let config = AlibabaCallback { event_types, is_signed, auth_key, queue_endpoint };
    let callback = EventCallback {
        url,
        format: EventFormat::Alibaba,
        event_kinds: kinds(&config.event_types),
        secret: Some(config.signing_key().unwrap_or_default().to_owned()),
    };
    let settings = AppSettings { alibaba_callback: Some(config), ..app.settings.clone() };
    let change = CallbackChange::Set(callback);
    service.configure_event_callback(app, Owner::Alibaba, &settings, change).await?;
    Ok(Answer::new())
}

/// Answers the configuration; without any, one that is off.
pub(super) async fn get(service: &Service, app: &App, params: &Params) -> Result<Answer, Refusal> {
    video::check_app(app, params)?;
    let config = app.settings.alibaba_callback.clone().unwrap_or_default();
    let mut document = json!({
        "AppId": video::app_id(app),
        "EventTypeList": config.event_types.join(","),
    });
    if let Some(callback) = service.event_callback(app, Owner::Alibaba).await? {
        tell_target(&mut document, callback.target(), &config);
    }
    Ok(Answer::from_iter([("MessageCallback".to_owned(), document)]))
}

/// Takes the configuration away.
pub(super) async fn delete(service: &Service, app: &App, params: &Params) -> Result<Answer, Refusal> {
    video::check_app(app, params)?;
    let settings = AppSettings { alibaba_callback: None, ..app.settings.clone() };
    service.configure_event_callback(app, Owner::Alibaba, &settings, CallbackChange::Remove).await?;
    Ok(Answer::new())
}

fn tell_target(document: &mut Value, target: Target<'_>, config: &AlibabaCallback) {
    match target {
        Target::Http(url) => {
            document["CallbackType"] = HTTP.into();
            document["CallbackURL"] = url.into();
            document["AuthSwitch"] = if config.is_signed { "on" } else { "off" }.into();
            if let Some(key) = &config.auth_key {
                document["AuthKey"] = key.as_str().into();
            }
        }
        Target::Queue(name) => {
            document["CallbackType"] = MNS.into();
            document["MnsQueueName"] = name.as_str().into();
            document["MnsEndpoint"] = config.queue_endpoint.as_deref().unwrap_or_default().into();
        }
    }
}

/// The URL of the endpoint, and for a queue the address that was named with it. That address is Stillframe's
/// own, whatever it says: queues are those of the app.
fn target(params: &Params) -> Result<(String, Option<String>), Refusal> {
    match params.find("CallbackType").map(str::to_ascii_uppercase).as_deref() {
        None | Some(HTTP) => {
            let url = params.required("CallbackURL")?;
            let is_callback = user_data::is_callback(url);
            is_callback.then(|| (url.to_owned(), None)).ok_or_else(|| Refusal::invalid("CallbackURL"))
        }
        Some(MNS) => {
            let endpoint = params.required("MnsEndpoint")?.to_owned();
            let name = QueueName::parse(params.required("MnsQueueName")?);
            let name = name.map_err(|_| Refusal::invalid("MnsQueueName"))?;
            Ok((Target::url_of_queue(&name), Some(endpoint)))
        }
        Some(_) => Err(Refusal::invalid("CallbackType")),
    }
}

/// Whether callbacks are signed, and by which key: letters of both cases and digits, at most 32.
fn auth(params: &Params) -> Result<(bool, Option<String>), Refusal> {
    let is_on = match params.find("AuthSwitch") {
        None | Some("off") => false,
        Some("on") => true,
        Some(_) => return Err(Refusal::invalid("AuthSwitch")),
    };
    let Some(key) = params.find("AuthKey") else {
        return if is_on { Err(Refusal::missing("AuthKey")) } else { Ok((false, None)) };
    };
    let has = |is_kind: fn(&u8) -> bool| key.bytes().any(|byte| is_kind(&byte));
    let is_mixed = has(u8::is_ascii_uppercase) && has(u8::is_ascii_lowercase) && has(u8::is_ascii_digit);
    if AUTH_KEY_CHARS_MAX < key.len() || !key.bytes().all(|byte| byte.is_ascii_alphanumeric()) || !is_mixed {
        return Err(Refusal::invalid("AuthKey"));
    }
    Ok((is_on, Some(key.to_owned())))
}

/// Kinds behind the types. Types that Stillframe has no events for are kept and tell nothing.
fn kinds(event_types: &[String]) -> Vec<EventKind> {
    let is_all = event_types.iter().any(|name| name.eq_ignore_ascii_case(ALL));
    let is_told = |name: &str| is_all || event_types.iter().any(|chosen| chosen == name);
    let told = TOLD.iter().filter(|(name, _)| is_told(name));
    let kinds: Vec<EventKind> = told.flat_map(|(_, kinds)| kinds.iter().copied()).collect();
    if kinds.is_empty() { vec![UNHEARD] } else { kinds }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kinds_of(names: &[&str]) -> Vec<EventKind> {
        kinds(&names.iter().map(|&name| name.to_owned()).collect::<Vec<_>>())
    }

    #[test]
    fn no_type_that_is_told_means_that_nothing_is_heard() {
        assert_eq!((kinds_of(&[]), kinds_of(&["TranscodeComplete"])), (vec![UNHEARD], vec![UNHEARD]));
        assert_eq!(kinds_of(&["all"]).len(), 8);
        assert_eq!(kinds_of(&["AIComplete", "DeleteMediaComplete"]), [EventKind::MediaDeleted]);
    }

    #[test]
    fn keys_are_mixed_letters_and_digits() {
        let key = |key: &str| auth(&Params::of(&[("AuthSwitch", "on"), ("AuthKey", key)]));
        assert_eq!(key("Test123"), Ok((true, Some("Test123".to_owned()))));
        for bad in ["test123", "TEST123", "TestTest", "Test 123", &format!("Tt1{}", "x".repeat(30))] {
            assert_eq!(key(bad), Err(Refusal::invalid("AuthKey")), "{bad}");
        }
        assert_eq!(auth(&Params::of(&[("AuthSwitch", "on")])), Err(Refusal::missing("AuthKey")));
        assert_eq!(auth(&Params::of(&[])), Ok((false, None)));
    }
}
