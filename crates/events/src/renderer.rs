//! How an event is written for its receivers.

use std::collections::HashMap;
use std::sync::Arc;

use stillframe_domain::{App, Endpoint, Event, EventFormat, Timestamp};

/// Writes events in one format. Pure: the same event gives the same body at every retry.
pub trait Renderer: Send + Sync {
    /// The body, as JSON text; `None` when the format has no words for this event.
    fn body(&self, event: &Event) -> Option<String>;

    /// The `Content-Type` of the bodies.
    fn content_type(&self) -> &'static str {
        "application/json"
    }

    /// Headers beside `Content-Type` for a body sent at `at`: signatures and ids.
    fn headers(&self, endpoint: &Endpoint, event: &Event, body: &str, at: Timestamp)
    -> Vec<(String, String)>;

    /// The body as it is pushed at `at`, for formats that are signed in the body. Pulled bodies are not.
    fn seal(&self, body: String, _app: &App, _endpoint: &Endpoint, _at: Timestamp) -> String {
        body
    }
}

/// The renderers of all formats.
#[derive(Clone, Default)]
pub struct Renderers {
    by_format: HashMap<EventFormat, Arc<dyn Renderer>>,
}

impl Renderers {
    /// Adds or replaces the renderer of a format.
    #[must_use]
    pub fn with(mut self, format: EventFormat, renderer: Arc<dyn Renderer>) -> Self {
        self.by_format.insert(format, renderer);
        self
    }

    /// The renderer of a format.
    pub fn find(&self, format: EventFormat) -> Option<&Arc<dyn Renderer>> {
        self.by_format.get(&format)
    }
}
