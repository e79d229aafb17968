//! Acceptance, pulling and confirming over Tencent's APIs.

use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use serde_json::Value;

use super::Options;
use super::client::Client;
use super::load::{End, Measured, put};
use super::server::Server;

/// Requests in a second that are to be accepted.
const ACCEPTED_GOAL: f64 = 2_000.0;
/// Events in a second that are to be pulled and confirmed.
const EVENTS_GOAL: f64 = 5_000.0;
/// How long the events of all accepted jobs may take to come.
const PATIENCE: Duration = Duration::from_secs(300);
const LOOK: Duration = Duration::from_millis(200);

/// Puts both loads on a fresh server: what the first one has accepted, the second one pulls.
///
/// # Errors
/// When the server refuses a request.
pub async fn run(files: &Path, options: &Options) -> Result<Vec<Measured>> {
    let server = Server::start(files)?;
    let client = Client::new(&server.url)?;
    let file_id = client.upload_text().await?;
    wait_for(&client, 0).await?;
    let accepted = accept(&server, &client, options, &file_id).await?;
    wait_for(&client, accepted.count()).await?;
    let step = {
        let client = client.clone();
        move || pull_and_confirm(client.clone())
    };
    let name = "PullEvents + ConfirmEvents by 16, signed by HmacSHA256: events";
    let pulled = put(
        &server,
        (name, Some(EVENTS_GOAL)),
        options.connections.min(16),
        End::Reached(accepted.count()),
        step,
    )
    .await?;
    Ok(vec![accepted, pulled])
}

async fn accept(server: &Server, client: &Client, options: &Options, file_id: &str) -> Result<Measured> {
    let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    let params = [pair("definition", "10"), pair("fileId", file_id), pair("timeOffset.0", "1000")];
    let client = client.clone();
    let step = move || {
        let (client, params) = (client.clone(), params.clone());
        async move { client.legacy("CreateSnapshotByTimeOffset", &params).await.map(|_| 1) }
    };
    let name = "CreateSnapshotByTimeOffset accepted, while its jobs run: requests";
    put(server, (name, Some(ACCEPTED_GOAL)), options.connections, End::After(options.time()), step).await
}

/// Waits until so many events wait to be pulled.
async fn wait_for(client: &Client, count: u64) -> Result<()> {
    let deadline = tokio::time::Instant::now() + PATIENCE;
    loop {
        let state = client.v2018("DescribeEventsState", &[]).await?;
        let waiting = state["CountOfEventsToPull"].as_u64().context("no count of events")?;
        if count <= waiting {
            return Ok(());
        }
        if deadline < tokio::time::Instant::now() {
            bail!("{waiting} of {count} events came within {PATIENCE:?}");
        }
        tokio::time::sleep(LOOK).await;
    }
}

/// Pulls up to 16 events and confirms them; says how many.
async fn pull_and_confirm(client: Client) -> Result<u64> {
    let pulled = client.v2018("PullEvents", &[]).await?;
    let events = pulled["EventSet"].as_array().map(Vec::as_slice).unwrap_or_default();
    let handle = |(k, event): (usize, &Value)| {
        let handle = event["EventHandle"].as_str().context("an event without a handle")?;
        Ok((format!("EventHandles.{k}"), handle.to_owned()))
    };
    let handles = events.iter().enumerate().map(handle).collect::<Result<Vec<_>>>()?;
    if !handles.is_empty() {
        client.v2018("ConfirmEvents", &handles).await?;
    }
    Ok(handles.len() as u64)
}
