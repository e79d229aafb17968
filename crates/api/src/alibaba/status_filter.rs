//! Videos by the vendor's statuses.

use stillframe_domain::MediaState;
use stillframe_service::MediaFilter;

use super::video::{OTHER_STATUSES, STATUSES};

/// Which videos have one of some statuses.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum StatusFilter {
    /// All.
    Any,
    /// None here.
    Nothing,
    /// Those in these states; among failed ones only those whose bytes are here, or are not.
    OneOf(Vec<MediaState>, Option<bool>),
}

/// Reads statuses; without any, all videos have one of them. `None` for what is no status.
pub(super) fn parse(names: &[&str]) -> Option<StatusFilter> {
    if names.is_empty() {
        return Some(StatusFilter::Any);
    }
    let (mut states, mut failed) = (Vec::new(), Vec::new());
    for name in names {
        match STATUSES.iter().find(|(known, ..)| known == name) {
            Some((_, state, has_bytes)) => {
                states.push(*state);
                failed.extend(*has_bytes);
            }
            None if OTHER_STATUSES.contains(name) => {}
            None => return None,
        }
    }
    if states.is_empty() {
        return Some(StatusFilter::Nothing);
    }
    failed.dedup();
    let failed_with_bytes = if let [one] = failed[..] { Some(one) } else { None };
    Some(StatusFilter::OneOf(states, failed_with_bytes))
}

impl StatusFilter {
    /// A filter narrowed to these statuses; `None` when it finds nothing.
    pub(super) fn narrow(self, filter: MediaFilter) -> Option<MediaFilter> {
        match self {
            Self::Any => Some(filter),
            Self::Nothing => None,
            Self::OneOf(states, failed_with_bytes) => {
                Some(MediaFilter { states, failed_with_bytes, ..filter })
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_ways_to_fail_are_one_state() {
        let failed = |names: &[&str]| match parse(names) {
            Some(StatusFilter::OneOf(_, failed_with_bytes)) => failed_with_bytes,
            other => panic!("{other:?}"),
        };
        assert_eq!(failed(&["UploadFail"]), Some(false));
        assert_eq!(failed(&["Normal", "TranscodeFail"]), Some(true));
        assert_eq!(failed(&["UploadFail", "TranscodeFail"]), None);
        assert_eq!(parse(&["Blocked", "Checking"]), Some(StatusFilter::Nothing));
        assert_eq!((parse(&[]), parse(&["normal"])), (Some(StatusFilter::Any), None));
    }
}
