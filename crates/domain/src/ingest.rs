//! The jobs that a new video brings along: fetching its bytes and finding out its facts.

use crate::ids::JobId;
use crate::job::{Job, JobKind, JobState, Origin, Output, RequestKind, RequestOptions};
use crate::limits;
use crate::media::Media;
use crate::rng::Rng;
use crate::time::Timestamp;

/// Ingest runs before what waits for its video.
const INGEST_PRIORITY: i32 = 1;

/// The job that fetches a video's bytes from its URL.
pub fn fetch_job(media: &Media, rng: &dyn Rng, now: Timestamp) -> Job {
    let origin = Origin { dialect: media.added_by, kind: RequestKind::Ingest };
    Job { priority: INGEST_PRIORITY, ..job_on(media, JobKind::Fetch, origin, (rng, now)) }
}

/// The job that finds out a video's facts.
pub fn probe_job(media: &Media, rng: &dyn Rng, now: Timestamp) -> Job {
    let origin = Origin { dialect: media.added_by, kind: RequestKind::Ingest };
    Job { priority: INGEST_PRIORITY, ..job_on(media, JobKind::Probe, origin, (rng, now)) }
}

/// A job that takes pictures of a video, due at once; the caller adds what else it knows.
pub fn snapshot_job(
    media: &Media,
    origin: Origin,
    outputs: Vec<Output>,
    rng: &dyn Rng,
    now: Timestamp,
) -> Job {
    Job { outputs, ..job_on(media, JobKind::Snapshot, origin, (rng, now)) }
}

fn job_on(media: &Media, kind: JobKind, origin: Origin, (rng, now): (&dyn Rng, Timestamp)) -> Job {
    Job {
        id: JobId::mint(rng),
        app_id: media.app_id,
        media_id: media.id,
        kind,
        origin,
        state: JobState::Available,
        priority: 0,
        attempt: 0,
        attempt_max: limits::JOB_ATTEMPTS_MAX,
        outputs: Vec::new(),
        outcomes: Vec::new(),
        failure: None,
        traffic: None,
        pass_through: None,
        callback_url: None,
        options: RequestOptions::default(),
        created_at: now,
        started_at: None,
        finished_at: None,
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::ids::{AppId, MediaId, VideoId};
    use crate::job::Dialect;
    use crate::media::{MediaSource, MediaState};
    use crate::rng::OsRng;

    pub(crate) fn media(added_by: Dialect) -> Media {
        Media {
            id: MediaId(7),
            video_id: VideoId::mint(&OsRng),
            app_id: AppId(3),
            name: "film.mp4".to_owned(),
            details: crate::media::MediaDetails::default(),
            source: MediaSource::Url { url: "http://example.org/film.mp4".to_owned() },
            state: MediaState::Fetching,
            facts: None,
            failure: None,
            cover: None,
            added_by,
            pass_through: Some("of the upload".to_owned()),
            created_at: Timestamp::from_millis(1),
            updated_at: Timestamp::from_millis(1),
        }
    }

    #[test]
    fn ingest_jobs_are_due_at_once_and_told_of_as_media_events_only() {
        let media = media(Dialect::Alibaba);
        let now = Timestamp::from_secs(9);
        let jobs = [fetch_job(&media, &OsRng, now), probe_job(&media, &OsRng, now)];
        assert_eq!(jobs.each_ref().map(|job| job.kind), [JobKind::Fetch, JobKind::Probe]);
        for job in jobs {
            assert_eq!(job.origin, Origin { dialect: Dialect::Alibaba, kind: RequestKind::Ingest });
            assert_eq!((job.app_id, job.media_id), (media.app_id, media.id));
            assert_eq!((job.state, job.attempt), (JobState::Available, 0));
            assert_eq!(job.created_at, now);
            assert!(job.outputs.is_empty());
        }
    }
}
