//! High dynamic range and wide gamuts to what other pictures are: BT.709, within its brightness.
//!
//! It is done on the scaled picture, so that it costs by the picture's pixels and not by the frame's, and
//! from samples of 12 bits, since a whole picture of ordinary brightness spans half of the codes of PQ.
//! `docs/design/colour.md` says why the curve is this one.

mod curves;

use crate::av::{Colorimetry, Matrix, PlaneFormat, Primaries, Transfer};
use crate::canvas::Canvas;
use crate::colour::weights;

use curves::{
    HLG_GAIN, LEVELS, display_signal, gamut_to_bt709, hlg_light, mobius, pq_light, sdr_light, sdr_signal,
};

/// Largest index of the tables.
const TOP: f32 = (LEVELS - 1) as f32;
/// Added to a small number, it leaves the number, rounded, in the lowest bits: quicker than a conversion.
const ROUNDER: f32 = 8_388_608.0;

/// What the samples of a frame mean, where that is more than BT.709 has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Meaning {
    matrix: Matrix,
    is_full_range: bool,
    transfer: Transfer,
    primaries: Primaries,
}

impl Meaning {
    /// Of frames of high dynamic range or of a wide gamut; `None` of all others.
    ///
    /// A frame of high dynamic range that does not name its primaries or its matrix has those of BT.2020.
    pub fn beyond_bt709(colorimetry: Colorimetry) -> Option<Self> {
        let Colorimetry { is_rgb, matrix, is_full_range, transfer, primaries } = colorimetry;
        let is_high = transfer != Transfer::Sdr;
        let primaries = primaries.unwrap_or(if is_high { Primaries::Bt2020 } else { Primaries::Bt709 });
        if !is_high && primaries == Primaries::Bt709 {
            return None;
        }
        // The scaler makes full-range BT.601 of RGB.
        let (matrix, is_full_range) =
            if is_rgb { (Matrix::Bt601, true) } else { (matrix.unwrap_or(Matrix::Bt2020), is_full_range) };
        Some(Self { matrix, is_full_range, transfer, primaries })
    }
}

/// Maps pictures of one meaning; its tables are made once.
pub struct ToneMap {
    meaning: Meaning,
    /// Light of a signal, in units of 100 cd/m2.
    light: Vec<f32>,
    /// What the light of HLG is multiplied by, by the root of its luminance. Empty for other transfers.
    gain: Vec<f32>,
    /// Signal of 0 to 255 of the root of light.
    signal: Vec<f32>,
    gamut: [[f32; 3]; 3],
}

impl ToneMap {
    /// Tables for frames of that meaning.
    pub fn new(meaning: Meaning) -> Self {
        let table = |of: fn(f64) -> f64| -> Vec<f32> {
            (0..LEVELS).map(|level| of(level as f64 / f64::from(TOP)) as f32).collect()
        };
        let light = match meaning.transfer {
            Transfer::Pq => table(pq_light),
            Transfer::Hlg => table(hlg_light),
            Transfer::Sdr => table(sdr_light),
        };
        // The system's gamma of 1.2 at 1000 cd/m2 is a power of 0.2 of the luminance, 0.4 of its root.
        let gain = if meaning.transfer == Transfer::Hlg {
            table(|root| HLG_GAIN * root.powf(0.4))
        } else {
            Vec::new()
        };
        let signal = match meaning.transfer {
            Transfer::Sdr => table(|root| 255.0 * sdr_signal(root * root)),
            Transfer::Pq | Transfer::Hlg => table(|root| 255.0 * display_signal(root * root)),
        };
        Self { meaning, light, gain, signal, gamut: gamut_to_bt709(meaning.primaries) }
    }

    /// What it maps.
    pub fn meaning(&self) -> Meaning {
        self.meaning
    }

    /// Maps a deep picture to one of the same size.
    pub fn map(&self, deep: &Canvas, format: PlaneFormat) -> Canvas {
        let full = if format == PlaneFormat::Rgb24 { format } else { PlaneFormat::Yuv444 };
        let mut canvas = Canvas::new(full, deep.size);
        let width = deep.size.width_px as usize;
        let mut row = Row::new(width);
        let decode = Decode::new(self.meaning);
        for y in 0..deep.size.height_px as usize {
            row.read(deep, y, decode);
            row.look_up(&self.light);
            if !self.gain.is_empty() {
                row.brighten(&self.gain);
            }
            row.turn(self.gamut);
            if self.meaning.transfer != Transfer::Sdr {
                row.compress();
            }
            row.root();
            row.look_up(&self.signal);
            if full == PlaneFormat::Rgb24 {
                row.write_rgb(&mut canvas, y)
            } else {
                row.write_yuv(&mut canvas, y)
            }
        }
        if format == PlaneFormat::Yuv420 { canvas.with_halved_chroma() } else { canvas }
    }
}

/// From samples of 12 bits to places in the tables.
#[derive(Clone, Copy)]
struct Decode {
    black: f32,
    luma: f32,
    red_of: f32,
    green_of: [f32; 2],
    blue_of: f32,
}

impl Decode {
    fn new(Meaning { matrix, is_full_range, .. }: Meaning) -> Self {
        let (kr, kb) = weights(matrix);
        let kg = 1.0 - kr - kb;
        // Full range of 8 or 10 bits is lifted to 12 by a shift.
        let (black, span, chroma_span) =
            if is_full_range { (0.0, 4_088.0, 4_088.0) } else { (256.0, 3_504.0, 3_584.0) };
        let chroma = |factor: f64| (factor * f64::from(TOP) / chroma_span) as f32;
        Self {
            black,
            luma: (f64::from(TOP) / span) as f32,
            red_of: chroma(2.0 * (1.0 - kr)),
            green_of: [chroma(-2.0 * kb * (1.0 - kb) / kg), chroma(-2.0 * kr * (1.0 - kr) / kg)],
            blue_of: chroma(2.0 * (1.0 - kb)),
        }
    }
}

/// One row of red, green and blue. Between the tables all samples are treated alike, without branches, so
/// that compilers do several at once.
struct Row {
    red: Vec<f32>,
    green: Vec<f32>,
    blue: Vec<f32>,
}

impl Row {
    fn new(width: usize) -> Self {
        Self { red: vec![0.0; width], green: vec![0.0; width], blue: vec![0.0; width] }
    }

    fn pixels(&mut self) -> impl Iterator<Item = (&mut f32, &mut f32, &mut f32)> {
        let green_blue = self.green.iter_mut().zip(&mut self.blue);
        self.red.iter_mut().zip(green_blue).map(|(red, (green, blue))| (red, green, blue))
    }

    fn read(&mut self, deep: &Canvas, y: usize, by: Decode) {
        let width = self.red.len();
        let samples = |plane: usize| deep.planes[plane].row(y)[..2 * width].as_chunks::<2>().0.iter();
        let number = |bytes: &[u8; 2]| f32::from(u16::from_le_bytes(*bytes));
        let yuv = samples(0).zip(samples(1)).zip(samples(2));
        for ((red, green, blue), ((luma, cb), cr)) in self.pixels().zip(yuv) {
            let luma = (number(luma) - by.black) * by.luma;
            let (cb, cr) = (number(cb) - 2_048.0, number(cr) - 2_048.0);
            *red = luma + by.red_of * cr;
            *green = luma + by.green_of[0] * cb + by.green_of[1] * cr;
            *blue = luma + by.blue_of * cb;
        }
    }

    /// Replaces places in a table by what stands there.
    fn look_up(&mut self, table: &[f32]) {
        let Ok(table) = <&[f32; LEVELS]>::try_from(table) else { return };
        for samples in [&mut self.red, &mut self.green, &mut self.blue] {
            for sample in samples {
                *sample = table[place(*sample)];
            }
        }
    }

    /// From the light of a scene to that of a display.
    ///
    /// Source: ITU-R BT.2100-2, table 5, the HLG OOTF.
    fn brighten(&mut self, gain: &[f32]) {
        let Ok(gain) = <&[f32; LEVELS]>::try_from(gain) else { return };
        for (red, green, blue) in self.pixels() {
            let luminance = 0.2627 * *red + 0.678 * *green + 0.0593 * *blue;
            let gain = gain[place(luminance.sqrt() * TOP)];
            (*red, *green, *blue) = (*red * gain, *green * gain, *blue * gain);
        }
    }

    fn turn(&mut self, [r, g, b]: [[f32; 3]; 3]) {
        for (red, green, blue) in self.pixels() {
            let mix = |by: [f32; 3]| by[0] * *red + by[1] * *green + by[2] * *blue;
            (*red, *green, *blue) = (mix(r), mix(g), mix(b));
        }
    }

    /// All parts of a pixel by the same factor, that of its brightest, so that its hue stays.
    fn compress(&mut self) {
        for (red, green, blue) in self.pixels() {
            let brightest = red.max(*green).max(*blue).max(1e-6);
            let factor = mobius(brightest) / brightest;
            (*red, *green, *blue) = (*red * factor, *green * factor, *blue * factor);
        }
    }

    fn root(&mut self) {
        for (red, green, blue) in self.pixels() {
            let root = |light: f32| light.max(0.0).sqrt() * TOP;
            (*red, *green, *blue) = (root(*red), root(*green), root(*blue));
        }
    }

    fn write_rgb(&mut self, canvas: &mut Canvas, y: usize) {
        let width = self.red.len();
        let row = canvas.planes[0].row_mut(y)[..3 * width].as_chunks_mut::<3>().0;
        for (pixel, (red, green, blue)) in row.iter_mut().zip(self.pixels()) {
            *pixel = [*red, *green, *blue].map(sample);
        }
    }

    fn write_yuv(&mut self, canvas: &mut Canvas, y: usize) {
        let width = self.red.len();
        let [luma, cb, cr] = &mut canvas.planes[..] else { return };
        let rows = luma.row_mut(y)[..width].iter_mut();
        let rows = rows.zip(cb.row_mut(y)[..width].iter_mut()).zip(cr.row_mut(y)[..width].iter_mut());
        for (((luma, cb), cr), (red, green, blue)) in rows.zip(self.pixels()) {
            let y = 0.299 * *red + 0.587 * *green + 0.114 * *blue;
            *luma = sample(y);
            *cb = sample(128.0 + (*blue - y) / 1.772);
            *cr = sample(128.0 + (*red - y) / 1.402);
        }
    }
}

/// The nearest place in a table.
fn place(value: f32) -> usize {
    ((value.clamp(0.0, TOP) + ROUNDER).to_bits() & 0xfff) as usize
}

fn sample(value: f32) -> u8 {
    ((value.clamp(0.0, 255.0) + ROUNDER).to_bits() & 0xff) as u8
}
