//! One record of delimited text (RFC 4180, read leniently), fed line by line because a quoted field
//! may go over several lines.

/// Where the parser stands within a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Start,
    Plain,
    Quoted,
    /// After a quote inside a quoted field: it ends the field, or is half of an escaped one.
    QuoteSeen,
}

/// A record under way.
#[derive(Debug)]
pub(super) struct Record {
    delimiter: char,
    fields: Vec<String>,
    field: String,
    state: State,
}

impl Record {
    /// An empty record.
    pub(super) fn new(delimiter: char) -> Self {
        Self { delimiter, fields: Vec::new(), field: String::new(), state: State::Start }
    }

    /// Takes one line, without its end.
    pub(super) fn feed(&mut self, line: &str) {
        if self.state == State::Quoted {
            self.field.push('\n');
        }
        for c in line.chars() {
            match (self.state, c) {
                (State::Start, '"') => self.state = State::Quoted,
                (State::Quoted, '"') => self.state = State::QuoteSeen,
                (State::QuoteSeen, '"') => {
                    self.field.push('"');
                    self.state = State::Quoted;
                }
                (State::Quoted, _) => self.field.push(c),
                (_, _) if c == self.delimiter => {
                    self.fields.push(std::mem::take(&mut self.field));
                    self.state = State::Start;
                }
                (_, _) => {
                    self.field.push(c);
                    self.state = State::Plain;
                }
            }
        }
    }

    /// Whether a quoted field is not closed yet.
    pub(super) fn is_open(&self) -> bool {
        self.state == State::Quoted
    }

    /// The fields.
    pub(super) fn finish(mut self) -> Vec<String> {
        self.fields.push(self.field);
        self.fields
    }
}

/// The fields of one line that is a whole record.
pub(super) fn split(line: &str, delimiter: char) -> Vec<String> {
    let mut record = Record::new(delimiter);
    record.feed(line);
    record.finish()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn fields_are_split_as_rfc_4180_says_and_junk_is_kept() {
        let cases: &[(&str, &[&str])] = &[
            ("", &[""]),
            ("a,b", &["a", "b"]),
            ("a,,", &["a", "", ""]),
            ("\"a,b\",c", &["a,b", "c"]),
            ("\"say \"\"hi\"\"\",c", &["say \"hi\"", "c"]),
            ("mid\"quote,c", &["mid\"quote", "c"]),
            ("\"closed\"junk,c", &["closedjunk", "c"]),
        ];
        for (line, expected) in cases {
            assert_eq!(split(line, ','), *expected, "{line}");
        }
    }

    proptest! {
        #[test]
        fn what_was_quoted_comes_back(fields in proptest::collection::vec("[a-c,\"\n ]{0,6}", 1..5)) {
            let quoted: Vec<String> =
                fields.iter().map(|f| format!("\"{}\"", f.replace('"', "\"\""))).collect();
            let mut record = Record::new(',');
            for line in quoted.join(",").split('\n') {
                record.feed(line);
            }
            prop_assert!(!record.is_open());
            prop_assert_eq!(record.finish(), fields);
        }
    }
}
