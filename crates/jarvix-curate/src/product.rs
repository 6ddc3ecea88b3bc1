//! What is sold on a page: structured data first, then microdata or RDFa, then OpenGraph's tags.
//!
//! What it refuses to do: read prices out of running text, or take one of many products for the
//! page's own.

use jarvix_core::Product;
use serde_json::{Map, Value};

use crate::clean::line;
use crate::microdata::Item;
use crate::sources::Sources;
use crate::structured::{Structured, has_type};
use crate::survey::Survey;

const NAME_CHARS_MAX: usize = 500;
/// Offers and variants that are looked at.
const OFFERS_MAX: usize = 200;
/// Different products of a page above which none is its own.
const PRODUCTS_MAX: usize = 3;
/// What a rating is scaled to.
const RATING_BEST: f64 = 5.0;

/// What the page sells; empty where it states nothing. `item` is its product in microdata.
pub(crate) fn of(survey: &Survey, item: Option<&Item>, sources: &mut Sources) -> Product {
    let mut product = Product::default();
    if let Some(object) = own_product(&survey.structured) {
        merge(&mut product, of_object(object), "json_ld Product", 0.95, sources);
    }
    if let Some(item) = item {
        merge(&mut product, of_item(item), "microdata Product", 0.9, sources);
    }
    merge(&mut product, of_meta(survey), "open_graph product", 0.85, sources);
    if product.price.is_none() {
        product.currency = None;
    }
    product
}

/// Takes from `more` what is missing, and notes where it came from.
fn merge(
    product: &mut Product,
    more: Product,
    source: &str,
    confidence: f32,
    sources: &mut Sources,
) {
    macro_rules! take {
        ($($field:ident),*) => {$(
            if product.$field.is_none() && more.$field.is_some() {
                product.$field = more.$field;
                sources.push(concat!("product_", stringify!($field)), source, confidence);
            }
        )*};
    }
    // A currency belongs to its price.
    let priced = product.price.is_some();
    take!(name, brand, price);
    if !priced {
        take!(currency);
    }
    take!(availability, rating, rating_count);
}

/// The product that the page is about: the first, unless there are many.
fn own_product(structured: &Structured) -> Option<&Map<String, Value>> {
    let is_product = |object: &&Map<String, Value>| {
        has_type(object, |name| {
            matches!(name, "Product" | "ProductGroup" | "IndividualProduct" | "Vehicle" | "Car")
        })
    };
    let mut names: Vec<&str> = Vec::new();
    for object in structured.objects().iter().filter(is_product) {
        let name = object.get("name").and_then(Value::as_str).unwrap_or_default();
        if !names.contains(&name) {
            names.push(name);
        }
        if names.len() > PRODUCTS_MAX {
            return None;
        }
    }
    structured.objects().iter().find(is_product)
}

fn of_object(object: &Map<String, Value>) -> Product {
    let mut offers = Offers::default();
    offers.read(object.get("offers"));
    for variant in list(object.get("hasVariant")).iter().filter_map(Value::as_object) {
        offers.read(variant.get("offers"));
    }
    let rating = object.get("aggregateRating").and_then(Value::as_object);
    let of_rating = |key: &str| rating.and_then(|rating| number(rating.get(key)?));
    let count = of_rating("reviewCount").or_else(|| of_rating("ratingCount"));
    Product {
        name: text(object.get("name")),
        brand: text(object.get("brand")).or_else(|| text(object.get("manufacturer"))),
        price: offers.price,
        currency: offers.currency,
        availability: offers.availability,
        rating: scaled(of_rating("ratingValue"), of_rating("bestRating")),
        rating_count: count.filter(|n| *n >= 0.0).map(|n| n as u64),
    }
}

/// What all offers of a product say together.
#[derive(Default)]
struct Offers {
    price: Option<f64>,
    currency: Option<String>,
    availability: Option<String>,
    seen: usize,
}

impl Offers {
    fn read(&mut self, offers: Option<&Value>) {
        let mut waiting: Vec<&Value> = list(offers).iter().rev().collect();
        while let Some(offer) = waiting.pop().filter(|_| self.seen < OFFERS_MAX) {
            self.seen += 1;
            let Some(offer) = offer.as_object() else { continue };
            waiting.extend(list(offer.get("offers")).iter().rev());
            let stated = offer.get("lowPrice").or_else(|| offer.get("price")).and_then(number);
            self.take(stated, offer.get("priceCurrency"));
            for part in list(offer.get("priceSpecification")).iter().filter_map(Value::as_object) {
                self.take(part.get("price").and_then(number), part.get("priceCurrency"));
            }
            let word = offer.get("availability").and_then(Value::as_str).and_then(availability);
            // What can be had in one variant can be had.
            if self.availability.is_none() || word.as_deref() == Some("in_stock") {
                self.availability = word.or_else(|| self.availability.take());
            }
        }
    }

    fn take(&mut self, price: Option<f64>, currency: Option<&Value>) {
        let Some(price) = price.filter(|price| *price > 0.0) else { return };
        if self.price.is_none_or(|known| price < known) {
            self.price = Some(price);
            self.currency = currency.and_then(Value::as_str).and_then(currency_code);
        }
    }
}

fn of_item(item: &Item) -> Product {
    let get = |name: &str| item.get(name);
    let price = get("lowPrice").or_else(|| get("price")).and_then(written_number);
    let count = get("reviewCount").or_else(|| get("ratingCount")).and_then(written_number);
    Product {
        name: get("name").and_then(|name| line(name, NAME_CHARS_MAX)),
        brand: get("brand")
            .or_else(|| get("manufacturer"))
            .and_then(|brand| line(brand, NAME_CHARS_MAX)),
        price: price.filter(|price| *price > 0.0),
        currency: get("priceCurrency").and_then(currency_code),
        availability: get("availability").and_then(availability),
        rating: scaled(
            get("ratingValue").and_then(written_number),
            get("bestRating").and_then(written_number),
        ),
        rating_count: count.filter(|n| *n >= 0.0).map(|n| n as u64),
    }
}

fn of_meta(survey: &Survey) -> Product {
    let price = survey.meta(&["product:price:amount", "og:price:amount"]).and_then(written_number);
    let is_product = survey.meta(&["og:type"]).is_some_and(|kind| kind.ends_with("product"));
    let name = survey.meta(&["og:title"]).filter(|_| is_product);
    let available = survey.meta(&["product:availability", "og:availability"]);
    Product {
        name: name.and_then(|name| line(name, NAME_CHARS_MAX)),
        brand: survey.meta(&["product:brand"]).and_then(|brand| line(brand, NAME_CHARS_MAX)),
        price: price.filter(|price| *price > 0.0),
        currency: survey
            .meta(&["product:price:currency", "og:price:currency"])
            .and_then(currency_code),
        availability: available.and_then(availability),
        ..Product::default()
    }
}

fn list(value: Option<&Value>) -> &[Value] {
    match value {
        Some(Value::Array(values)) => values,
        Some(value) => std::slice::from_ref(value),
        None => &[],
    }
}

/// A text, or the name of an object.
fn text(value: Option<&Value>) -> Option<String> {
    let value = list(value).first()?;
    let text = value.as_str().or_else(|| value.get("name")?.as_str())?;
    line(&jarvix_html::unescape(text), NAME_CHARS_MAX)
}

fn number(value: &Value) -> Option<f64> {
    match value {
        Value::Number(number) => number.as_f64(),
        Value::String(text) => written_number(text),
        _ => None,
    }
}

/// A number as shops write it: `1,299.00`, `1.299,00 €`, `EUR 12`. The last mark with one or two
/// digits behind it is the decimal one.
fn written_number(text: &str) -> Option<f64> {
    let from = text.find(|c: char| c.is_ascii_digit())?;
    let number = &text[from..];
    let end = number.find(|c: char| !(c.is_ascii_digit() || matches!(c, '.' | ',' | '\'' | ' ')));
    let number = number[..end.unwrap_or(number.len())].trim_end_matches(['.', ',', '\'', ' ']);
    let mark = number.rfind(['.', ',']);
    let decimals = mark.map_or(0, |at| number.len() - at - 1);
    let marks = number.matches(['.', ',']).count();
    // `1.299` and `12,500` are thousands; `0.125` is not.
    let thousands = decimals == 3 && (marks > 1 || !number.starts_with('0')) && number.len() > 4;
    let (whole, part) = match mark {
        Some(at) if !thousands => (&number[..at], &number[at + 1..]),
        _ => (number, ""),
    };
    let digits: String = whole.chars().filter(char::is_ascii_digit).collect();
    format!("{digits}.{part}0").parse().ok().filter(|n: &f64| n.is_finite() && *n < 1e12)
}

/// Three letters that stand for a currency.
fn currency_code(text: &str) -> Option<String> {
    let code = text.trim().to_ascii_uppercase();
    (code.len() == 3 && code.bytes().all(|b| b.is_ascii_uppercase())).then_some(code)
}

/// `https://schema.org/InStock`, `instock`, `in stock`: the word of schema.org in snake case.
fn availability(text: &str) -> Option<String> {
    const WORDS: &[(&str, &str)] = &[
        ("backorder", "back_order"),
        ("discontinued", "discontinued"),
        ("instock", "in_stock"),
        ("instoreonly", "in_store_only"),
        ("limitedavailability", "limited_availability"),
        ("madetoorder", "made_to_order"),
        ("onlineonly", "online_only"),
        ("outofstock", "out_of_stock"),
        ("preorder", "pre_order"),
        ("presale", "pre_sale"),
        ("reserved", "reserved"),
        ("soldout", "sold_out"),
    ];
    let word = text.trim().trim_end_matches('/').rsplit('/').next()?;
    let plain: String =
        word.chars().filter(char::is_ascii_alphabetic).collect::<String>().to_ascii_lowercase();
    WORDS.iter().find(|(known, _)| *known == plain).map(|(_, word)| (*word).to_owned())
}

fn scaled(value: Option<f64>, best: Option<f64>) -> Option<f64> {
    let best = best.filter(|best| *best > 0.0).unwrap_or(RATING_BEST);
    let value = value.filter(|value| (0.0..=best).contains(value))?;
    Some((value / best * RATING_BEST * 1e3).round() / 1e3)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn product(html: &str) -> (Product, Vec<String>) {
        let mut sources = Sources::default();
        let product = of(&Survey::of(html), None, &mut sources);
        (
            product,
            sources.finish().into_iter().map(|s| format!("{} {}", s.column, s.source)).collect(),
        )
    }

    #[test]
    fn a_stated_product_is_read() {
        let (found, sources) = product(
            "<meta property=og:type content=product><meta property=og:title content=Other>\
             <meta property=product:brand content=Acme>\
             <script type=application/ld+json>{\"@type\":\"Product\",\"name\":\"Kettle &amp; lid\",\
             \"offers\":{\"@type\":\"AggregateOffer\",\"offers\":[{\"price\":\"1.299,00\",\
             \"priceCurrency\":\"eur\",\"availability\":\"http://schema.org/OutOfStock\"},\
             {\"price\":99.5,\"priceCurrency\":\"EUR\",\"availability\":\"InStock\"}]},\
             \"aggregateRating\":{\"ratingValue\":\"8\",\"bestRating\":10,\"reviewCount\":\"12\"}}</script>",
        );
        assert_eq!(found.name.as_deref(), Some("Kettle & lid"));
        assert_eq!(found.brand.as_deref(), Some("Acme"));
        assert_eq!((found.price, found.currency.as_deref()), (Some(99.5), Some("EUR")));
        assert_eq!(found.availability.as_deref(), Some("in_stock"));
        assert_eq!((found.rating, found.rating_count), (Some(4.0), Some(12)));
        assert!(sources.contains(&"product_brand open_graph product".to_owned()), "{sources:?}");
        assert!(sources.contains(&"product_name json_ld Product".to_owned()), "{sources:?}");
    }

    #[test]
    fn a_list_of_products_sells_none() {
        let block = |n: u32| {
            format!(
                "<script type=application/ld+json>{{\"@type\":\"Product\",\"name\":\"{n}\"}}</script>"
            )
        };
        assert_eq!(product(&(0..9).map(block).collect::<String>()).0, Product::default());
        assert_eq!(product(&block(1)).0.name.as_deref(), Some("1"));
    }

    #[test]
    fn numbers_are_read_as_shops_write_them() {
        let cases = [
            ("19.99", Some(19.99)),
            ("1,299.00", Some(1299.0)),
            ("1.299,00 €", Some(1299.0)),
            ("1.299", Some(1299.0)),
            ("12,5", Some(12.5)),
            ("0.125", Some(0.125)),
            ("EUR 1 299", Some(1299.0)),
            ("1'299.90", Some(1299.9)),
            ("1,299,000", Some(1_299_000.0)),
            ("$5.", Some(5.0)),
            ("free", None),
            ("99999999999999999", None),
        ];
        for (text, expected) in cases {
            assert_eq!(written_number(text), expected, "{text}");
        }
    }
}
