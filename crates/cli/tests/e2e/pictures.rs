//! Pictures over HTTP: caching, ranges, an app's own domain.

use reqwest::{StatusCode, header};
use serde_json::{Value, json};
use stillframe_testkit::clips::{Keyframes, Scene, cached_scenes, read_animation, read_frame_number};

use crate::client::Client;
use crate::clips;
use crate::server::Server;

async fn one_picture(client: &Client) -> (Value, String) {
    let media = client.add_clip(&clips::film()).await;
    let path = format!("/v1/media/{}/snapshots", media["id"].as_str().expect("an id"));
    let (_, job) = client.post(&path, &json!({ "offsets_ms": [1000] })).await;
    let job = client.finished_job(job["id"].as_str().expect("an id")).await;
    let url = job["outputs"][0]["pictures"][0]["url"].as_str().expect("a URL").to_owned();
    (media, url)
}

#[tokio::test(flavor = "multi_thread")]
async fn pictures_have_validators_ranges_and_cache_headers() {
    let server = Server::start();
    let client = server.client();
    let (_, url) = one_picture(&client).await;
    let whole = client.fetch(&url).await;
    assert_eq!(whole.status(), StatusCode::OK);
    let headers = whole.headers().clone();
    assert_eq!(headers[header::CONTENT_TYPE], "image/jpeg");
    assert!(headers[header::CACHE_CONTROL].to_str().expect("text").contains("immutable"));
    let body = whole.bytes().await.expect("a body");
    assert_eq!(headers[header::CONTENT_LENGTH], body.len().to_string().as_str());

    let part = client.http().get(&url).header(header::RANGE, "bytes=2-5").send().await.expect("an answer");
    assert_eq!(part.status(), StatusCode::PARTIAL_CONTENT);
    assert_eq!(part.headers()[header::CONTENT_RANGE], format!("bytes 2-5/{}", body.len()).as_str());
    assert_eq!(part.bytes().await.expect("a body"), body.slice(2..6));

    let etag = headers[header::ETAG].clone();
    let again = client.http().get(&url).header(header::IF_NONE_MATCH, &etag).send().await.expect("an answer");
    assert_eq!(again.status(), StatusCode::NOT_MODIFIED);
    assert!(again.bytes().await.expect("a body").is_empty());

    let beyond =
        client.http().get(&url).header(header::RANGE, "bytes=99999999-").send().await.expect("an answer");
    assert_eq!(beyond.status(), StatusCode::RANGE_NOT_SATISFIABLE);
    let head = client.http().head(&url).send().await.expect("an answer");
    assert_eq!(head.headers()[header::CONTENT_LENGTH], body.len().to_string().as_str());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_preview_is_one_picture_that_moves() {
    let server = Server::start();
    let client = server.client();
    let media = client.add_clip(&clips::film()).await;
    let path = format!("/v1/media/{}/snapshots", media["id"].as_str().expect("an id"));
    let ask =
        json!({ "preview": { "start_ms": 400, "length_ms": 800, "frames_per_second": 5 }, "width_px": 160 });
    let (status, job) = client.post(&path, &ask).await;
    assert_eq!(status, StatusCode::ACCEPTED, "{job}");
    let job = client.finished_job(job["id"].as_str().expect("an id")).await;
    let [picture] = job["outputs"][0]["pictures"].as_array().expect("pictures").as_slice() else {
        panic!("one picture: {job}")
    };
    assert_eq!((&picture["status"], &picture["offset_ms"]), (&json!("ok"), &json!(400)), "{job}");
    let answer = client.fetch(picture["url"].as_str().expect("a URL")).await;
    assert_eq!(answer.headers()[header::CONTENT_TYPE], "image/webp");
    let frames = read_animation(&answer.bytes().await.expect("a body")).expect("an animation");
    let shown: Vec<_> = frames.iter().map(|(image, ms)| (read_frame_number(image), *ms)).collect();
    assert_eq!(shown, [10, 15, 20, 25].map(|number| (Some(number), 200)));

    for wrong in [
        json!({ "preview": {}, "format": "jpg" }),
        json!({ "preview": {}, "vtt": true }),
        json!({ "preview": {}, "sprite": { "columns": 2, "rows": 2 } }),
        json!({ "preview": { "length_ms": 0 } }),
        json!({ "preview": { "length_ms": 31000 } }),
        json!({ "preview": { "start_ms": -1 } }),
        json!({ "preview": { "frames_per_second": 0 } }),
        json!({ "preview": { "frames_per_second": 2000 } }),
        json!({ "preview": {}, "width_px": 1281 }),
        json!({ "preview": {}, "offsets_ms": [0] }),
    ] {
        let (status, problem) = client.post(&path, &wrong).await;
        let code = problem["code"].as_str();
        assert_eq!(
            (status, code),
            (StatusCode::BAD_REQUEST, Some("invalid-parameter")),
            "{wrong}: {problem}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn paths_that_are_no_picture_are_not_found() {
    let server = Server::start();
    let client = server.client();
    let (media, _) = one_picture(&client).await;
    let video_id = media["video_id"].as_str().expect("an id");
    for path in ["/media/", "/media/x", "/media/../data/stillframe.db", "/media/%2e%2e/%2e%2e/etc/passwd"] {
        let status = client.fetch(&format!("{}{path}", server.url)).await.status();
        assert_eq!(status, StatusCode::NOT_FOUND, "{path}");
    }
    let absent = format!("{}/media/{video_id}/covers/none-00001.jpg", server.url);
    assert_eq!(client.fetch(&absent).await.status(), StatusCode::NOT_FOUND);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_apps_own_domain_serves_its_pictures_at_the_root() {
    let server = Server::start();
    let client = server.client();
    let (status, app) = client.patch("/v1/app", &json!({ "media_base_url": "img.example.com" })).await;
    assert_eq!((status, &app["media_base_url"]), (StatusCode::OK, &json!("http://img.example.com")));
    let (_, url) = one_picture(&client).await;
    let path = url.strip_prefix("http://img.example.com").expect("the app's base").to_owned();
    let ask = |host: &'static str| {
        client.http().get(format!("{}{path}", server.url)).header(header::HOST, host).send()
    };
    assert_eq!(ask("img.example.com").await.expect("an answer").status(), StatusCode::OK);
    assert_eq!(ask("other.example.com").await.expect("an answer").status(), StatusCode::NOT_FOUND);
}

#[tokio::test(flavor = "multi_thread")]
async fn pictures_of_a_removed_video_are_gone() {
    let server = Server::start();
    let client = server.client();
    let (media, url) = one_picture(&client).await;
    let id = media["id"].as_str().expect("an id");
    assert_eq!(client.delete(&format!("/v1/media/{id}")).await, StatusCode::NO_CONTENT);
    assert_eq!(client.fetch(&url).await.status(), StatusCode::NOT_FOUND);
    assert_eq!(client.get(&format!("/v1/media/{id}")).await.0, StatusCode::NOT_FOUND);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_uploaded_video_gets_up_to_eight_covers_and_the_middle_one_stands_for_it() {
    let server = Server::start();
    let client = server.client();
    let (status, media) = client.upload(&clips::film()).await;
    assert_eq!(status, StatusCode::CREATED, "{media}");
    let path = format!("/v1/media/{}", media["id"].as_str().expect("an id"));
    let media = client.get_until(&path, |media| !media["cover_url"].is_null()).await;
    let snapshots = client.get(&format!("{path}/snapshots")).await.1;
    let covers =
        snapshots["items"].as_array().expect("items").iter().find(|output| output["kind"] == "cover");
    let pictures = covers.expect("a cover output")["pictures"].as_array().expect("pictures");
    assert!((2..=8).contains(&pictures.len()), "{pictures:?}");
    assert_eq!(media["cover_url"], pictures[pictures.len() / 2]["url"]);
    client.picture(media["cover_url"].as_str().expect("a URL")).await;
}

/// Black, but for two seconds that are not in the middle.
fn mostly_black() -> std::path::PathBuf {
    let scenes = [(Scene::Black, 5_000), (Scene::Picture(1), 2_000), (Scene::Black, 1_000)];
    cached_scenes(&scenes, Keyframes::Every(25))
}

async fn is_bright(client: &Client, url: &Value) -> bool {
    let bytes = client.picture(url.as_str().expect("a URL")).await.into_raw();
    16 < bytes.iter().map(|&byte| u64::from(byte)).sum::<u64>() / bytes.len() as u64
}

#[tokio::test(flavor = "multi_thread")]
async fn an_app_chooses_between_the_middle_cover_and_the_best_one() {
    let server = Server::start();
    let client = server.client();
    assert_eq!(client.get("/v1/app").await.1["cover_choice"], "middle");
    let covered = async || {
        let (status, media) = client.upload(&mostly_black()).await;
        assert_eq!(status, StatusCode::CREATED, "{media}");
        let path = format!("/v1/media/{}", media["id"].as_str().expect("an id"));
        client.get_until(&path, |media| !media["cover_url"].is_null()).await["cover_url"].clone()
    };
    assert!(!is_bright(&client, &covered().await).await, "the middle one is black");
    server.command(&["app", "set", "1", "--cover-choice", "best"]);
    assert_eq!(client.get("/v1/app").await.1["cover_choice"], "best");
    assert!(is_bright(&client, &covered().await).await);
    let (_, app) = client.patch("/v1/app", &json!({ "cover_choice": "middle" })).await;
    assert_eq!(app["cover_choice"], "middle");
    let (status, _) = client.patch("/v1/app", &json!({ "cover_choice": "first" })).await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cover_that_is_asked_for_is_chosen_by_the_engine_and_becomes_the_videos() {
    let server = Server::start();
    let client = server.client();
    client.patch("/v1/app", &json!({ "automatic_covers": false })).await;
    let (_, media) = client.upload(&mostly_black()).await;
    let path = format!("/v1/media/{}", media["id"].as_str().expect("an id"));
    client.settled_media(media["id"].as_str().expect("an id")).await;
    let ask = async |cover: Value| {
        let (status, job) = client.post(&format!("{path}/snapshots"), &json!({ "cover": cover })).await;
        assert_eq!(status, StatusCode::ACCEPTED, "{job}");
        client.finished_job(job["id"].as_str().expect("an id")).await["outputs"][0].clone()
    };
    let output = ask(json!("auto")).await;
    assert_eq!(output["kind"], "cover");
    let picture = &output["pictures"][0];
    assert!((5_000..7_000).contains(&picture["pts_ms"].as_i64().expect("a time")), "{picture}");
    assert_eq!(client.get(&path).await.1["cover_url"], picture["url"]);
    assert!(is_bright(&client, &picture["url"]).await);
    let at = ask(json!({ "at_ms": 1000 })).await["pictures"][0].clone();
    assert_eq!(at["pts_ms"], 1_000);
    assert_eq!(client.get(&path).await.1["cover_url"], at["url"], "the newest one counts");
    for refused in [
        json!({ "cover": "auto", "vtt": true }),
        json!({ "cover": "auto", "offsets_ms": [0] }),
        json!({ "cover": "middle" }),
        json!({ "cover": "auto", "sprite": { "columns": 1, "rows": 1 } }),
    ] {
        let (status, _) = client.post(&format!("{path}/snapshots"), &refused).await;
        assert_eq!(status, StatusCode::BAD_REQUEST, "{refused}");
    }
}
