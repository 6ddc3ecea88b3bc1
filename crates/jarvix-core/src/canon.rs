//! The canonical form of a URL: what makes two spellings one row.
//!
//! Parsing is WHATWG's (the `url` crate); on top of it user names, passwords, fragments, default
//! ports, a trailing dot of the host, needless percent-escapes and well-known tracking parameters
//! go. Order and repetition of the other query parameters stay: servers may care. The result is
//! idempotent: the canonical form of a canonical form is itself (proptest below).

use url::{ParseError, Url};

use crate::limits;

/// A URL in canonical form, with the parts that others ask for.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct CanonicalUrl {
    url: Url,
}

/// Why a text is not a usable URL. The display form is the reject's reason.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CanonError {
    /// Nothing there.
    #[error("the URL is empty")]
    Empty,
    /// Longer than [`limits::URL_BYTES_MAX`].
    #[error("the URL is {bytes} bytes long; the limit is {max}", max = limits::URL_BYTES_MAX)]
    TooLong {
        /// Length of the text in bytes.
        bytes: usize,
    },
    /// A control character inside (NUL, CR, LF, tab, ...).
    #[error("the URL contains a control character")]
    Control,
    /// WHATWG's parser refused it.
    #[error("not a URL: {reason}")]
    Syntax {
        /// What is wrong with it.
        reason: String,
    },
}

impl CanonicalUrl {
    /// The canonical text.
    pub fn as_str(&self) -> &str {
        self.url.as_str()
    }

    /// The parsed form.
    pub fn url(&self) -> &Url {
        &self.url
    }

    /// The scheme, lower case.
    pub fn scheme(&self) -> &str {
        self.url.scheme()
    }

    /// Whether the collector may fetch it (http or https).
    pub fn is_web(&self) -> bool {
        matches!(self.url.scheme(), "http" | "https")
    }

    /// The host, lower case and in ASCII form; empty where the scheme has none.
    pub fn host(&self) -> &str {
        self.url.host_str().unwrap_or("")
    }
}

/// Query parameters that only say where a visitor came from. A trailing `*` is a prefix.
const TRACKING_PARAMETERS: &[&str] = &[
    "utm_*",
    "gclid",
    "gclsrc",
    "dclid",
    "gbraid",
    "wbraid",
    "fbclid",
    "msclkid",
    "yclid",
    "twclid",
    "ttclid",
    "igshid",
    "li_fat_id",
    "mc_cid",
    "mc_eid",
    "mkt_tok",
    "_hsenc",
    "_hsmi",
    "vero_id",
    "oly_anon_id",
    "oly_enc_id",
    "s_cid",
    "rb_clickid",
    "srsltid",
    "_openstat",
];

fn is_tracking(name: &str) -> bool {
    TRACKING_PARAMETERS.iter().any(|rule| match rule.strip_suffix('*') {
        Some(prefix) => {
            name.get(..prefix.len()).is_some_and(|start| start.eq_ignore_ascii_case(prefix))
        }
        None => name.eq_ignore_ascii_case(rule),
    })
}

/// The canonical form of `text`.
///
/// A text without a scheme that looks like a host (`example.org/page`) is taken as `https`.
/// Errors: see [`CanonError`]; any scheme that parses is accepted here, the collector decides
/// which it fetches.
pub fn canonicalise(text: &str) -> Result<CanonicalUrl, CanonError> {
    let text = text.trim_matches(|c: char| c.is_whitespace());
    if text.is_empty() {
        return Err(CanonError::Empty);
    }
    if text.len() > limits::URL_BYTES_MAX {
        return Err(CanonError::TooLong { bytes: text.len() });
    }
    if text.chars().any(char::is_control) {
        return Err(CanonError::Control);
    }
    let with_scheme;
    let text = if looks_like_bare_host(text) {
        with_scheme = format!("https://{text}");
        &with_scheme
    } else {
        text
    };
    let mut url = parse(text)?;
    // Most lists hold URLs that need nothing done; this is what admission's speed hangs on.
    if is_normal(&url) {
        return fitting(url);
    }
    // Undoing an escape can make a new one (`%2%65`), and what the parser writes it may read
    // otherwise (`file://host///c:/`). Nearly every round makes the text shorter.
    for _ in 0..text.len() + ROUNDS_BESIDE {
        let next = normalise(&url)?;
        if next.as_str() == url.as_str() {
            return fitting(url);
        }
        url = next;
    }
    Err(CanonError::Syntax { reason: "it has no canonical form".to_owned() })
}

/// Rounds of normalising beyond one for each byte.
const ROUNDS_BESIDE: usize = 8;

fn fitting(url: Url) -> Result<CanonicalUrl, CanonError> {
    if url.as_str().len() > limits::URL_BYTES_MAX {
        return Err(CanonError::TooLong { bytes: url.as_str().len() });
    }
    Ok(CanonicalUrl { url })
}

/// Whether [`normalise`] would leave `url` as it is; false is always a safe answer.
fn is_normal(url: &Url) -> bool {
    let kept = |query: &str| {
        !query.contains('%')
            && query
                .split('&')
                .all(|pair| !pair.is_empty() && !is_tracking(pair.split('=').next().unwrap_or("")))
    };
    matches!(url.scheme(), "http" | "https")
        && url.fragment().is_none()
        && url.username().is_empty()
        && url.password().is_none()
        && url.domain().is_none_or(|domain| !domain.ends_with('.'))
        && !url.path().contains('%')
        && url.query().is_none_or(kept)
}

fn parse(text: &str) -> Result<Url, CanonError> {
    Url::parse(text).map_err(refused)
}

/// What is wrong, in the words of whoever wrote the list.
fn refused(error: ParseError) -> CanonError {
    let reason = match error {
        ParseError::RelativeUrlWithoutBase | ParseError::RelativeUrlWithCannotBeABaseBase => {
            "it has no scheme such as https:// and does not begin with a host"
        }
        ParseError::EmptyHost => "it names no host",
        ParseError::IdnaError => "its host is no valid name",
        ParseError::InvalidDomainCharacter => "its host has a character that no name has",
        ParseError::InvalidPort => "its port is no number up to 65535",
        ParseError::InvalidIpv4Address => "its host is no valid IPv4 address",
        ParseError::InvalidIpv6Address => "its host is no valid IPv6 address",
        other => return CanonError::Syntax { reason: other.to_string() },
    };
    CanonError::Syntax { reason: reason.to_owned() }
}

/// `example.org`, `example.org:8080/x`: a dotted name with a letter at its end, no scheme.
fn looks_like_bare_host(text: &str) -> bool {
    let host_end = text.find(['/', '?', '#']).unwrap_or(text.len());
    let (host, port) = match text[..host_end].split_once(':') {
        Some((host, port)) => (host, port),
        None => (&text[..host_end], "0"),
    };
    let labels_fit = host.split('.').all(|label| {
        !label.is_empty() && label.chars().all(|c| c.is_alphanumeric() || c == '-' || c == '_')
    });
    host.contains('.')
        && labels_fit
        && host.chars().last().is_some_and(char::is_alphabetic)
        && !port.is_empty()
        // Spaces before a fragment go with it, and what is left would look like a host.
        && port.trim_end_matches(' ').bytes().all(|b| b.is_ascii_digit())
}

fn normalise(url: &Url) -> Result<Url, CanonError> {
    let mut url = url.clone();
    url.set_fragment(None);
    // These setters fail only for URLs without a host.
    if !url.has_host() || url.set_username("").is_err() || url.set_password(None).is_err() {
        return parse(url.as_str());
    }
    if let Some(name) = url.domain().and_then(|d| d.strip_suffix('.')).map(str::to_owned)
        && !name.is_empty()
    {
        url.set_host(Some(&name)).map_err(refused)?;
    }
    let path = unescape_unreserved(url.path());
    url.set_path(&path);
    let query = url.query().map(|query| {
        let kept: Vec<&str> = query
            .split('&')
            .filter(|pair| !pair.is_empty() && !is_tracking(pair.split('=').next().unwrap_or("")))
            .collect();
        unescape_unreserved(&kept.join("&"))
    });
    url.set_query(query.as_deref().filter(|q| !q.is_empty()));
    parse(url.as_str())
}

/// RFC 3986, 6.2.2: escapes of unreserved characters are undone, the others in upper case.
fn unescape_unreserved(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut i = 0;
    while i < bytes.len() {
        let escape = bytes.get(i + 1..i + 3).filter(|_| bytes[i] == b'%');
        let value = escape
            .and_then(|hex| std::str::from_utf8(hex).ok())
            .filter(|hex| hex.bytes().all(|b| b.is_ascii_hexdigit()))
            .and_then(|hex| u8::from_str_radix(hex, 16).ok());
        match value {
            Some(b) if b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b'_' | b'~') => {
                out.push(b);
                i += 3;
            }
            Some(_) => {
                out.push(b'%');
                out.extend(bytes[i + 1..i + 3].iter().map(u8::to_ascii_uppercase));
                i += 3;
            }
            None => {
                out.push(bytes[i]);
                i += 1;
            }
        }
    }
    // Only ASCII was put in place of ASCII, so this is still UTF-8.
    String::from_utf8_lossy(&out).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn canon(text: &str) -> String {
        canonicalise(text).map_or_else(|e| format!("error: {e}"), |u| u.as_str().to_owned())
    }

    #[test]
    fn spellings_of_one_page_are_one() {
        let cases = [
            ("HTTP://Example.ORG:80/a/../b?utm_source=x&q=1#top", "http://example.org/b?q=1"),
            ("https://user:secret@example.org/", "https://example.org/"),
            ("https://example.org./x", "https://example.org/x"),
            ("https://example.org/%7euser/%41%2f", "https://example.org/~user/A%2F"),
            ("https://example.org/a/%2e%2e/b", "https://example.org/b"),
            ("https://example.org?", "https://example.org/"),
            ("https://example.org/?fbclid=1", "https://example.org/"),
            ("https://example.org/?b=2&a=1&b=2", "https://example.org/?b=2&a=1&b=2"),
            ("example.org/page", "https://example.org/page"),
            ("http://bücher.example/", "http://xn--bcher-kva.example/"),
            ("http://2130706433/", "http://127.0.0.1/"),
            ("http://0x7f.1/", "http://127.0.0.1/"),
            ("http://0177.0.0.1/", "http://127.0.0.1/"),
        ];
        for (text, expected) in cases {
            assert_eq!(canon(text), expected, "{text}");
        }
    }

    #[test]
    fn what_is_not_a_url_is_refused_with_a_reason() {
        for text in ["", "  ", "http://", "nonsense", "http://a b/", "http://x/\0", "http://[::1"] {
            assert!(canonicalise(text).is_err(), "{text:?} gave {}", canon(text));
        }
        let long = format!("http://x.org/{}", "a".repeat(limits::URL_BYTES_MAX));
        assert!(matches!(canonicalise(&long), Err(CanonError::TooLong { .. })));
    }

    proptest! {
        #[test]
        fn canonical_is_idempotent(text in "(https?://)?[a-zA-Z0-9.@:-]{1,20}(/[ -~]{0,40})?(\\?[ -~]{0,40})?") {
            if let Ok(first) = canonicalise(&text) {
                let second = canonicalise(first.as_str()).map_err(|e| TestCaseError::fail(e.to_string()))?;
                prop_assert_eq!(first.as_str(), second.as_str());
            }
        }

        #[test]
        fn what_is_taken_as_normal_is(text in "https?://[a-zA-Z0-9.@:-]{1,20}(/[ -~]{0,40})?(\\?[ -~]{0,40})?") {
            if let Ok(url) = Url::parse(&text)
                && is_normal(&url)
            {
                let slow = normalise(&url).map_err(|e| TestCaseError::fail(e.to_string()))?;
                prop_assert_eq!(slow.as_str(), url.as_str());
            }
        }

        #[test]
        fn no_text_makes_it_panic(text in "\\PC{0,80}") {
            drop(canonicalise(&text));
        }
    }
}
