//! How times are written on the command line: `12.5s`, `1:02.5`, `00:01:02.500`, `50%`, `1500ms`.

use stillframe_domain::{MediaTime, Position};

/// Largest number that is taken in any unit; far beyond any video, far below overflow.
const NUMBER_MAX: i64 = 1_000_000_000;

/// Reads a position: a time, or a part of the duration such as `50%`.
///
/// # Errors
/// A sentence that says what is wrong with the text.
pub fn parse_position(text: &str) -> Result<Position, String> {
    match text.trim().strip_suffix('%') {
        Some(number) => parse_percent(number).map(Position::Percent),
        None => parse_time(text).map(Position::At),
    }
}

/// Reads a time. Digits beyond the millisecond are rounded up, so that the time of a frame as other
/// tools print it (`1.033333s`) names that frame and not the one before.
///
/// # Errors
/// A sentence that says what is wrong with the text.
pub fn parse_time(text: &str) -> Result<MediaTime, String> {
    let text = text.trim();
    let (is_negative, digits) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text),
    };
    let ms = unsigned_ms(digits).ok_or_else(|| {
        if digits.parse::<f64>().is_ok() {
            format!("has no unit: write {text}s for seconds or {text}ms for milliseconds")
        } else {
            "is no time: write it like 12.5s, 1:02.5, 00:01:02.500, 1500ms or 50%".to_owned()
        }
    })?;
    Ok(MediaTime::from_millis(if is_negative { -ms } else { ms }))
}

/// A time for people: `1:02.500`.
pub fn clock(time: MediaTime) -> String {
    let ms = time.as_millis();
    let sign = if ms < 0 { "-" } else { "" };
    let ms = ms.unsigned_abs();
    let (minutes, rest) = (ms / 60_000, ms % 60_000);
    let (seconds, parts) = (rest / 1_000, rest % 1_000);
    match (minutes / 60, minutes % 60) {
        (0, minutes) => format!("{sign}{minutes}:{seconds:02}.{parts:03}"),
        (hours, minutes) => format!("{sign}{hours}:{minutes:02}:{seconds:02}.{parts:03}"),
    }
}

/// Reads a percentage without its sign, 0 to 100.
fn parse_percent(number: &str) -> Result<f64, String> {
    let is_plain = number.bytes().all(|b| b.is_ascii_digit() || b == b'.');
    match number.parse::<f64>() {
        Ok(percent) if is_plain && percent <= 100.0 => Ok(percent),
        _ => Err("is no percentage from 0% to 100%".to_owned()),
    }
}

/// Milliseconds of a time without a sign; `None` when it is no time.
fn unsigned_ms(text: &str) -> Option<i64> {
    if text == "0" {
        return Some(0);
    }
    if let Some(number) = text.strip_suffix("ms") {
        return decimal(number, 0);
    }
    if let Some(number) = text.strip_suffix('s') {
        return decimal(number, 3);
    }
    let (head, seconds) = text.rsplit_once(':')?;
    let is_below_60 = whole(seconds.split('.').next()?)? < 60;
    let seconds_ms = decimal(seconds, 3).filter(|_| is_below_60)?;
    let minutes = match head.split_once(':') {
        Some((hours, minutes)) => whole(hours)? * 60 + whole(minutes).filter(|&m| m < 60)?,
        None => whole(head)?,
    };
    Some(minutes * 60_000 + seconds_ms)
}

/// A plain decimal number times `10^scale`, rounded up.
fn decimal(text: &str, scale: usize) -> Option<i64> {
    let (integer, fraction) = text.split_once('.').unwrap_or((text, "0"));
    let unit = 10_i64.pow(u32::try_from(scale).ok()?);
    if fraction.is_empty() || !fraction.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let (kept, dropped) = fraction.split_at(scale.min(fraction.len()));
    let kept = format!("{kept:0<scale$}");
    let parts = if kept.is_empty() { 0 } else { kept.parse().ok()? };
    let rounding = i64::from(dropped.bytes().any(|b| b != b'0'));
    Some(whole(integer)? * unit + parts + rounding)
}

fn whole(text: &str) -> Option<i64> {
    let is_plain = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    is_plain.then(|| text.parse().ok()).flatten().filter(|&n| n <= NUMBER_MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Option<i64> {
        parse_time(text).ok().map(MediaTime::as_millis)
    }

    #[test]
    fn every_form_of_the_contract_is_read() {
        assert_eq!(at("12.5s"), Some(12_500));
        assert_eq!(at("1:02.5"), Some(62_500));
        assert_eq!(at("00:01:02.500"), Some(62_500));
        assert_eq!(at("1500ms"), Some(1_500));
        assert_eq!(at("2:00:00"), Some(7_200_000));
        assert_eq!(at("0"), Some(0));
        assert_eq!(at("-1s"), Some(-1_000));
        assert_eq!(parse_position("50%"), Ok(Position::Percent(50.0)));
        assert_eq!(parse_position("33.3%"), Ok(Position::Percent(33.3)));
        assert_eq!(parse_position("5s"), Ok(Position::At(MediaTime::from_millis(5_000))));
    }

    #[test]
    fn digits_beyond_the_millisecond_round_up() {
        assert_eq!(at("1.0333s"), Some(1_034));
        assert_eq!(at("1.0330s"), Some(1_033));
        assert_eq!(at("0:59.9999"), Some(60_000));
        assert_eq!(at("33.3ms"), Some(34));
    }

    #[test]
    fn what_is_no_time_is_refused() {
        for text in [
            "",
            "s",
            "ms",
            ":",
            "1:",
            ":5",
            "1:60",
            "1:60:00",
            "1.s",
            ".5s",
            "1e3s",
            "+1s",
            "--1s",
            "1:2:3:4",
            "soon",
            "12 s",
            "1:-5",
            "99999999999999999999s",
        ] {
            assert!(at(text).is_none(), "{text:?}");
        }
        for text in ["101%", "-1%", "%", "1e1%", "NaN%", "inf%"] {
            assert!(parse_position(text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn clocks_are_read_back_as_the_same_time() {
        for (ms, text) in
            [(0, "0:00.000"), (62_500, "1:02.500"), (7_205_007, "2:00:05.007"), (-40, "-0:00.040")]
        {
            assert_eq!(clock(MediaTime::from_millis(ms)), text);
            assert_eq!(at(text), Some(ms));
        }
    }

    #[test]
    fn a_number_without_a_unit_is_answered_with_both_readings() {
        let message = parse_time("12").expect_err("no unit");
        assert!(message.contains("12s") && message.contains("12ms"), "{message}");
    }
}
