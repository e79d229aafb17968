//! What requests for tasks say beside the tasks: the video, contexts, names, priority, when to tell.

use stillframe_domain::{Dialect, MediaId, NotifyMode, Origin, RequestKind, RequestOptions, limits};
use stillframe_service::{MediaName, OutputRequest, SubmitSnapshot};

use super::error::Refusal;
use super::input::Input;

/// What the vendor writes for a video that is kept for ever.
pub(super) const NEVER: &str = "9999-12-31T23:59:59Z";

/// A procedure of these sets, as the request asks for it.
///
/// # Errors
/// A refusal for a context or name that is too long, or another value that is not accepted.
pub(super) fn procedure(input: &Input<'_>, outputs: Vec<OutputRequest>) -> Result<SubmitSnapshot, Refusal> {
    Ok(SubmitSnapshot {
        origin: Origin { dialect: Dialect::Tencent, kind: RequestKind::Procedure },
        pass_through: session_context(input)?,
        callback_url: None,
        priority: priority(input)?.unwrap_or_default(),
        options: RequestOptions {
            notify: notify_mode(input)?,
            dedupe_key: session_id(input)?,
            ..RequestOptions::default()
        },
        outputs,
    })
}

/// The video that `FileId` names.
///
/// # Errors
/// A refusal when it is missing or has other characters than digits: no such video can be.
pub(super) fn file_id(input: &Input<'_>) -> Result<MediaName, Refusal> {
    let id = MediaId::parse(&input.required_text("FileId")?);
    id.map(MediaName::FileId)
        .map_err(|error| Refusal::value("InvalidParameterValue.FileId", "FileId", error.expected))
}

/// `SessionContext`, unless it is empty.
///
/// # Errors
/// `InvalidParameterValue.SessionContextTooLong`.
pub(super) fn session_context(input: &Input<'_>) -> Result<Option<String>, Refusal> {
    let code = "InvalidParameterValue.SessionContextTooLong";
    context(input, "SessionContext", (code, limits::PASS_THROUGH_CHARS_MAX))
}

/// A text that comes back in events, unless it is empty.
///
/// # Errors
/// The code, when it has more characters than that.
pub(super) fn context(
    input: &Input<'_>,
    name: &str,
    (code, chars_max): (&'static str, usize),
) -> Result<Option<String>, Refusal> {
    let text = input.text(name)?.filter(|text| !text.is_empty());
    if text.as_ref().is_some_and(|text| text.chars().count() > chars_max) {
        return Err(Refusal::value(code, name, format!("at most {chars_max} characters")));
    }
    Ok(text)
}

/// `SessionId`, unless it is empty.
///
/// # Errors
/// `InvalidParameterValue.SessionIdTooLong`.
pub(super) fn session_id(input: &Input<'_>) -> Result<Option<String>, Refusal> {
    let code = "InvalidParameterValue.SessionIdTooLong";
    context(input, "SessionId", (code, limits::DEDUPE_KEY_CHARS_MAX))
}

/// `TasksPriority`.
///
/// # Errors
/// `InvalidParameterValue` outside of -10 to 10.
pub(super) fn priority(input: &Input<'_>) -> Result<Option<i32>, Refusal> {
    let Some(given) = input.integer("TasksPriority")? else { return Ok(None) };
    let found = i32::try_from(given).ok().filter(|priority| (-10..=10).contains(priority));
    found.map(Some).ok_or_else(|| Refusal::value("InvalidParameterValue", "TasksPriority", "-10 to 10"))
}

fn notify_mode(input: &Input<'_>) -> Result<NotifyMode, Refusal> {
    match input.text("TasksNotifyMode")?.as_deref() {
        None | Some("" | "Finish") => Ok(NotifyMode::Finish),
        Some("Change") => Ok(NotifyMode::Change),
        Some("None") => Ok(NotifyMode::Never),
        Some(_) => Err(Refusal::value("InvalidParameterValue", "TasksNotifyMode", "Finish, Change or None")),
    }
}

/// Refuses an expiry: videos are kept until they are deleted.
///
/// # Errors
/// `UnsupportedOperation` unless `ExpireTime` is missing, empty, or says never.
pub(super) fn refuse_expiry(input: &Input<'_>) -> Result<(), Refusal> {
    match input.text("ExpireTime")?.as_deref() {
        None | Some("" | NEVER) => Ok(()),
        Some(_) => {
            let message = "ExpireTime is not supported: videos are kept until they are deleted";
            Err(Refusal::new("UnsupportedOperation", message))
        }
    }
}

/// Refuses members that ask for what is not done here.
///
/// # Errors
/// `UnsupportedOperation` when one of them is there and not empty.
pub(super) fn refuse_members(input: &Input<'_>, names: &[&str]) -> Result<(), Refusal> {
    match names.iter().find(|name| input.is_given(name)) {
        None => Ok(()),
        Some(name) => {
            let message = format!("{} is not supported", input.name(name));
            Err(Refusal::new("UnsupportedOperation", message))
        }
    }
}
