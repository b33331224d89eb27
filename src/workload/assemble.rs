//! Builds workloads from the model: joins each service with the image that it runs.

use std::cell::Cell;
use std::path::Path;
use std::sync::OnceLock;

use super::opened::StartedPrograms;
use super::runs::Runs;
use super::scripts::Scripts;
use super::server::Starts;
use super::setting_files::SettingFinder;
use super::start::{partial_start, service_start};
use super::started::{self, StartFacts};
use super::surroundings::{Surroundings, is_fragment};
use super::{
    Build, Fact, Health, Kind, LimitKeys, Memory, Origin, Pools, Process, Project, Resources, Role, Start,
    Variable, Why, Workload,
};
use super::{ImageFacts, heap, probe, process, quotes, role, serves, tools, unused, windows};
use crate::catalog::{Catalog, Pool};
use crate::discover::Untracked;
use crate::hash::{HashSet, IndexMap};
use crate::lock::Lock;
use crate::model::ImageReference;
use crate::model::allowance::{ByteBudget, MAX_TAKEN};
use crate::model::build::{Dockerfiles, ResolvedBuild, resolve_build};
use crate::model::compose::{Description, Element, Mount, Service};
use crate::model::image::{BuildOptions, TargetImage, resolve};
use crate::model::{project, purpose};
use crate::source::{SourceId, Sources, Spanned, TracedText, path_text};
use crate::syntax::SyntaxError;

/// Builds the workloads of Compose projects and Dockerfiles.
pub struct Assembler<'a> {
    /// The files that were read.
    pub sources: &'a Sources,
    /// The Dockerfiles that were parsed.
    pub dockerfiles: &'a Dockerfiles,
    /// The catalogue of images and runtimes.
    pub catalog: &'a Catalog,
    /// The images that the lock file of the project has.
    pub lock: Option<&'a Lock>,
}

impl Assembler<'_> {
    /// Builds the workloads of a Compose project.
    #[must_use]
    ///
    /// It moves the services out of the model. The rest stays with the caller, who keeps the parsed trees alive with it.
    pub fn project(&self, project: &mut project::Project) -> Project {
        let services = std::mem::take(&mut project.compose.services);
        let refusals = std::mem::take(&mut project.compose.refusals);
        let newer_keys = std::mem::take(&mut project.compose.newer_keys);
        let compose = &project.compose;
        let around = Surroundings::of(&project.request.directory, &services, self.sources);
        let is_ours = |error: &&SyntaxError| !around.is_filled_in(error);
        let mut out = Project {
            files: compose.files.iter().chain(&compose.environment_files).copied().collect(),
            workloads: Vec::with_capacity(services.len()),
            syntax_errors: compose.errors.iter().filter(is_ours).cloned().collect(),
            refusals,
            newer_keys,
            unresolved: compose.unresolved.clone(),
            report_only: project.own_files.clone().into_iter().collect(),
            compose_files: project.roots(self.sources),
            included_overrides: compose.included_overrides.clone(),
            name: project_name(project, self.sources),
            is_named: project.compose.name.known().is_some(),
            profiles: compose.profiles(),
            directory: project.request.directory.clone(),
            for_swarm: false,
            stack_refusals: Vec::new(),
            is_version_3: compose.version.as_ref().is_some_and(|version| version.starts_with('3')),
            limit_keys: LimitKeys::default(),
            elsewhere: Vec::new(),
            lock: self.lock.map(|lock| lock.file),
            running: Vec::new(),
            key_readers: OnceLock::new(),
        };
        out.files.extend(out.lock);
        let (awaited, needed) = (role::awaited(&services), role::needed(&services));
        let exists = |path: &Path| self.sources.exists(path);
        let says = |file: &SourceId| {
            !project.is_described() && purpose::is_not_for_production(self.sources.get(*file).text())
        };
        let noted: HashSet<SourceId> = compose.files.iter().copied().filter(says).collect();
        // The head of an included file is about its own services, that of a base about all that extend it.
        let included = |file: &SourceId| {
            !out.compose_files.contains(file) && services.iter().any(|service| service.key.file == *file)
        };
        let development = noted.iter().any(|file| !included(file))
            || out.compose_files.iter().any(|file| around.is_for_development(self.sources.get(*file).path()))
            || role::is_test_rig(&services);
        let shared = role::shared(&services);
        let mut allowance = ByteBudget::of_services(project.request.shared_byte_limit);
        let files_left = Cell::new(project.request.shared_byte_limit);
        let mut of_service = Role::default();
        for service in services.into_iter().map(Box::new) {
            let is_shared = shared.contains(&service.name);
            let mut workload = {
                let allowances = (&mut allowance, &files_left);
                self.service(service, project, &mut out, (is_shared, &around), allowances)
            };
            let development = development || noted.contains(&workload.anchor.file);
            if workload.step().is_some() {
                // A step comes right after its service.
                workload.role = workload.role.of_step(of_service);
            } else {
                workload.role = workload.role.of(&workload.service, &awaited, development);
                of_service = workload.role;
            }
            workload.role.needed = needed.contains(&workload.name);
            out.workloads.push(workload);
        }
        unused::find(&compose.environment_files, &mut out, self.sources);
        windows::spread(&mut out.workloads);
        out.limit_keys = LimitKeys::of(&out.workloads);
        // A file that git ignores, or that has an example next to it, is missing on purpose. Its variables stay unknown.
        let mut untracked = Untracked::default();
        let workloads = &out.workloads;
        out.unresolved.retain(|reference| {
            let missing = reference.variables.as_ref();
            !missing.is_some_and(|path| untracked.is_missing_on_purpose(path, &exists, self.sources.disk()))
                && !around.is_in_submodule(reference, workloads)
        });
        out
    }

    /// Builds the workload of the final stage of a Dockerfile that no service builds.
    #[must_use]
    pub fn image(&self, file: SourceId) -> Project {
        let dockerfile = self.dockerfiles.get(file, self.sources);
        let lock = self.lock.map(|lock| lock.file);
        let files = std::iter::once(file).chain(lock).collect();
        let mut out = Project { files, lock, syntax_errors: dockerfile.errors.clone(), ..Project::default() };
        if is_fragment(&dockerfile, self.sources.get(file).path()) {
            return Project { files: vec![file], ..Project::default() };
        }
        let Ok(target) = resolve(&dockerfile, &BuildOptions::default()) else { return out };
        let runs = Runs::new(&target);
        let mut facts = Box::new(ImageFacts::of_target(&runs, (self.catalog, self.lock)));
        let path = self.sources.get(file).path().to_path_buf();
        let home = tools::home(&facts.base, self.catalog);
        let scripts = Scripts::of_dockerfile(self.sources, &target, &path).at_home(home);
        let left = Cell::new(MAX_TAKEN);
        let finder =
            SettingFinder { scripts: &scripts, target: Some(&target), anchor: target.from, left: &left };
        facts.read_settings_files(&finder);
        let start = facts.start();
        let started = StartFacts::of(&start, None, &facts, (&scripts, None));
        let starts = started.starts(&facts, None, Some(&target));
        if target.entrypoint.is_some() && starts != Starts::Server {
            facts.drop_script_facts();
        }
        // `docker run` sets the limits of a lone image.
        let service = Box::new(Service::unknown(path_text(&path), target.from));
        let tools = tools::tools(&facts.base, Some(&runs), &facts.missing_tools, self.catalog);
        let exposed = tools::exposed(&facts, Some(&target), starts, self.catalog);
        let health = Health::of((&*service, Some(&target)), &facts, (tools, exposed), self.catalog);
        let mut workload = Workload {
            name: service.name.clone(),
            kind: Kind::Image,
            anchor: target.from,
            build: Some(Build::of_file(file, &path, &runs, self.catalog)),
            windows: facts.windows,
            env: image_environment(&facts, Some(&target)),
            env_missing: None,
            memory: Memory::of(&service, None),
            resources: Resources::of(&service),
            process: Process::of(&service, &facts, start, starts),
            health: Health { names_port: true, ..health },
            pools: Pools::default(),
            measured: None,
            role: Role::default(),
            image: facts,
            service,
        };
        workload.role.idle = workload.idle();
        self.started(&mut workload, (Some(&runs), &scripts, &started), &mut out);
        self.pools(&mut workload, None, (&started.opened, &finder));
        add_files_of_pools(&workload, &mut out);
        let site = probe::ProbeContext {
            workload: &workload,
            target: Some(&target),
            partial: None,
            opened: &started.opened,
            as_shipped: started.is_as_shipped(&workload.image, &scripts),
            shared: false,
            catalog: self.catalog,
            scripts: &scripts,
        };
        workload.health.probe = site.probe();
        out.workloads.push(workload);
        windows::spread(&mut out.workloads);
        out
    }

    fn service(
        &self,
        service: Box<Service>,
        project: &project::Project,
        out: &mut Project,
        (shared, around): (bool, &Surroundings<'_>),
        (allowance, files_left): (&mut ByteBudget, &Cell<usize>),
    ) -> Workload {
        let directory: &Path = &project.request.directory;
        let built = service.build.as_ref().map(|build| {
            let files = (self.sources, self.dockerfiles);
            resolve_build(build, &service.name, &project.compose, directory, files, allowance)
        });
        if let Some(built) = &built {
            out.unresolved.extend(built.unresolved.clone());
            if let Some(file) = built.file
                && !out.files.contains(&file)
            {
                out.files.push(file);
                out.syntax_errors.extend(self.dockerfiles.get(file, self.sources).errors.iter().cloned());
            }
        }
        let target = built.as_ref().and_then(|built| built.image.as_deref().ok());
        let runs = target.map(Runs::new);
        let mut facts = Box::new(match (&runs, &built) {
            (Some(runs), _) => ImageFacts::of_target(runs, (self.catalog, self.lock)),
            // What the build makes is not seen, but the machine has it under this name.
            (None, Some(ResolvedBuild { image: Err(why), .. })) if !self.is_locked(&service.image) => {
                let at = service.build.as_ref().map_or(service.key, |build| build.span);
                ImageFacts::unknown(at, why)
            }
            (None, _) => ImageFacts::of_reference(&service.image, service.key, (self.catalog, self.lock)),
        });
        if matches!(&service.element, Element::Described(described) if matches!(described.by, Description::Inspect { .. }))
        {
            facts.take_container(&service);
        }
        let names = |mount: &Mount, file: &str| mount.source.contains(file) || mount.target.contains(file);
        facts.drop_facts_of_replaced_files(&|file| service.mounts.iter().any(|mount| names(mount, file)));
        facts
            .missing_tools
            .retain(|tool| !service.mounts.iter().any(|mount| started::brings_tool(mount, tool)));
        let scripts = {
            let context = built.as_ref().map(|built| directory.join(&built.context));
            let home = tools::home(&facts.base, self.catalog);
            let mounts = (service.mounts.as_slice(), directory);
            Scripts::of_service(self.sources, target, context, mounts).at_home(home)
        };
        let finder = SettingFinder { scripts: &scripts, target, anchor: service.key, left: files_left };
        facts.read_settings_files(&finder);
        let (start, partial) = (service_start(&service, &facts), partial_start(&service, &facts));
        let started = StartFacts::of(&start, partial.as_ref(), &facts, (&scripts, Some(&*service)));
        let starts = started.starts(&facts, Some(&*service), target);
        if target.is_some_and(|target| target.entrypoint.is_some()) && starts != Starts::Server {
            facts.drop_script_facts();
        }
        let resolved = project.compose.service_environment(&service, directory, self.sources, allowance);
        out.syntax_errors.extend(resolved.errors);
        out.unresolved.extend(resolved.unresolved);
        for file in resolved.files {
            if !out.files.contains(&file) {
                out.files.push(file);
            }
        }
        let mut env = image_environment(&facts, target);
        for (name, (value, from_file)) in resolved.variables {
            let origin = if from_file { Origin::EnvFile } else { Origin::Environment };
            let place = service.environment_keys.get(&name).copied().filter(|_| !from_file);
            env.insert(name, Variable::new(value, origin, place));
        }
        let mut eaten = match project.is_described() {
            true => Vec::new(),
            false => process::replaced_by_compose(&service, &env),
        };
        if !eaten.is_empty() {
            let given = around.variables_of_examples();
            eaten.retain(|variable| {
                let name = &variable.name.value;
                !given.contains(name) && !project.compose.may_be_set(name)
            });
        }
        let tools = tools::tools(&facts.base, runs.as_ref(), &facts.missing_tools, self.catalog);
        let exposed = tools::exposed(&facts, target, starts, self.catalog);
        let build = built.as_ref().zip(service.build.as_ref());
        let mut workload = Workload {
            name: service.name.clone(),
            kind: Kind::of(&service.element),
            anchor: service.key,
            build: build.map(|(built, section)| Build::of(section, built, runs.as_ref(), self.catalog)),
            windows: windows::is_windows(&service, &facts),
            env,
            env_missing: resolved.open_ended.map(|file| Spanned::new(file.name, file.span)),
            memory: Memory::of(&service, facts.shared_memory.clone()),
            resources: Resources::of(&service),
            process: Process { replaced_by_compose: eaten, ..Process::of(&service, &facts, start, starts) },
            health: Health::of((&*service, target), &facts, (tools, exposed), self.catalog),
            pools: Pools::default(),
            measured: None,
            role: Role::default(),
            image: facts,
            service,
        };
        workload.process.unexpanded = process::unexpanded(&workload, self.catalog);
        workload.role.idle = workload.idle();
        quotes::find(&mut workload, self.catalog);
        self.started(&mut workload, (runs.as_ref(), &scripts, &started), out);
        workload.role.replaced = serves::is_replaced(&workload, target);
        self.pools(&mut workload, partial.as_ref(), (&started.opened, &finder));
        let site = probe::ProbeContext {
            workload: &workload,
            target,
            partial: partial.as_ref(),
            opened: &started.opened,
            as_shipped: started.is_as_shipped(&workload.image, &scripts),
            shared,
            catalog: self.catalog,
            scripts: &scripts,
        };
        workload.health.probe = site.probe();
        serves::apply_server_facts(&mut workload, &started.opened);
        add_files_of_pools(&workload, out);
        workload
    }

    /// True if the lock file has the image.
    fn is_locked(&self, image: &Fact<TracedText>) -> bool {
        let reference = image.value().and_then(|image| ImageReference::parse(image.as_str()));
        reference.zip(self.lock).is_some_and(|(reference, lock)| lock.find(&reference).is_some())
    }

    /// Sets the heaps and caches of a workload, and its heap flags for other runtimes.
    fn pools(
        &self,
        workload: &mut Workload,
        partial: Option<&Start>,
        (opened, finder): (&StartedPrograms, &SettingFinder<'_>),
    ) {
        let pools = heap::pools(workload, partial, (opened, finder), self.catalog);
        workload.pools.heap_flags_of_other_runtimes = heap::flags_of_other_runtimes(workload, self.catalog);
        (workload.pools.heaps, workload.pools.caches) =
            pools.into_iter().partition(|pool| pool.pool == Pool::Heap);
        quotes::add_pools(workload, |workload| {
            heap::pools(workload, partial, (opened, finder), self.catalog)
        });
        workload.pools.size_variables = heap::size_variables(workload, self.catalog);
        workload.pools.filled_in = heap::filled_in(workload, finder);
        workload.pools.unquoted_flags = heap::unquoted_flags(workload, self.catalog);
        if let Some(mapping) = workload.step().map(|step| step.mapping) {
            workload.pools.drop_meant_for_others(mapping);
        }
    }
}

/// Adds the files that tell the heaps and caches of a workload to those of its project: a script may have the setting, or start the
/// program.
fn add_files_of_pools(workload: &Workload, out: &mut Project) {
    for pool in workload.pools.heaps.iter().chain(&workload.pools.caches) {
        let own = [pool.bound.span().file, pool.program.span.file];
        for file in own.into_iter().chain(pool.settings_files.iter().copied()) {
            if !out.files.contains(&file) {
                out.files.push(file);
            }
        }
    }
}

/// Returns the project name that Compose uses: `name`, else the directory's name (compose-go `cli/options.go`).
fn project_name(project: &project::Project, sources: &Sources) -> Option<String> {
    match &project.compose.name {
        Fact::Known(name) => Some(name.value.as_str().to_owned()),
        Fact::Unknown { .. } => None,
        Fact::Absent { .. } => {
            let directory = sources.absolute(&project.request.directory);
            project_name_of(directory.file_name()?.to_str()?)
        }
    }
}

/// Normalizes a directory name: lower case, only letters, digits, `-` and `_`, the last two not at the start (compose-go
/// `loader/loader.go`, `NormalizeProjectName`).
fn project_name_of(directory: &str) -> Option<String> {
    let kept = directory.to_lowercase();
    let kept: String = kept
        .chars()
        .filter(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '-' | '_'))
        .collect();
    let name = kept.trim_start_matches(['-', '_']);
    (!name.is_empty()).then(|| name.to_owned())
}

/// Returns the environment of an image: what the lock file has of the base, and the Dockerfile's `ENV` over it.
fn image_environment(facts: &ImageFacts, target: Option<&TargetImage>) -> IndexMap<String, Variable> {
    let mut env: IndexMap<String, Variable> = facts.locked_env.iter().cloned().collect();
    env.extend(target.into_iter().flat_map(|target| &target.env).map(|(name, entry)| {
        let value = match &entry.value {
            Ok(text) => Fact::Known(Spanned::new(text.clone(), text.span())),
            Err(variable) => Fact::Unknown { at: entry.span, why: Why::Variable(variable.clone()) },
        };
        let place = Some(entry.key.span());
        (name.clone(), Variable::new(value, Origin::Image, place))
    }));
    env
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_directory_names_its_project() {
        for (directory, expected) in [
            ("shop", Some("shop")),
            ("My.Shop_1", Some("myshop_1")),
            ("shop-2", Some("shop-2")),
            ("_-shop", Some("shop")),
            ("Geschäft", Some("geschft")),
            ("...", None),
            ("_", None),
        ] {
            assert_eq!(project_name_of(directory).as_deref(), expected, "{directory}");
        }
    }
}
