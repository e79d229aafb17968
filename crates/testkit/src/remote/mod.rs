//! A real web server, and a proxy before it that is slow, counts, and misbehaves on demand.
//!
//! [`Nginx`] serves a folder on a socket in it; [`Proxy`] is what clients talk to. What goes wrong is either
//! done to the served files while a client reads ([`Proxy::before_request`]) or to what the server
//! says ([`Fault`]).

mod http;
mod log;
mod nginx;
mod proxy;

pub use log::{Exchange, Log};
pub use nginx::Nginx;
pub use proxy::{Fault, Proxy};
