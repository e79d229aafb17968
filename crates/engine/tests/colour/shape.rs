//! Lines, sides and turns: what a frame's samples are is not always how they are to be shown.

use image::RgbImage;
use stillframe_domain::{Fit, ImageFormat, Product, SizeRule, SnapshotSpec};
use stillframe_testkit::clips::{ClipSpec, Codec, Container, Rate, Scan, cached, read_frame_number};

use crate::support::{at, decoded, ok, stills, take_one};

fn shaped(offsets_ms: &[i64], width_px: Option<u32>, format: ImageFormat) -> SnapshotSpec {
    let size = SizeRule { width_px, height_px: None, is_adaptive: false };
    let product = Product::Stills { size, fit: Fit::Stretch, format, quality: 92 };
    SnapshotSpec { product, ..stills(at(offsets_ms)) }
}

#[test]
fn all_eight_orientations_are_upright() {
    for is_mirrored in [false, true] {
        for rotation_degrees in [0, 90, 180, 270] {
            let spec = ClipSpec { rotation_degrees, is_mirrored, frame_count: 5, ..ClipSpec::numbered() };
            for format in [ImageFormat::Jpg, ImageFormat::Png] {
                for width_px in [None, Some(201)] {
                    let taken = take_one(&cached(&spec), shaped(&[90], width_px, format));
                    let image = decoded(ok(&taken.pictures[0][0]));
                    let shown = read_frame_number(&image);
                    assert_eq!(
                        shown,
                        Some(2),
                        "{rotation_degrees} degrees, mirrored {is_mirrored}, {format:?}"
                    );
                    assert!(image.height() < image.width(), "{:?}", image.dimensions());
                }
            }
        }
    }
}

/// Each frame holds two moments, 1/50 s apart, in its odd and even lines.
#[test]
fn interlaced_frames_show_their_first_field_alone() {
    for (codec, container) in
        [(Codec::H264, Container::Mp4), (Codec::H264, Container::MpegTs), (Codec::Mpeg2, Container::MpegTs)]
    {
        for scan in [Scan::TopFirst, Scan::BottomFirst] {
            let rate = Rate { num: 50, den: 1 };
            let spec = ClipSpec { codec, container, scan, rate, frame_count: 100, ..ClipSpec::numbered() };
            let path = cached(&spec);
            for (format, width_px) in
                [(ImageFormat::Jpg, None), (ImageFormat::Png, None), (ImageFormat::Jpg, Some(160))]
            {
                let taken = take_one(&path, shaped(&[0, 400, 1_000, 1_960], width_px, format));
                for (picture, first) in taken.pictures[0].iter().zip([0, 20, 50, 98]) {
                    let image = decoded(ok(picture));
                    let case =
                        format!("{codec:?} in {container:?}, {scan:?}, {width_px:?}, at {}", picture.offset);
                    assert_eq!(read_frame_number(&image), Some(first), "{case}");
                    assert!(combing(&image) < 1.0, "{case}: lines stand {:.2} apart", combing(&image));
                }
            }
        }
    }
}

/// How much more neighbouring lines differ than lines two apart, by mean brightness.
fn combing(image: &RgbImage) -> f64 {
    let luma = |x: u32, y: u32| f64::from(image.get_pixel(x, y).0[1]);
    let (mut near, mut far) = (0.0, 0.0);
    for y in 2..image.height() {
        for x in 0..image.width() {
            near += (luma(x, y) - luma(x, y - 1)).abs();
            far += (luma(x, y) - luma(x, y - 2)).abs();
        }
    }
    (near - far) / f64::from(image.width() * image.height())
}

#[test]
fn combed_frames_would_be_noticed() {
    let mut image = RgbImage::new(64, 64);
    for (_, y, pixel) in image.enumerate_pixels_mut() {
        pixel.0 = [if y % 2 == 0 { 100 } else { 110 }; 3];
    }
    assert!(5.0 < combing(&image));
}
