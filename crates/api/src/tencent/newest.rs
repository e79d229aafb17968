//! Of a video's sets of pictures, the newest of each definition: a re-run replaces what is shown.

use std::collections::HashSet;

use stillframe_domain::object_key::OutputKind;
use stillframe_domain::{Product, TemplateFamily, TemplateRef};
use stillframe_service::LatestOutput;

/// The number of its template; 0 for none, or one that has no number.
pub(super) fn definition(found: &LatestOutput) -> i64 {
    match found.output.template {
        Some(TemplateRef::Numbered { number, .. }) => number,
        Some(TemplateRef::Hex(_)) | None => 0,
    }
}

/// The newest of each definition; `outputs` come newest first.
fn newest(outputs: Vec<&LatestOutput>) -> Vec<&LatestOutput> {
    let mut seen = HashSet::new();
    outputs.into_iter().filter(|found| seen.insert(definition(found))).collect()
}

/// Pictures by a template of regular series, or by any other.
pub(super) fn stills(outputs: &[LatestOutput], is_sample: bool) -> Vec<&LatestOutput> {
    let is_wanted = |found: &&LatestOutput| {
        let family = match &found.output.template {
            Some(TemplateRef::Numbered { family, .. }) => Some(*family),
            Some(TemplateRef::Hex(_)) | None => None,
        };
        found.output.kind == OutputKind::Normal
            && matches!(found.output.spec.product, Product::Stills { .. })
            && (family == Some(TemplateFamily::Sample)) == is_sample
    };
    newest(outputs.iter().filter(is_wanted).collect())
}

/// Sprites.
pub(super) fn sprites(outputs: &[LatestOutput]) -> Vec<&LatestOutput> {
    newest(outputs.iter().filter(|found| found.output.kind == OutputKind::Sprite).collect())
}
