//! `MultiPullVodFile` (also `MultiPullVideoFromUrl`): fetches videos from URLs, each with the pictures that
//! it is to get.
//!
//! Source: 266/7817. Either every video is accepted or none. `isTranscode` is accepted and nothing is
//! transcoded, `fileMd5` is not compared, and `priority` is that of the pictures.

use serde_json::{Value, json};
use stillframe_domain::{App, Dialect, MediaDetails, RequestKind};
use stillframe_service::{AddMedia, AddedMedia, Service, SubmitSnapshot};

use super::envelope::Answer;
use super::error::Refusal;
use super::params::Params;
use super::pictures;
use crate::tencent::task_id;

/// Most videos of one request, as documented.
const VIDEOS_MAX: usize = 50;
const MD5_DIGITS: usize = 32;

/// Accepts the videos and answers their ids and task ids.
pub(super) async fn run(service: &Service, app: &App, params: &Params) -> Result<Answer, Refusal> {
    let sections = params.sections("pullset")?;
    if sections.is_empty() {
        return Err(Refusal::missing("pullset.n.url"));
    }
    if sections.len() > VIDEOS_MAX {
        return Err(Refusal::invalid("pullset.n", format!("at most {VIDEOS_MAX} videos")));
    }
    let mut asked = Vec::new();
    for section in &sections {
        asked.push(video(service, app, &Item { params, section }).await?);
    }
    let urls: Vec<String> = asked.iter().map(|(_, url)| url.clone()).collect();
    let added = service.add_urls(app, asked).await?;
    let data: Vec<Value> = added.iter().zip(urls).map(|(added, url)| item(added, &url)).collect();
    Ok(Answer::from_iter([("data".to_owned(), data.into())]))
}

/// The parameters of one video.
struct Item<'a> {
    params: &'a Params,
    section: &'a str,
}

impl Item<'_> {
    fn name(&self, name: &str) -> String {
        format!("{}.{name}", self.section)
    }

    fn find(&self, name: &str) -> Option<&str> {
        self.params.find(&self.name(name))
    }

    fn required(&self, name: &str) -> Result<String, Refusal> {
        self.params.required(&self.name(name)).map(str::to_owned)
    }

    fn flag(&self, name: &str) -> Result<bool, Refusal> {
        self.params.flag(&self.name(name))
    }
}

/// A video to be fetched, and its URL.
async fn video(service: &Service, app: &App, item: &Item<'_>) -> Result<(AddMedia, String), Refusal> {
    let url = item.required("url")?;
    let name = item.required("fileName")?;
    check_md5(item)?;
    item.flag("isTranscode")?;
    item.flag("isReport")?;
    pictures::refuse_watermark(item.params, &item.name("isWatermark"))?;
    let details = MediaDetails {
        tags: tags(item.find("tags").unwrap_or_default()),
        category: item.params.optional_integer(&item.name("classId"))?,
        callback_url: item.find("notifyUrl").map(str::to_owned),
        ..MediaDetails::default()
    };
    let follow_ups = follow_ups(service, app, item).await?;
    Ok((AddMedia { name: Some(name), details, follow_ups, ..AddMedia::over(Dialect::Tencent) }, url))
}

async fn follow_ups(service: &Service, app: &App, item: &Item<'_>) -> Result<Vec<SubmitSnapshot>, Refusal> {
    let priority = item.params.priority(&item.name("priority"))?;
    let request = |outputs| SubmitSnapshot { priority, ..pictures::request(RequestKind::Procedure, outputs) };
    let mut asked = Vec::new();
    if item.flag("isScreenshot")? {
        asked.push(request(vec![pictures::preset_samples(service, app).await?]));
    }
    if let Some(key) = item.find("procedure") {
        let procedure = service.find_procedure(app, key).await?;
        let outputs = service.procedure_outputs(app, &procedure).await?;
        asked.push(pictures::by_procedure(&procedure, request(outputs)));
    }
    Ok(asked)
}

fn check_md5(item: &Item<'_>) -> Result<(), Refusal> {
    let is_md5 = |md5: &str| md5.len() == MD5_DIGITS && md5.bytes().all(|byte| byte.is_ascii_hexdigit());
    match item.find("fileMd5") {
        Some(md5) if !is_md5(md5) => Err(Refusal::invalid(&item.name("fileMd5"), "32 hex digits")),
        Some(_) | None => Ok(()),
    }
}

/// Tags are separated by commas.
fn tags(text: &str) -> Vec<String> {
    text.split(',').map(str::trim).filter(|tag| !tag.is_empty()).map(str::to_owned).collect()
}

fn item(added: &AddedMedia, url: &str) -> Value {
    let mut item = json!({
        "source_url": url,
        "file_id": added.media.id.to_string(),
        "file_name": added.media.name,
    });
    if let Some(fetch) = &added.fetch {
        item["vod_task_id"] = task_id::of_pull(&fetch.id).into();
    }
    item
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_are_separated_by_commas() {
        assert_eq!(tags("cats, dogs,,"), ["cats", "dogs"]);
        assert_eq!(tags(""), Vec::<String>::new());
    }
}
