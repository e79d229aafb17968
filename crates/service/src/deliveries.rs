//! Deliveries: looked at, and made again.

use stillframe_database::{
    DeliveryFilter, DeliveryRecord, DeliverySummary, Page, Replay, ReplayOutcome, Replayed,
};
use stillframe_domain::{App, DeliveryId, EndpointId, ErrorCode, Timestamp, limits};

use crate::{Result, Service, ServiceError};

impl Service {
    /// The app's deliveries, newest first.
    ///
    /// # Errors
    /// Database failures.
    pub async fn list_deliveries(
        &self,
        app: &App,
        filter: &DeliveryFilter,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Page<DeliverySummary>> {
        let limit = limit.min(limits::DELIVERIES_PER_PAGE_MAX);
        Ok(self.database().search_deliveries(app.id, filter, after, limit).await?)
    }

    /// The app's delivery of that number, with its attempts.
    ///
    /// # Errors
    /// `DeliveryNotFound`, also for another app's.
    pub async fn get_delivery(&self, app: &App, id: DeliveryId) -> Result<DeliveryRecord> {
        self.database().find_delivery(app.id, id).await?.ok_or_else(not_found)
    }

    /// Makes a delivery again, whatever became of it.
    ///
    /// # Errors
    /// `DeliveryNotFound`, also for another app's, and when its endpoint was removed.
    pub async fn replay_delivery(&self, app: &App, id: DeliveryId) -> Result<DeliveryRecord> {
        match self.database().replay_delivery(app.id, id).await? {
            ReplayOutcome::Due => self.get_delivery(app, id).await,
            ReplayOutcome::NotFound => Err(not_found()),
            ReplayOutcome::NoEndpoint => Err(ServiceError::new(
                ErrorCode::DeliveryNotFound,
                "the endpoint of this delivery was removed",
            )),
        }
    }

    /// Makes dead letters of an endpoint again whose events happened since then: up to
    /// [`limits::REPLAY_EVENTS_MAX`], and says how many. When it is as many, ask again.
    ///
    /// # Errors
    /// `EndpointNotFound`, also for another app's.
    pub async fn recover_deliveries(&self, app: &App, id: &EndpointId, since: Timestamp) -> Result<u64> {
        self.get_endpoint(app, id).await?;
        Ok(self.database().recover_deliveries(app.id, id, since, limits::REPLAY_EVENTS_MAX).await?)
    }

    /// Tells events again that an endpoint would hear. Looks at up to [`limits::REPLAY_EVENTS_MAX`] events,
    /// and says where to go on.
    ///
    /// # Errors
    /// `EndpointNotFound`, also for another app's.
    pub async fn replay_events(&self, app: &App, id: &EndpointId, replay: &Replay) -> Result<Replayed> {
        self.get_endpoint(app, id).await?;
        Ok(self.database().replay_events(app.id, id, replay, limits::REPLAY_EVENTS_MAX).await?)
    }
}

fn not_found() -> ServiceError {
    ServiceError::new(ErrorCode::DeliveryNotFound, "there is no such delivery")
}
