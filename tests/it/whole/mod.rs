//! Invariants of every report, for the tests with hostile names and for the fuzzer.
#![allow(unreachable_pub)]

use oomlint::report::Format;
use serde_json::Value;

/// Asserts that a report parses, has the right number of findings, and cannot control a terminal or a CI runner.
pub fn check(format: Format, text: &str, findings: usize) {
    // No control characters, zero-width characters or bidirectional controls.
    let steering = text.chars().find(|c| {
        (c.is_control() && *c != '\n')
            || matches!(c, '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}'
                | '\u{feff}' | '\u{fffe}' | '\u{ffff}')
    });
    assert_eq!(steering, None, "{format:?}: {text:?}");
    // No line is a command to a runner except ours. `:::` introduces another file in a drawing and is no command.
    let begin = |mark: &str| text.lines().filter(|line| line.trim_start().starts_with(mark)).count();
    let commands = begin("::") - begin(":::");
    let azure = text.matches("##vso[").count();
    match format {
        Format::Github => assert_eq!((commands, text.lines().count()), (findings, findings), "{text}"),
        Format::Azure => {
            assert_eq!((commands, azure, text.lines().count()), (0, findings, findings), "{text}");
            assert_eq!(begin("##vso[task.logissue type="), findings, "{text}");
        }
        _ => assert_eq!(commands, 0, "{format:?}: {text}"),
    }
    if !matches!(format, Format::Github | Format::Azure | Format::Junit | Format::Checkstyle) {
        assert!(azure == 0 && !text.contains("##["), "{format:?}: {text}");
    }
    let json = |text: &str| -> Value {
        serde_json::from_str(text).unwrap_or_else(|error| panic!("{format:?}: {error}: {text}"))
    };
    let of = |list: &Value| {
        assert_eq!(list.as_array().map(Vec::len), Some(findings), "{format:?}: {text}");
    };
    match format {
        Format::Concise => assert_eq!(text.lines().count(), findings, "{text}"),
        Format::Json => of(&json(text)["findings"]),
        Format::Gitlab => of(&json(text)),
        Format::Rdjson => of(&json(text)["diagnostics"]),
        Format::Jsonl => {
            text.lines().for_each(|line| _ = json(line));
            assert_eq!(text.lines().count(), findings, "{text}");
        }
        Format::Sarif => {
            let results = json(text)["runs"][0]["results"].take();
            let new =
                results.as_array().into_iter().flatten().filter(|result| result["suppressions"].is_null());
            assert_eq!(new.count(), findings, "{text}");
        }
        Format::Junit | Format::Checkstyle => {
            let document = roxmltree::Document::parse(text).unwrap_or_else(|error| panic!("{error}: {text}"));
            let one = if format == Format::Junit { "testcase" } else { "error" };
            let ours = document.descendants().filter(|node| node.has_tag_name(one)).count();
            // Without findings, JUnit has one passed test.
            let expected = if format == Format::Junit { findings.max(1) } else { findings };
            assert_eq!(ours, expected, "{text}");
        }
        Format::Human | Format::Github | Format::Azure | Format::Markdown => {}
    }
}
