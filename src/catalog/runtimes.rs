//! The variables and flags that each runtime reads, and their precedence: `rules/catalog/runtimes.yaml`.

use serde::Deserialize;

use super::{DefaultHeap, RefusedFlag, RuntimeName};

/// The table as written.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RuntimeTable {
    pub(super) runtimes: Vec<Runtime>,
    pub(super) quotes: Vec<Quotes>,
}

/// The effect of quotes that are part of a variable's value on its reader.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Quotes {
    /// The variable.
    variable: String,
    /// The quote with this effect, if the reader strips the other one.
    #[serde(default)]
    only: Option<char>,
    /// The setting is lost, or nothing starts.
    #[serde(default)]
    pub breaks: bool,
    /// The behaviour of the reader: lower case, no full stop.
    pub effect: String,
    /// The source of the claim.
    pub source: String,
}

impl Quotes {
    /// True if the row is about this value of this variable.
    pub(super) fn fits(&self, name: &str, value: &str) -> bool {
        self.variable == name && self.only.is_none_or(|quote| value.starts_with(quote))
    }

    /// Creates the row of a variable that is passed on as it is.
    pub(super) fn kept(name: &str, by: &str, source: &str) -> Self {
        Self {
            variable: name.to_owned(),
            only: None,
            breaks: false,
            effect: format!("{by} keeps the quotes"),
            source: source.to_owned(),
        }
    }
}

/// A language runtime, or a server with a cache, and how its memory is set.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Runtime {
    /// Its name.
    pub name: RuntimeName,
    /// The kind of memory that it manages.
    #[serde(default)]
    pub pool: Pool,
    /// Programs that are the runtime.
    pub programs: Vec<String>,
    /// Programs, such as start scripts, that start it.
    #[serde(default)]
    pub starters: Vec<Starter>,
    /// The origins of flags, weakest first. `command-line` stands for the start command.
    pub precedence: Vec<String>,
    /// Environment variables.
    pub variables: Vec<Variable>,
    /// Command-line flags.
    #[serde(default)]
    pub flags: Vec<Flag>,
    /// Flags that some versions reject.
    #[serde(default)]
    pub refused: Vec<RefusedFlag>,
    /// The syntax of its command line.
    #[serde(default)]
    pub command_line: CommandLine,
    /// The files with its settings.
    #[serde(default)]
    pub settings: Option<SettingPlaces>,
    /// The heap if nothing bounds it.
    #[serde(default)]
    pub default_heap: Option<DefaultHeap>,
    /// The first major version that sees a cgroup v2 limit, if older ones are still in use.
    #[serde(default)]
    pub cgroup_v2_since: Option<u32>,
    /// Builds that do not see the limit on newer kernels.
    #[serde(default)]
    pub unseen_builds: Vec<UnseenBuilds>,
    /// The source of the claims: a measurement or a document.
    pub source: String,
}

/// Builds of one major version that do not see the limit of the container.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct UnseenBuilds {
    /// The major version.
    pub major: u32,
    /// The first update that sees it.
    pub fixed_in: u32,
    /// The kernels on which it does not, as reports show them: `Linux 6.12 and later`.
    pub kernel: String,
    /// The source of the claim.
    pub source: String,
}

/// The kind of memory that a runtime or server manages.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Pool {
    /// Objects of a program, collected when they are no longer used.
    #[default]
    Heap,
    /// Data that a server keeps in memory.
    Cache,
}

/// The files in which a program looks for its settings.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct SettingPlaces {
    /// Paths of files and of directories of such files that it reads by itself, the weakest first.
    #[serde(default)]
    pub files: Vec<String>,
    /// Paths of files that it writes by itself, among its data: they count only if they are here.
    #[serde(default)]
    pub data_files: Vec<String>,
    /// Options up to their value, which is such a file and takes the place of all others: `--config=`.
    #[serde(default)]
    pub named_by: Vec<String>,
    /// The first argument is such a file if it is no option.
    #[serde(default)]
    pub first_argument: bool,
    /// The sections that it reads; all if empty.
    #[serde(default)]
    pub sections: Vec<String>,
    /// The name of the setting that bounds its cache.
    #[serde(default)]
    pub cache: String,
    /// The source of the facts.
    #[serde(default)]
    pub source: String,
}

/// The syntax of a command line.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct CommandLine {
    /// Options whose value is the next word.
    #[serde(default)]
    pub with_value: Vec<String>,
    /// Every option takes the next word as its value, unless that is an option too.
    #[serde(default)]
    pub joins_values: bool,
    /// `_` is the same as `-` in the names of options.
    #[serde(default)]
    pub underscores: bool,
    /// A flag whose name is in another case is none, and keeps the program from starting.
    #[serde(default)]
    pub exact_names: bool,
    /// The beginnings of words that name a file with more options. These files are not read.
    #[serde(default)]
    pub names_files: Vec<String>,
}

impl CommandLine {
    /// Returns the file with more options that a word names: `/etc/jvm.args` of `@/etc/jvm.args`.
    #[must_use]
    pub fn named_file<'w>(&self, word: &'w str) -> Option<&'w str> {
        let files = self.names_files.iter().filter_map(|start| word.strip_prefix(start.as_str()));
        files.rev().find(|file| !file.is_empty())
    }
}

/// A program, such as a start script, that starts the runtime.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Starter {
    /// Its file name.
    pub program: String,
    /// The variables that it puts on the runtime's command line.
    pub expands: Vec<String>,
    /// It bounds the heap itself if none of them does.
    #[serde(default)]
    pub bounds_heap: bool,
    /// The source of the claim: the script.
    pub source: String,
}

/// The reader of a variable.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ReadBy {
    /// The runtime itself, however it is started.
    Runtime,
    /// The program that starts it, such as `java`. Nothing reads it if the library is loaded otherwise.
    Launcher,
    /// A script that expands it, and nothing else.
    Script,
}

/// An environment variable.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Variable {
    /// Its name.
    pub name: String,
    /// Its reader.
    pub read_by: ReadBy,
    /// Only one product reads a variable of that name: if it is set, that product runs.
    #[serde(default)]
    pub names_reader: bool,
    /// The virtual machine, if only one of the runtime's is known to read it.
    #[serde(default)]
    pub only: Option<DefaultHeap>,
    /// The first major version that reads it.
    #[serde(default)]
    pub since: Option<u32>,
    /// The setting, if it is a single one and not a string of flags.
    #[serde(default)]
    pub value: Option<Setting>,
    /// The source of the claim.
    pub source: String,
}

/// Returns the name of a flag without what people get wrong in it: case, `_` for `-`, and the sign of a switch of the JVM.
fn plain(name: &str) -> impl Iterator<Item = u8> {
    let name = name.strip_prefix("-XX:").map_or(name, |switch| switch.trim_start_matches(['+', '-']));
    name.bytes().map(|byte| if byte == b'_' { b'-' } else { byte.to_ascii_lowercase() })
}

/// A word that is meant to be a flag of a runtime.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Misspelled {
    /// Its name is another one; this is the right word.
    Name(String),
    /// It has no value; this is the flag up to the value.
    NoValue(String),
}

/// The meaning and the syntax of a value.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Setting {
    /// The effect of the setting.
    pub sets: Sets,
    /// Its syntax.
    pub grammar: Grammar,
    /// The consequence of an invalid value, if the runtime starts all the same.
    #[serde(default)]
    pub bad: Option<String>,
}

/// A command-line flag.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Flag {
    /// Its spellings, up to the start of the value.
    pub spellings: Vec<String>,
    /// The effect of the flag.
    pub sets: Sets,
    /// The syntax of the value.
    pub grammar: Grammar,
    /// The consequence of an invalid value, if the runtime starts all the same.
    #[serde(default)]
    pub bad: Option<String>,
    /// The first major version that takes it in a variable.
    #[serde(default)]
    pub since: Option<u32>,
    /// The source of the claim.
    pub source: String,
}

/// The effect of a setting.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Sets {
    /// The largest heap.
    HeapMax,
    /// The largest heap, in percent of the limit.
    HeapMaxPercent,
    /// The largest heap, as a divisor of the limit.
    HeapMaxFraction,
    /// The largest heap of a small memory, in percent of the limit.
    HeapSmallPercent,
    /// The largest heap of a small memory, as a divisor of the limit.
    HeapSmallFraction,
    /// The memory that percentages refer to, in place of the limit.
    Memory,
    /// The initial heap.
    HeapInitial,
    /// The initial heap, in percent of the limit.
    HeapInitialPercent,
    /// Sizes the heap by the container's limit, in runtimes that do not by themselves.
    HeapFromLimit,
    /// Makes the runtime use the host's memory instead of the limit.
    LimitUnseen,
    /// The young generation of the heap.
    YoungMax,
    /// Direct memory: buffers outside of the heap.
    DirectMax,
    /// Metaspace: classes outside of the heap.
    MetaspaceMax,
    /// Compiled code outside of the heap.
    CodeCache,
    /// The stack of each thread, outside of the heap.
    ThreadStack,
    /// A target that the collector works towards, and may exceed.
    SoftLimit,
    /// The cache of a server.
    CacheMax,
    /// The allocator that serves the program.
    Allocator,
}

impl Sets {
    /// True for settings that bound the largest heap or cache.
    #[must_use]
    pub fn is_bound(self) -> bool {
        matches!(
            self,
            Self::HeapMax | Self::HeapMaxPercent | Self::HeapMaxFraction | Self::SoftLimit | Self::CacheMax
        )
    }
}

/// The syntax of a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Grammar {
    /// An integer with at most one of k, m, g, t, in either case.
    JvmSize,
    /// As [`Grammar::JvmSize`], or an integer with `%`. Empty for the JVM's own default.
    JvmSizeOrPercent,
    /// A number from 0 to 100; JDK 8 wants a decimal point.
    JvmPercent,
    /// An integer.
    JvmInteger,
    /// An integer, in MiB, no unit.
    Mebibytes,
    /// An integer from 1 to 100, no sign.
    PercentInteger,
    /// An integer with B, KiB, MiB, GiB or TiB, exactly; or `off`.
    GoSize,
    /// Bytes in hexadecimal, with or without 0x.
    HexBytes,
    /// A percentage in hexadecimal.
    HexPercent,
    /// An integer with k, m, g (thousands) or kb, mb, gb (1024), in either case.
    RedisSize,
    /// An integer, in MiB; a unit after it is not read.
    MemcachedMebibytes,
    /// A number with B, kB, MB, GB or TB, exactly; in blocks of 8 KiB without one.
    PostgresSize,
    /// An integer with at most one of K, M, G, T, in either case.
    MysqlSize,
    /// A number, in GiB, no unit.
    MongoGigabytes,
    /// An integer with at most one of K, M, G, in either case; -1 for no bound.
    PhpSize,
    /// An integer, in bytes.
    Bytes,
    /// A number with at most one of B, K, M, G, T, each with or without `i` and B, in either case and after blanks; 1024 and 1000
    /// are not told apart.
    AnySize,
    /// A share of the memory that is seen: `0.9`.
    Ratio,
    /// A share of the memory that is seen, in percent, with or without `%`.
    Percent,
    /// A name of `CPython`'s allocators.
    PythonAllocator,
    /// No value.
    Switch,
}

impl Runtime {
    /// Returns the variable of this name.
    #[must_use]
    pub fn variable(&self, name: &str) -> Option<&Variable> {
        self.variables.iter().find(|variable| variable.name == name)
    }

    /// Returns the flag that a word is, and its value, which is empty for a switch.
    #[must_use]
    pub fn flag<'w>(&self, word: &'w str) -> Option<(&Flag, &'w str)> {
        let dashed;
        let name = if self.command_line.underscores {
            let end = word.find('=').unwrap_or(word.len());
            dashed = word.get(..end)?.replace('_', "-") + word.get(end..)?;
            &dashed
        } else {
            word
        };
        self.flags.iter().find_map(|flag| {
            let spelling = flag.spellings.iter().find(|spelling| match flag.grammar {
                Grammar::Switch => name == spelling.as_str(),
                _ => name.starts_with(spelling.as_str()),
            })?;
            Some((flag, word.get(spelling.len()..)?))
        })
    }

    /// Returns the flag that a word is meant to be, if it is none: `-XX:MaxRamPercentage=75` and `-XX:+MaxRAMPercentage=75` are
    /// no flags of Java, and `--max-old-space-size` without a value is none of Node.
    #[must_use]
    pub fn misspelled(&self, word: &str) -> Option<Misspelled> {
        if !self.command_line.exact_names || self.flag(word).is_some() {
            return None;
        }
        let (name, value) = word.split_once('=').map_or((word, None), |(name, value)| (name, Some(value)));
        let bounds = self.flags.iter().filter(|flag| flag.sets.is_bound());
        let mut spellings = bounds.flat_map(|flag| &flag.spellings);
        let spelling = spellings
            .find(|spelling| spelling.strip_suffix('=').is_some_and(|known| plain(known).eq(plain(name))))?;
        Some(match value {
            Some(value) => Misspelled::Name(format!("{spelling}{value}")),
            None => Misspelled::NoValue(spelling.clone()),
        })
    }

    /// Returns the row about versions that reject a word.
    #[must_use]
    pub fn refused(&self, word: &str) -> Option<&RefusedFlag> {
        self.refused.iter().find(|row| row.names(word))
    }

    /// Returns the starter with the base name of `program`.
    #[must_use]
    pub fn starter(&self, program: &str) -> Option<&Starter> {
        let name = base_name(program);
        self.starters.iter().find(|starter| starter.program == name)
    }

    /// True if the program is the runtime, wherever it is installed.
    #[must_use]
    pub fn is_program(&self, program: &str) -> bool {
        let name = base_name(program);
        self.programs.iter().any(|known| known == name)
    }
}

fn base_name(program: &str) -> &str {
    let parts = memchr::memrchr(b'/', program.as_bytes()).map_or(0, |last| last + 1);
    program.get(parts..).unwrap_or(program)
}
