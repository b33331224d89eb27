//! Decides which evidence belongs to one container: by ID, by name, by the labels of Compose, and where a line names no container by
//! the name of the process. Never by time alone: kernel logs have local times and inspect has UTC.

use super::Files;
use crate::evidence::{
    ContainerId, Described, Event, Evidence, KernelKill, Listed, LogLine, Name, OtherKill, Sign, Usage,
    container_of, is_of_service,
};
use crate::model::fact::Fact;
use crate::source::Sources;
use crate::syntax::size::ByteSize;
use crate::workload::{Kind, Workload};

/// The most containers that are answered.
pub const MAX_CONTAINERS: usize = 1_000;

/// From so many kills on processes are many.
const MANY: usize = 3;

/// A process with less than this part of the limit is small.
const SMALL: i64 = 10;

/// A container, or a process without one, with all evidence of it.
#[derive(Debug, Default)]
pub(super) struct Subject<'e> {
    pub(super) name: Name,
    pub(super) described: Option<&'e Described>,
    pub(super) listed: Vec<&'e Listed>,
    pub(super) events: Vec<&'e Event>,
    pub(super) kills: Vec<Kill<'e>>,
    pub(super) others: Vec<&'e OtherKill>,
    pub(super) usages: Vec<&'e Usage>,
    pub(super) logs: Vec<&'e LogLine>,
    /// The service that it runs, if the files have it.
    pub(super) workload: Option<&'e Workload>,
    /// The container itself as a workload, if its inspection was checked.
    pub(super) container: Option<&'e Workload>,
    /// True if the service is only the one that fits: no name ties it to this container.
    pub(super) guessed: bool,
    /// Processes of the same name that had more memory than the container's limit: they ran elsewhere.
    pub(super) too_large: Vec<(String, ByteSize)>,
}

/// A run of the kernel's OOM killer, and how it was found to belong here.
#[derive(Clone, Copy, Debug)]
pub(super) struct Kill<'e> {
    pub(super) kill: &'e KernelKill,
    /// True if only the name of the process ties it to this container.
    pub(super) by_process: bool,
}

impl<'e> Subject<'e> {
    /// True if anything tells of a death, or of a state that needs an answer.
    fn is_troubled(&self) -> bool {
        let described = self.described.is_some_and(|own| {
            let died = own.exit_code.as_ref().is_some_and(|code| code.value != 0);
            let killed = own.oom_killed.as_ref().is_some_and(|killed| killed.value);
            let unhealthy = own.streak.is_some_and(|streak| streak > 0);
            let dropped = dropped_limit(own);
            let restarted = own.restarts.as_ref().is_some_and(|count| count.value > 0);
            let hung = own.oom_kill_disable.as_ref().is_some_and(|off| off.value);
            died || killed || unhealthy || dropped || restarted || hung
        });
        let listed =
            self.listed.iter().any(|row| row.exit_code.is_some_and(|code| code != 0) || row.unhealthy);
        let events = self.events.iter().any(|event| {
            use crate::evidence::Action::{Die, Kill, Oom, Restart, Stop, Unhealthy};
            matches!(event.action, Die | Kill(_) | Oom | Restart | Stop | Unhealthy)
        });
        described
            || listed
            || events
            || !self.kills.is_empty()
            || !self.others.is_empty()
            || !self.logs.is_empty()
    }

    /// The memory limit in bytes that the container has; 0 is none. From inspect, else from the kernel's own line, else from the files.
    pub(super) fn limit(&self) -> Option<ByteSize> {
        let described = self.described.and_then(|own| own.memory.as_ref()).map(|limit| ByteSize(limit.value));
        let kernel = || {
            let kills = self.kills.iter().filter(|kill| kill.kill.full != Some(crate::evidence::Full::Host));
            kills.filter_map(|kill| kill.kill.usage).map(|(_, limit)| limit).next_back()
        };
        described.or_else(kernel).or_else(|| self.written_limit())
    }

    /// The line in which the program says that its own memory ended: a report before a mention.
    pub(super) fn failed(&self) -> Option<&'e LogLine> {
        let excused = self.logs.iter().any(|log| log.sign == Sign::NotMemory);
        let first = |reported: bool| {
            let own = || self.logs.iter().copied().filter(|log| log.reported == reported);
            let limit =
                own().find(|log| matches!(log.sign, Sign::OwnLimit | Sign::OutsideHeap | Sign::BadSetting));
            let refused = || own().find(|log| matches!(log.sign, Sign::Refused | Sign::NoThread));
            limit.or_else(|| refused().filter(|_| !excused))
        };
        first(true).or_else(|| first(false))
    }

    /// True if many small processes were killed: a fork bomb, or a pool without a limit.
    pub(super) fn many_small(&self) -> bool {
        let limit = self.limit().filter(|limit| limit.0 > 0);
        let small = |kill: &&Kill<'_>| {
            kill.kill.used().zip(limit).is_some_and(|(used, limit)| used.0 < limit.0 / SMALL)
        };
        self.kills.iter().filter(small).count() >= MANY
    }

    /// The memory limit that the files set; 0 if they set none.
    pub(super) fn written_limit(&self) -> Option<ByteSize> {
        match &self.workload?.memory.limit {
            Fact::Known(limit) => Some(limit.value),
            Fact::Absent { .. } => Some(ByteSize(0)),
            Fact::Unknown { .. } => None,
        }
    }
}

/// True for the mark of an engine that discarded a limit: none, with swap that has no limit.
pub(super) fn dropped_limit(described: &Described) -> bool {
    let is = |value: &Option<crate::source::Spanned<i64>>, number| {
        value.as_ref().is_some_and(|own| own.value == number)
    };
    is(&described.memory, 0) && is(&described.memory_swap, -1)
}

/// Joins the evidence.
pub(super) fn subjects<'e>(evidence: &'e Evidence, files: Files<'e>) -> Vec<Subject<'e>> {
    let mut all = Subjects { list: Vec::new(), sources: files.sources };
    let (named, nameless): (Vec<_>, Vec<_>) = evidence.described.iter().partition(|own| !own.name.is_empty());
    for described in named {
        let at = all.of(&described.name);
        all.change(at, |subject| subject.described = Some(described));
    }
    for event in evidence.events.iter().filter(|event| !event.name.is_empty()) {
        let at = all.of(&event.name);
        all.change(at, |subject| subject.events.push(event));
    }
    for row in &evidence.listed {
        let ended = row.exit_code.is_some_and(|code| code != 0);
        if ended || row.restarting || row.unhealthy || all.find(&row.name).is_some() {
            let at = all.of(&row.name);
            all.change(at, |subject| subject.listed.push(row));
        }
    }
    let (with_id, without): (Vec<_>, Vec<_>) = evidence.kernel.iter().partition(|kill| id_of(kill).is_some());
    for kill in with_id {
        let at = all.of(&Name { id: id_of(kill), ..Name::default() });
        all.change(at, |subject| subject.kills.push(Kill { kill, by_process: false }));
    }
    for other in &evidence.others {
        let at = match other.container() {
            Some(id) => all.of(&Name { id: Some(id), ..Name::default() }),
            None => {
                let victim = other.victim.as_deref().unwrap_or_default();
                all.by_process(victim, other.used).unwrap_or_else(|| all.alone())
            }
        };
        all.change(at, |subject| subject.others.push(other));
    }
    for described in nameless {
        let at = all.only().filter(|at| all.list.get(*at).is_some_and(|own| own.described.is_none()));
        let at = at.unwrap_or_else(|| all.alone());
        all.change(at, |subject| subject.described = Some(described));
    }
    for kill in without {
        let has_path = kill.path().is_some_and(|path| path != "/");
        let process = kill.victim.as_deref().or(kill.asker.as_deref()).unwrap_or_default();
        match (!has_path).then(|| all.by_process(process, kill.anon)).flatten() {
            Some(at) => all.change(at, |subject| subject.kills.push(Kill { kill, by_process: true })),
            None => {
                let at = all.of_process(kill);
                all.change(at, |subject| subject.kills.push(Kill { kill, by_process: false }));
            }
        }
    }
    for log in &evidence.logs {
        let at = all.of_log(log);
        all.change(at, |subject| subject.logs.push(log));
    }
    for usage in &evidence.usages {
        if let Some(at) = all.find(&usage.name) {
            all.change(at, |subject| subject.usages.push(usage));
        }
    }
    let mut list = all.list;
    if list.iter().any(Subject::is_troubled) {
        list.retain(Subject::is_troubled);
    }
    for subject in &mut list {
        subject.workload = workload_of(subject, files);
        subject.container = container_of_subject(subject, files);
    }
    tie_to_the_only_service(&mut list, files);
    list
}

/// Gives the only service of the files to a container without a name. One whose ID is known, or a process that was killed, may be any
/// container of the host: it is only tied to the service if its limit or its program is that of the service, and its size fits.
fn tie_to_the_only_service<'e>(list: &mut [Subject<'e>], files: Files<'e>) {
    let workloads = files.outcome.projects.iter().flat_map(|project| &project.workloads);
    let mut services = workloads.filter(|own| own.kind == Kind::Service);
    let (Some(only), None) = (services.next(), services.next()) else { return };
    let taken = list.iter().any(|subject| subject.workload.is_some());
    for subject in list.iter_mut().filter(|own| own.workload.is_none()) {
        let name = &subject.name;
        if name.name.is_some() || name.service.is_some() {
            continue;
        }
        let foreign = name.id.is_some()
            || subject.described.is_none() && !(subject.kills.is_empty() && subject.others.is_empty());
        if !foreign || (!taken && fits(subject, only)) {
            subject.workload = Some(only);
            subject.guessed = foreign;
        }
    }
}

/// True if what was killed may be of the service: a container of its limit, or a process of its program, and no larger than the limit.
fn fits(subject: &Subject<'_>, service: &Workload) -> bool {
    let written = match &service.memory.limit {
        Fact::Known(limit) => Some(limit.value),
        _ => None,
    };
    let known = subject.described.and_then(|own| own.memory.as_ref()).map(|limit| ByteSize(limit.value));
    let stated = known.or_else(|| subject.kills.iter().find_map(|own| Some(own.kill.usage?.1)));
    let sizes = subject.kills.iter().filter_map(|own| own.kill.anon);
    let mut sizes = sizes.chain(subject.others.iter().filter_map(|own| own.used));
    if written.is_some_and(|limit| sizes.any(|size| size > limit)) {
        return false;
    }
    if let (Some(stated), Some(written)) = (stated, written) {
        return stated == written;
    }
    // The path of the process names a place that is no container.
    let outside =
        |own: &Kill<'_>| own.kill.path().is_some_and(|path| path != "/" && container_of(path).is_none());
    if subject.kills.iter().any(outside) {
        return false;
    }
    let kills = subject.kills.iter().filter_map(|own| own.kill.victim.as_deref());
    let mut victims = kills.chain(subject.others.iter().filter_map(|own| own.victim.as_deref()));
    let image = service.service.image.known().map(|image| image.value.as_str());
    let words: Vec<&str> = service.words().map(|word| word.as_str()).collect();
    let names = || [service.name.as_str()].into_iter().chain(image).chain(words.iter().copied());
    victims.any(|victim| names().any(|word| is_similar(word, victim)))
}

/// True if a word of a command, an image or a name is that of the process, of which the kernel keeps 15 bytes.
fn is_similar(word: &str, victim: &str) -> bool {
    let word = word.rsplit('/').next().unwrap_or(word).split([':', '@']).next().unwrap_or_default();
    let short = victim.len().min(word.len());
    word == victim || (short >= 4 && (word.starts_with(victim) || victim.starts_with(word)))
}

/// The container of a kill: that of the process, else that whose limit was reached, else that of the old cpuset line.
fn id_of(kill: &KernelKill) -> Option<ContainerId> {
    let path = kill.path().and_then(container_of);
    let limit = || kill.limit_path.as_deref().and_then(container_of);
    let asker = || kill.asker_cpuset.as_deref().filter(|_| kill.path().is_none()).and_then(container_of);
    path.or_else(limit).or_else(asker)
}

struct Subjects<'e> {
    list: Vec<Subject<'e>>,
    sources: &'e Sources,
}

impl<'e> Subjects<'e> {
    fn change(&mut self, at: usize, change: impl FnOnce(&mut Subject<'e>)) {
        if let Some(subject) = self.list.get_mut(at) {
            change(subject);
        }
    }

    fn find(&self, name: &Name) -> Option<usize> {
        self.list.iter().position(|subject| !subject.name.is_empty() && subject.name.matches(name))
    }

    /// Returns the subject of a name, which is new if there is none.
    fn of(&mut self, name: &Name) -> usize {
        let at = self.find(name).unwrap_or_else(|| self.alone());
        self.change(at, |subject| subject.name.merge(name));
        at
    }

    /// Returns a new subject; one that is not there if there are too many, so that what is added to it is lost.
    fn alone(&mut self) -> usize {
        if self.list.len() >= MAX_CONTAINERS {
            return usize::MAX;
        }
        self.list.push(Subject::default());
        self.list.len() - 1
    }

    /// Returns the only subject.
    fn only(&self) -> Option<usize> {
        (self.list.len() == 1).then_some(0)
    }

    /// Returns the subject of a process without a container: one for each path, or each name.
    fn of_process(&mut self, kill: &'e KernelKill) -> usize {
        let same = |subject: &Subject<'e>| {
            subject.name.is_empty()
                && subject.described.is_none()
                && subject.kills.last().is_some_and(|own| {
                    let own = own.kill;
                    own.task_path == kill.task_path && own.victim == kill.victim && own.full == kill.full
                })
        };
        self.list.iter().position(same).unwrap_or_else(|| self.alone())
    }

    /// Returns the only container whose program has this name and that may have been killed. A process that had more memory than a
    /// container's limit ran elsewhere.
    fn by_process(&mut self, victim: &str, used: Option<ByteSize>) -> Option<usize> {
        let mut found = None;
        let mut count = 0;
        for (at, subject) in self.list.iter_mut().enumerate() {
            if !may_run(subject, victim) {
                continue;
            }
            let limit = subject.described.and_then(|own| own.memory.as_ref()).map(|limit| limit.value);
            match used.zip(limit).filter(|(used, limit)| *limit > 0 && used.0 > *limit) {
                Some((used, _)) => subject.too_large.push((victim.to_owned(), used)),
                None => {
                    found = Some(at);
                    count += 1;
                }
            }
        }
        found.filter(|_| count == 1)
    }

    /// Returns the subject of a log line: by its own words, by the name of the file, or the only one.
    fn of_log(&mut self, log: &LogLine) -> usize {
        if !log.name.is_empty() {
            return self.of(&log.name);
        }
        let source = self.sources.get(log.span.file);
        let stem = source.path().file_stem().and_then(|stem| stem.to_str()).unwrap_or_default();
        let named = |subject: &Subject<'e>| {
            let is = |name: &Option<String>| name.as_deref() == Some(stem);
            is(&subject.name.name) || is(&subject.name.service)
        };
        let of_file = |subject: &Subject<'e>| {
            let same = |own: &&LogLine| own.span.file == log.span.file && own.name.is_empty();
            subject.name.is_empty() && subject.kills.is_empty() && subject.logs.iter().any(same)
        };
        let found = self.list.iter().position(named).or_else(|| self.list.iter().position(of_file));
        found.or_else(|| self.only()).unwrap_or_else(|| self.alone())
    }
}

/// True if the container may run a process of this name, and its end is one that a kill explains.
fn may_run(subject: &Subject<'_>, victim: &str) -> bool {
    let described = subject.described;
    let killed = described.is_some_and(|own| {
        own.oom_killed.as_ref().is_some_and(|killed| killed.value)
            || own.exit_code.as_ref().is_some_and(|code| matches!(code.value, 137 | 128))
    }) || subject.listed.iter().any(|row| row.exit_code == Some(137) || row.restarting)
        || subject
            .events
            .iter()
            .any(|event| event.exit_code == Some(137) || event.action == crate::evidence::Action::Oom);
    if !killed || victim.is_empty() {
        return false;
    }
    // The runtime's own process, before the program is started.
    if victim.starts_with("runc:[") || victim.starts_with("crun") {
        return true;
    }
    let names = [&subject.name.name, &subject.name.service, &subject.name.image].into_iter().flatten();
    let program = described.into_iter().flat_map(|own| &own.program);
    names.chain(program).any(|word| is_similar(word, victim))
}

/// Returns the workload that was made of the container's inspection. The check reads it from a masked copy, with the same offsets.
fn container_of_subject<'e>(subject: &Subject<'_>, files: Files<'e>) -> Option<&'e Workload> {
    let anchor = subject.described?.anchor?;
    let path = |file| files.sources.get(file).path().to_path_buf();
    let mut all = files.outcome.projects.iter().flat_map(|project| &project.workloads);
    all.find(|own| {
        own.described().is_some()
            && own.anchor.range() == anchor.range()
            && path(own.anchor.file) == path(anchor.file)
    })
}

/// Returns the service that the container runs.
fn workload_of<'e>(subject: &Subject<'_>, files: Files<'e>) -> Option<&'e Workload> {
    let projects = &files.outcome.projects;
    let services = || {
        let all = projects.iter().flat_map(|project| project.workloads.iter().map(move |own| (project, own)));
        all.filter(|(_, own)| own.kind == Kind::Service)
    };
    let name = &subject.name;
    let by_label = || {
        let service = name.service.as_deref()?;
        let same = |(_, own): &(_, &Workload)| own.name == service;
        let of_project = services()
            .filter(same)
            .find(|(project, _)| name.project.is_some() && project.name == name.project);
        of_project.or_else(|| services().find(same))
    };
    let by_name = || {
        let container = name.name.as_deref()?;
        let own_name = services()
            .find(|(_, own)| own.service.container_name.value().is_some_and(|own| own == container));
        own_name.or_else(|| services().find(|(_, own)| is_of_service(container, &own.name)))
    };
    let by_image = || {
        let image = name.image.as_deref()?;
        let mut same = services()
            .filter(|(_, own)| own.service.image.known().is_some_and(|own| own.value.as_str() == image));
        let first = same.next()?;
        same.next().is_none().then_some(first)
    };
    by_label().or_else(by_name).or_else(by_image).map(|(_, own)| own)
}
