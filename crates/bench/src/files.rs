//! The files that are measured, made by `ffmpeg` from two film clips and a drawing, and kept.
//!
//! Each is encoded once from a minute of film with grain, then repeated by copying packets until it is
//! as long as it has to be. So the structure of its groups repeats, which no tool can take advantage of.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

/// A file to measure with.
#[derive(Debug, Clone, Copy)]
pub struct Recipe {
    /// Its name.
    pub name: &'static str,
    /// Arguments of the encoder.
    encode: &'static str,
    /// The same for a quick run.
    encode_quickly: &'static str,
    /// How often the film is repeated.
    repeat: u32,
}

/// Ten minutes of 1080p H.264, groups of up to ten seconds.
pub const H264_1080P: Recipe = Recipe {
    name: "h264_1080p.mp4",
    encode: "-c:v libx264 -preset fast -b:v 5M",
    encode_quickly: "-vf scale=640:360 -c:v libx264 -preset fast -b:v 1M",
    repeat: 10,
};

/// Ten minutes of 1080p AV1 from a fast preset of SVT-AV1.
pub const AV1_1080P: Recipe = Recipe {
    name: "av1_1080p.mp4",
    encode: "-c:v libsvtav1 -preset 10 -b:v 3M -g 250",
    encode_quickly: "-vf scale=640:360 -c:v libsvtav1 -preset 10 -b:v 1M -g 250",
    repeat: 10,
};

/// Five minutes of 4K HEVC.
pub const HEVC_4K: Recipe = Recipe {
    name: "hevc_4k.mp4",
    encode: "-t 16 -vf scale=3840:2160 -c:v libx265 -preset superfast -b:v 14M -x265-params log-level=error",
    encode_quickly: "-t 16 -vf scale=640:360 -c:v libx265 -preset superfast -b:v 1M -x265-params log-level=error",
    repeat: 10,
};

/// Two hours of 720p H.264.
pub const H264_720P_2H: Recipe = Recipe {
    name: "h264_720p_2h.mp4",
    encode: "-vf scale=1280:720 -c:v libx264 -preset fast -b:v 2600k",
    encode_quickly: "-vf scale=320:180 -c:v libx264 -preset fast -b:v 300k",
    repeat: 133,
};

/// Repetitions in a quick run.
const QUICK_REPEAT: u32 = 3;

/// The film: shots of two to eight seconds, as films have, with grain, which makes it as hard to decode as what
/// cameras record. The encoders begin a group at most of the cuts.
const FILM: &str = "\
    [0:v]split=4[a0][b0][c0][d0];[1:v]split=2[e0][f0];\
    [a0]scale=1920:1080,noise=alls=5:allf=t,fps=25,format=yuv420p,setsar=1[a];\
    [b0]hflip,crop=960:540,scale=1920:1080,setpts=1.6*PTS,noise=alls=4:allf=t,fps=25,format=yuv420p,setsar=1[b];\
    [c0]crop=800:450:0:0,scale=1920:1080,noise=alls=6:allf=t,fps=25,format=yuv420p,setsar=1[c];\
    [d0]hflip,crop=640:360:100:300,scale=1920:1080,noise=alls=5:allf=t,fps=25,format=yuv420p,setsar=1[d];\
    [e0]crop=480:270,scale=1920:1080,noise=alls=8:allf=t,fps=25,format=yuv420p,setsar=1[e];\
    [f0]hflip,crop=384:216:0:20,scale=1920:1080,noise=alls=6:allf=t,fps=25,format=yuv420p,setsar=1[f];\
    [2:v]scale=1920:1080,fps=25,format=yuv420p,setsar=1,split=2[g][h0];[h0]trim=duration=4,vflip,setpts=PTS-STARTPTS[h];\
    [a][e][b][g][c][f][d][h]concat=n=8:v=1:a=0[v]";

/// Makes files below a folder.
pub struct Files {
    folder: PathBuf,
    clips: PathBuf,
    is_quick: bool,
}

impl Files {
    /// Files below `folder`, of the film clips in `clips`; small ones with `is_quick`.
    pub fn new(folder: PathBuf, clips: PathBuf, is_quick: bool) -> Self {
        Self { folder, clips, is_quick }
    }

    /// The file of a recipe, which is made if it is not there.
    ///
    /// # Errors
    /// When `ffmpeg` fails.
    pub fn make(&self, recipe: &Recipe) -> Result<PathBuf> {
        let kind = if self.is_quick { "quick-" } else { "" };
        let path = self.folder.join(format!("{kind}{}", recipe.name));
        if path.exists() {
            return Ok(path);
        }
        eprintln!("  making {}", path.display());
        let once = self.folder.join("once.mp4");
        let encode = if self.is_quick { recipe.encode_quickly } else { recipe.encode };
        ffmpeg(&["-i".into(), self.film()?.into_os_string()], encode, &once)?;
        let repeat = if self.is_quick { QUICK_REPEAT } else { recipe.repeat };
        let input = ["-stream_loop".into(), repeat.to_string().into(), "-i".into(), once.clone().into()];
        ffmpeg(&input, "-c copy -movflags +faststart", &path)?;
        fs::remove_file(&once).context("cannot remove what was repeated")?;
        Ok(path)
    }

    /// A file in another container, by copying its packets once.
    ///
    /// # Errors
    /// When `ffmpeg` fails.
    pub fn copy(&self, from: &Path, name: &str, arguments: &str) -> Result<PathBuf> {
        let kind = if self.is_quick { "quick-" } else { "" };
        let path = self.folder.join(format!("{kind}{name}"));
        if !path.exists() {
            eprintln!("  making {}", path.display());
            ffmpeg(&["-i".into(), from.into()], &format!("-c copy {arguments}"), &path)?;
        }
        Ok(path)
    }

    /// The film that everything is encoded from.
    fn film(&self) -> Result<PathBuf> {
        let path = self.folder.join("film.mkv");
        if path.exists() {
            return Ok(path);
        }
        fs::create_dir_all(&self.folder).context("cannot make the folder of the files")?;
        eprintln!("  making {}", path.display());
        let input = [
            "-i".into(),
            self.clips.join("bigbuckbunny.mp4").into_os_string(),
            "-i".into(),
            self.clips.join("bikes.mp4").into_os_string(),
            "-f".into(),
            "lavfi".into(),
            "-t".into(),
            "6".into(),
            "-i".into(),
            "mandelbrot=s=960x540:r=25".into(),
            "-filter_complex".into(),
            FILM.into(),
        ];
        ffmpeg(&input, "-map [v] -c:v libx264 -preset ultrafast -crf 12", &path)?;
        Ok(path)
    }
}

/// Runs `ffmpeg`; nothing stands at `path` until it is whole.
fn ffmpeg(input: &[std::ffi::OsString], output: &str, path: &Path) -> Result<()> {
    let suffix = path.extension().unwrap_or_default().to_string_lossy();
    let part = path.with_extension(format!("part.{suffix}"));
    let done = Command::new("ffmpeg")
        .args(["-nostdin", "-v", "error", "-y"])
        .args(input)
        .args(output.split_ascii_whitespace())
        .arg(&part)
        .output()
        .context("cannot run ffmpeg")?;
    if !done.status.success() {
        bail!("ffmpeg cannot make {}: {}", path.display(), String::from_utf8_lossy(&done.stderr));
    }
    fs::rename(&part, path).context("cannot keep the file")
}
