//! Recognizes commands that delete a directory or its contents.

use crate::model::image::TargetImage;
use crate::source::TracedText;
use crate::syntax::shell::{Command, Script, base_name};

/// Maximum number of alternatives that a word with braces expands to.
const MAX_ALTERNATIVES: usize = 64;

/// The separators of words in the script of a `trap`.
pub(super) const TRAP_SPLITS: [char; 3] = [' ', ';', '\n'];

/// The effect that deleting a path has on a directory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Removal {
    /// Deletes it: the path is the directory, one above it, or everything in it.
    Covers,
    /// Unknown: the path has a variable.
    Unknown,
    /// Nothing.
    Other,
}

/// Returns the strongest effect that a command has on the directories.
pub(super) fn removal(
    command: &Command,
    directories: &[String],
    script: &Script,
    target: &TargetImage,
) -> Removal {
    let words: Vec<&str> = command.words.iter().map(AsRef::as_ref).collect();
    let place = |name: &str| words.iter().position(|word| base_name(word) == name);
    let removes = |word: &&&str| matches!(base_name(word), "rm" | "-delete" | "rmdir" | "unlink");
    let paths: Vec<&str> = match (place("find"), command.program()) {
        (Some(find), _) if words.iter().skip(find).find(removes).is_some() => words
            .iter()
            .skip(find + 1)
            .copied()
            .take_while(|word| !word.starts_with(['-', '(', '!']))
            .collect(),
        // The deleted paths come from standard input.
        (_, Some("rm")) if place("xargs").is_some() => return Removal::Unknown,
        (_, Some("rm" | "rmdir" | "shred" | "unlink")) => {
            command.arguments().iter().map(AsRef::as_ref).filter(|word| !word.starts_with('-')).collect()
        }
        // `trap 'rm -rf …' EXIT`
        (_, Some("trap")) => words.iter().skip(1).flat_map(|word| word.split(TRAP_SPLITS)).collect(),
        // Rarer ways, such as `rsync --delete` and `mv … /dev/null`, are not recognized.
        _ => return Removal::Other,
    };
    let mut result = Removal::Other;
    for path in paths.into_iter().flat_map(alternatives) {
        let path = with_value(&path, script, target);
        for directory in directories {
            match covers(&path, directory) {
                Removal::Covers => return Removal::Covers,
                Removal::Unknown => result = Removal::Unknown,
                Removal::Other => {}
            }
        }
    }
    result
}

/// Replaces the variable that a path begins with, if the script or the image sets it.
fn with_value(path: &str, script: &Script, target: &TargetImage) -> String {
    let Some(after) = path.strip_prefix('$') else { return path.to_owned() };
    let inside = after.strip_prefix('{').unwrap_or(after);
    let end = inside.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(inside.len());
    let (name, rest) = inside.split_at(end);
    let rest = if after.starts_with('{') { rest.strip_prefix('}').unwrap_or(rest) } else { rest };
    let set = script.commands.iter().flat_map(Command::variables).find(|(set, _)| *set == name);
    let of_image =
        || target.env.get(name).and_then(|entry| entry.value.as_ref().ok()).map(TracedText::as_str);
    match set.map(|(_, value)| value).or_else(of_image) {
        // A newly created temporary directory.
        Some(value) if value.contains("mktemp") => format!("/tmp/{name}{rest}"),
        // What follows an unknown variable is known: `$BASE/tmp`.
        Some(value) if value.rfind('$').is_none_or(|at| at == 0) => format!("{value}{rest}"),
        _ => path.to_owned(),
    }
}

/// Compares a deleted path with a directory. `~` in the directory is any home.
pub(super) fn covers(path: &str, directory: &str) -> Removal {
    let parts = |path: &str| -> Vec<String> {
        path.split('/').filter(|part| !part.is_empty() && *part != ".").map(str::to_owned).collect()
    };
    let (own, wanted) = (parts(path), parts(directory.trim_start_matches('~')));
    let fits = |own: &[String]| covers_parts(own, &wanted);
    let covered = match directory.strip_prefix('~') {
        // `/root/.cache`, `~/.cache/*`, `$HOME/.cache/pip`, `/home/app`.
        Some(_) => {
            let first = wanted.first();
            let from = own.iter().position(|part| first.is_some_and(|first| matches(part, first)));
            let home = match own.as_slice() {
                [home] => matches!(home.as_str(), "~" | "$HOME" | "${HOME}" | "root") && !path.ends_with('*'),
                [top, _] => top == "home",
                _ => false,
            };
            home || from.is_some_and(|from| own.get(from..).is_some_and(fits))
        }
        None if path.starts_with('/') => fits(&own),
        // A relative path may match any part of the directory's path.
        None if !path.starts_with(['$', '~']) => (0..wanted.len()).any(|from| {
            !own.is_empty() && wanted.get(from..).is_some_and(|wanted| self::covers_parts(&own, wanted))
        }),
        None => false,
    };
    if covered {
        return Removal::Covers;
    }
    if !path.starts_with('$') {
        return Removal::Other;
    }
    // `$CACHE`, `$CONDA_DIR/pkgs`: the part after the variable matches the directory's end.
    let rest: Vec<&String> = own.iter().skip(1).filter(|part| *part != "*").collect();
    let behind = rest.iter().rev().zip(wanted.iter().rev()).all(|(own, wanted)| matches(own, wanted));
    if behind { Removal::Unknown } else { Removal::Other }
}

/// True if `own` is `wanted`, a directory above it, or a glob of its entries.
fn covers_parts(own: &[String], wanted: &[String]) -> bool {
    let alike = own.iter().zip(wanted).all(|(own, wanted)| matches(own, wanted));
    let inside = own.get(wanted.len()..).unwrap_or_default();
    // Deleting `/` is not meant to empty a cache.
    !own.is_empty() && alike && inside.len() <= 1 && inside.iter().all(|part| part.contains(['*', '?', '[']))
}

/// True if a path component, with globs `*`, `?` and `[…]`, may match `name`.
fn matches(part: &str, name: &str) -> bool {
    let glob = |c: char| matches!(c, '*' | '?' | '[' | ']');
    if name.starts_with('.') && !part.starts_with('.') {
        return false;
    }
    match (part.find(glob), part.rfind(glob)) {
        (Some(first), Some(last)) => {
            let (before, after) =
                (part.get(..first).unwrap_or_default(), part.get(last + 1..).unwrap_or_default());
            name.len() >= before.len() + after.len() && name.starts_with(before) && name.ends_with(after)
        }
        _ => part == name,
    }
}

/// Expands braces: `/var/{lib/apt,cache/*}` is two paths.
fn alternatives(path: &str) -> Vec<String> {
    let mut whole = Vec::new();
    let mut open = vec![path.to_owned()];
    while let Some(path) = open.pop() {
        let close = path.find('}');
        let begin = close.and_then(|close| path.get(..close)?.rfind('{'));
        let inside = begin.zip(close).and_then(|(begin, close)| {
            let inside = path.get(begin + 1..close)?;
            let variable = path.get(..begin)?.ends_with('$');
            (inside.contains(',') && !variable).then_some((begin, close, inside))
        });
        match inside {
            Some((begin, close, inside)) if whole.len() + open.len() < MAX_ALTERNATIVES => {
                let (before, after) =
                    (path.get(..begin).unwrap_or_default(), path.get(close + 1..).unwrap_or_default());
                open.extend(
                    inside.split(',').take(MAX_ALTERNATIVES).map(|part| format!("{before}{part}{after}")),
                );
            }
            _ => whole.push(path),
        }
    }
    whole
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_held_against_directories() {
        for (path, directory) in [
            ("/var/lib/apt/lists/*", "/var/lib/apt/lists"),
            ("/var/lib/apt/lists/", "/var/lib/apt/lists"),
            ("/var/lib/apt", "/var/lib/apt/lists"),
            ("/var/cache/*", "/var/cache/apk"),
            ("/var/cache/apk/APKINDEX*", "/var/cache/apk"),
            ("/var/cache/d*", "/var/cache/dnf"),
            ("/var/cache/a*k", "/var/cache/apk"),
            ("/var/cache/ap*k", "/var/cache/apk"),
            ("/var/cache/?pk", "/var/cache/apk"),
            ("/var/cache/[a-d]pk", "/var/cache/apk"),
            ("/var/cache/ap?", "/var/cache/apk"),
            ("lists/*", "/var/lib/apt/lists"),
            ("/root/.cache", "~/.cache/pip"),
            ("~/.cache/*", "~/.cache/pip"),
            ("$HOME/.cache/pip", "~/.cache/pip"),
            ("/home/app/.npm", "~/.npm"),
            ("/root/.[!.]*", "~/.npm"),
            ("/root", "~/.npm"),
        ] {
            assert_eq!(covers(path, directory), Removal::Covers, "{path} {directory}");
        }
        for (path, directory) in [
            ("/var/lib/apt/lists/partial", "/var/lib/apt/lists"),
            ("/var/cache/apt", "/var/lib/apt/lists"),
            ("/foo", "/var/lib/apt/lists"),
            ("/root/*", "~/.npm"),
            ("/tmp/*", "~/.cache/pip"),
            ("$GNUPGHOME/x", "/var/lib/apt/lists"),
            ("/", "/var/cache/apk"),
            ("/var/cache/apkx*", "/var/cache/apk"),
            ("/var/cache/*x", "/var/cache/apk"),
            ("/var/cache/ap*pk", "/var/cache/apk"),
            ("/var/cache/x*k", "/var/cache/apk"),
        ] {
            assert_eq!(covers(path, directory), Removal::Other, "{path} {directory}");
        }
        assert_eq!(covers("$X", "/var/lib/apt/lists"), Removal::Unknown);
        assert_eq!(covers("$CONDA_DIR/pkgs/*", "/opt/conda/pkgs"), Removal::Unknown);
    }

    #[test]
    fn braces_are_alternatives() {
        let mut found = alternatives("/var/{lib/apt,cache/{a,b}}/x");
        found.sort();
        found.dedup();
        assert_eq!(found, ["/var/cache/a/x", "/var/cache/b/x", "/var/lib/apt/x"]);
        assert_eq!(alternatives("${A,B}"), ["${A,B}"]);
    }
}
