//! The clips of these tests.

use std::path::PathBuf;
use std::process::Command;
use std::sync::OnceLock;

use stillframe_testkit::clips::{ClipSpec, cached};

/// 12 s of H.264 with B-frames in MP4, its index in front; six keyframes.
pub fn film() -> PathBuf {
    cached(&ClipSpec { frame_count: 300, ..ClipSpec::numbered() })
}

/// The folder of the clips: the root that the servers of these tests may ingest from.
pub fn dir() -> PathBuf {
    film().parent().expect("a clip lies in a folder").to_owned()
}

/// Two seconds of a tone without any picture.
pub fn audio_only() -> PathBuf {
    static PATH: OnceLock<PathBuf> = OnceLock::new();
    PATH.get_or_init(|| {
        let path = dir().join(format!("tone-{}.m4a", std::process::id()));
        let tone = ["-f", "lavfi", "-i", "sine=duration=2", "-c:a", "aac", "-y"];
        let made = Command::new("ffmpeg").args(["-v", "error"]).args(tone).arg(&path).status();
        assert!(made.expect("ffmpeg runs").success());
        path
    })
    .clone()
}
