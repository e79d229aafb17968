//! Draws raw frames and reads their numbers back.
//!
//! The number stands in a grid of 8 x 4 blocks in the middle of the frame: 16 bits of number, 8 bits of
//! checksum, 8 fixed bits that tell an upright picture from a turned or mirrored one. Positions are
//! parts of the picture's size, so that scaled pictures can be read too.

use image::RgbImage;

use super::spec::{ClipSpec, Content};
use super::{bars, high_range};

const COLUMNS: u32 = 8;
const ROWS: u32 = 4;
/// Its reading in any other orientation differs from itself.
const MARKER: u8 = 0b1011_0010;
const LUMA_BLACK: u8 = 16;
const LUMA_WHITE: u8 = 235;
/// A block whose brightness is nearer to the middle than this is not read.
const CONTRAST_MIN: i32 = 40;

/// A raw frame: yuv420p when numbered, else as its content says.
pub(super) struct RawFrame {
    width: usize,
    height: usize,
    /// The three planes one after another.
    pub(super) bytes: Vec<u8>,
}

impl RawFrame {
    pub(super) fn new(spec: &ClipSpec) -> Self {
        let (width, height) = (spec.width_px as usize, spec.height_px as usize);
        Self { width, height, bytes: vec![128; width * height * 3 / 2] }
    }

    /// Draws frame `number` of a clip.
    pub(super) fn draw(&mut self, spec: &ClipSpec, number: u32) {
        match spec.content {
            Content::Numbered | Content::NumberedFrom(_) => {
                self.draw_scene(number as usize);
                self.draw_blocks(spec.content.first_number().unwrap_or(0) + number);
                self.draw_text(&caption(spec, number));
            }
            Content::Bars(how) => self.bytes = bars::draw(how, (self.width, self.height)),
            Content::HighRange(_) => self.bytes = high_range::draw((self.width, self.height)),
        }
    }

    /// A gradient that drifts, and a box that runs through it.
    fn draw_scene(&mut self, number: usize) {
        let (width, height) = (self.width, self.height);
        for y in 0..height {
            for x in 0..width {
                self.bytes[y * width + x] = 60 + ((x + y / 2 + 2 * number) % 256 / 2) as u8;
            }
        }
        let side = height / 6;
        let (left, top) = (5 * number % (width - side), 3 * number % (height - side));
        self.fill(left, top, side, side, 200);
        let (chroma_width, chroma_height) = (width / 2, height / 2);
        for y in 0..chroma_height {
            for x in 0..chroma_width {
                let at = width * height + y * chroma_width + x;
                self.bytes[at] = 108 + ((x + number) % 80 / 2) as u8;
                self.bytes[at + chroma_width * chroma_height] = 108 + ((y + number) % 80 / 2) as u8;
            }
        }
    }

    fn draw_blocks(&mut self, number: u32) {
        let bits = code(number);
        for index in 0..COLUMNS * ROWS {
            let [left, top, right, bottom] = block_of(index, self.width as f64, self.height as f64);
            let luma = if bits >> (31 - index) & 1 == 1 { LUMA_WHITE } else { LUMA_BLACK };
            let (left, top) = (left.round() as usize, top.round() as usize);
            self.fill(left, top, right.round() as usize - left, bottom.round() as usize - top, luma);
        }
    }

    /// White seven-segment glyphs on a black strip below the blocks.
    fn draw_text(&mut self, text: &str) {
        let (width, height) = (self.width, self.height);
        let (left, top) = (width / 10, height * 66 / 100);
        let advance = width * 8 / 10 / text.len();
        let (glyph_width, glyph_height) = (advance * 7 / 10, height / 6);
        let stroke = (advance / 7).max(2);
        self.fill(left - stroke, top - stroke, advance * text.len() + stroke, glyph_height + 2 * stroke, 16);
        for (k, letter) in text.chars().enumerate() {
            let x = left + k * advance;
            for (index, [a, b, c, d]) in segments(glyph_width, glyph_height, stroke).into_iter().enumerate() {
                if lit(letter) >> index & 1 == 1 {
                    self.fill(x + a, top + b, c, d, LUMA_WHITE);
                }
            }
        }
    }

    fn fill(&mut self, left: usize, top: usize, width: usize, height: usize, luma: u8) {
        for y in top..(top + height).min(self.height) {
            let row = y * self.width;
            self.bytes[row + left..row + (left + width).min(self.width)].fill(luma);
        }
    }
}

/// Reads the number from a decoded, upright, uncropped picture of any size; `None` when there is none.
pub fn read_frame_number(image: &RgbImage) -> Option<u32> {
    let mut bits = 0;
    for index in 0..COLUMNS * ROWS {
        let [left, top, right, bottom] = block_of(index, f64::from(image.width()), f64::from(image.height()));
        let brightness = brightness(image, [left, top, right, bottom]) - 128;
        if brightness.abs() < CONTRAST_MIN {
            return None;
        }
        bits = bits << 1 | u32::from(0 < brightness);
    }
    let number = bits >> 16;
    (code(number) == bits).then_some(number)
}

/// Mean brightness of the middle of a block, 0 to 255.
fn brightness(image: &RgbImage, [left, top, right, bottom]: [f64; 4]) -> i32 {
    let middle = |from: f64, to: f64, end: u32| {
        let third = (to - from) / 3.0;
        let first = ((from + third).round() as u32).min(end - 1);
        first..((to - third).round() as u32).clamp(first + 1, end)
    };
    let (mut sum, mut count) = (0, 0);
    for y in middle(top, bottom, image.height()) {
        for x in middle(left, right, image.width()) {
            sum += image.get_pixel(x, y).0.iter().map(|&c| i32::from(c)).sum::<i32>();
            count += 3;
        }
    }
    sum / count
}

/// Left, top, right and bottom of a block in a picture of that size.
fn block_of(index: u32, width: f64, height: f64) -> [f64; 4] {
    let (column, row) = (f64::from(index % COLUMNS), f64::from(index / COLUMNS));
    let x = |column: f64| width * (0.25 + 0.5 * column / f64::from(COLUMNS));
    let y = |row: f64| height * (0.15 + 0.44 * row / f64::from(ROWS));
    [x(column), y(row), x(column + 1.0), y(row + 1.0)]
}

/// The 32 blocks of a number, the first in the highest bit.
fn code(number: u32) -> u32 {
    let number = number & 0xffff;
    let checksum = (number.wrapping_mul(0x9E37_79B1) >> 24) & 0xff;
    number << 16 | checksum << 8 | u32::from(MARKER)
}

/// What people read: the frame's number and its time from the first frame.
fn caption(spec: &ClipSpec, number: u32) -> String {
    let ms = spec.frame_time(number).floor_millis();
    let (minutes, seconds) = (ms / 60_000, ms / 1_000 % 60);
    format!("{number:05} {minutes}:{seconds:02}.{:03}", ms % 1_000)
}

/// Left, top, width and height of the segments a to g, the two dots of a colon, and the point.
fn segments(width: usize, height: usize, stroke: usize) -> [[usize; 4]; 10] {
    let (right, half) = (width - stroke, height / 2);
    let (middle, bottom, centre) = (half - stroke / 2, height - stroke, width / 2 - stroke / 2);
    [
        [0, 0, width, stroke],
        [right, 0, stroke, half],
        [right, half, stroke, height - half],
        [0, bottom, width, stroke],
        [0, half, stroke, height - half],
        [0, 0, stroke, half],
        [0, middle, width, stroke],
        [centre, height / 4, stroke, stroke],
        [centre, height * 3 / 4 - stroke, stroke, stroke],
        [centre, bottom, stroke, stroke],
    ]
}

/// Which segments show a letter, the first in the lowest bit.
fn lit(letter: char) -> u32 {
    match letter {
        '0' => 0b011_1111,
        '1' => 0b000_0110,
        '2' => 0b101_1011,
        '3' => 0b100_1111,
        '4' => 0b110_0110,
        '5' => 0b110_1101,
        '6' => 0b111_1101,
        '7' => 0b000_0111,
        '8' => 0b111_1111,
        '9' => 0b110_1111,
        ':' => 0b1_1000_0000,
        '.' => 0b10_0000_0000,
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use image::imageops;

    fn drawn(number: u32) -> RgbImage {
        let spec = ClipSpec::numbered();
        let mut frame = RawFrame::new(&spec);
        frame.draw(&spec, number);
        RgbImage::from_fn(spec.width_px, spec.height_px, |x, y| {
            let luma = frame.bytes[(y * spec.width_px + x) as usize];
            image::Rgb([luma; 3])
        })
    }

    #[test]
    fn numbers_are_read_back_at_several_sizes() {
        for number in [0, 1, 249, 299, 4_711, 65_535] {
            let image = drawn(number);
            assert_eq!(read_frame_number(&image), Some(number));
            let small = imageops::resize(&image, 120, 68, imageops::FilterType::Triangle);
            assert_eq!(read_frame_number(&small), Some(number));
            let stretched = imageops::resize(&image, 500, 90, imageops::FilterType::Triangle);
            assert_eq!(read_frame_number(&stretched), Some(number));
        }
    }

    #[test]
    fn turned_mirrored_and_mixed_pictures_are_not_read() {
        for number in 0..300 {
            let image = drawn(number);
            assert_eq!(read_frame_number(&imageops::rotate180(&image)), None, "{number} upside down");
            assert_eq!(read_frame_number(&imageops::rotate90(&image)), None, "{number} turned");
            assert_eq!(read_frame_number(&imageops::rotate270(&image)), None, "{number} turned");
            assert_eq!(read_frame_number(&imageops::flip_horizontal(&image)), None, "{number} mirrored");
        }
        let mut mixed = drawn(7);
        imageops::overlay(&mut mixed, &imageops::crop_imm(&drawn(200), 0, 0, 320, 62).to_image(), 0, 0);
        assert_eq!(read_frame_number(&mixed), None, "two frames in one picture");
    }
}
