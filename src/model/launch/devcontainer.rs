//! The container of a `devcontainer.json`: its image or build, with the flags of `runArgs`.

use std::path::{Path, PathBuf};

use super::settings::{Lowering, refuse};
use super::values::part;
use super::{Launch, Stay, mistakes, unread, written};
use crate::discover::{Devcontainer, read_devcontainer};
use crate::model::compose::{Described, Description, ServiceBuilder, Setting};
use crate::model::fact::Why;
use crate::model::project::Project;
use crate::source::{SourceId, Sources, Span, TracedText, normalize, relative_to};
use crate::syntax::command_line::flags_of_run;

/// The containers that a `devcontainer.json` starts.
pub enum DevcontainerProject {
    /// The services of Compose files, which are merged in this order.
    Compose(Vec<PathBuf>),
    /// A container of its own.
    Container(Box<Project>),
}

/// Returns what a `devcontainer.json` starts. None if it cannot be read, or names nothing.
#[must_use]
pub fn devcontainer_project(file: SourceId, sources: &Sources) -> Option<DevcontainerProject> {
    let source = sources.get(file);
    let found = read_devcontainer(&source)?;
    let directory = source.path().parent().unwrap_or(Path::new("")).to_path_buf();
    if !found.compose_files.is_empty() {
        let literal = found.compose_files.iter().map(TracedText::as_str).filter(|path| !path.contains("${"));
        return Some(DevcontainerProject::Compose(
            literal.map(|path| normalize(&directory.join(path))).collect(),
        ));
    }
    if found.image.is_none() && found.build.is_none() && found.run_arguments.is_empty() {
        return None;
    }
    let span = found.span.unwrap_or(Span::new(file, 0, 0));
    let command = flags_of_run(&found.run_arguments, span);
    let launch = Launch {
        command: "docker run".to_owned(),
        podman: false,
        swarm: false,
        stay: Stay::Brief,
        // A flag and its value in two texts of JSON are no flag to paste.
        flags: written(&command, sources).into_iter().filter(|flag| !flag.value.contains('"')).collect(),
        mistakes: mistakes::of(&command),
    };
    let described = Described {
        by: Description::CommandLine,
        container: None,
        compose: None,
        launch: Some(Box::new(launch)),
    };
    let name = found.name.as_ref().map_or("devcontainer", |name| name.as_str());
    let mut builder = ServiceBuilder::new(name, span, described);
    if unread(&command).is_none() {
        Lowering { command: &command, builder: &mut builder, files: (&directory, sources) }.lower();
    }
    image(&found, (span, &sources.absolute(&directory)), &mut builder);
    // It is given a command that waits, unless `overrideCommand` or the image's metadata say otherwise.
    builder.set(&["command"], span, Setting::unknown(Why::Other("given by the tool that starts it"), span));
    if !found.environment.is_empty() {
        let entries = found.environment.iter().map(|(name, value)| {
            (name.as_str().to_owned(), name.span(), part(value, value.as_str().contains("${")))
        });
        builder.set(&["environment"], span, Setting::map(entries.collect(), span));
    }
    // Features and the image's metadata may add more.
    builder.open_environment(span, Why::Other("features may set more variables"));
    let mut service = builder.build();
    refuse(&mut service, &command);
    mistakes::unknown_flags(&mut service, &command);
    Some(DevcontainerProject::Container(Box::new(Project::described(vec![service], directory))))
}

/// Sets the image, or the build.
fn image(found: &Devcontainer, (span, directory): (Span, &Path), builder: &mut ServiceBuilder) {
    if let Some(image) = &found.image {
        builder.set(&["image"], image.span(), part(image, image.as_str().contains("${")));
    }
    let Some(build) = &found.build else { return };
    let parts = [("context", &build.context), ("dockerfile", &build.dockerfile), ("target", &build.target)];
    let dot = TracedText::derived(".", span);
    builder.set(&["build", "context"], span, Setting::text(dot));
    for (key, text) in parts {
        let Some(text) = text else { continue };
        // The Dockerfile is relative to the file, in Compose to the context.
        let relative = match (key, &build.context) {
            ("dockerfile", Some(context)) => relative_to_context(text, context, directory),
            _ => text.clone(),
        };
        let expands = text.as_str().contains("${");
        builder.set(&["build", key], text.span(), part(&relative, expands));
    }
}

/// Returns the path of a Dockerfile from the context: `Dockerfile` of `.devcontainer` is `.devcontainer/Dockerfile` of `..`.
fn relative_to_context(dockerfile: &TracedText, context: &TracedText, directory: &Path) -> TracedText {
    let context = normalize(&directory.join(context.as_str()));
    let path = relative_to(&normalize(&directory.join(dockerfile.as_str())), &context);
    match path.to_str() {
        Some(path) => TracedText::derived(path, dockerfile.span()),
        None => dockerfile.clone(),
    }
}
