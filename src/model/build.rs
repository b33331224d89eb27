//! Resolves the `build` of a service to the Dockerfile stage that runs.

use std::collections::VecDeque;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use super::allowance::ByteBudget;
use super::compose::{BuildSection, Compose, is_remote};
use super::fact::{Fact, Why};
use super::image::{BuildArg, BuildOptions, ImageError, TargetImage, resolve};
use super::project::DEFAULT_NAMES;
use super::{Unresolved, directories_above, resolves_above};
use crate::hash::{HashMap, IndexMap};
use crate::model::NOT_LOCAL;
use crate::source::{SourceId, Sources, Span, normalize};
use crate::syntax::SyntaxError;
use crate::syntax::dockerfile::Dockerfile;

/// Cache of parsed Dockerfiles for the projects of a directory, shared by all services that build them.
#[derive(Debug, Default)]
pub struct Dockerfiles {
    parsed: Mutex<HashMap<SourceId, Arc<Dockerfile>>>,
    images: Mutex<VecDeque<KnownImage>>,
}

/// The number of images that are remembered: most directories have few, and each may be large.
const MAX_IMAGES: usize = 16;

/// An image that a service of the directory builds. Others may build the same.
#[derive(Debug)]
struct KnownImage {
    file: SourceId,
    options: BuildOptions,
    image: Arc<TargetImage>,
}

impl Dockerfiles {
    /// Returns the parsed file. Invalid UTF-8 is one of its errors. With a foreign frontend, syntax errors are dropped.
    pub fn get(&self, file: SourceId, sources: &Sources) -> Arc<Dockerfile> {
        let lock = || self.parsed.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if let Some(known) = lock().get(&file) {
            return Arc::clone(known);
        }
        let source = sources.get(file);
        let mut parsed = Dockerfile::of(&source);
        if parsed.has_foreign_frontend() && !parsed.errors.is_empty() {
            Arc::make_mut(&mut parsed).errors.clear();
        }
        if let Some(span) = source.invalid_utf8() {
            let message = "not UTF-8".to_owned();
            Arc::make_mut(&mut parsed).errors.push(SyntaxError::fatal(message, span));
        }
        lock().insert(file, Arc::clone(&parsed));
        parsed
    }

    /// Returns the image of a build, which services with the same options share: its commands are parsed once.
    fn image(
        &self,
        file: SourceId,
        options: BuildOptions,
        sources: &Sources,
    ) -> Result<Arc<TargetImage>, ImageError> {
        let lock = || self.images.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let same = |known: &&KnownImage| known.file == file && known.options.are_same(&options);
        if let Some(known) = lock().iter().find(same) {
            return Ok(Arc::clone(&known.image));
        }
        let image = Arc::new(resolve(&self.get(file, sources), &options)?);
        let mut images = lock();
        images.truncate(MAX_IMAGES - 1);
        images.push_front(KnownImage { file, options, image: Arc::clone(&image) });
        Ok(image)
    }
}

/// The result of resolving `build`.
#[derive(Clone, Debug)]
pub struct ResolvedBuild {
    /// The context as written, or `.`.
    pub context: String,
    /// The Dockerfile as written, or the default.
    pub dockerfile: String,
    /// The target as written.
    pub target: Option<String>,
    /// The path of the Dockerfile, existing or not. None if it is inline, remote or unknown.
    pub path: Option<PathBuf>,
    /// The Dockerfile that was read.
    pub file: Option<SourceId>,
    /// The image that runs, or why it is unknown.
    pub image: Result<Arc<TargetImage>, Why>,
    /// True if the context has a `.dockerignore`. None without a context that may be read.
    pub dockerignore: Option<bool>,
    /// The reference that could not be followed, if any.
    pub unresolved: Option<Unresolved>,
}

/// Resolves `build` of `service`. `directory` is the project's; the services of a project share the byte budget.
pub fn resolve_build(
    build: &BuildSection,
    service: &str,
    compose: &Compose,
    directory: &Path,
    (sources, dockerfiles): (&Sources, &Dockerfiles),
    allowance: &mut ByteBudget,
) -> ResolvedBuild {
    let mut built = ResolvedBuild {
        context: build.context.value().map_or_else(|| ".".to_owned(), |text| text.as_str().to_owned()),
        dockerfile: build
            .dockerfile
            .value()
            .map_or_else(|| "Dockerfile".to_owned(), |text| text.as_str().to_owned()),
        target: build.target.value().map(|text| text.as_str().to_owned()),
        path: None,
        file: None,
        image: Err(Why::Other("the Dockerfile is not known")),
        dockerignore: None,
        unresolved: None,
    };
    let file = match find(build, service, &mut built, directory, sources) {
        Ok(file) => file,
        Err(missing) => {
            built.image = Err(missing.why);
            built.unresolved = missing.unresolved;
            return built;
        }
    };
    built.file = Some(file);
    let refuse = |mut built: ResolvedBuild, reason: String| {
        built.image = Err(Why::File(built.dockerfile.clone()));
        built.unresolved = Some(Unresolved {
            span: build.span,
            what: "build",
            name: built.dockerfile.clone(),
            reason,
            unset: None,
            variables: None,
            service: Some(service.to_owned()),
        });
        built
    };
    let written = sources.get(file).text().len();
    if let Err(reason) = allowance.try_charge(written) {
        return refuse(built, reason);
    }
    if let Fact::Unknown { why, .. } = &build.target {
        built.image = Err(why.clone());
        return built;
    }
    let options = BuildOptions { target: build.target.value().cloned(), args: arguments(build, compose) };
    built.image = dockerfiles.image(file, options, sources).map_err(|error| {
        if let Some(target) = build.target.known() {
            let name = target.value.as_str().to_owned();
            let missing = Unresolved {
                span: target.span,
                what: "build target",
                name: name.clone(),
                reason: error.to_string(),
                unset: None,
                variables: None,
                service: Some(service.to_owned()),
            };
            built.unresolved = Some(missing);
        }
        Why::Other("its stage is not known")
    });
    // Variables can expand a short Dockerfile to large values.
    let values = built.image.iter().flat_map(|target| target.env.values());
    let made: usize = values.filter_map(|entry| Some(entry.value.as_ref().ok()?.as_str().len())).sum();
    let made = made.saturating_sub(written);
    match allowance.try_charge(made) {
        Ok(()) => built,
        Err(reason) => {
            // Measuring the values costs as much as keeping them, so they are charged all the same: the next build is then
            // rejected early.
            allowance.charge(made);
            refuse(built, reason)
        }
    }
}

struct Missing {
    why: Why,
    unresolved: Option<Unresolved>,
}

fn find(
    build: &BuildSection,
    service: &str,
    built: &mut ResolvedBuild,
    directory: &Path,
    sources: &Sources,
) -> Result<SourceId, Box<Missing>> {
    let missing = |span: Span, what: &'static str, name: &str, reason: String| {
        Box::new(Missing {
            why: Why::File(name.to_owned()),
            unresolved: Some(Unresolved {
                span,
                what,
                name: name.to_owned(),
                reason,
                unset: None,
                variables: None,
                service: Some(service.to_owned()),
            }),
        })
    };
    let unknown = |why: &Why| Box::new(Missing { why: why.clone(), unresolved: None });
    match &build.inline {
        Fact::Known(inline) => {
            let path = sources.get(inline.span.file).path().to_path_buf();
            return Ok(sources.embed(&path, inline.value.clone()));
        }
        Fact::Unknown { why, .. } => return Err(unknown(why)),
        Fact::Absent { .. } => {}
    }
    for fact in [&build.context, &build.dockerfile] {
        if let Fact::Unknown { why, .. } = fact {
            return Err(unknown(why));
        }
    }
    let context_span = build.context.known().map_or(build.span, |context| context.span);
    if is_remote(&built.context) {
        return Err(missing(context_span, "build context", &built.context, NOT_LOCAL.to_owned()));
    }
    let context = directory.join(&built.context);
    let mut path = context.join(&built.dockerfile);
    if build.dockerfile.is_absent() && !sources.exists(&path) {
        // BuildKit falls back to the lower-case name (`frontend/dockerui/config.go`).
        let lower = context.join("dockerfile");
        if sources.exists(&lower) {
            path = lower;
        }
    }
    built.path = Some(normalize(&path));
    // BuildKit looks for one next to the Dockerfile first (`frontend/dockerui/context.go`).
    let mut own = path.clone().into_os_string();
    own.push(".dockerignore");
    built.dockerignore = has_dockerignore(&[PathBuf::from(own), context.join(".dockerignore")], sources);
    sources.load(&path).map_err(|error| {
        if resolves_above(directory, &Path::new(&built.context).join(&built.dockerfile), sources) {
            return unknown(&Why::Other("its paths start in another directory"));
        }
        if is_built_above(directory, &built.context, &built.dockerfile, sources) {
            return unknown(&Why::Other("its paths start in another directory"));
        }
        // With neither a context nor a file it is a part of a build that another file has.
        if build.context.is_absent() && build.dockerfile.is_absent() {
            return unknown(&Why::Other("another file may name its Dockerfile"));
        }
        let here: PathBuf = if context.as_os_str().is_empty() { PathBuf::from(".") } else { context };
        if !sources.disk().is_dir(&here) {
            return missing(context_span, "build context", &built.context, error.to_string());
        }
        let span = build.dockerfile.known().map_or(context_span, |dockerfile| dockerfile.span);
        missing(span, "dockerfile", &built.dockerfile, error.to_string())
    })
}

/// True if a directory above the project has both a Compose file and the Dockerfile in this context: the file that names it is
/// merged over that one, whose directory is then the project's. Directories above the repository are not looked at.
fn is_built_above(directory: &Path, context: &str, dockerfile: &str, sources: &Sources) -> bool {
    directories_above(directory, sources).iter().any(|folder| {
        sources.exists(&normalize(&folder.join(context).join(dockerfile)))
            && DEFAULT_NAMES.iter().any(|name| sources.exists(&folder.join(name)))
    })
}

/// True if one of the files exists. None if none is found and one of them may not be read.
fn has_dockerignore(files: &[PathBuf], sources: &Sources) -> Option<bool> {
    let there = files.iter().any(|file| sources.exists(file));
    (there || files.iter().all(|file| sources.disk().may_read(file))).then_some(there)
}

/// Returns `build.args`. A name without a value takes it from the project's environment.
fn arguments(build: &BuildSection, compose: &Compose) -> IndexMap<String, BuildArg> {
    let arguments = build.args.iter().map(|(name, fact)| {
        let value = match fact {
            Fact::Known(text) => BuildArg::Known(text.value.clone()),
            // A name without a value. `A: ${B}` hangs on `B`, whatever `A` is.
            Fact::Unknown { at, why: Why::Variable(variable) } if variable == name => {
                match compose.variable(name) {
                    Some((value, _)) => BuildArg::Known(crate::source::TracedText::derived(value, *at)),
                    None => BuildArg::Unknown,
                }
            }
            Fact::Unknown { .. } | Fact::Absent { .. } => BuildArg::Unknown,
        };
        (name.clone(), value)
    });
    arguments.collect()
}
