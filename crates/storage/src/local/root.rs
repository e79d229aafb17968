//! The directory of a store: paths of keys, folders, and what must not be followed.

use std::fs::{self, File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::INCOMING;
use crate::ObjectKey;

/// The directory, and what the puts into it share.
#[derive(Debug)]
pub(super) struct Root {
    directory: PathBuf,
    /// Folders are made and removed by one at a time, so that none vanishes under a rename, and no
    /// put returns before the folders that it found are durable.
    folders: Mutex<()>,
    /// Modification time of the newest object in nanoseconds: those of one process always rise, since
    /// that of the file system may stand still between two puts.
    newest_ns: AtomicI64,
    /// Held shared as long as the root is in use.
    _lock: File,
}

impl Root {
    pub(super) fn open(directory: &Path) -> io::Result<Self> {
        fs::create_dir_all(directory)?;
        let directory = directory.canonicalize()?;
        let incoming = directory.join(INCOMING);
        fs::create_dir_all(&incoming)?;
        let lock = File::options().create(true).write(true).truncate(false).open(incoming.join("lock"))?;
        match lock.try_lock() {
            Ok(()) => {
                remove_leftovers(&incoming)?;
                lock.unlock()?;
            }
            // Another process writes here: what it has half-written is not left over.
            Err(TryLockError::WouldBlock) => {}
            Err(TryLockError::Error(error)) => return Err(error),
        }
        lock.lock_shared()?;
        Ok(Self { directory, folders: Mutex::new(()), newest_ns: AtomicI64::new(0), _lock: lock })
    }

    /// Folder of files that are being written.
    pub(super) fn incoming(&self) -> PathBuf {
        self.directory.join(INCOMING)
    }

    /// Path of a key's file.
    ///
    /// # Errors
    /// `NotFound` when a folder of the key is not there, is a file, or is a symbolic link.
    pub(super) fn path(&self, key: &ObjectKey) -> io::Result<PathBuf> {
        let (folders, name) = split(key);
        let mut path = self.directory.clone();
        for folder in folders {
            path.push(folder);
            if !fs::symlink_metadata(&path)?.is_dir() {
                return Err(io::Error::new(io::ErrorKind::NotFound, "its folder is no folder"));
            }
        }
        path.push(name);
        Ok(path)
    }

    /// Moves a finished file to its key, over what may be there. Durable when it returns.
    pub(super) fn adopt(&self, file: &Path, key: &ObjectKey) -> io::Result<()> {
        let (folders, name) = split(key);
        let folder = {
            let _guard = self.folders();
            let folder = self.make_folders(folders)?;
            fs::rename(file, folder.join(name))?;
            folder
        };
        File::open(folder)?.sync_all()
    }

    /// Removes the file of a key and the folders that it leaves empty. Durable when it returns.
    pub(super) fn remove(&self, key: &ObjectKey) -> io::Result<()> {
        let path = self.path(key)?;
        let _guard = self.folders();
        if fs::symlink_metadata(&path)?.is_dir() {
            return Err(io::Error::new(io::ErrorKind::NotFound, "it is a folder"));
        }
        fs::remove_file(&path)?;
        for folder in path.ancestors().skip(1) {
            let is_removed = folder != self.directory && fs::remove_dir(folder).is_ok();
            if !is_removed {
                return File::open(folder)?.sync_all();
            }
        }
        Ok(())
    }

    /// Keys below a folder (ending in `/`, or empty), in byte order.
    pub(super) fn list(&self, prefix: &str) -> io::Result<Vec<ObjectKey>> {
        let mut keys = Vec::new();
        let mut pending = vec![prefix.to_owned()];
        while let Some(folder) = pending.pop() {
            for name in self.names_below(&folder)? {
                if name.ends_with('/') { pending.push(name) } else { keys.extend(ObjectKey::parse(&name)) }
            }
        }
        keys.sort_unstable();
        Ok(keys)
    }

    /// Up to `limit` keys behind `after`, in byte order.
    pub(super) fn list_after(&self, after: Option<&ObjectKey>, limit: usize) -> io::Result<Vec<ObjectKey>> {
        let after = after.map_or("", ObjectKey::as_str);
        let mut keys = Vec::new();
        // What is still to be looked at, the next one last; folders end in a slash, as in the keys below them.
        let mut pending = vec![String::new()];
        while let Some(name) = pending.pop() {
            if limit <= keys.len() {
                break;
            }
            if name.is_empty() || name.ends_with('/') {
                let mut below = self.names_below(&name)?;
                below.retain(|name| after < name.as_str() || after.starts_with(name.as_str()));
                below.sort_unstable_by(|a, b| b.cmp(a));
                pending.append(&mut below);
            } else if after < name.as_str() {
                keys.extend(ObjectKey::parse(&name));
            }
        }
        Ok(keys)
    }

    /// Keys and folders (with a slash at their ends) that stand in a folder.
    fn names_below(&self, folder: &str) -> io::Result<Vec<String>> {
        let Some(path) = self.folder_path(folder)? else { return Ok(Vec::new()) };
        let entries = match fs::read_dir(path) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(error),
        };
        let mut names = Vec::new();
        for entry in entries {
            let entry = entry?;
            let Some(name) = entry.file_name().to_str().map(|name| format!("{folder}{name}")) else {
                continue;
            };
            let kind = entry.file_type()?;
            match ObjectKey::parse(&name) {
                Ok(_) if kind.is_dir() => names.push(format!("{name}/")),
                Ok(_) if kind.is_file() => names.push(name),
                _ => {}
            }
        }
        Ok(names)
    }

    /// A modification time for a file written at `written_ns`, later than that of every earlier one.
    pub(super) fn modified_ns(&self, written_ns: i64) -> i64 {
        let rise = |newest: i64| Some(written_ns.max(newest.saturating_add(1)));
        let earlier = self.newest_ns.fetch_update(Ordering::SeqCst, Ordering::SeqCst, rise);
        written_ns.max(earlier.unwrap_or_default().saturating_add(1))
    }

    /// Path of a folder, `None` when there is none of that name.
    fn folder_path(&self, folder: &str) -> io::Result<Option<PathBuf>> {
        if folder.is_empty() {
            return Ok(Some(self.directory.clone()));
        }
        let Some(Ok(key)) = folder.strip_suffix('/').map(ObjectKey::parse) else { return Ok(None) };
        let found = self.path(&key).and_then(|path| Ok((fs::symlink_metadata(&path)?.is_dir(), path)));
        match found {
            Ok((true, path)) => Ok(Some(path)),
            Ok((false, _)) => Ok(None),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    fn make_folders<'a>(&self, folders: impl Iterator<Item = &'a str>) -> io::Result<PathBuf> {
        let mut path = self.directory.clone();
        for folder in folders {
            let parent = path.clone();
            path.push(folder);
            match fs::create_dir(&path) {
                Ok(()) => File::open(parent)?.sync_all()?,
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                    if !fs::symlink_metadata(&path)?.is_dir() {
                        return Err(io::Error::other("a file or link stands where a folder is needed"));
                    }
                }
                Err(error) => return Err(error),
            }
        }
        Ok(path)
    }

    fn folders(&self) -> MutexGuard<'_, ()> {
        // It guards no data, so a panic under it leaves nothing half-changed.
        self.folders.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn split(key: &ObjectKey) -> (impl Iterator<Item = &str>, &str) {
    let name = key.file_name();
    let folders = key.as_str()[..key.as_str().len() - name.len()].split_terminator('/');
    (folders, name)
}

fn remove_leftovers(incoming: &Path) -> io::Result<()> {
    for entry in fs::read_dir(incoming)? {
        let entry = entry?;
        if entry.file_name() != "lock" {
            fs::remove_file(entry.path())?;
        }
    }
    Ok(())
}
