//! Templates that apps made.

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use stillframe_domain::{AppId, SizeRule, SnapshotSpec, Template, TemplateRef, Timestamp};

use super::SqliteDatabase;
use super::error::{at, conflict_or, unexpected};
use super::rows::{Row, read_all, read_one};
use super::writer::Tx;
use crate::traits::Templates;
use crate::{Result, stored};

/// What is made by a template. Documents of older writers lack what has a default here.
#[derive(Serialize, Deserialize)]
struct Made {
    #[serde(flatten)]
    spec: SnapshotSpec,
    #[serde(default)]
    origin: Option<SizeRule>,
}

impl Made {
    fn of(template: &Template) -> Self {
        Self { spec: template.spec.clone(), origin: template.origin }
    }
}

/// What stands in the place of a family for templates that are named by hex digits.
const HEX: &str = "hex";

#[async_trait]
impl Templates for SqliteDatabase {
    async fn insert_template(&self, app_id: AppId, template: &Template) -> Result<()> {
        let template = template.clone();
        self.write("templates::insert", move |tx| Box::pin(insert(tx, app_id, template))).await
    }

    async fn find_template(&self, app_id: AppId, reference: &TemplateRef) -> Result<Option<Template>> {
        const DOING: &str = "templates::find";
        let row = sqlx::query("SELECT * FROM templates WHERE app_id = ? AND reference = ?")
            .bind(app_id.0)
            .bind(reference_text(reference))
            .fetch_optional(&self.readers)
            .await
            .map_err(at(DOING))?;
        read_one(row.as_ref(), DOING, read_template)
    }

    async fn list_templates(&self, app_id: AppId) -> Result<Vec<Template>> {
        const DOING: &str = "templates::list";
        let rows = sqlx::query("SELECT * FROM templates WHERE app_id = ? ORDER BY seq")
            .bind(app_id.0)
            .fetch_all(&self.readers)
            .await
            .map_err(at(DOING))?;
        read_all(&rows, DOING, read_template)
    }

    async fn update_template(&self, app_id: AppId, template: &Template) -> Result<bool> {
        let template = template.clone();
        self.write("templates::update", move |tx| Box::pin(update(tx, app_id, template))).await
    }

    async fn delete_template(&self, app_id: AppId, reference: &TemplateRef) -> Result<bool> {
        let reference = reference_text(reference);
        self.write("templates::delete", move |tx| Box::pin(delete(tx, app_id, reference))).await
    }
}

async fn insert(tx: &mut Tx, app_id: AppId, template: Template) -> Result<()> {
    const DOING: &str = "templates::insert";
    let made = stored::document(DOING, &Made::of(&template))?;
    sqlx::query(
        "INSERT INTO templates (app_id, reference, name, comment, spec, created_ms, updated_ms)
         VALUES (?, ?, ?, ?, ?, ?, ?)",
    )
    .bind(app_id.0)
    .bind(reference_text(&template.reference))
    .bind(template.name)
    .bind(template.comment)
    .bind(made)
    .bind(template.created_at.map(Timestamp::as_millis))
    .bind(template.updated_at.map(Timestamp::as_millis))
    .execute(tx.connection())
    .await
    .map_err(conflict_or("a template of this name", DOING))?;
    Ok(())
}

async fn update(tx: &mut Tx, app_id: AppId, template: Template) -> Result<bool> {
    const DOING: &str = "templates::update";
    let made = stored::document(DOING, &Made::of(&template))?;
    let done = sqlx::query(
        "UPDATE templates SET name = ?, comment = ?, spec = ?, updated_ms = ?
         WHERE app_id = ? AND reference = ?",
    )
    .bind(template.name)
    .bind(template.comment)
    .bind(made)
    .bind(template.updated_at.map(Timestamp::as_millis))
    .bind(app_id.0)
    .bind(reference_text(&template.reference))
    .execute(tx.connection())
    .await
    .map_err(at(DOING))?;
    Ok(0 < done.rows_affected())
}

async fn delete(tx: &mut Tx, app_id: AppId, reference: String) -> Result<bool> {
    let done = sqlx::query("DELETE FROM templates WHERE app_id = ? AND reference = ?")
        .bind(app_id.0)
        .bind(reference)
        .execute(tx.connection())
        .await
        .map_err(at("templates::delete"))?;
    Ok(0 < done.rows_affected())
}

fn read_template(row: Row<'_>) -> Result<Template> {
    let Made { spec, origin } = row.document("spec")?;
    Ok(Template {
        reference: read_reference(row)?,
        name: row.get("name")?,
        comment: row.get("comment")?,
        created_at: row.optional_time("created_ms")?,
        updated_at: row.optional_time("updated_ms")?,
        spec,
        origin,
    })
}

fn reference_text(reference: &TemplateRef) -> String {
    match reference {
        TemplateRef::Numbered { family, number } => format!("{}/{number}", family.name()),
        TemplateRef::Hex(digits) => format!("{HEX}/{digits}"),
    }
}

fn read_reference(row: Row<'_>) -> Result<TemplateRef> {
    let text: &str = row.get("reference")?;
    let is_no_reference = || unexpected(row.doing(), format_args!("{text:?} names no template"));
    let (family, name) = text.split_once('/').ok_or_else(is_no_reference)?;
    if family == HEX {
        return Ok(TemplateRef::Hex(name.to_owned()));
    }
    Ok(TemplateRef::Numbered {
        family: stored::variant(row.doing(), family)?,
        number: name.parse().map_err(|_| is_no_reference())?,
    })
}
