//! Objects: what is reported is there, whole; what is there is referred to.

use std::collections::BTreeSet;

use stillframe_database::{Jobs as _, MediaStore as _};
use stillframe_domain::media::Cover;
use stillframe_domain::{Job, Media, MediaSource, OutputOutcome, object_key};
use stillframe_storage::{ObjectKey, Storage as _};

use crate::storage::read_whole;
use crate::world::World;

/// Checks that every object of some outcomes is in the store with the size that is told.
pub fn check_reported(world: &World, whose: &str, outcomes: &[OutputOutcome]) {
    for (key, size_bytes) in outcomes.iter().flat_map(reported) {
        let found = ObjectKey::parse(&key).ok().and_then(|key| read_whole(world, &key));
        match found {
            None => world.violated(format!("{whose} reports {key}, which is not there")),
            Some(bytes) if size_bytes.is_some_and(|size| size != bytes.len() as u64) => {
                world.violated(format!("{whose} reports {key}, of which {} bytes are there", bytes.len()));
            }
            Some(_) => {}
        }
        world.ledger().reported.insert(key);
    }
}

/// Checks at the end of a run that nothing is missing and nothing is left over.
pub fn check_at_end(world: &World, media: &[Media], jobs: &[Job]) {
    let mut referenced = BTreeSet::new();
    for video in media {
        if let MediaSource::Object { key } = &video.source {
            referenced.insert(key.clone());
        }
        if let Some(Cover::Object(key)) = &video.cover {
            referenced.insert(key.clone());
        }
    }
    for job in jobs {
        check_reported(world, "a result of before", &job.outcomes);
        referenced.extend(job.outcomes.iter().flat_map(reported).map(|(key, _)| key));
    }
    let storage = world.storage();
    let there = world.call(storage.list("")).expect("the store can be listed");
    let there: BTreeSet<String> = there.iter().map(ToString::to_string).collect();
    for key in referenced.difference(&there) {
        world.violated(format!("{key} is referred to and is not there"));
    }
    // Covers that were brought stay as long as their video.
    let stays = |key: &&String| {
        object_key::is_brought_cover(key)
            && media.iter().any(|video| key.starts_with(video.video_id.as_str()))
    };
    for key in there.difference(&referenced).filter(|key| !stays(key)) {
        world.violated(format!("{key} is there and nothing refers to it"));
    }
    let incoming = std::fs::read_dir(world.dir.join("objects").join(".incoming\\"));
    let left = incoming.map_or(0, |entries| entries.flatten().filter(|e| e.file_name() != "lock").count());
    if left != 0 {
        world.violated(format!("{left} torn writes were left behind"));
    }
}

/// All videos and jobs of the app, by the database's own lists.
pub fn list_all(world: &World) -> (Vec<Media>, Vec<Job>) {
    let (database, app_id) = (world.database(), world.app_id());
    let media = world.call(database.list_media(app_id, None, 1_000)).expect("videos can be listed");
    let jobs =
        world.call(database.list_jobs(app_id, &stillframe_database::JobFilter::default(), None, 1_000));
    (media.items, jobs.expect("jobs can be listed").items)
}

/// Keys of an outcome, with their sizes where they are told.
fn reported(outcome: &OutputOutcome) -> Vec<(String, Option<u64>)> {
    let taken = outcome.taken().filter(|taken| !taken.key.is_empty());
    let mut keys: Vec<_> = taken.map(|taken| (taken.key.clone(), Some(taken.size_bytes))).collect();
    keys.extend(outcome.sheets.iter().map(|sheet| (sheet.key.clone(), Some(sheet.size_bytes))));
    keys.extend(outcome.vtt_key.clone().map(|key| (key, None)));
    keys
}
