//! An address that may be asked: an `http` or `https` URL, taken apart once.

use std::sync::Arc;

use jarvix_core::{Outcome, canonicalise};
use url::{Host, Position, Url};

use crate::failure::Failure;

/// Whom a connection speaks to, and what robots.txt is asked for.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Origin {
    /// Whether it is `https`.
    pub(crate) https: bool,
    /// The host as it stands in the URL, IPv6 in brackets.
    pub(crate) host: Arc<str>,
    /// The port, the scheme's own where none is given.
    pub(crate) port: u16,
}

/// A URL that may be asked.
#[derive(Debug, Clone)]
pub(crate) struct Target {
    pub(crate) url: Url,
    pub(crate) origin: Origin,
}

impl Target {
    /// Takes `url` apart; anything but `http` and `https` is refused, on every hop.
    pub(crate) fn new(url: Url) -> Result<Self, Failure> {
        let https = match url.scheme() {
            "https" => true,
            "http" => false,
            other => {
                let reason = format!("{other}: only http and https are fetched");
                return Err(Failure::last(Outcome::SchemeDenied, reason));
            }
        };
        let host = url.host_str().unwrap_or_default();
        let port = url.port().unwrap_or(if https { 443 } else { 80 });
        let origin = Origin { https, host: Arc::from(host), port };
        Ok(Self { url, origin })
    }

    /// The same origin, another path.
    pub(crate) fn at_path(&self, path: &str) -> Self {
        let mut url = self.url.clone();
        url.set_path(path);
        url.set_query(None);
        Self { url, origin: self.origin.clone() }
    }

    /// Where `location`, as a server wrote it, leads from here; in canonical form, so that user
    /// names, passwords and fragments are gone.
    pub(crate) fn redirect(&self, location: &str) -> Result<Self, Failure> {
        let bad = |why: String| {
            let text: String = location.chars().take(200).collect();
            let reason = format!("the redirect to {text:?} leads nowhere: {why}");
            Failure::last(Outcome::Protocol, reason)
        };
        let joined = self.url.join(location).map_err(|error| bad(error.to_string()))?;
        let canonical = canonicalise(joined.as_str()).map_err(|error| bad(error.to_string()))?;
        Self::new(canonical.url().clone())
    }

    /// The host, as a name or an address.
    pub(crate) fn host(&self) -> Option<Host<&str>> {
        self.url.host()
    }

    /// Path and query, as they stand in a request.
    pub(crate) fn path_and_query(&self) -> &str {
        &self.url[Position::BeforePath..Position::AfterQuery]
    }

    /// Host, and port where it is not the scheme's own.
    pub(crate) fn authority(&self) -> &str {
        &self.url[Position::BeforeHost..Position::AfterPort]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn target(url: &str) -> Result<Target, Failure> {
        Target::new(Url::parse(url).expect("a URL"))
    }

    #[test]
    fn only_the_web_is_a_target() {
        for url in ["file:///etc/passwd", "data:text/html,x", "javascript:alert(1)", "ftp://x.org/"]
        {
            let failure = target(url).expect_err(url);
            assert_eq!(failure.outcome, Outcome::SchemeDenied, "{url}");
        }
        let there = target("https://example.org:8443/a?b=c").expect("a web address");
        assert_eq!(there.authority(), "example.org:8443");
        assert_eq!(there.path_and_query(), "/a?b=c");
        assert_eq!(
            there.at_path("/robots.txt").url.as_str(),
            "https://example.org:8443/robots.txt"
        );
    }

    #[test]
    fn redirects_are_vetted_like_any_address() {
        let from = target("https://example.org/a/b").expect("a web address");
        let to = |location: &str| from.redirect(location).map(|t| t.url.to_string());
        assert_eq!(to("../c#x").ok().as_deref(), Some("https://example.org/c"));
        assert_eq!(to("//user:pw@other.org/").ok().as_deref(), Some("https://other.org/"));
        assert_eq!(to("http://2130706433/").ok().as_deref(), Some("http://127.0.0.1/"));
        for location in ["file:///etc/passwd", "data:,x", "javascript:1", "http://", "http://[x"] {
            assert!(to(location).is_err(), "{location}");
        }
    }
}
