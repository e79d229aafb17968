//! `stillframe snap` and `stillframe probe` as users and scripts run them: the real binary over real
//! clips, with the burned-in frame numbers read back from the files.

#![expect(clippy::unwrap_used, reason = "a test that cannot set itself up fails")]

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use image::{RgbImage, imageops};
use serde_json::{Value, json};
use stillframe_testkit::clips::{
    ClipSpec, Keyframes, Scene, cached, cached_scenes, read_animation, read_frame_number,
};
use tempfile::TempDir;

/// A folder of its own with the usual clip (10 s, 25 frames per second, 320 x 180) as `clip.mp4`.
struct Desk {
    folder: TempDir,
}

impl Desk {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::copy(cached(&ClipSpec::numbered()), folder.path().join("clip.mp4")).unwrap();
        Self { folder }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn command(&self, arguments: &str) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_stillframe"));
        command.args(arguments.split_whitespace()).current_dir(self.folder.path()).stdin(Stdio::null());
        command
    }

    fn run(&self, arguments: &str) -> Output {
        self.command(arguments).output().unwrap()
    }

    /// Runs with `--json` and gives the exit code and the document.
    fn json(&self, arguments: &str) -> (i32, Value) {
        let output = self.run(&format!("{arguments} --json"));
        (code(&output), document(&output))
    }

    fn image(&self, picture: &Value) -> RgbImage {
        let path = self.path(picture["path"].as_str().expect("a path"));
        let bytes = fs::read(path).expect("the file that was reported");
        if picture["kind"] != "cell" {
            assert_eq!(picture["bytes"], bytes.len());
        }
        image::load_from_memory(&bytes).expect("a picture").to_rgb8()
    }

    /// The frame number that each picture shows; `None` for failed ones.
    fn numbers(&self, document: &Value) -> Vec<Option<u32>> {
        let shown = |picture: &Value| {
            (picture["status"] == "ok").then(|| read_frame_number(&self.image(picture)).expect("a number"))
        };
        pictures(document).iter().map(shown).collect()
    }
}

fn code(output: &Output) -> i32 {
    output.status.code().expect("an exit code")
}

fn document(output: &Output) -> Value {
    let stdout = str::from_utf8(&output.stdout).unwrap();
    serde_json::from_str(stdout).unwrap_or_else(|error| panic!("{error} in {stdout:?}"))
}

fn pictures(document: &Value) -> &Vec<Value> {
    document["pictures"].as_array().expect("pictures")
}

fn stderr(output: &Output) -> &str {
    str::from_utf8(&output.stderr).unwrap()
}

fn files(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name());
    let mut names: Vec<_> = entries.map(|name| name.into_string().unwrap()).collect();
    names.sort();
    names
}

#[test]
fn every_form_of_a_time_gives_its_exact_frame() {
    let desk = Desk::new();
    let (code, document) = desk.json("snap clip.mp4 --at 0,1.5s,0:02.5,00:00:03.500,50%,4500ms,100% -o out");
    assert_eq!(code, 0);
    let offsets: Vec<_> = pictures(&document).iter().map(|p| p["offset_ms"].as_i64().unwrap()).collect();
    assert_eq!(offsets, [0, 1_500, 2_500, 3_500, 5_000, 4_500, 9_999]);
    assert_eq!(desk.numbers(&document), [0, 37, 62, 87, 125, 112, 249].map(Some));
    let expected: Vec<_> = (1..=7).map(|k| format!("clip-{k:05}.jpg")).collect();
    assert_eq!(files(&desk.path("out")), expected);
}

#[test]
fn a_preview_moves_as_the_video_does() {
    let desk = Desk::new();
    let (code, document) = desk.json("snap clip.mp4 --preview 2s --from 3s --fps 5 --size 160x -o out");
    assert_eq!(code, 0);
    assert_eq!(files(&desk.path("out")), ["clip-preview.webp"]);
    let [preview] = pictures(&document).as_slice() else { panic!("one picture: {document}") };
    assert_eq!((&preview["kind"], &preview["offset_ms"]), (&json!("preview"), &json!(3_000)));
    assert_eq!((&preview["width"], &preview["height"]), (&json!(160), &json!(90)));
    let frames = read_animation(&fs::read(desk.path("out/clip-preview.webp")).unwrap()).unwrap();
    let shown: Vec<_> = frames.iter().map(|(image, ms)| (read_frame_number(image), *ms)).collect();
    let expected: Vec<_> = (0..10).map(|k| (Some(75 + 5 * k), 200)).collect();
    assert_eq!(shown, expected);
}

#[test]
fn pictures_stand_in_the_order_asked_with_repeats_and_failures() {
    let desk = Desk::new();
    let (code, document) = desk.json("snap clip.mp4 --at=9s,10s,2s,2s,-1s,0.04s");
    assert_eq!(code, 3);
    assert_eq!(desk.numbers(&document), [Some(225), None, Some(50), Some(50), None, Some(1)]);
    let [.., good] = pictures(&document).as_slice() else { panic!("pictures") };
    let path = json!("./clip-00006.jpg");
    let bytes = good["bytes"].clone();
    assert_eq!(
        good,
        &json!({
            "kind": "still", "offset_ms": 40, "status": "ok", "pts_ms": 40, "path": path,
            "width": 320, "height": 180, "bytes": bytes,
        })
    );
    for (index, offset_ms) in [(1, 10_000), (4, -1_000)] {
        let failed = &pictures(&document)[index];
        let message = failed["error"]["message"].as_str().unwrap();
        assert!(!message.is_empty());
        assert_eq!(
            failed,
            &json!({
                "kind": "still", "offset_ms": offset_ms, "status": "failed",
                "error": { "code": "offset-out-of-range", "message": message },
            })
        );
    }
    let keys: Vec<_> = document.as_object().unwrap().keys().collect();
    assert_eq!(keys, ["media", "pictures", "sprites", "vtt"]);
    assert_eq!((&document["sprites"], &document["vtt"]), (&json!([]), &Value::Null));
    assert_eq!(document["media"]["duration_ms"], 10_000);
}

#[test]
fn exit_codes_tell_all_some_none_and_bad_usage() {
    let desk = Desk::new();
    for (arguments, expected) in [
        ("snap clip.mp4 --at 1s", 0),
        ("snap clip.mp4 --at 1s,11s", 3),
        ("snap clip.mp4 --at 11s,12s", 4),
        ("snap gone.mp4 --at 1s", 4),
        ("snap clip.mp4 --at 12", 2),
        ("snap clip.mp4 --at 1s --every 2s", 2),
        ("snap clip.mp4 --vtt", 2),
        ("snap clip.mp4 --sprite 0x3", 2),
        ("snap clip.mp4 --size big", 2),
        ("snap clip.mp4 --quality 0", 2),
        ("snap clip.mp4 --format gif", 2),
        ("snap clip.mp4 --format webp", 0),
        ("snap clip.mp4 -o clip.mp4", 2),
        ("snap s3://bucket", 2),
        ("snap ftp://host/clip.mp4", 2),
        ("snap", 2),
        ("probe s3:///clip.mp4", 2),
        ("probe gone.mp4", 4),
    ] {
        let output = desk.run(arguments);
        assert_eq!(code(&output), expected, "{arguments}: {}", stderr(&output));
        assert_eq!(output.stderr.is_empty(), expected == 0, "{arguments}: {}", stderr(&output));
    }
}

#[test]
fn what_is_no_video_is_named_in_one_line_and_in_the_document() {
    let desk = Desk::new();
    fs::write(desk.path("empty.mp4"), b"").unwrap();
    fs::write(desk.path("letter.mp4"), b"Dear reader, this is no video.\n".repeat(100)).unwrap();
    for (name, expected) in [
        ("gone.mp4", "source-missing"),
        ("empty.mp4", "source-empty"),
        ("letter.mp4", "not-a-video"),
        (".", "source-unreadable"),
    ] {
        let output = desk.run(&format!("snap {name} --at 1s,2s --json"));
        assert_eq!(code(&output), 4, "{name}");
        let line = stderr(&output);
        assert!(line.starts_with(&format!("stillframe: {name}: ")) && line.lines().count() == 1, "{line}");
        let document = document(&output);
        assert_eq!((&document["media"], &document["error"]["code"]), (&Value::Null, &json!(expected)));
        for (picture, offset_ms) in pictures(&document).iter().zip([1_000, 2_000]) {
            assert_eq!((&picture["offset_ms"], &picture["status"]), (&json!(offset_ms), &json!("failed")));
            assert_eq!(picture["error"]["code"], expected);
        }
        let probed = desk.run(&format!("probe {name} --json"));
        assert_eq!((code(&probed), &self::document(&probed)["error"]["code"]), (4, &json!(expected)));
    }
}

#[test]
fn people_get_a_line_for_each_file_and_for_each_failure() {
    let desk = Desk::new();
    let output = desk.run("snap clip.mp4 --at 1.01s,11s -o out");
    let stdout = str::from_utf8(&output.stdout).unwrap();
    let [line] = stdout.lines().collect::<Vec<_>>()[..] else { panic!("one line: {stdout}") };
    assert!(line.starts_with("out/clip-00001.jpg  0:01.000  320x180  "), "{line}");
    assert!(stderr(&output).starts_with("stillframe: no picture at 0:11.000: "), "{}", stderr(&output));
    assert_eq!(stderr(&output).lines().count(), 1);
}

#[test]
fn series_are_even_or_stepped_by_time_or_percent() {
    let desk = Desk::new();
    for (arguments, expected) in [
        ("--every 4s", vec![0, 100, 200]),
        ("--every 2s --count 2", vec![0, 50]),
        ("--count 4", vec![0, 62, 125, 187]),
        ("--every 30%", vec![0, 75, 150, 225]),
        ("--every 30% --count 2", vec![0, 75]),
    ] {
        let (code, document) = desk.json(&format!("snap clip.mp4 -o out {arguments}"));
        assert_eq!(code, 0, "{arguments}");
        let expected: Vec<_> = expected.into_iter().map(Some).collect();
        assert_eq!(desk.numbers(&document), expected, "{arguments}");
    }
}

#[test]
fn a_cover_shows_something_where_the_video_does() {
    let desk = Desk::new();
    let scenes = [(Scene::Black, 3_000), (Scene::Picture(0), 1_000), (Scene::Title, 4_000)];
    fs::copy(cached_scenes(&scenes, Keyframes::Every(20)), desk.path("dark.mp4")).unwrap();
    let (status, document) = desk.json("snap dark.mp4 --cover auto");
    assert_eq!(status, 0);
    let pts_ms = document["pictures"][0]["pts_ms"].as_i64().unwrap();
    assert!((3_000..4_000).contains(&pts_ms), "{document}");
}

#[test]
fn a_cover_is_what_one_gets_without_asking() {
    let desk = Desk::new();
    for arguments in ["", "--cover", "--cover auto"] {
        let (code, document) = desk.json(&format!("snap clip.mp4 {arguments}"));
        assert_eq!(code, 0, "{arguments}");
        let [cover] = pictures(&document).as_slice() else { panic!("one picture") };
        assert_eq!((&cover["kind"], &cover["path"]), (&json!("cover"), &json!("./clip-cover.jpg")));
        assert_eq!(desk.numbers(&document).len(), 1);
    }
    let (_, document) = desk.json("snap clip.mp4 --cover 3s --at 1s");
    let kinds: Vec<_> = pictures(&document).iter().map(|picture| &picture["kind"]).collect();
    assert_eq!(kinds, ["still", "cover"]);
    assert_eq!(desk.numbers(&document), [Some(25), Some(75)]);
}

#[test]
fn size_format_and_quality_are_kept() {
    let desk = Desk::new();
    let (_, small) = desk.json("snap clip.mp4 --at 4s --size 160x -o small");
    assert_eq!(desk.image(&pictures(&small)[0]).dimensions(), (160, 90));
    let (_, boxed) = desk.json("snap clip.mp4 --at 4s --size 200x200 --fit black -o boxed");
    assert_eq!(desk.image(&pictures(&boxed)[0]).dimensions(), (200, 200));
    let (_, inside) = desk.json("snap clip.mp4 --at 4s --size 160x160 -o inside");
    assert_eq!(desk.image(&pictures(&inside)[0]).dimensions(), (160, 90));
    assert_eq!(desk.numbers(&inside), [Some(100)]);

    let (_, png) = desk.json("snap clip.mp4 --at 4s --format png");
    assert_eq!(pictures(&png)[0]["path"], "./clip-00001.png");
    let magic = fs::read(desk.path("clip-00001.png")).unwrap();
    assert!(magic.starts_with(b"\x89PNG"));
    assert_eq!(desk.numbers(&png), [Some(100)]);

    let bytes = |quality| {
        let (_, document) = desk.json(&format!("snap clip.mp4 --at 4s --quality {quality}"));
        pictures(&document)[0]["bytes"].as_u64().unwrap()
    };
    assert!(bytes(20) < bytes(95));
}

#[test]
fn frame_choice_is_kept_and_the_real_time_told() {
    let desk = Desk::new();
    let (_, document) = desk.json("snap clip.mp4 --at 3.9s,4.1s --frame keyframe");
    assert_eq!(desk.numbers(&document), [Some(50), Some(100)]);
    let times: Vec<_> = pictures(&document).iter().map(|picture| &picture["pts_ms"]).collect();
    assert_eq!(times, [2_000, 4_000]);
    let (_, document) = desk.json("snap clip.mp4 --at 3.9s,4.1s --frame hybrid");
    assert_eq!(desk.numbers(&document), [Some(97), Some(100)]);
}

#[test]
fn sheets_hold_their_frames_and_webvtt_points_at_them() {
    let desk = Desk::new();
    let (code, document) = desk.json("snap clip.mp4 --every 1s --sprite 4x2 --vtt -o out");
    assert_eq!(code, 0);
    let sheets = document["sprites"].as_array().unwrap();
    let bytes: Vec<_> = sheets.iter().map(|sheet| sheet["bytes"].as_u64().unwrap()).collect();
    for (index, sheet) in sheets.iter().enumerate() {
        let path = format!("out/clip-sprite-{:05}.jpg", index + 1);
        assert_eq!(
            sheet,
            &json!({
                "number": index + 1, "path": path, "width": 640, "height": 180, "bytes": bytes[index],
                "columns": 4, "rows": 2, "cell_width": 160, "cell_height": 90,
            })
        );
    }
    assert_eq!(sheets.len(), 2);
    let cell = &pictures(&document)[9];
    let expected = json!({
        "kind": "cell", "offset_ms": 9_000, "status": "ok", "pts_ms": 9_000, "bytes": 0,
        "path": "out/clip-sprite-00002.jpg", "width": 160, "height": 90, "sheet": 2, "x": 160, "y": 0,
    });
    assert_eq!(cell, &expected);

    assert_eq!(document["vtt"], "out/clip.vtt");
    let text = fs::read_to_string(desk.path("out/clip.vtt")).unwrap();
    let mut lines = text.lines();
    assert_eq!((lines.next(), lines.next()), (Some("WEBVTT"), Some("")));
    for second in 0..10 {
        let times = format!("00:00:{second:02}.000 --> 00:00:{:02}.000", second + 1);
        assert_eq!(lines.next(), Some(times.as_str()));
        let (name, place) = lines.next().unwrap().split_once("#xywh=").unwrap();
        let place: Vec<u32> = place.split(',').map(|side| side.parse().unwrap()).collect();
        let sheet = image::open(desk.path("out").join(name)).unwrap().to_rgb8();
        let cell = imageops::crop_imm(&sheet, place[0], place[1], place[2], place[3]).to_image();
        assert_eq!(read_frame_number(&cell), Some(25 * second), "{name} {place:?}");
        assert_eq!(lines.next(), Some(""));
    }
    assert_eq!(lines.next(), None);
}

#[test]
fn a_sprite_alone_fills_one_sheet_evenly() {
    let desk = Desk::new();
    let (code, document) = desk.json("snap clip.mp4 --sprite 5x2");
    assert_eq!((code, document["sprites"].as_array().unwrap().len()), (0, 1));
    let times: Vec<_> = pictures(&document).iter().map(|cell| cell["pts_ms"].as_i64().unwrap()).collect();
    assert_eq!(times, (0..10).map(|k| 1_000 * k).collect::<Vec<_>>());
}

#[test]
fn webvtt_over_single_pictures_names_their_files() {
    let desk = Desk::new();
    fs::rename(desk.path("clip.mp4"), desk.path("my film #1.mp4")).unwrap();
    let output =
        desk.command("snap").arg("my film #1.mp4").args(["--every", "5s", "--vtt"]).output().unwrap();
    assert_eq!(code(&output), 0, "{}", stderr(&output));
    let text = fs::read_to_string(desk.path("my film #1.vtt")).unwrap();
    let expected = "WEBVTT\n\n\
                    00:00:00.000 --> 00:00:05.000\nmy%20film%20%231-00001.jpg\n\n\
                    00:00:05.000 --> 00:00:10.000\nmy%20film%20%231-00002.jpg\n\n";
    assert_eq!(text, expected);
    assert!(desk.path("my film #1-00002.jpg").exists());
}

#[test]
fn standard_input_is_a_video_too() {
    let desk = Desk::new();
    let mut command = desk.command("snap - --at 4s --json");
    let clip = fs::File::open(desk.path("clip.mp4")).unwrap();
    let output = command.stdin(clip).output().unwrap();
    assert_eq!(code(&output), 0, "{}", stderr(&output));
    let document = document(&output);
    assert_eq!(pictures(&document)[0]["path"], "./stdin-00001.jpg");
    assert_eq!(desk.numbers(&document), [Some(100)]);
    let empty = desk.run("snap - --at 4s");
    assert_eq!(code(&empty), 4);
    assert!(stderr(&empty).starts_with("stillframe: standard input: "), "{}", stderr(&empty));
}

#[test]
fn urls_are_downloaded_and_their_failures_named() {
    let desk = Desk::new();
    let address = serve_once("200 OK", fs::read(desk.path("clip.mp4")).unwrap());
    let (code, document) = desk.json(&format!("snap http://{address}/films/a%20b.mp4?token=1.2 --at 4s"));
    assert_eq!(code, 0, "{document}");
    assert_eq!(pictures(&document)[0]["path"], "./a b-00001.jpg");
    assert_eq!(desk.numbers(&document), [Some(100)]);

    let address = serve_once("404 Not Found", b"no such film".to_vec());
    let (code, document) = desk.json(&format!("snap http://{address}/gone.mp4 --at 4s"));
    assert_eq!((code, &document["error"]["code"]), (4, &json!("source-missing")));
}

/// Answers one request with that status and content.
fn serve_once(status: &'static str, content: Vec<u8>) -> std::net::SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut request = Vec::new();
        while !request.ends_with(b"\r\n\r\n") {
            let mut byte = [0];
            stream.read_exact(&mut byte).unwrap();
            request.push(byte[0]);
        }
        let length = content.len();
        let head = format!("HTTP/1.1 {status}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n");
        stream.write_all(head.as_bytes()).unwrap();
        stream.write_all(&content).unwrap();
    });
    address
}

#[test]
fn a_second_run_replaces_the_files_with_the_same_bytes() {
    let desk = Desk::new();
    let read = || {
        assert_eq!(code(&desk.run("snap clip.mp4 --count 3 -o out")), 0);
        files(&desk.path("out"))
            .into_iter()
            .map(|name| fs::read(desk.path("out").join(name)).unwrap())
            .collect::<Vec<_>>()
    };
    let (first, second) = (read(), read());
    assert_eq!(first.len(), 3);
    assert!(first == second, "the same bytes, and nothing else in the folder");
}

#[test]
fn a_folder_that_cannot_be_written_fails_every_picture_by_name() {
    let desk = Desk::new();
    // A folder where the first picture should stand: renaming a file onto it fails, even for root.
    fs::create_dir_all(desk.path("out/clip-00001.jpg/in-the-way")).unwrap();
    let output = desk.run("snap clip.mp4 --at 1s,2s -o out");
    assert_eq!(code(&output), 3);
    assert!(stderr(&output).contains("cannot write out/clip-00001.jpg"), "{}", stderr(&output));
    assert_eq!(files(&desk.path("out")), ["clip-00001.jpg", "clip-00002.jpg"]);
}

#[test]
fn probe_tells_what_a_video_is_made_of() {
    let desk = Desk::new();
    let (code, facts) = desk.json("probe clip.mp4");
    assert_eq!(code, 0);
    let size_bytes = fs::metadata(desk.path("clip.mp4")).unwrap().len();
    assert_eq!((&facts["duration_ms"], &facts["size_bytes"]), (&json!(10_000), &json!(size_bytes)));
    let video = &facts["video"];
    assert_eq!(
        (&video["codec"], &video["width_px"], &video["height_px"]),
        (&json!("h264"), &json!(320), &json!(180))
    );
    assert_eq!((&video["frames_per_second"], &video["rotation_degrees"]), (&json!(25.0), &json!(0)));
    assert_eq!(facts["audio"], Value::Null);

    let output = desk.run("probe clip.mp4");
    let text = str::from_utf8(&output.stdout).unwrap();
    assert!(text.contains("duration  0:10.000\n"), "{text}");
    assert!(text.contains("video     h264, 320x180, 25 frames/s\n"), "{text}");
}
