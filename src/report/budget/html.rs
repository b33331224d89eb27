//! Self-contained HTML page, for wide and narrow screens.

use std::io::{self, Write};

use super::picture::{COLORS, DARK, PARTS, bars, text, ticks, without_code};
use super::{
    Mark, OUTSIDE, Report, appetite, excess, headline, heap, heap_head, off_heap, swap, verdict, with_profile,
};
use crate::capacity::{Entry, Fit, Stack};

const STYLE: &str = "\
body{margin:0 auto;padding:1.5rem;max-width:70rem;background:var(--ground);color:var(--ink);font:15px/1.45 system-ui,-apple-system,'Segoe UI',Roboto,sans-serif}\
h1{font-size:1.3rem;margin:.2rem 0;overflow-wrap:anywhere}h2{font-size:1.05rem;margin:1.6rem 0 .3rem}\
p{margin:.25rem 0}.dim,th{color:var(--dim)}.over{color:var(--line);font-weight:600}.open{color:var(--open)}\
table{width:100%;border-collapse:collapse;margin-top:1rem;font-variant-numeric:tabular-nums}\
th{font-weight:400;text-align:right;font-size:.85rem;padding:0 .5rem}th:first-child{padding-left:0}th:first-child,td:first-child{text-align:left}\
td{padding:.2rem .5rem;text-align:right;white-space:nowrap}td:first-child{padding-left:0;max-width:14rem;overflow:hidden;text-overflow:ellipsis}\
.bar{width:60%;min-width:9rem}.track{position:relative;display:flex;height:1.05rem}\
.track i{display:block;height:100%;min-width:1px}.track i.gap{min-width:0}\
.heap{background:var(--heap)}.off-heap{background:var(--off-heap)}.rest{background:var(--rest)}\
.away{flex:1;border-top:2px dashed var(--open);margin-top:.5rem}\
.host{position:absolute;top:-.3rem;bottom:-.3rem;width:0;border-left:2px solid var(--line)}\
.axis{position:relative;height:1.1rem;font-size:.75rem;color:var(--dim)}.axis span{position:absolute;transform:translateX(-50%)}.axis span:first-child{transform:none}\
.legend{font-size:.85rem;color:var(--dim)}.legend i{display:inline-block;width:.7rem;height:.7rem;border-radius:2px;margin:0 .3rem 0 .8rem}.legend i:first-child{margin-left:0}\
.legend .line{width:0;border-left:2px solid var(--line);border-radius:0}\
ul{padding-left:1.2rem;margin:.3rem 0}code{font:.9em ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;overflow-wrap:anywhere}\
.axis{container-type:inline-size}@container(max-width:30rem){.axis span:nth-child(even){display:none}}\
@container(max-width:15rem){.axis span:not(:nth-child(4n+1)){display:none}}\
@media(max-width:56rem){body{padding:1rem}thead{display:none}tr{display:grid;grid-template-columns:1fr auto auto;padding:.35rem 0;border-bottom:1px solid var(--grid)}\
td{padding:.1rem 0 .1rem .8rem}td.bar{grid-column:1/-1;grid-row:2;width:auto;padding:.15rem 0}td.more{display:none}tr.scale td:not(.bar){display:none}}";

/// Formats the cell of a service in one column.
type Cell = fn(&Entry) -> String;

pub(super) fn write(out: &mut dyn Write, report: &Report<'_>) -> io::Result<()> {
    let titles: Vec<String> = report.stacks.iter().map(|stack| report.title(stack)).collect();
    let title = text(&format!("memory budget of {}", titles.join(", ")));
    writeln!(
        out,
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none';style-src 'unsafe-inline'\">\
         <title>{title}</title>\n<style>:root{{color-scheme:light dark;{COLORS}}}\
         @media(prefers-color-scheme:dark){{:root{{{DARK}}}}}{STYLE}</style></head><body>"
    )?;
    for stack in report.stacks {
        one(out, report, stack)?;
    }
    writeln!(out, "</body></html>")
}

/// Escapes text for an element, with what is in backticks as code. Text with an odd number of backticks has none.
fn with_code(words: &str) -> String {
    let parts: Vec<String> = words.split('`').map(text).collect();
    if parts.len().is_multiple_of(2) {
        return parts.join("`");
    }
    let element = |(at, part): (usize, &String)| match at % 2 {
        1 => format!("<code>{part}</code>"),
        _ => part.clone(),
    };
    parts.iter().enumerate().map(element).collect()
}

/// Returns the CSS class of a verdict.
fn class_of(mark: Mark) -> &'static str {
    match mark {
        Mark::Good => "dim",
        Mark::Open => "open",
        Mark::Bad => "over",
    }
}

fn one(out: &mut dyn Write, report: &Report<'_>, stack: &Stack) -> io::Result<()> {
    let (bars, axis) = bars(report, stack);
    let percent = |bytes: i64| bytes as f64 / axis as f64 * 100.0;
    let sum = stack.sum();
    let class = if stack.excesses().is_empty() { "dim" } else { "over" };
    let host = stack.host.as_ref();
    writeln!(out, "<section><h1>{}</h1>", text(&report.title(stack)))?;
    let from = host.map(|host| format!(" ({})", host.from)).unwrap_or_default();
    let line = format!("{}{from}", headline(&sum, stack));
    writeln!(out, "<p class=\"{class}\">{}</p>", with_code(&line))?;
    for gap in report.gaps(stack) {
        writeln!(out, "<p class=\"open\">{}</p>", with_code(&gap))?;
    }
    if sum.reservations.0 > 0 {
        writeln!(out, "<p class=\"dim\">{} reserved</p>", sum.reservations)?;
    }
    for (one, host) in stack.excesses().iter().filter_map(|one| Some((one, host?))) {
        let (severity, rule, words) = excess(one, host);
        writeln!(out, "<p class=\"over\">{}</p>", with_code(&format!("{severity}[{rule}]: {words}")))?;
    }
    if let Some((mark, words)) = verdict(stack) {
        writeln!(out, "<p class=\"{}\"><strong>{}</strong></p>", class_of(mark), with_code(&words))?;
    }
    let entries: Vec<&Entry> = bars.iter().map(|bar| bar.entry).collect();
    // Columns that would be empty are left out.
    let more: [(&str, Cell); 4] = [
        ("reserved", |entry| entry.reserved().map(|size| size.to_string()).unwrap_or_default()),
        ("swap", swap),
        (heap_head(&entries), heap),
        (OUTSIDE, off_heap),
    ];
    let more: Vec<_> =
        more.into_iter().filter(|(_, cell)| bars.iter().any(|bar| !cell(bar.entry).is_empty())).collect();
    write!(out, "<table><thead><tr><th>service</th><th></th><th>limit</th>")?;
    for (head, _) in &more {
        write!(out, "<th>{head}</th>")?;
    }
    writeln!(out, "</tr></thead><tbody>")?;
    let line =
        host.map(|host| format!("<span class=\"host\" style=\"left:{:.3}%\"></span>", percent(host.size.0)));
    for bar in &bars {
        let entry = bar.entry;
        write!(
            out,
            "<tr title=\"{}\"><td>{}</td><td class=\"bar\"><div class=\"track\">",
            text(&without_code(&bar.story)),
            text(&entry.name)
        )?;
        write!(out, "<i class=\"gap\" style=\"width:{:.3}%\"></i>", percent(bar.begin))?;
        match bar.parts {
            Some(parts) => {
                for (part, (class, _)) in parts.iter().zip(PARTS).filter(|(part, _)| part.0 > 0) {
                    let (width, bytes) = (percent(part.0), part.0);
                    write!(
                        out,
                        "<i class=\"{class}\" style=\"width:{width:.3}%\" data-bytes=\"{bytes}\"></i>"
                    )?;
                }
            }
            None => write!(out, "<i class=\"away\"></i>")?,
        }
        let class = match (entry.fit(), bar.parts) {
            (Fit::ExceedsLimit, _) => " class=\"over\"",
            (_, None) => " class=\"open\"",
            _ => "",
        };
        let line = line.as_deref().unwrap_or_default();
        write!(out, "{line}</div></td><td{class}>{}</td>", text(&bar.label))?;
        for (_, cell) in &more {
            write!(out, "<td class=\"more\">{}</td>", text(&cell(entry)))?;
        }
        writeln!(out, "</tr>")?;
    }
    write!(out, "<tr class=\"scale\"><td></td><td class=\"bar\"><div class=\"axis\">")?;
    for tick in ticks(axis) {
        let label = if tick.0 == 0 { "0".to_owned() } else { tick.to_string() };
        write!(out, "<span style=\"left:{:.3}%\">{label}</span>", percent(tick.0))?;
    }
    writeln!(out, "</div></td><td colspan=\"{}\"></td></tr></tbody></table>", more.len() + 1)?;
    write!(out, "<p class=\"legend\">")?;
    for (class, name) in PARTS {
        write!(out, "<i class=\"{class}\"></i>{name}")?;
    }
    if let Some(host) = host {
        write!(out, "<i class=\"line\"></i>host, {}", host.size)?;
    }
    writeln!(out, "</p>")?;
    let open: Vec<&Entry> = stack.started().filter(|entry| entry.limit.is_absent()).collect();
    if !open.is_empty() {
        writeln!(out, "<h2>Without a limit</h2><ul>")?;
        for entry in open {
            let line = format!("{}: {} ({})", entry.name, appetite(entry), report.place_text(entry.anchor));
            writeln!(out, "<li>{}</li>", with_code(&line))?;
        }
        writeln!(out, "</ul>")?;
    }
    let profiles = stack.by_profile();
    if !profiles.is_empty() {
        writeln!(out, "<h2>With a profile</h2><ul>")?;
        for (profile, adds) in profiles {
            let line = format!("{profile}: {}", with_profile(&adds, &sum, stack));
            writeln!(out, "<li>{}</li>", with_code(&line))?;
        }
        writeln!(out, "</ul>")?;
    }
    for line in report.unknown(stack) {
        writeln!(out, "<p>{}</p>", with_code(&line))?;
    }
    writeln!(out, "</section>")
}
