//! Recognizes workers: programs that process a queue or run on a schedule.

use super::opened::StartedPrograms;
use super::start::Program;
use crate::syntax::shell::base_name;

/// Programs that process a queue or run on a schedule, and listen on no port.
const WORKERS: [&str; 30] = [
    "arq",
    "celery",
    "clockwork",
    "cron",
    "crond",
    "dcron",
    "delayed_job",
    "dramatiq",
    "go-crond",
    "good_job",
    "huey_consumer",
    "huey_consumer.py",
    "ofelia",
    "procrastinate",
    "qcluster",
    "que",
    "resque",
    "rq",
    "rqscheduler",
    "rqworker",
    "run_huey",
    "rundramatiq",
    "saq",
    "shoryuken",
    "sidekiq",
    "sneakers",
    "solid_queue",
    "supercronic",
    "taskiq",
    "yacron",
];

/// Arguments that make a worker of a program with several modes.
const WORKER_WORDS: [&str; 16] = [
    "celerybeat",
    "horizon",
    "jobs:work",
    "messenger:consume",
    "process_tasks",
    "queue:listen",
    "queue:work",
    "resque:scheduler",
    "resque:work",
    "rqscheduler",
    "rqworker",
    "schedule:run",
    "schedule:work",
    "sneakers:run",
    "solid_queue:start",
    "solid_queue:work",
];

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
    !shows && words().any(|word| WORKERS.contains(&base_name(word)) || WORKER_WORDS.contains(&word))
}
