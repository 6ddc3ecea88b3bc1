//! Structured data (JSON-LD) of a page: all blocks, nested graphs too, read with bounds. What is
//! malformed is repaired where the damage is a common one, else noted.

use std::borrow::Cow;

use serde_json::{Map, Value};

/// Bytes of JSON-LD that are read of one page.
const BYTES_MAX: usize = 2 * 1024 * 1024;
/// Objects that are kept of one page.
const OBJECTS_MAX: usize = 1_000;
/// Authors that are kept of one page.
const AUTHORS_MAX: usize = 20;

/// Who is stated to have made a work.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Authors {
    /// Their names, joined by `; `.
    pub(crate) names: String,
    /// Whether none of them is an organisation.
    pub(crate) are_people: bool,
}

/// The objects of a page's JSON-LD, in page order.
#[derive(Debug, Default)]
pub(crate) struct Structured {
    objects: Vec<Map<String, Value>>,
    bytes: usize,
    /// Whether a block could not be read.
    pub(crate) malformed: bool,
}

impl Structured {
    /// Reads one more block.
    pub(crate) fn add_block(&mut self, text: &str) {
        let text = text.trim();
        self.bytes = self.bytes.saturating_add(text.len());
        if text.is_empty() || self.bytes > BYTES_MAX {
            return;
        }
        // serde_json bounds the nesting (128), so nothing here can overflow the stack.
        match serde_json::from_str(text).or_else(|_| serde_json::from_str(&repaired(text))) {
            Ok(value) => self.collect(value),
            Err(_) => self.malformed = true,
        }
    }

    /// Keeps `value` and the objects that it contains as graph, main entity or part.
    fn collect(&mut self, value: Value) {
        let mut waiting = vec![value];
        while let Some(value) = waiting.pop() {
            match value {
                Value::Array(values) => waiting.extend(values.into_iter().rev()),
                Value::Object(mut object) => {
                    for key in ["mainEntity", "hasPart", "@graph"] {
                        if object.get(key).is_some_and(|v| v.is_object() || v.is_array()) {
                            waiting.extend(object.remove(key));
                        }
                    }
                    self.objects.push(object);
                }
                _ => {}
            }
            if self.objects.len() == OBJECTS_MAX {
                return;
            }
        }
    }

    /// All objects, in page order.
    pub(crate) fn objects(&self) -> &[Map<String, Value>] {
        &self.objects
    }

    /// The objects that describe the page's own work: articles, posts, recipes.
    fn works(&self) -> impl Iterator<Item = &Map<String, Value>> {
        self.objects.iter().filter(|object| is_work(object))
    }

    /// The first `key` of a work that is text.
    pub(crate) fn work_text(&self, key: &str) -> Option<&str> {
        self.works().find_map(|object| object.get(key)?.as_str()).filter(|text| !text.is_empty())
    }

    /// The name of the site or, where the page does not state it, of its publisher.
    pub(crate) fn site_name(&self) -> Option<&str> {
        let site = self.objects.iter().find(|object| has_type(object, |name| name == "WebSite"));
        let stated = site.and_then(|site| site.get("name")?.as_str());
        stated.or_else(|| self.works().find_map(|o| o.get("publisher")?.get("name")?.as_str()))
    }

    /// Whether the page says that it is an article or a post.
    pub(crate) fn states_article(&self) -> bool {
        self.objects.iter().any(|object| {
            has_type(object, |name| name.ends_with("Article") || name.ends_with("Posting"))
        })
    }

    /// The names of the work's authors, joined by `; `.
    pub(crate) fn authors(&self) -> Option<Authors> {
        let author = self.works().find_map(|object| object.get("author"))?;
        let mut names: Vec<String> = Vec::new();
        let mut are_people = true;
        let list = author.as_array().map_or(std::slice::from_ref(author), Vec::as_slice);
        for one in list.iter().take(AUTHORS_MAX) {
            let object = one.as_object().map(|object| self.resolved(object));
            are_people &=
                !object.is_some_and(|o| has_type(o, |name| name.ends_with("Organization")));
            let name = one.as_str().or_else(|| object?.get("name")?.as_str()).unwrap_or("");
            let name = jarvix_html::unescape(name.trim()).into_owned();
            // Some sites put the author's page where the name belongs.
            if !name.is_empty() && !name.starts_with("http") && !names.contains(&name) {
                names.push(name);
            }
        }
        (!names.is_empty()).then(|| Authors { names: names.join("; "), are_people })
    }

    /// The object itself, or the one that it refers to by its `@id`.
    fn resolved<'s>(&'s self, object: &'s Map<String, Value>) -> &'s Map<String, Value> {
        let known = |id| self.objects.iter().find(|other| other.get("@id") == Some(id));
        match object.get("@id") {
            Some(id) if !object.contains_key("name") => known(id).unwrap_or(object),
            _ => object,
        }
    }

    /// The first image of a work or product.
    pub(crate) fn image(&self) -> Option<&str> {
        let is_shown = |o: &&Map<String, Value>| is_work(o) || has_type(o, |t| t == "Product");
        let image = self.objects.iter().filter(is_shown).find_map(|object| object.get("image"))?;
        let first = image.as_array().map_or(Some(image), |list| list.first())?;
        first.as_str().or_else(|| first.get("url")?.as_str())
    }

    /// Whether an object is of one of these types.
    pub(crate) fn states_type(&self, names: &[&str]) -> bool {
        self.objects.iter().any(|object| has_type(object, |name| names.contains(&name)))
    }

    /// Whether the page says of itself or of a part that one must pay to read it.
    pub(crate) fn says_paywalled(&self) -> bool {
        self.objects.iter().any(|object| match object.get("isAccessibleForFree") {
            Some(Value::Bool(free)) => !free,
            Some(Value::String(free)) => free.eq_ignore_ascii_case("false"),
            _ => false,
        })
    }
}

/// Whether one of the object's types, without their vocabulary's address, fits.
pub(crate) fn has_type(object: &Map<String, Value>, fits: impl Fn(&str) -> bool) -> bool {
    let fits = |name: &str| fits(name.rsplit(['/', '#', ':']).next().unwrap_or(name));
    match object.get("@type") {
        Some(Value::String(name)) => fits(name),
        Some(Value::Array(names)) => names.iter().filter_map(Value::as_str).any(fits),
        _ => false,
    }
}

fn is_work(object: &Map<String, Value>) -> bool {
    has_type(object, |name| {
        name.ends_with("Article")
            || name.ends_with("Posting")
            || matches!(
                name,
                "Report" | "Recipe" | "Book" | "CreativeWork" | "HowTo" | "QAPage" | "Question"
            )
    })
}

/// Undoes what commonly breaks a block: comment and CDATA marks around it, a final semicolon,
/// raw line breaks within strings, commas before a closing bracket.
fn repaired(text: &str) -> Cow<'_, str> {
    let mut text = text.trim();
    for mark in ["<!--", "//<![CDATA[", "/*<![CDATA[*/", "<![CDATA[", "//-->", "-->"] {
        text = text.strip_prefix(mark).unwrap_or(text).trim();
    }
    for mark in [";", "-->", "//", "//]]>", "/*]]>*/", "]]>", ";"] {
        text = text.strip_suffix(mark).unwrap_or(text).trim();
    }
    let (mut in_string, mut escaped) = (false, false);
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            _ if escaped => escaped = false,
            '\\' if in_string => escaped = true,
            '"' => in_string = !in_string,
            ']' | '}' if !in_string => {
                let kept = out.trim_end().trim_end_matches(',').len();
                out.truncate(kept);
            }
            _ => {}
        }
        out.push(if c.is_control() { ' ' } else { c });
    }
    Cow::Owned(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(blocks: &[&str]) -> Structured {
        let mut structured = Structured::default();
        blocks.iter().for_each(|block| structured.add_block(block));
        structured
    }

    #[test]
    fn works_are_found_wherever_they_stand() {
        let blocks = [
            r#"{"@graph": [{"@type": "WebSite", "name": "S"}, {"@type": ["NewsArticle"],
                "headline": "H", "author": [{"name": "A"}, "B", {"name": "A"}]}]}"#,
            r#"[{"@type": "Product", "image": ["https://x.org/i.png"]}]"#,
        ];
        let found = read(&blocks);
        assert_eq!(found.work_text("headline"), Some("H"));
        assert_eq!(found.authors(), Some(Authors { names: "A; B".to_owned(), are_people: true }));
        assert!(found.states_article());
        assert_eq!(found.image(), Some("https://x.org/i.png"));
        assert!(!found.malformed && !found.says_paywalled());
    }

    #[test]
    fn authors_are_looked_up_by_their_id() {
        let block = r##"{"@graph": [{"@type": "BlogPosting", "author": {"@id": "#a"}},
            {"@type": "Organization", "@id": "#a", "name": "Mills &amp; Co"}]}"##;
        let authors = read(&[block]).authors();
        assert_eq!(authors, Some(Authors { names: "Mills & Co".to_owned(), are_people: false }));
    }

    #[test]
    fn common_damage_is_repaired_and_the_rest_is_noted() {
        let cases = [
            ("<!-- {\"@type\": \"Article\", \"headline\": \"H\"} -->", Some("H"), false),
            ("//<![CDATA[\n{\"@type\":\"Article\",\"headline\":\"H\"}\n//]]>", Some("H"), false),
            ("{\"@type\":\"Article\",\"headline\":\"a\nb\",};", Some("a b"), false),
            ("{\"@type\":\"Article\",", None, true),
            ("", None, false),
        ];
        for (block, headline, malformed) in cases {
            let found = read(&[block]);
            assert_eq!((found.work_text("headline"), found.malformed), (headline, malformed));
        }
        let deep = format!("{}1{}", "[".repeat(100_000), "]".repeat(100_000));
        assert!(read(&[&deep]).malformed);
    }

    #[test]
    fn a_paywall_may_be_stated_for_a_part() {
        let part = r#"{"@type":"Article","hasPart":{"@type":"WebPageElement","isAccessibleForFree":"False"}}"#;
        assert!(read(&[part]).says_paywalled());
        assert!(!read(&[r#"{"@type":"Article","isAccessibleForFree":true}"#]).says_paywalled());
    }
}
