//! Heap settings that are invalid or misread.

use std::borrow::Cow;

use super::flags::{self, fits, size, spelled};
use super::reader::{LaunchedBy, SettingSource, SettingsReader};
use super::setting::COMMAND_LINE;
use super::{Bound, HeapSetting, LiteralWord, MemoryPool};
use crate::catalog::{DefaultHeap, Grammar, Misspelled, Sets};
use crate::secret;
use crate::source::{Span, TracedText};
use crate::syntax::size::{ByteSize, MIB};
use crate::syntax::template::HOLE;
use crate::workload::{Fact, Why};

/// The most words that a fix moves a flag over. A command line with more gets no fix.
pub(super) const MAX_AHEAD: usize = 100;

/// A setting with an error, or without the intended effect.
#[derive(Clone, Debug, PartialEq)]
pub struct HeapProblem {
    /// The kind of problem.
    pub kind: HeapProblemKind,
    /// The flag, or the value of a variable that is itself a setting.
    pub flag: TracedText,
    /// The setting for messages, without words behind it, which may be secrets: the flag, or `NAME=value` if that is the setting and
    /// the variable is read.
    pub written: String,
    /// The variable that carries it, or `command line`.
    pub carrier: String,
    /// The effect of the setting: lower case, no full stop.
    pub effect: String,
    /// For a misread setting, the value that the program takes: `200 bytes`.
    pub read_as: Option<String>,
    /// For a misplaced flag, the words from the first one that it belongs before, up to itself. Empty if there are more than
    /// `MAX_AHEAD`, or if the moved flag would not work.
    pub ahead: Vec<Span>,
    /// The corrected setting, if the intent is clear.
    pub instead: Option<String>,
    /// The size that was meant, if the setting bounds a heap or cache and the intent is clear.
    pub meant: Option<MeantSize>,
    /// The percentage of the memory limit that the corrected setting bounds a heap by.
    pub percent: Option<f64>,
    /// Advice: lower case, no full stop, with something to paste if possible.
    pub help: Option<String>,
    /// A variable that would be read, for the same flags.
    pub read_variable: Option<ReadVariable>,
    /// The word of the start line that nothing expands, if it is this variable.
    pub literal: Option<LiteralWord>,
    /// True if programs copied from another stage or image may read the variable.
    pub has_other_readers: bool,
}

/// A variable that the runtime reads, and the value to give it.
#[derive(Clone, Debug, PartialEq)]
pub struct ReadVariable {
    /// The name of the variable.
    pub variable: String,
    /// Its current value; empty if it is not set.
    pub there: String,
    /// The flags to add, from a variable that nothing reads.
    pub value: String,
    /// True if `-Xms` is to be added with the same size as `-Xmx`.
    pub begins: bool,
    /// The flag of `value` that bounds the heap.
    pub setting: HeapSetting,
    /// The names of the memory flags in `there` and `value`: `-Xmx`.
    pub names: Vec<String>,
}

/// The size that a rejected or misread setting was meant to give, and how to write it.
#[derive(Clone, Debug, PartialEq)]
pub struct MeantSize {
    /// In bytes.
    pub size: ByteSize,
    /// The text before the value: `-Xmx`. Of an initial and a largest heap both.
    fronts: Vec<String>,
    grammar: Grammar,
}

impl MeantSize {
    /// Returns the setting with a size that its reader takes as meant.
    #[must_use]
    pub fn written(&self, size: ByteSize) -> Option<String> {
        let size = spelled(self.grammar, size)?;
        Some(self.fronts.iter().map(|front| format!("{front}{size}")).collect::<Vec<_>>().join(" "))
    }
}

impl ReadVariable {
    /// Returns the variable's new value, with the heap flag replaced by `flag` if that is given.
    #[must_use]
    pub fn text(&self, flag: Option<&str>) -> String {
        let own = self.setting.flag.as_str();
        let flag = flag.unwrap_or(own);
        let begin = flag.strip_prefix("-Xmx").filter(|_| self.begins);
        let begin = begin.map(|size| format!("-Xms{size} ")).unwrap_or_default();
        let value = self.value.replacen(own, &format!("{begin}{flag}"), 1);
        let blank = if self.there.is_empty() { "" } else { " " };
        let text = format!("{}{blank}{value}", self.there);
        let most = flag.strip_prefix("-Xmx").or_else(|| flag.strip_prefix("-XX:MaxHeapSize="));
        let Some(most) = most else { return text };
        // A JVM whose initial heap is larger than the largest one does not start.
        let lowered = |word: &str| {
            let name = ["-Xms", "-XX:InitialHeapSize="].into_iter().find(|name| word.starts_with(name));
            let initial = name.and_then(|name| ByteSize::parse_jvm(word.strip_prefix(name)?));
            let larger = initial.zip(ByteSize::parse_jvm(most)).is_some_and(|(initial, most)| initial > most);
            name.filter(|_| larger).map_or_else(|| word.to_owned(), |name| format!("{name}{most}"))
        };
        text.split(' ').map(lowered).collect::<Vec<_>>().join(" ")
    }

    /// Returns the memory flags of the new value, for messages: its other words may be secrets.
    #[must_use]
    pub fn memory_flags(&self, flag: Option<&str>) -> String {
        let text = self.text(flag);
        let of_memory = |word: &&str| self.is_memory_flag(word) && without_secrets(word) == *word;
        text.split(' ').filter(of_memory).collect::<Vec<_>>().join(" ")
    }

    /// True if all flags of `value` are memory flags.
    #[must_use]
    pub fn has_memory_flags_only(&self) -> bool {
        self.value.split(' ').all(|word| self.is_memory_flag(word))
    }

    fn is_memory_flag(&self, word: &str) -> bool {
        self.names.iter().any(|name| word.starts_with(name.as_str()))
    }
}

impl HeapProblem {
    /// Creates a problem without advice.
    pub(super) fn new(
        kind: HeapProblemKind,
        flag: &TracedText,
        written: String,
        carrier: &str,
        effect: String,
    ) -> Self {
        Self {
            kind,
            flag: flag.clone(),
            written,
            carrier: carrier.to_owned(),
            effect,
            read_as: None,
            ahead: Vec::new(),
            instead: None,
            meant: None,
            percent: None,
            help: None,
            read_variable: None,
            literal: None,
            has_other_readers: false,
        }
    }
}

/// The kind of problem of a heap setting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HeapProblemKind {
    /// It does not match its grammar, or contradicts another setting.
    Malformed,
    /// It is read, but with another meaning than intended.
    Misread,
    /// The version that starts here no longer has it.
    Removed,
    /// It comes after the main program of the command line, and so is an argument of that program.
    Misplaced,
    /// Nothing in the container reads the variable.
    Unread,
    /// The variable is read, but is the wrong one for heap flags.
    WrongVariable,
    /// It is set only during the build, not when the container runs.
    BuildOnly,
}

/// Smallest heap with which `HotSpot` starts: "Too small maximum heap" (`gc/shared/gcArguments.cpp`), in bytes.
const SMALLEST_JAVA_HEAP: i64 = 2 << 20;

/// A setting as written, with its meaning.
struct Written<'a> {
    text: &'a TracedText,
    value: &'a str,
    sets: Sets,
    grammar: Grammar,
    bad: Option<&'a String>,
}

impl SettingsReader<'_> {
    /// Returns the problems of every memory setting that the runtime rejects or misreads.
    pub(super) fn malformed(
        &self,
        sources: &[SettingSource],
        bound: &Fact<HeapSetting>,
        (major, default): (Option<u32>, Option<DefaultHeap>),
    ) -> Vec<HeapProblem> {
        let tolerant = self.tolerates_unknown_flags(sources, default);
        let strict = major.filter(|_| !tolerant);
        let mut found: Vec<HeapProblem> = Vec::new();
        for source in sources {
            if let Some(value) = &source.setting
                && let Some(setting) =
                    self.runtime.variable(&source.name).and_then(|known| known.value.as_ref())
            {
                let written = Written {
                    text: value,
                    value: value.as_str(),
                    sets: setting.sets,
                    grammar: setting.grammar,
                    bad: setting.bad.as_ref(),
                };
                found.extend(self.ill_written(&source.name, &written, bound, major));
                found.extend(misread(&source.name, &written));
            }
            found.extend(self.ill_written_in_file(source, bound, major));
            for word in &source.words {
                if let Some(refused) = strict.and_then(|major| self.refused(word, &source.name, major)) {
                    found.push(refused);
                    continue;
                }
                let Some((flag, value)) = self.runtime.flag(word.as_str()) else {
                    found.extend(self.misspelled(word, &source.name).filter(|_| !tolerant));
                    continue;
                };
                let value = value.trim_start();
                let written = Written {
                    text: word,
                    value,
                    sets: flag.sets,
                    grammar: flag.grammar,
                    bad: flag.bad.as_ref(),
                };
                let early = flag.since.zip(major).filter(|(since, major)| major < since);
                if let Some((since, major)) = early.filter(|_| source.name != COMMAND_LINE) {
                    let name = self.runtime.name.display_name();
                    let effect =
                        format!("{name} {major} does not know it and does not start, {name} {since} does");
                    found.push(self.problem(HeapProblemKind::Malformed, word, &source.name, effect));
                    continue;
                }
                found.extend(self.ill_written(&source.name, &written, bound, major));
            }
        }
        for problem in &mut found {
            self.read_instead(problem, bound, major);
        }
        found
    }

    /// Reads the size or percentage that a corrected flag bounds a heap by. If its value is malformed as well, it is corrected, too; one
    /// that cannot be read is no correction.
    fn read_instead(&self, problem: &mut HeapProblem, bound: &Fact<HeapSetting>, major: Option<u32>) {
        let Some(mut flag) = problem.instead.take() else { return };
        if let Some((known, value)) = self.runtime.flag(&flag).filter(|(known, _)| known.sets.is_bound())
            && flags::bound(known.sets, known.grammar, value, major).is_none()
        {
            let text = TracedText::derived(flag.as_str(), problem.flag.span());
            let (sets, grammar, bad) = (known.sets, known.grammar, known.bad.as_ref());
            let written = Written { text: &text, value, sets, grammar, bad };
            let corrected = self.ill_written(&problem.carrier, &written, bound, major);
            let Some(corrected) = corrected.and_then(|problem| problem.instead) else {
                let (name, runtime) =
                    (flag.strip_suffix(value).unwrap_or(&flag), self.runtime.name.display_name());
                problem.help.get_or_insert(format!("write `{name}` and a value that {runtime} accepts"));
                return;
            };
            flag = corrected;
        }
        if let Some((known, value)) = self.runtime.flag(&flag).filter(|(known, _)| known.sets.is_bound()) {
            match flags::bound(known.sets, known.grammar, value, major) {
                Some(Bound::Percent(percent)) => problem.percent = Some(percent),
                Some(Bound::Bytes(size)) if problem.meant.is_none() => {
                    let fronts = vec![flag.strip_suffix(value).unwrap_or(&flag).to_owned()];
                    problem.meant = Some(MeantSize { size, fronts, grammar: known.grammar });
                }
                _ => {}
            }
        }
        problem.instead = Some(flag);
    }

    /// Returns the problem of a word that is meant to bound the heap and is no flag.
    fn misspelled(&self, word: &TracedText, carrier: &str) -> Option<HeapProblem> {
        let name = self.runtime.name.display_name();
        let (effect, instead, help) = match self.runtime.misspelled(word.as_str())? {
            Misspelled::Name(instead) => {
                (format!("{name} does not know it and does not start"), Some(instead), None)
            }
            Misspelled::NoValue(flag) => {
                let help = format!("write the size right behind it: `{flag}<size>`");
                (format!("{name} does not start without its value"), None, Some(help))
            }
        };
        Some(HeapProblem { instead, help, ..self.problem(HeapProblemKind::Malformed, word, carrier, effect) })
    }

    /// Returns the problem of a cache's size in a file.
    fn ill_written_in_file(
        &self,
        source: &SettingSource,
        bound: &Fact<HeapSetting>,
        major: Option<u32>,
    ) -> Option<HeapProblem> {
        let (text, lead) = (source.setting.as_ref()?, source.lead.as_ref()?);
        let flag = self.runtime.flags.iter().find(|flag| flag.sets == Sets::CacheMax)?;
        let bad = flag.bad.as_ref();
        let written = Written { text, value: text.as_str(), sets: flag.sets, grammar: flag.grammar, bad };
        let problem = self.ill_written(&source.name, &written, bound, major)?;
        Some(HeapProblem { written: format!("{lead}{}", without_secrets(text.as_str())), ..problem })
    }

    fn ill_written(
        &self,
        carrier: &str,
        written: &Written<'_>,
        bound: &Fact<HeapSetting>,
        major: Option<u32>,
    ) -> Option<HeapProblem> {
        let Written { text, value, grammar, sets, .. } = *written;
        // Unexpanded variables and kept quotes have rules of their own.
        if value.contains(['$', HOLE]) || value.starts_with(['"', '\'']) {
            return None;
        }
        let name = self.runtime.name.display_name();
        if !fits(grammar, value, major) {
            let effect = match written.bad {
                Some(bad) => bad.clone(),
                None => format!("{name} does not start with it"),
            };
            // `-Xmx=512m`
            let size = ByteSize::parse_any(value.trim_start_matches(['=', ':']));
            let size = size.filter(|_| grammar != Grammar::JvmPercent);
            let instead = match grammar {
                Grammar::JvmPercent => {
                    let whole = value.trim_end_matches('%').parse::<u32>().ok().filter(|share| *share <= 100);
                    whole.map(|share| format!("{share}.0"))
                }
                grammar => size.and_then(|size| spelled(grammar, size)),
            };
            let instead = instead.map(|instead| with_value(text, value, &instead));
            let meant = size.filter(|_| instead.is_some() && sets.is_bound());
            return Some(HeapProblem {
                instead,
                meant: meant.map(|size| MeantSize {
                    size,
                    fronts: vec![with_value(text, value, "")],
                    grammar,
                }),
                ..self.problem(HeapProblemKind::Malformed, text, carrier, effect)
            });
        }
        let small = size(grammar, value).filter(|size| size.0 < SMALLEST_JAVA_HEAP)?;
        if grammar != Grammar::JvmSize || sets != Sets::HeapMax {
            return None;
        }
        let saved = bound.known().filter(|wins| wins.value.flag.span() != text.span());
        let (kind, effect, read_as) = match saved {
            Some(wins) => (
                HeapProblemKind::Misread,
                format!("the later `{}` overrides it", wins.value.written()),
                Some(small.to_string()),
            ),
            None => (
                HeapProblemKind::Malformed,
                format!("it is {small}: {name} does not start with so small a heap"),
                None,
            ),
        };
        let number = value.parse::<u32>().ok();
        let instead = number.map(|number| with_value(text, value, &format!("{number}m")));
        let size = number.map(|number| ByteSize(i64::from(number).saturating_mul(MIB)));
        let meant = size.map(|size| MeantSize { size, fronts: vec![with_value(text, value, "")], grammar });
        Some(HeapProblem { read_as, instead, meant, ..self.problem(kind, text, carrier, effect) })
    }

    /// Finds an initial heap above the maximum: "Initial heap size set to a larger value than the maximum heap size".
    pub(super) fn contradiction(
        &self,
        sources: &[SettingSource],
        bound: &Fact<HeapSetting>,
        starter: &LaunchedBy<'_>,
    ) -> Option<HeapProblem> {
        let setting = bound.known()?;
        let Bound::Bytes(most) = setting.value.bound else { return None };
        let initial = sources
            .iter()
            .flat_map(|source| source.words.iter().map(move |word| (source, word)))
            .rev()
            .find_map(|(source, word)| {
                let (flag, value) = self.runtime.flag(word.as_str())?;
                let size = (flag.sets == Sets::HeapInitial).then(|| size(flag.grammar, value)).flatten()?;
                Some((source, word, size))
            });
        let name = self.runtime.name.display_name();
        if let Some((source, word, size)) = initial {
            let effect =
                format!("the initial heap is larger than the maximum, {most}: {name} does not start");
            return (size.0 > most.0)
                .then(|| self.problem(HeapProblemKind::Malformed, word, &source.name, effect));
        }
        let own = self
            .workload
            .image
            .heap_when_unset
            .as_ref()
            // A start line of its own takes the place of the image's.
            .filter(|_| !matches!(starter, LaunchedBy::Itself))
            .filter(|own| own.initial_too && own.of == self.runtime.name)
            .filter(|own| !own.replaced || self.workload.variable(&own.variable).is_absent())?;
        let initial = ByteSize((own.mib << 20) as i64);
        let effect =
            format!("the image begins with a heap of {initial}, -Xms is missing: {name} does not start");
        (initial.0 > most.0).then(|| {
            let value = &setting.value;
            // Two words are no item of a list, and within quotes no two flags.
            let variable =
                value.variable().and_then(|_| self.workload.env.get(value.carrier.as_str())?.value.known());
            let is_plain = variable.is_some_and(|text| !text.value.as_str().contains(['"', '\'']));
            let size = value.flag.as_str().strip_prefix("-Xmx").filter(|_| is_plain);
            let fronts = ["-Xms", "-Xmx"].map(str::to_owned).to_vec();
            HeapProblem {
                instead: size.map(|size| format!("-Xms{size} -Xmx{size}")),
                help: size.is_none().then(|| "add `-Xms` with the size of `-Xmx`".to_owned()),
                meant: size.map(|_| MeantSize { size: most, fronts, grammar: Grammar::JvmSize }),
                ..self.problem(HeapProblemKind::Malformed, &value.flag, &value.carrier, effect)
            }
        })
    }

    pub(super) fn problem(
        &self,
        kind: HeapProblemKind,
        flag: &TracedText,
        carrier: &str,
        effect: String,
    ) -> HeapProblem {
        let unread = matches!(kind, HeapProblemKind::Unread | HeapProblemKind::WrongVariable);
        let setting = self.runtime.variable(carrier).is_some_and(|variable| variable.value.is_some());
        let mut written = self.quoted(flag.as_str());
        if setting && !unread {
            written = format!("{carrier}={written}");
        }
        HeapProblem::new(kind, flag, written, carrier, effect)
    }

    /// Returns a flag with its value, or a value alone, without words behind it.
    pub(super) fn quoted(&self, flag: &str) -> String {
        let value = self.runtime.flag(flag).map_or(flag, |(_, value)| value.trim_start());
        format!("{}{}", flag.strip_suffix(value).unwrap_or_default(), without_secrets(value))
    }
}

impl MemoryPool {
    /// Forgets a bound that its runtime rejects or misreads: with a size that nobody meant, no advice would hold.
    pub(super) fn forget_misread(mut self) -> Self {
        let misread = |problem: &&HeapProblem| {
            let overridden = self.bound.known().is_some_and(|wins| wins.span != problem.flag.span());
            match problem.kind {
                HeapProblemKind::Misread => !overridden,
                HeapProblemKind::Malformed | HeapProblemKind::Removed => {
                    !overridden && self.bound.known().is_some()
                }
                _ => false,
            }
        };
        if let Some(problem) = self.problems.iter().find(misread).filter(|_| !self.bound.is_unknown()) {
            let why = Why::Other("its setting is rejected or misread");
            self.bound = Fact::Unknown { at: problem.flag.span(), why };
        }
        self
    }

    /// True if a setting is meant to bound it, but is misread or not read.
    #[must_use]
    pub fn has_setting_without_effect(&self) -> bool {
        self.problems.iter().any(|problem| match problem.kind {
            HeapProblemKind::Misread
            | HeapProblemKind::Misplaced
            | HeapProblemKind::Unread
            | HeapProblemKind::WrongVariable => true,
            // Of these, a bound that is rejected is not absent.
            HeapProblemKind::Malformed | HeapProblemKind::Removed | HeapProblemKind::BuildOnly => false,
        })
    }

    /// Returns the setting that should bound it, and that its runtime rejects or misreads.
    #[must_use]
    pub fn misread(&self) -> Option<&HeapProblem> {
        let Fact::Unknown { at, .. } = &self.bound else { return None };
        let kinds = [HeapProblemKind::Malformed, HeapProblemKind::Misread, HeapProblemKind::Removed];
        self.problems.iter().find(|problem| problem.flag.span() == *at && kinds.contains(&problem.kind))
    }
}

/// Shortens a value to its first word, unless all of it is one size, and masks it: the words behind may be secrets.
pub(super) fn without_secrets(value: &str) -> Cow<'_, str> {
    let value = value.trim();
    let end = value.find(|c: char| c.is_whitespace() || matches!(c, ',' | ';' | '&' | '|' | '"' | '\''));
    let first = end.filter(|_| ByteSize::parse_any(value).is_none()).and_then(|end| value.get(..end));
    first.map_or_else(|| secret::command(value), |first| Cow::Owned(format!("{}…", secret::command(first))))
}

/// Finds a decimal number in a .NET setting, which .NET reads as hexadecimal.
fn misread(carrier: &str, written: &Written<'_>) -> Option<HeapProblem> {
    let Written { text, value, grammar, .. } = *written;
    let read = ByteSize::parse_hexadecimal(value).map(|size| size.0)?;
    let decimal: Option<i64> = value.parse().ok().filter(|_| value.bytes().all(|b| b.is_ascii_digit()));
    let hexadecimal = || "without `0x`, too, .NET reads it as hexadecimal".to_owned();
    let ignored = "only less than 100 % counts: the default of 75 % holds";
    let (read_as, effect, instead) = match (grammar, decimal) {
        // Decimal percentages that are in common use. 10 is left out: it is 16 %, which may be intended.
        (Grammar::HexPercent, Some(decimal)) if (20..=100).contains(&decimal) => {
            let effect = if read >= 100 { format!("hexadecimal; {ignored}") } else { hexadecimal() };
            let instead = (decimal < 100).then(|| format!("0x{decimal:X}"));
            (format!("{read} %"), effect, instead)
        }
        (Grammar::HexPercent, _) if read >= 100 => (format!("{read} %"), ignored.to_owned(), None),
        (Grammar::HexBytes, Some(decimal)) if decimal > 0 && decimal % (1 << 20) == 0 => {
            let instead = spelled(grammar, ByteSize(decimal))?;
            (ByteSize(read).to_string(), hexadecimal(), Some(instead))
        }
        _ => return None,
    };
    let written = format!("{carrier}={value}");
    let size = decimal.filter(|_| grammar == Grammar::HexBytes).map(ByteSize);
    Some(HeapProblem {
        read_as: Some(read_as),
        instead,
        meant: size.map(|size| MeantSize { size, fronts: vec![String::new()], grammar }),
        ..HeapProblem::new(HeapProblemKind::Misread, text, written, carrier, effect)
    })
}

/// Replaces the value at the end of a word.
fn with_value(text: &TracedText, value: &str, instead: &str) -> String {
    let word = text.as_str();
    let front = word.strip_suffix(value).unwrap_or(word);
    // `-Xmx=512m` and `-Xmx:512m` have one character too many.
    let front = front.strip_suffix(['=', ':']).filter(|front| front.ends_with("-Xmx")).unwrap_or(front);
    format!("{front}{instead}")
}
