//! The relay into message queues, over a real database.

#![expect(clippy::unwrap_used, reason = "a test that cannot set itself up fails")]

use std::sync::Arc;
use std::time::Duration;

use stillframe_database::{Database, DeliveryRecord, NewMedia, SqliteConfig, SqliteDatabase};
use stillframe_domain::checkpoint::NoCheckpoints;
use stillframe_domain::endpoint::{DeliveryPolicy, Target};
use stillframe_domain::event::Telling;
use stillframe_domain::retry::RetrySchedule;
use stillframe_domain::{
    AppId, AppSettings, DeliveryState, Dialect, Endpoint, EndpointHealth, EndpointId, Event, EventBody,
    EventFormat, EventId, EventKind, Media, MediaId, MediaSource, MediaState, Origin, OsRng, Owner,
    QueueAttributes, QueueName, RequestKind, SystemClock, Timestamp, VideoId,
};
use stillframe_events::{Relay, RelayConfig, RelayDeps, Renderer, Renderers};
use stillframe_outbound::{Outbound, OutboundConfig};
use tokio_util::sync::CancellationToken;

const LONG: Duration = Duration::from_secs(20);
const NOW: Timestamp = Timestamp::from_secs(1_800_000_000);
const BODY: &str = r#"{"EventType":"SnapshotComplete"}"#;
/// [`BODY`] in Base64.
const BODY_BASE64: &str = "eyJFdmVudFR5cGUiOiJTbmFwc2hvdENvbXBsZXRlIn0=";

/// Writes every event alike.
struct Plain;

impl Renderer for Plain {
    fn body(&self, _: &Event) -> Option<String> {
        Some(BODY.to_owned())
    }

    fn headers(&self, _: &Endpoint, _: &Event, _: &str, _: Timestamp) -> Vec<(String, String)> {
        Vec::new()
    }
}

struct World {
    _dir: tempfile::TempDir,
    database: Arc<dyn Database>,
    app: AppId,
    queue: QueueName,
}

impl World {
    /// An app whose events go into a queue, which is not there yet.
    async fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let config = SqliteConfig::new(dir.path().join("test.db"), Arc::new(SystemClock), Arc::new(OsRng));
        let database: Arc<dyn Database> = Arc::new(SqliteDatabase::open(config).await.unwrap());
        let app = database.insert_app("test", &AppSettings::default()).await.unwrap().id;
        let queue = QueueName::parse("events").unwrap();
        let policy = DeliveryPolicy {
            retry: RetrySchedule { waits_ms: vec![20; 20] },
            ..DeliveryPolicy::default_for(EventFormat::Alibaba)
        };
        let endpoint = Endpoint {
            id: EndpointId::mint(&OsRng),
            app_id: app,
            url: Target::url_of_queue(&queue),
            format: EventFormat::Alibaba,
            owner: Owner::Native,
            event_kinds: vec![EventKind::SnapshotCompleted],
            origins: Vec::new(),
            secret: String::new(),
            former_secrets: Vec::new(),
            policy,
            health: EndpointHealth::default(),
        };
        database.insert_endpoint(&endpoint).await.unwrap();
        Self { _dir: dir, database, app, queue }
    }

    async fn make_queue(&self, attributes: QueueAttributes) {
        self.database.insert_message_queue(self.app, &self.queue, &attributes).await.unwrap();
    }

    async fn tell(&self) -> EventId {
        let media = Media {
            id: MediaId::mint(&OsRng),
            video_id: VideoId::mint(&OsRng),
            app_id: self.app,
            name: "film.mp4".to_owned(),
            details: stillframe_domain::MediaDetails::default(),
            source: MediaSource::Url { url: "https://example.org/film.mp4".to_owned() },
            state: MediaState::Stored,
            facts: None,
            failure: None,
            cover: None,
            added_by: Dialect::Native,
            pass_through: None,
            created_at: NOW,
            updated_at: NOW,
        };
        let origin = Origin { dialect: Dialect::Alibaba, kind: RequestKind::Snapshot };
        let telling = Telling { at: NOW, base_url: "http://media" };
        let event =
            Event::of_media(EventId::mint(&OsRng), EventKind::SnapshotCompleted, origin, &media, telling);
        let id = event.id.clone();
        let new = NewMedia { media, jobs: Vec::new(), held_jobs: Vec::new(), events: vec![event] };
        self.database.insert_media(&new).await.unwrap();
        id
    }

    fn relay(&self) -> Relay {
        let deps = RelayDeps {
            database: Arc::clone(&self.database),
            outbound: Arc::new(Outbound::new(&OutboundConfig::default()).unwrap()),
            renderers: Renderers::default().with(EventFormat::Alibaba, Arc::new(Plain)),
            clock: Arc::new(SystemClock),
            rng: Arc::new(OsRng),
            checkpoints: Arc::new(NoCheckpoints),
        };
        Relay::new(deps, RelayConfig { poll_ms: 50, ..RelayConfig::default() })
    }

    /// The one delivery of an event, once it is as wanted.
    async fn once(&self, event: &EventId, is_so: impl Fn(&DeliveryRecord) -> bool) -> DeliveryRecord {
        let waited = async {
            loop {
                let mut records = self.database.list_deliveries(self.app, event).await.unwrap();
                if records.len() == 1 && is_so(&records[0]) {
                    return records.remove(0);
                }
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        tokio::time::timeout(LONG, waited).await.expect("it comes about")
    }

    async fn bodies(&self) -> Vec<String> {
        let received = self.database.receive_messages(self.app, &self.queue, 16).await.unwrap().unwrap();
        received.into_iter().map(|one| one.message.body).collect()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn events_go_into_a_queue_in_its_encoding() {
    for (event_body, expected) in [(EventBody::Base64, BODY_BASE64), (EventBody::Raw, BODY)] {
        let world = World::new().await;
        world.make_queue(QueueAttributes { event_body, ..QueueAttributes::default() }).await;
        let cancel = CancellationToken::new();
        // Two relays on one database: each event is in the queue once all the same.
        let relays = [(); 2].map(|()| tokio::spawn(world.relay().run(cancel.clone())));
        let ids = [world.tell().await, world.tell().await];
        for id in &ids {
            let record = world.once(id, |one| one.delivery.state == DeliveryState::Delivered).await;
            assert_eq!((record.attempts.len(), record.attempts[0].status), (1, None));
        }
        assert_eq!(world.bodies().await, [expected; 2]);
        cancel.cancel();
        for relay in relays {
            relay.await.unwrap();
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_waits_by_its_schedule_for_a_queue_that_takes_it() {
    let world = World::new().await;
    let cancel = CancellationToken::new();
    let relay = tokio::spawn(world.relay().run(cancel.clone()));
    let id = world.tell().await;
    let record = world.once(&id, |one| !one.attempts.is_empty()).await;
    assert_eq!((record.delivery.state, record.attempts[0].is_success), (DeliveryState::Pending, false));
    assert_eq!(record.attempts[0].answer, "there is no queue events");
    world.make_queue(QueueAttributes { body_bytes_max: 10, ..QueueAttributes::default() }).await;
    let too_long = "the message has 44 bytes, the queue takes 10";
    world.once(&id, |one| one.attempts.iter().any(|attempt| attempt.answer == too_long)).await;
    let roomy = QueueAttributes::default();
    assert!(world.database.update_message_queue(world.app, &world.queue, &roomy).await.unwrap());
    world.once(&id, |one| one.delivery.state == DeliveryState::Delivered).await;
    assert_eq!(world.bodies().await, [BODY_BASE64]);
    cancel.cancel();
    relay.await.unwrap();
}
