//! How an address came into a run: as an input, or found on the way. Three closed lists: what an
//! address is read as, how one page leads to another, and why an address that was found is left
//! out.

use std::fmt;

use serde::{Deserialize, Serialize};

/// How an address came into the run.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Found {
    /// What it is read as.
    pub role: Role,
    /// Links between it and an input: 0 for inputs and for what their sitemaps list. For sitemaps:
    /// how many other sitemaps lead to it.
    pub level: u32,
    /// Canonical URL of the page that led to it; `None` for inputs.
    pub on: Option<String>,
    /// Where the input at the beginning of its way ended after redirects: what the scope of a crawl
    /// is relative to. `None` for inputs.
    pub seed: Option<String>,
}

macro_rules! words {
    (
        $(#[$about:meta])* $name:ident;
        $($(#[$mark:meta])* $variant:ident $word:literal $doc:literal;)*
    ) => {
        $(#[$about])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub enum $name {
            $(#[doc = $doc] $(#[$mark])* $variant,)*
        }

        impl $name {
            /// All of them, in the order in which they are shown.
            pub const ALL: &[Self] = &[$(Self::$variant,)*];

            /// The word in datasets and reports.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word,)* }
            }

            /// One sentence for people.
            pub const fn about(self) -> &'static str {
                match self { $(Self::$variant => $doc,)* }
            }

            /// Reads what [`as_str`](Self::as_str) wrote.
            pub fn parse(text: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|word| word.as_str() == text)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }
    };
}

words! {
    /// What an address is read as.
    #[derive(Default)]
    Role;
    #[default]
    Page "page" "A page.";
    Robots "robots" "A robots.txt, read for the sitemaps that it names.";
    Sitemap "sitemap" "A sitemap, read for the addresses that it lists.";
}

words! {
    /// How one address leads to another.
    LinkKind;
    Anchor "anchor" "A link of a page.";
    Canonical "canonical" "The address that a page states as its own, if it is another one.";
    Sitemap "sitemap" "A sitemap that a robots.txt or another sitemap names.";
    Listed "listed" "An address that a sitemap lists.";
}

words! {
    /// Why an address that was found is not fetched.
    LeftOut;
    Nofollow "nofollow" "The page asks not to follow the link (--nofollow ignore follows it).";
    OutOfScope "out_of_scope" "It lies outside the scope of the input that led there (--scope).";
    Pattern "pattern" "It does not pass --include and --exclude.";
    NotWeb "not_web" "It is no http or https address.";
    LongPath "long_path" "Its path is longer than a crawl follows: a trap, most likely.";
    DeepPath "deep_path" "Its path has more segments than a crawl follows: a trap, most likely.";
    RepeatedSegments "repeated_segments" "A segment of its path repeats too often: a trap, most likely.";
    QueryVariants "query_variants" "Its path has been found with too many queries (--crawl-query-variants).";
    HostBudget "host_budget" "Too many pages were found on its host (--crawl-pages-per-host).";
    SitemapBudget "sitemap_budget" "A sitemap too many on its host, or too deep below other sitemaps.";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_distinct_and_read_back() {
        for role in Role::ALL {
            assert_eq!(Role::parse(role.as_str()), Some(*role));
        }
        for kind in LinkKind::ALL {
            assert_eq!(LinkKind::parse(kind.as_str()), Some(*kind));
        }
        for cause in LeftOut::ALL {
            assert_eq!(LeftOut::parse(cause.as_str()), Some(*cause));
        }
        assert_eq!(Found::default().role, Role::Page);
    }
}
