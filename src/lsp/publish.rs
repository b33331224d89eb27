//! Publishes diagnostics: after an edit only those that it may have changed.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use lsp_server::{Message, Notification};
use lsp_types::PublishDiagnosticsParams;
use lsp_types::notification::{Notification as _, PublishDiagnostics};
use lsp_types::request::{Request as _, WorkspaceDiagnosticRefresh};

use super::convert::uri_of;
use super::server::{Server, ServerError};
use super::session::{Analysis, Published};
use crate::hash::HashSet;

impl Server<'_> {
    /// Publishes the diagnostics of the files around open documents, and clears those that are gone.
    pub(super) fn publish(&mut self) -> Result<(), ServerError> {
        let open: Vec<PathBuf> = self.session.documents.keys().cloned().collect();
        let mut analyses: Vec<Arc<Analysis>> = Vec::new();
        let mut seen: HashSet<*const Analysis> = HashSet::default();
        let mut linted: Vec<&Path> = Vec::new();
        for path in &open {
            let Some(analysis) = self.session.analyze(path) else { continue };
            linted.push(path);
            if seen.insert(Arc::as_ptr(&analysis)) {
                analyses.push(analysis);
            }
        }
        let last = std::mem::take(&mut self.last);
        let new = without(&analyses, &last);
        let affected = self.affected(new.iter().chain(&without(&last, &analyses)), &linted);
        let changed: Vec<(PathBuf, Published)> = affected
            .into_iter()
            .filter_map(|path| Some((path.clone(), self.to_publish(&path, &analyses)?)))
            .collect();
        for (path, Published { version, diagnostics }) in changed {
            let Some(uri) = uri_of(&path) else { continue };
            let params = PublishDiagnosticsParams { uri, diagnostics: diagnostics.clone(), version };
            let params = serde_json::to_value(params)?;
            let method = PublishDiagnostics::METHOD.to_owned();
            self.send(Message::Notification(Notification { method, params }))?;
            self.session.published.insert(path, Published { version, diagnostics });
        }
        self.watch_read(&new)?;
        self.last = analyses;
        let (pulls, documents) = (self.pulls, &self.session.documents);
        self.session.published.retain(|path, last| match documents.contains_key(path) {
            true => !pulls,
            false => !last.diagnostics.is_empty(),
        });
        // Whoever edits the only open document pulls its diagnostics anyway.
        let others = std::mem::take(&mut self.beyond_edit) || open.len() > 1;
        if self.pulls && self.refreshes && others && !open.is_empty() {
            self.ask(WorkspaceDiagnosticRefresh::METHOD, &())?;
        }
        Ok(())
    }

    /// Returns the files whose published diagnostics may be out of date: those of analyses that came or went, and documents that
    /// were opened, edited or closed.
    fn affected<'a>(
        &self,
        analyses: impl Iterator<Item = &'a Arc<Analysis>>,
        linted: &[&Path],
    ) -> BTreeSet<PathBuf> {
        let of_analyses = analyses.flat_map(|analysis| self.session.diagnostics(analysis).keys().cloned());
        let (published, documents) = (&self.session.published, &self.session.documents);
        let is_edited = |path: &&&Path| {
            let known = published.get(**path).map(|last| last.version);
            known != Some(documents.get(**path).map(|document| document.version))
        };
        let edited = linted.iter().filter(is_edited).map(|path| path.to_path_buf());
        let is_closed =
            |(path, last): &(&PathBuf, &Published)| last.version.is_some() && !documents.contains_key(*path);
        let closed = published.iter().filter(is_closed).map(|(path, _)| path.clone());
        of_analyses.chain(edited).chain(closed).collect()
    }

    /// Returns what to publish of a file. `None` if that is what was published last.
    fn to_publish(&self, path: &Path, analyses: &[Arc<Analysis>]) -> Option<Published> {
        let last = self.session.published.get(path);
        let document = self.session.documents.get(path);
        let version = document.map(|document| document.version);
        // A client that pulls the diagnostics of open documents gets none pushed. What was pushed before is cleared.
        if self.pulls && document.is_some() {
            let pushed = last.is_some_and(|last| !last.diagnostics.is_empty());
            return pushed.then(|| Published { version, diagnostics: Vec::new() });
        }
        let found = analyses.iter().rev().find_map(|analysis| self.session.diagnostics(analysis).get(path));
        let diagnostics = found.cloned().unwrap_or_default();
        let is_same = match last {
            None => document.is_none() && diagnostics.is_empty(),
            Some(last) => {
                let is_clear = last.diagnostics.is_empty() && document.is_none();
                last.diagnostics == diagnostics && (last.version == version || is_clear)
            }
        };
        (!is_same).then_some(Published { version, diagnostics })
    }
}

/// Returns the analyses that are not among `others`.
fn without(analyses: &[Arc<Analysis>], others: &[Arc<Analysis>]) -> Vec<Arc<Analysis>> {
    let others: HashSet<*const Analysis> = others.iter().map(Arc::as_ptr).collect();
    analyses.iter().filter(|analysis| !others.contains(&Arc::as_ptr(analysis))).cloned().collect()
}
