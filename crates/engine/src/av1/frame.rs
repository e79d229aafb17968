//! Frame headers, up to the names of the slots (5.9.2).

use super::sequence::Sequence;
use crate::bits::Bits;

/// Slots that frames are kept in.
pub const SLOTS: usize = 8;
/// Slots that an inter frame names.
const NAMED: usize = 7;
/// All slots.
const ALL: u8 = 0xff;

/// Types of frames, by their number in the header.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum FrameType {
    Key,
    Inter,
    IntraOnly,
    Switch,
}

/// What a frame does to the slots.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct FrameHeader {
    /// Slots that it reads, all of which have to hold what they held in the whole stream.
    pub reads: Vec<usize>,
    /// Slots that it overwrites, a bit each.
    pub refreshes: u8,
    /// Whether it is seen.
    pub is_shown: bool,
    /// Whether it is a kept frame that is only shown. If that is a keyframe, it overwrites all slots.
    pub is_existing: bool,
    /// Whether it is a keyframe.
    pub is_key: bool,
    /// Whether it depends on more than the slots that it reads.
    pub is_barrier: bool,
}

impl FrameHeader {
    /// Reads a header; `None` when it ends too early.
    pub fn parse(payload: &[u8], sequence: &Sequence) -> Option<Self> {
        let mut bits = Bits::new(payload);
        if sequence.is_reduced {
            return Some(Self { refreshes: ALL, is_shown: true, is_key: true, ..Self::default() });
        }
        if bits.flag()? {
            let reads = vec![bits.number(3)? as usize];
            return Some(Self { reads, is_shown: true, is_existing: true, ..Self::default() });
        }
        let frame_type = match bits.number(2)? {
            0 => FrameType::Key,
            1 => FrameType::Inter,
            2 => FrameType::IntraOnly,
            _ => FrameType::Switch,
        };
        Self::parse_new(&mut bits, sequence, frame_type)
    }

    /// The header of a frame that is not only shown, from `show_frame` on.
    fn parse_new(bits: &mut Bits<'_>, sequence: &Sequence, frame_type: FrameType) -> Option<Self> {
        let is_key = frame_type == FrameType::Key;
        let is_intra = is_key || frame_type == FrameType::IntraOnly;
        let is_shown = bits.flag()?;
        bits.skip(if is_shown { sequence.presentation_time_bits } else { 1 })?;
        let refreshes_all = frame_type == FrameType::Switch || (is_key && is_shown);
        let is_resilient = refreshes_all || bits.flag()?;
        bits.skip(1)?;
        let has_screen_content = if sequence.selects_screen_content_tools() {
            bits.flag()?
        } else {
            sequence.has_screen_content()
        };
        if has_screen_content && sequence.selects_integer_mv() {
            bits.skip(1)?;
        }
        // Whether the frame has a size of its own, and its order hint.
        bits.skip(u32::from(frame_type != FrameType::Switch) + sequence.order_hint_bits)?;
        if !is_intra && !is_resilient {
            bits.skip(3)?;
        }
        if let Some(removal_time_bits) = sequence.removal_time_bits
            && bits.flag()?
            && sequence.has_operating_model
        {
            bits.skip(removal_time_bits)?;
        }
        let refreshes = if refreshes_all { ALL } else { bits.number(8)? as u8 };
        let has_order_hints = 0 < sequence.order_hint_bits;
        let mut header = Self {
            refreshes,
            is_shown,
            is_key,
            is_barrier: frame_type == FrameType::Switch,
            ..Self::default()
        };
        if (!is_intra || refreshes != ALL) && is_resilient && has_order_hints {
            // Order hints of all slots: a decoder may replace those that do not hold them.
            header.is_barrier = true;
            bits.skip(8 * sequence.order_hint_bits)?;
        }
        if !is_intra {
            if has_order_hints && bits.flag()? {
                // The names are worked out from the order hints of all slots.
                header.is_barrier = true;
            } else {
                header.reads = (0..NAMED).map(|_| Some(bits.number(3)? as usize)).collect::<Option<_>>()?;
            }
        }
        Some(header)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bits::bytes_of;

    const HINTS: &str = "0000001 0000010 0000011 0000100 0000101 0000110 0000111 0001000";
    const NAMES: &str = "000 001 010 011 100 101 110";

    fn parse(header: &str) -> FrameHeader {
        let sequence = Sequence {
            is_reduced: false,
            presentation_time_bits: 0,
            removal_time_bits: None,
            has_operating_model: false,
            screen_content_tools: 0,
            integer_mv: 0,
            order_hint_bits: 7,
        };
        FrameHeader::parse(&bytes_of(header), &sequence).expect("it is whole")
    }

    #[test]
    fn an_inter_frame_names_what_it_reads_and_overwrites() {
        let header = parse(&format!("0 01 1 0 0 0 0000011 111 00000100 0 {NAMES}"));
        assert_eq!((header.reads, header.refreshes), (vec![0, 1, 2, 3, 4, 5, 6], 0b100));
        assert!(header.is_shown && !header.is_barrier && !header.is_key && !header.is_existing);
    }

    #[test]
    fn frames_that_depend_on_more_than_they_name_are_barriers() {
        let short_signaling = "0 01 1 0 0 0 0000011 111 00000100 1 000 011";
        let order_hints = format!("0 01 1 1 0 0 0000011 00000100 {HINTS} 0 {NAMES}");
        let switch = format!("0 11 1 0 0000011 {HINTS} 0 {NAMES}");
        for header in [short_signaling, &order_hints, &switch] {
            assert!(parse(header).is_barrier, "{header}");
        }
        assert_eq!(parse(&switch).refreshes, ALL);
    }

    #[test]
    fn a_kept_frame_that_is_shown_reads_its_slot() {
        let header = parse("1 101");
        assert_eq!((header.reads, header.refreshes), (vec![5], 0));
        assert!(header.is_existing && header.is_shown);
    }
}
