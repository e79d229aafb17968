//! Video clips whose frames carry their own number, and an oracle that says which frame belongs to a time.
//!
//! [`make()`] renders raw frames and has the system's `ffmpeg` encode them; [`cached`] keeps them under
//! Cargo's target folder. Every frame shows its number as black and white blocks, which
//! [`read_frame_number`] reads back from a decoded picture of any size, and as digits for people.
//! [`Oracle`] asks `ffprobe` for the times of a whole decode and reads the numbers from it.
//!
//! **Invariant:** nothing here shares code with the engine, so that a fault of the engine cannot hide.

mod bars;
mod high_range;
mod joined;
mod make;
mod oracle;
mod picture;
mod picture_file;
mod rational;
mod scenes;
mod spec;

pub use bars::BARS;
pub use joined::{Join, cached_joined};
pub use make::{cached, make};
pub use oracle::{Expectation, FrameTime, Oracle};
pub use picture::read_frame_number;
pub use picture_file::{read_animation, read_picture};
pub use rational::Rational;
pub use scenes::{Keyframes, Scene, cached_scenes};
pub use spec::{
    Audio, Bars, ClipSpec, Codec, Container, Content, Gop, HighRange, Matrix, Rate, Samples, Scan, Timing,
};

/// Why a clip could not be made or examined.
#[derive(Debug, thiserror::Error)]
pub enum ClipError {
    /// `ffmpeg` or `ffprobe` could not be run or spoken to.
    #[error("cannot {doing}")]
    Io {
        /// What was being done.
        doing: &'static str,
        /// The cause.
        #[source]
        source: std::io::Error,
    },
    /// `ffmpeg` or `ffprobe` refused.
    #[error("{tool} failed: {message}")]
    Tool {
        /// The program.
        tool: &'static str,
        /// The end of what it said.
        message: String,
    },
    /// What `ffprobe` or the decoder gave makes no sense.
    #[error("the oracle found {0}")]
    Oracle(String),
}

#[cfg(test)]
mod tests;
