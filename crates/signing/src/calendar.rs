//! Times as the schemes write them. All are of the proleptic Gregorian calendar in UTC.

use chrono::{DateTime, NaiveDateTime};

/// A Unix time in a format of `chrono`; `None` when it is beyond the calendar.
pub(crate) fn utc_text(unix_s: i64, format: &str) -> Option<String> {
    Some(DateTime::from_timestamp(unix_s, 0)?.format(format).to_string())
}

/// Reads what [`utc_text`] writes, and nothing else: no missing zeros, no signs, no spaces.
pub(crate) fn parse_utc(text: &str, format: &str) -> Option<i64> {
    let unix_s = NaiveDateTime::parse_from_str(text, format).ok()?.and_utc().timestamp();
    (utc_text(unix_s, format)? == text).then_some(unix_s)
}

/// Reads the `Date` header of HTTP in the one form that clients may send, `Sun, 22 Nov 2026 03:56:46 GMT`.
pub(crate) fn parse_http_date(text: &str) -> Option<i64> {
    parse_utc(text, "%a, %d %b %Y %H:%M:%S GMT")
}

/// Reads a Unix time: decimal digits alone.
pub(crate) fn parse_unix(text: &str) -> Option<i64> {
    let is_decimal = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    is_decimal.then(|| text.parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_as_they_are_written() {
        assert_eq!(utc_text(1_700_000_000, "%Y-%m-%d").as_deref(), Some("2023-11-14"));
        assert_eq!(parse_utc("20231114T221320Z", "%Y%m%dT%H%M%SZ"), Some(1_700_000_000));
        assert_eq!(parse_http_date("Tue, 14 Nov 2023 22:13:20 GMT"), Some(1_700_000_000));
        assert_eq!(parse_unix("1700000000"), Some(1_700_000_000));
    }

    #[test]
    fn loose_forms_are_refused() {
        for text in [
            "2023-1-14T00:00:00Z",
            "2023-11-14T0:00:00Z",
            "+2023-11-14T00:00:00Z",
            "",
            "2023-02-30T00:00:00Z",
        ] {
            assert_eq!(parse_utc(text, "%Y-%m-%dT%H:%M:%SZ"), None, "{text}");
        }
        for text in
            ["Tue, 14 nov 2023 22:13:20 GMT", "Mon, 14 Nov 2023 22:13:20 GMT", "14 Nov 2023 22:13:20 GMT"]
        {
            assert_eq!(parse_http_date(text), None, "{text}");
        }
        for text in ["", "+1", "-1", " 1", "1.0", "99999999999999999999", "١"] {
            assert_eq!(parse_unix(text), None, "{text}");
        }
        assert_eq!(utc_text(i64::MAX, "%Y"), None);
    }
}
