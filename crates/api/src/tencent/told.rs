//! The facts of a finished job, as the renderers of both formats look at them.

use stillframe_domain::event::SnapshotFact;
use stillframe_domain::outcome::PictureResult;
use stillframe_domain::{ErrorCode, Failure, MediaTime, Output, OutputOutcome, Product, TemplateRef};

/// How far a job came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Progress {
    /// It waits or runs; some of its outputs may have come to their end.
    Processing,
    /// It came to its end.
    Finished,
}

/// An output and what became of it.
pub(super) struct Set<'a> {
    /// What was asked.
    pub output: &'a Output,
    /// What became of it; while the job runs, only when `is_known`.
    pub outcome: OutputOutcome,
    /// Whether the job told what became of it.
    is_known: bool,
}

/// Each output with its outcome. One without an outcome failed as the whole job did.
pub(super) fn sets(fact: &SnapshotFact) -> Vec<Set<'_>> {
    let unknown = || Failure::new(ErrorCode::Internal, ErrorCode::Internal.summary());
    let failure = || fact.failure.clone().unwrap_or_else(unknown);
    let set = |(k, output): (usize, _)| match fact.outcomes.get(k) {
        Some(outcome) => Set { output, outcome: outcome.clone(), is_known: true },
        None => Set { output, outcome: OutputOutcome::failed(output, failure()), is_known: false },
    };
    fact.outputs.iter().enumerate().map(set).collect()
}

impl Set<'_> {
    /// The number of its template; 0 for none, or one that has no number.
    pub(super) fn definition(&self) -> i64 {
        match self.output.template {
            Some(TemplateRef::Numbered { number, .. }) => number,
            Some(TemplateRef::Hex(_)) | None => 0,
        }
    }

    /// Whether it came to its end, in a job that came so far.
    pub(super) fn is_ended(&self, progress: Progress) -> bool {
        self.is_known || progress == Progress::Finished
    }

    /// Whether it is of sheets.
    pub(super) const fn is_sprite(&self) -> bool {
        matches!(self.output.spec.product, Product::Sprite { .. })
    }
}

/// Each picture with the time that was asked for; `None` for a percentage of a video that could not be
/// read.
pub(super) fn asked_and_result<'a>(set: &'a Set<'_>) -> Vec<(Option<MediaTime>, &'a PictureResult)> {
    let asked = set.output.spec.selection.asked_offsets();
    let pictures = set.outcome.pictures.iter().enumerate();
    let offset = |k: usize, found: Option<MediaTime>| found.or_else(|| asked.get(k).copied().flatten());
    pictures.map(|(k, picture)| (offset(k, picture.offset), &picture.result)).collect()
}

/// URL of an object at the time of the fact.
pub(super) fn url(fact: &SnapshotFact, key: &str) -> String {
    format!("{}/{key}", fact.base_url)
}

/// Why an output has nothing to show.
pub(super) fn failure(outcome: &OutputOutcome) -> Option<&Failure> {
    outcome.first_failure().filter(|_| !outcome.is_success())
}
