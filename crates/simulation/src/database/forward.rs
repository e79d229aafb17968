//! The calls that nothing is watched of and nothing is broken in.

use std::time::Duration;

use stillframe_database::{
    ConfirmReport, DeliveryFilter, DeliveryRecord, DeliverySummary, JobCursor, JobMatches, JobSearch, Page,
    QueueDelivery, Replay, ReplayOutcome, Replayed, Statistics, Usage,
};
use stillframe_domain::message_queue::{
    MessageCounts, NewMessage, QueueAttributes, QueuedMessage, ReceivedMessage,
};
use stillframe_domain::object_key::OutputKind;
use stillframe_domain::{
    AccessKey, App, AppId, AppSettings, Attempt, DeliveryId, EndpointId, Event, Job, MediaId, MessageQueue,
    Procedure, QueueId, QueueName, ReceiptHandle, Template, TemplateRef, Timestamp,
};
use tokio::sync::watch;

/// Implements a trait of the database by passing calls on; what stands in the second braces is written out.
macro_rules! forward {
    ($trait:ident { $($name:ident($($arg:ident: $type:ty),*) -> $out:ty;)* } { $($own:tt)* }) => {
        #[async_trait::async_trait]
        impl stillframe_database::$trait for crate::database::SimDatabase {
            $(async fn $name(&self, $($arg: $type),*) -> stillframe_database::Result<$out> {
                let real = self.real();
                self.call(stringify!($name), async { real.$name($($arg),*).await }).await
            })*
            $($own)*
        }
    };
}
pub(super) use forward;

forward!(Apps {
    insert_app(name: &str, settings: &AppSettings) -> App;
    find_app(id: AppId) -> Option<App>;
    list_apps() -> Vec<App>;
    update_app_settings(id: AppId, settings: &AppSettings) -> bool;
    insert_key(key: &AccessKey) -> ();
    find_key(key_id: &str) -> Option<AccessKey>;
    find_caller(key_id: &str) -> Option<(AccessKey, App)>;
    list_keys(app_id: AppId) -> Vec<AccessKey>;
    delete_key(app_id: AppId, key_id: &str) -> bool;
    remember_nonce(scope: &str, nonce: &str, keep: Duration) -> bool;
} {});

forward!(Templates {
    insert_template(app_id: AppId, template: &Template) -> ();
    find_template(app_id: AppId, reference: &TemplateRef) -> Option<Template>;
    list_templates(app_id: AppId) -> Vec<Template>;
    update_template(app_id: AppId, template: &Template) -> bool;
    delete_template(app_id: AppId, reference: &TemplateRef) -> bool;
} {});

forward!(Procedures {
    insert_procedure(app_id: AppId, procedure: &Procedure) -> ();
    find_procedure(app_id: AppId, key: &str) -> Option<Procedure>;
    list_procedures(app_id: AppId) -> Vec<Procedure>;
    update_procedure(app_id: AppId, procedure: &Procedure) -> bool;
    delete_procedure(app_id: AppId, key: &str) -> bool;
} {});

forward!(DeliveryControl {
    disable_endpoint(app_id: AppId, id: &EndpointId) -> bool;
    enable_endpoint(app_id: AppId, id: &EndpointId) -> bool;
    tell_endpoint(event: &Event, id: &EndpointId) -> Option<DeliveryId>;
    find_delivery(app_id: AppId, id: DeliveryId) -> Option<DeliveryRecord>;
    search_deliveries(
        app_id: AppId, filter: &DeliveryFilter, after: Option<&str>, limit: usize
    ) -> Page<DeliverySummary>;
    replay_delivery(app_id: AppId, id: DeliveryId) -> ReplayOutcome;
    recover_deliveries(app_id: AppId, id: &EndpointId, since: Timestamp, limit: usize) -> u64;
    replay_events(app_id: AppId, id: &EndpointId, replay: &Replay, limit: usize) -> Replayed;
} {});

forward!(Counts {
    statistics() -> Statistics;
    usage(app_id: AppId) -> Usage;
} {});

forward!(JobSearches {
    search_jobs(app_id: AppId, search: &JobSearch, after: Option<JobCursor>, limit: usize) -> JobMatches;
    list_latest_jobs(app_id: AppId, media_ids: &[MediaId], kind: OutputKind) -> Vec<Job>;
} {});

forward!(MessageQueues {
    insert_message_queue(app_id: AppId, name: &QueueName, attributes: &QueueAttributes) -> MessageQueue;
        find_message_queue(app_id: AppId, name: &QueueName) -> Option<MessageQueue>;
        list_message_queues(app_id: AppId, prefix: &str, after: Option<&str>, limit: usize) -> Page<MessageQueue>;
        count_message_queues(app_id: AppId) -> u64;
        update_message_queue(app_id: AppId, name: &QueueName, attributes: &QueueAttributes) -> bool;
        delete_message_queue(app_id: AppId, name: &QueueName) -> bool;
        send_messages(app_id: AppId, name: &QueueName, messages: &[NewMessage]) -> Option<Vec<Option<ReceiptHandle>>>;
        receive_messages(app_id: AppId, name: &QueueName, limit: usize) -> Option<Vec<ReceivedMessage>>;
        peek_messages(app_id: AppId, name: &QueueName, limit: usize) -> Option<Vec<QueuedMessage>>;
        delete_messages(app_id: AppId, name: &QueueName, handles: &[ReceiptHandle]) -> Option<ConfirmReport>;
        change_visibility(app_id: AppId, name: &QueueName, handle: &ReceiptHandle, visibility: Duration) -> Option<Option<ReceivedMessage>>;
        count_messages(app_id: AppId, name: &QueueName) -> Option<MessageCounts>;
        deliver_message(id: DeliveryId, attempt: &Attempt, to: (AppId, &QueueName), message: &NewMessage) -> QueueDelivery;
        next_message_visible(id: QueueId) -> Option<Duration>;
    } {
    fn subscribe_messages(&self, id: QueueId) -> watch::Receiver<u64> {
        self.real().subscribe_messages(id)
    }
});
