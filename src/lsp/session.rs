//! Session state: open documents, and cached analyses of the files around them.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use lsp_types::{
    CodeDescription, Diagnostic, DiagnosticRelatedInformation, DiagnosticSeverity, Location, NumberOrString,
    Uri,
};

use super::convert::{Encoding, path_of, uri_of};
use super::settings::Settings;
use super::watch;
use crate::check::{self, Options, Outcome};
use crate::config::Configs;
use crate::diagnostic::{Finding, Fix, Label, Severity};
use crate::discover::{
    self, Discovered, FileKind, discover, is_env_file, kind_in_editor, kind_in_walk, kind_of, kind_of_text,
};
use crate::fix::Verifier;
use crate::hash::HashMap;
use crate::lock::Locks;
use crate::report::escape::{self, printable};
use crate::report::rule_page;
use crate::source::{FileSystem, MAX_FILE_SIZE, Overlay, Sources, named_from, normalize};

/// Document that is open in the editor.
#[derive(Clone, Debug)]
pub(super) struct Document {
    pub(super) text: String,
    pub(super) version: i32,
    language: String,
    /// Its kind. `None` if it is neither a Dockerfile nor a Compose file.
    kind: Option<FileKind>,
}

impl Document {
    fn new(path: &Path, text: String, version: i32, language: String) -> Self {
        let kind = kind_in_editor(path, &text).or_else(|| match language.as_str() {
            "dockerfile" => Some(FileKind::Dockerfile),
            "dockercompose" | "docker-compose" | "yaml.docker-compose" => {
                kind_of_text(&text).filter(|kind| *kind != FileKind::Inspected)
            }
            _ => None,
        });
        Self { text, version, language, kind }
    }
}

/// Result of linting the files around a document.
pub(super) struct Analysis {
    pub(super) sources: Sources,
    pub(super) outcome: Outcome,
    pub(super) discovered: Discovered,
    diagnostics: OnceLock<BTreeMap<PathBuf, Vec<Diagnostic>>>,
    other_names: OnceLock<Vec<PathBuf>>,
    /// Whether each fix that was asked for passes, by its finding's index and its own: editors ask again with each move of the cursor.
    passing: Mutex<HashMap<(usize, usize), bool>>,
}

/// The largest number of fixes that are tried for one request: each takes about as long as a run. Another request tries the next.
const MAX_TRIED: usize = 16;

impl Analysis {
    /// See [`watch::other_names`].
    pub(super) fn other_names(&self) -> &[PathBuf] {
        self.other_names.get_or_init(|| watch::other_names(&self.sources))
    }
}

/// Diagnostics that were published of a file.
#[derive(Debug, PartialEq)]
pub(super) struct Published {
    /// The version of the document, if it was open.
    pub(super) version: Option<i32>,
    pub(super) diagnostics: Vec<Diagnostic>,
}

/// State of the server.
#[derive(Default)]
pub(super) struct Session {
    pub(super) encoding: Encoding,
    /// True if the client shows related locations of a diagnostic.
    pub(super) related: bool,
    /// True if the client can open a page in a browser.
    pub(super) shows_documents: bool,
    /// File system that files are read from.
    pub(super) disk: FileSystem,
    /// Settings of the client.
    pub(super) settings: Settings,
    /// Workspace folders. The search for the Compose file of a Dockerfile does not leave them.
    pub(super) folders: Vec<PathBuf>,
    /// Open documents by absolute path.
    pub(super) documents: BTreeMap<PathBuf, Document>,
    /// Analyses by project directory, until something changes that they depend on.
    pub(super) analyses: HashMap<PathBuf, Arc<Analysis>>,
    /// Project directories by file.
    pub(super) directories: HashMap<PathBuf, PathBuf>,
    /// The last published diagnostics of each file that has some or is open.
    pub(super) published: BTreeMap<PathBuf, Published>,
    /// The configurations that say whether open documents are Compose files, until a document is opened, closed or saved
    /// or a file changes.
    pub(super) configs: OnceLock<Configs>,
}

impl Session {
    pub(super) fn open(&mut self, uri: &Uri, text: String, version: i32, language: String) {
        if let Some(path) = path_of(uri) {
            let path = normalize(&path);
            self.documents.insert(path.clone(), Document::new(&path, text, version, language));
            self.invalidate_shown(&path);
        }
    }

    pub(super) fn change(&mut self, uri: &Uri, text: String, version: i32) {
        let Some(path) = path_of(uri).map(|path| normalize(&path)) else { return };
        let Some(document) = self.documents.get_mut(&path) else { return };
        let (before, language) = (document.kind, std::mem::take(&mut document.language));
        *document = Document::new(&path, text, version, language);
        if document.kind != before {
            self.directories.clear();
        }
        self.invalidate_users(&path);
    }

    pub(super) fn close(&mut self, uri: &Uri) {
        if let Some(path) = path_of(uri) {
            let path = normalize(&path);
            self.documents.remove(&path);
            self.invalidate_shown(&path);
        }
    }

    /// Discards all analyses, after a change on disk.
    pub(super) fn invalidate(&mut self) {
        self.analyses.clear();
        self.directories.clear();
        self.configs.take();
    }

    /// Discards the analyses that may depend on a document that was opened or closed.
    fn invalidate_shown(&mut self, path: &Path) {
        self.directories.clear();
        self.configs.take();
        if self.disk.exists(path) {
            self.invalidate_users(path);
        } else {
            // The file comes or goes with its document, and any analysis may have looked for it.
            self.invalidate();
        }
    }

    /// Discards the analyses that may depend on the text of a document.
    fn invalidate_users(&mut self, path: &Path) {
        // Other files, such as a README, tell what the projects below them are for.
        let describes = self.kind(path).is_none() && !is_env_file(path);
        let parent = path.parent().unwrap_or(path);
        self.analyses.retain(|directory, analysis| {
            let depends = path.starts_with(directory)
                || analysis.sources.has_loaded(path)
                || (describes && directory.starts_with(parent));
            !depends
        });
    }

    /// Returns the texts of open documents, which replace their files. Too large ones are left out.
    pub(super) fn overlay(&self) -> Overlay {
        let small = self.documents.iter().filter(|(_, document)| document.text.len() as u64 <= MAX_FILE_SIZE);
        small.map(|(path, document)| (path.clone(), document.text.clone())).collect()
    }

    /// Returns options that read configurations and files anew.
    pub(super) fn options(&self) -> Options {
        let disk = self.disk.with_listings();
        let locks = Some(Arc::new(Locks::on_disk(disk.clone())));
        Options { locks, disk: disk.clone(), ..self.settings.options(&disk) }
    }

    /// Returns the fixes of these findings, given by their indices, that `--fix` would apply.
    pub(super) fn verified<'a>(
        &self,
        analysis: &'a Analysis,
        findings: &[usize],
    ) -> Vec<(&'a Finding, &'a Fix)> {
        let mut passing = analysis.passing.lock().unwrap_or_else(PoisonError::into_inner);
        let all = findings.iter().filter_map(|at| Some((*at, analysis.outcome.findings.get(*at)?)));
        let all: Vec<_> = all
            .flat_map(|(at, finding)| {
                finding.fixes.iter().enumerate().map(move |(nth, fix)| ((at, nth), finding, fix))
            })
            .collect();
        if all.iter().any(|(key, ..)| !passing.contains_key(key)) {
            let (options, overlay) = (self.options(), self.overlay());
            let found = (&analysis.outcome, &analysis.sources);
            let mut verifier = Verifier::new(&options, &analysis.discovered, found, &overlay);
            let unknown = all.iter().filter(|(key, ..)| !passing.contains_key(key)).take(MAX_TRIED);
            let tried: Vec<_> =
                unknown.map(|(key, finding, fix)| (*key, verifier.passes(finding, fix))).collect();
            passing.extend(tried);
        }
        let passing = all.into_iter().filter(|(key, ..)| passing.get(key) == Some(&true));
        passing.map(|(_, finding, fix)| (finding, fix)).collect()
    }

    /// Lints the files around a file, unless that is cached. `None` if it is neither a Dockerfile nor a Compose file.
    pub(super) fn analyze(&mut self, path: &Path) -> Option<Arc<Analysis>> {
        let kind = self.kind(path)?;
        let directory = match self.directories.get(path) {
            Some(directory) => directory.clone(),
            None => {
                let directory = self.project(path, kind);
                self.directories.insert(path.to_path_buf(), directory.clone());
                directory
            }
        };
        if let Some(known) = self.analyses.get(&directory) {
            return Some(Arc::clone(known));
        }
        let options = self.options();
        let disk = options.disk.with_overlay(&self.overlay());
        let named = options
            .configs
            .clone()
            .map(|configs| discover::NamedFiles::new(move |path| configs.names_compose_file(path)));
        let discovery = discover::Options {
            disk: disk.clone(),
            named: named.unwrap_or_default(),
            ..discover::Options::default()
        };
        // Below the current directory files have the names that the command gives them.
        let here = std::env::current_dir().unwrap_or_default();
        let mut discovered = discover(&[named_from(&directory, &here)], discovery).unwrap_or_default();
        // Documents without a file yet, and files that discovery leaves out.
        let open: Vec<(PathBuf, FileKind)> = self
            .documents
            .keys()
            .filter(|open| open.starts_with(&directory))
            .filter_map(|open| Some((open.clone(), self.kind(open)?)))
            .collect();
        for (path, kind) in open {
            if !discovered.files.iter().any(|found| absolute(&found.path) == path) {
                discovered.add(named_from(&path, &here), kind);
            }
        }
        let options = Options { disk: disk.clone(), ..options };
        let sources = Sources::with_file_system(disk);
        let mut outcome = check::run(&options, &sources, &discovered);
        outcome.truncate(&sources);
        let (diagnostics, other_names) = (OnceLock::new(), OnceLock::new());
        let passing = Mutex::default();
        let analysis = Analysis { sources, outcome, discovered, diagnostics, other_names, passing };
        let analysis = Arc::new(analysis);
        self.analyses.insert(directory, Arc::clone(&analysis));
        Some(analysis)
    }

    /// Returns the kind of a file: of an open document by name and text, else by language ID and text, else by its configuration.
    /// Editors send every YAML file.
    fn kind(&self, path: &Path) -> Option<FileKind> {
        let known = self.documents.get(path).map_or_else(|| kind_of(path), |document| document.kind);
        let configs = || self.configs.get_or_init(|| self.settings.configs(&self.disk.with_listings()));
        let is_named = || configs().names_compose_file(path);
        known.or_else(|| is_named().then_some(FileKind::Compose))
    }

    /// Returns the directory to lint: that of a Compose file; for a Dockerfile the nearest ancestor with a Compose file within
    /// the workspace folders, else its own.
    fn project(&self, path: &Path, kind: FileKind) -> PathBuf {
        let own = path.parent().unwrap_or(path).to_path_buf();
        if kind == FileKind::Compose {
            return own;
        }
        let inside = |directory: &Path| self.folders.iter().any(|folder| directory.starts_with(folder));
        let has_compose = |directory: &Path| {
            let name = |path: &PathBuf| path.file_name().map(PathBuf::from).unwrap_or_default();
            let is_compose =
                |path: PathBuf| kind_in_walk(&path, &name(&path), &self.disk) == Some(FileKind::Compose);
            let on_disk = self.disk.entries(directory).any(is_compose);
            let open = |path: &PathBuf| {
                path.parent() == Some(directory) && self.kind(path) == Some(FileKind::Compose)
            };
            on_disk || self.documents.keys().any(open)
        };
        let mut above = own.ancestors().take_while(|directory| **directory == own || inside(directory));
        above.find(|directory| has_compose(directory)).map_or(own.clone(), Path::to_path_buf)
    }

    /// Returns the diagnostics of an analysis by file.
    pub(super) fn diagnostics<'a>(&self, analysis: &'a Analysis) -> &'a BTreeMap<PathBuf, Vec<Diagnostic>> {
        analysis.diagnostics.get_or_init(|| {
            let mut found: BTreeMap<PathBuf, Vec<Diagnostic>> = BTreeMap::new();
            for finding in &analysis.outcome.findings {
                let place = analysis.sources.to_outer_span(finding.primary.span);
                let path = absolute(analysis.sources.get(place.file).path());
                let diagnostic = self.diagnostic(finding, analysis);
                for (other, end) in self.other_ends(finding, &diagnostic, analysis) {
                    found.entry(other).or_default().push(end);
                }
                found.entry(path).or_default().push(diagnostic);
            }
            found
        })
    }

    /// Returns a hint for the first place of each other file that an error or warning names, so that who edits a Dockerfile sees
    /// what a Compose file makes of it.
    fn other_ends(
        &self,
        finding: &Finding,
        diagnostic: &Diagnostic,
        analysis: &Analysis,
    ) -> Vec<(PathBuf, Diagnostic)> {
        let file = |span| analysis.sources.to_outer_span(span).file;
        let own = file(finding.primary.span);
        let mut ends: Vec<(PathBuf, Diagnostic)> = Vec::new();
        let of_others = finding.related.iter().filter(|label| file(label.span) != own);
        for label in of_others.filter(|_| finding.severity > Severity::Note) {
            let path = absolute(analysis.sources.get(file(label.span)).path());
            if ends.iter().any(|(known, _)| *known == path) {
                continue;
            }
            let primary = Label { span: finding.primary.span, text: finding.message.clone() };
            let here = printable(&label.text);
            let message = format!("{}\n{here}", printable(&finding.message));
            let end = Diagnostic {
                range: self.encoding.range(&analysis.sources, label.span),
                severity: Some(DiagnosticSeverity::INFORMATION),
                message,
                related_information: self
                    .related
                    .then(|| self.related(&primary, analysis).into_iter().collect()),
                ..diagnostic.clone()
            };
            ends.push((path, end));
        }
        ends
    }

    fn diagnostic(&self, finding: &Finding, analysis: &Analysis) -> Diagnostic {
        let label = Some(finding.primary.text.as_str()).filter(|text| !text.is_empty());
        let texts = std::iter::once(finding.message.as_str()).chain(label);
        let texts = texts.map(|text| printable(text).into_owned());
        // Notes and help may have several lines, which have to stay apart.
        let more = finding.notes.iter().chain(&finding.help).map(|text| escape::lines(text));
        let message = texts.chain(more).collect::<Vec<_>>().join("\n");
        let href = rule_page(finding.rule).and_then(|page| page.parse().ok());
        Diagnostic {
            range: self.encoding.range(&analysis.sources, finding.primary.span),
            severity: Some(match finding.severity {
                Severity::Error => DiagnosticSeverity::ERROR,
                Severity::Warning => DiagnosticSeverity::WARNING,
                Severity::Note => DiagnosticSeverity::INFORMATION,
            }),
            code: Some(NumberOrString::String(finding.rule.to_owned())),
            code_description: href.map(|href| CodeDescription { href }),
            source: Some("oomlint".to_owned()),
            message,
            related_information: self
                .related
                .then(|| finding.related.iter().filter_map(|label| self.related(label, analysis)).collect()),
            ..Diagnostic::default()
        }
    }

    fn related(&self, label: &Label, analysis: &Analysis) -> Option<DiagnosticRelatedInformation> {
        let place = analysis.sources.to_outer_span(label.span);
        let uri = uri_of(&absolute(analysis.sources.get(place.file).path()))?;
        let range = self.encoding.range(&analysis.sources, label.span);
        let message = printable(&label.text).into_owned();
        Some(DiagnosticRelatedInformation { location: Location { uri, range }, message })
    }
}

/// Returns the absolute, normalized path, as in [`Session::documents`].
pub(super) fn absolute(path: &Path) -> PathBuf {
    normalize(&std::env::current_dir().unwrap_or_default().join(path))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Editors send every YAML file: each asks its configuration whether it is a Compose file, at each key that is typed.
    #[test]
    fn the_configuration_is_read_once_until_something_changes() {
        let scratch = tempfile::tempdir().unwrap();
        let config = scratch.path().join(".oomlint.yaml");
        std::fs::write(&config, "compose-files: ['*.yaml']\n").unwrap();
        let mut session = Session::default();
        let file = scratch.path().join("values.yaml");
        let uri = uri_of(&file).unwrap();
        session.open(&uri, "a: 1\n".to_owned(), 1, "yaml".to_owned());
        assert_eq!(session.kind(&file), Some(FileKind::Compose));
        std::fs::write(&config, "").unwrap();
        session.change(&uri, "a: 2\n".to_owned(), 2);
        assert_eq!(session.kind(&file), Some(FileKind::Compose));
        session.invalidate();
        assert_eq!(session.kind(&file), None);
    }

    /// A configuration or Dockerfile that was created since is seen, though one analysis lists each directory once.
    #[test]
    fn each_analysis_lists_directories_anew() {
        let scratch = tempfile::tempdir().unwrap();
        let file = scratch.path().join("oomlint.yaml");
        let session = Session { disk: FileSystem::default().with_listings(), ..Session::default() };
        assert!(!session.disk.exists(&file) && !session.options().disk.exists(&file));
        std::fs::write(&file, "").unwrap();
        assert!(session.options().disk.exists(&file));
    }
}
