//! Ends that the program itself explains in its log.

use super::{Case, Ruling};
use crate::diagnostic::Confidence;
use crate::evidence::Sign;
use crate::postmortem::Verdict;
use crate::postmortem::heap::full_heap;
use crate::postmortem::shown;
use crate::syntax::size::ByteSize;
use crate::workload::DEFAULT_SHM;

impl Case<'_, '_> {
    /// The program says that `/dev/shm` is full.
    pub(super) fn shared_memory(&self) -> Option<Ruling> {
        let log = self.subject.logs.iter().find(|log| log.sign == Sign::SharedMemory)?;
        let size = self.subject.inspected.and_then(|own| own.shm_size).filter(|size| *size > 0).map(ByteSize);
        let size = size.map_or_else(
            || format!("Docker gives {DEFAULT_SHM} unless `shm_size` is set"),
            |size| format!("it has {size}"),
        );
        let wanted = log.size.map(|size| format!(" for a segment of {size}")).unwrap_or_default();
        let ruling = Ruling::new(
            Verdict::SharedMemory,
            Confidence::High,
            format!("{} says that `/dev/shm` is full{wanted}: {size}", log.who),
        );
        Some(ruling.shows([shown::log(log, self.sources)]).also("no limit of memory was reached"))
    }

    /// The program says itself that it ran out of memory.
    pub(super) fn runtime(&self) -> Option<Ruling> {
        let logs = &self.subject.logs;
        let code = self.exit_code();
        let Some(log) = self.subject.failed() else {
            let exits = self.subject.inspected.is_some_and(|own| own.exits_on_oom) && code == Some(3);
            return exits.then(|| {
                Ruling::new(
                    Verdict::Runtime,
                    Confidence::Medium,
                    format!("exit code 3 with `-XX:+ExitOnOutOfMemoryError`: the JVM of {} ended itself, because its heap was full", self.name),
                )
                .shows(self.exit_quote())
                .lacks("that the heap was full", format!("docker logs {} 2>&1 | grep OutOfMemoryError", self.target()))
            });
        };
        let same = || logs.iter().filter(|own| own.sign == log.sign && own.who == log.who);
        let size = same().find_map(|own| own.size);
        // Of direct memory the line has the size that was asked for, not the limit.
        let size = size.filter(|_| log.sign != Sign::DirectMemory);
        let size = size.map(|size| format!(" ({size})")).unwrap_or_default();
        let lead = match log.sign {
            // It is a kill, whatever the program has said before.
            _ if code == Some(137) => "",
            Sign::Refused | Sign::NoThread => "no kill by the kernel: ",
            _ => "not the kernel: ",
        };
        let mut ruling = Ruling::new(
            Verdict::Runtime,
            if code == Some(137) { Confidence::Medium } else { Confidence::High },
            format!("{lead}{} says that {}{size}", log.who, log.what),
        )
        .shows(same().take(3).map(|own| shown::log(own, self.sources)))
        .shows(self.exit_quote());
        match code {
            Some(139) => ruling = ruling.also(
                "exit code 139 looks like a crash, but for process 1 an abort ends as a segmentation fault",
            ),
            Some(134) => ruling = ruling.also("exit code 134 is its abort"),
            Some(3) => ruling = ruling.also("exit code 3 is that of `-XX:+ExitOnOutOfMemoryError`"),
            Some(137) => {
                ruling = ruling
                    .but("exit code 137 is a kill: something ended it after it had said so")
                    .lacks("whether the kernel killed it", "dmesg -T | grep -iE 'oom|killed process'");
            }
            _ => {}
        }
        if let Some(heap) = full_heap(self.subject).and_then(|heap| heap.bound.known()) {
            let variable = heap.value.variable().map(|name| format!("the variable `{name}`"));
            let place = variable.unwrap_or_else(|| "the command line".to_owned());
            ruling = ruling
                .also(format!("`{}` sets its heap, in {place}", heap.value.written()))
                .shows([shown::setting(heap.span, &heap.value.written())]);
        }
        if !log.reported {
            ruling.confidence = Confidence::Low;
            ruling = ruling
                .but("the line has the words, but not in the form in which the runtime reports its own end")
                .lacks("what it said last", format!("docker logs --tail 50 {}", self.target()));
        }
        let runs = |own: &crate::evidence::Inspected| {
            own.running == Some(true) && own.status.as_ref().is_none_or(|status| status.value == "running")
        };
        if self.subject.inspected.is_some_and(runs) {
            ruling = ruling.also(
                "the container still runs: the program goes on, perhaps without the thread that failed",
            );
        }
        if let Some(limit) = self
            .subject
            .limit()
            .filter(|limit| limit.0 > 0 && log.sign == Sign::OwnLimit && code != Some(137))
        {
            ruling = ruling.also(format!("the container's limit of {limit} was not what stopped it"));
        }
        Some(ruling)
    }
}
