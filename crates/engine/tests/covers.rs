//! The choice of cover, on clips whose good parts are known.

#[expect(dead_code, reason = "other tests use the rest of it")]
mod support;

use std::ops::ControlFlow;

use stillframe_domain::{FrameChoice, MediaTime, Selection, SizeRule, SnapshotSpec};
use stillframe_engine::{Limits, Produced, TakeRequest, take};
use stillframe_testkit::clips::{Keyframes, Scene, cached_scenes};
use support::{at, decoded, ok, source, stills, take_all, take_one};

use Keyframes::{AtCuts, Every};
use Scene::{Black, Blurred, Dim, Dissolve, FadeIn, FadeOut, Flat, Picture, Title, White};

/// A clip and the parts of it, in milliseconds, in which its cover may lie.
struct Labelled {
    name: &'static str,
    scenes: &'static [(Scene, u32)],
    keyframes: Keyframes,
    good: &'static [(i64, i64)],
}

/// The labelled set. The middle, which a simpler choice would take, is wrong in most of them.
const CLIPS: &[Labelled] = &[
    Labelled {
        name: "a black head, then pictures",
        scenes: &[(Black, 3_000), (Picture(0), 3_000), (Picture(1), 3_000)],
        keyframes: Every(25),
        good: &[(3_000, 9_000)],
    },
    Labelled {
        name: "black for most of it",
        scenes: &[(Black, 8_000), (Picture(2), 2_000), (Black, 6_000)],
        keyframes: Every(25),
        good: &[(8_000, 10_000)],
    },
    Labelled {
        name: "a fade from black over the middle",
        scenes: &[(Black, 1_000), (FadeIn(3), 6_000), (Picture(3), 3_000)],
        keyframes: Every(20),
        good: &[(7_000, 10_000)],
    },
    Labelled {
        name: "a fade to black over the second half",
        scenes: &[(Picture(4), 3_000), (FadeOut(4), 5_000), (Black, 2_000)],
        keyframes: Every(20),
        good: &[(0, 3_000)],
    },
    Labelled {
        name: "a title card in the middle",
        scenes: &[(Picture(0), 2_000), (Title, 6_000), (Picture(1), 2_000)],
        keyframes: Every(25),
        good: &[(0, 2_000), (8_000, 10_000)],
    },
    Labelled {
        name: "title, black and one colour around a picture",
        scenes: &[(Title, 2_000), (Black, 2_000), (Picture(5), 2_000), (Flat, 4_000)],
        keyframes: AtCuts,
        good: &[(4_000, 6_000)],
    },
    Labelled {
        name: "out of focus but for the end",
        scenes: &[(Blurred(0), 7_000), (Picture(0), 3_000)],
        keyframes: Every(25),
        good: &[(7_000, 10_000)],
    },
    Labelled {
        name: "keyframes on white flashes",
        scenes: &[
            (Picture(1), 2_000),
            (White, 80),
            (Picture(1), 1_920),
            (White, 80),
            (Picture(1), 1_920),
            (White, 80),
            (Picture(1), 1_920),
        ],
        keyframes: Every(50),
        good: &[(0, 2_000), (2_080, 4_000), (4_080, 6_000), (6_080, 8_000)],
    },
    Labelled {
        name: "keyframes on short flashes of another picture",
        scenes: &[
            (Picture(1), 4_000),
            (Picture(6), 80),
            (Picture(1), 3_920),
            (Picture(7), 80),
            (Picture(1), 2_000),
        ],
        keyframes: Every(100),
        good: &[(0, 4_000), (4_080, 8_000), (8_080, 10_080)],
    },
    Labelled {
        name: "a transition over the middle",
        scenes: &[(Picture(2), 3_000), (Dissolve(2), 2_000), (Picture(3), 3_000)],
        keyframes: Every(10),
        good: &[(0, 3_000), (5_000, 8_000)],
    },
    Labelled {
        name: "night but for a while",
        scenes: &[(Dim(4), 4_000), (Picture(4), 1_500), (Dim(4), 4_500)],
        keyframes: Every(10),
        good: &[(4_000, 5_500)],
    },
    Labelled {
        name: "one keyframe, and that black",
        scenes: &[(Black, 3_000), (Picture(0), 7_000)],
        keyframes: Every(1_000),
        good: &[(3_000, 10_000)],
    },
    Labelled {
        name: "one keyframe, a fade from it",
        scenes: &[(FadeIn(1), 3_000), (Picture(1), 9_000)],
        keyframes: Every(1_000),
        good: &[(3_000, 12_000)],
    },
    Labelled {
        name: "keyframes alone are black, at the start of fades",
        scenes: &[(FadeIn(0), 1_000), (Picture(0), 3_000), (FadeIn(2), 1_000), (Picture(2), 3_000)],
        keyframes: Every(100),
        good: &[(1_000, 4_000), (5_000, 8_000)],
    },
    Labelled {
        name: "one picture all the time",
        scenes: &[(Picture(3), 6_000)],
        keyframes: AtCuts,
        good: &[(0, 6_000)],
    },
];

fn cover_of(clip: &Labelled) -> (i64, support::Taken) {
    let path = cached_scenes(clip.scenes, clip.keyframes);
    let taken = take_one(&path, stills(Selection::Cover));
    let [cover] = taken.pictures[0].as_slice() else { panic!("{}: one cover", clip.name) };
    let pts_ms = ok(cover).pts.as_millis();
    assert_eq!(cover.offset.as_millis(), pts_ms, "{}", clip.name);
    (pts_ms, taken)
}

fn is_good(clip: &Labelled, pts_ms: i64) -> bool {
    clip.good.iter().any(|&(from, to)| (from..to).contains(&pts_ms))
}

/// Where the chosen pictures are left, for people to look at.
#[expect(clippy::disallowed_methods, reason = "a test has no settings of the product's to read")]
fn kept_in() -> Option<std::ffi::OsString> {
    std::env::var_os("STILLFRAME_KEEP_COVERS")
}

#[test]
fn covers_lie_in_the_good_parts_of_every_labelled_clip() {
    let folder = kept_in();
    let mut wrong = Vec::new();
    for clip in CLIPS {
        let (pts_ms, taken) = cover_of(clip);
        let picture = ok(&taken.pictures[0][0]);
        decoded(picture);
        if let Some(folder) = &folder {
            let name = format!("{}.jpg", clip.name.replace([' ', ','], "-"));
            std::fs::write(std::path::Path::new(folder).join(name), &picture.bytes).unwrap();
        }
        if !is_good(clip, pts_ms) {
            wrong.push(format!("{}: {pts_ms} ms lies in none of {:?}", clip.name, clip.good));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The set would not tell a good choice from the simplest one if the middle were good enough.
#[test]
fn the_middle_keyframe_is_wrong_in_most_labelled_clips() {
    let is_wrong = |clip: &&Labelled| {
        let path = cached_scenes(clip.scenes, clip.keyframes);
        let middle = clip.scenes.iter().map(|(_, ms)| i64::from(*ms)).sum::<i64>() / 2;
        let keyframe = SnapshotSpec { frame: FrameChoice::Keyframe, ..stills(at(&[middle])) };
        !is_good(clip, ok(&take_one(&path, keyframe).pictures[0][0]).pts.as_millis())
    };
    let wrong_count = CLIPS.iter().filter(is_wrong).count();
    assert!(2 * CLIPS.len() <= 3 * wrong_count, "{wrong_count} of {}", CLIPS.len());
}

#[test]
fn a_video_that_is_black_throughout_still_has_a_cover_and_it_is_the_one_in_the_middle() {
    let path = cached_scenes(&[(Black, 9_000)], Every(25));
    let taken = take_one(&path, stills(Selection::Cover));
    let cover = ok(&taken.pictures[0][0]);
    assert!((4_000..=5_000).contains(&cover.pts.as_millis()), "{}", cover.pts);
}

#[test]
fn the_choice_is_the_same_each_time_and_in_each_size() {
    let clip = &CLIPS[4];
    let path = cached_scenes(clip.scenes, clip.keyframes);
    let mut small = stills(Selection::Cover);
    if let stillframe_domain::Product::Stills { size, .. } = &mut small.product {
        *size = SizeRule { width_px: Some(64), height_px: None, is_adaptive: false };
    }
    let outputs = vec![stills(Selection::Cover), small, stills(at(&[40]))];
    let times = || {
        let taken = take_all(source(&path), outputs.clone()).unwrap();
        [0, 1].map(|output| ok(&taken.pictures[output][0]).pts)
    };
    let first = times();
    assert_eq!(first[0], first[1]);
    assert_eq!([times(), times()], [first, first]);
}

/// The place that the engine names among keyframes, and the times of all of them.
fn named_best(path: &std::path::Path, limits: Limits) -> (Option<usize>, Vec<MediaTime>) {
    let selection = Selection::Keyframes { count: 8, start: MediaTime::from_millis(5), names_best: true };
    let outputs = vec![SnapshotSpec { frame: FrameChoice::Keyframe, ..stills(selection) }];
    let (mut named, mut times) = (None, Vec::new());
    let request = TakeRequest { outputs, limits };
    take(&request, source(path), &mut |produced| {
        match produced {
            Produced::Planned { picture_count, best, .. } => {
                named = best;
                times = vec![MediaTime::ZERO; picture_count];
            }
            Produced::Picture(picture) => times[picture.index] = ok(&picture).pts,
            _ => {}
        }
        ControlFlow::Continue(())
    })
    .unwrap();
    (named, times)
}

#[test]
fn the_best_of_some_keyframes_is_named_and_of_equals_the_middle_one() {
    for clip in CLIPS.iter().filter(|clip| clip.keyframes == Every(25)) {
        let path = cached_scenes(clip.scenes, clip.keyframes);
        let (best, times) = named_best(&path, Limits::default());
        let pts_ms = times[best.expect("a name")].as_millis();
        assert!(is_good(clip, pts_ms), "{}: {pts_ms} of {times:?}", clip.name);
    }
    let black = cached_scenes(&[(Black, 9_000)], Every(25));
    assert_eq!(named_best(&black, Limits::default()).0, Some(4), "as the middle one of eight");
}

#[test]
fn the_limits_bound_what_is_looked_at() {
    let clip = &CLIPS[11];
    let path = cached_scenes(clip.scenes, clip.keyframes);
    let pts_ms = |limits: Limits| {
        let mut pts_ms = None;
        let request = TakeRequest { outputs: vec![stills(Selection::Cover)], limits };
        take(&request, source(&path), &mut |produced| {
            if let Produced::Picture(picture) = produced {
                pts_ms = Some(ok(&picture).pts.as_millis());
            }
            ControlFlow::Continue(())
        })
        .unwrap();
        pts_ms.expect("a cover")
    };
    assert!(3_000 <= pts_ms(Limits::default()), "enough to see past the black head");
    let few = Limits { cover_frames_decoded_max: 20, ..Limits::default() };
    assert!(pts_ms(few) < 3_000, "twenty frames show nothing but black");
    let one = Limits { cover_candidates_max: 1, ..Limits::default() };
    let flashes = &CLIPS[1];
    let path = cached_scenes(flashes.scenes, flashes.keyframes);
    let (best, _) = named_best(&path, one);
    assert_eq!(best, Some(0), "the only one that was looked at");
}
