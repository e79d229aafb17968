//! Procedures of apps.

use async_trait::async_trait;
use stillframe_domain::{AppId, Procedure};

use super::SqliteDatabase;
use super::error::{at, conflict_or};
use super::rows::{Row, read_all, read_one};
use super::writer::Tx;
use crate::traits::Procedures;
use crate::{Result, stored};

#[async_trait]
impl Procedures for SqliteDatabase {
    async fn insert_procedure(&self, app_id: AppId, procedure: &Procedure) -> Result<()> {
        let procedure = procedure.clone();
        self.write("procedures::insert", move |tx| Box::pin(insert(tx, app_id, procedure))).await
    }

    async fn find_procedure(&self, app_id: AppId, key: &str) -> Result<Option<Procedure>> {
        const DOING: &str = "procedures::find";
        let row = sqlx::query("SELECT * FROM procedures WHERE app_id = ? AND key = ?")
            .bind(app_id.0)
            .bind(key)
            .fetch_optional(&self.readers)
            .await
            .map_err(at(DOING))?;
        read_one(row.as_ref(), DOING, read_procedure)
    }

    async fn list_procedures(&self, app_id: AppId) -> Result<Vec<Procedure>> {
        const DOING: &str = "procedures::list";
        let rows = sqlx::query("SELECT * FROM procedures WHERE app_id = ? ORDER BY seq")
            .bind(app_id.0)
            .fetch_all(&self.readers)
            .await
            .map_err(at(DOING))?;
        read_all(&rows, DOING, read_procedure)
    }

    async fn update_procedure(&self, app_id: AppId, procedure: &Procedure) -> Result<bool> {
        let procedure = procedure.clone();
        self.write("procedures::update", move |tx| Box::pin(update(tx, app_id, procedure))).await
    }

    async fn delete_procedure(&self, app_id: AppId, key: &str) -> Result<bool> {
        let key = key.to_owned();
        self.write("procedures::delete", move |tx| Box::pin(delete(tx, app_id, key))).await
    }
}

async fn insert(tx: &mut Tx, app_id: AppId, procedure: Procedure) -> Result<()> {
    const DOING: &str = "procedures::insert";
    sqlx::query(
        "INSERT INTO procedures (app_id, key, title, comment, steps, created_ms, updated_ms)
         VALUES (?, ?, ?, ?, ?, ?, ?)",
    )
    .bind(app_id.0)
    .bind(procedure.key)
    .bind(procedure.title)
    .bind(procedure.comment)
    .bind(stored::document(DOING, &procedure.steps)?)
    .bind(procedure.created_at.as_millis())
    .bind(procedure.updated_at.as_millis())
    .execute(tx.connection())
    .await
    .map_err(conflict_or("a procedure of this key", DOING))?;
    Ok(())
}

async fn update(tx: &mut Tx, app_id: AppId, procedure: Procedure) -> Result<bool> {
    const DOING: &str = "procedures::update";
    let done = sqlx::query(
        "UPDATE procedures SET title = ?, comment = ?, steps = ?, updated_ms = ?
         WHERE app_id = ? AND key = ?",
    )
    .bind(procedure.title)
    .bind(procedure.comment)
    .bind(stored::document(DOING, &procedure.steps)?)
    .bind(procedure.updated_at.as_millis())
    .bind(app_id.0)
    .bind(procedure.key)
    .execute(tx.connection())
    .await
    .map_err(at(DOING))?;
    Ok(0 < done.rows_affected())
}

async fn delete(tx: &mut Tx, app_id: AppId, key: String) -> Result<bool> {
    let done = sqlx::query("DELETE FROM procedures WHERE app_id = ? AND key = ?")
        .bind(app_id.0)
        .bind(key)
        .execute(tx.connection())
        .await
        .map_err(at("procedures::delete"))?;
    Ok(0 < done.rows_affected())
}

fn read_procedure(row: Row<'_>) -> Result<Procedure> {
    Ok(Procedure {
        key: row.get("key")?,
        title: row.get("title")?,
        comment: row.get("comment")?,
        steps: row.document("steps")?,
        created_at: row.time("created_ms")?,
        updated_at: row.time("updated_ms")?,
    })
}
