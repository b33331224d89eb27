//! The images that projects use, and findings about what the lock file says about them.

use std::collections::BTreeMap;
use std::path::PathBuf;

use super::Options;
use crate::catalog::Catalog;
use crate::diagnostic::{Finding, Label};
use crate::lock::Lock;
use crate::model::ImageReference;
use crate::rules::{self, Group};
use crate::source::{Sources, TracedText, path_text};
use crate::workload::{Fact, Knowledge, KnownImage, Project, Workload};

/// An image that services run or Dockerfiles build on.
#[derive(Debug)]
pub struct UsedImage {
    /// Its name as short as Docker takes it; as written if it has variables; the Dockerfile's path if it has no name.
    pub reference: String,
    /// The services that run it, and lone Dockerfiles that build it.
    pub services: Vec<String>,
    /// The services whose Dockerfile builds on it.
    pub base_of: Vec<String>,
    /// The Dockerfile here that builds it.
    pub dockerfile: Option<PathBuf>,
    /// The day on which it was locked.
    pub locked: Option<String>,
    /// True if nothing is known of it and a service runs it.
    pub unknown: bool,
    /// The facts known about it.
    pub known: KnownImage,
}

/// Where images are looked up for one project.
struct Lookup<'a> {
    catalog: &'a Catalog,
    lock: Option<&'a Lock>,
    sources: &'a Sources,
}

/// Returns the images of projects, each reference once, in order.
#[must_use]
pub fn used_images(projects: &[Project], options: &Options, sources: &Sources) -> Vec<UsedImage> {
    let mut found: BTreeMap<(String, Knowledge), UsedImage> = BTreeMap::new();
    for project in projects {
        let Some(first) = project.files.first().map(|file| sources.get(*file)) else { continue };
        let config = options.config_of(first.path());
        let own = config.as_ref().and_then(|config| config.catalog.clone());
        let lock = options.lock_of(first.path(), sources);
        let catalog = own.as_deref().unwrap_or_else(|| Catalog::builtin());
        let lookup = Lookup { catalog, lock: lock.as_ref(), sources };
        for workload in project.workloads.iter().filter(|workload| workload.role.runs()) {
            for (image, is_base) in lookup.images(workload) {
                let key = (image.reference.clone(), image.known.knowledge);
                let entry = found.entry(key).or_insert(image);
                let users = if is_base { &mut entry.base_of } else { &mut entry.services };
                if !users.contains(&workload.name) {
                    users.push(workload.name.clone());
                }
            }
        }
    }
    found.into_values().collect()
}

impl Lookup<'_> {
    /// Returns the images of a workload, and whether each is only the base of what it builds.
    fn images(&self, workload: &Workload) -> Vec<(UsedImage, bool)> {
        // A lone Dockerfile names no image.
        let named = workload.service.image.value();
        let Some(file) = workload.dockerfile() else {
            return match &workload.service.image {
                Fact::Known(name) => vec![(self.pulled(&name.value, true), false)],
                Fact::Unknown { at, .. } => {
                    let text = self.sources.get(at.file).slice(*at).to_owned();
                    vec![(self.pulled(&TracedText::derived(text, *at), false), false)]
                }
                Fact::Absent { .. } => Vec::new(),
            };
        };
        let path = self.sources.get(file).path().to_path_buf();
        let reference = named.map_or_else(|| path_text(&path), short);
        let built = UsedImage {
            reference,
            services: Vec::new(),
            base_of: Vec::new(),
            dockerfile: Some(path),
            locked: None,
            unknown: false,
            known: KnownImage::built(workload),
        };
        let base = workload.image.base.value().map(|base| (self.pulled(base, false), true));
        std::iter::once((built, false)).chain(base).collect()
    }

    fn pulled(&self, reference: &TracedText, runs: bool) -> UsedImage {
        let parsed = ImageReference::parse(reference.as_str());
        let locked = parsed.as_ref().zip(self.lock).and_then(|(parsed, lock)| lock.find(parsed));
        let known = KnownImage::of(reference, self.catalog, self.lock);
        UsedImage {
            reference: short(reference),
            services: Vec::new(),
            base_of: Vec::new(),
            dockerfile: None,
            locked: locked.map(|locked| locked.entry().locked.clone()),
            unknown: runs && parsed.is_some() && known.knowledge == Knowledge::Nothing,
            known,
        }
    }
}

/// Returns a reference as short as Docker takes it; as written if it is none.
fn short(reference: &TracedText) -> String {
    let parsed = ImageReference::parse(reference.as_str());
    parsed.map_or_else(|| reference.as_str().to_owned(), |parsed| parsed.to_string())
}

/// Moves findings about what the lock file says to the place where the image is named: nobody mends anything in the lock file.
/// Those that only the makers of the image can act on are dropped: how it starts its processes, and variables that nothing reads.
pub(super) fn move_out_of_lock(findings: &mut Vec<Finding>, project: &Project) {
    let Some(lock) = project.lock else { return };
    let is_for_makers = |finding: &Finding| {
        let group = rules::find(finding.rule).map(|rule| rule.meta().group);
        group == Some(Group::Process) || finding.rule == "unread-heap-variable"
    };
    findings.retain(|finding| finding.primary.span.file != lock || !is_for_makers(finding));
    for finding in findings.iter_mut().filter(|finding| finding.primary.span.file == lock) {
        let is_its =
            |workload: &&Workload| finding.service.as_ref().is_none_or(|service| *service == workload.name);
        let Some(workload) = project.workloads.iter().find(is_its) else { continue };
        let span = workload.image.base.known().map_or(workload.anchor, |base| base.span);
        let label = Label { span, text: "its image has one, according to the lock file".to_owned() };
        let locked = std::mem::replace(&mut finding.primary, label);
        finding.related.insert(0, locked);
    }
}

/// Removes fixes that would change the lock file.
pub(super) fn remove_fixes(findings: &mut [Finding], project: &Project) {
    let Some(lock) = project.lock else { return };
    for finding in findings {
        finding.fixes.retain(|fix| fix.edits.iter().all(|edit| edit.span.file != lock));
    }
}
