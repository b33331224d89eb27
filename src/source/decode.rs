//! Decodes the bytes of a file.

/// The text of a file.
pub(super) struct Decoded {
    pub(super) text: String,
    /// The offset in the text of the first byte or code unit that is not valid.
    pub(super) invalid: Option<u32>,
    /// The file is UTF-16: offsets in the text are not those of the file.
    pub(super) utf16: bool,
}

/// Decodes UTF-8, or UTF-16 that begins with a byte order mark.
pub(super) fn decode(bytes: Vec<u8>) -> Decoded {
    match decode_utf16(&bytes) {
        Some((text, invalid)) => Decoded { text, invalid, utf16: true },
        None => {
            let (text, invalid) = decode_utf8(bytes);
            Decoded { text, invalid, utf16: false }
        }
    }
}

/// Decodes UTF-16 that begins with a byte order mark; `None` for anything else. PowerShell's `>` writes such files. The second
/// value is the offset of the first unpaired surrogate.
fn decode_utf16(bytes: &[u8]) -> Option<(String, Option<u32>)> {
    let (mark, units) = bytes.split_at_checked(2)?;
    let unit: fn([u8; 2]) -> u16 = match mark {
        [0xff, 0xfe] => u16::from_le_bytes,
        [0xfe, 0xff] => u16::from_be_bytes,
        _ => return None,
    };
    let (mut text, mut invalid) = (String::with_capacity(units.len() / 2), None);
    let units = units.chunks_exact(2).filter_map(|pair| Some(unit(pair.try_into().ok()?)));
    for decoded in char::decode_utf16(units) {
        if decoded.is_err() {
            invalid.get_or_insert(text.len() as u32);
        }
        text.push(decoded.unwrap_or('?'));
    }
    Some((text, invalid))
}

/// Decodes UTF-8. Each invalid byte becomes `?`, so that offsets stay the same; the second value is the first one's
/// offset.
fn decode_utf8(bytes: Vec<u8>) -> (String, Option<u32>) {
    let error = match String::from_utf8(bytes) {
        Ok(text) => return (text, None),
        Err(error) => error,
    };
    let mut text = String::with_capacity(error.as_bytes().len());
    for chunk in error.as_bytes().utf8_chunks() {
        text.push_str(chunk.valid());
        text.extend(chunk.invalid().iter().map(|_| '?'));
    }
    (text, Some(error.utf8_error().valid_up_to() as u32))
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use crate::source::{Language, Sources};

    #[test]
    fn utf_16_with_a_mark_is_text_for_yaml_alone() {
        for bytes_of in [u16::to_le_bytes, u16::to_be_bytes] {
            let bytes: Vec<u8> = "\u{feff}ä: 𝄞\r\n".encode_utf16().flat_map(bytes_of).collect();
            let sources = Sources::new();
            let [yaml, other] =
                ["compose.yaml", ".env"].map(|path| sources.get(sources.add(Path::new(path), bytes.clone())));
            yaml.set_language(Language::Yaml);
            assert_eq!((yaml.text(), yaml.invalid_utf8()), ("ä: 𝄞\r\n", None));
            assert!(other.invalid_utf8().is_some() && !other.has_own_offsets());
        }
        let broken = Sources::new();
        let broken = broken.get(broken.add(Path::new("a"), b"\xff\xfea\0\0\xd8b\0".to_vec()));
        broken.set_language(Language::Yaml);
        assert_eq!((broken.text(), broken.invalid_utf8().map(|span| span.start)), ("a?b", Some(1)));
        let plain = Sources::new();
        assert!(plain.get(plain.add(Path::new("a"), "a: 1")).has_own_offsets());
    }
}
