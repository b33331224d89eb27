//! Which runtime starts, where its flags come from, and which of them wins.

use crate::catalog::{Catalog, DefaultHeap, Flag, Grammar, ReadBy, Runtime, RuntimeName, Sets, Starter};
use crate::model::size::ByteSize;
use crate::source::{Span, Spanned, TracedText};

use super::flags::{bound, hexadecimal, size, words};
use super::unread::{by_script, nothing};
use super::{BesideFacts, Bound, HeapSetting, MemoryPool};
use crate::workload::image::ImageFacts;
use crate::workload::{Fact, Program, Start, Why, Workload};

/// The memory that the programs of `workload` manage.
///
/// `partial` is its start where variables leave holes in it.
pub(in crate::workload) fn pools(
    workload: &Workload,
    image: &ImageFacts,
    partial: Option<&Start>,
    catalog: &Catalog,
) -> Vec<MemoryPool> {
    let programs = match &workload.start {
        Fact::Known(start) => start.value.programs(image.handover.as_ref()),
        Fact::Unknown { why: Why::Variable(_), .. } if partial.is_some() => {
            partial.map(|start| start.programs(image.handover.as_ref())).unwrap_or_default()
        }
        // An image's own script that the catalogue does not name: its place is the image's.
        Fact::Unknown { at, why: Why::Image(name) } => {
            vec![Program {
                name: TracedText::derived(name.as_str(), *at),
                arguments: Vec::new(),
                expanded: false,
            }]
        }
        _ => Vec::new(),
    };
    let engine = |runtime| SettingsReader { workload, image, runtime };
    let heaps =
        catalog.runtimes().iter().filter_map(|runtime| Some((runtime, engine(runtime).heap(&programs)?)));
    heaps
        .map(|(runtime, mut heap)| {
            // A variable that only one product reads tells what its program takes, whoever made the image.
            let told = heap.origin.as_ref().filter(|_| heap.assumed && heap.beside.product.is_none());
            let variable = told.and_then(|carrier| runtime.variable(&carrier.value));
            if let Some(variable) = variable.filter(|variable| variable.names_reader) {
                heap.beside.product = catalog.beside_heap_of(&variable.name).cloned();
            }
            heap
        })
        .collect()
}

/// Reads the settings of one runtime.
pub(super) struct SettingsReader<'a> {
    pub(super) workload: &'a Workload,
    pub(super) image: &'a ImageFacts,
    pub(super) runtime: &'a Runtime,
}

/// How the runtime comes to run.
pub(super) enum LaunchedBy<'c> {
    /// The start line names it.
    Itself,
    /// A program that is known to start it.
    By(&'c Starter),
    /// The image's own start script.
    Script,
}

/// What one place says: a variable, or the command line.
#[derive(Default)]
pub(super) struct SettingSource {
    /// The variable, or `command line`.
    pub(super) name: String,
    /// Flags, each with its value.
    pub(super) words: Vec<TracedText>,
    pub(super) unknown: Option<(Span, Why)>,
    /// Set when it is a variable with flags in it.
    pub(super) carrier: Option<Spanned<String>>,
    /// A variable that is a setting itself.
    pub(super) setting: Option<TracedText>,
}

/// What wins.
pub(super) struct EffectiveBound {
    pub(super) bound: Fact<HeapSetting>,
    pub(super) overruled: Option<HeapSetting>,
}

impl SettingsReader<'_> {
    fn heap(&self, programs: &[Program]) -> Option<MemoryPool> {
        let itself = programs.iter().find(|program| self.runtime.is_program(program.base_name()));
        let known = match itself {
            Some(program) => Some((program, LaunchedBy::Itself)),
            None => programs.iter().find_map(|program| {
                let starter = self.runtime.starter(program.base_name()).map(LaunchedBy::By);
                // The image's own start script, known by what it expands.
                let own = self.image.runtime == Some(self.runtime.name) && !self.image.expands.is_empty();
                Some((program, starter.or(own.then_some(LaunchedBy::Script))?))
            }),
        };
        let Some((program, starter)) = known else { return self.assumed() };
        let (major, default) = self.version();
        let sources = self.sources(program, &starter, major);
        let carrier = sources.iter().rev().find_map(|source| source.carrier.clone());
        let said = carrier.is_some() || sources.iter().any(|source| source.setting.is_some());
        let strangers = if by_script(&starter) { self.other_readers() } else { Vec::new() };
        // A script without flags of ours runs something that nobody here can see.
        if !said && strangers.is_empty() && !matches!(starter, LaunchedBy::Itself) {
            return None;
        }
        let limit_unseen = self.limit_unseen(&sources, major);
        let mut winner = self.effective_bound(&sources, &starter, program.name.span(), major);
        let mut problems = self.malformed(&sources, &winner.bound, (major, default));
        let hotspot =
            self.apply_hotspot_flags(&mut winner, &sources, (major, default), limit_unseen.is_none());
        let EffectiveBound { bound, overruled } = winner;
        problems.extend(self.contradiction(&sources, &bound));
        problems.extend(strangers);
        if matches!(starter, LaunchedBy::Itself) {
            problems.extend(self.misplaced(program, &sources));
            problems.extend(self.unread(program));
            if bound.is_absent() {
                problems.extend(self.build_only());
            }
        }
        let name = program.base_name().to_owned();
        // A variable of the service takes the place of the image's.
        let env_unseen = bound.is_absent() && carrier.is_none() && !self.image.env_known;
        Some(MemoryPool {
            runtime: self.runtime.name,
            pool: self.runtime.pool,
            major,
            program: Spanned::new(name, program.name.span()),
            origin: carrier,
            bound,
            initial: self.initial(&sources),
            overruled,
            problems,
            assumed: false,
            env_unseen,
            limit_unseen,
            unseen_on_new_kernels: self.unseen_on_new_kernels(),
            default,
            beside: self.beside(&sources),
            hotspot,
        })
    }

    /// A heap that a variable speaks of, where nothing shows what starts. Without a word on the bound in it there is
    /// nothing to say.
    fn assumed(&self) -> Option<MemoryPool> {
        // An image that is known to run something else reads none of it.
        let other = self.image.runtime.is_some_and(|own| own != self.runtime.name);
        if other && self.workload.build.is_none() && self.runtime.name == RuntimeName::Java {
            return None;
        }
        let set = |name: &str| self.workload.env.contains_key(name);
        let named: Vec<&String> = self
            .runtime
            .variables
            .iter()
            .filter(|variable| variable.names_reader && set(&variable.name))
            .map(|variable| &variable.name)
            .collect();
        let mut sources: Vec<SettingSource> = Vec::new();
        let (major, default) = self.version();
        for name in &self.runtime.precedence {
            if name == "command-line" {
                sources.extend(named.iter().map(|name| self.variable(name, None)));
            } else if set(name) {
                sources.push(self.variable(name, major));
            }
        }
        let (name, place) =
            sources.iter().rev().find_map(|source| match (&source.carrier, &source.setting) {
                (Some(carrier), _) => Some((carrier.value.clone(), carrier.span)),
                (None, Some(value)) => Some((source.name.clone(), value.span())),
                (None, None) => None,
            })?;
        // What a script of ours adds is not known; a virtual machine of the image reads these variables whoever starts it.
        let own = self.image.runtime == Some(self.runtime.name) && self.workload.build.is_some();
        let starter = if own { LaunchedBy::Itself } else { LaunchedBy::Script };
        let mut winner = self.effective_bound(&sources, &starter, place, major);
        // Flags that any program of the runtime reads say nothing of which one runs; these variables do.
        let telling = named.iter().any(|known| **known == name);
        let problems = match telling {
            true => self.malformed(&sources, &winner.bound, (major, default)),
            false => Vec::new(),
        };
        let hotspot = self.apply_hotspot_flags(&mut winner, &sources, (major, default), true);
        let EffectiveBound { bound, overruled } = winner;
        let heap = MemoryPool {
            runtime: self.runtime.name,
            pool: self.runtime.pool,
            major,
            program: Spanned::new(name.clone(), place),
            origin: Some(Spanned::new(name, place)),
            bound,
            initial: self.initial(&sources),
            overruled,
            problems,
            assumed: true,
            env_unseen: false,
            limit_unseen: None,
            unseen_on_new_kernels: None,
            default,
            beside: self.beside(&sources),
            hotspot,
        };
        (!heap.bound.is_unknown() || !heap.problems.is_empty()).then_some(heap)
    }

    /// The major version and the default heap, where the image is one of this runtime.
    pub(super) fn version(&self) -> (Option<u32>, Option<DefaultHeap>) {
        let own = self.image.runtime == Some(self.runtime.name);
        (self.image.major.filter(|_| own), self.image.default_heap.or(self.runtime.default_heap))
    }

    /// What each place says, weakest first.
    fn sources(&self, program: &Program, starter: &LaunchedBy<'_>, major: Option<u32>) -> Vec<SettingSource> {
        let mut sources = Vec::new();
        for name in &self.runtime.precedence {
            if name == "command-line" {
                let starters = if let LaunchedBy::By(starter) = starter { &starter.expands[..] } else { &[] };
                let scripts = starters.iter().chain(&self.image.expands);
                sources.extend(scripts.map(|script| self.variable(script, major)));
                if matches!(starter, LaunchedBy::Itself) {
                    sources.push(self.command_line(program));
                }
            } else if by_script(starter) && self.image.unsets.iter().any(|unset| unset == name) {
                sources.push(nothing(name));
            } else {
                sources.push(self.variable(name, major));
            }
        }
        sources
    }

    fn variable(&self, name: &str, major: Option<u32>) -> SettingSource {
        let mut source = SettingSource { name: name.to_owned(), ..SettingSource::default() };
        let known = self.runtime.variable(name);
        if let (Some(since), Some(major)) = (known.and_then(|variable| variable.since), major)
            && major < since
        {
            return source;
        }
        match self.workload.variable(name) {
            Fact::Known(value) => {
                if known.is_some_and(|variable| variable.value.is_some()) {
                    source.setting = Some(value.value);
                    return source;
                }
                source.words = words(&value.value);
                if !source.words.is_empty() {
                    let span = value.value.span();
                    source.carrier = Some(Spanned::with_provenance(name.to_owned(), span, value.via));
                }
            }
            Fact::Unknown { at, why } => source.unknown = Some((at, why)),
            Fact::Absent { .. } => {}
        }
        source
    }

    /// The setting that wins: the strongest place, the last flag, a number before a share.
    fn effective_bound(
        &self,
        sources: &[SettingSource],
        starter: &LaunchedBy<'_>,
        anchor: Span,
        major: Option<u32>,
    ) -> EffectiveBound {
        let mut number = None;
        let mut share = None;
        let mut fraction = None;
        let mut unknown: Option<(Span, Why)> = None;
        for source in sources {
            if let Some(at) = &source.unknown {
                unknown = Some(at.clone());
            }
            for (flag, sets, grammar, read) in self.bounds(source, major) {
                match read {
                    Some(bound) => {
                        let setting = HeapSetting { flag, carrier: source.name.clone(), bound, grammar };
                        // What is not known of weaker places no longer matters once a number is set here.
                        match bound {
                            Bound::Bytes(_) => (number, unknown) = (Some(setting), None),
                            Bound::Percent(_) if sets == Sets::HeapMaxFraction => fraction = Some(setting),
                            Bound::Percent(_) => share = Some(setting),
                        }
                    }
                    None => unknown = Some((flag.span(), Why::Malformed(flag.as_str().to_owned()))),
                }
            }
        }
        // No number of bytes: `off`, `-1`, `0`.
        let number = number
            .filter(|setting: &HeapSetting| !matches!(setting.bound, Bound::Bytes(size) if size.0 == 0));
        if let Some((at, why)) = unknown {
            return EffectiveBound { bound: Fact::Unknown { at, why }, overruled: None };
        }
        let own_bound = match starter {
            LaunchedBy::Itself => false,
            LaunchedBy::By(starter) => starter.bounds_heap || self.image.heap_when_unset.is_some(),
            // What the image's script does without a bound is its own affair.
            LaunchedBy::Script => true,
        };
        // A share beats a fraction, in any order.
        let mut share = share.or(fraction);
        let overruled = if number.is_some() { share.take() } else { None };
        let bound = match number.or(share) {
            Some(setting) => {
                let span = setting.flag.span();
                Fact::Known(Spanned::new(setting, span))
            }
            None if own_bound => {
                Fact::Unknown { at: anchor, why: Why::Other("its start script bounds the heap") }
            }
            None => Fact::Absent { anchor },
        };
        EffectiveBound { bound, overruled }
    }

    /// The setting of the size at the start that counts.
    fn initial(&self, sources: &[SettingSource]) -> Option<HeapSetting> {
        let all = sources.iter().flat_map(|source| source.words.iter().map(move |word| (source, word)));
        all.rev().find_map(|(source, word)| {
            let (flag, value) =
                self.runtime.flag(word.as_str()).filter(|(flag, _)| flag.sets == Sets::HeapInitial)?;
            let size = super::flags::size(flag.grammar, value)?;
            let carrier = source.name.clone();
            Some(HeapSetting {
                flag: word.clone(),
                carrier,
                bound: Bound::Bytes(size),
                grammar: flag.grammar,
            })
        })
    }

    /// What a place says of the bound, in order: the words, and what they come to.
    fn bounds(
        &self,
        source: &SettingSource,
        major: Option<u32>,
    ) -> Vec<(TracedText, Sets, Grammar, Option<Bound>)> {
        let setting = source.setting.as_ref().and_then(|value| {
            let setting = self.runtime.variable(&source.name)?.value.as_ref()?;
            Some((value.clone(), setting.sets, setting.grammar, value.as_str()))
        });
        let flags = source.words.iter().filter_map(|word| {
            let (flag, value) = self.runtime.flag(word.as_str())?;
            Some((word.clone(), flag.sets, flag.grammar, value))
        });
        let all = setting.into_iter().chain(flags).filter(|(_, sets, ..)| sets.is_bound());
        // A word that switches the bound off is no mistake, and bounds nothing; nor does a share that .NET does not take.
        let bounds = all.map(|(text, sets, grammar, value)| {
            let read = bound(sets, grammar, value, major);
            let nothing = read.is_none()
                && (switches_off(text.as_str())
                    || grammar == Grammar::HexPercent && hexadecimal(value).is_some());
            (!nothing).then_some((text, sets, grammar, read))
        });
        bounds.flatten().collect()
    }

    /// What the image and the flags say of the memory beside the heap.
    fn beside(&self, sources: &[SettingSource]) -> BesideFacts {
        let own = self.image.runtime == Some(self.runtime.name);
        BesideFacts {
            product: self.image.beside_heap.clone().filter(|_| own),
            direct: self.last_size(sources, Sets::DirectMax),
            metaspace: self.last_size(sources, Sets::MetaspaceMax),
        }
    }

    /// The size that the last flag of this kind sets; none for 0, the JVM's word for its own choice.
    fn last_size(&self, sources: &[SettingSource], sets: Sets) -> Option<ByteSize> {
        let words = sources.iter().flat_map(|source| &source.words);
        let mut sizes = words.filter_map(|word| {
            let (flag, value) = self.runtime.flag(word.as_str())?;
            (flag.sets == sets).then(|| size(flag.grammar, value)).flatten()
        });
        sizes.next_back().filter(|size| size.0 > 0)
    }

    /// The variables that only scripts read.
    pub(super) fn script_variables(&self) -> impl Iterator<Item = &str> {
        let scripts = self.runtime.variables.iter().filter(|variable| variable.read_by == ReadBy::Script);
        scripts.filter(|variable| variable.value.is_none()).map(|variable| variable.name.as_str())
    }

    pub(super) fn is_heap_flag(&self, word: &TracedText) -> bool {
        self.runtime.flag(word.as_str()).is_some_and(|(flag, _): (&Flag, _)| flag.sets.is_bound())
    }
}

/// `off`, `-1`, nothing: words of their grammars for no bound.
fn switches_off(text: &str) -> bool {
    let value = text.rsplit(['=', ' ']).next().unwrap_or(text);
    matches!(value, "off" | "-1" | "")
}
