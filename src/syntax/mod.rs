//! Text into trees with byte positions. Nothing here knows what a service or a stage is.

pub mod dockerfile;
pub mod yaml;

use crate::source::Span;

/// Something in a file that does not parse. The rest of the file is read all the same.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SyntaxError {
    /// What is wrong: lower case, no full stop.
    pub message: String,
    /// The bytes at fault.
    pub span: Span,
    /// True when the reference implementation refuses the file for it.
    pub fatal: bool,
}

/// The brace that closes the one at the beginning of `text`. Only `${` opens another: templates nest, other braces do not
/// count. Compose and BuildKit agree on this.
pub(crate) fn closing_brace(text: &str) -> Option<usize> {
    let bytes = text.as_bytes();
    let mut depth = 0_usize;
    for (at, byte) in bytes.iter().enumerate() {
        match byte {
            b'{' if at == 0 || bytes.get(at - 1) == Some(&b'$') => depth += 1,
            b'}' => {
                depth = depth.checked_sub(1)?;
                if depth == 0 {
                    return Some(at);
                }
            }
            _ => {}
        }
    }
    None
}
