//! Compose files, resolved as Docker Compose resolves them, with the span of every value.
//!
//! The order is compose-go's (`loader/loader.go`): variables, `extends`, `include`, then merging the files.

mod consistency;
mod convert;
mod described;
mod environment;
mod extends;
mod field;
mod include;
mod job;
mod load;
mod memory;
mod merge;
mod mismatch;
mod platform;
mod refusal;
mod schema;
mod service;
mod short;
mod unicity;
mod value;

pub use described::{ComposeLabels, Described, Description, ServiceBuilder, Setting};
pub use job::{Element, PreStart, service_of};
pub(crate) use load::is_remote;
pub(super) use memory::meant_key;
pub use memory::{Conflict, SizeKey, SizeProblem, UnknownKey};
pub use platform::{Platform, Recognized, Template};
pub use refusal::{NewerKey, Refusal, Undefined};
pub use schema::{COMPOSE, Release};
pub use service::{
    BuildSection, Dependency, Deploy, EnvFile, HealthcheckSection, Logging, Mount, Ports, Rejection, Service,
    ServiceKey, Suggestion, Tmpfs,
};

use std::path::{Path, PathBuf};
use std::sync::Arc;

use self::environment::Environment;
use self::field::Fields;
use self::load::{Context, Loader, Named};
use self::value::{Kind, Value};
use super::fact::{Fact, Why};
use super::{MISSING, Unresolved, resolves_above};
use crate::hash::IndexMap;
use crate::model::allowance::ByteBudget;
use crate::source::{SourceId, Sources, Span, TracedText};
use crate::syntax::SyntaxError;
use crate::syntax::dotenv::{self, Lookup};
use crate::syntax::template::Variable;
use crate::syntax::yaml::Tree;

/// A set of Compose files to load together.
#[derive(Clone, Debug, Default)]
pub struct Request {
    /// Compose files, merged in order.
    pub files: Vec<PathBuf>,
    /// The project's directory: relative paths and `.env` start here.
    pub directory: PathBuf,
    /// The options to load them with.
    pub settings: Settings,
    /// Upper bound (bytes) on the files that they include and extend.
    pub shared_byte_limit: usize,
    /// True if no other file is merged with these, so that a name that they do not define is undefined.
    pub self_contained: bool,
}

/// Upper bound on the services of one project. The rest is skipped.
const MAX_SERVICES: usize = 50_000;

/// Compose options besides the files.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// Env files that replace the directory's `.env`. Empty to read that.
    pub env_files: Vec<PathBuf>,
    /// Variables that win over those of the files: the process environment, on request.
    pub environment: IndexMap<String, String>,
    /// The platform that runs the files, and its additions to them.
    pub platform: Platform,
}

/// The merged model of one project.
#[derive(Clone, Debug)]
pub struct Compose {
    /// Every Compose file that was read, in this order: each requested file is followed by those it extends and includes.
    pub files: Vec<SourceId>,
    /// Those that an `include` of several files merges over the first.
    pub included_overrides: Vec<SourceId>,
    /// The env files that were read for interpolation: `.env`, or those that replace it.
    pub environment_files: Vec<SourceId>,
    /// The project name, with which container names begin: `COMPOSE_PROJECT_NAME` of the environment, else `name`.
    pub name: Fact<TracedText>,
    /// The top-level `version`, which Compose ignores.
    pub version: Option<String>,
    /// The services in the order of the files, each before the steps of its `pre_start`, then the jobs.
    pub services: Vec<Service>,
    /// Syntax errors.
    pub errors: Vec<SyntaxError>,
    /// The errors for which Docker Compose rejects the project and that no other rule reports.
    pub refusals: Vec<Refusal>,
    /// Keys that older releases of Docker Compose refuse.
    pub newer_keys: Vec<NewerKey>,
    /// References that could not be followed.
    pub unresolved: Vec<Unresolved>,
    environment: Environment,
    /// A platform may set any variable. Where a default is written, the default counts.
    platform_sets_any: bool,
    /// Held so that others that ask for the tree of one of the files need not parse it again.
    #[expect(dead_code, reason = "they are held, not read")]
    trees: Vec<Arc<Tree>>,
}

impl Compose {
    /// Loads and merges the files. Files that cannot be read are left out: discovery reports them.
    #[must_use]
    pub fn load(request: &Request, sources: &Sources) -> Self {
        let mut loader = Loader::new(sources, request.shared_byte_limit);
        let settings = &request.settings;
        let mut environment = Environment::of(&settings.environment, &settings.platform.variables);
        let default = [request.directory.join(".env")];
        let env_files = &settings.env_files;
        let files: Vec<SourceId> = request.files.iter().filter_map(|path| sources.load(path).ok()).collect();
        for path in if env_files.is_empty() { &default[..] } else { env_files } {
            match files.first() {
                Some(first) => {
                    loader.own_environment(&mut environment, path, Span::new(*first, 0, 0));
                }
                None => break,
            }
        }
        // Held so that they are not parsed again when the files are loaded.
        let trees: Vec<Arc<Tree>> = files.iter().map(|file| Tree::of(&sources.get(*file))).collect();
        let of_platform = settings.platform.variables_of(&request.files);
        let platform_sets_any = of_platform.is_none();
        environment.add_unknown(of_platform.unwrap_or_default());
        environment.set_project_name(Loader::project_name(&trees, &environment));
        let context = Context { directory: request.directory.clone(), environment };
        let merged = loader.load(&files, &context, &[]);
        let services = services(merged.as_ref(), &mut loader);
        let name = project_name(merged.as_ref(), &files, &context.environment);
        let version = merged.as_ref().and_then(|value| value.at(&["version"])?.as_scalar());
        let version = version.map(|version| version.text.as_str().to_owned());
        if let Some(merged) = &merged {
            loader.refusals.settle(merged);
        }
        let self_contained =
            request.self_contained && !loader.unresolved.iter().any(|reference| reference.what == "include");
        if self_contained && loader.reads_all && !loader.errors.iter().any(|error| error.fatal) {
            loader.refusals.add_if_empty(merged.as_ref(), &files);
        }
        if let Some(merged) = &merged {
            label_files(merged, &request.directory, &mut loader);
        }
        if let Some(merged) = merged.as_ref().filter(|_| loader.reads_all) {
            consistency::check(merged, self_contained, &mut loader.refusals);
        }
        let unresolved = loader.unresolved.iter().cloned();
        let newer_keys = loader.refusals.take_newer();
        let mut refusals = loader.refusals.without_reported(&services, &loader.errors, unresolved);
        refusals.retain(|refusal| !settings.platform.settles(&request.files, refusal));
        Self {
            name,
            version,
            files: loader.files.into_iter().collect(),
            included_overrides: loader.included_overrides.into_iter().collect(),
            environment_files: loader.environments.into_iter().collect(),
            services,
            errors: loader.errors,
            refusals,
            newer_keys,
            unresolved: loader.unresolved.into_iter().collect(),
            environment: context.environment,
            platform_sets_any,
            trees: loader.trees.into_values().collect(),
        }
    }

    /// Creates the model of services that no Compose file describes: nothing is interpolated, and no `.env` is read.
    #[must_use]
    pub(crate) fn described(services: Vec<Service>) -> Self {
        let mut files: Vec<SourceId> = services.iter().map(|service| service.key.file).collect();
        files.dedup();
        let anchor = services.first().map_or(Span::new(SourceId(0), 0, 0), |service| service.key);
        Self {
            files,
            included_overrides: Vec::new(),
            environment_files: Vec::new(),
            name: Fact::Unknown { at: anchor, why: Why::Other("no Compose file describes it") },
            version: None,
            services,
            errors: Vec::new(),
            refusals: Vec::new(),
            newer_keys: Vec::new(),
            unresolved: Vec::new(),
            environment: Environment::default(),
            platform_sets_any: false,
            trees: Vec::new(),
        }
    }

    /// Returns the environment that a service gets from its `env_file`s and its own `environment`.
    ///
    /// If a file is missing, names that nothing else sets are Unknown: see [`ServiceEnvironment::open_ended`].
    pub fn service_environment(
        &self,
        service: &Service,
        directory: &Path,
        sources: &Sources,
        allowance: &mut ByteBudget,
    ) -> ServiceEnvironment {
        let own = service.environment.iter();
        let own = own.map(|(name, fact)| (name.clone(), self.passed_on(name, fact))).collect();
        let scope = Scope { project: &self.environment, own: &own };
        let mut out = ServiceEnvironment::default();
        for file in &service.env_files {
            out.read_file(file, service, directory, (sources, allowance), scope);
        }
        out.variables.extend(own.into_iter().map(|(name, fact)| (name, (fact, false))));
        out
    }

    /// Returns the value of a variable of `environment`: a bare name takes it from Compose's own environment, `.env` included.
    fn passed_on(&self, name: &str, fact: &Fact<TracedText>) -> Fact<TracedText> {
        match fact {
            Fact::Unknown { at, why: Why::Variable(variable) } if variable == name => {
                self.environment.passed_on(name, *at).unwrap_or_else(|| fact.clone())
            }
            _ => fact.clone(),
        }
    }

    /// Returns the profiles of `COMPOSE_PROFILES`; none if its value is not known.
    #[must_use]
    pub fn profiles(&self) -> Vec<String> {
        let variable =
            self.environment.variable("COMPOSE_PROFILES").filter(|variable| !variable.is_unknown());
        let names = variable.map(|variable| variable.value).unwrap_or_default();
        names.split(',').map(str::trim).filter(|name| !name.is_empty()).map(str::to_owned).collect()
    }

    /// True for a variable that a platform, or a file that cannot be read, may set: it is not known to be empty.
    #[must_use]
    pub fn may_be_set(&self, name: &str) -> bool {
        self.platform_sets_any
            || self.environment.variable(name).is_some_and(|variable| variable.is_unknown())
    }

    /// Returns a variable of the project's environment: its value and, if a file sets it, the span.
    #[must_use]
    pub fn variable(&self, name: &str) -> Option<(&str, Option<Span>)> {
        self.environment.defined(name)
    }
}

/// Records the files of `label_file` that are not there.
fn label_files(merged: &Value, directory: &Path, loader: &mut Loader<'_>) {
    let services = job::SECTIONS.into_iter().filter_map(|name| merged.at(&[name])?.as_map());
    for (name, entry) in services.flatten() {
        let Some(files) = entry.value.at(&["label_file"]) else { continue };
        let items = match &files.kind {
            Kind::Seq(items) => items.as_slice(),
            _ => std::slice::from_ref(files),
        };
        for file in items.iter().filter_map(Named::of) {
            let path = Path::new(file.text.as_str());
            if loader.unset(&file, "label_file", Some(name)).is_none()
                && !loader.sources.exists(&directory.join(path))
                && !resolves_above(directory, path, loader.sources)
            {
                loader.unresolved(file.text.span(), "label_file", file.text.as_str(), MISSING, Some(name));
            }
        }
    }
}

/// Reads the services, their steps and the jobs, up to [`MAX_SERVICES`] in all.
fn services(merged: Option<&Value>, loader: &mut Loader<'_>) -> Vec<Service> {
    let configs = merged.and_then(|merged| merged.at(&["configs"]));
    let read = |name: &str, entry: &value::Entry| {
        let mut service = Service::read(name, entry);
        service.mounts.iter_mut().for_each(|mount| mount.resolve(configs));
        service
    };
    let sections = job::SECTIONS.into_iter().filter_map(|name| Some((name, merged?.at(&[name])?.as_map()?)));
    let (mut found, mut steps) = (Vec::new(), Vec::new());
    for (section, (name, entry)) in
        sections.flat_map(|(name, map)| map.iter().map(move |entry| (name, entry)))
    {
        if !matches!(entry.value.kind, Kind::Map(_) | Kind::Null) {
            continue;
        }
        if found.len() >= MAX_SERVICES {
            let message = format!("more than {MAX_SERVICES} services; the rest is not looked at");
            loader.errors.push(SyntaxError::fatal(message, entry.key));
            break;
        }
        if section == "jobs" {
            let mut job = Service { element: Element::Job, ..read(name, entry) };
            // Compose looks at the first word of a test in services alone.
            if let Some(healthcheck) = &mut job.healthcheck {
                healthcheck.refusals.retain(|refusal| !refusal.is_of_first_word());
            }
            found.push(job);
            continue;
        }
        let service = read(name, entry);
        for step in job::steps(name, entry, loader) {
            let mut own = read(&step.name, &step.entry);
            // It sees the volumes of the service's container (docker/compose `pkg/compose/pre_start.go`, `VolumesFrom`).
            own.mounts.extend(service.mounts.iter().cloned());
            own.profiles.clone_from(&service.profiles);
            steps.push(Service { element: Element::PreStart(step.element), ..own });
        }
        found.push(service);
        found.append(&mut steps);
    }
    found
}

/// Returns the project name. `COMPOSE_PROJECT_NAME` wins over the `name` of a file (docs.docker.com, "Specify a project name").
fn project_name(merged: Option<&Value>, files: &[SourceId], environment: &Environment) -> Fact<TracedText> {
    let anchor = Span::new(files.first().copied().unwrap_or(SourceId(0)), 0, 0);
    if let Some(variable) = environment
        .variable("COMPOSE_PROJECT_NAME")
        .filter(|variable| !variable.value.is_empty() && !variable.is_unknown())
    {
        let at = variable.span.unwrap_or(anchor);
        return Fact::Known(crate::source::Spanned::new(TracedText::derived(variable.value, at), at));
    }
    merged.map_or(Fact::Absent { anchor }, |value| Fields { value, anchor }.text(&["name"]))
}

/// The environment of a service's processes, without the image's `ENV`.
#[derive(Clone, Debug, Default)]
pub struct ServiceEnvironment {
    /// Values by name, with true if an `env_file` sets them.
    pub variables: IndexMap<String, (Fact<TracedText>, bool)>,
    /// The `env_file`s that were read.
    pub files: Vec<SourceId>,
    /// An `env_file` that could not be read and may set any name.
    pub open_ended: Option<Unresolved>,
    /// Syntax errors in them.
    pub errors: Vec<SyntaxError>,
    /// Required files that could not be read.
    pub unresolved: Vec<Unresolved>,
}

/// The variables that an `env_file` sees before those of its own lines (compose-go `types/project.go`,
/// `WithServicesEnvironmentResolved`).
#[derive(Clone, Copy)]
struct Scope<'s> {
    project: &'s Environment,
    /// `environment` of the service.
    own: &'s IndexMap<String, Fact<TracedText>>,
}

impl Scope<'_> {
    fn value(&self, name: &str) -> Option<String> {
        let unknown = || Variable::unknown().value;
        self.project.value(name).or_else(|| match self.own.get(name)? {
            Fact::Known(value) => Some(value.value.as_str().to_owned()),
            Fact::Unknown { .. } => Some(unknown()),
            Fact::Absent { .. } => None,
        })
    }
}

impl ServiceEnvironment {
    /// Returns the value that an earlier file gives a variable.
    fn earlier(&self, name: &str) -> Option<String> {
        match &self.variables.get(name)?.0 {
            Fact::Known(value) => Some(value.value.as_str().to_owned()),
            _ => Some(Variable::unknown().value),
        }
    }

    fn read_file(
        &mut self,
        file: &EnvFile,
        service: &Service,
        directory: &Path,
        (sources, allowance): (&Sources, &mut ByteBudget),
        scope: Scope<'_>,
    ) {
        let load = |path: &str, allowance: &mut ByteBudget| {
            let file = directory.join(path);
            let id = sources.load(&file).map_err(|error| {
                let missing = matches!(error, crate::source::LoadError::NotFound).then_some(file);
                (error.to_string(), missing)
            })?;
            allowance.try_charge(sources.get(id).text().len()).map_err(|reason| (reason, None))?;
            Ok::<_, (String, Option<PathBuf>)>(id)
        };
        let (span, name, reason, missing) = match &file.path {
            Fact::Known(path) => match load(path.value.as_str(), allowance) {
                Ok(id) => {
                    self.files.push(id);
                    let source = sources.get(id);
                    let parsed = if file.raw {
                        dotenv::parse_raw(id, source.text())
                    } else {
                        let lookup =
                            Lookup { first: &|name| scope.value(name), last: &|name| self.earlier(name) };
                        dotenv::parse_after(id, source.text(), lookup)
                    };
                    allowance.charge(parsed.expanded_bytes);
                    self.errors.extend(parsed.errors);
                    for (name, entry) in parsed.entries {
                        let fact = match entry.value {
                            Some(value) => {
                                let span = value.span();
                                let via = vec![path.span];
                                Fact::Known(crate::source::Spanned::with_provenance(value, span, via))
                            }
                            None => {
                                let at = entry.key.span();
                                let unknown = || Fact::Unknown { at, why: Why::Variable(name.clone()) };
                                let outer = || scope.project.passed_on(&name, at);
                                entry.is_passed_on.then(outer).flatten().unwrap_or_else(unknown)
                            }
                        };
                        self.variables.insert(name, (fact, true));
                    }
                    return;
                }
                Err((reason, missing)) => (path.span, path.value.as_str().to_owned(), reason, missing),
            },
            Fact::Unknown { at, why } => (*at, String::new(), why.to_string(), None),
            Fact::Absent { .. } => return,
        };
        let problem = Unresolved {
            span,
            what: "env_file",
            name,
            reason,
            unset: None,
            variables: missing,
            service: Some(service.name.clone()),
        };
        let from_above = resolves_above(directory, Path::new(&problem.name), sources);
        if file.required && file.path.known().is_some() && !from_above {
            self.unresolved.push(problem.clone());
        }
        self.open_ended = Some(problem);
    }
}

#[cfg(test)]
mod tests;
