//! The title of a page among its headings and the titles that it states.
//!
//! What it refuses to do: write a title of its own.

use crate::words::Words;

/// Shortest title that is left when the site's name is taken off, in bytes.
const REST_BYTES_MIN: usize = 4;
/// Most words of a site's name.
const SITE_WORDS_MAX: usize = 5;
/// What stands between a title and the site's name.
const SEPARATORS: &[&str] =
    &[" | ", " - ", " \u{2013} ", " \u{2014} ", " \u{b7} ", " \u{bb} ", " :: ", " \u{2022} ", "|"];

/// The first main heading whose words all stand in a stated title and are most of it.
pub(crate) fn heading<'h>(
    headings: &'h [String],
    title: Option<&str>,
    stated: Option<&str>,
) -> Option<&'h str> {
    let shortest = [title, stated].into_iter().flatten().map(without_site).map(Words::of);
    let shortest = shortest.map(|words| words.len()).min().unwrap_or(0);
    let known = Words::of(&format!("{} {}", title.unwrap_or_default(), stated.unwrap_or_default()));
    let known: std::collections::HashSet<&str> = known.iter().collect();
    let fits = |heading: &&String| {
        let words = Words::of(heading);
        words.len() * 2 > shortest && words.iter().all(|word| known.contains(word))
    };
    headings.iter().find(fits).map(String::as_str)
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

    #[test]
    fn the_heading_that_the_title_names_is_taken() {
        let headings = ["Site".to_owned(), "The mills".to_owned()];
        assert_eq!(heading(&headings, Some("The mills | Times"), None), Some("The mills"));
        assert_eq!(heading(&headings, None, None), None);
        assert_eq!(without_site("The mills - a story | Times"), "The mills");
        assert_eq!(without_site("A | Times"), "A | Times");
        assert_eq!(site_of("The mills | a - Valley Times"), Some("Valley Times"));
        assert_eq!(site_of("The mills"), None);
        assert_eq!(heading(&["Mills".to_owned()], Some("The long mills"), None), None);
        assert_eq!(without_site("State-of-the-art"), "State-of-the-art");
    }
}
