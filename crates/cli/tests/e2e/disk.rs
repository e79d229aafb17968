//! Disks that are full and folders that cannot be written: for root by mounts, for others by what they may do.

use std::fs::{self, File};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

/// Room of the small disk.
const SMALL_DISK: &str = "size=96m";

/// Whether this process may mount.
pub fn is_root() -> bool {
    let output = Command::new("id").arg("-u").output().expect("id runs");
    output.stdout.trim_ascii() == b"0"
}

/// A small disk of its own; unmounted when dropped.
pub struct SmallDisk {
    folder: TempDir,
}

impl SmallDisk {
    /// Mounts one. Only root can.
    pub fn mount() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        run("mount", &["-t", "tmpfs", "-o", SMALL_DISK, "tmpfs", text(folder.path())]);
        Self { folder }
    }

    /// A folder on it; it has to be gone before the disk is.
    pub fn folder(&self) -> TempDir {
        tempfile::tempdir_in(self.folder.path()).expect("the disk has room")
    }

    /// Takes up all the room that is left.
    pub fn fill(&self) {
        let mut filler = File::create(self.filler()).expect("a file");
        for step in [1 << 20, 4_096, 1] {
            let block = vec![7; step];
            while filler.write_all(&block).is_ok() {}
        }
    }

    /// Gives it back.
    pub fn empty(&self) {
        fs::remove_file(self.filler()).expect("the filler is there");
    }

    fn filler(&self) -> PathBuf {
        self.folder.path().join("filler")
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        unmount(self.folder.path());
    }
}

/// A folder that cannot be written as long as this lives.
pub struct ReadOnly {
    folder: PathBuf,
    is_mount: bool,
}

impl ReadOnly {
    /// Makes it so, also under a process that uses it.
    pub fn make(folder: &Path) -> Self {
        let is_mount = is_root();
        if is_mount {
            run("mount", &["--bind", text(folder), text(folder)]);
            run("mount", &["-o", "remount,bind,ro", text(folder)]);
        } else {
            run("chmod", &["-R", "a-w", text(folder)]);
        }
        Self { folder: folder.to_owned(), is_mount }
    }
}

impl Drop for ReadOnly {
    fn drop(&mut self) {
        match self.is_mount {
            true => unmount(&self.folder),
            false => run("chmod", &["-R", "u+w", text(&self.folder)]),
        }
    }
}

/// Also when something in it is still open.
fn unmount(folder: &Path) {
    run("umount", &["--lazy", text(folder)]);
}

fn run(program: &str, arguments: &[&str]) {
    let output = Command::new(program).args(arguments).output().expect("the program is there");
    assert!(output.status.success(), "{program} {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
}

fn text(path: &Path) -> &str {
    path.to_str().expect("a plain path")
}
