//! Escaping of text from linted files, so that it cannot control a terminal, a CI runner or a browser.

use std::borrow::Cow;
use std::fmt::Write as _;
use std::io::{self, Write};

use serde::Serialize;
use serde_json::ser::{Formatter, PrettyFormatter, Serializer};

use crate::parallel;

/// Makes text printable on one line: characters that move the cursor, end a line or change the writing direction are each
/// replaced by a control picture (`␛`) or `�`.
#[must_use]
pub fn printable(text: &str) -> Cow<'_, str> {
    if text.chars().any(is_unsafe_char) { text.chars().map(picture).collect() } else { Cow::Borrowed(text) }
}

/// Makes text safe for a line of a CI log: [`printable`], and without commands to the runner, neither at the start of the
/// line (`::error::`) nor within it (`##[error]`, `##vso[…]`).
#[must_use]
pub fn line(text: &str) -> String {
    let text = printable(text);
    let mut out = String::with_capacity(text.len());
    if text.trim_start().starts_with("::") {
        let indentation = text.len() - text.trim_start().len();
        out.push_str(&text[..indentation]);
        out.push_str(": :");
        push_apart(&mut out, &text[indentation + 2..]);
    } else {
        push_apart(&mut out, &text);
    }
    out
}

/// Applies [`line()`] to each line of a text.
#[must_use]
pub fn lines(text: &str) -> String {
    text.lines().map(line).collect::<Vec<_>>().join("\n")
}

/// Makes a line of a patch safe to print. Tabs, line ends and zero-width characters are kept. If this changes a line, it no
/// longer matches the file and the patch does not apply.
#[must_use]
pub fn patch_line(text: &str) -> String {
    let keeps = |c: char| matches!(c, '\t' | '\r' | '\n' | '\u{200b}'..='\u{200d}' | '\u{2060}' | '\u{feff}');
    let safe: String = text.chars().map(|c| if keeps(c) { c } else { picture(c) }).collect();
    let mut out = disable_runner_commands(safe);
    let rest = out.trim_start();
    // Runners skip the leading blank of a context line. After a plus or a minus nothing is a command.
    if rest.starts_with("::") {
        out.insert(out.len() - rest.len() + 1, ' ');
    }
    out
}

/// Escapes text and attribute values for XML. The `#` of commands to a CI runner becomes a character reference, too.
pub(super) fn xml(text: &str) -> String {
    let escaped = quick_xml::escape::escape(text);
    let mut out = String::with_capacity(escaped.len());
    for (at, c) in escaped.char_indices() {
        if is_runner_command(&escaped, at) { out.push_str("&#35;") } else { out.push(c) }
    }
    out
}

/// Replaces the unsafe characters that annotate-snippets leaves in its output. It replaces ASCII control characters and some
/// bidirectional controls itself, and its colours are escape sequences. Replaces one by one, to keep annotations aligned.
pub(super) fn sanitize_rendered(text: String) -> String {
    let rest = |c: char| !c.is_ascii() && is_unsafe_char(c);
    disable_runner_commands(if text.contains(rest) { text.replace(rest, "�") } else { text })
}

/// Disables commands to a CI runner within a line: their second `#` becomes `♯`, which has the same width.
fn disable_runner_commands(text: String) -> String {
    if !text.contains("##") {
        return text;
    }
    let sharps = text.char_indices().map(|(at, c)| if is_runner_command(&text, at) { '♯' } else { c });
    sharps.collect()
}

/// True if at `at` is the second `#` of `##[` or `##vso[`, which begin a command to a CI runner anywhere in a line.
fn is_runner_command(text: &str, at: usize) -> bool {
    let (before, rest) = text.split_at(at);
    before.ends_with('#') && (rest.starts_with("#[") || rest.starts_with("#vso["))
}

/// Appends `text` to `out` with a space between adjacent `#`.
fn push_apart(out: &mut String, text: &str) {
    for c in text.chars() {
        if c == '#' && out.ends_with('#') {
            out.push(' ');
        }
        out.push(c);
    }
}

/// True for control characters (C1 too: U+009B begins an escape sequence as ESC `[` does), line separators, bidirectional
/// controls, zero-width characters, and characters that XML cannot represent.
fn is_unsafe_char(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}'
            | '\u{feff}' | '\u{fffe}' | '\u{ffff}')
}

/// Returns the printable replacement of a character: its Unicode control picture, a space for a tab, else `�`.
fn picture(c: char) -> char {
    match c {
        '\t' => ' ',
        '\u{7f}' => '␡',
        c if c < ' ' => char::from_u32(0x2400 + u32::from(c)).unwrap_or('�'),
        c if is_unsafe_char(c) => '�',
        c => c,
    }
}

/// Writes JSON on one line. No character is lost: those that [`printable`] would replace are escaped, as `\u009b`.
///
/// # Errors
/// When `out` cannot be written to.
pub fn json(out: &mut dyn Write, value: &impl Serialize) -> io::Result<()> {
    let mut pieces = Pieces { out, gathered: Vec::with_capacity(Pieces::SIZE) };
    value.serialize(&mut Serializer::with_formatter(&mut pieces, Ascii))?;
    pieces.flush()
}

/// The number of values that one thread writes at a time.
const CHUNK: usize = 64;

/// The number of chunks that are written at once: their texts are in memory together.
const CHUNKS: usize = 16;

/// Writes each value as JSON on all cores, with `between` between them.
pub(super) fn json_each<T: Send, V: Serialize>(
    out: &mut dyn Write,
    mut items: impl Iterator<Item = T>,
    between: &str,
    value: impl Fn(T) -> V + Sync + Send,
) -> io::Result<()> {
    let mut is_first = true;
    loop {
        let chunks: Vec<Vec<T>> = std::iter::repeat_with(|| items.by_ref().take(CHUNK).collect::<Vec<T>>())
            .take_while(|chunk| !chunk.is_empty())
            .take(CHUNKS)
            .collect();
        if chunks.is_empty() {
            return Ok(());
        }
        let texts = parallel::map(chunks, |chunk| {
            let mut text = Vec::new();
            for (at, item) in chunk.into_iter().enumerate() {
                if at > 0 {
                    text.extend_from_slice(between.as_bytes());
                }
                value(item).serialize(&mut Serializer::with_formatter(&mut text, Ascii))?;
            }
            Ok::<_, io::Error>(text)
        });
        for text in texts {
            if !std::mem::take(&mut is_first) {
                out.write_all(between.as_bytes())?;
            }
            out.write_all(&text?)?;
        }
    }
}

/// Write buffer: `serde_json` writes many small pieces, each of which would be a virtual call.
struct Pieces<'o> {
    out: &'o mut dyn Write,
    gathered: Vec<u8>,
}

impl Pieces<'_> {
    const SIZE: usize = 32 * 1024;
}

impl Write for Pieces<'_> {
    #[inline]
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.write_all(bytes).map(|()| bytes.len())
    }

    #[inline]
    fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        if self.gathered.len() + bytes.len() > Self::SIZE {
            self.flush()?;
        }
        self.gathered.extend_from_slice(bytes);
        Ok(())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.write_all(&self.gathered)?;
        self.gathered.clear();
        Ok(())
    }
}

/// Writes JSON like [`json`], but indented.
pub(super) fn json_pretty(out: &mut dyn Write, value: &impl Serialize) -> io::Result<()> {
    value.serialize(&mut Serializer::with_formatter(out, AsciiPretty(PrettyFormatter::new())))?;
    Ok(())
}

/// JSON formatter that also escapes [`is_unsafe_char`] and [`is_runner_command`], beyond what JSON requires.
struct Ascii;

/// Indenting variant of [`Ascii`].
struct AsciiPretty(PrettyFormatter<'static>);

/// Forwards the layout methods to [`PrettyFormatter`].
macro_rules! as_pretty {
    ($($name:ident($($argument:ident: $kind:ty),*);)*) => {$(
        fn $name<W: ?Sized + Write>(&mut self, writer: &mut W $(, $argument: $kind)*) -> io::Result<()> {
            self.0.$name(writer $(, $argument)*)
        }
    )*};
}

impl Formatter for AsciiPretty {
    as_pretty! {
        begin_array();
        end_array();
        begin_array_value(first: bool);
        end_array_value();
        begin_object();
        end_object();
        begin_object_key(first: bool);
        begin_object_value();
        end_object_value();
    }

    fn write_string_fragment<W: ?Sized + Write>(&mut self, writer: &mut W, fragment: &str) -> io::Result<()> {
        Ascii.write_string_fragment(writer, fragment)
    }
}

impl Formatter for Ascii {
    fn write_string_fragment<W: ?Sized + Write>(&mut self, writer: &mut W, fragment: &str) -> io::Result<()> {
        // Fast path for nearly every text. serde_json has escaped the control characters below 0x20 itself.
        let plain = match fragment.len() {
            // For a few bytes, memchr costs more than a loop.
            0..=16 => fragment.bytes().all(|byte| byte < 0x7f && byte != b'#'),
            _ => fragment.is_ascii() && memchr::memchr2(b'#', 0x7f, fragment.as_bytes()).is_none(),
        };
        if plain {
            return writer.write_all(fragment.as_bytes());
        }
        let mut escaped = String::with_capacity(fragment.len() + 8);
        for (at, c) in fragment.char_indices() {
            match is_unsafe_char(c) || is_runner_command(fragment, at) {
                true => _ = write!(escaped, "\\u{:04x}", u32::from(c)),
                false => escaped.push(c),
            }
        }
        writer.write_all(escaped.as_bytes())
    }
}

/// Percent-encodes line ends and the characters of `also` for commands of GitHub's and Azure's runners. `percent` is the
/// encoding of `%` itself.
pub(super) fn command(text: &str, percent: &str, also: &[char]) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '%' => out.push_str(percent),
            '\n' | '\r' => _ = write!(out, "%{:02X}", u32::from(c)),
            c if also.contains(&c) => _ = write!(out, "%{:02X}", u32::from(c)),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn what_steers_is_shown() {
        assert_eq!(printable("a\x1b[31m\r\n\tb\u{7f}"), "a␛[31m␍␊ b␡");
        assert_eq!(printable("\u{9b}1m \u{202e}x\u{2066}\u{200b}\u{2028}"), "�1m �x���");
        assert!(matches!(printable("größe: 日本"), Cow::Borrowed(_)));
    }

    #[test]
    fn no_line_is_a_command() {
        assert_eq!(line(" ::error::x"), " : :error::x");
        assert_eq!(line("a ##vso[x] ##[y] ###"), "a # #vso[x] # #[y] # # #");
        assert_eq!(lines("a\n  ::x\r\nb"), "a\n  : :x\nb");
        assert_eq!(line("a::b #c"), "a::b #c");
    }

    #[test]
    fn drawn_lines_keep_their_width() {
        assert_eq!(sanitize_rendered("## a ##[b] ##vso[c] \u{9b}".to_owned()), "## a #♯[b] #♯vso[c] �");
        assert_eq!(sanitize_rendered("\x1b[1m##".to_owned()), "\x1b[1m##");
    }

    #[test]
    fn json_loses_nothing() {
        let text = "a\u{9b}\"\\\n\u{202e}é\u{7f} ## ##vso[";
        let mut out = Vec::new();
        json(&mut out, &[text]).unwrap();
        assert_eq!(serde_json::from_slice::<Vec<String>>(&out).unwrap(), [text]);
        assert_eq!(String::from_utf8(out).unwrap(), r#"["a\u009b\"\\\n\u202eé\u007f ## #\u0023vso["]"#);
    }

    #[test]
    fn commands_keep_their_bounds() {
        assert_eq!(command("50%\r\na,b:c", "%25", &[',', ':']), "50%25%0D%0Aa%2Cb%3Ac");
        assert_eq!(command("a;b]%", "%AZP25", &[';', ']']), "a%3Bb%5D%AZP25");
    }
}
