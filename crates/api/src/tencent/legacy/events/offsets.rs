//! `CreateSnapshotByTimeOffsetComplete`.

use serde::Serialize;
use stillframe_domain::MediaTime;
use stillframe_domain::event::SnapshotFact;
use stillframe_domain::outcome::PictureResult;

use crate::tencent::told::{Set, asked_and_result, url};
use crate::tencent::{status, task_id};

/// Stands for the offset of a picture that was asked for by percent of a video that could not be read.
const OFFSET_UNKNOWN: i64 = -1;

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Data {
    vod_task_id: String,
    file_id: String,
    definition: i64,
    pic_info: Vec<PicInfo>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct PicInfo {
    status: i64,
    /// Milliseconds, as asked.
    time_offset: i64,
    /// Left out when the picture failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    url: Option<String>,
}

/// Every picture that was asked for, in the order asked, whether taken or not.
pub(super) fn event(fact: &SnapshotFact, sets: &[Set<'_>]) -> (&'static str, super::Data) {
    let stills = || sets.iter().filter(|set| !set.is_sprite());
    let data = Data {
        vod_task_id: task_id::of_offsets(&fact.job_id),
        file_id: fact.media_id.to_string(),
        definition: stills().next().map_or(0, Set::definition),
        pic_info: stills().flat_map(|set| pic_infos(fact, set)).collect(),
    };
    ("CreateSnapshotByTimeOffsetComplete", super::Data::Offsets(data))
}

fn pic_infos(fact: &SnapshotFact, set: &Set<'_>) -> Vec<PicInfo> {
    let info = |(offset, result): (Option<MediaTime>, &PictureResult)| {
        pic_info(fact, offset.map_or(OFFSET_UNKNOWN, MediaTime::as_millis), result)
    };
    asked_and_result(set).into_iter().map(info).collect()
}

fn pic_info(fact: &SnapshotFact, time_offset: i64, result: &PictureResult) -> PicInfo {
    match result {
        PictureResult::Ok(taken) => PicInfo { status: 0, time_offset, url: Some(url(fact, &taken.key)) },
        PictureResult::Failed(failure) => {
            PicInfo { status: status::of_failure(failure.code), time_offset, url: None }
        }
    }
}
