//! Recognizes build steps that may bring a tool that the base image lacks.

use super::packages::manager_of;
use super::runs::Runs;
use crate::catalog::Packages;
use crate::model::image::{CopyInstruction, Run, TargetImage};
use crate::source::TracedText;
use crate::syntax::shell::{Command, Script, Word, Wrapped, base_name, is_shell, unwrap_once};

/// Directories that contain programs, or may contain anything.
const SYSTEM: [&str; 10] = [
    "/",
    "/usr",
    "/usr/local",
    "/usr/bin",
    "/usr/sbin",
    "/usr/local/bin",
    "/usr/local/sbin",
    "/bin",
    "/sbin",
    "/opt/bin",
];

/// Shell files that only set variables.
const SETTINGS: [&str; 9] =
    ["activate", "profile", ".profile", ".bashrc", "bashrc", ".bash_profile", "os-release", "nvm.sh", "env"];

/// Commands that do not bring the programs that their arguments name.
const MENTIONING: [&str; 12] =
    ["echo", "printf", "test", "[", "[[", "which", "command", "type", "hash", "apt-mark", "rm", "export"];

/// The programs that a build step may bring.
enum Brings {
    /// No program except named ones.
    Nothing,
    /// Possibly any program.
    Anything,
    /// The tool itself.
    Tool,
}

/// True if a `RUN`, `COPY` or `ADD` brings the tool, or may.
pub(super) fn may_bring(tool: &str, runs: &Runs<'_>, packages: &Packages) -> bool {
    let copies = || runs.target.copies.iter().any(|copied| copy_brings(copied, tool));
    copies()
        || runs.all().any(|(run, script)| match script {
            None => true,
            Some(script) => script.commands.iter().any(|command| {
                let step = Step { target: runs.target, tool, packages, script, run, command };
                !matches!(step.brings(), Brings::Nothing)
            }),
        })
}

/// Returns tools for probes that a `RUN` installs as packages of the same name, and no later command removes.
pub(super) fn installed(runs: &Runs<'_>, packages: &Packages) -> Vec<String> {
    const NAMES: [&str; 5] = ["curl", "wget", "bash", "python3", "ruby"];
    let mut found: Vec<String> = Vec::new();
    let scripts = runs.all().filter_map(|(_, script)| script);
    for (script, command) in
        scripts.flat_map(|script| script.commands.iter().map(move |command| (script, command)))
    {
        let Some((manager, words)) = manager_of(command, packages) else { continue };
        // `apk del .deps` later removes what `apk add --virtual .deps curl` installs, without naming the tool.
        let group = |word: &Word| {
            matches!(word.as_ref(), "-t" | "--virtual") || word.as_ref().starts_with("--virtual=")
        };
        if manager.name == "apk" && words.iter().any(group) {
            continue;
        }
        let is_tool = |name: &&str| NAMES.contains(name);
        match manager.installed(words) {
            Some(words) => {
                let names =
                    words.iter().filter_map(|word| expanded(&[*word], (script, command, runs.target)));
                found.extend(names.flatten().filter(|name| is_tool(&name.as_str())));
            }
            // Any other command that names a tool may remove it.
            None => found.retain(|tool| !words.iter().any(|word| word.literal() == Some(tool))),
        }
    }
    found
}

/// Maximum nesting of variables that is expanded.
const MAX_NESTED: usize = 4;

/// Maximum length of a package list expanded from variables, in bytes.
const MAX_LIST: usize = 64 * 1024;

/// Expands shell variables, `ENV` and `ARG` in the words of a call and splits them into packages; `None` if a variable has no
/// known value.
pub(super) fn expanded(
    words: &[&Word],
    (script, command, target): (&Script, &Command, &TargetImage),
) -> Option<Vec<String>> {
    let mut found: Vec<String> = Vec::new();
    for word in words {
        match word.literal() {
            Some(word) => found.push(word.to_owned()),
            None => {
                let text = filled(word.as_ref(), (script, command, target), 0)?;
                found.extend(text.split_whitespace().map(str::to_owned));
            }
        }
    }
    Some(found)
}

fn filled(text: &str, at: (&Script, &Command, &TargetImage), depth: usize) -> Option<String> {
    let (script, command, target) = at;
    if depth > MAX_NESTED || text.contains('`') {
        return None;
    }
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, behind)) = rest.split_once('$') {
        out.push_str(before);
        let (name, after) = match behind.strip_prefix('{') {
            Some(inside) => inside.split_once('}')?,
            None => behind.split_at(
                behind.find(|c: char| c != '_' && !c.is_ascii_alphanumeric()).unwrap_or(behind.len()),
            ),
        };
        if name.is_empty() || !name.chars().all(|c| c == '_' || c.is_ascii_alphanumeric()) {
            return None;
        }
        let earlier = script.commands.iter().take_while(|other| other.span.start < command.span.start);
        let set = earlier.flat_map(|other| other.variables().collect::<Vec<_>>());
        let own = set.filter(|(set, _)| *set == name).last().map(|(_, value)| value);
        let value = match own {
            Some(value) => filled(value, at, depth + 1)?,
            None => match target.env.get(name) {
                Some(entry) => entry.value.as_ref().ok()?.as_str().to_owned(),
                None => target.argument_values.get(name)?.clone(),
            },
        };
        out.push_str(&value);
        if out.len() > MAX_LIST {
            return None;
        }
        rest = after;
    }
    out.push_str(rest);
    Some(out)
}

struct Step<'s> {
    target: &'s TargetImage,
    tool: &'s str,
    packages: &'s Packages,
    script: &'s Script,
    run: &'s Run,
    command: &'s Command,
}

impl Step<'_> {
    fn brings(&self) -> Brings {
        let command = self.command;
        let writes = command.redirections.iter().any(|redirection| {
            redirection.operator.as_str().contains('>') && base_name(redirection.target.as_ref()) == self.tool
        });
        if writes {
            return Brings::Tool;
        }
        let Some(word) = command.runs().first() else { return Brings::Nothing };
        let Some(written) = word.literal() else { return Brings::Anything };
        if command.runs_parsed_script() {
            return Brings::Nothing;
        }
        let (name, words) = (base_name(written), command.arguments());
        if name == self.tool {
            // The command runs the tool, so it is installed.
            return Brings::Tool;
        }
        if let Some((manager, words)) = manager_of(command, self.packages)
            && let Some(installed) = manager.installed(words)
        {
            // Package names from standard input are not known.
            let more = command.words.iter().any(|word| base_name(word.as_ref()) == "xargs");
            return if more { Brings::Anything } else { self.packages_bring(&installed) };
        }
        let is_function = || {
            self.script.frames.iter().any(|frame| frame.name.as_ref().is_some_and(|own| own.as_str() == name))
        };
        if self.packages.manager(name).is_some() {
            // conda also installs dependencies, one of which may be the tool.
            return if name.ends_with("conda") || name == "mamba" {
                Brings::Anything
            } else {
                Brings::Nothing
            };
        }
        let outside = written.contains('/') && !written.contains("bin/") && !is_wrapper(name);
        match name {
            _ if is_function() => Brings::Nothing,
            _ if outside => Brings::Anything,
            _ if is_shell(name) => match unwrap_once(command.runs()) {
                // It reads a pipe, or a script that is not available.
                Wrapped::Input | Wrapped::Itself => Brings::Anything,
                Wrapped::Script(_) | Wrapped::From(_) => Brings::Nothing,
            },
            "." | "source" => {
                let file = words.first().map(|word| base_name(word.as_ref()));
                if file.is_some_and(|file| SETTINGS.contains(&file)) {
                    Brings::Nothing
                } else {
                    Brings::Anything
                }
            }
            "tar" | "bsdtar" | "unzip" | "unxz" | "cpio" => self.unpacks(name, words),
            "cp" | "mv" | "install" | "ln" | "rsync" => self.copies(words),
            _ if is_interpreter(name) => interprets(words),
            _ if self.packages.is_harmless(name) => self.named(name, words),
            _ => Brings::Anything,
        }
    }

    fn packages_bring(&self, installed: &[&Word]) -> Brings {
        let Some(names) = expanded(installed, (self.script, self.command, self.target)) else {
            return Brings::Anything;
        };
        for name in names.iter().map(String::as_str) {
            let file = name.contains("://") || [".deb", ".rpm", ".apk"].iter().any(|end| name.ends_with(end));
            if file || name.starts_with(['@', '/']) || name.contains('*') {
                return Brings::Anything;
            }
            if self.packages.provides(name, self.tool) {
                return Brings::Tool;
            }
        }
        Brings::Nothing
    }

    /// `tar -x` may bring anything if it unpacks into a system directory or an unknown one.
    fn unpacks(&self, name: &str, words: &[Word]) -> Brings {
        let mut words = words.iter().map(AsRef::as_ref).peekable();
        let mut extracts = name != "tar" && name != "bsdtar"
            || words.peek().is_some_and(|first: &&str| !first.starts_with("--") && first.contains('x'));
        let mut into = None;
        while let Some(word) = words.next() {
            extracts |=
                word == "--extract" || word.starts_with('-') && !word.starts_with("--") && word.contains('x');
            if word == "--directory"
                || word == "-d"
                || word.starts_with('-') && !word.starts_with("--") && word.ends_with('C')
            {
                into = words.next();
            } else if let Some(directory) =
                word.strip_prefix("--directory=").or_else(|| word.strip_prefix("-C"))
            {
                into = Some(directory);
            }
            if base_name(word) == self.tool {
                return Brings::Tool;
            }
        }
        if !extracts {
            return Brings::Nothing;
        }
        let cd =
            self.script.commands.iter().take_while(|command| command.span.start < self.command.span.start);
        let here = || {
            let last = cd.filter(|command| command.program() == Some("cd")).last();
            let workdir =
                self.run.workdir.as_ref().and_then(|workdir| workdir.as_ref().ok()).map(TracedText::as_str);
            last.and_then(|command| command.arguments().first().map(AsRef::as_ref)).or(workdir)
        };
        match into.or_else(here) {
            Some(directory) if !is_system(directory) && !directory.contains('$') => Brings::Nothing,
            _ => Brings::Anything,
        }
    }

    /// Checks a copy such as `cp -r files/* /usr/bin/`.
    fn copies(&self, words: &[Word]) -> Brings {
        if words.iter().any(|word| base_name(word.as_ref()) == self.tool) {
            return Brings::Tool;
        }
        let mut words: Vec<&Word> = words.iter().filter(|word| !word.as_ref().starts_with('-')).collect();
        let Some(to) = words.pop() else { return Brings::Nothing };
        let open = words.iter().any(|word| word.expands || is_open(word.as_ref()));
        // `/usr/bin/$NAME`: the copy may have any name.
        let renamed =
            to.as_ref().split_once('$').is_some_and(|(before, _)| before.ends_with('/') && is_system(before));
        let system = is_system(to.as_ref()) || to.as_ref().starts_with('$');
        if renamed || system && open { Brings::Anything } else { Brings::Nothing }
    }

    /// Checks for the tool's path, as in `chmod +x /usr/bin/curl`: it has been put there.
    fn named(&self, name: &str, words: &[Word]) -> Brings {
        let named = !MENTIONING.contains(&name)
            && words.iter().any(|word| word.as_ref().contains('/') && base_name(word.as_ref()) == self.tool);
        if named { Brings::Tool } else { Brings::Nothing }
    }
}

fn is_interpreter(name: &str) -> bool {
    let plain = name.trim_end_matches(|c: char| c.is_ascii_digit() || c == '.');
    matches!(plain, "python" | "pypy" | "node" | "nodejs" | "ruby" | "perl" | "php" | "java")
}

/// A script may bring anything, but an interpreter's module or one-line script brings no programs.
fn interprets(words: &[Word]) -> Brings {
    let file = words.iter().map(AsRef::as_ref).find(|word: &&str| !word.starts_with('-'));
    let inline = words.first().is_some_and(|word| {
        ["-m", "-c", "-e", "-p", "-r", "-V", "--version", "-version", "-i", "-v"]
            .iter()
            .any(|option| word.as_ref().starts_with(option))
    });
    let known = file.is_none_or(|file| matches!(base_name(file), "manage.py" | "artisan" | "bin/console"));
    if inline || known { Brings::Nothing } else { Brings::Anything }
}

fn copy_brings(copied: &CopyInstruction, tool: &str) -> bool {
    let Some((to, sources)) = copied.words.split_last() else { return false };
    let to = to.as_str();
    let into = copied.to("/");
    sources.iter().map(TracedText::as_str).chain([to]).any(|word| {
        base_name(word.trim_end_matches('/')) == tool
            // A directory of programs may be copied from another stage.
            || copied.from.is_some() && word != to && is_below_system(word)
    }) || into.is_none_or(|into| is_system(&into))
        && sources
            .iter()
            .any(|source| is_open(source.as_str()) || copied.from.is_some() || is_archive(source.as_str()))
}

/// True for a source of `COPY --from` below a directory of programs.
fn is_below_system(word: &str) -> bool {
    word == "/" || ["/usr", "/bin", "/sbin", "/opt"].iter().any(|path| word.starts_with(path))
}

fn is_system(directory: &str) -> bool {
    let directory = directory.trim_end_matches(['/', '.']);
    SYSTEM.contains(&if directory.is_empty() { "/" } else { directory })
}

/// True for a word that may be a directory or several files.
fn is_open(word: &str) -> bool {
    let name = word.trim_end_matches('/').rsplit('/').next().unwrap_or_default();
    word.ends_with('/')
        || word.contains(['*', '?', '[', '$'])
        || matches!(name, "." | "..")
        || !name.contains('.')
}

fn is_archive(word: &str) -> bool {
    [".tar", ".tgz", ".tar.gz", ".tar.xz", ".tar.bz2", ".tar.zst", ".txz"]
        .iter()
        .any(|end| word.ends_with(end))
}

/// True for the scripts that Maven and Gradle put into a project to start them.
pub(super) fn is_wrapper(name: &str) -> bool {
    matches!(name, "mvnw" | "gradlew")
}
