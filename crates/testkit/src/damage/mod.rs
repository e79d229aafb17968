//! Videos that are damaged on purpose, in the ways in which real ones are and in those of people who mean
//! harm: cut off, with bits flipped, spliced, with boxes of no length, with sizes, durations and counts of
//! frames that cannot be.
//!
//! Everything follows from a seed and the whole file, so the same clip gives the same damaged files.

mod avi;
mod mkv;
mod mp4;
mod raw;

use stillframe_domain::Rng;

use crate::SeededRng;
use crate::clips::{ClipSpec, Codec, Container, Gop, cached};

/// A damaged file.
#[derive(Debug, Clone)]
pub struct Damaged {
    /// What it was and what was done to it, as a file name.
    pub name: String,
    /// Its bytes.
    pub bytes: Vec<u8>,
}

/// The containers and codecs that are damaged: each that the service is meant to read, at least once.
const BASES: [(Container, Codec); 16] = [
    (Container::Mp4, Codec::H264),
    (Container::Mp4IndexLast, Codec::H264),
    (Container::FragmentedMp4, Codec::H264),
    (Container::IndexedFragmentedMp4, Codec::H264),
    (Container::Mov, Codec::ProRes),
    (Container::Mov, Codec::Mjpeg),
    (Container::Mp4, Codec::Hevc),
    (Container::Mp4, Codec::Av1),
    (Container::Mkv, Codec::H264),
    (Container::Mkv, Codec::Hevc),
    (Container::Webm, Codec::Vp9),
    (Container::Webm, Codec::Av1),
    (Container::MpegTs, Codec::H264),
    (Container::MpegTs, Codec::Mpeg2),
    (Container::Flv, Codec::H264),
    (Container::Avi, Codec::Mpeg4),
];

/// Something that damages a file, by its name.
type Change = (String, Vec<u8>);

/// How many of a stretch of files a smaller run takes.
pub fn some(all: usize, count: usize) -> impl Iterator<Item = usize> {
    let step = all.div_ceil(count.max(1)).max(1);
    // A step that shares no factor with the number of kinds would do as well; an odd one nearly always is.
    (0..all).step_by(step | 1)
}

/// The whole corpus: more than a thousand files of about 60 to 400 kB.
pub fn corpus() -> Vec<Damaged> {
    let wholes: Vec<Vec<u8>> = BASES.iter().map(|&base| whole(base)).collect();
    let mut all = Vec::new();
    for (index, &(container, codec)) in BASES.iter().enumerate() {
        let rng = SeededRng::new(index as u64);
        let (this, other) = (&wholes[index], &wholes[(index + 1) % wholes.len()]);
        let mut changes = raw::changes(this, other, &rng);
        changes.extend(match container {
            Container::Mkv | Container::Webm => mkv::changes(this),
            Container::Avi => avi::changes(this),
            Container::MpegTs | Container::Flv => Vec::new(),
            _ => mp4::changes(this),
        });
        let name =
            |what: &str| format!("{container:?}-{codec:?}-{what}.{}", container.extension()).to_lowercase();
        all.extend(changes.into_iter().map(|(what, bytes)| Damaged { name: name(&what), bytes }));
    }
    all
}

/// Two seconds with a keyframe each half.
fn whole((container, codec): (Container, Codec)) -> Vec<u8> {
    let gop = Gop { frame_count: 12, is_open: false };
    let path = cached(&ClipSpec { container, codec, gop, frame_count: 50, ..ClipSpec::numbered() });
    std::fs::read(path).expect("the clip is there")
}

/// A number below `end`, which is not 0.
fn below(rng: &dyn Rng, end: usize) -> usize {
    usize::try_from(rng.next_u64() % end.max(1) as u64).expect("it is below a usize")
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn the_corpus_is_large_each_file_differs_and_it_is_always_the_same() {
        let (once, again) = (corpus(), corpus());
        assert!(1_000 <= once.len(), "{} files", once.len());
        let names: HashSet<&str> = once.iter().map(|one| one.name.as_str()).collect();
        assert_eq!(names.len(), once.len(), "each has a name of its own");
        assert!(once.iter().zip(&again).all(|(a, b)| a.name == b.name && a.bytes == b.bytes));
        let wholes: HashSet<Vec<u8>> = BASES.iter().map(|&base| whole(base)).collect();
        let unharmed: Vec<_> =
            once.iter().filter(|one| wholes.contains(&one.bytes)).map(|one| &one.name).collect();
        assert!(unharmed.is_empty(), "{unharmed:?}");
    }

    #[test]
    fn a_smaller_run_takes_some_of_all() {
        let taken: Vec<usize> = some(1_000, 60).collect();
        assert!(
            (50..=60).contains(&taken.len()) && taken.last().is_some_and(|&last| 900 < last),
            "{taken:?}"
        );
        assert_eq!(some(3, 10).count(), 3);
    }
}
