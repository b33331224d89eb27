//! Kills that the engine itself reports: its event `oom`, and `OOMKilled`.

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
        let kill = self.last_life().iter().find(|event| event.action == Action::Kill(Some(9)));
        let mut ruling = ruling.shows([shown::event(oom)]).shows(die.map(|event| shown::event(event)));
        if let Some(kill) = kill {
            ruling = ruling.but(format!("signal 9 was also sent on request: {}", shown::event(kill).text));
        }
        if die.is_none() && self.exit_code().is_none() {
            ruling = ruling.also("a process in it was killed; nothing says that the container ended");
        }
        Some(ruling)
    }

    /// The events since the start of the container's last life: up to its last death, and what follows that.
    pub(super) fn last_life(&self) -> &[&Event] {
        let events = &self.subject.events;
        let Some(die) = events.iter().rposition(|event| event.action == Action::Die) else { return events };
        let before = events.get(..die).unwrap_or_default();
        let ends = |event: &&Event| matches!(event.action, Action::Start | Action::Die);
        let since = before.iter().rposition(ends).map_or(0, |at| at + 1);
        events.get(since..).unwrap_or_default()
    }

    /// A complete stop: SIGTERM, SIGKILL after it, and the end by that. What `OOMKilled` remembers was before it.
    pub(super) fn stop_sequence(&self) -> Option<Ruling> {
        let flag = self.subject.inspected?.oom_killed.as_ref().filter(|flag| flag.value)?;
        let life = self.last_life();
        let die = life.iter().rposition(|event| event.action == Action::Die)?;
        let killed = life.get(die)?.exit_code == Some(137);
        let before = life.get(..die)?;
        let term = before.iter().position(|event| event.action == Action::Kill(Some(15)))?;
        let kill = before.iter().rposition(|event| event.action == Action::Kill(Some(9)))?;
        if !killed || kill < term || life.iter().any(|event| is_oom(event)) {
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
        for event in life.iter().filter(|event| matches!(event.action, Action::Kill(_) | Action::Stop)) {
            ruling = ruling.shows([shown::event(event)]).but(format!(
                "it was also ended on request, and OOMKilled may be older: {}",
                shown::event(event).text
            ));
        }
        Some(
            ruling.shows(
                life.iter().find(|event| event.action == Action::Die).map(|event| shown::event(event)),
            ),
        )
    }
}

/// True for the engine's event `oom`, and for Podman's `died` with `OOMKilled`.
pub(super) fn is_oom(event: &Event) -> bool {
    event.action == Action::Oom || event.oom_killed == Some(true)
}
