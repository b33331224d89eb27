//! A setting that bounds a heap or a cache, and how it is written with another size.

use super::flags;
use crate::catalog::Grammar;
use crate::source::{Span, TracedText};
use crate::syntax::size::ByteSize;

/// The carrier of a setting in a runtime's own command line.
pub(super) const COMMAND_LINE: &str = "command line";

/// The carrier of options that a program of an unknown image may pass on to its runtime.
pub(super) const COMMAND: &str = "command";

/// A setting that bounds a heap or a cache.
#[derive(Clone, Debug, PartialEq)]
pub struct HeapSetting {
    /// The flag, or the value of a variable that is itself a setting.
    pub flag: TracedText,
    /// The variable that carries it; `command line` or `command` for none.
    pub carrier: String,
    /// The bound.
    pub bound: Bound,
    /// The grammar of its value.
    pub(super) grammar: Grammar,
    /// For a setting in a file, the text before its value: `maxmemory `. The carrier is then the name of the file.
    pub(super) lead: Option<String>,
}

/// The bound of a heap or cache.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Bound {
    /// A size in bytes.
    Bytes(ByteSize),
    /// A percentage of the memory limit, or of the host's memory without a limit.
    Percent(f64),
}

impl HeapSetting {
    /// Returns the variable or file that carries it. `None` if it is a part of the command.
    #[must_use]
    pub fn variable(&self) -> Option<&str> {
        Some(self.carrier.as_str()).filter(|carrier| ![COMMAND_LINE, COMMAND].contains(carrier))
    }

    /// True if it gives no size, but a percentage of the memory or a flag that the size is computed from.
    pub(crate) fn is_relative(&self) -> bool {
        let by_grammar = matches!(
            self.grammar,
            Grammar::JvmPercent | Grammar::JvmInteger | Grammar::PercentInteger | Grammar::HexPercent
        );
        by_grammar || matches!(self.bound, Bound::Percent(_))
    }

    /// Formats the setting with another size: `-Xmx384m`, `MEMORY: 384m`. `None` for a percentage.
    #[must_use]
    pub fn with_size(&self, size: ByteSize) -> Option<String> {
        let spelled = flags::spelled(self.grammar, size)?;
        if let Some(lead) = &self.lead {
            return Some(format!("{lead}{spelled}"));
        }
        let flag = self.flag.as_str();
        if !flag.starts_with('-') {
            return Some(format!("{}: {spelled}", self.carrier));
        }
        Some(format!("{}{spelled}", flag.get(..self.value_at()?)?))
    }

    /// Returns the span of its value, and the text for another size. `None` for a percentage, and if the value is not verbatim
    /// in the file.
    #[must_use]
    pub fn resized(&self, size: ByteSize) -> Option<(Span, String)> {
        let spelled = flags::spelled(self.grammar, size)?;
        let end = self.flag.as_str().len();
        let at = if self.flag.as_str().starts_with('-') { self.value_at()? } else { 0 };
        Some((self.flag.slice(at..end).verbatim_span()?, spelled))
    }

    /// Returns the span of its value, and the text for another percentage. `None` for sizes and fractions.
    #[must_use]
    pub fn reshared(&self, percent: i64) -> Option<(Span, String)> {
        let spelled = match self.grammar {
            Grammar::JvmPercent => format!("{percent}.0"),
            Grammar::PercentInteger => percent.to_string(),
            Grammar::HexPercent => format!("0x{percent:X}"),
            Grammar::JvmSizeOrPercent => format!("{percent}%"),
            _ => return None,
        };
        let end = self.flag.as_str().len();
        let at = if self.flag.as_str().starts_with('-') { self.value_at()? } else { 0 };
        Some((self.flag.slice(at..end).verbatim_span()?, spelled))
    }

    /// Returns the offset of the value in the flag.
    pub(super) fn value_at(&self) -> Option<usize> {
        let flag = self.flag.as_str();
        let behind = flag.rfind(['=', ' ']).map(|at| at + 1);
        behind.or_else(|| flag.find(|c: char| c.is_ascii_digit()))
    }

    /// Formats the setting with another percentage: `-XX:MaxRAMPercentage=70.0`, `MEMORY: 70%`. `None` for a size.
    #[must_use]
    pub fn with_percent(&self, percent: f64) -> Option<String> {
        let flag = self.flag.as_str();
        let front = || flag.rfind('=').filter(|_| flag.starts_with('-')).and_then(|at| flag.get(..=at));
        match self.grammar {
            Grammar::JvmPercent => Some(format!("{}{percent:.1}", front()?)),
            Grammar::PercentInteger => Some(format!("{}{percent:.0}", front()?)),
            // `MaxRAMPercentage` supersedes `MaxRAMFraction`.
            Grammar::JvmInteger => Some(format!("-XX:MaxRAMPercentage={percent:.1}")),
            Grammar::JvmSizeOrPercent if flag.ends_with('%') => {
                Some(format!("{}: {percent:.0}%", self.carrier))
            }
            Grammar::HexPercent => Some(format!("{}: 0x{:X}", self.carrier, percent as u8)),
            _ => None,
        }
    }

    /// Formats the setting: the flag, or `NAME=value` if the variable is the setting, or as it is in its file.
    #[must_use]
    pub fn written(&self) -> String {
        let flag = self.flag.as_str();
        if let Some(lead) = &self.lead {
            return format!("{lead}{flag}");
        }
        if flag.starts_with('-') { flag.to_owned() } else { format!("{}={flag}", self.carrier) }
    }
}
