//! Reads tables with a header: CSV, and the output of `kubectl top` (kubectl `pkg/metricsutil/metrics_printer.go`).

use super::{HOW, Identity, Problem, Sample, Stats, time_of};
use crate::syntax::size::ByteSize;

/// Names of the columns, in lower case.
const NAME: [&str; 4] = ["name", "container", "names", "container_name"];
const MEMORY: [&str; 6] = ["memory(bytes)", "memory", "mem", "memory_bytes", "working_set", "used"];
const SERVICE: [&str; 1] = ["service"];
const PROJECT: [&str; 1] = ["project"];
const POD: [&str; 1] = ["pod"];
const TIME: [&str; 3] = ["time", "timestamp", "ts"];

/// Adds every row.
pub(super) fn read(stats: &mut Stats, text: &str) -> Result<(), Problem> {
    let first = text.lines().find(|line| !line.trim().is_empty()).unwrap_or_default();
    let upper = first.to_uppercase();
    if upper.contains("MEM USAGE") {
        return Err(Problem::new("this is the table of `docker stats`, not its JSON")
            .help("docker stats --no-stream --format json"));
    }
    if upper.contains("CPU%") || upper.contains("CPU(%)") {
        return Err(Problem::new("this is `kubectl top node`; nodes are not containers")
            .help("kubectl top pod --containers"));
    }
    let rows: Vec<(usize, Vec<String>)> =
        if first.contains([',', ';', '\t']) { csv(text, first)? } else { words(text) };
    let mut rows = rows.into_iter();
    let Some((_, header)) = rows.next() else { return Err(unknown()) };
    let header: Vec<String> = header.iter().map(|name| name.trim().to_lowercase()).collect();
    let column = |names: &[&str]| names.iter().find_map(|name| header.iter().position(|own| own == name));
    let (name, service, pod) = (column(&NAME), column(&SERVICE), column(&POD));
    let Some(memory) = column(&MEMORY) else { return Err(unknown()) };
    if name.or(service).or(pod).is_none() {
        return Err(unknown());
    }
    let (project, time) = (column(&PROJECT), column(&TIME));
    for (line, row) in rows {
        // Each round that was appended to a file brings its header.
        if row.iter().map(|cell| cell.trim().to_lowercase()).eq(header.iter().cloned()) {
            continue;
        }
        let cell =
            |column: Option<usize>| row.get(column?).map(|cell| cell.trim()).filter(|cell| !cell.is_empty());
        let container = cell(name).or(cell(service)).or(cell(pod));
        let (Some(container), Some(written)) = (container, cell(Some(memory))) else {
            return Err(
                Problem::new(format!("the row has {} of {} columns", row.len(), header.len())).at(line)
            );
        };
        let Some(used) = ByteSize::parse_measured(written) else {
            let problem = Problem::new(format!("`{written}` is not a memory use, of `{container}`")).at(line);
            return Err(problem.help("a number of bytes, or with a unit: 12.5MiB, 23Mi, 24MB"));
        };
        let at = match cell(time) {
            Some(text) => Some(time_of(text).ok_or_else(|| {
                Problem::new(format!("`{text}` is not a time"))
                    .at(line)
                    .help("seconds since 1970, or as in 2026-12-31T23:59:00Z")
            })?),
            None => None,
        };
        let identity = match cell(pod) {
            Some(pod) if name.is_some() => Identity {
                name: format!("{pod}/{container}"),
                project: None,
                service: Some(cell(service).unwrap_or(container).to_owned()),
            },
            _ => Identity {
                name: container.to_owned(),
                project: cell(project).map(str::to_owned),
                service: cell(service).map(str::to_owned),
            },
        };
        if used.0 == 0 {
            stats.skip(container, "it was not running");
        } else {
            stats.add(identity, Sample { at, used })?;
        }
    }
    Ok(())
}

fn unknown() -> Problem {
    Problem::new("it is neither JSON nor a table with the columns name and memory").help(HOW)
}

/// Returns the rows of cells, each with its line number.
fn csv(text: &str, first: &str) -> Result<Vec<(usize, Vec<String>)>, Problem> {
    let delimiter = [b',', b';', b'\t'].into_iter().find(|b| first.as_bytes().contains(b)).unwrap_or(b',');
    let mut reader = csv::ReaderBuilder::new()
        .delimiter(delimiter)
        .has_headers(false)
        .flexible(true)
        .from_reader(text.as_bytes());
    let mut rows = Vec::new();
    for record in reader.records() {
        let record = record.map_err(|error| {
            let line = error.position().map_or(1, |position| position.line() as usize);
            Problem::new("it is not CSV").at(line)
        })?;
        let line = record.position().map_or(1, |position| position.line() as usize);
        rows.push((line, record.iter().map(str::to_owned).collect()));
    }
    Ok(rows)
}

fn words(text: &str) -> Vec<(usize, Vec<String>)> {
    let lines = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
    lines.map(|(index, line)| (index + 1, line.split_whitespace().map(str::to_owned).collect())).collect()
}
