//! The columns of `documents`, the widest dataset: what a reader would take from a page, and a
//! column per signal. What they mean to a stage is not decided here.

use arrow::datatypes::{DataType, Field};
use jarvix_core::{Gate, Signal};

use super::{element, optional, required, section_fields, source_fields, words};

/// All columns, in order.
pub(super) fn columns() -> Vec<Field> {
    let mut columns = stated();
    columns.extend(product());
    columns.extend(surroundings());
    columns.extend(content());
    for signal in Signal::ALL {
        columns.push(optional(signal.as_str(), DataType::Float64, signal.about()));
    }
    columns
}

/// What the page says and shows of itself.
fn stated() -> Vec<Field> {
    vec![
        required("url", DataType::Utf8, "Canonical URL of the page; joins all datasets."),
        required("ordinal", DataType::Int64, "Ordinal of the page; unique in the run."),
        optional("title", DataType::Utf8, "Title."),
        optional("author", DataType::Utf8, "Author or authors, separated by '; '."),
        optional(
            "published",
            DataType::Utf8,
            "Publication date, ISO 8601: YYYY-MM-DD, or a full time stamp where the page has one.",
        ),
        optional("modified", DataType::Utf8, "Date of the last change, ISO 8601 as published."),
        optional(
            "language",
            DataType::Utf8,
            "Language of the text: ISO 639-1 where there is one, else 639-3.",
        ),
        optional(
            "page_type",
            DataType::Utf8,
            "Kind of page: article, forum, product, listing, collection, documentation, service, \
             other.",
        ),
        optional("site_name", DataType::Utf8, "Name of the site."),
        optional("description", DataType::Utf8, "Description from the page's metadata."),
        optional("canonical_url", DataType::Utf8, "Canonical URL that the page itself states."),
        optional(
            "robots",
            DataType::Utf8,
            "What the page asks of robots in X-Robots-Tag or a meta element: noindex, nofollow or \
             both; empty for nothing.",
        ),
        optional("image", DataType::Utf8, "URL of the lead image."),
        required(
            "breadcrumbs",
            DataType::List(element(DataType::Utf8)),
            "Where the page stands on its site, from the top, as its breadcrumbs say.",
        ),
    ]
}

/// Who is behind it, and where all this comes from.
fn surroundings() -> Vec<Field> {
    vec![
        optional(
            "platform",
            DataType::Utf8,
            "The software behind the site, such as shopify or wordpress.",
        ),
        required(
            "contacts",
            DataType::List(element(DataType::Utf8)),
            "Addresses to write to or to call that the page links to or states: mailto: and tel:.",
        ),
        required(
            "social_links",
            DataType::List(element(DataType::Utf8)),
            "Profiles on social networks that the page links to or states.",
        ),
        required(
            "sources",
            DataType::List(element(DataType::Struct(source_fields()))),
            "What on the page said the values of other columns, and how sure that is, 0 to 1: measured \
             for title, author and published, the classifier's own for page_type, else estimated.",
        ),
    ]
}

/// The text, and what was found wrong with it.
fn content() -> Vec<Field> {
    let gates = words(Gate::ALL, Gate::as_str);
    vec![
        required("text", DataType::Utf8, "Main text, one paragraph a line."),
        required("markdown", DataType::Utf8, "Main text as Markdown."),
        required(
            "sections",
            DataType::List(element(DataType::Struct(section_fields()))),
            "The text's parts between headings, without gaps: level 1 to 6 (0 before the first \
             heading), heading, start and end in characters of text.",
        ),
        required("word_count", DataType::Int64, "Words of the main text."),
        optional(
            "gate",
            DataType::Utf8,
            &format!("Why the document is not content; empty for content. One of: {gates}."),
        ),
        optional("gate_reason", DataType::Utf8, "Evidence for the gate, in words."),
        optional("charset", DataType::Utf8, "Charset the body was read in."),
        required("bytes_decoded", DataType::Int64, "Size of the body after content decoding."),
        optional(
            "text_hash",
            DataType::Utf8,
            "XXH3-128 of the normalised text, 32 hex digits; empty without text.",
        ),
        optional(
            "minhash",
            DataType::Binary,
            "MinHash of word 5-grams: 112 values of 32 bits, little endian; empty under 5 words.",
        ),
        required(
            "defects",
            DataType::List(element(DataType::Utf8)),
            "Defects met while reading the page, sorted.",
        ),
    ]
}

/// What is sold on it.
fn product() -> Vec<Field> {
    vec![
        optional("product_name", DataType::Utf8, "Name of what is sold on the page."),
        optional("product_brand", DataType::Utf8, "Its brand or maker."),
        optional(
            "product_price",
            DataType::Float64,
            "Its price in product_currency; the lowest where there are several.",
        ),
        optional("product_currency", DataType::Utf8, "Currency of the price, ISO 4217."),
        optional(
            "product_availability",
            DataType::Utf8,
            "in_stock, out_of_stock, pre_order and the other words of schema.org's ItemAvailability.",
        ),
        optional("product_rating", DataType::Float64, "Mean of its ratings, scaled to 0 to 5."),
        optional(
            "product_rating_count",
            DataType::Int64,
            "How many ratings or reviews that is the mean of.",
        ),
    ]
}
