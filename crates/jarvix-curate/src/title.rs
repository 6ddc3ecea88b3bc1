//! The title of a page among its headings and the titles that it states.
//!
//! What it refuses to do: write a title of its own.

use std::collections::HashSet;

use crate::words::Words;

/// Shortest title that is left when the site's name is taken off, in bytes.
const REST_BYTES_MIN: usize = 4;
/// Most words of a site's name.
const SITE_WORDS_MAX: usize = 5;
/// Most words of a heading that may be the title.
const HEADING_WORDS_MAX: usize = 40;
/// Share of a heading's words that a stated title must have too.
const SHARED_MIN: f64 = 0.2;
/// What stands between a title and the site's name.
const SEPARATORS: &[&str] =
    &[" | ", " - ", " \u{2013} ", " \u{2014} ", " \u{b7} ", " \u{bb} ", " :: ", " \u{2022} ", "|"];

/// The main headings of a page beside the titles that it states.
pub(crate) struct Headings<'h> {
    /// Main headings, in page order.
    pub(crate) shown: &'h [String],
    /// The title element.
    pub(crate) title: Option<&'h str>,
    /// The title for those who link to the page.
    pub(crate) stated: Option<&'h str>,
    /// The name of the site.
    pub(crate) site_name: Option<&'h str>,
}

impl<'h> Headings<'h> {
    /// The first whose words all stand in a stated title and are most of it.
    pub(crate) fn named(&self) -> Option<&'h str> {
        let shortest = [self.title, self.stated].into_iter().flatten().map(without_site);
        let shortest = shortest.map(|title| Words::of(title).len()).min().unwrap_or(0);
        let known = self.known();
        let known: HashSet<&str> = known.iter().collect();
        let fits = |heading: &&String| {
            let words = Words::of(heading);
            words.len() * 2 > shortest && words.iter().all(|word| known.contains(word))
        };
        self.shown.iter().find(fits).map(String::as_str)
    }

    /// The only one, if it has to do with a stated title and is not the name of the site. What a
    /// page shows as its heading is its title more often than what it tells search engines.
    pub(crate) fn sole(&self) -> Option<&'h str> {
        let (first, others) = self.shown.split_first()?;
        let words = Words::of(first);
        if others.iter().any(|other| other != first) || words.len() > HEADING_WORDS_MAX {
            return None;
        }
        let known = self.known();
        let known: HashSet<&str> = known.iter().collect();
        let site = Words::of(self.site_name.unwrap_or_default());
        let site: HashSet<&str> = site.iter().collect();
        let shared = words.iter().filter(|word| known.contains(word)).count();
        let fits = shared as f64 >= SHARED_MIN * words.len() as f64
            && shared > 0
            && !words.iter().all(|word| site.contains(word));
        fits.then_some(first.as_str())
    }

    fn known(&self) -> Words {
        let (title, stated) = (self.title.unwrap_or_default(), self.stated.unwrap_or_default());
        Words::of(&format!("{title} {stated}"))
    }
}

/// A title without the name of the site behind it.
pub(crate) fn without_site(title: &str) -> &str {
    let cut = SEPARATORS.iter().filter_map(|mark| title.find(mark)).min();
    match cut {
        Some(at) if title[..at].trim().len() >= REST_BYTES_MIN => title[..at].trim(),
        _ => title,
    }
}

/// The name of the site behind the last mark of a title.
pub(crate) fn site_of(title: &str) -> Option<&str> {
    let at = SEPARATORS.iter().filter_map(|mark| Some(title.rfind(mark)? + mark.len())).max()?;
    let name = title[at..].trim();
    (!name.is_empty() && name.split(' ').count() <= SITE_WORDS_MAX).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headings<'h>(
        shown: &'h [String],
        title: Option<&'h str>,
        stated: Option<&'h str>,
    ) -> Headings<'h> {
        Headings { shown, title, stated, site_name: Some("Valley Times") }
    }

    #[test]
    fn the_heading_that_the_title_names_is_taken() {
        let shown = ["Site".to_owned(), "The mills".to_owned()];
        let title = Some("The mills | Times");
        assert_eq!(headings(&shown, title, None).named(), Some("The mills"));
        assert_eq!(headings(&shown, None, None).named(), None);
        assert_eq!(headings(&shown, title, None).sole(), None);
        assert_eq!(headings(&["Mills".to_owned()], Some("The long mills"), None).named(), None);
    }

    #[test]
    fn the_only_heading_is_taken_if_it_has_to_do_with_the_title() {
        let sole = |heading: &str, title| {
            let shown = [heading.to_owned(), heading.to_owned()];
            headings(&shown, Some(title), None).sole().map(str::to_owned)
        };
        let long = "How the old mills of the valley came back";
        assert_eq!(sole(long, "Old mills | Times").as_deref(), Some(long));
        assert_eq!(sole(long, "Subscribe now"), None);
        assert_eq!(sole("Valley Times", "Old mills | Valley Times"), None);
    }

    #[test]
    fn a_site_s_name_is_taken_off() {
        assert_eq!(without_site("The mills - a story | Times"), "The mills");
        assert_eq!(without_site("A | Times"), "A | Times");
        assert_eq!(without_site("State-of-the-art"), "State-of-the-art");
        assert_eq!(site_of("The mills | a - Valley Times"), Some("Valley Times"));
        assert_eq!(site_of("The mills"), None);
    }
}
