//! Uploads by an object store's protocol: who may write which object until when, and what becomes of it.
//!
//! A session hands out a temporary key for one object. Either its video exists from the start and the
//! object's arrival completes it, or the object waits until its owner asks for a video of it. An object
//! comes whole or in parts; parts are objects of their own, below a folder that nobody is served from.
//!
//! **Invariant:** a temporary key writes the one object of its session, while the session is open and the
//! key has not expired.

use serde::{Deserialize, Serialize};

use crate::access::alphanumeric;
use crate::crc64::Crc64;
use crate::ids::{AppId, MediaId, MultipartId, UploadId, VideoId};
use crate::job::{Dialect, Job};
use crate::media::Media;
use crate::rng::Rng;
use crate::time::Timestamp;

/// Folder of all parts. No video's objects stand there, since it is no video's id.
const PARTS: &str = ".parts";

/// One permission to upload one object.
#[derive(Debug, Clone, PartialEq)]
pub struct UploadSession {
    /// Its id.
    pub id: UploadId,
    /// Its owner.
    pub app_id: AppId,
    /// The API that it was asked for over.
    pub dialect: Dialect,
    /// The video's decimal id, minted ahead where the video is still to come.
    pub media_id: MediaId,
    /// The video's 32-hex id.
    pub video_id: VideoId,
    /// The object that may be written.
    pub object_key: String,
    /// With what.
    pub key: TemporaryKey,
    /// Where it stands.
    pub state: UploadState,
    /// The video to come; `None` where it exists already.
    pub plan: Option<UploadPlan>,
    /// What was last uploaded.
    pub object: Option<UploadedObject>,
    /// When it began.
    pub created_at: Timestamp,
    /// Until when its owner can ask for the video, and parts are kept.
    pub keep_until: Timestamp,
}

/// An access key that ends by itself.
#[derive(Clone, PartialEq, Eq)]
pub struct TemporaryKey {
    /// Public part.
    pub key_id: String,
    /// Secret part; never logged.
    pub secret: String,
    /// Sent along with each request; never logged.
    pub token: String,
    /// When it ends.
    pub expires_at: Timestamp,
}

/// Where a session stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum UploadState {
    /// Its object may be written.
    Open,
    /// Its object became a video.
    Committed,
    /// Its time is over; what it left is being removed.
    Expired,
}

/// A video to come, as its owner described it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct UploadPlan {
    /// The video.
    pub media: Media,
    /// Jobs that follow.
    pub jobs: Vec<Job>,
}

/// Facts of an object that was uploaded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UploadedObject {
    /// Its validator in the protocol, without quotes: the MD5 in hex, or what is made of those of its parts.
    pub etag: String,
    /// [`Crc64`] of its bytes.
    pub crc64: u64,
    /// Bytes.
    pub size_bytes: u64,
}

/// An upload in parts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Multipart {
    /// Its id.
    pub id: MultipartId,
    /// Its owner.
    pub app_id: AppId,
    /// The object that it is for.
    pub object_key: String,
    /// When it began.
    pub created_at: Timestamp,
}

/// One part of an upload in parts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// 1 to [`crate::limits::UPLOAD_PART_NUMBER_MAX`]; they need not be contiguous.
    pub number: u32,
    /// The object that holds its bytes.
    pub key: String,
    /// MD5 in hex.
    pub md5: String,
    /// [`Crc64`] of its bytes.
    pub crc64: u64,
    /// Bytes.
    pub size_bytes: u64,
    /// When it arrived.
    pub created_at: Timestamp,
}

impl TemporaryKey {
    /// A new key: an id of 24 digits and letters, a secret of 40, a token of 128.
    pub fn mint(rng: &dyn Rng, expires_at: Timestamp) -> Self {
        Self {
            key_id: format!("TMPK{}", alphanumeric(rng, 20)),
            secret: alphanumeric(rng, 40),
            token: alphanumeric(rng, 128),
            expires_at,
        }
    }
}

impl std::fmt::Debug for TemporaryKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "TemporaryKey({}, until {:?})", self.key_id, self.expires_at)
    }
}

impl UploadState {
    /// The name used in the database.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Committed => "committed",
            Self::Expired => "expired",
        }
    }
}

/// Folder of the parts of an upload, with its slash.
pub fn parts_folder(id: &MultipartId) -> String {
    format!("{PARTS}/{id}/")
}

/// Key of a part that is about to be written; each writing has one of its own, so that a part that is sent
/// again never changes under a reader.
pub fn part_key(id: &MultipartId, number: u32, rng: &dyn Rng) -> String {
    format!("{}{number:05}-{:016x}", parts_folder(id), rng.next_u64())
}

/// The upload in parts that a part's key belongs to; `None` for a key of another shape.
pub fn multipart_of_part(key: &str) -> Option<MultipartId> {
    let (id, _) = key.strip_prefix(PARTS)?.strip_prefix('/')?.split_once('/')?;
    MultipartId::parse(id).ok()
}

/// Size and sum of an object made of these parts.
pub fn composed<'a>(parts: impl IntoIterator<Item = &'a Part>) -> (u64, Crc64) {
    parts.into_iter().fold((0, Crc64::default()), |(size_bytes, sum), part| {
        let sum = sum.followed_by(Crc64::from_u64(part.crc64), part.size_bytes);
        (size_bytes.saturating_add(part.size_bytes), sum)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::OsRng;

    #[test]
    fn no_part_stands_where_a_videos_objects_are_served() {
        let id = MultipartId::mint(&OsRng);
        let (first, second) = (part_key(&id, 7, &OsRng), part_key(&id, 7, &OsRng));
        assert!(first.starts_with(&parts_folder(&id)) && first != second);
        assert_eq!(multipart_of_part(&first), Some(id));
        assert_eq!(multipart_of_part("v/source/film.mp4"), None);
        assert!(VideoId::parse(first.split('/').next().expect("a folder")).is_err());
    }

    #[test]
    fn keys_hide_their_secret_and_token_in_debug() {
        let key = TemporaryKey::mint(&OsRng, Timestamp::from_secs(1));
        let shown = format!("{key:?}");
        assert!(shown.contains(&key.key_id) && !shown.contains(&key.secret) && !shown.contains(&key.token));
        assert_eq!((key.key_id.len(), key.secret.len(), key.token.len()), (24, 40, 128));
    }

    #[test]
    fn the_sum_of_a_whole_is_that_of_its_parts_in_their_order() {
        let part = |number, bytes: &[u8]| Part {
            number,
            key: String::new(),
            md5: String::new(),
            crc64: Crc64::default().with(bytes).as_u64(),
            size_bytes: bytes.len() as u64,
            created_at: Timestamp::from_secs(0),
        };
        let parts = [part(1, b"1234"), part(5, b""), part(9, b"56789")];
        assert_eq!(composed(&parts), (9, Crc64::default().with(b"123456789")));
        assert_eq!(composed([]), (0, Crc64::default()));
    }
}
