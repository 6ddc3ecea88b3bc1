//! Articles made up from a seed, for tests and benchmarks that have no corpus at hand. The same
//! seed and number give the same page, down to the byte, on every machine.

use std::fmt::Write;

use jarvix_core::Entropy;
use jarvix_core::env::SeededEntropy;

/// Words that the articles are made of; with stop words in a natural share, so that a quality rule
/// takes them for English.
const WORDS: &[&str] = &[
    "the", "of", "and", "a", "in", "to", "is", "that", "with", "for", "as", "on", "water",
    "garden", "harbour", "winter", "market", "engine", "letter", "mountain", "copper", "signal",
    "window", "season", "paper", "river", "village", "bridge", "measure", "careful", "narrow",
    "quiet", "evening", "station", "machine", "pattern", "weather", "history", "number", "student",
    "kitchen", "orchard", "railway", "compass", "library", "morning", "surface", "common", "early",
    "simple", "certain", "between", "without", "another", "against", "carried", "found", "follows",
    "remains", "becomes", "returned", "counted", "opened", "crossed",
];

/// Made-up articles: page `n` is a function of the seed, the size and `n`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Generated {
    /// How many distinct pages there are.
    pub pages: u64,
    /// About how many bytes of HTML a page has.
    pub bytes: usize,
    /// Where the dice begin.
    pub seed: u64,
}

impl Default for Generated {
    fn default() -> Self {
        Self { pages: 1_000, bytes: 8 * 1024, seed: 1 }
    }
}

impl Generated {
    /// The name of page `n`, as it stands in URLs.
    pub fn name(&self, n: u64) -> String {
        format!("{:06}.html", n % self.pages.max(1))
    }

    /// The page that [`name`](Self::name) names; `None` for any other name.
    pub fn page(&self, name: &str) -> Option<String> {
        let digits = name.strip_suffix(".html")?;
        if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
            return None;
        }
        let n: u64 = digits.parse().ok()?;
        (n < self.pages && self.name(n) == name).then(|| self.html(n))
    }

    fn html(&self, n: u64) -> String {
        let dice = SeededEntropy::new(self.seed ^ n.wrapping_mul(0x9E37_79B9_7F4A_7C15));
        let title = sentence(&dice, 5);
        let title = title.trim_end_matches('.');
        let mut html = String::with_capacity(self.bytes + 1024);
        let written = write!(
            html,
            "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\
             <title>{title} ({n})</title>\n<meta name=\"author\" content=\"Author {author}\">\
             <meta property=\"article:published_time\" content=\"2025-{month:02}-{day:02}\">\n\
             </head><body><nav><a href=\"/{next}\">Next</a></nav>\n<article><h1>{title}</h1>\n",
            author = dice.next_u64() % 100,
            month = 1 + dice.next_u64() % 12,
            day = 1 + dice.next_u64() % 28,
            next = self.name(n + 1),
        );
        debug_assert!(written.is_ok(), "writing to memory cannot fail");
        while html.len() < self.bytes {
            html.push_str("<p>");
            for _ in 0..3 + dice.next_u64() % 4 {
                html.push_str(&sentence(&dice, 8 + (dice.next_u64() % 14) as usize));
                html.push(' ');
            }
            html.push_str("</p>\n");
        }
        html.push_str("</article></body></html>\n");
        html
    }
}

fn sentence(dice: &SeededEntropy, words: usize) -> String {
    let mut text = String::with_capacity(words * 8);
    for i in 0..words {
        if i > 0 {
            text.push(' ');
        }
        text.push_str(WORDS[(dice.next_u64() % WORDS.len() as u64) as usize]);
    }
    if let Some(first) = text.get_mut(..1) {
        first.make_ascii_uppercase();
    }
    text.push('.');
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_is_a_function_of_its_number() {
        let pages = Generated { pages: 20, bytes: 4_000, seed: 7 };
        let page = pages.page("000003.html").expect("page 3");
        assert_eq!(Some(&page), pages.page(&pages.name(3)).as_ref());
        assert_ne!(Some(&page), pages.page("000004.html").as_ref());
        assert!((4_000..6_000).contains(&page.len()), "{} bytes", page.len());
        for other in ["000020.html", "3.html", "x.html", "000003.htm", "+00003.html"] {
            assert_eq!(pages.page(other), None, "{other}");
        }
    }
}
