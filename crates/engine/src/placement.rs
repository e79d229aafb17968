//! How a frame fills a box of another shape: pure arithmetic.

use stillframe_domain::{ErrorCode, Failure, Fit, PixelSize, limits};

/// Where a frame goes and which part of it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Placement {
    /// Size of the picture.
    pub whole: PixelSize,
    /// Size of the frame in it, upright.
    pub inner: PixelSize,
    /// Left upper corner of the frame in it; even.
    pub corner: (u32, u32),
    /// The middle part of the upright frame that is shown, 0 to 1 of each side.
    pub part: (f64, f64),
}

/// Places an upright frame of square pixels into a box.
pub fn place(frame: PixelSize, whole: PixelSize, fit: Fit) -> Placement {
    let (frame_width, frame_height) = (f64::from(frame.width_px), f64::from(frame.height_px));
    let across = f64::from(whole.width_px) / frame_width;
    let down = f64::from(whole.height_px) / frame_height;
    let full = Placement { whole, inner: whole, corner: (0, 0), part: (1.0, 1.0) };
    match fit {
        Fit::Stretch => full,
        Fit::Crop => {
            let scale = across.max(down);
            Placement { part: ((across / scale).min(1.0), (down / scale).min(1.0)), ..full }
        }
        Fit::Black | Fit::White | Fit::Blur | Fit::Inside => {
            let scale = across.min(down);
            let side = |length: f64, most: u32| ((length * scale).round() as u32).clamp(1, most.max(1));
            let inner = PixelSize {
                width_px: side(frame_width, whole.width_px),
                height_px: side(frame_height, whole.height_px),
            };
            if fit == Fit::Inside {
                return Placement { whole: inner, inner, ..full };
            }
            // Even, so that halved chroma stays with its luma.
            let middle = |whole: u32, inner: u32| ((whole - inner) / 2) & !1;
            let corner = (middle(whole.width_px, inner.width_px), middle(whole.height_px, inner.height_px));
            Placement { inner, corner, ..full }
        }
    }
}

/// Checks a size against what encoders and clients can take.
///
/// # Errors
/// [`ErrorCode::LimitExceeded`] above `PICTURE_SIDE_PX_MAX`, [`ErrorCode::InvalidParameter`] for no pixels.
pub fn check_size(size: PixelSize) -> Result<(), Failure> {
    let longest = size.width_px.max(size.height_px);
    let most = limits::PICTURE_SIDE_PX_MAX;
    if size.width_px == 0 || size.height_px == 0 {
        return Err(Failure::new(ErrorCode::InvalidParameter, "a picture has at least one pixel"));
    }
    if most < longest {
        let message = format!("the picture would be {longest} pixels long; the most is {most}");
        return Err(Failure::new(ErrorCode::LimitExceeded, message));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn size(width_px: u32, height_px: u32) -> PixelSize {
        PixelSize { width_px, height_px }
    }

    #[test]
    fn bars_are_even_and_centred() {
        let placed = place(size(1920, 1080), size(400, 400), Fit::Black);
        assert_eq!((placed.inner, placed.corner), (size(400, 225), (0, 86)));
        let placed = place(size(1080, 1920), size(160, 90), Fit::White);
        assert_eq!((placed.inner, placed.corner), (size(51, 90), (54, 0)));
    }

    #[test]
    fn a_crop_shows_the_middle_in_the_shape_of_the_box() {
        let placed = place(size(1600, 900), size(90, 90), Fit::Crop);
        assert_eq!(placed.inner, size(90, 90));
        assert!((placed.part.0 - 900.0 / 1600.0).abs() < 1e-9 && placed.part.1 == 1.0);
    }

    #[test]
    fn inside_makes_the_box_smaller_and_stretch_fills_it() {
        assert_eq!(place(size(1600, 900), size(400, 400), Fit::Inside).whole, size(400, 225));
        assert_eq!(place(size(1600, 900), size(400, 400), Fit::Stretch).inner, size(400, 400));
    }

    #[test]
    fn extreme_shapes_keep_at_least_a_pixel() {
        assert_eq!(place(size(8000, 8), size(100, 100), Fit::Black).inner, size(100, 1));
    }

    #[test]
    fn sizes_beyond_the_limit_are_refused_by_name() {
        assert_eq!(check_size(size(8_192, 8)), Ok(()));
        assert_eq!(check_size(size(8, 8_193)).map_err(|f| f.code), Err(ErrorCode::LimitExceeded));
        assert_eq!(check_size(size(0, 8)).map_err(|f| f.code), Err(ErrorCode::InvalidParameter));
    }
}
