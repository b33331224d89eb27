//! What a comment covers, in each kind of file: each row has a text and the lines whose findings stay.

use crate::scopes::{Files, Ran};

/// Returns the lines of the findings of a rule in the first file that are reported, which are the same with `\r\n`. `@` is the beginning
/// of a comment's words, and `$` the rule.
fn reported(rule: &str, files: Files<'_>) -> Vec<usize> {
    let lines = lines(rule, files);
    let other: Vec<String> = files.iter().map(|(_, text)| text.replace('\n', "\r\n")).collect();
    let other: Vec<(&str, &str)> =
        files.iter().zip(&other).map(|((name, _), text)| (*name, text.as_str())).collect();
    assert_eq!(self::lines(rule, &other), lines, "{other:?}");
    lines
}

fn lines(rule: &str, files: Files<'_>) -> Vec<usize> {
    let texts: Vec<String> =
        files.iter().map(|(_, text)| text.replace('@', "oomlint: ignore").replace('$', rule)).collect();
    let files: Vec<(&str, &str)> =
        files.iter().zip(&texts).map(|((name, _), text)| (*name, text.as_str())).collect();
    let ran = Ran::over(&files, &[files[0].0], &[rule]);
    let file = files[0].0;
    let line = |finding: &oomlint::diagnostic::Finding| {
        let span = ran.sources.to_outer_span(finding.primary.span);
        let source = ran.sources.get(span.file);
        assert_eq!(ran.name(source.path()), file);
        source.text()[..span.start as usize].matches('\n').count() + 1
    };
    let mut lines: Vec<usize> = ran.outcome.findings.iter().map(line).collect();
    lines.dedup();
    lines
}

#[test]
fn a_comment_in_a_compose_file_covers_what_begins_there() {
    for (text, lines) in [
        ("services:\n  a:\n    image: x\n    mem_limit: 5m\n  b: {image: x, mem_limit: 5m}\n", &[4, 5][..]),
        ("# @[$]\nservices:\n  a:\n    image: x\n    mem_limit: 5m\n  b: {image: x, mem_limit: 5m}\n", &[]),
        ("services: # @[$]\n  a:\n    image: x\n    mem_limit: 5m\n  b: {image: x, mem_limit: 5m}\n", &[]),
        (
            "services:\n  # @[$]\n  a:\n    image: x\n    mem_limit: 5m\n  b: {image: x, mem_limit: 5m}\n",
            &[6],
        ),
        ("services:\n  a: # @[$]\n    image: x\n    mem_limit: 5m\n  b: {image: x, mem_limit: 5m}\n", &[5]),
        (
            "services:\n  a:\n    image: x\n    # @[$]\n    mem_limit: 5m\n  b: {image: x, mem_limit: 5m}\n",
            &[6],
        ),
        ("services:\n  a:\n    image: x\n    mem_limit: 5m # @[$]\n  b: {image: x, mem_limit: 5m}\n", &[5]),
        (
            "services:\n  a:\n    # @[$]\n    image: x\n    mem_limit: 5m\n  b: {image: x, mem_limit: 5m}\n",
            &[5, 6],
        ),
        (
            "services:\n  a:\n    image: x # @[$]\n    mem_limit: 5m\n  b: {image: x, mem_limit: 5m}\n",
            &[4, 5],
        ),
        (
            "services:\n  a:\n    image: x\n    mem_limit: 5m\n  # @[$]\n  b: {image: x, mem_limit: 5m}\n",
            &[4],
        ),
        ("services:\n  a:\n    image: x\n    mem_limit: 5m\n  b: {image: x, mem_limit: 5m} # @[$]\n", &[4]),
        // Below everything it covers nothing.
        (
            "services:\n  a:\n    image: x\n    mem_limit: 5m\n  b: {image: x, mem_limit: 5m}\n# @[$]\n",
            &[4, 5],
        ),
        (
            "services:\n  a:\n    image: x\n    mem_limit: 5m\n  b: {image: x, mem_limit: 5m}\n# @-file[$]\n",
            &[],
        ),
        // Between it and what it covers: other comments, empty lines, the start of the document.
        (
            "services:\n  # @[$]\n  # why\n\n  a: {image: x, mem_limit: 5m}\n  b: {image: x, mem_limit: 5m}\n",
            &[6],
        ),
        (
            "services:\n  # @[$]\n  # @[small-shm]\n  a: {image: x, mem_limit: 5m}\n  b: {image: x, mem_limit: 5m}\n",
            &[5],
        ),
        (
            "services:\n  # @[small-shm]\n  # @[$]\n  a: {image: x, mem_limit: 5m}\n  b: {image: x, mem_limit: 5m}\n",
            &[5],
        ),
        (
            "services:\n  # @[$]\n  a: {image: x, mem_limit: 5m}\n  # @[$]\n  b: {image: x, mem_limit: 5m}\n",
            &[],
        ),
        ("# @[$]\n---\nservices:\n  a: {image: x, mem_limit: 5m}\n", &[]),
        ("# @[$]\n--- # of it\nservices:\n  a: {image: x, mem_limit: 5m}\n", &[]),
        ("# @[$]\n%YAML 1.2\n---\nservices:\n  a: {image: x, mem_limit: 5m}\n", &[]),
        // The rule or its group, in a list.
        ("services:\n  a: {image: x, mem_limit: 5m} # @[limits]\n", &[]),
        ("services:\n  a: {image: x, mem_limit: 5m} # @[health]\n", &[2]),
        ("services:\n  a: {image: x, mem_limit: 5m} # @[small-shm,$] why\n", &[]),
        ("services:\n  a: {image: x, mem_limit: 5m} # @[ $ , small-shm ]: why\n", &[]),
        ("services:\n  a: {image: x, mem_limit: 5m} # @[,$,]\n", &[]),
        ("services:\n  a: {image: x, mem_limit: 5m} # @ [$]\n", &[]),
        ("services:\n  a: {image: x, mem_limit: 5m} #@[$]\n", &[]),
        ("services:\n  a: {image: x, mem_limit: 5m} # @[$\n", &[2]),
        ("services:\n  a: {image: x, mem_limit: 5m} # @ $\n", &[2]),
        ("services:\n  a: {image: x, mem_limit: 5m} # @d[$]\n", &[2]),
        ("services:\n  a: {image: x, mem_limit: 5m} # @-next[$]\n", &[2]),
        ("services:\n  a: {image: x, mem_limit: 5m} # see @[$]\n", &[2]),
    ] {
        assert_eq!(reported("memory-limit-below-minimum", &[("compose.yaml", text)]), lines, "{text}");
    }
}

#[test]
fn a_comment_in_a_dockerfile_covers_an_instruction_or_a_stage() {
    const RUN: &str = "RUN apt-get update && apt-get install -y curl\n";
    for (text, lines) in [
        ("FROM debian AS a\n!!FROM a\n!CMD [x]\n", &[2, 3, 5][..]),
        ("# @[$]\nFROM debian AS a\n!!FROM a\n!", &[6]),
        ("FROM debian AS a\n# @[$]\n!!FROM a\n!", &[4, 6]),
        ("FROM debian AS a\n!# @[$]\n!FROM a\n!", &[2, 6]),
        ("FROM debian AS a\n!!# @[$]\nFROM a\n!", &[2, 3]),
        ("FROM debian AS a\n!!FROM a\n# @[$]\n!", &[2, 3]),
        ("FROM debian AS a\n!!FROM a\n!# @[$]\n", &[2, 3, 5]),
        ("FROM debian AS a\n!!FROM a\n!# @-file[$]\n", &[]),
        ("FROM debian AS a\n# @[$]\n\n# why\n!!", &[6]),
        ("FROM debian AS a\n# @[$]\nRUN apt-get update && \\\n  apt-get install -y curl\n!", &[5]),
        ("FROM debian AS a\nRUN apt-get update && \\\n  # @[$]\n  apt-get install -y curl\n!", &[5]),
        ("FROM debian AS a\nRUN apt-get update && \\\n  apt-get install -y curl\n# @[$]\n!", &[2]),
    ] {
        let text = text.replace('!', RUN);
        let found = reported("uncleaned-package-cache", &[("Dockerfile", &text)]);
        assert_eq!(found, lines, "{text}");
    }
}

#[test]
fn a_comment_in_an_env_file_covers_a_line() {
    let stack = "services:\n  a: {image: 'eclipse-temurin:21', command: java -jar x.jar, mem_limit: 1g, env_file: [a.env]}\n";
    for (text, lines) in [
        ("JAVA_TOOL_OPTIONS=-Xmx400mb\n", &[1][..]),
        ("# @[$]\nJAVA_TOOL_OPTIONS=-Xmx400mb\n", &[]),
        ("JAVA_TOOL_OPTIONS=-Xmx400mb # @[$]\n", &[]),
        ("# @[$]\nA=1\nJAVA_TOOL_OPTIONS=-Xmx400mb\n", &[3]),
        ("JAVA_TOOL_OPTIONS=-Xmx400mb\n# @[$]\n", &[1]),
        ("JAVA_TOOL_OPTIONS=-Xmx400mb\n# @-file[$]\n", &[]),
    ] {
        let files = [("a.env", text), ("compose.yaml", stack)];
        assert_eq!(reported("malformed-heap-setting", &files), lines, "{text}");
    }
}

#[test]
fn a_comment_next_to_commands_covers_a_command_or_a_block() {
    for (name, text, lines) in [
        ("run.sh", "docker run -m 5m x\ndocker run -m 4m x\n", &[1, 2][..]),
        ("run.sh", "# @[$]\ndocker run -m 5m x\ndocker run -m 4m x\n", &[3]),
        ("run.sh", "docker run -m 5m x # @[$]\ndocker run -m 4m x\n", &[2]),
        ("run.sh", "docker run -m 5m x\n# @[$]\ndocker run -m 4m x\n", &[1]),
        ("run.sh", "docker run -m 5m x\ndocker run -m 4m x\n# @[$]\n", &[1, 2]),
        ("run.sh", "docker run -m 5m x\ndocker run -m 4m x\n# @[$]", &[1, 2]),
        ("run.sh", "# @-file[$]\ndocker run -m 5m x\ndocker run -m 4m x\n", &[]),
        ("run.sh", "# @[$]\n# @[small-shm]\ndocker run -m 5m x\ndocker run -m 4m x\n", &[4]),
        ("run.sh", "# @[small-shm]\n# @[$]\ndocker run -m 5m x\ndocker run -m 4m x\n", &[4]),
        ("run.sh", "# @[$]\ndocker run \\\n  -m 5m \\\n  x\ndocker run -m 4m x\n", &[5]),
        ("run.sh", "# @[$]\ndocker run \\\n  -m 5m x\ndocker run -m 4m x\n", &[4]),
        ("run.sh", "docker run \\\n  -m 5m x # @[$]\ndocker run -m 4m x\n", &[3]),
        ("run.sh", "echo @[$]\ndocker run -m 5m x\n", &[2]),
        ("r.md", "```sh\ndocker run -m 5m x\ndocker run -m 4m x\n```\n", &[2, 3]),
        ("r.md", "<!-- @[$] -->\n```sh\ndocker run -m 5m x\ndocker run -m 4m x\n```\n", &[]),
        ("r.md", "<!-- @[$] -->\n~~~sh\ndocker run -m 5m x\ndocker run -m 4m x\n~~~\n", &[]),
        ("r.md", "<!-- @[$] -->\n\n```sh\ndocker run -m 5m x\n```\n\n```sh\ndocker run -m 4m x\n```\n", &[8]),
        ("r.md", "<!-- @[$] -->\n```sh\ndocker run -m 5m x\n```\n```sh\ndocker run -m 4m x\n```\n", &[6]),
        ("r.md", "<!-- @[$] -->\n~~~sh\ndocker run -m 5m x\n~~~\n~~~sh\ndocker run -m 4m x\n~~~\n", &[6]),
        ("r.md", "<!-- @[$] -->\nWords.\n\n```sh\ndocker run -m 5m x\n```\n", &[5]),
        ("r.md", "```sh\n# @[$]\ndocker run -m 5m x\ndocker run -m 4m x\n```\n", &[4]),
        ("r.md", "```sh\ndocker run -m 5m x\n```\n<!-- @-file[$] -->\n", &[]),
        ("r.md", "see C#\n@[$]\n```sh\ndocker run -m 5m x\n```\n", &[4]),
        ("r.md", "@[$]\n```sh\ndocker run -m 5m x\n```\n", &[3]),
    ] {
        assert_eq!(reported("memory-limit-below-minimum", &[(name, text)]), lines, "{name}:\n{text}");
    }
}

/// As comments with `#` do, those above a comment with other words included.
#[test]
fn comments_of_html_below_each_other_cover_the_same() {
    for text in [
        "<!-- @[$] -->\n<!-- @[small-shm] -->\n```sh\ndocker run -m 5m x\n```\n",
        "<!-- @[small-shm] -->\n<!-- @[$] -->\n```sh\ndocker run -m 5m x\n```\n",
        "<!-- @[$] -->\n<!-- why -->\n```sh\ndocker run -m 5m x\n```\n",
    ] {
        assert!(reported("memory-limit-below-minimum", &[("r.md", text)]).is_empty(), "{text}");
    }
}

/// Returns the texts of the places of findings about suppressions, with the rules.
fn told(name: &str, text: &str) -> Vec<String> {
    let text = text.replace('@', "oomlint: ignore");
    let ran = Ran::over(
        &[(name, &text)],
        &[name],
        &["unknown-rule", "unused-suppression", "small-shm", "memory-limit-below-minimum"],
    );
    let lint = ran.outcome.findings.iter().filter(|finding| finding.rule.starts_with("un"));
    let line = |finding: &oomlint::diagnostic::Finding| {
        let span = ran.sources.to_outer_span(finding.primary.span);
        format!("{} {}", finding.rule, &text[span.start as usize..span.end as usize])
    };
    lint.map(line).collect()
}

/// A name is reported at its place, and a comment without names as a whole. What has other words is no such comment.
#[test]
fn names_that_suppress_nothing_are_reported_where_they_are() {
    for (comment, expected) in [
        ("@[abc]", &["unknown-rule abc"][..]),
        ("@[abc] why", &["unknown-rule abc"]),
        ("@[ abc ,  small-shm,de]", &["unknown-rule abc", "unused-suppression small-shm", "unknown-rule de"]),
        ("@[,abc,,]", &["unknown-rule abc"]),
        ("@-file[abc, de]", &["unknown-rule abc", "unknown-rule de"]),
        ("@", &["unknown-rule *"]),
        ("@ for now", &["unknown-rule *"]),
        ("@[abc", &["unknown-rule *"]),
        ("@[]", &["unknown-rule *"]),
        ("@-file", &["unknown-rule *"]),
        ("@d", &[]),
        ("@d for now", &[]),
        ("@-next[abc]", &[]),
        ("see @[abc]", &[]),
    ] {
        for (name, before, after) in [
            ("compose.yaml", "services:\n  a: {image: x}\n  ", "\n  b: {image: x}\n"),
            ("compose.yaml", "services:\n  a: {image: x} ", "\n"),
            ("Dockerfile", "FROM x\n", "\nCMD [x]\n"),
            ("run.sh", "#!/bin/sh\n", "\ndocker run x\n"),
        ] {
            let text = format!("{before}# {comment}{after}");
            let whole = format!("# {}", comment.replace('@', "oomlint: ignore"));
            let expected: Vec<String> = expected.iter().map(|line| line.replace('*', &whole)).collect();
            assert_eq!(told(name, &text), expected, "{name}: {text}");
        }
    }
}

/// The reason is what follows the names, without what sets it off.
#[test]
fn the_reason_of_a_comment_is_told() {
    for (comment, reason) in [
        ("@[limits]", None),
        ("@[limits] ", None),
        ("@[limits] -", None),
        ("@[limits] why", Some("why")),
        ("@[limits]: why so", Some("why so")),
        ("@[limits] - why - so ", Some("why - so")),
    ] {
        let comment = comment.replace('@', "oomlint: ignore");
        let text = format!("services:\n  a: {{image: x, mem_limit: 5m}} # {comment}\n");
        let ran = Ran::over(&[("compose.yaml", &text)], &[], &["memory-limit-below-minimum"]);
        let told: Vec<Option<&str>> =
            ran.outcome.suppressed.iter().map(|one| one.justification.as_deref()).collect();
        assert_eq!(told, [reason], "{text}");
    }
}
