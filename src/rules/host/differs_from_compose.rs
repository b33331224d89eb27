//! The rule `differs-from-compose`.

use crate::rules::RuleContext;
use crate::secret;
use crate::source::Span;
use crate::syntax::size::ByteSize;
use crate::workload::{DEFAULT_SHM, Fact, Healthcheck, HeapSetting, MemoryPool, Running, Workload};

rule! {
    name: "differs-from-compose",
    summary: "a container runs with other settings than its Compose service has",
    severity: Warning,
    group: Host,
    preset: Recommended,
    check: Workload(check),
}

fn check(workload: &Workload, cx: &mut RuleContext<'_>) {
    let running = cx.project().running.iter().filter(|running| running.service == workload.name);
    let mut found: Vec<(&Running, Difference)> = Vec::new();
    for container in running {
        let all = differences(workload, &container.container);
        found.extend(all.into_iter().map(|difference| (container, difference)));
    }
    // Containers of one service mostly differ in the same way.
    let mut groups: Vec<Vec<(&Running, Difference)>> = Vec::new();
    for (container, difference) in found {
        let same = |group: &&mut Vec<(&Running, Difference)>| {
            group.first().is_some_and(|(_, first)| {
                first.what == difference.what && first.running.text == difference.running.text
            })
        };
        match groups.iter_mut().find(same) {
            Some(group) => group.push((container, difference)),
            None => groups.push(vec![(container, difference)]),
        }
    }
    for group in &groups {
        report(workload, group, cx);
    }
}

fn report(workload: &Workload, group: &[(&Running, Difference)], cx: &mut RuleContext<'_>) {
    let Some(((first, difference), others)) = group.split_first() else { return };
    let Difference { what, written, running } = difference;
    let (name, container) = (&workload.name, &first.container.name);
    let mut finding = cx.report(
        written.at,
        match (&written.text, &running.text) {
            (Some(written), Some(running)) => {
                format!("`{container}` runs with the {what} {running}, not {written} as written")
            }
            (Some(written), None) => format!("`{container}` runs without a {what}; {written} is written"),
            (None, running) => {
                let running = running.as_deref().unwrap_or_default();
                format!("`{container}` runs with the {what} {running}; none is written")
            }
        },
    );
    let text = |side: &Side| side.text.clone().unwrap_or_else(|| format!("no {what}"));
    finding.label(text(written)).related(running.at, format!("{} in the container", text(running)));
    for (_, other) in others {
        finding.related(other.running.at, "here, too");
    }
    let labels = first.container.described().and_then(|described| described.compose.as_ref());
    let version = labels.and_then(|labels| labels.version.as_deref()).unwrap_or_default();
    let unread = running.text.is_none() && version.starts_with("1.") && what.is_in_deploy(workload);
    finding.note(match (unread, labels) {
        (true, _) => {
            format!(
                "docker-compose {version} made it, which reads `deploy.resources` only with `--compatibility`"
            )
        }
        (false, None) => "Compose did not make this container".to_owned(),
        (false, Some(_)) if what.is_updated() => {
            "the file was edited and not deployed, or `docker update` changed the container".to_owned()
        }
        (false, Some(_)) => "the file was edited and not deployed".to_owned(),
    });
    finding.help(format!(
        "`docker compose up -d {name}` recreates the container with the file's settings; to keep the container's, copy them into the file"
    ));
}

/// A setting that is compared.
#[derive(Clone, Copy, PartialEq, Eq)]
enum What {
    Limit,
    Reservation,
    Swap,
    SharedMemory,
    Restart,
    Healthcheck,
    Heap(&'static str),
}

impl std::fmt::Display for What {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Limit => f.write_str("memory limit"),
            Self::Reservation => f.write_str("memory reservation"),
            Self::Swap => f.write_str("swap limit"),
            Self::SharedMemory => f.write_str("`shm_size`"),
            Self::Restart => f.write_str("restart policy"),
            Self::Healthcheck => f.write_str("healthcheck"),
            Self::Heap(runtime) => write!(f, "{runtime} heap"),
        }
    }
}

impl What {
    /// True if `docker update` changes it.
    fn is_updated(self) -> bool {
        matches!(self, Self::Limit | Self::Reservation | Self::Swap | Self::Restart)
    }

    /// True if the service sets it below `deploy.resources`.
    fn is_in_deploy(self, workload: &Workload) -> bool {
        let deploy = &workload.service.deploy;
        match self {
            Self::Limit => deploy.limit.known().is_some(),
            Self::Reservation => deploy.reservation.known().is_some(),
            _ => false,
        }
    }
}

/// A setting that runs otherwise than it is written.
struct Difference {
    what: What,
    written: Side,
    running: Side,
}

/// One of its two values.
#[derive(PartialEq)]
struct Side {
    at: Span,
    /// `None` if it is not set.
    text: Option<String>,
}

impl Side {
    /// Returns a value as text. `None` if it is not known.
    fn of<T>(fact: &Fact<T>, text: impl FnOnce(&T) -> Option<String>) -> Option<Self> {
        match fact {
            Fact::Known(known) => Some(Self { at: known.span, text: text(&known.value) }),
            Fact::Absent { anchor } => Some(Self { at: *anchor, text: None }),
            Fact::Unknown { .. } => None,
        }
    }
}

fn differences(written: &Workload, running: &Workload) -> Vec<Difference> {
    let size = |size: &ByteSize| (size.0 > 0).then(|| size.to_string());
    let sizes = |what, fact: &dyn Fn(&Workload) -> Fact<ByteSize>| {
        compared(what, Side::of(&fact(written), size), Side::of(&fact(running), size))
    };
    let mut found: Vec<Difference> = [
        sizes(What::Limit, &|workload| workload.memory.limit.clone()),
        sizes(What::Reservation, &|workload| workload.memory.reservation.clone()),
        compared(What::Swap, swap_side(written), swap_side(running)),
        sizes(What::SharedMemory, &|workload| shared_memory(workload)),
        compared(What::Restart, restart(written), restart(running)),
        healthcheck(written, running),
    ]
    .into_iter()
    .flatten()
    .collect();
    found.extend(written.pools.heaps.iter().filter_map(|heap| self::heap(heap, written, running)));
    // A limit that is not there takes that of swap along.
    if found.iter().any(|found| {
        found.what == What::Limit && (found.running.text.is_none() || found.written.text.is_none())
    }) {
        found.retain(|found| found.what != What::Swap);
    }
    found
}

fn compared(what: What, written: Option<Side>, running: Option<Side>) -> Option<Difference> {
    let (written, running) = (written?, running?);
    (written.text != running.text).then_some(Difference { what, written, running })
}

/// Returns the limit of memory and swap. Twice the memory limit is what the engine takes if nothing is said.
fn swap(workload: &Workload) -> Fact<ByteSize> {
    let (limit, swap) = (&workload.memory.limit, &workload.service.memswap_limit);
    let is_default = |both: ByteSize| limit.value().is_some_and(|limit| both.0 == limit.0.saturating_mul(2));
    match (limit, swap) {
        (Fact::Unknown { at, why }, _) => Fact::Unknown { at: *at, why: why.clone() },
        (_, Fact::Known(both)) if both.value.0 == 0 || is_default(both.value) => {
            Fact::Absent { anchor: both.span }
        }
        _ => swap.clone(),
    }
}

fn swap_side(workload: &Workload) -> Option<Side> {
    Side::of(&swap(workload), |both| Some(if both.0 < 0 { "unlimited".to_owned() } else { both.to_string() }))
}

/// Returns the size of `/dev/shm`; Absent for the engine's default.
fn shared_memory(workload: &Workload) -> Fact<ByteSize> {
    match &workload.service.shm_size {
        Fact::Known(size) if size.value == DEFAULT_SHM => Fact::Absent { anchor: size.span },
        other => other.clone(),
    }
}

/// Returns the name of the restart policy. The number of attempts may be the file's or the engine's.
fn restart(workload: &Workload) -> Option<Side> {
    Side::of(&workload.process.restart, |_| {
        let (name, _) = workload.process.policy()?;
        (!matches!(name, "no" | "")).then(|| format!("`{name}`"))
    })
}

/// Compares what the probes run. A test with a secret in it is not compared, since the container's is masked.
fn healthcheck(written: &Workload, running: &Workload) -> Option<Difference> {
    let words = |check: &Healthcheck| match check {
        Healthcheck::Probe { test: Some(test), .. } => {
            Some(test.iter().map(|word| word.as_str().to_owned()).collect::<Vec<_>>())
        }
        _ => None,
    };
    let is_hidden = |check: &Healthcheck| match check {
        Healthcheck::OfImage | Healthcheck::Probe { test: None, .. } => true,
        Healthcheck::Disabled => false,
        Healthcheck::Probe { test: Some(test), .. } => {
            let test: Vec<&str> = test.iter().map(|word| word.as_str()).collect();
            secret::words(&test) != test
        }
    };
    let checks = [&written.health.check, &running.health.check];
    if checks.iter().any(|check| check.value().is_some_and(is_hidden)) {
        return None;
    }
    let side = |check: &Fact<Healthcheck>| {
        Side::of(check, |check| words(check).map(|words| format!("`{}`", shortened(&words.join(" ")))))
    };
    let [own, its] = checks.map(|check| check.value().and_then(words));
    // The image's may be in the container, where the service has none of its own.
    if own == its || own.is_none() && written.service.healthcheck.is_none() {
        return None;
    }
    Some(Difference {
        what: What::Healthcheck,
        written: side(&written.health.check)?,
        running: side(&running.health.check)?,
    })
}

/// Compares the variable that bounds a heap with that of the container.
fn heap(heap: &MemoryPool, written: &Workload, running: &Workload) -> Option<Difference> {
    let setting = heap.bound.known()?;
    let variable = written.env.get(&setting.value.carrier)?;
    if variable.origin.is_image() || running.env_missing.is_some() {
        return None;
    }
    let what = What::Heap(heap.runtime.display_name());
    let own = Side { at: setting.span, text: Some(shown(&setting.value)) };
    let same =
        running.pools.heaps.iter().find(|other| other.runtime == heap.runtime && other.pool == heap.pool)?;
    match &same.bound {
        Fact::Known(its) if its.value.bound != setting.value.bound => Some(Difference {
            what,
            written: own,
            running: Side { at: its.span, text: Some(shown(&its.value)) },
        }),
        Fact::Absent { anchor } if !same.env_unseen && running.env.get(&setting.value.carrier).is_none() => {
            Some(Difference { what, written: own, running: Side { at: *anchor, text: None } })
        }
        _ => None,
    }
}

fn shown(setting: &HeapSetting) -> String {
    format!("`{}`", shortened(&setting.written()))
}

/// The largest number of characters of a value in a message.
const SHOWN: usize = 60;

fn shortened(text: &str) -> String {
    let line = text.lines().next().unwrap_or_default();
    match line.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{}…", line.get(..end).unwrap_or_default()),
        None => line.to_owned(),
    }
}
