//! Project after project: built, looked at and let go, so that what is parsed for one is there for all that is asked of it
//! and no longer.

use std::path::{Path, PathBuf};

use super::Options;
use super::concern::Concern;
use super::elsewhere::Elsewhere;
use super::overlays::Told;
use super::shared::Pool;
use super::suppression::Unsaid;
use crate::catalog::Catalog;
use crate::discover::{Discovered, FileKind};
use crate::finding::Finding;
use crate::hash::HashSet;
use crate::model::allowance;
use crate::model::build::Dockerfiles;
use crate::model::elsewhere;
use crate::model::project;
use crate::parallel;
use crate::source::{Source, SourceId, Sources, Span, Spanned};
use crate::syntax::SyntaxError;
use crate::syntax::yaml::Tree;
use crate::workload::{Assembler, Kind, Measurements, Project, Workload};

/// What stays of a project when it was looked at.
#[derive(Debug, Default)]
pub(super) struct Examined {
    /// Every file that was read for it, the one that names it first.
    pub(super) files: Vec<SourceId>,
    /// As [`Project::within`].
    pub(super) within: Vec<Vec<SourceId>>,
    /// The Dockerfiles that its workloads are built from.
    pub(super) dockerfiles: Vec<SourceId>,
    /// What its workloads are, and where each stands.
    pub(super) anchors: Vec<(Kind, Span)>,
    /// What its services ignore.
    pub(super) ignores: Vec<Ignores>,
    /// What the rules said of its own files.
    pub(super) findings: Vec<Finding>,
    /// What they said of others: where that is in the [`Pool`].
    pub(super) shared: Vec<usize>,
    /// What they said of other files than those that this is narrowed to, as far as that is known already.
    pub(super) unsaid: Vec<Unsaid>,
    /// The names that held some of that back.
    pub(super) used: Vec<Span>,
    /// The project itself, where somebody asks for it.
    pub(super) project: Option<Project>,
}

/// `x-oomlint` of a service.
#[derive(Debug)]
pub(super) struct Ignores {
    pub(super) service: String,
    pub(super) names: Vec<Spanned<String>>,
    pub(super) reason: Option<String>,
}

/// How to look.
pub(super) struct Examiner<'r> {
    pub(super) options: &'r Options,
    pub(super) sources: &'r Sources,
    /// Asks the rules.
    pub(super) look: &'r (dyn Fn(&Project) -> Vec<Finding> + Sync),
    /// Keeps what is said of files that projects share.
    pub(super) pool: &'r Pool<'r>,
    /// Projects are wanted, too.
    pub(super) keep: bool,
    /// What the containers were seen to use.
    pub(super) measured: Option<&'r Measurements<'r>>,
}

impl Examiner<'_> {
    /// Every stack and lone image that the files make.
    pub(super) fn all(&self, discovered: &Discovered) -> Vec<Examined> {
        let Self { options, sources, .. } = *self;
        let found =
            |kind| discovered.files.iter().filter(move |found| found.kind == kind).map(|found| &found.path);
        let chosen: HashSet<&PathBuf> = options.compose_files.iter().collect();
        let mut compose: Vec<PathBuf> =
            found(FileKind::Compose).filter(|path| !chosen.contains(path)).cloned().collect();
        // Who says which files make the stack means these alone.
        let concern = (options.compose_files.is_empty() && !discovered.context.is_empty()).then(|| {
            compose.extend(discovered.context.iter().cloned());
            Concern::new(discovered, sources)
        });
        let known: Vec<PathBuf> = options.compose_files.iter().chain(&compose).cloned().collect();
        let elsewhere = Elsewhere::of(&known, sources);
        let mut stacks: Vec<Stack> = Vec::new();
        if !options.compose_files.is_empty() {
            let model = project::merged(&options.compose_files, &options.settings, sources);
            stacks.push(self.stack(&model, None, (&Dockerfiles::default(), &elsewhere)));
        }
        let settings = (&options.settings, allowance::part(compose.len()));
        let met = parallel::map(project::by_directory(&compose), |(directory, files)| {
            let dockerfiles = Dockerfiles::default();
            let mut stacks = Vec::new();
            let mut told = Told::default();
            project::load_directory(&directory, files, settings, sources, &mut |model| {
                let mut stack = self.stack(&model, concern.as_ref(), (&dockerfiles, &elsewhere));
                told.thin(&mut stack, sources);
                stacks.push(stack);
            });
            stacks
        });
        stacks.extend(met.into_iter().flatten());
        let reach: Vec<&project::Reach> = stacks.iter().map(|stack| &stack.reach).collect();
        let first = usize::from(!options.compose_files.is_empty());
        let kept = project::stand_alone(reach.get(first..).unwrap_or_default());
        let kept = std::iter::repeat_n(true, first).chain(kept);
        let mut stacks: Vec<Stack> =
            stacks.into_iter().zip(kept).filter_map(|(stack, kept)| kept.then_some(stack)).collect();
        give_overlays_their_dockerfiles(&mut stacks);
        let mut examined: Vec<Examined> =
            stacks.into_iter().filter(|stack| stack.asked).map(|stack| stack.examined).collect();
        let built: HashSet<SourceId> =
            examined.iter().flat_map(|examined| &examined.dockerfiles).copied().collect();
        let alone = parallel::map(found(FileKind::Dockerfile).collect(), |path| {
            let file = sources.load(path).ok()?;
            (!built.contains(&file)).then(|| {
                let dockerfiles = Dockerfiles::default();
                self.with_catalog(path, &dockerfiles, |assembler| {
                    self.examine(assembler.image(file), false, None)
                })
            })
        });
        examined.extend(alone.into_iter().flatten());
        examined.extend(unreadable(sources, discovered).map(|project| self.examine(project, false, None)));
        examined
    }

    fn stack(
        &self,
        model: &project::Project,
        concern: Option<&Concern>,
        (dockerfiles, elsewhere): (&Dockerfiles, &Elsewhere),
    ) -> Stack {
        let first = model.request.files.first().map_or(Path::new("."), PathBuf::as_path);
        let mut project = self.with_catalog(first, dockerfiles, |assembler| assembler.project(model));
        project.elsewhere = elsewhere.of_project(model, self.sources);
        project.for_swarm = project.workloads.iter().any(Workload::is_for_swarm)
            || project.asked.iter().any(|file| is_for_swarm(&self.sources.get(*file)));
        if let Some(measured) = self.measured {
            measured.attach(&mut project);
        }
        let reach = model.reach(self.sources);
        let part = concern.map_or(Some(Vec::new()), |concern| concern.part(&reach, &project));
        // Of what nobody asks for it is known only what it builds.
        let Some(part) = part else { return Stack { examined: Examined::of(&project), reach, asked: false } };
        let narrowed = !(project.within.is_empty() && part.is_empty());
        let mut examined = self.examine(project, narrowed, Some(elsewhere));
        examined.within.extend(part);
        Stack { examined, reach, asked: true }
    }

    /// Rows of a configuration hold for the files below it.
    fn with_catalog<T>(
        &self,
        path: &Path,
        dockerfiles: &Dockerfiles,
        assemble: impl FnOnce(&Assembler<'_>) -> T,
    ) -> T {
        let own = self.options.config_of(path).and_then(|config| config.catalog.clone());
        let catalog = own.as_deref().unwrap_or_else(|| Catalog::builtin());
        assemble(&Assembler { sources: self.sources, dockerfiles, catalog })
    }

    /// `narrowed` is true where not all is to be said of the project.
    fn examine(&self, project: Project, narrowed: bool, elsewhere: Option<&Elsewhere>) -> Examined {
        let mut examined = Examined { findings: (self.look)(&project), ..Examined::of(&project) };
        if let Some(elsewhere) = elsewhere {
            elsewhere.withdraw(&mut examined.findings, &project, self.sources);
        }
        if !narrowed {
            self.pool.share(&mut examined, &project);
        }
        examined.project = self.keep.then_some(project);
        examined
    }
}

impl Examined {
    fn of(project: &Project) -> Self {
        let workloads = || project.workloads.iter();
        let ignoring = workloads().filter(|workload| !workload.ignores.is_empty());
        Self {
            files: project.files.clone(),
            within: project.within.clone(),
            dockerfiles: workloads().filter_map(Workload::dockerfile).collect(),
            anchors: workloads().map(|workload| (workload.kind, workload.anchor)).collect(),
            ignores: ignoring
                .map(|workload| Ignores {
                    service: workload.name.clone(),
                    names: workload.ignores.clone(),
                    reason: workload.ignore_reason.clone(),
                })
                .collect(),
            ..Self::default()
        }
    }
}

/// A look at a file that may be a stack of Swarm; its tree is held by who has just read it.
fn is_for_swarm(source: &Source) -> bool {
    elsewhere::is_for_swarm(&Tree::of(source), source.path())
}

/// A project of Compose files whose place among the others is not known yet.
pub(super) struct Stack {
    pub(super) examined: Examined,
    pub(super) reach: project::Reach,
    /// The files that were named have a part in it.
    pub(super) asked: bool,
}

impl Stack {
    /// It stands on the base of another one.
    pub(super) fn is_overlay(&self) -> bool {
        self.reach.only.is_some()
    }
}

/// What only an overlay builds is said for no base: it is the overlay's own, like its file.
fn give_overlays_their_dockerfiles(stacks: &mut [Stack]) {
    let bases = stacks.iter().filter(|stack| !stack.is_overlay()).map(|stack| &stack.examined);
    let by_bases: HashSet<SourceId> = bases.flat_map(|base| base.dockerfiles.iter().copied()).collect();
    for Stack { examined, .. } in stacks.iter_mut().filter(|stack| stack.is_overlay()) {
        let own = examined.dockerfiles.iter().copied().filter(|file| !by_bases.contains(file));
        if let Some(files) = examined.within.first_mut() {
            files.extend(own);
        }
    }
}

/// Files that are there and cannot be read: each a project with nothing but that to say.
fn unreadable(sources: &Sources, discovered: &Discovered) -> impl Iterator<Item = Project> {
    let failed = discovered.files.iter().filter_map(|found| Some((found, sources.load(&found.path).err()?)));
    failed.map(|(found, error)| {
        let file = sources.add(&found.path, "");
        let span = Span::new(file, 0, 0);
        let error = SyntaxError { message: error.to_string(), span, fatal: true, first: None, ends: false };
        Project { files: vec![file], syntax_errors: vec![error], ..Project::default() }
    })
}
