//! Builds the projects of a run and runs the rules over each. Directories run in parallel, the projects of one directory one
//! after the other: parsed files are shared while they are in use, and dropped afterwards.

use std::path::{Path, PathBuf};

use super::base_findings::{LoadedProject, SeenInDirectory, assign_dockerfiles_to_overrides};
use super::checked::CheckedProject;
use super::elsewhere::ExternalChanges;
use super::mentions::Mentions;
use super::merge::SharedFindings;
use super::scope::Scope;
use super::{Options, defined, filled_in, generated, running};
use crate::catalog::Catalog;
use crate::diagnostic::Finding;
use crate::discover::{Discovered, FileKind};
use crate::hash::{HashMap, HashSet};
use crate::model::build::Dockerfiles;
use crate::model::{allowance, elsewhere, project, stack};
use crate::parallel;
use crate::rules::Target;
use crate::source::{Source, SourceId, Sources, Span, path_text};
use crate::syntax::SyntaxError;
use crate::syntax::yaml::Tree;
use crate::workload::{Assembler, Measurements, Project, Workload};

/// Builds projects and runs the rules over them.
pub(super) struct Checker<'r> {
    pub(super) options: &'r Options,
    pub(super) sources: &'r Sources,
    /// Runs the rules over a project.
    pub(super) check_project: &'r (dyn Fn(&Project) -> Vec<Finding> + Sync),
    /// Collects findings in files that several projects share.
    pub(super) shared: &'r SharedFindings<'r>,
    /// Keeps each project in its [`CheckedProject`].
    pub(super) keep: bool,
    /// Measured memory use of the containers.
    pub(super) measured: Option<&'r Measurements<'r>>,
    /// Explains for `-v` which files make the projects. A run may build them several times.
    pub(super) explain: bool,
}

/// Facts from outside the files of a project that change its findings.
#[derive(Clone, Copy)]
pub(super) struct Around<'r> {
    elsewhere: &'r ExternalChanges,
    /// The projects of inspected containers.
    inspected: &'r [Project],
    /// The Compose files of the run and those around them.
    compose_files: &'r [PathBuf],
}

impl Checker<'_> {
    /// Checks every Compose project, every Dockerfile that no project builds, and reports files that cannot be read.
    pub(super) fn check_all(&self, discovered: &Discovered) -> Vec<CheckedProject> {
        let Self { options, sources, .. } = *self;
        let found =
            |kind| discovered.files.iter().filter(move |found| found.kind == kind).map(|found| &found.path);
        let chosen: HashSet<&PathBuf> = options.compose_files.iter().collect();
        let mut compose: Vec<PathBuf> =
            found(FileKind::Compose).filter(|path| !chosen.contains(path)).cloned().collect();
        let count = compose.len() + discovered.related_compose_files.len();
        // `-f` names all files of the project, so related Compose files are not loaded.
        let names_files = options.compose_files.is_empty() && !discovered.related_compose_files.is_empty();
        let mentions = names_files.then(|| Mentions::new(discovered, sources));
        let related =
            mentions.as_ref().map(|mentions| mentions.related(discovered, sources)).unwrap_or_default();
        compose.extend(related.readers);
        let scope = mentions.map(|mentions| Scope::new(discovered, mentions, sources));
        let known = options.compose_files.iter().chain(&compose).chain(&related.below);
        let known: Vec<PathBuf> = known.chain(&discovered.unchecked_compose_files).cloned().collect();
        let elsewhere = ExternalChanges::of(&known, sources, &|path| options.is_excluded(path, false));
        let inspected = self.inspected(found(FileKind::Inspected));
        let around = Around { elsewhere: &elsewhere, inspected: &inspected, compose_files: &known };
        let mut projects: Vec<LoadedProject> = Vec::new();
        if !options.compose_files.is_empty() {
            let settings = options.settings_of(&options.compose_files, sources);
            let model = project::load_merged(&options.compose_files, &settings, sources);
            projects.push(self.load(model, None, (&Dockerfiles::default(), around)));
        }
        let share = allowance::share_of_run(count);
        let loaded = parallel::map(project::by_directory(&compose), |(directory, files)| {
            let dockerfiles = Dockerfiles::default();
            let mut projects = Vec::new();
            let mut seen = SeenInDirectory::default();
            let settings = options.settings_of(&files, sources);
            project::load_directory(&directory, files, (&settings, share), sources, &mut |model| {
                let mut project = self.load(model, scope.as_ref(), (&dockerfiles, around));
                seen.drop_duplicates(&mut project, sources);
                projects.push(project);
            });
            elsewhere.release(&directory);
            projects
        });
        projects.extend(loaded.into_iter().flatten());
        // The project of `-f` is top-level, whatever else reads its files.
        let named = usize::from(!options.compose_files.is_empty());
        let included = take_included(&mut projects, named);
        if self.explain && tracing::enabled!(tracing::Level::INFO) {
            explain(&projects, included.iter(), sources);
        }
        assign_dockerfiles_to_overrides(&mut projects);
        let mut checked: Vec<CheckedProject> =
            projects.into_iter().filter(|project| project.in_scope).map(|project| project.checked).collect();
        let built: HashSet<SourceId> =
            checked.iter().flat_map(|checked| &checked.dockerfiles).copied().collect();
        let alone = parallel::map(found(FileKind::Dockerfile).collect(), |path| {
            let file = sources.load(path).ok()?;
            (!built.contains(&file)).then(|| {
                let dockerfiles = Dockerfiles::default();
                self.with_catalog(path, &dockerfiles, |assembler| {
                    self.check(assembler.image(file), false, None)
                })
            })
        });
        checked.extend(alone.into_iter().flatten());
        let commands = discovered.files.iter().filter(|found| found.kind.has_commands()).collect();
        checked.extend(parallel::map(commands, |found| self.check_commands(found)).into_iter().flatten());
        let containers = found(FileKind::Devcontainer);
        checked.extend(containers.filter_map(|path| self.check_devcontainer(path, around)));
        checked.extend(inspected.into_iter().map(|project| self.check(project, false, None)));
        checked.extend(unreadable(sources, discovered).map(|project| self.check(project, false, None)));
        checked
    }

    /// Builds the projects of files that `docker inspect` printed.
    fn inspected<'p>(&self, paths: impl Iterator<Item = &'p PathBuf>) -> Vec<Project> {
        let build = |path: &PathBuf| {
            let file = self.sources.load(path).ok()?;
            let none = Dockerfiles::default();
            let mut project = self.with_catalog(path, &none, |assembler| assembler.inspected(file));
            if let Some(measured) = self.measured {
                measured.attach(&mut project);
            }
            Some(project)
        };
        paths.filter_map(build).collect()
    }

    /// Builds a Compose project and checks it if it is in scope.
    pub(super) fn load(
        &self,
        mut model: project::Project,
        scope: Option<&Scope>,
        (dockerfiles, around): (&Dockerfiles, Around<'_>),
    ) -> LoadedProject {
        let Around { elsewhere, inspected, compose_files } = around;
        let first = model.request.files.first().cloned().unwrap_or_else(|| PathBuf::from("."));
        let project_files = model.project_files(self.sources);
        if scope.is_some_and(|scope| !scope.may_concern(&model, &project_files, self.sources)) {
            let checked = CheckedProject::default();
            return LoadedProject { checked, project_files, ..LoadedProject::default() };
        }
        let changes = elsewhere.of_project(&model, self.sources);
        let mut project = self.with_catalog(&first, dockerfiles, |assembler| assembler.project(&mut model));
        project.elsewhere = changes;
        defined::find(&mut project, &model, compose_files, self.sources);
        project.for_swarm = project.workloads.iter().any(Workload::is_for_swarm)
            || project.compose_files.iter().any(|file| is_for_swarm(&self.sources.get(*file)));
        let config = self.options.config_of_files(&project.files, self.sources);
        if self.options.policy_of(config.as_deref()).target == Target::Swarm {
            let files = project.compose_files.iter();
            project.stack_refusals =
                files.flat_map(|file| stack::refusals(&Tree::of(&self.sources.get(*file)))).collect();
        }
        if let Some(measured) = self.measured {
            measured.attach(&mut project);
        }
        project.running = running::of_project(&project, inspected, self.sources);
        let restrictions = scope.map_or(Some(Vec::new()), |scope| scope.restrict(&project_files, &project));
        // No rules run over a project out of scope, but its files and Dockerfiles matter to the other projects.
        let Some(restrictions) = restrictions else {
            let checked = CheckedProject::of(&project);
            return LoadedProject { checked, project_files, name: project.name, ..LoadedProject::default() };
        };
        let is_restricted = !(project.report_only.is_empty() && restrictions.is_empty());
        let name = project.name.clone();
        let templates = model.request.settings.platform.explained(&model.request.files);
        let mut checked = self.check(project, is_restricted, Some(elsewhere));
        checked.report_only.extend(restrictions);
        LoadedProject { checked, project_files, name, templates, in_scope: true }
    }

    /// Calls `assemble` with the image catalog of the file's configuration, else the built-in one.
    pub(super) fn with_catalog<T>(
        &self,
        path: &Path,
        dockerfiles: &Dockerfiles,
        assemble: impl FnOnce(&Assembler<'_>) -> T,
    ) -> T {
        let own = self.options.config_of(path).and_then(|config| config.catalog.clone());
        let catalog = own.as_deref().unwrap_or_else(|| Catalog::builtin());
        let lock = self.options.lock_of(path, self.sources);
        assemble(&Assembler { sources: self.sources, dockerfiles, catalog, lock: lock.as_ref() })
    }

    /// Runs the rules over a project. One that is restricted to some of its files shares no findings with others.
    pub(super) fn check(
        &self,
        project: Project,
        is_restricted: bool,
        elsewhere: Option<&ExternalChanges>,
    ) -> CheckedProject {
        let mut checked =
            CheckedProject { findings: (self.check_project)(&project), ..CheckedProject::of(&project) };
        if let Some(elsewhere) = elsewhere {
            elsewhere.remove_unsafe_fixes(&mut checked.findings, &project, self.sources);
        }
        checked.filled_in = filled_in::remove_errors(&mut checked.findings, self.sources);
        generated::remove_fixes(&mut checked.findings, self.sources);
        if !is_restricted {
            self.shared.add_from(&mut checked, &project);
        }
        checked.project = self.keep.then_some(project);
        checked
    }
}

/// Takes out the projects that another one includes, except for the first `named`, and returns their files. A project of which only
/// some findings are reported counts as one that includes nothing.
fn take_included(projects: &mut Vec<LoadedProject>, named: usize) -> Vec<project::ProjectFiles> {
    // The findings in what a base includes are those of the base, not of its override files.
    let mut of_bases: HashMap<SourceId, HashSet<SourceId>> = HashMap::default();
    let is_base = |project: &&LoadedProject| !project.is_override_file() && !project.reports_all();
    for LoadedProject { project_files: base, .. } in projects.iter().filter(is_base) {
        for root in &base.roots {
            of_bases.entry(*root).or_default().extend(&base.files);
        }
    }
    for project in projects.iter_mut().filter(|_| !of_bases.is_empty()) {
        let (reports_all, is_override_file) = (project.reports_all(), project.is_override_file());
        let project::ProjectFiles { roots, files, .. } = &mut project.project_files;
        let of_base = |file: &SourceId| {
            roots.iter().any(|root| of_bases.get(root).is_some_and(|files| files.contains(file)))
        };
        if !reports_all {
            files.clear();
        } else if is_override_file {
            files.retain(|file| !of_base(file));
        }
    }
    let files: Vec<&project::ProjectFiles> = projects.iter().map(|project| &project.project_files).collect();
    let top_level = project::top_level_files(files.get(named..).unwrap_or_default());
    let mut top_level = std::iter::repeat_n(true, named).chain(top_level);
    let included = projects.extract_if(.., |_| !top_level.next().unwrap_or(true));
    included.filter(|project| project.in_scope).map(|project| project.project_files).collect()
}

/// Prints for `-v` which files make the projects in scope, and which belong to another one.
fn explain<'p>(
    projects: &[LoadedProject],
    included: impl Iterator<Item = &'p project::ProjectFiles>,
    sources: &Sources,
) {
    for LoadedProject { checked, project_files, name, templates, .. } in
        projects.iter().filter(|project| project.in_scope)
    {
        let others = checked.files.iter().copied().filter(|file| !project_files.roots.contains(file));
        let reads = match others.collect::<Vec<_>>() {
            others if others.is_empty() => String::new(),
            others => format!("; reads {}", names(&others, sources)),
        };
        match &project_files.own_files {
            Some(own) => {
                let base = project_files.roots.iter().copied().filter(|file| !own.contains(file));
                let base = names(&base.collect::<Vec<_>>(), sources);
                tracing::info!("override file {}, merged over {base}{reads}", names(own, sources));
            }
            None => {
                let name = name.as_deref().unwrap_or("?");
                tracing::info!("project `{name}`: {}{reads}", names(&project_files.roots, sources));
            }
        }
        templates.iter().for_each(|template| tracing::info!("{template}"));
    }
    for part in included {
        tracing::info!("{} is part of another project", names(&part.roots, sources));
    }
}

/// Returns the paths of files as a list for a message.
fn names(files: &[SourceId], sources: &Sources) -> String {
    let names = files.iter().map(|file| format!("`{}`", path_text(sources.get(*file).path())));
    names.collect::<Vec<_>>().join(", ")
}

/// True if only `docker stack deploy` takes the file. Its tree is still cached from building the project.
fn is_for_swarm(source: &Source) -> bool {
    elsewhere::is_for_swarm(&Tree::of(source), source.path())
}

/// Returns a project with one syntax error for each file that cannot be read.
fn unreadable(sources: &Sources, discovered: &Discovered) -> impl Iterator<Item = Project> {
    let failed = discovered.files.iter().filter_map(|found| Some((found, sources.load(&found.path).err()?)));
    failed.map(|(found, error)| {
        let file = sources.add(&found.path, "");
        let span = Span::new(file, 0, 0);
        let error = SyntaxError::fatal(error.to_string(), span);
        Project { files: vec![file], syntax_errors: vec![error], ..Project::default() }
    })
}
