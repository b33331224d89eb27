//! Facts of the start line that need the scripts of the project.

use super::image::ImageFacts;
use super::runs::Runs;
use super::scripts::Scripts;
use super::{Assembler, Fact, Project, Start, Workload, jobs, lingering, toolchain};
use crate::model::compose::{Mount, Service};
use crate::source::Text;
use crate::syntax::shell::base_name;

impl Assembler<'_> {
    /// Reads the scripts of the project for the shell that keeps signals, and for the tools that the image needs.
    pub(super) fn started(
        &self,
        workload: &mut Workload,
        facts: &ImageFacts,
        (runs, scripts, service): (Option<&Runs<'_>>, &Scripts<'_>, Option<&Service>),
        out: &mut Project,
    ) {
        if let Some(start) = workload.start.value()
            && !workload.base.is_absent()
        {
            let read = (scripts, self.catalog.packages());
            let found = lingering::lingering(start, facts.handover.as_ref(), facts.sh_is_dash, read);
            workload.lingering_shell = found;
        }
        // What is known of it, where the image's own part is not.
        let start = workload.start.value().cloned().unwrap_or_else(|| {
            let own = |of: fn(&Service) -> &Fact<Vec<Text>>, image: &Fact<Vec<Text>>| {
                let words = service.map(of).filter(|words| !words.is_absent()).unwrap_or(image);
                words.value().cloned().unwrap_or_default()
            };
            let entrypoint = own(|service| &service.entrypoint, &facts.entrypoint);
            Start { entrypoint, command: own(|service| &service.command, &facts.command), shell: false }
        });
        workload.role.listens_nowhere = jobs::listens_nowhere(&start, facts.handover.as_ref());
        workload.lighter_base =
            runs.and_then(|runs| toolchain::lighter(workload, facts, (runs, scripts, &start), self.catalog));
        let inside = workload.lingering_shell.as_ref().and_then(|found| found.inside);
        if let Some(place) = inside
            && !out.files.contains(&place.file)
        {
            out.files.push(place.file);
        }
    }
}

/// A mount at the tool's path, or over a directory of programs.
pub(super) fn brings_tool(mount: &Mount, tool: &str) -> bool {
    let target = mount.target.trim_end_matches('/');
    base_name(target) == tool
        || ["/usr", "/usr/bin", "/usr/local", "/usr/local/bin", "/bin"].contains(&target)
}
