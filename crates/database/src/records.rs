//! What goes into and comes out of the repositories, beyond the domain's own types.

use std::time::Duration;

use stillframe_domain::media::Cover;
use stillframe_domain::{
    App, Attempt, Delivery, Endpoint, Event, Failure, Job, JobId, JobKind, JobState, LeaseToken, Media,
    MediaFacts, MediaId, MediaSource, MediaState, ReceiptHandle, Timestamp, VideoId,
};

/// A new video with everything that must be committed along with it.
#[derive(Debug, Clone)]
pub struct NewMedia {
    /// The video.
    pub media: Media,
    /// Jobs to run on it.
    pub jobs: Vec<Job>,
    /// Jobs that wait for its bytes: due once it leaves the state in which it came.
    pub held_jobs: Vec<Job>,
    /// Facts to tell.
    pub events: Vec<Event>,
}

/// A job's terminal result with everything that must be committed along with it.
#[derive(Debug, Clone)]
pub struct JobCompletion {
    /// The job.
    pub job_id: JobId,
    /// The lease under which it ran; a newer lease makes the completion void.
    pub token: LeaseToken,
    /// `Completed` or `Discarded`.
    pub state: JobState,
    /// What became of each output.
    pub outcomes: Vec<stillframe_domain::OutputOutcome>,
    /// Why the job was given up.
    pub failure: Option<Failure>,
    /// What it cost to read the video from afar.
    pub traffic: Option<stillframe_domain::Traffic>,
    /// What changes about the video.
    pub media: Option<MediaChange>,
    /// Facts to tell; routed to endpoints and queues within the transaction.
    pub events: Vec<Event>,
    /// Jobs that follow.
    pub jobs: Vec<Job>,
}

/// What changes about a video; `None` leaves a part as it is.
#[derive(Debug, Clone, Default)]
pub struct MediaChange {
    /// New state.
    pub state: Option<MediaState>,
    /// New source.
    pub source: Option<MediaSource>,
    /// New facts.
    pub facts: Option<MediaFacts>,
    /// Why it failed.
    pub failure: Option<Failure>,
    /// A cover that its caller asked for; replaces any.
    pub cover: Option<Cover>,
    /// A cover, taken only when the video has none.
    pub cover_if_unset: Option<Cover>,
}

/// Whether a write under a lease counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Commit {
    /// It is durable.
    Committed,
    /// The lease was lost: a newer one exists, or the job is in a terminal state. Nothing was written.
    LeaseLost,
}

/// Which jobs to list.
#[derive(Debug, Clone, Default)]
pub struct JobFilter {
    /// Only of this video.
    pub media_id: Option<MediaId>,
    /// Only of this kind.
    pub kind: Option<JobKind>,
    /// Only in these states; empty means any.
    pub states: Vec<JobState>,
}

/// Which videos to search for. A list that is empty, or a part that is `None`, does not narrow.
#[derive(Debug, Clone, Default)]
pub struct MediaFilter {
    /// Of these ids.
    pub ids: Vec<MediaId>,
    /// Of these ids.
    pub video_ids: Vec<VideoId>,
    /// Of these ids of their owner.
    pub reference_ids: Vec<String>,
    /// With one of these texts in the name, in any case.
    pub name_contains: Vec<String>,
    /// With one of these texts at the beginning of the name, in any case.
    pub name_starts_with: Vec<String>,
    /// With one of these texts at the end of the name, in any case.
    pub name_ends_with: Vec<String>,
    /// With one of these texts in the description, in any case.
    pub description_contains: Vec<String>,
    /// With this text in the name or the description, in any case.
    pub text_contains: Option<String>,
    /// With one of these tags.
    pub tags: Vec<String>,
    /// In one of these categories.
    pub categories: Vec<i64>,
    /// In one of these states.
    pub states: Vec<MediaState>,
    /// Among failed ones only those whose bytes are here, or those whose bytes are not.
    pub failed_with_bytes: Option<bool>,
    /// Whose bytes were asked from one of these URLs.
    pub fetched_from: Vec<String>,
    /// With pictures to take, or without; one that was not probed counts as with.
    pub has_video: Option<bool>,
    /// Added then or later.
    pub created_from: Option<Timestamp>,
    /// Added before.
    pub created_before: Option<Timestamp>,
    /// How they are ordered.
    pub order: MediaOrder,
}

/// How found videos are ordered.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum MediaOrder {
    /// Last added first.
    #[default]
    NewestFirst,
    /// First added first.
    OldestFirst,
}

/// Part of the videos that a search found.
#[derive(Debug, Clone)]
pub struct MediaMatches {
    /// The videos of this part.
    pub items: Vec<Media>,
    /// How many were found in all.
    pub total: u64,
}

/// One page of a list, newest first.
#[derive(Debug, Clone)]
pub struct Page<T> {
    /// The rows.
    pub items: Vec<T>,
    /// Where the next page begins; `None` at the end. Opaque to callers.
    pub next: Option<String>,
}

/// Which deliveries to lease. Each has its own slots, so that what fails delays nothing that is fresh.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum DeliveryLane {
    /// First attempts to endpoints that are not failing.
    Fresh,
    /// What failed before, what is sent again by hand, and all to endpoints that are failing.
    Retried,
}

impl DeliveryLane {
    /// Both lanes, the fresh one first.
    pub const ALL: [Self; 2] = [Self::Fresh, Self::Retried];
}

/// A delivery that is due, leased to one relay, with what it needs.
#[derive(Debug, Clone)]
pub struct DueDelivery {
    /// The delivery; its `attempt_count` does not count the one to be made.
    pub delivery: Delivery,
    /// Where it goes.
    pub endpoint: Endpoint,
    /// What is told.
    pub event: Event,
    /// The app, for its settings.
    pub app: App,
}

/// A delivery with all its attempts, for people.
#[derive(Debug, Clone)]
pub struct DeliveryRecord {
    /// The delivery.
    pub delivery: Delivery,
    /// Its attempts, first one first.
    pub attempts: Vec<Attempt>,
}

/// An event that was pulled.
#[derive(Debug, Clone)]
pub struct PulledEvent {
    /// Confirms this receive; new at each.
    pub handle: ReceiptHandle,
    /// The event.
    pub event: Event,
    /// Receives so far, this one included.
    pub receive_count: u32,
}

/// What became of a confirmation.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ConfirmReport {
    /// Handles that confirmed their event: it never comes again.
    pub confirmed: Vec<String>,
    /// Handles that had expired, were superseded, or were never given. Nothing changed for them.
    pub stale: Vec<String>,
}

/// How much waits in a queue.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct QueueDepth {
    /// Events that a pull would give now.
    pub visible: u64,
    /// Events that were pulled and are hidden until confirmed or their time is up.
    pub hidden: u64,
    /// Age of the oldest event.
    pub oldest_age: Duration,
}
