//! The covers that a new video gets by itself.
//!
//! Source: Alibaba Cloud VOD, "Video snapshot", thumbnail snapshots: up to 8, evenly spread over the
//! keyframes from 5 ms on, and a sprite of them (collected on 2026-11-22).

use crate::app::CoverChoice;
use crate::ids::OutputId;
use crate::ingest;
use crate::job::{Job, Origin, Output, RequestKind};
use crate::media::Media;
use crate::object_key::OutputKind;
use crate::rng::Rng;
use crate::snapshot::{
    Colour, Fit, FrameChoice, ImageFormat, Product, Selection, SizeRule, SnapshotSpec, SpriteLayout,
};
use crate::template::JPEG_QUALITY_DEFAULT;
use crate::time::{MediaTime, Timestamp};

/// Most automatic covers of a video.
pub const COVER_COUNT_MAX: u32 = 8;
/// Keyframes before this time are no covers.
const COVERS_START: MediaTime = MediaTime::from_millis(5);
/// Columns of the covers' sprite; with [`SPRITE_ROWS`] one sheet holds all covers.
const SPRITE_COLUMNS: u32 = 4;
const SPRITE_ROWS: u32 = COVER_COUNT_MAX / SPRITE_COLUMNS;
const SPRITE_CELL_WIDTH_PX: u32 = 160;

/// The job that takes a video's automatic covers: source-size JPEGs and a sprite of them.
pub fn covers_job(media: &Media, choice: CoverChoice, rng: &dyn Rng, now: Timestamp) -> Job {
    let origin = Origin { dialect: media.added_by, kind: RequestKind::AutomaticCovers };
    let stills = Product::Stills {
        size: SizeRule::default(),
        fit: Fit::Stretch,
        format: ImageFormat::Jpg,
        quality: JPEG_QUALITY_DEFAULT,
    };
    let sprite = Product::Sprite {
        layout: SpriteLayout {
            columns: SPRITE_COLUMNS,
            rows: SPRITE_ROWS,
            cell: SizeRule { width_px: Some(SPRITE_CELL_WIDTH_PX), height_px: None, is_adaptive: false },
            padding_px: 0,
            margin_px: 0,
            colour: Colour::BLACK,
        },
        fit: Fit::Stretch,
        format: ImageFormat::Jpg,
        quality: JPEG_QUALITY_DEFAULT,
    };
    let names_best = choice == CoverChoice::Best;
    let outputs = vec![
        output(OutputKind::Cover, stills, names_best, rng),
        output(OutputKind::CoverSprite, sprite, false, rng),
    ];
    let job = ingest::snapshot_job(media, origin, outputs, rng, now);
    Job { pass_through: media.pass_through.clone(), ..job }
}

/// Which of `count` covers stands for the video when its user chose none: the middle one, counted
/// from 1; of an even number the later one. `None` without covers.
pub const fn default_cover_number(count: u32) -> Option<u32> {
    match count {
        0 => None,
        _ => Some(count / 2 + 1),
    }
}

fn output(kind: OutputKind, product: Product, names_best: bool, rng: &dyn Rng) -> Output {
    let selection = Selection::Keyframes { count: COVER_COUNT_MAX, start: COVERS_START, names_best };
    let spec = SnapshotSpec { selection, frame: FrameChoice::Keyframe, product, has_vtt: false };
    Output { id: OutputId::mint(rng), kind, template: None, spec }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::job::{Dialect, JobKind};
    use crate::rng::OsRng;

    #[test]
    fn the_middle_cover_stands_for_the_video() {
        let chosen = [0, 1, 2, 3, 7, 8].map(default_cover_number);
        assert_eq!(chosen, [None, Some(1), Some(2), Some(2), Some(4), Some(5)]);
    }

    #[test]
    fn covers_are_up_to_8_keyframes_and_one_sheet_holds_them_all() {
        let media = ingest::tests::media(Dialect::Tencent);
        let job = covers_job(&media, CoverChoice::Middle, &OsRng, Timestamp::from_secs(1));
        assert_eq!(job.kind, JobKind::Snapshot);
        let origin = Origin { dialect: Dialect::Tencent, kind: RequestKind::AutomaticCovers };
        assert_eq!((job.origin, job.pass_through.as_deref()), (origin, Some("of the upload")));
        let [covers, sprite] = job.outputs.as_slice() else { panic!("two outputs") };
        assert_eq!((covers.kind, sprite.kind), (OutputKind::Cover, OutputKind::CoverSprite));
        assert_ne!(covers.id, sprite.id);
        assert_eq!(covers.spec.selection, sprite.spec.selection);
        let Product::Sprite { layout, .. } = sprite.spec.product else { panic!("a sprite") };
        assert_eq!(layout.cells_per_sheet(), COVER_COUNT_MAX);
    }

    #[test]
    fn the_best_cover_is_named_where_it_is_wanted() {
        let media = ingest::tests::media(Dialect::Alibaba);
        for (choice, is_named) in [(CoverChoice::Middle, false), (CoverChoice::Best, true)] {
            let job = covers_job(&media, choice, &OsRng, Timestamp::from_secs(1));
            let names = |output: &Output| match output.spec.selection {
                Selection::Keyframes { names_best, .. } => names_best,
                _ => panic!("keyframes"),
            };
            assert_eq!((names(&job.outputs[0]), names(&job.outputs[1])), (is_named, false), "{choice:?}");
        }
    }
}
