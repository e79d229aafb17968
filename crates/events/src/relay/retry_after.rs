//! The wait that a receiver asks for.
//!
//! Source: RFC 9110, 10.2.3 (`Retry-After`) and 5.6.7 (dates).

use std::time::Duration;

use chrono::DateTime;
use stillframe_domain::Timestamp;

/// Reads seconds, or a date after `now`; `None` when it is neither.
pub(super) fn read(text: &str, now: Timestamp) -> Option<Duration> {
    let text = text.trim();
    if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Some(Duration::from_secs(text.parse().unwrap_or(u64::MAX)));
    }
    let date = DateTime::parse_from_rfc2822(text).ok()?;
    Some(Timestamp::from_millis(date.timestamp_millis()).since(now))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seconds_and_dates_are_read_and_nothing_else() {
        // 1994-11-06T08:49:37Z.
        let now = Timestamp::from_secs(784_111_777);
        let read = |text| read(text, now).map(|wait| wait.as_secs());
        assert_eq!(read("120"), Some(120));
        assert_eq!(read(" 0 "), Some(0));
        assert_eq!(read("99999999999999999999999"), Some(u64::MAX));
        assert_eq!(read("Sun, 06 Nov 1994 08:51:37 GMT"), Some(120));
        assert_eq!(read("Sun, 06 Nov 1994 08:49:36 GMT"), Some(0), "a date that is over");
        for other in ["", "-1", "1.5", "soon", "+7", "Sun, 06 Nov"] {
            assert_eq!(read(other), None, "{other}");
        }
    }
}
