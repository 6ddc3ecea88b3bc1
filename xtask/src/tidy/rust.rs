//! As much of Rust as the rules need: code apart from comments and text, where functions begin
//! and end, and which lines are tests. Not a parser: it follows brackets, so it reads anything
//! that compiles, and what does not compile never gets this far.

use std::ops::RangeInclusive;

/// A file, taken apart.
pub struct Source {
    /// The file with comments, texts and characters blanked out; lines and columns stay.
    code: Vec<char>,
    /// Lines of items under `#[cfg(test)]` or `#[test]`.
    tests: Vec<RangeInclusive<usize>>,
}

/// A function with a body, and the lines from `fn` to its last brace.
#[derive(Debug, PartialEq, Eq)]
pub struct Function {
    pub name: String,
    pub lines: RangeInclusive<usize>,
}

impl Function {
    pub fn length(&self) -> usize {
        self.lines.end() + 1 - self.lines.start()
    }
}

impl Source {
    pub fn new(text: &str) -> Self {
        let code = code_of(text);
        let mut source = Self { code, tests: Vec::new() };
        for attribute in ["#[cfg(test)]", "#[test]", "#[tokio::test"] {
            for start in source.positions(attribute) {
                if let Some(end) = source.end_of_item(start + attribute.len()) {
                    source.tests.push(source.line_of(start)..=source.line_of(end));
                }
            }
        }
        source
    }

    /// Lines, counted from 1, without comments and texts.
    pub fn code_lines(&self) -> impl Iterator<Item = (usize, String)> {
        self.code
            .split(|&c| c == '\n')
            .map(|line| line.iter().collect())
            .zip(1..)
            .map(|(l, n)| (n, l))
    }

    /// Whether `line` belongs to a test or to a module of tests.
    pub fn is_test(&self, line: usize) -> bool {
        self.tests.iter().any(|lines| lines.contains(&line))
    }

    /// Every function that has a body, in the order in which they begin.
    pub fn functions(&self) -> Vec<Function> {
        let functions = self.positions("fn ").into_iter().filter_map(|start| {
            let before = start.checked_sub(1).map(|before| self.code[before]);
            if before.is_some_and(is_word) {
                return None;
            }
            let name: String = self.code[start + 3..].iter().take_while(|c| is_word(**c)).collect();
            let end = self.end_of_item(start).filter(|&end| self.code[end] == '}')?;
            let lines = self.line_of(start)..=self.line_of(end);
            (!name.is_empty()).then_some(Function { name, lines })
        });
        functions.collect()
    }

    /// Where the item after `start` ends: at its `;`, or at the brace that closes its body.
    fn end_of_item(&self, start: usize) -> Option<usize> {
        let mut depth = 0usize;
        for (at, c) in self.code.iter().enumerate().skip(start) {
            match c {
                '(' | '[' | '{' => depth += 1,
                ')' | ']' => depth = depth.checked_sub(1)?,
                '}' => {
                    depth = depth.checked_sub(1)?;
                    if depth == 0 {
                        return Some(at);
                    }
                }
                ';' if depth == 0 => return Some(at),
                _ => {}
            }
        }
        None
    }

    fn positions(&self, text: &str) -> Vec<usize> {
        let text: Vec<char> = text.chars().collect();
        let windows = self.code.windows(text.len()).enumerate();
        windows.filter(|(_, window)| *window == text).map(|(at, _)| at).collect()
    }

    fn line_of(&self, at: usize) -> usize {
        1 + self.code[..at].iter().filter(|c| **c == '\n').count()
    }
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// `text` with everything blanked that is not code.
fn code_of(text: &str) -> Vec<char> {
    let mut code: Vec<char> = text.chars().collect();
    let mut at = 0;
    while at < code.len() {
        let end = end_of_blank(&code, at);
        for c in &mut code[at..end] {
            if *c != '\n' {
                *c = ' ';
            }
        }
        at = end.max(at + 1);
    }
    code
}

/// If a comment, text or character begins at `at`, where it ends; else `at`.
fn end_of_blank(code: &[char], at: usize) -> usize {
    let rest = &code[at..];
    let follows_word = at > 0 && is_word(code[at - 1]);
    let length = match rest {
        ['/', '/', ..] => rest.iter().position(|c| *c == '\n').unwrap_or(rest.len()),
        ['/', '*', ..] => block_comment(rest),
        ['r', '"' | '#', ..] if !follows_word => raw_text(&rest[1..]).map_or(0, |n| n + 1),
        ['b' | 'c', 'r', '"' | '#', ..] if !follows_word => {
            raw_text(&rest[2..]).map_or(0, |n| n + 2)
        }
        ['"', ..] => quoted(rest, '"'),
        // A character, not a lifetime: it closes after one character or one escape.
        ['\'', '\\', ..] => quoted(rest, '\''),
        ['\'', _, '\'', ..] => 3,
        _ => 0,
    };
    at + length
}

fn block_comment(rest: &[char]) -> usize {
    let mut depth = 0usize;
    let mut at = 0;
    while at + 1 < rest.len() {
        match (rest[at], rest[at + 1]) {
            ('/', '*') => depth += 1,
            ('*', '/') => depth -= 1,
            _ => {
                at += 1;
                continue;
            }
        }
        at += 2;
        if depth == 0 {
            return at;
        }
    }
    rest.len()
}

/// The length of `##"..."##`, without the letters before it; `None` for `r#name`.
fn raw_text(rest: &[char]) -> Option<usize> {
    let hashes = rest.iter().take_while(|c| **c == '#').count();
    if rest.get(hashes) != Some(&'"') {
        return None;
    }
    let body = &rest[hashes + 1..];
    let ends = |at: &usize| {
        body[*at] == '"'
            && body[at + 1..].iter().take(hashes).filter(|c| **c == '#').count() == hashes
    };
    Some(hashes + 1 + (0..body.len()).find(ends).map_or(body.len(), |at| at + 1 + hashes))
}

fn quoted(rest: &[char], quote: char) -> usize {
    let mut at = 1;
    while at < rest.len() {
        match rest[at] {
            '\\' => at += 2,
            c if c == quote => return at + 1,
            _ => at += 1,
        }
    }
    rest.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(text: &str) -> String {
        code_of(text)
            .into_iter()
            .collect::<String>()
            .split_whitespace()
            .collect::<Vec<_>>()
            .join(" ")
    }

    #[test]
    fn only_code_is_left() {
        let cases = [
            ("a // b\nc", "a c"),
            ("a /* b /* c */ d */ e", "a e"),
            (r#"a("b \" { c") d"#, "a( ) d"),
            ("a(r\"b\\\") c", "a( ) c"),
            ("a(r##\"b \"# c\"##) d", "a( ) d"),
            ("a(br#\"}\"#, b\"}\", c\"}\")", "a( , b , c )"),
            ("match c { '{' => '\\'', '\"' => b'}' }", "match c { => , => b }"),
            ("fn f<'a>(x: &'a str) -> &'a str { x }", "fn f<'a>(x: &'a str) -> &'a str { x }"),
            ("let r#fn = bar\"text\";", "let r#fn = bar ;"),
            ("'\\u{1F600}' x", "x"),
        ];
        for (text, expected) in cases {
            assert_eq!(code(text), expected, "{text}");
        }
    }

    #[test]
    fn functions_end_at_their_last_brace() {
        let text = "\
trait T {
    fn without_body(x: [u8; 4]);
}
const fn one() {}
fn outer<const N: usize>(x: [u8; N]) -> Vec<u8>
where
    u8: Copy,
{
    fn inner() {
        \"}\";
    }
    if true { '}' } else { '{' };
}
fn f_in_text() { \"fn nobody() {}\" }
";
        let functions: Vec<(String, usize)> = Source::new(text)
            .functions()
            .into_iter()
            .map(|f| (f.name.clone(), f.length()))
            .collect();
        let expected = [("one", 1), ("outer", 9), ("inner", 3), ("f_in_text", 1)]
            .map(|(n, l)| (n.to_owned(), l));
        assert_eq!(functions, expected);
    }

    #[test]
    fn test_items_are_known_by_their_lines() {
        let text = "fn a() {}\n#[cfg(test)]\nmod tests {\n    fn b() {}\n}\nfn c() {}\n#[test]\nfn d() {\n}\n";
        let source = Source::new(text);
        let tests: Vec<usize> = (1..=9).filter(|line| source.is_test(*line)).collect();
        assert_eq!(tests, [2, 3, 4, 5, 7, 8, 9]);
    }
}
