//! What the user wants to read and what not: languages, and lists of domains, paths and keywords
//! that are denied or allowed.
//!
//! A policy is read once and asked for every page; a keyword is looked for in one pass over the
//! words, however many there are. An allow line makes an exception and opens nothing else. What it
//! refuses to do: to read files.

mod parse;

use std::collections::HashMap;

use aho_corasick::AhoCorasick;
use jarvix_core::Document;
use url::Url;
use xxhash_rust::xxh3::Xxh3;

use crate::language;
use crate::words::Words;

pub use parse::PolicyError;

/// Largest list that is read, in bytes.
pub const POLICY_BYTES_MAX: u64 = 64 * 1024 * 1024;
/// Most keywords and most paths of one kind of list; domains are as many as fit the file.
pub const PHRASES_MAX: usize = 100_000;

/// A list file: its name for messages, and its text.
#[derive(Debug, Clone, Copy)]
pub struct PolicyFile<'a> {
    /// Its name, for messages.
    pub name: &'a str,
    /// What stands in it.
    pub text: &'a str,
}

/// What is to be read. The default reads everything.
#[derive(Debug, Clone, Default)]
pub struct Policy {
    /// The languages that are wanted; all if there is none.
    languages: Vec<String>,
    deny: List,
    allow: List,
    hash: Option<String>,
}

/// Lines of one kind of list, from all files.
#[derive(Debug, Clone, Default)]
struct List {
    domains: HashMap<String, Category>,
    paths: Phrases,
    keywords: Phrases,
}

/// What a line is called by, such as `adult`.
type Category = Option<std::sync::Arc<str>>;

/// Texts that are all looked for at once.
#[derive(Debug, Clone, Default)]
struct Phrases {
    finder: Option<AhoCorasick>,
    lines: Vec<(String, Category)>,
}

/// A line that fits a page.
struct Hit<'a> {
    kind: &'static str,
    text: &'a str,
    category: &'a Category,
}

impl Policy {
    /// Reads languages (tags such as `de` or `en-GB`) and lists.
    pub fn parse(
        languages: &[&str],
        deny: &[PolicyFile<'_>],
        allow: &[PolicyFile<'_>],
    ) -> Result<Self, PolicyError> {
        let mut wanted = Vec::new();
        for tag in languages {
            let code = language::declared_code(tag);
            wanted.push(code.ok_or_else(|| PolicyError::language(tag))?);
        }
        wanted.sort();
        wanted.dedup();
        let (deny, allow) = (parse::list(deny)?, parse::list(allow)?);
        let mut policy = Self { languages: wanted, deny, allow, hash: None };
        policy.hash = policy.digest();
        Ok(policy)
    }

    /// Names everything that may change a document; none for the policy that reads everything.
    /// Comments, spacing and the order of lines do not count.
    pub fn hash(&self) -> Option<&str> {
        self.hash.as_deref()
    }

    /// The languages that are wanted, in order; all if there is none.
    pub fn languages(&self) -> &[String] {
        &self.languages
    }

    fn digest(&self) -> Option<String> {
        let mut lines: Vec<(&str, &str, &str, &str)> =
            self.languages.iter().map(|code| ("", "language", code.as_str(), "")).collect();
        for (list, name) in [(&self.deny, "deny"), (&self.allow, "allow")] {
            let domains = list.domains.iter().map(|(text, of)| ("domain", text, of));
            let paths = list.paths.lines.iter().map(|(text, of)| ("path", text, of));
            let keywords = list.keywords.lines.iter().map(|(text, of)| ("keyword", text, of));
            let all = domains.chain(paths).chain(keywords);
            lines.extend(all.map(|(kind, text, of)| {
                (name, kind, text.as_str(), of.as_deref().unwrap_or_default())
            }));
        }
        if lines.is_empty() {
            return None;
        }
        lines.sort_unstable();
        let mut hasher = Xxh3::new();
        for (list, kind, text, category) in lines {
            for part in [list, kind, text, category] {
                hasher.update(part.as_bytes());
                hasher.update(b"\0");
            }
        }
        Some(format!("{:032x}", hasher.digest128()))
    }

    /// Why `document`, asked for at `url` and answered from `final_url`, is denied.
    pub(crate) fn denies(&self, url: &str, final_url: &str, document: &Document) -> Option<String> {
        if self.deny.is_empty() {
            return None;
        }
        let addresses: Vec<Url> =
            [url, final_url].iter().filter_map(|address| Url::parse(address).ok()).collect();
        let text =
            (self.deny.has_keywords() || self.allow.has_keywords()).then(|| spaced(document));
        let text = text.as_deref().unwrap_or_default();
        let denied = self.deny.hit(&addresses, text)?;
        if self.allow.hit(&addresses, text).is_some() {
            return None;
        }
        let category = denied.category.as_deref().map(|c| format!(" ({c})")).unwrap_or_default();
        Some(format!("denied {} {:?}{category}", denied.kind, denied.text))
    }

    /// Whether `code` is a language that is not wanted.
    pub(crate) fn is_foreign(&self, code: &str) -> bool {
        // Norwegian has a name for itself and one for each of its written forms.
        let is_norwegian = |code: &str| matches!(code, "no" | "nb" | "nn");
        let is = |wanted: &String| wanted == code || is_norwegian(wanted) && is_norwegian(code);
        !self.languages.is_empty() && !self.languages.iter().any(is)
    }

    /// Whether only some languages are wanted.
    pub(crate) fn asks_for_languages(&self) -> bool {
        !self.languages.is_empty()
    }
}

/// The words of a document with a space before and after each.
fn spaced(document: &Document) -> String {
    let mut all = String::from(" ");
    let before = [document.title.as_deref(), document.description.as_deref()];
    for text in before.into_iter().flatten().chain([document.text.as_str()]) {
        all.push_str(Words::of(text).joined());
        // Two, so that no phrase reaches from one into the next.
        all.push_str("  ");
    }
    all
}

impl List {
    fn is_empty(&self) -> bool {
        self.domains.is_empty() && self.paths.lines.is_empty() && !self.has_keywords()
    }

    fn has_keywords(&self) -> bool {
        !self.keywords.lines.is_empty()
    }

    /// The first line that fits: of domains the longest, then paths, then keywords.
    fn hit(&self, addresses: &[Url], text: &str) -> Option<Hit<'_>> {
        let domain = addresses.iter().find_map(|url| self.domain_of(url.host_str()?));
        let path = || addresses.iter().find_map(|url| self.paths.first_in("path", url.path()));
        domain.or_else(path).or_else(|| self.keywords.first_in("keyword", text))
    }

    /// The line of `host` or of the nearest domain that it is below.
    fn domain_of(&self, host: &str) -> Option<Hit<'_>> {
        let mut rest = host.trim_end_matches('.');
        loop {
            if let Some((text, category)) = self.domains.get_key_value(rest) {
                return Some(Hit { kind: "domain", text, category });
            }
            rest = rest.split_once('.')?.1;
        }
    }
}

impl Phrases {
    fn first_in(&self, kind: &'static str, text: &str) -> Option<Hit<'_>> {
        let found = self.finder.as_ref()?.find(text)?;
        let (text, category) = self.lines.get(found.pattern().as_usize())?;
        Some(Hit { kind, text, category })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn policy(deny: &str, allow: &str) -> Policy {
        let file = |name, text| PolicyFile { name, text };
        Policy::parse(&[], &[file("deny", deny)], &[file("allow", allow)]).expect("a policy")
    }

    fn denied(policy: &Policy, url: &str, text: &str) -> Option<String> {
        let document = Document { text: text.to_owned(), ..Document::default() };
        policy.denies(url, url, &document)
    }

    #[test]
    fn lines_fit_what_they_name() {
        let deny = "# bad ones\n[adult]\ndomain bad.example # and below\nKeyword Hot  Singles!\n[]\n\
                    path /tag/\n[spam] path /möbel\nkeyword 買う\nwww.worse.example\n";
        let cases = [
            ("https://bad.example/", "", Some("denied domain \"bad.example\" (adult)")),
            ("https://a.b.bad.example./", "", Some("denied domain \"bad.example\" (adult)")),
            ("https://notbad.example/", "", None),
            ("https://example/", "", None),
            ("https://www.worse.example/x", "", Some("denied domain \"www.worse.example\"")),
            ("https://worse.example/x", "", None),
            ("https://x.org/blog/tag/a", "", Some("denied path \"/tag/\"")),
            ("https://x.org/blog?p=/tag/", "", None),
            ("https://x.org/tags/", "", None),
            ("https://x.org/m%C3%B6bel.html", "", Some("denied path \"/m%C3%B6bel\" (spam)")),
            (
                "https://x.org/",
                "many HOT singles, here",
                Some("denied keyword \"hot singles\" (adult)"),
            ),
            ("https://x.org/", "hot single shot singles", None),
            ("https://x.org/", "今すぐ買うことができる", Some("denied keyword \"買う\"")),
            ("not an address", "hot singles", Some("denied keyword \"hot singles\" (adult)")),
        ];
        let policy = policy(deny, "");
        for (url, text, expected) in cases {
            assert_eq!(denied(&policy, url, text).as_deref(), expected, "{url} {text}");
        }
        // Title and text are two texts.
        let title = Some("so hot".to_owned());
        let document = Document { title, text: "singles".into(), ..Document::default() };
        assert_eq!(policy.denies("https://x.org/", "https://x.org/", &document), None);
        let moved = policy.denies("https://x.org/", "https://bad.example/", &Document::default());
        assert!(moved.is_some(), "where it was answered from counts too");
    }

    #[test]
    fn allow_wins_and_denies_nothing() {
        let exceptions =
            policy("domain example.org\nkeyword casino", "domain good.example.org\npath /review/");
        for (url, text, expected) in [
            ("https://example.org/", "", true),
            ("https://good.example.org/", "casino", false),
            ("https://x.example.org/review/1", "", false),
            ("https://other.example/", "", false),
            ("https://other.example/", "a casino", true),
        ] {
            assert_eq!(denied(&exceptions, url, text).is_some(), expected, "{url}");
        }
        assert_eq!(denied(&policy("", "domain example.org"), "https://other.example/", ""), None);
    }

    #[test]
    fn the_hash_names_what_counts() {
        assert_eq!(Policy::default().hash(), None);
        assert_eq!(policy("# nothing", "").hash(), None);
        let one = policy("domain a.org\nkeyword x y", "");
        assert_eq!(one.hash(), policy("# note\nkeyword  X Y\n\n domain A.org.", "").hash());
        let others = [
            policy("domain a.org", ""),
            policy("", "domain a.org\nkeyword x y"),
            policy("[spam]\ndomain a.org\nkeyword x y", ""),
            Policy::parse(&["de"], &[], &[]).expect("a policy"),
        ];
        for other in others {
            assert!(other.hash().is_some() && other.hash() != one.hash());
        }
        let languages = |tags: &[&str]| Policy::parse(tags, &[], &[]).expect("a policy").hash;
        assert_eq!(languages(&["de", "en-GB"]), languages(&["EN", "deu", "de"]));
    }

    #[test]
    fn languages_are_told_apart() {
        let wanted = |tags: &[&str]| Policy::parse(tags, &[], &[]).expect("a policy");
        assert!(!wanted(&[]).is_foreign("fr"));
        assert!(wanted(&["de", "en"]).is_foreign("fr"));
        assert!(!wanted(&["de-AT"]).is_foreign("de"));
        assert!(!wanted(&["no"]).is_foreign("nb"));
        let error = Policy::parse(&["de", "german!"], &[], &[]).expect_err("no language");
        assert_eq!(error.to_string(), "\"german!\" is not a language code such as de or en");
    }
}
