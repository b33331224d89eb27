//! A Dockerfile's tree as JSON, for `oomlint inspect --syntax`: BuildKit's names, and spans.

use serde_json::{Map, Value, json};

use super::{Arguments, Dockerfile, Instruction, Keyword};
use crate::source::{Source, Span, Text};

/// `{"file", "escape", "instructions": [{"cmd", "onbuild", "start", "end", "flags", "json", "args", "heredocs", "span"}],
/// "errors": [{"message", "span", "fatal"}]}`. Lines count from 1, spans are bytes. `onbuild` names the inner instruction.
#[must_use]
pub fn to_json(dockerfile: &Dockerfile, source: &Source) -> Value {
    let instructions = dockerfile.instructions.iter().map(|item| instruction(item, source));
    let errors = dockerfile
        .errors
        .iter()
        .map(|error| json!({ "message": error.message, "span": span(error.span), "fatal": error.fatal }));
    json!({
        "file": source.path().to_string_lossy(),
        "escape": dockerfile.escape.to_string(),
        "instructions": instructions.collect::<Vec<_>>(),
        "errors": errors.collect::<Vec<_>>(),
    })
}

fn span(span: Span) -> Value {
    json!([span.start, span.end])
}

fn instruction(outer: &Instruction, source: &Source) -> Value {
    let inner = match &outer.arguments {
        Arguments::Onbuild(inner) => inner,
        _ => outer,
    };
    let (args, exec) = arguments(inner);
    let mut object = Map::new();
    object.insert("cmd".to_owned(), json!(outer.name.as_str().to_ascii_lowercase()));
    if outer.keyword == Keyword::Onbuild {
        object.insert("onbuild".to_owned(), json!(inner.name.as_str().to_ascii_lowercase()));
    }
    object.insert("start".to_owned(), json!(outer.first_line));
    object.insert("end".to_owned(), json!(outer.last_line));
    let flags: Vec<&str> = outer.flags.iter().map(|flag| flag.text.as_str()).collect();
    object.insert("flags".to_owned(), json!(flags));
    object.insert("json".to_owned(), json!(exec));
    object.insert("args".to_owned(), json!(args));
    let heredocs = outer.heredocs.iter().map(|heredoc| {
        json!({
            "name": heredoc.name,
            "expand": heredoc.expand,
            "chomp": heredoc.chomp,
            "fd": heredoc.descriptor,
            "content": source.slice(heredoc.body),
            "span": span(heredoc.body),
        })
    });
    object.insert("heredocs".to_owned(), heredocs.collect());
    object.insert("span".to_owned(), span(outer.span));
    Value::Object(object)
}

/// The arguments as BuildKit's parser lists them, and whether they are an exec form.
fn arguments(instruction: &Instruction) -> (Vec<String>, bool) {
    let strings = |words: &[Text]| words.iter().map(|word| word.as_str().to_owned()).collect::<Vec<_>>();
    match &instruction.arguments {
        Arguments::None => (Vec::new(), false),
        Arguments::Words(words) => (strings(words), false),
        Arguments::Exec(words) => (strings(words), true),
        // Of what is no instruction BuildKit keeps nothing, and so it does of ONBUILD in ONBUILD.
        Arguments::Malformed(_) if instruction.keyword == Keyword::Unknown => (vec![String::new()], false),
        Arguments::Onbuild(_) => (vec![String::new()], false),
        Arguments::Shell(text) | Arguments::Malformed(text) => (vec![text.as_str().to_owned()], false),
        Arguments::Pairs(pairs) => {
            let both = pairs.iter().flat_map(|pair| [pair.key.as_str(), pair.value.as_str()]);
            (both.map(str::to_owned).collect(), false)
        }
        Arguments::Healthcheck { kind, command } => {
            let mut args = vec![kind.as_str().to_ascii_uppercase()];
            match &**command {
                Arguments::Exec(words) => {
                    args.extend(strings(words));
                    (args, true)
                }
                Arguments::Shell(text) => {
                    args.push(text.as_str().to_owned());
                    (args, false)
                }
                _ => (args, false),
            }
        }
    }
}
