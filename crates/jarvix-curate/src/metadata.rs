//! Who, when, what and where of a page: what it states in its head and its structured data, what it
//! shows where it states nothing, all of it cleaned and bounded before it becomes a document, and
//! each value with a note of what said it.

use jarvix_core::{Document, canonicalise, limits};
use url::Url;

use crate::byline::Byline;
use crate::clean::line;
use crate::dates;
use crate::sources::{Candidate, Sources};
use crate::survey::Survey;
use crate::title;

const TITLE_CHARS_MAX: usize = 1_000;
const AUTHOR_CHARS_MAX: usize = 500;
const DESCRIPTION_CHARS_MAX: usize = 4_000;
const SITE_NAME_CHARS_MAX: usize = 200;

/// The kind of a page that nobody could tell.
pub(crate) const PAGE_TYPE_OTHER: &str = "other";

/// A page of which the metadata is asked.
pub(crate) struct Asked<'a> {
    /// Its address.
    pub(crate) url: &'a str,
    /// What it states.
    pub(crate) survey: &'a Survey,
    /// What it shows of its making.
    pub(crate) byline: &'a Byline,
    /// What kind of page it is taken for.
    pub(crate) kind: &'a str,
}

impl Asked<'_> {
    /// Whether somebody has written this on some day: the dates and authors of other pages are those
    /// of the system that holds them.
    fn is_written(&self) -> bool {
        matches!(self.kind, "article" | "forum" | PAGE_TYPE_OTHER)
            || self.survey.structured.states_article()
    }
}

/// The metadata of a page; text and what follows from it are left empty.
pub(crate) fn of(page: &Asked<'_>, sources: &mut Sources) -> Document {
    let survey = page.survey;
    let base = Url::parse(page.url).ok();
    let title = title(page, sources);
    let mut made = (None, None, None);
    if page.is_written() {
        made.0 = author(page, sources);
        made.1 = published(page, sources);
        made.2 = modified(page, sources, made.1.as_deref());
    }
    let (author, published, modified) = made;
    Document {
        url: page.url.to_owned(),
        title,
        author,
        published,
        modified,
        site_name: site_name(survey, sources),
        description: description(survey, sources),
        canonical_url: canonical(survey, base.as_ref(), sources),
        image: image(survey, base.as_ref(), sources),
        ..Document::default()
    }
}

fn title(page: &Asked<'_>, sources: &mut Sources) -> Option<String> {
    let survey = page.survey;
    let stated = survey.meta(&["og:title", "twitter:title", "dc.title"]);
    let headings = title::Headings {
        shown: &page.byline.headings,
        title: survey.title.as_deref(),
        stated,
        site_name: survey.meta(&["og:site_name"]),
    };
    let heading = headings.named().or_else(|| {
        headings.sole().filter(|_| !matches!(page.kind, "service" | "forum" | "product"))
    });
    let candidates: [Candidate<'_>; 6] = [
        (heading, "heading", 0.85),
        (stated.map(title::without_site), "open_graph title", 0.7),
        (survey.title.as_deref().map(title::without_site), "title element", 0.6),
        (survey.structured.work_text("headline"), "json_ld headline", 0.6),
        (survey.title.as_deref(), "title element", 0.6),
        (survey.heading.as_deref(), "heading", 0.85),
    ];
    sources.first("title", &candidates, |text| line(&twice(text), TITLE_CHARS_MAX))
}

fn author(page: &Asked<'_>, sources: &mut Sources) -> Option<String> {
    let survey = page.survey;
    let stated = survey.structured.authors();
    // An organisation that is stated as author is the site: labels agree with one in fourteen.
    let people = stated.as_ref().filter(|authors| authors.are_people);
    let shown = page.byline.author.as_ref();
    let by_forum = page.kind == "forum";
    let candidates: [Candidate<'_>; 6] = [
        (people.map(|authors| authors.names.as_str()), "json_ld author", 0.85),
        (shown.filter(|_| by_forum).map(|(name, _)| name.as_str()), "post", 0.8),
        (
            survey.meta(&["author", "citation_author", "dc.creator", "parsely-author", "byl"]),
            "meta author",
            0.85,
        ),
        (shown.filter(|(_, sure)| *sure).map(|(name, _)| name.as_str()), "author link", 0.95),
        (shown.map(|(name, _)| name.as_str()), "byline", 0.75),
        (survey.meta(&["article:author", "sailthru.author"]), "meta article:author", 0.75),
    ];
    sources.first("author", &candidates, |text| {
        let text = twice(text);
        let text = crate::byline::without_lead(text.trim());
        line(text, AUTHOR_CHARS_MAX).filter(|name| is_name(name))
    })
}

/// Text whose character references were written twice.
fn twice(text: &str) -> std::borrow::Cow<'_, str> {
    jarvix_html::unescape(text)
}

/// Some sites put the author's page, or a number, where the name belongs.
fn is_name(value: &str) -> bool {
    !value.starts_with("http") && !value.starts_with('@') && value.chars().any(char::is_alphabetic)
}

/// Structured data and meta elements state the date with its time; then what the page shows.
fn published(page: &Asked<'_>, sources: &mut Sources) -> Option<String> {
    let survey = page.survey;
    let candidates: [Candidate<'_>; 5] = [
        (survey.meta(&["article:published_time"]), "meta article:published_time", 0.95),
        (survey.structured.work_text("datePublished"), "json_ld datePublished", 0.7),
        (survey.structured.work_text("dateCreated"), "json_ld dateCreated", 0.7),
        (
            survey.meta(&[
                "datepublished",
                "parsely-pub-date",
                "citation_publication_date",
                "citation_online_date",
                "citation_date",
                "dc.date.issued",
                "dcterms.created",
                "dc.date",
                "dcterms.date",
                "sailthru.date",
                "published-date",
                "publish-date",
                "publish_date",
                "publication_date",
                "published",
                "post_date",
                "date",
                "pubdate",
            ]),
            "meta date",
            0.85,
        ),
        (page.byline.published.as_deref(), "shown date", 0.8),
    ];
    sources.first("published", &candidates, any_date)
}

/// The last change; one that was before the publication is none.
fn modified(page: &Asked<'_>, sources: &mut Sources, published: Option<&str>) -> Option<String> {
    let survey = page.survey;
    let candidates: [Candidate<'_>; 4] = [
        (survey.structured.work_text("dateModified"), "json_ld dateModified", 0.9),
        (
            survey.meta(&["article:modified_time", "og:updated_time", "datemodified"]),
            "meta article:modified_time",
            0.9,
        ),
        (survey.meta(&["last-modified", "lastmod", "dcterms.modified"]), "meta last-modified", 0.7),
        (page.byline.modified.as_deref(), "shown date", 0.7),
    ];
    let day = |date: &str| date.get(..10).unwrap_or(date).to_owned();
    let is_later = |date: &String| published.is_none_or(|published| day(date) >= day(published));
    sources.first("modified", &candidates, |text| any_date(text).filter(is_later))
}

fn any_date(text: &str) -> Option<String> {
    dates::iso(text).or_else(|| dates::written(text))
}

fn description(survey: &Survey, sources: &mut Sources) -> Option<String> {
    let candidates: [Candidate<'_>; 3] = [
        (survey.meta(&["description"]), "meta description", 0.9),
        (survey.meta(&["og:description", "twitter:description"]), "open_graph description", 0.9),
        (survey.structured.work_text("description"), "json_ld description", 0.8),
    ];
    sources.first("description", &candidates, |text| line(&twice(text), DESCRIPTION_CHARS_MAX))
}

fn site_name(survey: &Survey, sources: &mut Sources) -> Option<String> {
    let candidates: [Candidate<'_>; 4] = [
        (survey.meta(&["og:site_name"]), "open_graph site_name", 0.95),
        (survey.meta(&["application-name"]), "meta application-name", 0.8),
        (survey.structured.site_name(), "json_ld", 0.9),
        (survey.title.as_deref().and_then(title::site_of), "title element", 0.6),
    ];
    sources.first("site_name", &candidates, |text| line(&twice(text), SITE_NAME_CHARS_MAX))
}

fn canonical(survey: &Survey, base: Option<&Url>, sources: &mut Sources) -> Option<String> {
    let candidates: [Candidate<'_>; 2] = [
        (survey.canonical.as_deref(), "canonical link", 0.95),
        (survey.meta(&["og:url"]), "open_graph url", 0.8),
    ];
    // The first that is stated decides; a broken one is not made up for by another.
    let stated = candidates.iter().find(|(value, _, _)| value.is_some())?;
    sources.first("canonical_url", std::slice::from_ref(stated), |text| {
        canonicalise(resolve(text, base)?.as_str()).ok().map(|url| url.as_str().to_owned())
    })
}

fn image(survey: &Survey, base: Option<&Url>, sources: &mut Sources) -> Option<String> {
    let candidates: [Candidate<'_>; 2] = [
        (survey.meta(&["og:image", "twitter:image"]), "open_graph image", 0.9),
        (survey.structured.image(), "json_ld image", 0.9),
    ];
    sources.first("image", &candidates, |text| resolve(text, base).map(String::from))
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
