//! From a decoded frame to an upright picture of the wanted size, in one scaling pass.

use stillframe_domain::{Colour, ErrorCode, Failure, Fit, PixelSize, SizeRule};

use crate::av::{AvError, Frame, Matrix, PlaneFormat, Rational, Scaler, Stream};
use crate::canvas::Canvas;
use crate::colour::{Likeness, convert_to_jpeg, matrix_of};
use crate::orientation::{Orientation, upright_size};
use crate::placement::{Placement, check_size, place};
use crate::tone::{Meaning, ToneMap};
use crate::transparency::on_black;

/// How much smaller the copy is that a blurred background is enlarged from.
const BLUR_FACTOR: u32 = 24;

/// What the container says of the shape of all frames.
#[derive(Debug, Clone, Copy)]
pub struct Shape {
    orientation: Option<Orientation>,
    container_aspect: Option<Rational>,
}

impl Shape {
    /// The shape of a stream.
    pub fn of(video: &Stream) -> Self {
        let orientation = video.display_matrix.map(Orientation::from_matrix);
        Self { orientation, container_aspect: video.container_aspect }
    }

    fn orientation(self, frame: &Frame) -> Orientation {
        let by_frame = || frame.display_matrix().map(Orientation::from_matrix);
        self.orientation.or_else(by_frame).unwrap_or_default()
    }

    /// Size of a frame with upright, square pixels.
    fn upright(self, frame: &Frame) -> PixelSize {
        let coded = PixelSize { width_px: frame.width_px(), height_px: frame.height_px() };
        let aspect = self.container_aspect.or_else(|| frame.pixel_aspect());
        upright_size(coded, aspect, self.orientation(frame))
    }
}

/// What a picture is to look like.
#[derive(Debug, Clone, Copy)]
pub struct Look {
    /// Its size.
    pub size: SizeRule,
    /// How a frame of another shape fills it.
    pub fit: Fit,
    /// What the canvas holds.
    pub format: PlaneFormat,
    /// What is seen where no frame is, for [`Fit::Inside`] in a box that keeps its size.
    pub ground: Colour,
    /// Whether [`Fit::Inside`] keeps the box.
    pub keeps_box: bool,
}

/// Makes pictures; keeps tables between frames of the same kind.
pub struct Renderer {
    shape: Shape,
    tools: Tools,
    ground_scaler: Scaler,
}

/// The tables by which frames become pictures.
#[derive(Default)]
struct Tools {
    scaler: Scaler,
    tone_map: Option<ToneMap>,
}

impl Renderer {
    /// A renderer for the frames of one stream.
    pub fn new(shape: Shape) -> Self {
        Self { shape, tools: Tools::default(), ground_scaler: Scaler::default() }
    }

    /// The picture of a frame.
    ///
    /// # Errors
    /// When the picture would be too large, or the frame's format cannot be converted.
    pub fn render(&mut self, frame: &Frame, look: Look) -> Result<Canvas, Failure> {
        let Layout { upright, placement } = self.layout(frame, look)?;
        let orientation = self.shape.orientation(frame);
        let field = frame.first_field().map_err(unconvertible)?;
        let source = Source::of(field.as_ref().unwrap_or(frame), frame, orientation);
        let tile = source.scaled(&mut self.tools, placement, look.format)?;
        if orientation == Orientation::default() && placement.inner == placement.whole {
            return Ok(tile);
        }
        let mut canvas = self.ground(&source, upright, placement, look)?;
        canvas.place(&tile, orientation, placement.corner);
        Ok(canvas)
    }

    /// The frame and its size where the picture shows all of it upright, sample by sample, so that it can be
    /// made strip by strip without a canvas of the whole.
    ///
    /// # Errors
    /// When the picture would be too large.
    pub fn likeness<'f>(
        &self,
        frame: &'f Frame,
        look: Look,
    ) -> Result<Option<(Likeness<'f>, PixelSize)>, Failure> {
        let Layout { placement, .. } = self.layout(frame, look)?;
        let orientation = self.shape.orientation(frame);
        let is_whole = placement.inner == placement.whole && placement.part == (1.0, 1.0);
        let means_sdr = Meaning::beyond_bt709(frame.colorimetry()).is_none();
        if !is_whole || orientation != Orientation::default() || frame.is_interlaced() || !means_sdr {
            return Ok(None);
        }
        let likeness = Source::of(frame, frame, orientation).likeness(frame, placement.whole, look.format);
        Ok(likeness.map(|likeness| (likeness, placement.whole)))
    }

    fn layout(&self, frame: &Frame, look: Look) -> Result<Layout, Failure> {
        let upright = self.shape.upright(frame);
        let whole = look.size.resolve(upright);
        check_size(whole)?;
        let fit = if look.keeps_box && look.fit == Fit::Inside { Fit::Black } else { look.fit };
        Ok(Layout { upright, placement: place(upright, whole, fit) })
    }

    /// What lies behind a frame that does not fill its box.
    fn ground(
        &mut self,
        source: &Source<'_>,
        upright: PixelSize,
        placement: Placement,
        look: Look,
    ) -> Result<Canvas, Failure> {
        let colour = match look.fit {
            Fit::White => Colour::WHITE,
            Fit::Inside => look.ground,
            Fit::Stretch | Fit::Black | Fit::Crop | Fit::Blur => Colour::BLACK,
        };
        if look.fit != Fit::Blur || placement.inner == placement.whole {
            return Ok(Canvas::filled(look.format, placement.whole, colour));
        }
        let small = PixelSize {
            width_px: (placement.whole.width_px / BLUR_FACTOR).max(2),
            height_px: (placement.whole.height_px / BLUR_FACTOR).max(2),
        };
        let cropped = place(upright, small, Fit::Crop);
        // Another scaler, so that neither loses its tables to the other's size.
        std::mem::swap(&mut self.tools.scaler, &mut self.ground_scaler);
        let scaled = source.scaled(&mut self.tools, cropped, look.format);
        std::mem::swap(&mut self.tools.scaler, &mut self.ground_scaler);
        let tile = scaled?;
        let mut turned = Canvas::new(look.format, small);
        turned.place(&tile, source.orientation, (0, 0));
        Ok(turned.blurred_to(placement.whole))
    }
}

/// Sizes of a picture.
struct Layout {
    /// The frame's, with upright, square pixels.
    upright: PixelSize,
    placement: Placement,
}

/// A frame, or one field of it, and how to read it.
struct Source<'f> {
    frame: &'f Frame,
    matrix: Matrix,
    orientation: Orientation,
}

impl<'s> Source<'s> {
    /// What is shown of `whole`: itself or a field of it.
    fn of(shown: &'s Frame, whole: &Frame, orientation: Orientation) -> Self {
        let matrix = matrix_of(whole.colorimetry(), whole.width_px(), whole.height_px());
        Self { frame: shown, matrix, orientation }
    }

    /// The frame as it is, when it needs no scaler.
    fn likeness<'f>(&self, shown: &'f Frame, size: PixelSize, format: PlaneFormat) -> Option<Likeness<'f>> {
        let is_same = (size.width_px, size.height_px) == (shown.width_px(), shown.height_px());
        if is_same { Likeness::of(shown, self.matrix, format) } else { None }
    }

    /// The shown part, scaled to its place, not yet turned.
    fn scaled(
        &self,
        Tools { scaler, tone_map }: &mut Tools,
        placement: Placement,
        format: PlaneFormat,
    ) -> Result<Canvas, Failure> {
        let part = middle(self.frame, placement.part, self.orientation).map_err(unconvertible)?;
        let size = self.orientation.turned(placement.inner);
        let shown = part.as_ref().unwrap_or(self.frame);
        if let Some(meaning) = Meaning::beyond_bt709(self.frame.colorimetry()) {
            let mut deep = Canvas::new(PlaneFormat::Deep444, size);
            scaler.scale(shown, self.matrix, &mut deep.planes_mut()).map_err(unconvertible)?;
            tone_map.take_if(|made| made.meaning() != meaning);
            return Ok(tone_map.get_or_insert_with(|| ToneMap::new(meaning)).map(&deep, format));
        }
        if shown.has_opacity() {
            let mut layer = Canvas::new(PlaneFormat::Yuva444, size);
            scaler.scale(shown, self.matrix, &mut layer.planes_mut()).map_err(unconvertible)?;
            return Ok(on_black(layer, (self.frame.colorimetry(), self.matrix), format));
        }
        let mut tile = Canvas::new(format, size);
        if let Some(mut likeness) = self.likeness(shown, size, format) {
            likeness.copy_to(&mut tile, 0);
            return Ok(tile);
        }
        scaler.scale(shown, self.matrix, &mut tile.planes_mut()).map_err(unconvertible)?;
        let colorimetry = self.frame.colorimetry();
        if !colorimetry.is_rgb {
            convert_to_jpeg(&mut tile, self.matrix, colorimetry.is_full_range);
        }
        Ok(tile)
    }
}

/// The middle part of a frame; `None` when that is all of it.
fn middle(
    frame: &Frame,
    (across, down): (f64, f64),
    orientation: Orientation,
) -> Result<Option<Frame>, AvError> {
    if across == 1.0 && down == 1.0 {
        return Ok(None);
    }
    let (across, down) = if orientation.is_transposed { (down, across) } else { (across, down) };
    let side = |whole: u32, part: f64| ((f64::from(whole) * part).round() as u32).clamp(1, whole);
    let (width, height) = (side(frame.width_px(), across), side(frame.height_px(), down));
    // Even, so that halved chroma stays with its luma.
    let corner = |whole: u32, part: u32| ((whole - part) / 2) & !1;
    let (left, top) = (corner(frame.width_px(), width), corner(frame.height_px(), height));
    frame.cropped(left, top, width, height).map(Some)
}

fn unconvertible(_error: AvError) -> Failure {
    Failure::new(ErrorCode::UnsupportedCodec, "the frame's pixel format cannot be converted")
}
