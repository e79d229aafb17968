//! `GetTaskList`: the tasks of the last 72 hours, grouped by their state.
//!
//! Source: 266/11722. Tasks come newest first. `next` names the last task that was looked at; it is empty at
//! the end.

use serde_json::{Value, json};
use stillframe_domain::{App, Job, JobState, MediaId};
use stillframe_service::{JobFilter, Service};

use super::envelope::Answer;
use super::error::Refusal;
use super::params::Params;
use super::task::{self, TaskState};

const COUNT_DEFAULT: usize = 10;
const COUNT_MIN: i64 = 10;
const COUNT_MAX: i64 = 100;
/// Jobs that are no tasks stand among them; a list is cut rather than searched for longer.
const ROUNDS_MAX: usize = 20;

/// Which tasks are asked for.
struct Asked {
    media_id: Option<MediaId>,
    count: usize,
}

/// Answers one page of each state, or of the one that `status` names.
pub(super) async fn run(service: &Service, app: &App, params: &Params) -> Result<Answer, Refusal> {
    let states = match params.find("status") {
        None => TaskState::ALL.to_vec(),
        Some(name) => {
            let state = TaskState::parse(name);
            vec![state.ok_or_else(|| Refusal::invalid("status", "WAITING, PROCESSING or FINISHED"))?]
        }
    };
    let count = count(params)?;
    let media_id = match params.find("fileId") {
        None => None,
        Some(id) => match MediaId::parse(id).map_err(|error| Refusal::invalid("fileId", error.expected))? {
            Some(id) => Some(id),
            // Digits beyond every id: a file without tasks.
            None => return Ok(answer(states.into_iter().map(|state| group(state, "", &[])).collect())),
        },
    };
    let asked = Asked { media_id, count };
    let mut groups = Vec::new();
    for state in states {
        let (tasks, next) = page(service, app, (&asked, state), params.find(next_name(state))).await?;
        groups.push(group(state, next.as_deref().unwrap_or_default(), &tasks));
    }
    Ok(answer(groups))
}

fn count(params: &Params) -> Result<usize, Refusal> {
    let Some(count) = params.optional_integer("maxCount")? else { return Ok(COUNT_DEFAULT) };
    let found = usize::try_from(count).ok().filter(|_| (COUNT_MIN..=COUNT_MAX).contains(&count));
    found.ok_or_else(|| Refusal::invalid("maxCount", format!("{COUNT_MIN} to {COUNT_MAX}")))
}

const fn next_name(state: TaskState) -> &'static str {
    match state {
        TaskState::Waiting => "nextForWaiting",
        TaskState::Processing => "nextForProcessing",
        TaskState::Finished => "nextForFinished",
    }
}

/// One page of a state, and where the next one begins.
async fn page(
    service: &Service,
    app: &App,
    (asked, state): (&Asked, TaskState),
    after: Option<&str>,
) -> Result<(Vec<Job>, Option<String>), Refusal> {
    let states = JobState::ALL.into_iter().filter(|one| TaskState::of(*one) == state).collect();
    let filter = JobFilter { media_id: asked.media_id, kind: None, states };
    let (mut tasks, mut next) = (Vec::new(), after.map(str::to_owned));
    for _ in 0..ROUNDS_MAX {
        let rest = asked.count - tasks.len();
        let jobs = service.list_jobs(app, &filter, next.as_deref(), rest).await?;
        let is_past = jobs.items.iter().any(|job| !task::is_recent(job, service.now()));
        let is_wanted = |job: &Job| task::is_task(job) && task::is_recent(job, service.now());
        tasks.extend(jobs.items.into_iter().filter(is_wanted));
        next = jobs.next.filter(|_| !is_past);
        if next.is_none() || tasks.len() == asked.count {
            break;
        }
    }
    Ok((tasks, next))
}

fn group(state: TaskState, next: &str, tasks: &[Job]) -> Value {
    let item = |job: &Job| {
        let mut item = task::fields(job);
        item.insert("vodTaskId".to_owned(), task::id(job).into());
        Value::Object(item)
    };
    json!({ "status": state.name(), "next": next, "taskList": tasks.iter().map(item).collect::<Vec<_>>() })
}

fn answer(groups: Vec<Value>) -> Answer {
    Answer::from_iter([("data".to_owned(), groups.into())])
}
