//! Finds heap flags after the main program, which the runtime does not read.

use super::flags::{bound, fits, size};
use super::problems::MAX_AHEAD;
use super::reader::{SettingSource, SettingsReader};
use super::setting::COMMAND_LINE;
use super::{Bound, HeapProblem, HeapProblemKind};
use crate::catalog::{HotspotFlags, Sets};
use crate::source::TracedText;
use crate::workload::Program;

/// Smallest heap with which a runtime is of any use, in bytes.
const SMALLEST: i64 = 2 << 20;

impl SettingsReader<'_> {
    /// Returns heap flags among the arguments of the main program that the runtime runs.
    pub(super) fn misplaced(&self, program: &Program, sources: &[SettingSource]) -> Vec<HeapProblem> {
        let reading = &self.runtime.command_line;
        // Servers have no main program and read the whole command line.
        if reading.joins_values {
            return Vec::new();
        }
        let first = self.main_word(program);
        let behind = program.arguments.iter().enumerate().skip(first + 1);
        behind
            .filter(|(_, word)| self.is_heap_flag(word))
            .map(|(at, flag)| {
                let words = program.arguments.get(first..=at).unwrap_or_default();
                let words =
                    if words.len() > MAX_AHEAD || !self.would_work(flag, sources) { &[] } else { words };
                HeapProblem {
                    ahead: words.iter().map(TracedText::span).collect(),
                    ..self.problem(HeapProblemKind::Misplaced, flag, COMMAND_LINE, String::new())
                }
            })
            .collect()
    }

    /// Returns the index of the argument that names what the runtime runs: `-jar`, a main class or a script.
    pub(super) fn main_word(&self, program: &Program) -> usize {
        let reading = &self.runtime.command_line;
        let mut first = 0;
        while let Some(word) = program.arguments.get(first) {
            let text = word.as_str();
            if text == "-jar" || !text.starts_with('-') {
                break;
            }
            first += 1 + usize::from(reading.with_value.iter().any(|option| option == text));
        }
        first
    }

    /// True if the flag is valid where the runtime reads it, and sets a heap below the limit. A percentage has no effect next to a size,
    /// and without a limit it is one of the host's memory.
    fn would_work(&self, word: &TracedText, sources: &[SettingSource]) -> bool {
        let (major, default) = self.version();
        let Some((flag, value)) = self.runtime.flag(word.as_str()) else { return false };
        let value = value.trim_start();
        let early = flag.since.zip(major).is_some_and(|(since, major)| major < since);
        let refused = major.is_some_and(|major| {
            !self.tolerates_unknown_flags(sources, default) && self.refused(word, "", major).is_some()
        });
        if early || refused || !fits(flag.grammar, value, major) {
            return false;
        }
        let begins = sources.iter().flat_map(|source| &source.words).filter_map(|word| {
            let (flag, value) = self.runtime.flag(word.as_str())?;
            (flag.sets == Sets::HeapInitial).then(|| size(flag.grammar, value)).flatten()
        });
        let begins = begins.map(|size| size.0).max().unwrap_or(0);
        let bounds = sources.iter().flat_map(|source| &source.words).filter_map(|word| {
            let (flag, value) = self.runtime.flag(word.as_str())?;
            bound(flag.sets, flag.grammar, value.trim_start(), major)
        });
        let bounds: Vec<Bound> = bounds.collect();
        let is_percent = |bound: &Bound| matches!(bound, Bound::Percent(_));
        let (percent_set, size_set) =
            (bounds.iter().any(is_percent), bounds.iter().any(|bound| !is_percent(bound)));
        let limit = self.workload.memory.limit.value().map(|limit| limit.0).filter(|limit| *limit > 0);
        let below = |heap: i64| limit.is_none_or(|limit| heap < limit);
        match bound(flag.sets, flag.grammar, value, major) {
            // `-Xmx512` is 512 bytes, too small to start.
            Some(Bound::Bytes(size)) => below(size.0) && size.0 >= begins.max(SMALLEST) && !percent_set,
            Some(Bound::Percent(percent)) => {
                let flags = HotspotFlags { most: Some(percent), ..HotspotFlags::default() };
                let heap = limit.and_then(|limit| u64::try_from(limit).ok()).map(|limit| flags.heap(limit));
                let counts = !self.workload.memory.limit.is_absent() && !size_set;
                counts && percent < 100.0 && heap.is_none_or(|heap| i64::try_from(heap).is_ok_and(below))
            }
            None => false,
        }
    }
}
