//! Apps, their keys, and nonces seen.

use std::collections::HashMap;
use std::time::Duration;

use async_trait::async_trait;
use sqlx::SqliteConnection;
use stillframe_domain::{AccessKey, App, AppId, AppSettings};

use super::SqliteDatabase;
use super::error::{at, conflict_or};
use super::queues;
use super::rows::{Row, keep_sound, read_all, read_one, stored_ms};
use super::writer::Tx;
use crate::traits::Apps;
use crate::{Result, stored};

#[async_trait]
impl Apps for SqliteDatabase {
    async fn insert_app(&self, name: &str, settings: &AppSettings) -> Result<App> {
        let (name, settings) = (name.to_owned(), settings.clone());
        self.write("apps::insert", |tx| Box::pin(insert(tx, name, settings))).await
    }

    async fn find_app(&self, id: AppId) -> Result<Option<App>> {
        const DOING: &str = "apps::find";
        let row = sqlx::query("SELECT id, name, settings FROM apps WHERE id = ?")
            .bind(id.0)
            .fetch_optional(&self.readers)
            .await
            .map_err(at(DOING))?;
        read_one(row.as_ref(), DOING, read_app)
    }

    async fn list_apps(&self) -> Result<Vec<App>> {
        const DOING: &str = "apps::list";
        let rows = sqlx::query("SELECT id, name, settings FROM apps ORDER BY id")
            .fetch_all(&self.readers)
            .await
            .map_err(at(DOING))?;
        read_all(&rows, DOING, read_app)
    }

    async fn update_app_settings(&self, id: AppId, settings: &AppSettings) -> Result<bool> {
        let settings = settings.clone();
        self.write("apps::update_settings", move |tx| Box::pin(update_settings(tx, id, settings))).await
    }

    async fn insert_key(&self, key: &AccessKey) -> Result<()> {
        let key = key.clone();
        self.write("keys::insert", |tx| Box::pin(insert_key(tx, key))).await
    }

    async fn find_key(&self, key_id: &str) -> Result<Option<AccessKey>> {
        const DOING: &str = "keys::find";
        let row = sqlx::query("SELECT key_id, app_id, secret FROM keys WHERE key_id = ?")
            .bind(key_id)
            .fetch_optional(&self.readers)
            .await
            .map_err(at(DOING))?;
        read_one(row.as_ref(), DOING, read_key)
    }

    async fn find_caller(&self, key_id: &str) -> Result<Option<(AccessKey, App)>> {
        const DOING: &str = "keys::find_caller";
        // Each request asks for both, and each question to a connection's thread costs more than its answer.
        let row = sqlx::query(
            "SELECT key_id, app_id, secret, apps.id, name, settings FROM keys JOIN apps ON apps.id = app_id
             WHERE key_id = ?",
        )
        .bind(key_id)
        .fetch_optional(&self.readers)
        .await
        .map_err(at(DOING))?;
        read_one(row.as_ref(), DOING, |row| Ok((read_key(row)?, read_app(row)?)))
    }

    async fn list_keys(&self, app_id: AppId) -> Result<Vec<AccessKey>> {
        const DOING: &str = "keys::list";
        let rows = sqlx::query("SELECT key_id, app_id, secret FROM keys WHERE app_id = ? ORDER BY seq")
            .bind(app_id.0)
            .fetch_all(&self.readers)
            .await
            .map_err(at(DOING))?;
        read_all(&rows, DOING, read_key)
    }

    async fn delete_key(&self, app_id: AppId, key_id: &str) -> Result<bool> {
        let key_id = key_id.to_owned();
        self.write("keys::delete", move |tx| Box::pin(delete_key(tx, app_id, key_id))).await
    }

    async fn remember_nonce(&self, scope: &str, nonce: &str, keep: Duration) -> Result<bool> {
        let (scope, nonce) = (scope.to_owned(), nonce.to_owned());
        self.write("nonces::remember", move |tx| Box::pin(remember(tx, scope, nonce, keep))).await
    }
}

async fn insert(tx: &mut Tx, name: String, settings: AppSettings) -> Result<App> {
    const DOING: &str = "apps::insert";
    let (document, now_ms) = (stored::document(DOING, &settings)?, tx.now_ms());
    let done = sqlx::query("INSERT INTO apps (name, settings, created_ms) VALUES (?, ?, ?)")
        .bind(&name)
        .bind(document)
        .bind(now_ms)
        .execute(tx.connection())
        .await
        .map_err(at(DOING))?;
    let id = AppId(done.last_insert_rowid());
    queues::insert(tx, id).await?;
    Ok(App { id, name, settings })
}

/// Replaces an app's settings; `false` when there is no such app.
pub(super) async fn update_settings(tx: &mut Tx, id: AppId, settings: AppSettings) -> Result<bool> {
    const DOING: &str = "apps::update_settings";
    let done = sqlx::query("UPDATE apps SET settings = ? WHERE id = ?")
        .bind(stored::document(DOING, &settings)?)
        .bind(id.0)
        .execute(tx.connection())
        .await
        .map_err(at(DOING))?;
    Ok(0 < done.rows_affected())
}

async fn insert_key(tx: &mut Tx, key: AccessKey) -> Result<()> {
    let now_ms = tx.now_ms();
    sqlx::query("INSERT INTO keys (key_id, app_id, secret, created_ms) VALUES (?, ?, ?, ?)")
        .bind(key.key_id)
        .bind(key.app_id.0)
        .bind(key.secret)
        .bind(now_ms)
        .execute(tx.connection())
        .await
        .map_err(conflict_or("an access key of this id", "keys::insert"))?;
    Ok(())
}

async fn delete_key(tx: &mut Tx, app_id: AppId, key_id: String) -> Result<bool> {
    let done = sqlx::query("DELETE FROM keys WHERE app_id = ? AND key_id = ?")
        .bind(app_id.0)
        .bind(key_id)
        .execute(tx.connection())
        .await
        .map_err(at("keys::delete"))?;
    Ok(0 < done.rows_affected())
}

/// Whether a nonce is new in its scope; it then is remembered for a time.
pub(super) async fn remember(tx: &mut Tx, scope: String, nonce: String, keep: Duration) -> Result<bool> {
    const DOING: &str = "nonces::remember";
    let now_ms = tx.now_ms();
    sqlx::query("DELETE FROM nonces WHERE expires_ms <= ?")
        .bind(now_ms)
        .execute(tx.connection())
        .await
        .map_err(at(DOING))?;
    let done =
        sqlx::query("INSERT INTO nonces (scope, nonce, expires_ms) VALUES (?, ?, ?) ON CONFLICT DO NOTHING")
            .bind(scope)
            .bind(nonce)
            .bind(now_ms.saturating_add(stored_ms(keep)))
            .execute(tx.connection())
            .await
            .map_err(at(DOING))?;
    Ok(0 < done.rows_affected())
}

/// The apps of a JSON list of ids; those that cannot be read are left out.
pub(super) async fn find_all(connection: &mut SqliteConnection, ids: &str) -> Result<HashMap<AppId, App>> {
    const DOING: &str = "apps::find_all";
    let rows = sqlx::query("SELECT apps.* FROM json_each(?) AS asked JOIN apps ON apps.id = asked.value")
        .bind(ids)
        .fetch_all(connection)
        .await
        .map_err(at(DOING))?;
    let apps = keep_sound(rows.iter().map(|row| read_app(Row::new(row, DOING))));
    Ok(apps.into_iter().map(|app| (app.id, app)).collect())
}

fn read_app(row: Row<'_>) -> Result<App> {
    Ok(App { id: AppId(row.get("id")?), name: row.get("name")?, settings: row.document("settings")? })
}

fn read_key(row: Row<'_>) -> Result<AccessKey> {
    Ok(AccessKey {
        key_id: row.get("key_id")?,
        secret: row.get("secret")?,
        app_id: AppId(row.get("app_id")?),
    })
}
