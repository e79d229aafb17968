//! What is made of the right frame: upright, square-pixelled, in the right colours, size and grid.

mod support;

use std::ops::ControlFlow;

use image::{Rgb, RgbImage, imageops};
use stillframe_domain::{
    Colour, ErrorCode, Fit, FrameChoice, ImageFormat, MediaTime, PixelSize, Position, Product, Selection,
    SizeRule, SnapshotSpec, SpriteLayout,
};
use stillframe_engine::{Limits, Produced, TakeRequest, probe, take, vtt};
use stillframe_testkit::clips::{
    BARS, ClipSpec, Codec, Container, Expectation, Gop, Matrix, Oracle, cached, read_frame_number,
};

use support::{at, decoded, ok, source, stills, take_all, take_one};

/// Stills of a given size, fit and format.
fn shaped(
    selection: Selection,
    size: (Option<u32>, Option<u32>),
    fit: Fit,
    format: ImageFormat,
) -> SnapshotSpec {
    let size = SizeRule { width_px: size.0, height_px: size.1, is_adaptive: false };
    let product = Product::Stills { size, fit, format, quality: 92 };
    SnapshotSpec { product, ..stills(selection) }
}

fn dimensions(width: u32, height: u32) -> PixelSize {
    PixelSize { width_px: width, height_px: height }
}

#[test]
fn turned_videos_give_upright_pictures() {
    for rotation_degrees in [90, 180, 270] {
        let path = cached(&ClipSpec { rotation_degrees, frame_count: 25, ..ClipSpec::numbered() });
        let video = probe(source(&path), &Limits::default()).unwrap().video.unwrap();
        assert_eq!((video.width_px, video.height_px), (320, 180), "{rotation_degrees} degrees");
        assert_eq!(video.rotation_degrees, rotation_degrees);
        for format in [ImageFormat::Jpg, ImageFormat::Png] {
            for size in [(None, None), (Some(160), None), (Some(200), Some(150))] {
                let taken = take_one(&path, shaped(at(&[480]), size, Fit::Stretch, format));
                let image = decoded(ok(&taken.pictures[0][0]));
                assert_eq!(read_frame_number(&image), Some(12), "{rotation_degrees} degrees, {size:?}");
            }
        }
    }
}

#[test]
fn pixels_that_are_not_square_are_made_square() {
    for (sample_aspect, rotation_degrees, upright) in [
        ((2, 1), 0, dimensions(640, 180)),
        ((64, 45), 0, dimensions(455, 180)),
        // Stored as 180 x 320, so 360 x 320 before it is turned.
        ((2, 1), 90, dimensions(320, 360)),
    ] {
        let spec = ClipSpec { sample_aspect, rotation_degrees, frame_count: 25, ..ClipSpec::numbered() };
        let taken = take_one(&cached(&spec), stills(at(&[520])));
        let video = taken.facts.video.as_ref().unwrap();
        assert_eq!(dimensions(video.width_px, video.height_px), upright);
        let picture = ok(&taken.pictures[0][0]);
        assert_eq!(picture.size, upright);
        assert_eq!(read_frame_number(&decoded(picture)), Some(13));
    }
}

#[test]
fn one_side_keeps_the_shape_and_two_are_exact() {
    let path = cached(&ClipSpec::numbered());
    for (asked, size) in [
        ((Some(160), None), dimensions(160, 90)),
        ((None, Some(360)), dimensions(640, 360)),
        ((Some(201), Some(143)), dimensions(201, 143)),
        ((Some(1_280), Some(720)), dimensions(1_280, 720)),
    ] {
        for format in [ImageFormat::Jpg, ImageFormat::Png] {
            let taken = take_one(&path, shaped(at(&[4_000]), asked, Fit::Stretch, format));
            let picture = ok(&taken.pictures[0][0]);
            assert_eq!(picture.size, size);
            assert_eq!(read_frame_number(&decoded(picture)), Some(100), "{asked:?} {format:?}");
        }
    }
}

#[test]
fn every_fit_fills_its_box_as_it_says() {
    let path = cached(&ClipSpec::numbered());
    let fitted = |fit| {
        let taken = take_one(&path, shaped(at(&[4_000]), (Some(320), Some(320)), fit, ImageFormat::Png));
        decoded(ok(&taken.pictures[0][0]))
    };
    let middle = |image: &RgbImage| imageops::crop_imm(image, 0, 70, 320, 180).to_image();
    for (fit, bar) in [(Fit::Black, Some([0; 3])), (Fit::White, Some([255; 3])), (Fit::Blur, None)] {
        let image = fitted(fit);
        assert_eq!(image.dimensions(), (320, 320), "{fit:?}");
        assert_eq!(read_frame_number(&middle(&image)), Some(100), "{fit:?}");
        for y in [2, 60, 260, 317] {
            if let Some(bar) = bar {
                assert_eq!(image.get_pixel(160, y).0, bar, "{fit:?} at row {y}");
            }
        }
    }
    let blurred = fitted(Fit::Blur);
    assert!([2, 317].iter().all(|&y| blurred.get_pixel(160, y).0.iter().any(|&c| 20 < c)), "no black bars");

    let stretched = fitted(Fit::Stretch);
    assert_eq!((stretched.dimensions(), read_frame_number(&stretched)), ((320, 320), Some(100)));
    let inside = fitted(Fit::Inside);
    assert_eq!((inside.dimensions(), read_frame_number(&inside)), ((320, 180), Some(100)));

    // The middle square of the frame, blown up: putting the cut sides back makes it readable.
    let cropped = fitted(Fit::Crop);
    assert_eq!(cropped.dimensions(), (320, 320));
    let mut whole = RgbImage::new(569, 320);
    imageops::replace(&mut whole, &cropped, 124, 0);
    assert_eq!(read_frame_number(&whole), Some(100));
}

#[test]
fn png_and_jpeg_show_the_same_picture() {
    let path = cached(&ClipSpec::numbered());
    let of = |format| {
        let taken = take_one(&path, shaped(at(&[5_320]), (None, None), Fit::Stretch, format));
        decoded(ok(&taken.pictures[0][0]))
    };
    let (png, jpg) = (of(ImageFormat::Png), of(ImageFormat::Jpg));
    let differences = png.as_raw().iter().zip(jpg.as_raw()).map(|(&a, &b)| f64::from(a.abs_diff(b)));
    let mean = differences.sum::<f64>() / png.as_raw().len() as f64;
    assert!(mean < 2.5, "mean difference {mean:.2}");
}

#[test]
fn colours_are_those_that_went_in() {
    for matrix in [Matrix::Bt601, Matrix::Bt709] {
        for is_full_range in [false, true] {
            let path = cached(&ClipSpec::bars(matrix, is_full_range));
            for format in [ImageFormat::Jpg, ImageFormat::Png] {
                for size in [None, Some(200)] {
                    let taken = take_one(&path, shaped(at(&[500]), (size, None), Fit::Stretch, format));
                    let image = decoded(ok(&taken.pictures[0][0]));
                    let worst = worst_bar(&image);
                    let case = format!("{matrix:?} full {is_full_range} {format:?} {size:?}");
                    assert!(worst <= 6, "{case}: off by {worst}");
                }
            }
        }
    }
}

/// Largest difference of a channel in the middle of any bar.
fn worst_bar(image: &RgbImage) -> u8 {
    let bars = BARS.into_iter().enumerate().flat_map(|(index, colour)| {
        let x = image.width() * (2 * index as u32 + 1) / (2 * BARS.len() as u32);
        let shown = image.get_pixel(x, image.height() / 2).0;
        shown.into_iter().zip(colour).map(|(a, b)| a.abs_diff(b))
    });
    bars.max().unwrap()
}

const GRID: SpriteLayout = SpriteLayout {
    columns: 3,
    rows: 2,
    cell: SizeRule { width_px: Some(160), height_px: None, is_adaptive: false },
    padding_px: 5,
    margin_px: 7,
    colour: Colour { red: 200, green: 30, blue: 90 },
};

fn sprite(selection: Selection, layout: SpriteLayout, format: ImageFormat) -> SnapshotSpec {
    let product = Product::Sprite { layout, fit: Fit::Black, format, quality: 90 };
    SnapshotSpec { product, ..stills(selection) }
}

#[test]
fn each_cell_of_a_sprite_shows_its_frame_and_the_rest_its_colour() {
    let path = cached(&ClipSpec::numbered());
    let times = [9_000, 0, 4_000, 99_000, 4_000, 1_000, 2_000, 3_000];
    let taken = take_one(&path, sprite(at(&times), GRID, ImageFormat::Png));
    let [first, second] = taken.sheets[0].as_slice() else { panic!("two sheets: {:?}", taken.sheets) };
    let ground = Rgb([200, 30, 90]);
    for (sheet, numbers) in [
        (first, [Some(225), Some(0), Some(100), None, Some(100), Some(25)]),
        (second, [Some(50), Some(75), None, None, None, None]),
    ] {
        assert_eq!((sheet.size, sheet.cell), (dimensions(3 * 160 + 24, 2 * 90 + 19), dimensions(160, 90)));
        let image = image::load_from_memory(&sheet.bytes).unwrap().to_rgb8();
        assert_eq!(image.dimensions(), (sheet.size.width_px, sheet.size.height_px));
        for (index, number) in numbers.into_iter().enumerate() {
            let (x, y) = GRID.cell_origin(index as u32, sheet.cell);
            let cell = imageops::crop_imm(&image, x, y, 160, 90).to_image();
            assert_eq!(read_frame_number(&cell), number, "cell {index} of sheet {}", sheet.number);
            if number.is_none() {
                assert!(cell.pixels().all(|pixel| *pixel == ground), "an empty cell has the colour");
            }
            let around = [(x - 1, y), (x, y - 1), (x + 160, y + 89), (x + 159, y + 90)];
            assert!(around.iter().all(|&(x, y)| *image.get_pixel(x, y) == ground), "around cell {index}");
        }
    }
    let failed = taken.pictures[0][3].result.as_ref().unwrap_err();
    assert_eq!(failed.code, ErrorCode::OffsetOutOfRange);
    let cell = ok(&taken.pictures[0][0]);
    assert!(cell.bytes.is_empty() && cell.size == dimensions(160, 90));
}

#[test]
fn jpeg_sheets_read_as_well_without_gaps() {
    let path = cached(&ClipSpec::numbered());
    let layout = SpriteLayout { padding_px: 0, margin_px: 0, columns: 5, rows: 5, ..GRID };
    let series = Selection::Series { start: MediaTime::ZERO, interval_ms: 400, count: None };
    let taken = take_one(&path, sprite(series, layout, ImageFormat::Jpg));
    let [sheet] = taken.sheets[0].as_slice() else { panic!("one sheet") };
    let image = image::load_from_memory(&sheet.bytes).unwrap().to_rgb8();
    for index in 0..25 {
        let (x, y) = layout.cell_origin(index, sheet.cell);
        let cell = imageops::crop_imm(&image, x, y, 160, 90).to_image();
        assert_eq!(read_frame_number(&cell), Some(10 * index), "cell {index}");
    }
}

#[test]
fn webvtt_names_the_cell_that_shows_each_time() {
    let path = cached(&ClipSpec::numbered());
    let series = Selection::Series { start: MediaTime::ZERO, interval_ms: 1_000, count: None };
    let taken = take_one(&path, sprite(series, GRID, ImageFormat::Jpg));
    let cells = taken.pictures[0].iter().map(|picture| (picture.index, picture.offset));
    let names: Vec<String> = taken.sheets[0].iter().map(|sheet| format!("{}.jpg", sheet.number)).collect();
    let cues = vtt::cues_for_sprite(cells, taken.facts.duration, &GRID, taken.sheets[0][0].cell, &names);
    assert_eq!(cues.len(), 10);
    for (index, cue) in cues.iter().enumerate() {
        let start_ms = 1_000 * index as i64;
        assert_eq!((cue.start.as_millis(), cue.end.as_millis()), (start_ms, start_ms + 1_000));
        let (name, place) = cue.target.split_once("#xywh=").unwrap();
        let sheet = &taken.sheets[0][names.iter().position(|n| n == name).unwrap()];
        let place: Vec<u32> = place.split(',').map(|side| side.parse().unwrap()).collect();
        let image = image::load_from_memory(&sheet.bytes).unwrap().to_rgb8();
        let cell = imageops::crop_imm(&image, place[0], place[1], place[2], place[3]).to_image();
        assert_eq!(read_frame_number(&cell), Some(25 * index as u32), "{}", cue.target);
    }
    let text = vtt::write(&cues);
    assert!(text.starts_with("WEBVTT\n\n00:00:00.000 --> 00:00:01.000\n1.jpg#xywh=7,7,160,90\n\n"), "{text}");
}

/// Clips whose keyframes are found in different ways.
fn keyframe_clips() -> [ClipSpec; 6] {
    let open = Gop { frame_count: 48, is_open: true };
    let of = |container, gop| ClipSpec { container, gop, ..ClipSpec::numbered() };
    let closed = ClipSpec::numbered().gop;
    [
        of(Container::Mp4, closed),
        of(Container::Mp4, open),
        of(Container::FragmentedMp4, open),
        of(Container::Mkv, open),
        of(Container::MpegTs, closed),
        ClipSpec { codec: Codec::Mpeg2, ..of(Container::MpegTs, open) },
    ]
}

#[test]
fn keyframe_choice_gives_the_nearest_keyframe_at_or_before_and_its_real_time() {
    for clip in keyframe_clips() {
        let path = cached(&clip);
        let oracle = Oracle::of(&path).unwrap();
        let times: Vec<i64> = (0..33).map(|k| 300 * k).chain([oracle.last_ms() + 1]).collect();
        for frame in [FrameChoice::Keyframe, FrameChoice::Fast] {
            let taken = take_one(&path, SnapshotSpec { frame, ..stills(at(&times)) });
            for (picture, &time) in taken.pictures[0].iter().zip(&times) {
                let Expectation::Frame(shown) = oracle.expected(time) else {
                    assert!(picture.result.is_err(), "nothing at the duration");
                    continue;
                };
                let before = oracle.frames.iter().rfind(|f| f.is_keyframe && f.pts <= shown.pts).unwrap();
                let picture = ok(picture);
                let got = (picture.pts.as_millis(), read_frame_number(&decoded(picture)));
                let expected = (before.pts.ceil_millis(), Some(before.number));
                assert_eq!(got, expected, "{frame:?} at {time} ms of {clip:?}");
            }
        }
    }
}

#[test]
fn keyframe_selections_are_spread_over_the_real_keyframes() {
    for clip in keyframe_clips() {
        let path = cached(&clip);
        let oracle = Oracle::of(&path).unwrap();
        let keyframes: Vec<_> = oracle.frames.iter().filter(|frame| frame.is_keyframe).collect();
        for (count, start_ms, available) in
            [(50, 0, keyframes.len()), (3, 0, 3), (50, 5, keyframes.len() - 1)]
        {
            let selection =
                Selection::Keyframes { count, start: MediaTime::from_millis(start_ms), names_best: false };
            let spec = SnapshotSpec { frame: FrameChoice::Keyframe, ..stills(selection) };
            let pictures = &take_one(&path, spec).pictures[0];
            let times: Vec<_> = pictures.iter().map(|picture| picture.offset.as_millis()).collect();
            assert_eq!(pictures.len(), available, "{count} from {start_ms} ms: {times:?} of {clip:?}");
            let mut numbers = Vec::new();
            for picture in pictures {
                let taken = ok(picture);
                let number = read_frame_number(&decoded(taken)).unwrap();
                let keyframe = keyframes.iter().find(|frame| frame.number == number).expect("a keyframe");
                assert_eq!(taken.pts.as_millis(), keyframe.pts.ceil_millis());
                assert_eq!(picture.offset, taken.pts, "a keyframe is named by its own time");
                assert!(start_ms <= taken.pts.as_millis());
                numbers.push(number);
            }
            assert!(numbers.is_sorted_by(|a, b| a < b), "{numbers:?}");
        }
    }
}

#[test]
fn hybrid_takes_a_near_keyframe_and_else_the_exact_frame() {
    let path = cached(&ClipSpec::numbered());
    let frame = FrameChoice::Hybrid { tolerance_ms: 200 };
    let taken = take_one(&path, SnapshotSpec { frame, ..stills(at(&[2_000, 2_150, 2_500, 3_900])) });
    let numbers: Vec<_> = taken.pictures[0].iter().map(|p| read_frame_number(&decoded(ok(p)))).collect();
    assert_eq!(numbers, [Some(50), Some(50), Some(62), Some(97)]);
}

#[test]
fn percentages_and_series_are_resolved_against_the_duration() {
    let path = cached(&ClipSpec::numbered());
    let numbers = |selection| -> Vec<_> {
        let taken = take_one(&path, stills(selection));
        taken.pictures[0].iter().map(|p| read_frame_number(&decoded(ok(p))).unwrap()).collect()
    };
    let percent = [100.0, 0.0, 50.0].map(Position::Percent).to_vec();
    assert_eq!(numbers(Selection::Offsets(percent)), [249, 0, 125]);
    assert_eq!(numbers(Selection::PercentStep { percent: 30.0 }), [0, 75, 150, 225]);
    let series = |start, interval_ms, count| Selection::Series {
        start: MediaTime::from_millis(start),
        interval_ms,
        count,
    };
    assert_eq!(numbers(series(2_000, 4_000, None)), [50, 150]);
    assert_eq!(numbers(series(0, 0, Some(4))), [0, 62, 125, 187]);
}

#[test]
fn a_cover_is_one_real_frame_with_its_own_time() {
    let path = cached(&ClipSpec::numbered());
    let oracle = Oracle::of(&path).unwrap();
    let taken = take_one(&path, stills(Selection::Cover));
    let [cover] = taken.pictures[0].as_slice() else { panic!("one cover") };
    let picture = ok(cover);
    let number = read_frame_number(&decoded(picture)).unwrap();
    let frame = oracle.frames.iter().find(|frame| frame.number == number).unwrap();
    assert_eq!(picture.pts.as_millis(), frame.pts.ceil_millis());
    assert_eq!(cover.offset, picture.pts);
}

#[test]
fn outputs_of_one_call_do_not_disturb_each_other() {
    let path = cached(&ClipSpec::numbered());
    let outputs = vec![
        stills(at(&[4_000, 40])),
        sprite(at(&[8_000, 4_000]), GRID, ImageFormat::Png),
        shaped(at(&[4_000]), (Some(64), None), Fit::Stretch, ImageFormat::Png),
        SnapshotSpec { frame: FrameChoice::Keyframe, ..stills(at(&[4_500])) },
    ];
    let taken = take_all(source(&path), outputs).unwrap();
    let number =
        |output: usize, index: usize| read_frame_number(&decoded(ok(&taken.pictures[output][index])));
    assert_eq!([number(0, 0), number(0, 1), number(3, 0)], [Some(100), Some(1), Some(100)]);
    assert_eq!(ok(&taken.pictures[2][0]).size, dimensions(64, 36));
    assert_eq!(taken.sheets.iter().map(Vec::len).collect::<Vec<_>>(), [0, 1, 0, 0]);
}

#[test]
fn a_call_ends_when_its_sink_breaks() {
    let path = cached(&ClipSpec::numbered());
    let request = TakeRequest { outputs: vec![stills(at(&[0, 1_000, 2_000]))], limits: Limits::default() };
    let mut pictures = 0;
    let facts = take(&request, source(&path), &mut |produced| match produced {
        Produced::Picture(_) => {
            pictures += 1;
            ControlFlow::Break(())
        }
        _ => ControlFlow::Continue(()),
    });
    assert!(facts.is_ok());
    assert_eq!(pictures, 1);
}

#[test]
fn a_probe_tells_what_the_clip_was_made_of() {
    let facts = probe(source(&cached(&ClipSpec::numbered())), &Limits::default()).unwrap();
    let video = facts.video.unwrap();
    assert_eq!((video.codec.as_str(), video.width_px, video.height_px), ("h264", 320, 180));
    assert_eq!((facts.duration.as_millis(), video.rotation_degrees, video.is_cover_art), (10_000, 0, false));
    assert!((video.frames_per_second - 25.0).abs() < 0.01, "{}", video.frames_per_second);
    assert!(facts.container.contains("mp4") && facts.audio.is_none());
}
