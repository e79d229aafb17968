//! Draws colour bars in every way that samples are stored.

use super::spec::{Bars, Matrix, Samples};

/// The colours of the bars from left to right, as sRGB.
pub const BARS: [[u8; 3]; 8] = [
    [235, 235, 235],
    [191, 191, 0],
    [12, 180, 190],
    [12, 220, 2],
    [173, 0, 183],
    [191, 10, 10],
    [10, 10, 191],
    [16, 16, 16],
];

/// The planes of a frame, one after another; samples of ten bits have their lower byte first.
pub(super) fn draw(bars: Bars, (width, height): (usize, usize)) -> Vec<u8> {
    let (across, down) = match bars.samples {
        Samples::Yuv420 | Samples::Yuv420Ten | Samples::Yuva420 => (2, 2),
        Samples::Yuv422 | Samples::Yuv422Ten => (2, 1),
        Samples::Yuv444 | Samples::Yuv444Ten | Samples::Yuva444Ten | Samples::Rgb => (1, 1),
    };
    let mut bytes = Vec::new();
    for plane in 0..3 {
        let (width, height) =
            if plane == 0 { (width, height) } else { (width.div_ceil(across), height.div_ceil(down)) };
        let row = (0..width).map(|x| stored(BARS[x * BARS.len() / width], bars)[plane]);
        let row: Vec<u16> = row.collect();
        (0..height).for_each(|_| put(&mut bytes, row.iter().copied(), bars.samples));
    }
    if matches!(bars.samples, Samples::Yuva420 | Samples::Yuva444Ten) {
        let (opaque, half) = if is_ten_bits(bars.samples) { (1_023, 512) } else { (255, 128) };
        for y in 0..height {
            let alpha = if y < height / 2 { opaque } else { half };
            put(&mut bytes, std::iter::repeat_n(alpha, width), bars.samples);
        }
    }
    bytes
}

fn put(bytes: &mut Vec<u8>, samples: impl Iterator<Item = u16>, how: Samples) {
    if is_ten_bits(how) {
        bytes.extend(samples.flat_map(u16::to_le_bytes));
    } else {
        bytes.extend(samples.map(|sample| sample as u8));
    }
}

fn is_ten_bits(samples: Samples) -> bool {
    matches!(samples, Samples::Yuv420Ten | Samples::Yuv422Ten | Samples::Yuv444Ten | Samples::Yuva444Ten)
}

/// The three samples of a colour, in the order of the planes.
///
/// Source: ITU-R BT.601-7, BT.709-6 and BT.2020-2, luma coefficients and quantization.
fn stored([red, green, blue]: [u8; 3], bars: Bars) -> [u16; 3] {
    let Bars { matrix, is_full_range, samples, .. } = bars;
    if samples == Samples::Rgb {
        return [green, blue, red].map(u16::from);
    }
    let (kr, kb) = match matrix {
        Matrix::Bt601 => (0.299, 0.114),
        Matrix::Bt709 => (0.2126, 0.0722),
        Matrix::Bt2020 => (0.2627, 0.0593),
    };
    let rgb = [red, green, blue].map(|c| f64::from(c) / 255.0);
    let [r, g, b] = if matrix == Matrix::Bt2020 { widened(rgb) } else { rgb };
    let y = kr * r + (1.0 - kr - kb) * g + kb * b;
    let (cb, cr) = ((b - y) / (2.0 - 2.0 * kb), (r - y) / (2.0 - 2.0 * kr));
    let unit = if is_ten_bits(samples) { 4.0 } else { 1.0 };
    let largest = 256.0 * unit - 1.0;
    let (black, luma_span, chroma_span) =
        if is_full_range { (0.0, largest, largest) } else { (16.0 * unit, 219.0 * unit, 224.0 * unit) };
    [black + luma_span * y, 128.0 * unit + chroma_span * cb, 128.0 * unit + chroma_span * cr]
        .map(|v| v.round().clamp(0.0, largest) as u16)
}

/// The same colour by the primaries of BT.2020.
///
/// Source: ITU-R BT.2087-0, matrix M2; BT.709-6, 1.2.
fn widened(rgb: [f64; 3]) -> [f64; 3] {
    let light =
        rgb.map(
            |signal| {
                if signal < 0.081 { signal / 4.5 } else { ((signal + 0.099) / 1.099).powf(1.0 / 0.45) }
            },
        );
    let mix = |by: [f64; 3]| by.iter().zip(light).map(|(by, light)| by * light).sum::<f64>();
    let wide = [[0.6274, 0.3293, 0.0433], [0.0691, 0.9195, 0.0114], [0.0164, 0.0880, 0.8956]].map(mix);
    wide.map(|light| if light < 0.018 { 4.5 * light } else { 1.099 * light.powf(0.45) - 0.099 })
}
