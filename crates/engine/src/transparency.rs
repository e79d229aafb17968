//! Pictures that let shine through what is behind them: they are shown on black, as players do.

use crate::av::{Colorimetry, Matrix, PlaneFormat};
use crate::canvas::{Canvas, Plane};
use crate::colour::convert_to_jpeg;

/// A layer with a plane of opacity on black, in another format; what its numbers mean is given.
pub fn on_black(
    mut layer: Canvas,
    (colorimetry, matrix): (Colorimetry, Matrix),
    format: PlaneFormat,
) -> Canvas {
    let Some(opacity) = layer.planes.pop() else { return layer };
    layer.format = PlaneFormat::Yuv444;
    if !colorimetry.is_rgb {
        convert_to_jpeg(&mut layer, matrix, colorimetry.is_full_range);
    }
    for (plane, centre) in layer.planes.iter_mut().zip([0, 128, 128]) {
        fade(plane, &opacity, centre);
    }
    match format {
        PlaneFormat::Rgb24 => to_rgb(&layer),
        PlaneFormat::Yuv420 => layer.with_halved_chroma(),
        PlaneFormat::Yuv444 | PlaneFormat::Deep444 | PlaneFormat::Yuva444 => layer,
    }
}

/// Brings samples nearer to what stands for black, by how much shines through.
fn fade(plane: &mut Plane, opacity: &Plane, centre: i32) {
    let width = plane.width;
    for y in 0..plane.height {
        let samples = plane.row_mut(y)[..width].iter_mut();
        for (sample, &opacity) in samples.zip(opacity.row(y)) {
            let off = (i32::from(*sample) - centre) * i32::from(opacity);
            // Rounded to the nearest, whichever side of the centre it is.
            *sample = (centre + (off + 127 * off.signum()) / 255).clamp(0, 255) as u8;
        }
    }
}

/// Source: JFIF 1.02, "Conversion to and from RGB".
fn to_rgb(layer: &Canvas) -> Canvas {
    let mut canvas = Canvas::new(PlaneFormat::Rgb24, layer.size);
    let width = layer.size.width_px as usize;
    for y in 0..layer.size.height_px as usize {
        let [luma, blue, red] = [0, 1, 2].map(|plane| &layer.planes[plane].row(y)[..width]);
        let row = canvas.planes[0].row_mut(y)[..3 * width].as_chunks_mut::<3>().0;
        for (((pixel, &luma), &blue), &red) in row.iter_mut().zip(luma).zip(blue).zip(red) {
            let (luma, blue, red) = (f32::from(luma), f32::from(blue) - 128.0, f32::from(red) - 128.0);
            let rgb = [luma + 1.402 * red, luma - 0.344_136 * blue - 0.714_136 * red, luma + 1.772 * blue];
            *pixel = rgb.map(|part| part.round().clamp(0.0, 255.0) as u8);
        }
    }
    canvas
}
