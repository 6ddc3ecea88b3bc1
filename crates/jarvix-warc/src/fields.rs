//! Header lines, of a record or of an HTTP answer, read leniently: bare line ends, folded lines and
//! bytes that are not UTF-8 are taken; what has no colon is not.

/// One header line. Bytes that are not UTF-8 were replaced.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Field {
    /// The name as it stands there.
    pub name: String,
    /// The value, without the space around it.
    pub value: String,
}

/// Header lines in their order, repeats kept.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Fields(pub Vec<Field>);

/// The header lines are more than is allowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct TooMany;

impl Fields {
    /// The first value of `name`, whatever its case.
    pub fn get(&self, name: &str) -> Option<&str> {
        let same = |field: &&Field| field.name.eq_ignore_ascii_case(name);
        self.0.iter().find(same).map(|field| field.value.as_str())
    }

    /// Every value of `name`, whatever its case.
    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        let same = move |field: &&Field| field.name.eq_ignore_ascii_case(name);
        self.0.iter().filter(same).map(|field| field.value.as_str())
    }

    /// Takes one line, without its end, in.
    pub(crate) fn add_line(&mut self, line: &[u8], count_max: usize) -> Result<(), TooMany> {
        let text = String::from_utf8_lossy(line);
        if text.starts_with([' ', '\t']) {
            // A folded line (RFC 9112, 5.2) goes on with the one before it.
            if let Some(last) = self.0.last_mut() {
                last.value.push(' ');
                last.value.push_str(text.trim());
            }
            return Ok(());
        }
        let Some((name, value)) = text.split_once(':') else { return Ok(()) };
        let (name, value) = (name.trim_end().to_owned(), value.trim().to_owned());
        if name.is_empty() {
            return Ok(());
        }
        if self.0.len() >= count_max {
            return Err(TooMany);
        }
        self.0.push(Field { name, value });
        Ok(())
    }
}

/// A line without its end.
pub(crate) fn without_end(line: &[u8]) -> &[u8] {
    let line = line.strip_suffix(b"\n").unwrap_or(line);
    line.strip_suffix(b"\r").unwrap_or(line)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sloppy_lines_are_taken_and_names_have_no_case() {
        let mut fields = Fields::default();
        let lines: [&[u8]; 6] =
            [b"Content-Length: 3", b"x:1", b"nonsense", b"X :  two", b"  more", b": none"];
        for line in lines {
            assert_eq!(fields.add_line(line, 3), Ok(()));
        }
        assert_eq!(fields.get("content-length"), Some("3"));
        assert_eq!(fields.all("X").collect::<Vec<_>>(), ["1", "two more"]);
        assert_eq!(fields.add_line(b"a: b", 3), Err(TooMany));
        assert_eq!(fields.0.len(), 3);
    }
}
