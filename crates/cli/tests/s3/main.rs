//! `stillframe snap` and `stillframe probe` of objects on a real server of the S3 protocol.

#![expect(clippy::unwrap_used, reason = "a test that cannot set itself up fails")]

mod desk;
mod refusals;
mod server;

use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};
use stillframe_testkit::clips::{ClipSpec, cached};

use desk::{Desk, Ran, as_nobody, with_key};
use server::{ObjectServer, Readers};

/// A minute at the bitrate of a film, with its index in front.
const LONG_FILM: &str = "-f lavfi -i testsrc2=size=320x180:rate=25:duration=60,noise=alls=24:allf=t \
     -c:v libx264 -preset ultrafast -crf 30 -g 50 -sc_threshold 0 -movflags +faststart";

fn private_server() -> ObjectServer {
    let server = ObjectServer::start(Readers::Key);
    server.put("films", "clip.mp4", &cached(&ClipSpec::numbered()));
    server
}

/// A document without what depends on where the video was and where the pictures went.
fn facts(ran: &Ran) -> Value {
    let mut document = ran.document();
    document.as_object_mut().unwrap().remove("traffic");
    document
}

#[test]
fn pictures_of_an_object_are_those_of_the_file() {
    let (server, desk) = (private_server(), Desk::new());
    fs::copy(cached(&ClipSpec::numbered()), desk.path("clip.mp4")).unwrap();
    let arguments = ["--at", "0,1.5s,9.96s", "--cover", "3s", "--sprite", "2x2", "--vtt", "--format", "png"];
    let of_file = desk.run(&["snap", "clip.mp4", "-o", "out", "--json"], &arguments, &[]);
    let from_file = desk.take_files("out");
    let of_object =
        desk.run(&["snap", "s3://films/clip.mp4", "-o", "out", "--json"], &arguments, &with_key(&server));
    let from_object = desk.take_files("out");
    assert_eq!((of_file.code, of_object.code), (0, 0), "{}", of_object.stderr);
    assert_eq!(facts(&of_object), facts(&of_file));
    assert!(
        from_file.keys().any(|name| name == "clip-cover.png")
            && from_file.keys().any(|name| name == "clip.vtt")
    );
    assert!(from_object == from_file, "{:?} {:?}", from_object.keys(), from_file.keys());

    let log = server.take_log();
    assert!(!log.is_empty());
    for exchange in &log {
        assert!(exchange.range.is_some() && exchange.status == 206, "{exchange:?}");
        assert!(exchange.target.starts_with("/films/clip.mp4?"), "{exchange:?}");
        assert!(exchange.target.contains("X-Amz-Expires=43200&"), "{exchange:?}");
    }
}

#[test]
fn only_what_a_picture_needs_is_fetched() {
    let (server, desk) = (private_server(), Desk::new());
    let film = server.path("films", "long.mp4");
    let made = Command::new("ffmpeg")
        .args(["-nostdin", "-v", "error"])
        .args(LONG_FILM.split_whitespace())
        .arg(&film)
        .status();
    assert!(made.unwrap().success());
    let ran = desk.run(&["snap", "s3://films/long.mp4", "--json"], &["--at", "41.3s"], &with_key(&server));
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    let log = server.take_log();
    let (requests, bytes) = (log.len() as u64, log.iter().map(|exchange| exchange.bytes).sum::<u64>());
    assert_eq!(ran.document()["traffic"], json!({ "requests": requests, "bytes": bytes }));
    let size_bytes = fs::metadata(&film).unwrap().len();
    println!("{requests} requests, {bytes} of {size_bytes} bytes");
    assert!(requests <= 4 && bytes * 5 < size_bytes, "{requests} requests, {bytes} of {size_bytes} bytes");
}

#[test]
fn probe_tells_of_an_object_what_it_tells_of_the_file() {
    let (server, desk) = (private_server(), Desk::new());
    fs::copy(cached(&ClipSpec::numbered()), desk.path("clip.mp4")).unwrap();
    let of_file = desk.run(&["probe", "clip.mp4", "--json"], &[], &[]);
    let of_object = desk.run(&["probe", "s3://films/clip.mp4", "--json"], &[], &with_key(&server));
    assert_eq!((of_file.code, of_object.code), (0, 0), "{}", of_object.stderr);
    assert_eq!(of_object.document(), of_file.document());
}

#[test]
fn a_key_names_the_object_that_has_exactly_this_name() {
    let (server, desk) = (private_server(), Desk::new());
    let clip = cached(&ClipSpec::numbered());
    for (key, picture) in [
        ("a b+c%20.mp4", "a b+c%20-00001.jpg"),
        ("what?#1.mp4", "what?#1-00001.jpg"),
        ("電影/käse 1.mp4", "käse 1-00001.jpg"),
        ("a&b=c;d,e:f@g$.mp4", "a&b=c;d,e:f@g$-00001.jpg"),
        ("(1) [x] {y} 'z'~*!\"<>|^`\\.mp4", "(1) [x] {y} 'z'~*!\"<>|^`\\-00001.jpg"),
        ("..a/%2e%2e/b.mp4", "b-00001.jpg"),
    ] {
        server.put("films", key, &clip);
        let ran = desk.run(
            &["snap", &format!("s3://films/{key}"), "-o", "out"],
            &["--at", "1s"],
            &with_key(&server),
        );
        assert_eq!(ran.code, 0, "{key}: {}", ran.stderr);
        assert_eq!(desk.take_files("out").into_keys().collect::<Vec<_>>(), [picture], "{key}");
        fs::remove_file(server.path("films", key)).unwrap();
    }
    // What would be found if anything of a key were decoded or cut off.
    for key in ["a b c.mp4", "what"] {
        server.put("films", key, &clip);
    }
    for key in ["a%20b%20c.mp4", "a+b+c.mp4", "what?x", "what#x"] {
        let ran =
            desk.run(&["snap", &format!("s3://films/{key}"), "--json"], &["--at", "1s"], &with_key(&server));
        assert_eq!((ran.code, &ran.document()["error"]["code"]), (4, &json!("source-missing")), "{key}");
    }
}

#[test]
fn what_is_public_is_read_without_a_signature() {
    let (server, desk) = (ObjectServer::start(Readers::All), Desk::new());
    server.put("films", "clip.mp4", &cached(&ClipSpec::numbered()));
    let ran = desk.run(&["snap", "s3://films/clip.mp4"], &["--at", "1s"], &as_nobody(&server));
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    assert!(desk.path("clip-00001.jpg").exists());
    assert!(server.take_log().iter().all(|exchange| exchange.target == "/films/clip.mp4"));
}

#[test]
fn the_token_of_a_session_is_signed_too() {
    let (server, desk) = (private_server(), Desk::new());
    let token = "IQoJb3JpZ2luX2VjE/+=".repeat(75);
    let mut environment = with_key(&server);
    environment.push(("AWS_SESSION_TOKEN", token.clone()));
    let ran = desk.run(&["snap", "s3://films/clip.mp4"], &["--at", "1s"], &environment);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    let encoded = token.replace('/', "%2F").replace('+', "%2B").replace('=', "%3D");
    let signed = format!("&X-Amz-Security-Token={encoded}&");
    assert!(server.take_log().iter().all(|exchange| exchange.target.contains(&signed)));
}

#[test]
fn an_endpoint_may_have_a_path_before_its_buckets() {
    // The folder of the server's bucket plays the path: what matters is what is asked for.
    let (server, desk) = (ObjectServer::start(Readers::All), Desk::new());
    server.put("base", "films/clip.mp4", Path::new(&cached(&ClipSpec::numbered())));
    let mut environment = as_nobody(&server);
    environment[0].1.push_str("/base/");
    let ran = desk.run(&["probe", "s3://films/clip.mp4"], &[], &environment);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
}
