//! A source that is no file.

use std::io;

use stillframe_domain::ByteSource;

/// Bytes in memory.
pub struct Memory(pub Vec<u8>);

impl ByteSource for Memory {
    fn read_at(&self, offset: u64, buf: &mut [u8]) -> io::Result<usize> {
        let from = usize::try_from(offset).unwrap_or(usize::MAX).min(self.0.len());
        let count = buf.len().min(self.0.len() - from);
        buf[..count].copy_from_slice(&self.0[from..from + count]);
        Ok(count)
    }

    fn len(&self) -> u64 {
        self.0.len() as u64
    }

    fn validator(&self) -> String {
        String::new()
    }
}
