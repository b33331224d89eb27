//! Reads rows of `docker stats`: the table that people copy, and JSON.

use serde_json::Value;

use super::cgroup::ContainerId;
use super::name::Name;
use crate::source::Span;
use crate::stats::{MemoryUse, text_of};
use crate::syntax::size::ByteSize;

/// The memory of a container at one moment.
#[derive(Clone, Debug, PartialEq)]
pub struct Usage {
    /// The container.
    pub name: Name,
    /// The memory used.
    pub used: ByteSize,
    /// Its limit; without one that of the host.
    pub limit: Option<ByteSize>,
    /// The line.
    pub span: Span,
}

/// Reads a row in JSON.
pub(super) fn of_json(value: &Value, span: Span) -> Option<Usage> {
    let memory = MemoryUse::of(value)?;
    let used = ByteSize::parse_measured(memory.used).filter(|used| used.0 > 0)?;
    let limit = memory.limit.and_then(ByteSize::parse_measured);
    let name = Name {
        id: text_of(value, &["ID", "id", "Container"]).and_then(ContainerId::parse),
        name: text_of(value, &["Name", "name"]).map(str::to_owned),
        ..Name::default()
    };
    Some(Usage { name: name.tidy(), used, limit, span })
}

/// Reads a row of the table: `ID  NAME  CPU %  USAGE / LIMIT  MEM %  …`.
pub(super) fn of_text(line: &str, span: Span) -> Option<Usage> {
    if !line.contains(" / ") || !line.contains('%') {
        return None;
    }
    let words: Vec<&str> = line.split_whitespace().take(12).collect();
    let slash = words.iter().position(|word| *word == "/")?;
    let used = words.get(slash.checked_sub(1)?)?;
    let limit = words.get(slash + 1)?;
    // Of the other pairs in a row, network and disk, the first is that of the memory.
    let (used, limit) = (ByteSize::parse_measured(used)?, ByteSize::parse_measured(limit)?);
    let cpu = words.iter().position(|word| word.ends_with('%')).filter(|at| *at < slash)?;
    let before = words.get(..cpu)?;
    let id = before.first().and_then(|word| ContainerId::parse(word)).filter(|id| id.digits() >= 12);
    let name = match (before, &id) {
        ([_], Some(_)) => None,
        ([.., name], _) => Some((*name).to_owned()),
        ([], _) => return None,
    };
    Some(Usage { name: Name { id, name, ..Name::default() }.tidy(), used, limit: Some(limit), span })
}
