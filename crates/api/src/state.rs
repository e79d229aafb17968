//! What every handler reaches.

use std::sync::Arc;

use stillframe_service::Service;

/// Shared by all handlers.
#[derive(Clone)]
pub struct ApiState {
    /// The use cases.
    pub service: Arc<Service>,
}
