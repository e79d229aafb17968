//! Tenants and their settings.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::endpoint::PolicyName;
use crate::hidden::Hidden;
use crate::ids::AppId;
use crate::url_signing::UrlSigning;

/// A tenant. Nothing of one app is ever visible to another.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct App {
    /// Its number, from 1.
    pub id: AppId,
    /// A name for people.
    pub name: String,
    /// What its owner can change.
    pub settings: AppSettings,
}

/// Settings of an app, stored as one JSON document.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct AppSettings {
    /// Base of picture URLs without a trailing slash; `None` means the server's public URL + `/media`.
    pub media_base_url: Option<String>,
    /// Whether an uploaded video gets its automatic covers.
    pub automatic_covers: bool,
    /// Which of them stands for the video when its user chose none.
    pub cover_choice: CoverChoice,
    /// Whether the Tencent queue of this app is fed, and whether it has a callback instead.
    pub tencent_mode: PullMode,
    /// What the Tencent dialect's event configuration holds beside its mode and callback.
    pub tencent_events: TencentEvents,
    /// What the Alibaba dialect's message callback holds beside its endpoint; `None` when none is configured.
    pub alibaba_callback: Option<AlibabaCallback>,
    /// How callbacks are made that a vendor's API configured, or a request named.
    pub callback_policy: PolicyName,
    /// Keys of signed picture URLs.
    pub url_signing: UrlSigning,
    /// How much it may store; the operator sets it.
    pub quota: Quota,
}

/// How much an app may store.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Quota {
    /// Most videos; `None` means no limit.
    pub videos_max: Option<u64>,
    /// Most bytes of videos in the store; `None` means no limit.
    pub bytes_max: Option<u64>,
}

impl Quota {
    /// Whether anything is limited.
    pub const fn is_limited(self) -> bool {
        self.videos_max.is_some() || self.bytes_max.is_some()
    }

    /// Bytes that may still come, for an app with so many videos and bytes; `None` when it is full.
    pub fn room(self, videos: u64, bytes: u64) -> Option<u64> {
        let has_place = self.videos_max.is_none_or(|most| videos < most);
        let room = self.bytes_max.map_or(u64::MAX, |most| most.saturating_sub(bytes));
        (has_place && 0 < room).then_some(room)
    }
}

/// Parts of the Tencent dialect's event configuration. Its `Debug` hides the key.
#[derive(Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TencentEvents {
    /// Key that signs callbacks, letters and digits; `None` leaves them unsigned.
    pub sign_key: Option<String>,
    /// Whether a finished upload is told.
    pub on_upload: bool,
    /// Whether a removed video is told.
    pub on_delete: bool,
    /// Switches that are remembered for their owner and govern nothing here, by name.
    pub others: std::collections::BTreeMap<String, bool>,
}

impl fmt::Debug for TencentEvents {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { sign_key, on_upload, on_delete, others } = self;
        f.debug_struct("TencentEvents")
            .field("sign_key", &Hidden::of(sign_key.as_deref()))
            .field("on_upload", on_upload)
            .field("on_delete", on_delete)
            .field("others", others)
            .finish()
    }
}

/// Parts of the Alibaba dialect's message callback. Its `Debug` hides the key.
#[derive(Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct AlibabaCallback {
    /// The event types that its owner chose, by name, also those that are never told here.
    pub event_types: Vec<String>,
    /// Whether callbacks are signed.
    pub is_signed: bool,
    /// Key that signs callbacks, letters and digits; kept while they are not signed.
    pub auth_key: Option<String>,
    /// Address that was named with the queue, when events go into one.
    pub queue_endpoint: Option<String>,
}

impl fmt::Debug for AlibabaCallback {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { event_types, is_signed, auth_key, queue_endpoint } = self;
        f.debug_struct("AlibabaCallback")
            .field("event_types", event_types)
            .field("is_signed", is_signed)
            .field("auth_key", &Hidden::of(auth_key.as_deref()))
            .field("queue_endpoint", queue_endpoint)
            .finish()
    }
}

impl AlibabaCallback {
    /// The key that signs callbacks, when they are signed.
    pub fn signing_key(&self) -> Option<&str> {
        self.auth_key.as_deref().filter(|_| self.is_signed)
    }
}

impl Default for AppSettings {
    fn default() -> Self {
        Self {
            media_base_url: None,
            automatic_covers: true,
            cover_choice: CoverChoice::default(),
            tencent_mode: PullMode::Off,
            tencent_events: TencentEvents::default(),
            alibaba_callback: None,
            callback_policy: PolicyName::default(),
            url_signing: UrlSigning::default(),
            quota: Quota::default(),
        }
    }
}

/// Which automatic cover stands for a video.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "lowercase")]
pub enum CoverChoice {
    /// The middle one.
    #[default]
    Middle,
    /// The one that the engine finds best: not black, not blurred, not within a fade.
    Best,
}

impl CoverChoice {
    /// Its name in settings, the native API and commands.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Middle => "middle",
            Self::Best => "best",
        }
    }

    /// The choice of that name.
    pub fn parse(name: &str) -> Option<Self> {
        [Self::Middle, Self::Best].into_iter().find(|choice| choice.name() == name)
    }
}

/// How a dialect with an exclusive push or pull mode tells of events.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "lowercase")]
pub enum PullMode {
    /// Nothing is configured: no event.
    Off,
    /// To the endpoint that the dialect configured.
    Push,
    /// Into the dialect's queue, to be pulled and confirmed.
    Pull,
}

impl AppSettings {
    /// Base of this app's picture URLs, without a trailing slash.
    pub fn media_base_url<'a>(&'a self, server_default: &'a str) -> &'a str {
        self.media_base_url.as_deref().unwrap_or(server_default).trim_end_matches('/')
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quota_says_how_much_may_still_come() {
        let quota = Quota { videos_max: Some(2), bytes_max: Some(100) };
        assert_eq!([quota.room(0, 0), quota.room(1, 99), quota.room(1, 100)], [Some(100), Some(1), None]);
        assert_eq!([quota.room(2, 0), quota.room(9, 900)], [None, None]);
        assert_eq!(Quota::default().room(u64::MAX, 7), Some(u64::MAX));
        assert!(quota.is_limited() && !Quota::default().is_limited());
    }
}
