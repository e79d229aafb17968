//! The form of a case, and how an answer is compared.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::Deserialize;
use serde_json::Value;

use crate::client::{self, Answer};
use crate::client_2018;
use crate::client_mns;
use crate::world::World;

/// One case file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Case {
    /// Page of the vendor that promises the answers.
    pub doc: String,
    /// Version of the API, where a dialect has several.
    pub version: Option<String>,
    /// Requests in their order.
    pub steps: Vec<Step>,
}

/// A request and what must come back.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Step {
    /// The app that asks: `owner`, `other` or `push` (see `world.rs`).
    #[serde(default = "owner")]
    pub by: String,
    /// Jobs that are due are finished before the request, as a worker would.
    #[serde(default)]
    pub after_work: bool,
    /// Seconds that pass before the request.
    #[serde(default)]
    pub after_s: u64,
    pub request: Request,
    pub expect: Expect,
    /// Variables for later steps, by JSON pointer into the answer.
    #[serde(default)]
    pub capture: BTreeMap<String, String>,
}

fn owner() -> String {
    "owner".to_owned()
}

/// What is sent; `${name}` stands for a variable.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Request {
    #[serde(default = "get")]
    pub method: String,
    pub action: String,
    /// The operation's parameters. These replace common ones of the same name.
    #[serde(default)]
    pub params: BTreeMap<String, Value>,
    /// Path and query as sent, where a dialect has one for each operation.
    pub path: Option<String>,
    /// The body, where it is no form of the parameters.
    pub body: Option<String>,
    /// The scheme that signs, where a dialect has several.
    pub sign: Option<String>,
    /// Headers beside those of the scheme, which they replace.
    #[serde(default)]
    pub headers: BTreeMap<String, String>,
    /// Common parameters (or headers) that are left out.
    #[serde(default)]
    pub without: Vec<String>,
    /// Parameters changed or added behind the signer's back.
    #[serde(default)]
    pub tampered: BTreeMap<String, Value>,
    /// Seconds from the server's time to the time that is signed.
    #[serde(default)]
    pub clock_offset_s: i64,
    /// Signs as this key instead of the app's.
    pub key_id: Option<String>,
    /// Signs with this secret instead of the app's.
    pub secret: Option<String>,
    /// Sends the same bytes this often; the last answer counts.
    #[serde(default = "once")]
    pub times: u32,
}

fn get() -> String {
    "GET".to_owned()
}

const fn once() -> u32 {
    1
}

/// What must come back.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Expect {
    #[serde(default = "ok")]
    pub status: u16,
    #[serde(default)]
    pub content_type: Option<String>,
    /// The whole body as JSON; masks in texts.
    pub body: Option<Value>,
    /// The whole body as text; masks.
    pub text: Option<String>,
}

const fn ok() -> u16 {
    200
}

impl Case {
    /// Runs the steps; tells the first that does not answer as expected.
    pub async fn run(&self, dialect: &str, world: &mut World) -> Result<(), String> {
        if !self.doc.starts_with("https://") {
            return Err("doc must name the vendor's page".to_owned());
        }
        for (k, step) in self.steps.iter().enumerate() {
            world.clock.advance(Duration::from_secs(step.after_s));
            if step.after_work {
                world.work().await;
            }
            let answer = match self.version.as_deref() {
                None if dialect == "mns" => client_mns::send(world, step).await,
                None => client::send(dialect, world, step).await,
                Some("2018-07-17") => client_2018::send(world, step).await,
                Some(other) => return Err(format!("there is no client of version {other}")),
            };
            step.expect.check(&answer, world).map_err(|reason| {
                format!("step {}: {reason}\nanswer: {} {}", k + 1, answer.status, answer.body)
            })?;
            let document: Value = serde_json::from_str(&answer.body).unwrap_or_default();
            for (name, pointer) in &step.capture {
                let found = document.pointer(pointer).and_then(Value::as_str);
                let found = found.ok_or_else(|| format!("step {}: nothing at {pointer}", k + 1))?;
                world.variables.insert(name.clone(), found.to_owned());
            }
        }
        Ok(())
    }
}

impl Expect {
    fn check(&self, answer: &Answer, world: &World) -> Result<(), String> {
        if answer.status != self.status {
            return Err(format!("expected status {}", self.status));
        }
        if self.content_type.as_ref().is_some_and(|wanted| *wanted != answer.content_type) {
            return Err(format!("unexpected content type {}", answer.content_type));
        }
        if let Some(wanted) = &self.body {
            let body: Value = serde_json::from_str(&answer.body).map_err(|error| error.to_string())?;
            compare("", wanted, &body, world)?;
        }
        match &self.text {
            Some(wanted) if !matches(&world.expand(wanted.trim_end()), &answer.body) => {
                Err(format!("expected text {wanted}"))
            }
            _ => Ok(()),
        }
    }
}

/// Every member and item must be there, and no other.
fn compare(at: &str, wanted: &Value, found: &Value, world: &World) -> Result<(), String> {
    match (wanted, found) {
        (Value::Object(wanted), Value::Object(found)) => {
            let extra = found.keys().find(|key| !wanted.contains_key(*key));
            if let Some(key) = extra {
                return Err(format!("{at}/{key} should not be there"));
            }
            wanted.iter().try_for_each(|(key, wanted)| {
                let at = format!("{at}/{key}");
                let found = found.get(key).ok_or_else(|| format!("{at} is not there"))?;
                compare(&at, wanted, found, world)
            })
        }
        (Value::Array(wanted), Value::Array(found)) if wanted.len() == found.len() => {
            let pairs = wanted.iter().zip(found).enumerate();
            pairs
                .into_iter()
                .try_for_each(|(k, (wanted, found))| compare(&format!("{at}/{k}"), wanted, found, world))
        }
        (Value::String(wanted), Value::String(found)) => {
            let wanted = world.expand(wanted);
            let is_same = matches(&wanted, found);
            if is_same { Ok(()) } else { Err(format!("{at}: expected {wanted:?}, found {found:?}")) }
        }
        _ if wanted == found => Ok(()),
        _ => Err(format!("{at}: expected {wanted}, found {found}")),
    }
}

/// Whether a text is that of a pattern, in which `<hex>` stands for 32 digits of an id, `<uuid>` and
/// `<UUID>` for a request id, and `<text>` for anything.
fn matches(pattern: &str, text: &str) -> bool {
    const MASKS: [(&str, usize, &str); 3] = [
        ("<hex>", 32, "0123456789abcdef"),
        ("<uuid>", 36, "0123456789abcdef-"),
        ("<UUID>", 36, "0123456789ABCDEF-"),
    ];
    for (mask, length, parts) in MASKS {
        if let Some(rest) = pattern.strip_prefix(mask) {
            let is_id = |head: &str| head.chars().all(|c| parts.contains(c));
            return text.get(..length).is_some_and(is_id) && matches(rest, &text[length..]);
        }
    }
    if let Some(rest) = pattern.strip_prefix("<text>") {
        return text.char_indices().any(|(k, _)| matches(rest, &text[k..])) || matches(rest, "");
    }
    match (pattern.chars().next(), text.chars().next()) {
        (None, None) => true,
        (Some(a), Some(b)) if a == b => matches(&pattern[a.len_utf8()..], &text[b.len_utf8()..]),
        _ => false,
    }
}

#[test]
fn masks_stand_for_ids_alone() {
    let id = "0123456789abcdef0123456789abcdef";
    assert!(matches("a-<hex>-b", &format!("a-{id}-b")));
    assert!(!matches("a-<hex>", &format!("a-{}", id.to_uppercase())));
    assert!(!matches("a-<hex>", "a-0123"));
    assert!(matches("<text>: c", "a: b: c"));
    assert!(!matches("a", "ab"));
}
