//! How endpoints fare: follows their attempts, and holds what waits for one that is disabled.

use stillframe_domain::{
    AppId, Attempt, DisableReason, Disablement, EndpointHealth, EndpointId, Event, EventId,
};

use super::error::at;
use super::writer::Tx;
use super::{endpoints, outbox};
use crate::Result;
use crate::traits::Topic;

/// Moves an endpoint's health on by an attempt, and tells of it when that disables it. The callback of a
/// job alone is stored nowhere and has no health.
pub(super) async fn follow(tx: &mut Tx, endpoint_id: &str, attempt: &Attempt) -> Result<()> {
    let Some(endpoint) = endpoints::find_any(tx.connection(), endpoint_id).await? else { return Ok(()) };
    let health = endpoint.health_after(attempt, tx.now);
    if health == endpoint.health {
        return Ok(());
    }
    endpoints::set_health(tx, &endpoint.id, health).await?;
    if endpoint.health.failing_since.is_none() && health.failing_since.is_some() {
        give_way(tx, &endpoint.id).await?;
    }
    if endpoint.health.disabled.is_none() && health.disabled.is_some() {
        hold(tx, &endpoint.id).await?;
        let id = EventId::mint(tx.rng.as_ref());
        let told: Vec<Event> = Event::of_disabled_endpoint(id, &endpoint, &health).into_iter().collect();
        outbox::tell(tx, &told).await?;
    }
    Ok(())
}

/// Switches an endpoint off for its owner.
pub(super) async fn disable(tx: &mut Tx, app_id: AppId, id: EndpointId) -> Result<bool> {
    let Some(endpoint) = endpoints::find(tx.connection(), app_id, &id).await? else { return Ok(false) };
    if !endpoint.is_disabled() {
        let disabled = Some(Disablement { at: tx.now, reason: DisableReason::Owner });
        endpoints::set_health(tx, &id, EndpointHealth { disabled, ..endpoint.health }).await?;
        hold(tx, &id).await?;
    }
    Ok(true)
}

/// Switches an endpoint on again.
pub(super) async fn enable(tx: &mut Tx, app_id: AppId, id: EndpointId) -> Result<bool> {
    let Some(endpoint) = endpoints::find(tx.connection(), app_id, &id).await? else { return Ok(false) };
    if endpoint.is_disabled() {
        endpoints::set_health(tx, &id, EndpointHealth::default()).await?;
        release(tx, &id).await?;
    }
    Ok(true)
}

/// Moves what waits for an endpoint that began to fail into the lane of what is retried, so that it delays
/// nothing that others wait for.
async fn give_way(tx: &mut Tx, id: &EndpointId) -> Result<()> {
    sqlx::query(
        "UPDATE deliveries SET is_retry = 1 WHERE endpoint_id = ? AND state = 'pending' AND is_retry = 0",
    )
    .bind(id.as_str())
    .execute(tx.connection())
    .await
    .map_err(at("deliveries::give_way"))?;
    Ok(())
}

async fn hold(tx: &mut Tx, id: &EndpointId) -> Result<()> {
    sqlx::query("UPDATE deliveries SET is_held = 1 WHERE endpoint_id = ? AND state = 'pending'")
        .bind(id.as_str())
        .execute(tx.connection())
        .await
        .map_err(at("deliveries::hold"))?;
    Ok(())
}

/// What is leased at the moment is left to its relay.
async fn release(tx: &mut Tx, id: &EndpointId) -> Result<()> {
    let now_ms = tx.now_ms();
    sqlx::query(
        "UPDATE deliveries SET is_held = 0, is_retry = 1,
             next_ms = CASE is_leased WHEN 0 THEN min(next_ms, ?) ELSE next_ms END
         WHERE endpoint_id = ? AND state = 'pending' AND is_held = 1",
    )
    .bind(now_ms)
    .bind(id.as_str())
    .execute(tx.connection())
    .await
    .map_err(at("deliveries::release"))?;
    tx.hint(Topic::Deliveries);
    Ok(())
}
