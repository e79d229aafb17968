//! Values with ids of their own.

use std::time::Duration;

use stillframe_domain::endpoint::DeliveryPolicy;
use stillframe_domain::event::{EventPayload, MediaFact, MediaNews, PAYLOAD_VERSION};
use stillframe_domain::media::{AudioFacts, Cover, VideoFacts};
use stillframe_domain::object_key::OutputKind;
use stillframe_domain::outcome::{PictureResult, Sheet};
use stillframe_domain::{
    AppId, Dialect, Endpoint, EndpointHealth, EndpointId, ErrorCode, Event, EventFormat, EventId, EventKind,
    Failure, Job, JobId, JobKind, JobState, Lease, Media, MediaFacts, MediaId, MediaSource, MediaState,
    MediaTime, MediaUpdate, NotifyMode, Origin, OsRng, Output, OutputId, OutputOutcome, Owner,
    PictureOutcome, PixelSize, RequestKind, RequestOptions, Taken, TemplateFamily, TemplateRef, Timestamp,
    Traffic, VideoId, template,
};

use super::Subject;
use crate::records::{DeliveryLane, DueDelivery, JobCompletion, NewMedia};

pub(super) const AT: Timestamp = Timestamp::from_millis(1_700_000_000_123);

pub(super) fn media(app_id: AppId) -> Media {
    Media {
        id: MediaId::mint(&OsRng),
        video_id: VideoId::mint(&OsRng),
        app_id,
        name: "Film \u{1f3ac} \"1\".mp4".to_owned(),
        details: stillframe_domain::MediaDetails::default(),
        source: MediaSource::Url { url: "https://example.org/film.mp4?a=1&b='2'".to_owned() },
        state: MediaState::Fetching,
        facts: None,
        failure: None,
        cover: None,
        added_by: Dialect::Alibaba,
        pass_through: Some("{\"mine\": 1}".to_owned()),
        created_at: AT,
        updated_at: AT,
    }
}

pub(super) fn facts() -> MediaFacts {
    let video = VideoFacts {
        codec: "h264".to_owned(),
        width_px: 1080,
        height_px: 1920,
        rotation_degrees: 90,
        frames_per_second: 30_000.0 / 1001.0,
        bitrate_bps: 4_000_000,
        is_cover_art: false,
    };
    let audio = AudioFacts { codec: "aac".to_owned(), sample_rate_hz: 48_000, bitrate_bps: 128_000 };
    MediaFacts {
        container: "mov,mp4,m4a,3gp,3g2,mj2".to_owned(),
        size_bytes: 1 << 40,
        duration: MediaTime::from_millis(61_033),
        bitrate_bps: 4_128_000,
        video: Some(video),
        audio: Some(audio),
    }
}

pub(super) fn cover() -> Cover {
    Cover::Object("v/covers/o-00001.jpg".to_owned())
}

pub(super) fn failure(code: ErrorCode) -> Failure {
    Failure::new(code, format!("it was {code}"))
}

/// A job with an output of single pictures and one of a sprite.
pub(super) fn job(media: &Media) -> Job {
    let presets = template::presets();
    let output = |kind, preset: usize| Output {
        id: OutputId::mint(&OsRng),
        kind,
        template: Some(presets[preset].reference.clone()),
        spec: presets[preset].spec.clone(),
    };
    let mut free = output(OutputKind::Sprite, 3);
    free.template = None;
    Job {
        id: JobId::mint(&OsRng),
        app_id: media.app_id,
        media_id: media.id,
        kind: JobKind::Snapshot,
        origin: Origin { dialect: Dialect::Tencent, kind: RequestKind::TimeOffsets },
        state: JobState::Available,
        priority: 0,
        attempt: 0,
        attempt_max: 5,
        outputs: vec![output(OutputKind::Normal, 0), free],
        outcomes: Vec::new(),
        failure: None,
        traffic: None,
        pass_through: Some("session".to_owned()),
        callback_url: Some("https://example.org/hook".to_owned()),
        options: RequestOptions { notify: NotifyMode::Change, ..RequestOptions::default() },
        created_at: AT,
        started_at: None,
        finished_at: None,
    }
}

/// What became of [`job`]: of the pictures two of three (one asked twice), and a sprite.
pub(super) fn outcomes(job: &Job) -> Vec<OutputOutcome> {
    let taken = |offset_ms, number| PictureOutcome {
        offset: Some(MediaTime::from_millis(offset_ms)),
        result: PictureResult::Ok(Taken {
            pts: MediaTime::from_millis(offset_ms - 7),
            number,
            key: format!("v/snapshots/normal/o-{number:05}.jpg"),
            size: PixelSize { width_px: 1920, height_px: 1080 },
            size_bytes: 123_456,
        }),
    };
    let failed = |offset| PictureOutcome {
        offset,
        result: PictureResult::Failed(failure(ErrorCode::OffsetOutOfRange)),
    };
    let stills = OutputOutcome {
        output_id: job.outputs[0].id.clone(),
        pictures: vec![
            taken(9_000, 2),
            failed(Some(MediaTime::from_millis(99_000))),
            taken(1_000, 1),
            taken(9_000, 2),
            failed(None),
        ],
        sheets: Vec::new(),
        vtt_key: None,
        failure: None,
    };
    let sheet = |number| Sheet {
        number,
        key: format!("v/snapshots/sprite/o-{number:05}.jpg"),
        size: PixelSize { width_px: 1420, height_px: 800 },
        cell: PixelSize { width_px: 142, height_px: 80 },
        size_bytes: 99,
    };
    let sprite = OutputOutcome {
        output_id: job.outputs[1].id.clone(),
        pictures: vec![taken(0, 1)],
        sheets: vec![sheet(1), sheet(2)],
        vtt_key: Some("v/snapshots/sprite/o.vtt".to_owned()),
        failure: None,
    };
    vec![stills, sprite]
}

/// A completion with nothing beside the result.
pub(super) fn completion(lease: &Lease) -> JobCompletion {
    JobCompletion {
        job_id: lease.job.id.clone(),
        token: lease.token.clone(),
        state: JobState::Completed,
        outcomes: outcomes(&lease.job),
        failure: None,
        traffic: Some(Traffic { requests: 3, bytes: 1 << 40 }),
        media: None,
        events: Vec::new(),
        jobs: Vec::new(),
    }
}

/// An event of a Tencent job; its media id tells it apart.
pub(super) fn event(app_id: AppId) -> Event {
    Event {
        id: EventId::mint(&OsRng),
        app_id,
        kind: EventKind::SnapshotCompleted,
        origin: Origin { dialect: Dialect::Tencent, kind: RequestKind::TimeOffsets },
        created_at: AT,
        payload: EventPayload::Media(MediaFact {
            version: PAYLOAD_VERSION,
            media_id: MediaId::mint(&OsRng),
            video_id: VideoId::mint(&OsRng),
            name: "told".to_owned(),
            source_url: None,
            facts: Some(facts()),
            failure: None,
            pass_through: None,
            details: stillframe_domain::MediaDetails::default(),
            cover_url: None,
            added_by: None,
            added_at: None,
            news: MediaNews::default(),
        }),
    }
}

pub(super) fn endpoint(app_id: AppId) -> Endpoint {
    Endpoint {
        id: EndpointId::mint(&OsRng),
        app_id,
        url: "http://192.0.2.1:8080/hook?x=1".to_owned(),
        format: EventFormat::Native,
        owner: Owner::Native,
        event_kinds: vec![EventKind::SnapshotCompleted, EventKind::MediaDeleted],
        origins: vec![Dialect::Tencent],
        secret: "whsec_c2VjcmV0".to_owned(),
        former_secrets: Vec::new(),
        policy: DeliveryPolicy::default_for(EventFormat::Alibaba),
        health: EndpointHealth::default(),
    }
}

pub(super) fn numbered(number: i64) -> TemplateRef {
    TemplateRef::Numbered { family: TemplateFamily::Sample, number }
}

impl Subject {
    /// Adds a video without jobs.
    /// Sets the cover that the owner chose, or takes it away.
    pub(super) async fn choose_cover(&self, app_id: AppId, id: MediaId, cover: Option<Cover>) {
        let update = MediaUpdate { cover: Some(cover), ..MediaUpdate::default() };
        assert!(self.database.update_media(app_id, id, &update, &[]).await.expect("update"));
    }

    pub(super) async fn media(&self, app_id: AppId) -> Media {
        let media = media(app_id);
        let new =
            NewMedia { media: media.clone(), jobs: Vec::new(), held_jobs: Vec::new(), events: Vec::new() };
        self.database.insert_media(&new).await.expect("insert media");
        media
    }

    /// Adds a video of an app and a due job on it.
    pub(super) async fn job(&self, app_id: AppId) -> Job {
        let job = job(&self.media(app_id).await);
        self.database.insert_job(&job).await.expect("insert job");
        job
    }

    /// Tells events, by adding a video that brings them along.
    pub(super) async fn tell(&self, app_id: AppId, events: &[Event]) {
        let new = NewMedia {
            media: media(app_id),
            jobs: Vec::new(),
            held_jobs: Vec::new(),
            events: events.to_vec(),
        };
        self.database.insert_media(&new).await.expect("insert media");
    }

    /// Leases due deliveries of both lanes.
    pub(super) async fn lease_deliveries(&self, lease_for: Duration, limit: usize) -> Vec<DueDelivery> {
        let mut due = Vec::new();
        for lane in DeliveryLane::ALL {
            let room = limit - due.len();
            due.extend(self.database.lease_deliveries(lane, lease_for, room).await.expect("lease"));
        }
        due
    }

    /// Tells some events and gives their ids.
    pub(super) async fn tell_some(&self, app_id: AppId, count: usize) -> Vec<EventId> {
        let events: Vec<Event> = (0..count).map(|_| event(app_id)).collect();
        self.tell(app_id, &events).await;
        events.into_iter().map(|event| event.id).collect()
    }
}
