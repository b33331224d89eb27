//! Removes what loggers write before a message: stamps of dmesg in all its forms, host and program of syslog, quotes of replies.

use crate::source::head;

/// A line of a log without its prefixes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Message<'l> {
    /// The program that wrote it, as syslog names it: `kernel`, `systemd-oomd`.
    pub(super) program: Option<&'l str>,
    /// The message without the prefix.
    pub(super) text: &'l str,
}

/// The most prefixes before a message: a quote, a priority, a stamp of syslog, the host, the stamp of the kernel, its caller.
const MOST: usize = 8;

/// The most bytes of a stamp in brackets: localised dates of `dmesg -T` are the longest.
const STAMP: usize = 48;

/// The most bytes of the host and program that syslog writes.
const HEAD: usize = 100;

const MONTHS: [&str; 12] =
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/// Returns the message of a line.
pub(super) fn strip(line: &str) -> Message<'_> {
    let mut message = Message { program: None, text: line.trim() };
    for _ in 0..MOST {
        let text = message.text.trim_start();
        message.text = text;
        if let Some((program, rest)) = syslog(text) {
            message = Message { program: Some(program), text: rest };
        } else if let Some(rest) = quote(text).or_else(|| facility(text)).or_else(|| stamp(text)) {
            message.text = rest;
        } else {
            break;
        }
    }
    message
}

/// Removes `> ` of a reply, and `<6>` of `dmesg --raw`.
fn quote(text: &str) -> Option<&str> {
    if let Some(rest) = text.strip_prefix("> ") {
        return Some(rest);
    }
    let (priority, rest) = text.strip_prefix('<')?.split_once('>')?;
    (!priority.is_empty() && priority.len() < 4 && is_digits(priority)).then_some(rest)
}

/// Removes `kern  :info  :` of `dmesg --decode`, and of talosctl.
fn facility(text: &str) -> Option<&str> {
    let (facility, rest) = text.split_once(':')?;
    let (level, rest) = rest.split_once(':')?;
    let known = ["kern", "user", "daemon", "syslog"].contains(&facility.trim_end());
    let level = level.trim();
    (known && level.len() < 8 && level.bytes().all(|byte| byte.is_ascii_lowercase())).then_some(rest)
}

/// Removes `[uptime]`, `[date]` and `[ T1308]`, with a colon behind it.
fn stamp(text: &str) -> Option<&str> {
    let inner = text.strip_prefix('[')?;
    let end = inner.bytes().take(STAMP).position(|byte| byte == b']')?;
    let (inner, rest) = (inner.get(..end)?.trim(), inner.get(end + 1..)?);
    let uptime = inner.contains('.') && inner.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    let date = inner.bytes().any(|byte| byte == b':') && inner.bytes().any(|byte| byte.is_ascii_digit());
    let caller = inner.strip_prefix(['T', 'C']).is_some_and(is_digits);
    (uptime || date || caller).then(|| rest.strip_prefix(':').unwrap_or(rest))
}

/// Splits `May  8 14:05:27 host kernel: message` and `2026-07-25T14:23:17+02:00 host kernel: message`; the host may be missing.
fn syslog(text: &str) -> Option<(&str, &str)> {
    let rest = after_date(text)?;
    let head = head(rest, HEAD);
    let colon = head.find(": ").or_else(|| head.strip_suffix(':').map(str::len))?;
    let mut words = head.get(..colon)?.split_whitespace();
    let (first, second) = (words.next()?, words.next());
    if words.next().is_some() {
        return None;
    }
    let program = second.unwrap_or(first);
    let program = program.split('[').next().unwrap_or(program);
    let known = program.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.@/()".contains(&byte));
    (known && !program.is_empty()).then(|| (program, rest.get(colon + 1..).unwrap_or_default()))
}

fn after_date(text: &str) -> Option<&str> {
    if text.get(..3).is_some_and(|month| MONTHS.contains(&month)) {
        let rest = text.get(3..)?.trim_start();
        let (day, rest) = rest.split_once(' ')?;
        let (time, rest) = rest.trim_start().split_once(' ')?;
        return (is_digits(day) && is_time(time)).then_some(rest);
    }
    let (date, rest) = text.split_once(' ')?;
    let (day, time) = date.split_once('T')?;
    (day.len() == 10 && day.matches('-').count() == 2 && is_time(time)).then_some(rest)
}

fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

fn is_time(text: &str) -> bool {
    let mut bytes = text.bytes();
    text.len() >= 8 && bytes.nth(2) == Some(b':') && bytes.nth(2) == Some(b':')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_prefix_is_removed() {
        for line in [
            "oom-kill:x",
            "[443654.799302] oom-kill:x",
            "[Mon Aug 31 18:23:18 2015] oom-kill:x",
            "[dim. 19 avril 18:03:30 2026] oom-kill:x",
            "<6>[123.456000] oom-kill:x",
            "kern  :info  : [  12.5] oom-kill:x",
            "kern:    info: [2026-07-25T14:23:17.527201795Z]: oom-kill:x",
            "[  514.682838][ T1308] oom-kill:x",
            "> [18:57:34] oom-kill:x",
        ] {
            assert_eq!(strip(line), Message { program: None, text: "oom-kill:x" }, "{line}");
        }
        for (line, program) in [
            ("May 15 23:09:27 host01 kernel: [  514.682838] text", "kernel"),
            ("May  8 14:05:27 host03 kernel: text", "kernel"),
            ("Aug 19 00:32:49 kernel: [ 9655.029613] text", "kernel"),
            ("Feb 03 19:57:08 ** kernel: text", "kernel"),
            ("2026-07-25T14:23:17+01:00 host kernel: text", "kernel"),
            ("Mar 29 01:08:45 fedora systemd-oomd[1003]: text", "systemd-oomd"),
        ] {
            assert_eq!(strip(line), Message { program: Some(program), text: "text" }, "{line}");
        }
    }

    #[test]
    fn what_belongs_to_the_message_stays() {
        for line in [
            "runc:[2:INIT] invoked oom-killer: gfp_mask=0xcc0",
            "[  827]   113   827   350358    56458     268     210        0             0 node",
            "2019-05-04T18:05:45.011072877-05:00 container oom 3980c98e5138 (image=a: b)",
            "May 15 somewhere host01 kernel: text",
            "May 15 12:34:5 host01 kernel: text",
            "May 15 12-34-56 host01 kernel: text",
            "May 15 12:34-56 host01 kernel: text",
            "2026-07-25Tsomewhere host kernel: text",
            "",
            "[",
            "<>",
            "May",
        ] {
            assert_eq!(strip(line).text, line, "{line}");
        }
    }
}
