//! `UserData`: what the caller has for its own event.

use serde::Deserialize;
use serde_json::value::RawValue;
use stillframe_domain::QueueName;
use stillframe_domain::endpoint::Target;
use url::Url;

use super::error::Refusal;

/// Most bytes of `Extend`.
const EXTEND_BYTES_MAX: usize = 512;
/// Most bytes of a callback's URL.
const URL_BYTES_MAX: usize = 256;

/// What `UserData` says.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct UserData {
    /// Text that the event repeats.
    pub extend: Option<String>,
    /// Callback of this job alone: a URL, or `queue:NAME` for a queue of the app.
    pub callback_url: Option<String>,
}

#[derive(Deserialize)]
struct Document<'a> {
    #[serde(rename = "Extend", borrow)]
    extend: Option<&'a RawValue>,
    #[serde(rename = "MessageCallback", borrow)]
    message_callback: Option<&'a RawValue>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct MessageCallback {
    #[serde(rename = "CallbackURL")]
    callback_url: Option<String>,
    /// The vendor names no members for a queue here: these are those of SetMessageCallback.
    mns_queue_name: Option<String>,
}

impl MessageCallback {
    /// Where it goes, `None` when it says nothing.
    fn target(self) -> Result<Option<String>, Refusal> {
        let refused = || Refusal::invalid("UserData");
        match (self.mns_queue_name, self.callback_url) {
            (Some(name), _) => {
                let name = QueueName::parse(&name).map_err(|_| refused())?;
                Ok(Some(Target::url_of_queue(&name)))
            }
            (None, Some(url)) if !is_callback(&url) => Err(refused()),
            (None, url) => Ok(url),
        }
    }
}

/// Reads `UserData`; an empty text says nothing.
///
/// # Errors
/// `InvalidParameter` when it is no JSON object, `Extend` is longer than 512 bytes, or the callback is no
/// absolute `http` or `https` URL.
pub(super) fn parse(text: &str) -> Result<UserData, Refusal> {
    let refused = || Refusal::invalid("UserData");
    if text.trim().is_empty() {
        return Ok(UserData::default());
    }
    let document: Document<'_> = serde_json::from_str(text).map_err(|_| refused())?;
    let extend = document.extend.map(as_text);
    if extend.as_ref().is_some_and(|extend| extend.len() > EXTEND_BYTES_MAX) {
        return Err(refused());
    }
    let callback_url = match document.message_callback.map(as_text) {
        Some(callback) if !callback.is_empty() => {
            serde_json::from_str::<MessageCallback>(&callback).map_err(|_| refused())?.target()?
        }
        _ => None,
    };
    Ok(UserData { extend, callback_url })
}

/// The text of a JSON string, or any other value's own text: callers write objects in either form.
fn as_text(value: &RawValue) -> String {
    serde_json::from_str(value.get()).unwrap_or_else(|_| value.get().to_owned())
}

/// Whether a text is an absolute `http` or `https` URL of at most 256 bytes.
pub(super) fn is_callback(text: &str) -> bool {
    let is_http = |url: Url| matches!(url.scheme(), "http" | "https") && url.has_host();
    text.len() <= URL_BYTES_MAX && Url::parse(text).is_ok_and(is_http)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> (Option<String>, Option<String>) {
        let data = parse(text).expect("accepted");
        (data.extend, data.callback_url)
    }

    #[test]
    fn objects_and_texts_are_both_accepted() {
        let url = Some("http://a.example/cb".to_owned());
        let plain = r#"{"MessageCallback":{"CallbackURL":"http://a.example/cb"},"Extend":{"b":1, "a":"é"}}"#;
        assert_eq!(read(plain), (Some(r#"{"b":1, "a":"é"}"#.to_owned()), url.clone()));
        let nested =
            r#"{"MessageCallback":"{\"CallbackURL\":\"http://a.example/cb\"}","Extend":"test data"}"#;
        assert_eq!(read(nested), (Some("test data".to_owned()), url));
        assert_eq!(read(r#"{"Extend":null,"AccelerateConfig":{}}"#), (None, None));
        assert_eq!(read(""), (None, None));
    }

    #[test]
    fn a_queue_may_stand_in_the_place_of_a_url() {
        let queue =
            r#"{"MessageCallback":{"CallbackType":"mns","MnsEndpoint":"http://x/","MnsQueueName":"vod"}}"#;
        assert_eq!(read(queue), (None, Some("queue:vod".to_owned())));
        assert!(parse(&queue.replace("vod", "no queue")).is_err());
        assert!(
            parse(r#"{"MessageCallback":{"CallbackURL":"queue:vod"}}"#).is_err(),
            "by its own member alone"
        );
    }

    #[test]
    fn what_is_no_document_too_long_or_no_url_is_refused() {
        let long = format!(r#"{{"Extend":"{}"}}"#, "x".repeat(513));
        let bad_url = r#"{"MessageCallback":{"CallbackURL":"ftp://a.example/"}}"#;
        for text in ["x", "[]", "\"x\"", &long, bad_url, r#"{"MessageCallback":"x"}"#] {
            assert_eq!(parse(text), Err(Refusal::invalid("UserData")), "{text}");
        }
        let fits = format!(r#"{{"Extend":"{}"}}"#, "x".repeat(512));
        assert!(parse(&fits).is_ok());
    }
}
