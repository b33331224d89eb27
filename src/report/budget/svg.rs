//! Self-contained SVG, to embed in a README. Its colours follow the colour scheme of the reader.

use std::fmt::Write as _;
use std::io::{self, Write};

use super::picture::{Bar, COLORS, DARK, PARTS, bars, shorten, text, ticks, without_code};
use super::{Mark, Report, headline, verdict};
use crate::capacity::{Fit, Stack};

const WIDTH: f64 = 880.0;
/// x coordinate at which the bars begin.
const LEFT: f64 = 176.0;
/// x coordinate at which the bars end.
const RIGHT: f64 = 672.0;
const ROW: f64 = 26.0;
/// Height above the first bar of a stack.
const HEAD: f64 = 102.0;
/// Height below the last bar of a stack.
const FOOT: f64 = 44.0;

pub(super) fn write(out: &mut dyn Write, report: &Report<'_>) -> io::Result<()> {
    let mut body = String::new();
    let mut top = 8.0;
    for stack in report.stacks {
        top = one(&mut body, report, stack, top);
    }
    let height = top + 8.0;
    let title: Vec<String> = report.stacks.iter().map(|stack| report.title(stack)).collect();
    writeln!(
        out,
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" width=\"{WIDTH}\" height=\"{height}\" \
         role=\"img\" aria-label=\"{}\" font-family=\"system-ui,-apple-system,'Segoe UI',Roboto,sans-serif\" font-size=\"13\">",
        text(&format!("memory budget of {}", title.join(", ")))
    )?;
    writeln!(
        out,
        "<style>svg{{{COLORS}}}@media(prefers-color-scheme:dark){{svg{{{DARK}}}}}\
         text{{fill:var(--ink)}}.dim{{fill:var(--dim)}}.ground{{fill:var(--ground);stroke:var(--grid)}}\
         .heap{{fill:var(--heap)}}.off-heap{{fill:var(--off-heap)}}.rest{{fill:var(--rest)}}.grid{{stroke:var(--grid)}}\
         .host{{stroke:var(--line);stroke-width:2}}.over{{fill:var(--line)}}.open{{fill:var(--open)}}\
         .away{{stroke:var(--open);stroke-dasharray:3 4;fill:none}}</style>"
    )?;
    writeln!(
        out,
        "<rect class=\"ground\" x=\".5\" y=\".5\" width=\"{}\" height=\"{}\" rx=\"6\"/>",
        WIDTH - 1.0,
        height - 1.0
    )?;
    out.write_all(body.as_bytes())?;
    writeln!(out, "</svg>")
}

/// Draws one stack and returns the y coordinate of the next.
fn one(out: &mut String, report: &Report<'_>, stack: &Stack, top: f64) -> f64 {
    let (bars, axis) = bars(report, stack);
    let x = |bytes: i64| LEFT + bytes as f64 / axis as f64 * (RIGHT - LEFT);
    let sum = stack.sum();
    let over = if stack.excesses().is_empty() { "dim" } else { "over" };
    let _ = writeln!(
        out,
        "<text x=\"16\" y=\"{}\" font-size=\"15\" font-weight=\"600\">{}</text>",
        top + 24.0,
        text(&shorten(&report.title(stack), 100))
    );
    let _ = writeln!(
        out,
        "<text class=\"{over}\" x=\"16\" y=\"{}\">{}</text>",
        top + 44.0,
        text(&headline(&sum, stack))
    );
    if let Some((mark, words)) = verdict(stack) {
        let class = match mark {
            Mark::Good => "dim",
            Mark::Open => "open",
            Mark::Bad => "over",
        };
        let _ = writeln!(
            out,
            "<text class=\"{class}\" x=\"16\" y=\"{}\" font-weight=\"600\">{}</text>",
            top + 62.0,
            text(&shorten(&without_code(&words), 92))
        );
    }
    let (first, last) = (top + HEAD, top + HEAD + bars.len() as f64 * ROW);
    for tick in ticks(axis) {
        let at = x(tick.0);
        let _ = writeln!(
            out,
            "<line class=\"grid\" x1=\"{at:.1}\" y1=\"{first}\" x2=\"{at:.1}\" y2=\"{last}\"/>"
        );
        let label = if tick.0 == 0 { "0".to_owned() } else { tick.to_string() };
        let _ = writeln!(
            out,
            "<text class=\"dim\" x=\"{at:.1}\" y=\"{}\" font-size=\"11\" text-anchor=\"middle\">{label}</text>",
            last + 16.0
        );
    }
    for (index, bar) in bars.iter().enumerate() {
        row(out, bar, first + index as f64 * ROW, &x);
    }
    if let Some(host) = &stack.host {
        let at = x(host.size.0);
        let _ = writeln!(
            out,
            "<line class=\"host\" x1=\"{at:.1}\" y1=\"{}\" x2=\"{at:.1}\" y2=\"{last}\" data-host=\"{}\"/>",
            first - 6.0,
            host.size.0
        );
        let _ = writeln!(
            out,
            "<text class=\"over\" x=\"{:.1}\" y=\"{}\" font-size=\"11\" text-anchor=\"end\">host {}</text>",
            at + 1.0,
            first - 10.0,
            host.size
        );
    }
    let mut at = LEFT;
    for (class, name) in PARTS {
        let y = last + 32.0;
        let _ = writeln!(
            out,
            "<rect class=\"{class}\" x=\"{at}\" y=\"{}\" width=\"10\" height=\"10\" rx=\"2\"/>",
            y - 9.0
        );
        let _ =
            writeln!(out, "<text class=\"dim\" x=\"{}\" y=\"{y}\" font-size=\"11\">{name}</text>", at + 15.0);
        at += 40.0 + name.len() as f64 * 6.0;
    }
    last + FOOT
}

fn row(out: &mut String, bar: &Bar<'_>, y: f64, x: &dyn Fn(i64) -> f64) {
    let middle = y + ROW / 2.0;
    let _ = writeln!(out, "<g><title>{}</title>", text(&without_code(&bar.story)));
    let _ = writeln!(
        out,
        "<text x=\"{}\" y=\"{}\" text-anchor=\"end\">{}</text>",
        LEFT - 10.0,
        middle + 4.5,
        text(&shorten(&bar.entry.name, 22))
    );
    match bar.parts {
        Some(parts) => {
            let mut begin = bar.begin;
            for (part, (class, _)) in parts.iter().zip(PARTS).filter(|(part, _)| part.0 > 0) {
                let end = begin.saturating_add(part.0);
                // Even a small segment stays visible.
                let width = (x(end) - x(begin)).max(1.0);
                let _ = writeln!(
                    out,
                    "<rect class=\"{class}\" x=\"{:.1}\" y=\"{}\" width=\"{width:.1}\" height=\"{}\" data-bytes=\"{}\"/>",
                    x(begin),
                    y + 5.0,
                    ROW - 10.0,
                    part.0
                );
                begin = end;
            }
        }
        None => {
            let _ = writeln!(out, "<path class=\"away\" d=\"M{:.1} {middle}H{:.1}\"/>", x(bar.begin), RIGHT);
        }
    }
    let class = match (bar.entry.fit(), bar.parts) {
        (Fit::ExceedsLimit, _) => "over",
        (_, None) => "open",
        _ => "dim",
    };
    let _ = writeln!(
        out,
        "<text class=\"{class}\" x=\"{}\" y=\"{}\">{}</text></g>",
        RIGHT + 14.0,
        middle + 4.5,
        text(&bar.label)
    );
}
