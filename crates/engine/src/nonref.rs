//! Which packets nothing else needs, read from their own headers.
//!
//! A frame that no other frame refers to need not be decoded unless it is wanted itself. That is decided
//! here and not by `skip_frame`, because the decoder would also pass over damaged frames in silence.
//! When in doubt a packet is needed: only then is every picture bit-identical to a whole decode.
//!
//! Source: ITU-T H.264, 7.4.1 (`nal_ref_idc`); H.265, 7.4.2.2 and table 7-1; H.262, 6.3.9; ISO/IEC
//! 14496-2, 6.2.5.

use crate::av::{Codec, Stream};
use crate::av1::{self, Sequence};
use crate::cut::Part;
use crate::h264::{Count, Numbering};
use crate::hevc::{self, Parameters};
use crate::nal::Framing;

/// What a packet holds, as far as other packets are concerned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// A picture that others may refer to, or parameters that they need.
    Needed,
    /// A picture that nothing refers to.
    Disposable,
    /// No picture at all.
    NoPicture,
}

/// Types of MPEG pictures.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PictureType {
    /// Coded by itself.
    I,
    /// Predicted from an earlier one.
    P,
    /// Predicted from both sides; nothing refers to it.
    B,
}

/// Reads the roles of the packets of one stream.
#[derive(Debug, Clone)]
pub struct Roles {
    codec: Codec,
    framing: Framing,
    /// The configuration of AV1.
    sequence: Option<Sequence>,
    /// The configuration of HEVC.
    parameters: Parameters,
    /// How pictures of H.264 are numbered.
    numbering: Option<Numbering>,
    /// Whether frames may come as two packets, of which the second alone may look disposable.
    has_field_pairs: bool,
}

impl Roles {
    /// The reader for a stream.
    pub fn of(stream: &Stream) -> Self {
        let length_at = match stream.codec {
            Codec::H264 => 4,
            _ => 21,
        };
        let framing = Framing::of_configuration(&stream.extradata, length_at);
        let is_av1 = stream.codec == Codec::Av1;
        let sequence = is_av1.then(|| Sequence::of_configuration(&stream.extradata)).flatten();
        let parameters = match stream.codec {
            Codec::Hevc => Parameters::of_configuration(&stream.extradata),
            _ => Parameters::default(),
        };
        let is_h264 = stream.codec == Codec::H264;
        let numbering = is_h264.then(|| Numbering::of_configuration(&stream.extradata, framing)).flatten();
        let has_field_pairs = stream.is_interlaced;
        Self { numbering, codec: stream.codec, framing, sequence, parameters, has_field_pairs }
    }

    /// Goes on to the next packet in coding order; true when pictures are known to be missing before it.
    pub fn lacks_pictures_before(&self, data: &[u8], count: &mut Count) -> bool {
        let numbering = self.numbering.as_ref();
        numbering.is_some_and(|numbering| numbering.lacks_pictures_before(data, self.framing, count))
    }

    /// The role of one packet.
    pub fn role(&self, data: &[u8]) -> Role {
        if self.has_field_pairs {
            return Role::Needed;
        }
        match self.codec {
            Codec::H264 => self.fold(data, h264_unit),
            Codec::Hevc => self.fold(data, hevc_unit),
            Codec::Mpeg2 | Codec::Mpeg4 if self.picture_type(data) == Some(PictureType::B) => {
                Role::Disposable
            }
            Codec::Av1 if av1::is_disposable(data, self.sequence.as_ref()) => Role::Disposable,
            _ => Role::Needed,
        }
    }

    /// What has to be decoded of each packet for some of them, where a codec tells that exactly; see
    /// [`av1::cut`] and [`hevc::cut`]. `None` goes by the packets' roles.
    pub fn cut(&self, packets: &[&[u8]], targets: &[usize]) -> Option<Vec<Vec<Part>>> {
        match self.codec {
            Codec::Av1 => av1::cut(packets, targets, self.sequence.as_ref()),
            Codec::Hevc if !self.has_field_pairs => {
                hevc::cut(packets, targets, self.framing, &self.parameters)
            }
            _ => None,
        }
    }

    /// The type of the picture in a packet, for the codecs that show a reference picture when the next one
    /// is decoded (MPEG-1, 2 and 4); `None` for others, and where there is not exactly one picture.
    pub fn picture_type(&self, data: &[u8]) -> Option<PictureType> {
        match self.codec {
            Codec::Mpeg2 => mpeg2_type(data),
            Codec::Mpeg4 => mpeg4_type(data),
            _ => None,
        }
    }

    /// Whether decoding can begin with a packet that the demuxer calls a keyframe. A parser that has just
    /// been thrown into a stream may call the rest of a picture so.
    pub fn can_begin(&self, data: &[u8]) -> bool {
        match self.codec {
            Codec::Mpeg2 => mpeg2_type(data) == Some(PictureType::I),
            _ => true,
        }
    }

    /// A packet is disposable when all of its pictures are; one needed unit makes it needed, and so does
    /// damage that hides the units.
    fn fold(&self, data: &[u8], unit_role: impl Fn(&[u8]) -> Role) -> Role {
        let mut role = Role::NoPicture;
        let mut units = self.framing.units(data);
        for unit in units.by_ref() {
            match unit_role(&data[unit.range]) {
                Role::Needed => return Role::Needed,
                Role::Disposable => role = Role::Disposable,
                Role::NoPicture => {}
            }
        }
        if units.is_broken() { Role::Needed } else { role }
    }
}

fn h264_unit(unit: &[u8]) -> Role {
    let Some(&header) = unit.first() else { return Role::NoPicture };
    match (header & 31, header >> 5 & 3) {
        (1, 0) => Role::Disposable,
        // Supplemental information, delimiters, end of sequence, filler: nothing that later frames need.
        (6 | 9 | 10 | 11 | 12, _) => Role::NoPicture,
        _ => Role::Needed,
    }
}

fn hevc_unit(unit: &[u8]) -> Role {
    let [first, second, ..] = unit else { return Role::NoPicture };
    let (kind, temporal_id) = (first >> 1 & 63, second & 7);
    match (kind, temporal_id) {
        // Sub-layer non-reference pictures may still serve higher temporal layers; in the lowest layer of
        // the numbering (id 0, written as 1) a higher layer could refer to them too, so the caller also
        // needs `has_one_layer`. Reserved kinds above 9 are left alone.
        (0 | 2 | 4 | 6 | 8, 1) => Role::Disposable,
        (35 | 38 | 39 | 40, _) => Role::NoPicture,
        _ => Role::Needed,
    }
}

/// Whether an HEVC packet holds pictures of a higher temporal layer.
fn hevc_is_layered(unit: &[u8]) -> bool {
    let [first, second, ..] = unit else { return false };
    (first >> 1 & 63) < 32 && 1 < second & 7
}

impl Roles {
    /// Whether a packet holds a picture that may refer to disposable ones: then nothing may be left out.
    pub fn forbids_skipping(&self, data: &[u8]) -> bool {
        let mut units = self.framing.units(data);
        self.codec == Codec::Hevc && units.any(|unit| hevc_is_layered(&data[unit.range]))
    }
}

/// The picture's coding type follows ten bits of temporal reference. Two fields are one picture, of the
/// first one's type.
fn mpeg2_type(data: &[u8]) -> Option<PictureType> {
    match after_start_code(data, 0x00)? {
        [_, second, ..] => match (second >> 3) & 7 {
            1 => Some(PictureType::I),
            2 => Some(PictureType::P),
            3 => Some(PictureType::B),
            _ => None,
        },
        _ => None,
    }
}

/// The coding type is the first two bits of a VOP. A packed packet holds more than one.
fn mpeg4_type(data: &[u8]) -> Option<PictureType> {
    let vop = after_start_code(data, 0xB6)?;
    if after_start_code(vop, 0xB6).is_some() {
        return None;
    }
    match vop.first()? >> 6 {
        0 => Some(PictureType::I),
        1 | 3 => Some(PictureType::P),
        _ => Some(PictureType::B),
    }
}

fn after_start_code(data: &[u8], code: u8) -> Option<&[u8]> {
    let at = data.windows(4).position(|window| window == [0, 0, 1, code])?;
    Some(&data[at + 4..])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn roles(codec: Codec, framing: Framing) -> Roles {
        Roles {
            codec,
            framing,
            sequence: None,
            parameters: Parameters::default(),
            numbering: None,
            has_field_pairs: false,
        }
    }

    fn with_lengths(units: &[&[u8]]) -> Vec<u8> {
        units.iter().flat_map(|unit| [&(unit.len() as u32).to_be_bytes(), *unit].concat()).collect()
    }

    fn with_start_codes(units: &[&[u8]]) -> Vec<u8> {
        units.iter().flat_map(|unit| [&[0, 0, 0, 1], *unit].concat()).collect()
    }

    #[test]
    fn h264_pictures_without_reference_are_disposable_in_both_framings() {
        let (sei, slice, reference, parameters) = (&[0x06, 1], &[0x01, 9], &[0x41, 9], &[0x67, 9]);
        let cases: [(&[&[u8]], Role); 5] = [
            (&[sei, slice, slice], Role::Disposable),
            (&[slice, reference], Role::Needed),
            (&[parameters, slice], Role::Needed),
            (&[sei], Role::NoPicture),
            (&[&[0x65, 9]], Role::Needed),
        ];
        for (units, expected) in cases {
            let by_length = roles(Codec::H264, Framing::Lengths(4)).role(&with_lengths(units));
            let by_code = roles(Codec::H264, Framing::StartCodes).role(&with_start_codes(units));
            assert_eq!((by_length, by_code), (expected, expected), "{units:02x?}");
        }
    }

    #[test]
    fn hevc_pictures_are_disposable_only_in_the_lowest_layer() {
        let reader = roles(Codec::Hevc, Framing::Lengths(4));
        let role = |unit: &[u8]| reader.role(&with_lengths(&[unit]));
        assert_eq!(role(&[0x00, 0x01, 0]), Role::Disposable, "TRAIL_N");
        assert_eq!(role(&[0x02, 0x01, 0]), Role::Needed, "TRAIL_R");
        assert_eq!(role(&[0x10, 0x01, 0]), Role::Disposable, "RASL_N");
        assert_eq!(role(&[0x2a, 0x01, 0]), Role::Needed, "CRA");
        assert_eq!(role(&[0x00, 0x02, 0]), Role::Needed, "TRAIL_N of a higher layer");
        assert!(reader.forbids_skipping(&with_lengths(&[&[0x02, 0x02, 0]])));
        assert!(!reader.forbids_skipping(&with_lengths(&[&[0x02, 0x01, 0], &[0x40, 0x02]])));
    }

    #[test]
    fn mpeg_b_pictures_are_disposable() {
        let mpeg2 = roles(Codec::Mpeg2, Framing::StartCodes);
        assert_eq!(mpeg2.role(&[0, 0, 1, 0, 0x00, 0x18, 0]), Role::Disposable);
        assert_eq!(mpeg2.role(&[0, 0, 1, 0, 0x00, 0x10, 0]), Role::Needed);
        let mpeg4 = roles(Codec::Mpeg4, Framing::StartCodes);
        assert_eq!(mpeg4.role(&[0, 0, 1, 0xB6, 0x90, 0]), Role::Disposable);
        assert_eq!(mpeg4.role(&[0, 0, 1, 0xB6, 0x50, 0]), Role::Needed);
        assert!(mpeg2.can_begin(&[0, 0, 1, 0xB3, 5, 0, 0, 1, 0, 0x00, 0x08, 0]));
        assert!(!mpeg2.can_begin(&[0, 0, 1, 0, 0x00, 0x10, 0]) && !mpeg2.can_begin(&[7; 40]));
        let packed = [0, 0, 1, 0xB6, 0x90, 0, 0, 0, 1, 0xB6, 0x50];
        assert_eq!(mpeg4.role(&packed), Role::Needed);
    }

    #[test]
    fn packets_that_cannot_be_read_are_needed() {
        let reader = roles(Codec::H264, Framing::Lengths(4));
        assert_eq!(reader.role(&[255, 255, 255, 255, 1]), Role::Needed);
        assert_eq!(reader.role(&[0, 0, 0, 2, 1, 9, 7]), Role::Needed);
        assert_eq!(roles(Codec::Other, Framing::StartCodes).role(&[1, 2, 3]), Role::Needed);
    }
}
