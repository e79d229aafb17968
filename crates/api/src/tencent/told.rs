//! The facts of a finished job, as the renderers of both formats look at them.

use stillframe_domain::event::SnapshotFact;
use stillframe_domain::outcome::PictureResult;
use stillframe_domain::{ErrorCode, Failure, MediaTime, Output, OutputOutcome, Product, TemplateRef};

/// An output and what became of it.
pub(super) struct Set<'a> {
    /// What was asked.
    pub output: &'a Output,
    /// What became of it.
    pub outcome: OutputOutcome,
}

/// Each output with its outcome. One without an outcome failed as the whole job did.
pub(super) fn sets(fact: &SnapshotFact) -> Vec<Set<'_>> {
    let unknown = || Failure::new(ErrorCode::Internal, ErrorCode::Internal.summary());
    let failure = || fact.failure.clone().unwrap_or_else(unknown);
    let outcome = |k: usize, output| {
        fact.outcomes.get(k).cloned().unwrap_or_else(|| OutputOutcome::failed(output, failure()))
    };
    fact.outputs.iter().enumerate().map(|(k, output)| Set { output, outcome: outcome(k, output) }).collect()
}

impl Set<'_> {
    /// The number of its template; 0 for none, or one that has no number.
    pub(super) fn definition(&self) -> i64 {
        match self.output.template {
            Some(TemplateRef::Numbered { number, .. }) => number,
            Some(TemplateRef::Hex(_)) | None => 0,
        }
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
