//! `s3://BUCKET/KEY`: an object of a store that speaks the S3 protocol, by way of a URL that is signed to be read.
//!
//! A signed URL is read by ranges like any other, since `Range` and `If-Range` are not part of what is signed.
//!
//! **Invariant:** the signed URL opens the object to whoever has it, so it goes to the client of HTTP alone. What
//! is told to anybody names `s3://BUCKET/KEY`.

mod refusal;
mod store;

use std::sync::Arc;
use std::time::Duration;

use stillframe_domain::{ByteSource, Failure};
use stillframe_outbound::{Outbound, RemoteConfig, RemoteError};

use store::Store;
pub use store::Variables;

/// For how long a signed URL is good: longer than one video is read, and as long as the credentials of a role may
/// last.
const URL_VALIDITY: Duration = Duration::from_secs(12 * 60 * 60);
/// Longest key, in bytes.
const KEY_BYTES_MAX: usize = 1_024;
/// Fewest and most characters of a bucket's name.
const BUCKET_CHARS: std::ops::RangeInclusive<usize> = 3..=63;
/// Longest wait for the words of a store that refuses.
const REFUSAL_TIMEOUT: Duration = Duration::from_secs(10);
/// How much of these words is read.
const REFUSAL_BYTES_MAX: usize = 4_096;

/// An object that can be read.
pub struct Object<'a> {
    key: &'a str,
    store: Store,
}

impl<'a> Object<'a> {
    /// The object of that name, with the store and the credentials that the environment tells.
    ///
    /// # Errors
    /// What is wrong with the name or the environment, in words for the caller.
    pub fn named(name: &'a str, variable: Variables<'_>) -> Result<Self, String> {
        let (bucket, key) = parts_of(name);
        let named = |fault: String| format!("{name}: {fault}");
        check_bucket(bucket).and_then(|()| check_key(key)).map_err(|fault| named(fault.to_owned()))?;
        let store = Store::of(bucket, variable).map_err(named)?;
        Ok(Self { key, store })
    }

    /// Opens it to be read by ranges.
    ///
    /// # Errors
    /// Why it cannot be read; when the store refuses, by its own reason.
    pub async fn open(
        &self,
        outbound: &Outbound,
        config: &RemoteConfig,
    ) -> Result<Arc<dyn ByteSource>, Failure> {
        let url = self.store.url_of(self.key, URL_VALIDITY);
        match outbound.open(url.as_str(), config).await {
            Ok(source) => Ok(source),
            Err(RemoteError(failure)) => {
                let answer = outbound.glance(url.as_str(), REFUSAL_TIMEOUT, REFUSAL_BYTES_MAX).await;
                let told = answer.ok().and_then(|answer| refusal::failure_of(&answer, &self.store.terms()));
                Err(told.unwrap_or(failure))
            }
        }
    }
}

/// The key in a name: all that follows the bucket's slash, as it stands there.
pub fn key_of(name: &str) -> &str {
    parts_of(name).1
}

fn parts_of(name: &str) -> (&str, &str) {
    let rest = name.split_once("://").map_or(name, |(_, rest)| rest);
    rest.split_once('/').unwrap_or((rest, ""))
}

/// Besides, nothing in the name may change the URL that it becomes a part of.
fn check_bucket(bucket: &str) -> Result<(), &'static str> {
    let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_');
    let is_edge = |byte: Option<u8>| byte.is_some_and(|byte| byte.is_ascii_alphanumeric());
    if bucket.is_empty() {
        Err("the bucket is missing: expected s3://BUCKET/KEY")
    } else if !BUCKET_CHARS.contains(&bucket.len())
        || !bucket.bytes().all(is_allowed)
        || !is_edge(bucket.bytes().next())
        || !is_edge(bucket.bytes().last())
    {
        Err("no bucket has such a name: it has 3 to 63 letters, digits, dots and hyphens")
    } else {
        Ok(())
    }
}

fn check_key(key: &str) -> Result<(), &'static str> {
    if key.is_empty() {
        Err("the key is missing: expected s3://BUCKET/KEY")
    } else if KEY_BYTES_MAX < key.len() {
        Err("the key is longer than 1024 bytes")
    } else if key.split('/').any(|part| matches!(part, "." | "..")) {
        Err("a key with the part . or .. cannot be asked for: URLs take these for folders")
    } else {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_all_behind_the_bucket() {
        assert_eq!(parts_of("s3://films/a b+c%20.mp4?x#y"), ("films", "a b+c%20.mp4?x#y"));
        assert_eq!(parts_of("s3://films//a//b/"), ("films", "/a//b/"));
        assert_eq!(parts_of("s3://films"), ("films", ""));
        assert_eq!(parts_of("s3:///key"), ("", "key"));
    }

    #[test]
    fn buckets_have_names_that_change_no_url() {
        for name in ["abc", "my-films.2026", "Old_Bucket", &"a".repeat(63)] {
            assert_eq!(check_bucket(name), Ok(()), "{name}");
        }
        for name in ["", "ab", "-abc", "abc.", "a@b.c", "a:80", "a%2fb", "käse", "a b", &"a".repeat(64)] {
            assert!(check_bucket(name).is_err(), "{name}");
        }
    }

    #[test]
    fn keys_are_taken_as_they_are_where_a_url_can_hold_them() {
        for key in ["a", "/", "a//b", "a/.hidden", "..a", "%2e%2e/x", "film.mp4?a=b#c", &"k".repeat(1_024)] {
            assert_eq!(check_key(key), Ok(()), "{key}");
        }
        for key in ["", ".", "a/./b", "../other/b", &"k".repeat(1_025)] {
            assert!(check_key(key).is_err(), "{key}");
        }
    }
}
