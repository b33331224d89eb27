//! CSV with one row per service, for spreadsheets. Sizes are in bytes. Missing and unknown values are empty.

use std::io::{self, Write};

use super::super::escape::line;
use super::Report;
use crate::capacity::{Fit, Swap};
use crate::syntax::size::ByteSize;

const HEAD: [&str; 18] = [
    "stack",
    "service",
    "profiles",
    "started",
    "replicas",
    "limit",
    "limit_total",
    "reservation",
    "reservation_total",
    "swap",
    "heap",
    "heap_by_default",
    "off_heap_least",
    "off_heap_most",
    "fit",
    "host",
    "file",
    "line",
];

pub(super) fn write(out: &mut dyn Write, report: &Report<'_>) -> io::Result<()> {
    let mut table = csv::Writer::from_writer(out);
    table.write_record(HEAD)?;
    for stack in report.stacks {
        for entry in &stack.services {
            let bytes = |size: Option<ByteSize>| size.map(|size| size.0.to_string()).unwrap_or_default();
            let swap = match entry.swap {
                Swap::Bytes(size) if !entry.limit.is_absent() => size.0.to_string(),
                Swap::Unlimited => "unlimited".to_owned(),
                _ => String::new(),
            };
            let (file, line) = report.place(Report::span(entry));
            table.write_record([
                text(&report.title(stack)),
                text(&entry.name),
                text(&entry.profiles.join(" ")),
                stack.starts(entry).to_string(),
                entry.replicas.to_string(),
                bytes(entry.limit.value().copied()),
                bytes(entry.total()),
                bytes(entry.reservation.value().copied()),
                bytes(entry.reserved()),
                swap,
                bytes(entry.heap()),
                entry.heap_by_default().to_string(),
                bytes(entry.off_heap.map(|(least, _)| least)),
                bytes(entry.off_heap.map(|(_, most)| most)),
                fit(entry.fit()).to_owned(),
                bytes(stack.host.as_ref().map(|host| host.size)),
                text(&file),
                line.to_string(),
            ])?;
        }
    }
    table.flush()
}

fn fit(fit: Fit) -> &'static str {
    match fit {
        Fit::Fits => "fits",
        Fit::ExceedsLimit => "exceeds-limit",
        Fit::NoLimit => "no-limit",
        Fit::Unknown => "",
    }
}

/// Escapes a cell that a spreadsheet would take for a formula.
fn text(text: &str) -> String {
    let text = line(text);
    if text.starts_with(['=', '+', '-', '@']) { format!("'{text}") } else { text }
}
