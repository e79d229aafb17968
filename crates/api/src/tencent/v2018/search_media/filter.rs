//! What a search asks for, as a filter.

use chrono::DateTime;
use stillframe_domain::{MediaId, MediaState, Timestamp};
use stillframe_service::{MediaFilter, MediaOrder};

use crate::tencent::v2018::asked::{NEVER, refuse_members};
use crate::tencent::v2018::error::Refusal;
use crate::tencent::v2018::input::Input;
use crate::tencent::v2018::media_info;
use crate::tencent::v2018::span::{self, Span};

/// Members about what no video here has.
const NEVER_MATCHED: [&str; 7] = [
    "StreamIds",
    "StreamId",
    "TrtcSdkAppIds",
    "TrtcRoomIds",
    "StreamDomains",
    "StreamPaths",
    "KnowledgeBases",
];
const ITEMS_MAX: usize = 10;
const TAGS_MAX: usize = 16;
const FILE_ID_CHARS_MAX: usize = 40;
const TEXT_CHARS_MAX: usize = 100;
const TAG_CHARS_MAX: usize = 32;
const SINGLE_TEXT_CHARS_MAX: usize = 64;

/// The filter of a search; `None` when nothing can match.
///
/// # Errors
/// Refusals of values beyond the vendor's limits; `UnsupportedOperation` for regions of storage.
pub(super) fn of(input: &Input<'_>) -> Result<Option<MediaFilter>, Refusal> {
    refuse_members(input, &["StorageRegions"])?;
    let created = created(input)?;
    let categories = Choice::of(input, "Categories", &["Video", "Audio", "Image"])?;
    let mut filter = MediaFilter {
        ids: ids(input)?,
        name_contains: texts(input, "Names", (ITEMS_MAX, TEXT_CHARS_MAX))?,
        name_starts_with: texts(input, "NamePrefixes", (ITEMS_MAX, TEXT_CHARS_MAX))?,
        name_ends_with: endings(input)?,
        description_contains: texts(input, "Descriptions", (ITEMS_MAX, TEXT_CHARS_MAX))?,
        text_contains: text(input)?,
        tags: texts(input, "Tags", (TAGS_MAX, TAG_CHARS_MAX))?,
        categories: class_ids(input)?,
        states: states(input)?,
        created_from: created.from,
        created_before: created.before,
        order: order(input)?,
        ..MediaFilter::default()
    };
    filter.has_video = match (categories.names("Video"), categories.names("Audio")) {
        (true, false) => Some(true),
        (false, true) => Some(false),
        (true, true) | (false, false) => None,
    };
    let is_of_no_id = filter.ids.is_empty() && input.is_given("FileIds");
    let is_in_no_state = filter.states.is_empty();
    let is_matched = categories.matches(&["Video", "Audio"])
        && sources(input)?.matches(&["Upload"])
        && Choice::of(input, "StorageClasses", &["STANDARD", "STANDARD_IA", "ARCHIVE", "DEEP_ARCHIVE"])?
            .matches(&["STANDARD"])
        && Choice::of(input, "ReviewResults", &["pass", "review", "block", "notModerated"])?
            .matches(&["notModerated"])
        && never_expires(input)?
        && !NEVER_MATCHED.iter().any(|name| input.is_given(name));
    Ok((is_matched && !is_of_no_id && !is_in_no_state).then_some(filter))
}

/// Ids that can be; others match nothing.
fn ids(input: &Input<'_>) -> Result<Vec<MediaId>, Refusal> {
    let ids = texts(input, "FileIds", (ITEMS_MAX, FILE_ID_CHARS_MAX))?;
    Ok(ids.iter().filter_map(|id| MediaId::parse(id).ok().flatten()).collect())
}

fn class_ids(input: &Input<'_>) -> Result<Vec<i64>, Refusal> {
    let ids = input.integers("ClassIds")?;
    if ids.len() > ITEMS_MAX {
        return Err(too_many("ClassIds", ITEMS_MAX));
    }
    Ok(ids)
}

/// `MediaTypes` are endings of names.
fn endings(input: &Input<'_>) -> Result<Vec<String>, Refusal> {
    let types = texts(input, "MediaTypes", (ITEMS_MAX, TAG_CHARS_MAX))?;
    Ok(types.iter().map(|media_type| format!(".{media_type}")).collect())
}

fn text(input: &Input<'_>) -> Result<Option<String>, Refusal> {
    let text = input.text("Text")?.filter(|text| !text.is_empty());
    if text.as_ref().is_some_and(|text| text.chars().count() > SINGLE_TEXT_CHARS_MAX) {
        let expected = format!("at most {SINGLE_TEXT_CHARS_MAX} characters");
        return Err(Refusal::value("InvalidParameterValue.Text", "Text", expected));
    }
    Ok(text)
}

/// Texts that are not empty, as many and as long as documented.
fn texts(
    input: &Input<'_>,
    name: &'static str,
    (items_max, chars_max): (usize, usize),
) -> Result<Vec<String>, Refusal> {
    let mut texts = input.texts(name)?;
    if texts.len() > items_max {
        return Err(too_many(name, items_max));
    }
    texts.retain(|text| !text.is_empty());
    if texts.iter().any(|text| text.chars().count() > chars_max) {
        return Err(Refusal::value(code(name), name, format!("at most {chars_max} characters each")));
    }
    Ok(texts)
}

fn too_many(name: &'static str, most: usize) -> Refusal {
    Refusal::value(code(name), name, format!("at most {most} items"))
}

/// The vendor's code for a member; it has none for some.
fn code(name: &str) -> &'static str {
    match name {
        "FileIds" => "InvalidParameterValue.FileIds",
        "Names" => "InvalidParameterValue.Names",
        "NamePrefixes" => "InvalidParameterValue.NamePrefixes",
        "ClassIds" => "InvalidParameterValue.ClassIds",
        "Tags" => "InvalidParameterValue.Tags",
        "Categories" => "InvalidParameterValue.Categories",
        "SourceTypes" => "InvalidParameterValue.SourceTypes",
        "SourceType" => "InvalidParameterValue.SourceType",
        "Status" => "InvalidParameterValue.Status",
        _ => "InvalidParameterValue",
    }
}

/// The states of `Status`. Without it those whose bytes are here and sound: to the vendor, no other is a
/// video.
fn states(input: &Input<'_>) -> Result<Vec<MediaState>, Refusal> {
    const STATES: [MediaState; 4] =
        [MediaState::Fetching, MediaState::Stored, MediaState::Ready, MediaState::Failed];
    let known = ["Normal", "SystemForbidden", "Forbidden", "Uploading", "Failed"];
    let asked = Choice::of(input, "Status", &known)?;
    let asked = if asked.0.is_empty() { Choice(vec!["Normal".to_owned()]) } else { asked };
    Ok(STATES.into_iter().filter(|state| asked.names(media_info::status(*state))).collect())
}

fn sources(input: &Input<'_>) -> Result<Choice, Refusal> {
    let mut sources = texts(input, "SourceTypes", (ITEMS_MAX, TEXT_CHARS_MAX))?;
    if sources.is_empty() {
        sources.extend(input.text("SourceType")?.filter(|source| !source.is_empty()));
    }
    Ok(Choice(sources))
}

/// `CreateTime`, and the deprecated `StartTime` and `EndTime` where an end of it is missing; that end is not
/// within the span.
fn created(input: &Input<'_>) -> Result<Span, Refusal> {
    let span = Span::read(input, "CreateTime")?;
    let (start, end) = (span::moment(input, "StartTime")?, span::moment(input, "EndTime")?);
    Ok(Span { from: span.from.or(start), before: span.before.or(end) })
}

fn never_expires(input: &Input<'_>) -> Result<bool, Refusal> {
    let never = DateTime::parse_from_rfc3339(NEVER).expect("a time of our own").timestamp_millis();
    Ok(Span::read(input, "ExpireTime")?.holds(Timestamp::from_millis(never)))
}

fn order(input: &Input<'_>) -> Result<MediaOrder, Refusal> {
    let refused = |name: String, expected| Refusal::value("InvalidParameterValue.Sort", name, expected);
    let Some(sort) = input.object("Sort")? else { return Ok(MediaOrder::NewestFirst) };
    match sort.text("Field")?.as_deref() {
        None | Some("" | "CreateTime") => {}
        Some(_) => return Err(refused(sort.name("Field"), "CreateTime")),
    }
    match sort.text("Order")?.as_deref() {
        Some("Asc") => Ok(MediaOrder::OldestFirst),
        None | Some("" | "Desc") => Ok(MediaOrder::NewestFirst),
        Some(_) => Err(refused(sort.name("Order"), "Asc or Desc")),
    }
}

/// Words of which any may match; none match all.
struct Choice(Vec<String>);

impl Choice {
    fn of(input: &Input<'_>, name: &'static str, known: &[&str]) -> Result<Self, Refusal> {
        let words = input.texts(name)?;
        match words.iter().find(|word| !known.contains(&word.as_str())) {
            None => Ok(Self(words)),
            Some(_) => Err(Refusal::value(code(name), name, known.join(", "))),
        }
    }

    fn names(&self, word: &str) -> bool {
        self.0.iter().any(|one| one == word)
    }

    /// Whether a video that has one of these words may match.
    fn matches(&self, words: &[&str]) -> bool {
        self.0.is_empty() || words.iter().any(|word| self.names(word))
    }
}
