//! What an owner does to a callback that is there: change it, replace its secret, switch it off and on, try
//! it out.

use std::time::Duration;

use stillframe_domain::endpoint::DeliveryPolicy;
use stillframe_domain::{
    App, DeliveryId, Dialect, Endpoint, EndpointId, Event, EventId, EventKind, FormerSecret, Owner, limits,
};

use crate::endpoints::{NewSecret, check_policy, check_target, endpoint_not_found};
use crate::{Result, Service, invalid};

/// What changes about a callback; `None` leaves a part as it is.
#[derive(Debug, Clone, Default)]
pub struct EndpointChange {
    /// Where its events go.
    pub url: Option<String>,
    /// Kinds that it hears; empty means the default ones.
    pub event_kinds: Option<Vec<EventKind>>,
    /// Dialects whose jobs it hears of; empty means all.
    pub origins: Option<Vec<Dialect>>,
    /// Its policy.
    pub policy: Option<DeliveryPolicy>,
}

impl Service {
    /// Changes a callback that was made natively. What waits to be sent goes to where it then says.
    ///
    /// # Errors
    /// `EndpointNotFound`, also for another app's; `InvalidParameter`, also for one that a vendor's own
    /// configuration made, and governs.
    pub async fn update_endpoint(
        &self,
        app: &App,
        id: &EndpointId,
        change: EndpointChange,
    ) -> Result<Endpoint> {
        let mut endpoint = self.own_endpoint(app, id).await?;
        if let Some(url) = change.url {
            check_target("url", &url)?;
            endpoint.url = url;
        }
        if let Some(policy) = change.policy {
            check_policy(&policy)?;
            endpoint.policy = policy;
        }
        endpoint.event_kinds = change.event_kinds.unwrap_or(endpoint.event_kinds);
        endpoint.origins = change.origins.unwrap_or(endpoint.origins);
        self.replace_endpoint(endpoint).await
    }

    /// Replaces a callback's secret. The former one signs beside it for `overlap`, which is
    /// [`limits::SECRET_OVERLAP_MS`] by default.
    ///
    /// # Errors
    /// As [`Self::update_endpoint`]; `InvalidParameter` when the overlap is too long, or too many former
    /// secrets sign already.
    pub async fn rotate_secret(
        &self,
        app: &App,
        id: &EndpointId,
        secret: NewSecret,
        overlap: Option<Duration>,
    ) -> Result<Endpoint> {
        let overlap = overlap.unwrap_or(Duration::from_millis(limits::SECRET_OVERLAP_MS));
        if Duration::from_millis(limits::SECRET_OVERLAP_MS_MAX) < overlap {
            return Err(invalid("overlap_ms", format!("0 to {}", limits::SECRET_OVERLAP_MS_MAX)));
        }
        let mut endpoint = self.own_endpoint(app, id).await?;
        let secret = self.secret(endpoint.format, secret)?;
        let now = self.now();
        let former = std::mem::replace(&mut endpoint.secret, secret);
        endpoint.former_secrets.insert(0, FormerSecret { secret: former, until: now.plus(overlap) });
        endpoint.former_secrets.retain(|former| now < former.until && !former.secret.is_empty());
        if limits::FORMER_SECRETS_MAX < endpoint.former_secrets.len() {
            let most = limits::FORMER_SECRETS_MAX;
            return Err(invalid("overlap_ms", format!("0, since {most} former secrets still sign")));
        }
        self.replace_endpoint(endpoint).await
    }

    /// Switches a callback off: it hears of nothing, and what is pending waits.
    ///
    /// # Errors
    /// `EndpointNotFound`, also for another app's.
    pub async fn disable_endpoint(&self, app: &App, id: &EndpointId) -> Result<Endpoint> {
        if !self.database().disable_endpoint(app.id, id).await? {
            return Err(endpoint_not_found());
        }
        self.get_endpoint(app, id).await
    }

    /// Switches a callback on again: its failures are forgotten, and what waited is sent.
    ///
    /// # Errors
    /// `EndpointNotFound`, also for another app's.
    pub async fn enable_endpoint(&self, app: &App, id: &EndpointId) -> Result<Endpoint> {
        if !self.database().enable_endpoint(app.id, id).await? {
            return Err(endpoint_not_found());
        }
        self.get_endpoint(app, id).await
    }

    /// Sends a test event to a callback, also to one that is disabled; gives the delivery to look at.
    ///
    /// # Errors
    /// `EndpointNotFound`, also for another app's; `InvalidParameter` when its format has no words for a
    /// test.
    pub async fn ping_endpoint(&self, app: &App, id: &EndpointId) -> Result<DeliveryId> {
        let endpoint = self.get_endpoint(app, id).await?;
        if endpoint.format.is_of_a_cloud() {
            return Err(invalid("id", "an endpoint whose format has words for a test: not one of a cloud"));
        }
        let event = Event::of_ping(EventId::mint(self.rng()), &endpoint, self.now());
        self.database().tell_endpoint(&event, id).await?.ok_or_else(endpoint_not_found)
    }

    /// The app's callback of that id, unless a vendor's own configuration governs it.
    async fn own_endpoint(&self, app: &App, id: &EndpointId) -> Result<Endpoint> {
        let endpoint = self.get_endpoint(app, id).await?;
        if endpoint.owner != Owner::Native {
            return Err(invalid("id", "an endpoint that was made natively: this one is its vendor's API's"));
        }
        Ok(endpoint)
    }

    async fn replace_endpoint(&self, endpoint: Endpoint) -> Result<Endpoint> {
        if self.database().update_endpoint(&endpoint).await? {
            Ok(endpoint)
        } else {
            Err(endpoint_not_found())
        }
    }
}
