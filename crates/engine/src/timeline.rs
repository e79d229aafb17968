//! Times of the presentation against timestamps of the stream.
//!
//! **Invariant:** nothing is rounded before it is compared. A time asked for becomes the largest timestamp
//! that is shown by then; a timestamp becomes the first whole millisecond at which it is shown. Both are
//! exact, so that asking for a reported time finds the same frame.

use stillframe_domain::MediaTime;

use crate::av::Rational;

/// Where a stream's timestamps lie in the presentation.
#[derive(Debug, Clone, Copy)]
pub struct Timeline {
    /// Seconds of one unit of the stream's timestamps.
    pub time_base: Rational,
    /// Start of presentation.
    pub origin: Moment,
    /// End of presentation, rounded up.
    pub duration: MediaTime,
}

/// A timestamp of some stream with its unit.
#[derive(Debug, Clone, Copy)]
pub struct Moment {
    /// The timestamp.
    pub value: i64,
    /// Seconds of one unit.
    pub time_base: Rational,
}

impl Moment {
    /// The moment 0.
    pub const ZERO: Self = Self { value: 0, time_base: Rational { num: 1, den: 1 } };

    /// Whether it lies before another.
    pub fn is_before(self, other: Self) -> bool {
        self.ticks() * other.units() < other.ticks() * self.units()
    }

    /// Milliseconds from `origin`, rounded up.
    pub fn millis_since(self, origin: Self) -> i64 {
        let span = (self.ticks() * origin.units() - origin.ticks() * self.units()) * 1_000;
        let unit = self.units() * origin.units();
        clamp(-(-span).div_euclid(unit))
    }

    fn ticks(self) -> i128 {
        i128::from(self.value) * i128::from(self.time_base.num)
    }

    fn units(self) -> i128 {
        i128::from(self.time_base.den)
    }
}

impl Timeline {
    /// The largest timestamp that is shown at or before a time.
    pub fn timestamp_at(&self, time: MediaTime) -> i64 {
        let (value, unit) = self.value_and_unit(time);
        clamp(value.div_euclid(unit))
    }

    /// The smallest timestamp that is shown at or after a time.
    pub fn timestamp_from(&self, time: MediaTime) -> i64 {
        let (value, unit) = self.value_and_unit(time);
        clamp(-(-value).div_euclid(unit))
    }

    /// A time as a fraction, in units of the stream.
    fn value_and_unit(&self, time: MediaTime) -> (i128, i128) {
        // ticks / units + time / 1000 seconds, in units of num / den seconds.
        let (ticks, units) = (self.origin.ticks(), self.origin.units());
        let seconds_by = units * 1_000;
        let seconds = ticks * 1_000 + i128::from(time.as_millis()) * units;
        let (num, den) = (i128::from(self.time_base.num), i128::from(self.time_base.den));
        (seconds * den, seconds_by * num)
    }

    /// When a timestamp is shown: the first whole millisecond at or after it, never before the start.
    pub fn time_of(&self, timestamp: i64) -> MediaTime {
        let moment = Moment { value: timestamp, time_base: self.time_base };
        MediaTime::from_millis(moment.millis_since(self.origin).max(0))
    }

    /// A span of milliseconds in units of the stream, rounded up.
    pub fn units_of(&self, span_ms: u64) -> i64 {
        let (num, den) = (i128::from(self.time_base.num), i128::from(self.time_base.den));
        clamp(-(-i128::from(span_ms) * den).div_euclid(1_000 * num))
    }
}

fn clamp(value: i128) -> i64 {
    value.clamp(i128::from(i64::MIN / 4), i128::from(i64::MAX / 4)) as i64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn timeline(num: i64, den: i64, origin: i64) -> Timeline {
        let time_base = Rational { num, den };
        let origin = Moment { value: origin, time_base };
        Timeline { time_base, origin, duration: MediaTime::from_millis(10_000) }
    }

    #[test]
    fn a_reported_time_finds_its_frame_again() {
        for (num, den, origin) in [(1, 30_000, 0), (1, 90_000, 126_000), (1001, 30_000, 2), (1, 1_000, -21)] {
            let timeline = timeline(num, den, origin);
            for frame in 0..400 {
                let timestamp = origin + frame * if num == 1 { 1001 } else { 1 };
                let found = timeline.timestamp_at(timeline.time_of(timestamp));
                let next = timestamp + if num == 1 { 1001 } else { 1 };
                assert!(timestamp <= found && found < next, "{timestamp} in {num}/{den}: {found}");
            }
        }
    }

    #[test]
    fn a_millisecond_before_a_frame_is_not_yet_its_time() {
        // Frame 1 of 30000/1001 frames per second is shown from 33.367 ms on.
        let timeline = timeline(1001, 30_000, 0);
        assert_eq!(timeline.timestamp_at(MediaTime::from_millis(33)), 0);
        assert_eq!(timeline.timestamp_at(MediaTime::from_millis(34)), 1);
        assert_eq!(timeline.time_of(1), MediaTime::from_millis(34));
    }

    #[test]
    fn origins_of_other_streams_are_compared_exactly() {
        let audio = Moment { value: 1_024, time_base: Rational { num: 1, den: 44_100 } };
        let video = Moment { value: 2_090, time_base: Rational { num: 1, den: 90_000 } };
        assert!(audio.is_before(video), "23.219 ms against 23.222 ms");
        assert_eq!(audio.millis_since(Moment::ZERO), 24);
    }

    #[test]
    fn extreme_times_do_not_overflow() {
        let timeline = timeline(1001, 30_000, i64::MIN / 8);
        assert!(timeline.timestamp_at(MediaTime::from_millis(i64::MAX)) <= i64::MAX / 4);
        assert!(timeline.time_of(i64::MAX / 4) >= MediaTime::ZERO);
    }
}
