//! Makes texts from pages harmless before anyone sees them (HOSTILE 42 to 44).
//!
//! Control characters and explicit bidi controls are shown as `\u{1b}`, so that a terminal does
//! not obey them and a reader sees that they were there. Invisible characters are dropped, runs of
//! combining marks are cut, and white space becomes single spaces: a text from a page is one line.
//! Markup is not escaped here: that is the template's work, by type and without exception.

use unicode_width::UnicodeWidthChar;

/// Zero-width characters (combining marks, joiners) that may follow each other. The longest in
/// real orthographies and emoji are shorter; longer runs only paint over their neighbours.
const ZERO_WIDTH_RUN_MAX: usize = 8;

/// `text` on one line, with nothing in it that acts on a terminal or reorders its neighbours.
pub(crate) fn visible(text: &str) -> String {
    if is_plain(text) {
        return text.to_owned();
    }
    let mut out = String::with_capacity(text.len());
    let mut space_waits = false;
    let mut zero_width_run = 0;
    for c in text.chars() {
        if c.is_whitespace() {
            space_waits = !out.is_empty();
            continue;
        }
        if is_invisible(c) {
            continue;
        }
        if space_waits {
            out.push(' ');
            space_waits = false;
        }
        if c.is_control() || is_bidi_control(c) {
            out.extend(c.escape_unicode());
            continue;
        }
        zero_width_run = if c.width() == Some(0) { zero_width_run + 1 } else { 0 };
        if zero_width_run <= ZERO_WIDTH_RUN_MAX {
            out.push(c);
        }
    }
    out
}

/// Whether `text` is of ASCII's letters and signs with single spaces between them: as it is, in one
/// look at its bytes.
fn is_plain(text: &str) -> bool {
    let mut before = b' ';
    let mut bytes = text.bytes();
    bytes.all(|byte| {
        let is_plain = (b'!'..=b'~').contains(&byte) || (byte == b' ' && before != b' ');
        before = byte;
        is_plain
    }) && (before != b' ' || text.is_empty())
}

/// [`visible`], cut to `chars_max` characters with an ellipsis at the end.
pub(crate) fn shortened(text: &str, chars_max: usize) -> String {
    let text = visible(text);
    match text.char_indices().nth(chars_max) {
        None => text,
        Some(_) => {
            let kept: String = text.chars().take(chars_max.saturating_sub(1)).collect();
            format!("{}…", kept.trim_end())
        }
    }
}

/// `text` with its lines and tabs, without what acts on a terminal, reorders its neighbours, hides,
/// or is no character: for exports that people open. Where a reader should see that such a character
/// was there, the report's own texts show it.
pub fn harmless(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '\n' | '\t' => out.push(c),
            '\r' if chars.peek() == Some(&'\n') => {}
            '\r' | '\u{85}' | '\u{2028}' | '\u{2029}' => out.push('\n'),
            '\u{fffe}' | '\u{ffff}' => {}
            c if c.is_control() || is_bidi_control(c) || is_invisible(c) => {}
            c => out.push(c),
        }
    }
    out
}

/// `json` with every character that acts on a terminal or hides as a `\u` escape. Such characters
/// can only stand inside strings, so the value stays the same.
pub(crate) fn visible_json(json: &str) -> String {
    let mut out = String::with_capacity(json.len());
    for c in json.chars() {
        let acts = (c.is_control() && !matches!(c, '\n' | '\r' | '\t'))
            || matches!(c, '\u{2028}' | '\u{2029}')
            || is_bidi_control(c)
            || is_invisible(c);
        if acts {
            for unit in c.encode_utf16(&mut [0; 2]) {
                out.push_str(&format!("\\u{unit:04x}"));
            }
        } else {
            out.push(c);
        }
    }
    out
}

/// Embeddings, overrides and isolates: they reorder what follows.
fn is_bidi_control(c: char) -> bool {
    matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// Characters without a form of their own: implicit bidi marks, zero-width space and no-break
/// space, word joiner and invisible operators, soft hyphen, deprecated format characters,
/// annotation anchors and tags. The joiners U+200C and U+200D stay: Persian and emoji need them.
fn is_invisible(c: char) -> bool {
    matches!(
        c,
        '\u{ad}'
            | '\u{61c}'
            | '\u{180e}'
            | '\u{200b}'
            | '\u{200e}'
            | '\u{200f}'
            | '\u{2060}'..='\u{2065}'
            | '\u{206a}'..='\u{206f}'
            | '\u{feff}'
            | '\u{fff9}'..='\u{fffb}'
            | '\u{e0000}'..='\u{e0fff}'
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_acts_on_a_terminal_is_shown() {
        let cases = [
            ("\u{1b}[31mred\u{1b}[0m", "\\u{1b}[31mred\\u{1b}[0m"),
            ("\u{1b}]8;;http://x\u{7}click", "\\u{1b}]8;;http://x\\u{7}click"),
            ("\u{9b}2J", "\\u{9b}2J"),
            ("invoice\u{202e}gnp.exe", "invoice\\u{202e}gnp.exe"),
            ("  two\r\n\tlines\u{2028}here ", "two lines here"),
            ("pass\u{200b}word\u{feff}", "password"),
            ("شلوم\u{200f}", "شلوم"),
            ("👩\u{200d}🔬", "👩\u{200d}🔬"),
        ];
        for (text, expected) in cases {
            assert_eq!(visible(text), expected, "{text:?}");
        }
        let zalgo = format!("a{}b", "\u{301}".repeat(500));
        assert_eq!(visible(&zalgo).chars().count(), 2 + ZERO_WIDTH_RUN_MAX);
    }

    #[test]
    fn what_acts_is_left_out_of_exports() {
        let cases = [
            ("a\tb\r\nc\rd\u{2028}e", "a\tb\nc\nd\ne"),
            ("\u{1b}[31mred\u{0}\u{7f}", "[31mred"),
            ("\u{feff}=1+1", "=1+1"),
            ("invoice\u{202e}gnp.exe", "invoicegnp.exe"),
            ("\u{ffff}👩\u{200d}🔬", "👩\u{200d}🔬"),
        ];
        for (text, expected) in cases {
            assert_eq!(harmless(text), expected, "{text:?}");
        }
    }

    #[test]
    fn cuts_by_characters() {
        assert_eq!(shortened("äöü", 3), "äöü");
        assert_eq!(shortened("äö üx", 4), "äö…");
    }

    #[test]
    fn json_keeps_its_value() {
        let value = "\u{1b}\u{9b}\u{202e}\u{e0041}é\"\\";
        let json = serde_json::to_string(value).expect("a string");
        let shown = visible_json(&json);
        assert_eq!(shown, r#""\u001b\u009b\u202e\udb40\udc41é\"\\""#);
        assert_eq!(serde_json::from_str::<String>(&shown).expect("reads back"), value);
    }

    proptest! {
        #[test]
        fn nothing_shown_acts(text in "\\PC*|(?s).*") {
            let shown = visible(&text);
            prop_assert!(!shown.chars().any(|c| c.is_control() || is_bidi_control(c) || is_invisible(c)));
            prop_assert_eq!(visible(&shown), shown.clone());
        }
    }
}
