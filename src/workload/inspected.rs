//! Containers that `docker inspect` printed, as workloads.

use std::path::PathBuf;

use super::{Assembler, Project};
use crate::lock::Keeper;
use crate::model::{container, project};
use crate::source::{Language, SourceId};
use crate::syntax::{SyntaxError, json};

impl Assembler<'_> {
    /// Builds the workloads of the containers in a file. In its text secrets are replaced first, so that nothing can print them.
    #[must_use]
    pub fn inspected(&self, file: SourceId) -> Project {
        let source = self.sources.get(file);
        let keeper = Keeper::new(self.catalog);
        let keep = |name: &str, value: &str| keeper.kept(name, value);
        let masked = container::masked(file, source.text(), &keep);
        let source = match masked {
            Some(text) => self.sources.get(self.sources.add(source.path(), text)),
            None => source,
        };
        source.set_language(Language::Json);
        let reading = container::read(source.id(), source.text());
        let services = reading.containers.iter().enumerate();
        let services = services.map(|(index, container)| container.service(index, &keep)).collect();
        let directory = source.path().parent().map(PathBuf::from).unwrap_or_default();
        let mut project = self.project(&mut project::Project::described(services, directory));
        if !project.files.contains(&source.id()) {
            project.files.insert(0, source.id());
        }
        if reading.is_truncated {
            let (containers, values) = (container::MAX_CONTAINERS, json::MAX_NODES);
            let message =
                format!("more than {containers} containers, or {values} values; the rest is not looked at");
            project.syntax_errors.push(SyntaxError::warning(message, source.span()));
        }
        project
    }
}
