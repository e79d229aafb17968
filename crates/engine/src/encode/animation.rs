//! Animated WebP: whole pictures one after another in one file.
//!
//! Each frame is a picture of its own, so that workers encode them side by side; lossy WebP could only save
//! parts that do not move at all.
//!
//! Source: RFC 9649, 2.7 (extended file format), 2.7.1.1 (animation).

/// The first byte of `VP8X`: the file is an animation, and holds nothing else.
const IS_ANIMATION: u8 = 0x02;
/// Bytes of a file before its first chunk: `RIFF`, its size, `WEBP`.
const FILE_HEADER_BYTES: usize = 12;
/// An `ANMF` that replaces what is below, rather than shining through.
const DO_NOT_BLEND: u8 = 0x02;
/// The longest time that a frame can be shown.
const DURATION_MS_MAX: u64 = (1 << 24) - 1;

/// A frame of an animation.
pub struct AnimationFrame<'f> {
    /// A WebP file of one picture, without any chunk but the picture's.
    pub file: &'f [u8],
    /// How long it is shown.
    pub duration_ms: u64,
}

/// The file of these frames, all of one size in pixels; it begins anew when it ends.
pub fn write<'f>(
    (width, height): (u32, u32),
    frames: impl IntoIterator<Item = AnimationFrame<'f>>,
) -> Vec<u8> {
    let mut file = b"RIFF\0\0\0\0WEBP".to_vec();
    let size = [u24(width.saturating_sub(1).into()), u24(height.saturating_sub(1).into())].concat();
    chunk(&mut file, b"VP8X", &[&[IS_ANIMATION, 0, 0, 0], size.as_slice()].concat());
    // A background that nobody sees, and no end of repetitions.
    chunk(&mut file, b"ANIM", &[0; 6]);
    for AnimationFrame { file: picture, duration_ms } in frames {
        let corner = [0; 6];
        let duration = u24(duration_ms.min(DURATION_MS_MAX));
        let picture = picture.get(FILE_HEADER_BYTES..).unwrap_or_default();
        chunk(&mut file, b"ANMF", &[&corner, size.as_slice(), &duration, &[DO_NOT_BLEND], picture].concat());
    }
    let riff_bytes = u32::try_from(file.len() - 8).unwrap_or(u32::MAX);
    file[4..8].copy_from_slice(&riff_bytes.to_le_bytes());
    file
}

fn chunk(file: &mut Vec<u8>, name: &[u8; 4], content: &[u8]) {
    file.extend_from_slice(name);
    file.extend_from_slice(&u32::try_from(content.len()).unwrap_or(u32::MAX).to_le_bytes());
    file.extend_from_slice(content);
    // Chunks begin at even places.
    file.extend(std::iter::repeat_n(0, content.len() % 2));
}

fn u24(value: u64) -> [u8; 3] {
    let [a, b, c, ..] = value.to_le_bytes();
    [a, b, c]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chunks_are_whole_and_even() {
        let picture = b"RIFF\x0d\0\0\0WEBPVP8 \x01\0\0\0x\0";
        let frame = || AnimationFrame { file: picture, duration_ms: 0x01_02_03 };
        let file = write((320, 180), [frame(), frame()]);
        assert_eq!(u32::from_le_bytes(file[4..8].try_into().expect("four")) as usize, file.len() - 8);
        assert_eq!(file[12..30], *b"VP8X\x0a\0\0\0\x02\0\0\0\x3f\x01\0\xb3\0\0");
        assert_eq!(file[30..44], *b"ANIM\x06\0\0\0\0\0\0\0\0\0");
        let anmf = *b"ANMF\x1a\0\0\0\0\0\0\0\0\0\x3f\x01\0\xb3\0\0\x03\x02\x01\x02VP8 \x01\0\0\0x\0";
        assert_eq!(file[44..44 + 34], anmf);
        assert_eq!(file[78..], anmf);
    }
}
