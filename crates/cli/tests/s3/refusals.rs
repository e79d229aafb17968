//! What is told of objects that cannot be had.

use serde_json::json;
use stillframe_testkit::clips::{ClipSpec, cached};

use crate::desk::{Desk, Environment, Ran, as_nobody, with_key};
use crate::private_server;
use crate::server::{ObjectServer, Readers};

const NAME: &str = "s3://films/clip.mp4";

/// The one line that people are told, which begins with the name of the object.
fn line<'a>(ran: &'a Ran, name: &str) -> &'a str {
    let line = ran.stderr.trim_end();
    assert!(line.starts_with(&format!("stillframe: {name}: ")) && line.lines().count() == 1, "{line}");
    line
}

/// Takes a picture that cannot be had, by both commands, and gives the code and the line.
fn refused(desk: &Desk, name: &str, environment: &Environment) -> (String, String) {
    let snapped = desk.run(&["snap", name, "--json"], &["--at", "1s"], environment);
    let probed = desk.run(&["probe", name, "--json"], &[], environment);
    assert_eq!((snapped.code, probed.code), (4, 4), "{}", snapped.stderr);
    let document = snapped.document();
    assert_eq!(document["error"], probed.document()["error"]);
    assert_eq!(document["pictures"][0]["error"], document["error"]);
    assert_eq!(line(&snapped, name), line(&probed, name));
    (document["error"]["code"].as_str().unwrap().to_owned(), line(&snapped, name).to_owned())
}

fn with(mut environment: Environment, name: &'static str, value: &str) -> Environment {
    environment.retain(|(known, _)| *known != name);
    environment.push((name, value.to_owned()));
    environment
}

#[test]
fn a_wrong_key_is_told_without_the_secret() {
    let (server, desk) = (private_server(), Desk::new());
    let environment = with(with_key(&server), "AWS_SECRET_ACCESS_KEY", "another secret");
    let (code, line) = refused(&desk, NAME, &environment);
    assert_eq!(code, "source-unreadable");
    assert!(line.contains("AWS_SECRET_ACCESS_KEY does not belong to AWS_ACCESS_KEY_ID"), "{line}");

    let environment = with(with_key(&server), "AWS_ACCESS_KEY_ID", "AKIDOFNOBODY");
    let (code, line) = refused(&desk, NAME, &environment);
    assert_eq!(code, "source-unreadable");
    assert!(line.contains("no account for the key in AWS_ACCESS_KEY_ID"), "{line}");

    let (code, line) = refused(&desk, NAME, &as_nobody(&server));
    assert_eq!(code, "source-unreadable");
    assert!(line.contains("access is denied: the object is not public"), "{line}");
}

#[test]
fn a_missing_object_is_missing() {
    let (server, desk) = (private_server(), Desk::new());
    for name in ["s3://films/gone.mp4", "s3://nowhere/clip.mp4"] {
        let (code, line) = refused(&desk, name, &with_key(&server));
        assert_eq!(code, "source-missing", "{line}");
        assert!(line.contains("there is no such"), "{line}");
    }
}

#[test]
fn the_right_region_is_told_and_helps() {
    let (server, desk) = (ObjectServer::start_in(Readers::Key, Some("eu-central-1")), Desk::new());
    server.put("films", "clip.mp4", &cached(&ClipSpec::numbered()));
    let (code, line) = refused(&desk, NAME, &with_key(&server));
    assert_eq!(code, "source-unreadable");
    assert!(
        line.ends_with("the bucket is not in the region us-east-1: set AWS_REGION=eu-central-1"),
        "{line}"
    );
    for variable in ["AWS_REGION", "AWS_DEFAULT_REGION"] {
        let environment = with(with_key(&server), variable, "eu-central-1");
        let ran = desk.run(&["snap", NAME], &["--at", "1s"], &environment);
        assert_eq!(ran.code, 0, "{}", ran.stderr);
    }
}

#[test]
fn a_store_that_is_not_there_is_told_by_the_objects_name() {
    let (server, desk) = (private_server(), Desk::new());
    let environment = with_key(&server);
    drop(server);
    let (code, line) = refused(&desk, NAME, &environment);
    assert_eq!(code, "source-unreadable");
    assert!(line.contains("cannot be reached"), "{line}");
}

#[test]
fn names_and_variables_that_cannot_be_used_are_bad_usage() {
    let (server, desk) = (private_server(), Desk::new());
    let key = with_key(&server);
    let nobody = vec![("AWS_ENDPOINT_URL", server.endpoint())];
    let half = with(nobody.clone(), "AWS_ACCESS_KEY_ID", "AKIDOFTHETEST");
    for (name, environment, words) in [
        ("s3://", &key, "expected s3://BUCKET/KEY"),
        ("s3:///clip.mp4", &key, "the bucket is missing"),
        ("s3://films", &key, "the key is missing"),
        ("s3://films/", &key, "the key is missing"),
        ("s3://my films/clip.mp4", &key, "no bucket has such a name"),
        ("s3://ab/clip.mp4", &key, "no bucket has such a name"),
        ("s3://me@films.example/clip.mp4", &key, "no bucket has such a name"),
        ("s3://films/../other/clip.mp4", &key, "a key with the part . or .."),
        (NAME, &nobody, "there are no credentials: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"),
        (NAME, &half, "AWS_SECRET_ACCESS_KEY is missing"),
        (NAME, &with(key.clone(), "AWS_REGION", "eu central"), "AWS_REGION names no region"),
        (
            NAME,
            &with(key.clone(), "AWS_ENDPOINT_URL", "localhost"),
            "AWS_ENDPOINT_URL is no http or https URL",
        ),
        (
            NAME,
            &with(key.clone(), "AWS_SKIP_SIGNATURE", "perhaps"),
            "AWS_SKIP_SIGNATURE is neither true nor false",
        ),
    ] {
        for command in ["snap", "probe"] {
            let ran = desk.run(&[command, name], &[], environment);
            assert_eq!((ran.code, ran.stdout.as_str()), (2, ""), "{name}: {}", ran.stderr);
            assert!(line(&ran, name).contains(words), "{}", ran.stderr);
        }
    }
    assert!(server.take_log().is_empty(), "nothing is asked of the store");
    assert_eq!(json!(desk.path("clip-cover.jpg").exists()), false);
}
