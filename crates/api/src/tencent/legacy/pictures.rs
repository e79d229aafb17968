//! Requests for pictures: the video, sets of pictures by templates, and the job of both.

use stillframe_domain::object_key::OutputKind;
use stillframe_domain::{
    App, Dialect, MediaId, Origin, Position, Procedure, RequestKind, RequestOptions, Selection,
    TemplateFamily, TemplateRef,
};
use stillframe_service::{MediaName, OutputRequest, Service, SubmitSnapshot};

use super::error::Refusal;
use super::params::Params;

/// The video that `fileId` names.
///
/// # Errors
/// A refusal when it is missing or has other characters than digits.
pub(super) fn file_id(params: &Params) -> Result<MediaName, Refusal> {
    let id = MediaId::parse(params.required("fileId")?);
    id.map(MediaName::FileId).map_err(|error| Refusal::invalid("fileId", error.expected))
}

/// A set of pictures as the template of that family and number has it.
///
/// # Errors
/// Code 1000 when there is no such template.
pub(super) async fn by_template(
    service: &Service,
    app: &App,
    (family, number): (TemplateFamily, i64),
) -> Result<OutputRequest, Refusal> {
    let kind = match family {
        TemplateFamily::Offsets | TemplateFamily::Sample => OutputKind::Normal,
        TemplateFamily::Sprite => OutputKind::Sprite,
    };
    let template = TemplateRef::Numbered { family, number };
    let spec = service.find_template(app, &template).await?.spec;
    Ok(OutputRequest { kind, template: Some(template), spec })
}

/// Pictures at these times, in the shape of a time-offset template.
///
/// # Errors
/// As [`by_template`].
pub(super) async fn at(
    service: &Service,
    app: &App,
    number: i64,
    positions: Vec<Position>,
) -> Result<OutputRequest, Refusal> {
    let mut output = by_template(service, app, (TemplateFamily::Offsets, number)).await?;
    output.spec.selection = Selection::Offsets(positions);
    Ok(output)
}

/// The pictures of a bare `isScreenshot`: those of the preset sample template, one each 10 %.
///
/// # Errors
/// Database failures.
pub(super) async fn preset_samples(service: &Service, app: &App) -> Result<OutputRequest, Refusal> {
    by_template(service, app, (TemplateFamily::Sample, 10)).await
}

/// Refuses a mark on pictures: none is ever configured.
///
/// # Errors
/// Code 1163 for 1; a refusal for anything else than 0.
pub(super) fn refuse_watermark(params: &Params, name: &str) -> Result<(), Refusal> {
    if params.flag(name)? { Err(Refusal::no_watermark(name)) } else { Ok(()) }
}

/// The request, as one that named a procedure.
pub(super) fn by_procedure(procedure: &Procedure, request: SubmitSnapshot) -> SubmitSnapshot {
    let options = RequestOptions { procedure_key: Some(procedure.key.clone()), ..request.options };
    SubmitSnapshot { options, ..request }
}

/// A request for these sets, with nothing else asked for.
pub(super) fn request(kind: RequestKind, outputs: Vec<OutputRequest>) -> SubmitSnapshot {
    SubmitSnapshot {
        origin: Origin { dialect: Dialect::Tencent, kind },
        outputs,
        pass_through: None,
        callback_url: None,
        priority: 0,
        options: RequestOptions::default(),
    }
}
