//! The plan for people: a row of numbers for each service, with the reason below it.

use std::io::{self, Write};

use unicode_width::UnicodeWidthStr;

use super::super::{escape, wrap};
use super::{Report, Row, kept, outcome, times, verdict, ways_to_fit};
use crate::capacity::Plan;
use crate::diagnostic::plural;
use crate::fix::plan::StackPlan;

/// The heads of the columns.
const HEADS: [&str; 5] = ["service", "limit", "reserved", "swap", "how sure"];

/// Writes the plans for people: the numbers of each service, with the reason below. `width` is that of the terminal, in columns; None
/// for a pipe.
///
/// # Errors
/// When `out` cannot be written to.
pub fn write(out: &mut dyn Write, report: &Report<'_>, color: bool, width: Option<usize>) -> io::Result<()> {
    let look = Look { color, width };
    for (index, stack) in report.stacks.iter().enumerate() {
        if index > 0 {
            writeln!(out)?;
        }
        match stack.plans.as_slice() {
            [plan] => one(out, report, stack, plan, look)?,
            plans => several(out, stack, plans, look)?,
        }
        for remark in report.remarks(stack) {
            look.line(out, &remark, "")?;
        }
    }
    let fits = report.stacks.iter().flat_map(|stack| &stack.plans).any(|plan| plan.missing.is_none());
    if report.written.is_some() && fits {
        writeln!(
            out,
            "--diff shows what --write would put into the files; --overlay FILE writes a new file"
        )?;
    }
    Ok(())
}

#[derive(Clone, Copy)]
struct Look {
    color: bool,
    width: Option<usize>,
}

impl Look {
    fn paint(self, text: &str, code: &str) -> String {
        if self.color && !text.is_empty() {
            format!("\u{1b}[{code}m{text}\u{1b}[0m")
        } else {
            text.to_owned()
        }
    }

    /// Writes one line of prose, wrapped to the terminal and indented.
    fn line(self, out: &mut dyn Write, text: &str, indent: &str) -> io::Result<()> {
        let width = self.width.map(|width| (width, indent.len()));
        writeln!(out, "{indent}{}", wrap::hanging(&escape::line(text), width, indent))
    }
}

/// Writes the plan for one host.
fn one(
    out: &mut dyn Write,
    report: &Report<'_>,
    stack: &StackPlan,
    plan: &Plan,
    look: Look,
) -> io::Result<()> {
    let title = look.paint(&escape::line(&Report::title(stack)), "1");
    let from = escape::line(&stack.from);
    writeln!(out, "{title}  on a host with {} ({from})\n", plan.room.host)?;
    let rows: Vec<Row<'_>> = report.rows(stack, plan).collect();
    let cells: Vec<[String; 5]> = rows.iter().map(cells).collect();
    let width = |column: usize| {
        let cells = cells.iter().filter_map(|row| row.get(column)).map(|cell| cell.width());
        cells.max().unwrap_or(0).max(HEADS.get(column).map_or(0, |head| head.width()))
    };
    let widths: Vec<usize> = (0..HEADS.len()).map(width).collect();
    writeln!(out, "{}", look.paint(&aligned(&HEADS.map(str::to_owned), &widths), "2"))?;
    for (row, cells) in rows.iter().zip(&cells) {
        writeln!(out, "{}", aligned(cells, &widths))?;
        look.line(out, &row.reason(), "    ")?;
        for setting in row.settings {
            look.line(out, setting, "    + ")?;
        }
        for (step, limit) in row.demand.steps.iter().zip(&row.grant.steps) {
            look.line(out, &format!("{}: {limit}", step.name), "    ")?;
        }
        for remaining in row.remaining.iter().filter(|_| row.refused.is_none()) {
            look.line(out, &format!("left to do: {remaining}"), "    ")?;
        }
        if let Some(why) = row.refused {
            look.line(out, &look.paint(&format!("not written: {why}"), "93"), "    ")?;
        }
    }
    writeln!(out, "\n{}: {}", plural(rows.len(), "service"), plan.room.arithmetic(plan.total))?;
    look.line(out, &format!("kept for the host: {}", kept(plan)), "")?;
    let code = if plan.missing.is_some() { "1;91" } else { "1;92" };
    look.line(out, &look.paint(&verdict(stack, plan, &rows), code), "")?;
    if let Some((head, changes)) = ways_to_fit(plan) {
        look.line(out, &format!("{head}:"), "")?;
        for change in changes {
            look.line(out, &change, "  ")?;
        }
    }
    Ok(())
}

fn cells(row: &Row<'_>) -> [String; 5] {
    row.cells().map(|cell| escape::line(&cell))
}

/// Aligns cells: numbers to the right, the first and the last to the left.
fn aligned(cells: &[String; 5], widths: &[usize]) -> String {
    let mut line = String::new();
    for (index, (cell, width)) in cells.iter().zip(widths).enumerate() {
        let blanks = " ".repeat(width.saturating_sub(cell.width()));
        let cell =
            if (1..=3).contains(&index) { format!("{blanks}{cell}  ") } else { format!("{cell}{blanks}  ") };
        line.push_str(&cell);
    }
    line.trim_end().to_owned()
}

/// Writes a table with a column for each host.
fn several(out: &mut dyn Write, stack: &StackPlan, plans: &[Plan], look: Look) -> io::Result<()> {
    let title = look.paint(&escape::line(&Report::title(stack)), "1");
    writeln!(out, "{title}\n")?;
    let mut table: Vec<Vec<String>> = vec![
        ["service".to_owned()]
            .into_iter()
            .chain(plans.iter().map(|plan| plan.room.host.to_string()))
            .collect(),
    ];
    for (index, demand) in stack.demands.iter().enumerate() {
        let limits = plans.iter().map(|plan| {
            let limit = plan.grants.get(index).map(|grant| grant.limit).unwrap_or_default();
            times(demand.replicas, limit)
        });
        table.push([escape::line(&demand.name)].into_iter().chain(limits).collect());
    }
    let row = |name: &str, of: &dyn Fn(&Plan) -> String| -> Vec<String> {
        [name.to_owned()].into_iter().chain(plans.iter().map(of)).collect()
    };
    table.push(row("sum", &|plan| plan.total.to_string()));
    table.push(row("for the host", &|plan| plan.room.reserve.to_string()));
    table.push(row("", &outcome));
    let columns = plans.len() + 1;
    let width = |column: usize| table.iter().filter_map(|row| row.get(column)).map(|cell| cell.width()).max();
    let widths: Vec<usize> = (0..columns).map(|column| width(column).unwrap_or(0)).collect();
    for (index, row) in table.iter().enumerate() {
        let mut line = String::new();
        for (column, (cell, width)) in row.iter().zip(&widths).enumerate() {
            let blanks = " ".repeat(width.saturating_sub(cell.width()));
            line.push_str(&if column == 0 { format!("{cell}{blanks}") } else { format!("  {blanks}{cell}") });
        }
        let code = if index == 0 { "2" } else { "" };
        writeln!(
            out,
            "{}",
            if code.is_empty() { line.trim_end().to_owned() } else { look.paint(line.trim_end(), code) }
        )?;
    }
    writeln!(out)?;
    for plan in plans.iter().filter(|plan| plan.missing.is_some()) {
        look.line(out, &verdict(stack, plan, &[]), "")?;
    }
    Ok(())
}
