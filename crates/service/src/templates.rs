//! Templates that an app makes, beside the presets that every app has.

use stillframe_database::DatabaseError;
use stillframe_domain::{
    App, ErrorCode, SnapshotSpec, Template, TemplateFamily, TemplateRef, limits, template,
};

use crate::submit_snapshot::check_product;
use crate::{Result, Service, ServiceError, invalid};

/// The first number that an app's own template gets.
const FIRST_NUMBER: i64 = 10_001;
/// How often a number that another request took meanwhile is minted again.
const MINT_ATTEMPTS: usize = 8;

impl Service {
    /// Makes a numbered template of an app.
    ///
    /// # Errors
    /// `TooManyTemplates`; `InvalidParameter`.
    pub async fn create_template(
        &self,
        app: &App,
        family: TemplateFamily,
        name: &str,
        comment: &str,
        spec: SnapshotSpec,
    ) -> Result<Template> {
        check_texts(name, comment)?;
        check_product(&spec)?;
        let now = Some(self.now());
        for _ in 0..MINT_ATTEMPTS {
            let template = Template {
                reference: TemplateRef::Numbered { family, number: self.next_number(app, family).await? },
                name: name.to_owned(),
                comment: comment.to_owned(),
                created_at: now,
                updated_at: now,
                spec: spec.clone(),
            };
            match self.database().insert_template(app.id, &template).await {
                Ok(()) => return Ok(template),
                Err(DatabaseError::Conflict { .. }) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Err(ServiceError::new(ErrorCode::Unavailable, "too many templates are made at once; try again"))
    }

    /// The templates of a family: presets first, then the app's own, oldest first.
    ///
    /// # Errors
    /// Database failures.
    pub async fn list_templates(&self, app: &App, family: TemplateFamily) -> Result<Vec<Template>> {
        let own = self.database().list_templates(app.id).await?;
        let all = template::presets().into_iter().chain(own);
        Ok(all.filter(|template| number_in(template, family).is_some()).collect())
    }

    /// Replaces an app's own template; the time of its making stays.
    ///
    /// # Errors
    /// `TemplateNotFound`; `TemplateImmutable` for presets; `InvalidParameter`.
    pub async fn update_template(&self, app: &App, template: Template) -> Result<Template> {
        let old = self.own_template(app, &template.reference).await?;
        check_texts(&template.name, &template.comment)?;
        check_product(&template.spec)?;
        let template = Template { created_at: old.created_at, updated_at: Some(self.now()), ..template };
        if self.database().update_template(app.id, &template).await? {
            Ok(template)
        } else {
            Err(not_found())
        }
    }

    /// Removes an app's own template. What was made by it stays.
    ///
    /// # Errors
    /// `TemplateNotFound`; `TemplateImmutable` for presets.
    pub async fn delete_template(&self, app: &App, reference: &TemplateRef) -> Result<()> {
        self.own_template(app, reference).await?;
        if self.database().delete_template(app.id, reference).await? { Ok(()) } else { Err(not_found()) }
    }

    async fn own_template(&self, app: &App, reference: &TemplateRef) -> Result<Template> {
        if template::find_preset(reference).is_some() {
            let message = "the template is one that every app has; it cannot be changed or removed";
            return Err(ServiceError::new(ErrorCode::TemplateImmutable, message));
        }
        self.database().find_template(app.id, reference).await?.ok_or_else(not_found)
    }

    async fn next_number(&self, app: &App, family: TemplateFamily) -> Result<i64> {
        let own = self.database().list_templates(app.id).await?;
        let numbers: Vec<i64> = own.iter().filter_map(|template| number_in(template, family)).collect();
        if numbers.len() >= limits::TEMPLATES_PER_FAMILY_MAX {
            let most = limits::TEMPLATES_PER_FAMILY_MAX;
            let message = format!("the app has {most} templates of this family, the most that it may");
            return Err(ServiceError::new(ErrorCode::TooManyTemplates, message));
        }
        Ok(numbers.into_iter().max().map_or(FIRST_NUMBER, |highest| highest + 1))
    }
}

fn number_in(template: &Template, wanted: TemplateFamily) -> Option<i64> {
    match template.reference {
        TemplateRef::Numbered { family, number } if family == wanted => Some(number),
        TemplateRef::Numbered { .. } | TemplateRef::Hex(_) => None,
    }
}

fn check_texts(name: &str, comment: &str) -> Result<()> {
    if name.chars().count() > 64 {
        return Err(invalid("name", "at most 64 characters"));
    }
    if comment.chars().count() > 256 {
        return Err(invalid("comment", "at most 256 characters"));
    }
    Ok(())
}

fn not_found() -> ServiceError {
    ServiceError::new(ErrorCode::TemplateNotFound, "there is no such template")
}
