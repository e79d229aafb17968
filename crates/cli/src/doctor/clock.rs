//! The clock: signatures are refused when it is wrong, and times that run backwards hold jobs up.

use std::path::Path;

use stillframe_domain::{Clock as _, SystemClock};

use super::Check;

/// No clock of a running machine is earlier than the program: 2026-11-01.
const EARLIEST_MS: i64 = 1_793_491_200_000;
/// Signed requests are accepted this much off the clock; half of it is worth a word.
const AHEAD_MS_MAX: i64 = 5_000;

/// Looks whether the clock is later than this program, and than what was last written to the database.
pub fn check(database: Option<&Path>) -> Check {
    let modified = database.and_then(|path| path.metadata().ok()?.modified().ok());
    let modified_ms = modified.and_then(|time| time.duration_since(std::time::UNIX_EPOCH).ok());
    verdict(SystemClock.now().as_millis(), modified_ms.map(|since| since.as_millis() as i64))
}

fn verdict(now_ms: i64, written_ms: Option<i64>) -> Check {
    const NAME: &str = "clock";
    if now_ms < EARLIEST_MS {
        return Check::failed(NAME, "the clock is set to a time before this program was made");
    }
    let ahead_ms = written_ms.map_or(0, |written_ms| written_ms - now_ms);
    if AHEAD_MS_MAX < ahead_ms {
        let ahead_s = ahead_ms / 1_000;
        return Check::warning(
            NAME,
            format!("the database was written {ahead_s} s in the future: the clock ran backwards"),
        );
    }
    Check::ok(NAME, "later than this program and than the last write")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::Status;

    #[test]
    fn a_clock_that_stands_before_the_program_or_ran_backwards_is_found() {
        let status = |now_ms, written_ms| verdict(now_ms, written_ms).status;
        assert_eq!(status(EARLIEST_MS - 1, None), Status::Failed);
        assert_eq!(status(EARLIEST_MS, Some(EARLIEST_MS + AHEAD_MS_MAX)), Status::Ok);
        assert_eq!(status(EARLIEST_MS, Some(EARLIEST_MS + AHEAD_MS_MAX + 1)), Status::Warning);
    }
}
