//! The Dockerfile parser, compared with `BuildKit`'s and two other parsers on real and hostile files.

use std::collections::BTreeMap;
use std::path::Path;

use crate::common::{answers, shared};
use oomlint::source::{Source, Sources, Span, TracedText};
use oomlint::syntax::dockerfile::{Arguments, Dockerfile, Instruction, Keyword, parse, to_json};
use serde_json::Value;

fn read(sources: &Sources, name: &str, bytes: Vec<u8>) -> (std::sync::Arc<Source>, Dockerfile) {
    let id = sources.add(Path::new(name), bytes);
    let source = sources.get(id);
    let dockerfile = parse(id, source.text());
    (source, dockerfile)
}

/// Returns the differences from `BuildKit`'s instructions.
fn differences(ours: &Value, theirs: &Value) -> Vec<String> {
    let empty = Vec::new();
    let ours = ours["instructions"].as_array().unwrap_or(&empty);
    let theirs = theirs["instructions"].as_array().unwrap_or(&empty);
    let mut out = Vec::new();
    if ours.len() != theirs.len() {
        out.push(format!("{} instructions, not {}", ours.len(), theirs.len()));
    }
    for (ours, theirs) in ours.iter().zip(theirs) {
        for key in ["cmd", "onbuild", "start", "end", "flags", "json", "args", "heredocs"] {
            if ours[key] != theirs[key] {
                out.push(format!("line {}: {key}: {} is not {}", theirs["start"], ours[key], theirs[key]));
            }
        }
    }
    out
}

/// Returns all texts of an instruction that are traced to the file.
fn texts(instruction: &Instruction) -> Vec<&TracedText> {
    let mut out = vec![&instruction.name];
    for flag in &instruction.flags {
        out.extend([&flag.text, &flag.name]);
        out.extend(&flag.value);
    }
    collect(&instruction.arguments, &mut out);
    out
}

fn collect<'a>(arguments: &'a Arguments, out: &mut Vec<&'a TracedText>) {
    match arguments {
        Arguments::None => {}
        Arguments::Words(words) | Arguments::Exec(words) => out.extend(words),
        Arguments::Shell(text) | Arguments::Malformed(text) => out.push(text),
        Arguments::Pairs(pairs) => out.extend(pairs.iter().flat_map(|pair| [&pair.key, &pair.value])),
        Arguments::Healthcheck { kind, command } => {
            out.push(kind);
            collect(command, out);
        }
        Arguments::Onbuild(trigger) => out.extend(texts(trigger)),
    }
}

/// Panics if a span is out of bounds, splits a character, or does not contain the text copied from it.
fn check_spans(text: &str, dockerfile: &Dockerfile) {
    let slice = |span: Span| {
        text.get(span.range()).unwrap_or_else(|| panic!("{span:?} does not fit {} bytes", text.len()))
    };
    for instruction in &dockerfile.instructions {
        slice(instruction.span);
        for part in texts(instruction) {
            slice(part.span());
            assert!(instruction.span.contains(part.span()), "{part:?} outside {:?}", instruction.span);
            let length = part.as_str().len();
            let copied = part.span_of(0..length);
            // A text that is not a copy is shorter than its source.
            if length > 0 && copied.len() == length {
                assert_eq!(slice(copied), part.as_str());
            }
            for (at, c) in part.as_str().char_indices() {
                let span = part.span_of(at..at + c.len_utf8());
                if span.len() == c.len_utf8() {
                    assert_eq!(slice(span).chars().next(), Some(c), "{part:?}");
                } else {
                    assert!(slice(span).starts_with('\\'), "{part:?} at {at}: {:?}", slice(span));
                }
            }
        }
        for heredoc in &instruction.heredocs {
            slice(heredoc.body);
            if let Some(terminator) = heredoc.terminator {
                assert!(slice(terminator).ends_with(&heredoc.name));
            }
        }
    }
    for comment in &dockerfile.comments {
        assert!(slice(*comment).starts_with('#'));
    }
    for directive in &dockerfile.directives {
        assert_eq!(slice(directive.name.span()), directive.name.as_str());
        assert_eq!(slice(directive.value.span()), directive.value.as_str());
    }
    for error in &dockerfile.errors {
        slice(error.span);
    }
}

#[test]
#[cfg_attr(not(shared), ignore = "needs ../shared")]
fn real_files_read_as_buildkit_reads_them() {
    let shared = shared();
    let sources = Sources::new();
    let mut wrong = BTreeMap::new();
    let mut count = 0;
    for answer in answers("dockerfile.jsonl.gz") {
        let name = answer["file"].as_str().expect("a name");
        let bytes = std::fs::read(shared.join("corpus").join(name)).expect("a corpus file");
        let (source, dockerfile) = read(&sources, name, bytes);
        check_spans(source.text(), &dockerfile);
        let mut found = differences(&to_json(&dockerfile, &source), &answer);
        let builds = answer["builds"] == true;
        let refused: Vec<_> = dockerfile.errors.iter().filter(|error| error.fatal).collect();
        if refused.is_empty() != builds {
            found.push(format!("builds: {builds}, but {refused:?}"));
        }
        if answer["escape"].as_str() != Some(dockerfile.escape.to_string().as_str()) {
            found.push("escape".to_owned());
        }
        if !found.is_empty() {
            wrong.insert(name.to_owned(), found);
        }
        count += usize::from(builds);
    }
    assert_eq!(count, 1478);
    assert!(
        wrong.is_empty(),
        "{} files differ, the first: {:#?}",
        wrong.len(),
        wrong.iter().take(10).collect::<Vec<_>>()
    );
}

#[test]
#[cfg_attr(not(shared), ignore = "needs ../shared")]
fn hostile_files_read_as_buildkit_reads_them() {
    let sources = Sources::new();
    let mut wrong = BTreeMap::new();
    let mut count = 0;
    for answer in answers("dockerfile_edge.jsonl.gz") {
        count += 1;
        let name = answer["name"].as_str().expect("a name");
        let text = answer["text"].as_str().expect("a text");
        let (source, dockerfile) = read(&sources, name, text.as_bytes().to_vec());
        check_spans(source.text(), &dockerfile);
        let mut found = Vec::new();
        let parses = answer["ok"] == true;
        if parses {
            found = differences(&to_json(&dockerfile, &source), &answer);
        }
        let builds = parses && answer["builds"] == true;
        let refused: Vec<_> = dockerfile.errors.iter().filter(|error| error.fatal).collect();
        if refused.is_empty() != builds {
            let reason = [&answer["error"], &answer["build_error"]];
            found.push(format!("builds: {builds} ({reason:?}), but {refused:?}"));
        }
        if !found.is_empty() {
            wrong.insert(name.to_owned(), (text.to_owned(), found));
        }
    }
    assert_eq!(count, 623);
    assert!(
        wrong.is_empty(),
        "{} files differ, the first: {:#?}",
        wrong.len(),
        wrong.iter().take(10).collect::<Vec<_>>()
    );
}

/// Returns every Dockerfile of the corpus that `BuildKit` builds.
fn corpus(shared: &Path) -> Vec<(String, Vec<u8>)> {
    let answers = answers("dockerfile.jsonl.gz");
    let built = answers.iter().filter(|answer| answer["builds"] == true);
    let names = built.filter_map(|answer| answer["file"].as_str());
    names.map(|n| (n.to_owned(), std::fs::read(shared.join("corpus").join(n)).expect("a file"))).collect()
}

#[test]
#[cfg_attr(not(shared), ignore = "needs ../shared")]
fn spans_and_values_are_those_of_dockerfile_parser() {
    use dockerfile_parser::Instruction as Theirs;
    let shared = shared();
    let sources = Sources::new();
    let (mut files, mut compared) = (0, 0);
    let mut wrong = Vec::new();
    for (name, bytes) in corpus(&shared) {
        let (source, ours) = read(&sources, &name, bytes);
        // That parser counts bytes after a byte order mark, and supports neither here-documents nor another escape character.
        if source.text().starts_with('\u{feff}') || source.text().contains("<<") || ours.escape != '\\' {
            continue;
        }
        let Ok(theirs) = dockerfile_parser::Dockerfile::parse(source.text()) else { continue };
        if theirs.instructions.len() != ours.instructions.len() {
            wrong.push(format!("{name}: {} instructions", theirs.instructions.len()));
            continue;
        }
        files += 1;
        for (theirs, ours) in theirs.instructions.iter().zip(&ours.instructions) {
            let mut same = |theirs: &dockerfile_parser::SpannedString, ours: Option<&TracedText>| {
                compared += 1;
                let agrees = ours.is_some_and(|ours| {
                    let inner = ours.span_of(0..ours.as_str().len()).range();
                    // Its span of a quoted flag includes the quotes.
                    let quoted = inner.start.saturating_sub(1)..inner.end + 1;
                    let places = [ours.span().range(), inner, quoted];
                    // It removes the quotes around words of COPY. BuildKit does so only after expanding variables.
                    ours.as_str().trim_matches('"') == theirs.content.trim_matches('"')
                        && places.contains(&(theirs.span.start..theirs.span.end))
                });
                if !agrees {
                    wrong.push(format!("{name}: {theirs:?} is not {ours:?}"));
                }
            };
            let words = match &ours.arguments {
                Arguments::Words(words) | Arguments::Exec(words) => words.as_slice(),
                _ => &[],
            };
            let flags = ours.flags.iter();
            match theirs {
                Theirs::From(from) => {
                    same(&from.image, words.first());
                    from.alias.iter().for_each(|alias| same(alias, words.get(2)));
                    for (theirs, ours) in from.flags.iter().zip(flags) {
                        same(&theirs.name, Some(&ours.name));
                        same(&theirs.value, ours.value.as_ref());
                    }
                }
                // It takes a flag without a value as a source.
                Theirs::Copy(copy) if copy.sources.iter().any(|source| source.content.starts_with("--")) => {}
                Theirs::Copy(copy) => {
                    for (theirs, ours) in copy.flags.iter().zip(flags) {
                        same(&theirs.name, Some(&ours.name));
                        same(&theirs.value, ours.value.as_ref());
                    }
                    if !matches!(ours.arguments, Arguments::Exec(_)) {
                        copy.sources
                            .iter()
                            .chain([&copy.destination])
                            .zip(words)
                            .for_each(|(t, o)| same(t, Some(o)));
                    }
                }
                Theirs::Env(env) => {
                    let Arguments::Pairs(pairs) = &ours.arguments else { continue };
                    env.vars.iter().zip(pairs).for_each(|(theirs, ours)| same(&theirs.key, Some(&ours.key)));
                }
                Theirs::Cmd(cmd) => {
                    for (theirs, ours) in cmd.as_exec().iter().flat_map(|e| &e.elements).zip(words) {
                        same(theirs, Some(ours));
                    }
                }
                Theirs::Entrypoint(entrypoint) => {
                    for (theirs, ours) in entrypoint.as_exec().iter().flat_map(|e| &e.elements).zip(words) {
                        same(theirs, Some(ours));
                    }
                }
                _ => {}
            }
        }
    }
    println!("{files} files, {compared} words compared");
    assert!(wrong.is_empty(), "{} differ, the first: {:#?}", wrong.len(), wrong.get(..wrong.len().min(10)));
    assert!(files > 1000 && compared > 5000, "{files} files, {compared} words");
}

#[test]
#[cfg_attr(not(shared), ignore = "needs ../shared")]
fn keywords_are_those_of_parse_dockerfile() {
    use parse_dockerfile::Instruction as Theirs;
    let shared = shared();
    let sources = Sources::new();
    let mut files = 0;
    for (name, bytes) in corpus(&shared) {
        let (source, ours) = read(&sources, &name, bytes);
        let Ok(theirs) = parse_dockerfile::parse(source.text()) else { continue };
        files += 1;
        let theirs: Vec<_> = theirs
            .instructions
            .iter()
            .map(|instruction| match instruction {
                Theirs::Add(i) => (Keyword::Add, &i.add),
                Theirs::Arg(i) => (Keyword::Arg, &i.arg),
                Theirs::Cmd(i) => (Keyword::Cmd, &i.cmd),
                Theirs::Copy(i) => (Keyword::Copy, &i.copy),
                Theirs::Entrypoint(i) => (Keyword::Entrypoint, &i.entrypoint),
                Theirs::Env(i) => (Keyword::Env, &i.env),
                Theirs::Expose(i) => (Keyword::Expose, &i.expose),
                Theirs::From(i) => (Keyword::From, &i.from),
                Theirs::Healthcheck(i) => (Keyword::Healthcheck, &i.healthcheck),
                Theirs::Label(i) => (Keyword::Label, &i.label),
                Theirs::Maintainer(i) => (Keyword::Maintainer, &i.maintainer),
                Theirs::Onbuild(i) => (Keyword::Onbuild, &i.onbuild),
                Theirs::Run(i) => (Keyword::Run, &i.run),
                Theirs::Shell(i) => (Keyword::Shell, &i.shell),
                Theirs::Stopsignal(i) => (Keyword::Stopsignal, &i.stopsignal),
                Theirs::User(i) => (Keyword::User, &i.user),
                Theirs::Volume(i) => (Keyword::Volume, &i.volume),
                Theirs::Workdir(i) => (Keyword::Workdir, &i.workdir),
                _ => panic!("an instruction of a later version"),
            })
            .map(|(keyword, at)| (keyword, at.span.clone()))
            .collect();
        let ours: Vec<_> = ours.instructions.iter().map(|i| (i.keyword, i.name.span().range())).collect();
        assert_eq!(ours, theirs, "{name}");
    }
    println!("{files} files compared");
    assert!(files > 1400, "{files} files");
}
