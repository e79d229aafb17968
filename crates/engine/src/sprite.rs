//! Sheets of a sprite: cells are put in as their frames come, a sheet is written when its last cell is known.
//!
//! **Invariant:** a cell is reported taken only after its sheet was encoded.

use stillframe_domain::{Failure, ImageFormat, MediaTime, PixelSize, SpriteLayout};

use crate::av::PlaneFormat;
use crate::canvas::Canvas;
use crate::encode::Encoders;
use crate::orientation::Orientation;
use crate::request::{PictureProduced, Produced, SheetProduced, TakenPicture};

/// How sheets are written.
#[derive(Debug, Clone, Copy)]
pub struct SheetStyle {
    /// The grid.
    pub layout: SpriteLayout,
    /// Size of a cell.
    pub cell: PixelSize,
    /// Size of a sheet.
    pub size: PixelSize,
    /// What the canvas holds.
    pub planes: PlaneFormat,
    /// The file's format.
    pub format: ImageFormat,
    /// 1 to 100.
    pub quality: u8,
}

/// The sheets of one output.
pub struct Sprite {
    output: usize,
    style: SheetStyle,
    sheets: Vec<SheetState>,
}

/// One sheet that is not written yet.
#[derive(Default)]
struct SheetState {
    canvas: Option<Canvas>,
    open_cells: usize,
    cells: Vec<PictureProduced>,
    is_written: bool,
}

impl Sprite {
    /// Sheets for `cell_count` cells.
    pub fn new(output: usize, style: SheetStyle, cell_count: usize) -> Self {
        let per_sheet = cells_per_sheet(&style.layout);
        let sheets = (0..cell_count.div_ceil(per_sheet)).map(|sheet| SheetState {
            open_cells: per_sheet.min(cell_count - sheet * per_sheet),
            ..SheetState::default()
        });
        Self { output, style, sheets: sheets.collect() }
    }

    /// Puts what became of a cell into its sheet. Returns what is now known for certain.
    pub fn put(
        &mut self,
        index: usize,
        (offset, pts): (MediaTime, MediaTime),
        picture: Result<&Canvas, Failure>,
        encoders: &mut Encoders,
    ) -> Vec<Produced> {
        let per_sheet = cells_per_sheet(&self.style.layout);
        let (number, style) = (index / per_sheet, self.style);
        let Some(sheet) = self.sheets.get_mut(number) else { return Vec::new() };
        let result = picture.map(|picture| {
            let (x, y) = style.layout.cell_origin((index % per_sheet) as u32, style.cell);
            let blank = || Canvas::filled(style.planes, style.size, style.layout.colour);
            sheet.canvas.get_or_insert_with(blank).place(picture, Orientation::default(), (x, y));
            TakenPicture { pts, size: style.cell, bytes: Vec::new() }
        });
        sheet.cells.push(PictureProduced { output: self.output, index, offset, result });
        sheet.open_cells = sheet.open_cells.saturating_sub(1);
        if sheet.open_cells == 0 { self.write(number, encoders) } else { Vec::new() }
    }

    /// Writes the sheets that stayed empty though later ones exist, so that their numbers have no gap.
    pub fn finish(&mut self, encoders: &mut Encoders) -> Vec<Produced> {
        let existing = self.sheets.iter().rposition(|sheet| sheet.is_written).map_or(0, |last| last + 1);
        let missing: Vec<_> = (0..existing).filter(|&number| !self.sheets[number].is_written).collect();
        let mut produced = Vec::new();
        for number in missing {
            let blank = Canvas::filled(self.style.planes, self.style.size, self.style.layout.colour);
            self.sheets[number].canvas = Some(blank);
            produced.extend(self.write(number, encoders));
        }
        produced
    }

    fn write(&mut self, number: usize, encoders: &mut Encoders) -> Vec<Produced> {
        let (style, output) = (self.style, self.output);
        let sheet = &mut self.sheets[number];
        let mut cells = std::mem::take(&mut sheet.cells);
        let encoded = sheet.canvas.take().map(|canvas| encoders.encode(canvas, style.format, style.quality));
        if let Some(Err(failure)) = &encoded {
            let taken = cells.iter_mut().filter(|cell| cell.result.is_ok());
            taken.for_each(|cell| cell.result = Err(failure.clone()));
        }
        let mut produced: Vec<_> = cells.into_iter().map(Produced::Picture).collect();
        if let Some(Ok(bytes)) = encoded {
            sheet.is_written = true;
            let number = u32::try_from(number + 1).unwrap_or(u32::MAX);
            let (size, cell) = (style.size, style.cell);
            produced.push(Produced::Sheet(SheetProduced { output, number, size, cell, bytes }));
        }
        produced
    }
}

/// Whether cells lie where halved chroma would bleed into the neighbour.
pub fn has_odd_corners(layout: &SpriteLayout, cell: PixelSize) -> bool {
    let steps = [cell.width_px + layout.padding_px, cell.height_px + layout.padding_px, layout.margin_px];
    let sides = [cell.width_px, cell.height_px];
    steps.iter().chain(&sides).any(|side| side % 2 == 1)
}

fn cells_per_sheet(layout: &SpriteLayout) -> usize {
    layout.cells_per_sheet().max(1) as usize
}

#[cfg(test)]
mod tests {
    use super::*;
    use stillframe_domain::{Colour, ErrorCode, SizeRule};

    fn sprite(cell_count: usize) -> (Sprite, Encoders, Canvas) {
        let cell = PixelSize { width_px: 8, height_px: 8 };
        let layout = SpriteLayout {
            columns: 2,
            rows: 1,
            cell: SizeRule::default(),
            padding_px: 2,
            margin_px: 4,
            colour: Colour { red: 0, green: 0, blue: 255 },
        };
        let style = SheetStyle {
            layout,
            cell,
            size: layout.sheet_size(cell).expect("small"),
            planes: PlaneFormat::Rgb24,
            format: ImageFormat::Png,
            quality: 85,
        };
        let picture = Canvas::filled(PlaneFormat::Rgb24, cell, Colour::WHITE);
        (Sprite::new(3, style, cell_count), Encoders::new().expect("encoders"), picture)
    }

    fn put(
        sprite: &mut Sprite,
        index: usize,
        picture: Option<&Canvas>,
        encoders: &mut Encoders,
    ) -> Vec<Produced> {
        let gone = || Failure::new(ErrorCode::DecodeFailed, "gone");
        sprite.put(index, (MediaTime::ZERO, MediaTime::ZERO), picture.ok_or_else(gone), encoders)
    }

    fn sheets(produced: &[Produced]) -> Vec<&SheetProduced> {
        produced
            .iter()
            .filter_map(|p| if let Produced::Sheet(sheet) = p { Some(sheet) } else { None })
            .collect()
    }

    #[test]
    fn a_sheet_comes_with_its_last_cell_whatever_the_order() {
        let (mut sprite, mut encoders, picture) = sprite(3);
        assert!(put(&mut sprite, 1, Some(&picture), &mut encoders).is_empty());
        let last = put(&mut sprite, 2, Some(&picture), &mut encoders);
        assert_eq!(sheets(&last)[0].number, 2, "the last sheet has one cell");
        let first = put(&mut sprite, 0, None, &mut encoders);
        assert_eq!(first.len(), 3, "two cells and their sheet");
        let image = image::load_from_memory(&sheets(&first)[0].bytes).expect("a PNG").to_rgb8();
        assert_eq!(image.dimensions(), (26, 16));
        assert_eq!(image.get_pixel(5, 5).0, [0, 0, 255], "the failed cell keeps the colour");
        assert_eq!(image.get_pixel(14, 4).0, [255, 255, 255]);
        assert_eq!(image.get_pixel(13, 4).0, [0, 0, 255], "the gap");
        assert!(sprite.finish(&mut encoders).is_empty());
    }

    #[test]
    fn empty_sheets_exist_only_before_others() {
        let (mut sprite, mut encoders, picture) = sprite(6);
        for index in 0..6 {
            let picture = (index == 3).then_some(&picture);
            put(&mut sprite, index, picture, &mut encoders);
        }
        let rest = sprite.finish(&mut encoders);
        let numbers: Vec<_> = sheets(&rest).iter().map(|sheet| sheet.number).collect();
        assert_eq!(numbers, [1], "sheet 2 was written before, sheet 3 has nothing");
    }

    #[test]
    fn odd_corners_are_noticed() {
        let (sprite, ..) = sprite(1);
        let layout = sprite.style.layout;
        assert!(!has_odd_corners(&layout, PixelSize { width_px: 8, height_px: 8 }));
        assert!(has_odd_corners(&layout, PixelSize { width_px: 8, height_px: 7 }));
        assert!(has_odd_corners(&SpriteLayout { padding_px: 1, ..layout }, sprite.style.cell));
    }
}
