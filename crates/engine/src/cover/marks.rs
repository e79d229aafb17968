//! How good a cover a small picture is, from 0 to 1.
//!
//! The marks are multiplied, so that one thing that is wholly wrong cannot be made up for: a black picture,
//! one of a single colour and a grey fog are worth nothing, however sharp their one line of text.

/// A small picture: full-range luma and chroma of the same size.
pub struct Thumbnail {
    /// Samples in a row.
    pub width: usize,
    /// Rows.
    pub height: usize,
    /// Brightness.
    pub luma: Vec<u8>,
    /// Difference to blue, 128 for none.
    pub blue: Vec<u8>,
    /// Difference to red, 128 for none.
    pub red: Vec<u8>,
}

/// Darker than this shows nothing.
const BLACK_LUMA: u8 = 32;
/// Brighter than this is burned out.
const WHITE_LUMA: u8 = 240;
/// Bins of the histogram of colours: 16 of luma by 8 by 8 of chroma.
const BINS: usize = 16 * 8 * 8;

/// Side of the blocks that are compared with those of a moment later, in pixels.
const BLOCK: usize = 12;

/// What a picture is worth by itself.
pub fn marks(picture: &Thumbnail) -> f64 {
    let histogram = histogram(picture);
    let spread = deviation(&picture.luma).1;
    let visible = share(&picture.luma, |luma| (BLACK_LUMA..=WHITE_LUMA).contains(&luma));
    let largest = *histogram.iter().max().unwrap_or(&0) as f64 / picture.luma.len().max(1) as f64;
    let sharp = roughness(picture) / (spread + 8.0);
    ramp(visible, 0.05, 0.5)
        * ramp(entropy(&histogram), 0.5, 4.5)
        * (1.0 - ramp(largest, 0.5, 0.95))
        * ramp(spread, 4.0, 40.0).sqrt()
        * ramp(sharp, 0.02, 0.2).sqrt()
        * (0.7 + 0.3 * ramp(colourfulness(picture), 0.0, 25.0))
}

/// How much a picture looks like another a moment later: 1 for the same scene, near 0 for a fade, a
/// transition, a flash, or the last picture before a cut.
pub fn steadiness(now: &Thumbnail, later: &Thumbnail) -> f64 {
    if now.luma.len() != later.luma.len() {
        return 0.0;
    }
    let (blocks, later_blocks) = (block_means(now), block_means(later));
    let distance: f64 = blocks.iter().zip(&later_blocks).map(|(a, b)| (a - b).abs()).sum();
    let distance = distance / blocks.len().max(1) as f64;
    let ((mean, spread), (later_mean, later_spread)) = (deviation(&now.luma), deviation(&later.luma));
    // A fade moves all of the picture towards one brightness, and its contrast with it.
    let shift = (mean - later_mean).abs().max((spread - later_spread).abs());
    (1.0 - 0.9 * ramp(shift, 3.0, 15.0)) * (1.0 - 0.8 * ramp(distance, 3.0, 20.0))
}

/// The mean brightness of each block: what moves a little within a scene changes few of them much.
fn block_means(picture: &Thumbnail) -> Vec<f64> {
    let (width, height) = (picture.width.max(1), picture.height);
    let (across, down) = (width.div_ceil(BLOCK), height.div_ceil(BLOCK));
    let mut sums = vec![(0_u32, 0_u32); across * down];
    for (y, row) in picture.luma.chunks_exact(width).enumerate() {
        for (x, &luma) in row.iter().enumerate() {
            let (sum, count) = &mut sums[y / BLOCK * across + x / BLOCK];
            *sum += u32::from(luma);
            *count += 1;
        }
    }
    sums.into_iter().map(|(sum, count)| f64::from(sum) / f64::from(count.max(1))).collect()
}

/// 0 up to `from`, 1 from `to` on, and straight between them.
fn ramp(value: f64, from: f64, to: f64) -> f64 {
    ((value - from) / (to - from)).clamp(0.0, 1.0)
}

fn share(samples: &[u8], is_one: impl Fn(u8) -> bool) -> f64 {
    samples.iter().filter(|&&sample| is_one(sample)).count() as f64 / samples.len().max(1) as f64
}

/// Mean and standard deviation.
fn deviation(samples: &[u8]) -> (f64, f64) {
    let count = samples.len().max(1) as f64;
    let sum: u64 = samples.iter().map(|&sample| u64::from(sample)).sum();
    let squares: u64 = samples.iter().map(|&sample| u64::from(sample) * u64::from(sample)).sum();
    let mean = sum as f64 / count;
    (mean, (squares as f64 / count - mean * mean).max(0.0).sqrt())
}

/// How many pixels have about the same colour.
fn histogram(picture: &Thumbnail) -> Vec<u32> {
    let mut bins = vec![0; BINS];
    for ((luma, blue), red) in picture.luma.iter().zip(&picture.blue).zip(&picture.red) {
        // Half a bin of chroma more, so that grey lies in the middle of one.
        let chroma = |value: u8| usize::from(value.saturating_add(16) >> 5);
        bins[usize::from(luma >> 4) << 6 | chroma(*blue) << 3 | chroma(*red)] += 1;
    }
    bins
}

/// Bits that tell one pixel's bin.
fn entropy(histogram: &[u32]) -> f64 {
    let count: u64 = histogram.iter().map(|&bin| u64::from(bin)).sum();
    let part = |bin: &u32| f64::from(*bin) / count.max(1) as f64;
    histogram.iter().filter(|&&bin| 0 < bin).map(|bin| -part(bin) * part(bin).log2()).sum()
}

/// Mean difference of a pixel to the mean of its four neighbours, times four: edges and texture.
fn roughness(picture: &Thumbnail) -> f64 {
    let Thumbnail { width, height, luma, .. } = picture;
    let (width, height) = (*width, *height);
    let at = |x: usize, y: usize| i32::from(luma[y * width + x]);
    let mut sum = 0_u64;
    for y in 1..height.saturating_sub(1) {
        for x in 1..width.saturating_sub(1) {
            let around = at(x - 1, y) + at(x + 1, y) + at(x, y - 1) + at(x, y + 1);
            sum += u64::from((4 * at(x, y) - around).unsigned_abs());
        }
    }
    sum as f64 / luma.len().max(1) as f64
}

/// How far the colours are from one another, and from grey.
fn colourfulness(picture: &Thumbnail) -> f64 {
    let ((blue, blue_spread), (red, red_spread)) = (deviation(&picture.blue), deviation(&picture.red));
    blue_spread.hypot(red_spread) + 0.3 * (blue - 128.0).hypot(red - 128.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    const WIDTH: usize = 64;
    const HEIGHT: usize = 36;

    fn picture(colour_at: impl Fn(usize, usize) -> [u8; 3]) -> Thumbnail {
        let colours: Vec<_> =
            (0..HEIGHT).flat_map(|y| (0..WIDTH).map(move |x| (x, y))).map(|(x, y)| colour_at(x, y)).collect();
        let plane = |part: usize| colours.iter().map(|colour| colour[part]).collect();
        Thumbnail { width: WIDTH, height: HEIGHT, luma: plane(0), blue: plane(1), red: plane(2) }
    }

    /// Blocks of many colours and brightnesses.
    fn scene() -> Thumbnail {
        picture(|x, y| {
            let block = (x / 5 + 7 * (y / 5)) as u32;
            let part = |by: u32| (block.wrapping_mul(by) >> 3) % 160;
            [48 + part(0x9e37) as u8, 88 + (part(0x85eb) / 2) as u8, 88 + (part(0xc2b2) / 2) as u8]
        })
    }

    fn changed(from: &Thumbnail, change: impl Fn(f64) -> f64) -> Thumbnail {
        let luma = from.luma.iter().map(|&luma| change(f64::from(luma)).round() as u8).collect();
        Thumbnail { luma, blue: from.blue.clone(), red: from.red.clone(), ..*from }
    }

    #[test]
    fn what_shows_nothing_is_worth_nothing() {
        for flat in [[0, 128, 128], [16, 128, 128], [255, 128, 128], [120, 90, 200]] {
            assert_eq!(marks(&picture(|_, _| flat)), 0.0, "{flat:?}");
        }
        assert!(0.4 < marks(&scene()), "{}", marks(&scene()));
    }

    #[test]
    fn a_title_card_is_worth_less_than_a_scene_and_more_than_nothing() {
        let is_text =
            |x: usize, y: usize| (14..22).contains(&y) && (16..48).contains(&x) && !x.is_multiple_of(3);
        let card = picture(|x, y| [if is_text(x, y) { 235 } else { 16 }, 128, 128]);
        assert!(marks(&card) < 0.1, "{}", marks(&card));
    }

    #[test]
    fn dim_and_blurred_and_grey_pictures_are_worth_less() {
        let scene = scene();
        let dim = changed(&scene, |luma| luma * 0.2);
        let grey = picture(|x, y| [scene.luma[y * WIDTH + x], 128, 128]);
        let blurred = picture(|x, y| {
            let luma = 128.0 + 60.0 * (x as f64 / 20.0).sin() * (y as f64 / 13.0).cos();
            [luma as u8, 100, 140]
        });
        let [whole, dim, grey, blurred] = [&scene, &dim, &grey, &blurred].map(marks);
        assert!(dim < 0.3 * whole && grey < whole && blurred < 0.6 * whole, "{whole} {dim} {grey} {blurred}");
    }

    #[test]
    fn fades_flashes_and_cuts_do_not_last() {
        let scene = scene();
        assert_eq!(steadiness(&scene, &scene), 1.0);
        let brighter = changed(&scene, |luma| luma * 1.1);
        let white = changed(&scene, |_| 255.0);
        let moved = picture(|x, y| {
            let at = y * WIDTH + (x + 1) % WIDTH;
            [scene.luma[at], scene.blue[at], scene.red[at]]
        });
        assert!(steadiness(&scene, &brighter) < 0.6, "{}", steadiness(&scene, &brighter));
        assert!(steadiness(&scene, &white) < 0.05, "{}", steadiness(&scene, &white));
        assert!(0.7 < steadiness(&scene, &moved), "{}", steadiness(&scene, &moved));
    }
}
