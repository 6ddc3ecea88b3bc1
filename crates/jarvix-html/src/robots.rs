//! What a page asks of robots: the meta element and the `X-Robots-Tag` header share one grammar.

use crate::tokenizer::{Tag, TokenKind, last_start, tokens};

/// The wishes that matter here; `none` means both.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct RobotsDirectives {
    /// Not to be kept in an index.
    pub noindex: bool,
    /// Links are not to be followed.
    pub nofollow: bool,
}

impl RobotsDirectives {
    /// Reads a value: words separated by commas; a part that is addressed to another robot
    /// (`otherbot: noindex`) is left out.
    pub fn parse(value: &str) -> Self {
        let mut wishes = Self::default();
        let mut for_all = true;
        for word in value.split(',') {
            let word = match word.split_once(':') {
                Some((agent, rest)) if !is_directive_with_value(agent) => {
                    let agent = agent.trim();
                    for_all = agent == "*" || agent.eq_ignore_ascii_case("jarvix");
                    rest
                }
                _ => word,
            };
            if !for_all {
                continue;
            }
            match word.trim().to_ascii_lowercase().as_str() {
                "noindex" => wishes.noindex = true,
                "nofollow" => wishes.nofollow = true,
                "none" => wishes = Self { noindex: true, nofollow: true },
                _ => {}
            }
        }
        wishes
    }

    /// The wishes of a start tag: none but those of a meta element for all robots or for Jarvix.
    pub fn of_meta(tag: &Tag<'_>) -> Self {
        let for_us =
            |name: &str| ["robots", "jarvix"].iter().any(|n| name.trim().eq_ignore_ascii_case(n));
        if !tag.is("meta") || !tag.attribute("name").is_some_and(|name| for_us(&name)) {
            return Self::default();
        }
        tag.attribute("content").map(|content| Self::parse(&content)).unwrap_or_default()
    }

    /// The wishes as words with commas; `None` where there are none.
    pub fn words(self) -> Option<&'static str> {
        match (self.noindex, self.nofollow) {
            (true, true) => Some("noindex, nofollow"),
            (true, false) => Some("noindex"),
            (false, true) => Some("nofollow"),
            (false, false) => None,
        }
    }

    /// Both wishes together: the stricter counts.
    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        Self { noindex: self.noindex || other.noindex, nofollow: self.nofollow || other.nofollow }
    }
}

fn is_directive_with_value(name: &str) -> bool {
    let name = name.trim().to_ascii_lowercase();
    name.starts_with("max-") || name == "unavailable_after"
}

/// The wishes of the page's meta elements for all robots or for Jarvix.
pub fn meta_robots(html: &str) -> RobotsDirectives {
    let mut wishes = RobotsDirectives::default();
    let Some(last) = last_start(html, "meta") else { return wishes };
    for token in tokens(html).take_while(|token| token.start <= last) {
        if let TokenKind::StartTag(tag) = token.kind {
            wishes = wishes.and(RobotsDirectives::of_meta(&tag));
        }
    }
    wishes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wishes_are_read() {
        let cases = [
            ("<meta name=robots content=noindex>", (true, false)),
            ("<META NAME='ROBOTS' CONTENT='Index, NoFollow'>", (false, true)),
            ("<meta name=robots content=none>", (true, true)),
            ("<meta name=googlebot content=noindex>", (false, false)),
            ("<meta name=robots content=noindex><meta name=robots content=nofollow>", (true, true)),
            ("<meta name=robots>", (false, false)),
        ];
        for (html, expected) in cases {
            let wishes = meta_robots(html);
            assert_eq!((wishes.noindex, wishes.nofollow), expected, "{html}");
        }
        let header = RobotsDirectives::parse("otherbot: noindex, nofollow, jarvix: nofollow");
        assert_eq!((header.noindex, header.nofollow), (false, true));
        assert!(RobotsDirectives::parse("max-snippet: 5, noindex").noindex);
    }
}
