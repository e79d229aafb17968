//! The one callback of an app that a vendor's own configuration makes.

use stillframe_domain::endpoint::DeliveryPolicy;
use stillframe_domain::{App, Endpoint, EndpointId, EventFormat, EventKind, Owner};

use crate::endpoints::check_target;
use crate::{Result, Service};

/// What a vendor's configuration says of its callback.
#[derive(Debug, Clone)]
pub struct EventCallback {
    /// Absolute `http` or `https` URL, or `queue:NAME`.
    pub url: String,
    /// How bodies are written.
    pub format: EventFormat,
    /// Kinds that it hears; empty means all that its format has words for.
    pub event_kinds: Vec<EventKind>,
    /// Signs what is sent; empty leaves it unsigned.
    pub secret: String,
}

impl Service {
    /// Makes or replaces the callback of an owner's own configuration, or (with `None`) takes it away. What
    /// waits to be sent goes to where the configuration says at that time.
    ///
    /// # Errors
    /// `InvalidParameter` unless the URL is one that events can go to.
    pub async fn configure_event_callback(
        &self,
        app: &App,
        owner: Owner,
        callback: Option<EventCallback>,
    ) -> Result<()> {
        let current = self.event_callback(app, owner).await?;
        let Some(EventCallback { url, format, event_kinds, secret }) = callback else {
            return match current {
                Some(current) => self.delete_endpoint(app, &current.id).await,
                None => Ok(()),
            };
        };
        check_target("url", &url)?;
        let endpoint = Endpoint {
            id: current.as_ref().map_or_else(|| EndpointId::mint(self.rng()), |current| current.id.clone()),
            app_id: app.id,
            url,
            format,
            owner,
            event_kinds,
            origins: Vec::new(),
            secret,
            policy: DeliveryPolicy::named(app.settings.callback_policy, format),
        };
        match current {
            Some(_) => self.database().update_endpoint(&endpoint).await.map(drop)?,
            None => self.database().insert_endpoint(&endpoint).await?,
        }
        Ok(())
    }
}
