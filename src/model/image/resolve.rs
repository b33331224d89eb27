//! Resolves a Dockerfile and build options to the image that runs.

use super::build_only::build_only;
use super::configuration::Configuration;
use super::overridden::overridden;
use super::stages::{Stage, by_name, stages};
use super::target::{Base, TargetImage};
use super::variables::Args;
use crate::hash::IndexMap;
use crate::model::reference::is_windows_platform;
use crate::source::{Span, TracedText};
use crate::syntax::dockerfile::{Dockerfile, Expansion, Keyword, Lookup, expand};
use crate::syntax::shell::base_name;

/// The options of a build.
#[derive(Clone, Debug, Default)]
pub struct BuildOptions {
    /// The stage to build, by name or number. None for the last one.
    pub target: Option<TracedText>,
    /// Build arguments by name.
    pub args: IndexMap<String, BuildArg>,
}

impl BuildOptions {
    /// True if the image of a Dockerfile is the same with these options, and each value in it comes from the same bytes.
    pub(crate) fn are_same(&self, other: &Self) -> bool {
        let same = |(one, other): (&BuildArg, &BuildArg)| match (one, other) {
            (BuildArg::Known(one), BuildArg::Known(other)) => one.is_same(other),
            (BuildArg::Unknown, BuildArg::Unknown) => true,
            _ => false,
        };
        self.target == other.target
            && self.args.len() == other.args.len()
            && self.args.keys().eq(other.args.keys())
            && self.args.values().zip(other.args.values()).all(same)
    }
}

/// The value of a build argument.
#[derive(Clone, Debug)]
pub enum BuildArg {
    /// Set to this value.
    Known(TracedText),
    /// Set to a value that is unknown here.
    Unknown,
}

/// The reason a build has no image.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ImageError {
    /// The Dockerfile has no `FROM`.
    #[error("there is no stage in the Dockerfile")]
    NoStage,
    /// No stage has the target's name.
    #[error("no stage `{name}` in the Dockerfile{}", did_you_mean(.nearest.as_deref()))]
    NoSuchStage {
        /// The target.
        name: String,
        /// Span of the target in the build's options.
        span: Span,
        /// A stage with a similar name.
        nearest: Option<String>,
    },
}

fn did_you_mean(name: Option<&str>) -> String {
    name.map(|name| format!(": did you mean `{name}`?")).unwrap_or_default()
}

/// Follows the stages to the target and returns its image.
///
/// # Errors
/// When there is no stage, or none of the target's name.
pub fn resolve(dockerfile: &Dockerfile, options: &BuildOptions) -> Result<TargetImage, ImageError> {
    let stages = stages(dockerfile);
    let stage = find_target(&stages, options.target.as_ref())?;
    let globals = global_args(dockerfile, options);
    let (chain, base) = chain(&stages, stage, &globals, dockerfile.escape);
    let mut image = Configuration::new(options, &globals, dockerfile.escape, base == Base::Scratch);
    for part in &chain {
        image.run_stage(part.instructions);
    }
    let build_only = build_only(&stages, &chain, &image.runs);
    Ok(TargetImage {
        build_only,
        overridden: overridden(&chain, &dockerfile.comments),
        from: stage.from,
        reference: stage.reference.span(),
        stage_name: stage.name.as_ref().map(|name| name.as_str().to_owned()),
        base,
        windows: is_for_windows(dockerfile, &chain, image.shell().as_deref()),
        base_from: chain.first().map_or(stage.from, |outermost| outermost.from),
        multi_stage: chain.len() < stages.len(),
        chain: chain.iter().map(|part| part.index).collect(),
        onbuild: image.onbuild(),
        shell: image.shell(),
        exposes: image.exposes.clone(),
        expose_words: image.expose_words.clone(),
        healthcheck: image.healthcheck(),
        entrypoint: image.entrypoint(),
        cmd: image.cmd(),
        user: image.user,
        workdir: image.workdir,
        stop_signal: image.stop_signal,
        cmd_reset_by: image.cmd_reset_by,
        env: image.env.entries,
        runs: image.runs,
        copies: image.copies,
        arguments: image.arguments,
        argument_values: image.argument_values,
    })
}

fn find_target<'s, 'd>(
    stages: &'s [Stage<'d>],
    target: Option<&TracedText>,
) -> Result<&'s Stage<'d>, ImageError> {
    let last = stages.last().ok_or(ImageError::NoStage)?;
    let Some(target) = target else { return Ok(last) };
    let name = target.as_str();
    let number = || stages.get(name.parse::<usize>().ok()?);
    by_name(stages, stages.len(), name).or_else(number).ok_or_else(|| {
        let names = stages.iter().filter_map(|stage| stage.name.as_ref()).map(TracedText::as_str);
        let near = names.filter(|other| strsim::damerau_levenshtein(name, other) <= 2);
        let nearest = near.min_by_key(|other| strsim::damerau_levenshtein(name, other));
        let nearest = nearest.filter(|other| name.len().min(other.len()) > 2).map(str::to_owned);
        ImageError::NoSuchStage { name: name.to_owned(), span: target.span(), nearest }
    })
}

/// Returns the stages that `target` is built on, outermost first, itself last, and their base image.
fn chain<'s, 'd>(
    stages: &'s [Stage<'d>],
    target: &'s Stage<'d>,
    globals: &Args,
    escape: char,
) -> (Vec<&'s Stage<'d>>, Base) {
    let mut chain = vec![target];
    let mut at = target;
    // Each step leads to an earlier stage, so this ends. `FROM` refers to stages by name only, so a number is an image here.
    let base = loop {
        let base = base(&at.reference, globals, escape);
        let below = match &base {
            Base::Reference(text) => by_name(stages, at.index, text.as_str()),
            Base::Scratch => by_name(stages, at.index, "scratch"),
            Base::Unknown { .. } => None,
        };
        let Some(below) = below else { break base };
        chain.push(below);
        at = below;
    };
    chain.reverse();
    (chain, base)
}

fn base(reference: &TracedText, globals: &Args, escape: char) -> Base {
    let at = reference.span();
    // `FROM` with an empty variable fails, so a variable without a value counts as unknown.
    let mut lookup = |name: &str| globals.get(name).unwrap_or(Lookup::Declared);
    match expand(reference, escape, &mut lookup) {
        Expansion::Known(text) if text.as_str() == "scratch" => Base::Scratch,
        Expansion::Known(text) => Base::Reference(text),
        Expansion::Unknown { variable, .. } => Base::Unknown { at, variable },
        Expansion::Invalid { .. } => Base::Unknown { at, variable: reference.as_str().to_owned() },
    }
}

/// True for a Dockerfile that is written for Windows. Paths with `\\` need the other escape character, and images for Linux have none of
/// these shells (`pwsh` is what PowerShell is called there).
fn is_for_windows(dockerfile: &Dockerfile, chain: &[&Stage<'_>], shell: Option<&[TracedText]>) -> bool {
    let platform = chain.first().and_then(|outermost| outermost.platform.as_ref());
    let shell =
        shell.and_then(<[TracedText]>::first).map(|word| base_name(word.as_str()).to_ascii_lowercase());
    dockerfile.escape == '`'
        || platform.is_some_and(|platform| is_windows_platform(platform.as_str()))
        || shell.is_some_and(|shell| matches!(shell.trim_end_matches(".exe"), "cmd" | "powershell"))
}

/// Returns the `ARG`s before the first `FROM`, with the values that the build gives them.
fn global_args(dockerfile: &Dockerfile, options: &BuildOptions) -> Args {
    let mut globals = Args::platform();
    let before = dockerfile.instructions.iter().take_while(|i| i.keyword != Keyword::From);
    for instruction in before.filter(|i| i.keyword == Keyword::Arg) {
        let outer = Args::platform();
        globals.declare(instruction, options, &outer, &|text, so_far| {
            expand(text, dockerfile.escape, &mut |name| so_far.get(name).unwrap_or(Lookup::Unset))
        });
    }
    globals
}

#[cfg(test)]
mod tests;
