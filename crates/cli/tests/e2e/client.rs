//! Clients of all dialects, signing as the vendors' own would.

use std::time::{Duration, Instant};

use reqwest::{Method, RequestBuilder, Response, StatusCode};
use serde_json::{Value, json};
use stillframe_signing::{alibaba_rpc, mns, tencent_v1};

use crate::server::PATIENCE;

/// A client with one access key.
#[derive(Clone)]
pub struct Client {
    http: reqwest::Client,
    pub url: String,
    key_id: String,
    secret: String,
}

/// Status and JSON of an answer.
pub type Answer = (StatusCode, Value);

impl Client {
    #[expect(clippy::disallowed_methods, reason = "a test's client talks to loopback")]
    pub fn new(url: &str, key_id: &str, secret: &str) -> Self {
        let http = reqwest::Client::builder().no_proxy().timeout(PATIENCE).build().expect("a client");
        Self { http, url: url.to_owned(), key_id: key_id.to_owned(), secret: secret.to_owned() }
    }

    /// The same key with another secret.
    pub fn with_secret(&self, secret: &str) -> Self {
        Self { secret: secret.to_owned(), ..self.clone() }
    }

    pub fn key_id(&self) -> &str {
        &self.key_id
    }

    fn native(&self, method: Method, path: &str) -> RequestBuilder {
        self.http.request(method, format!("{}{path}", self.url)).basic_auth(&self.key_id, Some(&self.secret))
    }

    pub async fn get(&self, path: &str) -> Answer {
        answer(self.native(Method::GET, path)).await
    }

    pub async fn post(&self, path: &str, body: &Value) -> Answer {
        answer(self.native(Method::POST, path).json(body)).await
    }

    pub async fn patch(&self, path: &str, body: &Value) -> Answer {
        answer(self.native(Method::PATCH, path).json(body)).await
    }

    pub async fn delete(&self, path: &str) -> StatusCode {
        self.native(Method::DELETE, path).send().await.expect("an answer").status()
    }

    /// Uploads a file by multipart.
    pub async fn upload(&self, path: &std::path::Path) -> Answer {
        let bytes = std::fs::read(path).expect("the clip can be read");
        let name = path.file_name().and_then(|name| name.to_str()).expect("a name").to_owned();
        self.upload_bytes(&name, bytes).await
    }

    pub async fn upload_bytes(&self, name: &str, bytes: Vec<u8>) -> Answer {
        let part = reqwest::multipart::Part::bytes(bytes).file_name(name.to_owned());
        let form = reqwest::multipart::Form::new().part("file", part);
        answer(self.native(Method::POST, "/v1/media").multipart(form)).await
    }

    /// Asks `path` until `is_done`, and gives the answer.
    pub async fn get_until(&self, path: &str, is_done: impl Fn(&Value) -> bool) -> Value {
        let start = Instant::now();
        loop {
            let (status, body) = self.get(path).await;
            if status.is_success() && is_done(&body) {
                return body;
            }
            assert!(start.elapsed() < PATIENCE, "{path} never came so far: {status} {body:#}");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// Waits for a job's end.
    pub async fn finished_job(&self, id: &str) -> Value {
        self.get_until(&format!("/v1/jobs/{id}"), |job| {
            ["completed", "discarded", "cancelled"].contains(&job["state"].as_str().unwrap_or_default())
        })
        .await
    }

    /// Waits until a video was probed or failed.
    pub async fn settled_media(&self, id: &str) -> Value {
        self.get_until(&format!("/v1/media/{id}"), |media| {
            ["ready", "failed"].contains(&media["state"].as_str().unwrap_or_default())
        })
        .await
    }

    /// A signed legacy request of the Tencent dialect.
    pub async fn tencent(&self, method: Method, action: &str, more: &[(&str, &str)]) -> Value {
        let request = self.tencent_request(method, action, more, now_s());
        let (status, body) = answer(request).await;
        assert_eq!(status, StatusCode::OK, "the legacy API always answers 200: {body}");
        body
    }

    /// A signed request of the Tencent dialect's API 2018-07-17; gives what stands in `Response`.
    pub async fn tencent_2018(&self, action: &str, more: &[(&str, &str)]) -> Value {
        let more = [&[("Version", "2018-07-17")], more].concat();
        let (status, mut body) = answer(self.tencent_v1(Method::POST, ("/", action), &more, now_s())).await;
        assert_eq!(status, StatusCode::OK, "API 3.0 always answers 200: {body}");
        body["Response"].take()
    }

    pub fn tencent_request(
        &self,
        method: Method,
        action: &str,
        more: &[(&str, &str)],
        timestamp_s: u64,
    ) -> RequestBuilder {
        self.tencent_v1(method, ("/v2/index.php", action), more, timestamp_s)
    }

    fn tencent_v1(
        &self,
        method: Method,
        (path, action): (&str, &str),
        more: &[(&str, &str)],
        timestamp_s: u64,
    ) -> RequestBuilder {
        let mut params = pairs(&[
            ("Action", action),
            ("Nonce", &nonce().to_string()),
            ("Region", "gz"),
            ("SecretId", &self.key_id),
            ("SignatureMethod", "HmacSHA256"),
            ("Timestamp", &timestamp_s.to_string()),
        ]);
        params.extend(pairs(more));
        let host = self.url.trim_start_matches("http://");
        let signature = tencent_v1::sign(
            &tencent_v1::Request { method: method.as_str(), host, path, params: &params },
            &self.secret,
        )
        .expect("the method is known");
        params.push((tencent_v1::SIGNATURE.to_owned(), signature));
        self.send_params(method, path, &params)
    }

    /// A signed request of the Alibaba dialect, answered in JSON.
    pub async fn alibaba(&self, action: &str, more: &[(&str, &str)]) -> Answer {
        answer(self.alibaba_request(Method::POST, action, more, "JSON")).await
    }

    pub fn alibaba_request(
        &self,
        method: Method,
        action: &str,
        more: &[(&str, &str)],
        format: &str,
    ) -> RequestBuilder {
        let timestamp = chrono_like(now_s());
        let mut params = pairs(&[
            ("AccessKeyId", &self.key_id),
            ("Action", action),
            ("Format", format),
            ("SignatureMethod", "HMAC-SHA1"),
            ("SignatureNonce", &nonce().to_string()),
            ("SignatureVersion", "1.0"),
            ("Timestamp", &timestamp),
            ("Version", "2017-03-21"),
        ]);
        params.extend(pairs(more));
        let signature = alibaba_rpc::sign(method.as_str(), &params, &self.secret);
        params.push((alibaba_rpc::SIGNATURE.to_owned(), signature));
        self.send_params(method, "/", &params)
    }

    /// A signed request of MNS; gives its status and its XML.
    pub async fn mns(&self, method: Method, resource: &str, body: &str) -> (StatusCode, String) {
        let at = chrono::DateTime::from_timestamp(i64::try_from(now_s()).expect("in range"), 0);
        let date = at.expect("in range").format("%a, %d %b %Y %H:%M:%S GMT").to_string();
        let headers =
            pairs(&[("Content-Type", "text/xml"), ("Date", &date), ("x-mns-version", "2015-06-06")]);
        let request = mns::Request { method: method.as_str(), resource, headers: &headers };
        let authorization = mns::sign(&request, &self.key_id, &self.secret);
        let mut request = self.http.request(method, format!("{}{resource}", self.url));
        for (name, value) in &headers {
            request = request.header(name, value);
        }
        let request = request.header("Authorization", authorization).body(body.to_owned());
        let response = request.send().await.expect("an answer");
        (response.status(), response.text().await.expect("a body"))
    }

    fn send_params(&self, method: Method, path: &str, params: &[(String, String)]) -> RequestBuilder {
        let mut url = url::Url::parse(&format!("{}{path}", self.url)).expect("a URL");
        let encoded = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(params).finish();
        if method == Method::POST {
            let kind = "application/x-www-form-urlencoded";
            self.http.post(url).header("content-type", kind).body(encoded)
        } else {
            url.set_query(Some(&encoded));
            self.http.request(method, url)
        }
    }

    /// A plain request, as a browser would send it.
    pub async fn fetch(&self, url: &str) -> Response {
        self.http.get(url).send().await.expect("an answer")
    }

    /// Fetches a picture and decodes it.
    pub async fn picture(&self, url: &str) -> image::RgbImage {
        let response = self.fetch(url).await;
        assert_eq!(response.status(), StatusCode::OK, "{url}");
        let bytes = response.bytes().await.expect("a body");
        image::load_from_memory(&bytes).unwrap_or_else(|error| panic!("{url}: {error}")).to_rgb8()
    }

    pub fn http(&self) -> &reqwest::Client {
        &self.http
    }

    /// Adds a clip by its path and gives the video.
    pub async fn add_clip(&self, clip: &std::path::Path) -> Value {
        let (status, media) = self.post("/v1/media", &json!({ "path": clip })).await;
        assert_eq!(status, StatusCode::CREATED, "{media}");
        media
    }
}

/// Sends a request and reads the answer; an answer that is not JSON is given as text.
pub async fn answer(request: RequestBuilder) -> Answer {
    let response = request.send().await.expect("an answer");
    let status = response.status();
    let text = response.text().await.expect("a body");
    let body = serde_json::from_str(&text).unwrap_or(Value::String(text));
    (status, body)
}

fn pairs(list: &[(&str, &str)]) -> Vec<(String, String)> {
    list.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

/// Unix seconds.
#[expect(clippy::disallowed_methods, reason = "the server under test has the machine's clock")]
pub fn now_s() -> u64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    since.expect("the clock is past 1970").as_secs()
}

fn nonce() -> u64 {
    use stillframe_domain::{OsRng, Rng as _};
    OsRng.next_u64() >> 16
}

/// `2026-11-24T01:02:03Z`.
fn chrono_like(unix_s: u64) -> String {
    chrono::DateTime::from_timestamp(i64::try_from(unix_s).expect("in range"), 0)
        .expect("in range")
        .format("%Y-%m-%dT%H:%M:%SZ")
        .to_string()
}
