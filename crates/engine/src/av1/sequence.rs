//! The sequence header, as far as frame headers depend on it (5.5).

use super::obu::{Kind, obus};
use crate::bits::Bits;

/// The value of a field that says "told frame by frame".
const SELECT: u32 = 2;

/// What a frame header cannot be read without.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sequence {
    /// Whether frames are single pictures with a short header.
    pub is_reduced: bool,
    /// Bits of a presentation time in frame headers; 0 when there is none.
    pub presentation_time_bits: u32,
    /// Bits of a removal time in frame headers; `None` without a decoder model.
    pub removal_time_bits: Option<u32>,
    /// Whether the one operating point has a decoder model.
    pub has_operating_model: bool,
    /// 0 or 1, or "told frame by frame".
    pub screen_content_tools: u32,
    /// See `screen_content_tools`.
    pub integer_mv: u32,
    /// Bits of an order hint; 0 when there is none.
    pub order_hint_bits: u32,
}

impl Sequence {
    /// The sequence header of a configuration record (`av1C`), if it has one that can be planned with.
    pub fn of_configuration(record: &[u8]) -> Option<Self> {
        let config = record.get(4..).filter(|_| record[0] == 0x81)?;
        let header = obus(config)?.into_iter().find(|obu| obu.kind == Kind::Sequence)?;
        Self::parse(&config[header.payload])
    }

    /// Reads a header. `None` also for streams of several layers and with frame numbers, in which a frame
    /// may depend on more than it names.
    pub fn parse(payload: &[u8]) -> Option<Self> {
        let mut bits = Bits::new(payload);
        bits.skip(4)?;
        let is_reduced = bits.flag()?;
        let mut sequence = Self {
            is_reduced,
            presentation_time_bits: 0,
            removal_time_bits: None,
            has_operating_model: false,
            screen_content_tools: SELECT,
            integer_mv: SELECT,
            order_hint_bits: 0,
        };
        if is_reduced {
            bits.skip(5)?;
        } else {
            sequence.read_operation(&mut bits)?;
        }
        let (width_bits, height_bits) = (bits.number(4)? + 1, bits.number(4)? + 1);
        bits.skip(width_bits + height_bits)?;
        let has_frame_ids = !is_reduced && bits.flag()?;
        if has_frame_ids {
            return None;
        }
        // Superblock size, two tools of intra prediction.
        bits.skip(3)?;
        if !is_reduced {
            sequence.read_tools(&mut bits)?;
        }
        Some(sequence)
    }

    /// Timing and operating points.
    fn read_operation(&mut self, bits: &mut Bits<'_>) -> Option<()> {
        let mut delay_bits = 0;
        if bits.flag()? {
            bits.skip(64)?;
            let is_regular = bits.flag()?;
            if is_regular {
                bits.skip_uvlc()?;
            }
            if bits.flag()? {
                delay_bits = bits.number(5)? + 1;
                bits.skip(32)?;
                self.removal_time_bits = Some(bits.number(5)? + 1);
                let presentation_time_bits = bits.number(5)? + 1;
                self.presentation_time_bits = if is_regular { 0 } else { presentation_time_bits };
            }
        }
        let has_display_delay = bits.flag()?;
        let has_many_points = bits.number(5)? != 0;
        let layers = bits.number(12)?;
        if has_many_points || layers != 0 {
            return None;
        }
        let level = bits.number(5)?;
        if 7 < level {
            bits.skip(1)?;
        }
        if self.removal_time_bits.is_some() {
            self.has_operating_model = bits.flag()?;
            if self.has_operating_model {
                bits.skip(2 * delay_bits + 1)?;
            }
        }
        if has_display_delay && bits.flag()? {
            bits.skip(4)?;
        }
        Some(())
    }

    fn read_tools(&mut self, bits: &mut Bits<'_>) -> Option<()> {
        bits.skip(4)?;
        let has_order_hints = bits.flag()?;
        if has_order_hints {
            bits.skip(2)?;
        }
        self.screen_content_tools = if bits.flag()? { SELECT } else { bits.number(1)? };
        if 0 < self.screen_content_tools {
            self.integer_mv = if bits.flag()? { SELECT } else { bits.number(1)? };
        }
        if has_order_hints {
            self.order_hint_bits = bits.number(3)? + 1;
        }
        Some(())
    }

    /// Whether frames tell for themselves if they use tools for screen content.
    pub fn selects_screen_content_tools(&self) -> bool {
        self.screen_content_tools == SELECT
    }

    /// Whether all frames may use tools for screen content, where frames do not tell for themselves.
    pub fn has_screen_content(&self) -> bool {
        self.screen_content_tools == 1
    }

    /// Whether frames tell for themselves if motion vectors are whole numbers.
    pub fn selects_integer_mv(&self) -> bool {
        self.integer_mv == SELECT
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bits::bytes_of;

    fn parse(points: &str, layers: &str, frame_ids: &str) -> Option<Sequence> {
        let sizes = "0111 0111 11111111 11111111";
        let tools = "0000 1 00 1 1 110";
        let header = format!("000 0 0 0 0 {points} {layers} 00000 {sizes} {frame_ids} 0 0 0 {tools}");
        Sequence::parse(&bytes_of(&header))
    }

    #[test]
    fn what_frame_headers_depend_on_is_read() {
        let sequence = parse("00000", "000000000000", "0").expect("it is plain");
        assert_eq!(sequence.order_hint_bits, 7);
        assert!(sequence.selects_screen_content_tools() && sequence.selects_integer_mv());
    }

    #[test]
    fn layers_and_frame_numbers_are_not_planned_with() {
        assert_eq!(parse("00001", "000000000000", "0"), None, "two operating points");
        assert_eq!(parse("00000", "000100000001", "0"), None, "layers");
        assert_eq!(parse("00000", "000000000000", "1"), None, "frame numbers");
    }
}
