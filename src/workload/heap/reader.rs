//! Finds the runtimes that start, the sources of their settings, and the settings that win.

use crate::catalog::{Catalog, DefaultHeap, Flag, Grammar, ReadBy, Runtime, Sets, Starter};
use crate::source::{SourceId, Span, Spanned, TracedText};
use crate::syntax::size::ByteSize;

use super::flags::{bound, size};
use super::unread::{by_script, nothing};
use super::{Bound, HeapSetting, MemoryPool, OverheadInputs};
use crate::syntax::words::split_options;
use crate::workload::opened::{Assignment, StartedPrograms};
use crate::workload::setting_files::{FileSettings, SettingFinder};
use crate::workload::{Fact, Program, Start, Why, Workload};

/// Returns the memory pools of the programs of `workload`.
///
/// `partial` is its start with holes for variables without a value, `opened` the programs that its scripts start,
/// `finder` reads its settings files.
pub(in crate::workload) fn pools(
    workload: &Workload,
    partial: Option<&Start>,
    (opened, finder): (&StartedPrograms, &SettingFinder<'_>),
    catalog: &Catalog,
) -> Vec<MemoryPool> {
    let image = &workload.image;
    let programs = match &workload.process.start {
        Fact::Known(start) => start.value.programs(image.handover.as_ref()),
        Fact::Unknown { why: Why::Variable(_), .. } if partial.is_some() => {
            partial.map(|start| start.programs(image.handover.as_ref())).unwrap_or_default()
        }
        // The start line is inside an image that the catalogue does not know, so its span is the image reference.
        Fact::Unknown { at, why: Why::Image(name) | Why::ImageFact(name) } => {
            vec![Program {
                name: TracedText::derived(name.as_str(), *at),
                arguments: Vec::new(),
                expanded: false,
            }]
        }
        _ => Vec::new(),
    };
    // The programs of scripts that are here. The start line's own are among them.
    let inside: Vec<Program> =
        opened.last.iter().filter(|program| !programs.contains(program)).cloned().collect();
    let reader = |runtime| SettingsReader { workload, runtime, opened: Some(opened), finder: Some(finder) };
    let heaps = catalog
        .runtimes()
        .iter()
        .filter_map(|runtime| Some((runtime, reader(runtime).heap(&programs, &inside)?)));
    heaps
        .map(|(runtime, mut heap)| {
            // A variable of one product identifies that product, whatever the image, and so its off-heap memory.
            let told = heap.origin.as_ref().filter(|_| heap.assumed && heap.off_heap.product.is_none());
            let variable = told.and_then(|carrier| runtime.variable(&carrier.value));
            if let Some(variable) = variable.filter(|variable| variable.names_reader) {
                heap.off_heap.product = catalog.off_heap_of(&variable.name).cloned();
            }
            heap
        })
        .collect()
}

/// Reader of the settings of one runtime.
pub(super) struct SettingsReader<'a> {
    pub(super) workload: &'a Workload,
    pub(super) runtime: &'a Runtime,
    /// The programs that the start leads to, and the shell variables that its scripts assign.
    pub(super) opened: Option<&'a StartedPrograms>,
    pub(super) finder: Option<&'a SettingFinder<'a>>,
}

/// The program that launches the runtime.
pub(super) enum LaunchedBy<'c> {
    /// The start line names the runtime.
    Itself,
    /// A start script that the catalogue knows to launch the runtime.
    By(&'c Starter),
    /// The image's own start script.
    Script,
}

/// The settings from one source: a variable, or the command line.
#[derive(Default)]
pub(super) struct SettingSource {
    /// The variable, or `command line`.
    pub(super) name: String,
    /// Flags with their values.
    pub(super) words: Vec<TracedText>,
    pub(super) unknown: Option<(Span, Why)>,
    /// The variable's name, if it holds flags.
    pub(super) carrier: Option<Spanned<String>>,
    /// The value of the variable or of a setting in a file, if that is itself a setting.
    pub(super) setting: Option<TracedText>,
    /// For a setting in a file, the text before its value.
    pub(super) lead: Option<String>,
    /// True for a file of flags.
    pub(super) is_file: bool,
}

/// The bound that wins.
pub(super) struct EffectiveBound {
    pub(super) bound: Fact<HeapSetting>,
    pub(super) overruled: Option<HeapSetting>,
}

impl SettingsReader<'_> {
    fn heap(&self, programs: &[Program], inside: &[Program]) -> Option<MemoryPool> {
        let is_runtime = |program: &&Program| self.runtime.is_program(program.base_name());
        let itself = programs.iter().find(is_runtime).or_else(|| inside.iter().find(is_runtime));
        let known = match itself {
            Some(program) => Some((program, LaunchedBy::Itself)),
            None => programs.iter().chain(inside).find_map(|program| {
                let starter = self.runtime.starter(program.base_name()).map(LaunchedBy::By);
                // The image's own start script, recognized by the variables that it expands or ignores.
                let image = &self.workload.image;
                let own = image.runtime == Some(self.runtime.name)
                    && !(image.expands.is_empty() && image.unsets.is_empty() && image.flag_files.is_empty());
                Some((program, starter.or(own.then_some(LaunchedBy::Script))?))
            }),
        };
        let Some((program, starter)) = known else { return self.assumed() };
        let (major, default) = self.version();
        let mut sources = self.sources(program, &starter, major);
        let files = self.file_settings(program).filter(|_| matches!(starter, LaunchedBy::Itself));
        sources.splice(0..0, files.as_ref().and_then(|files| self.file_source(files)));
        let carrier = sources.iter().rev().find_map(|source| source.carrier.clone());
        let tells =
            |source: &SettingSource| source.setting.is_some() || source.is_file && source.unknown.is_some();
        let said = carrier.is_some() || sources.iter().any(tells);
        let strangers = if by_script(&starter) { self.other_readers() } else { Vec::new() };
        // Without settings there is nothing to judge: what the script runs is not visible.
        if !said && strangers.is_empty() && !matches!(starter, LaunchedBy::Itself) {
            return None;
        }
        let limit_unseen = self.limit_unseen(&sources, major);
        let mut winner = self.effective_bound(&sources, &starter, program.name.span(), major);
        let mut problems = self.malformed(&sources, &winner.bound, (major, default));
        let (hotspot, small_share) =
            self.apply_hotspot_flags(&mut winner, &sources, (major, default), limit_unseen.is_none());
        let EffectiveBound { bound, overruled } = winner;
        problems.extend(self.contradiction(&sources, &bound, &starter));
        problems.extend(strangers);
        if matches!(starter, LaunchedBy::Itself) {
            problems.extend(self.misplaced(program, &sources));
            problems.extend(self.unread(program));
            if bound.is_absent() {
                problems.extend(self.build_only());
            }
        }
        let flag_files = sources.iter().filter(|source| source.is_file).flat_map(|source| &source.words);
        let mut settings_files: Vec<SourceId> = flag_files.map(|flag| flag.span().file).collect();
        settings_files.dedup();
        settings_files.extend(files.iter().flat_map(FileSettings::sources));
        let name = program.base_name().to_owned();
        // A variable of the service replaces the image's.
        let env_unseen = bound.is_absent() && carrier.is_none() && !self.workload.image.env_known;
        let pool = MemoryPool {
            runtime: self.runtime.name,
            pool: self.runtime.pool,
            major,
            program: Spanned::new(name, program.name.span()),
            origin: carrier,
            bound,
            initial: self.initial(&sources),
            overruled,
            small_share: small_share.filter(|_| self.takes_shares()),
            problems,
            // The entrypoint of an image that nobody knows may do something else with the command.
            assumed: matches!(&self.workload.process.start, Fact::Unknown { why: Why::Image(_), .. }),
            perhaps_unread: false,
            env_unseen,
            limit_unseen,
            unseen_on_new_kernels: self.unseen_on_new_kernels(),
            takes_shares: self.takes_shares(),
            part: None,
            own_default: None,
            default,
            off_heap: OverheadInputs {
                server: self.server_needs(&sources, files.as_ref()),
                ..self.off_heap(&sources)
            },
            hotspot,
            settings_files,
        };
        Some(pool.forget_misread())
    }

    /// Returns what scripts of the start assign to a variable.
    pub(super) fn assigned(&self, name: &str) -> Assignment<'_> {
        self.opened.map_or(Assignment::None, |opened| opened.assigned.of(name))
    }

    /// True if a script of the start ends at a variable that is not set.
    pub(super) fn refuses_unset(&self) -> bool {
        self.opened.is_some_and(|opened| opened.assigned.refuses_unset)
    }

    /// Returns the runtime's major version, if the image has that runtime, and its default heap.
    pub(super) fn version(&self) -> (Option<u32>, Option<DefaultHeap>) {
        let own = self.workload.image.runtime == Some(self.runtime.name);
        (
            self.workload.image.major.filter(|_| own),
            self.workload.image.default_heap.or(self.runtime.default_heap),
        )
    }

    /// Returns the settings of each source, lowest precedence first.
    pub(super) fn sources(
        &self,
        program: &Program,
        starter: &LaunchedBy<'_>,
        major: Option<u32>,
    ) -> Vec<SettingSource> {
        let mut sources = Vec::new();
        for name in &self.runtime.precedence {
            if name == "command-line" {
                if by_script(starter) {
                    sources.extend(self.flag_files(major));
                }
                let starters = if let LaunchedBy::By(starter) = starter { &starter.expands[..] } else { &[] };
                let scripts = starters.iter().chain(&self.workload.image.expands);
                sources.extend(scripts.map(|script| self.variable(script, major)));
                if matches!(starter, LaunchedBy::Itself) {
                    sources.push(self.command_line(program));
                }
            } else if by_script(starter) && self.workload.image.unsets.iter().any(|unset| unset == name) {
                sources.push(nothing(name));
            } else {
                sources.push(self.variable(name, major));
            }
        }
        sources
    }

    pub(super) fn variable(&self, name: &str, major: Option<u32>) -> SettingSource {
        let mut source = SettingSource { name: name.to_owned(), ..SettingSource::default() };
        let known = self.runtime.variable(name);
        if let (Some(since), Some(major)) = (known.and_then(|variable| variable.since), major)
            && major < since
        {
            return source;
        }
        let set = match self.assigned(name) {
            Assignment::Value(value) if !value.as_str().contains(['$', '`']) => {
                Fact::Known(Spanned::new(value.clone(), value.span()))
            }
            Assignment::Value(value) => {
                Fact::Unknown { at: value.span(), why: Why::Other("its start script sets it") }
            }
            Assignment::Unknown => {
                let at = self.workload.process.start.span();
                Fact::Unknown { at, why: Why::Other("its start script may set it") }
            }
            Assignment::None => self.workload.variable(name),
        };
        match set {
            Fact::Known(value) => {
                if known.is_some_and(|variable| variable.value.is_some()) {
                    source.setting = Some(value.value);
                    return source;
                }
                source.words = self.with_values(split_options(&value.value));
                let mut named = source.words.iter().filter_map(|word| {
                    Some((word.span(), self.runtime.command_line.named_file(word.as_str())?.to_owned()))
                });
                source.unknown = named.next_back().map(|(at, file)| (at, Why::File(file)));
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

    /// Returns the bound that wins: source with the highest precedence, last flag, size before percentage.
    pub(super) fn effective_bound(
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
            let words = source.words.iter();
            if let Some(word) = words.rev().find(|word| self.runtime.misspelled(word.as_str()).is_some()) {
                unknown = Some((word.span(), Why::Malformed(self.quoted(word.as_str()))));
            }
            for (flag, sets, grammar, read) in self.bounds(source, major) {
                match read {
                    Some(bound) => {
                        let (carrier, lead) = (source.name.clone(), source.lead.clone());
                        let setting = HeapSetting { flag, carrier, bound, grammar, lead };
                        // An unknown source of lower precedence does not matter once a size is set here.
                        match bound {
                            Bound::Bytes(_) => (number, unknown) = (Some(setting), None),
                            Bound::Percent(_) if sets == Sets::HeapMaxFraction => fraction = Some(setting),
                            Bound::Percent(_) => share = Some(setting),
                        }
                    }
                    None => unknown = Some((flag.span(), Why::Malformed(self.quoted(flag.as_str())))),
                }
            }
        }
        // A size of 0 bounds nothing. `bounds` has dropped `off` and `-1`.
        let number = number
            .filter(|setting: &HeapSetting| !matches!(setting.bound, Bound::Bytes(size) if size.0 == 0));
        if let Some((at, why)) = unknown {
            return EffectiveBound { bound: Fact::Unknown { at, why }, overruled: share.or(fraction) };
        }
        let own_bound = match starter {
            LaunchedBy::Itself => false,
            LaunchedBy::By(starter) => starter.bounds_heap || self.workload.image.heap_when_unset.is_some(),
            // An image's start script may bound the heap by itself.
            LaunchedBy::Script => true,
        };
        // `MaxRAMPercentage` beats `MaxRAMFraction`, in any order.
        let mut share = share.or(fraction);
        let overruled = if number.is_some() { share.take() } else { None };
        let bound = match number.or(share) {
            Some(setting) => {
                let span = setting.flag.span();
                Fact::Known(Spanned::new(setting, span))
            }
            None if own_bound => {
                Fact::Unknown { at: anchor, why: Why::Other("its start script limits the heap") }
            }
            None => Fact::Absent { anchor },
        };
        EffectiveBound { bound, overruled }
    }

    /// Returns the effective setting of the initial size.
    pub(super) fn initial(&self, sources: &[SettingSource]) -> Option<HeapSetting> {
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
                lead: None,
            })
        })
    }

    /// Returns the bounds that a source sets, in order: the word, what it sets, its grammar and its parsed value.
    pub(super) fn bounds(
        &self,
        source: &SettingSource,
        major: Option<u32>,
    ) -> Vec<(TracedText, Sets, Grammar, Option<Bound>)> {
        let setting = source.setting.as_ref().and_then(|value| {
            if source.lead.is_some() {
                let flag = self.runtime.flags.iter().find(|flag| flag.sets == Sets::CacheMax)?;
                return Some((value.clone(), flag.sets, flag.grammar, value.as_str()));
            }
            let setting = self.runtime.variable(&source.name)?.value.as_ref()?;
            Some((value.clone(), setting.sets, setting.grammar, value.as_str()))
        });
        let flags = source.words.iter().filter_map(|word| {
            let (flag, value) = self.runtime.flag(word.as_str())?;
            Some((word.clone(), flag.sets, flag.grammar, value))
        });
        let all = setting.into_iter().chain(flags).filter(|(_, sets, ..)| sets.is_bound());
        // A value that disables the bound is no error and bounds nothing. The same holds for a percentage that .NET ignores.
        let bounds = all.map(|(text, sets, grammar, value)| {
            let read = bound(sets, grammar, value, major);
            let nothing = read.is_none()
                && (switches_off(text.as_str())
                    || grammar == Grammar::HexPercent
                        && ByteSize::parse_hexadecimal(value).map(|size| size.0).is_some());
            (!nothing).then_some((text, sets, grammar, read))
        });
        bounds.flatten().collect()
    }

    /// Collects what the image and the flags tell about off-heap memory.
    pub(super) fn off_heap(&self, sources: &[SettingSource]) -> OverheadInputs {
        let own = self.workload.image.runtime == Some(self.runtime.name);
        OverheadInputs {
            product: self.workload.image.off_heap.clone().filter(|_| own),
            direct: self.last_size(sources, Sets::DirectMax),
            metaspace: self.last_size(sources, Sets::MetaspaceMax),
            server: None,
        }
    }

    /// Returns the size set by the last flag of this kind; `None` for 0, which means the JVM's default.
    fn last_size(&self, sources: &[SettingSource], sets: Sets) -> Option<ByteSize> {
        let words = sources.iter().flat_map(|source| &source.words);
        let mut sizes = words.filter_map(|word| {
            let (flag, value) = self.runtime.flag(word.as_str())?;
            (flag.sets == sets).then(|| size(flag.grammar, value)).flatten()
        });
        sizes.next_back().filter(|size| size.0 > 0)
    }

    /// Returns the flag variables that only scripts read.
    pub(super) fn script_variables(&self) -> impl Iterator<Item = &str> {
        let scripts = self.runtime.variables.iter().filter(|variable| variable.read_by == ReadBy::Script);
        scripts.filter(|variable| variable.value.is_none()).map(|variable| variable.name.as_str())
    }

    pub(super) fn is_heap_flag(&self, word: &TracedText) -> bool {
        self.runtime.flag(word.as_str()).is_some_and(|(flag, _): (&Flag, _)| flag.sets.is_bound())
    }
}

/// True for the values `off`, `-1` and empty, which disable a bound.
fn switches_off(text: &str) -> bool {
    let value = text.rsplit(['=', ' ']).next().unwrap_or(text);
    matches!(value, "off" | "-1" | "")
}
