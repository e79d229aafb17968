//! From a video's luma and chroma to JPEG's: full-range BT.601, in one pass over small pictures.
//!
//! Between two YUV spaces of the same primaries the new chroma depends on the old chroma alone, and the new
//! luma on all three, so the whole conversion is five factors. High dynamic range would be mapped here too,
//! before the picture is placed.
//!
//! Source: ITU-R BT.601-7, BT.709-6, BT.2020-2; SMPTE ST 240; JFIF 1.02.

use crate::av::{Colorimetry, Matrix, PlaneFormat};
use crate::canvas::Canvas;

/// Fractional bits of the factors.
const BITS: u32 = 14;
const HALF: i32 = 1 << (BITS - 1);

/// The matrix that an untagged frame most likely has.
pub fn matrix_of(colorimetry: Colorimetry, width_px: u32, height_px: u32) -> Matrix {
    let is_high_definition = 720 <= height_px || 1_280 <= width_px;
    let guess = if is_high_definition { Matrix::Bt709 } else { Matrix::Bt601 };
    colorimetry.matrix.unwrap_or(guess)
}

/// Converts the planes of a YUV canvas from `matrix` and range to what JPEG means.
pub fn convert_to_jpeg(canvas: &mut Canvas, matrix: Matrix, is_full_range: bool) {
    if canvas.format == PlaneFormat::Rgb24 || (matrix == Matrix::Bt601 && is_full_range) {
        return;
    }
    let factors = Factors::new(matrix, is_full_range);
    let is_halved = canvas.format == PlaneFormat::Yuv420;
    let [luma, blue, red] = &mut canvas.planes[..] else { return };
    for chroma_row in 0..blue.height {
        let (blue_row, red_row) = (blue.row(chroma_row), red.row(chroma_row));
        let chroma = &mut vec![0; blue.width][..];
        for ((shift, &b), &r) in chroma.iter_mut().zip(blue_row).zip(red_row) {
            *shift = factors.luma_shift(b, r);
        }
        let rows = if is_halved { 2 * chroma_row..2 * chroma_row + 2 } else { chroma_row..chroma_row + 1 };
        let (width, height) = (luma.width, luma.height);
        for y in rows.filter(|&y| y < height) {
            let row = &mut luma.row_mut(y)[..width];
            if is_halved {
                for (pair, &shift) in row.chunks_mut(2).zip(chroma.iter()) {
                    pair.iter_mut().for_each(|sample| *sample = factors.luma(*sample, shift));
                }
            } else {
                for (sample, &shift) in row.iter_mut().zip(chroma.iter()) {
                    *sample = factors.luma(*sample, shift);
                }
            }
        }
        let width = blue.width;
        let (blue_row, red_row) = (blue.row_mut(chroma_row), red.row_mut(chroma_row));
        for (b, r) in blue_row[..width].iter_mut().zip(&mut red_row[..width]) {
            (*b, *r) = factors.chroma(*b, *r);
        }
    }
}

/// Narrows the planes of a YUV canvas from full to limited range, for formats that know no other.
pub fn limit_range(canvas: &mut Canvas) {
    let table = |black: f64, span: f64, centre: f64| -> [u8; 256] {
        std::array::from_fn(|value| (black + (value as f64 - centre) * span / 255.0).round() as u8)
    };
    let (luma, chroma) = (table(16.0, 219.0, 0.0), table(128.0, 224.0, 128.0));
    for (index, plane) in canvas.planes.iter_mut().enumerate() {
        let table = if index == 0 { &luma } else { &chroma };
        let width = plane.width;
        for y in 0..plane.height {
            plane.row_mut(y)[..width].iter_mut().for_each(|sample| *sample = table[usize::from(*sample)]);
        }
    }
}

/// The conversion in fixed point.
#[derive(Debug, Clone, Copy)]
struct Factors {
    /// New luma of old luma, and the old luma of black.
    luma: i32,
    black: i32,
    /// New luma of old blue and red difference.
    luma_of: [i32; 2],
    /// New blue difference of old blue and red difference; then new red difference.
    blue_of: [i32; 2],
    red_of: [i32; 2],
}

impl Factors {
    fn new(matrix: Matrix, is_full_range: bool) -> Self {
        let (luma_scale, chroma_scale, black) =
            if is_full_range { (1.0, 1.0, 0) } else { (255.0 / 219.0, 255.0 / 224.0, 16) };
        let fixed = |factor: f64| (factor * f64::from(1 << BITS)).round() as i32;
        // What becomes of one unit of each old difference, through RGB.
        let [of_blue, of_red] = [[1.0, 0.0], [0.0, 1.0]].map(|[blue, red]| {
            let (kr, kb) = weights(matrix);
            let (r, b) = (2.0 * (1.0 - kr) * red, 2.0 * (1.0 - kb) * blue);
            let g = -(kr * r + kb * b) / (1.0 - kr - kb);
            let luma = 0.299 * r + 0.587 * g + 0.114 * b;
            [luma, (b - luma) / 1.772, (r - luma) / 1.402].map(|value| fixed(value * chroma_scale))
        });
        Self {
            luma: fixed(luma_scale),
            black,
            luma_of: [of_blue[0], of_red[0]],
            blue_of: [of_blue[1], of_red[1]],
            red_of: [of_blue[2], of_red[2]],
        }
    }

    fn luma_shift(self, blue: u8, red: u8) -> i32 {
        self.luma_of[0] * (i32::from(blue) - 128) + self.luma_of[1] * (i32::from(red) - 128)
    }

    fn luma(self, luma: u8, shift: i32) -> u8 {
        clip((self.luma * (i32::from(luma) - self.black) + shift + HALF) >> BITS)
    }

    fn chroma(self, blue: u8, red: u8) -> (u8, u8) {
        let (blue, red) = (i32::from(blue) - 128, i32::from(red) - 128);
        let mix = |of: [i32; 2]| clip(((of[0] * blue + of[1] * red + HALF) >> BITS) + 128);
        (mix(self.blue_of), mix(self.red_of))
    }
}

fn clip(value: i32) -> u8 {
    value.clamp(0, 255) as u8
}

/// Weights of red and blue in luma.
fn weights(matrix: Matrix) -> (f64, f64) {
    match matrix {
        Matrix::Bt601 => (0.299, 0.114),
        Matrix::Bt709 => (0.2126, 0.0722),
        Matrix::Bt2020 => (0.2627, 0.0593),
        Matrix::Smpte240m => (0.212, 0.087),
        Matrix::Fcc => (0.30, 0.11),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use stillframe_domain::{Colour, PixelSize};

    /// A colour as limited-range YUV of a matrix, straight from the definition.
    fn limited(colour: Colour, matrix: Matrix) -> [u8; 3] {
        let (kr, kb) = weights(matrix);
        let [r, g, b] = [colour.red, colour.green, colour.blue].map(|part| f64::from(part) / 255.0);
        let luma = kr * r + (1.0 - kr - kb) * g + kb * b;
        let (blue, red) = ((b - luma) / (2.0 * (1.0 - kb)), (r - luma) / (2.0 * (1.0 - kr)));
        [16.0 + 219.0 * luma, 128.0 + 224.0 * blue, 128.0 + 224.0 * red].map(|value| value.round() as u8)
    }

    #[test]
    fn every_matrix_gives_the_same_colour() {
        let size = PixelSize { width_px: 6, height_px: 5 };
        for matrix in [Matrix::Bt601, Matrix::Bt709, Matrix::Bt2020, Matrix::Smpte240m, Matrix::Fcc] {
            for (red, green, blue) in
                [(12, 220, 2), (173, 0, 183), (191, 191, 191), (0, 0, 0), (255, 255, 255)]
            {
                let colour = Colour { red, green, blue };
                for format in [PlaneFormat::Yuv420, PlaneFormat::Yuv444] {
                    let mut canvas = Canvas::new(format, size);
                    for (plane, value) in canvas.planes.iter_mut().zip(limited(colour, matrix)) {
                        for y in 0..plane.height {
                            let width = plane.width;
                            plane.row_mut(y)[..width].fill(value);
                        }
                    }
                    convert_to_jpeg(&mut canvas, matrix, false);
                    let expected = Canvas::filled(format, size, colour);
                    for (plane, wanted) in canvas.planes.iter().zip(&expected.planes) {
                        let (got, wanted) = (plane.row(plane.height - 1), wanted.row(0)[0]);
                        for &value in &got[..plane.width] {
                            assert!(
                                value.abs_diff(wanted) <= 2,
                                "{matrix:?} {colour:?}: {value} for {wanted}"
                            );
                        }
                    }
                }
            }
        }
    }

    #[test]
    fn untagged_frames_are_guessed_by_size() {
        let untagged = Colorimetry { is_rgb: false, matrix: None, is_full_range: false };
        assert_eq!(matrix_of(untagged, 640, 360), Matrix::Bt601);
        assert_eq!(matrix_of(untagged, 1_280, 544), Matrix::Bt709);
        assert_eq!(matrix_of(untagged, 720, 1_280), Matrix::Bt709);
        let tagged = Colorimetry { matrix: Some(Matrix::Bt601), ..untagged };
        assert_eq!(matrix_of(tagged, 1_920, 1_080), Matrix::Bt601);
    }
}
