//! Who, when, what and where of a page: the extractor's reading, the page's own statements where it
//! has none, all of it cleaned and bounded before it becomes a document.

use jarvix_core::{Document, canonicalise, limits};
use rs_trafilatura::Metadata;
use url::Url;

use crate::clean::line;
use crate::dates;
use crate::language;
use crate::survey::Survey;

const TITLE_CHARS_MAX: usize = 1_000;
const AUTHOR_CHARS_MAX: usize = 500;
const DESCRIPTION_CHARS_MAX: usize = 4_000;
const SITE_NAME_CHARS_MAX: usize = 200;

/// The kind of a page that nobody could tell.
pub(crate) const PAGE_TYPE_OTHER: &str = "other";

/// The metadata of the page at `url`; text and what follows from it are left empty.
pub(crate) fn of(url: &str, survey: &Survey, found: &Metadata) -> Document {
    let title = first_line(
        TITLE_CHARS_MAX,
        [
            found.title.as_deref(),
            survey.structured.work_text("headline"),
            survey.meta(&["og:title", "twitter:title", "dc.title"]),
            survey.title.as_deref(),
            survey.heading.as_deref(),
        ],
    );
    let stated_authors = survey.structured.authors();
    let author = first_line(
        AUTHOR_CHARS_MAX,
        [
            found.author.as_deref(),
            stated_authors.as_deref(),
            survey.meta(&["author", "article:author", "citation_author", "dc.creator"]),
        ],
    );
    let description = first_line(
        DESCRIPTION_CHARS_MAX,
        [
            survey.meta(&["description", "og:description", "twitter:description"]),
            survey.structured.work_text("description"),
            found.description.as_deref(),
        ],
    );
    let site_name = first_line(
        SITE_NAME_CHARS_MAX,
        [survey.meta(&["og:site_name", "application-name"]), found.sitename.as_deref()],
    );
    let base = Url::parse(url).ok();
    Document {
        url: url.to_owned(),
        title,
        author,
        published: published(survey, found),
        language: survey.declared_language().and_then(language::declared_code),
        page_type: Some(found.page_type.as_deref().map_or(PAGE_TYPE_OTHER, page_type).to_owned()),
        site_name,
        description,
        canonical_url: canonical(survey, base.as_ref()),
        image: image(survey, found, base.as_ref()),
        ..Document::default()
    }
}

fn first_line<const N: usize>(chars_max: usize, values: [Option<&str>; N]) -> Option<String> {
    values.into_iter().flatten().find_map(|value| line(value, chars_max))
}

/// The extractor's name for a kind of page, if it is one of ours.
fn page_type(name: &str) -> &'static str {
    crate::PAGE_TYPES.iter().find(|known| **known == name).copied().unwrap_or(PAGE_TYPE_OTHER)
}

/// Structured data and meta elements state the date with its time; the extractor also looks at the
/// visible page.
fn published(survey: &Survey, found: &Metadata) -> Option<String> {
    let stated = [
        survey.structured.work_text("datePublished"),
        survey.meta(&["article:published_time", "datepublished", "parsely-pub-date"]),
        survey.meta(&["citation_publication_date", "dc.date", "dcterms.date", "date", "pubdate"]),
    ];
    stated
        .into_iter()
        .flatten()
        .find_map(dates::iso)
        .or_else(|| dates::from_unix(found.date.as_ref()?.timestamp()))
}

fn canonical(survey: &Survey, base: Option<&Url>) -> Option<String> {
    let stated = survey.canonical.as_deref().or_else(|| survey.meta(&["og:url"]))?;
    let url = resolve(stated, base)?;
    canonicalise(url.as_str()).ok().map(|url| url.as_str().to_owned())
}

fn image(survey: &Survey, found: &Metadata, base: Option<&Url>) -> Option<String> {
    let stated = [
        survey.meta(&["og:image", "twitter:image"]),
        survey.structured.image(),
        found.image.as_deref(),
    ];
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
