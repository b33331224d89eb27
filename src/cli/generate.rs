//! Shell completions and the manual page, generated from the definition of the command line.

use std::io;
use std::process::ExitCode;

use clap::builder::PossibleValuesParser;
use clap::{Args, CommandFactory};
use clap_complete::Shell;

use super::output::Console;
use super::{Cli, Outcome};
use crate::rules::{Group, RULES};

#[derive(Args)]
pub(super) struct Completions {
    /// The shell
    #[arg(value_name = "SHELL")]
    shell: Shell,
}

pub(super) fn completions(arguments: &Completions, console: &Console) -> Outcome {
    let mut script = Vec::new();
    let mut command = with_rule_names(Cli::command());
    let name = command.get_name().to_owned();
    clap_complete::generate(arguments.shell, &mut command, name, &mut script);
    console.write(|out| out.write_all(&script))?;
    Ok(ExitCode::SUCCESS)
}

/// Adds the names of rules and groups as possible values, which the parser itself reports with suggestions.
fn with_rule_names(command: clap::Command) -> clap::Command {
    let rules = RULES.iter().map(|rule| rule.meta().name);
    let names: Vec<&'static str> = Group::ALL.iter().map(|group| group.name()).chain(rules.clone()).collect();
    let rules: Vec<&'static str> = rules.collect();
    let add = |command: clap::Command| {
        let takes: Vec<String> =
            command.get_arguments().map(|argument| argument.get_id().to_string()).collect();
        let mut command = command;
        for id in takes {
            let values = match id.as_str() {
                "select" | "ignore" => names.clone(),
                "rule" => rules.clone(),
                _ => continue,
            };
            command =
                command.mut_arg(id, |argument| argument.value_parser(PossibleValuesParser::new(values)));
        }
        command
    };
    add(command).mut_subcommands(add)
}

/// Prints the manual page, with one section per command, for packages.
pub(super) fn manual(console: &Console) -> Outcome {
    console.write(page)?;
    Ok(ExitCode::SUCCESS)
}

fn page(out: &mut dyn io::Write) -> io::Result<()> {
    let mut page = Vec::new();
    let command = Cli::command();
    let main = clap_mangen::Man::new(command.clone()).manual("oomlint");
    main.render_title(&mut page)?;
    main.render_name_section(&mut page)?;
    main.render_synopsis_section(&mut page)?;
    main.render_description_section(&mut page)?;
    main.render_options_section(&mut page)?;
    // The options of `check` are those of the command itself.
    for below in command.get_subcommands().filter(|below| !below.is_hide_set() && below.get_name() != "check")
    {
        let name = format!("oomlint {}", below.get_name()).to_uppercase();
        page.extend(format!(".SH \"{name}\"\n").bytes());
        if let Some(about) = below.get_about() {
            page.extend(format!("{about}\n.PP\n").bytes());
        }
        let one = clap_mangen::Man::new(below.clone());
        let mut options = Vec::new();
        one.render_options_section(&mut options)?;
        // The options become a subsection of the command.
        page.extend(String::from_utf8_lossy(&options).replace(".SH OPTIONS", ".SS Options").bytes());
    }
    main.render_extra_section(&mut page)?;
    main.render_version_section(&mut page)?;
    out.write_all(&page)
}
