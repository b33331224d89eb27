//! Checks containers that a command line or a `devcontainer.json` starts.

use std::path::Path;

use super::checked::CheckedProject;
use super::checker::{Around, Checker};
use crate::discover::{DiscoveredFile, FileKind};
use crate::model::build::Dockerfiles;
use crate::model::launch::{self, DevcontainerProject};
use crate::model::project;
use crate::workload::Workload;

impl Checker<'_> {
    /// Checks what the command lines of a file start.
    pub(super) fn check_commands(&self, found: &DiscoveredFile) -> Vec<CheckedProject> {
        let (FileKind::Commands(notation), Ok(file)) = (found.kind, self.sources.load(&found.path)) else {
            return Vec::new();
        };
        let models = launch::projects(file, notation, self.sources);
        let checked = models.into_iter().map(|mut model| {
            let dockerfiles = Dockerfiles::default();
            let mut project =
                self.with_catalog(&found.path, &dockerfiles, |assembler| assembler.project(&mut model));
            let mut launches = project.workloads.iter().filter_map(Workload::launch);
            project.for_swarm = launches.any(|launch| launch.swarm);
            if let Some(measured) = self.measured {
                measured.attach(&mut project);
            }
            self.check(project, false, None)
        });
        checked.collect()
    }

    /// Checks the container of a `devcontainer.json`: the Compose files that it names, or what it runs itself.
    pub(super) fn check_devcontainer(&self, path: &Path, around: Around<'_>) -> Option<CheckedProject> {
        let file = self.sources.load(path).ok()?;
        let dockerfiles = Dockerfiles::default();
        match launch::devcontainer_project(file, self.sources)? {
            DevcontainerProject::Compose(files) => {
                let settings = self.options.settings_of(&files, self.sources);
                let model = project::load_merged(&files, &settings, self.sources);
                Some(self.load(model, None, (&dockerfiles, around)).checked)
            }
            DevcontainerProject::Container(mut model) => {
                let project =
                    self.with_catalog(path, &dockerfiles, |assembler| assembler.project(&mut model));
                Some(self.check(project, false, None))
            }
        }
    }
}
