//! What the engine's tests share: files as sources, and whole calls as one value.

use std::fs::File;
use std::io;
use std::ops::ControlFlow;
use std::os::fd::{AsFd as _, BorrowedFd};
use std::os::unix::fs::FileExt as _;
use std::path::Path;
use std::sync::Arc;

use image::RgbImage;
use stillframe_domain::{
    ByteSource, Fit, FrameChoice, ImageFormat, MediaFacts, MediaTime, Position, Product, Selection, SizeRule,
    SnapshotSpec,
};
use stillframe_engine::{
    EngineError, Limits, PictureProduced, Produced, SheetProduced, TakeRequest, TakenPicture, take,
};
use stillframe_testkit::clips::read_picture;

/// An open file, as the service and the command line hand it to the engine.
struct OnDisk(File);

impl ByteSource for OnDisk {
    fn read_at(&self, offset: u64, buf: &mut [u8]) -> io::Result<usize> {
        self.0.read_at(buf, offset)
    }

    fn len(&self) -> u64 {
        self.0.metadata().unwrap().len()
    }

    fn file(&self) -> Option<BorrowedFd<'_>> {
        Some(self.0.as_fd())
    }

    fn validator(&self) -> String {
        String::new()
    }
}

/// A file as a source.
pub fn source(path: &Path) -> Arc<dyn ByteSource> {
    Arc::new(OnDisk(File::open(path).unwrap()))
}

/// Everything that one call gave.
#[derive(Debug)]
pub struct Taken {
    pub facts: MediaFacts,
    /// By output, in the order asked.
    pub pictures: Vec<Vec<PictureProduced>>,
    /// By output, in the order of their numbers.
    pub sheets: Vec<Vec<SheetProduced>>,
}

/// Takes pictures and checks what holds for every call: facts first, each output planned once before
/// its pictures, each planned picture answered once.
pub fn take_all(source: Arc<dyn ByteSource>, outputs: Vec<SnapshotSpec>) -> Result<Taken, EngineError> {
    let count = outputs.len();
    let mut announced = None;
    let mut planned: Vec<Option<usize>> = vec![None; count];
    let mut pictures: Vec<Vec<PictureProduced>> = vec![Vec::new(); count];
    let mut sheets: Vec<Vec<SheetProduced>> = vec![Vec::new(); count];
    let request = TakeRequest { outputs, limits: Limits::default() };
    let facts = take(&request, source, &mut |produced| {
        match produced {
            Produced::Facts(facts) => assert!(announced.replace(facts).is_none(), "facts twice"),
            Produced::Planned { output, picture_count, .. } => {
                assert!(announced.is_some(), "a plan before the facts");
                assert!(planned[output].replace(picture_count).is_none(), "output {output} planned twice");
            }
            Produced::Picture(picture) => {
                assert!(planned[picture.output].is_some(), "a picture before its plan");
                pictures[picture.output].push(picture);
            }
            Produced::Sheet(sheet) => sheets[sheet.output].push(sheet),
        }
        ControlFlow::Continue(())
    })?;
    assert_eq!(announced.as_ref(), Some(&facts), "facts told first and at the end");
    for (output, pictures) in pictures.iter_mut().enumerate() {
        pictures.sort_by_key(|picture| picture.index);
        let indices = pictures.iter().map(|picture| picture.index);
        assert!(indices.eq(0..planned[output].unwrap()), "each picture of output {output} once");
    }
    for sheets in &mut sheets {
        sheets.sort_by_key(|sheet| sheet.number);
        assert!(sheets.iter().map(|sheet| sheet.number).eq(1..=sheets.len() as u32));
    }
    Ok(Taken { facts, pictures, sheets })
}

/// As [`take_all`] of one output of a source that works.
pub fn take_one(path: &Path, output: SnapshotSpec) -> Taken {
    take_all(source(path), vec![output]).unwrap()
}

/// Exact JPEGs of source size.
pub fn stills(selection: Selection) -> SnapshotSpec {
    let size = SizeRule::default();
    let product = Product::Stills { size, fit: Fit::Stretch, format: ImageFormat::Jpg, quality: 90 };
    SnapshotSpec { selection, frame: FrameChoice::Exact, product, has_vtt: false }
}

/// Times as a selection.
pub fn at(times_ms: &[i64]) -> Selection {
    let position = |&ms| Position::At(MediaTime::from_millis(ms));
    Selection::Offsets(times_ms.iter().map(position).collect())
}

/// The picture that was taken.
pub fn ok(picture: &PictureProduced) -> &TakenPicture {
    picture.result.as_ref().unwrap_or_else(|failure| panic!("at {}: {failure:?}", picture.offset))
}

/// The decoded picture, whose size is checked against what was reported.
pub fn decoded(picture: &TakenPicture) -> RgbImage {
    let image = read_picture(&picture.bytes).expect("a picture");
    assert_eq!(image.dimensions(), (picture.size.width_px, picture.size.height_px));
    image
}
