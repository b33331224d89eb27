//! Builds workloads from the model: joins each service with the image that it runs.

use std::path::Path;

use super::health;
use super::heap;
use super::image::{ImageFacts, partial_start, service_start};
use super::keys::{cpu_quota, first_effective, first_present, restart, shadowed_restart};
use super::packages;
use super::probe;
use super::process;
use super::quotes;
use super::role;
use super::runs::Runs;
use super::scripts::Scripts;
use super::server::Starts;
use super::serves;
use super::started::{self, StartFacts};
use super::surroundings::{Surroundings, is_fragment};
use super::tools;
use super::{
    Build, BuildStage, Fact, Kind, Memory, NoProbe, Origin, Project, Role, Start, Variable, Why, Workload,
};
use crate::catalog::{Catalog, Pool};
use crate::discover::Untracked;
use crate::hash::{HashSet, IndexMap};
use crate::model::allowance::ByteBudget;
use crate::model::build::{Dockerfiles, ResolvedBuild, resolve_build_within};
use crate::model::compose::{Mount, Service};
use crate::model::image::{BuildOptions, TargetImage, resolve};
use crate::model::project;
use crate::model::purpose;
use crate::source::{SourceId, Sources, Span, Spanned, TracedText};
use crate::syntax::SyntaxError;
use crate::syntax::size::ByteSize;

/// Builds the workloads of Compose projects and Dockerfiles.
pub struct Assembler<'a> {
    /// The files that were read.
    pub sources: &'a Sources,
    /// The Dockerfiles that were parsed.
    pub dockerfiles: &'a Dockerfiles,
    /// The catalogue of images and runtimes.
    pub catalog: &'a Catalog,
}

impl Assembler<'_> {
    /// Builds the workloads of a Compose project.
    #[must_use]
    pub fn project(&self, project: &project::Project) -> Project {
        let compose = &project.compose;
        let around = Surroundings::of(&project.request.directory, self.sources);
        let is_ours = |error: &&SyntaxError| !around.is_filled_in(error);
        let mut out = Project {
            files: compose.files.iter().chain(&compose.environment_files).copied().collect(),
            workloads: Vec::with_capacity(compose.services.len()),
            syntax_errors: compose.errors.iter().filter(is_ours).cloned().collect(),
            unresolved: compose.unresolved.clone(),
            report_only: project.only.clone().into_iter().collect(),
            compose_files: project.roots(self.sources),
            name: project_name(project, self.sources),
            directory: project.request.directory.clone(),
            for_swarm: false,
            is_version_3: compose.version.as_ref().is_some_and(|version| version.starts_with('3')),
            elsewhere: Vec::new(),
        };
        let awaited = role::awaited(&compose.services);
        let exists = |path: &Path| self.sources.exists(path);
        let says = |file: &SourceId| purpose::is_not_for_production(self.sources.get(*file).text());
        let noted: HashSet<SourceId> = compose.files.iter().copied().filter(says).collect();
        // The head of an included file is about its own services, that of a base about all that extend it.
        let included = |file: &SourceId| {
            !out.compose_files.contains(file)
                && compose.services.iter().any(|service| service.key.file == *file)
        };
        let development = noted.iter().any(|file| !included(file))
            || out.compose_files.iter().any(|file| around.is_for_development(self.sources.get(*file).path()))
            || role::is_test_rig(&compose.services);
        let shared = role::shared(&compose.services);
        let mut allowance = ByteBudget::of_services(project.request.shared_byte_limit);
        for service in &compose.services {
            let mut workload = self.service(service, project, &mut out, (&shared, &around, &mut allowance));
            let development = development || noted.contains(&service.key.file);
            workload.role = workload.role.of(service, &awaited, development);
            out.workloads.push(workload);
        }
        // A file that git ignores, or that has an example next to it, is missing on purpose. Its variables stay unknown.
        let mut untracked = Untracked::default();
        out.unresolved.retain(|reference| {
            let missing = reference.variables.as_ref();
            !missing.is_some_and(|path| untracked.is_missing_on_purpose(path, &exists, self.sources.disk()))
                && !around.is_in_submodule(reference, project)
        });
        out
    }

    /// Builds the workload of the final stage of a Dockerfile that no service builds.
    #[must_use]
    pub fn image(&self, file: SourceId) -> Project {
        let dockerfile = self.dockerfiles.get(file, self.sources);
        let mut out =
            Project { files: vec![file], syntax_errors: dockerfile.errors.clone(), ..Project::default() };
        if is_fragment(&dockerfile, self.sources.get(file).path()) {
            return Project { files: vec![file], ..Project::default() };
        }
        let Ok(target) = resolve(&dockerfile, &BuildOptions::default()) else { return out };
        let runs = Runs::new(&target);
        let mut facts = ImageFacts::of_target(&runs, self.catalog);
        let anchor = target.from;
        // `docker run` sets the limits of a lone image.
        fn outside<T>(at: Span) -> Fact<T> {
            Fact::Unknown { at, why: Why::Other("set when the container is started") }
        }
        let env = image_environment(&target);
        let start = facts.start();
        let stage = stage(&target);
        let home = tools::home(&facts.base, self.catalog);
        let scripts =
            Scripts::of_dockerfile(self.sources, &target, self.sources.get(file).path()).at_home(home);
        let started = StartFacts::of(&start, None, &facts, (&scripts, None));
        let starts = started.starts(&facts, None, Some(&target));
        if target.entrypoint.is_some() && starts != Starts::Server {
            facts.drop_script_facts();
        }
        let mut workload = Workload {
            name: self.sources.get(file).path().display().to_string(),
            kind: Kind::Image,
            anchor,
            via: Vec::new(),
            container_name: Fact::Absent { anchor },
            image: Fact::Absent { anchor },
            build: Some(Build {
                span: anchor,
                context: ".".to_owned(),
                dockerfile: self.sources.get(file).path().display().to_string(),
                target: None,
                file: Some(file),
                dockerignore: None,
                whole_context: whole_context(&target),
                starts: has_own_start(&target),
                from: Some(stage),
            }),
            base: facts.base.clone(),
            lighter_base: None,
            memory: Memory {
                limit: outside(anchor),
                reservation: outside(anchor),
                swap: outside(anchor),
                shm: outside(anchor),
                tmpfs: Vec::new(),
                swappiness: outside(anchor),
                oom_kill_disable: outside(anchor),
                keys: Vec::new(),
                conflicts: Vec::new(),
                unknown_keys: Vec::new(),
            },
            pids_limit: outside(anchor),
            cpus: outside(anchor),
            cpu_quota: outside(anchor),
            replicas: outside(anchor),
            restart: outside(anchor),
            init: outside(anchor),
            healthcheck: facts.healthcheck.clone(),
            test_span: target.healthcheck.as_ref().map(|health| health.span),
            test_in_block: false,
            healthcheck_refusals: Vec::new(),
            missing_tools: facts.lacks.clone(),
            shadowed_restart: None,
            restart_condition: outside(anchor),
            max_attempts: outside(anchor),
            shell_as_pid1: None,
            several_processes: start
                .value()
                .and_then(|start| process::starts_several(start, facts.handover.as_ref())),
            replaced_by_compose: Vec::new(),
            unexpanded: Vec::new(),
            probe_lack: None,
            probe_runtime: None,
            package_caches: packages::left_behind(&runs, self.catalog),
            build_ulimits: packages::ulimits(&runs),
            start,
            starts,
            env,
            env_missing: None,
            heaps: Vec::new(),
            caches: Vec::new(),
            heap_flags_of_other_runtimes: Vec::new(),
            image_default_heap: None,
            ignores_cgroup_limit: None,
            shared_memory: None,
            unsupported: facts.unsupported.clone(),
            mounts: Vec::new(),
            ipc: outside(anchor),
            keys: Vec::new(),
            handover: facts.handover.clone(),
            hands_over: facts.hands_over(&facts.entrypoint),
            self_sizing: None,
            minimum: None,
            probe: Err(NoProbe::default()),
            tools: tools::tools(&facts.base, Some(&runs), &facts.lacks, self.catalog),
            names_port: true,
            exposed: tools::exposed(&facts.base, Some(&target), starts, self.catalog),
            profiles: Vec::new(),
            depends_on: Vec::new(),
            logging: outside(anchor),
            ulimits: IndexMap::default(),
            ignores: Vec::new(),
            ignore_reason: None,
            measured: None,
            role: Role::default(),
        };
        workload.role.idle = workload.idle();
        workload.probe_lack = health::missing_tool(&workload.healthcheck, &workload.missing_tools, facts.sh);
        workload.probe_runtime = health::runtime(&workload.healthcheck, self.catalog);
        self.started(&mut workload, &facts, (Some(&runs), &scripts, &started), &mut out);
        self.pools(&mut workload, &facts, None);
        let site = probe::ProbeContext {
            workload: &workload,
            service: None,
            target: Some(&target),
            partial: None,
            opened: &started.opened,
            as_shipped: started.is_as_shipped(&facts, &scripts),
            servers: &facts.servers,
            shared: false,
            own: &facts.probe,
            catalog: self.catalog,
            scripts: &scripts,
        };
        workload.probe = site.probe();
        out.workloads.push(workload);
        out
    }

    fn service(
        &self,
        service: &Service,
        project: &project::Project,
        out: &mut Project,
        (shared, around, allowance): (&HashSet<&str>, &Surroundings<'_>, &mut ByteBudget),
    ) -> Workload {
        let directory: &Path = &project.request.directory;
        let built = service.build.as_ref().map(|build| {
            let files = (self.sources, self.dockerfiles);
            resolve_build_within(build, &service.name, &project.compose, directory, files, allowance)
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
        let target = built.as_ref().and_then(|built| built.image.as_ref().ok());
        let runs = target.map(Runs::new);
        let mut facts = match (&runs, &built) {
            (Some(runs), _) => ImageFacts::of_target(runs, self.catalog),
            (None, Some(ResolvedBuild { image: Err(why), .. })) => {
                let at = service.build.as_ref().map_or(service.key, |build| build.span);
                ImageFacts::unknown(at, why)
            }
            (None, _) => ImageFacts::of_reference(&service.image, service.key, self.catalog),
        };
        let names = |mount: &Mount, file: &str| mount.source.contains(file) || mount.target.contains(file);
        facts.drop_facts_of_replaced_files(&|file| service.mounts.iter().any(|mount| names(mount, file)));
        facts.lacks.retain(|tool| !service.mounts.iter().any(|mount| started::brings_tool(mount, tool)));
        let scripts = {
            let context = built.as_ref().map(|built| directory.join(&built.context));
            let home = tools::home(&facts.base, self.catalog);
            let mounts = (service.mounts.as_slice(), directory);
            Scripts::of_service(self.sources, target, context, mounts).at_home(home)
        };
        let (start, partial) = (service_start(service, &facts), partial_start(service, &facts));
        let started = StartFacts::of(&start, partial.as_ref(), &facts, (&scripts, Some(service)));
        let starts = started.starts(&facts, Some(service), target);
        if target.is_some_and(|target| target.entrypoint.is_some()) && starts != Starts::Server {
            facts.drop_script_facts();
        }
        let resolved = project.compose.service_environment(service, directory, self.sources, allowance);
        out.syntax_errors.extend(resolved.errors);
        out.unresolved.extend(resolved.unresolved);
        for file in resolved.files {
            if !out.files.contains(&file) {
                out.files.push(file);
            }
        }
        let mut env = match &built {
            Some(ResolvedBuild { image: Ok(target), .. }) => image_environment(target),
            _ => IndexMap::default(),
        };
        for (name, (value, from_file)) in resolved.variables {
            let origin = if from_file { Origin::EnvFile } else { Origin::Environment };
            let place = service.environment_keys.get(&name).copied().filter(|_| !from_file);
            env.insert(name, Variable { value, origin, name: place, quotes: None });
        }
        let exposed = tools::exposed(&facts.base, target, starts, self.catalog);
        let mut eaten = process::replaced_by_compose(service, &env);
        if !eaten.is_empty() {
            let given = around.variables_of_examples(project);
            eaten.retain(|variable| !given.contains(&variable.name.value));
        }
        let mut workload = Workload {
            name: service.name.clone(),
            kind: Kind::Service,
            anchor: service.key,
            via: service.via.clone(),
            container_name: service.container_name.clone(),
            image: service.image.clone(),
            build: built.as_ref().zip(service.build.as_ref()).map(|(built, section)| Build {
                span: section.span,
                context: built.context.clone(),
                dockerfile: built.dockerfile.clone(),
                target: built.target.clone(),
                file: built.file,
                dockerignore: built.dockerignore,
                whole_context: built.image.as_ref().ok().and_then(whole_context),
                starts: built.image.as_ref().is_ok_and(has_own_start),
                from: built.image.as_ref().ok().map(stage),
            }),
            base: facts.base.clone(),
            lighter_base: None,
            memory: memory(service),
            pids_limit: first_effective(&service.deploy.pids, &service.pids_limit, |pids| *pids == 0),
            cpus: first_effective(&service.deploy.cpus, &service.cpus, |cpus| *cpus == 0.0),
            cpu_quota: cpu_quota(service),
            replicas: first_present(&service.scale, &service.deploy.replicas),
            restart: restart(service),
            init: service.init.clone(),
            healthcheck: health::of_service(service, &facts.healthcheck),
            test_span: match service.healthcheck.as_ref().map(|section| &section.test) {
                Some(Fact::Known(test)) => Some(test.span),
                _ => target.and_then(|target| target.healthcheck.as_ref()).map(|health| health.span),
            },
            test_in_block: service.healthcheck.as_ref().is_some_and(|section| section.block),
            healthcheck_refusals: service
                .healthcheck
                .as_ref()
                .map(|section| section.refusals.clone())
                .unwrap_or_default(),
            missing_tools: facts.lacks.clone(),
            shadowed_restart: shadowed_restart(service),
            restart_condition: match &service.deploy.restart_policy {
                Some((_, condition)) => condition.clone(),
                None => Fact::Absent { anchor: service.key },
            },
            max_attempts: service.deploy.max_attempts.clone(),
            shell_as_pid1: None,
            several_processes: None,
            replaced_by_compose: eaten,
            unexpanded: Vec::new(),
            probe_lack: None,
            probe_runtime: None,
            build_ulimits: runs.as_ref().map(packages::ulimits).unwrap_or_default(),
            package_caches: runs
                .as_ref()
                .map(|runs| packages::left_behind(runs, self.catalog))
                .unwrap_or_default(),
            start,
            starts,
            env,
            env_missing: resolved.open_ended.map(|file| Spanned::new(file.name, file.span)),
            heaps: Vec::new(),
            caches: Vec::new(),
            heap_flags_of_other_runtimes: Vec::new(),
            image_default_heap: None,
            ignores_cgroup_limit: None,
            shared_memory: facts.shared_memory.clone(),
            unsupported: facts.unsupported.clone(),
            mounts: service.mounts.clone(),
            ipc: service.ipc.clone(),
            keys: service.keys.clone(),
            handover: facts.handover.clone(),
            hands_over: facts.hands_over(match &service.entrypoint {
                Fact::Absent { .. } => &facts.entrypoint,
                own => own,
            }),
            self_sizing: None,
            minimum: None,
            probe: Err(NoProbe::default()),
            tools: tools::tools(&facts.base, runs.as_ref(), &facts.lacks, self.catalog),
            names_port: service.ports.is_shown() || !exposed.is_empty(),
            exposed,
            profiles: service.profiles.clone(),
            depends_on: service.depends_on.clone(),
            logging: service.logging.clone(),
            ulimits: service.ulimits.clone(),
            ignores: service.ignores.0.clone(),
            ignore_reason: service.ignores.1.clone(),
            measured: None,
            role: Role::default(),
        };
        if let Some(start) = workload.start.value() {
            workload.several_processes = process::starts_several(start, facts.handover.as_ref());
        }
        workload.unexpanded = process::unexpanded(&workload, self.catalog);
        workload.role.idle = workload.idle();
        workload.probe_lack = health::missing_tool(&workload.healthcheck, &workload.missing_tools, facts.sh);
        workload.probe_runtime = health::runtime(&workload.healthcheck, self.catalog);
        quotes::find(&mut workload, &facts, service.entrypoint.is_absent(), self.catalog);
        self.started(&mut workload, &facts, (runs.as_ref(), &scripts, &started), out);
        workload.role.replaced = serves::is_replaced(&workload, service, target, &facts);
        self.pools(&mut workload, &facts, partial.as_ref());
        let site = probe::ProbeContext {
            workload: &workload,
            service: Some(service),
            target,
            partial: partial.as_ref(),
            opened: &started.opened,
            as_shipped: started.is_as_shipped(&facts, &scripts),
            servers: &facts.servers,
            shared: shared.contains(service.name.as_str()),
            own: &facts.probe,
            catalog: self.catalog,
            scripts: &scripts,
        };
        workload.probe = site.probe();
        serves::apply_server_facts(&mut workload, facts, service);
        workload
    }

    /// Sets the heaps and caches of a workload, and its heap flags for other runtimes.
    fn pools(&self, workload: &mut Workload, facts: &ImageFacts, partial: Option<&Start>) {
        let pools = heap::pools(workload, facts, partial, self.catalog);
        workload.heap_flags_of_other_runtimes = heap::flags_of_other_runtimes(workload, facts, self.catalog);
        (workload.heaps, workload.caches) = pools.into_iter().partition(|pool| pool.pool == Pool::Heap);
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

/// Returns the source word of a `COPY` of the whole context, as in `COPY . /app`.
fn whole_context(target: &TargetImage) -> Option<Span> {
    let own = target.copies.iter().filter(|copied| copied.from.is_none());
    own.filter_map(|copied| copied.words.split_last())
        .find_map(|(_, sources)| sources.iter().find(|word| matches!(word.as_str(), "." | "./")))
        .map(TracedText::span)
}

/// True if the image has a `CMD`, `ENTRYPOINT` or `EXPOSE` of its own.
fn has_own_start(target: &TargetImage) -> bool {
    target.cmd.is_some() || target.entrypoint.is_some() || !target.exposes.is_empty()
}

fn stage(target: &TargetImage) -> BuildStage {
    BuildStage {
        from: target.from,
        reference: target.base_from,
        name: target.stage_name.clone(),
        multi_stage: target.multi_stage,
    }
}

fn image_environment(target: &TargetImage) -> IndexMap<String, Variable> {
    let variables = target.env.iter().map(|(name, entry)| {
        let value = match &entry.value {
            Ok(text) => Fact::Known(Spanned::new(text.clone(), text.span())),
            Err(variable) => Fact::Unknown { at: entry.span, why: Why::Variable(variable.clone()) },
        };
        let place = Some(entry.key.span());
        (name.clone(), Variable { value, origin: Origin::Image, name: place, quotes: None })
    });
    variables.collect()
}

/// Reads the memory settings: `deploy` wins where it is not 0 (docker/compose `pkg/compose/create.go`, `getDeployResources`).
fn memory(service: &Service) -> Memory {
    let effective = |deploy: &Fact<ByteSize>, plain: &Fact<ByteSize>| match deploy.value() {
        Some(ByteSize(0)) if !plain.is_absent() => plain.clone(),
        _ => first_present(deploy, plain),
    };
    Memory {
        limit: effective(&service.deploy.limit, &service.mem_limit),
        reservation: effective(&service.deploy.reservation, &service.mem_reservation),
        swap: service.memswap_limit.clone(),
        shm: service.shm_size.clone(),
        tmpfs: service.tmpfs.clone(),
        swappiness: service.swappiness.clone(),
        oom_kill_disable: service.oom_kill_disable.clone(),
        keys: service.size_keys.clone(),
        conflicts: service.conflicts.clone(),
        unknown_keys: service.unknown_keys.clone(),
    }
}
