//! Moments in the vendor's form.

use chrono::{DateTime, NaiveDateTime, SecondsFormat};
use stillframe_domain::Timestamp;

/// `yyyy-MM-ddTHH:mm:ssZ`; parts of a second are dropped.
pub(super) fn write(at: Timestamp) -> String {
    let at = DateTime::from_timestamp(at.as_secs(), 0).unwrap_or_default();
    at.to_rfc3339_opts(SecondsFormat::Secs, true)
}

/// Reads `yyyy-MM-ddTHH:mm:ssZ`.
pub(super) fn read(text: &str) -> Option<Timestamp> {
    let at = NaiveDateTime::parse_from_str(text, "%Y-%m-%dT%H:%M:%SZ").ok()?;
    Some(Timestamp::from_secs(at.and_utc().timestamp()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        let at = Timestamp::from_millis(1_533_031_651_999);
        assert_eq!(write(at), "2018-07-31T10:07:31Z");
        assert_eq!(read("2018-07-31T10:07:31Z"), Some(Timestamp::from_secs(1_533_031_651)));
        for bad in ["", "2018-07-31", "2018-07-31T10:07:31+08:00", "2018-13-31T10:07:31Z"] {
            assert_eq!(read(bad), None, "{bad}");
        }
    }
}
