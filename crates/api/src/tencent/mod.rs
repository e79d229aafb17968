//! Tencent Cloud VOD: its two APIs and the formats of their events.
//!
//! | folder | API | events |
//! |---|---|---|
//! | `legacy` | v2, at `/v2/index.php` | format 4.0 |
//!
//! Answers always have HTTP status 200, since the vendor's SDKs raise a network error for any other.

mod legacy;

pub use legacy::Tencent40Renderer;
pub(crate) use legacy::routes;
