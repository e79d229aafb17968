//! Receivers of CloudEvents are asked before they are sent anything.
//!
//! Source: "HTTP 1.1 Web Hooks for Event Delivery" 1.0.2, 4 (read 2026-11-27). A permission is remembered by
//! the process that asked, for a day; consent is the header of the answer, never its status.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use stillframe_domain::{Endpoint, EndpointId, Timestamp};
use stillframe_outbound::{OutboundError, Web};

/// Names the sender, in the question and in each delivery.
pub(super) const REQUEST_ORIGIN: &str = "webhook-request-origin";
const REQUEST_RATE: &str = "webhook-request-rate";
const ALLOWED_ORIGIN: &str = "webhook-allowed-origin";
const ALLOWED_RATE: &str = "webhook-allowed-rate";

/// How long a permission holds.
const PERMISSION: Duration = Duration::from_secs(24 * 3_600);

/// Permissions that were granted.
pub(super) struct Permissions {
    origin: String,
    granted: Mutex<HashMap<EndpointId, Granted>>,
}

#[derive(Clone)]
struct Granted {
    url: String,
    until: Timestamp,
    per_minute: Option<u32>,
}

/// Why a receiver is sent nothing.
#[derive(Debug)]
pub(super) enum NoPermission {
    /// It answered, but did not consent.
    Refused { status: u16, reason: String },
    /// It gave no answer.
    NoAnswer(OutboundError),
}

impl Permissions {
    pub(super) fn new(origin: String) -> Self {
        Self { origin, granted: Mutex::default() }
    }

    /// The sender's name.
    pub(super) fn origin(&self) -> &str {
        &self.origin
    }

    /// The rate that was granted, if one was named.
    pub(super) fn rate(&self, endpoint: &Endpoint) -> Option<u32> {
        self.lock().get(&endpoint.id)?.per_minute
    }

    /// Makes sure of an endpoint's permission, asking its receiver when there is none.
    ///
    /// # Errors
    /// [`NoPermission`] when there is none after that.
    pub(super) async fn ensure(
        &self,
        outbound: &dyn Web,
        endpoint: &Endpoint,
        (now, within): (Timestamp, Duration),
    ) -> Result<(), NoPermission> {
        let is_granted = |granted: &Granted| granted.url == endpoint.url && now < granted.until;
        if self.lock().get(&endpoint.id).is_some_and(is_granted) {
            return Ok(());
        }
        let mut headers = vec![(REQUEST_ORIGIN.to_owned(), self.origin.clone())];
        if let Some(rate) = endpoint.policy.per_minute_max {
            headers.push((REQUEST_RATE.to_owned(), rate.to_string()));
        }
        let answer =
            outbound.preflight(&endpoint.url, &headers, within).await.map_err(NoPermission::NoAnswer)?;
        let allowed = answer.header(ALLOWED_ORIGIN).map(str::trim);
        if !allowed.is_some_and(|allowed| allowed == "*" || allowed.eq_ignore_ascii_case(&self.origin)) {
            let status = answer.status;
            let named =
                allowed.map_or_else(|| "names no origin".to_owned(), |other| format!("allows {other}"));
            let reason = format!("the receiver grants {} no permission: it {named}", self.origin);
            return Err(NoPermission::Refused { status, reason });
        }
        // An asterisk, or what is no number, is no limit.
        let per_minute = answer.header(ALLOWED_RATE).and_then(|rate| rate.trim().parse().ok());
        let granted = Granted { url: endpoint.url.clone(), until: now.plus(PERMISSION), per_minute };
        let mut all = self.lock();
        all.retain(|_, granted| now < granted.until);
        all.insert(endpoint.id.clone(), granted);
        Ok(())
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<EndpointId, Granted>> {
        self.granted.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
