//! What a call may cost, and what its results have to fit.

use std::time::Duration;

use stillframe_engine::Produced;

use crate::pool::PoolConfig;

/// What a call may cost, and what its results have to fit.
pub(super) struct Terms<'a> {
    pub(super) wall_clock: Duration,
    pub(super) config: &'a PoolConfig,
    /// Pictures that each output will have, once it is told.
    pub(super) planned: Vec<Option<usize>>,
}

impl Terms<'_> {
    /// Whether a result has a place in the request.
    pub(super) fn accept(&mut self, produced: &Produced) -> bool {
        let planned = |output: usize| self.planned.get(output).copied().flatten();
        match produced {
            Produced::Facts(_) => true,
            Produced::Planned { output, picture_count, best } => match self.planned.get_mut(*output) {
                Some(slot @ None)
                    if *picture_count <= stillframe_domain::limits::PICTURES_PER_OUTPUT_MAX
                        && best.is_none_or(|best| best < *picture_count) =>
                {
                    *slot = Some(*picture_count);
                    true
                }
                _ => false,
            },
            Produced::Picture(picture) => planned(picture.output).is_some_and(|count| picture.index < count),
            Produced::Sheet(sheet) => planned(sheet.output).is_some(),
        }
    }
}
