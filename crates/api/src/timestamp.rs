//! Writing moments as text.

use chrono::{DateTime, SecondsFormat, Utc};
use stillframe_domain::Timestamp;

/// RFC 3339 in UTC with milliseconds: `2026-11-24T00:40:15.123Z`.
pub(crate) fn rfc3339_ms(at: Timestamp) -> String {
    date_time(at).to_rfc3339_opts(SecondsFormat::Millis, true)
}

/// RFC 3339 in UTC with whole seconds: `2026-11-24T00:40:15Z`.
pub(crate) fn rfc3339_s(at: Timestamp) -> String {
    date_time(at).to_rfc3339_opts(SecondsFormat::Secs, true)
}

/// The form of HTTP's headers: `Sun, 06 Nov 1994 08:49:37 GMT`.
pub(crate) fn http_date(at: Timestamp) -> String {
    date_time(at).format("%a, %d %b %Y %H:%M:%S GMT").to_string()
}

/// Reads RFC 3339.
pub(crate) fn read_rfc3339(text: &str) -> Option<Timestamp> {
    let at = DateTime::parse_from_rfc3339(text).ok()?;
    Some(Timestamp::from_millis(at.timestamp_millis()))
}

fn date_time(at: Timestamp) -> DateTime<Utc> {
    DateTime::from_timestamp_millis(at.as_millis()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_written_in_utc() {
        let at = Timestamp::from_millis(1_700_000_000_123);
        assert_eq!(rfc3339_ms(at), "2023-11-14T22:13:20.123Z");
        assert_eq!(rfc3339_s(at), "2023-11-14T22:13:20Z");
        assert_eq!(http_date(at), "Tue, 14 Nov 2023 22:13:20 GMT");
        assert_eq!(read_rfc3339("2023-11-14T23:13:20.123+01:00"), Some(at));
        assert_eq!(read_rfc3339("2023-11-14"), None);
    }
}
