//! What is asked of the engine and what it answers: plain values that can cross a process boundary.

use serde::{Deserialize, Serialize};
use stillframe_domain::{Failure, MediaFacts, MediaTime, PixelSize, SnapshotSpec};

use crate::limits::Limits;

/// One or more sets of pictures of one video, taken with one opening of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TakeRequest {
    /// The sets; [`Produced`] names them by their place here.
    pub outputs: Vec<SnapshotSpec>,
    /// What it may cost.
    pub limits: Limits,
}

/// One result of [`take`](crate::take()), in the order in which they come about.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Produced {
    /// What the video is; once, first.
    Facts(MediaFacts),
    /// How many pictures an output will have; once for each output, before its pictures.
    Planned {
        /// Place in [`TakeRequest::outputs`].
        output: usize,
        /// Pictures that follow, each once, taken or failed.
        picture_count: usize,
        /// The picture that would be the best cover, where that was asked and could be told.
        #[serde(default)]
        best: Option<usize>,
    },
    /// A picture, or a cell of a sprite; in decoding order, not in the order asked.
    Picture(PictureProduced),
    /// A sheet of a sprite; after the pictures that are its cells.
    Sheet(SheetProduced),
}

impl Produced {
    /// A picture that cannot be had.
    pub(crate) fn failed(output: usize, index: usize, offset: MediaTime, failure: Failure) -> Self {
        Self::Picture(PictureProduced { output, index, offset, result: Err(failure) })
    }
}

/// What became of one picture.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PictureProduced {
    /// Place in [`TakeRequest::outputs`].
    pub output: usize,
    /// Place in the order asked, from 0. In a sprite also the number of its cell.
    pub index: usize,
    /// The time asked for; for keyframe and cover selections, the time of the frame.
    pub offset: MediaTime,
    /// The picture, or why there is none.
    pub result: Result<TakenPicture, Failure>,
}

/// A picture that was taken.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TakenPicture {
    /// When the frame is shown: the first whole millisecond at or after its presentation time, so that
    /// asking for this time finds the same frame again.
    pub pts: MediaTime,
    /// Size in pixels.
    pub size: PixelSize,
    /// The file; empty for a cell of a sprite.
    pub bytes: Vec<u8>,
}

/// One sheet of a sprite. Cells whose picture failed keep the colour of the layout; a sheet none of
/// whose cells was taken exists only when a later one does.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SheetProduced {
    /// Place in [`TakeRequest::outputs`].
    pub output: usize,
    /// Number from 1; sheet n holds the cells from `(n-1) * cells_per_sheet`.
    pub number: u32,
    /// Size in pixels; the last sheet is as large as the others.
    pub size: PixelSize,
    /// Size of a cell in pixels.
    pub cell: PixelSize,
    /// The file.
    pub bytes: Vec<u8>,
}
