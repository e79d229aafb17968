//! Pictures that move: the right frames in the right order, for the right time.

#[expect(dead_code, reason = "each test binary uses its part")]
mod support;

use std::path::Path;

use stillframe_domain::limits::{PREVIEW_FRAMES_MAX, PREVIEW_SIDE_PX_MAX};
use stillframe_domain::{
    ErrorCode, Fit, FrameChoice, ImageFormat, MediaTime, PixelSize, Product, Selection, SizeRule,
    SnapshotSpec,
};
use stillframe_testkit::clips::{ClipSpec, Container, cached, read_animation, read_frame_number};

use support::{Taken, ok, source, stills, take_all, take_one};

fn preview(
    (start_ms, length_ms, step_ms): (i64, u64, u64),
    size: (Option<u32>, Option<u32>),
) -> SnapshotSpec {
    let selection = Selection::Preview { start: MediaTime::from_millis(start_ms), length_ms, step_ms };
    let size = SizeRule { width_px: size.0, height_px: size.1, is_adaptive: false };
    let product = Product::Stills { size, fit: Fit::Inside, format: ImageFormat::Webp, quality: 80 };
    SnapshotSpec { product, ..stills(selection) }
}

/// The number and the time of each frame of the one picture.
fn shown(taken: &Taken) -> Vec<(u32, u32)> {
    let [picture] = taken.pictures[0].as_slice() else { panic!("one picture") };
    let picture = ok(picture);
    let frames = read_animation(&picture.bytes).unwrap();
    let size = (picture.size.width_px, picture.size.height_px);
    let frame = |(image, ms): (image::RgbImage, u32)| {
        assert_eq!(image.dimensions(), size);
        (read_frame_number(&image).expect("a number"), ms)
    };
    frames.into_iter().map(frame).collect()
}

fn clip() -> std::path::PathBuf {
    cached(&ClipSpec::numbered())
}

fn failure(path: &Path, spec: SnapshotSpec) -> ErrorCode {
    let taken = take_one(path, spec);
    let [picture] = taken.pictures[0].as_slice() else { panic!("one picture") };
    picture.result.as_ref().expect_err("a failure").code
}

#[test]
fn a_preview_shows_the_frame_of_each_step() {
    for container in [Container::Mp4, Container::MpegTs] {
        let path = cached(&ClipSpec { container, ..ClipSpec::numbered() });
        let taken = take_one(&path, preview((1_500, 3_000, 100), (Some(161), None)));
        let expected: Vec<_> = (0..30).map(|k| ((1_500 + 100 * k) / 40, 100)).collect();
        assert_eq!(shown(&taken), expected);
        let picture = &taken.pictures[0][0];
        assert_eq!((picture.offset.as_millis(), ok(picture).pts.as_millis()), (1_500, 1_480));
        assert_eq!(ok(picture).size, PixelSize { width_px: 161, height_px: 91 });
    }
}

#[test]
fn frames_that_are_shown_for_several_steps_stand_once() {
    let taken = take_one(&clip(), preview((0, 200, 10), (Some(160), None)));
    assert_eq!(shown(&taken), [(0, 40), (1, 40), (2, 40), (3, 40), (4, 40)]);
    let keyframes =
        SnapshotSpec { frame: FrameChoice::Keyframe, ..preview((1_000, 4_000, 500), (Some(160), None)) };
    assert_eq!(shown(&take_one(&clip(), keyframes)), [(0, 1_000), (50, 2_000), (100, 1_000)]);
}

#[test]
fn a_preview_ends_with_the_video() {
    let taken = take_one(&clip(), preview((9_600, 3_000, 200), (None, Some(90))));
    assert_eq!(shown(&taken), [(240, 200), (245, 200)]);
    assert_eq!(failure(&clip(), preview((10_000, 1_000, 100), (None, None))), ErrorCode::OffsetOutOfRange);
}

#[test]
fn what_cannot_be_a_preview_is_one_failure() {
    let Product::Stills { size, fit, quality, .. } = preview((0, 1, 1), (None, None)).product else {
        panic!("stills")
    };
    let product = Product::Stills { size, fit, format: ImageFormat::Jpg, quality };
    let jpeg = SnapshotSpec { product, ..preview((0, 1_000, 100), (None, None)) };
    assert_eq!(failure(&clip(), jpeg), ErrorCode::InvalidParameter);
    let large = preview((0, 1_000, 100), (Some(PREVIEW_SIDE_PX_MAX + 1), None));
    assert_eq!(failure(&clip(), large), ErrorCode::LimitExceeded);
}

#[test]
fn a_preview_is_bounded_and_stands_beside_other_outputs() {
    let long = preview((0, 10_000, 10), (Some(64), None));
    let taken = take_all(source(&clip()), vec![long, stills(support::at(&[4_000]))]).unwrap();
    let frames = read_animation(&ok(&taken.pictures[0][0]).bytes).unwrap();
    let total_ms: u32 = frames.iter().map(|(_, ms)| ms).sum();
    assert_eq!((frames.len(), total_ms as usize), (75, 10 * PREVIEW_FRAMES_MAX));
    assert_eq!(ok(&taken.pictures[1][0]).pts.as_millis(), 4_000);
}
