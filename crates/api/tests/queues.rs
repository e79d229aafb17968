//! Queues at `/queues` beyond single requests: what is signed, what is told in headers, how long a receive
//! waits, and the switch of the native API.

use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::Body;
use axum::http::{Request, Response, StatusCode};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http_body_util::BodyExt;
use proptest::prelude::*;
use proptest::test_runner::TestRunner;
use stillframe_api::ApiState;
use stillframe_database::{SqliteConfig, SqliteDatabase};
use stillframe_domain::checkpoint::NoCheckpoints;
use stillframe_domain::message_queue::QueueChange;
use stillframe_domain::{AccessKey, AppSettings, QueueName, limits};
use stillframe_service::{Service, ServiceConfig, ServiceDeps};
use stillframe_signing::mns;
use stillframe_storage::LocalStorage;
use stillframe_testkit::{SeededRng, SimClock};
use tower::ServiceExt;

const BODY: &str = "<Message><MessageBody>YQ==</MessageBody></Message>";
const BODY_MD5: &str = "ZTM1YjEwMzFlYzk4OGE0YTdhNDUzOTgzNGEzYmE0YjU=";

struct World {
    router: Router,
    key: AccessKey,
    service: Arc<Service>,
    _directory: tempfile::TempDir,
}

/// A request before it is sent.
#[derive(Debug, Clone)]
struct Wire {
    method: &'static str,
    resource: String,
    headers: Vec<(String, String)>,
    body: String,
}

impl World {
    async fn new() -> Self {
        let directory = tempfile::tempdir().expect("a directory");
        let (clock, rng) = (Arc::new(SimClock::default()), Arc::new(SeededRng::new(7)));
        let config = SqliteConfig::new(directory.path().join("test.db"), clock.clone(), rng.clone());
        let storage = LocalStorage::open(directory.path().join("objects")).await.expect("a store");
        let deps = ServiceDeps {
            database: Arc::new(SqliteDatabase::open(config).await.expect("a database")),
            storage: Arc::new(storage),
            clock,
            rng,
            checkpoints: Arc::new(NoCheckpoints),
        };
        let config = ServiceConfig {
            media_base_url: "http://media.example".to_owned(),
            local_roots: Vec::new(),
            source_size_bytes_max: 1 << 20,
            queue: stillframe_service::QueueTimes::default(),
        };
        let service = Arc::new(Service::new(deps, config));
        let (_, key) = service.create_app("app", &AppSettings::default()).await.expect("an app");
        let router = stillframe_api::router(ApiState { service: service.clone() });
        let world = Self { router, key, service, _directory: directory };
        assert_eq!(world.ask("PUT", "/queues/q", "").await.status(), StatusCode::CREATED);
        world
    }

    fn signed(&self, method: &'static str, resource: &str, body: &str) -> Wire {
        let date = chrono::DateTime::from_timestamp(self.service.now().as_secs(), 0).expect("a time");
        let mut headers = vec![
            ("date".to_owned(), date.format("%a, %d %b %Y %H:%M:%S GMT").to_string()),
            ("x-mns-version".to_owned(), "2015-06-06".to_owned()),
        ];
        if !body.is_empty() {
            headers.push(("content-md5".to_owned(), BODY_MD5.to_owned()));
            headers.push(("content-type".to_owned(), "text/xml".to_owned()));
        }
        let request = mns::Request { method, resource, headers: &headers };
        let authorization = mns::sign(&request, &self.key.key_id, &self.key.secret);
        headers.push(("authorization".to_owned(), authorization));
        Wire { method, resource: resource.to_owned(), headers, body: body.to_owned() }
    }

    async fn send(&self, wire: Wire) -> Response<Body> {
        let mut request =
            Request::builder().method(wire.method).uri(wire.resource).header("host", "mns.example");
        for (name, value) in wire.headers {
            request = request.header(name, value);
        }
        self.router
            .clone()
            .oneshot(request.body(Body::from(wire.body)).expect("a request"))
            .await
            .expect("sent")
    }

    async fn ask(&self, method: &'static str, resource: &str, body: &str) -> Response<Body> {
        self.send(self.signed(method, resource, body)).await
    }

    /// A request of the native API.
    async fn native(&self, method: &'static str, path: &str, body: &str) -> serde_json::Value {
        let credentials = STANDARD.encode(format!("{}:{}", self.key.key_id, self.key.secret));
        let headers = vec![("authorization".to_owned(), format!("Basic {credentials}"))];
        let wire = Wire { method, resource: path.to_owned(), headers, body: body.to_owned() };
        serde_json::from_str(&text(self.send(wire).await).await).expect("JSON")
    }
}

async fn text(response: Response<Body>) -> String {
    let bytes = response.into_body().collect().await.expect("a body").to_bytes();
    String::from_utf8(bytes.to_vec()).expect("UTF-8")
}

/// Puts another letter in the place of one byte of what is signed.
fn altered(mut wire: Wire, part: usize, at: usize, with: char) -> Wire {
    let count = wire.headers.len();
    let text = match part {
        0 => &mut wire.resource,
        1 => &mut wire.body,
        part => &mut wire.headers[(part - 2) % count].1,
    };
    // The slash at the beginning and the name of the scheme route the request.
    let at = 1 + at % (text.len() - 1);
    text.replace_range(at..=at, &with.to_string());
    wire
}

#[test]
fn a_request_with_any_signed_byte_altered_is_refused() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let world = runtime.block_on(World::new());
    let sound = world.signed("POST", "/queues/q/messages", BODY);
    assert_eq!(runtime.block_on(world.send(sound.clone())).status(), StatusCode::CREATED);
    let change = (0..7_usize, 0..500_usize, proptest::char::range('a', 'z'));
    let check = |(part, at, with)| {
        let wire = altered(sound.clone(), part, at, with);
        let is_same =
            (&wire.resource, &wire.body, &wire.headers) == (&sound.resource, &sound.body, &sound.headers);
        let status = runtime.block_on(world.send(wire.clone())).status();
        // A path of no queue goes to no operation of these, hence is signed by nobody.
        let is_refused = matches!(status.as_u16(), 400 | 403 | 404 | 405 | 408);
        prop_assert!(is_same || is_refused, "{status}: {wire:?}");
        Ok(())
    };
    let config = ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(300) };
    TestRunner::new(config).run(&change, check).expect("every altered request is refused");
    let counts = runtime.block_on(world.native("GET", "/v1/queues/q", ""))["messages"].clone();
    assert!(counts["visible"].as_u64().is_some_and(|count| 1 <= count), "{counts}");
}

#[tokio::test]
async fn answers_bear_the_vendors_headers() {
    let world = World::new().await;
    let again = world.ask("PUT", "/queues/q", "").await;
    assert_eq!(again.status(), StatusCode::NO_CONTENT);
    let header = |name: &str| again.headers().get(name).and_then(|value| value.to_str().ok());
    assert_eq!(header("location"), Some("http://mns.example/queues/q"));
    assert_eq!(header("x-mns-version"), Some("2015-06-06"));
    let is_id = |id: &str| id.len() == 24 && id.chars().all(|c| matches!(c, '0'..='9' | 'A'..='F'));
    assert!(header("x-mns-request-id").is_some_and(is_id), "{:?}", again.headers());
    assert_eq!(header("content-type"), None, "there is no body");
    let refused = world.ask("GET", "/queues/none", "").await;
    let id = refused.headers()["x-mns-request-id"].to_str().expect("text").to_owned();
    let body = text(refused).await;
    assert!(body.contains(&format!("<RequestId>{id}</RequestId>")), "{body}");
}

#[tokio::test]
async fn a_receive_that_waits_wakes_when_a_message_is_sent_and_when_the_process_stops() {
    let world = World::new().await;
    let begin = Instant::now();
    let waiting = world.ask("GET", "/queues/q/messages?waitseconds=30", "");
    let sending = async {
        tokio::time::sleep(Duration::from_millis(100)).await;
        assert_eq!(world.ask("POST", "/queues/q/messages", BODY).await.status(), StatusCode::CREATED);
    };
    let (received, ()) = tokio::join!(waiting, sending);
    assert_eq!(received.status(), StatusCode::OK);
    assert!(begin.elapsed() < Duration::from_millis(900), "{:?}, so not by a hint", begin.elapsed());
    world.service.stop_waiting();
    let stopped = world.ask("GET", "/queues/q/messages?waitseconds=30", "").await;
    assert_eq!(stopped.status(), StatusCode::NOT_FOUND);
    assert!(begin.elapsed() < Duration::from_secs(20), "it does not wait");
}

#[tokio::test]
async fn the_native_api_shows_queues_and_sets_how_events_become_bodies() {
    let world = World::new().await;
    world.ask("POST", "/queues/q/messages", BODY).await;
    let shown = world.native("GET", "/v1/queues/q", "").await;
    assert_eq!((&shown["event_body"], &shown["messages"]["visible"]), (&"base64".into(), &1.into()));
    let set = world.native("PATCH", "/v1/queues/q", r#"{"event_body":"raw"}"#).await;
    assert_eq!(set["event_body"], "raw");
    let listed = world.native("GET", "/v1/queues", "").await;
    assert_eq!(
        (&listed["items"][0]["name"], &listed["items"][0]["event_body"]),
        (&"q".into(), &"raw".into())
    );
    for (path, body) in [("/v1/queues/none", "{}"), ("/v1/queues/a_b", "{}")] {
        assert_eq!(world.native("PATCH", path, body).await["code"], "queue-not-found");
    }
    assert_eq!(world.native("PATCH", "/v1/queues/q", r#"{"x":1}"#).await["code"], "invalid-parameter");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_app_that_has_all_its_queues_gets_no_other() {
    let world = World::new().await;
    let app = world.service.authenticate(&world.key.key_id).await.expect("the key").app;
    let name = |number: usize| QueueName::parse(&format!("q{number}")).expect("a name");
    let creates = (1..limits::QUEUES_PER_APP_MAX).map(|number| {
        let (service, app, name) = (world.service.clone(), app.clone(), name(number));
        tokio::spawn(async move { service.create_message_queue(&app, &name, &QueueChange::default()).await })
    });
    for create in creates.collect::<Vec<_>>() {
        create.await.expect("no panic").expect("a queue");
    }
    let answer = world.ask("PUT", "/queues/one-more", "").await;
    assert_eq!(answer.status(), StatusCode::FORBIDDEN);
    let text = text(answer).await;
    assert!(text.contains("<Code>AccessDenied</Code>") && text.contains("the app has 1000 queues"), "{text}");
    assert_eq!(world.ask("PUT", "/queues/q", "").await.status(), StatusCode::NO_CONTENT);
}
