//! Reports of `oomlint budget`: how much memory of its host a stack may use. One file per format.

mod csv;
mod html;
mod human;
mod json;
mod markdown;
mod picture;
mod svg;

use std::io::{self, Write};

use super::{FileLocation, path_text};
use crate::capacity::{Entry, Fit, Host, HostFit, ManagedMemory, Overrun, Stack, Sum, Swap, sum};
use crate::diagnostic::plural;
use crate::source::{Sources, Span};
use crate::syntax::size::ByteSize;
use crate::workload::{Fact, Pool, SizedBy};

pub use human::TableStyle;

/// Unreadable places listed per stack.
const MAX_GAPS: usize = 10;

/// Output format of the budget. The variants have the names that the command line takes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "cli", derive(clap::ValueEnum))]
pub enum Format {
    /// For people: a table with bars, as wide as the terminal
    #[default]
    Human,
    /// One JSON object, for programs
    Json,
    /// Tables for a pull request
    Markdown,
    /// A row a service, for spreadsheets
    Csv,
    /// One picture, light or dark as its reader has it
    Svg,
    /// One page in a single file
    Html,
}

/// Stacks to report, with the sources of their numbers.
#[derive(Debug)]
pub struct Report<'r> {
    stacks: &'r [Stack],
    sources: &'r Sources,
}

/// Writes the report in `format`. `look` applies to [`Format::Human`] only.
///
/// # Errors
/// When `out` cannot be written to.
pub fn write(out: &mut dyn Write, report: &Report<'_>, format: Format, look: TableStyle) -> io::Result<()> {
    match format {
        Format::Human => human::write(out, report, look),
        Format::Json => json::write(out, report),
        Format::Markdown => markdown::write(out, report),
        Format::Csv => csv::write(out, report),
        Format::Svg => svg::write(out, report),
        Format::Html => html::write(out, report),
    }
}

impl<'r> Report<'r> {
    /// Creates a report of `stacks`, which are written in the given order.
    #[must_use]
    pub fn new(stacks: &'r [Stack], sources: &'r Sources) -> Self {
        Self { stacks, sources }
    }

    fn place(&self, span: Span) -> (String, u32) {
        let place = FileLocation::new(self.sources, span);
        (place.path(), place.source.line_at(u32::try_from(place.start).unwrap_or(u32::MAX)).number)
    }

    fn place_text(&self, span: Span) -> String {
        let (path, line) = self.place(span);
        format!("{path}:{line}")
    }

    /// Returns the title of a stack: its Compose files.
    fn title(&self, stack: &Stack) -> String {
        let files: Vec<String> =
            stack.files.iter().map(|file| path_text(self.sources.get(*file).path())).collect();
        files.join(" + ")
    }

    /// Describes what could not be read, one line per place. The sum may be too small because of it.
    fn gaps(&self, stack: &Stack) -> Vec<String> {
        let gaps = stack.gaps.iter().take(MAX_GAPS);
        let mut lines: Vec<String> = gaps
            .map(|(span, why)| format!("not all is in the sum: {why} ({})", self.place_text(*span)))
            .collect();
        let more = stack.gaps.len().saturating_sub(MAX_GAPS);
        lines.extend(
            (more > 0).then(|| format!("not all is in the sum: {more} more places could not be read")),
        );
        lines
    }

    /// Returns the sum of all stacks that can run at the same time, if there are several. Override files are not counted.
    fn together(&self) -> Option<Sum> {
        let own = || self.stacks.iter().filter(|stack| !stack.is_override_file);
        (own().count() > 1).then(|| {
            own().fold(Sum::default(), |mut sum, stack| {
                sum.add(stack.sum());
                sum
            })
        })
    }

    /// Returns the location of a service's limit, or of its key if it has none.
    fn span(entry: &Entry) -> Span {
        entry.limit.span()
    }

    /// Describes the started services whose limit cannot be resolved, one line per service with the reason.
    fn unknown(&self, stack: &Stack) -> Vec<String> {
        let line = |entry: &Entry| {
            let Fact::Unknown { at, why } = &entry.limit else { return None };
            let place = self.place_text(*at);
            Some(format!("not in the sum: the limit of `{}` is not known: {why} ({place})", entry.name))
        };
        stack.started().filter_map(line).collect()
    }
}

/// Formats a share of the host: `25 %`, or `< 1 %` for a small size other than 0.
fn share(size: ByteSize, host: ByteSize) -> String {
    let percent = size.0 as f64 / host.0 as f64 * 100.0;
    match percent {
        _ if size.0 == 0 => "0 %".to_owned(),
        percent if percent < 1.0 => "< 1 %".to_owned(),
        percent => format!("{} %", percent.round()),
    }
}

/// Formats the limit with the number of containers: `3 x 256 MiB`.
fn limit(entry: &Entry) -> String {
    let limit = match &entry.limit {
        Fact::Known(limit) => limit.value.to_string(),
        Fact::Unknown { .. } => "not known".to_owned(),
        Fact::Absent { .. } => "none".to_owned(),
    };
    if entry.replicas == 1 { limit } else { format!("{} x {limit}", entry.replicas) }
}

/// Formats the swap of all containers on top of the limit. Empty without a limit.
fn swap(entry: &Entry) -> String {
    match entry.swap {
        _ if entry.limit.is_absent() => String::new(),
        Swap::Unlimited => "unlimited".to_owned(),
        Swap::Unknown => "not known".to_owned(),
        Swap::Bytes(ByteSize(0)) => "none".to_owned(),
        Swap::Bytes(size) => format!("+{}", entry.times(size)),
    }
}

/// Formats the heaps and caches of one container: `192 MiB`, with `~` if a default is among them.
fn heap(entry: &Entry) -> String {
    match entry.heap() {
        Some(size) if entry.heap_by_default() => format!("~{size}"),
        Some(size) => size.to_string(),
        None => String::new(),
    }
}

/// Returns the head of the column for [`heap`].
fn heap_head(entries: &[&Entry]) -> &'static str {
    let has = |pool| entries.iter().flat_map(|entry| &entry.managed).any(|managed| managed.pool == pool);
    match (has(Pool::Heap), has(Pool::Cache)) {
        (true, true) => "heap, cache",
        (false, true) => "cache",
        (_, false) => "heap",
    }
}

/// Head of the column for [`off_heap`].
const OUTSIDE: &str = "outside it";

/// Formats what does not fit in a row: empty if it does.
fn mark(entry: &Entry) -> &'static str {
    match entry.fit() {
        Fit::ExceedsLimit => "exceeds its limit",
        Fit::Fits | Fit::NoLimit | Fit::Unknown => "",
    }
}

/// Formats the estimated native memory of those programs: `130 to 250 MiB`.
fn off_heap(entry: &Entry) -> String {
    let Some((least, most)) = entry.off_heap else { return String::new() };
    if least == most { most.to_string() } else { format!("{} to {most}", least.mebibytes()) }
}

/// Describes one heap or cache: `Java heap of 512 MiB by default`.
fn in_words(managed: &ManagedMemory) -> String {
    let by = match managed.by {
        SizedBy::Bytes => "",
        SizedBy::Share => ", a percentage",
        SizedBy::Default => " by default",
    };
    format!("{} of {}{by}", managed.what, managed.size)
}

/// True if something is known about how much memory a service without a limit would use.
fn has_appetite(entry: &Entry) -> bool {
    entry.self_sizing.is_some() || !entry.managed.is_empty() || !entry.follows_host.is_empty()
}

/// Describes how much memory a service without a limit would use.
fn appetite(entry: &Entry) -> String {
    let follows =
        entry.follows_host.iter().map(|runtime| format!("a {runtime} heap sized from the host's memory"));
    let managed: Vec<String> = entry.managed.iter().map(in_words).chain(follows).collect();
    match (&entry.self_sizing, managed.as_slice()) {
        (Some(what), []) => what.clone(),
        (_, []) => "not known".to_owned(),
        (_, managed) => format!("{}, and more", managed.join(", ")),
    }
}

/// Returns severity, rule and text of what exceeds the host. The rule is the one that `oomlint check` reports for it.
fn excess(excess: &Overrun<'_>, host: &Host) -> (&'static str, &'static str, String) {
    let Host { size: host, room, .. } = host;
    match excess {
        Overrun::Limit(entry, limit) => {
            let text = format!("the limit of `{}` is {limit}; the host has {host}", entry.name);
            ("error", "limit-exceeds-host", text)
        }
        Overrun::Reservations(sum) => {
            ("error", "reservations-exceed-host", format!("{sum} is reserved; the host has {host}"))
        }
        Overrun::Limits(sum) => ("warning", "budget-exceeded", room.arithmetic(*sum)),
        Overrun::Expected(limits, expected) => {
            let text = format!(
                "limits of {limits}, and {expected} of heaps and caches without a limit; the host has {host}, {} of them for itself",
                room.reserve
            );
            ("warning", "missing-memory-limit", text)
        }
    }
}

/// The mark of a verdict.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mark {
    Good,
    Open,
    Bad,
}

/// Formats the verdict in words. None if nothing is known of the host and nothing exceeds its limit.
fn verdict(stack: &Stack) -> Option<(Mark, String)> {
    let host = stack.host.as_ref().map(|host| host.size);
    let on = host.map(|host| format!(" {host}")).unwrap_or_default();
    Some(match stack.host_fit() {
        HostFit::Unknown if host.is_none() => return None,
        HostFit::Unknown => (Mark::Open, format!("not known whether it fits{on}: see below")),
        HostFit::Fits => {
            let sum =
                stack.host.as_ref().map(|host| format!(": {}", host.room.arithmetic(stack.sum().limits)));
            (Mark::Good, format!("fits{on}{}", sum.unwrap_or_default()))
        }
        HostFit::Open(left, open) => {
            let names = names(&open);
            (
                Mark::Open,
                format!("fits{on} only if these stay below {left} together, without a limit: {names}"),
            )
        }
        HostFit::DoesNotFit(too_large) => {
            let mut reasons: Vec<String> = Vec::new();
            let host = stack.host.as_ref();
            let excesses = stack.excesses();
            reasons.extend(excesses.iter().filter_map(|excess| Some(in_short(excess, host?))));
            reasons.extend(too_large.iter().take(NAMED).map(|entry| too_large_for_its_limit(entry)));
            let more = too_large.len().saturating_sub(NAMED);
            reasons.extend((more > 0).then(|| format!("and {more} more")));
            (Mark::Bad, format!("does not fit{on}: {}", reasons.join("; ")))
        }
    })
}

/// Describes what exceeds the host, for a verdict.
fn in_short(excess: &Overrun<'_>, host: &Host) -> String {
    match excess {
        Overrun::Limit(entry, limit) => format!("the limit of `{}` alone is {limit}", entry.name),
        Overrun::Reservations(sum) => format!("{sum} is reserved"),
        Overrun::Limits(sum) => host.room.arithmetic(*sum),
        Overrun::Expected(limits, expected) => format!(
            "limits and default heaps add up to {}, and {} are for the host",
            sum([*limits, *expected]),
            host.room.reserve
        ),
    }
}

/// Services named in a verdict.
const NAMED: usize = 5;

fn names(entries: &[&Entry]) -> String {
    let names: Vec<String> = entries.iter().take(NAMED).map(|entry| format!("`{}`", entry.name)).collect();
    let more = entries.len().saturating_sub(NAMED);
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    format!("{}{more}", names.join(", "))
}

/// Describes a container that exceeds its limit: `` `api` needs 512 MiB of Java heap and 130 to 250 MiB outside it, its limit is 512 MiB``.
fn too_large_for_its_limit(entry: &Entry) -> String {
    let managed: Vec<String> =
        entry.managed.iter().map(|managed| format!("{} of {}", managed.size, managed.what)).collect();
    let outside = match off_heap(entry) {
        outside if outside.is_empty() => outside,
        outside => format!(" + {outside} outside"),
    };
    let limit = entry.limit.value().map(ToString::to_string).unwrap_or_default();
    format!("`{}` has a limit of {limit} for {}{outside}", entry.name, managed.join(" + "))
}

/// Formats the counts: `5 services, 7 containers`.
fn counts(sum: &Sum) -> String {
    let services = plural(sum.services, "service");
    if usize::try_from(sum.containers) == Ok(sum.services) {
        return services;
    }
    format!("{services}, {}", plural(sum.containers, "container"))
}

/// Formats the sum: `5 services, 7 containers: limits of 1.5 GiB, 37 % of 4 GiB`.
fn headline(sum: &Sum, stack: &Stack) -> String {
    if sum.limits.0 == 0 && sum.services > 0 {
        return format!("{}: none with a limit", counts(sum));
    }
    format!("{}: limits of {}", counts(sum), of_host(sum.limits, stack))
}

/// Formats what a profile adds: `2 services and 512 MiB more: 1.5 GiB, 37 % of 4 GiB`.
fn with_profile(adds: &Sum, sum: &Sum, stack: &Stack) -> String {
    if adds.limits.0 == 0 {
        return format!("{} more, none of them with a limit", counts(adds));
    }
    format!("{} and {} more: {}", counts(adds), adds.limits, of_host(sum.numbers_with(adds).limits, stack))
}

/// Formats a size and its share of the host: `1.5 GiB, 37 % of 4 GiB`.
fn of_host(size: ByteSize, stack: &Stack) -> String {
    match &stack.host {
        Some(host) => format!("{size}, {} of {}", share(size, host.size), host.size),
        None => size.to_string(),
    }
}
