//! Number of findings per rule: `--statistics`.

use crate::order;
use std::collections::BTreeMap;
use std::io::{self, Write};

use super::{Report, human, severity_name};

/// Writes one line per rule, by severity and then by count, and the summary line of the human report.
pub(super) fn write(out: &mut dyn Write, report: &Report<'_>) -> io::Result<()> {
    let mut counts: BTreeMap<_, usize> = BTreeMap::new();
    for finding in report.findings {
        *counts.entry((finding.severity, finding.rule)).or_default() += 1;
    }
    let mut rows: Vec<_> = counts.into_iter().collect();
    order::by_key(&mut rows, |((severity, rule), count)| (std::cmp::Reverse((*severity, *count)), *rule));
    let digits = rows.iter().map(|(_, count)| count.to_string().len()).max().unwrap_or_default();
    for ((severity, rule), count) in &rows {
        writeln!(out, "{:7}  {count:digits$}  {rule}", severity_name(*severity))?;
    }
    if !rows.is_empty() {
        writeln!(out)?;
    }
    writeln!(out, "{}", human::summary_line(report.summary, true))
}
