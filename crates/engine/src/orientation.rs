//! Which way is up: the eight orientations of a display matrix, and the shape of an upright frame.

use stillframe_domain::PixelSize;

use crate::av::Rational;

/// How coded rows and columns become an upright picture: first transposed, then flipped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Orientation {
    /// Rows become columns.
    pub is_transposed: bool,
    /// Then left and right are exchanged.
    pub is_flipped_across: bool,
    /// Then top and bottom are exchanged.
    pub is_flipped_down: bool,
}

impl Orientation {
    /// The orientation nearest to a display matrix `a, b, c, d`, where `x' = a*x + c*y` and
    /// `y' = b*x + d*y`.
    pub fn from_matrix([a, b, c, d]: [i32; 4]) -> Self {
        let size = |value: i32| i64::from(value).abs();
        if size(a) + size(d) < size(b) + size(c) {
            Self { is_transposed: true, is_flipped_across: c < 0, is_flipped_down: b < 0 }
        } else {
            Self { is_transposed: false, is_flipped_across: a < 0, is_flipped_down: d < 0 }
        }
    }

    /// Clockwise degrees of the rotation in it; a flip without rotation counts as 0.
    pub fn rotation_degrees(self) -> u16 {
        match (self.is_transposed, self.is_flipped_across, self.is_flipped_down) {
            (false, true, true) => 180,
            (false, _, _) => 0,
            (true, false, _) => 270,
            (true, true, _) => 90,
        }
    }

    /// The size after turning.
    pub fn turned(self, size: PixelSize) -> PixelSize {
        if self.is_transposed {
            PixelSize { width_px: size.height_px, height_px: size.width_px }
        } else {
            size
        }
    }
}

/// Size of a frame with upright, square pixels; heights before turning are kept.
pub fn upright_size(coded: PixelSize, pixel_aspect: Option<Rational>, orientation: Orientation) -> PixelSize {
    let width_px = match pixel_aspect {
        // Shapes beyond 1:16 are broken headers, not lenses.
        Some(ratio) if ratio.num <= 16 * ratio.den && ratio.den <= 16 * ratio.num => {
            let scaled = (i64::from(coded.width_px) * ratio.num + ratio.den / 2) / ratio.den;
            u32::try_from(scaled).unwrap_or(coded.width_px).max(1)
        }
        _ => coded.width_px,
    };
    orientation.turned(PixelSize { width_px, height_px: coded.height_px })
}

#[cfg(test)]
mod tests {
    use super::*;

    const ONE: i32 = 1 << 16;

    #[test]
    fn display_matrices_become_all_eight_orientations() {
        let cases = [
            ([ONE, 0, 0, ONE], (false, false, false), 0),
            ([-ONE, 0, 0, ONE], (false, true, false), 0),
            ([ONE, 0, 0, -ONE], (false, false, true), 0),
            ([-ONE, 0, 0, -ONE], (false, true, true), 180),
            ([0, ONE, -ONE, 0], (true, true, false), 90),
            ([0, -ONE, ONE, 0], (true, false, true), 270),
            ([0, ONE, ONE, 0], (true, false, false), 270),
            ([0, -ONE, -ONE, 0], (true, true, true), 90),
        ];
        for (matrix, (is_transposed, is_flipped_across, is_flipped_down), degrees) in cases {
            let orientation = Orientation::from_matrix(matrix);
            assert_eq!(orientation, Orientation { is_transposed, is_flipped_across, is_flipped_down });
            assert_eq!(orientation.rotation_degrees(), degrees, "{matrix:?}");
        }
    }

    #[test]
    fn pixels_become_square_before_the_picture_is_turned() {
        let coded = PixelSize { width_px: 720, height_px: 576 };
        let wide = Some(Rational { num: 64, den: 45 });
        let upright = |orientation| upright_size(coded, wide, orientation);
        assert_eq!(upright(Orientation::default()), PixelSize { width_px: 1024, height_px: 576 });
        let turned = Orientation { is_transposed: true, ..Orientation::default() };
        assert_eq!(upright(turned), PixelSize { width_px: 576, height_px: 1024 });
    }

    #[test]
    fn absurd_pixel_shapes_are_ignored() {
        let coded = PixelSize { width_px: 100, height_px: 100 };
        let shape = Some(Rational { num: 1, den: 10_000 });
        assert_eq!(upright_size(coded, shape, Orientation::default()), coded);
    }
}
