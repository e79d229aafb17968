//! Planes of pixels: what the scaler writes, what pictures are put together on, what encoders read.
//!
//! A YUV canvas holds full-range BT.601 once it is converted (see `colour.rs`): what JPEG means by YUV.

use stillframe_domain::{Colour, PixelSize};

use crate::av::{PlaneFormat, PlanesMut};
use crate::orientation::Orientation;

/// Rows begin at multiples of this, and end with room for one whole vector of the scaler.
const ALIGNMENT: usize = 64;

/// One plane.
#[derive(Debug, Clone)]
pub struct Plane {
    bytes: Vec<u8>,
    /// Where the first row begins, so that it is aligned.
    start: usize,
    /// Bytes from row to row.
    pub stride: usize,
    /// Samples in a row that count.
    pub width: usize,
    /// Rows that count.
    pub height: usize,
    /// Bytes of a sample.
    pub sample_bytes: usize,
}

/// A picture being made.
#[derive(Debug, Clone)]
pub struct Canvas {
    /// Its format.
    pub format: PlaneFormat,
    /// Its size in pixels.
    pub size: PixelSize,
    /// Three planes, one of RGB, or four with opacity.
    pub planes: Vec<Plane>,
}

impl Plane {
    fn new(width: usize, height: usize, sample_bytes: usize) -> Self {
        // Encoders of halved chroma read whole pairs, so there is one sample and row more than counts.
        let stride = ((width + 1) * sample_bytes).next_multiple_of(ALIGNMENT) + ALIGNMENT;
        let bytes = vec![0; stride * (height + 1) + ALIGNMENT];
        let start = bytes.as_ptr().align_offset(ALIGNMENT).min(ALIGNMENT);
        Self { bytes, start, stride, width, height, sample_bytes }
    }

    /// A row's samples, with one more of padding.
    pub fn row(&self, y: usize) -> &[u8] {
        let start = self.start + y * self.stride;
        &self.bytes[start..start + self.stride]
    }

    /// A row's samples, to be changed.
    pub fn row_mut(&mut self, y: usize) -> &mut [u8] {
        let start = self.start + y * self.stride;
        &mut self.bytes[start..start + self.stride]
    }

    /// All rows, from the first byte of the first.
    pub fn rows(&self) -> &[u8] {
        &self.bytes[self.start..]
    }

    fn rows_mut(&mut self) -> &mut [u8] {
        &mut self.bytes[self.start..]
    }

    fn fill(&mut self, sample: &[u8]) {
        for y in 0..=self.height {
            for bytes in self.row_mut(y).chunks_exact_mut(sample.len()) {
                bytes.copy_from_slice(sample);
            }
        }
    }

    /// Repeats the last sample and row into the padding.
    fn extend_edges(&mut self) {
        let end = self.width * self.sample_bytes;
        for y in 0..self.height {
            let samples = self.sample_bytes;
            self.row_mut(y).copy_within(end - samples..end, end);
        }
        let last = self.start + (self.height - 1) * self.stride;
        self.bytes.copy_within(last..last + self.stride, last + self.stride);
    }
}

impl Canvas {
    /// A canvas of zeros. Sides are at least 1.
    pub fn new(format: PlaneFormat, size: PixelSize) -> Self {
        let (width, height) = (size.width_px as usize, size.height_px as usize);
        let planes = match format {
            PlaneFormat::Rgb24 => vec![Plane::new(width, height, 3)],
            // Not cloned: each plane finds the aligned start of its own memory.
            PlaneFormat::Yuv444 => (0..3).map(|_| Plane::new(width, height, 1)).collect(),
            PlaneFormat::Yuva444 => (0..4).map(|_| Plane::new(width, height, 1)).collect(),
            PlaneFormat::Deep444 => (0..3).map(|_| Plane::new(width, height, 2)).collect(),
            PlaneFormat::Yuv420 => {
                let chroma = || Plane::new(width.div_ceil(2), height.div_ceil(2), 1);
                vec![Plane::new(width, height, 1), chroma(), chroma()]
            }
        };
        Self { format, size, planes }
    }

    /// A canvas of one colour, of the formats that pictures have.
    pub fn filled(format: PlaneFormat, size: PixelSize, colour: Colour) -> Self {
        let mut canvas = Self::new(format, size);
        match format {
            PlaneFormat::Rgb24 => canvas.planes[0].fill(&[colour.red, colour.green, colour.blue]),
            PlaneFormat::Deep444 | PlaneFormat::Yuva444 => {}
            PlaneFormat::Yuv420 | PlaneFormat::Yuv444 => {
                for (plane, sample) in canvas.planes.iter_mut().zip(jpeg_yuv(colour)) {
                    plane.fill(&[sample]);
                }
            }
        }
        canvas
    }

    /// The planes as the scaler wants them.
    pub fn planes_mut(&mut self) -> PlanesMut<'_> {
        let (format, size) = (self.format, self.size);
        let mut strides = [0; 4];
        let mut planes: [&mut [u8]; 4] = [&mut [], &mut [], &mut [], &mut []];
        for (index, plane) in self.planes.iter_mut().enumerate() {
            strides[index] = plane.stride;
            planes[index] = plane.rows_mut();
        }
        PlanesMut { format, width_px: size.width_px, height_px: size.height_px, planes, strides }
    }

    /// Copies a picture of the same format onto this one, turned upright, with its left upper corner at
    /// `(x, y)`. What does not fit is cut. Corners of halved chroma must be even.
    pub fn place(&mut self, picture: &Self, orientation: Orientation, (x, y): (u32, u32)) {
        let turned = orientation.turned(picture.size);
        for (index, plane) in self.planes.iter_mut().enumerate() {
            let is_halved = self.format == PlaneFormat::Yuv420 && 0 < index;
            let halve = |side: u32| if is_halved { side.div_ceil(2) } else { side } as usize;
            let corner = (halve(x), halve(y));
            let size = (halve(turned.width_px), halve(turned.height_px));
            place_plane(plane, &picture.planes[index], orientation, corner, size);
        }
    }

    /// The picture with chroma halved both ways: each new sample is the mean of up to four.
    pub fn with_halved_chroma(mut self) -> Self {
        let mut halved = Self::new(PlaneFormat::Yuv420, self.size);
        for (from, to) in self.planes.iter().zip(&mut halved.planes).skip(1) {
            halve(from, to);
        }
        halved.planes[0] = self.planes.swap_remove(0);
        halved
    }

    /// Makes the padding ready for encoders that read whole pairs.
    pub fn extend_edges(&mut self) {
        self.planes.iter_mut().for_each(Plane::extend_edges);
    }

    /// A blurred copy enlarged to a size: what lies behind a picture of another shape.
    pub fn blurred_to(&self, size: PixelSize) -> Self {
        let mut large = Self::new(self.format, size);
        for (from, to) in self.planes.iter().zip(&mut large.planes) {
            enlarge(&soften(from), to);
        }
        large
    }
}

fn place_plane(
    to: &mut Plane,
    from: &Plane,
    orientation: Orientation,
    (x, y): (usize, usize),
    (width, height): (usize, usize),
) {
    let samples = to.sample_bytes;
    let (width, height) = (width.min(to.width.saturating_sub(x)), height.min(to.height.saturating_sub(y)));
    for row in 0..height {
        let target = &mut to.row_mut(y + row)[x * samples..(x + width) * samples];
        if orientation == Orientation::default() {
            target.copy_from_slice(&from.row(row)[..width * samples]);
            continue;
        }
        for (column, sample) in target.chunks_exact_mut(samples).enumerate() {
            let (from_x, from_y) = source_of(orientation, (column, row), from);
            sample.copy_from_slice(&from.row(from_y)[from_x * samples..][..samples]);
        }
    }
}

/// Where an upright sample comes from: flips are undone first, then the transposition.
fn source_of(orientation: Orientation, (x, y): (usize, usize), from: &Plane) -> (usize, usize) {
    let (across, down) =
        if orientation.is_transposed { (from.height, from.width) } else { (from.width, from.height) };
    let x = if orientation.is_flipped_across { across - 1 - x } else { x };
    let y = if orientation.is_flipped_down { down - 1 - y } else { y };
    if orientation.is_transposed { (y, x) } else { (x, y) }
}

/// The means of squares of two by two samples; the last sample and row stand twice where a side is odd.
fn halve(from: &Plane, to: &mut Plane) {
    for y in 0..to.height {
        let (above, below) = (from.row(2 * y), from.row((2 * y + 1).min(from.height - 1)));
        for (x, sample) in to.row_mut(y)[..from.width.div_ceil(2)].iter_mut().enumerate() {
            let (left, right) = (2 * x, (2 * x + 1).min(from.width - 1));
            let sum: u16 = [above[left], above[right], below[left], below[right]].map(u16::from).iter().sum();
            *sample = ((sum + 2) / 4) as u8;
        }
    }
}

/// The mean of each sample and its eight neighbours, twice.
fn soften(plane: &Plane) -> Plane {
    let mut soft = plane.clone();
    for _ in 0..2 {
        let from = soft.clone();
        let samples = from.sample_bytes;
        for y in 0..from.height {
            let ys = [y.saturating_sub(1), y, (y + 1).min(from.height - 1)];
            for x in 0..from.width {
                let xs = [x.saturating_sub(1), x, (x + 1).min(from.width - 1)];
                for part in 0..samples {
                    let sum: u32 = ys
                        .iter()
                        .flat_map(|&y| xs.iter().map(move |&x| (x, y)))
                        .map(|(x, y)| u32::from(from.row(y)[x * samples + part]))
                        .sum();
                    soft.row_mut(y)[x * samples + part] = (sum / 9) as u8;
                }
            }
        }
    }
    soft
}

/// Bilinear enlargement in 16.16 fixed point, by sample centres.
fn enlarge(from: &Plane, to: &mut Plane) {
    let samples = from.sample_bytes;
    let position = |at: usize, to_side: usize, from_side: usize| {
        let centre = (((2 * at + 1) * from_side) << 16) / (2 * to_side);
        let centre = centre.saturating_sub(1 << 15).min((from_side - 1) << 16);
        (centre >> 16, (centre & 0xffff) as u32)
    };
    for y in 0..to.height {
        let (top, down) = position(y, to.height, from.height);
        let (above, below) = (from.row(top), from.row((top + 1).min(from.height - 1)));
        for x in 0..to.width {
            let (left, across) = position(x, to.width, from.width);
            let right = (left + 1).min(from.width - 1);
            for part in 0..samples {
                let mix = |row: &[u8]| {
                    let (a, b) = (row[left * samples + part], row[right * samples + part]);
                    u64::from(a) * u64::from(65_536 - across) + u64::from(b) * u64::from(across)
                };
                let mixed = mix(above) * u64::from(65_536 - down) + mix(below) * u64::from(down);
                to.row_mut(y)[x * samples + part] = ((mixed + (1 << 31)) >> 32) as u8;
            }
        }
    }
}

/// A colour as JPEG's YUV.
fn jpeg_yuv(colour: Colour) -> [u8; 3] {
    let [r, g, b] = [colour.red, colour.green, colour.blue].map(f64::from);
    let luma = 0.299 * r + 0.587 * g + 0.114 * b;
    let chroma = |part: f64, weight: f64| 128.0 + (part - luma) / (2.0 * (1.0 - weight));
    [luma, chroma(b, 0.114), chroma(r, 0.299)].map(|value| value.round().clamp(0.0, 255.0) as u8)
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn size(width_px: u32, height_px: u32) -> PixelSize {
        PixelSize { width_px, height_px }
    }

    /// A picture whose samples are all different.
    fn numbered(format: PlaneFormat, at: PixelSize) -> Canvas {
        let mut canvas = Canvas::new(format, at);
        for plane in &mut canvas.planes {
            for y in 0..plane.height {
                let (width, samples) = (plane.width, plane.sample_bytes);
                for x in 0..width * samples {
                    plane.row_mut(y)[x] = (y * width * samples + x) as u8;
                }
            }
        }
        canvas
    }

    fn upright(orientation: Orientation) -> Vec<Vec<u8>> {
        let picture = numbered(PlaneFormat::Yuv444, size(3, 2));
        let mut canvas = Canvas::new(PlaneFormat::Yuv444, orientation.turned(picture.size));
        canvas.place(&picture, orientation, (0, 0));
        let plane = &canvas.planes[0];
        (0..plane.height).map(|y| plane.row(y)[..plane.width].to_vec()).collect()
    }

    #[test]
    fn pictures_are_turned_and_flipped() {
        let orientation = |is_transposed, is_flipped_across, is_flipped_down| Orientation {
            is_transposed,
            is_flipped_across,
            is_flipped_down,
        };
        // The picture is 0 1 2 over 3 4 5.
        assert_eq!(upright(orientation(false, false, false)), [[0, 1, 2], [3, 4, 5]]);
        assert_eq!(upright(orientation(false, true, false)), [[2, 1, 0], [5, 4, 3]]);
        assert_eq!(upright(orientation(false, false, true)), [[3, 4, 5], [0, 1, 2]]);
        assert_eq!(upright(orientation(false, true, true)), [[5, 4, 3], [2, 1, 0]]);
        assert_eq!(upright(orientation(true, false, false)), [[0, 3], [1, 4], [2, 5]]);
        assert_eq!(upright(orientation(true, true, false)), [[3, 0], [4, 1], [5, 2]], "90 degrees");
        assert_eq!(upright(orientation(true, false, true)), [[2, 5], [1, 4], [0, 3]], "270 degrees");
        assert_eq!(upright(orientation(true, true, true)), [[5, 2], [4, 1], [3, 0]]);
    }

    #[test]
    fn a_placed_picture_leaves_its_surroundings_alone() {
        for format in [PlaneFormat::Yuv420, PlaneFormat::Yuv444, PlaneFormat::Rgb24] {
            let mut canvas = Canvas::filled(format, size(12, 10), Colour::WHITE);
            let before = canvas.clone();
            let black = Canvas::filled(format, size(4, 4), Colour::BLACK);
            canvas.place(&black, Orientation::default(), (4, 2));
            let (plane, old) = (&canvas.planes[0], &before.planes[0]);
            let samples = plane.sample_bytes;
            for y in 0..10 {
                for x in 0..12 {
                    let is_inside = (4..8).contains(&x) && (2..6).contains(&y);
                    let expected = if is_inside { 0 } else { old.row(y)[x * samples] };
                    assert_eq!(plane.row(y)[x * samples], expected, "{format:?} {x},{y}");
                }
            }
        }
    }

    #[test]
    fn pictures_that_do_not_fit_are_cut() {
        let mut canvas = Canvas::filled(PlaneFormat::Yuv420, size(5, 5), Colour::BLACK);
        let white = Canvas::filled(PlaneFormat::Yuv420, size(9, 9), Colour::WHITE);
        canvas.place(&white, Orientation::default(), (2, 2));
        assert_eq!(canvas.planes[0].row(4)[..5], [0, 0, 255, 255, 255]);
    }

    #[test]
    fn a_blurred_flat_picture_stays_flat() {
        let flat = Canvas::filled(PlaneFormat::Rgb24, size(6, 4), Colour { red: 9, green: 99, blue: 199 });
        let large = flat.blurred_to(size(61, 33));
        assert_eq!(large.planes[0].row(32)[180..183], [9, 99, 199]);
        assert_eq!(large.planes[0].row(0)[..3], [9, 99, 199]);
    }
}
