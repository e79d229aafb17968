//! The vendor's words for a set of pictures: its type, its job id, its URL rule.

use stillframe_domain::object_key::{self, OutputKind};
use stillframe_domain::{ImageFormat, JobId, Output, Product, VideoId};

/// Types that can be listed, with the kind of output that each stands for.
pub(super) const LISTED: [(&str, OutputKind); 5] = [
    ("CoverSnapshot", OutputKind::Cover),
    ("NormalSnapshot", OutputKind::Normal),
    ("SpriteSnapshot", OutputKind::Sprite),
    ("SpriteOriginSnapshot", OutputKind::SpriteOrigin),
    ("WebVttSnapshot", OutputKind::WebVtt),
];

/// The type that an event tells; `None` for the single pictures of a sprite, which no event tells of.
pub(super) const fn told_type(kind: OutputKind) -> Option<&'static str> {
    match kind {
        OutputKind::Cover => Some("CoverSnapshot"),
        OutputKind::Normal => Some("NormalSnapshot"),
        OutputKind::CoverSprite | OutputKind::Sprite => Some("SpriteSnapshot"),
        OutputKind::WebVtt => Some("WebVttSnapshot"),
        OutputKind::SpriteOrigin => None,
    }
}

/// The job id of a set of pictures. The vendor runs a job for each set; we run one for all, so the first
/// set has the job's id, as SubmitSnapshotJob answered it, and each further one the id of its output.
pub(super) fn job_id<'a>(job_id: &'a JobId, outputs: &'a [Output], output: &'a Output) -> &'a str {
    match outputs.first() {
        Some(first) if first.id == output.id => job_id.as_str(),
        _ => output.id.as_str(),
    }
}

/// The object key of a set's pictures, with `{SnapshotCount}` for the number.
pub(super) fn key_rule(video_id: &VideoId, output: &Output) -> String {
    object_key::numbered(video_id, output.kind, &output.id, "{SnapshotCount}", file_format(output))
}

const fn file_format(output: &Output) -> ImageFormat {
    match output.spec.product {
        Product::Stills { format, .. } | Product::Sprite { format, .. } => format,
    }
}
