//! What became of a task of the legacy API, in the words of this one.

use serde::Serialize;
use stillframe_domain::MediaTime;
use stillframe_domain::event::SnapshotFact;
use stillframe_domain::outcome::PictureResult;

use crate::tencent::told::{Set, asked_and_result, failure, sets, url};
use crate::tencent::{status, task_id};

/// Stands for the offset of a picture that was asked for by percent of a video that could not be read.
const OFFSET_UNKNOWN: i64 = -1;

/// `SnapshotByTimeOffsetTask2017`.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(in crate::tencent::v2018) struct Offsets {
    task_id: String,
    file_id: String,
    definition: i64,
    snapshot_info_set: Vec<SnapshotInfo>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct SnapshotInfo {
    err_code: i64,
    /// Milliseconds, as asked.
    time_offset: i64,
    /// Left out when the picture failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    url: Option<String>,
}

/// `CreateImageSpriteTask2017`.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(in crate::tencent::v2018) struct Sprite {
    task_id: String,
    err_code: i64,
    message: String,
    file_id: String,
    definition: i64,
    /// Small pictures over all sheets.
    total_count: usize,
    image_sprite_url_set: Vec<String>,
    web_vtt_url: String,
}

/// Every picture that was asked for, in the order asked, whether taken or not.
pub(in crate::tencent::v2018) fn offsets(fact: &SnapshotFact) -> Offsets {
    let sets = sets(fact);
    let stills = || sets.iter().filter(|set| !set.is_sprite());
    Offsets {
        task_id: task_id::of_offsets(&fact.job_id),
        file_id: fact.media_id.to_string(),
        definition: stills().next().map_or(0, Set::definition),
        snapshot_info_set: stills().flat_map(|set| infos(fact, set)).collect(),
    }
}

fn infos(fact: &SnapshotFact, set: &Set<'_>) -> Vec<SnapshotInfo> {
    let info = |(offset, result): (Option<MediaTime>, &PictureResult)| {
        let time_offset = offset.map_or(OFFSET_UNKNOWN, MediaTime::as_millis);
        match result {
            PictureResult::Ok(taken) => {
                SnapshotInfo { err_code: 0, time_offset, url: Some(url(fact, &taken.key)) }
            }
            PictureResult::Failed(failure) => {
                SnapshotInfo { err_code: status::of_failure(failure.code), time_offset, url: None }
            }
        }
    };
    asked_and_result(set).into_iter().map(info).collect()
}

/// The first sprite of the job.
pub(in crate::tencent::v2018) fn sprite(fact: &SnapshotFact) -> Sprite {
    let sets = sets(fact);
    let sprite = sets.iter().find(|set| set.is_sprite());
    let failure = sprite.map_or(fact.failure.as_ref(), |set| failure(&set.outcome));
    let taken = sprite.filter(|_| failure.is_none()).map(|set| &set.outcome);
    let sheets = taken.into_iter().flat_map(|outcome| &outcome.sheets);
    let vtt_key = taken.and_then(|outcome| outcome.vtt_key.as_ref());
    Sprite {
        task_id: task_id::of_sprite(&fact.job_id),
        err_code: failure.map_or(0, |failure| status::of_failure(failure.code)),
        message: failure.map_or_else(String::new, |failure| failure.message.clone()),
        file_id: fact.media_id.to_string(),
        definition: sprite.map_or(0, Set::definition),
        total_count: taken.map_or(0, |outcome| outcome.taken().count()),
        image_sprite_url_set: sheets.map(|sheet| url(fact, &sheet.key)).collect(),
        web_vtt_url: vtt_key.map_or_else(String::new, |key| url(fact, key)),
    }
}
