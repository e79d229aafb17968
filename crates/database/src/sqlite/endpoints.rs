//! HTTP callbacks of apps.

use std::collections::HashMap;

use sqlx::SqliteConnection;
use stillframe_domain::{AppId, Disablement, Endpoint, EndpointHealth, EndpointId, Owner, Timestamp};

use super::error::{at, conflict_or};
use super::rows::{Row, keep_sound, read_all, read_one};
use super::writer::Tx;
use crate::{Result, stored};

pub(super) async fn insert(tx: &mut Tx, endpoint: Endpoint) -> Result<()> {
    const DOING: &str = "endpoints::insert";
    sqlx::query(
        "INSERT INTO endpoints (id, app_id, url, format, owner, event_kinds, origins, secret, former_secrets,
             policy)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
    )
    .bind(endpoint.id.as_str())
    .bind(endpoint.app_id.0)
    .bind(endpoint.url)
    .bind(endpoint.format.name())
    .bind(stored::name(DOING, &endpoint.owner)?)
    .bind(stored::document(DOING, &endpoint.event_kinds)?)
    .bind(stored::document(DOING, &endpoint.origins)?)
    .bind(endpoint.secret)
    .bind(stored::document(DOING, &endpoint.former_secrets)?)
    .bind(stored::document(DOING, &endpoint.policy)?)
    .execute(tx.connection())
    .await
    .map_err(conflict_or("an endpoint of this id", DOING))?;
    Ok(())
}

/// Replaces all but its health, which its receiver and [`set_health`] alone change.
pub(super) async fn update(tx: &mut Tx, endpoint: Endpoint) -> Result<bool> {
    const DOING: &str = "endpoints::update";
    let done = sqlx::query(
        "UPDATE endpoints SET url = ?, format = ?, owner = ?, event_kinds = ?, origins = ?, secret = ?,
             former_secrets = ?, policy = ?
         WHERE id = ? AND app_id = ?",
    )
    .bind(endpoint.url)
    .bind(endpoint.format.name())
    .bind(stored::name(DOING, &endpoint.owner)?)
    .bind(stored::document(DOING, &endpoint.event_kinds)?)
    .bind(stored::document(DOING, &endpoint.origins)?)
    .bind(endpoint.secret)
    .bind(stored::document(DOING, &endpoint.former_secrets)?)
    .bind(stored::document(DOING, &endpoint.policy)?)
    .bind(endpoint.id.as_str())
    .bind(endpoint.app_id.0)
    .execute(tx.connection())
    .await
    .map_err(at(DOING))?;
    Ok(0 < done.rows_affected())
}

/// Makes an endpoint the one of its owner in an app: a former one keeps its id and its deliveries. Without
/// an endpoint the owner has none any longer.
pub(super) async fn replace(
    tx: &mut Tx,
    (app_id, owner): (AppId, Owner),
    endpoint: Option<Endpoint>,
) -> Result<()> {
    let of_owner = |endpoint: &Endpoint| endpoint.owner == owner;
    let mut former: Vec<Endpoint> =
        list(tx.connection(), app_id).await?.into_iter().filter(of_owner).collect();
    if let Some(endpoint) = endpoint {
        match former.pop() {
            Some(Endpoint { id, .. }) => update(tx, Endpoint { id, ..endpoint }).await.map(drop)?,
            None => insert(tx, endpoint).await?,
        }
    }
    for Endpoint { id, .. } in former {
        delete(tx, app_id, id).await?;
    }
    Ok(())
}

/// Writes an endpoint's health.
pub(super) async fn set_health(tx: &mut Tx, id: &EndpointId, health: EndpointHealth) -> Result<()> {
    let disabled = health.disabled;
    sqlx::query(
        "UPDATE endpoints SET failing_since_ms = ?, disabled_ms = ?, disabled_reason = ? WHERE id = ?",
    )
    .bind(health.failing_since.map(Timestamp::as_millis))
    .bind(disabled.map(|disabled| disabled.at.as_millis()))
    .bind(disabled.map(|disabled| disabled.reason.name()))
    .bind(id.as_str())
    .execute(tx.connection())
    .await
    .map_err(at("endpoints::set_health"))?;
    Ok(())
}

/// The endpoint of that id, whoever owns it.
pub(super) async fn find_any(connection: &mut SqliteConnection, id: &str) -> Result<Option<Endpoint>> {
    const DOING: &str = "endpoints::find_any";
    let row = sqlx::query("SELECT * FROM endpoints WHERE id = ?")
        .bind(id)
        .fetch_optional(connection)
        .await
        .map_err(at(DOING))?;
    read_one(row.as_ref(), DOING, read_endpoint)
}

/// Its pending deliveries go with it; what was delivered or given up stays on record.
pub(super) async fn delete(tx: &mut Tx, app_id: AppId, id: EndpointId) -> Result<bool> {
    let done = sqlx::query("DELETE FROM endpoints WHERE id = ? AND app_id = ?")
        .bind(id.as_str())
        .bind(app_id.0)
        .execute(tx.connection())
        .await
        .map_err(at("endpoints::delete"))?;
    if done.rows_affected() == 0 {
        return Ok(false);
    }
    sqlx::query("DELETE FROM deliveries WHERE endpoint_id = ? AND state = 'pending'")
        .bind(id.as_str())
        .execute(tx.connection())
        .await
        .map_err(at("deliveries::delete_pending"))?;
    Ok(true)
}

pub(super) async fn find(
    connection: &mut SqliteConnection,
    app_id: AppId,
    id: &EndpointId,
) -> Result<Option<Endpoint>> {
    const DOING: &str = "endpoints::find";
    let row = sqlx::query("SELECT * FROM endpoints WHERE id = ? AND app_id = ?")
        .bind(id.as_str())
        .bind(app_id.0)
        .fetch_optional(connection)
        .await
        .map_err(at(DOING))?;
    read_one(row.as_ref(), DOING, read_endpoint)
}

pub(super) async fn list(connection: &mut SqliteConnection, app_id: AppId) -> Result<Vec<Endpoint>> {
    const DOING: &str = "endpoints::list";
    let rows = sqlx::query("SELECT * FROM endpoints WHERE app_id = ? ORDER BY seq")
        .bind(app_id.0)
        .fetch_all(connection)
        .await
        .map_err(at(DOING))?;
    read_all(&rows, DOING, read_endpoint)
}

/// The endpoints of a JSON list of ids; those that cannot be read are left out.
pub(super) async fn find_all(
    connection: &mut SqliteConnection,
    ids: &str,
) -> Result<HashMap<EndpointId, Endpoint>> {
    const DOING: &str = "endpoints::find_all";
    let rows = sqlx::query(
        "SELECT endpoints.* FROM json_each(?) AS asked JOIN endpoints ON endpoints.id = asked.value",
    )
    .bind(ids)
    .fetch_all(connection)
    .await
    .map_err(at(DOING))?;
    let endpoints = keep_sound(rows.iter().map(|row| read_endpoint(Row::new(row, DOING))));
    Ok(endpoints.into_iter().map(|endpoint| (endpoint.id.clone(), endpoint)).collect())
}

fn read_endpoint(row: Row<'_>) -> Result<Endpoint> {
    Ok(Endpoint {
        id: row.id("id", EndpointId::parse)?,
        app_id: AppId(row.get("app_id")?),
        url: row.get("url")?,
        format: row.variant("format")?,
        owner: row.variant("owner")?,
        event_kinds: row.document("event_kinds")?,
        origins: row.document("origins")?,
        secret: row.get("secret")?,
        former_secrets: row.document("former_secrets")?,
        policy: row.document("policy")?,
        health: EndpointHealth {
            disabled: read_disabled(row)?,
            failing_since: row.optional_time("failing_since_ms")?,
        },
    })
}

fn read_disabled(row: Row<'_>) -> Result<Option<Disablement>> {
    let Some(at) = row.optional_time("disabled_ms")? else { return Ok(None) };
    Ok(Some(Disablement { at, reason: row.variant("disabled_reason")? }))
}
