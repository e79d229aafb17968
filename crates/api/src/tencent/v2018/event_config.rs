//! `DescribeEventConfig` and `ModifyEventConfig`: how an app is told.
//!
//! Source: API 2018-07-17, the operations' pages. Push and pull exclude each other: in PULL mode the
//! callback is kept, and nothing is sent to it. Switches that govern nothing here are remembered.

use stillframe_domain::{App, AppSettings, EventFormat, Owner, PullMode};
use stillframe_service::{CallbackChange, EventCallback, Service};

use super::envelope::Answer;
use super::error::Refusal;
use super::input::Input;

const ON_UPLOAD: &str = "UploadMediaCompleteEventSwitch";
const ON_DELETE: &str = "DeleteMediaCompleteEventSwitch";
const OTHERS: [&str; 6] = [
    "PersistenceCompleteEventSwitch",
    "TranscodeCompleteEventSwitch",
    "ConcatCompleteEventSwitch",
    "ClipCompleteEventSwitch",
    "CreateImageSpriteCompleteEventSwitch",
    "CreateSnapshotByTimeOffsetCompleteEventSwitch",
];
const SIGN_KEY_CHARS_MAX: usize = 32;

/// Answers the configuration; without any, that of PUSH to nowhere.
pub(super) async fn describe(service: &Service, app: &App) -> Result<Answer, Refusal> {
    let callback = service.event_callback(app, Owner::Tencent).await?;
    let events = &app.settings.tencent_events;
    let mode = match app.settings.tencent_mode {
        PullMode::Pull => "PULL",
        PullMode::Push | PullMode::Off => "PUSH",
    };
    let url = callback.map_or_else(String::new, |endpoint| endpoint.url);
    let others = OTHERS.map(|name| (name, events.others.get(name).copied().unwrap_or_default()));
    let switches = [(ON_UPLOAD, events.on_upload), (ON_DELETE, events.on_delete)].into_iter().chain(others);
    let mut answer =
        Answer::from_iter([("Mode".to_owned(), mode.into()), ("NotificationUrl".to_owned(), url.into())]);
    answer.extend(switches.map(|(name, is_on)| (name.to_owned(), if is_on { "ON" } else { "OFF" }.into())));
    Ok(answer)
}

/// Changes what the request names.
pub(super) async fn modify(service: &Service, app: &App, input: &Input<'_>) -> Result<Answer, Refusal> {
    let mut settings = app.settings.clone();
    let url = input.text("NotificationUrl")?;
    read_mode(&mut settings, input, url.as_deref())?;
    read_sign_key(&mut settings, input)?;
    let events = &mut settings.tencent_events;
    events.on_upload = switch(input, ON_UPLOAD)?.unwrap_or(events.on_upload);
    events.on_delete = switch(input, ON_DELETE)?.unwrap_or(events.on_delete);
    for name in OTHERS {
        if let Some(is_on) = switch(input, name)? {
            events.others.insert(name.to_owned(), is_on);
        }
    }
    let change = match url {
        None => CallbackChange::Keep,
        Some(url) if url.is_empty() => CallbackChange::Remove,
        Some(url) => CallbackChange::Set(EventCallback {
            url,
            format: EventFormat::Tencent2018,
            event_kinds: Vec::new(),
            secret: None,
        }),
    };
    service.configure_event_callback(app, Owner::Tencent, &settings, change).await?;
    Ok(Answer::new())
}

/// A callback without a mode is the vendor's default, PUSH, unless the app is set to pull.
fn read_mode(settings: &mut AppSettings, input: &Input<'_>, url: Option<&str>) -> Result<(), Refusal> {
    match input.text("Mode")?.as_deref() {
        Some("PUSH") => settings.tencent_mode = PullMode::Push,
        Some("PULL") => settings.tencent_mode = PullMode::Pull,
        None | Some("") => {
            let is_callback = url.is_some_and(|url| !url.is_empty());
            if is_callback && settings.tencent_mode == PullMode::Off {
                settings.tencent_mode = PullMode::Push;
            }
        }
        Some(_) => return Err(Refusal::value("InvalidParameterValue", "Mode", "PUSH or PULL")),
    }
    Ok(())
}

/// An empty key takes the signature away.
fn read_sign_key(settings: &mut AppSettings, input: &Input<'_>) -> Result<(), Refusal> {
    let Some(key) = input.text("SignKey")? else { return Ok(()) };
    if SIGN_KEY_CHARS_MAX < key.len() || !key.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        let expected = format!("at most {SIGN_KEY_CHARS_MAX} letters and digits");
        return Err(Refusal::value("InvalidParameterValue", "SignKey", expected));
    }
    settings.tencent_events.sign_key = Some(key).filter(|key| !key.is_empty());
    Ok(())
}

fn switch(input: &Input<'_>, name: &str) -> Result<Option<bool>, Refusal> {
    match input.text(name)?.as_deref() {
        None | Some("") => Ok(None),
        Some("ON") => Ok(Some(true)),
        Some("OFF") => Ok(Some(false)),
        Some(_) => Err(Refusal::value("InvalidParameterValue", name, "ON or OFF")),
    }
}
