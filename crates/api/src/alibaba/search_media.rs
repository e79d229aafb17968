//! `SearchMedia`: videos that meet conditions, page by page.
//!
//! A scroll token holds the time of the first search, so that videos that come meanwhile do not move what
//! stands on the pages behind. Page numbers count from the beginning, with a token or without.

use std::time::Duration;

use serde_json::{Map, Value, json};
use stillframe_domain::object_key::OutputKind;
use stillframe_domain::{App, Media, Timestamp, VideoId};
use stillframe_service::{MediaFilter, Service};

use super::error::Refusal;
use super::handle::Answer;
use super::pages::{self, Page};
use super::params::Params;
use super::search_match::{self, Condition, Test};
use super::{status_filter, time, video};

/// The kind of media that there is; the vendor has others.
const VIDEO: &str = "video";
const OTHER_TYPES: [&str; 3] = ["audio", "image", "attached"];
/// Lists that are told only when `Fields` names them.
const PICTURES: [(&str, OutputKind); 2] =
    [("Snapshots", OutputKind::Cover), ("SpriteSnapshots", OutputKind::CoverSprite)];

/// One page of what is found, how much that is in all, and the token for the pages behind.
pub(super) async fn run(service: &Service, app: &App, params: &Params) -> Result<Answer, Refusal> {
    let page = Page::of(params)?;
    let begun = match params.find("ScrollToken") {
        Some(token) => read_token(token).ok_or_else(|| Refusal::invalid("ScrollToken"))?,
        // What is added within this millisecond is found as well.
        None => service.now().plus(Duration::from_millis(1)),
    };
    let filter = filter(params, begun)?;
    let filter = match params.find("SearchType").unwrap_or(VIDEO) {
        VIDEO => filter,
        other if OTHER_TYPES.contains(&other) => None,
        _ => return Err(Refusal::invalid("SearchType")),
    };
    let fields = params.list("Fields");
    let Some(filter) = filter else { return Ok(answer(0, Vec::new(), None)) };
    let found = service.search_media(app, &filter, page.offset(), page.size).await?;
    let mut pictures = Vec::new();
    for (name, kind) in PICTURES.into_iter().filter(|(name, _)| fields.contains(name)) {
        pictures.push((name, video::picture_urls(service, app, &found.items, kind).await?));
    }
    let mut media_list = Vec::with_capacity(found.items.len());
    for media in &found.items {
        let mut document = told(service, app, media, &fields);
        for (name, urls) in &mut pictures {
            document.insert((*name).to_owned(), json!(urls.remove(&media.id).unwrap_or_default()));
        }
        media_list.push(json!({
            "MediaId": media.video_id,
            "MediaType": VIDEO,
            "CreationTime": time::write(media.created_at),
            "Video": document,
        }));
    }
    let token = (0 < found.total).then(|| write_token(begun));
    Ok(answer(found.total, media_list, token))
}

fn answer(total: u64, media_list: Vec<Value>, token: Option<String>) -> Answer {
    let mut answer =
        Answer::from_iter([("Total".to_owned(), total.into()), ("MediaList".to_owned(), media_list.into())]);
    answer.extend(token.map(|token| ("ScrollToken".to_owned(), token.into())));
    answer
}

/// The fields that are asked for, and those that name the video; without a choice all but the pictures.
fn told(service: &Service, app: &App, media: &Media, fields: &[&str]) -> Map<String, Value> {
    let mut document = video::document(service, app, media);
    document.remove("UserData");
    if !fields.is_empty() {
        let is_told = |name: &str| matches!(name, "VideoId" | "CreationTime") || fields.contains(&name);
        document.retain(|name, _| is_told(name));
    }
    document
}

/// What the conditions narrow to; `None` when nothing can meet them.
fn filter(params: &Params, begun: Timestamp) -> Result<Option<MediaFilter>, Refusal> {
    let refused = || Refusal::invalid("Match");
    let conditions = search_match::parse(params.find("Match").unwrap_or_default()).ok_or_else(refused)?;
    let order = pages::order(params)?;
    let mut filter = Some(MediaFilter { created_before: Some(begun), order, ..MediaFilter::default() });
    let mut seen = Vec::new();
    for Condition { field, test } in conditions {
        // A filter holds one list for each field.
        if seen.contains(&field) {
            return Err(refused());
        }
        filter = match filter {
            Some(filter) => narrowed(filter, &field, test).ok_or_else(refused)?,
            None => None,
        };
        seen.push(field);
    }
    Ok(filter)
}

/// The filter with one more condition; `None` when there is no such condition, `Some(None)` when nothing
/// can meet it.
fn narrowed(filter: MediaFilter, field: &str, test: Test) -> Option<Option<MediaFilter>> {
    let narrow = |filter: MediaFilter| Some(Some(filter));
    match (field, test) {
        ("CreationTime", Test::Between(from, to)) => narrow(between(filter, from, to)?),
        ("VideoId" | "MediaId", Test::OneOf(ids)) => {
            let video_ids: Vec<VideoId> = ids.iter().filter_map(|id| VideoId::parse(id).ok()).collect();
            Some((!video_ids.is_empty()).then_some(MediaFilter { video_ids, ..filter }))
        }
        ("ReferenceId", Test::OneOf(reference_ids)) => narrow(MediaFilter { reference_ids, ..filter }),
        ("Title", Test::OneOf(name_contains)) => narrow(MediaFilter { name_contains, ..filter }),
        ("Description", Test::OneOf(texts)) => narrow(MediaFilter { description_contains: texts, ..filter }),
        ("Tags", Test::OneOf(tags)) => narrow(MediaFilter { tags, ..filter }),
        ("CateId", Test::OneOf(numbers)) => {
            let categories = numbers.iter().map(|number| number.parse().ok()).collect::<Option<_>>()?;
            narrow(MediaFilter { categories, ..filter })
        }
        ("Status", Test::OneOf(statuses)) => {
            let statuses: Vec<&str> = statuses.iter().map(String::as_str).collect();
            Some(status_filter::parse(&statuses)?.narrow(filter))
        }
        _ => None,
    }
}

fn between(filter: MediaFilter, from: (String, bool), to: (String, bool)) -> Option<MediaFilter> {
    // A second is the smallest part of a time here: the one behind an end that is not held, or is.
    let second = Duration::from_secs(1);
    let (begin, end) = (time::read(&from.0)?, time::read(&to.0)?);
    let begin = if from.1 { begin } else { begin.plus(second) };
    let end = if to.1 { end.plus(second) } else { end };
    let created_before = filter.created_before.map(|before| before.min(end));
    Some(MediaFilter { created_from: Some(begin), created_before, ..filter })
}

/// 32 digits, as the vendor's tokens have them.
fn write_token(begun: Timestamp) -> String {
    format!("{:032x}", begun.as_millis())
}

fn read_token(token: &str) -> Option<Timestamp> {
    let is_token = token.len() == 32 && token.bytes().all(|byte| byte.is_ascii_hexdigit());
    let millis = is_token.then(|| i64::from_str_radix(token, 16).ok())??;
    Some(Timestamp::from_millis(millis))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(conditions: &str) -> Result<Option<MediaFilter>, Refusal> {
        filter(&Params::of(&[("Match", conditions)]), Timestamp::from_secs(4_000_000_000))
    }

    #[test]
    fn open_ends_of_a_range_leave_their_second_out() {
        let range = |text: &str| {
            let filter = read(text).expect("accepted").expect("can be met");
            (filter.created_from.map(Timestamp::as_secs), filter.created_before.map(Timestamp::as_secs))
        };
        let ends = "'2026-01-01T00:00:00Z','2026-01-01T00:01:00Z'";
        let start = 1_767_225_600;
        assert_eq!(range(&format!("CreationTime = [{ends}]")), (Some(start), Some(start + 61)));
        assert_eq!(range(&format!("CreationTime = ({ends})")), (Some(start + 1), Some(start + 60)));
    }

    #[test]
    fn conditions_that_nothing_meets_find_nothing_and_malformed_ones_are_refused() {
        assert!(read("Status = 'Blocked' and Title = 'x'").expect("accepted").is_none());
        assert!(read("VideoId = 'x'").expect("accepted").is_none());
        for refused in ["Colour = 'red'", "CateId = 'x'", "Title = 'a' and Title = 'b'", "CreationTime = 'x'"]
        {
            assert_eq!(read(refused).err(), Some(Refusal::invalid("Match")), "{refused}");
        }
    }

    #[test]
    fn tokens_are_32_digits_and_read_back() {
        let begun = Timestamp::from_millis(1_795_482_598_123);
        assert_eq!((write_token(begun).len(), read_token(&write_token(begun))), (32, Some(begun)));
        for bad in ["", "x", &"f".repeat(32), &"0".repeat(31)] {
            assert_eq!(read_token(bad), None, "{bad}");
        }
    }
}
