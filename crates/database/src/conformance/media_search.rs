//! Searching videos.

use stillframe_domain::{AppId, Media, MediaFacts, MediaState, Timestamp};

use super::Subject;
use super::samples::{facts, media};
use crate::records::{MediaFilter, MediaOrder, NewMedia};

pub(super) async fn run(make: &impl AsyncFn() -> Subject) {
    each_part_of_a_filter_narrows(make().await).await;
    parts_are_counted_from_the_offset_of_one_app(make().await).await;
}

async fn add(s: &Subject, media: Media) -> Media {
    let new = NewMedia { media: media.clone(), jobs: Vec::new(), held_jobs: Vec::new(), events: Vec::new() };
    s.database.insert_media(&new).await.expect("insert");
    media
}

async fn names(s: &Subject, app: AppId, filter: MediaFilter) -> Vec<String> {
    let found = s.database.search_media(app, &filter, 0, 100).await.expect("search");
    assert_eq!(found.total, found.items.len() as u64);
    found.items.into_iter().map(|media| media.name).collect()
}

async fn each_part_of_a_filter_narrows(s: Subject) {
    let (own, other) = (s.app().await.id, s.app().await.id);
    let at = Timestamp::from_millis;
    let mut first = Media { name: "Holiday 100%".to_owned(), created_at: at(1_000), ..media(own) };
    first.details.tags = vec!["sea".to_owned(), "sun".to_owned()];
    first.details.category = Some(4);
    first.details.reference_id = Some("ref-1".to_owned());
    let mut second = Media { name: "Office_tour".to_owned(), created_at: at(2_000), ..media(own) };
    second.details.description = "Where we WORK".to_owned();
    second.state = MediaState::Ready;
    second.facts = Some(MediaFacts { video: None, ..facts() });
    let (first, second) = (add(&s, first).await, add(&s, second).await);
    add(&s, Media { name: "Holiday elsewhere".to_owned(), ..media(other) }).await;

    let all = MediaFilter::default;
    let texts = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>();
    let cases = [
        (all(), vec!["Office_tour", "Holiday 100%"]),
        (MediaFilter { order: MediaOrder::OldestFirst, ..all() }, vec!["Holiday 100%", "Office_tour"]),
        (MediaFilter { ids: vec![first.id], ..all() }, vec!["Holiday 100%"]),
        (MediaFilter { video_ids: vec![second.video_id.clone()], ..all() }, vec!["Office_tour"]),
        (MediaFilter { reference_ids: texts(&["ref-1", "ref-2"]), ..all() }, vec!["Holiday 100%"]),
        (MediaFilter { name_contains: texts(&["hOLi", "none"]), ..all() }, vec!["Holiday 100%"]),
        (MediaFilter { name_contains: texts(&["0%"]), ..all() }, vec!["Holiday 100%"]),
        (MediaFilter { name_contains: texts(&["e%t", "e t"]), ..all() }, vec![]),
        (MediaFilter { name_starts_with: texts(&["oFF", "day"]), ..all() }, vec!["Office_tour"]),
        (MediaFilter { name_ends_with: texts(&["TOUR", "Holi"]), ..all() }, vec!["Office_tour"]),
        (MediaFilter { text_contains: Some("hOLi".to_owned()), ..all() }, vec!["Holiday 100%"]),
        (MediaFilter { text_contains: Some("WE work".to_owned()), ..all() }, vec!["Office_tour"]),
        (MediaFilter { has_video: Some(true), ..all() }, vec!["Holiday 100%"]),
        (MediaFilter { has_video: Some(false), ..all() }, vec!["Office_tour"]),
        (MediaFilter { description_contains: texts(&["we work"]), ..all() }, vec!["Office_tour"]),
        (MediaFilter { tags: texts(&["sun"]), ..all() }, vec!["Holiday 100%"]),
        (MediaFilter { tags: texts(&["su"]), ..all() }, vec![]),
        (MediaFilter { categories: vec![4, 5], ..all() }, vec!["Holiday 100%"]),
        (MediaFilter { states: vec![MediaState::Ready], ..all() }, vec!["Office_tour"]),
        (MediaFilter { created_from: Some(at(2_000)), ..all() }, vec!["Office_tour"]),
        (MediaFilter { created_before: Some(at(2_000)), ..all() }, vec!["Holiday 100%"]),
        (MediaFilter { ids: vec![first.id], video_ids: vec![second.video_id], ..all() }, vec![]),
    ];
    for (filter, expected) in cases {
        assert_eq!(names(&s, own, filter.clone()).await, expected, "{filter:?}");
    }
}

async fn parts_are_counted_from_the_offset_of_one_app(s: Subject) {
    let app = s.app().await.id;
    let mut expected = Vec::new();
    for number in 0..5 {
        let created_at = Timestamp::from_millis(if number < 3 { 0 } else { 1 });
        expected.insert(0, add(&s, Media { created_at, ..media(app) }).await.id);
    }
    let mut seen = Vec::new();
    for offset in [0, 2, 4, 6] {
        let part = s.database.search_media(app, &MediaFilter::default(), offset, 2).await.expect("search");
        assert_eq!(part.total, 5);
        seen.extend(part.items.into_iter().map(|media| media.id));
    }
    assert_eq!(seen, expected);
    let none = s.database.search_media(app, &MediaFilter::default(), u64::MAX, 0).await.expect("search");
    assert_eq!((none.items.len(), none.total), (0, 5));
}
