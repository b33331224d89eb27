//! Machine-readable formats: snapshots of whole projects, validity, and no injection by text from linted files.

use crate::{common, whole};
use std::collections::HashSet;
use std::io::{self, Write};
use std::path::Path;

use clap::ValueEnum;
use common::Checked;
use oomlint::diagnostic::{Confidence, Finding, Label, Severity, Summary};
use oomlint::discover::RepositoryRoot;
use oomlint::report::{Format, Report, fit, human, images, json, why};
use oomlint::source::{Sources, Span};
use serde_json::Value;

/// Projects with non-ASCII text before the findings, findings across files, and files that do not parse.
const PROJECTS: [&str; 3] = ["umlaut", "shop", "broken"];

fn project(name: &str) -> Checked {
    Checked::below(&Path::new("fixtures/projects").join(name))
}

fn name(format: Format) -> String {
    format.to_possible_value().unwrap().get_name().to_owned()
}

#[test]
fn every_format_of_whole_projects() {
    for of in PROJECTS {
        let checked = project(of);
        for format in Format::value_variants() {
            let text = match format {
                Format::Sarif => sarif_of_few_rules(checked.json(*format)),
                Format::Json | Format::Gitlab | Format::Rdjson => pretty(&checked.json(*format)),
                _ => checked.report(*format),
            };
            insta::assert_snapshot!(format!("{of}_{}", name(*format)), text);
        }
    }
}

fn pretty(value: &Value) -> String {
    serde_json::to_string_pretty(value).unwrap()
}

/// Reduces the table of rules to one, since their pages are tested elsewhere.
fn sarif_of_few_rules(mut log: Value) -> String {
    let driver = &mut log["runs"][0]["tool"]["driver"];
    let rules = driver["rules"].as_array_mut().unwrap();
    rules.retain(|rule| rule["id"] == "tight-heap");
    rules[0]["help"]["markdown"] = "(the page)".into();
    // They shift with each new rule; `sarif.rs` tests them.
    for result in log["runs"][0]["results"].as_array_mut().unwrap() {
        result["ruleIndex"] = "(of the rule)".into();
    }
    pretty(&log)
}

#[test]
fn without_findings_every_format_is_whole() {
    let checked = Checked::texts(&[]);
    for format in Format::value_variants() {
        let text = checked.report(*format);
        match format {
            Format::Human | Format::Markdown => {}
            Format::Concise | Format::Jsonl | Format::Github | Format::Azure => assert_eq!(text, ""),
            Format::Json | Format::Sarif | Format::Gitlab | Format::Rdjson => {
                assert!(serde_json::from_str::<Value>(&text).is_ok(), "{text}");
            }
            Format::Junit | Format::Checkstyle => {
                assert!(roxmltree::Document::parse(&text).is_ok(), "{text}");
            }
        }
    }
    let junit = checked.report(Format::Junit);
    assert!(junit.contains(r#"tests="1" failures="0""#), "{junit}");
}

#[test]
fn columns_are_in_the_units_of_each_format() {
    let checked = project("umlaut");
    let at =
        checked.outcome.findings.iter().position(|finding| finding.rule == "invalid-memory-value").unwrap();
    // `  lager: {image: "example.org/größe-😀:1", mem_limit: ` has 54 characters, one of two bytes twice, one of four.
    let json = &checked.json(Format::Json)["findings"][at]["range"];
    let (bytes, utf16) = (json["start"]["column"].clone(), json["start"]["column_utf16"].clone());
    assert_eq!(bytes.as_u64().unwrap(), utf16.as_u64().unwrap() + 2 + 2);
    let sarif =
        &checked.json(Format::Sarif)["runs"][0]["results"][at]["locations"][0]["physicalLocation"]["region"];
    assert_eq!(sarif["startColumn"], utf16);
    let rdjson = &checked.json(Format::Rdjson)["diagnostics"][at]["location"]["range"];
    assert_eq!(rdjson["start"]["column"], bytes);
    let characters = utf16.as_u64().unwrap() - 1;
    let gitlab = &checked.json(Format::Gitlab)[at]["location"]["positions"]["begin"];
    assert_eq!(gitlab["column"], characters);
    for format in [Format::Concise, Format::Human] {
        let place = format!("compose.yaml:3:{characters}");
        assert!(checked.report(format).contains(&place), "{}", checked.report(format));
    }
    assert!(checked.report(Format::Github).contains(&format!(",col={characters},")));
    assert!(checked.report(Format::Azure).contains(&format!(";columnnumber={characters};")));
    assert!(checked.report(Format::Checkstyle).contains(&format!(r#" column="{characters}""#)));
}

#[test]
fn junit_and_checkstyle_name_every_finding_once() {
    for of in PROJECTS {
        let checked = project(of);
        let findings = &checked.outcome.findings;
        let junit = checked.report(Format::Junit);
        let junit = roxmltree::Document::parse(&junit).unwrap();
        let of_name = |name: &'static str| junit.descendants().filter(move |node| node.has_tag_name(name));
        assert_eq!(of_name("testcase").count(), findings.len());
        assert_eq!(
            of_name("failure").count(),
            findings.iter().filter(|f| f.severity != Severity::Note).count()
        );
        let total: usize = of_name("testsuite")
            .map(|suite| suite.attribute("tests").unwrap().parse::<usize>().unwrap())
            .sum();
        assert_eq!(junit.root_element().attribute("tests").unwrap(), total.to_string());

        let checkstyle = checked.report(Format::Checkstyle);
        let checkstyle = roxmltree::Document::parse(&checkstyle).unwrap();
        let errors: Vec<_> = checkstyle.descendants().filter(|node| node.has_tag_name("error")).collect();
        let messages: Vec<_> = errors.iter().map(|error| error.attribute("message").unwrap()).collect();
        assert_eq!(messages, findings.iter().map(|finding| finding.message.as_str()).collect::<Vec<_>>());
    }
}

fn validator() -> jsonschema::Validator {
    jsonschema::validator_for(&json::schema()).unwrap()
}

fn assert_valid(validator: &jsonschema::Validator, value: &Value) {
    let errors: Vec<String> = validator
        .iter_errors(value)
        .take(5)
        .map(|error| format!("{}: {error}", error.instance_path()))
        .collect();
    assert!(errors.is_empty(), "{errors:#?}");
}

#[test]
fn the_shipped_schemas_are_those_of_the_types() {
    let schemas = [
        ("oomlint-report", json::schema()),
        ("oomlint-fit", fit::schema()),
        ("oomlint-images", images::schema()),
        ("oomlint-images-lock", images::lock_schema()),
        ("oomlint-why", why::schema()),
    ];
    for (name, schema) in schemas {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("schemas/{name}.schema.json"));
        let current = format!("{}\n", pretty(&schema));
        if std::env::var_os("UPDATE").is_some() {
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(&path, &current).unwrap();
        }
        let shipped = std::fs::read_to_string(&path).unwrap_or_default();
        assert_eq!(shipped, current, "write it with UPDATE=1 cargo test --test it formats");
        assert!(jsonschema::meta::is_valid(&schema));
    }
}

#[test]
fn json_is_valid_under_its_schema() {
    let whole = validator();
    let mut line = json::schema();
    line["$ref"] = "#/$defs/Finding".into();
    for key in ["properties", "required", "type", "additionalProperties"] {
        line.as_object_mut().unwrap().remove(key);
    }
    let line = jsonschema::validator_for(&line).unwrap();
    for of in PROJECTS {
        let checked = project(of);
        assert_valid(&whole, &checked.json(Format::Json));
        for text in checked.report(Format::Jsonl).lines() {
            assert_valid(&line, &serde_json::from_str(text).unwrap());
        }
    }
    let mut broken = project("shop").json(Format::Json);
    broken["findings"][0]["range"]["start"]["line"] = 0.into();
    assert!(!whole.is_valid(&broken));
}

#[test]
#[cfg_attr(not(shared), ignore = "needs ../shared")]
fn json_of_the_corpus_is_valid_under_its_schema() {
    let corpus = common::corpus();
    let report = Checked::below(&corpus).json(Format::Json);
    assert_valid(&validator(), &report);
    let prints: HashSet<&str> =
        report["findings"].as_array().unwrap().iter().map(|f| f["fingerprint"].as_str().unwrap()).collect();
    assert_eq!(prints.len(), report["findings"].as_array().unwrap().len());
}

/// Hostile name of a service, an image or a file.
const HOSTILE: &str = "a\n::error file=x::owned\r\n::set-output name=a::b ##vso[task.setvariable variable=x]y ##[error]z \
    ]]> <script>alert(1)</script> <!-- & \" ' \x1b[31mred\x1b[0m \u{9b}31m \u{202e}gnp.exe\u{2066} \u{2028} \0 \u{ffff} \
    | b | `c` ``` [d](http://e.example) **f** {0} 100% %0A, e=f;g] www.h.example\u{200b} i@j.example";

#[test]
fn hostile_names_stay_what_they_are() {
    let sources = Sources::new();
    for path in
        [HOSTILE.to_owned(), format!("::error::{HOSTILE}/compose.yaml"), format!(" ::notice::/{HOSTILE}")]
    {
        let file = sources.add(Path::new(&path), format!("services:\n  x: {HOSTILE}\n"));
        let finding = Finding {
            related: vec![Label { span: Span::new(file, 15, 20), text: HOSTILE.to_owned() }],
            notes: vec![HOSTILE.to_owned(), format!("first\n{HOSTILE}")],
            help: Some(HOSTILE.to_owned()),
            service: Some(HOSTILE.to_owned()),
            image: Some(HOSTILE.to_owned()),
            ..Finding::new(
                "missing-memory-limit",
                Severity::Error,
                Confidence::High,
                format!("`{HOSTILE}` has no memory limit"),
                Label { span: Span::new(file, 12, 13), text: HOSTILE.to_owned() },
            )
        };
        let findings = [finding];
        let mut summary = Summary { services: 1, files: 1, ..Summary::default() };
        summary.count(&findings);
        let root = RepositoryRoot::new(Path::new("/repo"), Path::new("/repo"));
        let report = Report::new(&findings, &summary, &sources, &root);
        for format in Format::value_variants() {
            let mut out = Vec::new();
            report.write(&mut out, *format, human::Options::default()).unwrap();
            assert_harmless(*format, &String::from_utf8(out).unwrap());
        }
    }
}

fn assert_harmless(format: Format, text: &str) {
    whole::check(format, text, 1);
    match format {
        Format::Github => {
            let (properties, message) = text.trim_start_matches("::error ").split_once("::").unwrap();
            let keys: Vec<&str> =
                properties.split(',').map(|property| property.split_once('=').unwrap().0).collect();
            assert_eq!(keys, ["file", "line", "endLine", "col", "endColumn", "title"]);
            assert!(message.starts_with("`a"), "{message}");
        }
        Format::Azure => {
            let properties = text.split_once(']').unwrap().0;
            let keys: Vec<&str> = properties["##vso[task.logissue ".len()..]
                .split(';')
                .map(|property| property.split_once('=').unwrap().0)
                .collect();
            assert_eq!(keys, ["type", "sourcepath", "linenumber", "columnnumber", "code"]);
        }
        Format::Json | Format::Gitlab | Format::Rdjson | Format::Sarif | Format::Jsonl => {
            assert_eq!(text.lines().count(), 1);
            let value: Value = serde_json::from_str(text).unwrap();
            match format {
                Format::Json => assert_eq!(value["findings"][0]["service"], HOSTILE),
                Format::Jsonl => assert_eq!(value["service"], HOSTILE),
                Format::Sarif => {
                    let result = &value["runs"][0]["results"][0];
                    let uri = result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
                        .as_str()
                        .unwrap();
                    assert!(uri.chars().all(|c| c.is_ascii_alphanumeric() || "/-._~%".contains(c)), "{uri}");
                    assert!(!result["message"]["text"].as_str().unwrap().contains("]("));
                }
                _ => {}
            }
        }
        Format::Junit | Format::Checkstyle => {
            let document = roxmltree::Document::parse(text).unwrap_or_else(|error| panic!("{error}: {text}"));
            let known = ["testsuites", "testsuite", "testcase", "failure", "checkstyle", "file", "error"];
            for node in document.descendants().filter(roxmltree::Node::is_element) {
                assert!(known.contains(&node.tag_name().name()), "{:?}", node.tag_name());
            }
            let places = ["message", "name"];
            let found =
                document.descendants().find_map(|node| places.iter().find_map(|key| node.attribute(*key)));
            assert!(found.is_some());
            assert!(text.contains("]]&gt;") && text.contains("&lt;script&gt;"), "{text}");
        }
        Format::Markdown => {
            let rows: Vec<&str> = text
                .lines()
                .filter(|line| line.starts_with("| ") && !line.starts_with("| finding"))
                .collect();
            assert_eq!(rows.len(), 1, "{text}");
            assert_eq!(rows[0].matches('|').count(), 4, "{text}");
            let tags = rows[0].replace("<code>", "").replace("</code>", "").replace("&#64;<!-- -->", "");
            assert!(!tags.contains('<') && !tags.contains('`') && !tags.contains("www."), "{text}");
            assert_eq!(rows[0].matches("](").count(), 1, "only the rule's page is a link: {text}");
        }
        Format::Human | Format::Concise => {}
    }
}

/// Writer that records the total and the largest write, in bytes.
#[derive(Default)]
struct Pieces {
    largest: usize,
    bytes: usize,
}

impl Write for Pieces {
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        self.largest = self.largest.max(buffer.len());
        self.bytes += buffer.len();
        Ok(buffer.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn twenty_thousand_findings_are_written_piece_by_piece() {
    let sources = Sources::new();
    let mut findings = Vec::new();
    for number in 0..200 {
        let path = format!("{number}/compose.yaml");
        let mut text = "services:\n".to_owned();
        for service in 0..100 {
            text.push_str(&format!("  s{service}:\n    image: größe\n"));
        }
        let file = sources.add(Path::new(&path), text.as_str());
        for (at, _) in text.match_indices("image") {
            findings.push(Finding {
                notes: vec!["one leak takes the host's memory".to_owned()],
                service: Some("s".to_owned()),
                ..Finding::new(
                    "missing-memory-limit",
                    Severity::Warning,
                    Confidence::High,
                    "`s` has no memory limit".to_owned(),
                    Label { span: Span::new(file, at, at + 5), text: "no memory limit".to_owned() },
                )
            });
        }
    }
    let mut summary = Summary::default();
    summary.count(&findings);
    let root = RepositoryRoot::new(Path::new("/repo"), Path::new("/repo"));
    let report = Report::new(&findings, &summary, &sources, &root);
    for format in Format::value_variants() {
        let mut pieces = Pieces::default();
        let begun = std::time::Instant::now();
        report.write(&mut pieces, *format, human::Options::default()).unwrap();
        println!("{}: {} bytes, {} ms", name(*format), pieces.bytes, begun.elapsed().as_millis());
        assert!(pieces.largest <= 32 * 1024, "{format:?} wrote {} bytes at once", pieces.largest);
        if *format == Format::Markdown {
            assert!(pieces.bytes < 1024 * 1024, "a job summary of {} bytes is thrown away", pieces.bytes);
        } else {
            assert!(pieces.bytes > 1024 * 1024, "{format:?} wrote {} bytes", pieces.bytes);
        }
    }
}
