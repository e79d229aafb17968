//! `DescribeTasks`: the tasks of the last three days, in pages.
//!
//! Source: API 2018-07-17, DescribeTasks. `ScrollToken` names where a page ended, so that no task is shown
//! twice when others come meanwhile.

use serde_json::{Value, json};
use stillframe_domain::{App, Job, JobState, MediaId};
use stillframe_service::{JobCursor, JobMoment, JobSearch, Service};

use super::envelope::Answer;
use super::error::Refusal;
use super::input::Input;
use super::span::Span;
use super::task;

const LIMIT_DEFAULT: i64 = 10;
const LIMIT_MAX: i64 = 100;

/// Answers one page of tasks.
pub(super) async fn run(service: &Service, app: &App, input: &Input<'_>) -> Result<Answer, Refusal> {
    let limit = input.integer("Limit")?.unwrap_or(LIMIT_DEFAULT);
    let size = usize::try_from(limit).ok().filter(|_| (1..=LIMIT_MAX).contains(&limit));
    let expected = format!("1 to {LIMIT_MAX}");
    let size = size.ok_or_else(|| Refusal::value("InvalidParameterValue.Limit", "Limit", expected))?;
    let after = cursor(input)?;
    let (mut tasks, mut token) = (Vec::new(), String::new());
    if let Some(search) = search(service, input)? {
        let found = service.search_jobs(app, &search, after, size).await?;
        tasks = found.items.iter().map(item).collect();
        token = found.next.map_or_else(String::new, |next| next.to_string());
    }
    Ok(Answer::from_iter([("TaskSet".to_owned(), tasks.into()), ("ScrollToken".to_owned(), token.into())]))
}

fn cursor(input: &Input<'_>) -> Result<Option<JobCursor>, Refusal> {
    let Some(token) = input.text("ScrollToken")?.filter(|token| !token.is_empty()) else { return Ok(None) };
    let refused = |_| Refusal::value("InvalidParameterValue", "ScrollToken", "one of the last answer");
    token.parse().map(Some).map_err(refused)
}

/// What is asked for; `None` when no task can match.
fn search(service: &Service, input: &Input<'_>) -> Result<Option<JobSearch>, Refusal> {
    let mut search = JobSearch { states: states(input)?, ..task::search(service.now()) };
    let (created, finished) = (Span::read(input, "CreateTime")?, Span::read(input, "FinishTime")?);
    search.created_from = search.created_from.max(created.from);
    search.created_before = created.before;
    (search.finished_from, search.finished_before) = (finished.from, finished.before);
    (search.by, search.is_ascending) = order(input)?;
    if let Some(id) = input.text("FileId")?.filter(|id| !id.is_empty()) {
        let Ok(Some(id)) = MediaId::parse(&id) else { return Ok(None) };
        search.media_id = Some(id);
    }
    Ok(Some(search))
}

fn states(input: &Input<'_>) -> Result<Vec<JobState>, Refusal> {
    let wanted = input.text("Status")?.filter(|status| !status.is_empty());
    let Some(wanted) = wanted else { return Ok(Vec::new()) };
    let states: Vec<JobState> =
        JobState::ALL.into_iter().filter(|state| task::status(*state) == wanted).collect();
    if states.is_empty() {
        return Err(Refusal::value("InvalidParameterValue", "Status", "WAITING, PROCESSING or FINISH"));
    }
    Ok(states)
}

/// By which moment, and whether the first comes first.
fn order(input: &Input<'_>) -> Result<(JobMoment, bool), Refusal> {
    let Some(sort) = input.object("Sort")? else { return Ok((JobMoment::Created, false)) };
    let refused = |name: &str, expected| Refusal::value("InvalidParameterValue", sort.name(name), expected);
    let by = match sort.text("Field")?.as_deref() {
        None | Some("" | "CreateTime") => JobMoment::Created,
        Some("FinishTime") => JobMoment::Finished,
        Some(_) => return Err(refused("Field", "CreateTime or FinishTime")),
    };
    match sort.text("Order")?.as_deref() {
        Some("Asc") => Ok((by, true)),
        None | Some("" | "Desc") => Ok((by, false)),
        Some(_) => Err(refused("Order", "Asc or Desc")),
    }
}

fn item(job: &Job) -> Value {
    json!({
        "TaskId": task::id(job),
        "Status": task::status(job.state),
        "FileId": job.media_id.to_string(),
        "TaskType": match task::task_type(job) {
            // Here in the plural.
            task::SPRITE => "ImageSprites",
            other => other,
        },
        "CreateTime": task::time(Some(job.created_at)),
        "BeginProcessTime": task::time(job.started_at),
        "FinishTime": task::time(job.finished_at),
        "SessionId": job.options.dedupe_key.as_deref().unwrap_or_default(),
        "SessionContext": job.pass_through.as_deref().unwrap_or_default(),
    })
}
