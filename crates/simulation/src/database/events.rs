//! Deliveries and the queue that is pulled.

use std::time::Duration;

use stillframe_database::{
    ConfirmReport, DeliveryLane, DeliveryRecord, DueDelivery, PulledEvent, QueueDepth, Queues as _, Result,
};
use stillframe_domain::{
    AppId, AppSettings, Attempt, Clock as _, DeliveryId, DeliveryState, Endpoint, EndpointId, Event, EventId,
    JobId, Owner, ReceiptHandle,
};

use super::SimDatabase;
use super::forward::forward;
use crate::breaks::Break;

forward!(Deliveries {
    insert_endpoint(endpoint: &Endpoint) -> ();
    find_endpoint(app_id: AppId, id: &EndpointId) -> Option<Endpoint>;
    list_endpoints(app_id: AppId) -> Vec<Endpoint>;
    update_endpoint(endpoint: &Endpoint) -> bool;
    configure_callback(
        app_id: AppId, settings: &AppSettings, owner: Owner, endpoint: Option<&Endpoint>
    ) -> bool;
    delete_endpoint(app_id: AppId, id: &EndpointId) -> bool;
    find_event(app_id: AppId, id: &EventId) -> Option<Event>;
    list_events_of_job(app_id: AppId, job_id: &JobId) -> Vec<Event>;
    list_deliveries(app_id: AppId, event_id: &EventId) -> Vec<DeliveryRecord>;
    void_delivery_leases() -> u64;
    next_delivery_due() -> Option<Duration>;
} {
    async fn lease_deliveries(
        &self,
        lane: DeliveryLane,
        lease_for: Duration,
        limit: usize,
    ) -> Result<Vec<DueDelivery>> {
        let real = self.real();
        let call = async { real.lease_deliveries(lane, lease_for, limit).await };
        let mut due = self.call("lease_deliveries", call).await?;
        if self.breaks(Break::DropDelivery) && self.world().faults.is(300)
            && let Some(dropped) = due.pop()
        {
            let at = self.world().clock.now();
            let made = Attempt { at, status: Some(200), duration_ms: 1, answer: String::new(), is_success: true };
            let id = dropped.delivery.id;
            self.world().call(real.record_attempt(id, &made, DeliveryState::Delivered, Duration::ZERO))?;
        }
        Ok(due)
    }

    async fn record_attempt(
        &self,
        id: DeliveryId,
        attempt: &Attempt,
        state: DeliveryState,
        next_wait: Duration,
    ) -> Result<()> {
        let real = self.real();
        let is_forgotten = self.breaks(Break::ForgetRedelivery) && state == DeliveryState::Pending;
        let state = if is_forgotten { DeliveryState::Delivered } else { state };
        let call = async { real.record_attempt(id, attempt, state, next_wait).await };
        self.call("record_attempt", call).await
    }
});

forward!(Queues {
    queue_depth(app_id: AppId) -> QueueDepth;
    next_event_visible(app_id: AppId) -> Option<Duration>;
} {
    async fn pull_events(
        &self,
        app_id: AppId,
        visibility: Duration,
        limit: usize,
    ) -> Result<Vec<PulledEvent>> {
        let real = self.real();
        let call = async {
            let mut events = real.pull_events(app_id, visibility, limit).await?;
            events.extend(self.confirmed_again());
            Ok(events)
        };
        let note = |events: &Vec<PulledEvent>| {
            let mut ledger = self.world().ledger();
            let until = self.world().clock.now().plus(visibility);
            for pulled in events {
                ledger.pull(pulled.handle.as_str(), &pulled.event, until);
            }
        };
        self.call_then("pull_events", call, note).await
    }

    async fn confirm_events(&self, app_id: AppId, handles: &[ReceiptHandle]) -> Result<ConfirmReport> {
        let real = self.real();
        let call = async {
            if self.breaks(Break::ConfirmByMessageId) {
                return self.confirm_by_id(app_id, handles).await;
            }
            real.confirm_events(app_id, handles).await
        };
        let note = |report: &ConfirmReport| {
            let now = self.world().clock.now();
            let mut ledger = self.world().ledger();
            for handle in &report.confirmed {
                ledger.confirm(handle, now);
            }
        };
        self.call_then("confirm_events", call, note).await
    }
});

impl SimDatabase {
    /// An event that was confirmed, from a queue that forgets.
    fn confirmed_again(&self) -> Option<PulledEvent> {
        if !self.breaks(Break::DeliverAfterConfirm) || !self.world().faults.is(200) {
            return None;
        }
        let ledger = self.world().ledger();
        let event = ledger.confirmed.first().and_then(|id| ledger.told.get(id))?.clone();
        let handle = ReceiptHandle::mint(self.world().ids.as_ref());
        Some(PulledEvent { handle, event, receive_count: 2 })
    }

    /// Has the newest handle of an event confirm in the place of any that it ever had.
    async fn confirm_by_id(&self, app_id: AppId, handles: &[ReceiptHandle]) -> Result<ConfirmReport> {
        let mut report = ConfirmReport::default();
        for handle in handles {
            let newest = self.world().ledger().newest_of(handle.as_str());
            let newest = newest.and_then(|newest| ReceiptHandle::parse(&newest).ok());
            let newest = newest.unwrap_or_else(|| handle.clone());
            let answer = self.real().confirm_events(app_id, &[newest]).await?;
            let list = if answer.confirmed.is_empty() { &mut report.stale } else { &mut report.confirmed };
            list.push(handle.to_string());
        }
        Ok(report)
    }
}
