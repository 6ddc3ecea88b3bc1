//! Statements in a text: where each ends. A semicolon ends one unless it stands in a text, a quoted
//! name or a comment. What it refuses to do: understand SQL beyond that.

/// The statements of `text` without their semicolons; those without a word are left out.
pub fn split(text: &str) -> Vec<String> {
    let mut statements = Vec::new();
    let mut rest = text;
    while !rest.is_empty() {
        let (statement, behind) = match end(rest) {
            Some(at) => (&rest[..at], &rest[at + 1..]),
            None => (rest, ""),
        };
        if has_words(statement) {
            statements.push(statement.trim().to_owned());
        }
        rest = behind;
    }
    statements
}

/// Whether the last statement of `text` is ended, so that it can be answered.
pub fn is_complete(text: &str) -> bool {
    let mut rest = text;
    while let Some(at) = end(rest) {
        rest = &rest[at + 1..];
    }
    !has_words(rest)
}

/// Where the first statement of `text` ends, if it does.
fn end(text: &str) -> Option<usize> {
    let mut at = 0;
    while let Some(c) = text[at..].chars().next() {
        if c == ';' {
            return Some(at);
        }
        at += passed(&text[at..], c);
    }
    None
}

/// Whether anything but comments and white space stands there.
fn has_words(text: &str) -> bool {
    let mut at = 0;
    while let Some(c) = text[at..].chars().next() {
        let is_comment = text[at..].starts_with("--") || text[at..].starts_with("/*");
        if !is_comment && !c.is_whitespace() {
            return true;
        }
        at += passed(&text[at..], c);
    }
    false
}

/// Bytes of what begins with `c`: a text, a comment, or just that.
fn passed(rest: &str, c: char) -> usize {
    let to = |mark: &str, from: usize| {
        rest[from..].find(mark).map_or(rest.len(), |end| from + end + mark.len())
    };
    match c {
        '\'' => to("'", 1),
        '"' => to("\"", 1),
        '-' if rest.starts_with("--") => to("\n", 2),
        '/' if rest.starts_with("/*") => to("*/", 2),
        c => c.len_utf8(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_semicolon_ends_a_statement_only_where_it_is_one() {
        let text = "SELECT ';' AS \"a;b\" -- c;\n FROM t /* ; */; ; SELECT 2;\n-- the end;\n";
        let statements = split(text);
        assert_eq!(statements, ["SELECT ';' AS \"a;b\" -- c;\n FROM t /* ; */", "SELECT 2"]);
        assert!(is_complete(text));
        assert_eq!(split("SELECT 'it''s; fine'"), ["SELECT 'it''s; fine'"]);
        assert!(split(" ; -- nothing\n;").is_empty());
    }

    #[test]
    fn what_is_open_goes_on() {
        for open in ["SELECT 1", "SELECT ';", "SELECT \";", "SELECT /* ; ", "SELECT -- ;", "x; y"] {
            assert!(!is_complete(open), "{open}");
        }
        for done in ["", " ", "SELECT 1;", "SELECT 1; -- done", "/* ; */"] {
            assert!(is_complete(done), "{done}");
        }
    }
}
