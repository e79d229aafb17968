//! Signed requests to the server under load.

use anyhow::{Context, Result, bail};
use reqwest::multipart::{Form, Part};
use serde_json::Value;
use stillframe_domain::{Clock as _, OsRng, Rng as _, SystemClock};
use stillframe_signing::percent::encode_pairs;
use stillframe_signing::tencent_v1;

use super::server::{KEY_ID, SECRET};

/// A client of one server. Cheap to clone.
#[derive(Clone)]
pub struct Client {
    http: reqwest::Client,
    url: String,
}

impl Client {
    /// A client of the server at that URL.
    ///
    /// # Errors
    /// When the HTTP client cannot be built.
    #[expect(clippy::disallowed_methods, reason = "a client of our own service on loopback")]
    pub fn new(url: &str) -> Result<Self> {
        let http = reqwest::Client::builder().no_proxy().build()?;
        Ok(Self { http, url: url.to_owned() })
    }

    /// Uploads a file of text, which becomes a video whose every job fails at once: then the queue and
    /// not the decoder is what is measured. Gives its decimal id.
    ///
    /// # Errors
    /// When it is refused.
    pub async fn upload_text(&self) -> Result<String> {
        let part = Part::bytes(b"this is no video".to_vec()).file_name("text.mp4");
        let request = self.http.post(format!("{}/v1/media", self.url));
        let answer = request.basic_auth(KEY_ID, Some(SECRET)).multipart(Form::new().part("file", part));
        let media: Value = answer.send().await?.error_for_status()?.json().await?;
        Ok(media["id"].as_str().context("a video without an id")?.to_owned())
    }

    /// A request of Tencent's legacy API.
    ///
    /// # Errors
    /// When its `code` is not 0.
    pub async fn legacy(&self, action: &str, more: &[(String, String)]) -> Result<Value> {
        let answer = self.tencent("/v2/index.php", action, more).await?;
        if answer["code"] == 0 { Ok(answer) } else { bail!("{action} was refused: {answer}") }
    }

    /// A request of API 2018-07-17.
    ///
    /// # Errors
    /// When it has an error.
    pub async fn v2018(&self, action: &str, more: &[(String, String)]) -> Result<Value> {
        let version = [("Version".to_owned(), "2018-07-17".to_owned())];
        let mut answer = self.tencent("/", action, &[more, &version].concat()).await?;
        let response = answer["Response"].take();
        if response["Error"].is_null() { Ok(response) } else { bail!("{action} was refused: {response}") }
    }

    async fn tencent(&self, path: &str, action: &str, more: &[(String, String)]) -> Result<Value> {
        let pair = |name: &str, value: String| (name.to_owned(), value);
        let mut params = vec![
            pair("Action", action.to_owned()),
            pair("Nonce", (OsRng.next_u64() >> 1).to_string()),
            pair("Region", "gz".to_owned()),
            pair("SecretId", KEY_ID.to_owned()),
            pair("SignatureMethod", "HmacSHA256".to_owned()),
            pair("Timestamp", SystemClock.now().as_secs().to_string()),
        ];
        params.extend_from_slice(more);
        let host = self.url.trim_start_matches("http://");
        let request = tencent_v1::Request { method: "GET", host, path, params: &params };
        let signature = tencent_v1::sign(&request, SECRET)?;
        params.push((tencent_v1::SIGNATURE.to_owned(), signature));
        let url = format!("{}{path}?{}", self.url, encode_pairs(&params));
        Ok(self.http.get(url).send().await?.error_for_status()?.json().await?)
    }
}
