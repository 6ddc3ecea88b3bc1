//! What a crawl follows and how far: settings that say what a run is.

use std::fmt;

use jarvix_collect::scope::Filter;
use serde::{Deserialize, Serialize};

/// How far from the input that led there an address may lie. What is compared is where the input
/// ended after its redirects; scheme and port do not matter, and neither does a leading `www.`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reach {
    /// On the same host: what one calls a site, and the least that may surprise.
    #[default]
    Host,
    /// On a host of the same registered domain.
    Domain,
    /// On the same host, in the input's folder or below it.
    Prefix,
    /// Anywhere.
    Any,
}

/// Whether a wish of a page is followed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Heed {
    /// It is.
    #[default]
    Obey,
    /// It is not.
    Ignore,
}

/// What is followed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct CrawlSettings {
    /// Links between an input and the last pages that are fetched (`--depth`).
    pub depth: u32,
    /// How far from the input they may lie (`--scope`).
    #[serde(rename = "scope")]
    pub reach: Reach,
    /// Whether `rel=nofollow` and robots meta elements and headers are followed (`--nofollow`).
    pub nofollow: Heed,
    /// Whether a page that states another address as its own leads there and nowhere else
    /// (`--canonical`).
    pub canonical: Heed,
    /// Whether the sitemaps of the inputs' hosts are looked for (`--sitemaps`).
    pub sitemaps: bool,
    /// Whether anything may be a sitemap: looked for, or among the inputs.
    pub listings: bool,
    /// The inputs that were named as sitemaps (`--sitemap`).
    pub sitemap_inputs: Vec<String>,
    /// Patterns that addresses must and must not match; the run's own stand beside this.
    #[serde(skip)]
    pub filter: Filter,
}

impl Default for CrawlSettings {
    fn default() -> Self {
        Self {
            depth: 0,
            reach: Reach::default(),
            nofollow: Heed::Obey,
            // Wrong ones are common, and each would cost a page's links unseen.
            canonical: Heed::Ignore,
            sitemaps: false,
            listings: false,
            sitemap_inputs: Vec::new(),
            filter: Filter::default(),
        }
    }
}

impl CrawlSettings {
    /// Whether pages may lead to others.
    pub fn is_on(&self) -> bool {
        self.depth > 0 || self.listings
    }

    /// The settings that say what a run is, with their flags and values as one types them. What has
    /// no effect in a run without links is left out of it.
    pub fn identity(&self) -> Vec<(&'static str, String)> {
        let sitemaps = if self.sitemaps { "on" } else { "off" };
        let mut flags =
            vec![("--depth", self.depth.to_string()), ("--sitemaps", sitemaps.to_owned())];
        if self.is_on() {
            flags.push(("--scope", self.reach.to_string()));
            flags.push(("--nofollow", self.nofollow.to_string()));
            flags.push(("--canonical", self.canonical.to_string()));
        }
        flags
    }
}

impl fmt::Display for Reach {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Host => "host",
            Self::Domain => "domain",
            Self::Prefix => "prefix",
            Self::Any => "any",
        })
    }
}

impl fmt::Display for Heed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Obey => "obey",
            Self::Ignore => "ignore",
        })
    }
}
