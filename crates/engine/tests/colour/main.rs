//! Right colours and shapes from every kind of stream: colour bars by their pixels, other clips by numbers.
//!
//! [`CASES`] is the table: how the bars are stored, and how far a channel may be off in the middle of a bar.

mod delta_e;
mod shape;
#[expect(dead_code, reason = "each test binary uses its part")]
#[path = "../support/mod.rs"]
mod support;
mod tone;

use image::RgbImage;
use stillframe_domain::{Fit, ImageFormat, Product, SizeRule, SnapshotSpec};
use stillframe_testkit::clips::{BARS, Bars, ClipSpec, Codec, Container, Matrix, Samples, cached};

use support::{at, decoded, ok, stills, take_one};

/// One row of the table.
struct Case {
    bars: Bars,
    codec: Codec,
    container: Container,
    size: (u32, u32),
    /// Largest difference of a channel, of 255.
    off_max: u8,
}

const LIMITED_601: Bars =
    Bars { matrix: Matrix::Bt601, is_full_range: false, is_tagged: true, samples: Samples::Yuv420 };
const LIMITED_709: Bars = Bars { matrix: Matrix::Bt709, ..LIMITED_601 };
const FULL_601: Bars = Bars { is_full_range: true, ..LIMITED_601 };
const FULL_709: Bars = Bars { is_full_range: true, ..LIMITED_709 };
const LIMITED_2020: Bars = Bars { matrix: Matrix::Bt2020, ..LIMITED_601 };
const RGB: Bars = Bars { is_full_range: true, samples: Samples::Rgb, ..LIMITED_709 };

const fn of(bars: Bars, samples: Samples) -> Bars {
    Bars { samples, ..bars }
}

const fn untagged(bars: Bars) -> Bars {
    Bars { is_tagged: false, ..bars }
}

const fn case(bars: Bars, codec: Codec, container: Container, off_max: u8) -> Case {
    Case { bars, codec, container, size: (320, 180), off_max }
}

const fn sized(bars: Bars, codec: Codec, size: (u32, u32)) -> Case {
    Case { bars, codec, container: Container::Mkv, size, off_max: 5 }
}

const CASES: [Case; 32] = {
    use Codec::*;
    use Container::{Mkv, Mov, Mp4, MpegTs, Webm};
    use Samples::*;
    [
        // Matrix and range.
        case(LIMITED_601, H264, Mp4, 5),
        case(LIMITED_709, H264, Mp4, 5),
        case(FULL_601, H264, Mp4, 5),
        case(FULL_709, H264, Mp4, 5),
        case(LIMITED_2020, Hevc, Mp4, 5),
        case(of(LIMITED_2020, Yuv420Ten), Hevc, Mp4, 5),
        case(LIMITED_709, Mpeg2, MpegTs, 5),
        case(LIMITED_709, Vp9, Webm, 5),
        case(LIMITED_709, Av1, Mkv, 5),
        case(FULL_709, Av1, Mp4, 5),
        case(FULL_601, Mjpeg, Mov, 6),
        // Untagged: guessed by the size.
        case(untagged(LIMITED_601), H264, Mp4, 5),
        case(untagged(LIMITED_601), Mpeg4, Mp4, 5),
        case(untagged(LIMITED_601), Vp8, Webm, 5),
        sized(untagged(LIMITED_709), H264, (1_280, 536)),
        sized(untagged(LIMITED_709), H264, (720, 1_280)),
        sized(untagged(LIMITED_601), H264, (720, 576)),
        // Depth and chroma.
        case(of(LIMITED_709, Yuv422), H264, Mkv, 5),
        case(of(LIMITED_709, Yuv444), H264, Mkv, 5),
        case(of(FULL_709, Yuv444), H264, Mkv, 5),
        case(of(LIMITED_709, Yuv420Ten), H264, Mkv, 5),
        case(of(LIMITED_709, Yuv422Ten), H264, Mkv, 5),
        case(of(LIMITED_709, Yuv444Ten), H264, Mkv, 5),
        case(of(LIMITED_709, Yuv420Ten), Hevc, Mp4, 5),
        case(of(FULL_709, Yuv420Ten), Hevc, Mp4, 5),
        case(of(LIMITED_709, Yuv420Ten), Av1, Mp4, 5),
        case(of(LIMITED_709, Yuv422Ten), ProRes, Mov, 5),
        case(RGB, Hevc, Mkv, 5),
        // Sides that are odd.
        sized(LIMITED_709, Vp9, (321, 181)),
        sized(LIMITED_601, Hevc, (322, 182)),
        sized(of(LIMITED_709, Yuv444), H264, (319, 179)),
        sized(of(LIMITED_709, Yuv444), Vp9, (161, 91)),
    ]
};

fn picture(spec: &ClipSpec, format: ImageFormat, size: (Option<u32>, Option<u32>)) -> RgbImage {
    let size = SizeRule { width_px: size.0, height_px: size.1, is_adaptive: false };
    let product = Product::Stills { size, fit: Fit::Stretch, format, quality: 95 };
    let taken = take_one(&cached(spec), SnapshotSpec { product, ..stills(at(&[100])) });
    decoded(ok(&taken.pictures[0][0]))
}

/// Largest difference of a channel in the middle of any bar, on a row.
fn worst_bar(image: &RgbImage, y: u32, expected: impl Fn(u8) -> u8) -> u8 {
    let bars = BARS.into_iter().enumerate().flat_map(|(index, colour)| {
        let x = image.width() * (2 * index as u32 + 1) / (2 * BARS.len() as u32);
        let shown = image.get_pixel(x, y).0;
        shown.into_iter().zip(colour.map(&expected)).map(|(a, b)| a.abs_diff(b))
    });
    bars.max().unwrap()
}

#[test]
fn bars_keep_their_colours_from_every_kind_of_stream() {
    let mut wrong = Vec::new();
    for Case { bars, codec, container, size, off_max } in CASES {
        let (width_px, height_px) = size;
        let spec =
            ClipSpec { codec, container, width_px, height_px, frame_count: 5, ..ClipSpec::bars_as(bars) };
        let mut offs = Vec::new();
        for format in [ImageFormat::Jpg, ImageFormat::Png, ImageFormat::Webp] {
            for size in [(None, None), (Some(200), None), (Some(163), Some(87))] {
                let image = picture(&spec, format, size);
                offs.push(worst_bar(&image, image.height() / 2, |part| part));
            }
        }
        let worst = offs.iter().copied().max().unwrap();
        println!("{bars:?} {codec:?} {container:?} {size:?}: off by {worst} of {off_max}: {offs:?}");
        if off_max < worst {
            wrong.push(format!("{bars:?} {codec:?} {container:?} {size:?}: {offs:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn what_is_transparent_lies_on_black() {
    for (codec, container, samples) in [
        (Codec::ProRes4444, Container::Mov, Samples::Yuva444Ten),
        (Codec::Vp9, Container::Webm, Samples::Yuva420),
        (Codec::Vp8, Container::Webm, Samples::Yuva420),
    ] {
        let bars = of(LIMITED_709, samples);
        let spec = ClipSpec { codec, container, frame_count: 5, ..ClipSpec::bars_as(bars) };
        for format in [ImageFormat::Jpg, ImageFormat::Png, ImageFormat::Webp] {
            for width_px in [None, Some(200)] {
                let image = picture(&spec, format, (width_px, None));
                let opaque = worst_bar(&image, image.height() / 4, |part| part);
                let half = worst_bar(&image, image.height() * 3 / 4, |part| part / 2);
                let what = format!("{codec:?} {format:?} {width_px:?}");
                println!("{what}: off by {opaque} where opaque, by {half} where half transparent");
                assert!(opaque <= 5 && half <= 5, "{what}: {opaque}, {half}");
            }
        }
    }
}
