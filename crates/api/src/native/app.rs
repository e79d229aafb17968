//! `/v1/app`: the caller's app.

use axum::Json;
use axum::extract::State;
use serde::Deserialize;
use stillframe_domain::url_signing::UrlSigning;
use stillframe_domain::{CoverChoice, PolicyName, PullMode};
use utoipa::ToSchema;

use super::auth::Authenticated;
use super::error::Problem;
use super::input::Document;
use super::model::{self, AppView};
use crate::state::ApiState;

/// Fields that are absent stay as they are.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct UpdateApp {
    /// Base of picture URLs; null goes back to the server's default.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<String>)]
    media_base_url: Option<Option<String>>,
    /// Whether an upload gets its covers by itself.
    automatic_covers: Option<bool>,
    /// Which keyframe becomes the cover of an upload.
    cover_choice: Option<CoverChoice>,
    /// Whether its Tencent queue is fed, or a callback made instead.
    tencent_mode: Option<PullMode>,
    /// Keys of signed picture URLs.
    url_signing: Option<UrlSigning>,
    /// How callbacks are made that a vendor's API configured.
    callback_policy: Option<PolicyName>,
}

/// Tells `null` from an absent field.
fn present<'de, D: serde::Deserializer<'de>>(from: D) -> Result<Option<Option<String>>, D::Error> {
    Option::deserialize(from).map(Some)
}

/// The caller's app.
#[utoipa::path(get, path = "/app", operation_id = "get_app", tag = "app",
    responses((status = 200, description = "The app.", body = AppView)))]
pub(crate) async fn get(State(state): State<ApiState>, Authenticated(app): Authenticated) -> Json<AppView> {
    Json(model::app(&app, &state.service.media_base_url(&app)))
}

/// Changes settings of the caller's app.
#[utoipa::path(patch, path = "/app", operation_id = "update_app", tag = "app", request_body = UpdateApp,
    responses((status = 200, description = "The app as it is now.", body = AppView)))]
pub(crate) async fn update(
    State(state): State<ApiState>,
    Authenticated(app): Authenticated,
    Document(update): Document<UpdateApp>,
) -> Result<Json<AppView>, Problem> {
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
