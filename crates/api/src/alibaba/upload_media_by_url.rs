//! `UploadMediaByURL`: videos to be fetched, each with what is said of it and what is to be made of it.
//!
//! A transcoding template group is accepted and has no effect, since nothing is transcoded. Metadata counts
//! for the URL that it names, and for no other.

use serde::Deserialize;
use serde_json::{Value, json};
use stillframe_domain::media::Cover;
use stillframe_domain::{App, Dialect, MediaDetails};
use stillframe_service::{AddMedia, FetchRequest, Service, SubmitSnapshot};

use super::error::Refusal;
use super::handle::Answer;
use super::params::Params;
use super::user_data::{self, UserData};
use super::video_details::{DESCRIPTION_BYTES_MAX, TITLE_BYTES_MAX, check_length, in_vendor_words, tags};
use super::{video, workflow};

const URLS_MAX: usize = 20;

/// What is said of one of the videos.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Metadata {
    #[serde(rename = "SourceURL")]
    source_url: String,
    title: Option<String>,
    description: Option<String>,
    #[serde(rename = "CoverURL")]
    cover_url: Option<String>,
    cate_id: Option<Value>,
    tags: Option<String>,
    workflow_id: Option<String>,
    reference_id: Option<String>,
    user_data: Option<Value>,
}

/// Accepts the videos and answers the jobs that fetch them, in the order of their URLs.
pub(super) async fn run(service: &Service, app: &App, params: &Params) -> Result<Answer, Refusal> {
    video::check_app(app, params)?;
    params.required("UploadURLs")?;
    let urls = urls(params, "UploadURLs");
    if urls.len() > URLS_MAX {
        return Err(invalid_urls());
    }
    let metadata = metadata(params)?;
    let mut asked = Vec::with_capacity(urls.len());
    for (k, url) in urls.iter().enumerate() {
        let about = metadata.iter().find(|about| decoded(&about.source_url) == *url);
        let mut add = add_media(service, app, params, about.unwrap_or(&Metadata::default())).await?;
        // The request has one name, which its first video bears.
        add.fetch.dedupe_key = params.find("SessionId").filter(|_| k == 0).map(str::to_owned);
        asked.push((add, url.clone()));
    }
    let added = service.add_urls(app, asked).await.map_err(in_vendor_words)?;
    let job = |(added, url): (stillframe_service::AddedMedia, &String)| json!({ "JobId": added.fetch.map(|fetch| fetch.id), "SourceURL": url });
    let jobs: Vec<Value> = added.into_iter().zip(&urls).map(job).collect();
    Ok(Answer::from_iter([("UploadJobs".to_owned(), jobs.into())]))
}

/// The URLs of a list with commas, each of them encoded, as it has to be, or as it stands.
pub(super) fn urls(params: &Params, name: &str) -> Vec<String> {
    params.list(name).into_iter().map(decoded).collect()
}

/// The text of a URL that was encoded as a whole: a scheme without its colon and slashes shows that.
fn decoded(text: &str) -> String {
    if text.contains("://") {
        return text.to_owned();
    }
    let name = url::form_urlencoded::parse(text.as_bytes()).next();
    name.map(|(name, _)| name.into_owned()).unwrap_or_default()
}

fn metadata(params: &Params) -> Result<Vec<Metadata>, Refusal> {
    let Some(text) = params.find("UploadMetadatas") else { return Ok(Vec::new()) };
    serde_json::from_str(text).map_err(|_| Refusal::invalid("UploadMetadatas"))
}

async fn add_media(
    service: &Service,
    app: &App,
    params: &Params,
    about: &Metadata,
) -> Result<AddMedia, Refusal> {
    check_length("Title", about.title.as_deref(), TITLE_BYTES_MAX)?;
    check_length("Description", about.description.as_deref(), DESCRIPTION_BYTES_MAX)?;
    let given = |text: &Option<String>| text.clone().filter(|text| !text.is_empty());
    let UserData { extend, callback_url } = user_data_of(params, about)?;
    let details = MediaDetails {
        description: about.description.clone().unwrap_or_default(),
        tags: tags(about.tags.as_deref().unwrap_or_default())?,
        category: about.cate_id.as_ref().map(category).transpose()?,
        reference_id: given(&about.reference_id),
        callback_url,
        ..MediaDetails::default()
    };
    Ok(AddMedia {
        name: given(&about.title),
        pass_through: extend.clone(),
        details,
        cover: given(&about.cover_url).map(Cover::Url),
        follow_ups: follow_ups(service, app, params, about).await?,
        fetch: FetchRequest { pass_through: extend, ..FetchRequest::default() },
        ..AddMedia::over(Dialect::Alibaba)
    })
}

/// The caller's own data of a video, or else of the whole request.
fn user_data_of(params: &Params, about: &Metadata) -> Result<UserData, Refusal> {
    let own = match &about.user_data {
        None | Some(Value::Null) => None,
        Some(Value::String(text)) => Some(text.clone()),
        Some(other) => Some(other.to_string()),
    };
    user_data::parse(own.as_deref().or_else(|| params.find("UserData")).unwrap_or_default())
}

/// The workflow of a video, or else of the whole request.
async fn follow_ups(
    service: &Service,
    app: &App,
    params: &Params,
    about: &Metadata,
) -> Result<Vec<SubmitSnapshot>, Refusal> {
    let own = about.workflow_id.as_deref().filter(|id| !id.is_empty());
    match own.or_else(|| params.find("WorkflowId")) {
        Some(id) => Ok(vec![workflow::request(service, app, id).await?]),
        None => Ok(Vec::new()),
    }
}

fn category(value: &Value) -> Result<i64, Refusal> {
    let number = match value {
        Value::String(text) => text.parse().ok(),
        other => other.as_i64(),
    };
    number.ok_or_else(|| Refusal::invalid("UploadMetadatas"))
}

fn invalid_urls() -> Refusal {
    Refusal::bad_request("InvalidParameter.UploadURLs", "The upload URLs are invalid.")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_are_taken_encoded_or_plain() {
        let list = "http%3A%2F%2Fa.example%2Fa%2520b.mp4%3Fx%3D1%2C2, https://b.example/c%20d.mp4";
        let urls = urls(&Params::of(&[("UploadURLs", list)]), "UploadURLs");
        assert_eq!(urls, ["http://a.example/a%20b.mp4?x=1,2", "https://b.example/c%20d.mp4"]);
    }

    #[test]
    fn categories_are_numbers_or_texts() {
        assert_eq!((category(&json!(7)), category(&json!("-1"))), (Ok(7), Ok(-1)));
        assert!(category(&json!("x")).is_err() && category(&json!(1.5)).is_err());
    }
}
