//! The objects on the disk: each picture of a result is there and whole, and nothing is there that no result
//! names, but the bytes of uploads that were never promised.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::ledger::Ledger;

/// Compares the store's folder with the results.
pub fn all_are_whole_and_referred_to(
    data_dir: &Path,
    jobs: &[Value],
    media: &[Value],
    ledger: &Ledger,
) -> Vec<String> {
    let root = data_dir.join("objects");
    let mut faults = Vec::new();
    let mut named = BTreeSet::new();
    for job in jobs.iter().filter(|job| job["kind"] == "snapshot") {
        for picture in job["outputs"][0]["pictures"].as_array().expect("pictures") {
            if picture["status"] != "ok" {
                faults.push(format!("a picture of job {} was not taken: {picture}", job["id"]));
                continue;
            }
            let url = picture["url"].as_str().expect("a URL");
            let key = url.split_once("/media/").map_or(url, |(_, key)| key).to_owned();
            if let Err(error) = image::open(root.join(&key)) {
                faults.push(format!("lost: {key} is no whole picture: {error}"));
            }
            named.insert(key);
        }
    }
    let known: BTreeSet<&str> = media.iter().filter_map(|one| one["video_id"].as_str()).collect();
    let mut unpromised = BTreeSet::new();
    for key in files(&root) {
        let folder = key.split('/').next().unwrap_or_default();
        if key.contains("/source/") {
            if !known.contains(folder) {
                unpromised.insert(folder.to_owned());
            }
        } else if !named.contains(&key) && !key.ends_with("/lock") {
            faults.push(format!("phantom: no result names {key}"));
        }
    }
    let kept = ledger.kept();
    let unanswered = kept.uploads_sent as usize - kept.media.len();
    if unanswered < unpromised.len() {
        faults.push(format!(
            "phantom: {} uploaded files belong to no video, {unanswered} uploads were cut off",
            unpromised.len()
        ));
    }
    faults
}

/// The files below a folder, by their keys.
fn files(root: &Path) -> Vec<String> {
    let mut found = Vec::new();
    let mut folders = vec![root.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).expect("the store's folder").flatten() {
            match entry.file_type().expect("a file's type").is_dir() {
                true => folders.push(entry.path()),
                false => found.push(entry.path().strip_prefix(root).expect("below it").display().to_string()),
            }
        }
    }
    found
}
