//! Signs and sends a case's request as the vendor's client would.

use std::collections::BTreeMap;

use axum::body::Body;
use axum::http::{Request, header};
use http_body_util::BodyExt;
use serde_json::Value;
use stillframe_domain::{Clock, Timestamp};
use stillframe_signing::percent::encode_pairs;
use stillframe_signing::{alibaba_rpc, tencent_v1};
use tower::ServiceExt;

use crate::case::{self, Step};
use crate::client_acs3;
use crate::world::World;

/// The host that clients believe they speak to.
pub const HOST: &str = "vod.example:7400";

/// What came back.
pub struct Answer {
    pub status: u16,
    pub content_type: String,
    pub body: String,
}

/// Sends the request as often as the case says; gives the last answer.
pub async fn send(dialect: &str, world: &mut World, step: &Step) -> Answer {
    if dialect == "alibaba" && step.request.sign.is_some() {
        return client_acs3::send(world, step).await;
    }
    let (path, params) = match dialect {
        "tencent" => ("/v2/index.php", tencent(world, step)),
        _ => ("/", alibaba(world, step)),
    };
    let mut answer = None;
    for _ in 0..step.request.times {
        answer = Some(once(world, &step.request.method, path, &params).await);
    }
    answer.expect("every request is sent at least once")
}

async fn once(world: &World, method: &str, path: &str, params: &[(String, String)]) -> Answer {
    let encoded = encode_pairs(params);
    let request = Request::builder().method(method).header(header::HOST, HOST);
    let request = if method == "POST" {
        let form = "application/x-www-form-urlencoded";
        request.uri(path).header(header::CONTENT_TYPE, form).body(Body::from(encoded))
    } else {
        request.uri(format!("{path}?{encoded}")).body(Body::empty())
    };
    exchange(world, request.expect("a request")).await
}

/// Hands a request to the router.
pub async fn exchange(world: &World, request: Request<Body>) -> Answer {
    let response = world.router.clone().oneshot(request).await.expect("an answer");
    let content_type =
        response.headers().get(header::CONTENT_TYPE).map(|value| value.to_str().expect("text"));
    Answer {
        status: response.status().as_u16(),
        content_type: content_type.unwrap_or_default().to_owned(),
        body: String::from_utf8(response.into_body().collect().await.expect("a body").to_bytes().to_vec())
            .expect("UTF-8"),
    }
}

fn tencent(world: &mut World, step: &Step) -> Vec<(String, String)> {
    let (key_id, secret) = key(world, step);
    let now = world.clock.now().as_secs() + step.request.clock_offset_s;
    let common = [
        ("Action", step.request.action.clone()),
        ("Nonce", world.next_nonce().to_string()),
        ("Region", "gz".to_owned()),
        ("SecretId", key_id),
        ("SignatureMethod", "HmacSHA256".to_owned()),
        ("Timestamp", now.to_string()),
    ];
    let mut params = all_params(world, &step.request, common.into());
    let request = tencent_v1::Request {
        method: &step.request.method,
        host: HOST,
        path: "/v2/index.php",
        params: &params,
    };
    // A case may name an algorithm that is none.
    let signature = tencent_v1::sign(&request, &secret).unwrap_or_default();
    params.push((tencent_v1::SIGNATURE.to_owned(), signature));
    tamper(params, world, &step.request)
}

fn alibaba(world: &mut World, step: &Step) -> Vec<(String, String)> {
    let (key_id, secret) = key(world, step);
    let now = Timestamp::from_secs(world.clock.now().as_secs() + step.request.clock_offset_s);
    let time = chrono::DateTime::from_timestamp(now.as_secs(), 0).expect("a time of our days");
    let common = [
        ("AccessKeyId", key_id),
        ("Action", step.request.action.clone()),
        ("Format", "JSON".to_owned()),
        ("SignatureMethod", "HMAC-SHA1".to_owned()),
        ("SignatureNonce", world.next_nonce().to_string()),
        ("SignatureType", String::new()),
        ("SignatureVersion", "1.0".to_owned()),
        ("Timestamp", time.format("%Y-%m-%dT%H:%M:%SZ").to_string()),
        ("Version", "2017-03-21".to_owned()),
    ];
    let mut params = all_params(world, &step.request, common.into());
    let signature = alibaba_rpc::sign(&step.request.method, &params, &secret);
    params.push((alibaba_rpc::SIGNATURE.to_owned(), signature));
    tamper(params, world, &step.request)
}

/// Id of the asking app's key, and the secret that signs.
pub fn key(world: &World, step: &Step) -> (String, String) {
    let (_, key) = &world.apps[step.by.as_str()];
    let key_id = step.request.key_id.clone().unwrap_or_else(|| key.key_id.clone());
    (key_id, step.request.secret.clone().unwrap_or_else(|| key.secret.clone()))
}

fn all_params(world: &World, request: &case::Request, common: Vec<(&str, String)>) -> Vec<(String, String)> {
    let mut params: BTreeMap<String, String> =
        common.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
    params.retain(|name, _| !request.without.contains(name));
    params.extend(request.params.iter().map(|(name, value)| (name.clone(), text(world, value))));
    params.into_iter().collect()
}

/// Parameters with those that are changed behind the signer's back.
pub fn tamper(
    mut params: Vec<(String, String)>,
    world: &World,
    request: &case::Request,
) -> Vec<(String, String)> {
    for (name, value) in &request.tampered {
        params.retain(|(known, _)| known != name);
        if !value.is_null() {
            params.push((name.clone(), text(world, value)));
        }
    }
    params
}

/// A value as a parameter.
pub fn text(world: &World, value: &Value) -> String {
    match value {
        Value::String(text) => world.expand(text),
        other => other.to_string(),
    }
}
