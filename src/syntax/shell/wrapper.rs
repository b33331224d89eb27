//! Wrapper programs (`sudo`, `env`, `tini`, `sh -c`) and the command that they run.

/// The command that another one runs, one wrapper removed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wrapped {
    /// The words from this index on.
    From(usize),
    /// The script in the word at this index.
    Script(usize),
    /// The script on standard input.
    Input,
    /// The command itself: it is not a wrapper, or wraps nothing.
    Itself,
}

/// Returns the options of a wrapper that take a value, and the number of operands before the command, for wrappers that run the
/// words after their options.
fn wrapper(name: &str) -> Option<(&'static [&'static str], usize)> {
    Some(match name {
        "exec" => (&["-a"], 0),
        "builtin" | "nohup" | "setsid" | "fakeroot" | "eatmydata" | "unbuffer" | "catatonit" => (&[], 0),
        "tsx-wrapper" | "with-contenv" | "linux32" | "linux64" | "dbus-run-session" | "docker-init" => {
            (&[], 0)
        }
        "time" => (&["-o", "-f"], 0),
        "env" => (&["-u", "-C"], 0),
        "nice" => (&["-n"], 0),
        "ionice" => (&["-n", "-c", "-p", "-P", "-u"], 0),
        "stdbuf" => (&["-i", "-o", "-e"], 0),
        "tini" | "tini-static" => (&["-p", "-e"], 0),
        "dumb-init" => (&["-r"], 0),
        "setpriv" | "chrt" | "numactl" | "unshare" | "choom" => (&["-p", "-n", "-e", "-r"], 0),
        "sudo" => (&["-u", "-g", "-h", "-p", "-C", "-D", "-R", "-T", "-U", "-r", "-t"], 0),
        "doas" => (&["-u", "-C"], 0),
        "runuser" => (&["-u", "-g", "-G"], 0),
        "xvfb-run" => (&["-e", "-f", "-n", "-p", "-s"], 0),
        "xargs" => (&["-a", "-d", "-E", "-I", "-L", "-n", "-P", "-s"], 0),
        "gosu" | "su-exec" | "chroot" | "setuidgid" | "s6-setuidgid" | "flock" => (&["-w", "-E"], 1),
        "chpst" => (&["-u", "-U", "-b", "-e", "-/", "-n", "-l", "-L", "-m", "-d", "-o", "-p", "-f", "-c"], 0),
        "timeout" => (&["-s", "-k"], 1),
        _ => return None,
    })
}

/// Programs that wait for something and then run the words after `--`.
const WAITERS: [&str; 7] =
    ["wait-for-it.sh", "wait-for-it", "wait_for_it", "wait-for", "wait-for.sh", "dockerize", "waitforit"];

/// True for the names of shells that run POSIX scripts.
#[must_use]
pub fn is_shell(name: &str) -> bool {
    matches!(name, "sh" | "bash" | "ash" | "dash" | "zsh" | "ksh")
}

/// Returns the last component of a path, without `.exe`.
#[must_use]
pub fn base_name(word: &str) -> &str {
    let parts = memchr::memrchr2(b'/', b'\\', word.as_bytes()).map_or(0, |last| last + 1);
    let name = word.get(parts..).unwrap_or(word);
    name.strip_suffix(".exe").unwrap_or(name)
}

/// Finds what a command runs, removing one wrapper.
#[must_use]
pub fn unwrap_once<W: AsRef<str>>(words: &[W]) -> Wrapped {
    let Some(first) = words.first() else { return Wrapped::Itself };
    let rest = words.get(1..).unwrap_or_default();
    let name = base_name(first.as_ref());
    let found = match name {
        _ if is_shell(name) => return shell(rest),
        "command" => match rest.first().map(AsRef::as_ref) {
            // These options only look up a command.
            Some("-v" | "-V") => None,
            _ => after_options(rest, &[], 0),
        },
        "eval" => return if rest.len() == 1 { Wrapped::Script(1) } else { Wrapped::Itself },
        "su" => {
            let script = rest.iter().position(|word| matches!(word.as_ref(), "-c" | "--command" | "-lc"));
            return script
                .filter(|at| at + 1 < rest.len())
                .map_or(Wrapped::Itself, |at| Wrapped::Script(at + 2));
        }
        "busybox" => (!rest.is_empty()).then_some(0),
        "find" => rest
            .iter()
            .position(|word| matches!(word.as_ref(), "-exec" | "-execdir" | "-ok" | "-okdir"))
            .map(|at| at + 1),
        "env" if rest.first().is_some_and(|word| matches!(word.as_ref(), "-S" | "--split-string")) => {
            return if rest.len() == 2 { Wrapped::Script(2) } else { Wrapped::From(2) };
        }
        _ if WAITERS.contains(&name) => rest.iter().position(|word| word.as_ref() == "--").map(|at| at + 1),
        _ if is_assignment(first.as_ref()) => Some(0),
        _ => wrapper(name).and_then(|(with_value, own)| after_options(rest, with_value, own)),
    };
    found.filter(|at| *at < rest.len()).map_or(Wrapped::Itself, |at| Wrapped::From(at + 1))
}

/// Returns what a shell runs: the text after `-c` (also in `-lc`, `-ec`, and after `-e`, `-o pipefail`), standard
/// input, or, for a script file, the shell itself.
fn shell<W: AsRef<str>>(rest: &[W]) -> Wrapped {
    let mut words = rest.iter().enumerate();
    while let Some((at, word)) = words.next() {
        let word = word.as_ref();
        if matches!(word, "--login" | "--noprofile" | "--norc" | "--posix" | "--") {
            continue;
        }
        let Some(option) =
            word.strip_prefix(['-', '+']).filter(|rest| !rest.is_empty() && !rest.starts_with('-'))
        else {
            return Wrapped::Itself;
        };
        if option.contains('c') {
            return if at + 1 < rest.len() { Wrapped::Script(at + 2) } else { Wrapped::Itself };
        }
        if option.ends_with('o') {
            words.next();
        } else if option.contains('s') {
            return Wrapped::Input;
        }
    }
    Wrapped::Input
}

/// True for `NAME=value` and `NAME+=value`.
pub(super) fn is_assignment(word: &str) -> bool {
    let bytes = word.as_bytes();
    let end = bytes.iter().position(|b| !b.is_ascii_alphanumeric() && *b != b'_').unwrap_or(bytes.len());
    let (name, rest) = bytes.split_at(end);
    name.first().is_some_and(|first| !first.is_ascii_digit())
        && (rest.starts_with(b"=") || rest.starts_with(b"+="))
}

/// Returns the index of the command in `words`: after options with their values, assignments and `own` operands.
fn after_options<W: AsRef<str>>(words: &[W], with_value: &[&str], own: usize) -> Option<usize> {
    let mut at = 0;
    while let Some(word) = words.get(at) {
        let word = word.as_ref();
        if word == "--" {
            at += 1;
            break;
        }
        if !word.starts_with('-') && !is_assignment(word) {
            break;
        }
        at += 1 + usize::from(with_value.contains(&word));
    }
    (at + own <= words.len()).then_some(at + own)
}
