//! From a video's luma and chroma to JPEG's: full-range BT.601, in one pass.
//!
//! Between two YUV spaces of the same primaries the new chroma depends on the old chroma alone, and the new
//! luma on all three, so the whole conversion is five factors. Other primaries and high dynamic range are
//! `tone`'s.
//!
//! Source: ITU-R BT.601-7, BT.709-6, BT.2020-2; SMPTE ST 240; JFIF 1.02.

use crate::av::{Colorimetry, Frame, Matrix, PlaneFormat, PlaneRows};
use crate::canvas::{Canvas, Plane};

/// Fractional bits of new samples before they are rounded.
const BITS: u32 = 5;
/// Samples are multiplied by their factors in 16 bits, of which the upper half is kept: then eight of them
/// go through the processor at once. Luma is lifted by 7 bits, which leaves 14 for its factor; centred
/// chroma by 8, which leaves 13.
const LUMA_LIFT: u32 = 7;
/// See [`LUMA_LIFT`].
const CHROMA_LIFT: u32 = 8;

/// The matrix that an untagged frame most likely has.
pub fn matrix_of(colorimetry: Colorimetry, width_px: u32, height_px: u32) -> Matrix {
    let is_high_definition = 720 <= height_px || 1_280 <= width_px;
    let guess = if is_high_definition { Matrix::Bt709 } else { Matrix::Bt601 };
    colorimetry.matrix.unwrap_or(guess)
}

/// Converts the planes of a YUV canvas from `matrix` and range to what JPEG means.
pub fn convert_to_jpeg(canvas: &mut Canvas, matrix: Matrix, is_full_range: bool) {
    if canvas.format != PlaneFormat::Rgb24 && !is_jpeg(matrix, is_full_range) {
        let widths = (canvas.planes[0].width, canvas.planes[1].width);
        Conversion::new(Factors::new(matrix, is_full_range), widths).run(canvas, None);
    }
}

/// A frame whose samples are a canvas's, but for what colours they mean.
pub struct Likeness<'f> {
    planes: [PlaneRows<'f>; 3],
    format: PlaneFormat,
    /// `None` where they mean the same.
    conversion: Option<Conversion>,
}

impl<'f> Likeness<'f> {
    /// `None` when the frame's samples are of another format.
    pub fn of(frame: &'f Frame, matrix: Matrix, format: PlaneFormat) -> Option<Self> {
        let planes = frame.planes_of(format)?;
        let is_full_range = frame.colorimetry().is_full_range;
        let convert = || {
            let widths = (planes[0].row(0).len(), planes[1].row(0).len());
            Conversion::new(Factors::new(matrix, is_full_range), widths)
        };
        let conversion = (!is_jpeg(matrix, is_full_range)).then(convert);
        Some(Self { planes, format, conversion })
    }

    /// Copies the rows from `top` on, an even number, to a canvas as wide as the frame, converted as by
    /// [`convert_to_jpeg`]: one pass instead of two.
    pub fn copy_to(&mut self, canvas: &mut Canvas, top: usize) {
        let chroma_top = top / rows_of_chroma_row(self.format);
        let from = Old { planes: &self.planes, tops: [top, chroma_top, chroma_top] };
        match &mut self.conversion {
            Some(conversion) => conversion.run(canvas, Some(from)),
            None => {
                for (index, plane) in canvas.planes.iter_mut().enumerate() {
                    for y in 0..plane.height {
                        let row = from.row(index, y);
                        plane.row_mut(y)[..row.len()].copy_from_slice(row);
                    }
                }
            }
        }
    }
}

/// Whether there is nothing to convert.
fn is_jpeg(matrix: Matrix, is_full_range: bool) -> bool {
    matrix == Matrix::Bt601 && is_full_range
}

/// Rows of luma for each of chroma.
fn rows_of_chroma_row(format: PlaneFormat) -> usize {
    if format == PlaneFormat::Yuv420 { 2 } else { 1 }
}

/// Rows of a frame before the conversion, from one of each plane on.
#[derive(Clone, Copy)]
struct Old<'f> {
    planes: &'f [PlaneRows<'f>; 3],
    tops: [usize; 3],
}

impl<'f> Old<'f> {
    fn row(self, index: usize, y: usize) -> &'f [u8] {
        self.planes[index].row(self.tops[index] + y)
    }
}

/// The conversion of planes of one width, row by row.
struct Conversion {
    by: FactorRows,
    old: Scratch,
}

impl Conversion {
    fn new(factors: Factors, (luma_width, chroma_width): (usize, usize)) -> Self {
        let by = FactorRows::new(factors, luma_width, chroma_width);
        Self { by, old: Scratch::new(luma_width, chroma_width) }
    }

    /// Fills a YUV canvas with the samples of `from`, or with its own, converted.
    fn run(&mut self, canvas: &mut Canvas, from: Option<Old<'_>>) {
        let repeat = rows_of_chroma_row(canvas.format);
        let [luma, blue, red] = &mut canvas.planes[..] else { return };
        let (width, height, chroma_width) = (luma.width, luma.height, blue.width);
        let Self { by, old } = self;
        for chroma_row in 0..blue.height {
            lift_chroma(old_row(from, 1, blue, chroma_row), &mut old.blue);
            lift_chroma(old_row(from, 2, red, chroma_row), &mut old.red);
            by.shift_luma((&old.blue, &old.red), &mut old.shift);
            if repeat == 2 {
                for (pair, &shift) in old.wide_shift.as_chunks_mut().0.iter_mut().zip(&old.shift) {
                    *pair = [shift; 2];
                }
            }
            let shift = if repeat == 2 { &old.wide_shift } else { &old.shift };
            for y in repeat * chroma_row..height.min(repeat * (chroma_row + 1)) {
                lift_luma(old_row(from, 0, luma, y), &mut old.luma);
                by.convert_luma(&old.luma, shift, &mut luma.row_mut(y)[..width]);
            }
            mix(&by.blue_of, (&old.blue, &old.red), &mut blue.row_mut(chroma_row)[..chroma_width]);
            mix(&by.red_of, (&old.blue, &old.red), &mut red.row_mut(chroma_row)[..chroma_width]);
        }
    }
}

/// A row of samples before the conversion.
fn old_row<'r>(from: Option<Old<'r>>, index: usize, plane: &'r Plane, y: usize) -> &'r [u8] {
    match from {
        Some(old) => old.row(index, y),
        None => plane.row(y),
    }
}

/// Rows before the conversion, lifted, and what chroma adds to luma.
struct Scratch {
    luma: Vec<i16>,
    blue: Vec<i16>,
    red: Vec<i16>,
    shift: Vec<i16>,
    wide_shift: Vec<i16>,
}

impl Scratch {
    fn new(luma_width: usize, chroma_width: usize) -> Self {
        let row = |width| vec![0; width];
        Self {
            luma: row(luma_width),
            blue: row(chroma_width),
            red: row(chroma_width),
            shift: row(chroma_width),
            wide_shift: row(2 * chroma_width),
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
    /// New luma of old luma.
    luma: i16,
    /// What is added to all luma: old black's, and half a unit to round by.
    luma_base: i16,
    /// New luma of old blue and red difference.
    luma_of: [i16; 2],
    /// New blue difference of old blue and red difference; then new red difference.
    blue_of: [i16; 2],
    red_of: [i16; 2],
}

impl Factors {
    fn new(matrix: Matrix, is_full_range: bool) -> Self {
        let (luma_scale, chroma_scale, black) =
            if is_full_range { (1.0, 1.0, 0.0) } else { (255.0 / 219.0, 255.0 / 224.0, 16.0) };
        let fixed = |factor: f64, lift: u32| (factor * f64::from(1 << (16 + BITS - lift))).round() as i16;
        // What becomes of one unit of each old difference, through RGB.
        let [of_blue, of_red] = [[1.0, 0.0], [0.0, 1.0]].map(|[blue, red]| {
            let (kr, kb) = weights(matrix);
            let (r, b) = (2.0 * (1.0 - kr) * red, 2.0 * (1.0 - kb) * blue);
            let g = -(kr * r + kb * b) / (1.0 - kr - kb);
            let luma = 0.299 * r + 0.587 * g + 0.114 * b;
            [luma, (b - luma) / 1.772, (r - luma) / 1.402]
                .map(|value| fixed(value * chroma_scale, CHROMA_LIFT))
        });
        let unit = f64::from(1 << BITS);
        Self {
            luma: fixed(luma_scale, LUMA_LIFT),
            // The upper half of a product is rounded down, by half of its last bit on average, three times.
            luma_base: (unit / 2.0 + 1.5 - black * luma_scale * unit).round() as i16,
            luma_of: [of_blue[0], of_red[0]],
            blue_of: [of_blue[1], of_red[1]],
            red_of: [of_blue[2], of_red[2]],
        }
    }
}

/// The factors, as often as a row has samples. Compilers find the 16-bit multiplication of many samples at
/// once only where both factors come from memory; it is three times as fast.
struct FactorRows {
    luma: Vec<i16>,
    luma_base: i16,
    luma_of: [Vec<i16>; 2],
    blue_of: [Vec<i16>; 2],
    red_of: [Vec<i16>; 2],
}

impl FactorRows {
    fn new(factors: Factors, luma_width: usize, chroma_width: usize) -> Self {
        let rows = |of: [i16; 2]| of.map(|factor| vec![factor; chroma_width]);
        Self {
            luma: vec![factors.luma; luma_width],
            luma_base: factors.luma_base,
            luma_of: rows(factors.luma_of),
            blue_of: rows(factors.blue_of),
            red_of: rows(factors.red_of),
        }
    }

    /// What chroma adds to luma.
    fn shift_luma(&self, (blue, red): (&[i16], &[i16]), shift: &mut [i16]) {
        let [of_blue, of_red] = &self.luma_of;
        let old = blue.iter().zip(red).zip(of_blue.iter().zip(of_red));
        for (shift, ((&blue, &red), (&of_blue, &of_red))) in shift.iter_mut().zip(old) {
            *shift = self.luma_base + upper(blue, of_blue) + upper(red, of_red);
        }
    }

    fn convert_luma(&self, old: &[i16], shift: &[i16], new: &mut [u8]) {
        for (((new, &old), &shift), &factor) in new.iter_mut().zip(old).zip(shift).zip(&self.luma) {
            *new = rounded(upper(old, factor) + shift);
        }
    }
}

fn mix([of_blue, of_red]: &[Vec<i16>; 2], (blue, red): (&[i16], &[i16]), new: &mut [u8]) {
    // The centre, half a unit, and what two products lose.
    const BASE: i16 = (128 << BITS) + (1 << (BITS - 1)) + 1;
    let old = blue.iter().zip(red).zip(of_blue.iter().zip(of_red));
    for (new, ((&blue, &red), (&of_blue, &of_red))) in new.iter_mut().zip(old) {
        *new = rounded(BASE + upper(blue, of_blue) + upper(red, of_red));
    }
}

fn lift_luma(samples: &[u8], lifted: &mut [i16]) {
    for (lifted, &sample) in lifted.iter_mut().zip(samples) {
        *lifted = i16::from(sample) << LUMA_LIFT;
    }
}

/// Differences around zero.
fn lift_chroma(samples: &[u8], lifted: &mut [i16]) {
    for (lifted, &sample) in lifted.iter_mut().zip(samples) {
        *lifted = (i16::from(sample) - 128) << CHROMA_LIFT;
    }
}

/// The upper half of a product.
fn upper(sample: i16, factor: i16) -> i16 {
    ((i32::from(sample) * i32::from(factor)) >> 16) as i16
}

fn rounded(value: i16) -> u8 {
    (value >> BITS).clamp(0, 255) as u8
}

/// Weights of red and blue in luma.
pub fn weights(matrix: Matrix) -> (f64, f64) {
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
    use crate::av::Transfer;
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
    fn no_new_sample_is_off_by_more_than_rounding() {
        for matrix in [Matrix::Bt601, Matrix::Bt709, Matrix::Bt2020, Matrix::Smpte240m, Matrix::Fcc] {
            for is_full_range in [false, true] {
                let by = FactorRows::new(Factors::new(matrix, is_full_range), 1, 1);
                for (y, b, r) in (0..=255u8).flat_map(|y| [(y, 128, 128), (y, 90, 240), (y, 201, 17)]) {
                    let (mut luma, mut blue, mut red) = ([0], [0], [0]);
                    lift_luma(&[y], &mut luma);
                    lift_chroma(&[b], &mut blue);
                    lift_chroma(&[r], &mut red);
                    let (mut shift, mut new) = ([0], [0; 3]);
                    by.shift_luma((&blue, &red), &mut shift);
                    by.convert_luma(&luma, &shift, &mut new[..1]);
                    mix(&by.blue_of, (&blue, &red), &mut new[1..2]);
                    mix(&by.red_of, (&blue, &red), &mut new[2..]);
                    for (got, exact) in new.into_iter().zip(converted([y, b, r], matrix, is_full_range)) {
                        let off = f64::from(got) - exact.clamp(0.0, 255.0);
                        assert!(off.abs() <= 0.6, "{matrix:?} {y},{b},{r}: {got} for {exact}");
                    }
                }
            }
        }
    }

    /// A sample converted by the definitions, not rounded.
    fn converted([y, b, r]: [u8; 3], matrix: Matrix, is_full_range: bool) -> [f64; 3] {
        let (kr, kb) = weights(matrix);
        let (black, span, chroma_span) =
            if is_full_range { (0.0, 255.0, 255.0) } else { (16.0, 219.0, 224.0) };
        let luma = (f64::from(y) - black) / span;
        let [blue, red] = [b, r].map(|value| (f64::from(value) - 128.0) / chroma_span);
        let (red, blue) = (luma + 2.0 * (1.0 - kr) * red, luma + 2.0 * (1.0 - kb) * blue);
        let green = (luma - kr * red - kb * blue) / (1.0 - kr - kb);
        let luma = 0.299 * red + 0.587 * green + 0.114 * blue;
        [255.0 * luma, 128.0 + 255.0 * (blue - luma) / 1.772, 128.0 + 255.0 * (red - luma) / 1.402]
    }

    #[test]
    fn untagged_frames_are_guessed_by_size() {
        let untagged = Colorimetry {
            is_rgb: false,
            matrix: None,
            is_full_range: false,
            transfer: Transfer::Sdr,
            primaries: None,
        };
        assert_eq!(matrix_of(untagged, 640, 360), Matrix::Bt601);
        assert_eq!(matrix_of(untagged, 1_280, 544), Matrix::Bt709);
        assert_eq!(matrix_of(untagged, 720, 1_280), Matrix::Bt709);
        let tagged = Colorimetry { matrix: Some(Matrix::Bt601), ..untagged };
        assert_eq!(matrix_of(tagged, 1_920, 1_080), Matrix::Bt601);
    }
}
