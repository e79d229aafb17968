//! Opens a video's bytes for the engine.

use std::fs::File;
use std::io;
use std::ops::Range;
use std::os::fd::BorrowedFd;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use stillframe_domain::{ByteSource, ErrorCode, Failure, MediaSource, MediaState, Traffic};
use stillframe_outbound::{RangeLimits, RemoteConfig, RemoteError};
use stillframe_storage::{FileSource, ObjectKey, StorageError};
use tokio_util::sync::CancellationToken;

use crate::blocking;
use crate::error::JobError;
use crate::work::Work;

/// Opens the bytes of the job's video; reads fail once the attempt is abandoned.
///
/// # Errors
/// Fails for bytes that are gone, forbidden or not here; retries when they cannot be read now.
pub(crate) async fn open(work: &Work) -> Result<Arc<dyn ByteSource>, JobError> {
    let source = match &work.media.source {
        MediaSource::Object { key } => open_object(work, key).await?,
        MediaSource::LocalFile { path } => open_file(work, PathBuf::from(path)).await?,
        MediaSource::Url { .. } if matches!(work.media.state, MediaState::Fetching | MediaState::Failed) => {
            let unfetched = || Failure::new(ErrorCode::MediaNotReady, "the video's bytes are not here");
            return Err(JobError::Fail(work.media.failure.clone().unwrap_or_else(unfetched)));
        }
        MediaSource::Url { url } => open_url(work, url).await?,
    };
    work.note_opened(&source);
    Ok(Arc::new(Abandonable { source, abandoned: work.abandoned.clone() }))
}

async fn open_object(work: &Work, key: &str) -> Result<Arc<dyn ByteSource>, JobError> {
    let missing = || JobError::fail(ErrorCode::SourceMissing, "the video's bytes are gone");
    let key = ObjectKey::parse(key).map_err(|_| missing())?;
    work.shared.deps.storage.open(&key).await.map_err(|error| match error {
        StorageError::NotFound { .. } => missing(),
        other => JobError::from(other),
    })
}

/// Opens a video that stays where it is.
async fn open_url(work: &Work, url: &str) -> Result<Arc<dyn ByteSource>, JobError> {
    let config = &work.shared.config;
    let limits = RangeLimits { bytes_max: config.source_size_bytes_max, ..RangeLimits::default() };
    let remote = RemoteConfig { limits, spool_dir: config.spool_dir.clone() };
    let opened = work.shared.deps.outbound.open(url, &remote).await;
    opened.map_err(|RemoteError(failure)| JobError::of(failure))
}

async fn open_file(work: &Work, path: PathBuf) -> Result<Arc<dyn ByteSource>, JobError> {
    let roots = work.shared.config.local_roots.clone();
    let opened = blocking::run(work.shared.deps.blocking.as_ref(), move || open_below(&path, &roots)).await;
    let opened = opened.unwrap_or_else(|panicked| Err(io::Error::other(panicked)));
    let source = opened.map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => JobError::fail(ErrorCode::SourceMissing, "the video's file is gone"),
        io::ErrorKind::PermissionDenied => {
            JobError::fail(ErrorCode::SourceForbidden, "the video's file may not be read")
        }
        _ => JobError::retry(ErrorCode::SourceUnreadable, "the video's file cannot be read"),
    })?;
    Ok(Arc::new(source))
}

/// Opens a file that lies below a root, links followed; what is allowed may have changed since it was
/// added.
fn open_below(path: &Path, roots: &[PathBuf]) -> io::Result<FileSource> {
    let real = path.canonicalize()?;
    let is_below = |root: &PathBuf| root.canonicalize().is_ok_and(|root| real.starts_with(root));
    if !roots.iter().any(is_below) {
        return Err(io::ErrorKind::PermissionDenied.into());
    }
    // Asked before it is opened, since opening a pipe would wait for its writer.
    if !real.metadata()?.is_file() {
        return Err(io::ErrorKind::PermissionDenied.into());
    }
    FileSource::of(File::open(&real)?)
}

/// Ends the engine's work at its next read when nobody waits for it any more. A reader that was handed the
/// file is ended by [`stillframe_sandbox::Call::is_abandoned`].
struct Abandonable {
    source: Arc<dyn ByteSource>,
    abandoned: CancellationToken,
}

impl ByteSource for Abandonable {
    fn read_at(&self, offset: u64, buf: &mut [u8]) -> io::Result<usize> {
        if self.abandoned.is_cancelled() {
            return Err(io::Error::other("the job was abandoned"));
        }
        self.source.read_at(offset, buf)
    }

    fn len(&self) -> u64 {
        self.source.len()
    }

    fn file(&self) -> Option<BorrowedFd<'_>> {
        self.source.file()
    }

    fn validator(&self) -> String {
        self.source.validator()
    }

    fn prefetch(&self, ranges: &[Range<u64>]) {
        self.source.prefetch(ranges);
    }

    fn traffic(&self) -> Option<Traffic> {
        self.source.traffic()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_files_below_the_roots_are_opened() {
        let dir = tempfile::tempdir().unwrap();
        let (root, outside) = (dir.path().join("root"), dir.path().join("outside.mp4"));
        std::fs::create_dir(&root).unwrap();
        std::fs::write(&outside, b"secret").unwrap();
        std::fs::write(root.join("film.mp4"), b"film").unwrap();
        std::os::unix::fs::symlink(&outside, root.join("link.mp4")).unwrap();
        let kind =
            |path: &Path| open_below(path, std::slice::from_ref(&root)).err().map(|error| error.kind());
        assert_eq!(kind(&root.join("film.mp4")), None);
        assert_eq!(kind(&root.join("../root/film.mp4")), None);
        assert_eq!(kind(&root.join("gone.mp4")), Some(io::ErrorKind::NotFound));
        for forbidden in [outside.as_path(), &root.join("link.mp4"), &root.join("../outside.mp4"), &root] {
            assert_eq!(kind(forbidden), Some(io::ErrorKind::PermissionDenied), "{}", forbidden.display());
        }
        let none = open_below(&root.join("film.mp4"), &[]).err().map(|error| error.kind());
        assert_eq!(none, Some(io::ErrorKind::PermissionDenied), "no root allows nothing");
    }

    #[test]
    fn an_abandoned_source_is_read_no_more() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("film.mp4");
        std::fs::write(&path, b"film").unwrap();
        let source = Arc::new(open_below(&path, &[dir.path().to_owned()]).unwrap());
        let abandoned = CancellationToken::new();
        let source = Abandonable { source, abandoned: abandoned.clone() };
        let mut buf = [0; 9];
        assert_eq!((source.read_at(1, &mut buf).unwrap(), &buf[..3]), (3, b"ilm".as_slice()));
        abandoned.cancel();
        assert!(source.read_at(0, &mut buf).is_err());
    }
}
