//! Measured memory of containers, as `docker stats`, Prometheus and `kubectl top` print it.
//!
//! The format is detected. Any other text is rejected with the reason, and so are numbers without a meaning.

mod docker;
mod prometheus;
mod table;

pub(crate) use docker::{MemoryUse, text_of};

use crate::hash::IndexMap;
use crate::syntax::size::ByteSize;

/// The largest input that is read, in bytes: a day of one sample per second of six containers.
pub const MAX_INPUT: u64 = 256 * 1024 * 1024;

/// The most samples that are accepted: more would take more memory than their median is worth.
const MAX_SAMPLES: usize = 4_000_000;

/// The most container names that are reported as skipped.
const MAX_SKIPPED: usize = 100;

/// Memory samples, by container.
#[derive(Clone, Debug, Default)]
pub struct Stats {
    containers: IndexMap<Identity, Vec<Sample>>,
    /// Parts of the input without a usable number: the container, and why.
    pub skipped: Vec<(String, &'static str)>,
    /// Remarks about the numbers: lower case, no full stop.
    pub remarks: Vec<String>,
    samples: usize,
}

/// The identity of a container.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Identity {
    /// Its name, or `pod/container` for a container of a pod.
    pub name: String,
    /// The Compose project, if the input names it.
    pub project: Option<String>,
    /// The Compose service, or the container of a pod.
    pub service: Option<String>,
}

/// The memory of a container at one moment.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sample {
    /// Unix time in seconds, if the input has it.
    pub at: Option<f64>,
    /// The memory used.
    pub used: ByteSize,
}

/// The reason an input cannot be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The line at fault, counted from 1, if there is one.
    pub line: Option<usize>,
    /// The problem: lower case, no full stop.
    pub message: String,
    /// The remedy.
    pub help: Option<String>,
}

impl Problem {
    fn new(message: impl Into<String>) -> Self {
        Self { line: None, message: message.into(), help: None }
    }

    fn at(self, line: usize) -> Self {
        Self { line: Some(line), ..self }
    }

    fn help(self, help: impl Into<String>) -> Self {
        Self { help: Some(help.into()), ..self }
    }
}

/// The inputs that work, for help texts.
const HOW: &str = "docker stats --no-stream --format json, the answer of Prometheus to a query of \
                   container_memory_working_set_bytes, kubectl top pod --containers, or CSV with the columns name and memory";

impl Stats {
    /// Adds the content of one file.
    ///
    /// # Errors
    /// If it is truncated, another tool's, or means nothing. Some of its samples may have been added by then.
    pub fn read(&mut self, text: &str) -> Result<(), Problem> {
        let text = without_escapes(text);
        let text = text.trim_start_matches('\u{feff}');
        match text.trim_start().chars().next() {
            None => Err(Problem::new("it is empty").help(HOW)),
            Some('{' | '[') => self.read_json(text),
            Some(_) => table::read(self, text),
        }
    }

    fn read_json(&mut self, text: &str) -> Result<(), Problem> {
        let mut values = serde_json::Deserializer::from_str(text).into_iter::<serde_json::Value>();
        let mut before = 0;
        let mut seen = docker::RowCounts::default();
        let mut lines = 1;
        while let Some(value) = values.next() {
            let value = value.map_err(|error| {
                let cut = error.is_eof();
                let message =
                    if cut { "it ends in the middle of an object".to_owned() } else { not_json(&error) };
                let help = if cut { "it is incomplete: measure again" } else { HOW };
                Problem::new(message).at(error.line().max(1)).help(help)
            })?;
            // The line of the value's end: each row is on one line.
            lines += text.get(before..values.byte_offset()).map_or(0, |part| part.matches('\n').count());
            before = values.byte_offset();
            if prometheus::is_answer(&value) {
                prometheus::read(self, &value)?;
                seen.other = true;
                continue;
            }
            let rows = match value {
                serde_json::Value::Array(rows) => rows,
                row => vec![row],
            };
            for row in rows {
                docker::read(self, &row, &mut seen).map_err(|problem| problem.at(lines))?;
            }
        }
        seen.verdict()
    }

    /// Returns the samples of each container, in the order of the input.
    pub fn containers(&self) -> impl Iterator<Item = (&Identity, &[Sample])> {
        self.containers.iter().map(|(identity, samples)| (identity, samples.as_slice()))
    }

    /// Adds the memory that a container used, known from elsewhere than a file of measurements.
    pub(crate) fn record(&mut self, identity: Identity, used: ByteSize) {
        // More samples than are accepted change nothing.
        let _ = self.add(identity, Sample { at: None, used });
    }

    fn add(&mut self, identity: Identity, sample: Sample) -> Result<(), Problem> {
        if self.samples == MAX_SAMPLES {
            return Err(Problem::new(format!("more than {MAX_SAMPLES} samples"))
                .help("one sample per minute is enough"));
        }
        let samples = self.containers.entry(identity).or_default();
        // Two collectors that watch one container report the same moment: it is not twice the memory.
        if let Some(last) = samples.last_mut().filter(|last| last.at.is_some() && last.at == sample.at) {
            last.used = last.used.max(sample.used);
            return Ok(());
        }
        self.samples += 1;
        samples.push(sample);
        Ok(())
    }

    fn skip(&mut self, name: &str, why: &'static str) {
        let known = self.skipped.iter().any(|(other, reason)| other == name && *reason == why);
        if !known && self.skipped.len() < MAX_SKIPPED {
            self.skipped.push((name.to_owned(), why));
        }
    }

    fn remark(&mut self, text: &str) {
        if !self.remarks.iter().any(|other| other == text) {
            self.remarks.push(text.to_owned());
        }
    }
}

fn not_json(error: &serde_json::Error) -> String {
    let text = error.to_string();
    let what = text.split(" at line ").next().unwrap_or(&text);
    format!("it is not JSON: {what}")
}

/// Removes terminal escapes: `docker stats` without `--no-stream` clears the screen before each round, even for JSON in a file.
pub(crate) fn without_escapes(text: &str) -> std::borrow::Cow<'_, str> {
    if !text.contains('\u{1b}') {
        return text.into();
    }
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('\u{1b}') {
        out.push_str(&rest[..at]);
        rest = &rest[at + 1..];
        if let Some(sequence) = rest.strip_prefix('[') {
            let end = sequence.find(|c: char| ('@'..='~').contains(&c)).map_or(sequence.len(), |end| end + 1);
            rest = &sequence[end..];
        }
    }
    out.push_str(rest);
    out.into()
}

/// Parses a time into seconds since 1970: a number of seconds or milliseconds, or an RFC 3339 date.
pub(crate) fn time_of(text: &str) -> Option<f64> {
    if let Ok(number) = text.parse::<f64>() {
        // Seconds reach this number in the year 5138.
        let seconds = if number.abs() > 1e11 { number / 1000.0 } else { number };
        return seconds.is_finite().then_some(seconds);
    }
    let format = &time::format_description::well_known::Rfc3339;
    let date = time::OffsetDateTime::parse(text, format).ok()?;
    Some(date.unix_timestamp_nanos() as f64 / 1e9)
}

#[cfg(test)]
mod tests;
