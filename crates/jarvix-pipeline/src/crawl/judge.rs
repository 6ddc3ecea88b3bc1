//! Which addresses are followed: those within the scope of the input that led there, that pass the
//! patterns, and whose path does not look like a trap. Pure; budgets that need a count are
//! admission's.

use std::collections::HashMap;
use std::net::IpAddr;

use jarvix_collect::scope::Filter;
use jarvix_core::{LeftOut, limits};
use url::Url;

use super::Reach;

/// Judges addresses.
#[derive(Debug)]
pub(super) struct Judge<'a> {
    reach: Reach,
    filter: &'a Filter,
}

/// What scopes are relative to, taken apart once for all links of a page.
#[derive(Debug)]
pub(super) struct Base {
    host: String,
    domain: String,
    folder: String,
}

impl Base {
    /// Of where an input ended; without a host nothing but `any` has it in scope.
    pub(super) fn of(seed: &str) -> Self {
        let url = Url::parse(seed).ok();
        let host = url.as_ref().and_then(Url::host_str).unwrap_or_default();
        let path = url.as_ref().map_or("/", Url::path);
        let folder = path.rfind('/').map_or("/", |end| &path[..=end]);
        Self {
            host: bare(host).to_owned(),
            domain: domain(host).to_owned(),
            folder: folder.to_owned(),
        }
    }
}

/// A host without `www.`, which means the same site nearly everywhere.
fn bare(host: &str) -> &str {
    match host.strip_prefix("www.") {
        Some(rest) if rest.contains('.') => rest,
        _ => host,
    }
}

/// The domain that someone registered; the host itself where there is none.
fn domain(host: &str) -> &str {
    let address = host.trim_start_matches('[').trim_end_matches(']');
    if address.parse::<IpAddr>().is_ok() {
        return host;
    }
    psl::domain_str(host).unwrap_or(host)
}

impl<'a> Judge<'a> {
    pub(super) fn new(reach: Reach, filter: &'a Filter) -> Self {
        Self { reach, filter }
    }

    /// Why `url`, a canonical address of a page, is left out.
    pub(super) fn refusal(&self, url: &str, base: &Base) -> Option<LeftOut> {
        let Ok(parsed) = Url::parse(url) else { return Some(LeftOut::NotWeb) };
        if !is_web(&parsed) {
            return Some(LeftOut::NotWeb);
        }
        if !self.is_in_scope(&parsed, base) {
            return Some(LeftOut::OutOfScope);
        }
        if self.filter.refusal(url).is_some() {
            return Some(LeftOut::Pattern);
        }
        trap(&parsed)
    }

    fn is_in_scope(&self, url: &Url, base: &Base) -> bool {
        let host = url.host_str().unwrap_or_default();
        match self.reach {
            Reach::Any => true,
            Reach::Domain => domain(host) == base.domain,
            Reach::Host => bare(host) == base.host,
            Reach::Prefix => bare(host) == base.host && url.path().starts_with(&base.folder),
        }
    }
}

/// Whether the collector may fetch it.
pub(super) fn is_web(url: &Url) -> bool {
    matches!(url.scheme(), "http" | "https") && url.has_host()
}

/// Whether the path looks like one that is made up without end.
fn trap(url: &Url) -> Option<LeftOut> {
    let length = url.path().len() + url.query().map_or(0, |query| query.len() + 1);
    if length > limits::CRAWL_PATH_BYTES_MAX {
        return Some(LeftOut::LongPath);
    }
    let mut count = 0;
    let mut seen: HashMap<&str, usize> = HashMap::new();
    for segment in url.path().split('/').filter(|segment| !segment.is_empty()) {
        count += 1;
        let times = seen.entry(segment).or_default();
        *times += 1;
        if *times > limits::CRAWL_SEGMENT_REPEATS_MAX {
            return Some(LeftOut::RepeatedSegments);
        }
    }
    (count > limits::CRAWL_SEGMENTS_MAX).then_some(LeftOut::DeepPath)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(reach: Reach, seed: &str, cases: &[(&str, Option<LeftOut>)]) {
        let filter =
            Filter { include: Vec::new(), exclude: vec!["\\.pdf$".parse().expect("a pattern")] };
        let judge = Judge::new(reach, &filter);
        let base = Base::of(seed);
        for (url, expected) in cases {
            assert_eq!(judge.refusal(url, &base), *expected, "{reach:?} {seed} {url}");
        }
    }

    const OUT: Option<LeftOut> = Some(LeftOut::OutOfScope);

    #[test]
    fn scopes_are_relative_to_the_seed() {
        check(
            Reach::Host,
            "https://www.example.co.uk/docs/intro",
            &[
                ("http://example.co.uk:8080/", None),
                ("https://www.example.co.uk/x", None),
                ("https://shop.example.co.uk/", OUT),
                ("https://example.co.uk.evil.example/", OUT),
                ("https://other.co.uk/", OUT),
            ],
        );
        check(
            Reach::Domain,
            "https://www.example.co.uk/",
            &[
                ("https://shop.example.co.uk/", None),
                ("https://other.co.uk/", OUT),
                ("https://notexample.co.uk/", OUT),
            ],
        );
        check(
            Reach::Prefix,
            "https://example.org/docs/intro.html",
            &[
                ("https://example.org/docs/", None),
                ("https://www.example.org/docs/a/b?c", None),
                ("https://example.org/docs", OUT),
                ("https://example.org/docs2/", OUT),
                ("https://b.example/docs/", OUT),
            ],
        );
        check(Reach::Any, "https://example.org/", &[("https://b.example/", None)]);
        // Addresses and names without a registered domain are their own domain.
        for seed in ["http://127.0.0.1:8080/", "http://localhost/", "http://[::1]/"] {
            check(Reach::Domain, seed, &[(seed, None), ("http://127.0.0.2/", OUT)]);
        }
        check(Reach::Host, "file:///pages/a.html", &[("https://example.org/", OUT)]);
    }

    #[test]
    fn patterns_and_schemes_are_looked_at() {
        check(
            Reach::Host,
            "https://example.org/",
            &[
                ("https://example.org/x.pdf", Some(LeftOut::Pattern)),
                ("file:///etc/passwd", Some(LeftOut::NotWeb)),
                ("data:text/html,x", Some(LeftOut::NotWeb)),
            ],
        );
    }

    #[test]
    fn paths_that_look_like_traps_are_left_out() {
        let of = |path: &str| format!("https://example.org{path}");
        let deep: String = (0..=limits::CRAWL_SEGMENTS_MAX).map(|n| format!("/{n}")).collect();
        check(
            Reach::Host,
            "https://example.org/",
            &[
                (&of("/a/b/a/b/a/b"), None),
                (&of("/a/b/a/b/a/b/a"), Some(LeftOut::RepeatedSegments)),
                (&of(&deep), Some(LeftOut::DeepPath)),
                (&of(&format!("/{}", "x".repeat(1_024))), Some(LeftOut::LongPath)),
                (&of(&format!("/?{}", "x".repeat(1_024))), Some(LeftOut::LongPath)),
            ],
        );
    }
}
