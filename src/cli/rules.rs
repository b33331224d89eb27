//! `oomlint rules`: lists the rules.

use std::io::{self, Write};
use std::process::ExitCode;

use clap::Args;
use serde::Serialize;

use super::Outcome;
use super::format::{FactFormat, FactReport};
use super::output::Console;
use crate::diagnostic::Severity;
use crate::rules::{Group, Meta, Preset, RULES};

#[derive(Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    report: FactReport,
}

/// `{"version": 1, "rules": [{"name", "severity", "preset", "group", "summary"}]}`
#[derive(Serialize)]
struct List {
    version: u32,
    rules: Vec<Entry>,
}

#[derive(Serialize)]
struct Entry {
    name: &'static str,
    severity: Severity,
    preset: Preset,
    group: Group,
    summary: &'static str,
}

pub(super) fn run(arguments: &Arguments, console: &Console) -> Outcome {
    let metas: Vec<&'static Meta> = RULES.iter().map(|rule| rule.meta()).collect();
    console.write(|out| match arguments.report.format {
        FactFormat::Human => table(out, &metas, console.color),
        FactFormat::Json => json(out, &metas),
    })?;
    Ok(ExitCode::SUCCESS)
}

fn json(out: &mut dyn Write, metas: &[&'static Meta]) -> io::Result<()> {
    let entry = |meta: &&'static Meta| Entry {
        name: meta.name,
        severity: meta.severity,
        preset: meta.preset,
        group: meta.group,
        summary: meta.summary,
    };
    let list = List { version: 1, rules: metas.iter().map(entry).collect() };
    serde_json::to_writer(&mut *out, &list)?;
    writeln!(out)
}

/// Writes the rules by group. Groups are in the order of their first rule, which is that of the index.
fn table(out: &mut dyn Write, metas: &[&'static Meta], color: bool) -> io::Result<()> {
    let width = metas.iter().map(|meta| meta.name.len()).max().unwrap_or(0);
    let mut groups: Vec<Group> = Vec::new();
    for meta in metas {
        if !groups.contains(&meta.group) {
            groups.push(meta.group);
        }
    }
    for (index, group) in groups.iter().enumerate() {
        if index > 0 {
            writeln!(out)?;
        }
        let (bold, plain) = if color { ("\x1b[1m", "\x1b[0m") } else { ("", "") };
        writeln!(out, "{bold}{}{plain}", group.name())?;
        for meta in metas.iter().filter(|meta| meta.group == *group) {
            let severity = match meta.severity {
                Severity::Error => "error",
                Severity::Warning => "warning",
                Severity::Note => "note",
            };
            let preset = meta.preset.name();
            writeln!(out, "  {:width$}  {severity:7}  {preset:11}  {}", meta.name, meta.summary)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn meta(name: &'static str, severity: Severity, group: Group) -> Meta {
        Meta { name, summary: "what it finds", severity, group, preset: Preset::Recommended, page: "" }
    }

    #[test]
    fn the_table_is_aligned_and_grouped() {
        static A: Meta = meta("a-long-name", Severity::Warning, Group::Limits);
        static B: Meta = meta("b", Severity::Error, Group::Heap);
        static C: Meta = meta("c", Severity::Note, Group::Limits);
        let mut out = Vec::new();
        table(&mut out, &[&A, &B, &C], false).unwrap();
        let expected = "limits\n  a-long-name  warning  recommended  what it finds\n  c            note     recommended  what it finds\n\nheap\n  b            error    recommended  what it finds\n";
        assert_eq!(String::from_utf8(out).unwrap(), expected);
    }
}
