//! `ProcessMedia`: one procedure with any number of snapshot tasks.
//!
//! Source: API 2018-07-17, ProcessMedia. Tasks that are none of pictures are refused rather than left
//! out, so that nothing is reported that did not happen.

mod tasks;

use stillframe_domain::{App, Dialect, MediaId, NotifyMode, Origin, RequestKind, RequestOptions, limits};
use stillframe_service::{MediaName, Service, SubmitSnapshot};

use super::envelope::Answer;
use super::error::Refusal;
use super::input::Input;
use crate::tencent::task_id;

/// Parts of a request that only other services of the vendor can do.
const OTHER_TASKS: [&str; 3] = ["AiContentReviewTask", "AiAnalysisTask", "AiRecognitionTask"];
const SESSION_CONTEXT_CHARS_MAX: usize = 1_000;

/// Accepts the procedure and answers its task id.
pub(super) async fn run(service: &Service, app: &App, input: &Input<'_>) -> Result<Answer, Refusal> {
    let media = file_id(input)?;
    for name in OTHER_TASKS {
        if input.object(name)?.is_some() {
            return Err(Refusal::new("UnsupportedOperation", format!("{name} is not supported")));
        }
    }
    let process = input.required("MediaProcessTask", input.object("MediaProcessTask")?)?;
    let request = SubmitSnapshot {
        origin: Origin { dialect: Dialect::Tencent, kind: RequestKind::Procedure },
        pass_through: session_context(input)?,
        callback_url: None,
        priority: priority(input)?,
        options: RequestOptions { notify: notify_mode(input)?, dedupe_key: session_id(input)? },
        outputs: tasks::outputs(service, app, &process).await?,
    };
    let job = service.submit_snapshot(app, &media, request).await?;
    let id = task_id::of_procedure_2018(app.id, &job.id);
    Ok(Answer::from_iter([("TaskId".to_owned(), id.into())]))
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

fn session_context(input: &Input<'_>) -> Result<Option<String>, Refusal> {
    let text = input.text("SessionContext")?.filter(|text| !text.is_empty());
    if text.as_ref().is_some_and(|text| text.chars().count() > SESSION_CONTEXT_CHARS_MAX) {
        let expected = format!("at most {SESSION_CONTEXT_CHARS_MAX} characters");
        return Err(Refusal::value(
            "InvalidParameterValue.SessionContextTooLong",
            "SessionContext",
            expected,
        ));
    }
    Ok(text)
}

fn session_id(input: &Input<'_>) -> Result<Option<String>, Refusal> {
    let text = input.text("SessionId")?.filter(|text| !text.is_empty());
    let most = limits::DEDUPE_KEY_CHARS_MAX;
    if text.as_ref().is_some_and(|text| most < text.chars().count()) {
        let expected = format!("at most {most} characters");
        return Err(Refusal::value("InvalidParameterValue.SessionIdTooLong", "SessionId", expected));
    }
    Ok(text)
}

fn priority(input: &Input<'_>) -> Result<i32, Refusal> {
    let given = input.integer("TasksPriority")?.unwrap_or(0);
    let found = i32::try_from(given).ok().filter(|priority| (-10..=10).contains(priority));
    found.ok_or_else(|| Refusal::value("InvalidParameterValue", "TasksPriority", "-10 to 10"))
}

fn notify_mode(input: &Input<'_>) -> Result<NotifyMode, Refusal> {
    match input.text("TasksNotifyMode")?.as_deref() {
        None | Some("" | "Finish") => Ok(NotifyMode::Finish),
        Some("Change") => Ok(NotifyMode::Change),
        Some("None") => Ok(NotifyMode::Never),
        Some(_) => Err(Refusal::value("InvalidParameterValue", "TasksNotifyMode", "Finish, Change or None")),
    }
}
