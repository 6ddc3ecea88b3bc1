//! Page text made safe to keep: control characters and bidirectional overrides go, white space is
//! collapsed, lengths are bounded (HOSTILE 42, 44). What is shown is escaped again where it is
//! shown; nothing here relies on that.

/// Whether a character must not stand in text: controls save line break and tab, and what Unicode
/// calls noncharacters.
fn is_unwanted(c: char) -> bool {
    (c.is_control() && !matches!(c, '\n' | '\t'))
        || matches!(c, '\u{fffe}' | '\u{ffff}' | '\u{feff}')
}

/// Characters that turn the direction of text around or hide in it: no name or title needs them.
fn is_hidden_mark(c: char) -> bool {
    matches!(c,
        '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
        | '\u{e0000}'..='\u{e007f}')
}

/// One line of at most `chars_max` characters, white space collapsed; `None` if nothing is left.
pub(crate) fn line(text: &str, chars_max: usize) -> Option<String> {
    let mut out = String::new();
    let mut chars = 0;
    let mut space = false;
    for c in text.chars() {
        if c.is_whitespace() {
            space = chars > 0;
            continue;
        }
        if is_unwanted(c) || is_hidden_mark(c) {
            continue;
        }
        let more = 1 + usize::from(space);
        if chars + more > chars_max {
            break;
        }
        if space {
            out.push(' ');
        }
        out.push(c);
        chars += more;
        space = false;
    }
    if out.is_empty() { None } else { Some(out) }
}

/// Main text: one paragraph a line, white space collapsed, empty lines dropped; at most
/// `chars_max` characters, and whether it was cut.
pub(crate) fn paragraphs(text: &str, chars_max: usize) -> (String, bool) {
    let mut out = String::with_capacity(text.len());
    let mut chars = 0;
    let (mut space, mut line_break) = (false, false);
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        // Nearly everything is runs of ASCII: they are taken whole.
        let run = rest.bytes().take_while(u8::is_ascii_graphic).count().max(1);
        let run = if c.is_ascii_graphic() { run } else { c.len_utf8() };
        let (taken, behind) = rest.split_at(run);
        rest = behind;
        if matches!(c, '\n' | '\r' | '\u{2028}' | '\u{2029}') {
            line_break = chars > 0;
            continue;
        }
        if c.is_whitespace() {
            space = true;
            continue;
        }
        if is_unwanted(c) {
            continue;
        }
        let between =
            if line_break { Some('\n') } else { Some(' ').filter(|_| space && chars > 0) };
        let more = 1 + usize::from(between.is_some());
        if chars + more > chars_max {
            return (out, true);
        }
        out.extend(between);
        // Only a run of ASCII has more than one character, and as many as bytes.
        let fits = taken.len().min(chars_max - chars + 1 - more);
        let taken = if c.is_ascii() { &taken[..fits] } else { taken };
        out.push_str(taken);
        if c.is_ascii() && fits < run {
            return (out, true);
        }
        chars += more + if c.is_ascii() { fits - 1 } else { 0 };
        (space, line_break) = (false, false);
    }
    (out, false)
}

/// Markdown: control characters out, at most one empty line in a row, at most `chars_max`
/// characters.
pub(crate) fn markdown(text: &str, chars_max: usize) -> String {
    let mut out = String::with_capacity(text.len());
    let mut chars = 0;
    let mut empty_lines = 0;
    for line in text.lines() {
        let line = line.trim_end();
        empty_lines = if line.is_empty() { empty_lines + 1 } else { 0 };
        if line.is_empty() && (out.is_empty() || empty_lines > 1) {
            continue;
        }
        // Most lines are such that nothing in them is looked for.
        if chars + line.len() < chars_max && line.bytes().all(|b| matches!(b, b' '..=b'~')) {
            out.push_str(line);
            out.push('\n');
            chars += line.len() + 1;
            continue;
        }
        for c in line.chars().filter(|c| !is_unwanted(*c)).chain(['\n']) {
            if chars == chars_max {
                return out;
            }
            out.push(c);
            chars += 1;
        }
    }
    out.truncate(out.trim_end().len());
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_clean_and_bounded() {
        let cases = [
            ("  A \n title ", 100, Some("A title")),
            ("a\u{1b}[31mb\u{7}", 100, Some("a[31mb")),
            ("safe\u{202e}txt.exe\u{2066}", 100, Some("safetxt.exe")),
            ("ab cd", 4, Some("ab c")),
            ("ab cd", 3, Some("ab")),
            (" \u{200b}\n", 100, None),
            ("", 100, None),
        ];
        for (text, chars_max, expected) in cases {
            assert_eq!(line(text, chars_max).as_deref(), expected, "{text:?}");
        }
    }

    #[test]
    fn paragraphs_stand_one_a_line() {
        assert_eq!(paragraphs(" a  b\r\n\n\n c\0 ", 100), ("a b\nc".to_owned(), false));
        assert_eq!(paragraphs("ab\ncd", 4), ("ab\nc".to_owned(), true));
        assert_eq!(paragraphs("ab\ncd", 3), ("ab".to_owned(), true));
        assert_eq!(paragraphs("\n \n", 3), (String::new(), false));
    }

    #[test]
    fn markdown_keeps_its_lines() {
        assert_eq!(markdown("\n# A\n\n\n\n- b  \n    c\n", 100), "# A\n\n- b\n    c");
        assert_eq!(markdown("abc", 2), "ab");
    }
}
