//! Signs and sends a case's request as Alibaba Cloud's newer clients do: parameters in the query (or in a
//! form), everything else in signed headers.

use std::collections::BTreeMap;

use axum::body::Body;
use axum::http::{Request, header};
use stillframe_domain::Clock;
use stillframe_signing::alibaba_acs3;
use stillframe_signing::percent::encode_pairs;

use crate::case::Step;
use crate::client::{Answer, HOST, exchange, key, tamper, text};
use crate::world::World;

const FORM: &str = "application/x-www-form-urlencoded";

/// Sends the request as often as the case says; gives the last answer.
///
/// `sign: ACS3-HMAC-SHA256` puts the parameters into the query, `ACS3-HMAC-SHA256 form` into a form.
pub async fn send(world: &mut World, step: &Step) -> Answer {
    let scheme = step.request.sign.clone().unwrap_or_default();
    let (scheme, is_form) = match scheme.strip_suffix(" form") {
        Some(scheme) => (scheme.to_owned(), true),
        None => (scheme, false),
    };
    let pairs = |named: &BTreeMap<String, _>, world: &World| -> Vec<(String, String)> {
        named.iter().map(|(name, value)| (name.clone(), text(world, value))).collect()
    };
    let params = pairs(&step.request.params, world);
    let headers = headers(world, step, &params, is_form, &scheme);
    let sent = encode_pairs(&tamper(params, world, &step.request));
    let (query, body) = if is_form { (String::new(), sent) } else { (sent, String::new()) };
    let uri = if query.is_empty() { "/".to_owned() } else { format!("/?{query}") };
    let mut answer = None;
    for _ in 0..step.request.times {
        let mut request = Request::builder().method(step.request.method.as_str()).uri(&uri);
        for (name, value) in &headers {
            request = request.header(name, value);
        }
        answer = Some(exchange(world, request.body(Body::from(body.clone())).expect("a request")).await);
    }
    answer.expect("every request is sent at least once")
}

fn headers(
    world: &mut World,
    step: &Step,
    params: &[(String, String)],
    is_form: bool,
    scheme: &str,
) -> Vec<(String, String)> {
    let (key_id, secret) = key(world, step);
    let now_s = world.clock.now().as_secs() + step.request.clock_offset_s;
    let time = chrono::DateTime::from_timestamp(now_s, 0).expect("a time of our days");
    let body = if is_form { encode_pairs(params) } else { String::new() };
    let named = [
        ("host", HOST.to_owned()),
        ("x-acs-action", step.request.action.clone()),
        ("x-acs-content-sha256", alibaba_acs3::content_sha256(body.as_bytes())),
        ("x-acs-date", time.format("%Y-%m-%dT%H:%M:%SZ").to_string()),
        ("x-acs-signature-nonce", world.next_nonce().to_string()),
        ("x-acs-version", "2017-03-21".to_owned()),
    ];
    let mut headers: BTreeMap<String, String> =
        named.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
    if is_form {
        headers.insert(header::CONTENT_TYPE.to_string(), FORM.to_owned());
    }
    headers.extend(step.request.headers.clone());
    headers.retain(|name, _| !step.request.without.contains(name));
    let signed = headers.keys().cloned().collect::<Vec<_>>().join(";");
    let mut headers: Vec<_> = headers.into_iter().collect();
    let request = alibaba_acs3::Request {
        method: &step.request.method,
        path: "/",
        query: if is_form { &[] } else { params },
        headers: &headers,
        body: body.as_bytes(),
    };
    let authorization = alibaba_acs3::sign(&request, &signed, &key_id, &secret);
    let authorization = authorization.replacen(alibaba_acs3::SCHEME, scheme, 1);
    headers.push((header::AUTHORIZATION.to_string(), authorization));
    headers
}
