//! Package managers and build commands: `rules/catalog/packages.yaml`.

use serde::Deserialize;

use super::pattern::{Captures, fill};
use crate::hash::HashSet;
use crate::syntax::shell::Word;

/// The table as written.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PackageTable {
    managers: Vec<Manager>,
    brings: Vec<Brings>,
    harmless: Vec<Harmless>,
    toolchains: Vec<Toolchain>,
}

/// The table, indexed for lookup.
#[derive(Debug, Default)]
pub struct Packages {
    /// One row per manager.
    pub managers: Vec<Manager>,
    brings: Vec<Brings>,
    harmless: HashSet<String>,
    plain: HashSet<String>,
    toolchains: Vec<Toolchain>,
}

/// A package manager, and its cache.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Manager {
    /// Its usual name.
    pub name: String,
    /// Its programs. A `*` at the end stands for a version.
    pub programs: Vec<String>,
    #[serde(default)]
    module: Option<String>,
    fills: Vec<String>,
    #[serde(default)]
    fills_with: Vec<String>,
    #[serde(default)]
    installs: Vec<String>,
    #[serde(default)]
    value_options: Vec<String>,
    /// The directories that its cache may be in. `~` is a home directory.
    pub directories: Vec<String>,
    /// The directory for a cache mount, where all versions use the same one.
    #[serde(default)]
    pub mount: Option<String>,
    #[serde(default)]
    cleans: Vec<String>,
    #[serde(default)]
    keeps_out: Vec<String>,
    #[serde(default)]
    elsewhere: Vec<String>,
    /// Variables that disable the cache or move it.
    #[serde(default)]
    pub variables: Vec<String>,
    /// Parts of paths of configuration files that may do the same.
    #[serde(default)]
    pub files: Vec<String>,
    /// The clause of reports that names what stays in the image: lower case, no full stop.
    pub left: String,
    #[serde(default)]
    append: Option<String>,
    #[serde(default)]
    replace: Option<String>,
    #[serde(default)]
    needless: Vec<String>,
    /// Concurrent builds must not share its cache.
    #[serde(default)]
    pub locked: bool,
    #[expect(dead_code, reason = "required of the table, for its readers")]
    source: String,
}

/// Packages that include a tool.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Brings {
    tool: String,
    packages: Vec<String>,
    #[expect(dead_code, reason = "required of the table, for its readers")]
    source: String,
}

/// Commands that install no program.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Harmless {
    #[expect(dead_code, reason = "for readers of the table")]
    what: String,
    programs: String,
    #[serde(default)]
    plain: bool,
    #[expect(dead_code, reason = "required of the table, for its readers")]
    source: String,
}

/// The tools of an image that its lighter variants lack.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Toolchain {
    images: Vec<String>,
    /// Programs, or a program and the word after it.
    pub tools: Vec<String>,
    /// Commands that show that a stage builds something.
    #[serde(default)]
    pub builds: Vec<String>,
    /// The image is too heavy only if the stage itself builds.
    #[serde(default)]
    pub only_where_built: bool,
    /// The programs that start what a project builds itself. If another program starts, or something built elsewhere, the image
    /// is not reported.
    #[serde(default)]
    pub runs_own: Vec<String>,
    /// Things that a program may lack in the lighter image: lower case, no full stop.
    #[serde(default)]
    pub lost: Option<String>,
    /// Installations that compile packages without a prebuilt one.
    #[serde(default)]
    pub may_compile: Vec<String>,
    #[expect(dead_code, reason = "required of the table, for its readers")]
    source: String,
}

/// The effect of a package manager's call on its cache.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// Fills it.
    Fills,
    /// Empties it.
    Empties,
    /// No effect, or none that stays.
    Nothing,
    /// A variable in its words decides, or an option moves the cache.
    Unknown,
}

impl From<PackageTable> for Packages {
    fn from(table: PackageTable) -> Self {
        let PackageTable { managers, brings, harmless, toolchains } = table;
        let words = |plain: bool| {
            let rows = harmless.iter().filter(move |row| row.plain || !plain);
            rows.flat_map(|row| row.programs.split_whitespace()).map(str::to_owned).collect()
        };
        Self { managers, brings, harmless: words(false), plain: words(true), toolchains }
    }
}

impl Packages {
    /// Returns the manager with this program.
    #[must_use]
    pub fn manager(&self, program: &str) -> Option<&Manager> {
        self.managers.iter().find(|manager| manager.is_program(program))
    }

    /// Returns the manager that `python -m` runs.
    #[must_use]
    pub fn module(&self, name: &str) -> Option<&Manager> {
        self.managers.iter().find(|manager| manager.module.as_deref() == Some(name))
    }

    /// True for a command that installs no program.
    #[must_use]
    pub fn is_harmless(&self, program: &str) -> bool {
        self.harmless.contains(program)
            || self.manager(program).is_some_and(|manager| manager.module.is_some())
    }

    /// True for a shell builtin or POSIX utility, which does a piece of work and ends.
    #[must_use]
    pub fn is_plain(&self, program: &str) -> bool {
        self.plain.contains(program)
    }

    /// True if a package is the tool, or includes it.
    #[must_use]
    pub fn provides(&self, package: &str, tool: &str) -> bool {
        let name = package.split(['=', ':', '<', '>', '~', '@']).next().unwrap_or(package);
        let rows = self.brings.iter().filter(|row| row.tool == tool);
        // `curl-7.76` is curl, `curl-devel` is not.
        let versioned = name
            .strip_prefix(tool)
            .and_then(|rest| rest.strip_prefix('-'))
            .is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()));
        name == tool || versioned || rows.flat_map(|row| &row.packages).any(|other| other == name)
    }

    /// Returns the toolchain of an image, by its short name.
    #[must_use]
    pub fn toolchain(&self, image: &str) -> Option<&Toolchain> {
        self.toolchains.iter().find(|row| {
            row.images.iter().any(|name| match name.strip_suffix('*') {
                Some(prefix) => image.starts_with(prefix),
                None => name == image,
            })
        })
    }
}

impl Manager {
    /// True if the base name of a program is one of this manager's.
    #[must_use]
    pub fn is_program(&self, program: &str) -> bool {
        self.programs.iter().any(|name| match name.strip_suffix('*') {
            Some(name) => program
                .strip_prefix(name)
                .is_some_and(|rest| rest.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.')),
            None => name == program,
        })
    }

    /// Returns the words after the program that are neither options nor values of options.
    fn positional<'w>(&self, words: &'w [Word]) -> Vec<&'w Word> {
        let mut found = Vec::new();
        let mut words = words.iter();
        while let Some(word) = words.next() {
            match word.as_ref() {
                "--" => {
                    found.extend(words);
                    break;
                }
                option if option.len() > 1 && option.starts_with('-') => {
                    if self.value_options.iter().any(|known| known == option) {
                        words.next();
                    }
                }
                _ => found.push(word),
            }
        }
        found
    }

    /// Returns the effect of a call. `words` follow the program.
    #[must_use]
    pub fn effect(&self, words: &[Word]) -> Effect {
        let positional = self.positional(words);
        if is_one_of(&self.cleans, &positional) {
            return Effect::Empties;
        }
        let has = |options: &[String]| words.iter().any(|word| options.iter().any(|option| is(word, option)));
        let fills = is_one_of(&self.fills, &positional)
            || has(&self.fills_with) && is_one_of(&self.installs, &positional);
        if !fills {
            // The subcommand is in a variable.
            let open = positional.first().is_some_and(|word| word.expands);
            return if open { Effect::Unknown } else { Effect::Nothing };
        }
        if has(&self.keeps_out) {
            return Effect::Nothing;
        }
        // `pip install $PIP_OPTIONS flask`: the variable may hold an option.
        let open = !self.keeps_out.is_empty()
            && words.iter().any(|word| word.expands && names_options(word.as_ref()));
        if open || has(&self.elsewhere) { Effect::Unknown } else { Effect::Fills }
    }

    /// Returns the packages that a call installs. None for a call that installs no system packages.
    #[must_use]
    pub fn installed<'w>(&self, words: &'w [Word]) -> Option<Vec<&'w Word>> {
        let phrase = Some(self.install_phrase(words)).filter(|phrase| !phrase.is_empty())?;
        Some(self.positional(words).into_iter().skip(phrase.split_whitespace().count()).collect())
    }

    /// Returns the words of this call that install system packages, as `install`. Empty for another call.
    #[must_use]
    pub fn install_phrase(&self, words: &[Word]) -> &str {
        let positional = self.positional(words);
        self.installs.iter().find(|phrase| begins(&positional, phrase)).map_or("", String::as_str)
    }

    /// Returns the words of this call that fill the cache, as `install` or `pip install`.
    #[must_use]
    pub fn phrase(&self, words: &[Word]) -> &str {
        let positional = self.positional(words);
        let phrases = self.fills.iter().chain(&self.installs).filter(|phrase| begins(&positional, phrase));
        phrases.max_by_key(|phrase| phrase.len()).map_or("", String::as_str)
    }

    /// Returns the command that empties the cache at the end of the `RUN`. None for a manager whose calls are replaced.
    #[must_use]
    pub fn appended(&self, program: &str) -> Option<String> {
        let captures = Captures::from([("program".to_owned(), program)]);
        fill(self.append.as_ref()?, &captures)
    }

    /// Returns the words of this call that leave a cache, and those to write in their place: `pip install`, and
    /// `pip install --no-cache-dir`.
    #[must_use]
    pub fn replaced(&self, program: &str, words: &[Word]) -> Option<(String, String)> {
        let command = self.phrase(words);
        let captures = Captures::from([("program".to_owned(), program), ("command".to_owned(), command)]);
        let written = format!("{program} {command}").trim_end().to_owned();
        Some((written, fill(self.replace.as_ref()?, &captures)?))
    }

    /// True for a call that does nothing more once the others are replaced, as `apk update`.
    #[must_use]
    pub fn is_needless(&self, words: &[Word]) -> bool {
        is_one_of(&self.needless, &self.positional(words))
    }
}

/// True for the option, with or without a value after `=`. `Dir::State` also matches the options below it.
fn is(word: &Word, option: &str) -> bool {
    word.as_ref().strip_prefix(option).is_some_and(|rest| {
        rest.is_empty() || rest.starts_with('=') || option.contains("::") && rest.starts_with("::")
    })
}

fn names_options(variable: &str) -> bool {
    let name = variable.to_ascii_uppercase();
    variable.starts_with('$') && ["OPT", "ARG", "FLAG", "PARAM"].iter().any(|part| name.contains(part))
}

fn is_one_of(phrases: &[String], positional: &[&Word]) -> bool {
    phrases.iter().any(|phrase| match phrase.is_empty() {
        true => positional.is_empty(),
        false => begins(positional, phrase),
    })
}

/// True if words begin with those of a phrase, in which `*` matches any.
fn begins(words: &[&Word], phrase: &str) -> bool {
    let mut words = words.iter();
    phrase
        .split_whitespace()
        .all(|part| words.next().is_some_and(|word| part == "*" || word.literal() == Some(part)))
}
