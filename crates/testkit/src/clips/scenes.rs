//! Clips that are put together of scenes, for tests of what a picture is worth and not of when it is shown.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};
use std::process::Command;

use super::ClipError;
use super::make::{cached_file, check, io_error, make_whole};

/// Raised whenever the same scenes would give another clip.
const RENDERING: u32 = 1;
/// Frames per second.
const RATE: u32 = 25;

/// A part of a clip. Times are in milliseconds and should be multiples of a frame, 40 ms.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Scene {
    /// A colourful picture full of detail; the number says which.
    Picture(u32),
    /// The same in darkness to brightness.
    FadeIn(u32),
    /// The same from brightness to darkness.
    FadeOut(u32),
    /// One picture that becomes the next all the time.
    Dissolve(u32),
    /// A picture that is out of focus.
    Blurred(u32),
    /// A picture at night: dark, but there.
    Dim(u32),
    /// Black.
    Black,
    /// White.
    White,
    /// One colour that is neither.
    Flat,
    /// A few lines of white text on black.
    Title,
}

/// Keyframes of a clip.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Keyframes {
    /// One each so many frames, whatever is shown.
    Every(u32),
    /// Where the encoder sees a cut, and each 10 s.
    AtCuts,
}

/// Makes the clip once, 320 x 180 in H.264, and keeps it below Cargo's target folder.
///
/// # Panics
/// When the clip cannot be made: a test cannot go on without it.
pub fn cached_scenes(scenes: &[(Scene, u32)], keyframes: Keyframes) -> PathBuf {
    let mut hasher = DefaultHasher::new();
    (RENDERING, scenes, keyframes).hash(&mut hasher);
    cached_file(&format!("scenes-{:016x}.mp4", hasher.finish()), &|path| {
        make_whole(path, &|part| make(scenes, keyframes, part))
    })
}

fn make(scenes: &[(Scene, u32)], keyframes: Keyframes, path: &Path) -> Result<(), ClipError> {
    let parts: Vec<_> =
        scenes.iter().enumerate().map(|(k, &(scene, ms))| format!("{}[s{k}]", graph(scene, ms))).collect();
    let names: String = (0..scenes.len()).map(|k| format!("[s{k}]")).collect();
    let graph = format!("{};{names}concat=n={}:v=1[v]", parts.join(";"), scenes.len());
    let gop = match keyframes {
        Keyframes::Every(frames) => format!("-g {frames} -x264-params scenecut=0:open-gop=0:threads=1"),
        Keyframes::AtCuts => "-g 250 -x264-params open-gop=0:threads=1".to_owned(),
    };
    let output = Command::new("ffmpeg")
        .args(["-nostdin", "-v", "error", "-y", "-filter_complex", &graph, "-map", "[v]"])
        .args("-c:v libx264 -preset veryfast -crf 20 -pix_fmt yuv420p".split_whitespace())
        .args(gop.split_whitespace())
        .args(["-movflags", "+faststart", "-f", "mp4"])
        .arg(path)
        .output()
        .map_err(io_error("run ffmpeg"))?;
    check("ffmpeg", &output)
}

/// The filters that draw a scene.
fn graph(scene: Scene, length_ms: u32) -> String {
    let seconds = format!("{}.{:03}", length_ms / 1_000, length_ms % 1_000);
    let plain = |colour: &str| format!("color=c={colour}:size=320x180:rate={RATE}:duration={seconds}");
    let picture = |number: u32| drawn(number, &seconds);
    let drawn = match scene {
        Scene::Picture(number) => picture(number),
        Scene::FadeIn(number) => format!("{},fade=t=in:st=0:d={seconds}", picture(number)),
        Scene::FadeOut(number) => format!("{},fade=t=out:st=0:d={seconds}", picture(number)),
        Scene::Dissolve(number) => {
            let (one, other) = (picture(number), picture(number + 1));
            let mixed = format!("[a{number}][b{number}]blend=all_expr='A*(1-T/{seconds})+B*T/{seconds}'");
            format!("{one}[a{number}];{other}[b{number}];{mixed}")
        }
        Scene::Blurred(number) => format!("{},gblur=sigma=14", picture(number)),
        Scene::Dim(number) => format!("{},lutyuv=y='16+(val-16)*0.12'", picture(number)),
        Scene::Black => plain("black"),
        Scene::White => plain("white"),
        Scene::Flat => plain("0x3060a0"),
        Scene::Title => {
            let line = |y: u32, from: u32, to: u32| {
                let letters = (from..to).step_by(12).map(move |x| {
                    let (left, wide) = (x, 5 + x % 4);
                    format!("drawbox=x={left}:y={y}:w={wide}:h=14:color=white:t=fill")
                });
                letters.collect::<Vec<_>>().join(",")
            };
            format!("{},{},{}", plain("black"), line(66, 70, 250), line(94, 110, 210))
        }
    };
    format!("{drawn},format=yuv420p,setsar=1")
}

/// A picture that drifts a little: a landscape of many colours and edges.
fn drawn(number: u32, seconds: &str) -> String {
    let (x, y) = (number * 37 % 160, number * 23 % 90);
    let hue = number * 67 % 360;
    format!(
        "mandelbrot=size=640x360:rate={RATE}:start_scale=0.{}:end_scale=0.1:end_pts=5000:inner=mincol,\
         trim=duration={seconds},setpts=PTS-STARTPTS,crop=320:180:{x}:{y},hue=h={hue}",
        5 + number % 4
    )
}
