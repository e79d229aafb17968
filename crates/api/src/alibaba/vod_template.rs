//! `AddVodTemplate`, `UpdateVodTemplate`, `GetVodTemplate`, `ListVodTemplate`, `DeleteVodTemplate`: named
//! shapes of pictures. Animated pictures, the vendor's other type of template, are not made here.

mod config;

pub(super) use config::{Config, frames_config};

use serde_json::{Value, json};
use stillframe_domain::object_key::OutputKind;
use stillframe_domain::{App, Template, TemplateRef, Timestamp};
use stillframe_service::{OutputRequest, Service, TemplateDraft};

use super::error::Refusal;
use super::handle::Answer;
use super::params::Params;
use super::{time, video, video_details};

const NAME_BYTES_MAX: usize = 128;
const SNAPSHOT: &str = "Snapshot";
/// A type of the vendor's that has no templates here.
const DYNAMIC_IMAGE: &str = "DynamicImage";

/// `AddVodTemplate`: answers the id of the new template.
pub(super) async fn add(service: &Service, app: &App, params: &Params) -> Result<Answer, Refusal> {
    video::check_app(app, params)?;
    let name = params.required("Name")?;
    video_details::check_length("Name", Some(name), NAME_BYTES_MAX)?;
    match params.required("TemplateType")? {
        SNAPSHOT => {}
        DYNAMIC_IMAGE => return Err(Refusal::unsupported()),
        _ => return Err(Refusal::invalid("TemplateType")),
    }
    let Config { spec, origin } = Config::read(params.required("TemplateConfig")?)?;
    let draft = TemplateDraft { name: name.to_owned(), comment: String::new(), spec, origin };
    let made = service.create_hex_template(app, draft).await?;
    Ok(id_of(&made))
}

/// `UpdateVodTemplate`: what the request does not name stays, and so does the kind of pictures.
pub(super) async fn update(service: &Service, app: &App, params: &Params) -> Result<Answer, Refusal> {
    let mut changed = find(service, app, params.required("VodTemplateId")?).await?;
    if let Some(name) = params.find("Name") {
        video_details::check_length("Name", Some(name), NAME_BYTES_MAX)?;
        name.clone_into(&mut changed.name);
    }
    if let Some(text) = params.find("TemplateConfig") {
        let Config { spec, origin } = Config::read(text)?;
        if OutputKind::of_spec(&spec) != OutputKind::of_spec(&changed.spec) {
            return Err(Refusal::invalid("TemplateConfig"));
        }
        (changed.spec, changed.origin) = (spec, origin);
    }
    Ok(id_of(&service.update_template(app, changed).await?))
}

/// `GetVodTemplate`.
pub(super) async fn get(service: &Service, app: &App, params: &Params) -> Result<Answer, Refusal> {
    let found = find(service, app, params.required("VodTemplateId")?).await?;
    Ok(Answer::from_iter([("VodTemplateInfo".to_owned(), document(&found))]))
}

/// `ListVodTemplate`: those of a type, oldest first.
pub(super) async fn list(service: &Service, app: &App, params: &Params) -> Result<Answer, Refusal> {
    video::check_app(app, params)?;
    let templates = match params.required("TemplateType")? {
        SNAPSHOT => service.list_hex_templates(app).await?,
        DYNAMIC_IMAGE => Vec::new(),
        _ => return Err(Refusal::invalid("TemplateType")),
    };
    let in_list = |template: &Template| {
        let mut document = document(template);
        document["AppId"] = video::app_id(app).into();
        document
    };
    let list: Vec<Value> = templates.iter().map(in_list).collect();
    Ok(Answer::from_iter([("VodTemplateInfoList".to_owned(), list.into())]))
}

/// `DeleteVodTemplate`: what was made by it stays.
pub(super) async fn delete(service: &Service, app: &App, params: &Params) -> Result<Answer, Refusal> {
    let found = find(service, app, params.required("VodTemplateId")?).await?;
    service.delete_template(app, &found.reference).await?;
    Ok(id_of(&found))
}

/// What the template of that id asks for.
///
/// # Errors
/// `NoSuchResource`.
pub(super) async fn outputs(service: &Service, app: &App, id: &str) -> Result<Vec<OutputRequest>, Refusal> {
    Ok(service.template_outputs(app, &TemplateRef::Hex(id.to_owned())).await?)
}

async fn find(service: &Service, app: &App, id: &str) -> Result<Template, Refusal> {
    Ok(service.find_template(app, &TemplateRef::Hex(id.to_owned())).await?)
}

fn document(template: &Template) -> Value {
    let moment = |at: Option<Timestamp>| at.map(time::write);
    json!({
        "VodTemplateId": id_text(template),
        "Name": template.name,
        "TemplateType": SNAPSHOT,
        "TemplateConfig": Config { spec: template.spec.clone(), origin: template.origin }.write(),
        "IsDefault": "NotDefault",
        "CreationTime": moment(template.created_at),
        "ModifyTime": moment(template.updated_at),
    })
}

fn id_of(template: &Template) -> Answer {
    Answer::from_iter([("VodTemplateId".to_owned(), id_text(template).into())])
}

fn id_text(template: &Template) -> String {
    match &template.reference {
        TemplateRef::Hex(id) => id.clone(),
        TemplateRef::Numbered { number, .. } => number.to_string(),
    }
}
