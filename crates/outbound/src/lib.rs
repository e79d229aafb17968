//! The only client of the outside world: sends callbacks and downloads videos, behind an address guard.
//!
//! URLs come from users and, by redirects, from strangers. Before a connection is made, every address
//! is vetted: literal ones when the URL is read, named ones in the resolver, so that exactly the vetted
//! addresses are connected to and a second answer of the name server changes nothing. Redirects are
//! never followed by the HTTP library; downloads follow few of them, each vetted like the first URL.
//!
//! **Invariant:** no other crate opens a connection to an address that a user can choose.
//! **Invariant:** the environment's proxy settings are ignored; a proxy would reach what the guard forbids.

mod address;
mod client;
mod download;
mod error;
mod glance;
mod pace;
mod post;
mod preflight;
mod ranged;
mod resolver;
mod target;
mod web;

pub use address::{AddressGuard, Refusal};
pub use client::{Outbound, OutboundConfig, USER_AGENT};
pub use download::{Download, DownloadLimits, REDIRECTS_MAX};
pub use error::{OutboundError, SetupError};
pub use glance::Glance;
pub use post::{Answer, Post};
pub use preflight::Preflight;
pub use ranged::{RemoteConfig, RemoteError};
pub use resolver::Lookup;
pub use stillframe_ranges::RangeLimits;
pub use web::Web;
