//! The operator's listener: whether the server lives and is ready, and how it does.

use std::path::PathBuf;
use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use stillframe_service::Service;

use crate::doctor::Space;
use crate::metrics::Metrics;

/// What is told from.
#[derive(Clone)]
pub struct Admin {
    /// The use cases.
    pub service: Arc<Service>,
    /// What confines decoding, for people.
    pub sandbox: Arc<str>,
    /// Where the data is written.
    pub data: Arc<[PathBuf]>,
    /// What is counted.
    pub metrics: Metrics,
}

/// `/healthz`, `/readyz` and `/metrics`.
pub fn routes(admin: Admin) -> Router {
    Router::new()
        .route("/healthz", get(|| async { "ok\n" }))
        .route("/readyz", get(ready))
        .route("/metrics", get(metrics))
        .with_state(admin)
}

async fn ready(State(admin): State<Admin>) -> (StatusCode, String) {
    let is_full = |path: &PathBuf| Space::at(path).is_ok_and(Space::is_full);
    if admin.data.iter().any(is_full) {
        return (StatusCode::SERVICE_UNAVAILABLE, "the disk is full\n".to_owned());
    }
    match admin.service.ping().await {
        Ok(()) => (StatusCode::OK, format!("ready\nsandbox: {}\n", admin.sandbox)),
        Err(_) => (StatusCode::SERVICE_UNAVAILABLE, "the database cannot be used\n".to_owned()),
    }
}

async fn metrics(State(admin): State<Admin>) -> Response {
    match admin.service.statistics().await {
        Ok(statistics) => {
            let kind = [(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")];
            (kind, admin.metrics.text(&statistics)).into_response()
        }
        Err(error) => {
            tracing::error!(error = ?error, "cannot count what waits");
            (StatusCode::SERVICE_UNAVAILABLE, "the database cannot be used\n").into_response()
        }
    }
}
