//! WebVTT that maps times to pictures: the subset that all known players take.
//!
//! LF line ends, no cue ids, no notes, `HH:MM:SS.mmm`, contiguous cues, the last ends at the duration,
//! `#xywh=` in whole pixels.
//!
//! Source: the parsers of Vidstack 1.15, Plyr 3.8, videojs-vtt-thumbnails 0.0.13, read on 2026-11-22.

use std::fmt::Write as _;

use stillframe_domain::{MediaTime, PixelSize, SpriteLayout};

/// One entry: from `start` up to `end` the picture `target` stands for the video.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cue {
    /// First millisecond.
    pub start: MediaTime,
    /// End, not included.
    pub end: MediaTime,
    /// Name of the picture's file, or `name#xywh=x,y,w,h` for a cell of a sheet.
    pub target: String,
}

/// The file for these cues.
pub fn write(cues: &[Cue]) -> String {
    let mut text = String::from("WEBVTT\n\n");
    for cue in cues {
        let (start, end) = (timestamp(cue.start), timestamp(cue.end));
        write!(text, "{start} --> {end}\n{}\n\n", cue.target).expect("writing to a String does not fail");
    }
    text
}

/// Cues for pictures that were taken, given as (time asked for, target), in any order.
///
/// Each lasts until the next, the last until `duration`. Of several pictures of one time the first
/// stands; pictures at or past `duration` get no cue.
pub fn cues_for(pictures: impl IntoIterator<Item = (MediaTime, String)>, duration: MediaTime) -> Vec<Cue> {
    let mut pictures: Vec<_> = pictures.into_iter().filter(|(start, _)| *start < duration).collect();
    pictures.sort_by_key(|(start, _)| *start);
    pictures.dedup_by_key(|(start, _)| *start);
    let ends: Vec<_> = pictures.iter().skip(1).map(|(start, _)| *start).chain([duration]).collect();
    pictures.into_iter().zip(ends).map(|((start, target), end)| Cue { start, end, target }).collect()
}

/// Cues for the cells of a sprite, given as (number of the cell, time asked for), in any order.
///
/// `sheet_names[n-1]` names sheet `n`; cells of sheets without a name get no cue.
pub fn cues_for_sprite(
    cells: impl IntoIterator<Item = (usize, MediaTime)>,
    duration: MediaTime,
    layout: &SpriteLayout,
    cell: PixelSize,
    sheet_names: &[String],
) -> Vec<Cue> {
    let per_sheet = layout.cells_per_sheet().max(1) as usize;
    let pictures = cells.into_iter().filter_map(|(index, time)| {
        let name = sheet_names.get(index / per_sheet)?;
        let in_sheet = u32::try_from(index % per_sheet).ok()?;
        let (x, y) = layout.cell_origin(in_sheet, cell);
        Some((time, format!("{name}#xywh={x},{y},{},{}", cell.width_px, cell.height_px)))
    });
    cues_for(pictures, duration)
}

fn timestamp(time: MediaTime) -> String {
    let ms = time.as_millis().max(0);
    let (h, m, s) = (ms / 3_600_000, ms / 60_000 % 60, ms / 1_000 % 60);
    format!("{h:02}:{m:02}:{s:02}.{:03}", ms % 1_000)
}

#[cfg(test)]
mod tests {
    use super::*;
    use stillframe_domain::{Colour, SizeRule};

    const fn ms(time: i64) -> MediaTime {
        MediaTime::from_millis(time)
    }

    #[test]
    fn cues_are_contiguous_and_the_last_ends_at_the_duration() {
        let pictures = [(ms(10_000), "b.jpg".to_owned()), (ms(0), "a.jpg".to_owned())];
        let text = write(&cues_for(pictures, ms(3_723_004)));
        assert_eq!(
            text,
            "WEBVTT\n\n00:00:00.000 --> 00:00:10.000\na.jpg\n\n00:00:10.000 --> 01:02:03.004\nb.jpg\n\n"
        );
    }

    #[test]
    fn no_cue_is_empty_or_past_the_end() {
        let names = ["a", "again", "late"].map(str::to_owned);
        let cues = cues_for([ms(5), ms(5), ms(9)].into_iter().zip(names), ms(9));
        assert_eq!(cues, [Cue { start: ms(5), end: ms(9), target: "a".to_owned() }]);
    }

    #[test]
    fn cells_point_into_their_sheet_even_when_some_failed() {
        let layout = SpriteLayout {
            columns: 2,
            rows: 1,
            cell: SizeRule::default(),
            padding_px: 4,
            margin_px: 3,
            colour: Colour::BLACK,
        };
        let cell = PixelSize { width_px: 16, height_px: 10 };
        let names = ["1.jpg", "2.jpg"].map(str::to_owned);
        let cells = [(0, ms(0)), (1, ms(10)), (3, ms(30)), (4, ms(40))];
        let cues = cues_for_sprite(cells, ms(50), &layout, cell, &names);
        let targets: Vec<_> = cues.iter().map(|cue| cue.target.as_str()).collect();
        assert_eq!(targets, ["1.jpg#xywh=3,3,16,10", "1.jpg#xywh=23,3,16,10", "2.jpg#xywh=23,3,16,10"]);
        assert_eq!(cues[2].end, ms(50));
    }
}
