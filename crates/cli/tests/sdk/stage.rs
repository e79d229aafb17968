//! What a driver finds: a server, a key of its app, and videos whose covers are taken.

use std::path::PathBuf;

use serde_json::{Value, json};

use crate::scope::Dialect;
use crate::server::{KEY_ID, SECRET, Server};
use crate::{certificate, clips};

/// A server and what is known of it.
pub struct Stage {
    server: Server,
    videos: Vec<Value>,
    /// The certificate to trust, when the server speaks TLS.
    pub certificate: Option<PathBuf>,
}

impl Stage {
    /// Starts the server, and for a dialect of TLS once more with a certificate.
    pub async fn set(dialect: &Dialect) -> Self {
        let mut server = Server::start();
        let client = server.client();
        client.patch("/v1/app", &json!({ "tencent_mode": "pull" })).await;
        let mut videos = Vec::new();
        for _ in 0..dialect.video_count {
            let (status, media) = client.upload(&clips::film()).await;
            assert!(status.is_success(), "{media}");
            videos.push(json!({ "file_id": media["id"], "video_id": media["video_id"] }));
        }
        for video in &videos {
            let path = format!("/v1/media/{}", video["file_id"].as_str().expect("an id"));
            client.get_until(&path, |media| media["cover_url"].is_string()).await;
        }
        let mut certificate = None;
        if dialect.is_tls {
            let (cert, key) = certificate::make(server.path());
            assert!(server.stop(), "the server ends with success");
            server.restart(&[
                ("STILLFRAME__SERVER__TLS__CERT_FILE", cert.to_str().expect("UTF-8")),
                ("STILLFRAME__SERVER__TLS__KEY_FILE", key.to_str().expect("UTF-8")),
            ]);
            certificate = Some(cert);
        }
        Self { server, videos, certificate }
    }

    /// The driver's argument.
    pub fn argument(&self) -> String {
        let url = &self.server.url;
        json!({ "url": url, "key_id": KEY_ID, "secret": SECRET, "videos": self.videos }).to_string()
    }
}
