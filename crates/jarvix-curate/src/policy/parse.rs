//! Policy lists from text. A line that cannot be used is an error with its place: a list that is
//! read otherwise than it was meant would let through what somebody wanted to keep out.

use std::fmt;
use std::sync::Arc;

use aho_corasick::AhoCorasick;
use url::{Host, Url};

use super::{Category, List, PHRASES_MAX, Phrases, PolicyFile};
use crate::words::Words;

/// Why a policy cannot be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PolicyError {
    /// File, line and column, from 1; none for a language.
    place: Option<(String, usize, usize)>,
    problem: String,
}

impl PolicyError {
    pub(super) fn language(tag: &str) -> Self {
        let problem = format!("{tag:?} is not a language code such as de or en");
        Self { place: None, problem }
    }
}

impl fmt::Display for PolicyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some((file, line, column)) = &self.place {
            write!(f, "{file}, line {line}, column {column}: ")?;
        }
        f.write_str(&self.problem)
    }
}

impl std::error::Error for PolicyError {}

/// What is wrong, and the byte of the line where.
type Wrong = (usize, String);

/// The lines of all `files`; of a domain that stands there twice the first counts.
pub(super) fn list(files: &[PolicyFile<'_>]) -> Result<List, PolicyError> {
    let mut list = List::default();
    for file in files {
        let mut section: Category = None;
        let text = file.text.trim_start_matches('\u{feff}');
        for (number, line) in text.lines().enumerate() {
            take(line, &mut section, &mut list).map_err(|(at, problem)| {
                let column = line.get(..at).unwrap_or(line).chars().count() + 1;
                PolicyError { place: Some((file.name.to_owned(), number + 1, column)), problem }
            })?;
        }
    }
    for (phrases, what) in [(&mut list.paths, "paths"), (&mut list.keywords, "keywords")] {
        finish(phrases, what)?;
    }
    Ok(list)
}

fn finish(phrases: &mut Phrases, what: &str) -> Result<(), PolicyError> {
    let error = |problem| PolicyError { place: None, problem };
    if phrases.lines.is_empty() {
        return Ok(());
    }
    if phrases.lines.len() > PHRASES_MAX {
        return Err(error(format!("the lists have more than {PHRASES_MAX} {what}")));
    }
    let patterns = phrases.lines.iter().map(|(text, _)| match what {
        "paths" => text.clone(),
        _ => bounded(text),
    });
    let finder = AhoCorasick::new(patterns);
    phrases.finder = Some(finder.map_err(|e| error(format!("the {what} are too many: {e}")))?);
    Ok(())
}

/// A keyword between the spaces that part words, where its script has any.
fn bounded(keyword: &str) -> String {
    let edge = |c: Option<char>| if c.is_some_and(is_unspaced) { "" } else { " " };
    let (first, last) = (edge(keyword.chars().next()), edge(keyword.chars().next_back()));
    format!("{first}{keyword}{last}")
}

/// Thai, Lao, Burmese and Khmer, kana, Chinese characters: written without spaces.
fn is_unspaced(c: char) -> bool {
    matches!(c, '\u{e00}'..='\u{eff}' | '\u{1000}'..='\u{109f}' | '\u{1780}'..='\u{17ff}'
        | '\u{3040}'..='\u{30ff}' | '\u{3400}'..='\u{9fff}' | '\u{20000}'..='\u{3ffff}')
}

/// One line: `[category] kind value # comment`, any part of which may be missing. A category alone
/// is that of the lines below.
fn take(line: &str, section: &mut Category, list: &mut List) -> Result<(), Wrong> {
    let content = without_comment(line).trim_end();
    let mut at = content.len() - content.trim_start().len();
    let mut category = section.clone();
    if content[at..].starts_with('[') {
        let end = content[at..].find(']').map(|end| at + end);
        let end = end.ok_or((at, "the category has no closing bracket".to_owned()))?;
        let name = content[at + 1..end].trim();
        category = (!name.is_empty()).then(|| Arc::from(name));
        let rest = &content[end + 1..];
        at = content.len() - rest.trim_start().len();
        if rest.trim().is_empty() {
            *section = category;
            return Ok(());
        }
    }
    let content_at = at;
    let words = &content[content_at..];
    if words.is_empty() {
        return Ok(());
    }
    let (kind, value) = words.split_once(char::is_whitespace).unwrap_or((words, ""));
    let value_at = content.len() - value.trim_start().len();
    let value = value.trim();
    let missing = |what: &str| (content_at, format!("{} needs {what}", kind.to_lowercase()));
    match kind.to_lowercase().as_str() {
        "domain" if value.is_empty() => Err(missing("a name, such as domain example.org")),
        "domain" => domain(value, value_at, category, list),
        "path" if value.is_empty() => Err(missing("a part of a path, such as path /tag/")),
        "path" => path(value, value_at, category, list),
        "keyword" if value.is_empty() => Err(missing("a word or phrase")),
        "keyword" => keyword(value, value_at, category, list),
        // Lists of domains are passed around without any words.
        _ if value.is_empty() && kind.contains('.') => domain(kind, content_at, category, list),
        _ => {
            let problem = format!("{kind:?} is not domain, path or keyword");
            Err((content_at, problem))
        }
    }
}

/// A `#` begins a comment at the beginning of a line or after a space.
fn without_comment(line: &str) -> &str {
    let begins = |at: &usize| line[..*at].chars().next_back().is_none_or(char::is_whitespace);
    let at = line.match_indices('#').map(|(at, _)| at).find(begins);
    at.map_or(line, |at| &line[..at])
}

fn domain(value: &str, at: usize, category: Category, list: &mut List) -> Result<(), Wrong> {
    let name = value.trim_start_matches("*.").trim_end_matches('.');
    let wrong = || (at, format!("{value:?} is not a domain such as example.org"));
    let is_plain = !name.contains(['/', ':', '@', '?', '#']) || name.starts_with('[');
    let host = Some(name).filter(|_| is_plain).and_then(|name| Host::parse(name).ok());
    let host = host.ok_or_else(wrong)?.to_string();
    list.domains.entry(host).or_insert(category);
    Ok(())
}

fn path(value: &str, at: usize, category: Category, list: &mut List) -> Result<(), Wrong> {
    if !value.starts_with('/') {
        return Err((at, format!("the path {value:?} does not begin with /")));
    }
    // As it stands in an address.
    let url = Url::parse(&format!("http://h{value}"));
    let url = url.ok().filter(|url| url.query().is_none() && url.fragment().is_none());
    let url =
        url.ok_or_else(|| (at, format!("{value:?} is not a path: it ends before ? and #")))?;
    list.paths.lines.push((url.path().to_owned(), category));
    Ok(())
}

fn keyword(value: &str, at: usize, category: Category, list: &mut List) -> Result<(), Wrong> {
    let words = Words::of(value).joined().to_owned();
    if words.is_empty() {
        return Err((at, format!("the keyword {value:?} has no letter or digit")));
    }
    list.keywords.lines.push((words, category));
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_that_cannot_be_used_says_where_it_is() {
        let cases = [
            (
                "domain a.org\n  domian b.org",
                "f, line 2, column 3: \"domian\" is not domain, path or keyword",
            ),
            ("domain", "f, line 1, column 1: domain needs a name, such as domain example.org"),
            ("ä\n", "f, line 1, column 1: \"ä\" is not domain, path or keyword"),
            (
                "domain https://a.org/",
                "f, line 1, column 8: \"https://a.org/\" is not a domain such as example.org",
            ),
            ("[x] domain a b", "f, line 1, column 12: \"a b\" is not a domain such as example.org"),
            ("\n\npath tag", "f, line 3, column 6: the path \"tag\" does not begin with /"),
            ("path /a?b", "f, line 1, column 6: \"/a?b\" is not a path: it ends before ? and #"),
            ("keyword ...", "f, line 1, column 9: the keyword \"...\" has no letter or digit"),
            (" [adult", "f, line 1, column 2: the category has no closing bracket"),
        ];
        for (text, expected) in cases {
            let error = list(&[PolicyFile { name: "f", text }]).expect_err(text);
            assert_eq!(error.to_string(), expected);
        }
    }

    #[test]
    fn lines_are_read_as_they_are_meant() {
        let text = "\u{feff}# list\r\n\r\n  DOMAIN *.Example.ORG.  # all of it\r\nbücher.example\n\
                    domain 127.0.0.1\nkeyword c# code\npath /a b\n";
        let list = list(&[PolicyFile { name: "f", text }]).expect("a list");
        let mut domains: Vec<&str> = list.domains.keys().map(String::as_str).collect();
        domains.sort();
        assert_eq!(domains, ["127.0.0.1", "example.org", "xn--bcher-kva.example"]);
        assert_eq!(list.keywords.lines, [("c code".to_owned(), None)]);
        assert_eq!(list.paths.lines, [("/a%20b".to_owned(), None)]);
    }
}
