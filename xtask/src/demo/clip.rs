//! The video that the demo is run on.

use std::fmt;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail, ensure};

/// Length of the sample in seconds.
const SAMPLE_DURATION_S: u32 = 75;
/// Letters for the burned-in clock (Debian package fonts-dejavu-core).
const FONT: &str = "/usr/share/fonts/truetype/dejavu/DejaVuSansMono.ttf";

/// Where the video comes from, hence how it is added.
pub enum Input {
    /// Uploaded over HTTP.
    Upload(PathBuf),
    /// Read by the service where it lies.
    LocalFile(PathBuf),
    /// Fetched by the service.
    Url(String),
}

impl Input {
    /// Reads a path or an `http(s)` URL.
    ///
    /// # Errors
    /// When there is no such file.
    pub fn parse(text: &str) -> Result<Self> {
        if text.starts_with("http://") || text.starts_with("https://") {
            return Ok(Self::Url(text.to_owned()));
        }
        let path = std::fs::canonicalize(text).with_context(|| format!("cannot find the video {text}"))?;
        ensure!(path.is_file(), "{text} is no file");
        Ok(Self::LocalFile(path))
    }

    /// The folder that the service must be allowed to read.
    pub fn local_root(&self) -> Option<&Path> {
        match self {
            Self::LocalFile(path) => path.parent(),
            Self::Upload(_) | Self::Url(_) => None,
        }
    }
}

impl fmt::Display for Input {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Upload(path) | Self::LocalFile(path) => path.display().fmt(f),
            Self::Url(url) => url.fmt(f),
        }
    }
}

/// Makes the sample: H.264 with B-frames and a keyframe each 10 s in MP4, a burned-in clock, a tone.
///
/// # Errors
/// When ffmpeg is missing or fails.
pub fn make_sample(folder: &Path) -> Result<PathBuf> {
    let path = folder.join("sample.mp4");
    let picture = format!("testsrc2=size=1280x720:rate=25:duration={SAMPLE_DURATION_S}");
    let tone = format!("sine=frequency=440:duration={SAMPLE_DURATION_S}");
    // Without the font the picture still has the small clock of the source itself.
    let clock = if Path::new(FONT).is_file() {
        format!(
            "drawtext=fontfile={FONT}:text='%{{pts\\:hms}}':fontsize=110:fontcolor=white:\
             box=1:boxcolor=black:boxborderw=16:x=(w-tw)/2:y=(h-th)/2"
        )
    } else {
        "null".to_owned()
    };
    let output = Command::new("ffmpeg")
        .args(["-v", "error", "-nostdin", "-y", "-f", "lavfi", "-i", &picture, "-f", "lavfi", "-i", &tone])
        .args(["-vf", &clock, "-c:v", "libx264", "-preset", "veryfast", "-pix_fmt", "yuv420p"])
        .args(["-g", "250", "-bf", "3", "-c:a", "aac", "-b:a", "64k", "-movflags", "+faststart"])
        .arg(&path)
        .output()
        .context("cannot run ffmpeg")?;
    if !output.status.success() {
        bail!("ffmpeg cannot make the sample: {}", String::from_utf8_lossy(&output.stderr).trim());
    }
    Ok(path)
}
