//! What a child says on its standard error: the last words of one that breaks down.

use std::io::{self, PipeReader, Read as _};
use std::process::Stdio;

use rustix::io::ioctl_fionbio;

/// Most that is read of it.
const WORDS_BYTES_MAX: u64 = 4_096;

/// The end of a pipe that a child writes to. Nobody reads it while all is well; a full pipe refuses to take
/// more, and neither side ever waits for the other.
pub(super) struct Words {
    pipe: PipeReader,
}

impl Words {
    /// A pipe, with the end that becomes a child's standard error.
    pub(super) fn listen() -> io::Result<(Self, Stdio)> {
        let (pipe, of_child) = io::pipe()?;
        ioctl_fionbio(&pipe, true)?;
        ioctl_fionbio(&of_child, true)?;
        Ok((Self { pipe }, of_child.into()))
    }

    /// What was said so far, without what could harm a log.
    pub(super) fn said(&self) -> String {
        let mut bytes = Vec::new();
        // That there is no more for now comes as an error.
        let _ = (&self.pipe).take(WORDS_BYTES_MAX).read_to_end(&mut bytes);
        let text = String::from_utf8_lossy(&bytes);
        text.trim().chars().map(|letter| if letter.is_control() { ' ' } else { letter }).collect()
    }
}
