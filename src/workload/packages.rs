//! Finds package manager caches that `RUN`s leave in layers, and `ulimit`s that end with their `RUN`.

use super::removal::{Removal, TRAP_SPLITS, covers, removal};
use super::runs::{Runs, has_word};
use crate::catalog::{Catalog, Effect, Manager, Packages};
use crate::hash::HashMap;
use crate::model::image::{Form, Run, TargetImage};
use crate::source::{Span, Spanned, TracedText};
use crate::syntax::shell::{Command, FrameKind, Script, Word, base_name};

/// A package manager cache that an installation leaves in a layer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PackageCache {
    /// The span of the install command.
    pub span: Span,
    /// The package manager.
    pub manager: String,
    /// The files that stay in the layer: lower case, no full stop.
    pub left: String,
    /// The `RUN` with a cache mount, to paste; `None` if the cache's directory is not known, or a later `RUN` reads it.
    pub mount: Option<String>,
    /// The change to the `RUN` that leaves no cache.
    pub remedy: CacheRemedy,
}

/// A change to a `RUN` after which no cache stays in its layer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CacheRemedy {
    /// A command at the end of the `RUN`.
    Append(String),
    /// Other words for calls in it.
    Replace {
        /// The words of each call, and those to write in their place.
        calls: Vec<(String, String)>,
        /// Calls that are left out.
        needless: Vec<String>,
    },
    /// A later `RUN` installs from the cache: both belong in one, which ends with the command.
    InOneRun {
        /// The call that fills the cache.
        fills: String,
        /// The call of the later `RUN`.
        installs: String,
        /// The command for the end.
        empties: String,
    },
}

/// The first call of a manager in a later `RUN`.
enum NextCall {
    /// It installs from the cache that is there: its words.
    Installs(String),
    /// It fills the cache by itself.
    Fills,
}

/// Maximum number of installations in one `RUN` that are checked.
const MAX_FOLLOWED: usize = 64;

/// Returns the caches that the image's layers keep.
pub(super) fn left_behind(runs: &Runs<'_>, catalog: &Catalog) -> Vec<PackageCache> {
    let packages = catalog.packages();
    let mut found: Vec<PackageCache> = Vec::new();
    let mut kept_out: HashMap<&str, bool> = HashMap::default();
    for (nth, (run, script)) in runs.all().enumerate() {
        let Some(script) = script else { continue };
        let mut seen: Vec<&str> = Vec::new();
        let mut followed = 0;
        for (at, command) in script.commands.iter().enumerate() {
            let Some((manager, words)) = manager_of(command, packages) else { continue };
            if seen.contains(&manager.name.as_str()) || manager.effect(words) != Effect::Fills {
                continue;
            }
            followed += 1;
            if followed > MAX_FOLLOWED {
                break;
            }
            let kept_out = *kept_out
                .entry(&manager.name)
                .or_insert_with(|| is_kept_out_of_the_image(manager, runs.target));
            let look = CommandContext { target: runs.target, run, script, manager, packages, kept_out };
            if look.is_kept_out(at, command) || look.is_emptied(at, command) {
                continue;
            }
            seen.push(&manager.name);
            let later = runs.all().skip(nth + 1).filter_map(|(_, script)| script);
            found.push(look.cache(at, command, words, later));
        }
    }
    found
}

/// Returns the package manager that a command calls, also as `python -m pip`, and its arguments.
pub(super) fn manager_of<'c>(
    command: &'c Command,
    packages: &'c Packages,
) -> Option<(&'c Manager, &'c [Word])> {
    let (program, words) = (command.program()?, command.arguments());
    if let [dash, module, rest @ ..] = words
        && dash.as_ref() == "-m"
        && let Some(manager) = packages.module(module.as_ref())
    {
        return Some((manager, rest));
    }
    Some((packages.manager(program)?, words))
}

/// An installation within its `RUN`.
struct CommandContext<'l> {
    target: &'l TargetImage,
    run: &'l Run,
    script: &'l Script,
    manager: &'l Manager,
    packages: &'l Packages,
    /// The image's variables or configuration keep the cache out of all layers, or may.
    kept_out: bool,
}

/// True if a variable or configuration file of the image keeps a cache out of all its layers, or may.
fn is_kept_out_of_the_image(manager: &Manager, target: &TargetImage) -> bool {
    let named = |name: &String| {
        target.env.contains_key(name.as_str())
            || target.arguments.iter().any(|argument| argument.as_str() == name)
    };
    let configured = || {
        let files: Vec<&str> = manager.files.iter().map(String::as_str).collect();
        let set = ["set", "--set", "--add"].map(|word| format!("{} config {word}", manager.name));
        let words: Vec<&str> = set.iter().map(String::as_str).chain(files.iter().copied()).collect();
        let copied = target.copies.iter().flat_map(|copied| &copied.words);
        target.runs.iter().any(|run| has_word(run, &words))
            || copied.map(TracedText::as_str).any(|word| files.iter().any(|file| word.contains(file)))
    };
    manager.variables.iter().any(named) || configured()
}

impl CommandContext<'_> {
    /// True if a mount, variable or configuration file keeps the cache out of the layer, or may.
    fn is_kept_out(&self, at: usize, command: &Command) -> bool {
        let mounted = self.run.mounts.iter().any(|mount| self.is_mounted(mount.as_str()));
        // An installation into another root directory puts its cache there.
        let elsewhere = command.words.iter().any(|word| base_name(word.as_ref()) == "chroot");
        let is_set = |name: &String| self.is_set(at, name);
        self.kept_out || mounted || elsewhere || self.manager.variables.iter().any(is_set)
    }

    /// True if the command, an earlier `export` or the surrounding shell sets the variable.
    fn is_set(&self, at: usize, name: &str) -> bool {
        let commands = self.script.commands.iter().enumerate().take(at + 1);
        let mut setting = commands.filter(|(other, command)| {
            let exports = matches!(command.program(), Some("export" | "declare" | "typeset"));
            *other == at || command.words.is_empty() || exports || command.runs_parsed_script()
        });
        setting.any(|(_, command)| command.variables().any(|(set, _)| set == name))
    }

    /// True for a cache or tmpfs mount that covers the cache: `--mount=type=cache,target=/root/.cache`.
    fn is_mounted(&self, mount: &str) -> bool {
        let fields = || mount.split(',').filter_map(|field| field.split_once('='));
        let kind = fields().find(|(key, _)| *key == "type").map_or("bind", |(_, kind)| kind);
        let target = fields().find(|(key, _)| matches!(*key, "target" | "dst" | "destination"));
        let (true, Some((_, target))) = (matches!(kind, "cache" | "tmpfs"), target) else { return false };
        let target = target.trim_matches(['"', '\'']);
        let workdir = self.run.workdir.as_ref().and_then(|workdir| workdir.as_ref().ok());
        let absolute = match (target.starts_with(['/', '~', '$']), workdir) {
            (true, _) => target.to_owned(),
            (false, Some(workdir)) => format!("/{}/{target}", workdir.as_str().trim_matches('/')),
            (false, None) => format!("/{target}"),
        };
        self.manager.directories.iter().any(|directory| covers(&absolute, directory) != Removal::Other)
    }

    /// True if a later command empties the cache on every path, or may.
    fn is_emptied(&self, at: usize, fill: &Command) -> bool {
        self.script.commands.iter().enumerate().any(|(other, command)| {
            // The commands of a function run where it is called, those of a trap at the end.
            let traps = |call: &Command, name: &str| {
                let mut words = call.arguments().iter().flat_map(|word| word.as_ref().split(TRAP_SPLITS));
                call.program() == Some("trap") && words.any(|word| word == name)
            };
            let called = command.program() == Some("trap")
                || self.function_of(command).is_some_and(|name| {
                    let mut later = self.script.commands.iter().skip(at + 1);
                    later.any(|call| call.program() == Some(name))
                        || self.script.commands.iter().any(|call| traps(call, name))
                });
            if other <= at && !called {
                return false;
            }
            let effect = manager_of(command, self.packages)
                .filter(|(manager, _)| manager.name == self.manager.name)
                .map(|(manager, words)| manager.effect(words));
            let empties = match effect {
                Some(Effect::Empties) => Removal::Covers,
                _ => removal(command, &self.manager.directories, self.script, self.target),
            };
            match empties {
                Removal::Covers => called || self.script.always_follows(fill, command),
                Removal::Unknown => true,
                Removal::Other => may_clean(command, self.script),
            }
        })
    }

    /// Returns the name of the function that contains a command.
    fn function_of(&self, command: &Command) -> Option<&str> {
        self.script.enclosing(command).find_map(|frame| {
            let frame = self.script.frames.get(frame)?;
            (frame.kind == FrameKind::Function).then_some(frame.name.as_ref()?.as_str())
        })
    }

    fn cache<'s>(
        &self,
        at: usize,
        command: &Command,
        words: &[Word],
        later: impl Iterator<Item = &'s Script>,
    ) -> PackageCache {
        let program = command.runs().first();
        let phrase = self.manager.phrase(words);
        let last = phrase.split_whitespace().next_back();
        let ends = words.iter().find(|word| word.literal() == last && last.is_some());
        let span = program.map_or(command.span, |program| program.text.span());
        let remedy = self.remedy(at, command, words, later);
        let mount = if matches!(remedy, CacheRemedy::InOneRun { .. }) { None } else { self.mount() };
        PackageCache {
            span: ends.map_or(span, |word| span.cover(word.text.span())),
            manager: self.manager.name.clone(),
            left: self.manager.left.clone(),
            mount,
            remedy,
        }
    }

    fn remedy<'s>(
        &self,
        at: usize,
        command: &Command,
        words: &[Word],
        mut later: impl Iterator<Item = &'s Script>,
    ) -> CacheRemedy {
        let name = self.called(command);
        if let Some(empties) = self.manager.appended(name) {
            // The next `RUN` that calls the manager decides: what it fills is another cache.
            return match later.find_map(|script| self.next_call(script)) {
                Some(NextCall::Installs(installs)) => {
                    let fills = format!("{name} {}", self.manager.phrase(words)).trim_end().to_owned();
                    CacheRemedy::InOneRun { fills, installs, empties }
                }
                Some(NextCall::Fills) | None => CacheRemedy::Append(empties),
            };
        }
        let (mut calls, mut needless) = (Vec::new(), Vec::new());
        for (other, command) in self.script.commands.iter().enumerate().skip(at).take(MAX_FOLLOWED) {
            let Some((manager, words)) = manager_of(command, self.packages) else { continue };
            if manager.name != self.manager.name
                || manager.effect(words) != Effect::Fills
                || self.is_kept_out(other, command)
            {
                continue;
            }
            let Some(call) = manager.replaced(self.called(command), words) else { continue };
            if manager.is_needless(words) {
                needless.push(call.0);
            } else if !calls.contains(&call) {
                calls.push(call);
            }
        }
        needless.dedup();
        CacheRemedy::Replace { calls, needless }
    }

    /// Returns the manager's program as it is called; its name behind `python -m`.
    fn called<'c>(&'c self, command: &'c Command) -> &'c str {
        let module = command.arguments().first().is_some_and(|word| word.as_ref() == "-m");
        command.program().filter(|_| !module).unwrap_or(&self.manager.name)
    }

    /// Returns the first call of the manager in another `RUN` that installs or fills the cache.
    fn next_call(&self, script: &Script) -> Option<NextCall> {
        script.commands.iter().find_map(|command| {
            let (manager, words) = manager_of(command, self.packages)?;
            if manager.name != self.manager.name {
                None
            } else if manager.effect(words) != Effect::Nothing {
                Some(NextCall::Fills)
            } else {
                let installs = || format!("{} {}", self.called(command), manager.install_phrase(words));
                manager.installed(words).map(|_| NextCall::Installs(installs()))
            }
        })
    }

    /// Returns the `RUN` with a cache mount added.
    fn mount(&self) -> Option<String> {
        let Form::Shell(line) = &self.run.form else { return None };
        // The line of a here-document is not the whole command.
        if line.as_str().contains("<<") {
            return None;
        }
        let directory = self.manager.mount.as_deref()?;
        let is_root = match &self.run.user {
            None => true,
            Some(Ok(user)) => matches!(user.as_str().split(':').next(), Some("root" | "0")),
            Some(Err(_)) => false,
        };
        let directory = match directory.strip_prefix('~') {
            Some(rest) if is_root => format!("/root{rest}"),
            None if is_root => directory.to_owned(),
            _ => return None,
        };
        let sharing = if self.manager.locked { ",sharing=locked" } else { "" };
        let others = self.run.mounts.iter().map(|mount| format!("--mount={mount} ")).collect::<String>();
        let line = line.as_str().split_whitespace().collect::<Vec<_>>().join(" ");
        let short = match line.char_indices().nth(60) {
            Some((at, _)) => {
                let cut = line.get(..at).unwrap_or_default();
                format!("{} …", cut.rsplit_once(' ').map_or(cut, |(words, _)| words))
            }
            None => line,
        };
        Some(format!("RUN --mount=type=cache,target={directory}{sharing} {others}{short}"))
    }
}

/// True for an opaque command that may clean up: a script, or a program named by a variable.
fn may_clean(command: &Command, script: &Script) -> bool {
    let Some(word) = command.runs().first() else { return false };
    if command.runs_parsed_script() {
        return false;
    }
    let Some(written) = word.literal() else { return true };
    let name = base_name(written);
    if script.frames.iter().any(|frame| frame.name.as_ref().is_some_and(|own| own.as_str() == name)) {
        return false;
    }
    let builds = ["configure", "Configure", "config", "autogen.sh", "bootstrap", "bootstrap.sh", "buildconf"];
    let in_path = !written.contains('/') || written.contains("bin/");
    let is_script = [".sh", ".bash"].iter().any(|ending| name.ends_with(ending)) || !in_path;
    let runs_script = crate::syntax::shell::is_shell(name) && !command.arguments().is_empty()
        || matches!(name, "." | "source");
    (is_script && !builds.contains(&name)) || runs_script || name.contains("clean") || name == "eval"
}

/// Returns the `ulimit` commands that end a `RUN`: their limit ends with that shell.
pub(super) fn ulimits(runs: &Runs<'_>) -> Vec<Spanned<String>> {
    let last = runs
        .all()
        .filter_map(|(_, script)| script?.commands.iter().rfind(|command| !command.words.is_empty()));
    let set = last.filter(|command| command.program() == Some("ulimit"));
    set.map(|command| {
        let words = || command.runs().iter().take(3);
        let written: Vec<&str> = words().map(AsRef::as_ref).collect();
        let span = words().map(|word| word.text.span()).reduce(Span::cover);
        Spanned::new(written.join(" "), span.unwrap_or(command.span))
    })
    .collect()
}
