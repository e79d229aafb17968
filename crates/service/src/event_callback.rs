//! The one callback of an app that a vendor's own configuration makes.

use std::fmt;

use stillframe_domain::endpoint::DeliveryPolicy;
use stillframe_domain::{
    AccessKey, App, AppId, AppSettings, Endpoint, EndpointHealth, EndpointId, EventFormat, EventKind, Hidden,
    Owner,
};

use crate::apps::{app_not_found, checked};
use crate::endpoints::check_target;
use crate::{Result, Service};

/// What a vendor's configuration says of its callback. Its `Debug` hides the secret.
#[derive(Clone)]
pub struct EventCallback {
    /// Absolute `http` or `https` URL, or `queue:NAME`.
    pub url: String,
    /// How bodies are written.
    pub format: EventFormat,
    /// Kinds that it hears; empty means all that its format has words for.
    pub event_kinds: Vec<EventKind>,
    /// Signs what is sent; empty leaves it unsigned. `None` keeps the former one, or makes a new one.
    pub secret: Option<String>,
}

impl fmt::Debug for EventCallback {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { url, format, event_kinds, secret } = self;
        f.debug_struct("EventCallback")
            .field("url", url)
            .field("format", format)
            .field("event_kinds", event_kinds)
            .field("secret", &Hidden::of(secret.as_deref()))
            .finish()
    }
}

/// What becomes of the callback when a vendor's configuration is written.
#[derive(Debug, Clone)]
pub enum CallbackChange {
    /// It stays as it is.
    Keep,
    /// It is made, or replaced. What waits to be sent goes to where the configuration says at that time.
    Set(EventCallback),
    /// It goes, and what waits to be sent with it.
    Remove,
}

impl Service {
    /// The one callback that an owner's own configuration made, if there is one.
    ///
    /// # Errors
    /// Database failures.
    pub async fn event_callback(&self, app: &App, owner: Owner) -> Result<Option<Endpoint>> {
        Ok(self.list_endpoints(app).await?.into_iter().find(|endpoint| endpoint.owner == owner))
    }

    /// Writes an owner's own configuration: the app's settings and the owner's callback, both or neither.
    ///
    /// # Errors
    /// `InvalidParameter` unless the URL is one that events can go to, and as
    /// [`Self::update_app_settings`].
    pub async fn configure_event_callback(
        &self,
        app: &App,
        owner: Owner,
        settings: &AppSettings,
        change: CallbackChange,
    ) -> Result<()> {
        let settings = checked(settings)?;
        let database = self.database();
        let is_found = match change {
            CallbackChange::Keep => database.update_app_settings(app.id, &settings).await?,
            CallbackChange::Remove => database.configure_callback(app.id, &settings, owner, None).await?,
            CallbackChange::Set(callback) => {
                let endpoint = self.endpoint_of(app, owner, callback).await?;
                database.configure_callback(app.id, &settings, owner, Some(&endpoint)).await?
            }
        };
        if is_found { Ok(()) } else { Err(app_not_found()) }
    }

    async fn endpoint_of(&self, app: &App, owner: Owner, callback: EventCallback) -> Result<Endpoint> {
        let EventCallback { url, format, event_kinds, secret } = callback;
        check_target("url", &url)?;
        let secret = match secret {
            Some(secret) => secret,
            None => {
                let former = self.event_callback(app, owner).await?.map(|former| former.secret);
                former.unwrap_or_else(|| AccessKey::mint(AppId(0), self.rng()).secret)
            }
        };
        Ok(Endpoint {
            id: EndpointId::mint(self.rng()),
            app_id: app.id,
            url,
            format,
            owner,
            event_kinds,
            origins: Vec::new(),
            secret,
            former_secrets: Vec::new(),
            policy: DeliveryPolicy::named(app.settings.callback_policy, format),
            health: EndpointHealth::default(),
        })
    }
}
