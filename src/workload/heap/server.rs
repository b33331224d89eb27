//! The memory that a server needs outside its cache, by its settings: an estimate, term by term.
//!
//! A connection counts with what it uses at most times, and only settings that somebody wrote raise that. Where a manual has a
//! number, it counts; the others are allowances of our own, and the rule's page says which.

use super::NativeOverhead;
use super::reader::{SettingSource, SettingsReader};
use crate::catalog::{Grammar, RuntimeName};
use crate::source::{Span, TracedText};
use crate::syntax::settings::same_key;
use crate::syntax::size::{ByteSize, MIB};
use crate::workload::setting_files::FileSettings;
use crate::workload::{Fact, Program, Why};

/// The connections that are at work at once, if nobody says how many there may be.
const USUAL_CONNECTIONS: i64 = 10;

/// The memory that a server needs outside its cache.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ServerNeeds {
    /// The overhead of the cache, in percent of it.
    share: i64,
    /// The reason for `share`: `for its control structures`.
    share_what: &'static str,
    /// The other terms.
    terms: Vec<MemoryTerm>,
}

/// One term of what a server needs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MemoryTerm {
    /// Its purpose: `for 125 of 500 connections (64 MiB of work_mem + 5 MiB each)`.
    pub text: String,
    /// The result.
    pub size: ByteSize,
    /// The part of it that is there because somebody wrote a setting.
    pub raised: ByteSize,
    /// The places of these settings, each as written.
    pub written: Vec<(Span, String)>,
}

impl ServerNeeds {
    /// Returns the sum of the cache and what is outside it.
    #[must_use]
    pub fn sum(&self, cache: ByteSize) -> ByteSize {
        let terms = self.terms.iter().fold(0_i64, |sum, term| sum.saturating_add(term.size.0));
        ByteSize(cache.0.saturating_add(self.on_top(cache).0).saturating_add(terms))
    }

    /// Returns the part that is there because somebody wrote a setting.
    #[must_use]
    pub fn raised(&self) -> ByteSize {
        ByteSize(self.terms.iter().fold(0_i64, |sum, term| sum.saturating_add(term.raised.0)))
    }

    /// Returns the terms that a setting raises.
    pub fn raised_terms(&self) -> impl Iterator<Item = &MemoryTerm> {
        self.terms.iter().filter(|term| term.raised.0 > 0)
    }

    /// Returns everything outside a cache, each with its size: `77 MiB`, `for control structures (10 % of it)`.
    #[must_use]
    pub fn parts(&self, cache: ByteSize) -> Vec<(ByteSize, String)> {
        let share = (self.on_top(cache), format!("{} ({} % of it)", self.share_what, self.share));
        let share = (self.share > 0).then_some(share);
        let terms = self.terms.iter().map(|term| (term.size, term.text.clone()));
        share.into_iter().chain(terms).collect()
    }

    /// Returns the calculation of everything outside a cache in one line: `77 MiB for control structures (10 %) + …`.
    fn arithmetic(&self, cache: ByteSize) -> String {
        let parts = self.parts(cache).into_iter().map(|(size, text)| format!("{size} {text}"));
        parts.collect::<Vec<_>>().join(" + ")
    }

    fn on_top(&self, cache: ByteSize) -> ByteSize {
        ByteSize((cache.0 / 100).saturating_mul(self.share))
    }

    /// Returns the same as a range: without and with what is written of connections and buffers.
    pub(super) fn outside_cache(&self, cache: ByteSize) -> NativeOverhead {
        let most = self.sum(cache).0.saturating_sub(cache.0);
        let up = |bytes: i64| bytes / MIB + i64::from(bytes % MIB > 0);
        NativeOverhead {
            least: up(most.saturating_sub(self.raised().0)),
            most: up(most),
            what: self.arithmetic(cache).into(),
        }
    }

    fn share(share: i64, share_what: &'static str) -> Self {
        Self { share, share_what, terms: Vec::new() }
    }

    fn add(&mut self, text: &str, mebibytes: i64) {
        let size = ByteSize(mebibytes.saturating_mul(MIB));
        self.terms.push(MemoryTerm { text: text.to_owned(), size, raised: ByteSize(0), written: Vec::new() });
    }

    /// Adds a buffer of which there is one, if somebody wrote its size.
    fn add_written(&mut self, size: Option<&Told<ByteSize>>, times: i64, what: &str) {
        let Some(told) = size.filter(|told| told.value.0 > 0) else { return };
        let size = ByteSize(told.value.0.saturating_mul(times));
        let text = match times {
            1 => what.to_owned(),
            _ => format!("{what} ({} each)", told.value),
        };
        self.terms.push(MemoryTerm { text, size, raised: size, written: vec![told.place()] });
    }

    /// Adds the connections at work: `usual` is what one takes by default, `extra` what settings add to that.
    fn add_connections(
        &mut self,
        most: Option<&Told<i64>>,
        usual: ByteSize,
        extra: &[(Told<ByteSize>, i64)],
    ) {
        let busy = match most {
            // Hardly ever are more than a quarter of them at work.
            Some(most) => (most.value / 4).max(USUAL_CONNECTIONS.min(most.value)),
            None => USUAL_CONNECTIONS,
        };
        let added =
            extra.iter().fold(0_i64, |sum, (told, default)| sum.saturating_add(told.value.0 - default));
        let each = usual.0.saturating_add(added).max(MIB);
        let size = each.saturating_mul(busy);
        let raised = size.saturating_sub(usual.0.saturating_mul(USUAL_CONNECTIONS)).max(0);
        let names: Vec<String> =
            extra.iter().map(|(told, _)| format!("{} of {}", told.value, told.name)).collect();
        let rest = extra.iter().fold(each, |rest, (told, _)| rest.saturating_sub(told.value.0)).max(0);
        let parts = match names.is_empty() {
            true => ByteSize(each).to_string(),
            false => format!("{} + {}", names.join(" + "), ByteSize(rest)),
        };
        let of = most.map(|most| format!(" of {}", most.value)).unwrap_or_default();
        let text = format!("for {busy}{of} connections ({parts} each)");
        let written = most.map(Told::place).into_iter().chain(extra.iter().map(|(told, _)| told.place()));
        let (size, raised) = (ByteSize(size), ByteSize(raised));
        self.terms.push(MemoryTerm { text, size, raised, written: written.collect() });
    }
}

/// A setting that somebody wrote.
struct Told<T> {
    value: T,
    name: &'static str,
    span: Span,
    text: String,
}

impl<T> Told<T> {
    fn place(&self) -> (Span, String) {
        (self.span, self.text.clone())
    }
}

/// The settings of a server by name: of the command line, else of its files.
struct ServerSettings<'s> {
    words: &'s [TracedText],
    words_unknown: bool,
    files: Option<&'s FileSettings>,
    sections: &'s [String],
}

impl ServerSettings<'_> {
    /// Returns a setting as written.
    fn get(&self, name: &'static str) -> Option<Told<TracedText>> {
        let of_word = |word: &TracedText| {
            let (written, at) = option(word.as_str())?;
            let same = same_key(written, name);
            let value = word.slice(at..word.as_str().len());
            same.then(|| Told { value, name, span: word.span(), text: word.as_str().to_owned() })
        };
        self.words.iter().rev().find_map(of_word).or_else(|| {
            let found = self.files?.setting(&[name], self.sections);
            let found = found.known()?;
            let text = format!("{}{}", found.value.lead, found.value.value);
            Some(Told { value: found.value.value.clone(), name, span: found.span, text })
        })
    }

    /// True if the setting may be there although [`Self::get`] does not return it.
    fn may_be_set(&self, name: &str) -> bool {
        self.words_unknown
            || self.files.is_some_and(|files| files.setting(&[name], self.sections).is_unknown())
    }

    fn size(&self, name: &'static str, grammar: Grammar) -> Option<Told<ByteSize>> {
        let told = self.get(name)?;
        let value = super::flags::size(grammar, told.value.as_str().trim())?;
        Some(Told { value, name, span: told.span, text: told.text })
    }

    /// Returns a size in kB without a unit, as PostgreSQL's settings of memory for work are, which are no blocks.
    fn kilobytes(&self, name: &'static str) -> Option<Told<ByteSize>> {
        let told = self.get(name)?;
        let text = told.value.as_str().trim();
        let value = match text.parse::<i64>() {
            Ok(kilobytes) => ByteSize(kilobytes.saturating_mul(1024)),
            Err(_) => ByteSize::parse_postgres(text)?,
        };
        Some(Told { value, name, span: told.span, text: told.text })
    }

    fn number(&self, name: &'static str) -> Option<Told<i64>> {
        let told = self.get(name)?;
        let value = told.value.as_str().trim().parse().ok().filter(|number| *number > 0)?;
        Some(Told { value, name, span: told.span, text: told.text })
    }

    /// Returns whether a switch is on; `None` if nobody wrote it.
    fn is_on(&self, name: &'static str) -> Option<bool> {
        let told = self.get(name)?;
        let value = told.value.as_str().trim().to_ascii_lowercase();
        Some(!matches!(value.as_str(), "0" | "off" | "no" | "false"))
    }
}

/// Returns the name of an option, and where its value begins: `--name=value`, `--name value`, `-c name=value`.
fn option(word: &str) -> Option<(&str, usize)> {
    let from = match word.strip_prefix("--") {
        Some(_) => 2,
        None => {
            let rest = word.strip_prefix("-c")?;
            2 + (rest.len() - rest.trim_start().len())
        }
    };
    let rest = word.get(from..)?;
    let end = rest.find(['=', ' ']).unwrap_or(rest.len());
    Some((rest.get(..end)?, (from + end + 1).min(word.len())))
}

impl SettingsReader<'_> {
    /// Reads the settings files of a server; `None` for programs without.
    pub(super) fn file_settings(&self, program: &Program) -> Option<FileSettings> {
        let (places, finder) = (self.runtime.settings.as_ref()?, self.finder?);
        let unknown = |at: Span, path: &str| Some(FileSettings::unknown(at, Why::File(path.to_owned())));
        let words = self.command_line(program).words;
        let named = words.iter().rev().find_map(|word| {
            let text = word.as_str();
            let option = places.named_by.iter().find(|option| text.starts_with(option.as_str()))?;
            Some((text.get(option.len()..)?.trim_matches(['"', '\'']), word.span()))
        });
        let first = program.arguments.first().filter(|_| places.first_argument);
        let first = first.map(|word| (word.as_str(), word.span())).filter(|(text, _)| !text.starts_with('-'));
        if let Some((path, at)) = named.or(first) {
            if path.contains(['$', crate::syntax::template::HOLE]) {
                return unknown(at, path);
            }
            let place = finder.place(path);
            let found = finder.read(&[&place], &[]);
            return if found.is_empty() { unknown(at, path) } else { Some(found) };
        }
        let files: Vec<&str> = places.files.iter().map(String::as_str).collect();
        let data_files: Vec<&str> = places.data_files.iter().map(String::as_str).collect();
        Some(finder.read(&files, &data_files))
    }

    /// Returns the bound that the files set, weaker than any of the command line.
    pub(super) fn file_source(&self, files: &FileSettings) -> Option<SettingSource> {
        let places = self.runtime.settings.as_ref()?;
        match files.setting(&[&places.cache], &places.sections) {
            Fact::Known(found) => Some(SettingSource {
                name: found.value.file,
                setting: Some(found.value.value),
                lead: Some(found.value.lead),
                ..SettingSource::default()
            }),
            Fact::Unknown { at, why } => {
                Some(SettingSource { unknown: Some((at, why)), ..SettingSource::default() })
            }
            Fact::Absent { .. } => None,
        }
    }

    /// Returns what the server needs outside its cache; `None` for other runtimes.
    pub(super) fn server_needs(
        &self,
        sources: &[SettingSource],
        files: Option<&FileSettings>,
    ) -> Option<ServerNeeds> {
        let line = sources.last()?;
        let settings = ServerSettings {
            words: &line.words,
            words_unknown: line.unknown.is_some(),
            files,
            sections: self.runtime.settings.as_ref().map_or(&[], |places| &places.sections),
        };
        match self.runtime.name {
            RuntimeName::Postgres => Some(postgres(&settings)),
            RuntimeName::Mysql => Some(mysql(&settings, self.is_mariadb())),
            RuntimeName::Redis => Some(redis(&settings)),
            RuntimeName::Mongo => Some(mongo(&settings)),
            _ => None,
        }
    }

    fn is_mariadb(&self) -> bool {
        let image = self.workload.image.base.value().is_some_and(|base| base.as_str().contains("maria"));
        image || self.workload.programs().iter().any(|program| program.base_name().starts_with("mariadb"))
    }
}

/// postgresql.org docs "Resource Consumption": `work_mem` for each sort or hash of each session, `maintenance_work_mem` for each
/// autovacuum worker. The 48 MiB of the server and the 5 MiB of a backend are allowances of our own: the manual has no numbers.
fn postgres(settings: &ServerSettings<'_>) -> ServerNeeds {
    const BACKEND: i64 = 5 * MIB;
    const WORK_MEM: i64 = 4 * MIB;
    let mut needs = ServerNeeds::default();
    needs.add("for the server itself", 48);
    let work: Vec<(Told<ByteSize>, i64)> =
        settings.kilobytes("work_mem").map(|told| (told, WORK_MEM)).into_iter().collect();
    needs.add_connections(settings.number("max_connections").as_ref(), ByteSize(BACKEND + WORK_MEM), &work);
    let vacuum = settings
        .kilobytes("autovacuum_work_mem")
        .filter(|told| told.value.0 > 0)
        .or_else(|| settings.kilobytes("maintenance_work_mem"));
    let workers = settings.number("autovacuum_max_workers").map_or(1, |told| told.value);
    let name = vacuum.as_ref().map_or("", |told| told.name);
    let what = match workers {
        1 => format!("of {name} for one worker"),
        _ => format!("of {name} for {workers} workers"),
    };
    needs.add_written(vacuum.as_ref(), workers, &what);
    needs
}

/// dev.mysql.com refman, `innodb_buffer_pool_size`: about 10 % on top of the pool; "How MySQL Uses Memory": the buffers of each
/// connection. The 100 MiB of the server, the 150 MiB of the Performance Schema, which MariaDB has switched off, and the 3 MiB of a
/// connection are allowances of our own. MySQL 8.4 has a larger log buffer by default than the one that counts here.
fn mysql(settings: &ServerSettings<'_>, mariadb: bool) -> ServerNeeds {
    const KIB: i64 = 1024;
    let mut needs = ServerNeeds::share(10, "for control structures of the pool");
    let schema = match settings.is_on("performance_schema") {
        Some(on) => on && settings.get("skip_performance_schema").is_none(),
        None if settings.get("skip_performance_schema").is_some() => false,
        None => !mariadb && !settings.may_be_set("performance_schema"),
    };
    needs.add("for the server itself", 100);
    if schema {
        needs.add("for its Performance Schema", 150);
    }
    let size = |name: &'static str| settings.size(name, Grammar::MysqlSize);
    match size("innodb_log_buffer_size") {
        Some(told) => needs.add_written(Some(&told), 1, "of innodb_log_buffer_size"),
        None => needs.add("of innodb_log_buffer_size (default)", 16),
    }
    needs.add_written(size("key_buffer_size").as_ref(), 1, "of key_buffer_size");
    needs.add_written(size("query_cache_size").as_ref(), 1, "of query_cache_size");
    let buffers = [
        ("sort_buffer_size", 256 * KIB),
        ("join_buffer_size", 256 * KIB),
        ("read_buffer_size", 128 * KIB),
        ("read_rnd_buffer_size", 256 * KIB),
        ("thread_stack", KIB * KIB),
    ];
    let written = buffers.into_iter().filter_map(|(name, default)| Some((size(name)?, default)));
    let written: Vec<_> = written.filter(|(told, default)| told.value.0 > *default).collect();
    needs.add_connections(settings.number("max_connections").as_ref(), ByteSize(3 * MIB), &written);
    needs
}

/// redis/docs@63f31f69985905d997fa5b0c02e1559b5d04c8b2 content/operate/oss_and_stack/management/admin.md:27-29: 8 or 9 of 10 GB for
/// the data, as memory is fragmented; a server that saves may need up to twice its memory while much is written. Amazon
/// reserves a quarter of a node of its Redis by default ("Managing reserved memory", read on 2026-11-30), which is more than the
/// quarter of the data that counts here.
fn redis(settings: &ServerSettings<'_>) -> ServerNeeds {
    let saves =
        settings.get("save").is_none_or(|told| !matches!(told.value.as_str().trim(), "" | "\"\"" | "''"));
    let appends = settings.is_on("appendonly") == Some(true);
    let mut needs = match (saves || appends) && !settings.words_unknown {
        true => ServerNeeds::share(25, "for pages that change while it saves"),
        false => ServerNeeds::share(10, "for fragmentation"),
    };
    let backlog = settings.size("repl-backlog-size", Grammar::RedisSize);
    needs.add_written(backlog.as_ref(), 1, "of repl-backlog-size");
    needs
}

/// mongodb/docs@96788e8ed140cbdde184ff82e1066dff4996bde4 content/manual/manual/source/faq/storage.txt: up to 1 MB for each
/// connection; `maxIndexBuildMemoryUsageMegabytes`: 200 MB for index builds. The 150 MiB of the server are an allowance of our own.
fn mongo(settings: &ServerSettings<'_>) -> ServerNeeds {
    let mut needs = ServerNeeds::default();
    needs.add("for the server itself", 150);
    needs.add("for an index build (default)", 200);
    let most = settings.number("maxConns").or_else(|| settings.number("net.maxIncomingConnections"));
    needs.add_connections(most.as_ref(), ByteSize(MIB), &[]);
    needs
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_have_names() {
        for (word, expected) in [
            ("--max-connections=500", Some(("max-connections", "500"))),
            ("--save 60", Some(("save", "60"))),
            ("-c work_mem=64MB", Some(("work_mem", "64MB"))),
            ("-cwork_mem=64MB", Some(("work_mem", "64MB"))),
            ("--skip-performance-schema", Some(("skip-performance-schema", ""))),
            ("-p", None),
            ("x", None),
        ] {
            let found = option(word).map(|(name, at)| (name, &word[at..]));
            assert_eq!(found, expected, "{word}");
        }
    }

    proptest::proptest! {
        /// More of any setting never needs less memory, and no number overflows.
        #[test]
        fn more_never_needs_less(
            cache in 0_i64..1 << 62, most in 1_i64..1 << 40, work in 1_i64..1 << 50, more in 0_i64..1 << 50,
        ) {
            let told = |value| Told { value, name: "work_mem", span: Span::new(crate::source::SourceId(0), 0, 0), text: String::new() };
            let needs = |most: i64, work: i64| {
                let mut needs = ServerNeeds::share(10, "");
                let most = Told { value: most, name: "n", span: told(ByteSize(0)).span, text: String::new() };
                needs.add_connections(Some(&most), ByteSize(9 * MIB), &[(told(ByteSize(work)), 4 * MIB)]);
                needs
            };
            let plain = needs(most, work).sum(ByteSize(cache));
            proptest::prop_assert!(plain.0 >= cache);
            proptest::prop_assert!(needs(most.saturating_add(more), work).sum(ByteSize(cache)) >= plain);
            proptest::prop_assert!(needs(most, work + more).sum(ByteSize(cache)) >= plain);
        }
    }
}
