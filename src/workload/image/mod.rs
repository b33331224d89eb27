//! Facts that a container inherits from its image.

use super::heap::{NativeOverhead, OverheadInputs, ProductPart};
use super::locked::Knowledge;
use super::runs::Runs;
use super::start::{ExecEntrypoint, join, words};
use super::unsupported::{Unsupported, unsupported};
use super::{Fact, Healthcheck, Start, Variable, Why, installs};
use crate::catalog::{
    self, Catalog, DefaultHeap, Grammar, IgnoresLimit, Minimum, NoHeapIn, OffHeap, RuntimeName, SharedMemory,
    Shutdown, SizesItself, in_versions,
};
use crate::lock::Lock;
use crate::model::ImageReference;
use crate::model::image::{Base, BuildVariable};
use crate::source::{Span, Spanned, TracedText};
use crate::syntax::shell::base_name;
use crate::syntax::size::{ByteSize, MIB};

pub use crate::catalog::LighterKind;

mod files;
mod instructions;

pub(super) use instructions::Fill;
use instructions::{brings_unseen, fills, of_instruction, shell_by_packages};

/// A lighter image to use instead of the base.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LighterBase {
    /// The kind of replacement.
    pub kind: LighterKind,
    /// The reference to write after `FROM`. Its tag exists.
    pub reference: String,
    /// The drawback of the change: lower case, no full stop.
    pub cost: String,
    /// Other things that a program may miss in it: lower case, no full stop.
    pub lost: Option<String>,
    /// Why the current image is heavy: lower case, no full stop.
    pub why: String,
    /// Compressed size of the current image, in bytes.
    pub size_now: Option<ByteSize>,
    /// Compressed size of the lighter image, in bytes.
    pub size_then: Option<ByteSize>,
    /// A tool that a `RUN` uses and the lighter image lacks.
    pub needed: Option<Spanned<String>>,
    /// True if that is a script of the project, such as `mvnw`, which runs the tools that the lighter image lacks.
    pub needed_by_wrapper: bool,
    /// True if a `RUN` or a start script installs language packages, some of which may have to be compiled.
    pub may_compile: bool,
    /// Programs of healthchecks that only the current image has.
    pub lacks: Vec<&'static str>,
    /// A script of the start that could not be read: it may use anything that the current image has.
    pub unread: Option<String>,
}

/// The heap that an image's start script sets by default.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImageDefaultHeap {
    /// The runtime that has the heap.
    pub of: RuntimeName,
    /// The heap's maximum size, in MiB.
    pub mib: u64,
    /// The variable that overrides it.
    pub variable: String,
    /// True if the initial size is the same.
    pub initial_too: bool,
    /// True if that no longer holds once the variable is set.
    pub(super) replaced: bool,
    /// The grammar of the variable if its value is a size; `None` if it holds flags of the runtime.
    grammar: Option<Grammar>,
    /// Parts of paths of files that may override the heap.
    pub(super) unless_files: Vec<String>,
    off_heap: OverheadInputs,
}

impl ImageDefaultHeap {
    /// Returns the heap's maximum size in bytes.
    #[must_use]
    pub fn size(&self) -> ByteSize {
        ByteSize(i64::try_from(self.mib).map_or(i64::MAX, |mebibytes| mebibytes.saturating_mul(MIB)))
    }

    /// Formats the variable's value for a heap of this size.
    #[must_use]
    pub fn written(&self, mebibytes: i64) -> String {
        match self.grammar {
            None => format!("-Xms{mebibytes}m -Xmx{mebibytes}m"),
            Some(Grammar::Mebibytes) => mebibytes.to_string(),
            Some(_) => format!("{mebibytes}m"),
        }
    }

    /// Returns the process's off-heap memory; `None` if it was never measured.
    #[must_use]
    pub fn off_heap(&self) -> Option<NativeOverhead> {
        self.off_heap.of(self.of, self.size())
    }

    /// Returns the largest heap, in MiB, that its variable can set under a limit. `None` if less than 64 MiB fits.
    #[must_use]
    pub fn largest_under(&self, limit: ByteSize) -> Option<i64> {
        // What the script allows along with its own heap goes with that.
        let set = OverheadInputs { direct: None, ..self.off_heap.clone() };
        set.fits_in(self.of, limit).map(|size| size.mebibytes())
    }
}

/// Facts about an image, before the service's keys are applied.
#[derive(Clone, Debug)]
pub struct ImageFacts {
    /// The image reference that the root file system comes from: `image`, or the outermost `FROM`.
    pub base: Fact<TracedText>,
    /// True if it is for Windows, by its reference or its Dockerfile.
    pub(super) windows: bool,
    pub(super) healthcheck: Fact<Healthcheck>,
    pub(super) entrypoint: Fact<Vec<TracedText>>,
    pub(super) command: Fact<Vec<TracedText>>,
    /// The entrypoint script, if it executes its arguments.
    pub handover: Option<ExecEntrypoint>,
    /// Variables that the image's start script expands.
    pub(super) expands: Vec<String>,
    /// Variables of those whose quotes it keeps.
    pub(super) keeps_quotes: Vec<String>,
    /// Variables that the image's start script unsets or ignores.
    pub(super) unsets: Vec<String>,
    /// A variable that carries flags and is the wrong one for heap flags.
    pub(super) no_heap_in: Option<NoHeapIn>,
    /// The heap that the image's start script sets by default.
    pub(super) heap_when_unset: Option<ImageDefaultHeap>,
    /// The product's off-heap memory.
    pub(super) off_heap: Option<OffHeap>,
    /// The parts of its memory that the product sizes by settings of its own.
    pub(super) memory: Vec<ProductPart>,
    /// Files of flags that its start script hands to the runtime.
    pub(super) flag_files: Vec<String>,
    /// Set if its program sizes itself by the host's memory, whatever the limit.
    pub(super) ignores_limit: Option<IgnoresLimit>,
    /// The setting in a file that gives it another share of the host's memory, as written.
    pub(super) host_share: Option<Spanned<String>>,
    /// True if files that may be programs are copied in from another stage or image, whose contents are not known.
    pub(super) brings_unseen: bool,
    /// The program's needs of `/dev/shm`, beyond the default size.
    pub(super) shared_memory: Option<SharedMemory>,
    /// The name of its `/bin/sh`, if that is known not to be bash.
    pub(super) sh: Option<&'static str>,
    /// Variables that exist only during the build.
    pub(super) build_only: Vec<BuildVariable>,
    /// Set if the image is no longer maintained.
    pub unsupported: Option<Unsupported>,
    pub(super) runtime: Option<RuntimeName>,
    /// The runtime's major version, if the tag has it.
    pub(super) major: Option<u32>,
    /// The runtime's major version and update, if the tag has both.
    pub(super) patch: Option<(u32, u32)>,
    pub(super) default_heap: Option<DefaultHeap>,
    pub(super) sizes_itself: Option<SizesItself>,
    /// The minimum memory, as documented by the vendor.
    pub(super) minimum: Option<Minimum>,
    /// The time that its server needs to stop, as documented by the vendor.
    pub(super) shutdown: Option<Shutdown>,
    /// The healthcheck `test` of the image's catalogue row.
    pub(super) probe: Vec<String>,
    /// Programs that the image is known to lack, of `curl`, `wget`, `bash` and `sh`.
    pub missing_tools: Vec<&'static str>,
    /// The programs that are the image's server, as the catalogue writes them: `mysqld`, `kc.sh start`.
    pub(super) servers: Vec<String>,
    /// The image's own entrypoint and command, before any Dockerfile or service changes them.
    pub(super) shipped: Vec<TracedText>,
    /// A lighter image to use instead of the base, if the catalogue knows one.
    pub lighter_base: Option<LighterBase>,
    /// True if it is a server: the catalogue lists TCP ports that it exposes.
    pub(super) is_server: bool,
    /// True if no `ENV` of the image can bound a heap unseen: the catalogue has the image, or the base is `scratch`.
    pub(super) env_known: bool,
    /// Variables of a Dockerfile that its build has filled in from others.
    pub(super) filled_in: Vec<Fill>,
    /// Who knows the image, or the base of the Dockerfile.
    pub knowledge: Knowledge,
    /// The variables of the image, or the base of the Dockerfile, that the lock file has.
    pub(super) locked_env: Vec<(String, Variable)>,
    /// The TCP ports that it exposes, if the lock file has the image.
    pub(super) locked_ports: Option<Vec<u16>>,
}

/// Programs that healthchecks use and an image may lack.
const TOOLS: [&str; 4] = ["curl", "wget", "bash", "sh"];

impl ImageFacts {
    /// Returns facts that are all unknown, for the reason `why`.
    pub(super) fn unknown(at: Span, why: &Why) -> Self {
        fn unknown<T>(at: Span, why: &Why) -> Fact<T> {
            Fact::Unknown { at, why: why.clone() }
        }
        Self {
            base: unknown(at, why),
            windows: false,
            healthcheck: unknown(at, why),
            entrypoint: unknown(at, why),
            command: unknown(at, why),
            handover: None,
            expands: Vec::new(),
            keeps_quotes: Vec::new(),
            unsets: Vec::new(),
            no_heap_in: None,
            heap_when_unset: None,
            off_heap: None,
            memory: Vec::new(),
            flag_files: Vec::new(),
            ignores_limit: None,
            host_share: None,
            brings_unseen: false,
            shared_memory: None,
            sh: None,
            build_only: Vec::new(),
            unsupported: None,
            runtime: None,
            major: None,
            patch: None,
            default_heap: None,
            sizes_itself: None,
            minimum: None,
            shutdown: None,
            probe: Vec::new(),
            missing_tools: Vec::new(),
            servers: Vec::new(),
            shipped: Vec::new(),
            lighter_base: None,
            is_server: false,
            env_known: false,
            filled_in: Vec::new(),
            knowledge: Knowledge::Nothing,
            locked_env: Vec::new(),
            locked_ports: None,
        }
    }

    /// Returns the facts of a pulled image. `anchor` is the service's key.
    pub(super) fn of_reference(
        image: &Fact<TracedText>,
        anchor: Span,
        known: (&Catalog, Option<&Lock>),
    ) -> Self {
        match image {
            Fact::Known(reference) => {
                let base = Fact::Known(reference.clone());
                Self::of_name(base, &reference.value, reference.span, known)
            }
            Fact::Unknown { at, why } => Self::unknown(*at, why),
            Fact::Absent { .. } => Self::unknown(anchor, &Why::Other("it names no image")),
        }
    }

    /// Returns the facts of an image that is built from a Dockerfile.
    pub(super) fn of_target(runs: &Runs<'_>, (catalog, lock): (&Catalog, Option<&Lock>)) -> Self {
        let target = runs.target;
        let mut facts = match &target.base {
            Base::Reference(reference) => {
                let base = Fact::Known(Spanned::new(reference.clone(), reference.span()));
                Self::of_name(base, reference, target.base_from, (catalog, lock))
            }
            Base::Unknown { at, variable } => Self::unknown(*at, &Why::Variable(variable.clone())),
            Base::Scratch => Self::scratch(target.base_from),
        };
        facts.missing_tools.retain(|tool| !installs::may_bring(tool, runs, catalog.packages()));
        facts.sh = facts.sh.or_else(|| shell_by_packages(runs));
        // An installed file may be a link to another shell.
        if ["bin/sh", "reconfigure dash", "dash/sh"].iter().any(|text| target.mentions(text)) {
            facts.sh = None;
        }
        facts.windows |= target.windows;
        facts.build_only.clone_from(&target.build_only);
        facts.filled_in = fills(target);
        facts.brings_unseen = target.copies.iter().any(|copied| brings_unseen(copied, &target.copies));
        facts.drop_facts_of_replaced_files(&|file| target.mentions(file));
        let known = |words: Vec<TracedText>, span: Span| Fact::Known(Spanned::new(words, span));
        if let Some(health) = &target.healthcheck {
            facts.healthcheck = Fact::Known(Spanned::new(of_instruction(health, target), health.span));
        }
        if let Some(entrypoint) = &target.entrypoint {
            facts.entrypoint = known(words(entrypoint, target), entrypoint.span);
            // The base's script is still in the image, unless a file of the same name replaces it.
            facts.handover = facts.handover.filter(|script| !target.mentions(&script.entrypoint));
            // An `ENTRYPOINT` clears the base's `CMD` (moby `daemon/builder`, buildkit `dispatchEntrypoint`).
            facts.command = Fact::Absent { anchor: entrypoint.span };
        }
        if let Some(command) = &target.cmd {
            facts.command = known(words(command, target), command.span);
        }
        facts
    }

    fn scratch(anchor: Span) -> Self {
        Self {
            base: Fact::Absent { anchor },
            healthcheck: Fact::Absent { anchor },
            entrypoint: Fact::Absent { anchor },
            command: Fact::Absent { anchor },
            missing_tools: TOOLS.to_vec(),
            env_known: true,
            knowledge: Knowledge::Catalogue,
            ..Self::unknown(anchor, &Why::Other("scratch"))
        }
    }

    /// Returns the facts of an image that is not built here: the catalogue's, with those of the lock file over them.
    fn of_name(
        base: Fact<TracedText>,
        reference: &TracedText,
        at: Span,
        (catalog, lock): (&Catalog, Option<&Lock>),
    ) -> Self {
        let Some(parsed) = ImageReference::parse(reference.as_str()) else {
            let why = Why::Image(reference.as_str().to_owned());
            return Self { base, ..Self::unknown(at, &why) };
        };
        let mut facts = Self::catalogued(base, &parsed, (reference, at), catalog);
        if let Some(locked) = lock.and_then(|lock| lock.find(&parsed)) {
            facts.apply_lock(&locked, at);
        }
        facts
    }

    fn catalogued(
        base: Fact<TracedText>,
        parsed: &ImageReference,
        (reference, at): (&TracedText, Span),
        catalog: &Catalog,
    ) -> Self {
        let knowledge = Knowledge::of(parsed, catalog);
        let name = reference.as_str().to_owned();
        let why = match knowledge {
            Knowledge::Nothing => Why::Image(name),
            _ => Why::ImageFact(name),
        };
        let windows = parsed.is_windows();
        let unknown = Self { base, windows, knowledge, ..Self::unknown(at, &why) };
        let healthcheck = match catalog.healthcheck(parsed) {
            catalog::Healthcheck::None => Fact::Absent { anchor: at },
            catalog::Healthcheck::Present => Fact::Known(Spanned::new(Healthcheck::OfImage, at)),
            catalog::Healthcheck::Unknown => unknown.healthcheck.clone(),
        };
        let unsupported = unsupported(parsed, catalog);
        let tag = parsed.effective_tag().unwrap_or_default();
        let row = catalog.probes(parsed);
        let mut servers = row.map(|row| row.program.clone()).unwrap_or_default();
        let is_server = row.is_some_and(|row| !row.exposes.is_empty());
        let Some(entry) = catalog.image(parsed) else {
            let shared_memory = catalog.shared_memory(parsed);
            return Self { healthcheck, shared_memory, unsupported, servers, is_server, ..unknown };
        };
        servers.extend(entry.servers(tag).into_iter().map(str::to_owned));
        let own_heap = entry.heap_when_unset.as_ref();
        let own_heap = own_heap.filter(|own| in_versions(tag, own.since.as_deref(), own.before.as_deref()));
        let mut off_heap = entry.off_heap.iter();
        let off_heap =
            off_heap.find(|row| in_versions(tag, row.since.as_deref(), row.before.as_deref())).cloned();
        let start = entry.start(tag);
        let texts = |words: &[String]| -> Fact<Vec<TracedText>> {
            // These words come from the catalogue and not from a file, so they get the span of the reference.
            let words = words.iter().map(|word| TracedText::derived(word.as_str(), at)).collect();
            Fact::Known(Spanned::new(words, at))
        };
        let command = start.and_then(|start| start.cmd.as_ref());
        let shipped = start.zip(command).map(|(start, command)| start.entrypoint.iter().chain(command));
        Self {
            healthcheck,
            unsupported,
            entrypoint: start.map_or(unknown.entrypoint.clone(), |start| texts(&start.entrypoint)),
            command: command.map_or(unknown.command.clone(), |command| texts(command)),
            handover: start.filter(|start| start.hands_over).and_then(|start| {
                let name = start.entrypoint.iter().rfind(|word| !word.starts_with('-'))?;
                let entrypoint = base_name(name).to_owned();
                Some(ExecEntrypoint { entrypoint, options_to: start.options_to.clone() })
            }),
            expands: entry.expands.clone(),
            keeps_quotes: entry.keeps_quotes.clone(),
            unsets: entry.unset_variables(tag),
            no_heap_in: entry.no_heap_in.clone(),
            heap_when_unset: own_heap.zip(entry.runtime()).map(|(heap, of)| ImageDefaultHeap {
                of,
                mib: heap.mib,
                variable: heap.variable.clone(),
                initial_too: heap.initial_too,
                replaced: heap.replaced,
                grammar: catalog
                    .runtime(of)
                    .and_then(|runtime| runtime.variable(&heap.variable)?.value.as_ref())
                    .map(|value| value.grammar),
                unless_files: heap.unless_files.clone(),
                off_heap: OverheadInputs {
                    product: off_heap.clone(),
                    direct: heap.direct_mib.map(|size| ByteSize(size.saturating_mul(MIB))),
                    ..OverheadInputs::default()
                },
            }),
            off_heap,
            memory: entry.memory_of(tag).map(ProductPart::new).collect(),
            flag_files: entry.flag_files.clone(),
            ignores_limit: entry.ignores_limit(tag).cloned(),
            shared_memory: catalog.shared_memory(parsed),
            sh: entry.sh(tag),
            runtime: entry.runtime(),
            major: entry.runtime_major(tag).map(|(_, major)| major),
            patch: entry.runtime_patch(tag),
            default_heap: entry.default_heap(),
            sizes_itself: entry
                .sizes_itself
                .clone()
                .filter(|own| in_versions(tag, own.since.as_deref(), None)),
            minimum: entry.minimum.clone(),
            shutdown: entry.shutdown.clone(),
            probe: entry.probe.clone(),
            servers,
            shipped: shipped
                .into_iter()
                .flatten()
                .map(|word| TracedText::derived(word.as_str(), at))
                .collect(),
            is_server,
            // A row without a runtime says nothing of the variables, save for official images, which have none.
            env_known: entry.runtime().is_some() || catalog.is_official(parsed),
            missing_tools: TOOLS
                .into_iter()
                .filter(|tool| entry.has_tool(tag, tool) == Some(false))
                .collect(),
            ..unknown
        }
    }

    /// True if the image's entrypoint script is the last word of an entrypoint, and so executes the command.
    pub(super) fn hands_over(&self, entrypoint: &Fact<Vec<TracedText>>) -> bool {
        let last = entrypoint.value().and_then(|words| words.last());
        let name = last.map(|word| base_name(word.as_str()));
        self.handover.as_ref().is_some_and(|script| Some(script.entrypoint.as_str()) == name)
    }

    /// Returns a lighter image than the base, if the catalogue knows one.
    pub(super) fn lighter(&self, catalog: &Catalog) -> Option<LighterBase> {
        let reference = ImageReference::parse(self.base.value()?.as_str())?;
        let lighter = catalog.lighter(&reference)?;
        let size = |bytes: Option<u64>| bytes.and_then(|bytes| i64::try_from(bytes).ok()).map(ByteSize);
        Some(LighterBase {
            kind: lighter.kind,
            reference: lighter.reference,
            cost: lighter.cost.to_owned(),
            lost: None,
            why: lighter.why.to_owned(),
            size_now: size(lighter.size_now),
            size_then: size(lighter.size_then),
            needed: None,
            needed_by_wrapper: false,
            may_compile: false,
            lacks: Vec::new(),
            unread: None,
        })
    }

    /// Returns the image's own start.
    pub(super) fn start(&self) -> Fact<Start> {
        join(&self.entrypoint, &self.command)
    }
}
