//! Questions that the evidence leaves open, and the commands that would decide them.

use super::kernel::victim;
use super::{AT_START, Case, Ruling};
use crate::diagnostic::{Confidence, plural};
use crate::evidence::{Action, Sign};
use crate::postmortem::shown::{self, stated};
use crate::postmortem::{Quote, Verdict};

impl Case<'_, '_> {
    pub(super) fn undecided(&self) -> Ruling {
        let (code, name) = (self.exit_code(), &self.name);
        let logs = &self.subject.logs;
        let quotes: Vec<Quote> =
            logs.iter().take(3).map(|log| shown::log(log, self.sources)).chain(self.exit_quote()).collect();
        let undecided = |answer: String| {
            Ruling::new(Verdict::Undecided, Confidence::Medium, answer).shows(quotes.clone())
        };
        let kernel = "dmesg -T | grep -iE 'oom|killed process'";
        let events =
            "docker events --since 24h --until 0s --filter event=oom --filter event=kill --filter event=die";
        if let Some(kill) = self.subject.kills.first().map(|own| own.kill) {
            let answer = match (&kill.victim, &kill.invoked_by) {
                (Some(_), _) => format!(
                    "the kernel killed {}; the log does not show whether a cgroup limit or the host ran out",
                    victim(kill)
                ),
                (None, Some(invoked_by)) => format!("the kernel's OOM killer ran when `{invoked_by}` asked for memory; the log ends before it says whose memory was full, and what was killed"),
                (None, None) => "the kernel's OOM killer ran; the log ends before it says whose memory was full, and what was killed".to_owned(),
            };
            return undecided(answer)
                .shows(shown::kill(kill, self.sources))
                .lacks("the rest of these lines", "journalctl -k | grep -A60 'invoked oom-killer'");
        }
        // Of a container that was killed it is no explanation.
        if let Some(log) = logs.iter().find(|log| log.sign == Sign::NotMemory && code != Some(137)) {
            return undecided(format!(
                "{} mentions memory, but {}; that is not memory: an old engine with a new image",
                log.who, log.what
            ))
            .lacks(
                "the version of the engine and of its seccomp profile",
                "docker version && docker info --format '{{.SecurityOptions}}'",
            );
        }
        if let Some(log) = logs.iter().find(|log| log.sign == Sign::Build && code != Some(137)) {
            return undecided(format!("{}; no container was killed, and limits of Compose do not hold in a build: most often the host or the builder's machine is out of memory", log.what))
                .lacks("whether the kernel killed it", kernel)
                .lacks("the memory of the machine", "docker info --format '{{.MemTotal}}'");
        }
        if let Some(log) = logs.iter().find(|log| log.sign == Sign::ChildKilled) {
            let mut ruling = undecided(format!(
                "{} says that {}; by whom is not known: the kernel at a limit, a full host, or a supervisor",
                log.who, log.what
            ));
            if let Some(older) = logs.iter().find(|log| log.sign == Sign::Unhealthy) {
                ruling = ruling.also(format!("of an older end {} says that {}", older.who, older.what));
            }
            return ruling
                .lacks("whether it was the kernel, and at which limit", kernel)
                .lacks("OOMKilled and the limit of the container", self.inspect());
        }
        let inspected = self.subject.inspected;
        if let Some(lived) =
            inspected.and_then(lifetime).filter(|lived| code == Some(137) && *lived < AT_START)
        {
            return undecided(format!(
                "{name} was killed {:.0} ms after its start: before the program could use memory",
                lived * 1000.0
            ))
            .lacks("whether the kernel killed the runtime's own process", kernel)
            .lacks("who sent the signal", events);
        }
        let restarts = inspected.and_then(|own| own.restarts.as_ref()).filter(|count| count.value > 0);
        if let Some(count) = restarts.filter(|_| code.is_none_or(|code| code == 0)) {
            return undecided(format!("{name} was restarted {}; the exit code and OOMKilled of its deaths are gone, because each start clears them", plural(count.value, "time")))
                .shows([stated("RestartCount", count)])
                .lacks("what ended it", events)
                .lacks("whether it was the kernel", kernel);
        }
        // Events were given: they answer the question that they would be asked for.
        let given = self.subject.events.iter().any(|event| event.action == Action::Die);
        let asked = |ruling: Ruling| {
            match given {
            true => ruling.but("its events have no request to stop before the end: it is unlikely that there was one, unless they were filtered"),
            false => ruling.lacks("whether it was stopped on request", events),
        }
        };
        match code {
            Some(137) => {
                let flag = inspected.and_then(|own| own.oom_killed.as_ref());
                let flag_says =
                    if flag.is_some() { ", and OOMKilled: false does not exclude the kernel" } else { "" };
                let mut ruling = undecided(format!(
                    "{name} ended with 137, which is signal 9: a kill by the kernel, or a stop that took too long, or `docker kill`{flag_says}"
                ));
                ruling = ruling.shows(flag.map(|flag| stated("OOMKilled", flag)));
                if self.subject.limit().is_some_and(|limit| limit.0 == 0) {
                    ruling = ruling.also("it has no memory limit, so that it cannot have been its own limit");
                }
                asked(ruling.lacks("whether the kernel killed it", kernel))
            }
            Some(143) => {
                let answer = format!(
                    "{name} ended with 143, which is signal 15: most likely it obeyed a request to stop"
                );
                let ruling = undecided(answer).but(
                    "earlyoom sends signal 15, too, and so does systemd where the kernel has killed another process of the container",
                );
                Ruling { verdict: Verdict::Stopped, ..asked(ruling) }
            }
            Some(code @ (134 | 139 | 1 | 2 | 3 | 255)) => undecided(format!(
                "{name} ended with {code}, which a runtime without memory does, and other errors, too"
            ))
            .lacks("what it said last", format!("docker logs --tail 50 {}", self.target())),
            Some(0) | None => undecided(format!("nothing in the evidence says that {name} was killed"))
                .lacks("what ended it", events)
                .lacks("whether the kernel killed something", kernel),
            Some(code) => undecided(format!("{name} ended with {code}, which says nothing of memory"))
                .lacks("what it said last", format!("docker logs --tail 50 {}", self.target())),
        }
    }
}

/// Returns the seconds between start and end.
fn lifetime(inspected: &crate::evidence::Inspected) -> Option<f64> {
    let time = |text: &Option<String>| crate::stats::time_of(text.as_deref()?);
    let lived = time(&inspected.finished)? - time(&inspected.started)?;
    (lived >= 0.0).then_some(lived)
}
