//! The tasks: what is asked, who does it, what is aimed at.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result};

use super::contenders::*;
use crate::files::{AV1_1080P, H264_720P_2H, H264_1080P, HEVC_4K, Recipe};
use crate::rounds::Contender;
use crate::table::{Aim, Bound, Figure};

/// Time between the cells of the sprite.
const SPRITE_STEP_MS: i64 = 10_000;

/// Who takes part with a file, and what is aimed at.
type Composed = Result<(Vec<Contender>, Vec<Aim>)>;

/// A task on a file.
pub struct Task {
    /// Its name, which begins with its number.
    pub title: String,
    /// The file.
    pub recipe: Recipe,
    /// Who takes part.
    pub compose: fn(&Tools, &Path) -> Composed,
    /// Runs that are enough for it, since its figures hardly differ from run to run.
    pub runs_max: Option<usize>,
}

/// All tasks.
pub fn all() -> Vec<Task> {
    let task = |title: &str, recipe, compose| {
        let runs_max = title.starts_with("Memory").then_some(2);
        Task { title: title.to_owned(), recipe, compose, runs_max }
    };
    vec![
        task("T1: one still, 1080p H.264, late in a group", H264_1080P, one_still),
        task("T2: ten stills, 1080p H.264", H264_1080P, ten_stills_h264),
        task("T2: ten stills, 1080p AV1 (SVT-AV1, preset 10)", AV1_1080P, ten_stills_av1),
        task("T2: ten stills, 4K HEVC", HEVC_4K, ten_stills_hevc),
        task("T3: a hundred stills of 320 pixels, ten minutes of 1080p H.264", H264_1080P, hundred_stills),
        task("T4: sprites of 160x90 each 10 s, two hours of 720p H.264", H264_720P_2H, sprites),
        task("Memory of one worker, 1080p H.264", H264_1080P, memory_1080p),
        task("Memory of one worker, 4K HEVC", HEVC_4K, memory_4k),
    ]
}

fn one_still(tools: &Tools, video: &Path) -> Composed {
    let times_ms = [late_in_a_group(video)?];
    let asked = Asked { video, times_ms: &times_ms, width_px: None };
    let contenders = vec![
        exact(tools, video, &at(&times_ms)),
        keyframe(tools, video, &at(&times_ms)),
        tools.floor(FLOOR_EXACT, asked),
        tools.floor(FLOOR_KEYFRAME, asked),
        tools.ffmpeg_each(asked, false),
        tools.ffmpeg_each(asked, true),
        tools.thumbnailer(asked),
        tools.pyav(asked, "exact"),
        tools.pyav(asked, "keyframe"),
        tools.vcsi(asked, "1x1"),
    ];
    let aims = vec![
        faster("exact against ffmpeg -ss", FFMPEG_EACH, OURS_EXACT, (1.8, 2.5)),
        faster("keyframe against ffmpeg -ss", FFMPEG_EACH, OURS_KEYFRAME, (10.0, 15.0)),
    ];
    Ok((contenders, aims))
}

fn ten_stills_h264(tools: &Tools, video: &Path) -> Composed {
    let (contenders, mut aims) = ten_stills(tools, video, (2.0, 3.0))?;
    let keyframe = |what: &str, other, bounds| faster(what, other, OURS_KEYFRAME, bounds);
    aims.push(keyframe("keyframe against ffmpeg for each time", FFMPEG_EACH, (9.0, 12.0)));
    aims.push(keyframe("keyframe against the same with -skip_frame nokey", FFMPEG_EACH_NOKEY, (9.0, 12.0)));
    aims.push(keyframe("keyframe against ffmpegthumbnailer", THUMBNAILER, (6.0, 9.0)));
    Ok((contenders, aims))
}

fn ten_stills_av1(tools: &Tools, video: &Path) -> Composed {
    let (mut contenders, mut aims) = ten_stills(tools, video, (3.0, 4.5))?;
    let (bare, aim) = closure(tools, video, Some(Bound::AtMost(0.4)), Bound::AtMost(0.4))?;
    contenders.insert(3, bare);
    aims.push(aim);
    aims.extend(keyframes_told());
    Ok((contenders, aims))
}

fn ten_stills_hevc(tools: &Tools, video: &Path) -> Composed {
    let (mut contenders, mut aims) = ten_stills(tools, video, (1.8, 2.5))?;
    let (bare, aim) = closure(tools, video, None, Bound::AtMost(0.65))?;
    contenders.insert(3, bare);
    aims.push(aim);
    aims.extend(keyframes_told());
    Ok((contenders, aims))
}

/// Bare decoding by our plan, and what it costs of the naive one's processor time.
fn closure(tools: &Tools, video: &Path, must: Option<Bound>, goal: Bound) -> Result<(Contender, Aim)> {
    let times_ms = spread(video, 10)?;
    let bare = tools.floor(BARE_PLAN, Asked { video, times_ms: &times_ms, width_px: None });
    let figure = Figure::CpuRatio(BARE_PLAN.to_owned(), FLOOR_EXACT.to_owned());
    let what = "processor time of decoding, closure of the naive plan".to_owned();
    Ok((bare, Aim { what, figure, must, goal: Some(goal) }))
}

/// Keyframes where nothing is aimed at.
fn keyframes_told() -> [Aim; 2] {
    [("ffmpeg for each time", FFMPEG_EACH), ("ffmpegthumbnailer", THUMBNAILER)].map(|(name, other)| Aim {
        what: format!("keyframe against {name}"),
        figure: Figure::WallRatio(other.to_owned(), OURS_KEYFRAME.to_owned()),
        must: None,
        goal: None,
    })
}

fn ten_stills(tools: &Tools, video: &Path, exact_aim: (f64, f64)) -> Composed {
    let times_ms = spread(video, 10)?;
    let asked = Asked { video, times_ms: &times_ms, width_px: None };
    let contenders = vec![
        exact(tools, video, &at(&times_ms)),
        keyframe(tools, video, &at(&times_ms)),
        tools.floor(FLOOR_EXACT, asked),
        tools.floor(FLOOR_KEYFRAME, asked),
        tools.ffmpeg_each(asked, false),
        tools.ffmpeg_each(asked, true),
        tools.ffmpeg_inputs(asked),
        tools.thumbnailer(asked),
        tools.pyav(asked, "exact"),
        tools.pyav(asked, "keyframe"),
        tools.vcsi(asked, "5x2"),
    ];
    let mut aims = vec![faster("exact against ffmpeg for each time", FFMPEG_EACH, OURS_EXACT, exact_aim)];
    aims.extend(floors(false));
    Ok((contenders, aims))
}

fn hundred_stills(tools: &Tools, video: &Path) -> Composed {
    let times_ms = spread(video, 100)?;
    let asked = Asked { video, times_ms: &times_ms, width_px: Some(320) };
    let duration_ms = duration_ms(video)?;
    let filter = format!("fps=100000/{duration_ms},scale=320:-2");
    let arguments = format!("{} --size 320x", at(&times_ms));
    let contenders = vec![
        exact(tools, video, &arguments),
        keyframe(tools, video, &arguments),
        tools.floor(FLOOR_EXACT, asked),
        tools.floor(FLOOR_KEYFRAME, asked),
        tools.ffmpeg_each(asked, false),
        tools.ffmpeg_pass(video, &filter, false),
        tools.ffmpeg_pass(video, &filter, true),
        tools.thumbnailer(asked),
        tools.pyav(asked, "exact"),
        tools.pyav(asked, "keyframe"),
        tools.vcsi(asked, "10x10"),
    ];
    let mut aims = vec![
        faster("exact against ffmpeg for each time", FFMPEG_EACH, OURS_EXACT, (2.5, 4.0)),
        faster("exact against one ffmpeg", FFMPEG_PASS, OURS_EXACT, (2.8, 4.0)),
        faster("keyframe against one ffmpeg -skip_frame nokey", FFMPEG_PASS_NOKEY, OURS_KEYFRAME, (3.5, 4.5)),
    ];
    aims.extend(floors(true));
    Ok((contenders, aims))
}

fn sprites(tools: &Tools, video: &Path) -> Composed {
    let duration_ms = duration_ms(video)?;
    let times_ms: Vec<_> = (0..).map(|k| k * SPRITE_STEP_MS).take_while(|&ms| ms < duration_ms).collect();
    let asked = Asked { video, times_ms: &times_ms, width_px: Some(160) };
    let filter = "fps=0.1,scale=160:90,tile=10x10";
    let arguments = "--sprite 10x10 --every 10s --size 160x90";
    let contenders = vec![
        exact(tools, video, arguments),
        keyframe(tools, video, arguments),
        tools.floor(FLOOR_EXACT, asked),
        tools.floor(FLOOR_KEYFRAME, asked),
        tools.ffmpeg_pass(video, filter, false),
        tools.ffmpeg_pass(video, filter, true),
        tools.pyav(asked, "keyframe"),
    ];
    let mut aims = vec![
        faster("exact against one ffmpeg, whole decode", FFMPEG_PASS, OURS_EXACT, (7.0, 10.0)),
        faster("keyframe against one ffmpeg -skip_frame nokey", FFMPEG_PASS_NOKEY, OURS_KEYFRAME, (7.0, 8.0)),
    ];
    aims.extend(floors(true));
    Ok((contenders, aims))
}

fn exact(tools: &Tools, video: &Path, arguments: &str) -> Contender {
    tools.stillframe(OURS_EXACT, video, &format!("--frame exact {arguments}"))
}

fn keyframe(tools: &Tools, video: &Path, arguments: &str) -> Contender {
    tools.stillframe(OURS_KEYFRAME, video, &format!("--frame keyframe {arguments}"))
}

fn memory_1080p(tools: &Tools, video: &Path) -> Composed {
    memory(tools, video, (70.0, 60.0))
}

fn memory_4k(tools: &Tools, video: &Path) -> Composed {
    memory(tools, video, (200.0, 180.0))
}

/// Stills of native size on one core, which makes one worker: as many as there are must not matter.
fn memory(tools: &Tools, video: &Path, (must_mb, goal_mb): (f64, f64)) -> Composed {
    let (mut contenders, mut aims) = (Vec::new(), Vec::new());
    for (mode, count) in [("exact", 10), ("exact", 100), ("keyframe", 10), ("keyframe", 100)] {
        let name = format!("stillframe on one core, {count} stills, {mode}");
        let arguments = format!("--frame {mode} {}", at(&spread(video, count)?));
        contenders.push(tools.stillframe(&name, video, &arguments).on_one_core());
        aims.push(Aim {
            what: format!("peak MB, {count} stills, {mode}"),
            figure: Figure::PeakMb(name),
            must: Some(Bound::AtMost(must_mb)),
            goal: Some(Bound::AtMost(goal_mb)),
        });
    }
    Ok((contenders, aims))
}

fn faster(what: &str, other: &str, ours: &str, (must, goal): (f64, f64)) -> Aim {
    Aim {
        what: what.to_owned(),
        figure: Figure::WallRatio(other.to_owned(), ours.to_owned()),
        must: Some(Bound::AtLeast(must)),
        goal: Some(Bound::AtLeast(goal)),
    }
}

/// What we need of the floor's time. The bound on keyframes has to hold for many small pictures (`is_batch`):
/// beside ten keyframes, encoding them at full size and starting a process weigh as much as decoding does.
fn floors(is_batch: bool) -> [Aim; 2] {
    let near = |what: &str, ours: &str, floor: &str, must| Aim {
        what: what.to_owned(),
        figure: Figure::WallRatio(ours.to_owned(), floor.to_owned()),
        must,
        goal: Some(Bound::AtMost(1.0)),
    };
    let (exact, keyframe) = (Bound::AtMost(1.15), Bound::AtMost(1.10));
    [
        near("exact, of the floor", OURS_EXACT, FLOOR_EXACT, Some(exact)),
        near("keyframe, of the floor", OURS_KEYFRAME, FLOOR_KEYFRAME, is_batch.then_some(keyframe)),
    ]
}

/// Times in the middle of equal parts of the video.
fn spread(video: &Path, count: i64) -> Result<Vec<i64>> {
    let duration_ms = duration_ms(video)?;
    Ok((0..count).map(|k| duration_ms * (2 * k + 1) / (2 * count)).collect())
}

/// A time near the end of the group of middle length in the first minutes.
fn late_in_a_group(video: &Path) -> Result<i64> {
    let arguments = "-read_intervals %+120 -select_streams v -skip_frame nokey -show_entries frame=pts_time";
    let keys = ffprobe(video, arguments)?;
    let keys: Vec<f64> = keys.lines().filter_map(|line| line.trim_end_matches(',').parse().ok()).collect();
    let mut groups: Vec<_> = keys.windows(2).map(|pair| (pair[0], pair[1] - pair[0])).collect();
    groups.sort_by(|a, b| a.1.total_cmp(&b.1));
    let (start, length) = *groups.get(groups.len() / 2).context("the video has no group of frames")?;
    Ok(((start + 0.9 * length) * 1_000.0) as i64)
}

fn duration_ms(video: &Path) -> Result<i64> {
    let text = ffprobe(video, "-show_entries format=duration")?;
    let seconds: f64 = text.trim().parse().context("ffprobe tells no duration")?;
    Ok((seconds * 1_000.0) as i64)
}

fn ffprobe(video: &Path, arguments: &str) -> Result<String> {
    let output = Command::new("ffprobe")
        .args(["-v", "error", "-of", "csv=p=0"])
        .args(arguments.split_ascii_whitespace())
        .arg(video)
        .output()
        .context("cannot run ffprobe")?;
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}
