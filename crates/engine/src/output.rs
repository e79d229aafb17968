//! What is made of the frames of one output: pictures of their own, cells of sheets, or one picture that
//! moves.

use stillframe_domain::{
    Colour, ErrorCode, Failure, Fit, ImageFormat, MediaTime, PixelSize, Product, Selection, SizeRule,
    SnapshotSpec, limits,
};

use crate::av::Frame;
use crate::canvas::Canvas;
use crate::encode::{Encoders, check_format, plane_format};
use crate::placement::{check_size, place as place_in};
use crate::preview::Preview;
use crate::render::{Look, Renderer};
use crate::request::{PictureProduced, Produced, TakenPicture};
use crate::sprite::{SheetStyle, Sprite, has_odd_corners};

/// Makes pictures of the frames of one output; every worker has a copy.
#[derive(Debug, Clone, Copy)]
pub struct Maker {
    look: Look,
    /// Format and quality of pictures of their own; `None` makes cells.
    still: Option<(ImageFormat, u8)>,
}

/// What was made of a frame.
pub enum Made {
    /// A picture of its own.
    Still(TakenPicture),
    /// A cell of a sheet, and when its frame is shown.
    Cell(Canvas, MediaTime),
}

impl Maker {
    /// Makes a picture of a frame that is shown at `pts`.
    ///
    /// # Errors
    /// When it cannot be drawn or encoded.
    pub fn make(
        self,
        frame: &Frame,
        pts: MediaTime,
        (renderer, encoders): (&mut Renderer, &mut Encoders),
    ) -> Result<Made, Failure> {
        if let Some((ImageFormat::Jpg, quality)) = self.still
            && let Some((mut likeness, size)) = renderer.likeness(frame, self.look)?
        {
            let mut draw = |strip: &mut Canvas, top| likeness.copy_to(strip, top);
            let bytes = encoders.encode_strips((size, self.look.format), quality, &mut draw)?;
            return Ok(Made::Still(TakenPicture { pts, size, bytes }));
        }
        let canvas = renderer.render(frame, self.look)?;
        let Some((format, quality)) = self.still else { return Ok(Made::Cell(canvas, pts)) };
        let size = canvas.size;
        let bytes = encoders.encode(canvas, format, quality)?;
        Ok(Made::Still(TakenPicture { pts, size, bytes }))
    }
}

/// One output: who makes its pictures, and where they go.
pub struct Output {
    place: usize,
    maker: Maker,
    whole: Whole,
}

/// What the frames of an output are put together to.
enum Whole {
    /// Nothing: each is a picture.
    Stills,
    Sheets(Sprite),
    Moving(Preview),
}

impl Output {
    /// Prepares an output of `frame_count` frames of a video of upright size `frame`.
    ///
    /// # Errors
    /// When its format is not supported or its size is beyond the limits; then all of its pictures fail.
    pub fn new(
        place: usize,
        spec: &SnapshotSpec,
        frame: PixelSize,
        frame_count: usize,
    ) -> Result<Self, Failure> {
        match (&spec.selection, &spec.product) {
            (&Selection::Preview { step_ms, .. }, &Product::Stills { size, fit, format, quality }) => {
                let size = preview_size(size, fit, format, frame)?;
                let look = Look {
                    size: fixed(size),
                    fit,
                    format: plane_format(format, false),
                    ground: Colour::BLACK,
                    keeps_box: true,
                };
                let whole = Whole::Moving(Preview::new(place, size, step_ms.max(1), frame_count));
                Ok(Self { place, maker: Maker { look, still: Some((format, quality)) }, whole })
            }
            (_, &Product::Stills { size, fit, format, quality }) => {
                check_format(format)?;
                check_size(size.resolve(frame))?;
                let planes = plane_format(format, false);
                let look = Look { size, fit, format: planes, ground: Colour::BLACK, keeps_box: false };
                Ok(Self {
                    place,
                    maker: Maker { look, still: Some((format, quality)) },
                    whole: Whole::Stills,
                })
            }
            (_, &Product::Sprite { layout, fit, format, quality }) => {
                check_format(format)?;
                let cell = layout.cell.resolve(frame);
                check_size(cell)?;
                let too_large = || Failure::new(ErrorCode::LimitExceeded, "the sheet would be too large");
                let size = layout.sheet_size(cell).ok_or_else(too_large)?;
                check_size(size)?;
                let planes = plane_format(format, has_odd_corners(&layout, cell));
                let style = SheetStyle { layout, cell, size, planes, format, quality };
                // The cells keep their size even if a later frame has another shape.
                let look =
                    Look { size: fixed(cell), fit, format: planes, ground: layout.colour, keeps_box: true };
                let whole = Whole::Sheets(Sprite::new(place, style, frame_count));
                Ok(Self { place, maker: Maker { look, still: None }, whole })
            }
        }
    }

    /// Who makes its pictures.
    pub fn maker(&self) -> Maker {
        self.maker
    }

    /// Takes what became of a picture that was asked for at `offset`. Returns what is now known for certain.
    pub fn put(
        &mut self,
        index: usize,
        offset: MediaTime,
        made: Result<Made, Failure>,
        encoders: &mut Encoders,
    ) -> Vec<Produced> {
        let output = self.place;
        let still = |result| vec![Produced::Picture(PictureProduced { output, index, offset, result })];
        match (&mut self.whole, made) {
            (Whole::Sheets(sprite), Ok(Made::Cell(canvas, pts))) => {
                sprite.put(index, (offset, pts), Ok(&canvas), encoders)
            }
            (Whole::Sheets(sprite), Err(failure)) => {
                sprite.put(index, (offset, offset), Err(failure), encoders)
            }
            (Whole::Moving(preview), Ok(Made::Still(taken))) => preview.put(index, offset, Ok(taken)),
            (Whole::Moving(preview), Err(failure)) => preview.put(index, offset, Err(failure)),
            (Whole::Stills | Whole::Sheets(_), Ok(Made::Still(taken))) => still(Ok(taken)),
            (Whole::Stills, Err(failure)) => still(Err(failure)),
            (Whole::Stills | Whole::Moving(_), Ok(Made::Cell(..))) => {
                unreachable!("the maker of pictures makes no cells")
            }
        }
    }

    /// Writes what is left when every picture is known.
    pub fn finish(&mut self, encoders: &mut Encoders) -> Vec<Produced> {
        match &mut self.whole {
            Whole::Sheets(sprite) => sprite.finish(encoders),
            Whole::Stills | Whole::Moving(_) => Vec::new(),
        }
    }
}

/// Whether the one picture of an output moves.
pub fn is_preview(spec: &SnapshotSpec) -> bool {
    matches!((&spec.selection, &spec.product), (Selection::Preview { .. }, Product::Stills { .. }))
}

/// The size of all frames of a preview.
fn preview_size(
    size: SizeRule,
    fit: Fit,
    format: ImageFormat,
    frame: PixelSize,
) -> Result<PixelSize, Failure> {
    if format != ImageFormat::Webp {
        return Err(Failure::new(ErrorCode::InvalidParameter, "pictures that move are WebP"));
    }
    check_format(format)?;
    let size = place_in(frame, size.resolve(frame), fit).whole;
    check_size(size)?;
    let (longest, most) = (size.width_px.max(size.height_px), limits::PREVIEW_SIDE_PX_MAX);
    if most < longest {
        let message = format!("the preview would be {longest} pixels long; the most is {most}");
        return Err(Failure::new(ErrorCode::LimitExceeded, message));
    }
    Ok(size)
}

/// A size that no frame changes, whatever its shape.
fn fixed(size: PixelSize) -> SizeRule {
    SizeRule { width_px: Some(size.width_px), height_px: Some(size.height_px), is_adaptive: false }
}

/// Whether all pictures of an output are so small that the loop filter cannot be seen in them.
pub fn is_thumbnail(spec: &SnapshotSpec, frame: PixelSize) -> bool {
    let (size, fit) = match spec.product {
        Product::Stills { size, fit, .. } => (size.resolve(frame), fit),
        Product::Sprite { layout, fit, .. } => (layout.cell.resolve(frame), fit),
    };
    let (across, down) = (size.width_px <= frame.width_px / 2, size.height_px <= frame.height_px / 2);
    if fit == Fit::Crop { across && down } else { across || down }
}
