//! Short-term reference picture sets (7.3.7, 7.4.8), and the lists that are made of them (8.3.4).

use super::rewrite::BitWriter;
use crate::bits::Bits;

/// Pictures before or after in a set (7.4.8: less than the size of the buffer, A.4.2).
const SIDE_MAX: u32 = 16;
/// Farthest that a picture may be from the one before in a set (7.4.8).
const STEP_MAX: u32 = (1 << 15) - 1;

/// A picture in a set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Member {
    /// Its order count less that of the picture that the set belongs to; never 0.
    pub delta: i32,
    /// Whether the picture may refer to it; else it is kept for others.
    pub is_used: bool,
}

/// A reference picture set: which pictures stay in the buffer.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RefSet {
    /// The earlier ones in the order of showing, the nearest first.
    pub before: Vec<Member>,
    /// The later ones, the nearest first.
    pub after: Vec<Member>,
}

impl RefSet {
    /// Reads a set that is told in full; `None` for one that is told by its difference to another, which
    /// can only be where `may_differ`.
    pub fn parse(bits: &mut Bits<'_>, may_differ: bool) -> Option<Self> {
        if may_differ && bits.flag()? {
            return None;
        }
        let (before_count, after_count) = (bits.ue_up_to(SIDE_MAX)?, bits.ue_up_to(SIDE_MAX)?);
        let before = read_side(bits, before_count, -1)?;
        Some(Self { before, after: read_side(bits, after_count, 1)? })
    }

    /// Writes it in full.
    pub fn write(&self, bits: &mut BitWriter, may_differ: bool) {
        if may_differ {
            bits.flag(false);
        }
        bits.ue(self.before.len() as u32);
        bits.ue(self.after.len() as u32);
        for side in [&self.before, &self.after] {
            let mut last = 0;
            for member in side {
                bits.ue(member.delta.abs_diff(last) - 1);
                bits.flag(member.is_used);
                last = member.delta;
            }
        }
    }

    /// All members.
    pub fn members(&self) -> impl Iterator<Item = &Member> {
        self.before.iter().chain(&self.after)
    }

    /// The set without some members.
    pub fn without(&self, is_out: impl Fn(&Member) -> bool) -> Self {
        let left = |side: &[Member]| side.iter().copied().filter(|member| !is_out(member)).collect();
        Self { before: left(&self.before), after: left(&self.after) }
    }

    /// The two reference lists with so many entries, as distances; `None` when there is nothing to refer to.
    pub fn lists(&self, active: [u32; 2]) -> Option<[Vec<i32>; 2]> {
        let used = |side: &[Member]| -> Vec<_> {
            side.iter().filter(|member| member.is_used).map(|member| member.delta).collect()
        };
        let (before, after) = (used(&self.before), used(&self.after));
        let list = |first: &[i32], second: &[i32], length: u32| -> Option<Vec<_>> {
            let list: Vec<_> = first.iter().chain(second).copied().cycle().take(length as usize).collect();
            (list.len() == length as usize).then_some(list)
        };
        Some([list(&before, &after, active[0])?, list(&after, &before, active[1])?])
    }
}

fn read_side(bits: &mut Bits<'_>, count: u32, direction: i32) -> Option<Vec<Member>> {
    let mut last = 0;
    let mut read = || {
        last += direction * (bits.ue_up_to(STEP_MAX)? as i32 + 1);
        Some(Member { delta: last, is_used: bits.flag()? })
    };
    (0..count).map(|_| read()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn member(delta: i32, is_used: bool) -> Member {
        Member { delta, is_used }
    }

    fn set() -> RefSet {
        RefSet {
            before: vec![member(-1, true), member(-4, false), member(-9, true)],
            after: vec![member(2, true), member(3, true)],
        }
    }

    #[test]
    fn a_set_is_read_as_it_was_written() {
        for may_differ in [false, true] {
            for set in [set(), RefSet::default()] {
                let mut bits = BitWriter::default();
                set.write(&mut bits, may_differ);
                let bytes = bits.aligned();
                assert_eq!(RefSet::parse(&mut Bits::new(&bytes), may_differ), Some(set));
            }
        }
    }

    #[test]
    fn lists_begin_on_their_own_side_and_go_round() {
        assert_eq!(set().lists([3, 1]), Some([vec![-1, -9, 2], vec![2]]));
        assert_eq!(set().lists([5, 3]), Some([vec![-1, -9, 2, 3, -1], vec![2, 3, -1]]));
        assert_eq!(set().lists([0, 0]), Some([vec![], vec![]]));
        assert_eq!(RefSet::default().lists([1, 0]), None);
    }

    #[test]
    fn members_outside_of_the_lists_can_be_left_out() {
        let left = set().without(|member| [-4, -9].contains(&member.delta));
        assert_eq!(left.members().map(|member| member.delta).collect::<Vec<_>>(), [-1, 2, 3]);
        assert_eq!(left.lists([1, 2]), set().lists([1, 2]));
    }

    #[test]
    fn sets_told_by_a_difference_are_refused() {
        assert_eq!(RefSet::parse(&mut Bits::new(&[0b1000_0000, 0]), true), None);
        assert_eq!(RefSet::parse(&mut Bits::new(&[0b0000_0100, 0b0000_0000]), false), None);
    }
}
