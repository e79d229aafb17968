//! Videos.

use serde::{Deserialize, Serialize};

use crate::ids::{AppId, MediaId, VideoId};
use crate::job::Dialect;
use crate::outcome::Failure;
use crate::time::{MediaTime, Timestamp};

/// One video of an app.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Media {
    /// Decimal id.
    pub id: MediaId,
    /// 32-hex id.
    pub video_id: VideoId,
    /// Its owner.
    pub app_id: AppId,
    /// Title or file name.
    pub name: String,
    /// What people say of it beside its name.
    pub details: MediaDetails,
    /// Where the bytes are.
    pub source: MediaSource,
    /// Where it stands.
    pub state: MediaState,
    /// What a probe found; `None` until then.
    pub facts: Option<MediaFacts>,
    /// Why it failed.
    pub failure: Option<Failure>,
    /// The picture that stands for it.
    pub cover: Option<Cover>,
    /// The API over which it came.
    pub added_by: Dialect,
    /// Passed through into events about it.
    pub pass_through: Option<String>,
    /// When it was added.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}

/// What people say of a video.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct MediaDetails {
    /// A text about it.
    pub description: String,
    /// Words that it is found by.
    pub tags: Vec<String>,
    /// Number of a category that its owner keeps elsewhere.
    pub category: Option<i64>,
    /// Its owner's own id for it, unique in the app.
    pub reference_id: Option<String>,
    /// Hears of this video's events in the place of the app's endpoint of its dialect.
    pub callback_url: Option<String>,
    /// URL that its bytes were asked from, also once they are here.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fetched_from: Option<String>,
}

/// What its owner changes about a video; `None` leaves a part as it is.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct MediaUpdate {
    /// Another name.
    pub name: Option<String>,
    /// Another description.
    pub description: Option<String>,
    /// Other tags, all of them.
    pub tags: Option<Vec<String>>,
    /// Another category.
    pub category: Option<i64>,
    /// The owner's own id for it.
    pub reference_id: Option<String>,
    /// Another cover; `Some(None)` takes the cover away.
    pub cover: Option<Option<Cover>>,
    /// Another text for its events; `Some(None)` takes it away.
    pub pass_through: Option<Option<String>>,
    /// Another callback of its own; `Some(None)` takes it away.
    pub callback_url: Option<Option<String>>,
}

impl MediaUpdate {
    /// The video with these changes.
    pub fn apply(self, mut media: Media) -> Media {
        media.name = self.name.unwrap_or(media.name);
        media.cover = self.cover.unwrap_or(media.cover);
        media.pass_through = self.pass_through.unwrap_or(media.pass_through);
        let details = &mut media.details;
        if let Some(description) = self.description {
            details.description = description;
        }
        if let Some(tags) = self.tags {
            details.tags = tags;
        }
        details.category = self.category.or(details.category);
        details.reference_id = self.reference_id.or(details.reference_id.take());
        details.callback_url = self.callback_url.unwrap_or(details.callback_url.take());
        media
    }
}

/// The picture that stands for a video.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Cover {
    /// An object of ours.
    Object(String),
    /// A URL that the user set; kept as it is.
    Url(String),
}

/// Where a video's bytes are.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MediaSource {
    /// An object of ours.
    Object {
        /// Its key.
        key: String,
    },
    /// A file below one of the allowed roots, read where it is.
    LocalFile {
        /// Absolute path.
        path: String,
    },
    /// To be fetched from there; becomes an object.
    Url {
        /// Absolute `http` or `https` URL.
        url: String,
    },
}

/// Where a video stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "lowercase")]
pub enum MediaState {
    /// Its bytes are on their way.
    Fetching,
    /// Its bytes are here; not yet probed.
    Stored,
    /// Probed: pictures can be taken.
    Ready,
    /// Its bytes never came, or are no video.
    Failed,
}

impl MediaState {
    /// The name used in the database and the native API.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Fetching => "fetching",
            Self::Stored => "stored",
            Self::Ready => "ready",
            Self::Failed => "failed",
        }
    }
}

/// What a probe finds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MediaFacts {
    /// Short name of the container, such as `mov,mp4,m4a,3gp,3g2,mj2`.
    pub container: String,
    /// Bytes.
    pub size_bytes: u64,
    /// From the start of presentation to the end of the latest played stream.
    pub duration: MediaTime,
    /// Bits per second over all.
    pub bitrate_bps: u64,
    /// The video stream that pictures are taken from.
    pub video: Option<VideoFacts>,
    /// The first audio stream.
    pub audio: Option<AudioFacts>,
}

/// Facts of a video stream.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct VideoFacts {
    /// Codec name, such as `h264`.
    pub codec: String,
    /// Upright, square-pixel width in pixels.
    pub width_px: u32,
    /// Upright, square-pixel height in pixels.
    pub height_px: u32,
    /// Clockwise rotation that makes it upright: 0, 90, 180 or 270 degrees.
    pub rotation_degrees: u16,
    /// Mean frames per second; 0 when unknown.
    pub frames_per_second: f64,
    /// Bits per second; 0 when unknown.
    pub bitrate_bps: u64,
    /// Whether it is a still cover picture of an audio file.
    pub is_cover_art: bool,
}

/// Facts of an audio stream.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct AudioFacts {
    /// Codec name, such as `aac`.
    pub codec: String,
    /// Samples per second.
    pub sample_rate_hz: u32,
    /// Bits per second; 0 when unknown.
    pub bitrate_bps: u64,
}
