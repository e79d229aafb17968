//! `GetJobDetail` and `ListJobInfo`: what became of jobs that take pictures.
//!
//! Jobs of transcoding and of AI there are none: lists of them are empty, and none has an id.

use std::time::Duration;

use serde_json::{Map, Value, json};
use stillframe_domain::{App, Job, JobKind, JobState, Product, RequestKind, SizeRule};
use stillframe_service::{JobFilter, MediaName, Service};

use super::error::Refusal;
use super::handle::Answer;
use super::params::Params;
use super::{name_videos, sprite_config, time, video, vod_template};

/// How long a job is told: about six months.
const TOLD_FOR: Duration = Duration::from_secs(183 * 24 * 3_600);
/// Most jobs of a list.
const JOBS_MAX: usize = 1_000;
const SNAPSHOT: &str = "snapshot";
const WORKFLOW: &str = "workflow";
/// Types of the vendor's that have no jobs here.
const OTHER_TYPES: [&str; 2] = ["transcode", "ai"];

/// `GetJobDetail`: a job by its id, or by that of one of its sets of pictures.
pub(super) async fn get(service: &Service, app: &App, params: &Params) -> Result<Answer, Refusal> {
    let id = params.required("JobId")?;
    let job_type = params.required("JobType")?.to_ascii_lowercase();
    let found = service.find_job_or_output(app, id).await?;
    let job = found.filter(|job| is_told(service, job)).ok_or_else(|| Refusal::no_resource("Job"));
    let (member, detail) = match job_type.as_str() {
        SNAPSHOT => ("SnapshotJobDetail", snapshot_detail(service, app, &job?, id).await?),
        WORKFLOW => {
            let is_workflow = |job: &Job| job.origin.kind == RequestKind::Procedure;
            let job = job.ok().filter(is_workflow).ok_or_else(|| Refusal::no_resource("Job"))?;
            ("WorkflowTaskDetail", workflow_detail(service, app, &job).await?)
        }
        other if OTHER_TYPES.contains(&other) => return Err(Refusal::no_resource("Job")),
        _ => return Err(Refusal::invalid("JobType")),
    };
    Ok(Answer::from_iter([("JobType".to_owned(), job_type.into()), (member.to_owned(), detail)]))
}

/// `ListJobInfo`: the jobs of a video, newest first.
pub(super) async fn list(service: &Service, app: &App, params: &Params) -> Result<Answer, Refusal> {
    let media = name_videos::by_id(service, app, params.required("MediaId")?).await?;
    let job_type = params.required("JobType")?.to_ascii_lowercase();
    let jobs = match job_type.as_str() {
        SNAPSHOT => {
            let kind = Some(JobKind::Snapshot);
            let filter = JobFilter { media_id: Some(media.id), kind, ..JobFilter::default() };
            service.list_jobs(app, &filter, None, JOBS_MAX).await?.items
        }
        other if OTHER_TYPES.contains(&other) => Vec::new(),
        _ => return Err(Refusal::invalid("JobType")),
    };
    let told = jobs.iter().filter(|job| is_told(service, job));
    let infos: Vec<Value> = told.map(|job| basics(app, job, job.id.as_str()).into()).collect();
    Ok(Answer::from_iter([
        ("MediaId".to_owned(), json!(media.video_id)),
        ("JobType".to_owned(), job_type.into()),
        ("JobInfoList".to_owned(), infos.into()),
    ]))
}

/// Whether a job takes pictures and is young enough.
pub(super) fn is_told(service: &Service, job: &Job) -> bool {
    job.kind == JobKind::Snapshot && service.now().since(job.created_at) <= TOLD_FOR
}

fn basics(app: &App, job: &Job, id: &str) -> Map<String, Value> {
    let mut basics = Map::from_iter([
        ("JobId".to_owned(), id.into()),
        ("UserId".to_owned(), json!(app.id)),
        ("Status".to_owned(), status(job).into()),
        ("CreateTime".to_owned(), time::write(job.created_at).into()),
    ]);
    basics.extend(job.finished_at.map(|at| ("CompleteTime".to_owned(), time::write(at).into())));
    basics
}

async fn snapshot_detail(service: &Service, app: &App, job: &Job, id: &str) -> Result<Value, Refusal> {
    let media = service.find_media(app, &MediaName::FileId(Some(job.media_id))).await?;
    let trigger = match job.origin.kind {
        RequestKind::AutomaticCovers | RequestKind::Procedure => "Auto",
        RequestKind::TimeOffsets
        | RequestKind::Sprite
        | RequestKind::Snapshot
        | RequestKind::Ingest
        | RequestKind::Operation => "Manual",
    };
    let mut detail = basics(app, job, id);
    detail.insert("VideoId".to_owned(), json!(media.video_id));
    detail.insert("Trigger".to_owned(), trigger.into());
    // The set that the id names, or else all of the job's.
    let is_named = |id_of: &str| !job.outputs.iter().any(|output| output.id.as_str() == id) || id_of == id;
    for output in job.outputs.iter().filter(|output| is_named(output.id.as_str())) {
        let (name, config) = match &output.spec.product {
            Product::Stills { .. } => {
                let config = vod_template::frames_config(&output.spec, SizeRule::default());
                ("NormalConfig", Value::Object(config))
            }
            Product::Sprite { layout, .. } => {
                let is_kept =
                    output.kind == stillframe_domain::object_key::OutputKind::Sprite && job.outputs.len() > 1;
                ("SpriteConfig", sprite_config::write(layout, is_kept))
            }
        };
        detail.entry(name).or_insert_with(|| config.to_string().into());
    }
    Ok(detail.into())
}

async fn workflow_detail(service: &Service, app: &App, job: &Job) -> Result<Value, Refusal> {
    let media = service.find_media(app, &MediaName::FileId(Some(job.media_id))).await?;
    let mut detail = json!({
        "TaskId": job.id,
        "Status": workflow_status(job.state),
        "CreateTime": time::write(job.created_at),
        "TaskInput": json!({ "MediaId": media.video_id }).to_string(),
    });
    if let Some(at) = job.finished_at {
        detail["FinishTime"] = time::write(at).into();
    }
    let key = job.options.procedure_key.as_deref();
    let procedures = service.list_procedures(app).await?;
    if let Some(workflow) = procedures.iter().find(|procedure| Some(procedure.key.as_str()) == key) {
        detail["Workflow"] = json!({
            "WorkflowId": workflow.key,
            "Name": workflow.title,
            "AppId": video::app_id(app),
            "Status": "Active",
            "CreateTime": time::write(workflow.created_at),
            "ModifiedTime": time::write(workflow.updated_at),
        });
    }
    Ok(detail)
}

/// A job of which no picture was taken failed.
fn status(job: &Job) -> &'static str {
    match job.state {
        JobState::Completed if job.outcomes.iter().any(stillframe_domain::OutputOutcome::is_success) => {
            "Success"
        }
        JobState::Completed | JobState::Cancelled | JobState::Discarded => "Fail",
        JobState::Available | JobState::Scheduled | JobState::Running | JobState::Retryable => "Processing",
    }
}

const fn workflow_status(state: JobState) -> &'static str {
    match state {
        JobState::Available | JobState::Scheduled => "Init",
        JobState::Running | JobState::Retryable => "Processing",
        JobState::Completed => "Succeed",
        JobState::Cancelled => "Canceled",
        JobState::Discarded => "Failed",
    }
}
