//! Settings of programs that are in files: mounted, given as a config of the Compose file, or copied into the image.

use std::cell::Cell;

use super::brought::{ProvidedFile, is_edited, is_redirected_to};
use super::scripts::{Scripts, below};
use super::{Fact, Why};
use crate::model::image::{TargetImage, tidy};
use crate::source::{Span, Spanned, TracedText};
use crate::syntax::settings::{
    Entry, JvmFlag, Language, entries, jvm_options, mentions, same_key, without_comments,
};
use crate::syntax::shell::{self, base_name};

/// Maximum depth of files that include files.
const MAX_INCLUDES: usize = 4;

/// Maximum number of settings files of one program.
const MAX_FILES: usize = 64;

/// Names of settings that name further files, or directories of them.
const INCLUDES: [&str; 5] = ["include", "include_dir", "include_if_exists", "!include", "!includedir"];

/// Endings of the files that count in a directory.
const ENDINGS: [&str; 6] = [".conf", ".cnf", ".yml", ".yaml", ".xml", ".properties"];

/// Programs that write to the files that they name.
const WRITERS: [&str; 14] = [
    "sed",
    "tee",
    "cp",
    "mv",
    "ln",
    "envsubst",
    "gomplate",
    "dockerize",
    "confd",
    "perl",
    "awk",
    "gawk",
    "crudini",
    "augtool",
];

/// A setting as it is in a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct FileSetting {
    /// Its value, without quotes.
    pub(crate) value: TracedText,
    /// The text before the value: `maxmemory `, `shared_buffers = `.
    pub(crate) lead: String,
    /// The name of the file: `redis.conf`.
    pub(crate) file: String,
}

/// Reads settings files as one container has them.
pub(crate) struct SettingFinder<'a> {
    pub(super) scripts: &'a Scripts<'a>,
    pub(super) target: Option<&'a TargetImage>,
    /// The span of facts that have no better place.
    pub(super) anchor: Span,
    /// The bytes of settings files that the services of the project may still take.
    pub(super) left: &'a Cell<usize>,
}

/// The settings of some files, in the order in which a program reads them.
#[derive(Clone, Debug)]
pub(crate) struct FileSettings {
    items: Vec<Item>,
    /// True if there is any file, or a trace of one.
    any: bool,
    anchor: Span,
}

/// The flags of one file with flags of a runtime.
pub(crate) struct FileOfFlags {
    /// The name of the file: `jvm.options`.
    pub(crate) name: String,
    /// Its flags, or the reason why they are not known.
    pub(crate) flags: Result<Vec<JvmFlag>, Why>,
}

#[derive(Clone, Debug)]
enum Item {
    /// A file whose settings come next, by its name. The text is its own, without comments.
    File(String, String),
    /// A setting in the file of this name.
    Entry(Entry, String),
    /// Any setting may be in here: a file that is not here, or that something writes.
    Unknown(Why),
}

impl FileSettings {
    /// Returns settings of which none is known.
    pub(crate) fn unknown(anchor: Span, why: Why) -> Self {
        Self { items: vec![Item::Unknown(why)], any: true, anchor }
    }

    /// True if there are no files at all.
    pub(crate) fn is_empty(&self) -> bool {
        !self.any
    }

    /// Returns the setting with one of these names that comes last, in one of the `sections` if there are any.
    ///
    /// It is unknown if a file has one of the names in a way that is not read, such as within `jetstream { max_mem: 1G }`.
    pub(crate) fn setting(&self, keys: &[&str], sections: &[String]) -> Fact<FileSetting> {
        for item in self.items.iter().rev() {
            match item {
                Item::Entry(entry, file) if is_wanted(entry, keys, sections) => {
                    return match &entry.value {
                        Some(value) => Fact::Known(Spanned::new(
                            FileSetting {
                                value: value.clone(),
                                lead: entry.lead.clone(),
                                file: file.clone(),
                            },
                            value.span(),
                        )),
                        None => Fact::Unknown { at: self.anchor, why: Why::File(file.clone()) },
                    };
                }
                Item::Entry(..) => {}
                Item::File(name, text) => {
                    if keys.iter().any(|key| mentions(text, key) && !self.has_entry(name, key)) {
                        return Fact::Unknown { at: self.anchor, why: Why::File(name.clone()) };
                    }
                }
                Item::Unknown(why) => return Fact::Unknown { at: self.anchor, why: why.clone() },
            }
        }
        Fact::Absent { anchor: self.anchor }
    }

    /// True if a file of this name has a setting of this name, in any section.
    fn has_entry(&self, name: &str, key: &str) -> bool {
        self.items
            .iter()
            .any(|item| matches!(item, Item::Entry(entry, file) if file == name && same_key(&entry.key, key)))
    }

    /// Returns the files that the settings are in, each once.
    pub(crate) fn sources(&self) -> Vec<crate::source::SourceId> {
        let mut found: Vec<_> = self
            .items
            .iter()
            .filter_map(|item| match item {
                Item::Entry(entry, _) => Some(entry.value.as_ref()?.span().file),
                Item::File(..) | Item::Unknown(_) => None,
            })
            .collect();
        found.sort_unstable();
        found.dedup();
        found
    }
}

impl SettingFinder<'_> {
    /// Returns the absolute path of one in the container.
    pub(crate) fn place(&self, path: &str) -> String {
        if path.starts_with('/') { tidy(path) } else { self.scripts.place(path) }
    }

    /// Reads files in the order of `files`, then those of `data_files` that are here.
    ///
    /// They are paths in the container, of files and of directories of them, the weakest first: of several the last wins. A name
    /// without a directory, such as `neo4j.conf`, stands for any mounted or copied file of that name.
    pub(crate) fn read(&self, files: &[&str], data_files: &[&str]) -> FileSettings {
        let mut found = Reading { finder: self, items: Vec::new(), files: 0 };
        for place in files {
            found.place(place, false, 0);
        }
        for place in data_files {
            found.place(place, true, 0);
        }
        let any = found.files > 0;
        let mut items = found.items;
        let names: Vec<&str> = files.iter().chain(data_files).copied().collect();
        if self.is_written(&names, any) {
            items.push(Item::Unknown(Why::Other("something writes its settings file")));
        }
        FileSettings { any: any || !items.is_empty(), items, anchor: self.anchor }
    }

    /// Reads files of flags of a JVM of the version `major`, and directories of those that end in `.options`, in the order of
    /// `places`.
    pub(crate) fn flags(&self, places: &[String], major: Option<u32>) -> Vec<FileOfFlags> {
        let mut found = Vec::new();
        for place in places {
            let hidden = self.is_in_volume(place).then(|| (base_name(place).to_owned(), None));
            let files = self
                .files(place)
                .into_iter()
                .filter(|file| file.path == *place || file.text.is_none() || file.path.ends_with(".options"));
            let files = files.map(|file| (base_name(&file.path).to_owned(), Some(file)));
            for (name, file) in hidden.into_iter().chain(files).take(MAX_FILES) {
                let text = file.as_ref().and_then(|file| file.text.as_ref());
                let text = text.filter(|text| self.may_read(text));
                let flags = text.map(|text| jvm_options(text, major)).ok_or_else(|| Why::File(name.clone()));
                found.push(FileOfFlags { name, flags });
            }
        }
        let names: Vec<&str> = places.iter().map(String::as_str).collect();
        if self.is_written(&names, !found.is_empty()) {
            let name = names.first().map(|name| base_name(name).to_owned()).unwrap_or_default();
            let why = Why::Other("something writes its settings file");
            found.push(FileOfFlags { name, flags: Err(why) });
        }
        found
    }

    /// True if a script of the project contains a word.
    pub(super) fn has_in_scripts(&self, word: &str) -> bool {
        self.scripts.all().iter().any(|script| script.as_str().contains(word))
    }

    /// True if a volume, whose files are not here, is mounted above a path.
    fn is_in_volume(&self, place: &str) -> bool {
        self.scripts.volumes.iter().any(|target| target != place && below(place, target).is_some())
    }

    /// True if the text still fits into the bytes that may be read. Takes them away.
    fn may_read(&self, text: &TracedText) -> bool {
        let left = self.left.get().checked_sub(text.as_str().len());
        self.left.set(left.unwrap_or(0));
        left.is_some()
    }

    /// True if a `RUN` or a script of the project writes to one of the files. Scripts only matter if a file is `brought`.
    fn is_written(&self, names: &[&str], brought: bool) -> bool {
        if self.target.is_some_and(|target| is_edited(target, names) || is_redirected_to(target, names)) {
            return true;
        }
        brought && self.scripts.all().iter().any(|script| writes(script, names))
    }

    /// Returns the files at a path, or of a name.
    fn files(&self, place: &str) -> Vec<ProvidedFile> {
        if place.starts_with('/') {
            return self.scripts.files_at(place);
        }
        let scripts = self.scripts;
        let mounted = scripts.mounts.iter().map(|(target, _)| target).chain(&scripts.volumes);
        let given = mounted.chain(scripts.configs.iter().map(|(target, _)| target));
        let copied = scripts.copies().iter().filter_map(|copied| copied.to(scripts.home()));
        let mut places: Vec<String> = Vec::new();
        for target in given.cloned().chain(copied) {
            let is_it = base_name(&target) == place || target.ends_with(&format!("/{place}"));
            // A directory of it, as far as it is one: the file, or the usual directory of settings in it.
            let inside = ["", "/conf", "/config"].map(|below| tidy(&format!("{target}{below}/{place}")));
            places.extend(if is_it { vec![target] } else { inside.to_vec() });
        }
        places.dedup();
        let found = places.iter().flat_map(|place| scripts.files_at(place));
        // What is not here by that name is another file.
        found.filter(|file| file.text.is_some() || base_name(&file.path) == place).collect()
    }
}

/// The files as they are read, one after the other.
struct Reading<'f, 'a> {
    finder: &'f SettingFinder<'a>,
    items: Vec<Item>,
    files: usize,
}

impl Reading<'_, '_> {
    /// Reads what is at a place. Returns whether anything is there.
    fn place(&mut self, place: &str, only_here: bool, depth: usize) -> bool {
        let mut any = false;
        if !only_here && self.finder.is_in_volume(place) {
            any = true;
            self.files += 1;
            self.items.push(Item::Unknown(Why::File(place.to_owned())));
        }
        for file in self.finder.files(place) {
            let is_one = file.path == place || ENDINGS.iter().any(|ending| file.path.ends_with(ending));
            if file.text.is_some() && !is_one || file.text.is_none() && only_here && file.path != place {
                continue;
            }
            any = true;
            self.file(&file, depth);
        }
        any
    }

    fn file(&mut self, file: &ProvidedFile, depth: usize) {
        self.files += 1;
        let name = base_name(&file.path).to_owned();
        let is_allowed = |text: &&TracedText| {
            self.finder.may_read(text) && self.files <= MAX_FILES && depth <= MAX_INCLUDES
        };
        let text = file.text.as_ref().filter(is_allowed);
        let found = text.and_then(|text| entries(text, Language::of(&name, text.as_str())));
        let Some(found) = found else {
            let why = match file.text {
                Some(_) => Why::Other("its settings file cannot be read"),
                None => Why::File(file.path.clone()),
            };
            self.items.push(Item::Unknown(why));
            return;
        };
        let plain = text.map(|text| without_comments(text.as_str())).unwrap_or_default();
        self.items.push(Item::File(name.clone(), plain));
        for entry in found {
            match &entry.value {
                Some(value) if INCLUDES.iter().any(|name| same_key(&entry.key, name)) => {
                    let path = value.as_str();
                    let above = file.path.rsplit_once('/').map_or("", |(above, _)| above);
                    let place =
                        if path.starts_with('/') { tidy(path) } else { tidy(&format!("{above}/{path}")) };
                    let needed = !same_key(&entry.key, "include_if_exists") && !entry.key.starts_with('!');
                    // The image's own directories of settings have nothing of interest.
                    if !self.place(&place, false, depth + 1) && needed {
                        self.items.push(Item::Unknown(Why::File(place)));
                    }
                }
                _ => self.items.push(Item::Entry(entry, name.clone())),
            }
        }
    }
}

/// True if a setting has one of the names and is in one of the sections.
fn is_wanted(entry: &Entry, keys: &[&str], sections: &[String]) -> bool {
    let in_section = sections.is_empty()
        || sections.iter().any(|section| {
            entry.section.strip_prefix(section.as_str()).is_some_and(|rest| {
                // `[mysqld-8.0]` is for one version.
                rest.is_empty() || rest.starts_with('-')
            })
        });
    in_section && keys.iter().any(|key| same_key(&entry.key, key))
}

/// True if a script writes to a file that has one of the names.
fn writes(script: &TracedText, names: &[&str]) -> bool {
    let bases: Vec<&str> = names.iter().map(|name| base_name(name)).collect();
    let named = |text: &str| bases.iter().any(|name| text.contains(name));
    if !named(script.as_str()) {
        return false;
    }
    shell::read(script).commands.iter().any(|command| {
        let into = command.redirections.iter().any(|redirection| {
            redirection.operator.as_str().contains('>') && named(redirection.target.as_ref())
        });
        let writer = command.program().is_some_and(|name| WRITERS.contains(&base_name(name)));
        into || writer && command.words.iter().any(|word| named(word.as_ref()))
    })
}
