//! Programs known by their names: `rules/catalog/programs.yaml`.

use std::sync::OnceLock;

use serde::Deserialize;

use crate::hash::HashSet;

/// The lists.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Programs {
    /// Process supervisors, in any word of the start.
    pub supervisors: HashSet<String>,
    /// Programs that run tests.
    pub test_runners: HashSet<String>,
    /// Programs that do one thing and exit: they build, install, copy, or query a server. Without `.sh`.
    pub client_programs: HashSet<String>,
    /// Interpreters and build tools whose next argument names the task or the file.
    pub task_runners: HashSet<String>,
    /// Tasks of task runners that exit.
    pub finite_tasks: HashSet<String>,
    /// Arguments between a task runner and its task, as in `npm run test`.
    pub task_prefixes: HashSet<String>,
    /// Task runners that take several tasks in one call.
    pub multi_task_runners: HashSet<String>,
    /// Words, up to `=`, that mark a server, in any position: a page of results, a development server.
    pub server_arguments: HashSet<String>,
    /// Words in names of scripts that fill a database.
    pub seed_words: HashSet<String>,
    /// Builders and test runners that keep running with `-w`.
    pub watch_mode_programs: HashSet<String>,
    /// Arguments, and programs, of jobs that run until they are stopped.
    pub keeps_running: HashSet<String>,
    /// Queue workers and schedulers, as program, module or subcommand. They listen on no port.
    pub workers: HashSet<String>,
    /// Subcommands and tasks that process a queue or run on a schedule, matched as a whole.
    pub worker_subcommands: HashSet<String>,
    /// Programs that speak HTTP on any port.
    pub http_servers: HashSet<String>,
    /// Programs that speak HTTP if their port is a common one of web applications, and may speak something else on others.
    pub web_runtimes: HashSet<String>,
    /// Images whose programs speak HTTP if their port is a common one of web applications.
    pub web_images: HashSet<String>,
    /// Programs that only read standard input if they are started without arguments.
    pub stdin_programs: HashSet<String>,
    /// Entry points of cloud-function images, which do not answer health probes.
    pub function_runtimes: HashSet<String>,
}

impl Programs {
    /// Returns the compiled-in lists.
    #[must_use]
    pub fn builtin() -> &'static Self {
        static BUILTIN: OnceLock<Programs> = OnceLock::new();
        // A test parses them, so this does not fail. Without lists no program would be recognized.
        BUILTIN.get_or_init(|| serde_json::from_str(super::PROGRAMS).unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lists_parse_and_are_sorted() {
        let lists: crate::hash::IndexMap<String, Vec<String>> =
            serde_json::from_str(crate::catalog::PROGRAMS).expect("lists of names");
        serde_json::from_str::<Programs>(crate::catalog::PROGRAMS).expect("the lists of the type");
        for (name, list) in lists {
            let lower: Vec<String> = list.iter().map(|word| word.to_lowercase()).collect();
            assert!(lower.is_sorted_by(|a, b| a < b) && !list.is_empty(), "{name}");
        }
    }
}
