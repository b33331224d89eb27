//! Unified diffs that `git apply` and `patch` accept.

use std::fmt::Write;
use std::ops::Range;
use std::path::Path;

use similar::{Algorithm, DiffOp, capture_diff_slices, group_diff_ops};

use super::{escape, path_text};

/// Unchanged lines around each change.
const CONTEXT: usize = 3;

/// Returns the diff of one file. As in git, only `\n` ends a line; a `\r` is part of it.
#[must_use]
pub fn diff(path: &Path, old: &str, new: &str) -> String {
    let old: Vec<&str> = old.split_inclusive('\n').collect();
    let new: Vec<&str> = new.split_inclusive('\n').collect();
    let ops = capture_diff_slices(Algorithm::Myers, &old, &new);
    let mut out = String::new();
    let _ = writeln!(out, "--- {}\n+++ {}", name('a', path), name('b', path));
    for hunk in group_diff_ops(ops, CONTEXT) {
        let (Some(first), Some(last)) = (hunk.first(), hunk.last()) else { continue };
        let all = |range: fn(&DiffOp) -> Range<usize>| at(&(range(first).start..range(last).end));
        let _ = writeln!(out, "@@ -{} +{} @@", all(DiffOp::old_range), all(DiffOp::new_range));
        for op in &hunk {
            let (mut gone, mut come) = (old.get(op.old_range()), new.get(op.new_range()));
            if let DiffOp::Equal { .. } = op {
                lines(&mut out, ' ', gone.take().unwrap_or_default());
                come = None;
            }
            lines(&mut out, '-', gone.unwrap_or_default());
            lines(&mut out, '+', come.unwrap_or_default());
        }
    }
    out
}

/// True if nothing in a diff controls a terminal or is a command to a CI runner.
#[must_use]
pub fn is_harmless(diff: &str) -> bool {
    diff.split_inclusive('\n').all(|line| escape::patch_line(line) == line)
}

/// Formats a range of a hunk header: first line and count. An empty range has the number of the line before it.
fn at(range: &Range<usize>) -> String {
    let first = if range.is_empty() { range.start } else { range.start + 1 };
    format!("{first},{}", range.len())
}

fn lines(out: &mut String, sign: char, lines: &[&str]) {
    for line in lines {
        out.push(sign);
        out.push_str(line);
        if !line.ends_with('\n') {
            out.push_str("\n\\ No newline at end of file\n");
        }
    }
}

/// Formats a file name as git does: without the `/` at its beginning. A name with special characters is quoted, with octal escapes as git writes them.
fn name(side: char, path: &Path) -> String {
    let shown = path.to_str().map(|_| path_text(path));
    match shown {
        Some(path) if !path.contains(['"', '\\']) && escape::line(&path) == path => {
            format!("{side}/{}", path.trim_start_matches('/'))
        }
        _ => {
            let mut out = format!("\"{side}/");
            let bytes = path.as_os_str().as_encoded_bytes();
            for byte in bytes.iter().skip_while(|byte| **byte == b'/') {
                match byte {
                    b'"' | b'\\' => out.extend(['\\', char::from(*byte)]),
                    b' '..=b'~' if *byte != b'#' => out.push(char::from(*byte)),
                    byte => _ = write!(out, "\\{byte:03o}"),
                }
            }
            out + "\""
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_end_at_line_feeds() {
        let shown = diff(Path::new("a b.yaml"), "1\r2\n3\u{2028}\n4", "1\r2\n3\u{2028}\n5");
        let wanted = "--- a/a b.yaml\n+++ b/a b.yaml\n@@ -1,3 +1,3 @@\n 1\r2\n 3\u{2028}\n-4\n\\ No newline at end of file\n+5\n\\ No newline at end of file\n";
        assert_eq!(shown, wanted);
        assert_eq!(diff(Path::new("a"), "", "x\n"), "--- a/a\n+++ b/a\n@@ -0,0 +1,1 @@\n+x\n");
    }

    #[test]
    fn names_are_quoted_as_git_does() {
        assert_eq!(name('a', Path::new("größe/x.yaml")), "a/größe/x.yaml");
        assert_eq!(name('a', Path::new("/srv/x.yaml")), "a/srv/x.yaml");
        assert_eq!(name('b', Path::new("/srv/\"x\"")), "\"b/srv/\\\"x\\\"\"");
        assert_eq!(name('a', Path::new("a\"b\n##[c]")), "\"a/a\\\"b\\012\\043\\043[c]\"");
    }

    #[test]
    fn what_steers_is_told() {
        let around = |text: &str| diff(Path::new("a"), &format!("{text}\nb"), &format!("{text}\nc"));
        for text in ["\u{feff}a", "👨\u{200d}👩", "a\rb", "a # ::b", "größe\t"] {
            assert!(is_harmless(&around(text)), "{text:?}");
        }
        for text in ["\u{1b}[31m", "a\u{c}", "\u{202e}", "\u{85}", "  ::error::x", "##[x]", "a\0"] {
            assert!(!is_harmless(&around(text)), "{text:?}");
        }
    }
}
