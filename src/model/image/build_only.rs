//! Build variables without effect: gone when the image runs, and not seen to be used by the build.

use super::stages::{Stage, by_name};
use super::target::{BuildVariable, Form, Run};
use crate::syntax::dockerfile::{Arguments, Instruction, Keyword};

/// Commands that read no setting of a language runtime.
const IDLE: [&str; 45] = [
    ":", "[", "adduser", "addgroup", "apk", "apt", "apt-get", "cat", "cd", "chmod", "chown", "cp", "curl",
    "dnf", "do", "done", "dpkg", "echo", "export", "false", "fi", "groupadd", "install", "ln", "ls",
    "microdnf", "mkdir", "mv", "printf", "pwd", "rm", "sed", "set", "tar", "tdnf", "test", "then", "touch",
    "true", "unzip", "useradd", "usermod", "wget", "yum", "zypper",
];

/// Returns variables of stages that are not part of the image, and those that a `RUN` exports to nothing. A variable counts as
/// used if a later `RUN` does more than lay out files, in its stage or in one built on it.
pub(super) fn build_only(stages: &[Stage<'_>], chain: &[&Stage<'_>], runs: &[Run]) -> Vec<BuildVariable> {
    let works = with_work(stages);
    let others =
        stages.iter().zip(works).filter(|(stage, _)| chain.iter().all(|part| part.index != stage.index));
    let set = others.flat_map(|(stage, works)| {
        let name = match &stage.name {
            Some(name) => name.as_str().to_owned(),
            None => stage.index.to_string(),
        };
        let idle =
            stage.instructions.iter().enumerate().filter(move |(at, _)| works.is_none_or(|last| *at > last));
        let pairs = idle.filter_map(|(_, instruction)| match &instruction.arguments {
            Arguments::Pairs(pairs) if instruction.keyword == Keyword::Env => Some(pairs),
            _ => None,
        });
        pairs.flatten().map(move |pair| BuildVariable {
            name: pair.key.clone(),
            value: pair.value.clone(),
            stage: Some(name.clone()),
        })
    });
    set.chain(runs.iter().filter_map(exported)).collect()
}

/// Returns for each stage the index of its last working `RUN`, or `usize::MAX` if a stage built on it has one.
fn with_work(stages: &[Stage<'_>]) -> Vec<Option<usize>> {
    let mut last: Vec<Option<usize>> =
        stages.iter().map(|stage| stage.instructions.iter().rposition(works)).collect();
    for stage in stages.iter().rev() {
        let below = by_name(stages, stage.index, stage.reference.as_str());
        if let Some(below) = below.filter(|_| last.get(stage.index).is_some_and(Option::is_some))
            && let Some(place) = last.get_mut(below.index)
        {
            *place = Some(usize::MAX);
        }
    }
    last
}

/// True for a `RUN` with a command that is not known to be idle.
fn works(instruction: &Instruction) -> bool {
    if instruction.keyword != Keyword::Run {
        return false;
    }
    let script = match &instruction.arguments {
        Arguments::Shell(text) => text.as_str(),
        Arguments::Exec(words) => return words.first().is_some_and(|word| !is_idle(word.as_str())),
        _ => return !instruction.heredocs.is_empty(),
    };
    let commands = script.split([';', '&', '|', '\n', '(', ')', '{', '}']);
    !instruction.heredocs.is_empty() || commands.filter_map(program).any(|program| !is_idle(program))
}

/// Returns the first word of a command after assignments, which are for that command alone.
fn program(command: &str) -> Option<&str> {
    let assigned =
        |word: &&str| word.split_once('=').is_some_and(|(name, _)| !name.is_empty() && is_name(name));
    command.split_whitespace().find(|word| !assigned(word) && *word != "\\")
}

fn is_name(name: &str) -> bool {
    name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
}

fn is_idle(program: &str) -> bool {
    let name = program.rsplit('/').next().unwrap_or(program);
    IDLE.contains(&name)
}

/// Returns the variable of a `RUN export NAME=value` or `RUN NAME=value` without a command: it ends with its shell.
fn exported(run: &Run) -> Option<BuildVariable> {
    let Form::Shell(text) = &run.form else { return None };
    let line = text.as_str();
    let begin = line.trim_start();
    let rest = begin.strip_prefix("export ").unwrap_or(begin);
    if rest.contains([';', '&', '|', '\n']) || !run.scripts.is_empty() {
        return None;
    }
    let start = line.len() - rest.len();
    let equals = start + rest.find('=')?;
    let name = line.get(start..equals)?;
    let plain = !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
    // `RUN NAME=value command` is for the command.
    let value = line.get(equals + 1..)?.trim_end();
    let quoted = value.len() > 1 && value.starts_with(['"', '\'']) && value.ends_with(value.get(..1)?);
    if !plain || (rest.len() == begin.len() && !quoted && value.contains(char::is_whitespace)) {
        return None;
    }
    Some(BuildVariable {
        name: text.slice(start..equals),
        value: text.slice(equals + 1..line.trim_end().len()),
        stage: None,
    })
}
