//! How much is fetched for a read that nobody told of.

/// Fetched for a read that does not go on from the one before.
const WINDOW_BYTES_MIN: u64 = 32 << 10;
/// Fetched at most for one that does.
const WINDOW_BYTES_MAX: u64 = 512 << 10;

/// Grows as long as reading goes straight on: headers cost little, and a long run few requests.
#[derive(Debug)]
pub(crate) struct Window {
    next: u64,
    bytes: u64,
}

impl Window {
    /// A window after bytes that end here.
    pub(crate) fn after(end: u64) -> Self {
        Self { next: end, bytes: WINDOW_BYTES_MIN }
    }

    /// How many bytes to fetch from `offset` on, where `wanted` are read.
    pub(crate) fn advance(&mut self, offset: u64, wanted: u64) -> u64 {
        let bytes =
            if offset == self.next { (3 * self.bytes / 2).min(WINDOW_BYTES_MAX) } else { WINDOW_BYTES_MIN };
        let bytes = bytes.max(wanted.min(WINDOW_BYTES_MAX));
        *self = Self { next: offset.saturating_add(bytes), bytes };
        bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn windows_grow_in_a_run_and_shrink_with_a_jump() {
        let mut window = Window::after(64 << 10);
        let mut at = 64 << 10;
        let mut run = Vec::new();
        for _ in 0..8 {
            let bytes = window.advance(at, 16);
            run.push(bytes >> 10);
            at += bytes;
        }
        assert_eq!(run, [48, 72, 108, 162, 243, 364, 512, 512]);
        assert_eq!(window.advance(7, 16) >> 10, 32);
        assert_eq!(window.advance(9 << 20, 100 << 10) >> 10, 100);
        assert_eq!(window.advance(0, 9 << 20) >> 10, 512);
    }
}
