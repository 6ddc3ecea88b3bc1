//! What the settings say that nobody else may learn: headers of one's own, names and passwords,
//! tokens. They are sent to whom they are meant for and shown to nobody: not in `run.toml`, not in
//! a log, an error or a panic (HOSTILE 48). Every type here prints itself without them.
//!
//! Credentials belong to one origin, scheme and port included, so a redirect cannot carry them
//! elsewhere. Headers go to every host that is asked; those that would give a secret away by that
//! are refused.

use std::collections::HashMap;
use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::header::{
    ACCEPT_ENCODING, AUTHORIZATION, CONNECTION, CONTENT_LENGTH, COOKIE, EXPECT, FROM, HOST,
    HeaderMap, HeaderName, HeaderValue, IF_MATCH, IF_MODIFIED_SINCE, IF_NONE_MATCH, IF_RANGE,
    IF_UNMODIFIED_SINCE, PROXY_AUTHENTICATE, PROXY_AUTHORIZATION, RANGE, TE, TRAILER,
    TRANSFER_ENCODING, UPGRADE, USER_AGENT,
};
use serde::{Serialize, Serializer};
use url::Url;

use crate::target::{Origin, Target};

/// Most headers of one's own.
const HEADERS_MAX: usize = 64;
/// What they may be in all, in bytes.
const HEADER_BYTES_MAX: usize = 16 * 1024;
/// What stands where a secret was.
const HIDDEN: &str = "(hidden)";

/// A text that does not show itself.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Hides `text`.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text, for whom it is meant.
    pub(crate) fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(HIDDEN)
    }
}

/// Why a header or a credential of the settings cannot be used. None of them shows the secret.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SecretError {
    /// There is no colon, or no name before it.
    #[error("a header is written \"Name: value\"")]
    NoHeader,
    /// The name has characters that no header has.
    #[error("the name before the colon has characters that no header's name has")]
    NotAName,
    /// The header is not the user's to set.
    #[error("{name} cannot be set: {reason}")]
    Refused {
        /// The header.
        name: String,
        /// Why.
        reason: &'static str,
    },
    /// The value, or a token, cannot stand in a header.
    #[error("the value for {0} has characters that cannot be sent")]
    NotAValue(String),
    /// The credential names no host.
    #[error(
        "a credential is written HOST=SECRET: the host as it stands in the URLs, with :PORT where it is not the scheme's own, with http:// in front to send it without encryption"
    )]
    NoHost,
    /// A name without a password.
    #[error("the credential for {0} is written USER:PASSWORD")]
    NoPassword(String),
    /// There are too many of them.
    #[error(
        "there are more than {HEADERS_MAX} headers, or more than {HEADER_BYTES_MAX} bytes of them"
    )]
    TooMany,
}

/// A header that is sent with every request.
#[derive(Clone, PartialEq)]
pub struct RequestHeader {
    name: HeaderName,
    value: HeaderValue,
}

impl RequestHeader {
    /// A header from its name and value; one that the protocol, the decoder or another setting
    /// decides about is refused.
    pub fn new(name: &str, value: &str) -> Result<Self, SecretError> {
        let name = name.trim();
        if name.is_empty() {
            return Err(SecretError::NoHeader);
        }
        let name = name.parse::<HeaderName>().map_err(|_| SecretError::NotAName)?;
        if let Some(reason) = refusal(&name) {
            return Err(SecretError::Refused { name: name.to_string(), reason });
        }
        let mut value = HeaderValue::from_str(value.trim())
            .map_err(|_| SecretError::NotAValue(name.to_string()))?;
        value.set_sensitive(true);
        Ok(Self { name, value })
    }
}

/// Why a header is not the user's to set.
fn refusal(name: &HeaderName) -> Option<&'static str> {
    const HOP: &str = "it is between neighbours on the way, and the client decides about it";
    const BODY: &str = "requests have no body";
    const PART: &str = "pages are fetched whole";
    let hop_by_hop =
        [CONNECTION, TE, TRAILER, TRANSFER_ENCODING, UPGRADE, PROXY_AUTHENTICATE, EXPECT];
    if hop_by_hop.contains(name) || matches!(name.as_str(), "keep-alive" | "proxy-connection") {
        return Some(HOP);
    }
    if [RANGE, IF_RANGE].contains(name) {
        return Some(PART);
    }
    if [IF_NONE_MATCH, IF_MODIFIED_SINCE, IF_MATCH, IF_UNMODIFIED_SINCE].contains(name) {
        return Some("--base asks whether a page has changed");
    }
    let reason = match *name {
        HOST => "it follows from the URL",
        CONTENT_LENGTH => BODY,
        ACCEPT_ENCODING => "it says what the decoder knows",
        USER_AGENT => "--user-agent sets it",
        FROM => "--contact sets it",
        AUTHORIZATION => "it would go to every host; --auth and --bearer name the host",
        PROXY_AUTHORIZATION => "the proxy's name and password stand in --proxy",
        COOKIE => "it would go to every host; --cookies keeps the cookies of each",
        _ if name.as_str().starts_with("content-") => BODY,
        _ if name.as_str().starts_with("sec-") => "only browsers send it",
        _ => return None,
    };
    Some(reason)
}

impl fmt::Debug for RequestHeader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {HIDDEN}", self.name)
    }
}

impl Serialize for RequestHeader {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(&format_args!("{self:?}"))
    }
}

/// Puts `own` into the headers that every request has; one that is there already gives way.
pub(crate) fn add_headers(
    own: &[RequestHeader],
    headers: &mut HeaderMap,
) -> Result<(), SecretError> {
    let bytes: usize = own.iter().map(|h| h.name.as_str().len() + h.value.len() + 4).sum();
    if own.len() > HEADERS_MAX || bytes > HEADER_BYTES_MAX {
        return Err(SecretError::TooMany);
    }
    for header in own {
        headers.remove(&header.name);
    }
    for header in own {
        headers.append(header.name.clone(), header.value.clone());
    }
    Ok(())
}

/// What is sent to one origin alone.
#[derive(Clone, PartialEq)]
pub struct Credential {
    origin: Origin,
    scheme: &'static str,
    value: HeaderValue,
}

impl Credential {
    /// Name and password, as `user:password`, for `place`: `[SCHEME://]HOST[:PORT]`, https where
    /// no scheme is given.
    pub fn basic(place: &str, user_and_password: &str) -> Result<Self, SecretError> {
        let origin = origin_of(place)?;
        if !user_and_password.contains(':') {
            return Err(SecretError::NoPassword(shown(&origin)));
        }
        let coded = STANDARD.encode(user_and_password);
        Self::new(origin, "Basic", &coded)
    }

    /// A token for `place`; see [`basic`](Self::basic).
    pub fn bearer(place: &str, token: &str) -> Result<Self, SecretError> {
        let origin = origin_of(place)?;
        if token.trim().is_empty() {
            return Err(SecretError::NotAValue(shown(&origin)));
        }
        Self::new(origin, "Bearer", token.trim())
    }

    fn new(origin: Origin, scheme: &'static str, text: &str) -> Result<Self, SecretError> {
        let value = HeaderValue::from_str(&format!("{scheme} {text}"));
        let mut value = value.map_err(|_| SecretError::NotAValue(shown(&origin)))?;
        value.set_sensitive(true);
        Ok(Self { origin, scheme, value })
    }
}

fn origin_of(place: &str) -> Result<Origin, SecretError> {
    let place = place.trim();
    let full = if place.contains("://") { place.to_owned() } else { format!("https://{place}") };
    let url = Url::parse(&full).map_err(|_| SecretError::NoHost)?;
    let bare = url.path() == "/" && url.query().is_none() && url.fragment().is_none();
    let nobody = url.username().is_empty() && url.password().is_none();
    let target = Target::new(url).map_err(|_| SecretError::NoHost)?;
    if !bare || !nobody || target.origin.host.is_empty() {
        return Err(SecretError::NoHost);
    }
    Ok(target.origin)
}

fn shown(origin: &Origin) -> String {
    let scheme = if origin.https { "https" } else { "http" };
    format!("{scheme}://{}:{}", origin.host, origin.port)
}

impl fmt::Debug for Credential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} {HIDDEN}", shown(&self.origin), self.scheme)
    }
}

impl Serialize for Credential {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(&format_args!("{self:?}"))
    }
}

/// The credentials of all origins; of several for one, the last.
#[derive(Default)]
pub(crate) struct Credentials(HashMap<Origin, HeaderValue>);

impl Credentials {
    pub(crate) fn new(all: &[Credential]) -> Self {
        Self(all.iter().map(|one| (one.origin.clone(), one.value.clone())).collect())
    }

    /// What is sent to `origin`.
    pub(crate) fn of(&self, origin: &Origin) -> Option<&HeaderValue> {
        self.0.get(origin)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_that_are_not_the_users_are_refused_with_a_reason() {
        for name in [
            "Host",
            "content-length",
            "Transfer-Encoding",
            "Connection",
            "Keep-Alive",
            "Upgrade",
            "TE",
            "Expect",
            "Proxy-Authorization",
            "Range",
            "If-None-Match",
            "Accept-Encoding",
            "User-Agent",
            "Authorization",
            "Cookie",
            "Content-Type",
            "Sec-Fetch-Mode",
        ] {
            let error = RequestHeader::new(name, "s3cret").expect_err(name);
            assert!(matches!(error, SecretError::Refused { .. }), "{name}: {error}");
            assert!(!error.to_string().contains("s3cret"));
        }
        for (name, value) in [("", "x"), ("a b", "x"), ("X-\u{e9}", "x"), ("X-A", "s3c\nret")] {
            let error = RequestHeader::new(name, value).expect_err(name);
            assert!(!error.to_string().contains("s3c"), "{error}");
        }
        assert!(RequestHeader::new("Accept-Language", "de, en;q=0.5").is_ok());
    }

    #[test]
    fn own_headers_take_the_place_of_the_usual_ones() {
        let own = |name, value| RequestHeader::new(name, value).expect("a header");
        let mut headers = HeaderMap::new();
        headers.insert("accept", HeaderValue::from_static("usual"));
        let all = [own("Accept", "text/html"), own("X-A", "1"), own("X-A", "2")];
        add_headers(&all, &mut headers).expect("few headers");
        assert_eq!(headers.get("accept").map(HeaderValue::as_bytes), Some(&b"text/html"[..]));
        assert_eq!(headers.get_all("x-a").iter().count(), 2);
        let many = vec![own("X-A", "1"); HEADERS_MAX + 1];
        assert_eq!(add_headers(&many, &mut headers), Err(SecretError::TooMany));
    }

    #[test]
    fn credentials_are_for_one_origin_and_do_not_show_themselves() {
        let basic = Credential::basic("Example.org", "me:s3cret").expect("a credential");
        let token = Credential::bearer("http://127.0.0.1:81", "t0ken").expect("a credential");
        let all = Credentials::new(&[basic.clone(), token.clone()]);
        let of = |url: &str| {
            let target = Target::new(Url::parse(url).expect("a URL")).expect("a target");
            let value = all.of(&target.origin)?;
            Some(value.to_str().expect("text").to_owned())
        };
        assert_eq!(of("https://example.org/x?y"), Some("Basic bWU6czNjcmV0".to_owned()));
        assert_eq!(of("http://127.0.0.1:81/"), Some("Bearer t0ken".to_owned()));
        for other in [
            "http://example.org/",
            "https://example.org:8443/",
            "https://www.example.org/",
            "https://example.org.evil.example/",
            "http://127.0.0.1/",
            "https://127.0.0.1:81/",
        ] {
            assert_eq!(of(other), None, "{other}");
        }
        let header = RequestHeader::new("X-Key", "s3cret").expect("a header");
        let seen = format!("{basic:?} {token:?} {header:?} {:?}", Secret::new("s3cret"));
        let written = serde_json::to_string(&(&basic, &token, &header)).expect("plain values");
        for text in [seen, written] {
            for secret in ["s3cret", "t0ken", "bWU6"] {
                assert!(!text.contains(secret), "{text}");
            }
            assert!(text.contains("https://example.org:443 Basic"), "{text}");
        }
        for wrong in ["", "a/b", "user@host", "ftp://host", "host?x", "http://"] {
            assert!(Credential::bearer(wrong, "t").is_err(), "{wrong:?}");
        }
        assert!(Credential::basic("example.org", "s3cret").is_err());
        assert!(Credential::bearer("example.org", "s3\ncret").is_err());
    }
}
