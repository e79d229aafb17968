//! A client of all dialects, signing as the clouds' own clients do.

use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use reqwest::RequestBuilder;
use reqwest::multipart::Form;
use serde_json::{Value, json};
use stillframe_domain::{Clock as _, OsRng, Rng as _, SystemClock};
use stillframe_signing::percent::encode_pairs;
use stillframe_signing::{alibaba_rpc, tencent_v1};
use tokio::time::{Instant, sleep};

use super::clip::Input;

/// Longest wait for one answer, and for a video to be ready.
const TIMEOUT: Duration = Duration::from_secs(120);
/// Wait between looks at a video.
const POLL: Duration = Duration::from_millis(100);
/// The legacy API's only path.
const TENCENT_PATH: &str = "/v2/index.php";

/// Speaks to the service with one access key.
pub struct Client {
    http: reqwest::Client,
    url: String,
    key_id: String,
    secret: String,
}

impl Client {
    /// A client with an access key.
    ///
    /// # Errors
    /// When the HTTP client cannot be built.
    #[expect(clippy::disallowed_methods, reason = "a client of our own service on loopback")]
    pub fn new(url: &str, key_id: &str, secret: &str) -> Result<Self> {
        let http = reqwest::Client::builder().no_proxy().timeout(TIMEOUT).build()?;
        Ok(Self { http, url: url.to_owned(), key_id: key_id.to_owned(), secret: secret.to_owned() })
    }

    /// A native POST.
    ///
    /// # Errors
    /// When the answer is no success.
    pub async fn post(&self, path: &str, body: &Value) -> Result<Value> {
        self.native(self.http.post(self.at(path)).json(body)).await
    }

    /// Adds a video and waits until pictures can be taken from it.
    ///
    /// # Errors
    /// When it is refused, or turns out to be no video.
    pub async fn add(&self, input: &Input) -> Result<Value> {
        let added = match input {
            Input::Upload(path) => self.upload(path).await?,
            Input::LocalFile(path) => self.post("/v1/media", &json!({ "path": path })).await?,
            Input::Url(url) => self.post("/v1/media", &json!({ "url": url })).await?,
        };
        let path = format!("/v1/media/{}", super::text(&added, "/id")?);
        let deadline = Instant::now() + TIMEOUT;
        loop {
            let media = self.native(self.http.get(self.at(&path))).await?;
            match super::text(&media, "/state")? {
                "ready" => return Ok(media),
                "failed" => bail!("the video cannot be used: {}", media["failure"]),
                _ if deadline < Instant::now() => bail!("the video is not ready after {TIMEOUT:?}: {media}"),
                _ => sleep(POLL).await,
            }
        }
    }

    async fn upload(&self, path: &Path) -> Result<Value> {
        let form = Form::new().file("file", path).await.context("cannot read the sample clip")?;
        self.native(self.http.post(self.at("/v1/media")).multipart(form)).await
    }

    async fn native(&self, request: RequestBuilder) -> Result<Value> {
        json_of(request.basic_auth(&self.key_id, Some(&self.secret))).await
    }

    /// A request of Tencent's legacy API.
    ///
    /// # Errors
    /// When its `code` is not 0.
    pub async fn tencent(&self, action: &str, more: &[(&str, String)]) -> Result<Value> {
        let mut params = pairs(&[
            ("Action", action.to_owned()),
            ("Nonce", (OsRng.next_u64() >> 32).to_string()),
            ("Region", "gz".to_owned()),
            ("SecretId", self.key_id.clone()),
            ("SignatureMethod", "HmacSHA256".to_owned()),
            ("Timestamp", SystemClock.now().as_secs().to_string()),
        ]);
        params.extend(pairs(more));
        let host = self.url.trim_start_matches("http://");
        let request = tencent_v1::Request { method: "GET", host, path: TENCENT_PATH, params: &params };
        let signature = tencent_v1::sign(&request, &self.secret)?;
        params.push((tencent_v1::SIGNATURE.to_owned(), signature));
        let path_and_query = format!("{TENCENT_PATH}?{}", encode_pairs(&params));
        let answer = json_of(self.http.get(self.at(&path_and_query))).await?;
        if answer["code"] == 0 { Ok(answer) } else { bail!("{action} was refused: {answer}") }
    }

    /// A request of Alibaba's RPC API.
    ///
    /// # Errors
    /// When the answer is no success.
    pub async fn alibaba(&self, action: &str, more: &[(&str, String)]) -> Result<Value> {
        let now = chrono::DateTime::from_timestamp(SystemClock.now().as_secs(), 0).context("no such time")?;
        let mut params = pairs(&[
            ("AccessKeyId", self.key_id.clone()),
            ("Action", action.to_owned()),
            ("Format", "JSON".to_owned()),
            ("SignatureMethod", "HMAC-SHA1".to_owned()),
            ("SignatureNonce", format!("{:016x}", OsRng.next_u64())),
            ("SignatureVersion", "1.0".to_owned()),
            ("Timestamp", now.format("%Y-%m-%dT%H:%M:%SZ").to_string()),
            ("Version", "2017-03-21".to_owned()),
        ]);
        params.extend(pairs(more));
        let signature = alibaba_rpc::sign("POST", &params, &self.secret);
        params.push((alibaba_rpc::SIGNATURE.to_owned(), signature));
        let form = self.http.post(self.at("/")).header("content-type", "application/x-www-form-urlencoded");
        json_of(form.body(encode_pairs(&params))).await
    }

    /// Fetches a picture as anybody would, without a key.
    ///
    /// # Errors
    /// When the answer is no success.
    pub async fn fetch(&self, url: &str) -> Result<Vec<u8>> {
        let response = self.http.get(url).send().await?.error_for_status()?;
        Ok(response.bytes().await?.to_vec())
    }

    fn at(&self, path: &str) -> String {
        format!("{}{path}", self.url)
    }
}

async fn json_of(request: RequestBuilder) -> Result<Value> {
    let response = request.send().await.context("the service does not answer")?;
    let status = response.status();
    let text = response.text().await?;
    if !status.is_success() {
        bail!("the service answered {status}: {text}");
    }
    serde_json::from_str(&text).with_context(|| format!("the service answered no JSON: {text}"))
}

fn pairs(list: &[(&str, String)]) -> Vec<(String, String)> {
    list.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect()
}
