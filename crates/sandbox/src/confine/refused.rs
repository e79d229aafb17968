//! What a confined process finds when it tries all the same.

use std::fs::{self, File};
use std::net::{TcpListener, TcpStream, UdpSocket};
use std::os::unix::net::UnixStream;
use std::process::Command;

use rustix::process::{Pid, Resource, Rlimit, getppid, prlimit, setrlimit, test_kill_process};
use serde::{Deserialize, Serialize};

use super::{Confinement, confine};

/// Descriptors above the standard three that are tried.
const TRIED_DESCRIPTORS: std::ops::Range<i32> = 3..1_024;

/// What a confined process was refused, for tests and for `doctor`: each is true as it should be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refused {
    /// Opening a file that everybody may read.
    pub read_file: bool,
    /// Listing a folder that everybody may read.
    pub list_folder: bool,
    /// Making a file.
    pub make_file: bool,
    /// Removing a file.
    pub remove_file: bool,
    /// Making a socket: UDP, TCP, to listen, to connect, and a pair of its own.
    pub make_socket: bool,
    /// Starting a program, for which a process has to be made.
    pub start_program: bool,
    /// Reaching its parent by a signal.
    pub signal_parent: bool,
    /// Setting limits, its own and its parent's.
    pub set_limits: bool,
    /// Finding a descriptor above the standard three.
    pub find_descriptor: bool,
    /// Finding a variable in its environment.
    pub find_environment: bool,
    /// What it needs is there all the same: threads and memory.
    pub can_work: bool,
}

impl Refused {
    /// The names of what was not as it should be; empty for a process that is confined.
    pub fn open(self) -> Vec<&'static str> {
        let all = [
            (self.read_file, "reading a file"),
            (self.list_folder, "listing a folder"),
            (self.make_file, "making a file"),
            (self.remove_file, "removing a file"),
            (self.make_socket, "making a socket"),
            (self.start_program, "starting a program"),
            (self.signal_parent, "a signal to its parent"),
            (self.set_limits, "setting limits"),
            (self.find_descriptor, "a descriptor that came along"),
            (self.find_environment, "an environment"),
            (self.can_work, "threads and memory"),
        ];
        all.into_iter().filter(|(is_right, _)| !is_right).map(|(_, name)| name).collect()
    }
}

/// What became of a process that was confined and tried to get out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Checked {
    /// What confines it.
    pub confinement: Confinement,
    /// What it was refused.
    pub refused: Refused,
}

/// Confines this process for good, and tries what it must not do.
pub fn check(memory_bytes_max: u64) -> Checked {
    // Who the parent is cannot be asked afterwards.
    let (confinement, parent) = confine(memory_bytes_max, getppid);
    Checked { confinement, refused: refused(parent) }
}

#[expect(
    clippy::disallowed_methods,
    reason = "it looks whether there is anything to read, and reads nothing"
)]
fn refused(parent: Option<Pid>) -> Refused {
    let file = std::env::temp_dir().join(format!("stillframe-{}", std::process::id()));
    let is_file_refused = File::create(&file).is_err();
    Refused {
        // First, before anything else opens one.
        find_descriptor: TRIED_DESCRIPTORS.into_iter().all(|number| nix::unistd::close(number).is_err()),
        read_file: File::open("/etc/passwd").is_err() && File::open("/proc/self/environ").is_err(),
        list_folder: fs::read_dir("/").is_err(),
        make_file: is_file_refused,
        remove_file: fs::remove_file(&file).is_err_and(|error| error.kind() != std::io::ErrorKind::NotFound),
        make_socket: UdpSocket::bind("127.0.0.1:0").is_err()
            && TcpListener::bind("127.0.0.1:0").is_err()
            && TcpStream::connect("127.0.0.1:1")
                .is_err_and(|error| error.kind() != std::io::ErrorKind::ConnectionRefused)
            && UnixStream::pair().is_err(),
        start_program: Command::new("/bin/true").spawn().is_err(),
        signal_parent: parent.is_none_or(|parent| test_kill_process(parent).is_err()),
        set_limits: limits_are_refused(parent),
        find_environment: std::env::vars_os().next().is_none(),
        can_work: std::thread::Builder::new()
            .spawn(|| vec![1_u8; 8 << 20].len())
            .is_ok_and(|thread| thread.join().is_ok()),
    }
}

/// Lowering a limit is what everybody may do, of itself and of a process of the same user.
fn limits_are_refused(parent: Option<Pid>) -> bool {
    let lower = || Rlimit { current: Some(0), maximum: None };
    setrlimit(Resource::Core, lower()).is_err()
        && parent.is_none_or(|parent| prlimit(Some(parent), Resource::Core, lower()).is_err())
}
