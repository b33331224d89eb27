//! Facts of the start line that depend on the project's scripts.

use super::image::ImageFacts;
use super::opened::StartedPrograms;
use super::runs::Runs;
use super::scripts::Scripts;
use super::server::{self, Starts};
use super::{Assembler, Fact, Kind, Project, Start, Why, Workload, health, jobs, lingering, toolchain};
use crate::model::compose::{Mount, Service};
use crate::model::image::TargetImage;
use crate::source::TracedText;
use crate::syntax::shell::{base_name, is_shell};

/// The start line of a container, with the programs that it leads to.
pub(super) struct StartFacts {
    /// The start line, as far as it is known if parts are not.
    pub(super) start: Start,
    pub(super) opened: StartedPrograms,
    /// True for entrypoint and command if the key is a string, which Compose splits into words.
    pub(super) split: [bool; 2],
}

impl StartFacts {
    /// Reads the start line, or the known part of it. `partial` has holes for variables without a value.
    pub(super) fn of(
        start: &Fact<Start>,
        partial: Option<&Start>,
        facts: &ImageFacts,
        (scripts, service): (&Scripts<'_>, Option<&Service>),
    ) -> Self {
        let start = start.value().or(partial).cloned().unwrap_or_else(|| {
            let own = |of: fn(&Service) -> &Fact<Vec<TracedText>>, image: &Fact<Vec<TracedText>>| {
                let words = service.map(of).filter(|words| !words.is_absent()).unwrap_or(image);
                words.value().cloned().unwrap_or_default()
            };
            let entrypoint = own(|service| &service.entrypoint, &facts.entrypoint);
            Start { entrypoint, command: own(|service| &service.command, &facts.command), shell: false }
        });
        let words: Vec<TracedText> = start.entrypoint.iter().chain(&start.command).cloned().collect();
        let opened = StartedPrograms::of(&words, facts.handover.as_ref(), scripts);
        let split = service.map(|service| service.split).unwrap_or_default();
        Self { start, opened, split }
    }

    /// True if it runs the same as the image by default, with the words written out.
    pub(super) fn is_as_shipped(&self, facts: &ImageFacts, scripts: &Scripts<'_>) -> bool {
        fn words(opened: &StartedPrograms) -> Vec<&str> {
            let programs = opened.programs.iter();
            let words = programs.flat_map(|program| std::iter::once(&program.name).chain(&program.arguments));
            words.map(TracedText::as_str).collect()
        }
        let shipped = StartedPrograms::of(&facts.shipped, facts.handover.as_ref(), scripts);
        !shipped.programs.is_empty() && words(&shipped) == words(&self.opened)
    }

    /// Returns whether it starts the image's server.
    pub(super) fn starts(
        &self,
        facts: &ImageFacts,
        service: Option<&Service>,
        target: Option<&TargetImage>,
    ) -> Starts {
        let entrypoint = service.is_some_and(|service| !service.entrypoint.is_absent())
            || target.is_some_and(|target| target.entrypoint.is_some());
        let command = service.is_some_and(|service| !service.command.is_absent())
            || target.is_some_and(|target| target.cmd.is_some());
        server::starts(&self.opened, &facts.servers, (!entrypoint && !command, entrypoint))
    }
}

impl Assembler<'_> {
    /// Sets the facts that depend on scripts: the shell that keeps signals, the role, and a lighter base image.
    pub(super) fn started(
        &self,
        workload: &mut Workload,
        (runs, scripts, started): (Option<&Runs<'_>>, &Scripts<'_>, &StartFacts),
        out: &mut Project,
    ) {
        let assumed = behind_unknown_entrypoint(workload);
        if let Some(start) = workload.process.start.value().or(assumed.as_ref())
            && !workload.image.base.is_absent()
        {
            let read = (scripts, self.catalog.packages());
            workload.process.shell_as_pid1 = lingering::shell_as_pid1(
                (start, started.split),
                workload.image.handover.as_ref(),
                workload.image.sh,
                read,
            );
        }
        let refused = refused(workload, &started.opened);
        if let Some(unsupported) = &mut workload.image.unsupported {
            unsupported.refused = refused;
        }
        let start = &started.start;
        let again =
            matches!(workload.process.restart.value().map(String::as_str), Some("always" | "unless-stopped"));
        let works = jobs::is_only_jobs(&started.opened);
        let told = jobs::tells_its_end(start, workload.image.handover.as_ref());
        workload.role.ends = (jobs::ends(&started.opened) || told) && !again;
        workload.role.listens_nowhere = works
            || started.opened.exits && !started.opened.endless
            || jobs::repeats(start, workload.image.handover.as_ref());
        workload.image.lighter_base =
            runs.and_then(|runs| toolchain::lighter(workload, (runs, scripts, start), self.catalog));
        let inside = workload.process.shell_as_pid1.as_ref().and_then(|found| found.inside);
        if let Some(place) = inside
            && !out.files.contains(&place.file)
        {
            out.files.push(place.file);
        }
    }
}

/// Returns the start of a command for a shell, `sh -c …`, on an image whose entrypoint is not known: nobody writes such a command
/// for another entrypoint than one that executes it.
fn behind_unknown_entrypoint(workload: &Workload) -> Option<Start> {
    let image = &workload.image;
    let own = workload.kind == Kind::Image
        || workload.service.entrypoint.is_absent() && workload.service.command.is_absent();
    if !own || !matches!(image.entrypoint, Fact::Unknown { why: Why::Image(_), .. }) {
        return None;
    }
    let command = image.command.value()?;
    let [shell, option, ..] = command.as_slice() else { return None };
    let is_shell = is_shell(base_name(shell.as_str())) && option.as_str() == "-c";
    is_shell.then(|| Start { entrypoint: Vec::new(), command: command.clone(), shell: true })
}

/// Returns an option of its programs that newer versions of the image reject, or a program that they no longer have.
fn refused(workload: &Workload, opened: &StartedPrograms) -> Option<String> {
    let refuses = &workload.image.unsupported.as_ref()?.upgrade.as_ref()?.refuses;
    let of_probe = health::programs(&workload.health.check);
    let mut words = opened.programs.iter().chain(&of_probe).flat_map(|program| {
        let options = program.arguments.iter().map(TracedText::as_str).filter(|word| word.starts_with('-'));
        let options = options.map(|word| word.split('=').next().unwrap_or(word));
        std::iter::once(program.base_name()).chain(options)
    });
    words.find(|word| refuses.contains(&word.replace('_', "-"))).map(str::to_owned)
}

/// True for a mount at the tool's path, or over a directory of programs.
pub(super) fn brings_tool(mount: &Mount, tool: &str) -> bool {
    let target = mount.target.trim_end_matches('/');
    base_name(target) == tool
        || ["/usr", "/usr/bin", "/usr/local", "/usr/local/bin", "/bin"].contains(&target)
}
