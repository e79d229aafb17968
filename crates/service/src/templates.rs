//! Templates that an app makes, beside the presets that every app has.

use stillframe_database::DatabaseError;
use stillframe_domain::object_key::OutputKind;
use stillframe_domain::{
    App, ErrorCode, Fit, ImageFormat, OutputId, Product, SizeRule, SnapshotSpec, Template, TemplateFamily,
    TemplateRef, limits, template,
};

use crate::submit_snapshot::check_product;
use crate::{OutputRequest, Result, Service, ServiceError, invalid};

/// Most templates of an app that are named by hex digits.
const HEX_TEMPLATES_MAX: usize = 200;
/// Longest name of a template, in characters.
const NAME_CHARS_MAX: usize = 128;

/// What an owner says of a template.
#[derive(Debug, Clone)]
pub struct TemplateDraft {
    /// A name for people.
    pub name: String,
    /// A remark for people.
    pub comment: String,
    /// What is made.
    pub spec: SnapshotSpec,
    /// Size of the single pictures that are kept beside its sprite; `None` keeps none.
    pub origin: Option<SizeRule>,
}

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
                origin: None,
            };
            match self.database().insert_template(app.id, &template).await {
                Ok(()) => return Ok(template),
                Err(DatabaseError::Conflict { .. }) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Err(ServiceError::new(ErrorCode::Unavailable, "too many templates are made at once; try again"))
    }

    /// Makes a template that is named by 32 hex digits.
    ///
    /// # Errors
    /// `TooManyTemplates`; `InvalidParameter`.
    pub async fn create_hex_template(&self, app: &App, draft: TemplateDraft) -> Result<Template> {
        let TemplateDraft { name, comment, spec, origin } = draft;
        check_texts(&name, &comment)?;
        check_product(&spec)?;
        if self.list_hex_templates(app).await?.len() >= HEX_TEMPLATES_MAX {
            let message = format!("the app has {HEX_TEMPLATES_MAX} such templates, the most that it may");
            return Err(ServiceError::new(ErrorCode::TooManyTemplates, message));
        }
        let now = Some(self.now());
        // Made of the same randomness as every other id of 32 digits.
        let reference = TemplateRef::Hex(OutputId::mint(self.rng()).to_string());
        let template = Template { reference, name, comment, created_at: now, updated_at: now, spec, origin };
        self.database().insert_template(app.id, &template).await?;
        Ok(template)
    }

    /// The app's templates that are named by hex digits, oldest first.
    ///
    /// # Errors
    /// Database failures.
    pub async fn list_hex_templates(&self, app: &App) -> Result<Vec<Template>> {
        let own = self.database().list_templates(app.id).await?;
        Ok(own.into_iter().filter(|template| matches!(template.reference, TemplateRef::Hex(_))).collect())
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

    /// What the template of that name asks for: its pictures, and the single ones that it keeps beside a sprite.
    ///
    /// # Errors
    /// `TemplateNotFound`.
    pub async fn template_outputs(&self, app: &App, reference: &TemplateRef) -> Result<Vec<OutputRequest>> {
        let Template { spec, origin, .. } = self.find_template(app, reference).await?;
        let output = |kind, spec| OutputRequest { kind, template: Some(reference.clone()), spec };
        let mut outputs = vec![output(OutputKind::of_spec(&spec), spec.clone())];
        if let Some(size) = origin {
            let (fit, format, quality) = (Fit::Stretch, ImageFormat::Jpg, template::JPEG_QUALITY_DEFAULT);
            let product = Product::Stills { size, fit, format, quality };
            outputs.push(output(OutputKind::SpriteOrigin, SnapshotSpec { product, ..spec }));
        }
        Ok(outputs)
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
    if name.chars().count() > NAME_CHARS_MAX {
        return Err(invalid("name", format!("at most {NAME_CHARS_MAX} characters")));
    }
    if comment.chars().count() > 256 {
        return Err(invalid("comment", "at most 256 characters"));
    }
    Ok(())
}

fn not_found() -> ServiceError {
    ServiceError::new(ErrorCode::TemplateNotFound, "there is no such template")
}
