//! Paths and names that mean to leave where they belong.

use std::path::{Path, PathBuf};

use reqwest::StatusCode;
use serde_json::json;

use crate::clips;
use crate::raw::{authorization, get, status};
use crate::server::Server;

/// Stands beside the objects, and in nothing that is served.
const SENTINEL: &str = "a file that nobody may read";

/// Ways up and out, as paths below a folder.
const WAYS_OUT: [&[u8]; 22] = [
    b"../sentinel",
    b"../../data/sentinel",
    b"..%2fsentinel",
    b"%2e%2e/sentinel",
    b"%2e%2e%2fsentinel",
    b".%2e/sentinel",
    b"%252e%252e%252fsentinel",
    b"..%255csentinel",
    b"..\\sentinel",
    b"..%5csentinel",
    b"%c0%ae%c0%ae/sentinel",
    b"%c0%ae%c0%ae%c0%afsentinel",
    b"\xc0\xae\xc0\xae/sentinel",
    b"....//sentinel",
    b"./../sentinel",
    b"..;/sentinel",
    b"..%00/sentinel",
    b"../sentinel%00.jpg",
    b"%00",
    b"/etc/passwd",
    b"%2fetc%2fpasswd",
    b"..",
];

#[tokio::test(flavor = "multi_thread")]
async fn no_path_leads_out_of_the_objects() {
    let server = Server::start();
    let client = server.client();
    std::fs::write(server.data_dir().join("sentinel"), SENTINEL).expect("the sentinel");
    let (_, media) = client.upload_bytes("film.mp4", b"bytes of a video".to_vec()).await;
    let (id, video) = (media["id"].as_str().expect("an id"), media["video_id"].as_str().expect("an id"));
    let own = format!("/media/{video}/source/film.mp4");
    assert!(get(&server, own.as_bytes(), "").ends_with("bytes of a video"), "the test can see an object");
    let folders =
        ["/media/".to_owned(), format!("/media/{video}/"), format!("/media/{video}/source/"), "/".to_owned()];
    for folder in &folders {
        for way in WAYS_OUT {
            let answer = get(&server, &[folder.as_bytes(), way].concat(), "");
            let shown = String::from_utf8_lossy(way).into_owned();
            assert!(!answer.contains(SENTINEL) && !answer.contains("root:"), "{folder}{shown}: {answer}");
            assert!((400..500).contains(&status(&answer)), "{folder}{shown}: {answer}");
        }
    }
    for way in WAYS_OUT {
        let answer = get(&server, &[b"/v1/media/", way].concat(), &authorization());
        assert!((400..500).contains(&status(&answer)), "{answer}");
    }
    assert_eq!(client.get(&format!("/v1/media/{id}")).await.0, StatusCode::OK);
}

#[tokio::test(flavor = "multi_thread")]
async fn names_of_uploads_stay_names() {
    let server = Server::start();
    let client = server.client();
    let names = [
        "../../escaped.mp4",
        "..\\..\\escaped.mp4",
        "/escaped.mp4",
        "a/../../../escaped.mp4",
        "..",
        ".",
        "%2e%2e%2fescaped.mp4",
        "CON.mp4",
        ".parts/escaped.mp4",
        "\u{202e}gpm.exe",
        &"x".repeat(255),
    ];
    let mut taken = 0;
    for name in names {
        let (status, media) = client.upload_bytes(name, b"bytes".to_vec()).await;
        assert!(status == StatusCode::CREATED || status == StatusCode::BAD_REQUEST, "{name}: {media}");
        if status == StatusCode::CREATED {
            taken += 1;
            let url = media["source"]["url"].as_str().expect("a URL");
            assert_eq!(client.fetch(url).await.text().await.expect("text"), "bytes", "{name} at {url}");
        }
    }
    assert!(8 <= taken, "names are kept as names: {taken}");
    let objects = server.data_dir().join("objects");
    for file in files(server.path()).iter().filter(|file| file.ends_with("escaped.mp4")) {
        assert!(file.starts_with(&objects), "{}", file.display());
    }
    for file in files(&objects) {
        let below = file.strip_prefix(&objects).expect("below").components().next().expect("a folder");
        let folder = below.as_os_str().to_str().expect("UTF-8");
        assert!(folder.len() == 32 || folder.starts_with('.'), "{}", file.display());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn files_are_added_from_below_the_allowed_roots_alone() {
    let server = Server::start();
    let client = server.client();
    let root = clips::dir();
    let link = root.join(format!("link-{}.mp4", server.pid()));
    std::fs::write(server.path().join("outside.mp4"), SENTINEL).expect("a file");
    std::os::unix::fs::symlink(server.path().join("outside.mp4"), &link).expect("a link");
    let root = root.display().to_string();
    for path in [
        format!("{root}/../../etc/passwd"),
        format!("{root}/../{}", server.path().join("outside.mp4").display()),
        "/etc/passwd".to_owned(),
        "etc/passwd".to_owned(),
        format!("{root}x/film.mp4"),
        link.display().to_string(),
        format!("{root}/\0/film.mp4"),
        format!("{root}/."),
    ] {
        let (status, problem) = client.post("/v1/media", &json!({ "path": path })).await;
        assert!(status == StatusCode::FORBIDDEN || status == StatusCode::NOT_FOUND, "{path}: {problem}");
    }
    std::fs::remove_file(link).expect("the link goes");
}

fn files(dir: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(dir).expect("a directory").map(|entry| entry.expect("an entry").path());
    entries.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
}
