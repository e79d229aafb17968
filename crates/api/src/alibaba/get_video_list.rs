//! `GetVideoList`: videos by status, category and time, page by page.

use std::time::Duration;

use serde_json::{Value, json};
use stillframe_domain::object_key::OutputKind;
use stillframe_domain::{App, Timestamp};
use stillframe_service::{MediaFilter, Service};

use super::error::Refusal;
use super::handle::Answer;
use super::name_videos::VIDEOS_MAX;
use super::pages::{self, Page};
use super::params::Params;
use super::{status_filter, time, video};

/// One page of videos, and how many there are in all.
pub(super) async fn run(service: &Service, app: &App, params: &Params) -> Result<Answer, Refusal> {
    let page = Page::of(params)?;
    let filter = filter(params)?;
    let Some(filter) = filter else { return Ok(answer(0, Vec::new())) };
    let found = service.search_media(app, &filter, page.offset(), page.size).await?;
    let mut covers = video::picture_urls(service, app, &found.items, OutputKind::Cover).await?;
    let mut videos: Vec<Value> = Vec::with_capacity(found.items.len());
    for media in &found.items {
        let mut document = video::document(service, app, media);
        let covers = covers.remove(&media.id).unwrap_or_default();
        document.insert("Snapshots".to_owned(), json!({ "Snapshot": covers }));
        videos.push(document.into());
    }
    Ok(answer(found.total, videos))
}

fn answer(total: u64, videos: Vec<Value>) -> Answer {
    Answer::from_iter([
        ("Total".to_owned(), total.into()),
        ("VideoList".to_owned(), json!({ "Video": videos })),
    ])
}

/// What the request narrows to; `None` when no video here can have its status.
fn filter(params: &Params) -> Result<Option<MediaFilter>, Refusal> {
    let statuses = params.list("Status");
    let statuses = status_filter::parse(&statuses).ok_or_else(|| Refusal::invalid("Status"))?;
    let references = params.list("ReferenceIds");
    if VIDEOS_MAX < references.len() {
        return Err(Refusal::invalid("ReferenceIds"));
    }
    let (from, to) = (moment(params, "StartTime")?, moment(params, "EndTime")?);
    if let (Some(from), Some(to)) = (from, to)
        && to <= from
    {
        return Err(Refusal::invalid("EndTime"));
    }
    let filter = MediaFilter {
        reference_ids: references.into_iter().map(str::to_owned).collect(),
        categories: params.number("CateId", i64::MIN..=i64::MAX)?.into_iter().collect(),
        created_from: from,
        // Times have no parts of a second, so that the last second belongs to the range.
        created_before: to.map(|to| to.plus(Duration::from_secs(1))),
        order: pages::order(params)?,
        ..MediaFilter::default()
    };
    Ok(statuses.narrow(filter))
}

fn moment(params: &Params, name: &'static str) -> Result<Option<Timestamp>, Refusal> {
    let read = |text| time::read(text).ok_or_else(|| Refusal::invalid(name));
    params.find(name).map(read).transpose()
}
