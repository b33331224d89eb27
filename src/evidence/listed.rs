//! Reads lists of containers: `docker ps`, `docker compose ps`, as tables and as JSON.

use serde_json::Value;

use super::cgroup::ContainerId;
use super::name::Name;
use crate::source::Span;

/// A container in a list.
#[derive(Clone, Debug, PartialEq)]
pub struct Listed {
    /// The container.
    pub name: Name,
    /// The exit code of the last end, if the list has it.
    pub exit_code: Option<i64>,
    /// True if it runs.
    pub running: bool,
    /// True if it is between two starts.
    pub restarting: bool,
    /// True if its healthcheck fails.
    pub unhealthy: bool,
    /// The line.
    pub span: Span,
}

/// Words that begin the status of a container.
const STATES: [&str; 7] = ["Up", "Exited", "Restarting", "Created", "Dead", "Paused", "Removal"];

/// Reads a row in JSON: of Compose one object a container, since 2.21 one a line; of `docker ps` one a line.
pub(super) fn of_json(value: &Value, span: Span) -> Option<Listed> {
    let text = |name: &str| value.get(name)?.as_str().filter(|text| !text.is_empty());
    let of_compose = text("Service").is_some() && value.get("ExitCode").is_some();
    let status = text("Status").filter(|status| STATES.iter().any(|state| status.starts_with(state)));
    let of_docker = status.is_some() && text("Names").is_some();
    if !of_compose && !of_docker {
        return None;
    }
    let label = |name: &str| {
        let labels = text("Labels")?;
        let pair = labels.split(',').find_map(|pair| pair.strip_prefix(name)?.strip_prefix('='))?;
        Some(pair.to_owned())
    };
    let own = |name: &str| text(name).map(str::to_owned);
    let state = text("State").unwrap_or_default();
    let by_status = status.and_then(exit_code);
    let running = state == "running" || status.is_some_and(|status| status.starts_with("Up"));
    Some(Listed {
        name: Name {
            id: text("ID").and_then(ContainerId::parse),
            name: own("Name").or_else(|| own("Names")),
            image: own("Image"),
            project: own("Project").or_else(|| label("com.docker.compose.project")),
            service: own("Service").or_else(|| label("com.docker.compose.service")),
            ..Name::default()
        }
        .tidy(),
        exit_code: value.get("ExitCode").and_then(Value::as_i64).filter(|_| !running).or(by_status),
        running,
        restarting: state == "restarting" || status.is_some_and(|status| status.starts_with("Restarting")),
        unhealthy: text("Health") == Some("unhealthy")
            || status.is_some_and(|status| status.contains("(unhealthy)")),
        span,
    })
}

/// Reads what `docker compose up` prints of an end: `worker-1 exited with code 137 (restarting)`.
pub(super) fn of_exit(text: &str, span: Span) -> Option<Listed> {
    let (before, code) = text.split_once(" exited with code ")?;
    Some(Listed {
        name: Name::of_output(before.trim())?,
        exit_code: code.split(' ').next()?.trim().parse().ok(),
        running: false,
        restarting: code.contains("(restarting)"),
        unhealthy: false,
        span,
    })
}

/// Reads tables line by line: the header names the columns.
#[derive(Debug, Default)]
pub(super) struct Tables {
    header: Option<Header>,
}

#[derive(Clone, Copy, Debug)]
enum Header {
    /// `docker ps`: the ID is first; the places of the image and of the name, which is last behind columns that may be empty.
    Docker { image: Option<usize>, names: Option<usize>, named_last: bool },
    /// `docker compose ps`, and `docker ps` with a format: the name is first; the places of the image and of the service.
    Compose { image: Option<usize>, service: Option<usize> },
}

impl Tables {
    /// Reads a line. `None` for the header, and for what is no row.
    pub(super) fn line(&mut self, line: &str, span: Span) -> Option<Listed> {
        if self.header.is_none() && !line.contains("STATUS") && !line.contains("NAMES") {
            return None;
        }
        let cells: Vec<&str> = line.split("  ").flat_map(|cell| cell.split('\t')).collect();
        let cells: Vec<&str> = cells.into_iter().map(str::trim).filter(|cell| !cell.is_empty()).collect();
        let (first, last) = (*cells.first()?, *cells.last()?);
        let place = |name: &str| cells.iter().position(|cell| *cell == name);
        let has = |name: &str| place(name).is_some();
        if first == "CONTAINER ID" && (has("STATUS") || last == "NAMES") {
            self.header = Some(Header::Docker {
                image: place("IMAGE"),
                names: place("NAMES"),
                named_last: last == "NAMES",
            });
            return None;
        }
        if matches!(first, "NAME" | "NAMES") && has("STATUS") {
            self.header = Some(Header::Compose { image: place("IMAGE"), service: place("SERVICE") });
            return None;
        }
        let status = cells.iter().find(|cell| is_status(cell))?;
        let cell = |at: Option<usize>| Some((*cells.get(at?)?).to_owned());
        let name = match self.header? {
            Header::Docker { image, names, named_last } => Name {
                id: Some(ContainerId::parse(first)?),
                name: if named_last { Some(last.to_owned()) } else { cell(names) }
                    .filter(|name| name != *status && !name.contains("->")),
                image: cell(image),
                ..Name::default()
            },
            Header::Compose { image, service } => Name {
                name: Some(first.to_owned()),
                image: cell(image),
                service: cell(service),
                ..Name::default()
            },
        };
        Some(Listed {
            name: name.tidy(),
            exit_code: exit_code(status),
            running: status.starts_with("Up"),
            restarting: status.starts_with("Restarting"),
            unhealthy: status.contains("(unhealthy)"),
            span,
        })
    }
}

fn is_status(cell: &str) -> bool {
    let word = cell.split([' ', '(']).next().unwrap_or_default();
    STATES.contains(&word)
}

/// Parses `Exited (137) 2 minutes ago` and `Restarting (1) 4 seconds ago`.
fn exit_code(status: &str) -> Option<i64> {
    let code = status.strip_prefix("Exited (").or_else(|| status.strip_prefix("Restarting ("))?;
    code.split_once(')')?.0.parse().ok()
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::source::Sources;

    #[test]
    fn lists_in_every_form_have_names_and_exit_codes() {
        let sources = Sources::new();
        let span = sources.get(sources.add(Path::new("a"), "a")).span();
        let mut tables = Tables::default();
        let row = "be36ad9f055d  a:1  \"a\"  2 weeks ago  Exited (137) 5 days ago  a-1";
        assert_eq!(tables.line(row, span), None);
        assert_eq!(
            tables.line("CONTAINER ID   IMAGE   COMMAND   CREATED   STATUS   PORTS   NAMES", span),
            None
        );
        let row = tables.line(row, span).unwrap();
        assert_eq!((row.name.name.as_deref(), row.exit_code, row.running), (Some("a-1"), Some(137), false));
        assert_eq!(tables.line("NAME   IMAGE   COMMAND   SERVICE   CREATED   STATUS   PORTS", span), None);
        let row =
            tables.line("shop-web-1  a:1  \"a\"  web  2 weeks ago  Up 5 days (unhealthy)", span).unwrap();
        assert_eq!((row.name.service.as_deref(), row.running, row.unhealthy), (Some("web"), true, true));
        let row = of_exit("worker-1 exited with code 137 (restarting)", span).unwrap();
        assert_eq!(
            (row.name.output.as_deref(), row.exit_code, row.restarting),
            (Some("worker-1"), Some(137), true)
        );
        // Only a header with the columns of containers begins another table.
        assert_eq!(tables.line("REPOSITORY   STATUS", span), None);
        let row = tables.line("shop-db-1  a:1  \"a\"  db  2 weeks ago  Up 5 days", span).unwrap();
        assert_eq!((row.name.service.as_deref(), row.running), (Some("db"), true));
        assert_eq!(tables.line("NAMES      STATUS", span), None);
        let row = tables.line("shop-a-1   Exited (137) 5 days ago", span).unwrap();
        assert_eq!(
            (row.name.name.as_deref(), row.name.image, row.exit_code),
            (Some("shop-a-1"), None, Some(137))
        );
        let mut others = Tables::default();
        assert_eq!(others.line("REPOSITORY   STATUS", span), None);
        assert_eq!(others.line("NAME   READY", span), None);
        assert_eq!(others.line("shop-db-1  Up 5 days", span), None);
        assert_eq!(of_exit("the process worker exited with code 137", span), None);
    }

    #[test]
    fn a_row_in_json_tells_how_the_container_is() {
        let sources = Sources::new();
        let span = sources.get(sources.add(Path::new("a"), "a")).span();
        for (state, code, running, restarting) in [
            ("\"State\":\"exited\",\"ExitCode\":137", Some(137), false, false),
            // The code of a container that runs is of no end.
            ("\"State\":\"running\",\"ExitCode\":0", None, true, false),
            ("\"State\":\"restarting\",\"ExitCode\":1", Some(1), false, true),
            ("\"Status\":\"Up 5 days\",\"ExitCode\":0", None, true, false),
            ("\"Status\":\"Restarting (1) 4 seconds ago\",\"ExitCode\":1", Some(1), false, true),
        ] {
            let value = format!("{{\"Service\":\"web\",\"Name\":\"shop-web-1\",{state}}}");
            let row = of_json(&serde_json::from_str(&value).unwrap(), span).unwrap();
            assert_eq!((row.exit_code, row.running, row.restarting), (code, running, restarting), "{state}");
        }
    }
}
