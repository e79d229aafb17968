//! The template families: create, describe, modify and delete of each, by one decoder and encoder.
//!
//! | operations | family |
//! |---|---|
//! | `...SnapshotByTimeOffsetTemplate` | pictures at given offsets |
//! | `...SampleSnapshotTemplate` | pictures in a regular series |
//! | `...ImageSpriteTemplate` | sprite sheets |
//!
//! Source: API 2018-07-17, the operations' pages. A template is read from a request over one that
//! stands: over the defaults when it is made, over itself when it is changed.

mod draft;
mod encode;

use stillframe_domain::{App, ErrorCode, TemplateFamily, TemplateRef};
use stillframe_service::Service;

use self::draft::Draft;
use super::envelope::Answer;
use super::error::Refusal;
use super::input::Input;

const DEFINITIONS_MAX: usize = 100;
const LIMIT_DEFAULT: i64 = 10;
const LIMIT_MAX: i64 = 100;

/// `Create...Template`: answers the number of the new template.
pub(super) async fn create(
    service: &Service,
    app: &App,
    family: TemplateFamily,
    input: &Input<'_>,
) -> Result<Answer, Refusal> {
    let draft = Draft::of_new(family, input)?;
    let made = service.create_template(app, family, &draft.name, &draft.comment, draft.spec()).await?;
    Ok(Answer::from_iter([("Definition".to_owned(), encode::number(&made).into())]))
}

/// `Describe...Templates`: presets first, then the app's own.
pub(super) async fn describe(
    service: &Service,
    app: &App,
    family: TemplateFamily,
    input: &Input<'_>,
) -> Result<Answer, Refusal> {
    let definitions = input.integers("Definitions")?;
    if definitions.len() > DEFINITIONS_MAX {
        let expected = format!("at most {DEFINITIONS_MAX}");
        return Err(Refusal::value("InvalidParameterValue.Definitions", "Definitions", expected));
    }
    let is_preset = template_type(input)?;
    let (offset, limit) = page(input)?;
    let mut templates = service.list_templates(app, family).await?;
    templates.retain(|template| {
        let is_named = definitions.is_empty() || definitions.contains(&encode::number(template));
        is_named && is_preset.is_none_or(|wanted| wanted == template.is_preset())
    });
    let items: Vec<_> =
        templates.iter().skip(offset).take(limit).map(|template| encode::item(family, template)).collect();
    Ok(Answer::from_iter([
        ("TotalCount".to_owned(), templates.len().into()),
        (encode::set_name(family).to_owned(), items.into()),
    ]))
}

/// `Modify...Template`: what the request does not name stays.
pub(super) async fn modify(
    service: &Service,
    app: &App,
    family: TemplateFamily,
    input: &Input<'_>,
) -> Result<Answer, Refusal> {
    let reference = reference(family, input)?;
    let mut template = service.find_template(app, &reference).await?;
    let draft = Draft::of_change(family, &template, input)?;
    template.spec = draft.spec();
    (template.name, template.comment) = (draft.name, draft.comment);
    service.update_template(app, template).await?;
    Ok(Answer::new())
}

/// `Delete...Template`.
pub(super) async fn delete(
    service: &Service,
    app: &App,
    family: TemplateFamily,
    input: &Input<'_>,
) -> Result<Answer, Refusal> {
    match service.delete_template(app, &reference(family, input)?).await {
        Ok(()) => Ok(Answer::new()),
        Err(error) if error.code == ErrorCode::TemplateImmutable => {
            Err(Refusal::new("InvalidParameterValue.DeleteDefaultTemplate", error.message))
        }
        Err(error) => Err(error.into()),
    }
}

fn reference(family: TemplateFamily, input: &Input<'_>) -> Result<TemplateRef, Refusal> {
    let number = input.required("Definition", input.integer("Definition")?)?;
    Ok(TemplateRef::Numbered { family, number })
}

/// Whether presets or others are asked for; `None` for all.
///
/// # Errors
/// `InvalidParameterValue.Type`.
pub(super) fn template_type(input: &Input<'_>) -> Result<Option<bool>, Refusal> {
    match input.text("Type")?.as_deref() {
        None | Some("") => Ok(None),
        Some("Preset") => Ok(Some(true)),
        Some("Custom") => Ok(Some(false)),
        Some(_) => Err(Refusal::value("InvalidParameterValue.Type", "Type", "Preset or Custom")),
    }
}

/// `Offset` and `Limit`.
///
/// # Errors
/// `InvalidParameterValue.Offset`, `InvalidParameterValue.Limit`.
pub(super) fn page(input: &Input<'_>) -> Result<(usize, usize), Refusal> {
    let offset = usize::try_from(input.integer("Offset")?.unwrap_or(0))
        .map_err(|_| Refusal::value("InvalidParameterValue.Offset", "Offset", "0 or more"))?;
    let limit = input.integer("Limit")?.unwrap_or(LIMIT_DEFAULT);
    let limit = usize::try_from(limit).ok().filter(|_| (0..=LIMIT_MAX).contains(&limit));
    let expected = format!("0 to {LIMIT_MAX}");
    let limit = limit.ok_or_else(|| Refusal::value("InvalidParameterValue.Limit", "Limit", expected))?;
    Ok((offset, limit))
}
