//! Programs that take work from a queue or a timetable.

use super::opened::StartedPrograms;
use super::start::Program;
use crate::syntax::shell::base_name;

/// Programs that take work from a queue or a timetable, and listen nowhere.
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

/// Words of programs that do more than one thing, which make workers of them.
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

/// True for a start that comes down to nothing but such programs.
pub(super) fn is_worker(opened: &StartedPrograms) -> bool {
    !opened.last.is_empty() && opened.last.iter().all(is_queue_worker)
}

/// True for a start of which a part is such a program: which part runs is decided in the container.
pub(super) fn may_be_worker(opened: &StartedPrograms) -> bool {
    opened.last.iter().any(is_queue_worker)
}

fn is_queue_worker(program: &Program) -> bool {
    let words = || std::iter::once(&program.name).chain(&program.arguments).map(|word| word.as_str());
    // Flower shows a queue as a page.
    let shows = words().any(|word| word == "flower");
    !shows && words().any(|word| WORKERS.contains(&base_name(word)) || WORKER_WORDS.contains(&word))
}
