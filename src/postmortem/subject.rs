//! Decides which evidence belongs to one container: by ID, by name, by the labels of Compose, and where a line names no container by
//! the name of the process. Never by time alone: kernel logs have local times and inspect has UTC.

use crate::evidence::{
    ContainerId, Event, Evidence, Full, Inspected, KernelKill, Killer, Listed, LogLine, Name, Sign, Usage,
    UserspaceKill, container_of,
};
use crate::hash::{HashMap, HashSet};
use crate::model::fact::Fact;
use crate::source::{Sources, head};
use crate::syntax::size::ByteSize;
use crate::workload::Workload;

/// The most containers that are answered.
pub const MAX_CONTAINERS: usize = 1_000;

/// The most names of processes that are said to be too large for a container.
const NAMES: usize = 4;

/// From so many kills on processes are many.
const MANY: usize = 3;

/// A process with less than a tenth of the limit is small.
const SMALL: i64 = 10;

/// A container, or a process without one, with all evidence of it.
#[derive(Debug, Default)]
pub(super) struct Subject<'e> {
    pub(super) name: Name,
    pub(super) inspected: Option<&'e Inspected>,
    pub(super) listed: Vec<&'e Listed>,
    pub(super) events: Vec<&'e Event>,
    pub(super) kills: Vec<Kill<'e>>,
    pub(super) others: Vec<&'e UserspaceKill>,
    pub(super) usages: Vec<&'e Usage>,
    pub(super) logs: Vec<&'e LogLine>,
    /// The service that it runs, if the files have it.
    pub(super) workload: Option<&'e Workload>,
    /// The services that it may run, if its labels, its name and its image do not tell them apart.
    pub(super) may_be: Vec<String>,
    /// The container itself as a workload, if its inspection was checked.
    pub(super) container: Option<&'e Workload>,
    /// True if the service is only the one that fits: no name ties it to this container.
    pub(super) guessed: bool,
    /// Processes of the names that it may run, which had more memory than the container's limit: they ran elsewhere.
    pub(super) too_large: Vec<TooLarge>,
}

/// Processes of one name that are too large for a container.
#[derive(Debug)]
pub(super) struct TooLarge {
    pub(super) name: String,
    /// The memory of the largest one.
    pub(super) largest: ByteSize,
    pub(super) count: usize,
}

/// A run of the kernel's OOM killer, and how it was found to belong here.
#[derive(Clone, Copy, Debug)]
pub(super) struct Kill<'e> {
    pub(super) kill: &'e KernelKill,
    /// True if only the name of the process ties it to this container.
    pub(super) by_process: bool,
}

impl<'e> Subject<'e> {
    /// True if anything reports a death, or a state that needs an answer.
    fn is_troubled(&self) -> bool {
        let inspected = self.inspected.is_some_and(|own| {
            let died = own.exit_code.as_ref().is_some_and(|code| code.value != 0);
            let killed = own.oom_killed.as_ref().is_some_and(|killed| killed.value);
            let unhealthy = own.is_unhealthy();
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
        inspected
            || listed
            || events
            || !self.kills.is_empty()
            || !self.others.is_empty()
            || !self.logs.is_empty()
    }

    /// The memory limit in bytes that the container has; 0 is none. From inspect, else from the kernel's own line, else from the files.
    pub(super) fn limit(&self) -> Option<ByteSize> {
        let inspected = self.inspected.and_then(|own| own.memory.as_ref()).map(|limit| ByteSize(limit.value));
        let kernel = || {
            let kills = self.kills.iter().filter(|kill| kill.kill.full != Some(Full::Host));
            kills.filter_map(|kill| kill.kill.usage).map(|(_, limit)| limit).next_back()
        };
        inspected.or_else(kernel).or_else(|| self.written_limit())
    }

    /// The line in which the program says that its own memory ended: a report before a mention.
    pub(super) fn failed(&self) -> Option<&'e LogLine> {
        let excused = self.logs.iter().any(|log| log.sign == Sign::NotMemory);
        let first = |reported: bool| {
            let own = || self.logs.iter().copied().filter(|log| log.reported == reported);
            let limit = own().find(|log| {
                matches!(log.sign, Sign::OwnLimit | Sign::Metaspace | Sign::DirectMemory | Sign::BadSetting)
            });
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

    fn add_too_large(&mut self, name: &str, used: ByteSize) {
        if let Some(own) = self.too_large.iter_mut().find(|own| own.name == name) {
            own.largest = own.largest.max(used);
            own.count += 1;
        } else if self.too_large.len() < NAMES {
            self.too_large.push(TooLarge { name: name.to_owned(), largest: used, count: 1 });
        }
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
pub(super) fn dropped_limit(inspected: &Inspected) -> bool {
    let is = |value: &Option<crate::source::Spanned<i64>>, number| {
        value.as_ref().is_some_and(|own| own.value == number)
    };
    is(&inspected.memory, 0) && is(&inspected.memory_swap, -1)
}

/// Returns the kills at the limit of a cgroup, for measurements.
pub(super) fn at_own_limit<'k, 'e>(
    kills: &'k [Kill<'e>],
) -> impl Iterator<Item = &'e KernelKill> + use<'k, 'e> {
    kills.iter().map(|kill| kill.kill).filter(|kill| kill.full == Some(Full::Cgroup))
}

/// Joins the evidence.
pub(super) fn subjects<'e>(evidence: &'e Evidence, sources: &'e Sources) -> Vec<Subject<'e>> {
    let mut all = Subjects { list: Vec::new(), sources };
    let (named, nameless): (Vec<_>, Vec<_>) = evidence.inspected.iter().partition(|own| !own.name.is_empty());
    for inspected in named {
        let at = all.of(&inspected.name);
        all.change(at, |subject| subject.inspected = Some(inspected));
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
    let mut killed = all.killed();
    let units = units_of(&evidence.kernel);
    for other in &evidence.others {
        let at = match other.container() {
            Some(id) => all.of(&Name { id: Some(id), ..Name::default() }),
            // The kernel's own lines tell more of the same kill.
            None if other.by == Killer::Kernel && other.unit().is_some_and(|unit| units.contains(unit)) => {
                continue;
            }
            None => {
                let victim = other.victim.as_deref().unwrap_or_default();
                let known = all.by_process(&mut killed, victim, other.used);
                known.or_else(|| all.of_unit(other)).unwrap_or_else(|| all.alone())
            }
        };
        all.change(at, |subject| subject.others.push(other));
    }
    for inspected in nameless {
        let at = all.only().filter(|at| all.list.get(*at).is_some_and(|own| own.inspected.is_none()));
        let at = at.unwrap_or_else(|| all.alone());
        all.change(at, |subject| subject.inspected = Some(inspected));
    }
    let mut killed = all.killed();
    for kill in without {
        let has_path = kill.path().is_some_and(|path| path != "/");
        // The process that asked for memory need not be the one that was killed.
        let process = kill.victim.as_deref().unwrap_or_default();
        match (!has_path).then(|| all.by_process(&mut killed, process, kill.anon)).flatten() {
            Some(at) => all.change(at, |subject| subject.kills.push(Kill { kill, by_process: true })),
            None => {
                let at = all.of_process(kill);
                all.change(at, |subject| subject.kills.push(Kill { kill, by_process: false }));
            }
        }
    }
    // A build is no container. Its lines are read last, so that they do not make a second one next to the only one.
    let (builds, others): (Vec<_>, Vec<_>) =
        evidence.logs.iter().partition(|log| log.sign == Sign::Build && log.name.is_empty());
    for log in others {
        let at = all.of_log(log);
        all.change(at, |subject| subject.logs.push(log));
    }
    for log in builds {
        let at = all.of_build();
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
    list
}

/// The bytes of a process's name that the kernel keeps.
const KEPT: usize = 15;

/// True if a word of a command, an image or a name is that of the process: but for a version, as of `python3`, and a letter or two at
/// the end of a longer one, as of `mysqld` in `mysql`, `influxd` in `influxdb` and `postgres` in `postgresql`.
pub(super) fn is_similar(word: &str, victim: &str) -> bool {
    let word = word.rsplit('/').next().unwrap_or(word).split([':', '@']).next().unwrap_or_default();
    let more = |long: &str, short: &str| {
        let Some(rest) = long.strip_prefix(short) else { return false };
        let version = rest.starts_with(|c: char| c.is_ascii_digit());
        let letters = rest.len() <= 2 && rest.bytes().all(|byte| byte.is_ascii_lowercase());
        short.len() >= FEWEST && (version || letters && short.len() >= LONG)
    };
    let cut = victim.len() == KEPT && head(word, KEPT) == victim;
    !victim.is_empty() && (word == victim || cut || more(word, victim) || more(victim, word))
}

/// The fewest letters of a name whose version may differ, and of one whose last letters may.
const FEWEST: usize = 3;
const LONG: usize = 5;

/// The container of a kill: that of the process, else that whose limit was reached, else that of the old cpuset line, which is of the
/// process that asked for memory: on a full host it is any.
fn id_of(kill: &KernelKill) -> Option<ContainerId> {
    let of_host = matches!(kill.full, Some(Full::Host | Full::Node));
    let path = kill.path().and_then(container_of);
    let limit = || kill.limit_path.as_deref().and_then(container_of);
    let invoked_by = || {
        kill.invoker_cpuset.as_deref().filter(|_| kill.path().is_none() && !of_host).and_then(container_of)
    };
    path.or_else(limit).or_else(invoked_by)
}

/// Containers whose end is one that a kill explains.
struct Killed {
    all: Vec<usize>,
    /// Those that may run a process, by its name: a log may have thousands of kills of one.
    of: HashMap<String, Vec<usize>>,
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
                && subject.inspected.is_none()
                && subject.kills.last().is_some_and(|own| {
                    let own = own.kill;
                    own.task_path == kill.task_path && own.victim == kill.victim && own.full == kill.full
                })
        };
        self.list.iter().position(same).unwrap_or_else(|| self.alone())
    }

    /// Returns the subject of a unit that systemd names, if it is known.
    fn of_unit(&self, other: &UserspaceKill) -> Option<usize> {
        let unit = other.unit()?;
        let same = |subject: &Subject<'e>| {
            subject.name.is_empty() && subject.others.iter().any(|own| own.unit() == Some(unit))
        };
        self.list.iter().position(same)
    }

    /// Returns the containers whose end is one that a kill explains.
    fn killed(&self) -> Killed {
        let all = self.list.iter().enumerate();
        let all = all.filter(|(_, subject)| was_killed(subject)).map(|(at, _)| at).collect();
        Killed { all, of: HashMap::default() }
    }

    /// Returns the only one of these containers whose program has this name. A process that had more memory than a container's limit
    /// ran elsewhere.
    fn by_process(&mut self, killed: &mut Killed, victim: &str, used: Option<ByteSize>) -> Option<usize> {
        let mut found = None;
        let mut count = 0;
        if !killed.of.contains_key(victim) {
            let may = |at: &usize| self.list.get(*at).is_some_and(|subject| may_run(subject, victim));
            let own = killed.all.iter().copied().filter(may).collect();
            killed.of.insert(victim.to_owned(), own);
        }
        for at in killed.of.get(victim).into_iter().flatten().copied() {
            let Some(subject) = self.list.get_mut(at) else { continue };
            let limit = subject.inspected.and_then(|own| own.memory.as_ref()).map(|limit| limit.value);
            match used.zip(limit).filter(|(used, limit)| *limit > 0 && used.0 > *limit) {
                Some((used, _)) => subject.add_too_large(victim, used),
                None => {
                    found = Some(at);
                    count += 1;
                }
            }
        }
        found.filter(|_| count == 1)
    }

    /// Returns the subject of builds.
    fn of_build(&mut self) -> usize {
        let is_build = |subject: &Subject<'e>| {
            let of_build = subject.logs.iter().all(|log| log.sign == Sign::Build && log.name.is_empty());
            subject.name.is_empty() && of_build && !subject.logs.is_empty()
        };
        self.list.iter().position(is_build).unwrap_or_else(|| self.alone())
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
            is(&subject.name.name) || is(&subject.name.output) || is(&subject.name.service)
        };
        let of_file = |subject: &Subject<'e>| {
            let same = |own: &&LogLine| own.span.file == log.span.file && own.name.is_empty();
            subject.name.is_empty() && subject.kills.is_empty() && subject.logs.iter().any(same)
        };
        let found = self.list.iter().position(named).or_else(|| self.list.iter().position(of_file));
        found.or_else(|| self.only()).unwrap_or_else(|| self.alone())
    }
}

/// True if the container's end is one that a kill explains.
fn was_killed(subject: &Subject<'_>) -> bool {
    subject.inspected.is_some_and(|own| {
        own.oom_killed.as_ref().is_some_and(|killed| killed.value)
            || own.exit_code.as_ref().is_some_and(|code| matches!(code.value, 137 | 128))
    }) || subject.listed.iter().any(|row| row.exit_code == Some(137) || row.restarting)
        || subject
            .events
            .iter()
            .any(|event| event.exit_code == Some(137) || event.action == crate::evidence::Action::Oom)
}

/// The units and scopes in the paths of the kernel's kills.
fn units_of(kills: &[KernelKill]) -> HashSet<&str> {
    kills.iter().filter_map(KernelKill::path).flat_map(|path| path.split('/')).collect()
}

/// True if the container may run a process of this name.
fn may_run(subject: &Subject<'_>, victim: &str) -> bool {
    if victim.is_empty() {
        return false;
    }
    // The runtime's own process, before the program is started.
    if victim.starts_with("runc:[") || victim.starts_with("crun") {
        return true;
    }
    let own = &subject.name;
    let names = [&own.name, &own.output, &own.service, &own.image].into_iter().flatten();
    let program = subject.inspected.into_iter().flat_map(|own| &own.program);
    names.chain(program).any(|word| is_similar(word, victim))
}
