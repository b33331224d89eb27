//! Who reads which variable and flag: `rules/catalog/runtimes.yaml`.

use serde::Deserialize;

use super::{DefaultHeap, RefusedFlag, RuntimeName};

/// The whole table.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RuntimeTable {
    pub(super) runtimes: Vec<Runtime>,
    pub(super) quotes: Vec<Quotes>,
}

/// What quotes that are part of a variable's value do to who reads it.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Quotes {
    /// The variable.
    variable: String,
    /// The quote that does it, where the reader takes the other one away.
    #[serde(default)]
    only: Option<char>,
    /// What was set is lost, or nothing starts.
    #[serde(default)]
    pub breaks: bool,
    /// What the reader does: lower case, no full stop.
    pub effect: String,
    /// Where that is known from.
    pub source: String,
}

impl Quotes {
    /// True when the row speaks of this value of this variable.
    pub(super) fn fits(&self, name: &str, value: &str) -> bool {
        self.variable == name && self.only.is_none_or(|quote| value.starts_with(quote))
    }

    /// Of a variable that something hands on as it is.
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
    /// Which one.
    pub name: RuntimeName,
    /// What kind of memory it manages.
    #[serde(default)]
    pub pool: Pool,
    /// Programs that are the runtime.
    pub programs: Vec<String>,
    /// Programs that start it for somebody else.
    #[serde(default)]
    pub starters: Vec<Starter>,
    /// Where flags come from, weakest first; `command-line` stands for the start command.
    pub precedence: Vec<String>,
    /// Environment variables.
    pub variables: Vec<Variable>,
    /// Command-line flags.
    #[serde(default)]
    pub flags: Vec<Flag>,
    /// Flags that some versions refuse.
    #[serde(default)]
    pub refused: Vec<RefusedFlag>,
    /// How its command line is read.
    #[serde(default)]
    pub command_line: CommandLine,
    /// The heap when nothing bounds it.
    #[serde(default)]
    pub default_heap: Option<DefaultHeap>,
    /// The first major version that sees a cgroup v2 limit, where older ones are still in use.
    #[serde(default)]
    pub cgroup_v2_since: Option<u32>,
    /// Builds that a newer kernel keeps from seeing the limit.
    #[serde(default)]
    pub unseen_builds: Vec<UnseenBuilds>,
    /// Where it was measured or read.
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
    /// The kernels on which it does not: lower or upper case as people write it.
    pub kernel: String,
    /// Where it is described.
    pub source: String,
}

/// What kind of memory a runtime or server manages.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Pool {
    /// Objects of a program, collected when they are no longer used.
    #[default]
    Heap,
    /// Data that a server keeps in memory.
    Cache,
}

/// How a command line is read.
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
    /// A word that is no option names a file with settings, and so do the values of these options.
    #[serde(default)]
    pub settings_files: Option<Vec<String>>,
}

/// A program that starts the runtime for somebody else.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Starter {
    /// Its file name.
    pub program: String,
    /// The variables that it puts on the runtime's command line.
    pub expands: Vec<String>,
    /// It bounds the heap itself when none of them does.
    #[serde(default)]
    pub bounds_heap: bool,
    /// The script.
    pub source: String,
}

/// Who reads a variable.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ReadBy {
    /// The runtime itself, however it is started.
    Runtime,
    /// The program that starts it, such as `java`; not when the library is loaded otherwise.
    Launcher,
    /// Only a script that expands it.
    Script,
}

/// An environment variable.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Variable {
    /// Its name.
    pub name: String,
    /// Who reads it.
    pub read_by: ReadBy,
    /// Nothing else than one product reads a variable of that name: where it is set, that product runs.
    #[serde(default)]
    pub names_reader: bool,
    /// Set when only one of the runtime's virtual machines is known to read it.
    #[serde(default)]
    pub only: Option<DefaultHeap>,
    /// The first major version that reads it.
    #[serde(default)]
    pub since: Option<u32>,
    /// What it sets, when it is one setting and not a string of flags.
    #[serde(default)]
    pub value: Option<Setting>,
    /// Where that is known from.
    pub source: String,
}

/// What a value means and how it is written.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Setting {
    /// What it sets.
    pub sets: Sets,
    /// How it is written.
    pub grammar: Grammar,
    /// What becomes of a value that does not fit, where the runtime starts all the same.
    #[serde(default)]
    pub bad: Option<String>,
}

/// A command-line flag.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Flag {
    /// Its spellings, up to where the value begins.
    pub spellings: Vec<String>,
    /// What it sets.
    pub sets: Sets,
    /// How the value is written.
    pub grammar: Grammar,
    /// What becomes of a value that does not fit, where the runtime starts all the same.
    #[serde(default)]
    pub bad: Option<String>,
    /// The first major version that takes it in a variable.
    #[serde(default)]
    pub since: Option<u32>,
    /// Where that is known from.
    pub source: String,
}

/// What a setting bounds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Sets {
    /// The largest heap.
    HeapMax,
    /// The largest heap, as a share of the limit.
    HeapMaxPercent,
    /// The largest heap, as one part of so many of the limit.
    HeapMaxFraction,
    /// The largest heap where memory is small, as a share of the limit.
    HeapSmallPercent,
    /// The same as one part of so many.
    HeapSmallFraction,
    /// The memory that shares are taken of.
    Memory,
    /// The heap at the start.
    HeapInitial,
    /// The heap at the start, as a share of the limit.
    HeapInitialPercent,
    /// Sizes the heap by the container's limit, in runtimes that do not by themselves.
    HeapFromLimit,
    /// Makes the runtime look at the host's memory.
    LimitUnseen,
    /// The part of the heap for new objects.
    YoungMax,
    /// Memory beside the heap for buffers.
    DirectMax,
    /// Memory beside the heap for classes.
    MetaspaceMax,
    /// Memory beside the heap for compiled code.
    CodeCache,
    /// Memory beside the heap for each thread.
    ThreadStack,
    /// A target that the collector works towards, and may exceed.
    SoftLimit,
    /// What a server keeps in memory.
    CacheMax,
    /// Which allocator serves the program.
    Allocator,
}

impl Sets {
    /// True for what bounds the largest heap or cache.
    #[must_use]
    pub fn is_bound(self) -> bool {
        matches!(
            self,
            Self::HeapMax | Self::HeapMaxPercent | Self::HeapMaxFraction | Self::SoftLimit | Self::CacheMax
        )
    }
}

/// How a value is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Grammar {
    /// An integer with at most one of k, m, g, t, in either case.
    JvmSize,
    /// The same or an integer with `%`; empty for the JVM's own default.
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
    /// A name of CPython's allocators.
    PythonAllocator,
    /// No value.
    Switch,
}

impl Runtime {
    /// The variable of this name.
    pub fn variable(&self, name: &str) -> Option<&Variable> {
        self.variables.iter().find(|variable| variable.name == name)
    }

    /// The flag that a word is, and its value. The value of a switch is empty.
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

    /// What is known of versions that refuse a word.
    pub fn refused(&self, word: &str) -> Option<&RefusedFlag> {
        self.refused.iter().find(|row| row.names(word))
    }

    /// The program that starts it for somebody else, by the last part of its path.
    pub fn starter(&self, program: &str) -> Option<&Starter> {
        let name = base_name(program);
        self.starters.iter().find(|starter| starter.program == name)
    }

    /// True when the program is the runtime, wherever it is installed.
    pub fn is_program(&self, program: &str) -> bool {
        let name = base_name(program);
        self.programs.iter().any(|known| known == name)
    }
}

fn base_name(program: &str) -> &str {
    let parts = memchr::memrchr(b'/', program.as_bytes()).map_or(0, |last| last + 1);
    program.get(parts..).unwrap_or(program)
}
