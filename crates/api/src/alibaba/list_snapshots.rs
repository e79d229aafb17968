//! `ListSnapshots`: the pictures of one type of the video's newest successful job.

use serde_json::{Value, json};
use stillframe_domain::{App, Taken};
use stillframe_service::{LatestOutput, Service};

use super::error::Refusal;
use super::handle::Answer;
use super::params::Params;
use super::submit_snapshot_job::video_id;
use super::{outputs, time};

const PAGE_SIZE_DEFAULT: i64 = 20;
const PAGE_SIZE_MAX: i64 = 100;

/// One page of pictures. A video that has none of the type yet has an empty list.
pub(super) async fn run(service: &Service, app: &App, params: &Params) -> Result<Answer, Refusal> {
    let media_name = video_id(params)?;
    let wanted = params.find("SnapshotType").unwrap_or("CoverSnapshot");
    let kind = outputs::LISTED.into_iter().find(|(name, _)| *name == wanted).map(|(_, kind)| kind);
    let kind = kind.ok_or_else(|| Refusal::invalid("SnapshotType"))?;
    let page = usize_of(params.number("PageNo", 1..=i64::from(u32::MAX))?.unwrap_or(1));
    let page_size = usize_of(params.number("PageSize", 1..=PAGE_SIZE_MAX)?.unwrap_or(PAGE_SIZE_DEFAULT));
    let media = service.find_media(app, &media_name).await?;
    let Some(found) = service.latest_output(app, &media, kind).await? else {
        let empty = json!({ "Total": 0, "Snapshots": { "Snapshot": [] } });
        return Ok(Answer::from_iter([("MediaSnapshot".to_owned(), empty)]));
    };
    let keys = object_keys(&found);
    let first = page_size.saturating_mul(page - 1);
    let snapshot =
        |(k, key): (usize, &String)| json!({ "Index": k + 1, "Url": service.picture_url(app, key) });
    let snapshots: Vec<Value> = keys.iter().enumerate().skip(first).take(page_size).map(snapshot).collect();
    let rule = outputs::key_rule(&media.video_id, &found.output);
    let document = json!({
        "CreationTime": time::write(found.job.created_at),
        "JobId": outputs::job_id(&found.job.id, &found.job.outputs, &found.output),
        "Regular": service.picture_url(app, &rule),
        "Total": keys.len(),
        "Snapshots": { "Snapshot": snapshots },
    });
    Ok(Answer::from_iter([("MediaSnapshot".to_owned(), document)]))
}

/// Keys of an output's objects by their numbers: sheets of a sprite, else pictures.
pub(super) fn object_keys(found: &LatestOutput) -> Vec<String> {
    let sheets = &found.outcome.sheets;
    if !sheets.is_empty() {
        return sheets.iter().map(|sheet| sheet.key.clone()).collect();
    }
    let mut taken: Vec<&Taken> = found.outcome.taken().collect();
    taken.sort_by_key(|taken| taken.number);
    taken.into_iter().map(|taken| taken.key.clone()).collect()
}

fn usize_of(number: i64) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}
