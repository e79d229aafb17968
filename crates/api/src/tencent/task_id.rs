//! Task ids: the vendor's word for the kind of task, and our job id.

use stillframe_domain::{AppId, JobId};

/// `CreateSnapshotByTimeOffset-<job id>`.
pub(super) fn of_offsets(job_id: &JobId) -> String {
    format!("CreateSnapshotByTimeOffset-{job_id}")
}

/// `CreateImageSprite-<job id>`.
pub(super) fn of_sprite(job_id: &JobId) -> String {
    format!("CreateImageSprite-{job_id}")
}

/// `Procedure-<job id>t0`, as the vendor's legacy examples have it.
pub(super) fn of_procedure(job_id: &JobId) -> String {
    format!("Procedure-{job_id}t0")
}

/// `<app id>-procedurev2-<job id>t0`, as API 2018-07-17 has it.
pub(super) fn of_procedure_2018(app_id: AppId, job_id: &JobId) -> String {
    format!("{app_id}-procedurev2-{job_id}t0")
}

/// `Pull-<job id>`, of the job that fetches.
pub(super) fn of_pull(job_id: &JobId) -> String {
    format!("Pull-{job_id}")
}

/// `<app id>-Pull-<job id>`, as API 2018-07-17 has it.
///
/// Source: 266/33951, the example.
pub(super) fn of_pull_2018(app_id: AppId, job_id: &JobId) -> String {
    format!("{app_id}-Pull-{job_id}")
}

/// The job that a task id of any shape names; `None` for what no answer or event ever held.
pub(super) fn job_id(task_id: &str) -> Option<JobId> {
    let stem = task_id.strip_suffix("t0").unwrap_or(task_id);
    let (kind, id) = stem.rsplit_once('-')?;
    let is_kind = matches!(kind, "CreateSnapshotByTimeOffset" | "CreateImageSprite" | "Procedure" | "Pull")
        || kind
            .split_once('-')
            .is_some_and(|(app, kind)| is_digits(app) && matches!(kind, "procedurev2" | "Pull"));
    is_kind.then(|| JobId::parse(id).ok()).flatten()
}

fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_task_id_leads_back_to_its_job() {
        let id = JobId::parse("1edb7eb88a599d05abe451cfc541cfbd").expect("hex");
        let of_2018 = of_procedure_2018(AppId(7), &id);
        for text in [of_offsets(&id), of_sprite(&id), of_procedure(&id), of_pull(&id), of_2018] {
            assert_eq!(job_id(&text).as_ref(), Some(&id), "{text}");
        }
        for text in ["", "Procedure-", "Procedure-1t0", "x-procedurev2-1edb7eb88a599d05abe451cfc541cfbdt0"] {
            assert_eq!(job_id(text), None, "{text}");
        }
    }
}
