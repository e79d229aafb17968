//! High dynamic range beside ffmpeg's own chain of `zscale` and `tonemap`.

use std::path::Path;
use std::process::Command;

use image::RgbImage;
use stillframe_domain::{Fit, ImageFormat, Product, SizeRule, SnapshotSpec};
use stillframe_testkit::clips::{ClipSpec, Codec, Container, Content, HighRange, cached};

use crate::delta_e::differences;
use crate::support::{at, decoded, ok, stills, take_one};

/// The chain that the engine means to equal; `docs/design/colour.md` explains it.
const CHAIN: &str = "zscale=t=linear:npl=100,format=gbrpf32le,zscale=p=bt709,\
                     tonemap=tonemap=mobius:param=0.3:peak=10:desat=0,zscale=t=bt709,format=gbrp";

/// Most that pictures may be off from it.
const MEAN_MAX: f64 = 3.0;
const P95_MAX: f64 = 6.0;

fn high(curve: HighRange, codec: Codec, container: Container) -> ClipSpec {
    let content = Content::HighRange(curve);
    ClipSpec {
        content,
        codec,
        container,
        frame_count: 2,
        width_px: 640,
        height_px: 360,
        ..ClipSpec::numbered()
    }
}

fn picture(path: &Path, format: ImageFormat, width_px: Option<u32>) -> RgbImage {
    let size = SizeRule { width_px, height_px: None, is_adaptive: false };
    let product = Product::Stills { size, fit: Fit::Stretch, format, quality: 95 };
    decoded(ok(&take_one(path, SnapshotSpec { product, ..stills(at(&[0])) }).pictures[0][0]))
}

/// The first frame as ffmpeg maps it, at its own size, then scaled.
fn reference(path: &Path, width_px: Option<u32>) -> RgbImage {
    let (width, height) = width_px.map_or((640, 360), |width| (width, width * 9 / 16));
    let filters = format!("{CHAIN},scale={width}:{height}:flags=area");
    let output = Command::new("ffmpeg")
        .args(["-nostdin", "-v", "error", "-i"])
        .arg(path)
        .args(["-frames:v", "1", "-vf", &filters, "-f", "rawvideo", "-pix_fmt", "rgb24", "pipe:1"])
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    RgbImage::from_raw(width, height, output.stdout).unwrap()
}

#[test]
fn pq_and_hlg_are_mapped_as_by_zscale_and_tonemap() {
    for (curve, codec, container) in [
        (HighRange::Pq, Codec::Hevc, Container::Mp4),
        (HighRange::Hlg, Codec::Hevc, Container::Mp4),
        (HighRange::Pq, Codec::Av1, Container::Mkv),
        (HighRange::Hlg, Codec::Vp9, Container::Webm),
    ] {
        let path = cached(&high(curve, codec, container));
        for width_px in [None, Some(320), Some(160)] {
            let reference = reference(&path, width_px);
            for format in [ImageFormat::Png, ImageFormat::Jpg] {
                let (mean, p95) = differences(&picture(&path, format, width_px), &reference);
                let size = width_px.unwrap_or(640);
                println!(
                    "{curve:?} {codec:?} {size:>4} px {format:?}: mean {mean:.2}, 95th percentile {p95:.2}"
                );
                assert!(mean <= MEAN_MAX && p95 <= P95_MAX, "{curve:?} {codec:?} {size} px {format:?}");
            }
        }
    }
}

#[test]
fn a_picture_that_is_not_mapped_would_be_noticed() {
    let path = cached(&high(HighRange::Pq, Codec::Hevc, Container::Mp4));
    let output = Command::new("ffmpeg")
        .args(["-nostdin", "-v", "error", "-i"])
        .arg(&path)
        .args(["-frames:v", "1", "-f", "rawvideo", "-pix_fmt", "rgb24", "pipe:1"])
        .output()
        .unwrap();
    let washed_out = RgbImage::from_raw(640, 360, output.stdout).unwrap();
    let (mean, _) = differences(&washed_out, &reference(&path, None));
    assert!(2.0 * MEAN_MAX < mean, "a mean difference of {mean:.2} alone");
}
