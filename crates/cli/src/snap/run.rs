//! Has the engine take the pictures, and writes each as it comes.

use std::io;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use indicatif::{ProgressBar, ProgressStyle};
use stillframe_domain::{ErrorCode, Failure, MediaFacts, MediaTime, Product, SnapshotSpec, SpriteLayout};
use stillframe_engine::{Limits, PictureProduced, Produced, SheetProduced, TakeRequest, take, vtt};

use super::args::{Role, WantedOutput};
use super::input::{Input, engine_failure};
use super::report::{Cell, Picture, Report, Sheet, Taken};
use super::writer::{Writer, url_of};

/// Takes everything that is wanted of one input and tells what became of it.
pub fn shoot(wanted: Vec<WantedOutput>, input: &Input, writer: Writer) -> Report {
    let outputs: Vec<SnapshotSpec> = wanted.iter().map(|output| output.spec.clone()).collect();
    let mut session = Session::new(wanted, writer);
    let request = TakeRequest { outputs, limits: Limits::default() };
    let facts = take(&request, input.source.clone(), &mut |produced| {
        session.accept(produced);
        ControlFlow::Continue(())
    });
    session.bar.finish_and_clear();
    let report = match facts {
        Ok(facts) => session.finish(facts),
        Err(error) => none_taken(&session.wanted, engine_failure(&input.name, &error)),
    };
    Report { traffic: input.source.traffic(), ..report }
}

/// A report in which every picture that was asked for failed for one reason.
pub fn none_taken(wanted: &[WantedOutput], failure: Failure) -> Report {
    let pictures = wanted.iter().flat_map(|output| {
        let offsets = output.spec.selection.asked_offsets().into_iter();
        offsets.map(|offset| Picture { role: output.role, offset, result: Err(failure.clone()) })
    });
    Report { pictures: pictures.collect(), failure: Some(failure.clone()), ..Report::default() }
}

/// What has come so far.
struct Session {
    wanted: Vec<WantedOutput>,
    writer: Writer,
    /// By output, in the order asked; `None` is not answered yet.
    pictures: Vec<Vec<Option<Picture>>>,
    sheets: Vec<Sheet>,
    bar: ProgressBar,
}

impl Session {
    fn new(wanted: Vec<WantedOutput>, writer: Writer) -> Self {
        // Draws on stderr, and only when that is a terminal.
        let bar = ProgressBar::new(0);
        let style = ProgressStyle::with_template("{bar:32} {pos}/{len} pictures  {elapsed}");
        bar.set_style(style.expect("the template is well formed"));
        let pictures = wanted.iter().map(|_| Vec::new()).collect();
        Self { wanted, writer, pictures, sheets: Vec::new(), bar }
    }

    fn accept(&mut self, produced: Produced) {
        match produced {
            Produced::Facts(_) => {}
            Produced::Planned { output, picture_count, .. } => {
                self.bar.inc_length(picture_count as u64);
                self.pictures[output].resize_with(picture_count, || None);
            }
            Produced::Picture(picture) => {
                self.bar.inc(1);
                self.accept_picture(picture);
            }
            Produced::Sheet(sheet) => self.accept_sheet(sheet),
        }
    }

    fn accept_picture(&mut self, PictureProduced { output, index, offset, result }: PictureProduced) {
        let role = self.wanted[output].role;
        let result = result.and_then(|taken| {
            let (pts, size) = (taken.pts, taken.size);
            if role == Role::Sprite {
                // Its sheet, which comes later, gives it a file.
                return Ok(Taken { pts, path: PathBuf::new(), size, size_bytes: 0, cell: None });
            }
            let path = self.write(&self.writer.picture_name(role, index + 1), &taken.bytes)?;
            Ok(Taken { pts, path, size, size_bytes: taken.bytes.len() as u64, cell: None })
        });
        self.pictures[output][index] = Some(Picture { role, offset: Some(offset), result });
    }

    fn accept_sheet(&mut self, sheet: SheetProduced) {
        let Some(layout) = layout_of(&self.wanted[sheet.output].spec) else { return };
        let name = self.writer.picture_name(Role::Sprite, sheet.number as usize);
        let written = self.write(&name, &sheet.bytes);
        let per_sheet = layout.cells_per_sheet() as usize;
        let first = per_sheet * (sheet.number as usize - 1);
        let cells = self.pictures[sheet.output].iter_mut().skip(first).take(per_sheet).flatten();
        for (index, picture) in (0..).zip(cells) {
            if let Ok(taken) = &mut picture.result {
                let (x, y) = layout.cell_origin(index, sheet.cell);
                match &written {
                    Ok(path) => {
                        taken.path.clone_from(path);
                        taken.cell = Some(Cell { sheet: sheet.number, x, y });
                    }
                    Err(failure) => picture.result = Err(failure.clone()),
                }
            }
        }
        if let Ok(path) = written {
            self.sheets.push(Sheet {
                number: sheet.number,
                path,
                size: sheet.size,
                cell: sheet.cell,
                columns: layout.columns,
                rows: layout.rows,
                size_bytes: sheet.bytes.len() as u64,
            });
        }
    }

    fn write(&self, name: &str, bytes: &[u8]) -> Result<PathBuf, Failure> {
        self.writer.write(name, bytes).map_err(|error| unwritten(&self.writer.path(name), &error))
    }

    fn finish(mut self, facts: MediaFacts) -> Report {
        for (output, pictures) in self.wanted.iter().zip(&mut self.pictures) {
            for picture in pictures.iter_mut() {
                let is_lost = picture.as_ref().is_none_or(Picture::is_cell_without_sheet);
                if is_lost {
                    let offset = picture.as_ref().and_then(|picture| picture.offset);
                    let failure = Failure::new(ErrorCode::EncodeFailed, "the picture could not be made");
                    *picture = Some(Picture { role: output.role, offset, result: Err(failure) });
                }
            }
        }
        self.sheets.sort_by_key(|sheet| sheet.number);
        let (vtt, failure) = match self.write_vtt(facts.duration) {
            Ok(vtt) => (vtt, None),
            Err(failure) => (None, Some(failure)),
        };
        let pictures = self.pictures.into_iter().flatten().flatten().collect();
        Report { media: Some(facts), pictures, sheets: self.sheets, vtt, failure, traffic: None }
    }

    /// Writes the WebVTT file of the output that wants one; none when nothing was taken.
    fn write_vtt(&self, duration: MediaTime) -> Result<Option<PathBuf>, Failure> {
        let Some(output) = self.wanted.iter().position(|output| output.spec.has_vtt) else { return Ok(None) };
        let taken = self.pictures[output].iter().flatten().filter_map(|picture| {
            let taken = picture.result.as_ref().ok()?;
            let url = url_of(&taken.path.file_name()?.to_string_lossy());
            let (width, height) = (taken.size.width_px, taken.size.height_px);
            let target = match taken.cell {
                Some(Cell { x, y, .. }) => format!("{url}#xywh={x},{y},{width},{height}"),
                None => url,
            };
            Some((picture.offset?, target))
        });
        let cues = vtt::cues_for(taken, duration);
        if cues.is_empty() {
            return Ok(None);
        }
        self.write(&self.writer.vtt_name(), vtt::write(&cues).as_bytes()).map(Some)
    }
}

impl Picture {
    fn is_cell_without_sheet(&self) -> bool {
        let taken = self.result.as_ref().ok();
        self.role == Role::Sprite && taken.is_some_and(|taken| taken.cell.is_none())
    }
}

fn layout_of(spec: &SnapshotSpec) -> Option<SpriteLayout> {
    match spec.product {
        Product::Sprite { layout, .. } => Some(layout),
        Product::Stills { .. } => None,
    }
}

fn unwritten(path: &Path, error: &io::Error) -> Failure {
    Failure::new(ErrorCode::Internal, format!("cannot write {}: {error}", path.display()))
}
