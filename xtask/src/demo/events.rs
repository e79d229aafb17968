//! The requests of both dialects, and the events that must follow.

use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use serde_json::{Value, json};
use stillframe_testkit::WebhookReceiver;
use stillframe_testkit::receiver::Received;
use tokio::time::Instant;

use super::client::Client;
use super::text;

/// Longest wait for the events.
const TIMEOUT: Duration = Duration::from_secs(120);
/// What the caller has passed through.
const EXTEND: &str = "stillframe demo";
/// Most pictures of the Alibaba job.
const COUNT: u64 = 4;

/// The times that are asked for, chosen by the video's length.
pub struct Offsets {
    /// Length of the video.
    pub duration_ms: u64,
    /// Three in the video, not in their order, and one past the end.
    tencent_ms: [u64; 4],
    first_ms: u64,
    interval_s: u64,
}

impl Offsets {
    /// Times for a video that the native API describes.
    ///
    /// # Errors
    /// When its length is unknown.
    pub fn of(media: &Value) -> Result<Self> {
        let duration_ms = media["facts"]["duration_ms"].as_u64().context("the video has no duration")?;
        let part = |percent: u64| duration_ms * percent / 100;
        Ok(Self {
            duration_ms,
            tencent_ms: [part(80), part(20), part(50), duration_ms + 60_000],
            first_ms: part(10),
            interval_s: (duration_ms / 5_000).max(1),
        })
    }

    /// How many pictures the Alibaba job must give: until `COUNT` or the end, whichever is first.
    fn series_count(&self) -> u64 {
        let time = |k| self.first_ms + k * self.interval_s * 1000;
        (0..COUNT).filter(|k| time(*k) < self.duration_ms).count() as u64
    }
}

/// Asks for pictures as a client of Tencent Cloud; gives the answer.
///
/// # Errors
/// When the request is refused.
pub async fn request_tencent(app: &Client, media: &Value, offsets: &Offsets) -> Result<Value> {
    let mut params = vec![("fileId", text(media, "/id")?.to_owned()), ("definition", "10".to_owned())];
    let names = ["timeOffset.0", "timeOffset.1", "timeOffset.2", "timeOffset.3"];
    params.extend(names.into_iter().zip(offsets.tencent_ms.map(|ms| ms.to_string())));
    app.tencent("CreateSnapshotByTimeOffset", &params).await
}

/// Asks for pictures as a client of Alibaba Cloud; gives the answer.
///
/// # Errors
/// When the request is refused.
pub async fn request_alibaba(app: &Client, media: &Value, offsets: &Offsets) -> Result<Value> {
    let params = [
        ("VideoId", text(media, "/video_id")?.to_owned()),
        ("SpecifiedOffsetTime", offsets.first_ms.to_string()),
        ("Interval", offsets.interval_s.to_string()),
        ("Count", COUNT.to_string()),
        ("UserData", json!({ "Extend": EXTEND }).to_string()),
    ];
    app.alibaba("SubmitSnapshotJob", &params).await
}

/// The three bodies that the receiver must get.
pub struct Told {
    tencent: Value,
    covers: Value,
    job: Value,
}

/// Waits for all three.
///
/// # Errors
/// When one of them does not come in time.
pub async fn wait_for_callbacks(receiver: &WebhookReceiver) -> Result<Told> {
    let received = match receiver.wait_until(TIMEOUT, |received| pick(received).is_some()).await {
        Ok(received) => received,
        Err(missing) => {
            let paths: Vec<_> =
                missing.received.iter().map(|one| format!("{} {}", one.path, one.text())).collect();
            bail!("not all callbacks came: {missing}\n{}", paths.join("\n"));
        }
    };
    pick(&received).context("the callbacks were there a moment ago")
}

fn pick(received: &[Received]) -> Option<Told> {
    let find = |path: &str, sub_type: Option<&str>| {
        let mut bodies = received.iter().filter(|one| one.path == path).filter_map(Received::json);
        bodies.find(|body| body.get("SubType").and_then(Value::as_str) == sub_type)
    };
    Some(Told {
        tencent: find("/tencent", None)?,
        covers: find("/alibaba", None)?,
        job: find("/alibaba", Some("SpecifiedTime"))?,
    })
}

impl Told {
    /// Prints the bodies.
    pub fn print(&self) {
        for body in [&self.covers, &self.tencent, &self.job] {
            println!("{body:#}");
        }
    }

    /// Compares the bodies with what was asked for; gives the URLs of all pictures.
    ///
    /// # Errors
    /// Names what is missing.
    pub fn check(&self, offsets: &Offsets) -> Result<Vec<String>> {
        let mut urls = tencent_urls(&self.tencent, offsets)?;
        urls.extend(alibaba_urls(&self.job, "NormalSnapshot", Some(offsets.series_count()))?);
        ensure!(self.job["Extend"] == EXTEND, "Extend did not come back: {}", self.job);
        urls.extend(alibaba_urls(&self.covers, "CoverSnapshot", None)?);
        urls.extend(alibaba_urls(&self.covers, "SpriteSnapshot", Some(1))?);
        let cover = text(&self.covers, "/CoverUrl")?;
        ensure!(urls.iter().any(|url| url == cover), "CoverUrl {cover} is none of the covers");
        Ok(urls)
    }
}

/// URLs of a time-offset event: three pictures in the order asked, and the fourth failed.
///
/// # Errors
/// When the event says anything else.
pub fn tencent_urls(event: &Value, offsets: &Offsets) -> Result<Vec<String>> {
    ensure!(
        event["version"] == "4.0" && event["eventType"] == "CreateSnapshotByTimeOffsetComplete",
        "{event}"
    );
    let pictures = event.pointer("/data/picInfo").and_then(Value::as_array).context("no picInfo")?;
    let times: Vec<_> = pictures.iter().filter_map(|picture| picture["timeOffset"].as_u64()).collect();
    ensure!(times == offsets.tencent_ms, "asked for {:?}, told of {times:?}", offsets.tencent_ms);
    let (good, late) = pictures.split_at(3);
    ensure!(late.iter().all(|picture| picture["status"] != 0 && picture.get("url").is_none()), "{event}");
    ensure!(good.iter().all(|picture| picture["status"] == 0), "a picture failed: {event}");
    good.iter().map(|picture| text(picture, "/url").map(str::to_owned)).collect()
}

/// URLs of one kind of pictures of a snapshot event, expanded from its rule.
fn alibaba_urls(event: &Value, kind: &str, expected: Option<u64>) -> Result<Vec<String>> {
    ensure!(event["EventType"] == "SnapshotComplete" && event["Status"] == "success", "{event}");
    let infos = event["SnapshotInfos"].as_array().context("no SnapshotInfos")?;
    let info = infos.iter().find(|info| info["SnapshotType"] == kind);
    let info = info.with_context(|| format!("no {kind} in {event}"))?;
    let count = info["SnapshotCount"].as_u64().context("no SnapshotCount")?;
    ensure!(expected.is_none_or(|expected| expected == count), "{kind}: {count} pictures, not {expected:?}");
    ensure!(0 < count, "{kind}: no picture");
    let rule = text(info, "/SnapshotRegular")?;
    Ok((1..=count).map(|number| rule.replace("{SnapshotCount}", &format!("{number:05}"))).collect())
}

/// Pulls until an event is there, prints it, and confirms it; gives its content.
///
/// # Errors
/// When no event comes in time, or the confirmation is refused.
pub async fn pull_and_confirm(app: &Client) -> Result<Value> {
    let deadline = Instant::now() + TIMEOUT;
    let pulled = loop {
        let pulled = app.tencent("PullEvent", &[]).await?;
        if pulled["eventList"].as_array().is_some_and(|events| !events.is_empty()) {
            break pulled;
        }
        ensure!(Instant::now() < deadline, "no event to pull after {TIMEOUT:?}");
    };
    println!("PullEvent gave\n{pulled:#}");
    let handle = text(&pulled, "/eventList/0/msgHandle")?.to_owned();
    let confirmed = app.tencent("ConfirmEvent", &[("msgHandle.0", handle)]).await?;
    println!("ConfirmEvent gave\n{confirmed:#}");
    Ok(pulled["eventList"][0]["eventContent"].clone())
}
