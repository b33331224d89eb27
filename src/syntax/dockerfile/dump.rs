//! JSON dump of a Dockerfile, for `inspect --syntax`: bug reports, and comparison with BuildKit's own parser.

use serde_json::{Map, Value, json};

use crate::source::{Source, Span, TracedText, path_text};

use super::ast::{Arguments, Dockerfile, Instruction, Keyword};

/// Returns the instructions and errors of a file, each with its bytes.
///
/// `cmd` is the keyword in lower case, `start` and `end` are lines from 1, `args` is a flat list as in BuildKit;
/// `flags`, `json`, `heredocs`, `onbuild` and `args` are omitted if empty.
#[must_use]
pub fn to_json(dockerfile: &Dockerfile, source: &Source) -> Value {
    let errors = dockerfile.errors.iter().map(|error| {
        let line = source.line_at(error.span.start).number;
        json!({ "message": error.message, "line": line, "span": span(error.span), "fatal": error.fatal })
    });
    json!({
        "file": path_text(source.path()),
        "escape": dockerfile.escape.to_string(),
        "instructions": dockerfile.instructions.iter().map(|i| instruction(i, source)).collect::<Vec<_>>(),
        "errors": errors.collect::<Vec<_>>(),
    })
}

fn span(span: Span) -> Value {
    json!([span.start, span.end])
}

fn instruction(instruction: &Instruction, source: &Source) -> Value {
    let mut out = Map::new();
    out.insert("cmd".to_owned(), instruction.name.as_str().to_lowercase().into());
    out.insert("start".to_owned(), instruction.first_line.into());
    out.insert("end".to_owned(), instruction.last_line.into());
    out.insert("span".to_owned(), span(instruction.span));
    if !instruction.flags.is_empty() {
        let flags: Vec<&str> = instruction.flags.iter().map(|flag| flag.text.as_str()).collect();
        out.insert("flags".to_owned(), flags.into());
    }
    let mut inner = instruction;
    if let Arguments::Onbuild(trigger) = &instruction.arguments {
        out.insert("onbuild".to_owned(), trigger.name.as_str().to_lowercase().into());
        inner = trigger;
    }
    let (args, exec) = match (inner.keyword, &inner.arguments) {
        // BuildKit drops the text after an unknown word, and an ONBUILD in ONBUILD.
        (Keyword::Unknown, _) | (Keyword::Onbuild, Arguments::Malformed(_)) => (vec![""], false),
        (_, arguments) => flatten(arguments),
    };
    if exec {
        out.insert("json".to_owned(), true.into());
    }
    if !args.is_empty() {
        out.insert("args".to_owned(), args.into());
    }
    if !instruction.heredocs.is_empty() {
        let heredocs = instruction.heredocs.iter().map(|heredoc| {
            json!({
                "name": heredoc.name,
                "expand": heredoc.expand,
                "chomp": heredoc.chomp,
                "content": source.slice(heredoc.body),
            })
        });
        out.insert("heredocs".to_owned(), heredocs.collect());
    }
    Value::Object(out)
}

/// Returns the arguments as one list, and true for exec form.
fn flatten(arguments: &Arguments) -> (Vec<&str>, bool) {
    match arguments {
        Arguments::None => (Vec::new(), false),
        Arguments::Words(words) => (words.iter().map(TracedText::as_str).collect(), false),
        Arguments::Exec(words) => (words.iter().map(TracedText::as_str).collect(), true),
        Arguments::Shell(text) | Arguments::Malformed(text) => (vec![text.as_str()], false),
        Arguments::Pairs(pairs) => {
            (pairs.iter().flat_map(|pair| [pair.key.as_str(), pair.value.as_str()]).collect(), false)
        }
        Arguments::Healthcheck { kind, command } => {
            let (mut words, exec) = flatten(command);
            words.insert(0, kind.as_str());
            (words, exec)
        }
        Arguments::Onbuild(trigger) => flatten(&trigger.arguments),
    }
}
