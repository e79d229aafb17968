//! `CreateImageSpriteComplete`.

use serde::Serialize;
use stillframe_domain::event::SnapshotFact;

use crate::tencent::told::{Set, failure, url};
use crate::tencent::{status, task_id};

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Data {
    status: i64,
    message: String,
    vod_task_id: String,
    file_id: String,
    /// Left out when the sprite failed.
    #[serde(flatten)]
    sprite: Option<Sprite>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Sprite {
    definition: i64,
    /// Small pictures over all sheets.
    total_count: usize,
    image_sprite_url: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    web_vtt_url: Option<String>,
}

/// The first sprite of the job; a failed one keeps only its status and message.
pub(super) fn event(fact: &SnapshotFact, sets: &[Set<'_>]) -> (&'static str, super::Data) {
    let sprite = sets.iter().find(|set| set.is_sprite());
    let failure = sprite.map_or(fact.failure.as_ref(), |set| failure(&set.outcome));
    let data = Data {
        status: failure.map_or(0, |failure| status::of_failure(failure.code)),
        message: failure.map_or_else(String::new, |failure| failure.message.clone()),
        vod_task_id: task_id::of_sprite(&fact.job_id),
        file_id: fact.media_id.to_string(),
        sprite: sprite.filter(|_| failure.is_none()).map(|set| Sprite {
            definition: set.definition(),
            total_count: set.outcome.taken().count(),
            image_sprite_url: set.outcome.sheets.iter().map(|sheet| url(fact, &sheet.key)).collect(),
            web_vtt_url: set.outcome.vtt_key.as_ref().map(|key| url(fact, key)),
        }),
    };
    ("CreateImageSpriteComplete", super::Data::Sprite(data))
}
