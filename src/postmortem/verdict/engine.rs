//! Kills that the engine itself reports: its event `oom`, and `OOMKilled`.

use super::request::is_stop;
use super::{Case, Ruling};
use crate::evidence::{Action, Event};
use crate::postmortem::shown::{self, stated};

impl Case<'_, '_> {
    /// The engine's event `oom`, or Podman's `died` with `OOMKilled`.
    pub(super) fn oom_event(&self) -> Option<Ruling> {
        let events = &self.subject.events;
        let at = events.iter().rposition(|event| is_oom(event))?;
        let oom = events.get(at)?;
        // The death that follows it is its own; one after a new start is another, which is answered by itself.
        let after = events.get(at..).unwrap_or_default();
        let die = after.iter().find(|event| event.action == Action::Die);
        let mut later = after.iter().skip_while(|event| event.action != Action::Start);
        if later.any(|event| event.action == Action::Die) {
            return None;
        }
        let ruling =
            self.by_limit(&format!("the engine reports that the kernel's OOM killer ran in {}", self.name));
        let mut ruling = ruling.shows([shown::event(oom)]).shows(die.map(|event| shown::event(event)));
        for request in self.requests(self.last_life()) {
            ruling = ruling.but(format!("a signal was also sent on request: {}", shown::event(request).text));
        }
        if die.is_none() && self.exit_code().is_none() {
            ruling = ruling.also("a process in it was killed; nothing says that the container ended");
        }
        Some(ruling)
    }

    /// The container's last life. Where starts are left out of the events, it begins after the death before.
    pub(super) fn last_life(&self) -> Life<'_> {
        let events = self.subject.events.as_slice();
        let die = events.iter().rposition(|event| event.action == Action::Die);
        let before = events.get(..die.unwrap_or(events.len())).unwrap_or_default();
        let begins = |event: &&Event| matches!(event.action, Action::Start | Action::Die);
        let begin = before.iter().rposition(begins);
        let started = begin.and_then(|at| before.get(at)).is_some_and(|event| event.action == Action::Start);
        let before = before.get(begin.map_or(0, |at| at + 1)..).unwrap_or_default();
        // The end of `docker restart` is reported after the start, that of `docker stop` after the death.
        let is_old = |event: &&&Event| match event.action {
            Action::Restart => true,
            Action::Stop => begin.is_some() && !started,
            _ => false,
        };
        let old = before.iter().take_while(is_old).count();
        let after = die.and_then(|at| events.get(at + 1..)).unwrap_or_default();
        let next = after.iter().position(|event| event.action == Action::Start);
        let restarts = |at: usize| after.get(at + 1).is_some_and(|event| event.action == Action::Restart);
        let to = next.map_or(after.len(), |at| if restarts(at) { at + 2 } else { at });
        Life {
            before: before.get(old..).unwrap_or_default(),
            end: die.and_then(|at| events.get(at)).copied(),
            after: after.get(..to).unwrap_or_default(),
        }
    }

    /// A complete stop: SIGTERM, SIGKILL after it, and the end by that. What `OOMKilled` remembers was before it.
    pub(super) fn stop_sequence(&self) -> Option<Ruling> {
        let flag = self.subject.inspected?.oom_killed.as_ref().filter(|flag| flag.value)?;
        let life = self.last_life();
        let (Some(_), Some(_)) = self.stop_signals(life) else { return None };
        let killed = life.end.and_then(|end| end.exit_code) == Some(137);
        if !killed || life.before.iter().chain(life.after).any(|event| is_oom(event)) {
            return None;
        }
        let ruling = self.stopped()?;
        Some(
            ruling
                .also("a process in it was killed for memory earlier, since its last start: OOMKilled keeps that")
                .shows([stated("OOMKilled", flag)])
                .lacks("when that was", "dmesg -T | grep -iE 'oom|killed process'"),
        )
    }

    /// `OOMKilled: true`.
    pub(super) fn oom_killed(&self) -> Option<Ruling> {
        let killed = self.subject.inspected?.oom_killed.as_ref().filter(|killed| killed.value)?;
        let own_code = self.subject.inspected.and_then(|own| own.exit_code.as_ref());
        let ended_well = own_code.is_some_and(|code| code.value == 0)
            && self.subject.inspected.is_some_and(|own| own.running == Some(false));
        let what = if ended_well {
            format!(
                "OOMKilled is true: the kernel killed a process in {}, which itself ended with 0",
                self.name
            )
        } else {
            format!("OOMKilled is true: the kernel's OOM killer ran in {} since its last start", self.name)
        };
        let mut ruling = self.by_limit(&what).shows([stated("OOMKilled", killed)]).shows(self.exit_quote());
        if ended_well {
            ruling = ruling.shows(own_code.map(|code| stated("ExitCode", code)));
        }
        let life = self.last_life();
        let stops = life.before.iter().chain(life.after).copied().filter(|event| is_stop(event));
        for event in self.requests(life).chain(stops) {
            ruling = ruling.shows([shown::event(event)]).but(format!(
                "it was also ended on request, and OOMKilled may be older: {}",
                shown::event(event).text
            ));
        }
        Some(ruling.shows(life.end.map(shown::event)))
    }
}

/// The events of one life of a container.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Life<'l> {
    /// From its start to its death, or to the last event if there is none.
    pub(super) before: &'l [&'l Event],
    /// Its death.
    pub(super) end: Option<&'l Event>,
    /// From its death to the next start.
    pub(super) after: &'l [&'l Event],
}

/// True for the engine's event `oom`, and for Podman's `died` with `OOMKilled`.
pub(super) fn is_oom(event: &Event) -> bool {
    event.action == Action::Oom || event.oom_killed == Some(true)
}
