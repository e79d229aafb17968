//! The same minute of video in every container, as `ffmpeg` writes it.

use std::path::Path;
use std::process::Command;

/// A minute of H.264, 640 x 360, a group each two seconds, grainy, so that it has the bitrate of a film; and a
/// tone.
const SOURCE: &str = "-f lavfi -i testsrc2=size=640x360:rate=25:duration=60,noise=alls=24:allf=t \
     -f lavfi -i sine=frequency=440:sample_rate=48000:duration=60 \
     -c:v libx264 -preset ultrafast -bf 2 -crf 30 -g 50 -sc_threshold 0 -c:a aac -b:a 96k";

/// Each container with the arguments that write it.
pub const CONTAINERS: [(&str, &str); 13] = [
    ("faststart.mp4", "-c copy -movflags +faststart"),
    ("last.mp4", "-c copy"),
    ("sidx.mp4", "-c copy -movflags +frag_keyframe+dash+global_sidx"),
    ("mfra.mp4", "-c copy -movflags +frag_keyframe+empty_moov+default_base_moof"),
    ("bare.mp4", "-c copy -movflags +frag_keyframe+empty_moov+default_base_moof+skip_trailer"),
    ("film.mov", "-c copy"),
    ("film.mkv", "-c copy"),
    ("front.mkv", "-c copy -reserve_index_space 50000"),
    ("live.mkv", "-c copy -live 1"),
    (
        "film.webm",
        "-vf scale=320:180 -c:v libvpx -deadline realtime -cpu-used 16 -b:v 2M -g 50 -c:a libopus -b:a 96k",
    ),
    ("film.ts", "-c copy"),
    ("film.flv", "-c copy"),
    ("film.avi", "-c:v mpeg4 -b:v 1200k -g 50 -bf 0 -c:a copy"),
];

/// Those whose index lists every frame.
pub const HAS_WHOLE_INDEX: [&str; 3] = ["faststart.mp4", "last.mp4", "film.mov"];

/// Writes all of them into a folder.
pub fn write_all(folder: &Path) {
    let master = folder.join("master.mkv");
    run(SOURCE, &master);
    for (name, arguments) in CONTAINERS {
        let arguments = format!("-i {} {arguments}", master.display());
        run(&arguments, &folder.join(name));
    }
}

fn run(arguments: &str, path: &Path) {
    let mut ffmpeg = Command::new("ffmpeg");
    ffmpeg.args(["-nostdin", "-v", "error", "-y"]).args(arguments.split_whitespace()).arg(path);
    let ran = ffmpeg.status().unwrap();
    assert!(ran.success(), "{}", path.display());
}
