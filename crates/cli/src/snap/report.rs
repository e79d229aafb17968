//! What became of a call: one JSON document, or lines for people, and the exit code.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use serde::Serialize;
use stillframe_domain::{Failure, MediaFacts, MediaTime, PixelSize, Traffic};

use super::args::Role;
use super::media::{MediaDocument, size};
use super::time::clock;

/// All pictures were taken.
pub const EXIT_ALL: u8 = 0;
/// The arguments make no sense.
pub const EXIT_USAGE: u8 = 2;
/// Some pictures were not taken.
pub const EXIT_SOME: u8 = 3;
/// No picture was taken.
pub const EXIT_NONE: u8 = 4;

/// What became of a call.
#[derive(Debug, Default)]
pub struct Report {
    /// What the video is, if it could be read.
    pub media: Option<MediaFacts>,
    /// Each picture that was asked for, output by output in the order asked.
    pub pictures: Vec<Picture>,
    /// Each sheet.
    pub sheets: Vec<Sheet>,
    /// The WebVTT file.
    pub vtt: Option<PathBuf>,
    /// Why the whole call failed, or a file beside the pictures was not written.
    pub failure: Option<Failure>,
    /// What it cost to read the video, when it came from afar.
    pub traffic: Option<Traffic>,
}

/// One picture that was asked for.
#[derive(Debug)]
pub struct Picture {
    /// Of which output.
    pub role: Role,
    /// The time asked for; `None` when it could not be resolved without the video.
    pub offset: Option<MediaTime>,
    /// The picture, or why there is none.
    pub result: Result<Taken, Failure>,
}

/// A picture that exists.
#[derive(Debug, Clone)]
pub struct Taken {
    /// When its frame is shown.
    pub pts: MediaTime,
    /// Its file; that of the sheet for a cell.
    pub path: PathBuf,
    /// Its size in pixels.
    pub size: PixelSize,
    /// Bytes of its file; 0 for a cell.
    pub size_bytes: u64,
    /// Where it stands in a sheet.
    pub cell: Option<Cell>,
}

/// A place in a sheet.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Cell {
    /// Number of the sheet, from 1.
    pub sheet: u32,
    /// Left edge in pixels.
    pub x: u32,
    /// Upper edge in pixels.
    pub y: u32,
}

/// One sheet of a sprite.
#[derive(Debug)]
pub struct Sheet {
    /// Number from 1.
    pub number: u32,
    /// Its file.
    pub path: PathBuf,
    /// Its size in pixels.
    pub size: PixelSize,
    /// Size of a cell in pixels.
    pub cell: PixelSize,
    /// Cells side by side.
    pub columns: u32,
    /// Cells one below another.
    pub rows: u32,
    /// Bytes of its file.
    pub size_bytes: u64,
}

impl Report {
    /// The exit code of the contract.
    pub fn exit_code(&self) -> u8 {
        let taken = self.pictures.iter().filter(|picture| picture.result.is_ok()).count();
        let is_whole = taken == self.pictures.len() && self.failure.is_none();
        match taken {
            0 => EXIT_NONE,
            _ if is_whole => EXIT_ALL,
            _ => EXIT_SOME,
        }
    }

    /// The document for scripts, with a line end.
    pub fn json(&self) -> String {
        let document = Document {
            media: self.media.as_ref().map(MediaDocument::from),
            pictures: self.pictures.iter().map(PictureDocument::from).collect(),
            sprites: self.sheets.iter().map(SheetDocument::from).collect(),
            vtt: self.vtt.as_deref().map(text_of),
            traffic: self.traffic,
            error: self.failure.as_ref().map(ErrorDocument::from),
        };
        let text = serde_json::to_string_pretty(&document).expect("plain values are JSON");
        text + "\n"
    }

    /// What exists, a line each.
    pub fn lines(&self) -> String {
        let mut text = String::new();
        let mut line = |path: &Path, what: String| {
            writeln!(text, "{}  {what}", path.display()).expect("writing to a String does not fail");
        };
        for picture in &self.pictures {
            if let Ok(Taken { pts, path, size: PixelSize { width_px, height_px }, size_bytes, cell: None }) =
                &picture.result
            {
                let (time, bytes) = (clock(*pts), size(*size_bytes));
                line(path, format!("{time}  {width_px}x{height_px}  {bytes}"));
            }
        }
        for sheet in &self.sheets {
            let (PixelSize { width_px, height_px }, bytes) = (sheet.size, size(sheet.size_bytes));
            let cells = self.cells_of(sheet.number);
            line(&sheet.path, format!("{cells} pictures  {width_px}x{height_px}  {bytes}"));
        }
        if let Some(path) = &self.vtt {
            line(path, "WebVTT".to_owned());
        }
        text
    }

    /// What does not exist and why, a line each. When nothing could be read, one line.
    pub fn complaints(&self) -> Vec<String> {
        let whole = self.failure.iter().map(|failure| failure.message.clone());
        if self.media.is_none() {
            return whole.collect();
        }
        let failed = self.pictures.iter().filter_map(|picture| {
            let failure = picture.result.as_ref().err()?;
            let time = picture.offset.map_or_else(String::new, |offset| format!(" at {}", clock(offset)));
            Some(format!("no picture{time}: {}", failure.message))
        });
        failed.chain(whole).collect()
    }

    fn cells_of(&self, sheet: u32) -> usize {
        let cells = self.pictures.iter().filter_map(|picture| picture.result.as_ref().ok()?.cell);
        cells.filter(|cell| cell.sheet == sheet).count()
    }
}

#[derive(Debug, Serialize)]
struct Document {
    media: Option<MediaDocument>,
    pictures: Vec<PictureDocument>,
    sprites: Vec<SheetDocument>,
    vtt: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    traffic: Option<Traffic>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<ErrorDocument>,
}

#[derive(Debug, Serialize)]
struct PictureDocument {
    kind: &'static str,
    offset_ms: Option<i64>,
    status: &'static str,
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    taken: Option<TakenDocument>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<ErrorDocument>,
}

#[derive(Debug, Serialize)]
struct TakenDocument {
    pts_ms: i64,
    path: String,
    width: u32,
    height: u32,
    bytes: u64,
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    cell: Option<Cell>,
}

#[derive(Debug, Serialize)]
struct SheetDocument {
    number: u32,
    path: String,
    width: u32,
    height: u32,
    bytes: u64,
    columns: u32,
    rows: u32,
    cell_width: u32,
    cell_height: u32,
}

#[derive(Debug, Serialize)]
struct ErrorDocument {
    code: &'static str,
    message: String,
}

impl From<&Picture> for PictureDocument {
    fn from(picture: &Picture) -> Self {
        Self {
            kind: match picture.role {
                Role::Stills => "still",
                Role::Sprite => "cell",
                Role::Cover => "cover",
                Role::Preview => "preview",
            },
            offset_ms: picture.offset.map(MediaTime::as_millis),
            status: if picture.result.is_ok() { "ok" } else { "failed" },
            taken: picture.result.as_ref().ok().map(TakenDocument::from),
            error: picture.result.as_ref().err().map(ErrorDocument::from),
        }
    }
}

impl From<&Taken> for TakenDocument {
    fn from(taken: &Taken) -> Self {
        Self {
            pts_ms: taken.pts.as_millis(),
            path: text_of(&taken.path),
            width: taken.size.width_px,
            height: taken.size.height_px,
            bytes: taken.size_bytes,
            cell: taken.cell,
        }
    }
}

impl From<&Sheet> for SheetDocument {
    fn from(sheet: &Sheet) -> Self {
        Self {
            number: sheet.number,
            path: text_of(&sheet.path),
            width: sheet.size.width_px,
            height: sheet.size.height_px,
            bytes: sheet.size_bytes,
            columns: sheet.columns,
            rows: sheet.rows,
            cell_width: sheet.cell.width_px,
            cell_height: sheet.cell.height_px,
        }
    }
}

impl From<&Failure> for ErrorDocument {
    fn from(failure: &Failure) -> Self {
        Self { code: failure.code.name(), message: failure.message.clone() }
    }
}

fn text_of(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}
