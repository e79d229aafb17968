//! Signs and sends a case's request as the clients of Tencent's API 2018-07-17 would: parameters as JSON
//! in a POST that is signed by TC3, flattened in every other form.

use axum::body::Body;
use axum::http::{Request, header};
use serde_json::{Map, Value};
use stillframe_domain::Clock;
use stillframe_signing::percent::encode_pairs;
use stillframe_signing::{tencent_tc3, tencent_v1};

use crate::case;
use crate::case::Step;
use crate::client::{Answer, HOST, exchange, key, text};
use crate::world::World;

const TC3: &str = "TC3-HMAC-SHA256";
const JSON: &str = "application/json";
const FORM: &str = "application/x-www-form-urlencoded";

/// What goes over the wire.
struct Wire {
    method: String,
    query: String,
    headers: Vec<(String, String)>,
    body: String,
}

/// Sends the request as often as the case says; gives the last answer.
pub async fn send(world: &mut World, step: &Step) -> Answer {
    let wire = match step.request.sign.as_deref().unwrap_or(TC3) {
        TC3 => tc3(world, step),
        method => version_1(world, step, method),
    };
    let mut answer = None;
    for _ in 0..step.request.times {
        let uri = if wire.query.is_empty() { "/".to_owned() } else { format!("/?{}", wire.query) };
        let mut request = Request::builder().method(wire.method.as_str()).uri(uri);
        for (name, value) in &wire.headers {
            request = request.header(name, value);
        }
        let request = request.body(Body::from(wire.body.clone())).expect("a request");
        answer = Some(exchange(world, request).await);
    }
    answer.expect("every request is sent at least once")
}

fn tc3(world: &mut World, step: &Step) -> Wire {
    let request = &step.request;
    let (key_id, secret) = key(world, step);
    let now_s = world.clock.now().as_secs() + request.clock_offset_s;
    let is_get = request.method == "GET";
    let params = tree(world, request, false);
    let (query, body) = if is_get {
        (encode_pairs(&flattened(&params)), String::new())
    } else {
        (String::new(), params.to_string())
    };
    let mut headers: Vec<(String, String)> = [
        ("content-type", if is_get { FORM.to_owned() } else { JSON.to_owned() }),
        ("host", HOST.to_owned()),
        ("x-tc-action", request.action.clone()),
        ("x-tc-version", "2018-07-17".to_owned()),
        ("x-tc-timestamp", now_s.to_string()),
        ("x-tc-language", "zh-CN".to_owned()),
    ]
    .map(|(name, value)| (name.to_owned(), value))
    .to_vec();
    headers.retain(|(name, _)| !request.headers.contains_key(name));
    headers.extend(request.headers.iter().map(|(name, value)| (name.clone(), value.clone())));
    let signed = tencent_tc3::Request {
        method: &request.method,
        query: &query,
        headers: &headers,
        body: body.as_bytes(),
    };
    // A case may give a time that is none.
    let authorization = tencent_tc3::sign(&signed, "content-type;host", &key_id, &secret).unwrap_or_default();
    if !request.headers.contains_key("authorization") {
        headers.push(("authorization".to_owned(), authorization));
    }
    headers.retain(|(name, _)| !request.without.contains(name));
    let body =
        if is_get || request.tampered.is_empty() { body } else { tree(world, request, true).to_string() };
    let query = if is_get { encode_pairs(&flattened(&tree(world, request, true))) } else { query };
    Wire { method: request.method.clone(), query, headers, body }
}

fn version_1(world: &mut World, step: &Step, signature_method: &str) -> Wire {
    let request = &step.request;
    let (key_id, secret) = key(world, step);
    let now_s = world.clock.now().as_secs() + request.clock_offset_s;
    let common = [
        ("Action", request.action.clone()),
        ("Nonce", world.next_nonce().to_string()),
        ("SecretId", key_id),
        ("SignatureMethod", signature_method.to_owned()),
        ("Timestamp", now_s.to_string()),
        ("Version", "2018-07-17".to_owned()),
    ];
    let mut params = flattened(&tree(world, request, false));
    params.extend(common.map(|(name, value)| (name.to_owned(), value)));
    params.retain(|(name, _)| !request.without.contains(name));
    let signed = tencent_v1::Request { method: &request.method, host: HOST, path: "/", params: &params };
    let signature = tencent_v1::sign(&signed, &secret).unwrap_or_default();
    params.push((tencent_v1::SIGNATURE.to_owned(), signature));
    for (name, value) in &request.tampered {
        params.retain(|(known, _)| known != name);
        params.push((name.clone(), text(world, value)));
    }
    let encoded = encode_pairs(&params);
    let is_get = request.method == "GET";
    let (query, body) = if is_get { (encoded, String::new()) } else { (String::new(), encoded) };
    let headers = [(header::CONTENT_TYPE, FORM), (header::HOST, HOST)];
    let headers = headers.map(|(name, value)| (name.to_string(), value.to_owned())).to_vec();
    Wire { method: request.method.clone(), query, headers, body }
}

/// The parameters with their variables replaced; with those that are changed behind the signer's back.
fn tree(world: &World, request: &case::Request, is_tampered: bool) -> Value {
    let tampered = request.tampered.iter().filter(|_| is_tampered);
    let members = request.params.iter().chain(tampered);
    Value::Object(members.map(|(name, value)| (name.clone(), expanded(world, value))).collect())
}

fn expanded(world: &World, value: &Value) -> Value {
    match value {
        Value::String(text) => world.expand(text).into(),
        Value::Array(items) => items.iter().map(|item| expanded(world, item)).collect(),
        Value::Object(members) => {
            let member = |(name, value): (&String, &Value)| (name.clone(), expanded(world, value));
            Value::Object(members.iter().map(member).collect::<Map<_, _>>())
        }
        other => other.clone(),
    }
}

/// `A.B.0=...` for each leaf.
fn flattened(tree: &Value) -> Vec<(String, String)> {
    fn walk(at: &str, value: &Value, pairs: &mut Vec<(String, String)>) {
        let below = |name: &str| if at.is_empty() { name.to_owned() } else { format!("{at}.{name}") };
        match value {
            Value::Object(members) => {
                members.iter().for_each(|(name, value)| walk(&below(name), value, pairs))
            }
            Value::Array(items) => {
                items.iter().enumerate().for_each(|(k, item)| walk(&below(&k.to_string()), item, pairs));
            }
            Value::String(text) => pairs.push((at.to_owned(), text.clone())),
            other => pairs.push((at.to_owned(), other.to_string())),
        }
    }
    let mut pairs = Vec::new();
    walk("", tree, &mut pairs);
    pairs
}
