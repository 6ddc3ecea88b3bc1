//! Curation of whole pages: what a document holds, which gates close, and that no page can make it
//! fail.

mod documents;
mod gates;
mod hostile;
mod snapshots;

use jarvix_core::{Header, Outcome, Page};
use jarvix_curate::{Curated, Policy};

/// A fetched page with this body.
fn page(body: impl Into<Vec<u8>>) -> Page {
    let url = "https://www.example.org/a/page".to_owned();
    let mut page = Page::unfetched(url, 7, Outcome::Fetched, "");
    page.reason = None;
    page.status = Some(200);
    page.content_type = Some("text/html; charset=utf-8".to_owned());
    page.body = Some(body.into());
    page
}

fn page_of_type(content_type: &str, body: &str) -> Page {
    Page { content_type: Some(content_type.to_owned()), ..page(body) }
}

fn page_with_header(name: &str, value: &str, body: &str) -> Page {
    let header = Header { name: name.to_owned(), value: value.to_owned() };
    Page { headers: vec![header], ..page(body) }
}

/// What `page` gives to a reader who wants everything.
fn curate(page: &Page) -> Curated {
    jarvix_curate::curate(page, &Policy::default())
}

fn curated(html: &str) -> Curated {
    curate(&page(html))
}

/// An article of a few hundred words, none of them special.
fn article_text() -> String {
    let sentence = "The river rises in the hills above the town and turns every mill on its way \
                    to the sea, and in spring the water stands so high that boats go over the \
                    meadows where the cattle graze in summer. ";
    (1..=8).map(|n| format!("<p>Part {n}. {}</p>\n", sentence.repeat(n % 3 + 1))).collect()
}
