//! Who, when, what and where of a page: what it states in its head and its structured data, what it
//! shows where it states nothing, all of it cleaned and bounded before it becomes a document.

use jarvix_core::{Document, canonicalise, limits};
use url::Url;

use crate::byline::Byline;
use crate::clean::line;
use crate::dates;
use crate::language;
use crate::survey::Survey;
use crate::title;

const TITLE_CHARS_MAX: usize = 1_000;
const AUTHOR_CHARS_MAX: usize = 500;
const DESCRIPTION_CHARS_MAX: usize = 4_000;
const SITE_NAME_CHARS_MAX: usize = 200;

/// The kind of a page that nobody could tell.
pub(crate) const PAGE_TYPE_OTHER: &str = "other";

/// The metadata of the page at `url`; text and what follows from it are left empty.
pub(crate) fn of(url: &str, survey: &Survey, byline: &Byline) -> Document {
    let stated_title = survey.meta(&["og:title", "twitter:title", "dc.title"]);
    let heading = title::heading(&byline.headings, survey.title.as_deref(), stated_title);
    let shortened = stated_title.or(survey.title.as_deref()).map(title::without_site);
    let title = first_line(
        TITLE_CHARS_MAX,
        [
            heading,
            shortened,
            survey.structured.work_text("headline"),
            survey.title.as_deref(),
            survey.heading.as_deref(),
        ],
    );
    let stated_authors = survey.structured.authors();
    let author = first_line(
        AUTHOR_CHARS_MAX,
        [
            stated_authors.as_deref(),
            survey.meta(&["author", "citation_author", "dc.creator"]).filter(is_name),
            byline.author.as_deref(),
            survey.meta(&["article:author"]).filter(is_name),
        ],
    );
    let description = first_line(
        DESCRIPTION_CHARS_MAX,
        [
            survey.meta(&["description", "og:description", "twitter:description"]),
            survey.structured.work_text("description"),
        ],
    );
    let site_name = first_line(
        SITE_NAME_CHARS_MAX,
        [
            survey.meta(&["og:site_name", "application-name"]),
            survey.structured.site_name(),
            survey.title.as_deref().and_then(title::site_of),
        ],
    );
    let base = Url::parse(url).ok();
    Document {
        url: url.to_owned(),
        title,
        author,
        published: published(survey, byline),
        language: survey.declared_language().and_then(language::declared_code),
        site_name,
        description,
        canonical_url: canonical(survey, base.as_ref()),
        image: image(survey, base.as_ref()),
        ..Document::default()
    }
}

fn first_line<const N: usize>(chars_max: usize, values: [Option<&str>; N]) -> Option<String> {
    values.into_iter().flatten().find_map(|value| line(value, chars_max))
}

/// Some sites put the author's page where the name belongs.
fn is_name(value: &&str) -> bool {
    !value.starts_with("http")
}

/// Structured data and meta elements state the date with its time; then what the page shows.
fn published(survey: &Survey, byline: &Byline) -> Option<String> {
    let stated = [
        survey.structured.work_text("datePublished"),
        survey.meta(&["article:published_time", "datepublished", "parsely-pub-date"]),
        survey.meta(&["citation_publication_date", "dc.date", "dcterms.date", "date", "pubdate"]),
    ];
    let stated = stated.into_iter().flatten();
    stated
        .filter_map(|value| dates::iso(value).or_else(|| dates::written(value)))
        .next()
        .or_else(|| byline.date.clone())
}

fn canonical(survey: &Survey, base: Option<&Url>) -> Option<String> {
    let stated = survey.canonical.as_deref().or_else(|| survey.meta(&["og:url"]))?;
    let url = resolve(stated, base)?;
    canonicalise(url.as_str()).ok().map(|url| url.as_str().to_owned())
}

fn image(survey: &Survey, base: Option<&Url>) -> Option<String> {
    let stated = [survey.meta(&["og:image", "twitter:image"]), survey.structured.image()];
    stated.into_iter().flatten().find_map(|image| resolve(image, base)).map(String::from)
}

/// An absolute web address of a bearable length.
fn resolve(address: &str, base: Option<&Url>) -> Option<Url> {
    let url = match base {
        Some(base) => base.join(address.trim()).ok()?,
        None => Url::parse(address.trim()).ok()?,
    };
    let fits =
        matches!(url.scheme(), "http" | "https") && url.as_str().len() <= limits::URL_BYTES_MAX;
    fits.then_some(url)
}
