//! HTTP callbacks of an app.

use std::fmt;

use stillframe_database::DeliveryRecord;
use stillframe_domain::endpoint::{DeliveryPolicy, Target};
use stillframe_domain::retry::RetrySchedule;
use stillframe_domain::{
    AccessKey, App, AppId, Dialect, Endpoint, EndpointHealth, EndpointId, ErrorCode, Event, EventFormat,
    EventId, EventKind, Hidden, JobId, Owner, PolicyName, SecretKind, limits,
};

use crate::add_media::checked_http_url;
use crate::{Result, Service, ServiceError, invalid};

/// A callback to be made.
#[derive(Debug, Clone)]
pub struct NewEndpoint {
    /// Absolute `http` or `https` URL, or `queue:NAME` for a message queue of the app. Whether its address
    /// may be reached, and whether there is such a queue, is decided at each send.
    pub url: String,
    /// How bodies are written.
    pub format: EventFormat,
    /// Who makes it.
    pub owner: Owner,
    /// Kinds that it hears; empty means the default ones.
    pub event_kinds: Vec<EventKind>,
    /// Dialects whose jobs it hears of; empty means all.
    pub origins: Vec<Dialect>,
    /// Its policy; `None` means the format's default.
    pub policy: Option<DeliveryPolicy>,
    /// What signs its bodies; for the clouds' formats always one that is made here.
    pub secret: NewSecret,
}

/// What signs from now on. Its `Debug` hides what was given.
#[derive(Clone)]
pub enum NewSecret {
    /// A new one of this kind.
    Mint(SecretKind),
    /// One that the owner brings along: `whsec_` or `whsk_` and base64.
    Given(String),
}

impl fmt::Debug for NewSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Mint(kind) => f.debug_tuple("Mint").field(kind).finish(),
            Self::Given(secret) => f.debug_tuple("Given").field(&Hidden(secret)).finish(),
        }
    }
}

impl Default for NewSecret {
    fn default() -> Self {
        Self::Mint(SecretKind::default())
    }
}

impl NewEndpoint {
    /// A callback that hears the default kinds, with its format's policy.
    pub fn native(url: &str, format: EventFormat, origins: &[Dialect]) -> Self {
        Self {
            url: url.to_owned(),
            format,
            owner: Owner::Native,
            event_kinds: Vec::new(),
            origins: origins.to_vec(),
            policy: None,
            secret: NewSecret::default(),
        }
    }

    /// The same with the policy of that name.
    #[must_use]
    pub fn with_policy(self, name: PolicyName) -> Self {
        Self { policy: Some(DeliveryPolicy::named(name, self.format)), ..self }
    }
}

impl Service {
    /// Adds a callback.
    ///
    /// # Errors
    /// `InvalidParameter`.
    pub async fn create_endpoint(&self, app: &App, new: NewEndpoint) -> Result<Endpoint> {
        check_target("url", &new.url)?;
        let policy = new.policy.unwrap_or_else(|| DeliveryPolicy::default_for(new.format));
        check_policy(&policy)?;
        let secret = self.secret(new.format, new.secret)?;
        let endpoint = Endpoint {
            id: EndpointId::mint(self.rng()),
            app_id: app.id,
            url: new.url,
            format: new.format,
            owner: new.owner,
            event_kinds: new.event_kinds,
            origins: new.origins,
            secret,
            former_secrets: Vec::new(),
            policy,
            health: EndpointHealth::default(),
        };
        self.database().insert_endpoint(&endpoint).await?;
        Ok(endpoint)
    }

    /// The secret of an endpoint of that format.
    pub(crate) fn secret(&self, format: EventFormat, wanted: NewSecret) -> Result<String> {
        match wanted {
            // Their keys are letters and digits.
            NewSecret::Mint(_) if format.is_of_a_cloud() => Ok(AccessKey::mint(AppId(0), self.rng()).secret),
            NewSecret::Mint(kind) => Ok(kind.mint(self.rng())),
            NewSecret::Given(_) if format.is_of_a_cloud() => {
                Err(invalid("secret", "none, since endpoints of this format have theirs made here"))
            }
            NewSecret::Given(secret) if SecretKind::of(&secret).is_none() => {
                Err(invalid("secret", "whsec_ and base64 of 24 to 64 bytes, or whsk_ and base64 of 32 or 64"))
            }
            NewSecret::Given(secret) => Ok(secret),
        }
    }

    /// The app's callbacks.
    ///
    /// # Errors
    /// Database failures.
    pub async fn list_endpoints(&self, app: &App) -> Result<Vec<Endpoint>> {
        Ok(self.database().list_endpoints(app.id).await?)
    }

    /// The app's callback of that id.
    ///
    /// # Errors
    /// `EndpointNotFound`, also for another app's.
    pub async fn get_endpoint(&self, app: &App, id: &EndpointId) -> Result<Endpoint> {
        self.database().find_endpoint(app.id, id).await?.ok_or_else(endpoint_not_found)
    }

    /// Gives the callbacks that vendors' configurations made the policy that the app's settings name.
    pub(crate) async fn apply_callback_policy(&self, app_id: AppId, name: PolicyName) -> Result<()> {
        for endpoint in self.database().list_endpoints(app_id).await? {
            let policy = DeliveryPolicy::named(name, endpoint.format);
            if endpoint.owner != Owner::Native && endpoint.policy != policy {
                self.database().update_endpoint(&Endpoint { policy, ..endpoint }).await?;
            }
        }
        Ok(())
    }

    /// Removes a callback; what was not delivered yet is dropped.
    ///
    /// # Errors
    /// `EndpointNotFound`, also for another app's.
    pub async fn delete_endpoint(&self, app: &App, id: &EndpointId) -> Result<()> {
        if self.database().delete_endpoint(app.id, id).await? { Ok(()) } else { Err(endpoint_not_found()) }
    }

    /// Events about a job, oldest first, each with its deliveries.
    ///
    /// # Errors
    /// `JobNotFound`, also for another app's.
    pub async fn events_of_job(&self, app: &App, id: &JobId) -> Result<Vec<(Event, Vec<DeliveryRecord>)>> {
        self.get_job(app, id).await?;
        let mut told = Vec::new();
        for event in self.database().list_events_of_job(app.id, id).await? {
            let deliveries = self.deliveries(app, &event.id).await?;
            told.push((event, deliveries));
        }
        Ok(told)
    }

    async fn deliveries(&self, app: &App, id: &EventId) -> Result<Vec<DeliveryRecord>> {
        Ok(self.database().list_deliveries(app.id, id).await?)
    }
}

/// Refuses what is no target of events.
pub(crate) fn check_target(parameter: &'static str, url: &str) -> Result<()> {
    match Target::of_url(url) {
        Target::Http(url) => checked_http_url(parameter, url).map(drop),
        Target::Queue(_) => Ok(()),
    }
}

pub(crate) fn check_policy(policy: &DeliveryPolicy) -> Result<()> {
    if !(100..=60_000).contains(&policy.timeout_ms) {
        return Err(invalid("policy.timeout_ms", "100 to 60,000"));
    }
    if policy.retry.waits_ms.len() > RetrySchedule::WAITS_MAX {
        return Err(invalid("policy.retry", format!("at most {} waits", RetrySchedule::WAITS_MAX)));
    }
    let in_range = |value: Option<u32>, most| value.is_none_or(|value| (1..=most).contains(&value));
    if !in_range(policy.concurrency_max, limits::ENDPOINT_CONCURRENCY_MAX) {
        return Err(invalid("policy.concurrency_max", format!("1 to {}", limits::ENDPOINT_CONCURRENCY_MAX)));
    }
    if !in_range(policy.per_minute_max, limits::ENDPOINT_PER_MINUTE_MAX) {
        return Err(invalid("policy.per_minute_max", format!("1 to {}", limits::ENDPOINT_PER_MINUTE_MAX)));
    }
    Ok(())
}

pub(crate) fn endpoint_not_found() -> ServiceError {
    ServiceError::new(ErrorCode::EndpointNotFound, "there is no such endpoint")
}
