//! What became of a job's outputs and pictures.

use serde::{Deserialize, Serialize};

use crate::error_code::ErrorCode;
use crate::ids::OutputId;
use crate::snapshot::PixelSize;
use crate::time::MediaTime;

/// Why something did not come about, in words for its caller.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Failure {
    /// The code.
    pub code: ErrorCode,
    /// A sentence without internals.
    pub message: String,
}

impl Failure {
    /// A failure with a message of its own.
    pub fn new(code: ErrorCode, message: impl Into<String>) -> Self {
        Self { code, message: message.into() }
    }
}

/// A picture that was taken.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Taken {
    /// Presentation time of the frame that was taken.
    pub pts: MediaTime,
    /// Number among the pictures that exist, from 1; `{SnapshotCount}` of the object key.
    pub number: u32,
    /// Object key; empty for a cell of a sprite.
    pub key: String,
    /// Size in pixels.
    pub size: PixelSize,
    /// Size in bytes; 0 for a cell of a sprite.
    pub size_bytes: u64,
}

/// What became of one picture that was asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PictureOutcome {
    /// The time asked for (for keyframe selections, the keyframe's time); `None` only where a
    /// percentage could not be resolved because the video could not be read.
    pub offset: Option<MediaTime>,
    /// The picture or the reason.
    pub result: PictureResult,
}

/// The picture or the reason why there is none.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "status", rename_all = "lowercase")]
pub enum PictureResult {
    /// It was taken.
    Ok(Taken),
    /// It was not.
    Failed(Failure),
}

/// One sheet of a sprite.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sheet {
    /// Number from 1.
    pub number: u32,
    /// Object key.
    pub key: String,
    /// Size in pixels.
    pub size: PixelSize,
    /// Size of a cell in pixels.
    pub cell: PixelSize,
    /// Size in bytes.
    pub size_bytes: u64,
}

/// What became of one output.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OutputOutcome {
    /// The output.
    pub output_id: OutputId,
    /// Each picture (or cell) asked for, in the order asked.
    pub pictures: Vec<PictureOutcome>,
    /// Sheets, for sprites.
    pub sheets: Vec<Sheet>,
    /// Key of the WebVTT file, if one was made.
    pub vtt_key: Option<String>,
    /// Why the whole output failed, if it did.
    pub failure: Option<Failure>,
}

impl OutputOutcome {
    /// The pictures that were taken, in the order of their numbers.
    pub fn taken(&self) -> impl Iterator<Item = &Taken> {
        self.pictures.iter().filter_map(|picture| match &picture.result {
            PictureResult::Ok(taken) => Some(taken),
            PictureResult::Failed(_) => None,
        })
    }

    /// Whether at least one picture exists.
    pub fn is_success(&self) -> bool {
        self.failure.is_none() && self.taken().next().is_some()
    }

    /// How many objects clients can count on: sheets of a sprite, else pictures.
    pub fn object_count(&self) -> usize {
        if self.sheets.is_empty() { self.taken().count() } else { self.sheets.len() }
    }

    /// The reason to tell when nothing was taken.
    pub fn first_failure(&self) -> Option<&Failure> {
        self.failure.as_ref().or_else(|| {
            self.pictures.iter().find_map(|picture| match &picture.result {
                PictureResult::Failed(failure) => Some(failure),
                PictureResult::Ok(_) => None,
            })
        })
    }

    /// An output of which nothing came about: every asked offset failed with the same reason.
    pub fn failed(output: &crate::job::Output, failure: Failure) -> Self {
        let pictures = output
            .spec
            .selection
            .asked_offsets()
            .into_iter()
            .map(|offset| PictureOutcome { offset, result: PictureResult::Failed(failure.clone()) })
            .collect();
        Self {
            output_id: output.id.clone(),
            pictures,
            sheets: Vec::new(),
            vtt_key: None,
            failure: Some(failure),
        }
    }
}
