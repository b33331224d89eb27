//! Markdown tables, for a pull request or the summary page of a CI job.

use std::io::{self, Write};

use super::super::markdown::with_code;
use super::{
    OUTSIDE, Report, appetite, excess, headline, heap, heap_head, limit, mark, off_heap, share, swap,
    verdict, with_profile,
};
use crate::capacity::Entry;
use crate::syntax::size::ByteSize;

pub(super) fn write(out: &mut dyn Write, report: &Report<'_>) -> io::Result<()> {
    for (index, stack) in report.stacks.iter().enumerate() {
        if index > 0 {
            writeln!(out)?;
        }
        writeln!(out, "### {}\n", with_code(&report.title(stack)))?;
        let host = stack.host.as_ref().map(|host| host.size);
        let head = heap_head(&stack.started().collect::<Vec<_>>());
        writeln!(
            out,
            "| service | | limit | total | of host | reserved | swap | {head} | {OUTSIDE} | place |"
        )?;
        writeln!(out, "|---|---|--:|--:|--:|--:|--:|--:|--:|---|")?;
        for entry in stack.started() {
            let total = entry.total();
            let size = |size: Option<ByteSize>| size.map(|size| size.to_string()).unwrap_or_default();
            let cells = [
                with_code(&entry.name),
                if mark(entry).is_empty() { String::new() } else { format!("**{}**", mark(entry)) },
                limit(entry),
                size(total),
                total
                    .zip(host)
                    .map(|(total, host)| share(total, host).replace('<', "&lt;"))
                    .unwrap_or_default(),
                size(entry.reserved()),
                swap(entry),
                heap(entry),
                off_heap(entry),
                with_code(&report.place_text(Report::span(entry))),
            ];
            writeln!(out, "| {} |", cells.join(" | "))?;
        }
        let sum = stack.sum();
        writeln!(out, "\n**{}**, {} reserved", with_code(&headline(&sum, stack)), sum.reservations)?;
        for (profile, adds) in stack.by_profile() {
            let with = with_code(&with_profile(&adds, &sum, stack));
            writeln!(out, "\n- with profile {}: {with}", with_code(&profile))?;
        }
        for (one, host) in stack.excesses().iter().filter_map(|one| Some((one, stack.host.as_ref()?))) {
            let (severity, rule, text) = excess(one, host);
            writeln!(out, "\n{severity} ({rule}): {}", with_code(&text))?;
        }
        if let Some((_, text)) = verdict(stack) {
            writeln!(out, "\n**{}**", with_code(&text))?;
        }
        for gap in report.gaps(stack) {
            writeln!(out, "\n- {}", with_code(&gap))?;
        }
        for entry in stack.started().filter(|entry| entry.limit.is_absent()) {
            writeln!(out, "\n- {} has no limit: {}", with_code(&entry.name), with_code(&appetite(entry)))?;
        }
        for step in stack.started().flat_map(Entry::unlimited_steps) {
            writeln!(out, "\n- {} has no limit", with_code(step))?;
        }
        for line in report.unknown(stack) {
            writeln!(out, "\n- {}", with_code(&line))?;
        }
    }
    Ok(())
}
