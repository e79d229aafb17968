//! HTTP callbacks of an app.

use stillframe_database::DeliveryRecord;
use stillframe_domain::endpoint::{DeliveryPolicy, Target};
use stillframe_domain::retry::RetrySchedule;
use stillframe_domain::{
    AccessKey, App, AppId, Dialect, Endpoint, EndpointId, ErrorCode, Event, EventFormat, EventId, EventKind,
    JobId, Owner, PolicyName,
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
        let endpoint = Endpoint {
            id: EndpointId::mint(self.rng()),
            app_id: app.id,
            url: new.url,
            format: new.format,
            owner: new.owner,
            event_kinds: new.event_kinds,
            origins: new.origins,
            secret: AccessKey::mint(AppId(0), self.rng()).secret,
            policy,
        };
        self.database().insert_endpoint(&endpoint).await?;
        Ok(endpoint)
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

fn check_policy(policy: &DeliveryPolicy) -> Result<()> {
    if !(100..=60_000).contains(&policy.timeout_ms) {
        return Err(invalid("policy.timeout_ms", "100 to 60,000"));
    }
    if policy.retry.waits_ms.len() > RetrySchedule::WAITS_MAX {
        return Err(invalid("policy.retry", format!("at most {} waits", RetrySchedule::WAITS_MAX)));
    }
    Ok(())
}

fn endpoint_not_found() -> ServiceError {
    ServiceError::new(ErrorCode::EndpointNotFound, "there is no such endpoint")
}
