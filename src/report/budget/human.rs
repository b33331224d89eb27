//! Table with bars: one row per service, and as many columns as the terminal has room for.

use std::io::{self, Write};

use unicode_width::UnicodeWidthStr;

use super::super::escape;
use super::{
    Mark, OUTSIDE, Report, appetite, counts, excess, has_appetite, headline, heap, heap_head, in_words,
    limit, mark, off_heap, share, swap, verdict, with_profile,
};
use crate::capacity::{Entry, Fit, Stack, Sum};
use crate::syntax::size::ByteSize;
use crate::workload::Fact;

/// Width of the table if that of the terminal is unknown, in columns.
const WIDTH: usize = 100;

/// Minimum and maximum length of a bar, in columns.
const BAR: std::ops::RangeInclusive<usize> = 10..=40;

/// Services named per list.
const NAMED: usize = 24;

/// Appearance of the table.
#[derive(Clone, Copy, Debug)]
pub struct TableStyle {
    /// Width of the terminal, in columns.
    pub width: usize,
    /// Whether to use ANSI colours.
    pub color: bool,
}

impl TableStyle {
    /// Returns the style for a file.
    #[must_use]
    pub fn plain() -> Self {
        Self { width: WIDTH, color: false }
    }

    /// Returns the style for standard output, as wide as `COLUMNS` or, without it, the terminal.
    #[must_use]
    pub fn of_terminal(color: bool, columns: Option<usize>) -> Self {
        Self { width: columns.unwrap_or(WIDTH).clamp(30, 400), color }
    }

    fn paint(self, text: &str, code: &str) -> String {
        if self.color && !text.is_empty() {
            format!("\u{1b}[{code}m{text}\u{1b}[0m")
        } else {
            text.to_owned()
        }
    }
}

pub(super) fn write(out: &mut dyn Write, report: &Report<'_>, look: TableStyle) -> io::Result<()> {
    if report.stacks.is_empty() {
        return writeln!(out, "no service here");
    }
    for (index, stack) in report.stacks.iter().enumerate() {
        if index > 0 {
            writeln!(out)?;
        }
        one(out, report, stack, look)?;
    }
    if let Some(sum) = report.together() {
        let (limits, reserved) = (sum.limits, sum.reservations);
        writeln!(out, "\nall stacks at once: {}, limits of {limits}, {reserved} reserved", counts(&sum))?;
    }
    Ok(())
}

fn one(out: &mut dyn Write, report: &Report<'_>, stack: &Stack, look: TableStyle) -> io::Result<()> {
    let host = stack.host.as_ref();
    let on = host.map(|host| format!("  on a host with {} ({})", host.size, escape::line(&host.from)));
    let title = escape::line(&report.title(stack));
    writeln!(out, "{}{}\n", look.paint(&title, "1"), on.unwrap_or_default())?;
    let started: Vec<&Entry> = stack.started().collect();
    if !started.is_empty() {
        table(out, report, stack, &started, look)?;
        writeln!(out)?;
    }
    let sum = stack.sum();
    writeln!(out, "{}", said(&sum, stack))?;
    for (profile, adds) in stack.by_profile() {
        let line = format!("with profile {profile}: {}", with_profile(&adds, &sum, stack));
        writeln!(out, "{}", escape::line(&line))?;
    }
    for (excess, host) in stack.excesses().iter().filter_map(|excess| Some((excess, host?))) {
        let (severity, rule, text) = self::excess(excess, host);
        let code = if severity == "error" { "1;91" } else { "1;93" };
        writeln!(out, "{}: {}", look.paint(&format!("{severity}[{rule}]"), code), escape::line(&text))?;
    }
    if let Some((mark, text)) = verdict(stack) {
        let code = match mark {
            Mark::Good => "1;92",
            Mark::Open => "1;93",
            Mark::Bad => "1;91",
        };
        writeln!(out, "{}", look.paint(&escape::line(&text), code))?;
    }
    let (known, other): (Vec<&Entry>, Vec<&Entry>) =
        stack.started().filter(|entry| entry.limit.is_absent()).partition(|entry| has_appetite(entry));
    let steps: Vec<&str> = stack.started().flat_map(Entry::unlimited_steps).collect();
    if !known.is_empty() || !other.is_empty() || !steps.is_empty() {
        writeln!(out, "\nwithout a limit:")?;
    }
    for entry in known.iter().take(NAMED) {
        let place = report.place_text(entry.anchor);
        let line = format!("  {}: {}  {place}", entry.name, appetite(entry));
        writeln!(out, "{}", escape::line(&line))?;
    }
    if known.len() > NAMED {
        writeln!(out, "  and {} more like these", known.len() - NAMED)?;
    }
    let other: Vec<&str> = other.into_iter().map(|entry| entry.name.as_str()).chain(steps).collect();
    if !other.is_empty() {
        let mut names: Vec<&str> = other.iter().take(NAMED).copied().collect();
        let more = format!("{} more", other.len().saturating_sub(NAMED));
        names.extend((other.len() > NAMED).then_some(more.as_str()));
        writeln!(out, "  use not known: {}", escape::line(&names.join(", ")))?;
    }
    let unknown = report.unknown(stack);
    for line in unknown.iter().take(NAMED) {
        writeln!(out, "{}", escape::line(line))?;
    }
    if unknown.len() > NAMED {
        writeln!(out, "and {} more", unknown.len() - NAMED)?;
    }
    for gap in report.gaps(stack) {
        writeln!(out, "{}", look.paint(&escape::line(&gap), "93"))?;
    }
    if host.is_none() {
        writeln!(out, "does it fit a host? add --host-memory 16g, or --host-memory auto for this machine")?;
    }
    Ok(())
}

/// Formats the summary: `5 services, 7 containers: limits of 1.5 GiB, 37 % of 4 GiB; 512 MiB reserved; 256 MiB of swap on top`.
fn said(sum: &Sum, stack: &Stack) -> String {
    let mut line = headline(sum, stack);
    if sum.reservations.0 > 0 {
        line.push_str(&format!("; {} reserved", sum.reservations));
    }
    if sum.swap.0 > 0 {
        line.push_str(&format!("; {} of swap on top", sum.swap));
    }
    if !sum.unlimited_swap.is_empty() {
        line.push_str(&format!("; unlimited swap: {}", escape::line(&sum.unlimited_swap.join(", "))));
    }
    line
}

/// Column of the table.
struct Column {
    head: &'static str,
    cells: Vec<String>,
    right: bool,
    /// Priority of removal: if the terminal is too narrow, the highest goes first. 0 is never removed.
    optional: u8,
    /// Display width of the widest cell, or of `head`.
    width: usize,
}

impl Column {
    fn new(head: &'static str, right: bool, optional: u8, cells: Vec<String>) -> Self {
        let width = cells.iter().map(|cell| cell.width()).max().unwrap_or(0).max(head.width());
        Self { head, cells, right, optional, width }
    }
}

fn table(
    out: &mut dyn Write,
    report: &Report<'_>,
    stack: &Stack,
    entries: &[&Entry],
    look: TableStyle,
) -> io::Result<()> {
    let cells = |text: &dyn Fn(&Entry) -> String| entries.iter().map(|entry| text(entry)).collect::<Vec<_>>();
    let host = stack.host.as_ref().map(|host| host.size);
    let mut columns = vec![
        Column::new("service", false, 0, cells(&|entry| shorten(&escape::line(&entry.name)))),
        Column::new("limit", true, 0, cells(&limit)),
    ];
    if entries.iter().any(|entry| entry.replicas != 1) {
        let total = |entry: &Entry| entry.total().map(|total| total.to_string()).unwrap_or_default();
        columns.push(Column::new("total", true, 1, cells(&total)));
    }
    if let Some(host) = host {
        let of = |entry: &Entry| entry.total().map_or(String::new(), |total| share(total, host));
        columns.push(Column::new("of host", true, 1, cells(&of)));
    }
    let bar = columns.len();
    let reserved = |entry: &Entry| match (entry.reserved(), &entry.reservation) {
        (Some(size), _) => size.to_string(),
        (None, Fact::Unknown { .. }) => "not known".to_owned(),
        _ => String::new(),
    };
    columns.push(Column::new("reserved", true, 3, cells(&reserved)));
    columns.push(Column::new("swap", true, 3, cells(&swap)));
    columns.push(Column::new(heap_head(entries), true, 2, cells(&heap)));
    columns.push(Column::new(OUTSIDE, true, 4, cells(&off_heap)));
    columns.push(Column::new("", false, 1, cells(&|entry| mark(entry).to_owned())));
    let what = |entry: &Entry| entry.managed.iter().map(in_words).collect::<Vec<_>>().join(", ");
    columns.push(Column::new("of", false, 6, cells(&|entry| escape::line(&what(entry)))));
    columns.push(Column::new(
        "where",
        false,
        5,
        cells(&|entry| escape::line(&report.place_text(Report::span(entry)))),
    ));
    columns.retain(|column| column.optional == 0 || column.cells.iter().any(|cell| !cell.is_empty()));
    let bar = bar.min(columns.len());
    let used = |columns: &[Column]| columns.iter().map(|column| column.width + 2).sum::<usize>();
    // Columns are removed before the bar is.
    while used(&columns) + BAR.start() > look.width {
        let least = columns.iter().enumerate().filter(|(_, column)| column.optional > 0);
        let Some((index, _)) = least.max_by_key(|(_, column)| column.optional) else { break };
        columns.remove(index);
    }
    let bar =
        bar.min(columns.iter().take_while(|column| column.optional <= 1 && !column.head.is_empty()).count());
    let room = look.width.saturating_sub(used(&columns)).min(*BAR.end());
    let largest = entries.iter().filter_map(|entry| entry.total()).max().unwrap_or_default();
    let bars = room >= *BAR.start() && largest.0 > 0;
    let mut head = String::new();
    for (index, column) in columns.iter().enumerate() {
        if index == bar && bars {
            let scale = format!("to {largest}");
            head.push_str(&format!("{scale:<room$}  "));
        }
        head.push_str(&pad(column.head, column));
    }
    if bar == columns.len() && bars {
        head.push_str(&format!("to {largest}"));
    }
    writeln!(out, "{}", look.paint(head.trim_end(), "2"))?;
    for (row, entry) in entries.iter().enumerate() {
        let mut line = String::new();
        for (index, column) in columns.iter().enumerate() {
            if index == bar && bars {
                line.push_str(&draw(entry, largest, room, look));
                line.push_str("  ");
            }
            let cell = pad(column.cells.get(row).map_or("", String::as_str), column);
            let code = match (column.head, entry.fit()) {
                ("limit" | "", Fit::NoLimit) => "93",
                ("limit" | "", Fit::ExceedsLimit) => "1;91",
                _ => "",
            };
            line.push_str(&if code.is_empty() { cell } else { look.paint(&cell, code) });
        }
        if bar == columns.len() && bars {
            line.push_str(&draw(entry, largest, room, look));
        }
        writeln!(out, "{}", line.trim_end())?;
    }
    if bars {
        let legend = [
            ("█", "35", "heap and caches"),
            ("▒", "34", "outside them, an estimate"),
            ("░", "2", "the rest of the limit"),
        ];
        let legend: Vec<String> =
            legend.iter().map(|(sign, code, text)| format!("{} {text}", look.paint(sign, code))).collect();
        writeln!(out, "{}", legend.join("   "))?;
    }
    Ok(())
}

fn shorten(name: &str) -> String {
    const MOST: usize = 32;
    if name.chars().count() <= MOST {
        return name.to_owned();
    }
    let kept: String = name.chars().take(MOST - 1).collect();
    format!("{kept}…")
}

fn pad(text: &str, column: &Column) -> String {
    let blanks = " ".repeat(column.width.saturating_sub(text.width()));
    if column.right { format!("{blanks}{text}  ") } else { format!("{text}{blanks}  ") }
}

/// Draws the parts of a limit to scale. The bar has at least one character for a limit above 0.
fn draw(entry: &Entry, largest: ByteSize, room: usize, look: TableStyle) -> String {
    let Some(parts) = entry.parts().filter(|_| largest.0 > 0) else { return " ".repeat(room) };
    let cells = |bytes: i64| (bytes as f64 / largest.0 as f64 * room as f64).round() as usize;
    let (mut drawn, mut sum, mut out) = (0, 0_i64, String::new());
    for (part, (sign, code)) in parts.iter().zip([("█", "35"), ("▒", "34"), ("░", "2")]) {
        sum = sum.saturating_add(part.0);
        let end = cells(sum).max(drawn + usize::from(part.0 > 0 && drawn == 0)).min(room);
        out.push_str(&look.paint(&sign.repeat(end - drawn), code));
        drawn = end;
    }
    out + &" ".repeat(room - drawn)
}
