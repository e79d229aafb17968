//! Every file format: decoded again and compared with the PNG of the same frame, and free of metadata.

mod support;

use image::RgbImage;
use stillframe_domain::{
    Colour, Fit, ImageFormat, MediaTime, Product, Selection, SizeRule, SnapshotSpec, SpriteLayout,
};
use stillframe_testkit::clips::{ClipSpec, Matrix, cached, read_frame_number, read_picture};

use support::{at, decoded, ok, stills, take_one};

const LOSSY: [ImageFormat; 3] = [ImageFormat::Jpg, ImageFormat::Webp, ImageFormat::Avif];

fn picture(spec: &ClipSpec, format: ImageFormat, quality: u8, width_px: Option<u32>) -> Vec<u8> {
    let size = SizeRule { width_px, height_px: None, is_adaptive: false };
    let product = Product::Stills { size, fit: Fit::Stretch, format, quality };
    let taken = take_one(&cached(spec), SnapshotSpec { product, ..stills(at(&[920])) });
    assert!(taken.facts.video.is_some(), "{:?}", taken.facts);
    let picture = ok(&taken.pictures[0][0]);
    decoded(picture);
    picture.bytes.clone()
}

/// Mean difference of a channel.
fn difference(a: &RgbImage, b: &RgbImage) -> f64 {
    assert_eq!(a.dimensions(), b.dimensions());
    let sum: u64 = a.as_raw().iter().zip(b.as_raw()).map(|(&a, &b)| u64::from(a.abs_diff(b))).sum();
    sum as f64 / a.as_raw().len() as f64
}

#[test]
fn every_format_shows_the_frame_at_every_quality() {
    let spec = ClipSpec { frame_count: 25, ..ClipSpec::numbered() };
    for width in [None, Some(161)] {
        let exact = read_picture(&picture(&spec, ImageFormat::Png, 1, width)).unwrap();
        assert_eq!(read_frame_number(&exact), Some(23));
        for format in LOSSY {
            let mut previous = (0, f64::MAX);
            for quality in [20, 60, 85, 98] {
                let bytes = picture(&spec, format, quality, width);
                let image = read_picture(&bytes).unwrap();
                let found = (bytes.len(), difference(&image, &exact));
                println!("{format:?} {quality}: {} B, {:.2} off", found.0, found.1);
                assert_eq!(read_frame_number(&image), Some(23), "{format:?} {quality}");
                assert!(previous.0 < found.0 && found.1 < previous.1, "{format:?} {quality}: no better");
                previous = found;
            }
            assert!(previous.1 < 2.0, "{format:?}: {:.2} off at best", previous.1);
        }
    }
}

#[test]
fn colours_survive_every_format() {
    for (matrix, is_full_range) in [(Matrix::Bt601, false), (Matrix::Bt709, false), (Matrix::Bt709, true)] {
        let spec = ClipSpec::bars(matrix, is_full_range);
        let exact = read_picture(&picture(&spec, ImageFormat::Png, 1, None)).unwrap();
        for format in LOSSY {
            let image = read_picture(&picture(&spec, format, 95, None)).unwrap();
            let mean = difference(&image, &exact);
            println!("{matrix:?} full {is_full_range} {format:?}: {mean:.2} off");
            assert!(mean < 2.5, "{matrix:?} full {is_full_range} {format:?}: {mean:.2} off");
        }
    }
}

#[test]
fn sheets_of_every_format_read_the_same_also_at_odd_corners() {
    let path = cached(&ClipSpec::numbered());
    for (width_px, padding_px) in [(160, 0), (121, 3)] {
        let cell = SizeRule { width_px: Some(width_px), height_px: None, is_adaptive: false };
        let ground = Colour { red: 200, green: 30, blue: 90 };
        let layout = SpriteLayout { columns: 3, rows: 2, cell, padding_px, margin_px: 5, colour: ground };
        for format in [ImageFormat::Png, ImageFormat::Jpg, ImageFormat::Webp, ImageFormat::Avif] {
            let product = Product::Sprite { layout, fit: Fit::Black, format, quality: 90 };
            let selection = Selection::Series { start: MediaTime::ZERO, interval_ms: 2_000, count: Some(5) };
            let taken = take_one(&path, SnapshotSpec { product, ..stills(selection) });
            let [sheet] = taken.sheets[0].as_slice() else { panic!("one sheet") };
            let image = read_picture(&sheet.bytes).unwrap();
            assert_eq!(image.dimensions(), (sheet.size.width_px, sheet.size.height_px));
            for index in 0..5 {
                let (x, y) = layout.cell_origin(index, sheet.cell);
                let cell = image::imageops::crop_imm(&image, x, y, width_px, sheet.cell.height_px).to_image();
                assert_eq!(read_frame_number(&cell), Some(50 * index), "{format:?}, cell {index}");
            }
            let (x, y) = layout.cell_origin(5, sheet.cell);
            let empty = image.get_pixel(x + width_px / 2, y + sheet.cell.height_px / 2).0;
            let off =
                [(empty[0], 200), (empty[1], 30), (empty[2], 90)].map(|(is, should)| is.abs_diff(should));
            assert!(off.iter().all(|&off| off <= 6), "{format:?}: the empty cell is {empty:?}");
        }
    }
}

#[test]
fn files_hold_a_picture_and_nothing_else() {
    let spec = ClipSpec { frame_count: 25, ..ClipSpec::numbered() };
    let jpeg = picture(&spec, ImageFormat::Jpg, 85, None);
    // The clip is higher than a strip, so there is a restart interval.
    let segments = [0xE0, 0xDB, 0xDB, 0xC0, 0xC4, 0xC4, 0xC4, 0xC4, 0xDD, 0xDA];
    assert_eq!(jpeg_segments(&jpeg), segments, "JFIF alone");
    assert_eq!(png_chunks(&picture(&spec, ImageFormat::Png, 85, None)), ["IHDR", "sRGB", "IDAT", "IEND"]);
    let webp = picture(&spec, ImageFormat::Webp, 85, None);
    assert_eq!((&webp[..4], &webp[8..16]), (&b"RIFF"[..], &b"WEBPVP8 "[..]), "no chunk but the picture's");
    let avif = picture(&spec, ImageFormat::Avif, 85, None);
    for word in ["Exif", "xml ", "mime", "rICC", "prof", "Lavc", "Lavf"] {
        assert!(!avif.windows(4).any(|part| part == word.as_bytes()), "{word} in the AVIF");
    }
}

#[test]
fn files_say_what_their_colours_mean() {
    let spec = ClipSpec { frame_count: 25, ..ClipSpec::numbered() };
    // JFIF has no word for it: full-range BT.601, shown as sRGB. Chroma is halved both ways.
    let jpeg = picture(&spec, ImageFormat::Jpg, 85, None);
    let frame = jpeg.windows(2).position(|word| word == [0xFF, 0xC0]).expect("a frame header");
    assert_eq!(jpeg[frame + 9..frame + 19], [3, 1, 0x22, 0, 2, 0x11, 1, 3, 0x11, 1]);
    let png = picture(&spec, ImageFormat::Png, 85, None);
    let chunk = png.windows(4).position(|word| word == b"sRGB").expect("a chunk");
    assert_eq!(png[chunk + 4], 0, "perceptual");
    // ISO/IEC 23091-2: primaries of BT.709, the curve of sRGB, the matrix of BT.601, full range.
    let avif = picture(&spec, ImageFormat::Avif, 85, None);
    if let Some(colr) = avif.windows(8).position(|word| word == b"colrnclx") {
        assert_eq!(avif[colr + 8..colr + 15], [0, 1, 0, 13, 0, 6, 0x80]);
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("picture.avif");
    std::fs::write(&path, &avif).unwrap();
    let entries = "stream=color_range,color_space,color_transfer,color_primaries";
    let told = std::process::Command::new("ffprobe")
        .args(["-v", "error", "-show_entries", entries, "-of", "default=noprint_wrappers=1"])
        .arg(&path)
        .output()
        .unwrap();
    let told = String::from_utf8(told.stdout).unwrap();
    for line in
        ["color_range=pc", "color_space=smpte170m", "color_transfer=iec61966-2-1", "color_primaries=bt709"]
    {
        assert!(told.contains(line), "{line} is not in {told}");
    }
}

/// The markers of a JPEG up to its first scan.
fn jpeg_segments(bytes: &[u8]) -> Vec<u8> {
    let mut markers = Vec::new();
    let mut at = 2;
    while markers.last() != Some(&0xDA) {
        markers.push(bytes[at + 1]);
        at += 2 + usize::from(u16::from_be_bytes([bytes[at + 2], bytes[at + 3]]));
    }
    markers
}

/// The kinds of a PNG's chunks, without repeats.
fn png_chunks(bytes: &[u8]) -> Vec<String> {
    let mut kinds = Vec::new();
    let mut at = 8;
    while at < bytes.len() {
        let length = u32::from_be_bytes(bytes[at..at + 4].try_into().unwrap());
        kinds.push(String::from_utf8(bytes[at + 4..at + 8].to_vec()).unwrap());
        at += 12 + length as usize;
    }
    kinds.dedup();
    kinds
}
