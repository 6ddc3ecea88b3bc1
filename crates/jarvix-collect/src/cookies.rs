//! Cookies (`--cookies`), as far as a fetcher needs RFC 6265: kept per site for one session, sent
//! back by domain, path, scheme and age, and never shown to anyone else. A server cannot set them
//! for a public suffix, for somebody else's domain, or `Secure` ones without encryption.
//!
//! Bounded in cookies per site, bytes of each, and bytes and sites in all; the sites that were not
//! asked for longest are forgotten first.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use http::HeaderValue;
use http::header::{HeaderMap, SET_COOKIE};
use jarvix_core::Clock;
use url::{Host, Url};

mod date;
use date::parse_date;

/// Cookies of one site.
const COOKIES_PER_SITE_MAX: usize = 50;
/// Name and value of one cookie, in bytes.
const COOKIE_BYTES_MAX: usize = 4096;
/// Longest domain or path of one, in bytes.
const ATTRIBUTE_BYTES_MAX: usize = 1024;
/// The `Cookie` header of one request, in bytes.
const HEADER_BYTES_MAX: usize = 16 * 1024;
/// `Set-Cookie` headers of one answer that are looked at.
const SET_PER_ANSWER_MAX: usize = 50;
/// Sites that are remembered.
const SITES_MAX: usize = 20_000;
/// What all cookies take, in bytes.
const BYTES_MAX: usize = 16 * 1024 * 1024;
/// What a cookie takes besides its texts.
const COOKIE_OVERHEAD: usize = 128;

/// The cookies of all sites.
pub(crate) struct Jar {
    sites: Mutex<Sites>,
    clock: Arc<dyn Clock>,
}

#[derive(Default)]
struct Sites {
    by_name: HashMap<String, Site>,
    bytes: usize,
    uses: u64,
}

#[derive(Default)]
struct Site {
    cookies: Vec<Cookie>,
    used: u64,
}

struct Cookie {
    name: String,
    value: String,
    domain: String,
    /// Whether only exactly `domain` gets it.
    host_only: bool,
    path: String,
    secure: bool,
    /// When it ends, microseconds since 1970-01-01 UTC; `None` with the session.
    expires_us: Option<i64>,
}

impl Cookie {
    fn bytes(&self) -> usize {
        COOKIE_OVERHEAD
            + [&self.name, &self.value, &self.domain, &self.path]
                .map(String::len)
                .iter()
                .sum::<usize>()
    }

    fn is_over(&self, now_us: i64) -> bool {
        self.expires_us.is_some_and(|end| end <= now_us)
    }

    fn is_for(&self, url: &Url, host: &str) -> bool {
        let domain =
            if self.host_only { host == self.domain } else { is_under(host, &self.domain) };
        domain && path_matches(url.path(), &self.path) && (!self.secure || url.scheme() == "https")
    }
}

impl Jar {
    pub(crate) fn new(clock: Arc<dyn Clock>) -> Self {
        Self { sites: Mutex::default(), clock }
    }

    /// The `Cookie` header for `url`, if there is anything to send.
    pub(crate) fn header(&self, url: &Url) -> Option<HeaderValue> {
        let host = url.host_str()?;
        let now_us = self.clock.now_us();
        let mut sites = self.lock();
        sites.uses += 1;
        let uses = sites.uses;
        let site = sites.by_name.get_mut(site_of(url)?)?;
        site.used = uses;
        let mut fitting: Vec<&Cookie> = site
            .cookies
            .iter()
            .filter(|cookie| !cookie.is_over(now_us) && cookie.is_for(url, host))
            .collect();
        // Longer paths first, and else as they came (RFC 6265, 5.4).
        fitting.sort_by_key(|cookie| std::cmp::Reverse(cookie.path.len()));
        let mut text = String::new();
        for cookie in fitting {
            if text.len() + cookie.name.len() + cookie.value.len() + 3 > HEADER_BYTES_MAX {
                break;
            }
            if !text.is_empty() {
                text.push_str("; ");
            }
            text.push_str(&cookie.name);
            text.push('=');
            text.push_str(&cookie.value);
        }
        drop(sites);
        let mut value = HeaderValue::from_str(&text).ok().filter(|value| !value.is_empty())?;
        value.set_sensitive(true);
        Some(value)
    }

    /// Takes in what an answer of `url` sets.
    pub(crate) fn take_in(&self, url: &Url, headers: &HeaderMap) {
        for value in headers.get_all(SET_COOKIE).iter().take(SET_PER_ANSWER_MAX) {
            let now_us = self.clock.now_us();
            let cookie = value.to_str().ok().and_then(|text| read(text, url, now_us));
            if let (Some(cookie), Some(site)) = (cookie, site_of(url)) {
                self.lock().put(site, cookie, now_us);
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, Sites> {
        self.sites.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Sites {
    fn put(&mut self, name: &str, cookie: Cookie, now_us: i64) {
        self.uses += 1;
        let uses = self.uses;
        if !self.by_name.contains_key(name) {
            self.by_name.insert(name.to_owned(), Site::default());
        }
        let Some(site) = self.by_name.get_mut(name) else { return };
        site.used = uses;
        let before: usize = site.cookies.iter().map(Cookie::bytes).sum();
        site.put(cookie, now_us);
        let after: usize = site.cookies.iter().map(Cookie::bytes).sum();
        self.bytes = self.bytes + after - before;
        if self.bytes > BYTES_MAX || self.by_name.len() > SITES_MAX {
            self.forget_half();
        }
    }

    /// Drops the half that was not used for longest: rarely, so that it may look at everything.
    fn forget_half(&mut self) {
        let mut uses: Vec<u64> = self.by_name.values().map(|site| site.used).collect();
        let middle = uses.len() / 2;
        let (_, median, _) = uses.select_nth_unstable(middle);
        let median = *median;
        self.by_name.retain(|_, site| site.used > median);
        let sites = self.by_name.values();
        self.bytes = sites.flat_map(|site| &site.cookies).map(Cookie::bytes).sum();
    }
}

impl Site {
    fn put(&mut self, cookie: Cookie, now_us: i64) {
        let same = |old: &Cookie| {
            old.name == cookie.name && old.domain == cookie.domain && old.path == cookie.path
        };
        match self.cookies.iter().position(same) {
            Some(at) if cookie.is_over(now_us) => drop(self.cookies.remove(at)),
            // It keeps its place: the order is that of creation.
            Some(at) => self.cookies[at] = cookie,
            None if cookie.is_over(now_us) => {}
            None => {
                self.cookies.retain(|old| !old.is_over(now_us));
                if self.cookies.len() >= COOKIES_PER_SITE_MAX {
                    self.cookies.remove(0);
                }
                self.cookies.push(cookie);
            }
        }
    }
}

/// Who shares cookies with the host of `url`: the name below the public suffix, else itself.
fn site_of(url: &Url) -> Option<&str> {
    let host = url.host_str()?;
    match url.host()? {
        Host::Domain(name) => Some(psl::domain_str(name).unwrap_or(host)),
        Host::Ipv4(_) | Host::Ipv6(_) => Some(host),
    }
}

fn is_under(host: &str, domain: &str) -> bool {
    host.strip_suffix(domain).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
}

/// RFC 6265, 5.1.4.
fn path_matches(path: &str, of_cookie: &str) -> bool {
    match path.strip_prefix(of_cookie) {
        Some(rest) => rest.is_empty() || of_cookie.ends_with('/') || rest.starts_with('/'),
        None => false,
    }
}

fn default_path(path: &str) -> &str {
    match path.rfind('/') {
        None | Some(0) => "/",
        Some(at) => &path[..at],
    }
}

/// Reads one `Set-Cookie` of an answer of `url`; `None` if the cookie is not to be kept
/// (RFC 6265, 5.2 and 5.3).
fn read(text: &str, url: &Url, now_us: i64) -> Option<Cookie> {
    let mut parts = text.split(';');
    let (name, value) = parts.next()?.split_once('=')?;
    let (name, value) = (name.trim(), value.trim());
    let too_long = name.len() + value.len() > COOKIE_BYTES_MAX;
    if name.is_empty() || too_long || text.bytes().any(|b| b.is_ascii_control() && b != b'\t') {
        return None;
    }
    let host = url.host_str()?;
    let (mut domain, mut path) = (None, None);
    let (mut secure, mut max_age, mut expires) = (false, None, None);
    for part in parts {
        let (key, value) = part.split_once('=').unwrap_or((part, ""));
        let value = value.trim();
        match key.trim().to_ascii_lowercase().as_str() {
            "secure" => secure = true,
            "domain" => {
                domain = Some(value.strip_prefix('.').unwrap_or(value).to_ascii_lowercase())
            }
            "path" => path = Some(value).filter(|path| path.starts_with('/')),
            "max-age" => max_age = seconds(value).or(max_age),
            "expires" => expires = parse_date(value).or(expires),
            _ => {}
        }
    }
    let (domain, host_only) = match domain.filter(|domain| !domain.is_empty()) {
        None => (host.to_owned(), true),
        Some(domain) if domain == host => (domain, is_alone(url)),
        Some(domain) if is_alone(url) || is_public(&domain) || !is_under(host, &domain) => {
            return None;
        }
        Some(domain) => (domain, false),
    };
    let path = path.unwrap_or_else(|| default_path(url.path()));
    let https = url.scheme() == "https";
    let promised = !name.starts_with("__Secure-") || secure;
    let bound = !name.starts_with("__Host-") || (secure && host_only && path == "/");
    if (secure && !https) || !promised || !bound || path.len() + domain.len() > ATTRIBUTE_BYTES_MAX
    {
        return None;
    }
    let expires_us = match max_age {
        Some(seconds) if seconds <= 0 => Some(i64::MIN),
        Some(seconds) => Some(now_us.saturating_add(seconds.saturating_mul(1_000_000))),
        None => expires,
    };
    let (name, value, path) = (name.to_owned(), value.to_owned(), path.to_owned());
    Some(Cookie { name, value, domain, host_only, path, secure, expires_us })
}

/// Seconds with any number of digits, perhaps negative; `None` if it is no number.
fn seconds(text: &str) -> Option<i64> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let number = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit());
    let limit = if text.starts_with('-') { i64::MIN } else { i64::MAX };
    number.then(|| text.parse().unwrap_or(limit))
}

/// Whether the host has nobody to share cookies with: an address, or a public suffix itself.
fn is_alone(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => is_public(name),
        _ => true,
    }
}

fn is_public(domain: &str) -> bool {
    psl::suffix_str(domain) == Some(domain)
}

#[cfg(test)]
mod tests;
