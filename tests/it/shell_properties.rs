//! Property tests of the shell parser on generated text.

use oomlint::source::{Sources, Span, TracedText};
use oomlint::syntax::shell::{Script, Word, read, read_run, read_words};
use proptest::prelude::*;

/// Fragments that are combined in random order.
const PIECES: [&str; 62] = [
    "a",
    "b=c ",
    "echo ",
    "sh -c ",
    "bash -lc ",
    "sudo ",
    "env ",
    "exec ",
    "xargs ",
    "eval ",
    "find . -exec ",
    "if ",
    "then ",
    "elif ",
    "else ",
    "fi ",
    "while ",
    "until ",
    "do ",
    "done ",
    "for x in ",
    "case ",
    " in ",
    "esac ",
    "{ ",
    "} ",
    "( ",
    ") ",
    "f() ",
    "function ",
    "[[ ",
    "]] ",
    "((",
    "))",
    "$(",
    "${",
    "}",
    "`",
    "$",
    "$@",
    "'",
    "\"",
    "\\",
    "\\\n",
    "\n",
    "\r\n",
    " ",
    ";",
    ";;",
    "&",
    "&&",
    "|",
    "||",
    ">",
    "2>&1",
    "<",
    "<<EOF",
    "<<-'E F'",
    "EOF\n",
    "<<<",
    "#",
    "é日",
];

fn spans(script: &Script) -> Vec<Span> {
    let of = |word: &Word| word.text.span();
    let mut spans = Vec::new();
    for command in &script.commands {
        spans.extend([command.span, command.end_span]);
        spans.extend(command.words.iter().map(of));
        spans.extend(command.assignments.iter().flat_map(|set| [set.name.span(), of(&set.value)]));
        spans.extend(command.redirections.iter().flat_map(|to| [to.operator.span(), of(&to.target)]));
    }
    spans.extend(script.frames.iter().filter_map(|frame| frame.end_span));
    spans.extend(script.heredocs.iter().map(TracedText::span));
    spans
}

fn check(text: &str) {
    let sources = Sources::new();
    let file = sources.add(std::path::Path::new("script"), text);
    let whole = sources.get(file).span();
    let text = TracedText::verbatim(text, whole);
    let scripts = [
        read(&text),
        read_run(&text, std::slice::from_ref(&text)),
        read_words(&[TracedText::derived("sh", whole), TracedText::derived("-c", whole), text.clone()]),
    ];
    for script in &scripts {
        for span in spans(script) {
            assert!(whole.contains(span), "{span:?} is not in the text");
            let at = [span.range().start, span.range().end];
            assert!(at.iter().all(|at| text.as_str().is_char_boundary(*at)), "{span:?} cuts a character");
        }
        let frames = script.frames.len();
        for (at, frame) in script.frames.iter().enumerate() {
            assert!(frame.parent.is_none_or(|parent| parent < at), "a construct around itself");
        }
        for command in &script.commands {
            assert!(command.frame.is_none_or(|frame| frame < frames));
            let heredocs = command.redirections.iter().filter_map(|to| to.heredoc);
            assert!(heredocs.into_iter().all(|heredoc| heredoc < script.heredocs.len()));
            let _ = (command.program(), command.arguments(), command.runs_parsed_script());
            assert!(
                script.always_follows(command, command) || command.joined == oomlint::syntax::shell::Join::Or
            );
        }
    }
}

fn only_word(line: &str) -> Option<Word> {
    let sources = Sources::new();
    let file = sources.add(std::path::Path::new("script"), line);
    let script = read(&TracedText::verbatim(line, sources.get(file).span()));
    let [command] = script.commands.as_slice() else { return None };
    command.words.get(1).cloned().filter(|_| command.words.len() == 2 && script.complete)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1500, ..ProptestConfig::default() })]

    #[test]
    fn any_text_is_read(text in "\\PC{0,80}") {
        check(&text);
    }

    #[test]
    fn any_pieces_are_read(pieces in prop::collection::vec(prop::sample::select(PIECES.to_vec()), 0..24)) {
        check(&pieces.concat());
    }

    /// Between single quotes every character is literal.
    #[test]
    fn single_quotes_keep_everything(inside in "[^']{0,40}") {
        let word = only_word(&format!("x '{inside}'")).unwrap();
        prop_assert_eq!(word.text.as_str(), inside.as_str());
        prop_assert!(word.quoted && !word.expands);
    }

    /// Between double quotes every character except `$`, backtick, quote and backslash is literal.
    #[test]
    fn double_quotes_keep_what_is_not_special(inside in "[^\"\\\\$`]{0,40}") {
        let word = only_word(&format!("x \"{inside}\"")).unwrap();
        prop_assert_eq!(word.text.as_str(), inside.as_str());
    }

    /// A backslash makes the next character literal.
    #[test]
    fn backslashes_keep_characters(inside in "[ -~é]{1,20}") {
        let escaped: String = inside.chars().flat_map(|c| ['\\', c]).collect();
        let word = only_word(&format!("x {escaped}")).unwrap();
        prop_assert_eq!(word.text.as_str(), inside.as_str());
    }

    /// Adjacent quoted and unquoted parts are one word.
    #[test]
    fn parts_that_touch_are_one_word(a in "[a-z ]{1,8}", b in "[a-z;|]{1,8}", c in "[a-z]{1,8}") {
        let word = only_word(&format!("x '{a}'\"{b}\"{c}")).unwrap();
        prop_assert_eq!(word.text.as_str(), format!("{a}{b}{c}"));
    }
}

/// Deep and long inputs terminate.
#[test]
fn bounds_hold() {
    for piece in ["$(", "`", "{ ", "( ", "if ", "${", "sh -c '", "eval \"", "((", "case x in a) ", "f() { "] {
        let text = piece.repeat(20_000);
        check(&text);
    }
    check(&"a;".repeat(60_000));
    check(&"a && ".repeat(30_000));
    check(&"<<E ".repeat(5_000));
}
