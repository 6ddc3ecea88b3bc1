//! Rejected lines as text that is safe to store and to show: nothing in it moves a cursor, turns
//! the reading direction, or gives away a password.

use jarvix_core::limits;

/// What stands in place of a user name and password.
const HIDDEN: &str = "***";

/// The bytes as one line of text: control and direction characters and bytes that are not UTF-8 are
/// written out, user names and passwords are hidden, and it is cut at
/// [`limits::REJECT_TEXT_CHARS_MAX`] characters.
pub(crate) fn escaped(bytes: &[u8]) -> String {
    // Enough bytes for every character that can be kept, and for an address that begins there.
    let head = &bytes[..bytes.len().min(limits::REJECT_TEXT_CHARS_MAX * 8)];
    let mut text = String::with_capacity(limits::REJECT_TEXT_CHARS_MAX);
    for chunk in head.utf8_chunks() {
        for c in chunk.valid().chars() {
            push_char(&mut text, c);
        }
        for byte in chunk.invalid() {
            text.push_str(&format!("\\x{byte:02x}"));
        }
    }
    let text = without_user(&text);
    match text.char_indices().nth(limits::REJECT_TEXT_CHARS_MAX) {
        None => text,
        Some(_) => {
            let mut cut: String = text.chars().take(limits::REJECT_TEXT_CHARS_MAX - 1).collect();
            cut.push('…');
            cut
        }
    }
}

fn push_char(text: &mut String, c: char) {
    match c {
        '\\' | '\t' | '\n' | '\r' => text.extend(c.escape_default()),
        _ if c.is_control() || turns_direction(c) => text.extend(c.escape_unicode()),
        _ => text.push(c),
    }
}

/// Characters that change how their neighbours are shown, or are not shown at all.
fn turns_direction(c: char) -> bool {
    matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
}

/// `text` with what stands between `://` and `@` hidden, wherever that is.
pub(super) fn without_user(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find("://") {
        let (before, after) = rest.split_at(start + 3);
        out.push_str(before);
        let end = after.find(['/', '?', '#', ' ', '"', '<']).unwrap_or(after.len());
        rest = match after[..end].rfind('@') {
            Some(at) => {
                out.push_str(HIDDEN);
                &after[at..]
            }
            None => after,
        };
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_acts_on_a_terminal_is_left() {
        let cases: &[(&[u8], &str)] = &[
            (b"plain", "plain"),
            (b"a\0b\x1b[31m", "a\\u{0}b\\u{1b}[31m"),
            (b"tab\tback\\slash", "tab\\tback\\\\slash"),
            (b"\xff\xfe x", "\\xff\\xfe x"),
            ("\u{202e}evil".as_bytes(), "\\u{202e}evil"),
            ("grüße".as_bytes(), "grüße"),
            (b"http://me:secret@host:x/", "http://***@host:x/"),
            (b"ftp://a@b, http://c:d@e", "ftp://***@b, http://***@e"),
        ];
        for (bytes, expected) in cases {
            assert_eq!(escaped(bytes), *expected);
        }
    }

    #[test]
    fn long_text_is_cut() {
        let text = escaped("ü".repeat(100_000).as_bytes());
        assert_eq!(text.chars().count(), limits::REJECT_TEXT_CHARS_MAX);
        assert!(text.ends_with('…'));
    }
}
