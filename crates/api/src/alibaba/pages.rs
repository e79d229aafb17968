//! Pages and orders of lists of videos.

use stillframe_service::MediaOrder;

use super::error::Refusal;
use super::params::Params;

const SIZE_DEFAULT: i64 = 10;
const SIZE_MAX: i64 = 100;

/// Which part of a list is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Page {
    /// Its number, from 1.
    pub number: u64,
    /// Most entries of a page.
    pub size: usize,
}

impl Page {
    /// What `PageNo` and `PageSize` say: by default the first ten entries, at most a hundred.
    ///
    /// # Errors
    /// `InvalidParameter`.
    pub(super) fn of(params: &Params) -> Result<Self, Refusal> {
        let number = params.number("PageNo", 1..=i64::from(u32::MAX))?.unwrap_or(1);
        let size = params.number("PageSize", 1..=SIZE_MAX)?.unwrap_or(SIZE_DEFAULT);
        Ok(Self { number: number.unsigned_abs(), size: usize::try_from(size).unwrap_or(1) })
    }

    /// Entries before it.
    pub(super) fn offset(self) -> u64 {
        (self.number - 1).saturating_mul(self.size as u64)
    }
}

/// What `SortBy` says: by the time of creation, by default newest first.
///
/// # Errors
/// `InvalidParameter` for another order.
pub(super) fn order(params: &Params) -> Result<MediaOrder, Refusal> {
    match params.find("SortBy").map(str::to_ascii_lowercase).as_deref() {
        None | Some("creationtime:desc") => Ok(MediaOrder::NewestFirst),
        Some("creationtime:asc") => Ok(MediaOrder::OldestFirst),
        Some(_) => Err(Refusal::invalid("SortBy")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_begin_behind_those_before_them() {
        let page = |pairs: &[(&str, &str)]| Page::of(&Params::of(pairs));
        assert_eq!(page(&[]), Ok(Page { number: 1, size: 10 }));
        let third = page(&[("PageNo", "3"), ("PageSize", "25")]).expect("accepted");
        assert_eq!((third.offset(), third.size), (50, 25));
        for pair in [("PageNo", "0"), ("PageSize", "0"), ("PageSize", "101"), ("PageNo", "x")] {
            assert_eq!(page(&[pair]), Err(Refusal::invalid(pair.0)), "{pair:?}");
        }
    }
}
