//! `TimeRange`: a span of time, with both of its ends.

use std::time::Duration;

use chrono::DateTime;
use stillframe_domain::Timestamp;

use super::error::Refusal;
use super::input::Input;

/// A span, open where it has no bound.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(super) struct Span {
    /// Its first moment.
    pub from: Option<Timestamp>,
    /// The moment after its last.
    pub before: Option<Timestamp>,
}

impl Span {
    /// The span of a member with `After` and `Before`, which both belong to it.
    ///
    /// # Errors
    /// `InvalidParameterValue` for what is no ISO 8601 time.
    pub(super) fn read(input: &Input<'_>, name: &str) -> Result<Self, Refusal> {
        let Some(span) = input.object(name)? else { return Ok(Self::default()) };
        Ok(Self { from: moment(&span, "After")?, before: moment(&span, "Before")?.map(end) })
    }

    /// Whether a moment lies in it.
    pub(super) fn holds(&self, at: Timestamp) -> bool {
        self.from.is_none_or(|from| from <= at) && self.before.is_none_or(|before| at < before)
    }
}

/// A moment; `None` when it is missing or empty.
///
/// # Errors
/// `InvalidParameterValue` for what is no ISO 8601 time.
pub(super) fn moment(input: &Input<'_>, name: &str) -> Result<Option<Timestamp>, Refusal> {
    let Some(text) = input.text(name)?.filter(|text| !text.is_empty()) else { return Ok(None) };
    let refused = |_| Refusal::value("InvalidParameterValue", input.name(name), "an ISO 8601 time");
    let at = DateTime::parse_from_rfc3339(&text).map_err(refused)?;
    Ok(Some(Timestamp::from_millis(at.timestamp_millis())))
}

/// The end of a span whose last moment is written in whole seconds, as all times are that we answer.
fn end(last: Timestamp) -> Timestamp {
    let is_whole = last.as_millis() % 1_000 == 0;
    last.plus(Duration::from_millis(if is_whole { 1_000 } else { 1 }))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn both_ends_belong_to_a_span_by_the_second() {
        let tree = json!({ "T": { "After": "1970-01-01T00:00:01Z", "Before": "1970-01-01T08:00:02+08:00" } });
        let span = Span::read(&Input::root(&tree).expect("an object"), "T").expect("a span");
        let holds = [999, 1_000, 2_999, 3_000].map(|ms| span.holds(Timestamp::from_millis(ms)));
        assert_eq!(holds, [false, true, true, false]);
        let half = json!({ "T": { "Before": "1970-01-01T00:00:02.500Z" } });
        let span = Span::read(&Input::root(&half).expect("an object"), "T").expect("a span");
        assert_eq!(span.before, Some(Timestamp::from_millis(2_501)));
    }
}
