//! Where in a query something is wrong: a line and a column, from the engine's words or by looking the
//! name up in the text. It points; what it refuses to do is guess when the name is not there.

/// A place in the text of a query, both from 1, in characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// The line.
    pub line: usize,
    /// The column.
    pub column: usize,
    /// Characters that are meant, at least one.
    pub length: usize,
}

impl Place {
    /// The byte of `text` that it names, if there is one.
    pub fn offset_in(&self, text: &str) -> Option<usize> {
        let line = text.split_inclusive('\n').nth(self.line.checked_sub(1)?)?;
        let before = line.char_indices().nth(self.column.checked_sub(1)?)?.0;
        Some(line.as_ptr() as usize - text.as_ptr() as usize + before)
    }

    /// The place that a message of the parser ends with (`... at Line: 1, Column: 8`), and the message
    /// without it.
    pub(crate) fn in_message(message: &str) -> (&str, Option<Self>) {
        let found = message.rfind(" at Line: ").and_then(|at| {
            let place = message[at..].strip_prefix(" at Line: ")?;
            let (line, column) = place.split_once(", Column: ")?;
            let digits =
                column.len() - column.trim_start_matches(|c: char| c.is_ascii_digit()).len();
            let (line, column) = (line.parse().ok()?, column[..digits].parse().ok()?);
            Some((at, Self { line, column, length: 1 }))
        });
        match found {
            // The parser says 0, 0 where the text has ended.
            Some((at, place)) if place.line == 0 => (&message[..at], None),
            Some((at, place)) => (&message[..at], Some(place)),
            None => (message, None),
        }
    }

    /// The first place of the identifier `name` in `sql`, outside of texts and comments.
    pub(crate) fn of_name(sql: &str, name: &str) -> Option<Self> {
        let name = name.rsplit('.').next()?.trim_matches('"');
        let mut rest = sql;
        let mut at = 0;
        while let Some(c) = rest.chars().next() {
            let length = match c {
                '\'' => quoted(rest, '\''),
                '-' if rest.starts_with("--") => rest.find('\n').unwrap_or(rest.len()),
                '/' if rest.starts_with("/*") => rest.find("*/").map_or(rest.len(), |end| end + 2),
                '"' => {
                    let length = quoted(rest, '"');
                    if rest[..length].trim_matches('"') == name {
                        return Some(Self::at(sql, at, length));
                    }
                    length
                }
                c if c.is_alphabetic() || c == '_' => {
                    let is_word = |c: char| c.is_alphanumeric() || c == '_';
                    let length = rest.find(|c| !is_word(c)).unwrap_or(rest.len());
                    if rest[..length].eq_ignore_ascii_case(name) {
                        return Some(Self::at(sql, at, length));
                    }
                    length
                }
                c => c.len_utf8(),
            };
            (rest, at) = (&rest[length..], at + length);
        }
        None
    }

    fn at(sql: &str, offset: usize, length: usize) -> Self {
        let before = &sql[..offset];
        let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
        Self {
            line: before.matches('\n').count() + 1,
            column: before[line_start..].chars().count() + 1,
            length: sql[offset..offset + length].chars().count().max(1),
        }
    }
}

/// Bytes of the quoted text that `rest` begins with.
fn quoted(rest: &str, mark: char) -> usize {
    rest[1..].find(mark).map_or(rest.len(), |end| end + 2)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_found_where_they_are_names() {
        let sql = "SELECT 'tilte', -- tilte\n  /* tilte */ d.Tilte\nFROM documents d";
        let place = Place::of_name(sql, "d.tilte").expect("it is there");
        assert_eq!(place, Place { line: 2, column: 17, length: 5 });
        assert_eq!(place.offset_in(sql).map(|at| &sql[at..at + 5]), Some("Tilte"));
        assert_eq!(Place::of_name(sql, "til"), None);
        assert_eq!(
            Place::of_name("SELECT \"A b\"", "A b").map(|p| (p.column, p.length)),
            Some((8, 5))
        );
        for open in ["'never closed", "/* never closed", "\"never closed", "-- end", "ä'"] {
            assert_eq!(Place::of_name(open, "x"), None);
        }
    }

    #[test]
    fn the_parser_says_where() {
        let (message, place) = Place::in_message("Expected: x, found: y at Line: 2, Column: 15");
        assert_eq!(
            (message, place),
            ("Expected: x, found: y", Some(Place { line: 2, column: 15, length: 1 }))
        );
        assert_eq!(Place::in_message("Expected: x, found: EOF").1, None);
    }
}
