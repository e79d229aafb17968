//! A full run at the most talkative level, and no secret in what it logged.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use reqwest::Method;
use serde_json::{Value, json};
use stillframe_testkit::receiver::WebhookReceiver;

use crate::clips;
use crate::server::{PATIENCE, SECRET, Server};

const URL_KEY: &str = "urlkeysecret0123456789";
const SIGN_KEY: &str = "callbacksignkey0123";
const AUTH_KEY: &str = "callbackauthkey0123";

#[tokio::test(flavor = "multi_thread")]
async fn nothing_secret_is_logged_however_much_is() {
    let receiver = WebhookReceiver::start().await;
    let mut server = Server::start_with(&[("STILLFRAME__LOG__FILTER", "trace")]);
    server.log_to_file();
    let client = server.client();
    let mut secrets: Vec<String> = [SECRET, URL_KEY, SIGN_KEY, AUTH_KEY].map(str::to_owned).into();
    secrets.push(STANDARD.encode(format!("{}:{SECRET}", client.key_id())));
    let text = |value: &Value| value.as_str().unwrap_or_else(|| panic!("no text: {value}")).to_owned();

    // Callbacks of all kinds, one of which is never answered.
    for (path, format) in [("/native", "native"), ("/alibaba", "alibaba")] {
        let (_, made) =
            client.post("/v1/endpoints", &json!({ "url": receiver.url(path), "format": format })).await;
        secrets.push(text(&made["secret"]));
    }
    let dead = json!({ "url": "http://127.0.0.1:9/", "policy": { "retry": [10] } });
    secrets.push(text(&client.post("/v1/endpoints", &dead).await.1["secret"]));
    let push = [("Mode", "PUSH"), ("NotificationUrl", &receiver.url("/tencent")), ("SignKey", SIGN_KEY)];
    client.tencent_2018("ModifyEventConfig", &push).await;
    let callback = [
        ("CallbackType", "HTTP"),
        ("CallbackURL", &receiver.url("/vendor")),
        ("AuthSwitch", "on"),
        ("AuthKey", AUTH_KEY),
        ("EventTypeList", "ALL"),
    ];
    client.alibaba("SetMessageCallback", &callback).await;

    // Signed URLs: the key, and what it signs.
    let signing = json!({ "keys": [{ "scheme": "alibaba-a", "secret": URL_KEY }], "valid_s": 600 });
    client.patch("/v1/app", &json!({ "url_signing": signing })).await;
    let (_, media) = client.upload(&clips::film()).await;
    let id = text(&media["id"]);
    client.settled_media(&id).await;
    let (_, job) = client.post(&format!("/v1/media/{id}/snapshots"), &json!({ "offsets_ms": [0] })).await;
    let job = client.finished_job(&text(&job["id"])).await;
    let picture = text(&job["outputs"][0]["pictures"][0]["url"]);
    client.picture(&picture).await;
    secrets.push(picture.split_once("auth_key=").expect("a signed URL").1.to_owned());

    // Temporary keys of both clouds.
    let apply = client.tencent_2018("ApplyUpload", &[("MediaType", "mp4")]).await;
    let given = &apply["TempCertificate"];
    secrets.extend([text(&given["SecretKey"]), text(&given["Token"])]);
    let (_, create) = client.alibaba("CreateUploadVideo", &[("Title", "t"), ("FileName", "a.mp4")]).await;
    let auth = STANDARD.decode(text(&create["UploadAuth"])).expect("base64");
    let auth: Value = serde_json::from_slice(&auth).expect("JSON");
    secrets.extend([text(&auth["AccessKeySecret"]), text(&auth["SecurityToken"])]);

    // Requests that are refused are logged no more than others.
    client.with_secret("anotherwrongsecret").get("/v1/app").await;
    secrets.push(STANDARD.encode(format!("{}:anotherwrongsecret", client.key_id())));
    client.tencent(Method::GET, "GetVideoInfo", &[("fileId", "7")]).await;
    client.mns(Method::GET, "/queues", "").await;
    receiver.wait_for(3, PATIENCE).await.expect("events are told");

    assert!(server.stop());
    let log = server.log();
    assert!(
        20_000 < log.len() && log.contains("answered") && log.contains("TRACE"),
        "a full log: {}",
        log.len()
    );
    for secret in secrets {
        assert!(8 < secret.len(), "too short to look for: {secret}");
        let line = log.lines().find(|line| line.contains(&secret));
        assert_eq!(line, None, "{secret} was logged");
    }
}
