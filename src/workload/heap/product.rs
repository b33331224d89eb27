//! Heaps and caches that a product sizes by settings of its own: the field `memory` of an image's row.

use super::flags::{bound, fits, spelled};
use super::problems::without_secrets;
use super::setting::COMMAND_LINE;
use super::{Bound, HeapProblem, HeapProblemKind, HeapSetting, MemoryPool, OverheadInputs};
use crate::catalog::{DefaultHeap, Grammar, HotspotFlags, MemoryPart, PartKind, Pool, RuntimeName, Sets};
use crate::source::{SourceId, Spanned, TracedText};
use crate::syntax::size::{ByteSize, MIB};
use crate::workload::opened::StartedPrograms;
use crate::workload::server::Starts;
use crate::workload::setting_files::{FileSetting, FileSettings, SettingFinder};
use crate::workload::{Fact, Pools, Why, Workload};

/// A part of the memory of an image's program, and what may set its size unseen.
#[derive(Clone, Debug)]
pub(in crate::workload) struct ProductPart {
    pub(in crate::workload) part: MemoryPart,
    /// The values in its settings files, for each of `part.set_by`; empty before they are read.
    in_files: Vec<Fact<FileSetting>>,
    /// The settings files that were read.
    files: Vec<SourceId>,
}

impl ProductPart {
    /// Returns a part whose settings files are not read yet.
    pub(in crate::workload) fn new(part: MemoryPart) -> Self {
        Self { part, in_files: Vec::new(), files: Vec::new() }
    }

    /// Reads its keys in settings files. `read` has those of other parts of the same program.
    pub(in crate::workload) fn read_files(
        &mut self,
        finder: &SettingFinder<'_>,
        read: &mut Vec<(Vec<String>, FileSettings)>,
    ) {
        for by in &self.part.set_by {
            let Some(key) = by.key.as_deref() else {
                self.in_files.push(Fact::Absent { anchor: finder.anchor });
                continue;
            };
            let settings = match read.iter().find(|(files, _)| *files == by.files) {
                Some((_, settings)) => settings.clone(),
                None => {
                    let places: Vec<&str> = by.files.iter().map(String::as_str).collect();
                    let settings = finder.read(&places, &[]);
                    read.push((by.files.clone(), settings.clone()));
                    settings
                }
            };
            self.in_files.push(settings.setting(&[key], &[]));
            self.files.extend(settings.sources());
        }
        self.files.sort_unstable();
        self.files.dedup();
    }
}

/// A setting that was found, or the reason why it is not known.
type Found = Fact<HeapSetting>;

/// Adds the heaps and caches of the image's product, if the container starts its server.
pub(in crate::workload) fn add_product_pools(workload: &mut Workload, opened: &StartedPrograms) {
    if workload.process.starts != Starts::Server || workload.image.memory.is_empty() {
        return;
    }
    let reader = ProductReader { workload, opened };
    let found: Vec<MemoryPool> = workload.image.memory.iter().map(|own| reader.pool(own)).collect();
    let expands = workload.image.expands.clone();
    for pool in found {
        add(&mut workload.pools, pool, &expands);
    }
}

/// Adds a pool to those of the runtimes. `expands` are the variables that the image's script hands to the runtime as flags.
fn add(pools: &mut Pools, pool: MemoryPool, expands: &[String]) {
    if pool.pool == Pool::Cache {
        pools.caches.push(pool);
        return;
    }
    let Some(known) = pools.heaps.iter_mut().find(|known| known.runtime == pool.runtime) else {
        pools.heaps.push(pool);
        return;
    };
    let by_flags = known.bound.value().is_some_and(|setting| expands.contains(&setting.carrier));
    let by_script = matches!(&known.bound, Fact::Unknown { why: Why::Other(_), .. });
    // The product's own setting ends up on the command line, which beats what the runtime reads by itself.
    if by_script || known.bound.is_absent() || !pool.bound.is_absent() && !by_flags {
        known.bound = pool.bound;
    }
    // The image's server starts, whatever the variables show.
    if std::mem::take(&mut known.assumed) {
        known.program = pool.program;
    }
    known.problems.extend(pool.problems);
    known.part = pool.part;
    known.own_default = pool.own_default;
}

struct ProductReader<'a> {
    workload: &'a Workload,
    opened: &'a StartedPrograms,
}

impl ProductReader<'_> {
    fn pool(&self, own: &ProductPart) -> MemoryPool {
        let (image, part) = (&self.workload.image, &own.part);
        let heap = matches!(part.kind, PartKind::Heap);
        let runtime = image.runtime.filter(|_| heap).unwrap_or(RuntimeName::Other);
        let bound = self.bound(own);
        let problems = self.with_unit(part).into_iter().chain(self.too_small(part, &bound)).collect();
        let place = bound.known().map_or(image.base.span(), |setting| setting.span);
        let name = image.base.value().map_or_else(|| part.part.clone(), |base| base.as_str().to_owned());
        let origin = bound.known().map(|setting| Spanned::new(setting.value.carrier.clone(), place));
        let pool = MemoryPool {
            runtime,
            pool: if heap { Pool::Heap } else { Pool::Cache },
            major: image.major.filter(|_| heap),
            program: Spanned::new(name, image.base.span()),
            origin,
            bound,
            initial: None,
            overruled: None,
            small_share: None,
            problems,
            assumed: false,
            perhaps_unread: false,
            env_unseen: false,
            limit_unseen: None,
            unseen_on_new_kernels: None,
            takes_shares: true,
            part: Some(part.clone()),
            own_default: part.default,
            default: (runtime == RuntimeName::Java).then_some(DefaultHeap::Hotspot),
            off_heap: OverheadInputs {
                product: image.off_heap.clone().filter(|_| heap),
                ..OverheadInputs::default()
            },
            hotspot: HotspotFlags::default(),
            settings_files: own.files.clone(),
        };
        pool.forget_misread()
    }

    /// Returns the strongest setting of a part.
    fn bound(&self, own: &ProductPart) -> Found {
        for (at, by) in own.part.set_by.iter().enumerate() {
            let found = match (&by.variable, &by.flag, own.in_files.get(at)) {
                (Some(name), ..) => self.variable(name, by.grammar),
                (None, Some(flag), _) => self.flag(flag, by.grammar),
                (None, None, Some(found)) => in_file(found, by.grammar),
                (None, None, None) => continue,
            };
            if !found.is_absent() {
                return found;
            }
        }
        Fact::Absent { anchor: self.workload.image.base.span() }
    }

    /// Finds a size with a unit in a variable to which the start script adds the unit itself: `-Xmx1024MM`.
    fn with_unit(&self, part: &MemoryPart) -> Option<HeapProblem> {
        if self.workload.image.runtime != Some(RuntimeName::Java) || part.kind != PartKind::Heap {
            return None;
        }
        part.set_by.iter().filter(|by| by.grammar == Grammar::Mebibytes).find_map(|by| {
            let name = by.variable.as_ref()?;
            let value = self.workload.env.get(name)?.value.known().map(|value| &value.value)?;
            let size = ByteSize::parse_any(value.as_str())?;
            let refused = !fits(by.grammar, value.as_str(), None);
            refused.then(|| HeapProblem {
                instead: spelled(by.grammar, size),
                ..HeapProblem::new(
                    HeapProblemKind::Malformed,
                    value,
                    format!("{name}={value}"),
                    name,
                    "its start script adds the unit itself; Java does not start with two".to_owned(),
                )
            })
        })
    }

    /// Finds a size below the least one with which the program starts.
    fn too_small(&self, part: &MemoryPart, bound: &Found) -> Option<HeapProblem> {
        let least = part.least.as_ref()?;
        let setting = &bound.known()?.value;
        let Bound::Bytes(size) = setting.bound else { return None };
        let given = least.times.iter().find_map(|flag| self.flag(flag, Grammar::Bytes).known().cloned());
        let times = given.and_then(|given| match given.value.bound {
            Bound::Bytes(number) => Some(number.0),
            Bound::Percent(_) => None,
        });
        let needed = ByteSize(least.mib.checked_mul(MIB)?.checked_mul(times.unwrap_or(1))?);
        if size.0 >= needed.0 {
            return None;
        }
        let (each, of) = (ByteSize(least.mib * MIB), &least.of);
        let effect = match times {
            Some(times) if times > 1 => {
                format!("it needs {each} for each of its {times} {of}, {needed}, and ends with less")
            }
            _ => format!("it needs {each} at least, and ends with less"),
        };
        let written = match setting.variable() {
            None => setting.flag.as_str().to_owned(),
            Some(_) => setting.written(),
        };
        let fewer =
            if times.is_some_and(|times| times > 1) { format!(", or fewer {of}") } else { String::new() };
        Some(HeapProblem {
            help: Some(format!("give it {needed} or more{fewer}")),
            ..HeapProblem::new(HeapProblemKind::Malformed, &setting.flag, written, &setting.carrier, effect)
        })
    }

    fn variable(&self, name: &str, grammar: Grammar) -> Found {
        match self.workload.variable(name) {
            Fact::Known(value) if value.value.as_str().trim().is_empty() => {
                Fact::Absent { anchor: value.span }
            }
            Fact::Known(value) => setting(value.value, name, 0, grammar),
            Fact::Unknown { at, why } => Fact::Unknown { at, why },
            Fact::Absent { anchor } => Fact::Absent { anchor },
        }
    }

    /// Finds an option of the server, `--memory=1G` or `--memory 1G`: the last one wins.
    fn flag(&self, flag: &str, grammar: Grammar) -> Found {
        let service = &self.workload.service;
        if let Some(Fact::Unknown { at, why }) =
            [&service.command, &service.entrypoint].into_iter().find(|words| words.is_unknown())
        {
            return Fact::Unknown { at: *at, why: why.clone() };
        }
        let (name, joined) = match flag.strip_suffix(' ') {
            Some(name) => (name, false),
            None => (flag, true),
        };
        let words: Vec<&TracedText> =
            self.opened.programs.iter().flat_map(|program| &program.arguments).collect();
        let at = words.iter().rposition(|word| match joined {
            true => word.as_str().starts_with(name),
            // `--memory 1G` may be one word, and `=` may be between the two.
            false => word.as_str() == name || separated(word.as_str(), name).is_some(),
        });
        let Some(at) = at else { return Fact::Absent { anchor: self.workload.image.base.span() } };
        let within = words.get(at).and_then(|word| separated(word.as_str(), name));
        if let Some((from, word)) = within.zip(words.get(at)).filter(|_| !joined) {
            return setting((*word).clone(), COMMAND_LINE, from, grammar);
        }
        let found = words.get(at).and_then(|word| match joined {
            true => Some(setting((*word).clone(), COMMAND_LINE, name.len(), grammar)),
            false => {
                let whole = super::command::joined(word, words.get(at + 1)?);
                Some(setting(whole, COMMAND_LINE, name.len() + 1, grammar))
            }
        });
        found.unwrap_or(Fact::Absent { anchor: self.workload.image.base.span() })
    }
}

/// Parses a setting as it is in a file.
fn in_file(found: &Fact<FileSetting>, grammar: Grammar) -> Found {
    let found = match found {
        Fact::Known(found) => &found.value,
        Fact::Unknown { at, why } => return Fact::Unknown { at: *at, why: why.clone() },
        Fact::Absent { anchor } => return Fact::Absent { anchor: *anchor },
    };
    match setting(found.value.clone(), &found.file, 0, grammar) {
        Fact::Known(parsed) => {
            Fact::Known(parsed.map(|setting| HeapSetting { lead: Some(found.lead.clone()), ..setting }))
        }
        unread => unread,
    }
}

/// Parses the text of a setting from its byte `start` on.
fn setting(text: TracedText, carrier: &str, start: usize, grammar: Grammar) -> Found {
    let span = text.span();
    let value = text.as_str().get(start..).unwrap_or_default().trim();
    // 0 and values that do not fit mean different things to each product.
    let bound = bound(Sets::HeapMax, grammar, value, None);
    let bound = bound.filter(|bound| !matches!(bound, Bound::Bytes(size) if size.0 <= 0));
    match bound {
        Some(bound) => Fact::Known(Spanned::new(
            HeapSetting { flag: text, carrier: carrier.to_owned(), bound, grammar, lead: None },
            span,
        )),
        None => {
            let lead = text.as_str().get(..start).unwrap_or_default();
            Fact::Unknown { at: span, why: Why::Malformed(format!("{lead}{}", without_secrets(value))) }
        }
    }
}

/// Returns where the value begins in `--memory 1G` or `--memory=1G`, if the word is the option `name` with its value.
fn separated(word: &str, name: &str) -> Option<usize> {
    word.strip_prefix(name)?.starts_with([' ', '=']).then_some(name.len() + 1)
}
