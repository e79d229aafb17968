//! Runs the engine and keeps what it makes in a spool file, so that memory stays bounded.

use std::fs::File;
use std::io::{self, Write};
use std::ops::ControlFlow;
use std::os::unix::fs::FileExt;
use std::sync::Arc;
use std::time::Instant;

use stillframe_domain::{ByteSource, Checkpoint, ErrorCode, Failure, MediaFacts, MediaTime, PixelSize};
use stillframe_engine::{PictureProduced, Produced, SheetProduced, TakeRequest};
use stillframe_sandbox::Call;

use crate::blocking::{self, Blocking};
use crate::error::{JobError, is_of_the_store};
use crate::runner::Shared;
use crate::work::Work;

/// All that the engine made of a job.
pub(super) struct TakenJob {
    /// One for each output of the job, in the same order.
    pub(super) outputs: Vec<TakenOutput>,
    /// Holds the encoded bytes.
    pub(super) spool: Arc<File>,
    /// Duration of the video.
    pub(super) duration: MediaTime,
}

/// All that the engine made of one output.
#[derive(Default)]
pub(super) struct TakenOutput {
    /// In the order asked; `None` where the engine told nothing.
    pub(super) pictures: Vec<Option<TakenPicture>>,
    /// In the order of their numbers.
    pub(super) sheets: Vec<TakenSheet>,
    /// Place of the picture that would be the best cover, where it was told.
    pub(super) best: Option<usize>,
}

/// What became of one picture.
pub(super) struct TakenPicture {
    pub(super) offset: MediaTime,
    pub(super) result: Result<Frame, Failure>,
}

/// A picture that was taken; its bytes stand in the spool, none for a cell of a sprite.
pub(super) struct Frame {
    pub(super) pts: MediaTime,
    pub(super) size: PixelSize,
    pub(super) span: Span,
}

/// A sheet of a sprite.
pub(super) struct TakenSheet {
    pub(super) number: u32,
    pub(super) size: PixelSize,
    pub(super) cell: PixelSize,
    pub(super) span: Span,
}

/// A part of the spool.
#[derive(Clone, Copy)]
pub(super) struct Span {
    offset: u64,
    pub(super) size_bytes: u64,
}

impl Span {
    /// Reads the part from its spool.
    pub(super) async fn read(self, on: &dyn Blocking, spool: &Arc<File>) -> io::Result<Vec<u8>> {
        let spool = Arc::clone(spool);
        let read = blocking::run(on, move || {
            let mut bytes = vec![0; usize::try_from(self.size_bytes).map_err(io::Error::other)?];
            spool.read_exact_at(&mut bytes, self.offset).map(|()| bytes)
        });
        read.await.unwrap_or_else(|panicked| Err(io::Error::other(panicked)))
    }
}

/// Takes the job's pictures; retries or fails as the engine's code says when there is nothing at all.
pub(super) async fn take(work: &Work, source: Arc<dyn ByteSource>) -> Result<TakenJob, JobError> {
    let outputs: Vec<_> = work.job().outputs.iter().map(|output| output.spec.clone()).collect();
    let request = TakeRequest { outputs, limits: work.shared.config.engine_limits.clone() };
    let shared = Arc::clone(&work.shared);
    let abandoned = work.abandoned.clone();
    let version = version_of(work, source.as_ref());
    let taking = blocking::run(work.shared.deps.blocking.as_ref(), move || {
        let spool = tempfile::tempfile_in(&shared.config.spool_dir).map_err(spool_failed)?;
        let mut sink = Sink::new(&shared, spool, request.outputs.len());
        let call = Call { source, version, is_abandoned: &|| abandoned.is_cancelled() };
        let begun = Instant::now();
        let taken = shared.deps.decoder.take(&call, &request, &mut |produced| sink.keep(produced));
        metrics::histogram!("stillframe_decode_seconds", "operation" => "take").record(begun.elapsed());
        sink.finish(taken)
    });
    taking
        .await
        .map_err(|blocking::Panicked| JobError::retry(ErrorCode::Internal, "the engine broke down"))?
}

/// Names the bytes among all videos: two of them may well have the same validator.
fn version_of(work: &Work, source: &dyn ByteSource) -> Option<String> {
    let validator = source.validator();
    (!validator.is_empty()).then(|| format!("{} {validator}", work.media.video_id))
}

fn spool_failed(error: io::Error) -> JobError {
    tracing::warn!(error = &error as &dyn std::error::Error, "the spool failed a job");
    let failure = Failure::new(ErrorCode::Unavailable, "pictures could not be kept before they were stored");
    if is_of_the_store(&error) { JobError::Hold(failure) } else { JobError::Retry(failure) }
}

/// Takes in what the engine produces.
struct Sink<'a> {
    shared: &'a Shared,
    spool: File,
    spooled_bytes: u64,
    outputs: Vec<TakenOutput>,
    planned_count: usize,
    taken_count: usize,
    broken: Option<io::Error>,
}

impl<'a> Sink<'a> {
    fn new(shared: &'a Shared, spool: File, output_count: usize) -> Self {
        let outputs = std::iter::repeat_with(TakenOutput::default).take(output_count).collect();
        Self { shared, spool, spooled_bytes: 0, outputs, planned_count: 0, taken_count: 0, broken: None }
    }

    fn keep(&mut self, produced: Produced) -> ControlFlow<()> {
        match self.try_keep(produced) {
            Ok(()) => ControlFlow::Continue(()),
            Err(error) => {
                self.broken = Some(error);
                ControlFlow::Break(())
            }
        }
    }

    fn try_keep(&mut self, produced: Produced) -> io::Result<()> {
        match produced {
            Produced::Facts(_) => Ok(()),
            Produced::Planned { output, picture_count, best } => {
                self.planned_count += picture_count;
                self.outputs[output].best = best;
                self.outputs[output].pictures.resize_with(picture_count, || None);
                Ok(())
            }
            Produced::Picture(picture) => self.keep_picture(picture),
            Produced::Sheet(SheetProduced { output, number, size, cell, bytes }) => {
                let span = self.spool(&bytes)?;
                self.outputs[output].sheets.push(TakenSheet { number, size, cell, span });
                Ok(())
            }
        }
    }

    fn keep_picture(&mut self, picture: PictureProduced) -> io::Result<()> {
        let PictureProduced { output, index, offset, result } = picture;
        let result = match result {
            Ok(taken) => Ok(Frame { pts: taken.pts, size: taken.size, span: self.spool(&taken.bytes)? }),
            Err(failure) => Err(failure),
        };
        let is_taken = result.is_ok();
        self.outputs[output].pictures[index] = Some(TakenPicture { offset, result });
        self.taken_count += usize::from(is_taken);
        if is_taken && self.taken_count == 1 && 1 < self.planned_count {
            self.shared.deps.checkpoints.reached(Checkpoint::MidDecode);
        }
        Ok(())
    }

    fn spool(&mut self, bytes: &[u8]) -> io::Result<Span> {
        self.spool.write_all(bytes)?;
        let span = Span { offset: self.spooled_bytes, size_bytes: bytes.len() as u64 };
        self.spooled_bytes += span.size_bytes;
        Ok(span)
    }

    fn finish(mut self, taken: Result<MediaFacts, Failure>) -> Result<TakenJob, JobError> {
        if let Some(error) = self.broken {
            return Err(spool_failed(error));
        }
        let facts = taken.map_err(JobError::of)?;
        // Sheets come as they are full, and the decoders work side by side.
        for output in &mut self.outputs {
            output.sheets.sort_by_key(|sheet| sheet.number);
        }
        Ok(TakenJob { outputs: self.outputs, spool: Arc::new(self.spool), duration: facts.duration })
    }
}
