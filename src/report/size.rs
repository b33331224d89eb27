//! Reports of `oomlint size`: limits and reservations advised from measured memory usage.

use std::io::{self, Write};

use serde_json::{Value, json};

use super::markdown::with_code;
use super::{FileLocation, escape, path_text};
use crate::capacity::{Advice, Verdict, advise};
use crate::diagnostic::plural;
use crate::discover::RepositoryRoot;
use crate::hash::HashSet;
use crate::source::{Sources, Span};
use crate::stats::Stats;
use crate::syntax::size::ByteSize;
use crate::workload::{Fact, Kind, Measured, Project, Workload};

/// Version of the JSON format.
const VERSION: u32 = 1;

/// Names listed per remark.
const NAMED: usize = 24;

/// Advice per measured service, and what could not be matched.
pub struct Report<'r> {
    rows: Vec<Row<'r>>,
    /// Services with containers but without measurements.
    unmeasured: Vec<&'r str>,
    /// Measured containers that belong to no service.
    unmatched: Vec<&'r str>,
    stats: &'r Stats,
    sources: &'r Sources,
}

/// Advice for one service.
struct Row<'r> {
    workload: &'r Workload,
    measured: &'r Measured,
    advice: Advice,
}

impl<'r> Report<'r> {
    /// Computes the advice for every measured service.
    #[must_use]
    pub fn new(projects: &'r [Project], stats: &'r Stats, sources: &'r Sources) -> Self {
        let workloads = || projects.iter().flat_map(|project| &project.workloads);
        let mut said: HashSet<(Span, Span)> = HashSet::default();
        let rows: Vec<Row<'_>> = workloads()
            .filter_map(|workload| {
                let advice = advise(workload)?;
                // An override file that leaves the limit as it is would repeat the row of its base.
                let place = (workload.anchor, workload.memory.limit.span());
                said.insert(place).then_some(Row { workload, measured: workload.measured.as_ref()?, advice })
            })
            .collect();
        let known: HashSet<&str> =
            rows.iter().flat_map(|row| &row.measured.containers).map(String::as_str).collect();
        let names = stats.containers().map(|(identity, _)| identity.name.as_str());
        let unmatched = names.filter(|name| !known.contains(name)).collect();
        let mut seen = HashSet::default();
        let idle = workloads().filter(|workload| {
            matches!(workload.kind, Kind::Service | Kind::Job)
                && workload.role.runs()
                && workload.measured.is_none()
        });
        let unmeasured = idle
            .filter(|workload| seen.insert(workload.anchor))
            .map(|workload| workload.name.as_str())
            .collect();
        Self { rows, unmeasured, unmatched, stats, sources }
    }

    fn place(&self, row: &Row<'_>) -> (String, u32) {
        let place = FileLocation::new(self.sources, row.workload.memory.limit.span());
        (place.path(), place.source.line_at(u32::try_from(place.start).unwrap_or(u32::MAX)).number)
    }

    /// Returns notes on the measurements, one per line.
    fn remarks(&self) -> Vec<String> {
        let mut remarks = self.stats.remarks.clone();
        for (name, why) in &self.stats.skipped {
            remarks.push(format!("left out: `{name}`: {why}"));
        }
        if !self.unmatched.is_empty() {
            remarks.push(format!("measured, but no service here: {}", named(&self.unmatched)));
        }
        if !self.unmeasured.is_empty() {
            remarks.push(format!("not measured: {}", named(&self.unmeasured)));
        }
        remarks
    }
}

fn named(names: &[&str]) -> String {
    let more =
        if names.len() > NAMED { format!(", and {} more", names.len() - NAMED) } else { String::new() };
    let shown: Vec<&str> = names.iter().take(NAMED).copied().collect();
    format!("{}{more}", shown.join(", "))
}

/// Describes how the present limit compares with the measurements.
fn verdict(row: &Row<'_>) -> String {
    let limit = row.workload.memory.limit.value().copied().unwrap_or_default();
    let (peak, advised) = (row.measured.peak, row.advice.limit);
    if let [pool, ..] = row.advice.too_large.as_slice() {
        let lower = pool.fits.map(|fits| format!("lower it to {fits}, or ")).unwrap_or_default();
        return format!(
            "its {} of {} is too large for its {limit} limit: {lower}raise the limit to {advised}",
            pool.what, pool.size
        );
    }
    match row.advice.verdict {
        Verdict::Missing => format!("no limit: {advised} fits"),
        Verdict::Unknown => format!("its limit is not known: {advised} fits"),
        Verdict::BelowPeak => format!("its limit of {limit} is below the peak of {peak}: {advised} fits"),
        Verdict::WithoutHeadroom => {
            format!(
                "its limit of {limit} leaves {} above the peak: {advised} fits",
                ByteSize(limit.0 - peak.0)
            )
        }
        Verdict::Right => format!("its limit of {limit} is right"),
        Verdict::Oversized => {
            format!("its limit of {limit} is more than twice what it needs: {advised} fits")
        }
    }
}

/// Writes one paragraph per service, with every term of the calculation.
///
/// # Errors
/// When `out` cannot be written.
pub fn human(out: &mut dyn Write, report: &Report<'_>, color: bool) -> io::Result<()> {
    let bold = |text: String| if color { format!("\u{1b}[1m{text}\u{1b}[0m") } else { text };
    for row in &report.rows {
        let (path, line) = report.place(row);
        let name = escape::line(&row.workload.name);
        writeln!(
            out,
            "{}  {path}:{line}",
            bold(format!("{name}: {}", verdict(row))),
            path = escape::line(&path)
        )?;
        writeln!(out, "  measured: {}", escape::line(&row.measured.describe()))?;
        let largest = row.advice.largest();
        let width = row.advice.terms.iter().map(|term| term.text.chars().count()).max().unwrap_or(0);
        for term in &row.advice.terms {
            let mark = if row.advice.terms.len() > 1 && Some(term) == largest { "  <- counts" } else { "" };
            writeln!(out, "    {:<width$} = {}{mark}", term.text, term.size)?;
        }
        let replicas = row.measured.containers.len();
        if replicas > 1 {
            writeln!(out, "  its {replicas} containers used at most {} together", row.measured.together)?;
        }
        for caveat in &row.advice.caveats {
            writeln!(out, "  {}", escape::line(caveat))?;
        }
        let current = match &row.workload.memory.reservation {
            Fact::Known(reservation) => format!(", now {}", reservation.value),
            Fact::Unknown { .. } => ", now not known".to_owned(),
            Fact::Absent { .. } => String::new(),
        };
        let limit = match row.advice.verdict {
            Verdict::Right => format!("{} is enough for that", row.advice.limit),
            _ => format!("a limit of {}, rounded up", row.advice.limit),
        };
        writeln!(out, "  {limit}; a reservation of {}{current}", row.advice.reservation)?;
        writeln!(out)?;
    }
    for remark in report.remarks() {
        writeln!(out, "{}", escape::line(&remark))?;
    }
    let of =
        |wanted: fn(Verdict) -> bool| report.rows.iter().filter(|row| wanted(row.advice.verdict)).count();
    let right = of(|verdict| verdict == Verdict::Right);
    let services = plural(report.rows.len(), "service");
    writeln!(out, "{services} measured, {right} with a limit that is right")?;
    if of(|verdict| !matches!(verdict, Verdict::Right | Verdict::Unknown)) > 0 {
        writeln!(out, "--diff shows what --write would put into the files")?;
    }
    Ok(())
}

/// Writes one Markdown table, for a pull request.
///
/// # Errors
/// When `out` cannot be written.
pub fn markdown(out: &mut dyn Write, report: &Report<'_>) -> io::Result<()> {
    writeln!(out, "| service | measured | limit now | limit | reservation | because |")?;
    writeln!(out, "|---|---|---|---|---|---|")?;
    for row in &report.rows {
        let now = match &row.workload.memory.limit {
            Fact::Known(limit) => limit.value.to_string(),
            Fact::Unknown { .. } => "not known".to_owned(),
            Fact::Absent { .. } => "none".to_owned(),
        };
        let limit = match row.advice.verdict {
            Verdict::Right => "right".to_owned(),
            _ => row.advice.limit.to_string(),
        };
        let because = row.advice.arithmetic();
        let cells = [
            row.workload.name.as_str(),
            &row.measured.describe(),
            &now,
            &limit,
            &row.advice.reservation.to_string(),
            &because,
        ];
        let cells: Vec<String> = cells.iter().map(|text| with_code(text)).collect();
        writeln!(out, "| {} |", cells.join(" | "))?;
    }
    let remarks = report.remarks();
    if !remarks.is_empty() {
        writeln!(out)?;
    }
    for remark in remarks {
        writeln!(out, "- {}", with_code(&remark))?;
    }
    Ok(())
}

/// Writes JSON. Sizes are in bytes, and paths are relative to `root`.
///
/// # Errors
/// When `out` cannot be written.
pub fn json(out: &mut dyn Write, report: &Report<'_>, root: &RepositoryRoot) -> io::Result<()> {
    let rows: Vec<Value> = report
        .rows
        .iter()
        .map(|row| {
            let (path, line) = report.place(row);
            let path = root.relative(std::path::Path::new(&path)).map_or(path, |path| path_text(&path));
            let terms =
                row.advice.terms.iter().map(|term| json!({ "text": term.text, "bytes": term.size.0 }));
            let bytes = |fact: &Fact<ByteSize>| fact.value().map(|size| size.0);
            let measured = row.measured;
            json!({
                "service": row.workload.name,
                "file": path,
                "line": line,
                "verdict": row.advice.verdict,
                "measured": {
                    "containers": measured.containers,
                    "samples": measured.samples,
                    "seconds": measured.seconds,
                    "base": measured.base.0,
                    "typical": measured.typical.0,
                    "peak": measured.peak.0,
                    "together": measured.together.0,
                },
                "now": {
                    "limit": bytes(&row.workload.memory.limit),
                    "reservation": bytes(&row.workload.memory.reservation),
                },
                "advised": { "limit": row.advice.limit.0, "reservation": row.advice.reservation.0 },
                "terms": terms.collect::<Vec<_>>(),
                "too_large": row.advice.too_large.iter().map(|pool| json!({
                    "what": pool.what, "bytes": pool.size.0, "fits": pool.fits.map(|fits| fits.0),
                })).collect::<Vec<_>>(),
                "caveats": row.advice.caveats,
            })
        })
        .collect();
    let skipped: Vec<Value> =
        report.stats.skipped.iter().map(|(name, why)| json!({ "container": name, "why": why })).collect();
    let document = json!({
        "version": VERSION,
        "services": rows,
        "unmeasured": report.unmeasured,
        "unmatched": report.unmatched,
        "skipped": skipped,
        "remarks": report.stats.remarks,
    });
    escape::json(out, &document)?;
    writeln!(out)
}
