//! `/v1/app`: the caller's app.

use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use serde::Deserialize;
use serde_json::Value;
use stillframe_domain::url_signing::UrlSigning;
use stillframe_domain::{CoverChoice, PolicyName, PullMode};

use super::auth::Authenticated;
use super::error::Problem;
use super::model;
use crate::state::ApiState;

/// Fields that are absent stay as they are.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct UpdateApp {
    /// Null goes back to the server's default.
    #[serde(default, deserialize_with = "present")]
    media_base_url: Option<Option<String>>,
    automatic_covers: Option<bool>,
    cover_choice: Option<CoverChoice>,
    tencent_mode: Option<PullMode>,
    url_signing: Option<UrlSigning>,
    callback_policy: Option<PolicyName>,
}

/// Tells `null` from an absent field.
fn present<'de, D: serde::Deserializer<'de>>(from: D) -> Result<Option<Option<String>>, D::Error> {
    Option::deserialize(from).map(Some)
}

pub(crate) async fn get(State(state): State<ApiState>, Authenticated(app): Authenticated) -> Json<Value> {
    Json(model::app(&app, &state.service.media_base_url(&app)))
}

pub(crate) async fn update(
    State(state): State<ApiState>,
    Authenticated(app): Authenticated,
    body: Bytes,
) -> Result<Json<Value>, Problem> {
    let update: UpdateApp = model::decode(&body)?;
    let mut settings = app.settings.clone();
    if let Some(base) = update.media_base_url {
        settings.media_base_url = base;
    }
    settings.automatic_covers = update.automatic_covers.unwrap_or(settings.automatic_covers);
    settings.cover_choice = update.cover_choice.unwrap_or(settings.cover_choice);
    settings.tencent_mode = update.tencent_mode.unwrap_or(settings.tencent_mode);
    settings.url_signing = update.url_signing.unwrap_or(settings.url_signing);
    settings.callback_policy = update.callback_policy.unwrap_or(settings.callback_policy);
    state.service.update_app_settings(app.id, &settings).await?;
    let app = state.service.get_app(app.id).await?;
    Ok(Json(model::app(&app, &state.service.media_base_url(&app))))
}
