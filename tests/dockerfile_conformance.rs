//! What BuildKit's own parser says of real and of hostile Dockerfiles, held against ours.
#![allow(clippy::unwrap_used, clippy::print_stdout)]

mod common;

use std::path::Path;

use oomlint::source::{Sources, Span, Text};
use oomlint::syntax::dockerfile::{Arguments, Dockerfile, Instruction, Keyword, parse, to_json};
use serde_json::{Value, json};

fn read(text: &str) -> Dockerfile {
    let sources = Sources::new();
    parse(sources.add(Path::new("Dockerfile"), text), text)
}

/// What `oomlint inspect --syntax` prints.
fn dump(text: &str) -> Value {
    let sources = Sources::new();
    let file = sources.add(Path::new("Dockerfile"), text);
    to_json(&parse(file, text), &sources.get(file))
}

/// The first difference between BuildKit's instructions and ours.
fn difference(theirs: &Value, text: &str) -> Option<String> {
    let ours = dump(text);
    let (theirs, ours) = (theirs.as_array().unwrap(), ours["instructions"].as_array().unwrap());
    if theirs.len() != ours.len() {
        return Some(format!("{} instructions, ours {}", theirs.len(), ours.len()));
    }
    for (theirs, ours) in theirs.iter().zip(ours) {
        for key in ["cmd", "onbuild", "start", "end", "flags", "json", "args", "heredocs"] {
            let (theirs, mine) = (&theirs[key], &ours[key]);
            let empty = |value: &Value| value.is_null() || *value == json!(false) || *value == json!([]);
            let same = match key {
                "heredocs" if !theirs.is_null() => same_heredocs(theirs, mine),
                _ => theirs == mine || (empty(theirs) && empty(mine)),
            };
            if !same {
                return Some(format!("line {} {key}: theirs {theirs} ours {mine}", ours["start"]));
            }
        }
    }
    None
}

/// Only the keys that the answer has.
fn same_heredocs(theirs: &Value, ours: &Value) -> bool {
    let (theirs, ours) = (theirs.as_array().unwrap(), ours.as_array().unwrap());
    theirs.len() == ours.len()
        && theirs.iter().zip(ours).all(|(theirs, ours)| {
            theirs
                .as_object()
                .unwrap()
                .iter()
                .all(|(key, value)| ours.get(key).is_none_or(|ours| ours == value))
        })
}

/// Every text of the instruction stands where it says.
fn check_places(instruction: &Instruction, source: &str) {
    let check = |text: &Text| {
        let span = text.span();
        let slice = source.get(span.range());
        assert!(slice.is_some(), "{span:?} does not fit");
        for (at, word) in words_of(text.as_str()) {
            let place = text.span_of(at..at + word.len());
            let slice = source.get(place.range()).unwrap_or_else(|| panic!("{place:?} does not fit"));
            // What was unescaped or unquoted stands at what was written.
            let rewritten = slice.contains(['\\', '`', '\n', '"', '\'']);
            assert!(slice == word || rewritten, "{slice:?} for {word:?}");
        }
    };
    check(&instruction.name);
    for flag in &instruction.flags {
        check(&flag.name);
        flag.value.iter().for_each(check);
    }
    match &instruction.arguments {
        Arguments::Words(words) | Arguments::Exec(words) => words.iter().for_each(check),
        Arguments::Shell(text) | Arguments::Malformed(text) => check(text),
        Arguments::Pairs(pairs) => pairs.iter().for_each(|pair| {
            check(&pair.key);
            check(&pair.value);
        }),
        Arguments::Healthcheck { kind, .. } => check(kind),
        Arguments::Onbuild(inner) => check_places(inner, source),
        Arguments::None => {}
    }
}

/// The words of a text: only they are looked at, since white space is where lines were joined.
fn words_of(text: &str) -> Vec<(usize, &str)> {
    let words = text.split(char::is_whitespace).filter(|word| !word.is_empty());
    words.map(|word| (word.as_ptr() as usize - text.as_ptr() as usize, word)).collect()
}

#[test]
fn real_files_parse_as_buildkit_parses_them() {
    let Some(corpus) = common::corpus() else { return };
    let (mut files, mut different, mut refused) = (0, Vec::new(), Vec::new());
    for answer in common::answers("dockerfile.jsonl.gz") {
        let name = answer["file"].as_str().unwrap();
        let bytes = std::fs::read(corpus.join(name)).unwrap();
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let parsed = read(&text);
        parsed.instructions.iter().for_each(|instruction| check_places(instruction, &text));
        different.extend(difference(&answer["instructions"], &text).map(|what| format!("{name}: {what}")));
        if answer["builds"] == json!(true) {
            files += 1;
            let error = parsed.errors.iter().find(|error| error.fatal);
            refused.extend(error.map(|error| format!("{name}: {}", error.message)));
        }
    }
    println!("{files} files that build, {} different, {} wrongly refused", different.len(), refused.len());
    assert_eq!(files, 1478);
    assert!(different.is_empty(), "{different:#?}");
    assert!(refused.is_empty(), "{refused:#?}");
}

/// Edge cases on which we differ from BuildKit, and why.
const EXCEPTIONS: &[(&str, &str)] = &[];

#[test]
fn edge_cases_parse_as_buildkit_parses_them() {
    let mut cases = 0;
    let (mut different, mut verdicts, mut lenient) = (Vec::new(), Vec::new(), Vec::new());
    for answer in common::answers("dockerfile_edge.jsonl.gz") {
        cases += 1;
        let name = answer["name"].as_str().unwrap();
        if EXCEPTIONS.iter().any(|(known, _)| *known == name) {
            continue;
        }
        let text = answer["text"].as_str().unwrap();
        let parsed = read(text);
        parsed.instructions.iter().for_each(|instruction| check_places(instruction, text));
        let fatal = parsed.errors.iter().find(|error| error.fatal);
        if answer["ok"] == json!(true) {
            different.extend(difference(&answer["instructions"], text).map(|what| format!("{name}: {what}")));
        } else if fatal.is_none() {
            verdicts.push(format!("{name} is accepted; BuildKit: {}", answer["error"]));
        }
        match fatal {
            Some(error) if answer["builds"] == json!(true) => {
                verdicts.push(format!("{name} builds, but here: {}", error.message));
            }
            None if answer["builds"] == json!(false) => {
                lenient.push(format!("{name}: {}", answer["build_error"]))
            }
            _ => {}
        }
    }
    println!(
        "{cases} cases, {} different, {} wrong verdicts, {} that only building refuses",
        different.len(),
        verdicts.len(),
        lenient.len()
    );
    for line in &lenient {
        println!("accepted here, refused when built: {}", line.chars().take(160).collect::<String>());
    }
    assert!(different.is_empty(), "{different:#?}");
    assert!(verdicts.is_empty(), "{verdicts:#?}");
    if cases > 0 {
        assert_eq!(cases, 623);
    }
}

/// Two other parsers see the same instructions at the same bytes, where they parse at all.
#[test]
fn spans_agree_with_other_parsers() {
    let Some(corpus) = common::corpus() else { return };
    let (mut first, mut second, mut instructions) = (0, 0, 0);
    for answer in common::answers("dockerfile.jsonl.gz") {
        let name = answer["file"].as_str().unwrap();
        let Ok(text) = std::fs::read_to_string(corpus.join(name)) else { continue };
        let parsed = read(&text);
        let has_heredocs = parsed.instructions.iter().any(|instruction| !instruction.heredocs.is_empty());
        if let Ok(theirs) = dockerfile_parser::Dockerfile::parse(&text)
            && !has_heredocs
            && theirs.instructions.len() == parsed.instructions.len()
        {
            first += 1;
            for (theirs, ours) in theirs.instructions.iter().zip(&parsed.instructions) {
                instructions += 1;
                assert_eq!(theirs.span().start, ours.span.start as usize, "{name}: {}", ours.first_line);
                // It includes trailing blanks and comments where we do not.
                assert!(theirs.span().end >= ours.span.end as usize, "{name}: {}", ours.first_line);
            }
        }
        if let Ok(theirs) = parse_dockerfile::parse(&text)
            && theirs.instructions.len() == parsed.instructions.len()
        {
            second += 1;
            for (theirs, ours) in theirs.instructions.iter().zip(&parsed.instructions) {
                let span = keyword_span(theirs);
                assert_eq!(span.start, ours.name.span().start as usize, "{name}: {}", ours.first_line);
                assert_eq!(span.end, ours.name.span().end as usize, "{name}: {}", ours.first_line);
            }
        }
    }
    println!(
        "dockerfile-parser: {first} files, {instructions} instructions; parse-dockerfile: {second} files"
    );
    assert!(first > 1_200 && second > 1_400, "{first} and {second} files compared");
}

/// Where parse-dockerfile sees the keyword.
fn keyword_span(instruction: &parse_dockerfile::Instruction<'_>) -> std::ops::Range<usize> {
    use parse_dockerfile::Instruction as I;
    match instruction {
        I::Add(i) => i.add.span.clone(),
        I::Arg(i) => i.arg.span.clone(),
        I::Cmd(i) => i.cmd.span.clone(),
        I::Copy(i) => i.copy.span.clone(),
        I::Entrypoint(i) => i.entrypoint.span.clone(),
        I::Env(i) => i.env.span.clone(),
        I::Expose(i) => i.expose.span.clone(),
        I::From(i) => i.from.span.clone(),
        I::Healthcheck(i) => i.healthcheck.span.clone(),
        I::Label(i) => i.label.span.clone(),
        I::Maintainer(i) => i.maintainer.span.clone(),
        I::Onbuild(i) => i.onbuild.span.clone(),
        I::Run(i) => i.run.span.clone(),
        I::Shell(i) => i.shell.span.clone(),
        I::Stopsignal(i) => i.stopsignal.span.clone(),
        I::User(i) => i.user.span.clone(),
        I::Volume(i) => i.volume.span.clone(),
        I::Workdir(i) => i.workdir.span.clone(),
        other => panic!("a new instruction: {other:?}"),
    }
}

fn check_everything(text: &str) {
    let parsed = read(text);
    let inside = |span: Span| assert!(text.get(span.range()).is_some(), "{span:?} does not fit {text:?}");
    for instruction in &parsed.instructions {
        inside(instruction.span);
        assert!(instruction.first_line <= instruction.last_line);
        check_places(instruction, text);
        assert!(instruction.keyword != Keyword::Unknown || !parsed.errors.is_empty());
    }
    parsed.errors.iter().for_each(|error| inside(error.span));
    parsed.comments.iter().for_each(|comment| inside(*comment));
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(2_000))]

    #[test]
    fn arbitrary_text_never_panics(text in "\\PC{0,200}") {
        let parsed = read(&text);
        for error in parsed.errors {
            assert!(text.get(error.span.range()).is_some());
        }
    }

    #[test]
    fn spliced_fragments_never_panic(parts in proptest::collection::vec(proptest::sample::select(vec![
        "FROM a", "RUN ", "ENV A=", "ENV K v", "\\\n", "\n", "`\n", "# escape=`\n", "<<EOF", "<<-\"E\"", "EOF\n", "\t",
        "[\"a\", \"b\\u00e9\"]", "[1]", "--x=y", "--", "ONBUILD ", "HEALTHCHECK CMD ", "'", "\"", "${", "}", "é", "\r\n", " ",
        "#c\n", "ARG X\n", "\\", "\u{feff}", "COPY a b", "$A",
    ]), 0..24)) {
        check_everything(&parts.concat());
    }
}

#[test]
fn deep_and_long_files_are_bounded() {
    let deep = format!("FROM a\n{}RUN x\n", "ONBUILD ".repeat(50_000));
    assert!(read(&deep).errors.iter().any(|error| error.fatal));
    let long = format!("FROM a\nRUN {}\n", "x".repeat(70_000));
    assert!(read(&long).errors.iter().any(|error| error.message.contains("65535")));
    let many = format!("FROM a\nENV {}\n", "A=b \\\n".repeat(20_000));
    assert_eq!(read(&many).instructions.len(), 2);
}
