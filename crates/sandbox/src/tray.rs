//! Where a child lays pictures down until its parent takes them: memory that both have open and neither maps.
//!
//! A picture sent through the socket is copied into buffers that the kernel makes and throws away for each; the pages of
//! a tray stay. It is divided into slots, and a picture takes as many that follow one another as it needs. Behind them
//! lies a byte for each slot: how many pictures its parent has taken from there, modulo 256. A child that has laid
//! down as many may use it again. Only the parent relies on nothing that the child could write: it copies a picture
//! first, and looks at it then.

use std::fs::File;
use std::io;
use std::ops::Range;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::fs::FileExt as _;

use rustix::buffer::spare_capacity;
use rustix::fs::{MemfdFlags, SealFlags, fcntl_add_seals, memfd_create};
use rustix::io::pread;
use serde::{Deserialize, Serialize};

/// Size of a slot: what is left free behind a picture.
const SLOT_BYTES: u64 = 64 << 10;
/// Slots of a tray. Longer pictures go through the socket, as all do for which there is no room at the moment.
const SLOT_COUNT: usize = 64;
/// Where the counts begin.
const COUNTS_AT: u64 = SLOT_BYTES * SLOT_COUNT as u64;
/// Size of the whole memory.
pub(crate) const TRAY_BYTES: u64 = COUNTS_AT + SLOT_COUNT as u64;

/// Where a picture lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Place {
    first_slot: usize,
    length_bytes: u64,
}

impl Place {
    /// The slots that it takes; `None` when there are none, or not all are in a tray.
    fn slots(self) -> Option<Range<usize>> {
        let count = usize::try_from(self.length_bytes.div_ceil(SLOT_BYTES)).ok()?;
        let end = self.first_slot.checked_add(count)?;
        (0 < count && end <= SLOT_COUNT).then_some(self.first_slot..end)
    }

    const fn offset_bytes(self) -> u64 {
        self.first_slot as u64 * SLOT_BYTES
    }
}

/// A tray as its parent sees it.
pub(crate) struct Taking {
    memory: File,
    counts: [u8; SLOT_COUNT],
}

impl Taking {
    /// Makes a tray, whose size nobody can change.
    ///
    /// # Errors
    /// When the kernel gives no memory.
    pub(crate) fn open() -> io::Result<Self> {
        let memory = File::from(memfd_create("pictures", MemfdFlags::CLOEXEC | MemfdFlags::ALLOW_SEALING)?);
        memory.set_len(TRAY_BYTES)?;
        fcntl_add_seals(&memory, SealFlags::SHRINK | SealFlags::GROW | SealFlags::SEAL)?;
        Ok(Self { memory, counts: [0; SLOT_COUNT] })
    }

    /// Takes a picture out, so that others can have its place.
    ///
    /// # Errors
    /// When the place is not in the tray.
    pub(crate) fn take(&mut self, place: Place) -> io::Result<Vec<u8>> {
        let slots = place.slots().ok_or_else(|| io::Error::other("a picture beside the tray"))?;
        let length = place.length_bytes as usize;
        let mut picture = Vec::with_capacity(length);
        if pread(&self.memory, spare_capacity(&mut picture), place.offset_bytes())? < length {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        picture.truncate(length);
        for count in &mut self.counts[slots.clone()] {
            *count = count.wrapping_add(1);
        }
        self.memory.write_all_at(&self.counts[slots.clone()], COUNTS_AT + slots.start as u64)?;
        Ok(picture)
    }
}

impl AsFd for Taking {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.memory.as_fd()
    }
}

/// A tray as its child sees it.
pub(crate) struct Laying {
    memory: File,
    counts: [u8; SLOT_COUNT],
    next_slot: usize,
}

impl Laying {
    pub(crate) fn new(memory: OwnedFd) -> Self {
        Self { memory: memory.into(), counts: [0; SLOT_COUNT], next_slot: 0 }
    }

    /// Lays a picture down; `None` when it is too long, or its parent has not taken those before.
    ///
    /// # Errors
    /// When the memory cannot be read or written.
    pub(crate) fn lay(&mut self, picture: &[u8]) -> io::Result<Option<Place>> {
        let place_at = |first_slot| Place { first_slot, length_bytes: picture.len() as u64 };
        let from_here = Some(place_at(self.next_slot)).filter(|place| place.slots().is_some());
        let place = from_here.unwrap_or_else(|| place_at(0));
        let Some(slots) = place.slots() else { return Ok(None) };
        let mut taken = [0; SLOT_COUNT];
        self.memory.read_exact_at(&mut taken, COUNTS_AT)?;
        if taken[slots.clone()] != self.counts[slots.clone()] {
            return Ok(None);
        }
        self.memory.write_all_at(picture, place.offset_bytes())?;
        for count in &mut self.counts[slots.clone()] {
            *count = count.wrapping_add(1);
        }
        self.next_slot = slots.end;
        Ok(Some(place))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;

    use super::*;

    fn tray() -> (Laying, Taking) {
        let taking = Taking::open().unwrap();
        (Laying::new(taking.as_fd().try_clone_to_owned().unwrap()), taking)
    }

    fn picture(number: usize, length: usize) -> Vec<u8> {
        let mut bytes = vec![number as u8; length];
        // Not the same all along.
        bytes[length / 2] ^= 0x55;
        bytes
    }

    #[test]
    fn pictures_are_taken_as_they_were_laid_down_and_none_is_lost() {
        let (mut laying, mut taking) = tray();
        let mut waiting = VecDeque::new();
        let (mut refused, mut slot_count) = (0, 0);
        for number in 0..12_000 {
            let wanted = picture(number, 1 + (number * 7_919) % 200_000);
            while waiting.len() > number % 30 {
                let (place, wanted) = waiting.pop_front().unwrap();
                assert!(taking.take(place).unwrap() == wanted, "{place:?}");
            }
            match laying.lay(&wanted).unwrap() {
                Some(place) => {
                    slot_count += place.slots().map_or(0, |slots| slots.len());
                    waiting.push_back((place, wanted));
                }
                None => refused += 1,
            }
        }
        assert!((100..6_000).contains(&refused), "{refused} of 12,000 found no room");
        assert!(64 * 256 < slot_count, "the counts began again");
    }

    #[test]
    fn there_is_room_for_what_was_taken_and_for_nothing_else() {
        let (mut laying, mut taking) = tray();
        let half = picture(1, COUNTS_AT as usize / 2);
        let [first, second] = [(); 2].map(|()| laying.lay(&half).unwrap().expect("room"));
        assert_eq!(laying.lay(&half).unwrap(), None);
        assert!(taking.take(second).unwrap() == half);
        assert_eq!(laying.lay(&[1]).unwrap(), None, "the next slot is not free");
        assert!(taking.take(first).unwrap() == half);
        let whole = picture(2, COUNTS_AT as usize);
        let place = laying.lay(&whole).unwrap().expect("room");
        assert!(taking.take(place).unwrap() == whole);
        assert_eq!(laying.lay(&picture(3, COUNTS_AT as usize + 1)).unwrap(), None);
        assert_eq!(laying.lay(&[]).unwrap(), None);
    }

    #[test]
    fn a_child_can_neither_change_the_size_nor_have_anything_else_read() {
        let (laying, mut taking) = tray();
        for size in [0, TRAY_BYTES - 1, TRAY_BYTES + 1] {
            assert!(laying.memory.set_len(size).is_err(), "{size}");
        }
        assert!(laying.memory.write_at(&[1], TRAY_BYTES).is_err());
        for (first_slot, length_bytes) in [
            (0, 0),
            (0, COUNTS_AT + 1),
            (SLOT_COUNT, 1),
            (usize::MAX, 1),
            (0, u64::MAX),
            (SLOT_COUNT - 1, SLOT_BYTES + 1),
        ] {
            let place = Place { first_slot, length_bytes };
            assert!(taking.take(place).is_err(), "{place:?}");
        }
    }
}
