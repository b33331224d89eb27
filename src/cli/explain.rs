//! `oomlint explain`: prints the page of a rule, offline.

use std::process::ExitCode;

use clap::Args;

use super::Outcome;
use super::output::Console;
use crate::error::{Error, nearest};
use crate::rules::{RULES, find};

#[derive(Args)]
pub(super) struct Arguments {
    /// Name of a rule, as in brackets in the report
    #[arg(value_name = "RULE")]
    rule: String,
}

pub(super) fn run(arguments: &Arguments, console: &Console) -> Outcome {
    // Accepts what reports show, to be pasted: `warning[name]` and `[name]` as well as `name`.
    let pasted = arguments.rule.split_once('[').and_then(|(_, rest)| rest.split_once(']'));
    let name = pasted.map_or(arguments.rule.as_str(), |(name, _)| name);
    let rule = find(name).ok_or_else(|| unknown(name))?;
    let page = rule.meta().page;
    console.write(
        |out| {
            if console.color { write!(out, "{}", styled(page)) } else { write!(out, "{page}") }
        },
    )?;
    Ok(ExitCode::SUCCESS)
}

fn unknown(name: &str) -> Error {
    let near = nearest(name, RULES.iter().map(|rule| rule.meta().name));
    let help = match near.as_slice() {
        [] => "`oomlint rules` lists them all".to_owned(),
        names => {
            let names: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
            format!("did you mean {}?", names.join(" or "))
        }
    };
    Error::UnknownRule { name: name.to_owned(), help: Some(help) }
}

/// Styles a page for terminals: headings bold, fenced code dimmed. The text itself stays the same.
fn styled(page: &str) -> String {
    let mut fenced = false;
    let mut out = String::with_capacity(page.len() + 256);
    for line in page.lines() {
        let is_fence = line.starts_with("```");
        let style = match (is_fence || fenced, line.starts_with('#')) {
            (true, _) => Some("2"),
            (false, true) => Some("1"),
            (false, false) => None,
        };
        match style {
            Some(code) => out.push_str(&format!("\x1b[{code}m{line}\x1b[0m")),
            None => out.push_str(line),
        }
        out.push('\n');
        fenced ^= is_fence;
    }
    out
}

#[cfg(test)]
mod tests {
    use super::styled;

    #[test]
    fn headings_are_bold_and_a_hash_in_a_fence_is_not_a_heading() {
        let text = styled("# title\nprose\n```yaml bad\n# comment\n```\n");
        assert_eq!(
            text,
            "\x1b[1m# title\x1b[0m\nprose\n\x1b[2m```yaml bad\x1b[0m\n\x1b[2m# comment\x1b[0m\n\x1b[2m```\x1b[0m\n"
        );
    }
}
