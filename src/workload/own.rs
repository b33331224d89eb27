//! Tells programs that the project builds from servers made elsewhere, which may need all of the development kit that the image
//! contains.

use super::runs::Runs;
use super::scripts::{Scripts, below};
use crate::catalog::Toolchain;
use crate::model::image::CopyInstruction;
use crate::syntax::shell::{Command, base_name};

/// Commands that download files made elsewhere.
const DOWNLOADS: [&str; 5] = ["curl", "wget", "aria2c", "git", "svn"];

/// An image with a development kit, and its files.
pub(super) struct OwnProgram<'o> {
    pub(super) row: &'o Toolchain,
    pub(super) runs: &'o Runs<'o>,
    pub(super) scripts: &'o Scripts<'o>,
}

impl OwnProgram<'_> {
    /// True if the runtime starts files that the Dockerfile builds or copies in. False for other and for downloaded programs,
    /// whose needs are unknown.
    pub(super) fn is_built_or_copied(&self, commands: &[Command]) -> bool {
        let starts = |command: &&Command| {
            command.program().is_some_and(|name| self.row.runs_own.iter().any(|runs| runs == name))
        };
        let starts: Vec<&Command> = commands.iter().filter(starts).collect();
        let in_runs = || self.runs.all().filter_map(|(_, script)| script).flat_map(|script| &script.commands);
        let built = || in_runs().any(|command| self.row.builds.iter().any(|build| is_call(command, build)));
        let downloads = || {
            in_runs().any(|command| command.program().is_some_and(|name| DOWNLOADS.contains(&name)))
                || self.runs.target.copies.iter().any(is_remote)
        };
        // A class name or an unknown path belongs to the project, unless something is downloaded.
        let known = |command: &&Command| match program_file(command).and_then(|file| self.path(file)) {
            Some(path) => self.is_copied(&path),
            None => !downloads(),
        };
        !starts.is_empty() && (built() || starts.iter().all(known))
    }

    /// Returns the absolute path of a file, up to the first `*`; `None` if a variable in it has no value.
    fn path(&self, file: &str) -> Option<String> {
        let mut file = file.to_owned();
        for (name, entry) in &self.runs.target.env {
            if let (true, Ok(value)) = (file.contains('$') && file.len() <= MAX_PATH, &entry.value) {
                file = file.replace(&format!("${{{name}}}"), value.as_str());
                file = file.replace(&format!("${name}/"), &format!("{}/", value.as_str()));
            }
        }
        if file.contains('$') || file.len() > MAX_PATH {
            return None;
        }
        let path = if file.starts_with('/') { file } else { self.scripts.place(&file) };
        Some(path.split('*').next().unwrap_or_default().trim_end_matches('/').to_owned())
    }

    /// True if a `COPY` of local files brings the path or something below it.
    fn is_copied(&self, path: &str) -> bool {
        self.runs.target.copies.iter().filter(|copied| !is_remote(copied)).any(|copied| {
            copied
                .to(self.scripts.home())
                .is_none_or(|to| below(path, &to).is_some() || below(&to, path).is_some())
        })
    }
}

/// Maximum length of a path that is expanded, in bytes.
const MAX_PATH: usize = 4096;

/// True for a download: `ADD https://…`
fn is_remote(copied: &CopyInstruction) -> bool {
    copied.words.iter().any(|word| word.as_str().contains("://"))
}

/// True if a command calls a phrase, options aside: `go build`, `dotnet watch`, `make`.
pub(super) fn is_call(command: &Command, phrase: &str) -> bool {
    let Some((first, rest)) = command.runs().split_first() else { return false };
    let mut parts = phrase.split(' ');
    let mut words = rest.iter().map(AsRef::as_ref).filter(|word: &&str| !word.starts_with('-'));
    parts.next() == Some(base_name(first.as_ref())) && parts.all(|part| words.next() == Some(part))
}

/// Returns the file that a Java or .NET command starts: the archive, the first entry of the class path, or the assembly.
fn program_file(command: &Command) -> Option<&str> {
    let words: Vec<&str> = command.arguments().iter().map(AsRef::as_ref).collect();
    let behind = |names: &[&str]| {
        let at = words.iter().position(|word| names.contains(word))?;
        words.get(at + 1).copied()
    };
    let class_path =
        || behind(&["-cp", "-classpath", "--class-path"])?.split(':').find(|path| !path.is_empty());
    let assembly = || words.iter().copied().find(|word| base_name(word).ends_with(".dll"));
    behind(&["-jar"]).or_else(class_path).or_else(assembly)
}
