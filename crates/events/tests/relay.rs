//! The relay against real receivers, over a real database.

#![expect(clippy::unwrap_used, reason = "a test that cannot set itself up fails")]

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use stillframe_database::{Database, DeliveryRecord, NewMedia, SqliteConfig, SqliteDatabase};
use stillframe_domain::checkpoint::NoCheckpoints;
use stillframe_domain::endpoint::DeliveryPolicy;
use stillframe_domain::event::Telling;
use stillframe_domain::retry::RetrySchedule;
use stillframe_domain::{
    AckRule, App, AppSettings, Checkpoint, Checkpoints, DeliveryState, Dialect, DisableReason, Endpoint,
    EndpointHealth, EndpointId, Event, EventFormat, EventId, EventKind, Media, MediaId, MediaSource,
    MediaState, Origin, OsRng, Owner, PolicyName, RequestKind, SystemClock, Timestamp, VideoId, limits,
};
use stillframe_events::{Relay, RelayConfig, RelayDeps, Renderer, Renderers};
use stillframe_outbound::{Outbound, OutboundConfig, USER_AGENT};
use stillframe_testkit::WebhookReceiver;
use stillframe_testkit::receiver::{Received, Reply};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

const LONG: Duration = Duration::from_secs(20);

/// Writes the id, name and time of an event.
struct Plain;

impl Renderer for Plain {
    fn body(&self, event: &Event) -> Option<String> {
        let (id, kind) = (&event.id, event.kind.name());
        let is_known = matches!(event.kind, EventKind::MediaCreated | EventKind::EndpointDisabled);
        is_known.then(|| format!(r#"{{"id":"{id}","kind":"{kind}"}}"#))
    }

    fn headers(
        &self,
        endpoint: &Endpoint,
        event: &Event,
        body: &str,
        _at: Timestamp,
    ) -> Vec<(String, String)> {
        let signature = format!("{}-{}", endpoint.secret, body.len());
        vec![("x-event".to_owned(), event.id.to_string()), ("x-signature".to_owned(), signature)]
    }
}

/// Writes every event alike.
struct Constant;

impl Renderer for Constant {
    fn body(&self, _: &Event) -> Option<String> {
        Some("{}".to_owned())
    }

    fn headers(&self, _: &Endpoint, _: &Event, _: &str, _: Timestamp) -> Vec<(String, String)> {
        Vec::new()
    }
}

/// A database, an app, and what a relay needs.
struct World {
    _dir: tempfile::TempDir,
    database: Arc<dyn Database>,
    app: App,
    allow: &'static str,
    checkpoints: Arc<dyn Checkpoints>,
    config: RelayConfig,
}

impl World {
    async fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("test.db");
        let config = SqliteConfig::new(&path, Arc::new(SystemClock), Arc::new(OsRng));
        let database: Arc<dyn Database> = Arc::new(SqliteDatabase::open(config).await.unwrap());
        let app = database.insert_app("test", &AppSettings::default()).await.unwrap();
        let config = RelayConfig { poll_ms: 50, ..RelayConfig::default() };
        Self { _dir: dir, database, app, allow: "127.0.0.0/8", checkpoints: Arc::new(NoCheckpoints), config }
    }

    async fn endpoint(&self, url: &str, timeout_ms: u64, waits_ms: &[u64]) -> Endpoint {
        let retry = RetrySchedule { waits_ms: waits_ms.to_vec() };
        let policy = DeliveryPolicy::new(AckRule::Success2xx, timeout_ms, retry);
        self.endpoint_with(url, EventFormat::Native, policy).await
    }

    async fn endpoint_with(&self, url: &str, format: EventFormat, policy: DeliveryPolicy) -> Endpoint {
        let endpoint = Endpoint {
            id: EndpointId::mint(&OsRng),
            app_id: self.app.id,
            url: url.to_owned(),
            format,
            owner: Owner::Native,
            event_kinds: Vec::new(),
            origins: Vec::new(),
            secret: "s3cret".to_owned(),
            former_secrets: Vec::new(),
            policy,
            health: EndpointHealth::default(),
        };
        self.database.insert_endpoint(&endpoint).await.unwrap();
        endpoint
    }

    /// Makes an event that every endpoint hears.
    async fn tell(&self, kind: EventKind) -> EventId {
        let now = Timestamp::from_secs(1_800_000_000);
        let video_id = VideoId::mint(&OsRng);
        let media = Media {
            id: MediaId::mint(&OsRng),
            source: MediaSource::Object { key: format!("{video_id}/source/film.mp4") },
            video_id,
            app_id: self.app.id,
            name: "film.mp4".to_owned(),
            details: stillframe_domain::MediaDetails::default(),
            state: MediaState::Stored,
            facts: None,
            failure: None,
            cover: None,
            added_by: Dialect::Native,
            pass_through: None,
            created_at: now,
            updated_at: now,
        };
        let origin = Origin { dialect: Dialect::Native, kind: RequestKind::Ingest };
        let event = Event::of_media(
            EventId::mint(&OsRng),
            kind,
            origin,
            &media,
            Telling { at: now, base_url: "http://media" },
        );
        let id = event.id.clone();
        let new = NewMedia { media, jobs: Vec::new(), held_jobs: Vec::new(), events: vec![event] };
        self.database.insert_media(&new).await.unwrap();
        id
    }

    fn start(&self) -> Running {
        let deps = RelayDeps {
            database: Arc::clone(&self.database),
            outbound: Arc::new(
                Outbound::new(&OutboundConfig {
                    allow: vec![self.allow.parse().unwrap()],
                    ..OutboundConfig::default()
                })
                .unwrap(),
            ),
            renderers: Renderers::default()
                .with(EventFormat::Native, Arc::new(Plain))
                .with(EventFormat::CloudEvents, Arc::new(Plain))
                .with(EventFormat::Alibaba, Arc::new(Constant)),
            clock: Arc::new(SystemClock),
            rng: Arc::new(OsRng),
            checkpoints: Arc::clone(&self.checkpoints),
        };
        let cancel = CancellationToken::new();
        let task = tokio::spawn(Relay::new(deps, self.config.clone()).run(cancel.clone()));
        Running { cancel, task }
    }

    /// The one delivery of an event, once it is in this state.
    async fn settled(&self, event: &EventId, state: DeliveryState) -> DeliveryRecord {
        let settled = async {
            loop {
                let mut records = self.database.list_deliveries(self.app.id, event).await.unwrap();
                if records.len() == 1 && records[0].delivery.state == state {
                    return records.remove(0);
                }
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        };
        tokio::time::timeout(LONG, settled).await.expect("the delivery settles")
    }
}

struct Running {
    cancel: CancellationToken,
    task: JoinHandle<()>,
}

impl Running {
    async fn stop(self) {
        self.cancel.cancel();
        self.task.await.unwrap();
    }
}

fn statuses(record: &DeliveryRecord) -> Vec<Option<u16>> {
    record.attempts.iter().map(|attempt| attempt.status).collect()
}

fn to_path(received: Vec<Received>, path: &str) -> Vec<Received> {
    received.into_iter().filter(|received| received.path == path).collect()
}

#[tokio::test]
async fn an_event_is_posted_with_its_headers_and_the_answer_is_kept() {
    let (world, receiver) = (World::new().await, WebhookReceiver::start().await);
    let body = b"thank you".to_vec();
    receiver.answer("/hook", Reply::Answer { status: 201, headers: Vec::new(), body });
    world.endpoint(&receiver.url("/hook"), 5_000, &[]).await;
    let relay = world.start();
    let event = world.tell(EventKind::MediaCreated).await;
    let record = world.settled(&event, DeliveryState::Delivered).await;
    let received = receiver.wait_for(1, LONG).await.unwrap().remove(0);
    assert_eq!((received.method.as_str(), received.path.as_str()), ("POST", "/hook"));
    assert_eq!(received.text(), format!(r#"{{"id":"{event}","kind":"media.created"}}"#));
    assert_eq!(received.header("content-type"), Some("application/json"));
    assert_eq!(received.header("user-agent"), Some(USER_AGENT));
    assert_eq!(received.header("x-event"), Some(event.as_str()));
    assert_eq!(received.header("x-signature"), Some(format!("s3cret-{}", received.body.len()).as_str()));
    let [attempt] = record.attempts.as_slice() else { panic!("{record:?}") };
    assert_eq!((attempt.status, attempt.answer.as_str(), attempt.is_success), (Some(201), "thank you", true));
    relay.stop().await;
    assert_eq!(receiver.received().len(), 1);
}

#[tokio::test]
async fn failures_are_tried_again_with_the_same_event_until_one_succeeds() {
    let (world, receiver) = (World::new().await, WebhookReceiver::start().await);
    let fails = [Reply::status(500), Reply::Reset, Reply::redirect("/elsewhere"), Reply::Hang];
    receiver.answer_in_turn("/hook", fails.into_iter().chain([Reply::status(200)]));
    world.endpoint(&receiver.url("/hook"), 300, &[1, 1, 1, 1, 1]).await;
    let relay = world.start();
    let event = world.tell(EventKind::MediaCreated).await;
    let record = world.settled(&event, DeliveryState::Delivered).await;
    assert_eq!(statuses(&record), [Some(500), None, Some(307), None, Some(200)]);
    assert!(record.attempts[1].answer.contains("broke"), "{}", record.attempts[1].answer);
    assert_eq!(record.attempts[3].answer, "no answer within 300 ms");
    assert!(record.attempts.iter().rev().skip(1).all(|attempt| !attempt.is_success));
    let received = receiver.received();
    assert_eq!(received.len(), 5, "no redirect is followed");
    assert!(received.iter().all(|one| one.body == received[0].body && one.path == "/hook"));
    relay.stop().await;
}

#[tokio::test]
async fn a_delivery_is_dead_when_its_schedule_ends() {
    let (world, receiver) = (World::new().await, WebhookReceiver::start().await);
    let url = receiver.url("/");
    drop(receiver);
    world.endpoint(&url, 1_000, &[1, 1]).await;
    let relay = world.start();
    let event = world.tell(EventKind::MediaCreated).await;
    let record = world.settled(&event, DeliveryState::Dead).await;
    assert_eq!(statuses(&record), [None, None, None]);
    assert!(record.attempts[0].answer.contains("cannot be reached"), "{}", record.attempts[0].answer);
    relay.stop().await;
}

#[tokio::test]
async fn the_endpoints_ack_rule_decides() {
    let (world, receiver) = (World::new().await, WebhookReceiver::start().await);
    receiver.answer_in_turn("/", [Reply::status(204), Reply::status(200)]);
    let retry = RetrySchedule { waits_ms: vec![1] };
    let policy = DeliveryPolicy::new(AckRule::Exactly200, 5_000, retry);
    world.endpoint_with(&receiver.url("/"), EventFormat::Native, policy).await;
    let relay = world.start();
    let event = world.tell(EventKind::MediaCreated).await;
    let record = world.settled(&event, DeliveryState::Delivered).await;
    assert_eq!(statuses(&record), [Some(204), Some(200)]);
    relay.stop().await;
}

#[tokio::test]
async fn alibabas_rule_takes_200_alone_and_gives_up_after_three_attempts_a_second_apart() {
    let (world, receiver) = (World::new().await, WebhookReceiver::start().await);
    receiver.answer_in_turn("/", [Reply::status(204), Reply::redirect("/elsewhere"), Reply::status(500)]);
    let policy = DeliveryPolicy::named(PolicyName::Alibaba, EventFormat::Native);
    world.endpoint_with(&receiver.url("/"), EventFormat::Native, policy).await;
    let relay = world.start();
    let event = world.tell(EventKind::MediaCreated).await;
    let record = world.settled(&event, DeliveryState::Dead).await;
    assert_eq!(statuses(&record), [Some(204), Some(307), Some(500)]);
    relay.stop().await;
    let received = receiver.received();
    let waits: Vec<_> = received.windows(2).map(|pair| pair[1].at - pair[0].at).collect();
    let second = Duration::from_secs(1);
    assert_eq!(waits.len(), 2);
    assert!(waits.iter().all(|&wait| second <= wait && wait < second * 2), "{waits:?}");
}

#[tokio::test]
async fn tencents_rule_takes_any_answer_and_sends_three_times_to_one_that_gives_none() {
    let (world, receiver) = (World::new().await, WebhookReceiver::start().await);
    receiver.answer_in_turn("/", [Reply::Close, Reply::status(500)]);
    receiver.answer("/deaf", Reply::Close);
    let policy = DeliveryPolicy::named(PolicyName::Tencent, EventFormat::Native);
    world.endpoint_with(&receiver.url("/"), EventFormat::Native, policy.clone()).await;
    let relay = world.start();
    let event = world.tell(EventKind::MediaCreated).await;
    let record = world.settled(&event, DeliveryState::Delivered).await;
    assert_eq!(statuses(&record), [None, Some(500)]);
    let endpoints = world.database.list_endpoints(world.app.id).await.unwrap();
    assert!(world.database.delete_endpoint(world.app.id, &endpoints[0].id).await.unwrap());
    world.endpoint_with(&receiver.url("/deaf"), EventFormat::Native, policy).await;
    let event = world.tell(EventKind::MediaCreated).await;
    let record = world.settled(&event, DeliveryState::Dead).await;
    assert_eq!(statuses(&record), [None; 3]);
    relay.stop().await;
}

#[tokio::test]
async fn of_a_huge_answer_the_first_part_is_kept() {
    let (world, receiver) = (World::new().await, WebhookReceiver::start().await);
    receiver.answer("/", Reply::Endless);
    world.endpoint(&receiver.url("/"), 10_000, &[]).await;
    let relay = world.start();
    let event = world.tell(EventKind::MediaCreated).await;
    let record = world.settled(&event, DeliveryState::Delivered).await;
    assert_eq!(record.attempts[0].answer, "x".repeat(limits::ANSWER_BYTES_MAX));
    relay.stop().await;
}

#[tokio::test]
async fn addresses_that_the_guard_refuses_and_urls_that_are_none_are_tried_by_schedule() {
    let (mut world, receiver) = (World::new().await, WebhookReceiver::start().await);
    world.allow = "127.0.0.9/32";
    for (url, words) in [
        (receiver.url("/"), "the address is not allowed: it is a loopback address"),
        ("ftp://example.org/".to_owned(), "its scheme is neither http nor https"),
    ] {
        let endpoint = world.endpoint(&url, 1_000, &[1]).await;
        let relay = world.start();
        let event = world.tell(EventKind::MediaCreated).await;
        let record = world.settled(&event, DeliveryState::Dead).await;
        assert_eq!(statuses(&record), [None, None]);
        assert!(record.attempts[1].answer.contains(words), "{}", record.attempts[1].answer);
        relay.stop().await;
        world.database.delete_endpoint(world.app.id, &endpoint.id).await.unwrap();
    }
    assert!(receiver.received().is_empty());
}

#[tokio::test]
async fn an_answer_that_drips_counts_by_its_status_and_keeps_what_came_in_time() {
    let (world, receiver) = (World::new().await, WebhookReceiver::start().await);
    receiver.answer("/", Reply::Drip(1_000, Duration::from_millis(20)));
    world.endpoint(&receiver.url("/"), 500, &[]).await;
    let relay = world.start();
    let event = world.tell(EventKind::MediaCreated).await;
    let attempt = world.settled(&event, DeliveryState::Delivered).await.attempts.remove(0);
    assert!((1..100).contains(&attempt.answer.len()), "{}", attempt.answer);
    assert!((500..5_000).contains(&attempt.duration_ms), "{}", attempt.duration_ms);
    relay.stop().await;
}

#[tokio::test]
async fn many_dead_endpoints_delay_no_fresh_event_and_their_backlog_none_of_another() {
    let (mut world, receiver) = (World::new().await, WebhookReceiver::start().await);
    world.config = RelayConfig { concurrency: 8, retry_concurrency: 4, stop_grace_ms: 100, ..world.config };
    // The first attempts fail at once; all that comes after that hangs.
    for dead in 0..20 {
        let path = format!("/dead{dead}");
        receiver.answer_in_turn(&path, [Reply::status(500), Reply::Hang]);
        world.endpoint(&receiver.url(&path), 60_000, &[1, 1, 1]).await;
    }
    let relay = world.start();
    world.tell(EventKind::MediaCreated).await;
    let is_failing =
        |all: &[Received]| (0..20).all(|dead| !to_path(all.to_vec(), &format!("/dead{dead}")).is_empty());
    receiver.wait_until(LONG, is_failing).await.unwrap();
    let under_way = |all: &[Received]| all.len() == 24;
    receiver.wait_until(LONG, under_way).await.unwrap();
    world.endpoint(&receiver.url("/well"), 5_000, &[]).await;
    let mut wanted = HashSet::new();
    for _ in 0..30 {
        wanted.insert(world.tell(EventKind::MediaCreated).await.to_string());
    }
    let is_well = |all: &[Received]| to_path(all.to_vec(), "/well").len() == wanted.len();
    let received = receiver.wait_until(LONG, is_well).await.unwrap();
    assert_eq!(received.len(), 24 + 30, "four slots are for the dead ones, fresh events to them included");
    relay.stop().await;
}

#[tokio::test]
async fn a_receiver_that_is_gone_is_told_nothing_more_and_the_others_hear_of_it() {
    let (world, receiver) = (World::new().await, WebhookReceiver::start().await);
    receiver.answer("/gone", Reply::status(410));
    let gone = world.endpoint(&receiver.url("/gone"), 5_000, &[600_000]).await;
    let other = world.endpoint(&receiver.url("/other"), 5_000, &[]).await;
    let relay = world.start();
    let event = world.tell(EventKind::MediaCreated).await;
    let is_told = |all: &[Received]| to_path(all.to_vec(), "/other").len() == 2;
    let received = receiver.wait_until(LONG, is_told).await.unwrap();
    let told = to_path(received, "/other").pop().unwrap();
    assert_eq!(told.json().unwrap()["kind"], "endpoint.disabled");
    let found = world.database.find_endpoint(world.app.id, &gone.id).await.unwrap().unwrap();
    assert_eq!(found.health.disabled.unwrap().reason, DisableReason::Gone);
    world.tell(EventKind::MediaCreated).await;
    receiver.wait_until(LONG, |all| to_path(all.to_vec(), "/other").len() == 3).await.unwrap();
    assert_eq!(to_path(receiver.received(), "/gone").len(), 1);
    // The failed one waits; enabled again it is sent, and to a receiver of a cloud 410 means nothing.
    receiver.answer("/gone", Reply::status(200));
    assert!(world.database.enable_endpoint(world.app.id, &gone.id).await.unwrap());
    receiver.wait_until(LONG, |all| to_path(all.to_vec(), "/gone").len() == 2).await.unwrap();
    let records = world.database.list_deliveries(world.app.id, &event).await.unwrap();
    assert!(records.iter().any(|record| record.delivery.endpoint_id == other.id));
    relay.stop().await;
}

#[tokio::test]
async fn a_receiver_of_a_cloud_is_never_disabled_by_its_answers() {
    let (world, receiver) = (World::new().await, WebhookReceiver::start().await);
    receiver.answer("/", Reply::status(410));
    let policy = DeliveryPolicy::named(PolicyName::Alibaba, EventFormat::Alibaba);
    let endpoint = world.endpoint_with(&receiver.url("/"), EventFormat::Alibaba, policy).await;
    let relay = world.start();
    let event = world.tell(EventKind::MediaReady).await;
    let record = world.settled(&event, DeliveryState::Dead).await;
    assert_eq!(statuses(&record), [Some(410); 3]);
    let found = world.database.find_endpoint(world.app.id, &endpoint.id).await.unwrap().unwrap();
    assert!(found.health.disabled.is_none() && found.health.failing_since.is_some());
    relay.stop().await;
}

#[tokio::test]
async fn a_receivers_wish_for_more_time_is_granted() {
    let (world, receiver) = (World::new().await, WebhookReceiver::start().await);
    let headers = vec![("retry-after".to_owned(), "3000".to_owned())];
    receiver.answer("/", Reply::Answer { status: 429, headers, body: Vec::new() });
    world.endpoint(&receiver.url("/"), 5_000, &[10_000]).await;
    let relay = world.start();
    let event = world.tell(EventKind::MediaCreated).await;
    let is_tried = async {
        loop {
            let record = world.database.list_deliveries(world.app.id, &event).await.unwrap().remove(0);
            if !record.attempts.is_empty() {
                return record;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    let record = tokio::time::timeout(LONG, is_tried).await.unwrap();
    let wait = record.delivery.next_at.since(record.attempts[0].at);
    assert!((2_999..3_100).contains(&wait.as_secs()), "{wait:?}");
    relay.stop().await;
}

fn consent(origin: &str, rate: &str) -> Reply {
    let header = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    let headers = vec![header("WebHook-Allowed-Origin", origin), header("WebHook-Allowed-Rate", rate)];
    Reply::Answer { status: 200, headers, body: Vec::new() }
}

#[tokio::test]
async fn a_receiver_of_cloud_events_is_asked_once_and_told_by_whom() {
    let (mut world, receiver) = (World::new().await, WebhookReceiver::start().await);
    world.config.origin = "stills.example.org".to_owned();
    receiver.answer("/", consent("Stills.example.org", "*"));
    let policy = DeliveryPolicy::default_for(EventFormat::CloudEvents);
    world.endpoint_with(&receiver.url("/"), EventFormat::CloudEvents, policy).await;
    let relay = world.start();
    for _ in 0..3 {
        let event = world.tell(EventKind::MediaCreated).await;
        world.settled(&event, DeliveryState::Delivered).await;
    }
    let methods: Vec<_> = receiver.received().into_iter().map(|one| one.method).collect();
    assert_eq!(methods, ["OPTIONS", "POST", "POST", "POST"]);
    for received in receiver.received() {
        assert_eq!(received.header("webhook-request-origin"), Some("stills.example.org"));
    }
    relay.stop().await;
}

#[tokio::test]
async fn a_receiver_of_cloud_events_that_does_not_consent_is_sent_nothing() {
    for (reply, words) in [
        (Reply::status(200), "the receiver grants localhost no permission: it names no origin"),
        (
            consent("other.example", "*"),
            "the receiver grants localhost no permission: it allows other.example",
        ),
    ] {
        let (world, receiver) = (World::new().await, WebhookReceiver::start().await);
        receiver.answer("/", reply);
        let retry = RetrySchedule { waits_ms: vec![1] };
        let policy = DeliveryPolicy::new(AckRule::Success2xx, 5_000, retry);
        let format = EventFormat::CloudEvents;
        world.endpoint_with(&receiver.url("/"), format, policy.clone()).await;
        let relay = world.start();
        let event = world.tell(EventKind::MediaCreated).await;
        let record = world.settled(&event, DeliveryState::Dead).await;
        assert_eq!((statuses(&record), record.attempts[0].answer.as_str()), (vec![Some(200); 2], words));
        assert!(receiver.received().iter().all(|one| one.method == "OPTIONS"));
        // Its owner may do without.
        let trusting = DeliveryPolicy { handshake: false, ..policy };
        world.endpoint_with(&receiver.url("/trusted"), format, trusting).await;
        world.tell(EventKind::MediaCreated).await;
        let is_told = |all: &[Received]| to_path(all.to_vec(), "/trusted").len() == 1;
        let received = to_path(receiver.wait_until(LONG, is_told).await.unwrap(), "/trusted").remove(0);
        assert_eq!((received.method.as_str(), received.header("webhook-request-origin")), ("POST", None));
        relay.stop().await;
    }
}

#[tokio::test]
async fn attempts_keep_to_the_rate_that_the_receiver_grants() {
    let (world, receiver) = (World::new().await, WebhookReceiver::start().await);
    receiver.answer("/", consent("*", "300"));
    let policy =
        DeliveryPolicy { concurrency_max: Some(1), ..DeliveryPolicy::default_for(EventFormat::CloudEvents) };
    world.endpoint_with(&receiver.url("/"), EventFormat::CloudEvents, policy).await;
    for _ in 0..5 {
        world.tell(EventKind::MediaCreated).await;
    }
    let relay = world.start();
    let received = receiver.wait_for(6, LONG).await.unwrap();
    let sent: Vec<_> = received.iter().filter(|one| one.method == "POST").map(|one| one.at).collect();
    // The first one told the rate, so that the waits begin after the second one.
    let waits: Vec<_> = sent.windows(2).skip(1).map(|pair| pair[1] - pair[0]).collect();
    assert_eq!(waits.len(), 3);
    assert!(waits.iter().all(|wait| Duration::from_millis(150) < *wait), "{waits:?}");
    relay.stop().await;
}

#[tokio::test]
async fn what_cannot_be_written_is_dead_at_once_with_its_reason() {
    let (world, receiver) = (World::new().await, WebhookReceiver::start().await);
    let url = receiver.url("/");
    world.endpoint(&url, 1_000, &[1]).await;
    let relay = world.start();
    let event = world.tell(EventKind::MediaReady).await;
    let record = world.settled(&event, DeliveryState::Dead).await;
    assert_eq!(record.attempts[0].answer, "the format native has no words for media.ready");
    assert_eq!(record.attempts.len(), 1);
    relay.stop().await;
    assert!(receiver.received().is_empty());
}

#[tokio::test]
async fn an_endpoint_that_hangs_does_not_delay_another() {
    let (mut world, receiver) = (World::new().await, WebhookReceiver::start().await);
    world.config.concurrency = 8;
    receiver.answer("/hangs", Reply::Hang);
    world.endpoint(&receiver.url("/hangs"), 60_000, &[]).await;
    for _ in 0..100 {
        world.tell(EventKind::MediaCreated).await;
    }
    world.endpoint(&receiver.url("/well"), 5_000, &[]).await;
    let mut wanted = HashSet::new();
    for _ in 0..30 {
        wanted.insert(world.tell(EventKind::MediaCreated).await.to_string());
    }
    world.config.stop_grace_ms = 100;
    let relay = world.start();
    let is_well = |received: &[Received]| to_path(received.to_vec(), "/well").len() == wanted.len();
    let received = receiver.wait_until(LONG, is_well).await.unwrap();
    let well = to_path(received.clone(), "/well");
    let told: HashSet<_> = well.iter().filter_map(|one| one.header("x-event").map(str::to_owned)).collect();
    assert_eq!(told, wanted);
    assert!(to_path(received, "/hangs").len() <= world.config.endpoint_concurrency);
    relay.stop().await;
}

/// Panics when the first callback was sent: its attempt is never recorded.
#[derive(Default)]
struct DiesOnce {
    has_died: AtomicBool,
}

impl Checkpoints for DiesOnce {
    fn reached(&self, point: Checkpoint) {
        assert_eq!(point, Checkpoint::CallbackSent);
        assert!(self.has_died.swap(true, Ordering::SeqCst), "dies here, as the test wants");
    }
}

#[tokio::test]
async fn a_callback_whose_attempt_was_not_recorded_is_sent_again_the_same() {
    let (mut world, receiver) = (World::new().await, WebhookReceiver::start().await);
    world.checkpoints = Arc::new(DiesOnce::default());
    world.config.lease_ms = 400;
    world.endpoint(&receiver.url("/"), 5_000, &[]).await;
    let relay = world.start();
    let event = world.tell(EventKind::MediaCreated).await;
    let record = world.settled(&event, DeliveryState::Delivered).await;
    assert_eq!(statuses(&record), [Some(200)], "the lost attempt is not known");
    let received = receiver.received();
    assert_eq!(received.len(), 2);
    assert_eq!(received[0].body, received[1].body);
    relay.stop().await;
}

#[tokio::test]
async fn a_stop_lets_attempts_under_way_end_and_begins_no_others() {
    let (world, receiver) = (World::new().await, WebhookReceiver::start().await);
    receiver.answer("/", Reply::After(Duration::from_millis(300), Box::new(Reply::status(200))));
    world.endpoint(&receiver.url("/"), 5_000, &[]).await;
    let relay = world.start();
    let event = world.tell(EventKind::MediaCreated).await;
    receiver.wait_for(1, LONG).await.unwrap();
    relay.cancel.cancel();
    let late = world.tell(EventKind::MediaCreated).await;
    relay.stop().await;
    let record = world.database.list_deliveries(world.app.id, &event).await.unwrap().remove(0);
    assert_eq!(record.delivery.state, DeliveryState::Delivered);
    let record = world.database.list_deliveries(world.app.id, &late).await.unwrap().remove(0);
    assert_eq!((record.delivery.state, record.attempts.len()), (DeliveryState::Pending, 0));
    assert_eq!(receiver.received().len(), 1);
}
