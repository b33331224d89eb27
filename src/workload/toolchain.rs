//! Suggests a lighter base image, unless the container uses tools that it lacks.

use super::distribution::{Family, is_bound_to};
use super::idle::is_idle;
use super::image::LighterBase;
use super::installs::{expanded, is_wrapper};
use super::own::{OwnProgram, is_call};
use super::packages::manager_of;
use super::process::words;
use super::runs::Runs;
use super::scripts::Scripts;
use super::{Healthcheck, LighterKind, Start, Workload};
use crate::catalog::{Catalog, Toolchain};
use crate::model::ImageReference;
use crate::source::{Spanned, TracedText};
use crate::syntax::shell::{self, Command, Script, base_name};

/// Programs of healthchecks that lighter images often lack.
const PROBES: [&str; 3] = ["curl", "wget", "bash"];

/// Returns the lighter base image of a container; `None` if something needs what it lacks.
pub(super) fn lighter(
    workload: &Workload,
    (runs, scripts, start): (&Runs<'_>, &Scripts<'_>, &Start),
    catalog: &Catalog,
) -> Option<LighterBase> {
    let mut lighter = workload.image.lighter(catalog)?;
    if is_idle(&start.programs(workload.image.handover.as_ref()), start) {
        return None;
    }
    let heavy = ImageReference::parse(workload.image.base.value()?.as_str())?;
    let light = ImageReference::parse(&lighter.reference)?;
    let toolchain = catalog.toolchain(&heavy);
    let lost = |tool: &&str| {
        let entry = catalog.image(&light);
        entry.is_some_and(|entry| {
            entry.has_tool(light.effective_tag().unwrap_or_default(), tool) == Some(false)
        })
    };
    let own = toolchain.map(|row| row.tools.as_slice()).unwrap_or_default();
    let installed = Installed::by(runs, catalog);
    let lacks: Vec<&'static str> =
        PROBES.into_iter().filter(lost).filter(|tool| !installed.has(tool)).collect();
    let tools: Vec<&str> = own
        .iter()
        .map(String::as_str)
        .chain(PROBES.into_iter().filter(lost))
        .filter(|tool| !installed.has(tool))
        .collect();
    let uses = |script: &Script| script.commands.iter().any(|command| used(command, &tools).is_some());
    let toolbox = start.command.is_empty() && scripts_of(start, scripts).iter().any(is_toolbox);
    let running = at_run_time(workload, start, scripts);
    if toolbox || running.iter().any(uses) {
        return None;
    }
    let family = Family::of(&heavy);
    if family != Family::of(&light) && is_bound_to(family, runs, &running, &scripts.all()) {
        return None;
    }
    let in_runs = || runs.all().filter_map(|(_, script)| script).flat_map(|script| &script.commands);
    if let Some(row) = toolchain.filter(|row| row.only_where_built) {
        let copies = runs.target.copies.iter().any(|copied| copied.from.is_some());
        let builds = || in_runs().any(|command| row.builds.iter().any(|build| is_call(command, build)));
        if copies || !builds() {
            return None;
        }
    }
    if let Some(row) = toolchain.filter(|row| !row.runs_own.is_empty()) {
        let own = OwnProgram { row, runs, scripts };
        if !own.is_built_or_copied(&commands_of(workload, start, scripts)) {
            return None;
        }
    }
    lighter.lost = toolchain.and_then(|row| row.lost.clone());
    if lighter.kind != LighterKind::MultiStage {
        // An installation of unknown packages may bring the tool.
        if installed.open && in_runs().any(|command| used(command, &tools).is_some()) {
            return None;
        }
        lighter.needed = in_runs().find_map(|command| {
            let tool = used(command, &tools)?;
            Some(Spanned::new(tool.to_owned(), command.runs().first()?.text.span()))
        });
        lighter.needed_by_wrapper = lighter.needed.as_ref().is_some_and(|tool| is_wrapper(&tool.value));
        let at_start = running.iter().flat_map(|script| &script.commands);
        let compiles = |row: &Toolchain| {
            let mut commands = in_runs().chain(at_start);
            commands.any(|command| row.may_compile.iter().any(|phrase| is_call(command, phrase)))
        };
        lighter.may_compile = toolchain.is_some_and(compiles);
        lighter.lacks = lacks;
        lighter.unread = unread_script(workload, start, runs, scripts);
    }
    Some(lighter)
}

/// Returns everything that the container runs, as far as it is readable: start line, healthcheck and scripts.
fn at_run_time(workload: &Workload, start: &Start, scripts: &Scripts<'_>) -> Vec<Script> {
    let mut found: Vec<Script> = scripts.all().iter().map(shell::read).collect();
    found.extend(scripts_of(start, scripts));
    found.push(shell::read_words(&words(start, workload.image.handover.as_ref())));
    if let Some(Healthcheck::Probe { test: Some(test), .. }) = workload.health.check.value()
        && let [kind, words @ ..] = test.as_slice()
    {
        match (kind.as_str(), words) {
            ("CMD-SHELL", [text, ..]) => found.push(shell::read(text)),
            _ => found.push(shell::read_words(words)),
        }
    }
    found
}

/// Returns the commands of the start line and of the scripts that it names.
fn commands_of(workload: &Workload, start: &Start, scripts: &Scripts<'_>) -> Vec<Command> {
    let line = shell::read_words(&words(start, workload.image.handover.as_ref()));
    let inside = scripts_of(start, scripts).into_iter().flat_map(|script| script.commands);
    line.commands.into_iter().chain(inside).collect()
}

/// Returns the scripts that the start line names.
fn scripts_of(start: &Start, scripts: &Scripts<'_>) -> Vec<Script> {
    let words = start.entrypoint.iter().chain(&start.command);
    let names = words.filter(|word| !word.as_str().starts_with('-')).take(4);
    names.filter_map(|word| scripts.find(word.as_str())).map(|text| shell::read(&text)).collect()
}

/// Returns the script of the project that starts and could not be read.
fn unread_script(
    workload: &Workload,
    start: &Start,
    runs: &Runs<'_>,
    scripts: &Scripts<'_>,
) -> Option<String> {
    // The entrypoint of the base image is none of the project.
    let own = runs.target.entrypoint.is_some() || !workload.service.entrypoint.is_absent();
    let words = start.entrypoint.iter().filter(|_| own).chain(&start.command).map(TracedText::as_str);
    let mut unread = words.filter(|word| base_name(word).ends_with(".sh") && scripts.find(word).is_none());
    unread.next().map(|word| base_name(word).to_owned())
}

/// True for a script that ends with `exec "$@"`: its caller decides what runs.
fn is_toolbox(script: &Script) -> bool {
    script.commands.last().is_some_and(|last| {
        last.runs().first().is_some_and(|word| matches!(word.as_ref(), "$@" | "${@}" | "$*"))
    })
}

/// Returns the tool that a command runs, looks up, or names by path.
fn used<'t>(command: &Command, tools: &[&'t str]) -> Option<&'t str> {
    let name = base_name(command.runs().first().map_or("", AsRef::as_ref));
    let asks = matches!(name, "which" | "type" | "hash" | "command");
    tools.iter().copied().find(|tool| {
        let by_path = |word: &str| !tool.contains(' ') && word.contains("bin/") && base_name(word) == *tool;
        let set = command.assignments.iter().any(|set| {
            let value = set.value.as_ref();
            value.split_whitespace().next().is_some_and(|first| first == *tool || by_path(first))
        });
        is_call(command, tool)
            || set
            || command.runs().iter().any(|word| by_path(word.as_ref()))
            || asks && command.arguments().iter().any(|word| word.as_ref() == *tool)
    })
}

/// Packages that the image's `RUN`s install, and so would also in the lighter image.
struct Installed<'c> {
    packages: Vec<String>,
    /// True if a variable without a value names further packages.
    open: bool,
    catalog: &'c Catalog,
}

impl<'c> Installed<'c> {
    fn by(runs: &Runs<'_>, catalog: &'c Catalog) -> Self {
        let mut installed = Self { packages: Vec::new(), open: false, catalog };
        for script in runs.all().filter_map(|(_, script)| script) {
            for command in &script.commands {
                let Some((manager, words)) = manager_of(command, catalog.packages()) else { continue };
                let Some(words) = manager.installed(words) else { continue };
                match expanded(&words, (script, command, runs.target)) {
                    Some(names) => installed.packages.extend(names),
                    None => installed.open = true,
                }
            }
        }
        installed
    }

    fn has(&self, tool: &str) -> bool {
        let builds = ["gcc", "g++", "cc", "c++", "make", "ld", "cpp", "patch"].contains(&tool);
        self.packages.iter().any(|package| {
            self.catalog.packages().provides(package, tool)
                || builds
                    && matches!(package.as_str(), "build-essential" | "build-base" | "gcc" | "g++" | "clang")
        })
    }
}
