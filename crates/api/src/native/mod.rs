//! The native API under `/v1`: JSON, HTTP Basic with an access key, problem documents for errors.
//!
//! Each handler says in `utoipa::path` what it takes and answers; the routes and the OpenAPI document are
//! both made of that, so that neither can have what the other has not.

mod app;
mod auth;
mod cloud_events;
mod deliveries;
mod docs;
mod endpoints;
pub(crate) mod error;
mod events;
mod input;
mod jobs;
mod media;
mod model;
mod openapi;
mod queues;
#[cfg(test)]
mod schema_check;
mod snapshots;
mod workflows;

pub use cloud_events::{CloudEventsBinaryRenderer, CloudEventsRenderer};
pub use events::NativeRenderer;
pub use openapi::document;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::middleware::map_response;
use axum::response::Response;
use axum::routing::get;
use stillframe_domain::limits::REQUEST_BODY_BYTES_MAX;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::observe::spoken;
use crate::state::ApiState;

/// Routes of the native API, and of its description.
pub(crate) fn routes() -> Router<ApiState> {
    let (below, _) = described().split_for_parts();
    let below = below.fallback(error::unknown_operation).method_not_allowed_fallback(error::wrong_method);
    Router::new()
        .nest("/v1", below)
        .route("/docs", get(docs::page))
        .route("/docs/style.css", get(docs::style))
        .layer(map_response(async |answer: Response| spoken("native", answer)))
}

/// Routes below `/v1`, with what the document says of them.
fn described() -> OpenApiRouter<ApiState> {
    OpenApiRouter::new()
        .routes(routes!(openapi::get))
        .routes(routes!(app::get, app::update))
        .routes(routes!(media::get, media::delete))
        .routes(routes!(snapshots::submit, snapshots::list))
        .routes(routes!(jobs::list))
        .routes(routes!(jobs::get))
        .routes(routes!(jobs::events))
        .routes(routes!(endpoints::create, endpoints::list))
        .routes(routes!(endpoints::get, endpoints::update, endpoints::delete))
        .routes(routes!(endpoints::rotate))
        .routes(routes!(endpoints::disable))
        .routes(routes!(endpoints::enable))
        .routes(routes!(endpoints::ping))
        .routes(routes!(deliveries::recover))
        .routes(routes!(deliveries::replay_events))
        .routes(routes!(deliveries::list))
        .routes(routes!(deliveries::get))
        .routes(routes!(deliveries::replay))
        .routes(routes!(workflows::create, workflows::list))
        .routes(routes!(workflows::get, workflows::delete))
        .routes(routes!(queues::list))
        .routes(routes!(queues::get, queues::update))
        .layer(DefaultBodyLimit::max(REQUEST_BODY_BYTES_MAX))
        // Uploads are limited by the service, in its own words, while they stream.
        .merge(
            OpenApiRouter::new().routes(routes!(media::add, media::list)).layer(DefaultBodyLimit::disable()),
        )
}
