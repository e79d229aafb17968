//! Requests of each dialect that are signed as they should be, whatever they say: the way from the wire to the
//! use cases and back, with every decoder on it.
//!
//! In the bytes, `FILE` and `VIDEO` stand for the names of the one video that there is.

use axum::body::Body;
use axum::http::Request;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use md5::{Digest as _, Md5};
use stillframe_domain::{Clock as _, OsRng, Rng as _, SystemClock};
use stillframe_signing::percent::encode_pairs;
use stillframe_signing::{alibaba_rpc, tencent_tc3, tencent_v1};

use crate::pieces::{line, params, words};
use crate::world::World;

const HOST: &str = "vod.example:7400";
const FORM: &str = "application/x-www-form-urlencoded";

/// `tencent|alibaba METHOD ACTION`, then parameters as a query: the APIs of flat parameters.
pub fn forms(data: &[u8]) {
    World::with(|world| {
        let ([dialect, method, action], rest) = words::<3>(data);
        let method = if method == "GET" { "GET" } else { "POST" };
        let asked = params(&named(world, &String::from_utf8_lossy(rest)));
        let (path, params) = match dialect.as_str() {
            "alibaba" => ("/", of_alibaba(world, method, &action, asked)),
            _ => ("/v2/index.php", of_tencent(world, method, &action, asked)),
        };
        let encoded = encode_pairs(&params);
        let request = Request::builder().method(method).header("host", HOST);
        let request = if method == "POST" {
            request.uri(path).header("content-type", FORM).body(Body::from(encoded))
        } else {
            request.uri(format!("{path}?{encoded}")).body(Body::empty())
        };
        drop(request.ok().map(|request| world.send(request)));
    });
}

/// `tencent ACTION` or `METHOD PATH`, then a document: the APIs of JSON.
pub fn json(data: &[u8]) {
    World::with(|world| {
        let ([first, second], rest) = words::<2>(data);
        let body = named_bytes(world, rest);
        let request = match first.as_str() {
            "tencent" => of_tencent_2018(world, &second, &body),
            method => {
                let basic = STANDARD.encode(format!("{}:{}", world.key.key_id, world.key.secret));
                Request::builder()
                    .method(method)
                    .uri(format!("/v1{}", named(world, &second)))
                    .header("host", HOST)
                    .header("content-type", "application/json")
                    .header("authorization", format!("Basic {basic}"))
                    .body(Body::from(body))
                    .ok()
            }
        };
        drop(request.map(|request| world.send(request)));
    });
}

/// `METHOD PATH`, then a document of XML: the queues.
pub fn mns(data: &[u8]) {
    World::with(|world| {
        let (first, rest) = line(data);
        let (method, resource) = first.split_once(' ').unwrap_or((&first, ""));
        let resource = format!("/queues{resource}");
        let date =
            chrono::DateTime::from_timestamp(SystemClock.now().as_secs(), 0).expect("a time of our days");
        let headers = vec![
            ("date".to_owned(), date.format("%a, %d %b %Y %H:%M:%S GMT").to_string()),
            ("x-mns-version".to_owned(), "2015-06-06".to_owned()),
            ("content-type".to_owned(), "text/xml".to_owned()),
            ("content-md5".to_owned(), STANDARD.encode(Md5::digest(rest))),
        ];
        let signed = stillframe_signing::mns::Request { method, resource: &resource, headers: &headers };
        let authorization = stillframe_signing::mns::sign(&signed, &world.key.key_id, &world.key.secret);
        let mut request = Request::builder().method(method).uri(&resource).header("host", HOST);
        for (name, value) in headers.iter().chain([&("authorization".to_owned(), authorization)]) {
            request = request.header(name, value);
        }
        drop(request.body(Body::from(rest.to_vec())).ok().map(|request| world.send(request)));
    });
}

fn of_tencent(
    world: &World,
    method: &str,
    action: &str,
    mut params: Vec<(String, String)>,
) -> Vec<(String, String)> {
    let common = [
        ("Action", action.to_owned()),
        ("Nonce", (OsRng.next_u64() >> 16).to_string()),
        ("SecretId", world.key.key_id.clone()),
        ("SignatureMethod", "HmacSHA256".to_owned()),
        ("Timestamp", SystemClock.now().as_secs().to_string()),
    ];
    params.extend(common.map(|(name, value)| (name.to_owned(), value)));
    let request = tencent_v1::Request { method, host: HOST, path: "/v2/index.php", params: &params };
    let signature = tencent_v1::sign(&request, &world.key.secret).unwrap_or_default();
    params.push((tencent_v1::SIGNATURE.to_owned(), signature));
    params
}

fn of_alibaba(
    world: &World,
    method: &str,
    action: &str,
    mut params: Vec<(String, String)>,
) -> Vec<(String, String)> {
    let now = chrono::DateTime::from_timestamp(SystemClock.now().as_secs(), 0).expect("a time of our days");
    let common = [
        ("AccessKeyId", world.key.key_id.clone()),
        ("Action", action.to_owned()),
        ("SignatureMethod", "HMAC-SHA1".to_owned()),
        ("SignatureNonce", OsRng.next_u64().to_string()),
        ("SignatureVersion", "1.0".to_owned()),
        ("Timestamp", now.format("%Y-%m-%dT%H:%M:%SZ").to_string()),
        ("Version", "2017-03-21".to_owned()),
    ];
    params.extend(common.map(|(name, value)| (name.to_owned(), value)));
    let signature = alibaba_rpc::sign(method, &params, &world.key.secret);
    params.push((alibaba_rpc::SIGNATURE.to_owned(), signature));
    params
}

fn of_tencent_2018(world: &World, action: &str, body: &[u8]) -> Option<Request<Body>> {
    let headers: Vec<(String, String)> = [
        ("content-type", "application/json".to_owned()),
        ("host", HOST.to_owned()),
        ("x-tc-action", action.to_owned()),
        ("x-tc-version", "2018-07-17".to_owned()),
        ("x-tc-timestamp", SystemClock.now().as_secs().to_string()),
    ]
    .map(|(name, value)| (name.to_owned(), value))
    .into();
    let signed = tencent_tc3::Request { method: "POST", query: "", headers: &headers, body };
    let key = &world.key;
    let authorization = tencent_tc3::sign(&signed, "content-type;host", &key.key_id, &key.secret).ok()?;
    let mut request = Request::builder().method("POST").uri("/");
    for (name, value) in headers.iter().chain([&("authorization".to_owned(), authorization)]) {
        request = request.header(name, value);
    }
    request.body(Body::from(body.to_vec())).ok()
}

fn named(world: &World, text: &str) -> String {
    text.replace("FILE", &world.video.0).replace("VIDEO", &world.video.1)
}

/// Also of bytes that are no text.
fn named_bytes(world: &World, bytes: &[u8]) -> Vec<u8> {
    match std::str::from_utf8(bytes) {
        Ok(text) => named(world, text).into_bytes(),
        Err(_) => bytes.to_vec(),
    }
}
