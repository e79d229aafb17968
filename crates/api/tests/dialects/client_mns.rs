//! Signs and sends a case's request as the clients of MNS would: one path for each operation, XML in bodies,
//! and the signature in a header. An answer's XML is compared as JSON: `{ "Message": { "MessageId": ... } }`.

use std::collections::BTreeMap;

use axum::body::Body;
use axum::http::{Request, header};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use md5::{Digest, Md5};
use quick_xml::Reader;
use quick_xml::events::Event;
use serde_json::{Map, Value};
use stillframe_domain::Clock;
use stillframe_signing::{mns, mns_v4};

use crate::case::Step;
use crate::client::{Answer, HOST, exchange, key, text};
use crate::world::World;

const REGION: &str = "cn-shanghai";

/// What goes over the wire.
struct Wire {
    method: String,
    resource: String,
    headers: BTreeMap<String, String>,
    body: String,
}

/// Sends the request as often as the case says; gives the last answer.
pub async fn send(world: &mut World, step: &Step) -> Answer {
    tell_the_time(world, &step.request.method);
    let wire = wire(world, step);
    let mut answer = None;
    for _ in 0..step.request.times {
        let mut request = Request::builder().method(wire.method.as_str()).uri(&wire.resource);
        for (name, value) in &wire.headers {
            request = request.header(name, value);
        }
        let request = request.header(header::HOST, HOST).body(Body::from(wire.body.clone()));
        answer = Some(exchange(world, request.expect("a request")).await);
    }
    let mut answer = answer.expect("every request is sent at least once");
    if !answer.body.is_empty() {
        answer.body = as_json(&answer.body).to_string();
    }
    answer
}

/// Sets the variables of times: `now_s`; `made_s` and `sent_ms`, of the first `PUT` and the last `POST`;
/// `in_30_s_ms` and `in_60_s_ms`.
fn tell_the_time(world: &mut World, method: &str) {
    let now_s = world.clock.now().as_secs();
    let mut set = |name: &str, value: i64| world.variables.insert(name.to_owned(), value.to_string());
    set("now_s", now_s);
    set("in_30_s_ms", (now_s + 30) * 1_000);
    set("in_60_s_ms", (now_s + 60) * 1_000);
    if method == "POST" {
        set("sent_ms", now_s * 1_000);
    }
    if method == "PUT" {
        world.variables.entry("made_s".to_owned()).or_insert_with(|| now_s.to_string());
    }
}

fn wire(world: &World, step: &Step) -> Wire {
    let request = &step.request;
    let path = request.path.as_deref().expect("a case of this dialect names its path");
    let mut wire = Wire {
        method: request.method.clone(),
        resource: world.expand(path),
        headers: BTreeMap::new(),
        body: request.body.as_deref().map(|body| world.expand(body)).unwrap_or_default(),
    };
    let at = world.clock.now().as_secs() + request.clock_offset_s;
    let at = chrono::DateTime::from_timestamp(at, 0).expect("a time of our days");
    let mut set = |name: &str, value: String| wire.headers.insert(name.to_owned(), value);
    set("date", at.format("%a, %d %b %Y %H:%M:%S GMT").to_string());
    set("x-mns-version", "2015-06-06".to_owned());
    if !wire.body.is_empty() {
        // The vendor's own clients send the base64 of the hex text.
        let digest: String = Md5::digest(&wire.body).iter().map(|byte| format!("{byte:02x}")).collect();
        set("content-md5", STANDARD.encode(digest));
        set("content-type", "text/xml;charset=UTF-8".to_owned());
    }
    for (name, value) in &request.headers {
        set(name, world.expand(value));
    }
    let authorization = authorization(&wire, key(world, step), request.sign.as_deref());
    wire.headers.entry("authorization".to_owned()).or_insert(authorization);
    wire.headers.retain(|name, _| !request.without.contains(name));
    for (name, value) in &request.tampered {
        match (name.as_str(), value) {
            ("method", value) => wire.method = text(world, value),
            ("path", value) => wire.resource = text(world, value),
            ("body", value) => wire.body = text(world, value),
            (name, Value::Null) => drop(wire.headers.remove(name)),
            (name, value) => drop(wire.headers.insert(name.to_owned(), text(world, value))),
        }
    }
    wire
}

fn authorization(wire: &Wire, (key_id, secret): (String, String), scheme: Option<&str>) -> String {
    let headers: Vec<(String, String)> = wire.headers.clone().into_iter().collect();
    let method = wire.method.as_str();
    match scheme {
        None => {
            let request = mns::Request { method, resource: &wire.resource, headers: &headers };
            mns::sign(&request, &key_id, &secret)
        }
        Some(_) => {
            let (path, query) = wire.resource.split_once('?').unwrap_or((&wire.resource, ""));
            let query: Vec<_> = url::form_urlencoded::parse(query.as_bytes()).into_owned().collect();
            let request = mns_v4::Request { method, path, query: &query, headers: &headers };
            mns_v4::sign(&request, REGION, &key_id, &secret).expect("the request is dated")
        }
    }
}

/// The document as JSON; elements of the same name are an array.
fn as_json(text: &str) -> Value {
    let mut reader = Reader::from_str(text);
    let mut open: Vec<(String, Map<String, Value>, String)> = vec![Default::default()];
    loop {
        match reader.read_event().expect("XML") {
            Event::Start(tag) => {
                if open.len() == 1 {
                    let namespace = "xmlns=\"http://mns.aliyuncs.com/doc/v1/\"";
                    assert!(
                        text.contains(&format!("<{} {namespace}>", tag.local_name().into_inner())),
                        "{text}"
                    );
                }
                open.push((tag.local_name().into_inner().to_owned(), Map::new(), String::new()));
            }
            Event::End(_) => {
                let (name, children, content) = open.pop().expect("an open element");
                let value =
                    if children.is_empty() { Value::String(content) } else { Value::Object(children) };
                let (_, siblings, _) = open.last_mut().expect("an open element");
                match siblings.get_mut(&name) {
                    None => drop(siblings.insert(name, value)),
                    Some(Value::Array(items)) => items.push(value),
                    Some(first) => *first = Value::Array(vec![first.take(), value]),
                }
            }
            Event::Text(content) => open.last_mut().expect("an element").2.push_str(&content.xml10_content()),
            Event::GeneralRef(reference) => {
                let known = quick_xml::escape::resolve_predefined_entity(&reference).expect("an entity");
                open.last_mut().expect("an element").2.push_str(known);
            }
            Event::Eof => return Value::Object(open.remove(0).1),
            _ => {}
        }
    }
}
