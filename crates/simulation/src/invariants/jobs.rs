//! Jobs: none is lost, and each comes to one terminal state, the one that was written.

use std::collections::BTreeMap;

use stillframe_domain::{Job, JobId, JobState, Media, MediaId};

use crate::world::World;

/// Checks all jobs and videos that were promised.
pub fn check(world: &World, media: &[Media], jobs: &[Job]) {
    let by_id: BTreeMap<&JobId, &Job> = jobs.iter().map(|job| (&job.id, job)).collect();
    let is_there = |id: &MediaId| media.iter().any(|video| video.id == *id);
    let ledger = world.ledger();
    let mut wrong = Vec::new();
    for id in ledger.accepted_media.difference(&ledger.may_be_gone) {
        if !is_there(id) {
            wrong.push(format!("video {id} was accepted and is lost"));
        }
    }
    for (id, media_id) in &ledger.accepted_jobs {
        if !by_id.contains_key(id) && !ledger.may_be_gone.contains(media_id) {
            wrong.push(format!("job {id} was accepted and is lost"));
        }
    }
    for job in jobs {
        let id = &job.id;
        if !job.state.is_terminal() {
            wrong.push(format!("job {id} never came to an end: it is {}", job.state.name()));
        }
        let written = ledger.ended.get(id).copied();
        if job.state.is_terminal() && written != Some(job.state) {
            let written = written.map_or("nothing", JobState::name);
            wrong.push(format!("job {id} is {} and {written} was written", job.state.name()));
        }
        if job.state == JobState::Cancelled && !ledger.may_be_cancelled.contains(id) {
            wrong.push(format!("job {id} was withdrawn by nobody"));
        }
        if job.state == JobState::Completed && job.outcomes.len() != job.outputs.len() {
            wrong.push(format!("job {id} has outcomes for {} of its outputs", job.outcomes.len()));
        }
    }
    drop(ledger);
    wrong.into_iter().for_each(|what| world.violated(what));
}
