//! Finds heap settings in variables that nothing reads, and the variables that are read instead.

use super::flags::{bound, size, spelled};
use super::reader::{LaunchedBy, SettingSource, SettingsReader};
use super::{HeapProblem, HeapProblemKind, HeapSetting, ReadVariable};
use crate::catalog::{Catalog, Grammar, ReadBy, Runtime, Sets, Setting, Variable};
use crate::hash::IndexSet;
use crate::source::TracedText;
use crate::syntax::words::split_options;
use crate::workload::{Fact, Program, Workload};

/// The variable that every JVM reads.
const EVERY_JVM: &str = "JAVA_TOOL_OPTIONS";

impl SettingsReader<'_> {
    /// Returns heap flags in variables that only scripts read, if no script starts the runtime.
    pub(super) fn unread(&self, program: &Program) -> Vec<HeapProblem> {
        let mut found = Vec::new();
        let literal = self.literal_names(program);
        let names: IndexSet<&str> =
            self.script_variables().chain(literal.iter().map(String::as_str)).collect();
        for name in names {
            let mentioned =
                program.expanded && program.arguments.iter().any(|word| word.as_str().contains(name));
            if mentioned || self.workload.image.expands.iter().any(|known| known == name) {
                continue;
            }
            let value = self.workload.env.get(name).and_then(|variable| variable.value.known());
            let Some(value) = value.map(|value| &value.value) else { continue };
            let flag = split_options(value).into_iter().find(|word| self.is_heap_flag(word));
            // The first one tells it all, and each has a copy of the command line.
            let is_first = found.iter().all(|other: &HeapProblem| other.literal.is_none());
            found.extend(flag.map(|flag| HeapProblem {
                read_variable: self.way(EVERY_JVM, value, &flag),
                literal: if is_first { self.literal(program, name) } else { None },
                has_other_readers: self.workload.image.brings_unseen,
                ..self.problem(HeapProblemKind::Unread, &flag, name, String::new())
            }));
        }
        found
    }

    /// Returns heap flags in variables that the image's start script does not read: other products', and those that it ignores.
    pub(super) fn other_readers(&self) -> Vec<HeapProblem> {
        let known = &self.workload.image.expands;
        // A variable that holds flags. Its `-Xms` and `-Xmx` take precedence over the script's own.
        let carries = |name: &&String| {
            self.runtime.variable(name.as_str()).is_some_and(|variable| variable.value.is_none())
        };
        let read = known.iter().find(carries);
        let taken = |name: &str| self.workload.image.unsets.iter().any(|unset| unset == name);
        let mut readers = known.clone();
        let parts = self.workload.image.memory.iter().flat_map(|own| &own.part.set_by);
        readers.extend(parts.filter_map(|by| by.variable.clone()));
        let others = self.runtime.variables.iter().filter(|variable| {
            let stranger = variable.names_reader && variable.read_by == ReadBy::Script;
            !known.contains(&variable.name) && (stranger || taken(&variable.name))
        });
        let misfit = self.workload.image.no_heap_in.iter().filter_map(|row| {
            let value = self.workload.env.get(&row.variable)?.value.value()?;
            let all = split_options(value);
            let flag = all.iter().find(|word| self.is_heap_flag(word)).filter(|_| all.len() > 1)?;
            let read = read.filter(|read| **read != row.variable)?;
            let kind = HeapProblemKind::WrongVariable;
            Some(HeapProblem {
                read_variable: self.way(read, value, flag),
                ..self.problem(kind, flag, &row.variable, row.why.clone())
            })
        });
        let set = others.filter_map(|variable| {
            let value = self.workload.env.get(&variable.name)?.value.value()?;
            if let Some(setting) = &variable.value {
                return taken(&variable.name).then(|| self.dropped(variable, setting, value, read, &readers));
            }
            let flag = split_options(value).into_iter().find(|word| self.is_heap_flag(word))?;
            let reads = readers.join(", ");
            let effect = match taken(&variable.name) {
                true => format!("its start script ignores it and reads {reads}"),
                false => format!("its start script reads {reads}"),
            };
            let way = read.and_then(|read| {
                let way = self.way(read, value, &flag)?;
                // The image's own `-Xms` may be above the bound.
                let first = split_options(value).iter().any(|word| self.begins(word));
                let begin = flag.as_str().strip_prefix("-Xmx").filter(|_| !first);
                Some(ReadVariable { begins: begin.is_some(), ..way })
            });
            Some(HeapProblem {
                read_variable: way,
                ..self.problem(HeapProblemKind::Unread, &flag, &variable.name, effect)
            })
        });
        set.chain(misfit).collect()
    }

    /// Returns the problem of a variable with a size that this version's script does not read. `read` is the variable for flags.
    fn dropped(
        &self,
        variable: &Variable,
        setting: &Setting,
        value: &TracedText,
        read: Option<&String>,
        readers: &[String],
    ) -> HeapProblem {
        let spelling = self.runtime.flags.iter().find(|flag| flag.sets == setting.sets);
        let spelling = spelling.filter(|flag| flag.grammar == setting.grammar);
        let flag = spelling.and_then(|flag| flag.spellings.first());
        let flag = flag.map(|flag| TracedText::derived(format!("{flag}{value}"), value.span()));
        let way = read.zip(flag).and_then(|(read, flag)| self.way(read, &flag, &flag));
        let effect = format!("its start script reads {}", readers.join(", "));
        HeapProblem {
            read_variable: way,
            ..self.problem(HeapProblemKind::Unread, value, &variable.name, effect)
        }
    }

    /// True for a flag that sets the initial heap.
    fn begins(&self, word: &TracedText) -> bool {
        self.runtime.flag(word.as_str()).is_some_and(|(flag, _)| flag.sets == Sets::HeapInitial)
    }

    /// Finds a bound set only during the build, in a variable that the runtime would read.
    pub(super) fn build_only(&self) -> Option<HeapProblem> {
        let absent = |name: &str| self.workload.variable(name).is_absent();
        self.workload.image.build_only.iter().find_map(|set| {
            let variable = self.runtime.variable(set.name.as_str())?;
            if variable.read_by == ReadBy::Script || !absent(&variable.name) {
                return None;
            }
            let flag = split_options(&set.value).into_iter().find(|word| self.is_heap_flag(word))?;
            let effect = match &set.stage {
                Some(stage) => format!("set in stage `{stage}`, not in the final stage"),
                None => "only the shell of this RUN sees it".to_owned(),
            };
            Some(HeapProblem {
                read_variable: self.way(&variable.name, &flag, &flag),
                // A size set in another stage is meant for that stage.
                instead: set.stage.is_none().then(|| flag.as_str().to_owned()),
                ..self.problem(HeapProblemKind::BuildOnly, &flag, &variable.name, effect)
            })
        })
    }

    /// Returns `variable` with the same flags added. `None` if its current value is unknown, or already bounds the heap.
    fn way(&self, variable: &str, value: &TracedText, flag: &TracedText) -> Option<ReadVariable> {
        let there = match self.workload.variable(variable) {
            Fact::Known(there) => Some(there.value),
            Fact::Unknown { .. } => return None,
            Fact::Absent { .. } => None,
        };
        if there.as_ref().is_some_and(|there| split_options(there).iter().any(|word| self.is_heap_flag(word)))
        {
            return None;
        }
        let (known, written) = self.runtime.flag(flag.as_str())?;
        let bound = bound(known.sets, known.grammar, written.trim_start(), self.version().0)?;
        let own = there.iter().flat_map(split_options).chain(split_options(value));
        let names = own.filter_map(|word| {
            let (_, size) = self.runtime.flag(word.as_str())?;
            Some(word.as_str().strip_suffix(size)?.to_owned())
        });
        // `-Xms` may be added.
        let names = names.chain(["-Xms".to_owned()]).collect();
        Some(ReadVariable {
            names,
            variable: variable.to_owned(),
            there: there.map(|there| there.as_str().to_owned()).unwrap_or_default(),
            value: split_options(value).iter().map(TracedText::as_str).collect::<Vec<_>>().join(" "),
            begins: false,
            setting: HeapSetting {
                flag: flag.clone(),
                carrier: variable.to_owned(),
                bound,
                grammar: known.grammar,
                lead: None,
            },
        })
    }
}

/// Returns heap flags in variables that only another runtime's products read, on an image whose runtime is known.
pub(in crate::workload) fn flags_of_other_runtimes(
    workload: &Workload,
    catalog: &Catalog,
) -> Vec<HeapProblem> {
    let own =
        workload.image.runtime.filter(|_| workload.build.is_none()).and_then(|own| catalog.runtime(own));
    let Some(own) = own else { return Vec::new() };
    let others = catalog.runtimes().iter().filter(|runtime| runtime.name != own.name);
    let found = others.flat_map(|runtime| {
        let reader = SettingsReader { workload, runtime, opened: None, finder: None };
        let set = runtime.variables.iter().filter(|variable| {
            variable.names_reader && variable.value.is_none() && workload.env.contains_key(&variable.name)
        });
        let found = set.filter_map(|variable| {
            let value = workload.env.get(&variable.name)?.value.value()?;
            let flag = split_options(value).into_iter().find(|word| reader.is_heap_flag(word))?;
            let effect = format!("this image runs {}, which does not read it", own.name.display_name());
            Some(HeapProblem {
                help: in_its_own_words(&reader, own, &flag),
                ..reader.problem(HeapProblemKind::Unread, &flag, &variable.name, effect)
            })
        });
        found.collect::<Vec<_>>()
    });
    found.collect()
}

/// Returns the same bound for the image's own runtime; `None` if that has no variable for it, or the variable is set.
fn in_its_own_words(reader: &SettingsReader<'_>, own: &Runtime, flag: &TracedText) -> Option<String> {
    let (known, written) = reader.runtime.flag(flag.as_str())?;
    let bytes = size(known.grammar, written).filter(|_| known.grammar == Grammar::JvmSize)?;
    let carries = |name: &String| {
        own.variable(name).filter(|variable| variable.value.is_none() && variable.read_by == ReadBy::Runtime)
    };
    let variable = own.precedence.iter().find_map(carries)?;
    let most = own.flags.iter().find(|flag| flag.sets == Sets::HeapMax)?;
    let limit = reader.workload.known_limit().map(|limit| limit.value);
    let fits = limit.is_none_or(|limit| bytes.0 <= limit.0 / 4 * 3);
    let there = reader.workload.variable(&variable.name);
    let value = spelled(most.grammar, bytes).filter(|_| fits && there.is_absent())?;
    Some(format!("it reads `{}`: write `{}{value}` there", variable.name, most.spellings.first()?))
}

/// True if the image's own start script decides which variables are read.
pub(super) fn by_script(starter: &LaunchedBy<'_>) -> bool {
    matches!(starter, LaunchedBy::Script)
}

/// Returns an empty source, for a variable that the image's script unsets.
pub(super) fn nothing(name: &str) -> SettingSource {
    SettingSource { name: name.to_owned(), ..SettingSource::default() }
}
