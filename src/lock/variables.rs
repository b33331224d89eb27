//! Which variables of an image's environment are kept, and how much of their values: what sizes memory, nothing else.

use crate::catalog::{Catalog, Grammar, ImageEntry, RuntimeName};
use crate::hash::HashSet;

/// Variables with the version of a runtime that official images set.
const VERSIONS: [(&str, RuntimeName); 19] = [
    ("JAVA_VERSION", RuntimeName::Java),
    ("NODE_VERSION", RuntimeName::Node),
    ("PYTHON_VERSION", RuntimeName::Python),
    ("GOLANG_VERSION", RuntimeName::Go),
    ("DOTNET_VERSION", RuntimeName::Dotnet),
    ("ASPNET_VERSION", RuntimeName::Dotnet),
    ("PHP_VERSION", RuntimeName::Php),
    ("RUBY_VERSION", RuntimeName::Ruby),
    ("RUST_VERSION", RuntimeName::Rust),
    ("OTP_VERSION", RuntimeName::Erlang),
    ("REDIS_VERSION", RuntimeName::Redis),
    ("VALKEY_VERSION", RuntimeName::Redis),
    ("MEMCACHED_VERSION", RuntimeName::Memcached),
    ("PG_MAJOR", RuntimeName::Postgres),
    ("PG_VERSION", RuntimeName::Postgres),
    ("MYSQL_MAJOR", RuntimeName::Mysql),
    ("MYSQL_VERSION", RuntimeName::Mysql),
    ("MARIADB_VERSION", RuntimeName::Mysql),
    ("MONGO_VERSION", RuntimeName::Mongo),
];

/// Parts of the names of variables that size memory, whoever reads them.
const WORDS: [&str; 6] = ["HEAP", "MEMORY", "MEM", "XMX", "XMS", "RAM"];

/// Parts of the names of `HotSpot`'s options for sizes.
const SIZES: [&str; 7] = ["Heap", "RAM", "Size", "Memory", "Percent", "Fraction", "Ratio"];

/// The longest value that is kept, in bytes.
const MAX_VALUE: usize = 512;

/// The variables of containers that are kept, whatever image they run.
pub struct Keeper<'c> {
    catalog: &'c Catalog,
    /// The variables that rows of the catalogue name.
    names: HashSet<&'c str>,
}

impl<'c> Keeper<'c> {
    /// Creates one for the rows of a catalogue.
    #[must_use]
    pub fn new(catalog: &'c Catalog) -> Self {
        Self { catalog, names: catalog.images().flat_map(names_of).collect() }
    }

    /// Returns what is kept of a variable: `None` if nothing is, `Some(None)` for its name alone.
    #[must_use]
    pub fn kept(&self, name: &str, value: &str) -> Option<Option<String>> {
        kept_of(name, value, self.catalog, self.names.contains(name))
    }
}

/// Returns what is kept of a variable: `None` if nothing is, not even its name, `Some(None)` for its name alone.
pub(super) fn kept(
    name: &str,
    value: &str,
    catalog: &Catalog,
    row: Option<&ImageEntry>,
) -> Option<Option<String>> {
    kept_of(name, value, catalog, row.is_some_and(|row| names_of(row).contains(&name)))
}

fn kept_of(name: &str, value: &str, catalog: &Catalog, of_row: bool) -> Option<Option<String>> {
    if VERSIONS.iter().any(|(known, _)| *known == name) {
        return is_version(value).then(|| Some(value.to_owned()));
    }
    let known = catalog.variable(name).map(|(_, variable)| variable);
    if known.is_none() && !of_row && !is_telling(name) {
        return None;
    }
    let grammar = known.and_then(|variable| variable.value.as_ref()).map(|value| value.grammar);
    if is_size(value, grammar) {
        return Some(Some(value.trim().to_owned()));
    }
    let mut flags = flags(value, catalog).join(" ");
    if flags.len() > MAX_VALUE {
        flags.clear();
    }
    match (flags.is_empty(), known) {
        (false, _) => Some(Some(flags)),
        // A string of flags, none of which is about memory.
        (true, Some(variable)) if variable.value.is_none() => Some(Some(String::new())),
        (true, Some(_)) => Some(None),
        (true, None) => of_row.then_some(None),
    }
}

/// Returns the runtime that a variable names the version of, with the numbers of that version.
#[must_use]
pub fn runtime_version(name: &str, value: &str) -> Option<(RuntimeName, Vec<u32>)> {
    let (_, runtime) = VERSIONS.iter().find(|(known, _)| *known == name)?;
    let digits = value.find(|c: char| c.is_ascii_digit())?;
    let numbers = value.get(digits..)?.split(|c: char| !c.is_ascii_digit());
    let mut numbers: Vec<u32> = numbers.map_while(|number| number.parse().ok()).take(4).collect();
    // `1.8.0_392` is Java 8.
    if *runtime == RuntimeName::Java && numbers.first() == Some(&1) && numbers.len() > 1 {
        numbers.remove(0);
    }
    (!numbers.is_empty()).then_some((*runtime, numbers))
}

/// Returns the variables of memory that a row of the catalogue names.
fn names_of(row: &ImageEntry) -> Vec<&str> {
    let of_parts = row.memory.iter().flat_map(|part| &part.set_by).filter_map(|by| by.variable.as_ref());
    let sizes_itself = row.sizes_itself.iter().flat_map(|own| &own.unless_set);
    let ignores = row.ignores_limit.iter().flat_map(|own| &own.unless_set);
    let heap = row.heap_when_unset.iter().map(|heap| &heap.variable);
    let names = row.expands.iter().chain(heap).chain(of_parts).chain(sizes_itself).chain(ignores);
    names.map(String::as_str).collect()
}

/// True for a name that says that it is about memory: `ES_HEAP_SIZE`, `JAVA_OPTS`, `ACME_JAVA_OPTS`, `JVM_XMX`.
fn is_telling(name: &str) -> bool {
    let upper = name.to_ascii_uppercase();
    let has = |part: &str| upper.split('_').any(|word| word == part);
    WORDS.iter().any(|word| has(word)) || has("JAVA") || has("JVM")
}

/// True for text that is a size, a share or a count and nothing else.
fn is_size(text: &str, grammar: Option<Grammar>) -> bool {
    let text = text.trim();
    let plain = |text: &str| {
        let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
        let unit = unsigned.trim_start_matches(|c: char| c.is_ascii_digit() || c == '.');
        let number = unsigned.get(..unsigned.len() - unit.len()).unwrap_or_default();
        let unit = unit.trim_start();
        number.starts_with(|c: char| c.is_ascii_digit())
            && number.len() <= 20
            && unit.len() <= 5
            && (unit == "%" || unit.bytes().all(|byte| byte.is_ascii_alphabetic()))
    };
    let hex = |text: &str| {
        let digits = text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")).unwrap_or(text);
        (1..=16).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_hexdigit())
    };
    match grammar {
        Some(Grammar::HexBytes | Grammar::HexPercent) => hex(text),
        Some(Grammar::PythonAllocator) => {
            ["malloc", "malloc_debug", "pymalloc", "pymalloc_debug", "debug", "default", "mimalloc"]
                .contains(&text)
        }
        _ => text == "off" || plain(text),
    }
}

/// Returns the words of a value that are flags about memory, with their values.
fn flags(value: &str, catalog: &Catalog) -> Vec<String> {
    let words: Vec<&str> = value.split_whitespace().collect();
    let mut found = Vec::new();
    let mut rest = words.iter().copied().peekable();
    while let Some(word) = rest.next() {
        if is_flag(word, catalog) {
            found.push(word.to_owned());
            continue;
        }
        // `--max-old-space-size 4096`: the value is the next word.
        let joined = rest.peek().map(|next| format!("{word}={next}"));
        if word.starts_with("--") && joined.is_some_and(|joined| is_flag(&joined, catalog)) {
            found.push(word.to_owned());
            found.extend(rest.next().map(str::to_owned));
        }
    }
    found
}

/// True for a flag of Java or Node that is a switch, or has a size as its value.
fn is_flag(word: &str, catalog: &Catalog) -> bool {
    let known = [RuntimeName::Java, RuntimeName::Node].into_iter().any(|name| {
        let flag = catalog.runtime(name).and_then(|runtime| runtime.flag(word));
        flag.is_some_and(|(flag, value)| {
            flag.grammar == Grammar::Switch || is_size(value, Some(flag.grammar))
        })
    });
    let hotspot = word.strip_prefix("-XX:").is_some_and(|option| {
        let Some((name, value)) = option.split_once('=') else { return false };
        let is_name = name.len() <= 64 && name.bytes().all(|byte| byte.is_ascii_alphanumeric());
        is_name && SIZES.iter().any(|part| name.contains(part)) && is_size(value, None)
    });
    // Flags with which some versions do not start.
    let refused = catalog.runtime(RuntimeName::Java).and_then(|runtime| runtime.refused(word)).is_some()
        && word.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-+:".contains(&byte));
    let nursery = word.strip_prefix("-Xmn").is_some_and(|value| is_size(value, None));
    known || hotspot || nursery || refused
}

/// True for text that is a version: `21.0.5`, `jdk-21.0.5+11`, `1:11.4.3+maria~ubu2404`.
fn is_version(text: &str) -> bool {
    let start = ["jdk-", "jdk", "v", ""].into_iter().find_map(|prefix| {
        text.strip_prefix(prefix).filter(|rest| rest.starts_with(|c: char| c.is_ascii_digit()))
    });
    start.is_some()
        && text.len() <= 48
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".+-_~:".contains(&byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(name: &str, value: &str) -> Option<Option<String>> {
        kept(name, value, Catalog::builtin(), None)
    }

    fn value(text: &str) -> Option<Option<String>> {
        Some(Some(text.to_owned()))
    }

    #[test]
    fn only_memory_is_kept() {
        assert_eq!(of("JAVA_OPTS", "-Xmx512m -Dspring.password=hunter2 -XX:+UseG1GC"), value("-Xmx512m"));
        assert_eq!(
            of("NODE_OPTIONS", "--require ./x --max-old-space-size 512"),
            value("--max-old-space-size 512")
        );
        assert_eq!(of("NODE_OPTIONS", "--max_old_space_size=512"), value("--max_old_space_size=512"));
        assert_eq!(of("JAVA_TOOL_OPTIONS", "-javaagent:/x.jar=key"), value(""));
        assert_eq!(of("GOMEMLIMIT", "512MiB"), value("512MiB"));
        assert_eq!(of("GOMEMLIMIT", "hunter2"), Some(None));
        assert_eq!(of("ES_HEAP_SIZE", "1g"), value("1g"));
        assert_eq!(of("ACME_HEAP_SECRET", "hunter2"), None);
        assert_eq!(of("PATH", "/usr/bin"), None);
        assert_eq!(of("JAVA_HOME", "/usr/lib/jvm"), None);
        assert_eq!(of("JAVA_OPTS", "-XX:OnOutOfMemoryError=/x -XX:MaxHeapSize=abc"), value(""));
        assert_eq!(
            of("JAVA_OPTS", "-XX:+UseConcMarkSweepGC -XX:NewSize=64m"),
            value("-XX:+UseConcMarkSweepGC -XX:NewSize=64m")
        );
        assert_eq!(of("DOTNET_GCHeapHardLimit", "C800000"), value("C800000"));
        assert_eq!(of("JAVA_VERSION", "jdk-21.0.5+11"), value("jdk-21.0.5+11"));
        assert_eq!(of("JAVA_VERSION", "my secret"), None);
    }

    #[test]
    fn versions_are_numbers() {
        let of = |name, value| runtime_version(name, value).map(|(_, numbers)| numbers);
        assert_eq!(of("JAVA_VERSION", "jdk-21.0.5+11"), Some(vec![21, 0, 5, 11]));
        assert_eq!(of("JAVA_VERSION", "1.8.0_392"), Some(vec![8, 0, 392]));
        assert_eq!(of("JAVA_VERSION", "jdk8u432-b06"), Some(vec![8, 432]));
        assert_eq!(of("NODE_VERSION", "22.11.0"), Some(vec![22, 11, 0]));
        assert_eq!(of("OTHER_VERSION", "1"), None);
    }
}
