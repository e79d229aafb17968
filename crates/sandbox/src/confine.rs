//! Taking away from this process all that decoding does not need.
//!
//! Five layers, each by itself: descriptors that came along are closed; resource limits; Landlock (files,
//! TCP, signals to others); seccomp (an allow list of system calls: no socket, no open, no new process, no
//! executable memory); and that there is nothing to reach: an empty environment, one socket. A kernel
//! without a layer leaves the others. Processor time is limited by the parent, call by call
//! (`worker/processor.rs`).

mod refused;
mod seccomp;

use landlock::{
    ABI, Access as _, AccessFs, AccessNet, CompatLevel, Compatible as _, Ruleset, RulesetAttr as _,
    RulesetStatus, Scope,
};
use rustix::process::{Resource, Rlimit, setrlimit};
use serde::{Deserialize, Serialize};

use crate::tray::TRAY_BYTES;
pub use refused::{Checked, Refused, check};

/// Largest address space of a child by default: 4 GiB.
pub(crate) const MEMORY_BYTES_MAX: u64 = 4 << 30;
/// Descriptors that a child may have open: the socket, a video, and what libraries open meanwhile.
const DESCRIPTORS_MAX: u64 = 32;
/// Standard input, output and error stay; whatever stands above them came along by mistake.
const FIRST_FOREIGN_DESCRIPTOR: i32 = 3;

/// Which layers are in force.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Confinement {
    /// No descriptor is left but the standard three.
    pub has_closed_descriptors: bool,
    /// Limits of memory, files and descriptors.
    pub has_limits: bool,
    /// Landlock keeps it from files and TCP.
    pub has_landlock: bool,
    /// Seccomp keeps it from all system calls but those of decoding.
    pub has_seccomp: bool,
}

impl Confinement {
    /// Whether every layer is in force.
    pub fn is_whole(self) -> bool {
        self.missing().is_empty()
    }

    /// The layers that the kernel lacks, for people; empty when there is none.
    pub fn missing(self) -> Vec<&'static str> {
        self.layers().into_iter().filter(|(is_there, _)| !is_there).map(|(_, name)| name).collect()
    }

    /// The layers that are in force, for people.
    pub fn in_force(self) -> Vec<&'static str> {
        self.layers().into_iter().filter(|(is_there, _)| *is_there).map(|(_, name)| name).collect()
    }

    const fn layers(self) -> [(bool, &'static str); 4] {
        [
            (self.has_closed_descriptors, "closed descriptors"),
            (self.has_limits, "resource limits"),
            (self.has_landlock, "Landlock"),
            (self.has_seccomp, "seccomp"),
        ]
    }
}

/// Confines this process and all its later threads for good. What it needs open, `open` opens: every
/// descriptor above the standard three is closed before, whoever thinks to own it.
pub fn confine<T>(memory_bytes_max: u64, open: impl FnOnce() -> T) -> (Confinement, T) {
    let has_closed_descriptors = close_descriptors().is_some();
    let opened = open();
    let confinement = Confinement {
        has_closed_descriptors,
        has_limits: limit(memory_bytes_max),
        has_landlock: landlock(),
        has_seccomp: seccomp::apply().is_some(),
    };
    (confinement, opened)
}

/// Closes what a parent left open to its children by mistake, or was itself started with.
fn close_descriptors() -> Option<()> {
    let numbers = std::fs::read_dir("/proc/self/fd").ok()?;
    let number = |entry: std::io::Result<std::fs::DirEntry>| entry.ok()?.file_name().to_str()?.parse().ok();
    // Listed first, since the list is itself one of them.
    let numbers: Vec<i32> = numbers.filter_map(number).collect();
    for number in numbers.into_iter().filter(|number| FIRST_FOREIGN_DESCRIPTOR <= *number) {
        // That of the list is closed already.
        let _ = nix::unistd::close(number);
    }
    Some(())
}

fn limit(memory_bytes_max: u64) -> bool {
    let limits = [
        (Resource::As, memory_bytes_max),
        (Resource::Core, 0),
        // The tray is all that it can write to as to a file.
        (Resource::Fsize, TRAY_BYTES),
        (Resource::Nofile, DESCRIPTORS_MAX),
    ];
    limits.into_iter().all(|(resource, most)| {
        setrlimit(resource, Rlimit { current: Some(most), maximum: Some(most) }).is_ok()
    })
}

fn landlock() -> bool {
    let abi = ABI::V6;
    let ruleset = Ruleset::default()
        .set_compatibility(CompatLevel::BestEffort)
        .handle_access(AccessFs::from_all(abi))
        .and_then(|ruleset| ruleset.handle_access(AccessNet::from_all(abi)))
        .and_then(|ruleset| ruleset.scope(Scope::from_all(abi)))
        .and_then(|ruleset| ruleset.create());
    let status = ruleset.and_then(landlock::RulesetCreated::restrict_self).map(|status| status.ruleset);
    matches!(status, Ok(RulesetStatus::FullyEnforced | RulesetStatus::PartiallyEnforced))
}
