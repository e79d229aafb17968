//! The curves and matrices of tone mapping, from their definitions.
//!
//! The light of high dynamic range is that of a display, since PQ and HLG are defined by it.
//!
//! Source: ITU-R BT.2100-2 tables 4 and 5 (PQ, HLG), BT.1886 (displays), BT.709-6 and BT.2020-2
//! (primaries), SMPTE EG 432-1 (P3 with the white of D65); the curve "mobius" as in libavfilter's `vf_tonemap.c` 5.1.

use crate::av::Primaries;

/// Entries of the tables, one for each value of 12 bits.
pub const LEVELS: usize = 4_096;
/// What stands for 1.0: the brightness of white on a display of ordinary range, in cd/m2.
const WHITE_CD_M2: f64 = 100.0;
/// The display that HLG is shown on, in cd/m2.
const HLG_DISPLAY_CD_M2: f64 = 1_000.0;
/// The light of a full HLG signal.
pub const HLG_GAIN: f64 = HLG_DISPLAY_CD_M2 / WHITE_CD_M2;
/// Where BT.709's curve leaves its straight line, and what makes both meet there.
const BT709_JOINT: f64 = 0.018_053_97;
/// See [`BT709_JOINT`].
const BT709_ALPHA: f64 = 1.099_296_8;
/// The gamma of a display of ordinary range.
const DISPLAY_GAMMA: f64 = 2.4;
/// Up to here brightness is kept as it is.
const KNEE: f32 = 0.3;
/// The brightness that becomes white: 1,000 cd/m2.
const PEAK: f32 = 10.0;

/// Light of a PQ signal, in units of [`WHITE_CD_M2`].
pub fn pq_light(signal: f64) -> f64 {
    const M1: f64 = 2_610.0 / 16_384.0;
    const M2: f64 = 2_523.0 / 4_096.0 * 128.0;
    const C1: f64 = 3_424.0 / 4_096.0;
    const C2: f64 = 2_413.0 / 4_096.0 * 32.0;
    const C3: f64 = 2_392.0 / 4_096.0 * 32.0;
    let power = signal.powf(1.0 / M2);
    10_000.0 / WHITE_CD_M2 * ((power - C1).max(0.0) / (C2 - C3 * power)).powf(1.0 / M1)
}

/// Light of the scene of an HLG signal, 0 to 1.
pub fn hlg_light(signal: f64) -> f64 {
    const A: f64 = 0.178_832_77;
    const B: f64 = 0.284_668_92;
    const C: f64 = 0.559_910_73;
    if signal <= 0.5 { signal * signal / 3.0 } else { (((signal - C) / A).exp() + B) / 12.0 }
}

/// Light of a BT.709 signal, as a camera takes it: near black a straight line, which a display's curve is not,
/// so that a rounding there does not become a colour.
pub fn sdr_light(signal: f64) -> f64 {
    if signal < 4.5 * BT709_JOINT {
        signal / 4.5
    } else {
        ((signal + BT709_ALPHA - 1.0) / BT709_ALPHA).powf(1.0 / 0.45)
    }
}

/// The signal of light that [`sdr_light`] made.
pub fn sdr_signal(light: f64) -> f64 {
    if light < BT709_JOINT { 4.5 * light } else { BT709_ALPHA * light.powf(0.45) - (BT709_ALPHA - 1.0) }
}

/// The signal by which a display of ordinary range makes that light.
pub fn display_signal(light: f64) -> f64 {
    light.powf(1.0 / DISPLAY_GAMMA)
}

/// Brightness of up to [`PEAK`] within 1: a straight line to [`KNEE`], then a hyperbola that goes on in the
/// same direction. What is brighter than the peak comes out above 1, by a twentieth at most.
pub fn mobius(light: f32) -> f32 {
    const A: f32 = -KNEE * KNEE * (PEAK - 1.0) / (KNEE * KNEE - 2.0 * KNEE + PEAK);
    const B: f32 = (KNEE * KNEE - 2.0 * KNEE * PEAK + PEAK) / (PEAK - 1.0);
    const SCALE: f32 = (B * B + 2.0 * B * KNEE + KNEE * KNEE) / (B - A);
    if light <= KNEE { light } else { SCALE * (light + A) / (light + B) }
}

/// Red, green and blue of BT.709 from those of other primaries, all with the white of D65.
pub fn gamut_to_bt709(from: Primaries) -> [[f32; 3]; 3] {
    let to_xyz = |primaries| of_primaries(chromaticities(primaries));
    let product = multiply(inverse(to_xyz(Primaries::Bt709)), to_xyz(from));
    product.map(|row| row.map(|value| value as f32))
}

/// Red, green and blue on the plane of x and y.
fn chromaticities(primaries: Primaries) -> [[f64; 2]; 3] {
    match primaries {
        Primaries::Bt709 => [[0.64, 0.33], [0.30, 0.60], [0.15, 0.06]],
        Primaries::Bt2020 => [[0.708, 0.292], [0.170, 0.797], [0.131, 0.046]],
        Primaries::P3 => [[0.680, 0.320], [0.265, 0.690], [0.150, 0.060]],
    }
}

/// From red, green and blue to X, Y and Z: each primary is as bright as makes all three white together.
fn of_primaries(primaries: [[f64; 2]; 3]) -> [[f64; 3]; 3] {
    let xyz = |[x, y]: [f64; 2]| [x / y, 1.0, (1.0 - x - y) / y];
    let columns = primaries.map(xyz);
    let directions: [[f64; 3]; 3] =
        std::array::from_fn(|row| std::array::from_fn(|column| columns[column][row]));
    let white = xyz([0.3127, 0.3290]);
    let amounts = inverse(directions).map(|row| row.iter().zip(white).map(|(a, b)| a * b).sum::<f64>());
    directions.map(|row| std::array::from_fn(|column| row[column] * amounts[column]))
}

fn multiply(a: [[f64; 3]; 3], b: [[f64; 3]; 3]) -> [[f64; 3]; 3] {
    a.map(|row| std::array::from_fn(|column| (0..3).map(|k| row[k] * b[k][column]).sum()))
}

/// By Cramer's rule; primaries are never on one line.
fn inverse(m: [[f64; 3]; 3]) -> [[f64; 3]; 3] {
    let minor = |row: usize, column: usize| {
        let at = |r: usize, c: usize| m[(row + r) % 3][(column + c) % 3];
        at(1, 1) * at(2, 2) - at(1, 2) * at(2, 1)
    };
    let determinant: f64 = (0..3).map(|column| m[0][column] * minor(0, column)).sum();
    std::array::from_fn(|row| std::array::from_fn(|column| minor(column, row) / determinant))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn assert_near(is: f64, should: f64, what: &str) {
        assert!((is - should).abs() <= 2e-4 * should.abs().max(0.1), "{what}: {is} for {should}");
    }

    #[test]
    fn curves_pass_through_the_points_that_their_standards_name() {
        // BT.2408-7, table 1: HDR reference white is 203 cd/m2, 58 % of PQ and 75 % of HLG.
        assert!((pq_light(0.58) - 2.03).abs() < 0.03, "{}", pq_light(0.58));
        assert_near(pq_light(1.0), 100.0, "10,000 cd/m2");
        assert_eq!(pq_light(0.0), 0.0);
        assert_near(hlg_light(0.5), 1.0 / 12.0, "the joint");
        assert_near(hlg_light(1.0), 1.0, "the top");
        let white = HLG_GAIN * hlg_light(0.75).powf(1.2);
        assert!((white - 2.03).abs() < 0.01, "{white}");
        for signal in [0.0, 0.05, 0.1, 0.5, 1.0] {
            assert_near(sdr_signal(sdr_light(signal)), signal, "there and back");
            assert_near(display_signal(signal.powf(2.4)), signal, "a display");
        }
    }

    #[test]
    fn dark_and_ordinary_parts_stay_and_the_peak_becomes_white() {
        assert_eq!([0.0, 0.1, 0.3].map(mobius), [0.0, 0.1, 0.3]);
        assert_near(mobius(10.0).into(), 1.0, "the peak");
        assert!((0.80..0.85).contains(&mobius(2.03)), "white of HDR: {}", mobius(2.03));
        assert!(mobius(100.0) < 1.06, "beyond the peak: {}", mobius(100.0));
        let steps: Vec<_> = (0..1_000).map(|step| mobius(step as f32 / 50.0)).collect();
        assert!(steps.is_sorted_by(|a, b| a < b), "brighter stays brighter");
    }

    #[test]
    fn grey_stays_grey_and_colours_leave_the_smaller_gamut() {
        for primaries in [Primaries::Bt709, Primaries::Bt2020, Primaries::P3] {
            for row in gamut_to_bt709(primaries) {
                assert_near(row.iter().sum::<f32>().into(), 1.0, "white");
            }
        }
        // ITU-R BT.2087-0, the inverse of its matrix M2.
        let known = [[1.6605, -0.5876, -0.0728], [-0.1246, 1.1329, -0.0083], [-0.0182, -0.1006, 1.1187]];
        for (row, known) in gamut_to_bt709(Primaries::Bt2020).into_iter().zip(known) {
            for (value, known) in row.into_iter().zip(known) {
                assert!((f64::from(value) - known).abs() < 2e-4, "{value} for {known}");
            }
        }
    }
}
