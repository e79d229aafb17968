//! The main job as a newcomer sees it: one video, both dialects, both events, pictures over HTTP.
//!
//! Runs the real binary on a fresh directory and speaks to it as a cloud's client would, with signed
//! requests. Whatever is missing or wrong ends it with the reason.

mod client;
mod clip;
mod events;
mod pictures;
mod server;
mod steps;

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use serde_json::{Value, json};
use stillframe_testkit::WebhookReceiver;

use self::client::Client;
use self::clip::Input;
use self::events::Offsets;
use self::server::Server;
use self::steps::Steps;

/// What the demo is run on.
#[derive(clap::Args)]
pub struct Options {
    /// A video: a path, or an http(s) URL; without it a sample clip is made.
    input: Option<String>,
    /// Leaves the service running, and its data in place.
    #[arg(long)]
    keep: bool,
}

/// Runs the demo.
///
/// # Errors
/// When anything that was promised is missing.
pub fn run(options: &Options) -> Result<()> {
    let runtime = tokio::runtime::Runtime::new().context("cannot start the runtime")?;
    let folder = tempfile::Builder::new().prefix("stillframe-demo-").tempdir()?;
    let outcome = runtime.block_on(tell(options, folder.path()));
    // Pictures are for looking at, and a log for finding out what went wrong.
    if outcome.is_ok() || server::log_in(folder.path()).is_file() {
        println!("everything is in {}", folder.keep().display());
    }
    outcome
}

async fn tell(options: &Options, folder: &Path) -> Result<()> {
    let mut steps = Steps::default();

    steps.begin("the video");
    let input = match &options.input {
        Some(input) => Input::parse(input)?,
        None => Input::Upload(clip::make_sample(folder)?),
    };
    println!("{input}");

    steps.begin("start the service and a receiver of callbacks");
    let server = Server::start(folder, input.local_root()).await?;
    let receiver = WebhookReceiver::start().await;
    println!("service   {}\ncallbacks {}", server.url, receiver.url("/"));

    let app = server.default_app()?;
    steps.begin("add the video; its automatic covers and their SnapshotComplete come by themselves");
    subscribe(&app, &receiver).await?;
    let media = app.add(&input).await?;
    let offsets = Offsets::of(&media)?;
    println!("fileId {}\nvideoId {}\nduration {} ms", media["id"], media["video_id"], offsets.duration_ms);

    steps.begin("Tencent: CreateSnapshotByTimeOffset, the last offset lies past the end");
    println!("{}", events::request_tencent(&app, &media, &offsets).await?);
    steps.begin("Alibaba: SubmitSnapshotJob with Count, Interval and UserData.Extend");
    println!("{}", events::request_alibaba(&app, &media, &offsets).await?);

    steps.begin("what the receiver got");
    let told = events::wait_for_callbacks(&receiver).await?;
    told.print();
    let mut urls = told.check(&offsets)?;

    steps.begin("the same in a second app that is set to pull: PullEvent, then ConfirmEvent");
    let second = server.create_pulling_app()?;
    let media = second.add(&input).await?;
    events::request_tencent(&second, &media, &offsets).await?;
    let pulled = events::pull_and_confirm(&second).await?;
    urls.extend(events::tencent_urls(&pulled, &offsets)?);

    steps.begin("fetch every picture and decode it");
    pictures::fetch(&app, &urls, &folder.join("pictures")).await?;

    steps.finish();
    finish(options.keep, server, folder, &input)
}

/// Two endpoints in the clouds' formats, each for the jobs of its cloud.
async fn subscribe(app: &Client, receiver: &WebhookReceiver) -> Result<()> {
    for (path, format, origin) in [("/tencent", "tencent-4.0", "tencent"), ("/alibaba", "alibaba", "alibaba")]
    {
        let endpoint = json!({ "url": receiver.url(path), "format": format, "origins": [origin] });
        app.post("/v1/endpoints", &endpoint).await?;
    }
    Ok(())
}

fn finish(keep: bool, server: Server, folder: &Path, input: &Input) -> Result<()> {
    if keep {
        server.leave_running();
        return Ok(());
    }
    drop(server);
    std::fs::remove_dir_all(folder.join("data")).context("cannot remove the data directory")?;
    match input {
        Input::Upload(sample) => std::fs::remove_file(sample).context("cannot remove the sample clip"),
        Input::LocalFile(_) | Input::Url(_) => Ok(()),
    }
}

/// The text at `pointer` of a JSON document.
fn text<'a>(document: &'a Value, pointer: &str) -> Result<&'a str> {
    let found = document.pointer(pointer).and_then(Value::as_str);
    found.with_context(|| format!("no text at {pointer} in {document}"))
}

/// The folder of the binaries that were built together with this one.
fn binaries() -> Result<PathBuf> {
    let own = std::env::current_exe().context("cannot find this binary")?;
    let folder = own.parent().context("this binary is in no folder")?;
    Ok(folder.to_owned())
}
