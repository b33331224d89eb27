//! Recognizes workers: programs that process a queue or run on a schedule.

use super::opened::StartedPrograms;
use super::start::Program;
use crate::catalog::Programs;
use crate::syntax::shell::base_name;

/// True if all the programs that nothing follows are workers.
pub(super) fn is_worker(opened: &StartedPrograms) -> bool {
    !opened.last.is_empty() && opened.last.iter().all(is_queue_worker)
}

/// True if one of the programs that nothing follows is a worker. Which of them runs may be decided in the container.
pub(super) fn may_be_worker(opened: &StartedPrograms) -> bool {
    opened.last.iter().any(is_queue_worker)
}

fn is_queue_worker(program: &Program) -> bool {
    let words = || std::iter::once(&program.name).chain(&program.arguments).map(|word| word.as_str());
    // Flower is a web page for a queue.
    let shows = words().any(|word| word == "flower");
    !shows
        && words().any(|word| {
            Programs::builtin().workers.contains(base_name(word))
                || Programs::builtin().worker_subcommands.contains(word)
        })
}
