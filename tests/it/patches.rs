//! `git apply` accepts the output of `--diff`, with the result of `--fix`; files that `--diff` leaves out are reported.

use std::io::Write;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use proptest::prelude::*;

fn oomlint(directory: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_oomlint"));
    command.args(arguments).current_dir(directory).env_remove("CLICOLOR_FORCE").output().unwrap()
}

/// Applies the output of `--diff` and returns the new content of the file; `None` if the file is left out.
fn patched(directory: &Path, name: &str) -> Option<Vec<u8>> {
    let shown = oomlint(directory, &["--diff", "--unsafe-fixes", "--no-baseline", "."]);
    let said = String::from_utf8(shown.stderr).unwrap();
    if said.contains("not shown: ") {
        assert_eq!((shown.status.code(), shown.stdout.len()), (Some(1), 0), "{said}");
        assert!(said.contains("; use --fix"), "{said}");
        return None;
    }
    assert_eq!(shown.status.code() == Some(1), !shown.stdout.is_empty(), "{said}");
    if !shown.stdout.is_empty() {
        let mut git = Command::new("git");
        git.args(["-c", "core.autocrlf=false", "apply", "--whitespace=nowarn"]).current_dir(directory);
        git.env("GIT_CEILING_DIRECTORIES", directory.parent().unwrap()).env("GIT_CONFIG_NOSYSTEM", "1");
        let mut git = git.stdin(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        git.stdin.take().unwrap().write_all(&shown.stdout).unwrap();
        let output = git.wait_with_output().unwrap();
        let error = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success(), "{error}\n{}", String::from_utf8_lossy(&shown.stdout));
    }
    Some(std::fs::read(directory.join(name)).unwrap())
}

/// Asserts that patch and fix of a text agree. False if the patch is left out or nothing changes.
fn agree(name: &str, text: &str) -> bool {
    let (a, b) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    for directory in [&a, &b] {
        std::fs::write(directory.path().join(name), text).unwrap();
    }
    oomlint(b.path(), &["--fix", "--unsafe-fixes", "--no-baseline", "."]);
    let fixed = std::fs::read(b.path().join(name)).unwrap();
    let Some(patched) = patched(a.path(), name) else { return false };
    assert_eq!(String::from_utf8_lossy(&patched), String::from_utf8_lossy(&fixed), "{text:?}");
    fixed != text.as_bytes()
}

fn git_is_there() -> bool {
    let there = Command::new("git").arg("--version").output().is_ok_and(|output| output.status.success());
    if !there {
        println!("skipped: git is not there");
    }
    there
}

/// Returns a Compose file to fix, with `comment` around the fault.
fn compose(comment: &str, end: &str, lines: usize) -> String {
    let before = format!("  # {comment}{end}").repeat(lines);
    format!(
        "services:{end}{before}  a:{end}    image: x{end}    mem_limit: 512Mi # {comment}{end}    # {comment}{end}    init: true"
    )
}

#[test]
fn marks_without_width_and_lone_carriage_returns_are_the_file_s_own() {
    if !git_is_there() {
        return;
    }
    for comment in ["👨\u{200d}👩", "a\u{200b}b\u{2060}", "größe", "a\tb", "# #[x] ## a::b", "trailing  "]
    {
        for end in ["\n", "\r\n"] {
            assert!(agree("compose.yaml", &compose(comment, end, 1)), "{comment:?} {end:?}");
            let text = format!("\u{feff}{}{end}", compose(comment, end, 0));
            assert!(agree("compose.yaml", &text), "{text:?}");
        }
    }
    // A lone carriage return ends a line in YAML but not in git.
    assert!(agree("compose.yaml", &compose("x", "\n", 1).replacen("# x\n", "# x\r  # y\n", 1)));
    assert!(agree("Dockerfile", "# a\rb\nFROM node:22\n# \u{feff}\nCMD [\"node\", \"a.js\"]"));
    assert!(agree("compose.a b \"c\".yaml", &compose("x", "\n", 2)));
    assert!(agree("compose.größe\t1.yaml", &compose("x", "\n", 2)));
}

#[test]
fn what_would_steer_is_not_shown_and_that_is_said() {
    for comment in ["\u{1b}[31m", "a\u{c}b", "\u{7f}", "\u{202e}x", "##[error]x", "##vso[x]y"] {
        let text = format!("# {comment}\nFROM node:22\nCMD [\"node\", \"a.js\"]\n");
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("Dockerfile"), &text).unwrap();
        assert_eq!(patched(dir.path(), "Dockerfile"), None, "{comment:?}");
    }
}

#[test]
fn what_needs_unsafe_fixes_is_said() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("compose.yaml");
    std::fs::write(&path, "services:\n  a:\n    image: x\n    mem_limit: 512Mi\n").unwrap();
    for (option, before) in [("--diff", ""), ("--fix", "")] {
        let ran = oomlint(dir.path(), &[option]);
        let said = String::from_utf8(ran.stderr).unwrap();
        assert!(said.starts_with(&format!("{before}1 fix in 1 file\n")), "{said}");
        assert!(said.contains("1 more with --unsafe-fixes\n"), "{said}");
    }
    for option in ["--diff", "--fix"] {
        let ran = oomlint(dir.path(), &[option]);
        assert_eq!(String::from_utf8(ran.stderr).unwrap(), "1 more with --unsafe-fixes\n");
    }
    let ran = oomlint(dir.path(), &["--diff", "--unsafe-fixes"]);
    assert_eq!(String::from_utf8(ran.stderr).unwrap(), "1 fix in 1 file\n");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn a_patch_gives_what_a_fix_gives(
        comment in "[a#:\\[ é\u{feff}\u{200d}\u{85}\u{2028}\t\r\u{b}\u{c}\u{1b}]{0,8}",
        lines in 0usize..5,
        crlf in any::<bool>(),
        last in any::<bool>(),
    ) {
        if !git_is_there() {
            return Ok(());
        }
        let end = if crlf { "\r\n" } else { "\n" };
        let mut text = compose(&comment, end, lines);
        text.push_str(if last { end } else { "" });
        agree("compose.yaml", &text);
        let comments = format!("# {comment}{end}").repeat(lines);
        agree("Dockerfile", &format!("{comments}FROM node:22{end}# {comment}{end}CMD [\"node\", \"a.js\"]"));
    }
}
