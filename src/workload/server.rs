//! Recognizes the server of an image in a start line, and returns its arguments.

use super::opened::StartedPrograms;
use super::probe::ProbeContext;
use super::start::Program;
use super::{Fact, jobs};
use crate::model::image::Form;
use crate::source::TracedText;
use crate::syntax::shell::{self, base_name};
use crate::syntax::template::HOLE;

/// The program that a container starts, relative to its image's server.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Starts {
    /// The image's server.
    Server,
    /// Another program.
    Other,
    /// Not known.
    #[default]
    Unknown,
}

/// Returns whether a container starts its image's server, which the catalogue names `servers`.
///
/// `as_shipped` if neither entrypoint nor command is replaced, `own_entrypoint` if the entrypoint is.
pub(super) fn starts(
    opened: &StartedPrograms,
    servers: &[String],
    (as_shipped, own_entrypoint): (bool, bool),
) -> Starts {
    if as_shipped {
        return Starts::Server;
    }
    if runs_of(opened, servers, own_entrypoint).next().is_some() {
        return Starts::Server;
    }
    if opened.may_start_others || opened.programs.is_empty() || servers.is_empty() {
        return Starts::Unknown;
    }
    Starts::Other
}

/// Returns the server's calls among the started programs, without those that print something and end.
fn runs_of<'o>(
    opened: &'o StartedPrograms,
    servers: &'o [String],
    own_entrypoint: bool,
) -> impl Iterator<Item = &'o Program> {
    // The entrypoint script puts the server before options.
    let given = move |program: &Program| !own_entrypoint && program.name.as_str().starts_with('-');
    let is_server =
        move |program: &&Program| given(program) || servers.iter().any(|server| is_server(program, server));
    let programs = opened.programs.iter().filter(is_server);
    programs.filter(|program| !jobs::is_job(program) && !prints_and_ends(program))
}

/// True if the program is the named server. Catalogue names are `mysqld` or `/etc/kafka/docker/run`.
fn is_server(program: &Program, server: &str) -> bool {
    let own = program.name.as_str();
    match server.contains('/') && own.contains('/') {
        true => server == own,
        false => base_name(server) == base_name(own),
    }
}

/// True for a call of a server that prints something or processes files, and ends.
fn prints_and_ends(program: &Program) -> bool {
    const FLAGS: [&str; 6] =
        ["--version", "--help", "--initialize", "--initialize-insecure", "--bootstrap", "--wsrep-recover"];
    const WORDS: [&str; 13] = [
        "adapt",
        "build",
        "configtest",
        "export",
        "fmt",
        "garbage-collect",
        "help",
        "import",
        "list",
        "pull",
        "show-config",
        "validate",
        "version",
    ];
    let mut words = program.arguments.iter().map(TracedText::as_str);
    words.clone().any(|word| FLAGS.contains(&word))
        || words.find(|word| !word.starts_with('-')).is_some_and(|word| WORDS.contains(&word))
}

/// The command that the container's entrypoint receives.
enum Command<'a> {
    Words(&'a [TracedText]),
    /// A line for a shell, or hidden by a variable.
    Unseen,
    /// The image's own.
    OfImage,
}

impl ProbeContext<'_> {
    /// True if the container starts what the image starts by default, even if written out.
    pub(super) fn is_as_shipped(&self) -> bool {
        self.as_shipped || self.is_untouched()
    }

    fn is_untouched(&self) -> bool {
        self.keeps_entrypoint() && matches!(self.command(), Command::OfImage)
    }

    fn keeps_entrypoint(&self) -> bool {
        self.workload.service.entrypoint.is_absent()
            && self.target.is_none_or(|target| target.entrypoint.is_none())
    }

    fn command(&self) -> Command<'_> {
        let service = &self.workload.service;
        if !service.command.is_absent() {
            return match (&service.command, &service.partial) {
                (Fact::Known(words), _) => Command::Words(&words.value),
                (_, [_, Some(words)]) => Command::Words(words),
                _ => Command::Unseen,
            };
        }
        match self.target.and_then(|target| target.cmd.as_ref()).map(|cmd| &cmd.form) {
            Some(Form::Exec(words)) => Command::Words(words),
            Some(Form::Shell(_)) => Command::Unseen,
            None => Command::OfImage,
        }
    }

    /// Returns the server's arguments, or all words if its call is not found. `None` if they are not known.
    pub(super) fn words(&self) -> Option<Vec<String>> {
        if self.is_untouched() {
            return Some(Vec::new());
        }
        let words = self.server_words();
        if words.is_empty() { self.all_words() } else { Some(words) }
    }

    /// Returns all words of the start, also those within `-c` and of available scripts. `None` if they are not known.
    pub(super) fn all_words(&self) -> Option<Vec<String>> {
        let words: Vec<&TracedText> =
            match (self.workload.process.start.value().or(self.partial), self.command()) {
                (Some(start), _) => start.entrypoint.iter().chain(&start.command).collect(),
                // The unknown entrypoint of the image receives these words.
                (None, Command::Words(words)) => words.iter().collect(),
                (None, _) => return None,
            };
        let scripts = words.iter().filter_map(|word| self.script(word)).collect::<Vec<_>>();
        let inside = scripts.iter().flat_map(commands);
        let split = words.iter().flat_map(|word| word.as_str().split_whitespace()).map(str::to_owned);
        Some(split.chain(inside).map(|word| word.trim_matches(['"', '\'']).to_owned()).collect())
    }

    /// Returns the words of the image's server only: `-p` of another program is not its flag.
    fn server_words(&self) -> Vec<String> {
        let words = runs_of(self.opened, &self.workload.image.servers, !self.keeps_entrypoint())
            .flat_map(|program| std::iter::once(&program.name).chain(&program.arguments))
            .map(|word| word.as_str().trim_matches(['"', '\'']));
        words.flat_map(|word| std::iter::once(word).chain(joined_setting(word))).map(str::to_owned).collect()
    }

    /// Returns the script that a word of the start names, if it is available.
    fn script(&self, word: &TracedText) -> Option<TracedText> {
        let name = word.as_str();
        let plain = name.ends_with(".sh") || name.ends_with(".bash") || !base_name(name).contains('.');
        let path = plain && name.contains('/') && !name.contains(char::is_whitespace);
        path.then(|| self.scripts.find(name)).flatten()
    }

    /// Returns whether the container starts the image's server.
    pub(super) fn starts(&self) -> Starts {
        // A server that is the image's entrypoint starts with any command.
        let alone = self.workload.image.servers.is_empty() && self.keeps_entrypoint();
        if alone { Starts::Server } else { self.workload.process.starts }
    }

    /// True if one of the flags is given, or a variable without a value may hold one.
    pub(super) fn may_have(&self, words: &[String], flags: &[String]) -> bool {
        let given = |flag: &String| words.iter().any(|word| is_flag(word, flag));
        let hidden = words.iter().enumerate().any(|(at, word)| {
            let value = at.checked_sub(1).and_then(|at| words.get(at));
            let value = value.is_some_and(|before| before.starts_with('-') && !before.contains('='));
            word.starts_with(HOLE) && !value
        });
        !flags.is_empty() && (flags.iter().any(given) || hidden)
    }
}

/// Returns the words of all commands of a script.
fn commands(script: &TracedText) -> Vec<String> {
    let script = shell::read(script);
    let words = script.commands.iter().flat_map(|command| command.runs());
    words.flat_map(|word| word.as_ref().split_whitespace()).map(str::to_owned).collect()
}

/// Returns the setting joined to a short option: `port=5433` of `-cport=5433`.
fn joined_setting(word: &str) -> Option<&str> {
    let setting = word.strip_prefix('-')?.get(1..)?;
    let (name, _) = setting.split_once('=')?;
    let plain = |c: char| c.is_ascii_lowercase() || c == '_' || c == '.';
    (!name.is_empty() && name.chars().all(plain) && !word.starts_with("--")).then_some(setting)
}

/// True if a word is the flag: `--port`, `--port=1`, `-p1`. Long flags match in any case, as in Traefik.
pub(super) fn is_flag(word: &str, flag: &str) -> bool {
    // Some programs split a word such as `--memory 1G` themselves.
    let name = word.split(['=', ' ']).next().unwrap_or(word);
    match flag.contains('=') {
        true => word.eq_ignore_ascii_case(flag),
        false if flag.starts_with("--") => name.eq_ignore_ascii_case(flag),
        false if flag.starts_with('-') => word.starts_with(flag) && !word.starts_with("--"),
        false => name == flag,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::{SourceId, Span};
    use crate::workload::scripts::Scripts;
    use crate::workload::start::ExecEntrypoint;

    fn starts(words: &[&str], own_entrypoint: bool) -> Starts {
        let words =
            words.iter().map(|word| TracedText::verbatim(*word, Span::new(SourceId(0), 0, word.len())));
        let script = ExecEntrypoint {
            entrypoint: "docker-entrypoint.sh".to_owned(),
            options_to: Some("mysqld".to_owned()),
        };
        let opened = StartedPrograms::of(&words.collect::<Vec<_>>(), Some(&script), &Scripts::none());
        super::starts(&opened, &["mysqld".to_owned()], (false, own_entrypoint))
    }

    #[test]
    fn the_server_is_seen_through_what_comes_before_it() {
        for words in [
            &["docker-entrypoint.sh", "mysqld"][..],
            &["docker-entrypoint.sh", "--skip-name-resolve"],
            &["docker-entrypoint.sh", "docker-entrypoint.sh", "mysqld"],
            &["docker-entrypoint.sh", "docker-entrypoint.sh", "--skip-name-resolve"],
            &["docker-entrypoint.sh", "sh", "-c", "exec mysqld --port=3307"],
            &["docker-entrypoint.sh", "bash", "-c", "exec docker-entrypoint.sh mysqld"],
            &["sh", "-c", "sleep 5 && exec docker-entrypoint.sh --skip-name-resolve"],
            &["tini", "--", "docker-entrypoint.sh", "/usr/sbin/mysqld"],
            &["sh", "-c", "mysqld & sleep 10; mysql -e 'select 1'; wait"],
        ] {
            assert_eq!(starts(words, false), Starts::Server, "{words:?}");
            assert_eq!(starts(words, true), Starts::Server, "{words:?}");
        }
        for words in [
            &["docker-entrypoint.sh", "mysql", "-h", "mysqld"][..],
            &["docker-entrypoint.sh", "mysqld", "--initialize-insecure"],
            &["docker-entrypoint.sh", "mysqld", "--version"],
            &["docker-entrypoint.sh", "sh", "-c", "mysqldump -h db shop > /backup/shop.sql"],
            &["docker-entrypoint.sh", "sleep", "infinity"],
        ] {
            assert_eq!(starts(words, false), Starts::Other, "{words:?}");
        }
        for words in [
            &["docker-entrypoint.sh", "/start.sh"][..],
            &["docker-entrypoint.sh", "sh", "-c", "exec $SERVER"],
            &["supervisord", "-n"],
            &["/init"],
        ] {
            assert_eq!(starts(words, false), Starts::Unknown, "{words:?}");
        }
    }
}
