//! CRC-64/XZ, with which object stores let their clients check that bytes arrived unharmed.
//!
//! The sum of a whole follows from the sums of its parts ([`Crc64::followed_by`]), so that an object in
//! parts needs no second reading. It guards against accidents, not against people.
//!
//! Source: ECMA-182, annex B, reflected, with all ones before and after; catalogue of parametrised CRC
//! algorithms, CRC-64/XZ (read on 2026-11-24).

/// The polynomial, its highest power in the lowest bit.
const POLYNOMIAL: u64 = 0xc96c_5795_d787_0f42;
/// The polynomial 1.
const ONE: u64 = 1 << 63;
/// The polynomial x^8: what one further byte multiplies by.
const BYTE: u64 = ONE >> 8;
/// Bytes taken at a time.
const STRIDE: usize = 8;

static TABLES: [[u64; 256]; STRIDE] = tables();

/// The sum of the bytes so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Crc64(u64);

impl Crc64 {
    /// A sum that was kept as a number; 0 is that of no bytes.
    pub const fn from_u64(sum: u64) -> Self {
        Self(sum)
    }

    /// The sum as a number.
    pub const fn as_u64(self) -> u64 {
        self.0
    }

    /// The sum with these bytes behind.
    #[must_use]
    pub fn with(self, bytes: &[u8]) -> Self {
        let mut state = !self.0;
        let (strides, rest) = bytes.as_chunks::<STRIDE>();
        for stride in strides {
            let mixed = (state ^ u64::from_le_bytes(*stride)).to_le_bytes();
            let places = mixed.iter().zip(TABLES.iter().rev());
            state = places.fold(0, |sum, (byte, table)| sum ^ table[usize::from(*byte)]);
        }
        for byte in rest {
            state = (state >> 8) ^ TABLES[0][usize::from(state.to_le_bytes()[0] ^ byte)];
        }
        Self(!state)
    }

    /// The sum of these bytes and, behind them, `size_bytes` bytes of the sum `next`.
    #[must_use]
    pub fn followed_by(self, next: Self, size_bytes: u64) -> Self {
        Self(product(power_of_byte(size_bytes), self.0) ^ next.0)
    }
}

/// x^(8n) modulo the polynomial.
fn power_of_byte(mut n: u64) -> u64 {
    let (mut power, mut square) = (ONE, BYTE);
    while n != 0 {
        if n & 1 == 1 {
            power = product(power, square);
        }
        square = product(square, square);
        n >>= 1;
    }
    power
}

/// The product of two polynomials modulo the polynomial.
const fn product(a: u64, mut b: u64) -> u64 {
    let (mut sum, mut bit) = (0, ONE);
    while bit != 0 {
        if a & bit != 0 {
            sum ^= b;
        }
        b = times_x(b);
        bit >>= 1;
    }
    sum
}

const fn times_x(a: u64) -> u64 {
    if a & 1 == 1 { (a >> 1) ^ POLYNOMIAL } else { a >> 1 }
}

/// Table `k` says what a byte with `k` bytes behind it does to the sum.
const fn tables() -> [[u64; 256]; STRIDE] {
    let mut tables = [[0; 256]; STRIDE];
    let mut byte = 0;
    while byte < 256 {
        let mut sum = byte as u64;
        let mut place = 0;
        while place < STRIDE {
            let mut bit = 0;
            while bit < 8 {
                sum = times_x(sum);
                bit += 1;
            }
            tables[place][byte] = sum;
            place += 1;
        }
        byte += 1;
    }
    tables
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sum(bytes: &[u8]) -> Crc64 {
        Crc64::default().with(bytes)
    }

    #[test]
    fn the_check_value_is_that_of_the_catalogue() {
        assert_eq!(sum(b"123456789").as_u64(), 0x995d_c9bb_df19_39fa);
        assert_eq!(sum(b""), Crc64::from_u64(0));
    }

    #[test]
    fn sums_go_on_and_combine_wherever_the_bytes_are_cut() {
        let bytes: Vec<u8> = (0..300_u32).map(|k| (k * k % 251) as u8).collect();
        let whole = sum(&bytes);
        for cut in [0, 1, 7, 8, 9, 64, 255, 299, 300] {
            let (head, tail) = bytes.split_at(cut);
            assert_eq!(sum(head).with(tail), whole, "cut at {cut}");
            assert_eq!(sum(head).followed_by(sum(tail), tail.len() as u64), whole, "cut at {cut}");
        }
        assert_ne!(sum(&bytes[1..]), whole);
    }
}
