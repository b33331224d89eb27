//! The managed heaps of a container: which runtime starts, and what bounds its heap.
//!
//! Which variables and flags count, and in which order, stands in `rules/catalog/runtimes.yaml`.

use crate::catalog::{Catalog, DefaultHeap, ReadBy, Runtime, RuntimeName, Sets, Starter};
use crate::model::Unresolved;
use crate::model::size::ByteSize;
use crate::source::{Span, Spanned, Text};

use super::flags::{bound, fits, words};
use super::image::ImageFacts;
use super::{Fact, Program, Why, Workload};

/// The heap of one runtime that the container starts.
#[derive(Clone, Debug)]
pub struct Heap {
    /// Which runtime.
    pub runtime: RuntimeName,
    /// Its major version, where the image's tag tells.
    pub major: Option<u32>,
    /// What starts it, and where that is written.
    pub program: Spanned<String>,
    /// The strongest variable that carries flags for it.
    pub carrier: Option<Spanned<String>>,
    /// What bounds it: the setting that wins.
    pub bound: Fact<HeapSetting>,
    /// Settings that do not do what they were written for.
    pub problems: Vec<HeapProblem>,
    /// Nothing shows that the runtime starts; a variable that only it reads says so.
    pub assumed: bool,
    default: Option<DefaultHeap>,
}

/// A setting that bounds a heap.
#[derive(Clone, Debug, PartialEq)]
pub struct HeapSetting {
    /// The flag, or the value of a variable that is a setting itself.
    pub flag: Text,
    /// The variable that carries it, or `command line`.
    pub carrier: String,
    /// The bound.
    pub bound: Bound,
}

/// A setting that does not do what it was written for.
#[derive(Clone, Debug, PartialEq)]
pub struct HeapProblem {
    /// What is wrong with it.
    pub kind: HeapProblemKind,
    /// The flag as written.
    pub flag: Text,
    /// The variable that carries it, or `command line`.
    pub carrier: String,
}

/// Why a setting does nothing, or worse.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HeapProblemKind {
    /// The runtime refuses to start with it.
    Malformed,
    /// It stands behind the program that the runtime runs, and is an argument of that one.
    Misplaced,
    /// Nothing here reads the variable.
    Unread,
}

/// How large a heap may grow.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Bound {
    /// A number of bytes.
    Bytes(ByteSize),
    /// Percent of the memory limit, or of the host's memory where there is none.
    Percent(f64),
}

impl Heap {
    /// The heap that the runtime takes under `limit` when nothing bounds it; none when that is not known.
    #[must_use]
    pub fn default_for(&self, limit: ByteSize) -> Option<ByteSize> {
        let limit = u64::try_from(limit.0).ok().filter(|limit| *limit > 0)?;
        let bytes = self.default?.max(self.major, limit)?;
        i64::try_from(bytes).ok().map(ByteSize)
    }
}

/// The heaps of what `workload` starts. `open_ended` is an `env_file` that could not be read.
pub(super) fn heaps(
    workload: &Workload,
    image: &ImageFacts,
    open_ended: Option<&Unresolved>,
    catalog: &Catalog,
) -> Vec<Heap> {
    let programs = match &workload.start {
        Fact::Known(start) => start.value.programs(&|name| image.hands_over.as_deref() == Some(name)),
        // An image's own script that the catalogue does not name: its place is the image's.
        Fact::Unknown { at, why: Why::Image(name) } => {
            vec![Program { name: Text::derived(name.as_str(), *at), arguments: Vec::new(), expanded: false }]
        }
        _ => Vec::new(),
    };
    let engine = |runtime| Engine { workload, image, open_ended, runtime };
    let bounded = catalog.runtimes().iter().filter(|runtime| !runtime.flags.is_empty());
    bounded.filter_map(|runtime| engine(runtime).heap(&programs)).collect()
}

struct Engine<'a> {
    workload: &'a Workload,
    image: &'a ImageFacts,
    open_ended: Option<&'a Unresolved>,
    runtime: &'a Runtime,
}

/// How the runtime comes to run.
enum Start<'c> {
    /// The start line names it.
    Itself,
    /// A program that is known to start it.
    By(&'c Starter),
    /// The image's own start script.
    Script,
}

/// What one place says: a variable, or the command line.
#[derive(Default)]
struct Source {
    words: Vec<Text>,
    unknown: Option<(Span, Why)>,
    /// Set when it is a variable with flags in it.
    carrier: Option<Spanned<String>>,
    /// A variable that is a setting itself.
    setting: Option<HeapSetting>,
}

impl Engine<'_> {
    fn heap(&self, programs: &[Program]) -> Option<Heap> {
        let itself = programs.iter().find(|program| self.runtime.is_program(program.base_name()));
        let known = match itself {
            Some(program) => Some((program, Start::Itself)),
            None => programs.iter().find_map(|program| {
                let starter = self.runtime.starter(program.base_name()).map(Start::By);
                // The image's own start script, known by what it expands.
                let own = self.image.runtime == Some(self.runtime.name) && !self.image.expands.is_empty();
                Some((program, starter.or(own.then_some(Start::Script))?))
            }),
        };
        let Some((program, starter)) = known else { return self.assumed() };
        let (major, default) = self.version();
        let sources = self.sources(program, &starter, major);
        let carrier = sources.iter().rev().find_map(|(_, source)| source.carrier.clone());
        // A script without flags of ours runs something that nobody here can see.
        if !matches!(starter, Start::Itself)
            && carrier.is_none()
            && sources.iter().all(|(_, source)| source.setting.is_none())
        {
            return None;
        }
        let bound = self.bound(&sources, &starter, program.name.span());
        let mut problems = self.malformed(&sources, major);
        if matches!(starter, Start::Itself) {
            problems.extend(self.misplaced(program));
            problems.extend(self.unread(program));
        }
        let name = program.base_name().to_owned();
        Some(Heap {
            runtime: self.runtime.name,
            major,
            program: Spanned::new(name, program.name.span()),
            carrier,
            bound,
            problems,
            assumed: false,
            default,
        })
    }

    /// A heap that a variable speaks of, where nothing shows what starts. Without a bound in it there is nothing to say.
    fn assumed(&self) -> Option<Heap> {
        let set = |name: &str| self.workload.env.contains_key(name);
        let named =
            self.runtime.variables.iter().filter(|variable| variable.names_reader && set(&variable.name));
        let mut sources: Vec<(String, Source)> = Vec::new();
        for name in &self.runtime.precedence {
            if name == "command-line" {
                sources.extend(
                    named.clone().map(|known| (known.name.clone(), self.variable(&known.name, None))),
                );
            } else if set(name) {
                sources.push((name.clone(), self.variable(name, None)));
            }
        }
        let place = sources.iter().rev().find_map(|(_, source)| source.carrier.clone())?;
        let bound = self.bound(&sources, &Start::Script, place.span);
        let (major, default) = self.version();
        let heap = Heap {
            runtime: self.runtime.name,
            major,
            program: place.clone(),
            carrier: Some(place),
            bound,
            problems: Vec::new(),
            assumed: true,
            default,
        };
        heap.bound.known().is_some().then_some(heap)
    }

    /// The major version and the default heap, where the image is one of this runtime.
    fn version(&self) -> (Option<u32>, Option<DefaultHeap>) {
        let own = self.image.runtime == Some(self.runtime.name);
        (self.image.major.filter(|_| own), self.image.default_heap.or(self.runtime.default_heap))
    }

    /// What each place says, weakest first.
    fn sources(&self, program: &Program, starter: &Start<'_>, major: Option<u32>) -> Vec<(String, Source)> {
        let mut sources = Vec::new();
        for name in &self.runtime.precedence {
            if name == "command-line" {
                let starters = if let Start::By(starter) = starter { &starter.expands[..] } else { &[] };
                let scripts = starters.iter().chain(&self.image.expands);
                for script in scripts {
                    sources.push((script.clone(), self.variable(script, major)));
                }
                let arguments = if matches!(starter, Start::Itself) {
                    self.command_line(program)
                } else {
                    Source::default()
                };
                sources.push(("command line".to_owned(), arguments));
            } else {
                sources.push((name.clone(), self.variable(name, major)));
            }
        }
        sources
    }

    fn variable(&self, name: &str, major: Option<u32>) -> Source {
        let mut source = Source::default();
        let known = self.runtime.variable(name);
        if let (Some(since), Some(major)) = (known.and_then(|variable| variable.since), major)
            && major < since
        {
            return source;
        }
        match self.workload.env.get(name).map(|variable| &variable.value) {
            Some(Fact::Known(value)) => {
                if let Some(setting) = known.and_then(|variable| variable.value) {
                    match bound(setting.sets, setting.grammar, value.value.as_str()) {
                        Some(bound) => {
                            let flag = value.value.clone();
                            source.setting = Some(HeapSetting { flag, carrier: name.to_owned(), bound });
                        }
                        None => source.unknown = Some(malformed(&value.value)),
                    }
                    return source;
                }
                source.words = words(&value.value);
                if !source.words.is_empty() {
                    let span = value.value.span();
                    source.carrier = Some(Spanned::through(name.to_owned(), span, value.via.clone()));
                }
            }
            Some(Fact::Unknown { at, why }) => source.unknown = Some((*at, why.clone())),
            _ => {
                let missing = self.open_ended.map(|file| (file.span, Why::File(file.name.clone())));
                source.unknown = missing;
            }
        }
        source
    }

    /// Values that the runtime refuses, of every memory flag.
    fn malformed(&self, sources: &[(String, Source)], major: Option<u32>) -> Vec<HeapProblem> {
        let all =
            sources.iter().flat_map(|(carrier, source)| source.words.iter().map(move |word| (carrier, word)));
        let wrong = all.filter(|(_, word)| {
            self.runtime.flag(word.as_str()).is_some_and(|(flag, value)| {
                // A variable that nobody expands is another mistake.
                !value.contains('$') && !fits(flag.grammar, value, major)
            })
        });
        wrong.map(|(carrier, flag)| problem(HeapProblemKind::Malformed, flag, carrier)).collect()
    }

    /// Heap flags among the arguments of the program that the runtime runs.
    fn misplaced(&self, program: &Program) -> Vec<HeapProblem> {
        let words = program
            .arguments
            .iter()
            .skip_while(|word| word.as_str().starts_with('-') && word.as_str() != "-jar");
        let behind = words.skip(1).filter(|word| self.is_heap_flag(word));
        behind.map(|flag| problem(HeapProblemKind::Misplaced, flag, "command line")).collect()
    }

    /// Heap flags in variables that only scripts read, where no script stands between.
    fn unread(&self, program: &Program) -> Vec<HeapProblem> {
        let mut found = Vec::new();
        for variable in self.runtime.variables.iter().filter(|variable| variable.read_by == ReadBy::Script) {
            let name = variable.name.as_str();
            let mentioned =
                program.expanded && program.arguments.iter().any(|word| word.as_str().contains(name));
            if variable.value.is_some() || mentioned || self.image.expands.iter().any(|known| known == name) {
                continue;
            }
            let value = self.workload.env.get(name).and_then(|variable| variable.value.known());
            let flags = value.map(|value| words(&value.value)).unwrap_or_default();
            let heap = flags.iter().find(|word| self.is_heap_flag(word));
            found.extend(heap.map(|flag| problem(HeapProblemKind::Unread, flag, name)));
        }
        found
    }

    fn is_heap_flag(&self, word: &Text) -> bool {
        self.runtime.flag(word.as_str()).is_some_and(|(flag, _)| {
            matches!(flag.sets, Sets::HeapMax | Sets::HeapMaxPercent | Sets::HeapMaxFraction)
        })
    }

    /// The runtime's own words, variables expanded where a shell does that, up to the program that it runs.
    fn command_line(&self, program: &Program) -> Source {
        let mut source = Source::default();
        let mut arguments = program.arguments.iter();
        while let Some(argument) = arguments.next() {
            let text = argument.as_str();
            if program.expanded && text.contains('$') {
                let expanded = self.expand(argument, &mut source);
                if !expanded.is_empty() {
                    source.words.extend(expanded);
                }
                continue;
            }
            if text == "-jar" || !text.starts_with('-') {
                break;
            }
            source.words.push(argument.clone());
            if ["-cp", "-classpath", "--class-path", "-r", "--require", "--import", "-p", "--module-path"]
                .contains(&text)
            {
                arguments.next();
            }
        }
        source
    }

    /// A word with `$NAME` in it, split as a shell splits it.
    fn expand(&self, word: &Text, source: &mut Source) -> Vec<Text> {
        let text = word.as_str();
        let mut out = Text::empty(word.span());
        let mut at = 0;
        while let Some(dollar) = text.get(at..).and_then(|rest| rest.find('$')).map(|i| at + i) {
            out.push_text(&word.slice(at..dollar));
            let rest = text.get(dollar + 1..).unwrap_or_default();
            let (name, length) = match rest.strip_prefix('{') {
                Some(inner) => match inner.find('}') {
                    Some(close) => (inner.get(..close).unwrap_or_default(), close + 2),
                    None => ("", 0),
                },
                None => {
                    let end =
                        rest.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).unwrap_or(rest.len());
                    (rest.get(..end).unwrap_or_default(), end)
                }
            };
            at = dollar + 1 + length;
            let plain = !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
            match self.workload.env.get(name).map(|variable| &variable.value) {
                Some(Fact::Known(value)) if plain => {
                    out.push_text(&value.value);
                    if self.runtime.variable(name).is_some() && !value.value.as_str().trim().is_empty() {
                        let span = value.value.span();
                        source.carrier = Some(Spanned::through(name.to_owned(), span, value.via.clone()));
                    }
                }
                Some(Fact::Unknown { at, why }) if plain => source.unknown = Some((*at, why.clone())),
                // Not set in what runs: the shell makes nothing of it, unless a file that is not here sets it.
                None if plain && self.open_ended.is_none() => {}
                _ => source.unknown = Some((word.span(), Why::Variable(name.to_owned()))),
            }
        }
        out.push_text(&word.slice(at..text.len()));
        words(&out)
    }

    /// The setting that wins: the strongest place, the last flag, a number before a share.
    fn bound(&self, sources: &[(String, Source)], starter: &Start<'_>, anchor: Span) -> Fact<HeapSetting> {
        let mut number = None;
        let mut share = None;
        let mut unknown: Option<(Span, Why)> = None;
        for (carrier, source) in sources {
            if let Some(at) = &source.unknown {
                unknown = Some(at.clone());
            }
            let flags = source.words.iter().filter_map(|word| {
                let (flag, value) = self.runtime.flag(word.as_str())?;
                Some((word.clone(), flag.sets, flag.grammar, value.to_owned()))
            });
            for (flag, sets, grammar, value) in flags {
                if !matches!(sets, Sets::HeapMax | Sets::HeapMaxPercent | Sets::HeapMaxFraction) {
                    continue;
                }
                match bound(sets, grammar, &value) {
                    Some(bound) => {
                        let setting = HeapSetting { flag, carrier: carrier.clone(), bound };
                        // What is not known of weaker places no longer matters once a number is set here.
                        match bound {
                            Bound::Bytes(_) => (number, unknown) = (Some(setting), None),
                            Bound::Percent(_) => share = Some(setting),
                        }
                    }
                    None => unknown = Some(malformed(&flag)),
                }
            }
            if let Some(setting) = &source.setting {
                number = Some(setting.clone());
            }
        }
        if let Some((at, why)) = unknown {
            return Fact::Unknown { at, why };
        }
        let own_bound = match starter {
            Start::Itself => false,
            Start::By(starter) => starter.bounds_heap || self.image.bounds_heap,
            // What the image's script does without a bound is its own affair.
            Start::Script => true,
        };
        match number.or(share) {
            Some(setting) => {
                let span = setting.flag.span();
                Fact::Known(Spanned::new(setting, span))
            }
            None if own_bound => {
                Fact::Unknown { at: anchor, why: Why::Other("its start script bounds the heap") }
            }
            None => Fact::Absent { anchor },
        }
    }
}

fn problem(kind: HeapProblemKind, flag: &Text, carrier: &str) -> HeapProblem {
    HeapProblem { kind, flag: flag.clone(), carrier: carrier.to_owned() }
}

fn malformed(text: &Text) -> (Span, Why) {
    (text.span(), Why::Malformed(text.as_str().to_owned()))
}
