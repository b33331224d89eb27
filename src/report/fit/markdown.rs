//! The plan as tables for a pull request.

use std::io::{self, Write};

use super::super::markdown::with_code;
use super::{Report, Row, kept, outcome, times, verdict, ways_to_fit};

/// Writes the plans as tables for a pull request.
///
/// # Errors
/// When `out` cannot be written to.
pub fn write(out: &mut dyn Write, report: &Report<'_>) -> io::Result<()> {
    for (index, stack) in report.stacks.iter().enumerate() {
        if index > 0 {
            writeln!(out)?;
        }
        writeln!(out, "### {}\n", with_code(&Report::title(stack)))?;
        let row = |out: &mut dyn Write, cells: &[String]| {
            let cells: Vec<String> = cells.iter().map(|text| with_code(text)).collect();
            writeln!(out, "| {} |", cells.join(" | "))
        };
        if let [plan] = stack.plans.as_slice() {
            writeln!(out, "| service | limit | reservation | swap | how sure | because |")?;
            writeln!(out, "|---|---|---|---|---|---|")?;
            let rows: Vec<Row<'_>> = report.rows(stack, plan).collect();
            for of in &rows {
                row(out, &cells(of))?;
            }
            writeln!(out, "\n{}.", with_code(&plan.room.arithmetic(plan.total)))?;
            writeln!(out, "Kept for the host: {}.\n", with_code(&kept(plan)))?;
            writeln!(out, "**{}**", with_code(&verdict(stack, plan, &rows)))?;
            if let Some((head, changes)) = ways_to_fit(plan) {
                writeln!(out, "\n{}:\n", with_code(&head))?;
                for change in changes {
                    writeln!(out, "- {}", with_code(&change))?;
                }
            }
        } else {
            let hosts: Vec<String> = stack.plans.iter().map(|plan| plan.room.host.to_string()).collect();
            writeln!(out, "| service | {} |", hosts.join(" | "))?;
            writeln!(out, "|---|{}", "---|".repeat(hosts.len()))?;
            for (index, demand) in stack.demands.iter().enumerate() {
                let limits = stack.plans.iter().map(|plan| {
                    let limit = plan.grants.get(index).map(|grant| grant.limit).unwrap_or_default();
                    times(demand.replicas, limit)
                });
                let cells: Vec<String> = [demand.name.clone()].into_iter().chain(limits).collect();
                row(out, &cells)?;
            }
            let cells: Vec<String> =
                [String::new()].into_iter().chain(stack.plans.iter().map(outcome)).collect();
            row(out, &cells)?;
        }
        let remarks = report.remarks(stack);
        if !remarks.is_empty() {
            writeln!(out)?;
        }
        for remark in remarks {
            writeln!(out, "- {}", with_code(&remark))?;
        }
    }
    Ok(())
}

fn cells(row: &Row<'_>) -> [String; 6] {
    let mut why = row.reason();
    for setting in row.settings {
        why = format!("{why}; {setting}");
    }
    for remaining in row.remaining {
        why = format!("{why}; left to do: {remaining}");
    }
    if let Some(refused) = row.refused {
        why = format!("{why}; not written: {refused}");
    }
    let [name, limit, reservation, swap, sureness] = row.cells();
    [name, limit, reservation, swap, sureness, why]
}
