//! What is remembered of uploads by an object store's protocol.

use async_trait::async_trait;
use stillframe_domain::{
    AppId, Event, Job, MediaId, Multipart, MultipartId, Part, UploadId, UploadSession, UploadedObject,
};

use crate::Result;
use crate::records::{MediaChange, NewMedia};

/// An object has arrived, with everything that must be committed along with it.
#[derive(Debug, Clone)]
pub struct UploadArrival {
    /// The session under which it was written.
    pub upload_id: UploadId,
    /// The object.
    pub object: UploadedObject,
    /// The upload in parts that it ends.
    pub multipart_id: Option<MultipartId>,
    /// The video that it completes, where it exists already.
    pub media: Option<MediaArrival>,
}

/// What the arrival of its bytes changes about a video.
#[derive(Debug, Clone)]
pub struct MediaArrival {
    /// The video.
    pub id: MediaId,
    /// What changes.
    pub change: MediaChange,
    /// Jobs that follow.
    pub jobs: Vec<Job>,
    /// Facts to tell.
    pub events: Vec<Event>,
}

/// What became of an arrival.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ArrivalOutcome {
    /// It is durable.
    Recorded,
    /// The session is not open any more. Nothing was written.
    NotOpen,
    /// There is no such upload in parts any more. Nothing was written.
    NoMultipart,
    /// The video was removed meanwhile. Nothing was written.
    NoMedia,
}

/// What became of a part.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PartOutcome {
    /// It counts, in the place of the part in that object, if there was one.
    Stored {
        /// The object that nothing refers to any more.
        replaced: Option<String>,
    },
    /// There is no such upload in parts. Nothing was written.
    NoMultipart,
    /// All parts together would exceed the limit. Nothing was written.
    TooLarge,
}

/// Uploads by an object store's protocol.
#[async_trait]
pub trait Uploads: Send + Sync {
    /// Opens a session; the video comes along where it exists from the start.
    async fn insert_upload(&self, session: &UploadSession, media: Option<&NewMedia>) -> Result<()>;
    /// The app's session of that id.
    async fn find_upload(&self, app_id: AppId, id: &UploadId) -> Result<Option<UploadSession>>;
    /// The session of that temporary key, whoever owns it.
    async fn find_upload_by_key(&self, key_id: &str) -> Result<Option<UploadSession>>;
    /// Makes a video of an open session's object; `false` when the session is not open.
    async fn commit_upload(&self, id: &UploadId, media: &NewMedia) -> Result<bool>;
    /// Records that an object has arrived, for all sessions of it.
    async fn record_arrival(&self, arrival: &UploadArrival) -> Result<ArrivalOutcome>;
    /// Marks open sessions whose time is over as expired. Gives up to `limit` of the sessions whose time is
    /// over, committed ones too: what they left is to be removed, and then they are.
    async fn expire_uploads(&self, limit: usize) -> Result<Vec<UploadSession>>;
    /// Removes a session; removing one that is not there is success.
    async fn delete_upload(&self, id: &UploadId) -> Result<()>;

    /// Begins an upload in parts; `false` when as many as `limit` are open for its object.
    async fn insert_multipart(&self, multipart: &Multipart, limit: usize) -> Result<bool>;
    /// The uploads in parts of an object, oldest first.
    async fn list_multiparts(&self, app_id: AppId, object_key: &str) -> Result<Vec<Multipart>>;
    /// Up to `limit` uploads in parts of objects that no open session is for.
    async fn list_stale_multiparts(&self, limit: usize) -> Result<Vec<Multipart>>;
    /// Removes an upload in parts and what is remembered of its parts; `false` when there is none.
    async fn delete_multipart(&self, id: &MultipartId) -> Result<bool>;
    /// Records a part, unless all together would exceed `size_bytes_max`.
    async fn put_part(&self, id: &MultipartId, part: &Part, size_bytes_max: u64) -> Result<PartOutcome>;
    /// Up to `limit` parts with higher numbers than `after`, by number.
    async fn list_parts(&self, id: &MultipartId, after: u32, limit: usize) -> Result<Vec<Part>>;
}
