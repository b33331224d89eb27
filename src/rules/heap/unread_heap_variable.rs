//! The rule `unread-heap-variable`.

use crate::diagnostic::{Applicability, Confidence, Edit, Severity};
use crate::rules::estimate::is_tight;
use crate::rules::offer::Offer;
use crate::rules::probe::json;
use crate::rules::{FindingBuilder, RuleContext, Thresholds};
use crate::source::Spanned;
use crate::workload::{
    Bound, FactName, FilledIn, HeapProblem, HeapProblemKind, LiteralPlace, LiteralWord, MemoryPool,
    ReadVariable, RuntimeName, UnquotedFlag, Workload, shell_quoted,
};

rule! {
    name: "unread-heap-variable",
    summary: "a heap size in a variable that is never read",
    severity: Error,
    group: Heap,
    preset: Recommended,
    check: Workload(check),
}

fn check(workload: &Workload, cx: &mut RuleContext<'_>) {
    let offer = Offer::of(workload, cx);
    for heap in &workload.pools.heaps {
        for problem in &heap.problems {
            if let Some(word) = &problem.literal {
                literal(workload, heap, (problem, word), cx);
            } else if matches!(problem.kind, HeapProblemKind::Unread | HeapProblemKind::WrongVariable) {
                unread(&offer, heap, problem, cx);
            }
        }
    }
    for variable in &workload.pools.unused_sizes {
        unused(workload, variable, cx);
    }
    for found in &workload.pools.filled_in {
        too_late(workload, found, cx);
    }
    for found in &workload.pools.unquoted_flags {
        unquoted(workload, found, cx);
    }
    for problem in &workload.pools.heap_flags_of_other_runtimes {
        let mut finding = by_script(workload, problem, cx);
        finding.related(workload.image.base.span(), "this image");
        if let Some(help) = &problem.help {
            finding.help(help.as_str());
        }
    }
}

/// Reports a variable of a `.env` that reaches no container.
fn unused(workload: &Workload, variable: &Spanned<String>, cx: &mut RuleContext<'_>) {
    let (name, service) = (&variable.value, &workload.name);
    cx.report(variable.span, format!("`{name}` in `.env` does not reach `{service}`"))
        .label("no Compose file uses it")
        .severity(Severity::Note)
        .confidence(Confidence::Low)
        .related(workload.anchor, "this service")
        .note("Compose uses `.env` for `${…}` only, and passes it to no container")
        .help(format!("pass it in `environment` of `{service}`:\n  {name}: ${{{name}}}"));
}

/// Reports a variable that the build has put into another one, so that its value for the container comes too late.
fn too_late(workload: &Workload, found: &FilledIn, cx: &mut RuleContext<'_>) {
    let (variable, name, carrier) = (&found.variable, &workload.name, &found.carrier);
    let message =
        format!("`{variable}` of `{name}` does not reach its heap: `{carrier}` was filled in by the build");
    let mut finding = cx.report(found.value.span(), message);
    finding
        .label("set after the build")
        .severity(Severity::Warning)
        .confidence(Confidence::Medium)
        .related(found.flag.span(), format!("`{}` in the image", found.flag));
    finding.help(match &found.instead {
        Some(flag) if found.is_alone => format!("set `{carrier}` itself: write `{flag}` there"),
        Some(flag) => format!("set `{carrier}` itself: its value with `{flag}` for `{}`", found.flag),
        None => format!("set `{carrier}` itself"),
    });
}

/// Reports a flag that is the name of a variable.
fn unquoted(workload: &Workload, found: &UnquotedFlag, cx: &mut RuleContext<'_>) {
    let UnquotedFlag { flag, variable, quoted } = found;
    let message = format!("`{flag}` of `{}` is not part of `{variable}`, so nothing reads it", workload.name);
    let mut finding = cx.report(flag.span(), message);
    finding.label("without quotes, `ENV` ends a value at the blank");
    match quoted.clone() {
        Some((span, replacement)) => {
            let edit = Edit { span, replacement };
            let changes = &[FactName::Env, FactName::Start, FactName::Heaps, FactName::Caches];
            let title = format!("put the value of `{variable}` in quotes");
            finding.fix(title, Applicability::Unsafe, changes, vec![edit]);
        }
        None => {
            finding.help(format!("put quotes around the whole value of `{variable}`"));
        }
    }
}

/// Reports a variable that the program gets as text, since no shell expands it.
fn literal(
    workload: &Workload,
    heap: &MemoryPool,
    (problem, word): (&HeapProblem, &LiteralWord),
    cx: &mut RuleContext<'_>,
) {
    // `compose-expands-variable` reports those of a Compose file.
    if workload.process.unexpanded.iter().any(|known| known.word.span == word.span) {
        return;
    }
    let (name, runtime, flag, text) =
        (&workload.name, heap.runtime.display_name(), &problem.written, &word.text);
    let (message, label) = match &word.place {
        LiteralPlace::Main => (
            format!("`{name}` does not start: nothing expands `{text}` in its command"),
            format!("{runtime} takes this text for {}", main_word(heap.runtime)),
        ),
        LiteralPlace::Argument => (
            format!("nothing expands `{text}` in the command of `{name}`, so `{flag}` has no effect"),
            "the program gets this text as an argument".to_owned(),
        ),
        LiteralPlace::BehindScript(script) => (
            format!("the shell of `{name}` runs `{script}` alone, without `{text}` and `{flag}`"),
            format!("behind the script of the shell, which is `{script}`"),
        ),
    };
    let mut finding = cx.report(word.span, message);
    finding.label(label).related(problem.flag.span(), "the intended value");
    if workload.image.missing_tools.contains(&"sh") {
        let program = word.line.first().map_or("the program", String::as_str);
        finding.help(format!(
            "its image has no shell: write `{flag}` right behind `{program}`, and remove `{text}`"
        ));
        return;
    }
    let line = word.line.iter().map(|word| shell_quoted(word)).collect::<Vec<_>>().join(" ");
    let of_image = workload.dockerfile() == Some(word.span.file);
    let list = |words: &[String]| {
        let words =
            words.iter().map(|word| json(&if of_image { word.clone() } else { word.replace('$', "$$") }));
        format!("[{}]", words.collect::<Vec<_>>().join(", "))
    };
    let script = list(&["sh".to_owned(), "-c".to_owned(), format!("exec {line}")]);
    let (keys, between) =
        if of_image { (["ENTRYPOINT", "CMD"], " ") } else { (["entrypoint", "command"], ": ") };
    let [entrypoint, command] = keys;
    let written = match (word.in_entrypoint, word.and_command) {
        (true, true) => format!("{entrypoint}{between}{script}\n  {command}{between}[]"),
        (true, false) => format!("{entrypoint}{between}{script}"),
        (false, _) => format!("{command}{between}{script}"),
    };
    finding.help(format!("run it through a shell:\n  {written}"));
}

/// Returns the name for what a runtime runs.
pub(in crate::rules) fn main_word(runtime: RuntimeName) -> &'static str {
    if runtime == RuntimeName::Java { "its main class" } else { "its script" }
}

fn unread(offer: &Offer<'_>, heap: &MemoryPool, problem: &HeapProblem, cx: &mut RuleContext<'_>) {
    let workload = offer.workload;
    let (flag, variable, name) = (&problem.written, &problem.carrier, &workload.name);
    let thresholds = &cx.policy().thresholds;
    let way = problem.read_variable.as_ref().map(|way| (way, held(workload, heap, way, thresholds)));
    // With an `effect`, a script of the image reads the variables, and is known by its name alone.
    let (mut finding, what) = if problem.effect.is_empty() {
        let (message, severity) = match problem.has_other_readers {
            false => (
                format!("nothing reads `{variable}` of `{name}`, so `{flag}` has no effect"),
                Severity::Error,
            ),
            true => (
                format!("`{flag}` of `{name}` has no effect: its start does not use `{variable}`"),
                Severity::Warning,
            ),
        };
        let mut finding = cx.report(problem.flag.span(), message);
        finding
            .label(format!("the JVM does not read `{variable}`"))
            .severity(severity)
            .related(heap.program.span, "exec form: no shell expands it");
        (finding, "the variable that every JVM reads")
    } else {
        let mut finding = by_script(workload, problem, cx);
        finding.related(heap.program.span, "this image's script");
        let what = match problem.kind {
            HeapProblemKind::WrongVariable => "the variable for the heap",
            _ => "the variable that it reads",
        };
        (finding, what)
    };
    if let Some(limit) = workload.memory.limit.known()
        && let Some(default) = heap.default_for(limit.value).filter(|_| heap.bound.is_absent())
    {
        finding
            .note(format!("the heap is the default instead, about {default} of a limit of {}", limit.value));
    }
    if let Some((way, Held::Fits)) = way.as_ref().filter(|_| problem.has_other_readers) {
        finding.help(format!(
            "{what} is `{}`: {} too, and keep `{variable}` for the image's other programs",
            way.variable,
            to_write(way, None, variable)
        ));
        return;
    }
    // A percentage would then have no effect, and without a limit be one of the host's memory.
    let unlimited = workload.memory.limit.is_absent();
    let alone = way
        .as_ref()
        .filter(|(way, _)| heap.percentage().is_none() && !(unlimited && way.setting.is_relative()));
    match alone.and_then(|(way, held)| renamed(offer, problem, way, held)) {
        Some(edits) => {
            let title = format!("put it into {what}");
            finding.fix(title, Applicability::Unsafe, &[FactName::Env, FactName::Heaps], edits);
        }
        None => help(&mut finding, what, variable, way),
    }
}

/// Returns edits that put the value under the name that is read, with a heap that fits. `None` if that name has a value
/// already, or if others read the same lines.
fn renamed(offer: &Offer<'_>, problem: &HeapProblem, way: &ReadVariable, held: &Held) -> Option<Vec<Edit>> {
    let workload = offer.workload;
    let flag = match held {
        Held::Fits => None,
        Held::Instead(flag) => Some(flag.as_str()),
        Held::Never => return None,
    };
    if !way.there.is_empty() || workload.env.contains_key(&way.variable) {
        return None;
    }
    let variable = workload.env.get(&problem.carrier)?;
    let (name, value) = (variable.name?, variable.value.known()?);
    let shared =
        |other: &&Workload| other.env.get(&problem.carrier).is_some_and(|other| other.name == variable.name);
    if offer.project.workloads.iter().filter(shared).count() > 1 {
        return None;
    }
    let text = way.text(flag);
    let mut edits = vec![Edit { span: name, replacement: way.variable.clone() }];
    if value.value.as_str() != text {
        let (span, replacement) = value.value.change_to(&text)?;
        edits.push(Edit { span, replacement });
    }
    Some(edits)
}

fn by_script<'s>(
    workload: &Workload,
    problem: &HeapProblem,
    cx: &'s mut RuleContext<'_>,
) -> FindingBuilder<'s> {
    let (flag, variable, name) = (&problem.written, &problem.carrier, &workload.name);
    let message = match problem.kind {
        HeapProblemKind::WrongVariable => format!("`{variable}` of `{name}` is not read for `{flag}`"),
        _ => format!("nothing reads `{variable}` of `{name}`, so `{flag}` has no effect"),
    };
    let mut finding = cx.report(problem.flag.span(), message);
    finding.label(problem.effect.as_str()).severity(Severity::Warning).confidence(Confidence::Medium);
    finding
}

/// The relation of the heap to the limit, once its bound is read.
enum Held {
    /// It leaves room, or the limit is not known.
    Fits,
    /// It does not fit, but with this flag it does.
    Instead(String),
    /// No useful heap fits.
    Never,
}

fn held(workload: &Workload, heap: &MemoryPool, way: &ReadVariable, thresholds: &Thresholds) -> Held {
    let Some(limit) = workload.known_limit() else {
        return Held::Fits;
    };
    let flag = match (way.setting.bound, heap.largest_heap_under(limit.value)) {
        (Bound::Percent(percent), _) if percent <= 75.0 => return Held::Fits,
        (Bound::Percent(_), _) => heap.with_percent(&way.setting, 70.0),
        (Bound::Bytes(size), _) if size < limit.value && !is_tight(heap, size, limit.value, thresholds) => {
            return Held::Fits;
        }
        (Bound::Bytes(_), most) => most.and_then(|most| way.setting.with_size(most)),
    };
    flag.map_or(Held::Never, Held::Instead)
}

/// Returns what to write into the variable that is read. Words that are no memory flags may be secrets, and are not repeated.
fn to_write(way: &ReadVariable, flag: Option<&str>, carrier: &str) -> String {
    let flags = way.memory_flags(flag);
    if flags == way.text(flag) {
        return format!("write `{flags}` there");
    }
    let verb = if way.there.is_empty() { "write" } else { "add" };
    let rest =
        if way.has_memory_flags_only() { String::new() } else { format!(", and the rest of `{carrier}`") };
    format!("{verb} `{flags}` there{rest}")
}

fn help(finding: &mut FindingBuilder<'_>, what: &str, carrier: &str, way: Option<(&ReadVariable, Held)>) {
    match way {
        Some((way, Held::Fits)) => {
            finding.help(format!("{what} is `{}`: {}", way.variable, to_write(way, None, carrier)));
        }
        Some((way, Held::Instead(flag))) => {
            let text = to_write(way, Some(&flag), carrier);
            finding.help(format!("{what} is `{}`: {text}, which fits the limit", way.variable));
        }
        Some((way, Held::Never)) => {
            finding.help(format!("{what} is `{}`, but no such heap fits the limit", way.variable));
        }
        None => {
            finding.help("remove it: another place sets the heap, or may do so");
        }
    }
}
