//! Draws pictures of high dynamic range: signals, whatever curve a stream says that they follow.

/// A yuv444p10le frame of limited range by the matrix of BT.2020.
///
/// From top to bottom: grey from black to full; eight hues, paler and paler from row to row, the later the brighter; a
/// soft texture of mixed colours.
pub(super) fn draw((width, height): (usize, usize)) -> Vec<u8> {
    let mut planes = [Vec::new(), Vec::new(), Vec::new()];
    for y in 0..height {
        for x in 0..width {
            let (x, y) = (x as f64 / width as f64, y as f64 / height as f64);
            for (plane, sample) in planes.iter_mut().zip(stored(signal(x, y))) {
                plane.extend(sample.to_le_bytes());
            }
        }
    }
    planes.concat()
}

/// Red, green and blue at a place, 0 to 1.
fn signal(x: f64, y: f64) -> [f64; 3] {
    if y < 0.15 {
        return [x; 3];
    }
    if y < 0.6 {
        let row = ((y - 0.15) / 0.45 * 6.0).floor();
        let (paleness, brightness) = (row / 6.0, (x * 8.0).floor() / 8.0 * 0.5 + 0.3);
        let hue = (x * 8.0).floor() * 3.0 / 4.0;
        return [0.0, 2.0, 4.0].map(|from| {
            let part = (((hue + from) % 6.0 - 3.0).abs() - 1.0).clamp(0.0, 1.0);
            brightness * (paleness + (1.0 - paleness) * part)
        });
    }
    let wave = |across: f64, down: f64, start: f64| (across * x + down * y + start).sin();
    let brightness = 0.42 + 0.2 * wave(9.0, 14.0, 0.0) + 0.1 * wave(31.0, -23.0, 1.0);
    [0.0, 2.1, 4.2].map(|from| (brightness + 0.1 * wave(7.0, 11.0, from)).clamp(0.0, 1.0))
}

/// Source: ITU-R BT.2100-2, tables 6 and 9.
fn stored([r, g, b]: [f64; 3]) -> [u16; 3] {
    let y = 0.2627 * r + 0.678 * g + 0.0593 * b;
    let (cb, cr) = ((b - y) / 1.8814, (r - y) / 1.4746);
    [64.0 + 876.0 * y, 512.0 + 896.0 * cb, 512.0 + 896.0 * cr].map(|v| v.round().clamp(4.0, 1_019.0) as u16)
}
