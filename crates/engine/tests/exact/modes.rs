//! The other choices of a frame, against the same oracle: keyframe, fast and hybrid.

use std::path::Path;

use stillframe_domain::{
    ErrorCode, Fit, FrameChoice, ImageFormat, MediaTime, Product, SizeRule, SnapshotSpec,
};
use stillframe_testkit::clips::{Expectation, FrameTime, Oracle, Rational, read_frame_number};

use crate::support::{at, decoded, source, stills, take_all};

/// Near enough for hybrid: some of the chosen offsets lie nearer to a keyframe than this, others do not.
pub const TOLERANCE_MS: u64 = 60;

/// Asks for the offsets by all three choices in one call.
pub fn check_modes(path: &Path, oracle: &Oracle, offsets: &[i64]) {
    let choices =
        [FrameChoice::Keyframe, FrameChoice::Fast, FrameChoice::Hybrid { tolerance_ms: TOLERANCE_MS }];
    let size = SizeRule { width_px: Some(128), height_px: None, is_adaptive: false };
    let product = Product::Stills { size, fit: Fit::Stretch, format: ImageFormat::Jpg, quality: 90 };
    let spec = |frame| SnapshotSpec { frame, product: product.clone(), ..stills(at(offsets)) };
    let taken = take_all(source(path), choices.map(spec).to_vec()).unwrap();
    let mut wrong = Vec::new();
    for (choice, pictures) in choices.into_iter().zip(&taken.pictures) {
        for (&asked, picture) in offsets.iter().zip(pictures) {
            let expected = expected(oracle, asked, choice);
            let is_right = match (expected, &picture.result) {
                (None, Err(failure)) => failure.code == ErrorCode::OffsetOutOfRange,
                (Some(frame), Ok(taken)) => {
                    taken.pts == MediaTime::from_millis(frame.pts.ceil_millis())
                        && read_frame_number(&decoded(taken)) == Some(frame.number)
                }
                _ => false,
            };
            if !is_right {
                let got = picture.result.as_ref().map(|t| (t.pts, read_frame_number(&decoded(t))));
                wrong.push(format!("{choice:?} at {asked} ms: expected {expected:?}, got {got:?}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{} of {} wrong:\n{}", wrong.len(), 3 * offsets.len(), wrong.join("\n"));
}

/// The last keyframe at or before the frame that is shown, or the first of all; for hybrid the frame itself
/// where that keyframe is too old.
pub fn expected(oracle: &Oracle, asked_ms: i64, choice: FrameChoice) -> Option<FrameTime> {
    let Expectation::Frame(shown) = oracle.expected(asked_ms) else { return None };
    let mut keyframes = oracle.frames.iter().filter(|frame| frame.is_keyframe).copied();
    let before = oracle.frames.iter().rfind(|frame| frame.is_keyframe && frame.pts <= shown.pts).copied();
    match choice {
        FrameChoice::Exact => Some(shown),
        FrameChoice::Hybrid { tolerance_ms } => {
            let oldest = Rational::from_millis(asked_ms - tolerance_ms as i64);
            Some(before.filter(|keyframe| oldest <= keyframe.pts).unwrap_or(shown))
        }
        _ => before.or_else(|| keyframes.next()),
    }
}
