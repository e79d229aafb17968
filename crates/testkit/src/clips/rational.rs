//! Exact times.

use std::cmp::Ordering;

/// A fraction with a positive denominator; in this module always seconds.
#[derive(Debug, Clone, Copy)]
pub struct Rational {
    num: i128,
    den: i128,
}

impl Rational {
    /// Zero.
    pub const ZERO: Self = Self { num: 0, den: 1 };

    /// `num / den`.
    ///
    /// # Panics
    /// When `den` is not positive.
    pub fn new(num: i64, den: i64) -> Self {
        assert!(0 < den, "denominator {den}");
        Self::reduced(i128::from(num), i128::from(den))
    }

    /// A number of milliseconds.
    pub fn from_millis(ms: i64) -> Self {
        Self::new(ms, 1_000)
    }

    /// Whole milliseconds, rounded down.
    pub fn floor_millis(self) -> i64 {
        saturated((self.num * 1_000).div_euclid(self.den))
    }

    /// Whole milliseconds, rounded up.
    pub fn ceil_millis(self) -> i64 {
        saturated(-(-self.num * 1_000).div_euclid(self.den))
    }

    /// This times a whole number.
    pub fn times(self, factor: i64) -> Self {
        Self::reduced(self.num * i128::from(factor), self.den)
    }

    fn reduced(num: i128, den: i128) -> Self {
        let (mut a, mut b) = (num.unsigned_abs(), den.unsigned_abs());
        while b != 0 {
            (a, b) = (b, a % b);
        }
        let divisor = i128::try_from(a.max(1)).unwrap_or(1);
        Self { num: num / divisor, den: den / divisor }
    }
}

fn saturated(value: i128) -> i64 {
    i64::try_from(value).unwrap_or(if value < 0 { i64::MIN } else { i64::MAX })
}

impl std::ops::Add for Rational {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self::reduced(self.num * other.den + other.num * self.den, self.den * other.den)
    }
}

impl std::ops::Sub for Rational {
    type Output = Self;

    fn sub(self, other: Self) -> Self {
        Self::reduced(self.num * other.den - other.num * self.den, self.den * other.den)
    }
}

impl Ord for Rational {
    fn cmp(&self, other: &Self) -> Ordering {
        (self.num * other.den).cmp(&(other.num * self.den))
    }
}

impl PartialOrd for Rational {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Rational {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Rational {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frame_times_of_broadcast_rates_are_exact() {
        let frame = Rational::new(1_001, 30_000);
        assert_eq!(frame.times(30_000), Rational::new(1_001, 1));
        assert_eq!((frame.floor_millis(), frame.ceil_millis()), (33, 34));
        assert!(Rational::from_millis(33) < frame && frame < Rational::from_millis(34));
        assert_eq!(frame - frame.times(2), Rational::new(-1_001, 30_000));
        assert_eq!((frame - frame.times(2)).floor_millis(), -34);
        assert_eq!((frame - frame.times(2)).ceil_millis(), -33);
    }
}
