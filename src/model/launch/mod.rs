//! Containers that command lines start: `docker run` and its like become services, each flag the setting that Compose has for it.
//!
//! Settings that a variable of the shell may change are unknown; so are all settings of a command that cannot be read to its end.

mod devcontainer;
mod mistakes;
mod names;
mod settings;
mod values;

pub use devcontainer::{DevcontainerProject, devcontainer_project};
pub use mistakes::{FlagMistake, FlagMistakeKind};
pub use names::SettingName;

use std::path::Path;

use self::settings::Lowering;
use super::compose::{Described, Description, Service, ServiceBuilder, Setting};
use super::fact::Why;
use super::project::Project;
use crate::source::{Language, SourceId, Sources, Span, Spanned, TracedText};
use crate::syntax::command_line::{Command, Mistake, Notation, Program, Verb, find};

/// The command line that starts a container.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Launch {
    /// The client and its subcommand, as in messages: `docker run`.
    pub command: String,
    /// Podman starts it, which has no smallest memory limit.
    pub podman: bool,
    /// It creates a Swarm service, whose flags have other names.
    pub swarm: bool,
    /// How long the container is meant to run.
    pub stay: Stay,
    /// Its flags as written, with their values.
    pub flags: Vec<Spanned<String>>,
    /// Flags that have another effect than they seem to.
    pub mistakes: Vec<FlagMistake>,
}

/// How long a container is meant to run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stay {
    /// As a service: in the background, restarted, or by systemd.
    Lasting,
    /// In the foreground, or removed when it ends.
    Passing,
    /// Once, by hand: `docker run --rm -it`.
    Brief,
}

/// Returns the projects of a file with command lines, one for each: they may be alternatives, or meant for several machines.
#[must_use]
pub fn projects(file: SourceId, notation: Notation, sources: &Sources) -> Vec<Project> {
    let source = sources.get(file);
    let directory = source.path().parent().unwrap_or(Path::new("")).to_path_buf();
    source.set_language(Language::Commands);
    let text = TracedText::verbatim(source.text(), Span::new(file, 0, source.text().len()));
    let commands = find(&text, notation);
    let services = commands.iter().filter_map(|command| service(command, notation, (&directory, sources)));
    services.map(|service| Project::described(vec![service], directory.clone())).collect()
}

/// Returns the service of a command. None for a part of one, which starts nothing: without an image, or a call for help.
fn service(command: &Command, notation: Notation, files: (&Path, &Sources)) -> Option<Service> {
    let is_part = |kind: &Mistake| matches!(kind, Mistake::NoImage | Mistake::NoValue(_));
    if command.may_be_set("help") || command.refusals.iter().any(|refusal| is_part(&refusal.kind)) {
        return None;
    }
    let name = name(command);
    let launch = Launch {
        command: shown(command.program, command.verb).to_owned(),
        podman: command.program == Program::Podman,
        swarm: command.verb == Verb::ServiceCreate,
        stay: stay(command, notation),
        flags: written(command, files.1),
        mistakes: mistakes::of(command),
    };
    let container = command.flag("name").and_then(|flag| flag.literal()).map(str::to_owned);
    let described =
        Described { by: Description::CommandLine, container, compose: None, launch: Some(Box::new(launch)) };
    let mut builder = ServiceBuilder::new(name, command.head, described);
    match unread(command) {
        Some((at, why)) => all_unknown(&mut builder, at, &why),
        None => Lowering { command, builder: &mut builder, files }.lower(),
    }
    let mut service = builder.build();
    if command.one_dash.is_none() {
        settings::refuse(&mut service, command);
        mistakes::unknown_flags(&mut service, command);
    }
    Some(service)
}

/// Returns the place and the reason from which on nothing is known of a command: it may be another one, or the client rejects it.
fn unread(command: &Command) -> Option<(Span, Why)> {
    if let Some(at) = command.uncertain {
        return Some((at, Why::Other("what a variable adds to the command is not known")));
    }
    if let Some(one_dash) = &command.one_dash {
        return Some((one_dash.word.span(), Why::Other("the client takes a name for letters")));
    }
    if let (Some(_), Some(image)) = (mistakes::value_is_image(command), &command.image) {
        return Some((image.text.span(), Why::Other("a value is taken for the image")));
    }
    let is_whole = |kind: &Mistake| matches!(kind, Mistake::UnknownFlag(_) | Mistake::Image);
    let refusal = command.refusals.iter().find(|refusal| is_whole(&refusal.kind))?;
    Some((refusal.span, Why::Other("the client rejects the command")))
}

/// Returns the flags of a command as they are written in their file, each with a word of its own and in one line.
fn written(command: &Command, sources: &Sources) -> Vec<Spanned<String>> {
    let flags = command.flags.iter().map(|flag| {
        let span = flag.span();
        Spanned::new(sources.get(span.file).slice(span).to_owned(), span)
    });
    flags.filter(|flag| flag.value.starts_with('-') && !flag.value.contains('\n')).collect()
}

/// Returns the name of the container: its own, else that of its image.
fn name(command: &Command) -> String {
    if let Some(name) = command.flag("name").and_then(|flag| flag.literal()).filter(|name| !name.is_empty()) {
        return name.to_owned();
    }
    let is_refused = command.refusals.iter().any(|refusal| refusal.kind == Mistake::Image)
        || mistakes::value_is_image(command).is_some()
        || command.one_dash.is_some();
    let Some(image) = command.image.as_ref().filter(|_| !is_refused) else { return "container".to_owned() };
    let text = image.text.as_str();
    if image.expands {
        return text.to_owned();
    }
    let (rest, _) = text.split_once('@').unwrap_or((text, ""));
    let last = rest.rsplit('/').next().unwrap_or(rest);
    last.split(':').next().unwrap_or(last).to_owned()
}

fn shown(program: Program, verb: Verb) -> &'static str {
    match (program, verb) {
        (Program::Docker, Verb::Run) => "docker run",
        (Program::Docker, Verb::Create) => "docker create",
        (_, Verb::ServiceCreate) => "docker service create",
        (Program::Podman, Verb::Run) => "podman run",
        (Program::Podman, Verb::Create) => "podman create",
        (Program::Nerdctl, Verb::Run) => "nerdctl run",
        (Program::Nerdctl, Verb::Create) => "nerdctl create",
    }
}

fn stay(command: &Command, notation: Notation) -> Stay {
    let restarts =
        command.flag("restart").is_some_and(|flag| flag.literal().is_none_or(|policy| policy != "no"));
    if notation == Notation::Unit || command.verb == Verb::ServiceCreate || restarts {
        return Stay::Lasting;
    }
    // A flag as `--rm=$X` may be set: then less is expected of the container.
    let by_hand = command.may_be_set("tty") || command.may_be_set("interactive");
    let is_removed = command.may_be_set("rm");
    match command.verb {
        Verb::Create if is_removed || by_hand => Stay::Passing,
        Verb::Create | Verb::ServiceCreate => Stay::Lasting,
        Verb::Run => match command.is_set("detach") {
            true if is_removed => Stay::Passing,
            true => Stay::Lasting,
            false if is_removed || by_hand => Stay::Brief,
            false => Stay::Passing,
        },
    }
}

/// Sets everything that a flag may set to unknown.
fn all_unknown(builder: &mut ServiceBuilder, at: Span, why: &Why) {
    const KEYS: [&str; 24] = [
        "image",
        "mem_limit",
        "memswap_limit",
        "mem_reservation",
        "mem_swappiness",
        "shm_size",
        "oom_kill_disable",
        "pids_limit",
        "cpus",
        "cpu_quota",
        "cpu_period",
        "restart",
        "init",
        "stop_grace_period",
        "healthcheck",
        "entrypoint",
        "command",
        "ipc",
        "logging",
        "scale",
        "container_name",
        "ports",
        "volumes",
        "ulimits",
    ];
    for key in KEYS {
        builder.set(&[key], at, Setting::unknown(why.clone(), at));
    }
    builder.open_environment(at, why.clone());
}

#[cfg(test)]
mod tests;
