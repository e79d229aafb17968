//! Task ids: the vendor's word for the kind of task, and our job id.

use stillframe_domain::JobId;

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
