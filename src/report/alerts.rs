//! Prometheus rules of `oomlint alerts`: alerts for the memory limits that the files set, on cAdvisor's metrics.
//!
//! Read in google/cadvisor@6a0c4f2539a8b1c11215804dee404c06fe3e0218: labels of a container have the prefix `container_label_`
//! (`lib/metrics/prometheus.go:2201`), no limit is 0 (`:2374`), the working set is use without the page cache that is not in use
//! (`lib/container/libcontainer/handler.go:891`), and a container that was restarted has a further label `restartcount`
//! (`container/docker/handler.go:260`). That begins a new series at each restart, so what has to outlive one is aggregated
//! before it is compared over time.

use std::io::{self, Write};

use super::{escape, path_text};
use crate::source::Sources;
use crate::syntax::size::ByteSize;
use crate::workload::{Fact, Kind, Project, Workload};

/// The labels by which alerts name a container.
const BY: &str =
    "instance, name, container_label_com_docker_compose_project, container_label_com_docker_compose_service";

/// The label of a service.
const SERVICE: &str = "container_label_com_docker_compose_service";

/// The explanation at the top of the file.
const HEAD: &str = "\
# Alerts for memory limits, written by `oomlint alerts`. Write them anew when a limit changes.
#
# The metrics are those of cAdvisor, with its labels for containers of Docker Compose. They need cAdvisor's default
# --store_container_labels=true, or both labels in --whitelisted_container_labels.
#
# Compared with a limit is the working set, not the usage: usage counts page cache that the kernel gives back before it kills.
# cAdvisor counts only kills at a container's own limit. If the whole host ran out of memory, the kernel log says so.
";

/// Returns whether a file may be overwritten: its first line is that of [`HEAD`].
#[must_use]
pub fn is_own(text: &str) -> bool {
    text.lines().next().is_some_and(|line| HEAD.lines().next() == Some(line))
}

/// One alert.
struct Alert {
    name: &'static str,
    /// Its meaning, as a comment.
    comment: String,
    expression: String,
    /// The minutes for which it has to hold.
    holds: Option<u32>,
    severity: &'static str,
    /// The service that it is for, if it is for one.
    service: Option<String>,
    summary: String,
    description: String,
}

/// Writes the rules of every project: one group each.
///
/// # Errors
/// When `out` cannot be written to.
pub fn write(out: &mut dyn Write, projects: &[&Project], sources: &Sources) -> io::Result<()> {
    write!(out, "{HEAD}groups:")?;
    if projects.is_empty() {
        return writeln!(out, " []");
    }
    writeln!(out)?;
    let mut names: Vec<String> = Vec::new();
    for project in projects {
        let files: Vec<String> =
            project.compose_files.iter().map(|file| path_text(sources.get(*file).path())).collect();
        let title = project.name.clone().unwrap_or_else(|| "a project of unknown name".to_owned());
        writeln!(out, "  # From {}", escape::line(&files.join(" + ")))?;
        for line in remarks(project) {
            writeln!(out, "  # {}", escape::line(&line))?;
        }
        let mut name = format!("memory of {title}");
        while names.contains(&name) {
            name.push_str(", again");
        }
        writeln!(out, "  - name: {}\n    rules:", quoted(&name))?;
        names.push(name);
        for alert in alerts(project) {
            one(out, &alert, &title)?;
        }
    }
    Ok(())
}

fn one(out: &mut dyn Write, alert: &Alert, project: &str) -> io::Result<()> {
    writeln!(out, "      # {}", escape::line(&alert.comment))?;
    writeln!(out, "      - alert: {}\n        expr: {}", alert.name, quoted(&alert.expression))?;
    if let Some(minutes) = alert.holds {
        writeln!(out, "        for: {minutes}m")?;
    }
    writeln!(out, "        labels:\n          severity: {}", alert.severity)?;
    // Alerts of one name have to differ in their labels.
    if let Some(service) = &alert.service {
        writeln!(out, "          project: {}\n          service: {}", literal(project), literal(service))?;
    }
    writeln!(out, "        annotations:\n          summary: {}", quoted(&alert.summary))?;
    writeln!(out, "          description: {}", quoted(&alert.description))
}

/// Returns what the rules do not have.
fn remarks(project: &Project) -> Vec<String> {
    let mut remarks = Vec::new();
    if project.name.is_none() {
        remarks.push(
            "a variable without a value is part of the project's name: services are matched in any project"
                .to_owned(),
        );
    }
    let open = running(project).filter(|workload| workload.known_limit().is_none());
    let (unknown, none): (Vec<&Workload>, Vec<&Workload>) =
        open.partition(|workload| workload.memory.limit.is_unknown());
    let names =
        |of: &[&Workload]| of.iter().map(|workload| workload.name.as_str()).collect::<Vec<_>>().join(", ");
    if !none.is_empty() {
        remarks.push(format!("without a limit, and so without an alert that one is near: {}", names(&none)));
    }
    if !unknown.is_empty() {
        remarks.push(format!(
            "the limit is that of the running container, as the files do not tell it: {}",
            names(&unknown)
        ));
    }
    remarks
}

fn alerts(project: &Project) -> Vec<Alert> {
    let selector = |service: Option<&str>| {
        let mut labels: Vec<String> = Vec::new();
        if let Some(name) = &project.name {
            labels.push(format!("container_label_com_docker_compose_project={}", promql(name)));
        }
        match service {
            Some(service) => labels.push(format!("{SERVICE}={}", promql(service))),
            None if project.name.is_none() => {
                let names: Vec<String> = running(project).map(|workload| pattern(&workload.name)).collect();
                labels.push(format!("{SERVICE}=~{}", promql(&names.join("|"))));
            }
            None => {}
        }
        format!("{{{}}}", labels.join(", "))
    };
    let mut alerts = Vec::new();
    for workload in running(project) {
        alerts.extend(near(workload, &selector(Some(&workload.name))));
    }
    let all = selector(None);
    alerts.push(Alert {
        name: "ContainerKilledAtLimit",
        comment: "The kernel killed a process of a container at its memory limit.".to_owned(),
        expression: format!("increase(max by ({BY}) (container_oom_events_total{all})[10m:30s]) > 0"),
        holds: None,
        severity: "critical",
        service: None,
        summary: "{{ $labels.name }} was killed at its memory limit".to_owned(),
        description: "The kernel killed a process in {{ $labels.name }} within the last 10 minutes, since the container \
                      was at its memory limit. `docker inspect` and the kernel log say more: `oomlint why` reads both."
            .to_owned(),
    });
    alerts.push(Alert {
        name: "ContainerRestarting",
        comment: "A container starts again and again, for whatever reason. A new container, as after `up`, does not count."
            .to_owned(),
        expression: format!("changes(max by ({BY}) (container_start_time_seconds{all})[15m:30s]) > 2"),
        holds: None,
        severity: "warning",
        service: None,
        summary: "{{ $labels.name }} keeps restarting".to_owned(),
        description: "{{ $labels.name }} has started {{ $value }} times within 15 minutes.".to_owned(),
    });
    alerts.push(Alert {
        name: "HostOvercommittedByLimits",
        comment: "All limits together are more than the host has: if all containers use theirs, the kernel kills some process."
            .to_owned(),
        expression: format!(
            "sum by (instance) (container_spec_memory_limit_bytes{all}) > on (instance) machine_memory_bytes"
        ),
        holds: Some(15),
        severity: "warning",
        service: None,
        summary: "the memory limits on {{ $labels.instance }} exceed its memory".to_owned(),
        description: "The limits of the containers add up to {{ $value | humanize1024 }}B, more than the machine has."
            .to_owned(),
    });
    alerts
}

/// Returns the alerts of one service with a limit: near it, about to be killed, and another limit than in the files.
fn near(workload: &Workload, selector: &str) -> Vec<Alert> {
    let name = &workload.name;
    let limit = match &workload.memory.limit {
        Fact::Known(limit) if limit.value.0 > 0 => Some(limit.value),
        Fact::Unknown { .. } => None,
        _ => return Vec::new(),
    };
    let above = |share: &str| match limit {
        Some(limit) => format!("container_memory_working_set_bytes{selector} > {share} * {}", limit.0),
        // Without a limit the metric is 0, and the share would be infinite.
        None => format!(
            "container_memory_working_set_bytes{selector} > {share} * (container_spec_memory_limit_bytes{selector} > 0)"
        ),
    };
    let shown =
        limit.map_or_else(|| "its memory limit".to_owned(), |limit| format!("its memory limit of {limit}"));
    let alert = |kind, percent: u32, minutes: u32, severity, (comment, summary): (&str, &str)| Alert {
        name: kind,
        comment: format!("{name}: above {percent} % of {shown}{comment}"),
        expression: above(&format!("{:.2}", f64::from(percent) / 100.0)),
        holds: Some(minutes),
        severity,
        service: Some(name.clone()),
        summary: format!("{{{{ $labels.name }}}} {summary} {shown}"),
        description: format!(
            "{{{{ $labels.name }}}} has had a working set above {percent} % of its limit for {minutes} minutes, now \
             {{{{ $value | humanize1024 }}}}B."
        ),
    };
    let near = (" for a quarter of an hour", "is near");
    let last = (": the next allocations may have it killed", "is about to be killed at");
    let mut alerts = vec![
        alert("ContainerNearMemoryLimit", 85, 15, "warning", near),
        alert("ContainerAboutToBeKilled", 95, 2, "critical", last),
    ];
    alerts.extend(limit.map(|limit| other_limit(name, limit, selector)));
    alerts
}

fn other_limit(name: &str, limit: ByteSize, selector: &str) -> Alert {
    Alert {
        name: "ContainerLimitNotApplied",
        comment: format!("{name}: runs with another limit than the files say, or with none (0)"),
        // The kernel rounds a limit to whole pages.
        expression: format!("abs(container_spec_memory_limit_bytes{selector} - {}) >= 4096", limit.0),
        holds: Some(5),
        severity: "warning",
        service: Some(name.to_owned()),
        summary: format!("{{{{ $labels.name }}}} does not run with the limit of {limit} that its files say"),
        description: "The limit of the running container differs by {{ $value | humanize1024 }}B from that in its files. \
                      `docker compose up -d` applies that."
            .to_owned(),
    }
}

/// Returns the services and jobs that run.
fn running(project: &Project) -> impl Iterator<Item = &Workload> {
    project
        .workloads
        .iter()
        .filter(|workload| workload.role.runs() && matches!(workload.kind, Kind::Service | Kind::Job))
}

/// Quotes a text as a string of Prometheus's query language.
fn promql(text: &str) -> String {
    let escaped: String = text
        .chars()
        .flat_map(|c| match c {
            '"' | '\\' => vec!['\\', c],
            '\n' => vec!['\\', 'n'],
            c if c.is_control() => vec!['?'],
            c => vec![c],
        })
        .collect();
    format!("\"{escaped}\"")
}

/// Returns a regular expression that matches a text alone.
fn pattern(text: &str) -> String {
    text.chars()
        .flat_map(|c| if c.is_alphanumeric() || c == '_' || c == '-' { vec![c] } else { vec!['\\', c] })
        .collect()
}

/// Quotes a text for YAML and for Prometheus, which expands `{{` also in labels.
fn literal(text: &str) -> String {
    quoted(&text.replace("{{", "{{ \"{{\" }}"))
}

/// Quotes a text for YAML: JSON's strings are YAML's.
fn quoted(text: &str) -> String {
    serde_json::Value::from(escape::line(text)).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hostile_names_stay_texts() {
        assert_eq!(promql("a\"} or vector(1) #\\"), r#""a\"} or vector(1) #\\""#);
        assert_eq!(pattern("a.b-c"), "a\\.b-c");
        assert_eq!(quoted("a\": b"), r#""a\": b""#);
        assert_eq!(literal("{{ x"), r#""{{ \"{{\" }} x""#);
    }
}
