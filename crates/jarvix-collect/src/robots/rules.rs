//! What a robots.txt says to Jarvix: a crate's parser behind a door of our own, and what it needs
//! before it reads.
//!
//! The crate was chosen by running the candidates over `cases.txt` (Google's published test cases,
//! written down anew): see `ARCHITECTURE.md` for the figures. Its one fault there is mended below.

use std::time::Duration;

use robotxt::Robots;
use url::Url;

use crate::settings::ROBOTS_TOKEN;

/// The rules for one robot.
#[derive(Debug)]
pub(super) struct Listed {
    robots: Robots,
    bytes: usize,
}

impl Listed {
    /// Reads a robots.txt, whatever stands in it.
    pub(super) fn read(text: &[u8]) -> Self {
        Self::read_for(ROBOTS_TOKEN, text)
    }

    fn read_for(agent: &str, text: &[u8]) -> Self {
        let robots = Robots::parse(&with_bare_names(text), agent);
        let rules = robots.rules().iter().map(|rule| size_of_val(rule) + rule.pattern().len());
        let bytes = rules.sum();
        Self { robots, bytes }
    }

    /// Whether `url` may be fetched.
    pub(super) fn allows(&self, url: &Url) -> bool {
        self.robots.is_url_allowed(url)
    }

    /// The time that it wants between two requests.
    pub(super) fn crawl_delay(&self) -> Option<Duration> {
        self.robots.crawl_delay()
    }

    /// About what it takes in memory.
    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }
}

/// The same text with every name of a robot cut after its letters: sites write `Jarvix/1.0` or
/// `Jarvix (+https://...)` where RFC 9309, 2.2.1, has a bare product token, and mean it.
fn with_bare_names(text: &[u8]) -> Vec<u8> {
    const NAME: &[u8] = b"user-agent";
    let mut out = Vec::with_capacity(text.len());
    for line in text.split_inclusive(|byte| matches!(byte, b'\n' | b'\r' | 0)) {
        let start = line.iter().position(|byte| !byte.is_ascii_whitespace()).unwrap_or(0);
        let named = line[start..].get(..NAME.len()).is_some_and(|n| n.eq_ignore_ascii_case(NAME));
        if !named {
            out.extend_from_slice(line);
            continue;
        }
        let value = &line[start + NAME.len()..];
        let is_name = |byte: &u8| byte.is_ascii_alphabetic() || b"_-*".contains(byte);
        let Some(first) = value.iter().position(is_name) else {
            out.extend_from_slice(line);
            continue;
        };
        let length = value[first..].iter().position(|byte| !is_name(byte));
        let end = length.map_or(value.len(), |length| first + length);
        out.extend_from_slice(&line[..start + NAME.len() + end]);
        out.push(b'\n');
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    const CASES: &str = include_str!("cases.txt");
    /// What Google does and the RFC leaves open, or decides otherwise, and we do not do: `index.html`
    /// is a file like any other, and needless escapes mean what they stand for (RFC 9309, 2.2.2).
    const OTHERWISE: [&str; 2] = [
        "index.html stands for its folder too (google)",
        "needless escapes do not match what they stand for (google)",
    ];

    #[derive(Default)]
    struct Case {
        about: String,
        text: String,
        /// Who asks, for what, and whether it is allowed.
        asks: Vec<(String, String, bool)>,
    }

    fn cases() -> Vec<Case> {
        let mut cases: Vec<Case> = Vec::new();
        let mut agent = String::new();
        for line in CASES.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
            let (mark, rest) = line.split_at(1);
            let rest = rest.strip_prefix(' ').unwrap_or(rest);
            if mark == "=" {
                cases.push(Case { about: rest.to_owned(), ..Case::default() });
            }
            let case = cases.last_mut().expect("a case begins with what it shows");
            match mark {
                "|" => {
                    let line = rest.replace("\\r", "\r").replace("\\ufeff", "\u{feff}");
                    case.text.push_str(&line);
                    case.text.push('\n');
                }
                "@" => agent = rest.to_owned(),
                "+" | "-" => case.asks.push((agent.clone(), rest.to_owned(), mark == "+")),
                _ => assert_eq!(mark, "=", "{line}"),
            }
        }
        cases
    }

    #[test]
    fn the_published_cases_hold() {
        let mut asked = 0;
        for case in cases() {
            let mut wrong = Vec::new();
            for (agent, url, allowed) in &case.asks {
                asked += 1;
                let listed = Listed::read_for(agent, case.text.as_bytes());
                if listed.allows(&Url::parse(url).expect("a URL")) != *allowed {
                    wrong.push(format!("{agent} at {url}"));
                }
            }
            let otherwise = OTHERWISE.contains(&case.about.as_str());
            assert_eq!(!wrong.is_empty(), otherwise, "{}: {wrong:#?}", case.about);
        }
        assert!(asked > 140, "{asked} questions");
    }

    #[test]
    fn names_may_carry_versions_and_remarks() {
        for name in ["jarvix", "Jarvix/1.0", "JARVIX (+https://x.org)", " jarvix # us", "jarvix\t"]
        {
            let text = format!("User-agent: {name}\nDisallow: /x\nUser-agent: *\nDisallow: /y\n");
            let listed = Listed::read(text.as_bytes());
            let allowed = |url: &str| listed.allows(&Url::parse(url).expect("a URL"));
            assert!(!allowed("https://x.org/x") && allowed("https://x.org/y"), "{name}");
        }
        let other = Listed::read(b"User-agent: jarvix-news\nDisallow: /\n");
        assert!(other.allows(&Url::parse("https://x.org/").expect("a URL")));
    }

    #[test]
    fn delays_are_read_and_nonsense_is_none() {
        let delay = |text: &str| {
            Listed::read(format!("User-agent: *\nCrawl-delay: {text}\n").as_bytes()).crawl_delay()
        };
        assert_eq!(delay("2"), Some(Duration::from_secs(2)));
        assert_eq!(delay("0.5"), Some(Duration::from_millis(500)));
        for text in ["", "soon", "-1", "NaN"] {
            assert_eq!(delay(text), None, "{text:?}");
        }
    }

    #[test]
    fn rules_made_to_be_slow_are_not() {
        let mut text = String::from("User-agent: *\n");
        for n in 0..2_000 {
            text.push_str(&format!("Disallow: /{}{n}$\n", "*a".repeat(60)));
        }
        let listed = Listed::read(text.as_bytes());
        let url = Url::parse(&format!("https://x.org/{}", "a".repeat(2_000))).expect("a URL");
        // What is exponential would not end before the runner ends it.
        assert!(listed.allows(&url));
        assert!(listed.bytes() > text.len() / 2 && listed.bytes() < text.len() * 4);
    }
}
