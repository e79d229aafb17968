//! Tencent Cloud VOD: its two APIs and the formats of their events.
//!
//! | folder | API | events |
//! |---|---|---|
//! | `legacy` | v2, at `/v2/index.php` | format 4.0 |
//! | `v2018` | 2018-07-17, at `/` | format of that version |
//!
//! What both need stands here: how a request is received, what a finished job tells, and the words that
//! both use. Answers always have HTTP status 200, since the vendor's SDKs raise a network error for any
//! other. docs/compatibility-tencent.md says what is documented, observed and chosen.

pub(crate) mod legacy;
mod newest;
mod received;
pub(crate) mod status;
mod task_id;
mod told;
pub(crate) mod v2018;

pub use legacy::Tencent40Renderer;
pub(crate) use legacy::routes;
pub use v2018::Tencent2018Renderer;
pub(crate) use v2018::take;
