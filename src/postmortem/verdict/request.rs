//! Ends on request: a stop, a kill, a watcher of healthchecks.

use super::engine::Life;
use super::{Case, GRACE, Ruling};
use crate::diagnostic::{Confidence, plural};
use crate::evidence::{Action, Event, Sign};
use crate::postmortem::Verdict;
use crate::postmortem::shown::{self, stated};

/// SIGKILL, SIGTERM, SIGINT and SIGQUIT. Others, as SIGHUP, do not ask a container to stop, unless it is its own `StopSignal`.
const STOPS: [i64; 4] = [KILL, 15, 2, 3];
const KILL: i64 = 9;

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
        let life = self.last_life();
        let end = life.end?;
        let any = self.requests(life).next();
        let asked = life.after.iter().chain(life.before).copied().find(|event| is_stop(event));
        let quotes = |ruling: Ruling, list: &[Option<&Event>]| {
            ruling.shows(list.iter().flatten().map(|event| shown::event(event)))
        };
        let (term, kill) = self.stop_signals(life);
        if let Some((unhealthy, any)) = any.and_then(|any| Some((unhealthy_before(life, any)?, any))) {
            let ruling = Ruling::new(
                Verdict::Healthcheck,
                if asked.is_some() { Confidence::High } else { Confidence::Medium },
                format!("{} became unhealthy and was then stopped by whoever watches that: autoheal, Swarm, a script", self.name),
            )
            .also("the exit code is that of the stop, not of the kernel");
            return Some(quotes(ruling, &[Some(unhealthy), Some(any), kill, Some(end), asked]));
        }
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
        let ruling = match (kill, end.exit_code, by.action) {
            (Some(_), ..) => Ruling::new(
                Verdict::Stopped,
                Confidence::High,
                format!(
                    "no memory is involved: {} was killed on request, with `docker kill` or the like",
                    self.name
                ),
            ),
            // Signal 15 does not end with 137.
            (None, Some(137), Action::Kill(Some(_))) => Ruling::new(
                Verdict::Stopped,
                Confidence::Medium,
                format!("{} was asked to stop, and ended with 137, which is signal 9", self.name),
            )
            .but("no signal 9 was sent on request: the kernel may have killed it while it stopped")
            .lacks("whether the kernel killed it", "dmesg -T | grep -iE 'oom|killed process'"),
            (None, _, Action::Kill(None)) => Ruling::new(
                Verdict::Stopped,
                Confidence::Medium,
                format!("{} was sent a signal on request before it ended", self.name),
            )
            .but("the event does not say which signal it was: some do not stop a container"),
            _ => Ruling::new(
                Verdict::Stopped,
                Confidence::High,
                format!("no memory is involved: {} was stopped on request", self.name),
            ),
        };
        Some(quotes(ruling, &[Some(by), kill, Some(end), asked]))
    }

    /// The signals of the container's last life that are requests to stop.
    pub(super) fn requests<'l>(&'l self, life: Life<'l>) -> impl Iterator<Item = &'l Event> + 'l {
        let end = life.end.and_then(|end| end.exit_code);
        let ended_with = move |signal: i64| end.is_some() && end == signal.checked_add(128);
        let own = self.subject.inspected.and_then(|own| own.stop_signal);
        life.before.iter().copied().filter(move |event| match event.action {
            Action::Kill(Some(signal)) => {
                STOPS.contains(&signal) || own == Some(signal) || ended_with(signal)
            }
            // Old engines and Podman do not say which signal it was.
            Action::Kill(None) => true,
            _ => false,
        })
    }

    /// The request to stop, and the kill, which follows it or was sent at once.
    pub(super) fn stop_signals<'l>(&'l self, life: Life<'l>) -> (Option<&'l Event>, Option<&'l Event>) {
        let requests: Vec<&Event> = self.requests(life).collect();
        let is_kill = |event: &&Event| event.action == Action::Kill(Some(KILL));
        let kill = requests.iter().rposition(is_kill);
        let before = requests.iter().take(kill.unwrap_or(requests.len()));
        let term = before.copied().find(|event| !is_kill(event));
        (term, kill.and_then(|at| requests.get(at)).copied())
    }

    /// A failing healthcheck in `docker inspect`.
    pub(super) fn unhealthy(&self) -> Option<Ruling> {
        let inspected = self.subject.inspected?;
        let health = inspected.health.as_ref().filter(|_| inspected.is_unhealthy())?;
        let streak = inspected.streak?;
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

/// True for the events of `docker stop` and `docker restart`.
pub(super) fn is_stop(event: &Event) -> bool {
    matches!(event.action, Action::Stop | Action::Restart)
}

/// Returns the event by which the container was unhealthy when it was asked to stop.
fn unhealthy_before<'l>(life: Life<'l>, request: &Event) -> Option<&'l Event> {
    let before = life.before.iter().copied().take_while(|event| !std::ptr::eq(*event, request));
    let last = before.filter(|event| matches!(event.action, Action::Unhealthy | Action::Healthy)).last()?;
    (last.action == Action::Unhealthy).then_some(last)
}
