//! The words of Stillframe: ids, times, specs, jobs, events, and the rules that need no IO.
//!
//! Everything here is a plain value or a pure function. Clocks and randomness are traits that the
//! composition root hands down, so that every other crate can be driven by a test.
//!
//! **Invariant:** nothing here reads a file, a socket or the environment, and no word of a vendor's
//! API stands here except the names of the dialects themselves.

pub mod access;
pub mod app;
pub mod byte_source;
pub mod checkpoint;
pub mod clock;
pub mod covers;
pub mod crc64;
pub mod endpoint;
pub mod endpoint_health;
pub mod endpoint_secret;
pub mod error_code;
pub mod event;
pub mod hidden;
pub mod ids;
pub mod ingest;
pub mod job;
pub mod limits;
pub mod media;
pub mod message_queue;
pub mod object_key;
pub mod outcome;
pub mod procedure;
pub mod retry;
pub mod rng;
pub mod routing;
pub mod snapshot;
pub mod template;
pub mod time;
pub mod upload;
pub mod url_signing;

pub use access::AccessKey;
pub use app::{AlibabaCallback, App, AppSettings, CoverChoice, PullMode, Quota, TencentEvents};
pub use byte_source::{ByteSource, SourceError, Traffic};
pub use checkpoint::{Checkpoint, Checkpoints};
pub use clock::{Clock, SystemClock};
pub use crc64::Crc64;
pub use endpoint::{AckRule, Attempt, Delivery, DeliveryState, Endpoint, EventFormat, Owner, PolicyName};
pub use endpoint_health::{DisableReason, Disablement, EndpointHealth};
pub use endpoint_secret::{FormerSecret, SecretKind};
pub use error_code::ErrorCode;
pub use event::{Event, EventKind, EventPayload};
pub use hidden::Hidden;
pub use ids::{
    AppId, DeliveryId, EndpointId, EventId, JobId, LeaseToken, MediaId, MessageId, MultipartId, OutputId,
    QueueId, ReceiptHandle, UploadId, VideoId,
};
pub use job::{
    Dialect, Job, JobKind, JobState, Lease, NotifyMode, Origin, Output, RequestKind, RequestOptions,
};
pub use media::{Media, MediaDetails, MediaFacts, MediaSource, MediaState, MediaUpdate};
pub use message_queue::{EventBody, MessageQueue, QueueAttributes, QueueName};
pub use outcome::{Failure, OutputOutcome, PictureOutcome, Taken};
pub use procedure::{Procedure, ProcedureStep, StepShape};
pub use rng::{OsRng, Rng};
pub use snapshot::{
    Colour, Fit, FrameChoice, ImageFormat, PixelSize, Position, Product, Selection, SizeRule, SnapshotSpec,
    SpriteLayout,
};
pub use template::{Template, TemplateFamily, TemplateRef};
pub use time::{MediaTime, Timestamp};
pub use upload::{Multipart, Part, TemporaryKey, UploadPlan, UploadSession, UploadState, UploadedObject};
