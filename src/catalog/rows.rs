//! Rows of the built-in tables by repository, each parsed when it is first looked up: most runs need a few of hundreds.

use std::sync::OnceLock;

use serde::Deserialize;

/// A table as `build.rs` writes it.
#[derive(Debug)]
pub(super) struct Table {
    /// Repositories and the indexes of their rows, sorted.
    pub(super) names: &'static [(&'static str, usize)],
    /// The texts before a trailing `*`, longest first, with the indexes of their rows.
    pub(super) prefixes: &'static [(&'static str, usize)],
    /// The rows as JSON.
    pub(super) rows: &'static [&'static str],
}

/// The rows of a table.
#[derive(Debug)]
pub(super) struct Rows<T> {
    table: &'static Table,
    /// `None` for a row that does not match the schema; a test parses them all. Boxed, as most rows are never looked up.
    parsed: Box<[OnceLock<Option<Box<T>>>]>,
}

impl<T: Deserialize<'static>> Rows<T> {
    pub(super) fn new(table: &'static Table) -> Self {
        Self { table, parsed: table.rows.iter().map(|_| OnceLock::new()).collect() }
    }

    /// Returns the row with exactly this repository.
    pub(super) fn named(&self, name: &str) -> Option<&T> {
        let at = self.table.names.binary_search_by_key(&name, |(name, _)| name).ok()?;
        self.row(self.table.names.get(at)?.1)
    }

    /// Returns the row with the longest prefix of this repository, and that prefix.
    pub(super) fn with_prefix_of(&self, name: &str) -> Option<(&'static str, &T)> {
        let (prefix, at) = self.table.prefixes.iter().find(|(prefix, _)| name.starts_with(prefix))?;
        Some((prefix, self.row(*at)?))
    }

    /// Returns the rows whose text contains `part`.
    pub(super) fn containing<'r, 'p>(
        &'r self,
        part: &'p str,
    ) -> impl Iterator<Item = &'r T> + use<'r, 'p, T> {
        let rows = self.table.rows.iter().enumerate();
        rows.filter(move |(_, row)| row.contains(part)).filter_map(|(at, _)| self.row(at))
    }

    /// Returns all rows.
    pub(super) fn all(&self) -> impl Iterator<Item = &T> {
        (0..self.table.rows.len()).filter_map(|at| self.row(at))
    }

    fn row(&self, at: usize) -> Option<&T> {
        let parse = || serde_json::from_str(self.table.rows.get(at)?).ok().map(Box::new);
        self.parsed.get(at)?.get_or_init(parse).as_deref()
    }
}
