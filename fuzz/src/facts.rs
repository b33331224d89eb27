//! What holds of the facts of every project.

use oomlint::report::inspect;
use oomlint::source::{Sources, Span, Spanned, TracedText};
use oomlint::workload::{Fact, Project, Workload};

use crate::check_span;

/// Every place that a fact names is one; gives the facts as `inspect` writes them.
pub fn check_projects(projects: &[Project], sources: &Sources) -> Vec<u8> {
    for project in projects {
        for error in &project.syntax_errors {
            check_span(error.span, sources, &error.message);
            error.duplicate_of.iter().for_each(|first| check_span(*first, sources, &error.message));
        }
        for unresolved in &project.unresolved {
            check_span(unresolved.span, sources, unresolved.what);
        }
        for workload in &project.workloads {
            check_workload(workload, sources);
        }
    }
    let mut out = Vec::new();
    inspect::json(&mut out, projects, sources).expect("memory takes every byte");
    serde_json::from_slice::<serde_json::Value>(&out).expect("JSON");
    inspect::human(&mut out, projects, sources).expect("memory takes every byte");
    out
}

fn check_workload(workload: &Workload, sources: &Sources) {
    let check = |span: Span, what: &str| check_span(span, sources, what);
    let text = |text: &TracedText, what: &str| {
        check(text.span(), what);
        for (at, c) in text.as_str().char_indices().take(64) {
            check(text.span_of(at..at + c.len_utf8()), what);
        }
    };
    check(workload.anchor, "anchor");
    workload.service.via.iter().for_each(|via| check(*via, "via"));
    workload.service.keys.iter().for_each(|key| check(key.span, "key"));
    workload.words().for_each(|word| text(word, "word"));
    for (name, variable) in &workload.env {
        fact(&variable.value, sources, name);
        variable.value.value().iter().for_each(|value| text(value, name));
        variable.name.iter().for_each(|span| check(*span, name));
    }
    let (service, memory) = (&workload.service, &workload.memory);
    for size in [&memory.limit, &memory.reservation, &service.memswap_limit, &service.shm_size] {
        fact(size, sources, "size");
    }
    for mount in &service.tmpfs {
        fact(&mount.size, sources, "tmpfs");
        text(&mount.target, "tmpfs");
    }
    for key in &service.size_keys {
        check(key.key, key.name);
        text(&key.text, key.name);
        key.via.iter().for_each(|via| check(*via, key.name));
    }
    fact(&service.image, sources, "image");
    fact(&workload.image.base, sources, "base");
    fact(&workload.health.check, sources, "healthcheck");
    fact(&workload.process.start, sources, "start");
    for heap in workload.pools.heaps.iter().chain(&workload.pools.caches) {
        spanned(&heap.program, sources, "program");
        fact(&heap.bound, sources, "bound");
        for problem in &heap.problems {
            text(&problem.flag, &problem.carrier);
            problem.ahead.iter().for_each(|span| check(*span, "ahead"));
        }
    }
}

fn fact<T>(fact: &Fact<T>, sources: &Sources, what: &str) {
    check_span(fact.span(), sources, what);
    if let Some(known) = fact.known() {
        spanned(known, sources, what);
    }
}

fn spanned<T>(value: &Spanned<T>, sources: &Sources, what: &str) {
    check_span(value.span, sources, what);
    value.via.iter().for_each(|via| check_span(*via, sources, what));
}
