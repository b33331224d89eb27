//! Settings files of servers: lines of a name and a value (`redis.conf`, `my.cnf`, `postgresql.conf`), YAML, XML, and the lines of
//! flags of `jvm.options`.

mod jvm;
mod lines;
mod markup;
mod tree;

pub use jvm::{JvmFlag, jvm_options};

use crate::source::TracedText;

/// Maximum number of entries of one file. With more, the file counts as unreadable.
pub const MAX_ENTRIES: usize = 20_000;

/// Maximum nesting of sections in one file. With more, the file counts as unreadable.
const MAX_DEPTH: usize = 64;

/// The language of a settings file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Language {
    /// A name and a value in each line, with blanks or `=` between them, perhaps in `[sections]`.
    Lines,
    /// YAML, with dots between the keys of nested mappings.
    Yaml,
    /// XML, with dots between the names of nested elements, without the outermost.
    Xml,
}

/// One setting of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The `[section]` that it is in; empty if there is none.
    pub section: String,
    /// Its name: `maxmemory`, `storage.wiredTiger.engineConfig.cacheSizeGB`.
    pub key: String,
    /// The text from the last part of its name up to the value: `maxmemory `, `cacheSizeGB: `.
    pub lead: String,
    /// Its value, without quotes. `None` if the file does not tell it: an alias, a reference to a variable.
    pub value: Option<TracedText>,
}

impl Language {
    /// Returns the language of a file by its name and, for an ending that several languages use, by its text: `mongod.conf` is
    /// YAML, `redis.conf` is not.
    #[must_use]
    pub fn of(name: &str, text: &str) -> Self {
        let ending = name.rsplit_once('.').map_or("", |(_, ending)| ending);
        match ending.to_ascii_lowercase().as_str() {
            "yml" | "yaml" => return Self::Yaml,
            "xml" => return Self::Xml,
            "conf" | "cfg" | "config" => {}
            _ => return Self::Lines,
        }
        // `jetstream {`, as in the settings of NATS.
        let is_block = |line: &str| line.trim().strip_suffix('{').is_some_and(is_plain_name);
        if text.lines().any(is_block) {
            return Self::Lines;
        }
        let first = text.lines().map(str::trim).find(|line| !line.is_empty() && !line.starts_with('#'));
        let first = first.unwrap_or_default();
        match first.split_once(':') {
            Some((key, rest)) if is_plain_name(key) && (rest.is_empty() || rest.starts_with(' ')) => {
                Self::Yaml
            }
            _ => Self::Lines,
        }
    }
}

/// True for a name of letters, digits, `.`, `_` and `-`, with blanks after it.
fn is_plain_name(text: &str) -> bool {
    let name = text.trim_end();
    !name.is_empty() && name.chars().all(|c| c.is_alphanumeric() || "._-".contains(c))
}

/// Returns the settings of a file in order. `None` if it is not well-formed, or too large.
#[must_use]
pub fn entries(text: &TracedText, language: Language) -> Option<Vec<Entry>> {
    let found = match language {
        Language::Lines => Some(lines::entries(text)),
        Language::Yaml => tree::entries(text),
        Language::Xml => markup::entries(text),
    };
    found.filter(|found| found.len() <= MAX_ENTRIES)
}

/// True if two names mean the same setting: case does not matter, `-` is `_`, and a name may begin with `loose_`.
#[must_use]
pub fn same_key(written: &str, key: &str) -> bool {
    let plain = |name: &str| name.to_ascii_lowercase().replace('-', "_");
    let written = plain(written);
    let written = written.strip_prefix("loose_").unwrap_or(&written);
    written == plain(key)
}

/// Returns a text in lower case, with `_` for `-`, without lines that are comments and comments after a blank.
#[must_use]
pub fn without_comments(text: &str) -> String {
    let mut plain = String::new();
    for line in text.lines().map(str::trim).filter(|line| !line.starts_with(['#', ';', '/'])) {
        let line = line.find(" #").and_then(|at| line.get(..at)).unwrap_or(line);
        plain.extend(line.chars().map(|c| if c == '-' { '_' } else { c.to_ascii_lowercase() }));
        plain.push('\n');
    }
    plain
}

/// True if a text without comments has a setting's name, or the last part of one with dots, before what may be a value:
/// `max_mem` in `jetstream { max_mem: 1G }`.
#[must_use]
pub fn mentions(plain: &str, key: &str) -> bool {
    let key = key.to_ascii_lowercase().replace('-', "_");
    let last = key.rsplit('.').next().unwrap_or(&key);
    let is_inside = |c: Option<char>| c.is_some_and(|c| c.is_ascii_alphanumeric() || c == '_');
    plain.match_indices(last).any(|(at, _)| {
        let before = plain.get(..at).unwrap_or_default();
        let after = plain.get(at + last.len()..).unwrap_or_default();
        // In a name with dots, the parts before it are the same, or on lines above.
        let path = before.rsplit(|c: char| !(c.is_ascii_alphanumeric() || "_.".contains(c))).next();
        let path = path.unwrap_or_default();
        let value = after.trim_start_matches(['"', '\'', ' ', '\t']);
        !is_inside(before.chars().next_back())
            && !before.ends_with(['$', '=', '/', '%'])
            && !is_inside(after.chars().next())
            && !after.starts_with('.')
            && !value.is_empty()
            && !value.starts_with(['\n', ',', '}'])
            && (path.is_empty() || key.ends_with(&format!("{path}{last}")))
    })
}

#[cfg(test)]
mod tests;
