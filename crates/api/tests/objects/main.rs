//! The object protocols over a real database and store: what a temporary key may do, and what is refused.
//!
//! Signatures are made by `stillframe_signing`, which is held to the vendors' own clients by its vectors;
//! those clients drive a real server in the tests of the binary.

mod world;

use axum::http::StatusCode;
use md5::{Digest, Md5};
use stillframe_domain::{Dialect, MediaState, UploadSession, limits};
use world::{Answer, Call, World};

const PART: usize = limits::UPLOAD_PART_BYTES_MIN as usize;

fn md5_base64(content: &[u8]) -> String {
    use base64::Engine as _;
    base64::engine::general_purpose::STANDARD.encode(Md5::digest(content))
}

fn part_list(parts: &[(u32, &str)]) -> Vec<u8> {
    let part = |(number, etag): &(u32, &str)| {
        format!("<Part><PartNumber>{number}</PartNumber><ETag>{etag}</ETag></Part>")
    };
    let parts: String = parts.iter().map(part).collect();
    format!("<CompleteMultipartUpload>{parts}</CompleteMultipartUpload>").into_bytes()
}

fn refused(answer: &Answer, status: StatusCode, code: &str) {
    assert_eq!((answer.status, answer.element("Code").as_str()), (status, code), "{}", answer.text());
    assert!(["Message", "Resource", "RequestId"].iter().all(|name| !answer.element(name).is_empty()));
}

#[tokio::test]
async fn an_object_is_put_in_either_protocol_and_its_sums_are_told() {
    for (dialect, prefix) in [(Dialect::Tencent, "x-cos-"), (Dialect::Alibaba, "x-oss-")] {
        let world = World::new().await;
        let upload = world.begin(dialect).await;
        let call = Call { headers: vec![("content-md5", md5_base64(b"123456789"))], ..Call::of("PUT") };
        let put = world.send(&upload, Call { body: b"123456789".to_vec(), ..call }).await;
        assert_eq!(put.status, StatusCode::OK, "{}", put.text());
        assert_eq!(put.header("etag").to_lowercase(), "\"25f9e794323b453885f5181f1b624d0b\"");
        assert_eq!(put.header(&format!("{prefix}hash-crc64ecma")), "11051210869376104954");
        assert!(!put.header(&format!("{prefix}request-id")).is_empty());
        let head = world.send(&upload, Call::of("HEAD")).await;
        assert_eq!((head.status, head.header("content-length")), (StatusCode::OK, "9".to_owned()));
        assert_eq!(head.header("etag"), put.header("etag"));
        assert!(head.header("last-modified").ends_with(" GMT"));
        assert_eq!(world.media_state(&upload).await, Some(MediaState::Stored));
    }
}

#[tokio::test]
async fn the_bucket_may_stand_in_the_path_the_host_or_nowhere() {
    for (dialect, host, is_in_path) in [
        (Dialect::Tencent, "127.0.0.1:7400", false),
        (Dialect::Tencent, "stillframe-uploads-1.vod.example", false),
        (Dialect::Alibaba, "127.0.0.1:7400", true),
        (Dialect::Alibaba, "stillframe-uploads-1.vod.example:7400", false),
        (Dialect::Alibaba, "upload.example", false),
    ] {
        let world = World::new().await;
        let upload = world.begin(dialect).await;
        let call = Call { host, is_bucket_in_path: is_in_path, body: vec![1], ..Call::of("PUT") };
        let put = world.send(&upload, call).await;
        assert_eq!(put.status, StatusCode::OK, "{host}: {}", put.text());
    }
}

#[tokio::test]
async fn parts_become_an_object_and_can_be_listed_and_aborted() {
    for dialect in [Dialect::Tencent, Dialect::Alibaba] {
        let world = World::new().await;
        let upload = world.begin(dialect).await;
        let begun = world.send(&upload, Call { query: vec![("uploads", "")], ..Call::of("POST") }).await;
        assert_eq!(begun.status, StatusCode::OK, "{}", begun.text());
        let id = begun.element("UploadId");
        let put = async |number: &str, size: usize| {
            let query = vec![("partNumber", number), ("uploadId", id.as_str())];
            let put = world.send(&upload, Call { query, body: vec![7; size], ..Call::of("PUT") }).await;
            assert_eq!(put.status, StatusCode::OK, "{}", put.text());
            put.header("etag")
        };
        let (second, first) = (put("2", 9).await, put("1", PART).await);
        let query = vec![("uploadId", id.as_str()), ("max-parts", "1"), ("part-number-marker", "")];
        let listed = world.send(&upload, Call { query, ..Call::of("GET") }).await;
        assert_eq!(
            (listed.element("PartNumber"), listed.element("IsTruncated")),
            ("1".into(), "true".into())
        );
        assert_eq!(listed.element("NextPartNumberMarker"), "1");
        let query = vec![("uploads", ""), ("prefix", upload.object_key.as_str())];
        let open = world.send(&upload, Call { query, key: Some(""), ..Call::of("GET") }).await;
        assert_eq!((open.element("UploadId"), open.element("Key")), (id.clone(), upload.object_key.clone()));

        let body = part_list(&[(1, &first), (2, &second)]);
        let call = Call { query: vec![("uploadId", id.as_str())], body, ..Call::of("POST") };
        let done = world.send(&upload, call.clone()).await;
        assert_eq!(done.status, StatusCode::OK, "{}", done.text());
        assert!(done.element("ETag").ends_with("-2&quot;"), "{}", done.text());
        refused(&world.send(&upload, call).await, StatusCode::NOT_FOUND, "NoSuchUpload");

        let begun = world.send(&upload, Call { query: vec![("uploads", "")], ..Call::of("POST") }).await;
        let id = begun.element("UploadId");
        let call = Call { query: vec![("uploadId", id.as_str())], ..Call::of("DELETE") };
        assert_eq!(world.send(&upload, call.clone()).await.status, StatusCode::NO_CONTENT);
        refused(&world.send(&upload, call).await, StatusCode::NOT_FOUND, "NoSuchUpload");
        assert_eq!(world.media_state(&upload).await, Some(MediaState::Stored));
    }
}

#[tokio::test]
async fn lists_of_parts_that_cannot_be_are_refused() {
    let world = World::new().await;
    let upload = world.begin(Dialect::Alibaba).await;
    let begun = world.send(&upload, Call { query: vec![("uploads", "")], ..Call::of("POST") }).await;
    let id = begun.element("UploadId");
    let mut etags = Vec::new();
    for (number, size) in [("1", PART - 1), ("2", 1)] {
        let query = vec![("partNumber", number), ("uploadId", id.as_str())];
        etags.push(
            world.send(&upload, Call { query, body: vec![7; size], ..Call::of("PUT") }).await.header("etag"),
        );
    }
    let complete = async |body: Vec<u8>| {
        let query = vec![("uploadId", id.as_str())];
        world.send(&upload, Call { query, body, ..Call::of("POST") }).await
    };
    const BAD: StatusCode = StatusCode::BAD_REQUEST;
    let (first, second) = (etags[0].as_str(), etags[1].as_str());
    refused(&complete(part_list(&[(2, second), (1, first)])).await, BAD, "InvalidPartOrder");
    refused(&complete(part_list(&[(1, first), (3, second)])).await, BAD, "InvalidPart");
    refused(&complete(part_list(&[(1, second)])).await, BAD, "InvalidPart");
    refused(&complete(part_list(&[])).await, BAD, "InvalidPart");
    refused(&complete(part_list(&[(1, first), (2, second)])).await, BAD, "EntityTooSmall");
    refused(&complete(b"<CompleteMultipartUpload>".to_vec()).await, BAD, "MalformedXML");
    let out_of_range = vec![("partNumber", "10001"), ("uploadId", id.as_str())];
    let put = world.send(&upload, Call { query: out_of_range, body: vec![1], ..Call::of("PUT") }).await;
    refused(&put, BAD, "InvalidArgument");
    assert_eq!(world.media_state(&upload).await, Some(MediaState::Fetching));
}

#[tokio::test]
async fn wrong_and_too_many_bytes_are_not_kept() {
    const BAD: StatusCode = StatusCode::BAD_REQUEST;
    for (dialect, mismatch) in [(Dialect::Tencent, "BadDigest"), (Dialect::Alibaba, "InvalidDigest")] {
        let world = World::new().await;
        let upload = world.begin(dialect).await;
        let put = async |md5: Option<String>, body: Vec<u8>| {
            let headers = md5.into_iter().map(|md5| ("content-md5", md5)).collect();
            world.send(&upload, Call { headers, body, ..Call::of("PUT") }).await
        };
        refused(&put(Some(md5_base64(b"other")), b"bytes".to_vec()).await, BAD, mismatch);
        refused(&put(Some("bm8=".to_owned()), b"bytes".to_vec()).await, BAD, "InvalidDigest");
        refused(&put(None, vec![0; world::SIZE_BYTES_MAX as usize + 1]).await, BAD, "EntityTooLarge");
        let head = world.send(&upload, Call::of("HEAD")).await;
        assert_eq!(head.status, StatusCode::NOT_FOUND);
        assert_ne!(world.media_state(&upload).await, Some(MediaState::Stored));
    }
}

#[tokio::test]
async fn only_the_sessions_own_key_and_token_write_its_object() {
    const NO: StatusCode = StatusCode::FORBIDDEN;
    for dialect in [Dialect::Tencent, Dialect::Alibaba] {
        let world = World::new().await;
        let (upload, other) = (world.begin(dialect).await, world.begin(dialect).await);
        let put = || Call { body: vec![1], ..Call::of("PUT") };
        let wrong_secret = world.send_with(&upload, "wrong", &upload.key.token, put()).await;
        refused(&wrong_secret, NO, "SignatureDoesNotMatch");
        let token = if dialect == Dialect::Tencent { "InvalidToken" } else { "InvalidSecurityToken" };
        for given in ["", other.key.token.as_str()] {
            refused(&world.send_with(&upload, &upload.key.secret, given, put()).await, NO, token);
        }
        let foreign = Call { key: Some(&other.object_key), ..put() };
        refused(&world.send(&upload, foreign).await, NO, "AccessDenied");
        let bucket = Call { key: Some(""), ..put() };
        refused(&world.send(&upload, bucket).await, NO, "AccessDenied");
        let foreign_bucket = Call { host: "stillframe-uploads-9.vod.example", ..put() };
        refused(&world.send(&upload, foreign_bucket).await, NO, "AccessDenied");
        let begun = world.send(&other, Call { query: vec![("uploads", "")], ..Call::of("POST") }).await;
        let id = begun.element("UploadId");
        let part = Call { query: vec![("partNumber", "1"), ("uploadId", id.as_str())], ..put() };
        refused(&world.send(&upload, part).await, StatusCode::NOT_FOUND, "NoSuchUpload");
    }
}

#[tokio::test]
async fn the_apps_own_keys_and_the_other_protocol_write_nothing() {
    const NO: StatusCode = StatusCode::FORBIDDEN;
    let world = World::new().await;
    for dialect in [Dialect::Tencent, Dialect::Alibaba] {
        let mut upload = world.begin(dialect).await;
        let put = || Call { body: vec![1], ..Call::of("PUT") };
        upload.dialect = if dialect == Dialect::Tencent { Dialect::Alibaba } else { Dialect::Tencent };
        refused(&world.send(&upload, put()).await, NO, "AccessDenied");
        upload.dialect = dialect;
        upload.key.key_id.clone_from(&world.app_key.key_id);
        upload.key.secret.clone_from(&world.app_key.secret);
        refused(&world.send(&upload, put()).await, NO, "InvalidAccessKeyId");
    }
}

#[tokio::test]
async fn signed_bytes_and_times_count() {
    const NO: StatusCode = StatusCode::FORBIDDEN;
    for (dialect, expired) in [(Dialect::Tencent, "ExpiredToken"), (Dialect::Alibaba, "SecurityTokenExpired")]
    {
        let world = World::new().await;
        let upload = world.begin(dialect).await;
        let put = || Call { body: vec![1], ..Call::of("PUT") };
        let tampered = Call { tamper: Some("&partNumber=1&uploadId=x"), ..put() };
        let answer = world.send(&upload, tampered).await;
        assert_eq!(answer.status, NO, "a parameter behind the signer's back: {}", answer.text());
        let skewed = Call { clock_offset_s: -901, ..put() };
        let code = if dialect == Dialect::Tencent { "AccessDenied" } else { "RequestTimeTooSkewed" };
        refused(&world.send(&upload, skewed).await, NO, code);
        let near = Call { clock_offset_s: -600, ..put() };
        assert_eq!(world.send(&upload, near).await.status, StatusCode::OK);
        world.clock.advance(world::KEY_VALIDITY);
        refused(&world.send(&upload, put()).await, NO, expired);
    }
}

#[tokio::test]
async fn unsigned_requests_and_other_operations_are_refused() {
    let world = World::new().await;
    let upload = world.begin(Dialect::Alibaba).await;
    let unsigned = world.get(&format!("/stillframe-uploads-1/{}", upload.object_key)).await;
    refused(&unsigned, StatusCode::FORBIDDEN, "AccessDenied");
    const BAD: StatusCode = StatusCode::BAD_REQUEST;
    for call in [
        Call::of("GET"),
        Call::of("DELETE"),
        Call::of("POST"),
        Call { query: vec![("acl", "")], ..Call::of("PUT") },
        Call { headers: vec![("x-oss-copy-source", "/b/k".to_owned())], ..Call::of("PUT") },
    ] {
        refused(&world.send(&upload, call).await, BAD, "NotImplemented");
    }
}

#[tokio::test]
async fn parts_are_served_to_nobody() {
    let world = World::new().await;
    let upload = world.begin(Dialect::Tencent).await;
    let begun = world.send(&upload, Call { query: vec![("uploads", "")], ..Call::of("POST") }).await;
    let id = begun.element("UploadId");
    let query = vec![("partNumber", "1"), ("uploadId", id.as_str())];
    world.send(&upload, Call { query, body: vec![7; 9], ..Call::of("PUT") }).await;
    let parts = world.stored();
    assert_eq!(parts.len(), 1);
    for path in
        [format!("/media/{}", parts[0]), format!("/{}", parts[0]), format!("/media/{}", upload.object_key)]
    {
        assert_eq!(world.get(&path).await.status, StatusCode::NOT_FOUND, "{path}");
    }
    world.send(&upload, Call { body: vec![1], ..Call::of("PUT") }).await;
    let before = world.get(&format!("/media/{}", upload.object_key)).await;
    assert_eq!(before.status, StatusCode::NOT_FOUND, "it is no video yet");
}

/// An app with room for as many bytes as one part.
async fn with_quota(dialect: Dialect) -> (World, UploadSession) {
    let world = World::new().await;
    world.limit_bytes(PART as u64).await;
    let upload = world.begin(dialect).await;
    (world, upload)
}

#[tokio::test]
async fn an_object_beyond_the_quota_is_refused_and_leaves_nothing() {
    const NO: StatusCode = StatusCode::FORBIDDEN;
    for dialect in [Dialect::Tencent, Dialect::Alibaba] {
        let (world, upload) = with_quota(dialect).await;
        let put =
            async |upload, size| world.send(upload, Call { body: vec![7; size], ..Call::of("PUT") }).await;
        refused(&put(&upload, PART + 1).await, NO, "QuotaExceeded");
        assert_eq!(world.stored(), Vec::<String>::new());
        assert_eq!(put(&upload, PART).await.status, StatusCode::OK, "to the byte");
        assert_eq!(world.media_state(&upload).await, Some(MediaState::Stored));
    }
}

#[tokio::test]
async fn sessions_that_were_begun_while_there_was_room_are_refused_when_there_is_none() {
    for dialect in [Dialect::Tencent, Dialect::Alibaba] {
        let (world, upload) = with_quota(dialect).await;
        let late = world.begin(dialect).await;
        let put =
            async |upload, size| world.send(upload, Call { body: vec![7; size], ..Call::of("PUT") }).await;
        assert_eq!(put(&upload, PART).await.status, StatusCode::OK);
        assert_eq!(world.media_state(&upload).await, Some(MediaState::Stored));
        refused(&put(&late, 1).await, StatusCode::FORBIDDEN, "QuotaExceeded");
        assert_eq!(world.stored().len(), 1);
        assert_ne!(world.media_state(&late).await, Some(MediaState::Stored));
    }
}

#[tokio::test]
async fn parts_beyond_the_quota_are_refused_as_they_come() {
    for dialect in [Dialect::Tencent, Dialect::Alibaba] {
        let (world, upload) = with_quota(dialect).await;
        let begun = world.send(&upload, Call { query: vec![("uploads", "")], ..Call::of("POST") }).await;
        let id = begun.element("UploadId");
        let put = async |number: &'static str, size: usize| {
            let query = vec![("partNumber", number), ("uploadId", id.as_str())];
            world.send(&upload, Call { query, body: vec![7; size], ..Call::of("PUT") }).await
        };
        let first = put("1", PART).await;
        assert_eq!(first.status, StatusCode::OK, "{}", first.text());
        refused(&put("2", 1).await, StatusCode::FORBIDDEN, "QuotaExceeded");
        refused(&put("1", PART + 1).await, StatusCode::FORBIDDEN, "QuotaExceeded");
        assert_eq!(world.stored().len(), 1, "the first part alone");
        let body = part_list(&[(1, &first.header("etag"))]);
        let call = Call { query: vec![("uploadId", id.as_str())], body, ..Call::of("POST") };
        assert_eq!(world.send(&upload, call).await.status, StatusCode::OK);
        assert_eq!(world.media_state(&upload).await, Some(MediaState::Stored));
    }
}

#[tokio::test]
async fn parts_that_no_longer_fit_are_not_made_an_object() {
    for dialect in [Dialect::Tencent, Dialect::Alibaba] {
        let (world, upload) = with_quota(dialect).await;
        let other = world.begin(dialect).await;
        let begun = world.send(&upload, Call { query: vec![("uploads", "")], ..Call::of("POST") }).await;
        let id = begun.element("UploadId");
        let query = vec![("partNumber", "1"), ("uploadId", id.as_str())];
        let part = world.send(&upload, Call { query, body: vec![7; 9], ..Call::of("PUT") }).await;
        let put = world.send(&other, Call { body: vec![7; PART - 8], ..Call::of("PUT") }).await;
        assert_eq!(put.status, StatusCode::OK, "{}", put.text());
        assert_eq!(world.media_state(&other).await, Some(MediaState::Stored));
        let body = part_list(&[(1, &part.header("etag"))]);
        let call = Call { query: vec![("uploadId", id.as_str())], body, ..Call::of("POST") };
        refused(&world.send(&upload, call).await, StatusCode::FORBIDDEN, "QuotaExceeded");
        assert_ne!(world.media_state(&upload).await, Some(MediaState::Stored));
    }
}
