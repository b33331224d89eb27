//! Whether a container starts the server of its image, and with which words.

use super::Fact;
use super::probe::Site;
use crate::catalog::ProbeRow;
use crate::model::compose::interpolate::HOLE;
use crate::model::image::Form;
use crate::source::Text;
use crate::syntax::shell::{self, base_name, is_shell};

/// The program that a container starts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Starts {
    /// The server of its image.
    Server,
    /// Another one.
    Other,
    /// It is not known.
    Unknown,
}

/// The command that a container's entrypoint gets.
enum Command<'a> {
    Words(&'a [Text]),
    /// A line for a shell, or a variable hides it.
    Unseen,
    /// There is none but the image's own.
    OfImage,
}

impl Site<'_> {
    /// Nobody says what the image is to start.
    pub(super) fn is_as_shipped(&self) -> bool {
        self.keeps_entrypoint() && matches!(self.command(), Command::OfImage)
    }

    fn keeps_entrypoint(&self) -> bool {
        self.service.is_none_or(|service| service.entrypoint.is_absent())
            && self.target.is_none_or(|target| target.entrypoint.is_none())
    }

    fn command(&self) -> Command<'_> {
        if let Some(service) = self.service.filter(|service| !service.command.is_absent()) {
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

    /// The words of its start, those of a `-c` and of a script in sight, too; none where they are not known.
    pub(super) fn words(&self) -> Option<Vec<String>> {
        if self.is_as_shipped() {
            return Some(Vec::new());
        }
        let words: Vec<&Text> = match (self.workload.start.value().or(self.partial), self.command()) {
            (Some(start), _) => start.entrypoint.iter().chain(&start.command).collect(),
            // The image's entrypoint is not known, and gets these.
            (None, Command::Words(words)) => words.iter().collect(),
            (None, _) => return None,
        };
        let scripts = words.iter().filter_map(|word| self.script(word)).collect::<Vec<_>>();
        let inside = scripts.iter().flat_map(commands);
        let split = words.iter().flat_map(|word| word.as_str().split_whitespace()).map(str::to_owned);
        Some(split.chain(inside).map(|word| word.trim_matches(['"', '\'']).to_owned()).collect())
    }

    /// The script in sight that a word of the start names.
    fn script(&self, word: &Text) -> Option<Text> {
        let name = word.as_str();
        let plain = name.ends_with(".sh") || name.ends_with(".bash") || !base_name(name).contains('.');
        let path = plain && name.contains('/') && !name.contains(char::is_whitespace);
        path.then(|| self.scripts.find(name)).flatten()
    }

    /// Whether the server of the image is what starts.
    pub(super) fn starts(&self, row: &ProbeRow) -> Starts {
        if self.is_as_shipped() {
            return Starts::Server;
        }
        if row.program.is_empty() {
            return if self.keeps_entrypoint() { Starts::Server } else { Starts::Unknown };
        }
        if self.keeps_entrypoint() {
            match self.command() {
                // The entrypoints of the official images put the server in front of options; Redis' in front of its file, too.
                Command::Words([first, ..])
                    if first.as_str().starts_with('-') || first.as_str().ends_with(".conf") =>
                {
                    return Starts::Server;
                }
                _ => {}
            }
        }
        let Some(words) = self.words() else { return Starts::Unknown };
        let is_server = |word: &String| row.program.iter().any(|name| base_name(name) == base_name(word));
        if words.iter().any(is_server) {
            return Starts::Server;
        }
        let Some(start) = self.workload.start.value() else { return Starts::Unknown };
        let programs = start.programs(self.workload.handover.as_ref());
        // A script may start anything.
        let open = |name: &str| {
            name.contains(['/', '$', HOLE]) && !name.starts_with("/usr/") && !name.starts_with("/bin/")
                || name.ends_with(".sh")
                || is_shell(base_name(name))
        };
        match programs.iter().any(|program| open(program.name.as_str())) || programs.is_empty() {
            true => Starts::Unknown,
            false => Starts::Other,
        }
    }

    /// True when one of these flags is given, or a variable may give it.
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

/// The words of all commands of a script.
fn commands(script: &Text) -> Vec<String> {
    let script = shell::read(script);
    let words = script.commands.iter().flat_map(|command| command.runs());
    words.flat_map(|word| word.as_ref().split_whitespace()).map(str::to_owned).collect()
}

/// `--port`, `--port=1`, `-p1`; the case of long flags is not looked at, as Traefik does not.
pub(super) fn is_flag(word: &str, flag: &str) -> bool {
    let name = word.split('=').next().unwrap_or(word);
    match flag.contains('=') {
        true => word.eq_ignore_ascii_case(flag),
        false if flag.starts_with("--") => name.eq_ignore_ascii_case(flag),
        false => word.starts_with(flag) && !word.starts_with("--"),
    }
}
