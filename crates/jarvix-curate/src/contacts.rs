//! How to reach whoever is behind a page: addresses for mail and telephone, and profiles on social
//! networks, from its links and its structured data.
//!
//! What it refuses to do: look for addresses in running text (the PII signals count those), or take
//! a link that shares the page for a profile.

use serde_json::Value;
use url::Url;

use crate::sources::Sources;
use crate::structured::{Structured, has_type};
use crate::tree::{Kind, Name, Tree};

/// What is kept of each.
const EACH_MAX: usize = 20;
const ADDRESS_BYTES_MAX: usize = 254;

/// Hosts of social networks without `www.` and the like.
#[rustfmt::skip]
const NETWORKS: &[&str] = &[
    "bsky.app", "discord.gg", "facebook.com", "fb.com", "github.com", "instagram.com",
    "linkedin.com", "mastodon.social", "medium.com", "ok.ru", "pinterest.com", "reddit.com", "t.me",
    "threads.net", "tiktok.com", "tumblr.com", "twitch.tv", "twitter.com", "vimeo.com", "vk.com",
    "weibo.com", "x.com", "xing.com", "youtube.com",
];

/// First parts of paths that lead to no profile.
#[rustfmt::skip]
const NO_PROFILES: &[&str] = &[
    "about", "cws", "dialog", "embed", "hashtag", "help", "home", "intent", "jobs", "legal",
    "login", "p", "pin", "plugins", "policies", "policy", "privacy", "reel", "search", "settings",
    "share", "sharearticle", "sharer", "sharer.php", "share.php", "shares", "signup", "status",
    "submit", "terms", "tos", "tr", "video", "watch", "playlist", "explore", "events", "sharing",
];

/// Contacts and social links.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Contacts {
    /// `mailto:` and `tel:` addresses.
    pub(crate) addresses: Vec<String>,
    /// URLs of profiles.
    pub(crate) profiles: Vec<String>,
}

/// What `tree` links to and `structured` states.
pub(crate) fn of(tree: &Tree<'_>, structured: &Structured, sources: &mut Sources) -> Contacts {
    let mut found = Contacts::default();
    for node in &tree.nodes {
        if let Kind::Element(tag) = &node.kind
            && node.name == Name::A
            && let Some(href) = tag.attribute("href")
        {
            found.look(href.trim());
        }
    }
    let of_links = (found.addresses.len(), found.profiles.len());
    found.read(structured);
    let mut note = |column, from_links: usize, all: usize| {
        if from_links > 0 {
            sources.push(column, "links", 0.9);
        }
        if all > from_links {
            sources.push(column, "json_ld Organization", 0.95);
        }
    };
    note("contacts", of_links.0, found.addresses.len());
    note("social_links", of_links.1, found.profiles.len());
    found
}

impl Contacts {
    fn look(&mut self, href: &str) {
        if let Some(address) = after(href, "mailto:")
            .and_then(mail)
            .or_else(|| after(href, "tel:").and_then(telephone))
        {
            keep(&mut self.addresses, address);
        } else if let Some(profile) = profile(href) {
            keep(&mut self.profiles, profile);
        }
    }

    fn read(&mut self, structured: &Structured) {
        for object in structured.objects() {
            let is_somebody = has_type(object, |name| {
                ["Organization", "Corporation", "Business", "Store", "Person"]
                    .iter()
                    .any(|end| name.ends_with(end))
            });
            if !is_somebody {
                continue;
            }
            let texts = |key: &str| -> Vec<&str> {
                match object.get(key) {
                    Some(Value::Array(values)) => values.iter().filter_map(Value::as_str).collect(),
                    Some(value) => value.as_str().into_iter().collect(),
                    None => Vec::new(),
                }
            };
            for text in texts("email") {
                let address = after(text, "mailto:").unwrap_or(text);
                mail(address).into_iter().for_each(|address| keep(&mut self.addresses, address));
            }
            for text in texts("telephone") {
                telephone(text).into_iter().for_each(|address| keep(&mut self.addresses, address));
            }
            for text in texts("sameAs") {
                profile(text).into_iter().for_each(|profile| keep(&mut self.profiles, profile));
            }
        }
    }
}

fn keep(list: &mut Vec<String>, value: String) {
    if list.len() < EACH_MAX && !list.contains(&value) {
        list.push(value);
    }
}

fn after<'t>(text: &'t str, scheme: &str) -> Option<&'t str> {
    let head = text.get(..scheme.len())?;
    head.eq_ignore_ascii_case(scheme).then(|| &text[scheme.len()..])
}

/// `mailto:` and an address in lower case, if it can be one.
fn mail(text: &str) -> Option<String> {
    let address = text.split(['?', ',', ';']).next()?.trim().replace("%40", "@").to_lowercase();
    let (name, host) = address.split_once('@')?;
    let is_plain = |text: &str| text.chars().all(|c| c.is_alphanumeric() || "._+-'".contains(c));
    let fits = address.len() <= ADDRESS_BYTES_MAX
        && !name.is_empty()
        && host.contains('.')
        && !host.starts_with('.')
        && !host.ends_with('.')
        && is_plain(name)
        && is_plain(host);
    fits.then(|| format!("mailto:{address}"))
}

/// `tel:` and the digits, with the plus that leads abroad.
fn telephone(text: &str) -> Option<String> {
    let text = text.trim().replace("%20", "");
    let plus = if text.starts_with('+') || text.starts_with("%2B") { "+" } else { "" };
    let number = text.trim_start_matches("%2B").split([';', ',', 'x', 'p', 'w']).next()?;
    let digits: String = number.chars().filter(char::is_ascii_digit).collect();
    (5..=15).contains(&digits.len()).then(|| format!("tel:{plus}{digits}"))
}

/// The address of a profile, without query and fragment.
fn profile(href: &str) -> Option<String> {
    let (scheme, rest) = href.split_once("//")?;
    if !(scheme.is_empty() || scheme.starts_with("http")) || href.len() > 300 {
        return None;
    }
    // Most links lead elsewhere, and a look at the host is cheaper than a parser.
    let host = rest.split(['/', '?', '#', ':']).next().unwrap_or_default().to_ascii_lowercase();
    let sub = ["www.", "m.", "de.", "uk.", "en-gb."].iter().find_map(|sub| host.strip_prefix(sub));
    let host = sub.unwrap_or(&host);
    if !NETWORKS.contains(&host) {
        return None;
    }
    let whole = if scheme.is_empty() { format!("https:{href}") } else { href.to_owned() };
    let mut url = Url::parse(&whole).ok()?;
    let parts: Vec<&str> = url.path_segments()?.filter(|part| !part.is_empty()).collect();
    let first = parts.first()?.to_ascii_lowercase();
    let depth_max =
        if matches!(host, "linkedin.com" | "youtube.com" | "reddit.com") { 2 } else { 1 };
    if NO_PROFILES.contains(&first.as_str()) || parts.len() > depth_max {
        return None;
    }
    url.set_query(None);
    url.set_fragment(None);
    Some(url.as_str().trim_end_matches('/').to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::survey::Survey;

    #[test]
    fn addresses_and_profiles_are_told_from_share_links() {
        let html = "<a href='MAILTO:Info@Shop.example?subject=x'>m</a><a href='tel:+49 (0)30-123456'>t</a>\
                    <a href='https://www.facebook.com/shop/?ref=x'>f</a>\
                    <a href='https://www.facebook.com/sharer/sharer.php?u=x'>s</a>\
                    <a href='https://twitter.com/intent/tweet'>s</a><a href=mailto:?body=x>s</a>\
                    <a href=//www.linkedin.com/company/shop>l</a><a href=https://x.com/shop/status/1>p</a>\
                    <script type=application/ld+json>{\"@type\":\"OnlineStore\",\"email\":\"mailto:b@shop.example\",\
                    \"telephone\":[\"030 99887766\"],\"sameAs\":[\"https://facebook.com/shop\",\"https://youtube.com/@shop\"]}</script>";
        let tree = Tree::of(html, html.len());
        let mut sources = Sources::default();
        let found = of(&tree, &Survey::of(html).structured, &mut sources);
        assert_eq!(
            found.addresses,
            [
                "mailto:info@shop.example",
                "tel:+49030123456",
                "mailto:b@shop.example",
                "tel:03099887766"
            ]
        );
        assert_eq!(
            found.profiles,
            [
                "https://www.facebook.com/shop",
                "https://www.linkedin.com/company/shop",
                "https://facebook.com/shop",
                "https://youtube.com/@shop"
            ]
        );
        assert_eq!(sources.finish().len(), 4);
    }

    #[test]
    fn what_cannot_be_an_address_is_none() {
        for text in ["", "a", "a@", "@b.c", "a@b", "a b@c.d", "a@.c", "<x>@c.d"] {
            assert_eq!(mail(text), None, "{text}");
        }
        for text in ["", "12", "+", "1234567890123456"] {
            assert_eq!(telephone(text), None, "{text}");
        }
    }
}
