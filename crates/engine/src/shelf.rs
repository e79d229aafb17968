//! Opened videos that are kept for the next call about them.
//!
//! Opening a video reads and parses its index. That takes about as long as a keyframe does, and over a
//! network some round trips. The index says nothing about a call, so it serves the next one as well.

use std::collections::VecDeque;
use std::io;
use std::ops::ControlFlow;
use std::sync::Arc;

use stillframe_domain::{ByteSource, MediaFacts};

use crate::error::EngineError;
use crate::limits::Limits;
use crate::media::{Depth, Media};
use crate::request::{Produced, TakeRequest};
use crate::{av, memory, take};

/// Most videos that are kept. The index of a long one takes some megabytes.
const SHELVED_MAX: usize = 4;

/// Keeps the videos of the last calls, opened.
#[derive(Default)]
pub struct Shelf {
    /// By version, the newest last.
    kept: VecDeque<(String, Media)>,
}

impl Shelf {
    /// As [`crate::take()`], with what is known of the video from earlier calls. `version` names these bytes
    /// among all videos and versions of them; without it nothing is kept.
    ///
    /// # Errors
    /// As [`crate::take()`].
    pub fn take(
        &mut self,
        version: Option<&str>,
        request: &TakeRequest,
        source: Arc<dyn ByteSource>,
        sink: &mut dyn FnMut(Produced) -> ControlFlow<()>,
    ) -> Result<MediaFacts, EngineError> {
        memory::settle();
        av::listen();
        take::take_again(self, version, request, source, sink)
    }

    /// The video of this version, kept or opened. It is off the shelf until it is kept again.
    pub(crate) fn open(
        &mut self,
        version: Option<&str>,
        source: Arc<dyn ByteSource>,
        limits: &Limits,
    ) -> Result<Media, EngineError> {
        let place = version.and_then(|version| self.kept.iter().position(|(kept, _)| kept == version));
        match place.and_then(|place| self.kept.remove(place)) {
            Some((_, media)) if media.limits == *limits && media.source.len() == source.len() => {
                Ok(media.again(source))
            }
            _ => Media::open(source, limits, Depth::Header),
        }
    }

    /// Keeps a video, unless its bytes could not be read at some time, or what is known of it belongs to its
    /// source.
    pub(crate) fn keep(&mut self, version: Option<&str>, media: Media) {
        let Some(version) = version else { return };
        if media.demuxer.has_source_failed() || media.deadline.is_over() || !media.can_be_kept() {
            return;
        }
        if SHELVED_MAX <= self.kept.len() {
            self.kept.pop_front();
        }
        let size_bytes = media.source.len();
        // What it was read from is let go; it may be an open file.
        self.kept.push_back((version.to_owned(), media.again(Arc::new(Absent { size_bytes }))));
    }
}

/// Stands for the bytes of a video between two calls.
struct Absent {
    size_bytes: u64,
}

impl ByteSource for Absent {
    fn read_at(&self, _offset: u64, _buf: &mut [u8]) -> io::Result<usize> {
        Err(io::Error::other("nobody reads a video that is kept"))
    }

    fn len(&self) -> u64 {
        self.size_bytes
    }

    fn validator(&self) -> String {
        String::new()
    }
}
