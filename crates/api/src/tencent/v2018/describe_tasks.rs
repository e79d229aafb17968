//! `DescribeTasks`: the tasks of the last three days.
//!
//! Source: API 2018-07-17, DescribeTasks. Of an app with very many tasks the newest
//! [`TASKS_SEARCHED_MAX`] are looked at. `ScrollToken` is the task after which the next page begins.

use std::cmp::Reverse;

use chrono::DateTime;
use serde_json::{Value, json};
use stillframe_domain::{App, Job, JobKind, JobState, MediaId, RequestKind, Timestamp};
use stillframe_service::{JobFilter, Service};

use super::envelope::Answer;
use super::error::Refusal;
use super::input::Input;
use super::task;

const TASKS_SEARCHED_MAX: usize = 1_000;
const LIMIT_DEFAULT: i64 = 10;
const LIMIT_MAX: i64 = 100;

/// Answers one page of tasks.
pub(super) async fn run(service: &Service, app: &App, input: &Input<'_>) -> Result<Answer, Refusal> {
    let limit = input.integer("Limit")?.unwrap_or(LIMIT_DEFAULT);
    let size = usize::try_from(limit).ok().filter(|_| (1..=LIMIT_MAX).contains(&limit));
    let expected = format!("1 to {LIMIT_MAX}");
    let size = size.ok_or_else(|| Refusal::value("InvalidParameterValue.Limit", "Limit", expected))?;
    let mut tasks = tasks(service, app, input).await?;
    sort(&mut tasks, input)?;
    let after = input.text("ScrollToken")?.filter(|token| !token.is_empty());
    let begin = match after {
        None => 0,
        Some(token) => {
            tasks.iter().position(|job| job.id.as_str() == token).map(|at| at + 1).ok_or_else(|| {
                Refusal::value("InvalidParameterValue.ScrollToken", "ScrollToken", "one of the last answer")
            })?
        }
    };
    let page: Vec<&Job> = tasks.iter().skip(begin).take(size).collect();
    let is_end = tasks.len() <= begin + page.len();
    let token = page.last().filter(|_| !is_end).map_or_else(String::new, |job| job.id.to_string());
    Ok(Answer::from_iter([
        ("TaskSet".to_owned(), page.into_iter().map(item).collect()),
        ("ScrollToken".to_owned(), token.into()),
    ]))
}

async fn tasks(service: &Service, app: &App, input: &Input<'_>) -> Result<Vec<Job>, Refusal> {
    let media_id = match input.text("FileId")?.filter(|id| !id.is_empty()) {
        None => None,
        Some(id) => match MediaId::parse(&id) {
            Ok(Some(id)) => Some(id),
            Ok(None) | Err(_) => return Ok(Vec::new()),
        },
    };
    let filter = JobFilter { media_id, kind: Some(JobKind::Snapshot), states: states(input)? };
    let (created, finished) = (Span::read(input, "CreateTime")?, Span::read(input, "FinishTime")?);
    let now = service.now();
    let mut jobs = service.list_jobs(app, &filter, None, TASKS_SEARCHED_MAX).await?.items;
    jobs.retain(|job| {
        task::is_task(job, now) && created.holds(Some(job.created_at)) && finished.holds(job.finished_at)
    });
    Ok(jobs)
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

/// Jobs come newest first.
fn sort(tasks: &mut [Job], input: &Input<'_>) -> Result<(), Refusal> {
    let Some(sort) = input.object("Sort")? else { return Ok(()) };
    let key: fn(&Job) -> Option<Timestamp> = match sort.text("Field")?.as_deref() {
        None | Some("" | "CreateTime") => |job| Some(job.created_at),
        Some("FinishTime") => |job| job.finished_at,
        Some(_) => {
            return Err(Refusal::value("InvalidParameterValue", "Sort.Field", "CreateTime or FinishTime"));
        }
    };
    match sort.text("Order")?.as_deref() {
        Some("Asc") => tasks.sort_by_key(key),
        None | Some("" | "Desc") => tasks.sort_by_key(|job| Reverse(key(job))),
        Some(_) => return Err(Refusal::value("InvalidParameterValue", "Sort.Order", "Asc or Desc")),
    }
    Ok(())
}

fn item(job: &Job) -> Value {
    json!({
        "TaskId": task::id(job),
        "Status": task::status(job.state),
        "FileId": job.media_id.to_string(),
        "TaskType": task_type(job.origin.kind),
        "CreateTime": task::time(Some(job.created_at)),
        "BeginProcessTime": task::time(job.started_at),
        "FinishTime": task::time(job.finished_at),
        "SessionId": job.options.dedupe_key.as_deref().unwrap_or_default(),
        "SessionContext": job.pass_through.as_deref().unwrap_or_default(),
    })
}

/// As in DescribeTaskDetail, but for the plural of the vendor's.
const fn task_type(kind: RequestKind) -> &'static str {
    match kind {
        RequestKind::TimeOffsets => "SnapshotByTimeOffset",
        RequestKind::Sprite => "ImageSprites",
        RequestKind::Procedure
        | RequestKind::Snapshot
        | RequestKind::AutomaticCovers
        | RequestKind::Ingest => "Procedure",
    }
}

/// A span of time, open where it has no bound.
#[derive(Default)]
struct Span {
    after: Option<Timestamp>,
    before: Option<Timestamp>,
}

impl Span {
    fn read(input: &Input<'_>, name: &str) -> Result<Self, Refusal> {
        let Some(span) = input.object(name)? else { return Ok(Self::default()) };
        let bound = |name: &str| {
            let text = span.text(name)?.filter(|text| !text.is_empty());
            let read = |text: String| {
                let at = DateTime::parse_from_rfc3339(&text);
                let refused =
                    |_| Refusal::value("InvalidParameterValue", span.name(name), "an ISO 8601 time");
                at.map(|at| Timestamp::from_millis(at.timestamp_millis())).map_err(refused)
            };
            text.map(read).transpose()
        };
        Ok(Self { after: bound("After")?, before: bound("Before")? })
    }

    /// Whether a moment lies in it; one that has not come lies in the span without bounds alone.
    fn holds(&self, at: Option<Timestamp>) -> bool {
        let is_bounded = self.after.is_some() || self.before.is_some();
        at.map_or(!is_bounded, |at| {
            self.after.is_none_or(|after| after <= at) && self.before.is_none_or(|before| at <= before)
        })
    }
}
