//! The argument `--format` of the commands that print facts or tables.

use clap::{Args, ValueEnum};

/// Output format of facts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(super) enum FactFormat {
    #[default]
    Human,
    Json,
}

/// Output format of tables and answers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(super) enum TableFormat {
    #[default]
    Human,
    Json,
    Markdown,
}

/// The argument of a command that prints facts.
#[derive(Args)]
pub(super) struct FactReport {
    /// Format: human, json
    #[arg(
        help_heading = "Report",
        long,
        value_name = "FORMAT",
        value_enum,
        default_value_t,
        hide_possible_values = true
    )]
    pub(super) format: FactFormat,
}

/// The argument of a command that prints tables.
#[derive(Args)]
pub(super) struct TableReport {
    /// Format: human, json, markdown
    #[arg(
        help_heading = "Report",
        long,
        value_name = "FORMAT",
        value_enum,
        default_value_t,
        hide_possible_values = true
    )]
    pub(super) format: TableFormat,
}
