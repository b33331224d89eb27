//! Ends on request: a stop, a kill, a watcher of healthchecks.

use super::{Case, GRACE, Ruling};
use crate::diagnostic::{Confidence, plural};
use crate::evidence::{Action, Sign};
use crate::postmortem::Verdict;
use crate::postmortem::shown::{self, stated};

impl Case<'_, '_> {
    /// Autoheal and Swarm say themselves why they ended a container.
    pub(super) fn watcher(&self) -> Option<Ruling> {
        let logs = &self.subject.logs;
        let at = logs.iter().position(|log| log.sign == Sign::Unhealthy)?;
        let log = logs.get(at)?;
        // The list of a service's tasks has the newest first: a death above is the newer one, and has another cause.
        let newer = |own: &&&crate::evidence::LogLine| {
            own.sign == Sign::ChildKilled
                && own.who == log.who
                && own.span.file == log.span.file
                && own.is_task
        };
        if logs.iter().take(at).any(|own| newer(&own)) {
            return None;
        }
        let ruling = Ruling::new(
            Verdict::Healthcheck,
            Confidence::High,
            format!("{} ended {}: {}", log.who, self.name, log.what),
        );
        let ruling = ruling.also("a slow probe may be the first sign of a container at its memory limit");
        Some(
            ruling
                .shows([shown::log(log, self.sources)])
                .lacks("whether it was at its limit", format!("docker stats --no-stream {}", self.target())),
        )
    }

    /// The engine says itself that it waited in vain for the container to stop.
    pub(super) fn forced(&self) -> Option<Ruling> {
        let log = self.subject.logs.iter().find(|log| log.sign == Sign::StopTimeout)?;
        let ruling = Ruling::new(
            Verdict::StopTimeout,
            Confidence::High,
            format!("no memory is involved: {} says about {} that {}", log.who, self.name, log.what),
        );
        Some(ruling.shows([shown::log(log, self.sources)]).shows(self.exit_quote()))
    }

    /// Signals that the engine sent on request: SIGTERM, and SIGKILL after the grace period.
    pub(super) fn stopped(&self) -> Option<Ruling> {
        let events = &self.subject.events;
        let die = events.iter().rposition(|event| event.action == Action::Die)?;
        let before = events.get(..die)?;
        let since = before.iter().rposition(|event| event.action == Action::Start).map_or(0, |at| at + 1);
        let before = before.get(since..)?;
        let after = events.get(die + 1..).unwrap_or_default();
        let signal = |number| before.iter().find(|event| event.action == Action::Kill(Some(number)));
        let any = before.iter().find(|event| matches!(event.action, Action::Kill(_)));
        let asked =
            after.iter().chain(before).find(|event| matches!(event.action, Action::Stop | Action::Restart));
        let unhealthy = before.iter().find(|event| event.action == Action::Unhealthy);
        let end = events.get(die)?;
        let quotes = |ruling: Ruling, list: &[Option<&&crate::evidence::Event>]| {
            ruling.shows(list.iter().flatten().map(|event| shown::event(event)))
        };
        if let Some(unhealthy) = unhealthy.filter(|_| any.is_some()) {
            let ruling = Ruling::new(
                Verdict::Healthcheck,
                if asked.is_some() { Confidence::High } else { Confidence::Medium },
                format!("{} became unhealthy and was then stopped by whoever watches that: autoheal, Swarm, a script", self.name),
            )
            .also("the exit code is that of the stop, not of the kernel");
            return Some(quotes(ruling, &[Some(unhealthy), any, signal(9), Some(end), asked]));
        }
        let (term, kill) = (signal(15), signal(9));
        if let (Some(term), Some(kill)) = (term, kill) {
            let waited = term.at.zip(kill.at).map(|(term, kill)| kill - term);
            let seconds = waited
                .filter(|waited| *waited >= GRACE)
                .map(|waited| format!(" {}", plural(waited.round() as i64, "second")))
                .unwrap_or_default();
            let ruling = Ruling::new(
                Verdict::StopTimeout,
                Confidence::High,
                format!(
                    "no memory is involved: {} was asked to stop, did not within{}, and was killed",
                    self.name,
                    if seconds.is_empty() { " its grace period".to_owned() } else { seconds }
                ),
            );
            return Some(quotes(ruling, &[Some(term), Some(kill), Some(end), asked]));
        }
        let by = any.or(asked)?;
        let words = match (kill, end.exit_code) {
            (Some(_), _) => "was killed on request, with `docker kill` or the like",
            _ => "was stopped on request",
        };
        let ruling = Ruling::new(
            Verdict::Stopped,
            Confidence::High,
            format!("no memory is involved: {} {words}", self.name),
        );
        Some(quotes(ruling, &[Some(by), kill, Some(end), asked]))
    }

    /// A failing healthcheck in `docker inspect`.
    pub(super) fn unhealthy(&self) -> Option<Ruling> {
        let inspected = self.subject.inspected?;
        let health = inspected.health.as_ref().filter(|health| health.value == "unhealthy")?;
        let streak = inspected.streak.filter(|streak| *streak > 0)?;
        // The daemon sets unhealthy when it stops watching; a streak is only counted while it runs.
        let ended = self.exit_code().is_some_and(|code| matches!(code, 137 | 143));
        let alone = inspected.exit_code.is_none() && inspected.running.is_none();
        if !ended && !alone {
            return None;
        }
        let failed = match (streak, inspected.timeouts) {
            (1, 0) => "its last probe failed".to_owned(),
            (1, _) => "its last probe failed, for its timeout".to_owned(),
            (_, 0) => format!("{streak} probes failed in a row"),
            (_, count) => {
                format!("{streak} probes failed in a row, {count} of the last ones for their timeout")
            }
        };
        let ruling = Ruling::new(
            Verdict::Healthcheck,
            Confidence::Medium,
            format!("{} was unhealthy: {failed}; Swarm, autoheal and other watchers end such a container", self.name),
        )
        .also("Docker itself does not, and a slow probe may be the first sign of a container at its memory limit");
        Some(ruling.shows([stated("Health.Status", health)]).shows(self.exit_quote()).lacks(
            "who ended it",
            "docker events --since 24h --until 0s --filter event=kill --filter event=die --filter event=oom",
        ))
    }
}
