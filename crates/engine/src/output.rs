//! What is made of the frames of one output: pictures of their own, or cells of sheets.

use stillframe_domain::{
    Colour, ErrorCode, Failure, Fit, ImageFormat, MediaTime, PixelSize, Product, SnapshotSpec,
};

use crate::av::Frame;
use crate::encode::{Encoders, check_format, plane_format};
use crate::placement::check_size;
use crate::render::{Look, Renderer};
use crate::request::{PictureProduced, Produced, TakenPicture};
use crate::sprite::{SheetStyle, Sprite, has_odd_corners};

/// The times of one picture.
#[derive(Debug, Clone, Copy)]
pub struct Times {
    /// Asked for.
    pub offset: MediaTime,
    /// Of the frame.
    pub pts: MediaTime,
}

/// Makes the pictures of one output.
pub struct Output {
    place: usize,
    look: Look,
    made: Made,
}

enum Made {
    Stills { format: ImageFormat, quality: u8 },
    Sheets(Sprite),
}

impl Output {
    /// Prepares an output of `picture_count` pictures of a video of upright size `frame`.
    ///
    /// # Errors
    /// When its format is not supported or its size is beyond the limits; then all of its pictures fail.
    pub fn new(
        place: usize,
        spec: &SnapshotSpec,
        frame: PixelSize,
        picture_count: usize,
    ) -> Result<Self, Failure> {
        match spec.product {
            Product::Stills { size, fit, format, quality } => {
                check_format(format)?;
                check_size(size.resolve(frame))?;
                let planes = plane_format(format, false);
                let look = Look { size, fit, format: planes, ground: Colour::BLACK, keeps_box: false };
                Ok(Self { place, look, made: Made::Stills { format, quality } })
            }
            Product::Sprite { layout, fit, format, quality } => {
                check_format(format)?;
                let cell = layout.cell.resolve(frame);
                check_size(cell)?;
                let too_large = || Failure::new(ErrorCode::LimitExceeded, "the sheet would be too large");
                let size = layout.sheet_size(cell).ok_or_else(too_large)?;
                check_size(size)?;
                let planes = plane_format(format, has_odd_corners(&layout, cell));
                let style = SheetStyle { layout, cell, size, planes, format, quality };
                // The cells keep their size even if a later frame has another shape.
                let size = stillframe_domain::SizeRule {
                    width_px: Some(cell.width_px),
                    height_px: Some(cell.height_px),
                    is_adaptive: false,
                };
                let look = Look { size, fit, format: planes, ground: layout.colour, keeps_box: true };
                Ok(Self { place, look, made: Made::Sheets(Sprite::new(place, style, picture_count)) })
            }
        }
    }

    /// Makes a picture of a frame. Returns what is now known for certain.
    pub fn draw(
        &mut self,
        index: usize,
        times: Times,
        frame: &Frame,
        (renderer, encoders): (&mut Renderer, &mut Encoders),
    ) -> Vec<Produced> {
        let drawn = renderer.render(frame, self.look);
        let Times { offset, pts } = times;
        match &mut self.made {
            Made::Sheets(sprite) => {
                let picture = drawn.as_ref().map_err(Failure::clone);
                sprite.put(index, (offset, pts), picture, encoders)
            }
            Made::Stills { format, quality } => {
                let result = drawn.and_then(|mut canvas| {
                    let size = canvas.size;
                    let bytes = encoders.encode(&mut canvas, *format, *quality)?;
                    Ok(TakenPicture { pts, size, bytes })
                });
                let output = self.place;
                vec![Produced::Picture(PictureProduced { output, index, offset, result })]
            }
        }
    }

    /// Notes that a picture cannot be had. Returns what is now known for certain.
    pub fn fail(
        &mut self,
        index: usize,
        offset: MediaTime,
        failure: Failure,
        encoders: &mut Encoders,
    ) -> Vec<Produced> {
        match &mut self.made {
            Made::Sheets(sprite) => sprite.put(index, (offset, offset), Err(failure), encoders),
            Made::Stills { .. } => {
                vec![Produced::failed(self.place, index, offset, failure)]
            }
        }
    }

    /// Writes what is left when every picture is known.
    pub fn finish(&mut self, encoders: &mut Encoders) -> Vec<Produced> {
        match &mut self.made {
            Made::Sheets(sprite) => sprite.finish(encoders),
            Made::Stills { .. } => Vec::new(),
        }
    }
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
