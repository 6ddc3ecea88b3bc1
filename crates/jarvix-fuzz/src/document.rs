//! What must hold of a document whatever page it is made from.

use jarvix_core::Document;
use jarvix_curate::PAGE_TYPES;

/// The address of every page here.
pub(crate) const URL: &str = "https://page.example/folder/page";

/// Panics when `document` breaks a promise.
pub(crate) fn check(document: &Document) {
    for date in [&document.published, &document.modified].into_iter().flatten() {
        let day: Vec<&str> = date.get(..10).expect("a day is ten bytes long").split('-').collect();
        let [year, month, day] = day[..] else { panic!("{date} is no date") };
        assert!((1900..=2100).contains(&year.parse::<u32>().expect("a year")), "{date}");
        assert!((1..=12).contains(&month.parse::<u32>().expect("a month")), "{date}");
        assert!((1..=31).contains(&day.parse::<u32>().expect("a day")), "{date}");
    }
    let kind = document.page_type.as_deref();
    assert!(kind.is_none_or(|kind| PAGE_TYPES.contains(&kind)), "{kind:?}");
    let lines = [&document.title, &document.author, &document.description, &document.site_name];
    for line in lines.into_iter().flatten() {
        assert!(!line.is_empty() && !line.chars().any(char::is_control), "{line:?}");
    }
    let is_text = |c: char| c == '\n' || !c.is_control();
    assert!(document.text.chars().all(is_text), "control characters in the text");
    let mut end = 0;
    for section in &document.sections {
        assert_eq!(section.start, end, "sections leave a gap");
        assert!(section.end > section.start && section.level <= 6);
        end = section.end;
    }
    assert_eq!(end as usize, document.text.chars().count(), "sections cover the text");
    let product = &document.product;
    assert!(product.price.is_none_or(|price| price.is_finite() && price > 0.0), "{product:?}");
    assert!(product.rating.is_none_or(|rating| (0.0..=5.0).contains(&rating)), "{product:?}");
    assert!(product.currency.is_none() || product.price.is_some(), "{product:?}");
    for source in &document.sources {
        assert!((0.0..=1.0).contains(&source.confidence), "{source:?}");
    }
    assert_eq!(document.sources.iter().any(|s| s.column == "title"), document.title.is_some());
}
