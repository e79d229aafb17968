//! The client itself.

use std::sync::Arc;
use std::time::Duration;

use ipnet::IpNet;
use reqwest::redirect;
use url::Url;

use crate::address::AddressGuard;
use crate::error::{OutboundError, SetupError};
use crate::pace::HostPaces;
use crate::resolver::{GuardedResolver, Lookup, SystemLookup};
use crate::target;

/// What requests say of their sender.
pub const USER_AGENT: &str = concat!("Stillframe/", env!("CARGO_PKG_VERSION"));

/// Below the 5 s after which common servers close an idle connection, so that none is used as it closes.
const IDLE_MAX: Duration = Duration::from_secs(4);

/// As many connections as a video is read over at once.
const CONNECTIONS_IDLE_MAX: usize = 10;

/// Settings of the client.
#[derive(Debug, Clone)]
pub struct OutboundConfig {
    /// Networks that may be reached although they are not public. Empty by default.
    pub allow: Vec<IpNet>,
    /// Longest wait for a name's addresses and a connection, in milliseconds; 5,000 by default.
    pub connect_timeout_ms: u64,
    /// Longest wait for the next bytes of a download, in milliseconds; 30,000 by default.
    pub stall_timeout_ms: u64,
    /// Most requests a second to one host, of all kinds together; 200 by default (`serve` sets 1,000). Those beyond it wait a
    /// little, and fail when there are too many.
    pub per_host_per_second_max: u32,
}

impl Default for OutboundConfig {
    fn default() -> Self {
        Self {
            allow: Vec::new(),
            connect_timeout_ms: 5_000,
            stall_timeout_ms: 30_000,
            per_host_per_second_max: 200,
        }
    }
}

/// The client of the outside world. Clones share one pool of connections.
#[derive(Debug, Clone)]
pub struct Outbound {
    pub(crate) http: reqwest::Client,
    pub(crate) guard: AddressGuard,
    pub(crate) connect_timeout: Duration,
    pub(crate) stall_timeout: Duration,
    pub(crate) paces: Arc<HostPaces>,
}

impl Outbound {
    /// Sets the client up.
    ///
    /// A machine without root certificates gets a client that can speak plain HTTP only.
    ///
    /// # Errors
    /// [`SetupError`] when the TLS library cannot be used at all.
    pub fn new(config: &OutboundConfig) -> Result<Self, SetupError> {
        Self::with_lookup(config, Arc::new(SystemLookup))
    }

    /// As [`Self::new`], with names looked up in another way than by the system's resolver. What is found
    /// is vetted all the same.
    ///
    /// # Errors
    /// As [`Self::new`].
    pub fn with_lookup(config: &OutboundConfig, lookup: Arc<dyn Lookup>) -> Result<Self, SetupError> {
        let guard = AddressGuard::new(&config.allow);
        let connect_timeout = Duration::from_millis(config.connect_timeout_ms);
        let http = builder(&guard, &lookup, connect_timeout).build().or_else(|error| {
            tracing::warn!(error = &error as &dyn std::error::Error, "no root certificates: https will fail");
            builder(&guard, &lookup, connect_timeout).tls_certs_only([]).build().map_err(SetupError)
        })?;
        let stall_timeout = Duration::from_millis(config.stall_timeout_ms);
        let paces = Arc::new(HostPaces::new(config.per_host_per_second_max));
        Ok(Self { http, guard, connect_timeout, stall_timeout, paces })
    }

    /// Reads a URL and vets what can be vetted before it is requested: for an early answer to users.
    ///
    /// # Errors
    /// [`OutboundError::InvalidUrl`], or [`OutboundError::Forbidden`] for a literal address.
    pub fn check_url(&self, url: &str) -> Result<Url, OutboundError> {
        target::read(url, &self.guard)
    }
}

#[expect(clippy::disallowed_methods, reason = "the one home of the HTTP client")]
fn builder(
    guard: &AddressGuard,
    lookup: &Arc<dyn Lookup>,
    connect_timeout: Duration,
) -> reqwest::ClientBuilder {
    reqwest::Client::builder()
        .user_agent(USER_AGENT)
        .no_proxy()
        .redirect(redirect::Policy::none())
        .dns_resolver(GuardedResolver { guard: guard.clone(), lookup: Arc::clone(lookup) })
        .connect_timeout(connect_timeout)
        .pool_idle_timeout(IDLE_MAX)
        .pool_max_idle_per_host(CONNECTIONS_IDLE_MAX)
}
