//! Which program a container ends up running, behind shells, inits and wrappers.

use crate::source::Text;

use super::Start;

/// Wrappers are peeled off this often; real ones nest three deep.
const MAX_WRAPPERS: usize = 12;

/// A program and the words it is started with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Program {
    /// The word that names it, as written: `java`, `/usr/bin/node`.
    pub name: Text,
    /// What follows, quotes removed. Variables stand as written.
    pub arguments: Vec<Text>,
    /// A shell expands variables in the arguments.
    pub expanded: bool,
}

impl Program {
    /// The last part of its path.
    #[must_use]
    pub fn base_name(&self) -> &str {
        base_name(self.name.as_str())
    }
}

/// An entrypoint script that runs its arguments in the end, as those of the official images do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Handover {
    /// The script's file name.
    pub entrypoint: String,
    /// The program that it runs when the arguments begin with an option.
    pub options_to: Option<String>,
}

impl Start {
    /// Every program that the start line runs itself, in order; scripts are programs, not looked into.
    #[must_use]
    pub fn programs(&self, handover: Option<&Handover>) -> Vec<Program> {
        let words: Vec<Text> = self.entrypoint.iter().chain(&self.command).cloned().collect();
        let mut found = Vec::new();
        peel(words, false, handover, 0, &mut found);
        found
    }
}

fn peel(
    words: Vec<Text>,
    expanded: bool,
    handover: Option<&Handover>,
    depth: usize,
    found: &mut Vec<Program>,
) {
    let Some((first, rest)) = words.split_first() else { return };
    let name = base_name(first.as_str());
    let inner: Option<Vec<Text>> = match name {
        _ if depth >= MAX_WRAPPERS => None,
        "sh" | "bash" | "ash" | "dash" | "zsh" | "ksh" => match script(rest) {
            Some(script) => {
                for command in commands(script) {
                    peel(command, true, handover, depth + 1, found);
                }
                return;
            }
            None => None,
        },
        "exec" | "command" | "nohup" | "time" => Some(rest.to_vec()),
        "env" | "nice" | "ionice" | "stdbuf" | "tini" | "tini-static" | "docker-init" | "dumb-init"
        | "catatonit" | "setpriv" | "chrt" | "numactl" | "tsx-wrapper" => {
            Some(after_options(rest, &["-n", "-u", "-e", "-p", "-c", "-r"]))
        }
        "gosu" | "su-exec" | "chroot" | "chpst" | "setuidgid" => {
            Some(after_options(rest, &[]).split_off_first())
        }
        "timeout" => Some(after_options(rest, &["-s", "-k"]).split_off_first()),
        // They wait for something, then run what stands behind `--`.
        "wait-for-it.sh" | "wait-for-it" | "wait-for" | "wait-for.sh" | "dockerize" | "waitforit" => {
            let at = rest.iter().position(|word| word.as_str() == "--");
            let command = at.map(|at| rest.get(at + 1..).unwrap_or_default());
            command.filter(|command| !command.is_empty()).map(<[Text]>::to_vec)
        }
        _ if is_assignment(first.as_str()) => Some(rest.to_vec()),
        _ if !rest.is_empty() && handover.is_some_and(|script| script.entrypoint == name) => {
            let program = handover.and_then(|script| script.options_to.as_deref());
            let option = rest.first().filter(|word| word.as_str().starts_with('-'));
            let program = option.zip(program).map(|(option, name)| Text::derived(name, option.span()));
            Some(program.into_iter().chain(rest.iter().cloned()).collect())
        }
        _ => None,
    };
    match inner {
        Some(inner) => peel(inner, expanded, handover, depth + 1, found),
        None => found.push(Program { name: first.clone(), arguments: rest.to_vec(), expanded }),
    }
}

trait SplitOffFirst {
    fn split_off_first(self) -> Self;
}

impl SplitOffFirst for Vec<Text> {
    /// All but the first word: the user of gosu, the seconds of timeout.
    fn split_off_first(mut self) -> Self {
        if !self.is_empty() {
            self.remove(0);
        }
        self
    }
}

pub(super) fn base_name(word: &str) -> &str {
    let parts = memchr::memrchr2(b'/', b'\\', word.as_bytes()).map_or(0, |last| last + 1);
    let name = word.get(parts..).unwrap_or(word);
    name.strip_suffix(".exe").unwrap_or(name)
}

fn is_assignment(word: &str) -> bool {
    word.split_once('=').is_some_and(|(name, _)| {
        !name.is_empty()
            && !name.starts_with(|c: char| c.is_ascii_digit())
            && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
    })
}

/// The text after `-c` (also within `-lc`, `-ec`, and after `-e`, `-o pipefail`).
pub(super) fn script(words: &[Text]) -> Option<&Text> {
    let mut words = words.iter();
    while let Some(word) = words.next() {
        let word = word.as_str();
        let option = word.strip_prefix('-').filter(|rest| !rest.is_empty() && !rest.starts_with('-'))?;
        if option.contains('c') {
            return words.next();
        }
        if option.ends_with('o') {
            words.next();
        }
    }
    None
}

fn after_options(words: &[Text], with_value: &[&str]) -> Vec<Text> {
    let mut rest = words;
    while let Some((first, tail)) = rest.split_first() {
        let word = first.as_str();
        if word == "--" {
            return tail.to_vec();
        }
        if !word.starts_with('-') && !is_assignment(word) {
            break;
        }
        let takes_value = with_value.contains(&word);
        rest = tail.get(usize::from(takes_value)..).unwrap_or_default();
    }
    rest.to_vec()
}

/// The simple commands of a shell script, each as words with their quotes removed. Redirections and keywords stay words:
/// nothing here executes.
pub(super) fn commands(script: &Text) -> Vec<Vec<Text>> {
    let text = script.as_str();
    let mut commands = vec![Vec::new()];
    let mut word: Option<Text> = None;
    let mut characters = text.char_indices().peekable();
    let push = |word: &mut Option<Text>, from: usize, to: usize| {
        let place = script.span_of(from..to);
        let mut grown = word.take().unwrap_or_else(|| Text::empty(place));
        grown.push_slice(script, from..to);
        let span = grown.span().cover(place);
        *word = Some(grown.at(span));
    };
    while let Some((at, c)) = characters.next() {
        match c {
            '\'' | '"' => {
                word.get_or_insert_with(|| Text::empty(script.span_of(at..at + 1)));
                while let Some((inner, q)) = characters.next() {
                    if q == c {
                        break;
                    }
                    if q == '\\' && c == '"' {
                        if let Some((next, escaped)) = characters.next() {
                            push(&mut word, next, next + escaped.len_utf8());
                        }
                        continue;
                    }
                    let mut end = inner + q.len_utf8();
                    while let Some((at, q)) = characters.next_if(|(_, q)| *q != c && *q != '\\') {
                        end = at + q.len_utf8();
                    }
                    push(&mut word, inner, end);
                }
            }
            '\\' => {
                if let Some((next, escaped)) = characters.next()
                    && escaped != '\n'
                {
                    push(&mut word, next, next + escaped.len_utf8());
                }
            }
            ';' | '|' | '&' | '\n' | '(' | ')' => {
                end_word(&mut word, &mut commands);
                commands.push(Vec::new());
            }
            '#' if word.is_none() => while characters.next_if(|(_, c)| *c != '\n').is_some() {},
            c if c.is_whitespace() => end_word(&mut word, &mut commands),
            '$' => {
                let open = characters.peek().map(|(_, c)| *c);
                push(&mut word, at, at + 1);
                // `${A:-b c}` and `$(…)` belong to their word.
                let close = match open {
                    Some('{') => '}',
                    Some('(') => ')',
                    _ => continue,
                };
                for (inner, c) in characters.by_ref() {
                    push(&mut word, inner, inner + c.len_utf8());
                    if c == close {
                        break;
                    }
                }
            }
            c => {
                let mut end = at + c.len_utf8();
                while let Some((at, c)) = characters.next_if(|(_, c)| !ends_run(*c)) {
                    end = at + c.len_utf8();
                }
                push(&mut word, at, end);
            }
        }
    }
    end_word(&mut word, &mut commands);
    const KEYWORDS: [&str; 10] = ["then", "else", "do", "if", "while", "until", "{", "}", "!", "fi"];
    for command in &mut commands {
        let keywords = command.iter().take_while(|word| KEYWORDS.contains(&word.as_str())).count();
        command.drain(..keywords);
    }
    commands.retain(|command| !command.is_empty());
    commands
}

/// True for a character that is not simply part of a word.
fn ends_run(c: char) -> bool {
    c.is_whitespace() || matches!(c, '\'' | '"' | '\\' | ';' | '|' | '&' | '(' | ')' | '$')
}

fn end_word(word: &mut Option<Text>, commands: &mut [Vec<Text>]) {
    if let (Some(word), Some(command)) = (word.take(), commands.last_mut()) {
        command.push(word);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::{SourceId, Span};

    fn start(words: &[&str]) -> Start {
        let words = words.iter().map(|word| Text::verbatim(*word, Span::new(SourceId(0), 0, word.len())));
        Start { entrypoint: words.collect(), command: Vec::new(), shell: false }
    }

    fn names(words: &[&str]) -> Vec<String> {
        let script = Handover {
            entrypoint: "docker-entrypoint.sh".to_owned(),
            options_to: Some("redis-server".to_owned()),
        };
        let programs = start(words).programs(Some(&script));
        programs
            .iter()
            .map(|program| {
                let words = program.arguments.iter().map(Text::as_str);
                std::iter::once(program.base_name()).chain(words).collect::<Vec<_>>().join(" ")
            })
            .collect()
    }

    #[test]
    fn wrappers_are_peeled_off() {
        assert_eq!(names(&["java", "-jar", "a.jar"]), ["java -jar a.jar"]);
        assert_eq!(names(&["/sbin/tini", "-g", "--", "/usr/bin/java", "-jar", "a"]), ["java -jar a"]);
        assert_eq!(names(&["docker-entrypoint.sh", "node", "x.js"]), ["node x.js"]);
        assert_eq!(names(&["docker-entrypoint.sh", "--save", ""]), ["redis-server --save "]);
        assert_eq!(names(&["gosu", "app", "env", "A=b", "java", "Main"]), ["java Main"]);
        assert_eq!(
            names(&["./wait-for-it.sh", "db:1", "-t", "60", "--", "java", "-jar", "a"]),
            ["java -jar a"]
        );
        assert_eq!(names(&["./wait-for-it.sh", "db:1"]), ["wait-for-it.sh db:1"]);
        assert_eq!(names(&["./start.sh"]), ["start.sh"]);
        assert_eq!(names(&[]), [""; 0]);
    }

    #[test]
    fn scripts_are_split_into_commands() {
        let script = "cd /app && exec java $JAVA_OPTS -Dx=\"a b\" -jar app.jar; echo done # java no";
        assert_eq!(
            names(&["/bin/sh", "-c", script]),
            ["cd /app", "java $JAVA_OPTS -Dx=a b -jar app.jar", "echo done"]
        );
        assert_eq!(names(&["bash", "-lc", "java ${OPTS:- -x } A"]), ["java ${OPTS:- -x } A"]);
        assert_eq!(names(&["sh", "-e", "run.sh"]), ["sh -e run.sh"]);
    }

    #[test]
    fn words_of_scripts_keep_their_places() {
        let programs = start(&["sh", "-c", "exec 'node' --max-old-space-size=5"]).programs(None);
        assert_eq!(programs[0].arguments[0].span().range(), 12..34);
        assert!(programs[0].expanded);
    }
}
