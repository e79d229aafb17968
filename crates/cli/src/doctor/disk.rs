//! Room on the disks of the database and the store.

use std::io;
use std::path::Path;

use rustix::fs::statvfs;

use super::Check;
use crate::config::Config;

/// With less than this nothing is accepted any more: 32 MiB.
const FREE_BYTES_MIN: u64 = 32 << 20;
/// With less than this an operator should look: 1 GiB.
const FREE_BYTES_WARN: u64 = 1 << 30;
/// Files that have to be free on file systems that count them.
const FREE_FILES_MIN: u64 = 64;

/// Room on a disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Space {
    /// Bytes that this user can still write.
    pub free_bytes: u64,
    /// Files that can still be made; nothing where they are not counted.
    pub free_files: Option<u64>,
}

impl Space {
    /// Room where a path is, or will be.
    ///
    /// # Errors
    /// When the system does not tell.
    pub fn at(path: &Path) -> io::Result<Self> {
        let absolute = std::path::absolute(path)?;
        let there = absolute.ancestors().find(|folder| folder.exists()).unwrap_or(Path::new("/"));
        let found = statvfs(there)?;
        let free_files = (0 < found.f_files).then_some(found.f_favail);
        Ok(Self { free_bytes: found.f_bavail.saturating_mul(found.f_frsize), free_files })
    }

    /// Whether there is too little to accept anything.
    pub fn is_full(self) -> bool {
        self.free_bytes < FREE_BYTES_MIN || self.free_files.is_some_and(|files| files < FREE_FILES_MIN)
    }
}

/// Looks at both disks; they may be one.
pub fn check(config: &Config) -> Check {
    const NAME: &str = "disk";
    let paths = [config.database_path(), config.storage_path()];
    let spaces: io::Result<Vec<Space>> = paths.into_iter().flatten().map(Space::at).collect();
    let spaces = match spaces {
        Ok(spaces) => spaces,
        Err(error) => {
            return Check::failed(NAME, format!("the system does not tell how much room there is: {error}"));
        }
    };
    let free_bytes = spaces.iter().map(|space| space.free_bytes).min().unwrap_or_default();
    let detail = format!("{} MiB free for database and objects", free_bytes >> 20);
    match spaces.iter().any(|space| space.is_full()) {
        true => Check::failed(NAME, format!("{detail}: the disk is full")),
        false if free_bytes < FREE_BYTES_WARN => Check::warning(NAME, detail),
        false => Check::ok(NAME, detail),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn room_is_told_of_paths_that_are_not_there_yet() {
        let dir = tempfile::tempdir().unwrap();
        let space = Space::at(&dir.path().join("not/there/yet")).unwrap();
        assert!(0 < space.free_bytes);
    }

    #[test]
    fn a_disk_is_full_when_bytes_or_files_are_used_up() {
        let roomy = Space { free_bytes: FREE_BYTES_MIN, free_files: None };
        assert!(!roomy.is_full());
        assert!(Space { free_bytes: FREE_BYTES_MIN - 1, ..roomy }.is_full());
        assert!(Space { free_files: Some(FREE_FILES_MIN - 1), ..roomy }.is_full());
    }
}
