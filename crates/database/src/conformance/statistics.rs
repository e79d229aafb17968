//! What waits and what is stored, in numbers.

use stillframe_domain::event::{EventPayload, MediaNews};
use stillframe_domain::{Endpoint, Event, EventKind, JobState, Media, MediaSource, PullMode};

use super::samples::{endpoint, event, media};
use super::{SHORTER, Subject};
use crate::records::NewMedia;
use crate::statistics::{Statistics, Usage};

pub(super) async fn run(make: &impl AsyncFn() -> Subject) {
    what_waits_is_counted_with_the_age_of_the_oldest(make().await).await;
    stored_bytes_are_those_that_events_told_of(make().await).await;
}

async fn what_waits_is_counted_with_the_age_of_the_oldest(s: Subject) {
    let count = async || s.database.statistics().await.expect("statistics");
    assert_eq!(count().await, Statistics::default(), "nothing waits");
    let app = s.app_with(PullMode::Pull).await.id;
    let all = Endpoint { event_kinds: Vec::new(), origins: Vec::new(), ..endpoint(app) };
    s.database.insert_endpoint(&all).await.expect("insert");
    s.job(app).await;
    s.tell(app, &[event(app), event(app)]).await;
    s.wait(SHORTER).await;
    let now = count().await;
    assert_eq!(now.jobs, [(JobState::Available, 1)]);
    assert_eq!((now.deliveries_pending, now.queued_events, now.messages), (2, 2, 0));
    let least = u64::try_from(SHORTER.as_millis()).expect("a short time");
    for age_ms in [now.oldest_due_job_ms, now.oldest_due_delivery_ms, now.oldest_queued_event_ms] {
        assert!(least <= age_ms && age_ms < 60_000, "{now:?}");
    }
    assert_eq!(now.oldest_message_ms, 0);
}

async fn stored_bytes_are_those_that_events_told_of(s: Subject) {
    let (own, other) = (s.app().await.id, s.app().await.id);
    let usage = async |app| s.database.usage(app).await.expect("usage");
    assert_eq!(usage(own).await, Usage::default());
    let object = MediaSource::Object { key: "v/source/film.mp4".to_owned() };
    for (source, size_bytes) in [(object, 700), (MediaSource::LocalFile { path: "/film.mp4".to_owned() }, 90)]
    {
        let media = Media { source, ..media(own) };
        let events = vec![stored(&media, size_bytes)];
        let new = NewMedia { media, jobs: Vec::new(), held_jobs: Vec::new(), events };
        s.database.insert_media(&new).await.expect("insert");
    }
    assert_eq!(
        usage(own).await,
        Usage { videos: 2, bytes: 700 },
        "a file that stays where it is takes no room"
    );
    assert_eq!(usage(other).await, Usage::default());
}

fn stored(media: &Media, size_bytes: u64) -> Event {
    let Event { payload: EventPayload::Media(mut fact), .. } = event(media.app_id) else {
        unreachable!("the sample tells of a video")
    };
    fact.media_id = media.id;
    fact.news = MediaNews::stored(size_bytes, &[]);
    Event { kind: EventKind::MediaStored, payload: EventPayload::Media(fact), ..event(media.app_id) }
}
