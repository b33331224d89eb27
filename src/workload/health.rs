//! The effective healthcheck of a container.

use super::{Fact, ImageFacts, NoProbe, Probe, Program, Service, Start, Why};
use crate::catalog::{Catalog, RuntimeName};
use crate::model::compose::HealthcheckSection;
use crate::model::image::TargetImage;
use crate::source::{Span, Spanned, TracedText};
use crate::syntax::shell::{self, Join, base_name};
use crate::syntax::template::HOLE;

/// The healthcheck of a container, and what a healthcheck can use in it.
#[derive(Clone, Debug)]
pub struct Health {
    /// The effective healthcheck.
    pub check: Fact<Healthcheck>,
    /// The span of the whole test: the value of `test`, or the `HEALTHCHECK` instruction.
    pub test_span: Option<Span>,
    /// A program or shell feature that it needs and the image lacks.
    pub probe_lack: Option<ProbeLack>,
    /// A program that it runs and that images often lack, if nothing is known of it: its name, at the part of the test with it.
    pub probe_unknown: Option<Spanned<&'static str>>,
    /// A JVM that it starts: the runtime, and the program with its place.
    pub probe_runtime: Option<(RuntimeName, Spanned<String>)>,
    /// A healthcheck that the container can run, or the reason why none is known.
    pub probe: Result<Probe, NoProbe>,
    /// Programs for probes that the image certainly has, by the name or path that calls them.
    pub tools: Vec<String>,
    /// The TCP ports that the image exposes.
    pub exposed: Vec<u16>,
    /// True if `ports`, `expose`, a label or the image names a port of it.
    pub names_port: bool,
}

impl Health {
    /// Returns the healthcheck of a service, or of an image that no service runs, before a probe is chosen.
    pub(super) fn of(
        (service, target): (&Service, Option<&TargetImage>),
        facts: &ImageFacts,
        (tools, exposed): (Vec<String>, Vec<u16>),
        catalog: &Catalog,
    ) -> Self {
        let check = of_service(service, &facts.healthcheck);
        Self {
            test_span: match service.healthcheck.as_ref().map(|section| &section.test) {
                Some(Fact::Known(test)) => Some(test.span),
                Some(Fact::Unknown { at, .. }) => Some(*at),
                _ => target.and_then(|target| target.healthcheck.as_ref()).map(|health| health.span),
            },
            probe_lack: missing_tool(&check, &facts.missing_tools, facts.sh),
            probe_unknown: unknown_tool(&check, &tools),
            probe_runtime: runtime(&check, catalog),
            probe: Err(NoProbe::default()),
            names_port: service.ports.is_shown() || !exposed.is_empty(),
            check,
            tools,
            exposed,
        }
    }
}

/// The effective healthcheck of a container.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::large_enum_variant, reason = "a workload has one, and nearly all have a probe")]
pub enum Healthcheck {
    /// `disable: true`, `HEALTHCHECK NONE`, `test: ["NONE"]`.
    Disabled,
    /// The image defines one, and its details are not known.
    OfImage,
    /// A probe with these settings.
    Probe {
        /// The test as Docker stores it: `CMD` or `CMD-SHELL`, then the words. `None` if it is the image's and not known.
        test: Option<Vec<TracedText>>,
        /// In nanoseconds.
        interval: Fact<i64>,
        /// In nanoseconds.
        timeout: Fact<i64>,
        /// In nanoseconds.
        start_period: Fact<i64>,
        /// In nanoseconds.
        start_interval: Fact<i64>,
        /// Consecutive failures that make the container unhealthy.
        retries: Fact<i64>,
    },
}

/// A program or shell feature that a healthcheck needs and the image lacks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProbeLack {
    /// The part of the test that needs it.
    pub at: Span,
    /// The missing program or feature.
    pub what: MissingKind,
}

/// The kind of a missing program or feature.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MissingKind {
    /// A program: `curl`, `sh`.
    Program(&'static str),
    /// `/dev/tcp` redirections, which only bash implements.
    DevTcp {
        /// The shell that runs the test: `dash`, `BusyBox`.
        shell: &'static str,
        /// The host that the test connects to.
        host: String,
        /// The port.
        port: u16,
    },
}

/// Programs of healthchecks that images often lack.
const OFTEN_MISSING: [&str; 4] = ["curl", "wget", "nc", "jq"];

/// Returns the program of a test by its name, with the part of the test that has it.
fn program(test: &[TracedText]) -> Option<(&str, &TracedText)> {
    let [kind, command, ..] = test else { return None };
    let name = match kind.as_str() {
        "CMD" => base_name(command.as_str()),
        "CMD-SHELL" => command.as_str().split_whitespace().next().unwrap_or_default(),
        _ => return None,
    };
    Some((name, command))
}

/// Returns a program that images often lack and that this one is not known to have.
fn unknown_tool(healthcheck: &Fact<Healthcheck>, tools: &[String]) -> Option<Spanned<&'static str>> {
    let Healthcheck::Probe { test: Some(test), .. } = healthcheck.value()? else { return None };
    let (name, command) = program(test)?;
    let tool = OFTEN_MISSING.into_iter().find(|tool| base_name(name) == *tool)?;
    let is_known = tools.iter().any(|own| base_name(own) == tool);
    (!is_known).then(|| Spanned::new(tool, command.span()))
}

/// Returns what a healthcheck lacks to ever pass. `sh` names a `/bin/sh` that is not bash.
pub(super) fn missing_tool(
    healthcheck: &Fact<Healthcheck>,
    lacks: &[&'static str],
    sh: Option<&'static str>,
) -> Option<ProbeLack> {
    let Healthcheck::Probe { test: Some(test), .. } = healthcheck.value()? else { return None };
    let (name, command) = program(test)?;
    let kind = test.first()?;
    let tool = if kind.as_str() == "CMD-SHELL" && lacks.contains(&"sh") { "sh" } else { name };
    if let Some(program) = lacks.iter().find(|lacking| **lacking == tool) {
        return Some(ProbeLack { at: command.span(), what: MissingKind::Program(program) });
    }
    let shell = sh?;
    let words = match kind.as_str() {
        "CMD-SHELL" => {
            vec![
                TracedText::derived("sh", kind.span()),
                TracedText::derived("-c", kind.span()),
                command.clone(),
            ]
        }
        _ => test.get(1..)?.to_vec(),
    };
    let own = words.first().is_some_and(|word| base_name(word.as_str()) == "sh");
    let shell::Wrapped::Script(at) = shell::unwrap_once(&words) else { return None };
    let (host, port) = asked_by_file(words.get(at).filter(|_| own)?)?;
    Some(ProbeLack { at: command.span(), what: MissingKind::DevTcp { shell, host, port } })
}

/// Returns host and port of a `/dev/tcp/HOST/PORT` in a script that fails if it cannot be opened.
fn asked_by_file(script: &TracedText) -> Option<(String, u16)> {
    let script = shell::read(script);
    let target = |command: &shell::Command| {
        command.redirections.iter().find_map(|redirection| {
            redirection.target.literal()?.strip_prefix("/dev/tcp/").map(str::to_owned)
        })
    };
    // A shell inside it may be bash, and a branch or loop may end without it.
    let plain = |frame: usize| {
        script
            .frames
            .get(frame)
            .is_some_and(|frame| matches!(frame.kind, shell::FrameKind::Group | shell::FrameKind::Subshell))
    };
    let at = script.commands.iter().position(|command| target(command).is_some())?;
    let asking = script.commands.get(at)?;
    let before = script.commands.get(..at)?.iter().all(|command| command.end != Join::Or);
    let fails = |command: &shell::Command| {
        command.program() == Some("false")
            || command.program() == Some("exit")
                && command.arguments().first().is_some_and(|code| code.as_ref() != "0")
    };
    // After `&&` the rest is skipped, and `|| exit 1` fails too.
    let frames: Vec<_> = script.enclosing(asking).filter_map(|frame| script.frames.get(frame)).collect();
    let mut ends = std::iter::once(asking.end).chain(frames.iter().map(|frame| frame.end));
    let sound = ends.all(|end| matches!(end, Join::Nothing | Join::And | Join::Or));
    let mut later = script.commands.get(at + 1..)?.iter();
    let rest = later.all(|command| match command.joined {
        Join::And => true,
        Join::Or => fails(command),
        _ => false,
    });
    if !script.complete || !script.enclosing(asking).all(plain) || !before || !sound || !rest {
        return None;
    }
    let target = target(asking)?;
    let (host, port) = target.split_once('/')?;
    Some((host.to_owned(), port.parse().ok()?))
}

/// Returns the effective healthcheck: the service's, with the image's test if it has none.
pub(super) fn of_service(service: &Service, image: &Fact<Healthcheck>) -> Fact<Healthcheck> {
    let Some(section) = &service.healthcheck else {
        return match (image, &service.incomplete) {
            (_, Some(missing)) => Fact::Unknown { at: missing.span, why: missing.value.clone() },
            // The absence is reported at the service, where a healthcheck can be added.
            (Fact::Absent { .. }, None) => Fact::Absent { anchor: service.key },
            (other, None) => other.clone(),
        };
    };
    let known = |value| Fact::Known(Spanned::with_provenance(value, section.span, section.via.clone()));
    if let Fact::Unknown { at, why } = &section.disable {
        return Fact::Unknown { at: *at, why: why.clone() };
    }
    if section.disable.value() == Some(&true) {
        return known(Healthcheck::Disabled);
    }
    match &section.test {
        Fact::Known(test) if test.value.first().is_some_and(|word| word.as_str() == "NONE") => {
            known(Healthcheck::Disabled)
        }
        Fact::Known(test) if !test.value.is_empty() => known(probe(section, Some(test.value.clone()))),
        Fact::Unknown { at, why } => match section.partial.as_deref().and_then(|words| written(words, why)) {
            Some(test) => known(probe(section, Some(test))),
            None => Fact::Unknown { at: *at, why: why.clone() },
        },
        // Without a test of its own, the service runs the image's (moby `daemon/commit.go`, `merge`).
        _ => match image {
            Fact::Known(Spanned { value: Healthcheck::Probe { test, .. }, .. }) => {
                known(probe(section, test.clone()))
            }
            Fact::Known(Spanned { value: Healthcheck::OfImage, .. }) => known(probe(section, None)),
            other => other.clone(),
        },
    }
}

/// Returns a test that has variables without a value, with the variables as written: what else it says is known. `None` if its
/// first word is one of them.
fn written(words: &[TracedText], why: &Why) -> Option<Vec<TracedText>> {
    let Why::Variable(name) = why else { return None };
    let variable = format!("${{{name}}}");
    if words.first()?.as_str().contains(HOLE) {
        return None;
    }
    let fill = |word: &TracedText| {
        let mut out = TracedText::empty(word.span());
        let mut from = 0;
        for (at, hole) in word.as_str().match_indices(HOLE) {
            out.push_slice(word, from..at);
            from = at + hole.len();
            out.push_derived(&variable, word.span_of(at..from));
        }
        out.push_slice(word, from..word.as_str().len());
        out
    };
    Some(words.iter().map(fill).collect())
}

fn probe(section: &HealthcheckSection, test: Option<Vec<TracedText>>) -> Healthcheck {
    Healthcheck::Probe {
        test,
        interval: section.interval.clone(),
        timeout: section.timeout.clone(),
        start_period: section.start_period.clone(),
        start_interval: section.start_interval.clone(),
        retries: section.retries.clone(),
    }
}

/// Returns the programs that a healthcheck starts; none if its test is not known.
pub(super) fn programs(healthcheck: &Fact<Healthcheck>) -> Vec<Program> {
    let Some(Healthcheck::Probe { test: Some(test), .. }) = healthcheck.value() else { return Vec::new() };
    let Some((kind, words)) = test.split_first() else { return Vec::new() };
    let command = match kind.as_str() {
        "CMD-SHELL" => ["/bin/sh", "-c"].map(|word| TracedText::derived(word, kind.span())).to_vec(),
        _ => Vec::new(),
    };
    Start { entrypoint: command, command: words.to_vec(), shell: false }.programs(None)
}

/// Returns the JVM that a healthcheck starts in the container, with its program.
pub(super) fn runtime(
    healthcheck: &Fact<Healthcheck>,
    catalog: &Catalog,
) -> Option<(RuntimeName, Spanned<String>)> {
    programs(healthcheck).into_iter().find_map(|program| {
        let name = program.base_name();
        let managed = catalog.runtime(RuntimeName::Java)?;
        let starts = managed.is_program(name) || managed.starter(name).is_some();
        starts.then(|| (managed.name, Spanned::new(name.to_owned(), program.name.span())))
    })
}
