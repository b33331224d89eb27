//! Programs that take work from a queue or a timetable.

use super::{Start, Workload};
use crate::syntax::shell::base_name;

/// Programs that take work from a queue or a timetable, and listen nowhere.
const WORKERS: [&str; 21] = [
    "arq",
    "celery",
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
    "qcluster",
    "resque",
    "rq",
    "rqscheduler",
    "rqworker",
    "sidekiq",
    "solid_queue",
    "supercronic",
    "yacron",
];

/// Words of programs that do more than one thing, which make workers of them.
const WORKER_WORDS: [&str; 9] = [
    "queue:work",
    "queue:listen",
    "schedule:work",
    "schedule:run",
    "horizon",
    "jobs:work",
    "messenger:consume",
    "celerybeat",
    "solid_queue:start",
];

/// True for a start of such a program.
pub(super) fn is_worker(start: &Start, workload: &Workload) -> bool {
    let programs = start.programs(workload.handover.as_ref());
    let Some(last) = programs.last() else { return false };
    let words = || std::iter::once(&last.name).chain(&last.arguments).map(|word| word.as_str());
    // Flower shows a queue as a page.
    let shows = words().any(|word| word == "flower");
    !shows && words().any(|word| WORKERS.contains(&base_name(word)) || WORKER_WORDS.contains(&word))
}
