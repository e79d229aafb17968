//! Puts files into the output folder.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use stillframe_domain::ImageFormat;

use super::args::Role;

/// Names and writes the files of one call.
pub struct Writer {
    folder: PathBuf,
    stem: String,
    extension: &'static str,
}

impl Writer {
    /// Files of one video in a folder that is made when it is missing.
    ///
    /// # Errors
    /// When the folder is none or cannot be made.
    pub fn new(folder: &Path, stem: &str, format: ImageFormat) -> io::Result<Self> {
        fs::create_dir_all(folder)?;
        Ok(Self { folder: folder.to_owned(), stem: stem.to_owned(), extension: format.extension() })
    }

    /// Name of picture or sheet `number`, counted from 1.
    pub fn picture_name(&self, role: Role, number: usize) -> String {
        let Self { stem, extension, .. } = self;
        match role {
            Role::Stills => format!("{stem}-{number:05}.{extension}"),
            Role::Sprite => format!("{stem}-sprite-{number:05}.{extension}"),
            Role::Cover => format!("{stem}-cover.{extension}"),
            Role::Preview => format!("{stem}-preview.{}", ImageFormat::Webp.extension()),
        }
    }

    /// Name of the WebVTT file.
    pub fn vtt_name(&self) -> String {
        format!("{}.vtt", self.stem)
    }

    /// Where a file of that name stands.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// Writes a file; readers see the old one or the whole new one.
    ///
    /// # Errors
    /// When it cannot be written; then nothing is left behind.
    pub fn write(&self, name: &str, bytes: &[u8]) -> io::Result<PathBuf> {
        let path = self.path(name);
        let part = self.folder.join(format!(".{name}.{}.part", std::process::id()));
        let written = fs::write(&part, bytes).and_then(|()| fs::rename(&part, &path));
        match written {
            Ok(()) => Ok(path),
            Err(error) => {
                // Best effort: the first error is the one to tell.
                let _ = fs::remove_file(&part);
                Err(error)
            }
        }
    }
}

/// A file name as a relative URL within a WebVTT file.
pub fn url_of(name: &str) -> String {
    let mut url = String::with_capacity(name.len());
    for byte in name.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            url.push(char::from(byte));
        } else {
            url.push_str(&format!("%{byte:02X}"));
        }
    }
    url
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_within_webvtt_are_urls() {
        assert_eq!(url_of("a-b_1.jpg"), "a-b_1.jpg");
        assert_eq!(url_of("my film #2?.jpg"), "my%20film%20%232%3F.jpg");
        assert_eq!(url_of("é.jpg"), "%C3%A9.jpg");
    }

    #[test]
    fn a_file_is_replaced_whole_and_nothing_else_is_left() {
        let dir = tempfile::tempdir().expect("a folder");
        let folder = dir.path().join("new");
        let writer = Writer::new(&folder, "clip", ImageFormat::Jpg).expect("a writer");
        let name = writer.picture_name(Role::Stills, 1);
        writer.write(&name, b"old").expect("written");
        let path = writer.write(&name, b"new").expect("written");
        assert_eq!(fs::read(&path).expect("read"), b"new");
        assert_eq!(fs::read_dir(folder).expect("a folder").count(), 1);
        assert!(writer.write("no/such/folder.jpg", b"x").is_err());
    }
}
