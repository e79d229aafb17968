//! No container costs more than it costs `ffmpeg`.

use std::sync::Mutex;
use std::thread;

use stillframe_testkit::remote::{Log, Nginx};
use tempfile::TempDir;

use crate::clips;
use crate::desk::{ffmpeg, snap};

/// Containers at a time: the time is spent waiting for delayed answers.
const THREADS: usize = 4;

#[test]
fn no_container_costs_more_bytes_than_it_costs_ffmpeg() {
    let folder = TempDir::new().unwrap();
    clips::write_all(folder.path());
    let nginx = Nginx::start(folder.path());
    let names = Mutex::new(clips::CONTAINERS.iter().map(|(name, _)| *name));
    thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(|| {
                loop {
                    let Some(name) = names.lock().unwrap().next() else { break };
                    costs_no_more_than_ffmpeg(&nginx, name);
                }
            });
        }
    });
}

fn costs_no_more_than_ffmpeg(nginx: &Nginx, name: &str) {
    let path = format!("/{name}");
    let theirs = ffmpeg(nginx, &path, 41.3);
    let ours = snap(nginx, &path, "--at 41.3s");
    let ten = snap(nginx, &path, "--count 10");
    let cost = |log: &Log| format!("{:3} {:8} {:3}", log.requests(), log.bytes(), log.round_trips());
    println!("{name:14} ffmpeg {} | one {} | ten {}", cost(&theirs), cost(&ours.log), cost(&ten.log));
    assert_eq!((ours.code, ten.code), (Some(0), Some(0)), "{name}");
    assert_eq!(ours.document["traffic"]["requests"], ours.log.requests(), "{name}");
    assert!(ours.log.bytes() <= theirs.bytes(), "{name}");
    if clips::HAS_WHOLE_INDEX.contains(&name) {
        assert!(ours.log.requests() <= 4 && ten.log.round_trips() <= 4, "{name}");
    }
}
