//! What parent and child say to each other. Pictures travel on the tray or behind a message, not in it; bytes of videos
//! through the window.

use std::ops::Range;

use serde::{Deserialize, Serialize};
use stillframe_domain::{Failure, MediaFacts};
use stillframe_engine::{Limits, Produced, TakeRequest};

use crate::confine::Confinement;
use crate::tray::Place;

/// Most ranges of one [`Report::Foreseen`] or [`Question`].
pub(crate) const RANGES_MAX: usize = 4_096;

/// Size of the window through which a child sees a video that it has no file of: a piece of memory that the parent
/// writes and the child reads.
pub(crate) const WINDOW_BYTES: u64 = 2 << 20;

/// Most bytes of all ranges of one [`Question`]: a quarter of the window, so that no answer overwrites what was not
/// read yet.
pub(crate) const READ_BYTES_MAX: u64 = WINDOW_BYTES / 4;

/// From parent to child.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Order {
    /// The first of all, with the tray.
    Begin,
    /// Find out what a video is.
    Probe {
        /// The video.
        source: SourceFacts,
        /// What it may cost.
        limits: Limits,
    },
    /// Take pictures.
    Take {
        /// The video.
        source: SourceFacts,
        /// What is asked.
        request: TakeRequest,
    },
    /// What was read is in the window, so many bytes from the beginning of each range, one after another: maybe
    /// less than was asked for, and nothing at the end of the video. Ranges after the first may be left out.
    Bytes(Vec<u32>),
    /// The bytes could not be read, for this reason.
    Unreadable(Failure),
}

/// A video as a child sees it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct SourceFacts {
    /// Its size.
    pub(crate) size_bytes: u64,
    /// Names this version of it.
    pub(crate) validator: String,
    /// Names these bytes among all videos and versions of them.
    pub(crate) version: Option<String>,
    /// Whether the open file comes with the order; else it is the window, and the child asks for ranges.
    pub(crate) is_file: bool,
}

/// From child to parent.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Report {
    /// The child is confined and waits for its first order.
    Ready(Confinement),
    /// The work goes on: bytes of the open file were read since the last word.
    Working,
    /// Asks for bytes of the video, in time before they are needed: what is said meanwhile waits no longer than
    /// the answer.
    Read(Question),
    /// Tells which bytes it is going to ask for; nobody answers.
    Foreseen(Vec<Range<u64>>),
    /// A result and where its file lies; else the bulk is its file.
    Produced {
        /// The result, without its file.
        produced: Produced,
        /// Where on the tray its file is.
        place: Option<Place>,
    },
    /// The call is over.
    Done(Result<MediaFacts, Failure>),
}

/// Which bytes of the video a child wants to have in the window.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Question {
    /// Ranges of the video, of which the first is needed at once.
    pub(crate) ranges: Vec<Range<u64>>,
    /// Where in the window the answer begins.
    pub(crate) place: u64,
}

/// Takes the file out of a result, to travel behind it.
pub(crate) fn take_file(produced: &mut Produced) -> Vec<u8> {
    match file_of(produced) {
        Some(file) => std::mem::take(file),
        None => Vec::new(),
    }
}

/// Puts a result and its file together again; false when it has no place for one.
pub(crate) fn put_file(produced: &mut Produced, bulk: Vec<u8>) -> bool {
    match file_of(produced) {
        Some(file) => {
            *file = bulk;
            true
        }
        None => bulk.is_empty(),
    }
}

fn file_of(produced: &mut Produced) -> Option<&mut Vec<u8>> {
    match produced {
        Produced::Picture(picture) => picture.result.as_mut().ok().map(|taken| &mut taken.bytes),
        Produced::Sheet(sheet) => Some(&mut sheet.bytes),
        Produced::Facts(_) | Produced::Planned { .. } => None,
    }
}
