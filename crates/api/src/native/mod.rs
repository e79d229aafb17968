//! The native API under `/v1`: JSON, HTTP Basic with an access key, problem documents for errors.

mod app;
mod auth;
mod cloud_events;
mod deliveries;
mod endpoints;
pub(crate) mod error;
mod events;
mod jobs;
mod media;
mod model;
mod queues;
mod snapshots;
mod workflows;

pub use cloud_events::{CloudEventsBinaryRenderer, CloudEventsRenderer};
pub use events::NativeRenderer;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::routing::{get, post};

use crate::body::BODY_BYTES_MAX;
use crate::state::ApiState;

/// Routes below `/v1`.
pub(crate) fn routes() -> Router<ApiState> {
    Router::new()
        .route("/app", get(app::get).patch(app::update))
        .route("/media/{id}", get(media::get).delete(media::delete))
        .route("/media/{id}/snapshots", post(snapshots::submit).get(snapshots::list))
        .route("/jobs", get(jobs::list))
        .route("/jobs/{id}", get(jobs::get))
        .route("/jobs/{id}/events", get(jobs::events))
        .route("/endpoints", post(endpoints::create).get(endpoints::list))
        .route("/endpoints/{id}", get(endpoints::get).patch(endpoints::update).delete(endpoints::delete))
        .route("/endpoints/{id}/rotate", post(endpoints::rotate))
        .route("/endpoints/{id}/disable", post(endpoints::disable))
        .route("/endpoints/{id}/enable", post(endpoints::enable))
        .route("/endpoints/{id}/ping", post(endpoints::ping))
        .route("/endpoints/{id}/recover", post(deliveries::recover))
        .route("/endpoints/{id}/replay", post(deliveries::replay_events))
        .route("/deliveries", get(deliveries::list))
        .route("/deliveries/{id}", get(deliveries::get))
        .route("/deliveries/{id}/replay", post(deliveries::replay))
        .route("/workflows", post(workflows::create).get(workflows::list))
        .route("/workflows/{id}", get(workflows::get).delete(workflows::delete))
        .route("/queues", get(queues::list))
        .route("/queues/{name}", get(queues::get).patch(queues::update))
        .layer(DefaultBodyLimit::max(BODY_BYTES_MAX))
        // Uploads are limited by the service, in its own words, while they stream.
        .route("/media", post(media::add).get(media::list).layer(DefaultBodyLimit::disable()))
        .fallback(error::unknown_operation)
}
