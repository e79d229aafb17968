//! Reading rows: every column is checked, so that damage is an error and not a panic.

use serde::Serialize;
use serde::de::DeserializeOwned;
use sqlx::sqlite::SqliteRow;
use sqlx::{Decode, Row as _, Sqlite, Type};
use stillframe_domain::Timestamp;

use super::error::{at, unexpected};
use crate::{Page, Result, stored};

/// A row, and the statement that it came from.
#[derive(Clone, Copy)]
pub(super) struct Row<'r> {
    row: &'r SqliteRow,
    doing: &'static str,
}

impl<'r> Row<'r> {
    pub(super) const fn new(row: &'r SqliteRow, doing: &'static str) -> Self {
        Self { row, doing }
    }

    /// The statement, for errors.
    pub(super) const fn doing(self) -> &'static str {
        self.doing
    }

    /// A column as it stands.
    pub(super) fn get<T: Decode<'r, Sqlite> + Type<Sqlite>>(self, column: &'static str) -> Result<T> {
        self.row.try_get(column).map_err(at(self.doing))
    }

    /// A whole number in the range of its type.
    pub(super) fn number<T: TryFrom<i64>>(self, column: &'static str) -> Result<T> {
        let stored: i64 = self.get(column)?;
        T::try_from(stored).map_err(|_| unexpected(self.doing, format_args!("{column} is {stored}")))
    }

    /// As [`Self::number`], where it may be missing.
    pub(super) fn optional_number<T: TryFrom<i64>>(self, column: &'static str) -> Result<Option<T>> {
        let stored: Option<i64> = self.get(column)?;
        stored.map(|_| self.number(column)).transpose()
    }

    /// A versioned document.
    pub(super) fn document<T: DeserializeOwned>(self, column: &'static str) -> Result<T> {
        stored::value(self.doing, self.get(column)?)
    }

    /// As [`Self::document`], where it may be missing.
    pub(super) fn optional_document<T: DeserializeOwned>(self, column: &'static str) -> Result<Option<T>> {
        let text: Option<&str> = self.get(column)?;
        text.map(|text| stored::value(self.doing, text)).transpose()
    }

    /// Many values that a statement put together as JSON.
    pub(super) fn json<T: DeserializeOwned>(self, column: &'static str) -> Result<T> {
        serde_json::from_str(self.get(column)?).map_err(|error| unexpected(self.doing, error))
    }

    /// A unit variant by its name.
    pub(super) fn variant<T: DeserializeOwned>(self, column: &'static str) -> Result<T> {
        stored::variant(self.doing, self.get(column)?)
    }

    /// An id by its parser.
    pub(super) fn id<T, E: std::fmt::Display>(
        self,
        column: &'static str,
        parse: impl Fn(&str) -> std::result::Result<T, E>,
    ) -> Result<T> {
        parse(self.get(column)?).map_err(|error| unexpected(self.doing, error))
    }

    /// A moment.
    pub(super) fn time(self, column: &'static str) -> Result<Timestamp> {
        Ok(Timestamp::from_millis(self.get(column)?))
    }

    /// As [`Self::time`], where it may be missing.
    pub(super) fn optional_time(self, column: &'static str) -> Result<Option<Timestamp>> {
        Ok(self.get::<Option<i64>>(column)?.map(Timestamp::from_millis))
    }
}

/// Reads all rows of a statement.
pub(super) fn read_all<T>(
    rows: &[SqliteRow],
    doing: &'static str,
    read: impl Fn(Row<'_>) -> Result<T>,
) -> Result<Vec<T>> {
    rows.iter().map(|row| read(Row::new(row, doing))).collect()
}

/// Reads the row of a statement, if there is one.
pub(super) fn read_one<T>(
    row: Option<&SqliteRow>,
    doing: &'static str,
    read: impl Fn(Row<'_>) -> Result<T>,
) -> Result<Option<T>> {
    row.map(|row| read(Row::new(row, doing))).transpose()
}

/// Leaves out what cannot be read, so that one damaged row does not stop the work of all apps.
pub(super) fn keep_sound<T>(items: impl IntoIterator<Item = Result<T>>) -> Vec<T> {
    let sound = |item: Result<T>| {
        item.inspect_err(|error| {
            tracing::error!(error = error as &dyn std::error::Error, "left out a damaged row");
        })
        .ok()
    };
    items.into_iter().filter_map(sound).collect()
}

/// Where a page begins: rows before this number, newest first. `None` for a cursor that was never given.
pub(super) fn page_start(after: Option<&str>) -> Option<i64> {
    after.map_or(Some(i64::MAX), |cursor| cursor.parse().ok())
}

/// How many rows a statement asks for, to see whether there is another page.
pub(super) fn rows_of_page(limit: usize) -> i64 {
    i64::try_from(limit).unwrap_or(i64::MAX).saturating_add(1)
}

/// Makes a page from rows with their numbers, of which one more than `limit` was asked for.
pub(super) fn page<T>(mut rows: Vec<(i64, T)>, limit: usize) -> Page<T> {
    let has_more = limit < rows.len();
    rows.truncate(limit);
    let next = rows.last().filter(|_| has_more).map(|(seq, _)| seq.to_string());
    Page { items: rows.into_iter().map(|(_, item)| item).collect(), next }
}

/// A list as a statement takes it, to be spread by `json_each`.
pub(super) fn json_list<T: Serialize>(doing: &'static str, items: &[T]) -> Result<String> {
    serde_json::to_string(items).map_err(|error| unexpected(doing, error))
}

/// The limit of a list as a statement takes it.
pub(super) fn stored_limit(limit: usize) -> i64 {
    i64::try_from(limit).unwrap_or(i64::MAX)
}

/// A count as it is stored; counts beyond 2^63 do not come about.
pub(super) fn stored_count(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

/// A wait as it is stored, in milliseconds.
pub(super) fn stored_ms(wait: std::time::Duration) -> i64 {
    i64::try_from(wait.as_millis()).unwrap_or(i64::MAX)
}
