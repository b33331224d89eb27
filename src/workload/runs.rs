//! The commands of an image's `RUN` instructions, parsed on first use.

use crate::model::image::{Base, Form, Run, TargetImage};
use crate::source::TracedText;
use crate::syntax::shell::{self, Script, base_name, is_shell};

/// The `RUN` instructions of an image.
pub(super) struct Runs<'t> {
    pub(super) target: &'t TargetImage,
}

impl<'t> Runs<'t> {
    pub(super) fn new(target: &'t TargetImage) -> Self {
        Self { target }
    }

    /// Returns each with its commands; `None` if the shell is not a POSIX one, or a part could not be parsed.
    pub(super) fn all(&self) -> impl Iterator<Item = (&'t Run, Option<&'t Script>)> {
        let read = |run: &'t Run| {
            let script = run.script.get_or_init(|| self.is_posix(run).then(|| script(run)));
            script.as_ref().filter(|script| script.complete)
        };
        self.target.runs.iter().map(move |run| (run, read(run)))
    }

    fn is_posix(&self, run: &Run) -> bool {
        match (&run.form, &run.shell, &self.target.base) {
            (Form::Exec(_), ..) => true,
            (_, Some(shell), _) => shell.first().is_some_and(|word| is_shell(base_name(word.as_str()))),
            (_, None, Base::Reference(reference)) => {
                let name = reference.as_str();
                !["windows", "nanoserver", "servercore"].iter().any(|part| name.contains(part))
            }
            (_, None, _) => true,
        }
    }
}

fn script(run: &Run) -> Script {
    match &run.form {
        Form::Exec(words) => shell::read_words(words),
        Form::Shell(line) => shell::read_run(line, &run.scripts),
    }
}

/// True if a text of the `RUN` contains one of the words. A cheap test before parsing, which costs the most.
pub(super) fn has_word(run: &Run, words: &[&str]) -> bool {
    let has = |text: &TracedText| words.iter().any(|word| text.as_str().contains(word));
    let in_form = match &run.form {
        Form::Exec(words) => words.iter().any(has),
        Form::Shell(line) => has(line),
    };
    in_form || run.scripts.iter().any(has)
}
