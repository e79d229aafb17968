//! The repository traits.

use std::time::Duration;

use async_trait::async_trait;
use stillframe_domain::{
    AccessKey, App, AppId, AppSettings, Attempt, DeliveryId, DeliveryState, Endpoint, EndpointId, Event,
    EventId, Failure, Job, JobId, Lease, LeaseToken, Media, MediaId, MediaUpdate, OutputId, Owner, Procedure,
    ReceiptHandle, Template, TemplateRef, VideoId,
};
use tokio::sync::watch;

use crate::Result;
use crate::cleaning::Cleaning;
use crate::delivery_control::DeliveryControl;
use crate::job_search::JobSearches;
use crate::message_queues::MessageQueues;
use crate::records::{
    Commit, ConfirmReport, DeliveryLane, DeliveryRecord, DueDelivery, JobCompletion, JobFilter, MediaFilter,
    MediaMatches, NewMedia, Page, PulledEvent, QueueDepth,
};
use crate::statistics::Counts;
use crate::uploads::Uploads;

/// Everything that Stillframe remembers.
#[async_trait]
pub trait Database:
    Apps
    + MediaStore
    + Templates
    + Procedures
    + Jobs
    + JobSearches
    + Deliveries
    + DeliveryControl
    + Queues
    + MessageQueues
    + Uploads
    + Cleaning
    + Counts
    + Send
    + Sync
{
    /// A counter that grows when something of this topic may have become due. A hint: it may grow
    /// without cause, and callers poll beside it.
    fn subscribe(&self, topic: Topic) -> watch::Receiver<u64>;

    /// Answers when the database can be read and written.
    ///
    /// # Errors
    /// [`crate::DatabaseError::Unavailable`] when it cannot.
    async fn ping(&self) -> Result<()>;

    /// Ends all use; waits for what is being written.
    async fn close(&self);
}

/// What a hint is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Topic {
    /// A job may be due.
    Jobs,
    /// A delivery may be due.
    Deliveries,
    /// An event may have come into a queue.
    Queues,
}

/// Apps, their keys, and nonces seen.
#[async_trait]
pub trait Apps: Send + Sync {
    /// Adds an app with the next free number; its Tencent queue comes with it.
    async fn insert_app(&self, name: &str, settings: &AppSettings) -> Result<App>;
    /// The app of that number.
    async fn find_app(&self, id: AppId) -> Result<Option<App>>;
    /// All apps by number.
    async fn list_apps(&self) -> Result<Vec<App>>;
    /// Replaces an app's settings; `false` when there is no such app.
    async fn update_app_settings(&self, id: AppId, settings: &AppSettings) -> Result<bool>;
    /// Adds a key. `Conflict` when the key id is taken.
    async fn insert_key(&self, key: &AccessKey) -> Result<()>;
    /// The key of that id.
    async fn find_key(&self, key_id: &str) -> Result<Option<AccessKey>>;
    /// The key of that id with its app.
    async fn find_caller(&self, key_id: &str) -> Result<Option<(AccessKey, App)>>;
    /// Keys of an app, oldest first.
    async fn list_keys(&self, app_id: AppId) -> Result<Vec<AccessKey>>;
    /// Removes a key; `false` when the app has no such key.
    async fn delete_key(&self, app_id: AppId, key_id: &str) -> Result<bool>;
    /// Remembers a nonce in a scope for a time; `false` when it is remembered already. Forgets expired ones.
    async fn remember_nonce(&self, scope: &str, nonce: &str, keep: Duration) -> Result<bool>;
}

/// Videos.
#[async_trait]
pub trait MediaStore: Send + Sync {
    /// Adds a video with its jobs and events.
    async fn insert_media(&self, new: &NewMedia) -> Result<()>;
    /// The app's video of that decimal id.
    async fn find_media(&self, app_id: AppId, id: MediaId) -> Result<Option<Media>>;
    /// The app's video of that 32-hex id.
    async fn find_media_by_video_id(&self, app_id: AppId, id: &VideoId) -> Result<Option<Media>>;
    /// The video of that 32-hex id, whoever owns it: for serving its pictures.
    async fn find_media_of_object(&self, id: &VideoId) -> Result<Option<Media>>;
    /// The app's videos, newest first.
    async fn list_media(&self, app_id: AppId, after: Option<&str>, limit: usize) -> Result<Page<Media>>;
    /// The app's videos that a filter finds, `limit` of them from number `offset` on.
    async fn search_media(
        &self,
        app_id: AppId,
        filter: &MediaFilter,
        offset: u64,
        limit: usize,
    ) -> Result<MediaMatches>;
    /// Changes what its owner says of a video and tells `events`; `false` when the app has no such video.
    /// `Conflict` when another video of the app has the reference id.
    async fn update_media(
        &self,
        app_id: AppId,
        id: MediaId,
        update: &MediaUpdate,
        events: &[Event],
    ) -> Result<bool>;
    /// Removes a video, its jobs and results, and cancels what has not begun; running jobs find their
    /// lease lost. Tells `events`. `false` when the app has no such video.
    async fn delete_media(&self, app_id: AppId, id: MediaId, events: &[Event]) -> Result<bool>;
}

/// Templates that apps made (presets stand in `domain::template`).
#[async_trait]
pub trait Templates: Send + Sync {
    /// Adds a template. `Conflict` when its name is taken.
    async fn insert_template(&self, app_id: AppId, template: &Template) -> Result<()>;
    /// The app's template of that name.
    async fn find_template(&self, app_id: AppId, reference: &TemplateRef) -> Result<Option<Template>>;
    /// The app's templates.
    async fn list_templates(&self, app_id: AppId) -> Result<Vec<Template>>;
    /// Replaces a template; `false` when there is none of that name.
    async fn update_template(&self, app_id: AppId, template: &Template) -> Result<bool>;
    /// Removes a template; `false` when there is none of that name.
    async fn delete_template(&self, app_id: AppId, reference: &TemplateRef) -> Result<bool>;
}

/// Procedures of apps.
#[async_trait]
pub trait Procedures: Send + Sync {
    /// Adds a procedure. `Conflict` when its key is taken.
    async fn insert_procedure(&self, app_id: AppId, procedure: &Procedure) -> Result<()>;
    /// The app's procedure of that key.
    async fn find_procedure(&self, app_id: AppId, key: &str) -> Result<Option<Procedure>>;
    /// The app's procedures, oldest first.
    async fn list_procedures(&self, app_id: AppId) -> Result<Vec<Procedure>>;
    /// Replaces a procedure; `false` when there is none of that key.
    async fn update_procedure(&self, app_id: AppId, procedure: &Procedure) -> Result<bool>;
    /// Removes a procedure; `false` when there is none of that key.
    async fn delete_procedure(&self, app_id: AppId, key: &str) -> Result<bool>;
}

/// The job queue and its results.
#[async_trait]
pub trait Jobs: Send + Sync {
    /// Accepts a job. `Conflict` when the id is taken, or the name that the caller gave the request
    /// (`options.dedupe_key`) was used in the app within the window.
    async fn insert_job(&self, job: &Job) -> Result<()>;
    /// The app's job of that id.
    async fn find_job(&self, app_id: AppId, id: &JobId) -> Result<Option<Job>>;
    /// The app's job that has an output of that id.
    async fn find_job_of_output(&self, app_id: AppId, id: &OutputId) -> Result<Option<Job>>;
    /// The app's jobs, newest first.
    async fn list_jobs(
        &self,
        app_id: AppId,
        filter: &JobFilter,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Page<Job>>;
    /// Leases up to `limit` due jobs (available, scheduled or retryable whose time has come, or running
    /// with an expired lease), highest priority first, then oldest. Each lease counts an attempt and has
    /// a new token; no job is leased twice at a time.
    async fn lease_jobs(&self, worker: &str, lease_for: Duration, limit: usize) -> Result<Vec<Lease>>;
    /// Heartbeat: moves the lease's end to now + `lease_for`.
    async fn extend_lease(&self, id: &JobId, token: &LeaseToken, lease_for: Duration) -> Result<Commit>;
    /// Gives a job back unharmed (graceful stop): available at once, the attempt not counted.
    async fn release_lease(&self, id: &JobId, token: &LeaseToken) -> Result<Commit>;
    /// Records a failed attempt: retryable after `wait`.
    async fn retry_job(
        &self,
        id: &JobId,
        token: &LeaseToken,
        wait: Duration,
        failure: &Failure,
    ) -> Result<Commit>;
    /// Tells an event of a job that goes on; nothing happens when one of that id was told before.
    async fn tell_progress(&self, id: &JobId, token: &LeaseToken, event: &Event) -> Result<Commit>;
    /// Withdraws a job that waits; `false` when the app has none of that id, or it runs or has ended.
    async fn cancel_job(&self, app_id: AppId, id: &JobId) -> Result<bool>;
    /// Writes a terminal result, its events and their deliveries and queue entries, all or nothing.
    async fn complete_job(&self, completion: &JobCompletion) -> Result<Commit>;
    /// Voids all leases, for the start of the only process of a database: running jobs become
    /// available at once, their attempts counted. Says how many.
    async fn void_leases(&self) -> Result<u64>;
    /// Milliseconds until the earliest job that is not due yet will be; `None` when there is none.
    async fn next_job_due(&self) -> Result<Option<Duration>>;
}

/// Events, endpoints, deliveries.
#[async_trait]
pub trait Deliveries: Send + Sync {
    /// Adds an endpoint.
    async fn insert_endpoint(&self, endpoint: &Endpoint) -> Result<()>;
    /// The app's endpoint of that id.
    async fn find_endpoint(&self, app_id: AppId, id: &EndpointId) -> Result<Option<Endpoint>>;
    /// The app's endpoints, oldest first.
    async fn list_endpoints(&self, app_id: AppId) -> Result<Vec<Endpoint>>;
    /// Replaces an endpoint; `false` when the app has none of that id.
    async fn update_endpoint(&self, endpoint: &Endpoint) -> Result<bool>;
    /// Replaces an app's settings, and with them the one endpoint of a vendor's configuration: the owner's
    /// former endpoint takes the new one's values and keeps its id, and `None` takes it away with its
    /// pending deliveries. `false` when there is no such app.
    async fn configure_callback(
        &self,
        app_id: AppId,
        settings: &AppSettings,
        owner: Owner,
        endpoint: Option<&Endpoint>,
    ) -> Result<bool>;
    /// Removes an endpoint and its pending deliveries; `false` when the app has none of that id.
    async fn delete_endpoint(&self, app_id: AppId, id: &EndpointId) -> Result<bool>;
    /// The app's event of that id.
    async fn find_event(&self, app_id: AppId, id: &EventId) -> Result<Option<Event>>;
    /// The app's events about a job, oldest first.
    async fn list_events_of_job(&self, app_id: AppId, job_id: &JobId) -> Result<Vec<Event>>;
    /// Leases due deliveries of a lane: they are not due again before `lease_for` is over.
    async fn lease_deliveries(
        &self,
        lane: DeliveryLane,
        lease_for: Duration,
        limit: usize,
    ) -> Result<Vec<DueDelivery>>;
    /// Records an attempt and where the delivery then stands; `next_wait` is the wait before the next
    /// attempt when it stays pending. With it goes the endpoint's health, by
    /// [`Endpoint::health_after`]: one that is disabled by it keeps its pending deliveries, which wait,
    /// and the app's other endpoints are told.
    async fn record_attempt(
        &self,
        id: DeliveryId,
        attempt: &Attempt,
        state: DeliveryState,
        next_wait: Duration,
    ) -> Result<()>;
    /// Deliveries of an event with their attempts.
    async fn list_deliveries(&self, app_id: AppId, event_id: &EventId) -> Result<Vec<DeliveryRecord>>;
    /// Makes all pending deliveries due whose lease a killed process held. Says how many.
    async fn void_delivery_leases(&self) -> Result<u64>;
    /// Time until the earliest delivery that is not due yet will be; `None` when there is none.
    async fn next_delivery_due(&self) -> Result<Option<Duration>>;
}

/// Pull queues. An app has one for its Tencent pull mode.
#[async_trait]
pub trait Queues: Send + Sync {
    /// Takes up to `limit` visible events, oldest first, hides them for `visibility`, and gives each a
    /// new handle that is valid exactly as long as the event stays hidden. Drops expired events.
    async fn pull_events(
        &self,
        app_id: AppId,
        visibility: Duration,
        limit: usize,
    ) -> Result<Vec<PulledEvent>>;
    /// Removes the events of the handles that are still valid, leaves the others alone.
    async fn confirm_events(&self, app_id: AppId, handles: &[ReceiptHandle]) -> Result<ConfirmReport>;
    /// How much waits.
    async fn queue_depth(&self, app_id: AppId) -> Result<QueueDepth>;
    /// Time until the earliest hidden event of the app becomes visible; `None` when none is hidden.
    async fn next_event_visible(&self, app_id: AppId) -> Result<Option<Duration>>;
}
