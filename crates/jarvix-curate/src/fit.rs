//! What `examples/fit` needs to learn the weights: a page's units and their rows of features, the
//! very ones that [`curate`](crate::curate) uses.
//!
//! Not for users: it changes with the features. What it refuses to do: see labels.

use jarvix_core::Document;
use jarvix_html::TokenList;

use crate::content::{self, Reading};
use crate::extract::{self, Surveyed};
pub use crate::page_type::KINDS;
use crate::quick::Ready;
use crate::supplement;
use crate::survey::Survey;
use crate::tree::Tree;
use crate::vocabulary;
pub use crate::vocabulary::ByHash;
pub use crate::weights::{Forest, LEAF, Split, Weights, WordScores};

/// Ancestors whose class words count for a unit.
const PATH_MAX: usize = 8;
/// Words of a unit that are counted.
const WORDS_MAX: usize = 40;

/// A page as it is learned from.
pub struct Lesson {
    html: String,
    page_bytes: usize,
    url: String,
    survey: Survey,
}

/// A unit as words.
#[derive(Debug, Default, Clone)]
pub struct LessonUnit {
    /// Its text.
    pub text: String,
    /// Whether it is stated by the page but not shown.
    pub added: bool,
    /// Hashes of the class words above it, each once.
    pub classes: Vec<u32>,
    /// Hashes of its first words, each once.
    pub texts: Vec<u32>,
}

impl Lesson {
    /// Reads a page.
    pub fn new(html: String, url: String) -> Self {
        let survey = Survey::among(&html, jarvix_html::tokens(&html));
        let mut html = html;
        let page_bytes = html.len();
        html.push_str(&supplement::of(&html, &survey));
        Self { html, page_bytes, url, survey }
    }

    /// The units as words.
    pub fn units(&self) -> Vec<LessonUnit> {
        let tree = Tree::of(&self.html, self.page_bytes);
        let reading = Reading::of(&tree, &self.survey, &self.url, &WordScores::default());
        let unit = |unit: &crate::units::Unit| {
            let mut found =
                LessonUnit { text: reading.units.text(unit).to_owned(), ..Default::default() };
            let parent = tree.nodes[unit.first as usize].parent;
            for at in tree.path(parent).take(PATH_MAX) {
                let Some(tag) = tree.tag(at) else { continue };
                for (key, value) in tag.attributes() {
                    if ["class", "id", "role", "itemprop"]
                        .iter()
                        .any(|k| key.eq_ignore_ascii_case(k))
                    {
                        vocabulary::class_words(value, |w| found.classes.push(vocabulary::hash(w)));
                    }
                }
            }
            let words = found.text.split(|c: char| !c.is_alphanumeric()).filter(|w| !w.is_empty());
            found.texts =
                words.take(WORDS_MAX).map(|w| vocabulary::hash(&w.to_lowercase())).collect();
            found.added = unit.first >= tree.added;
            for list in [&mut found.classes, &mut found.texts] {
                list.sort_unstable();
                list.dedup();
            }
            found
        };
        reading.units.units.iter().map(unit).collect()
    }

    /// The page's row.
    pub fn page_row(&self, words: &WordScores) -> Vec<f32> {
        Reading::of(&Tree::of(&self.html, self.page_bytes), &self.survey, &self.url, words).page
    }

    /// The rows of the units.
    pub fn unit_rows(&self, words: &WordScores, kinds: &[f32]) -> Vec<Vec<f32>> {
        let tree = Tree::of(&self.html, self.page_bytes);
        let reading = Reading::of(&tree, &self.survey, &self.url, words);
        reading.unit_rows(&tree, &self.survey, &self.url, words, kinds)
    }

    /// Which units `weights` choose, and the kind that they take the page for.
    pub fn find(&self, weights: &Weights) -> (Vec<bool>, Option<&'static str>) {
        let tree = Tree::of(&self.html, self.page_bytes);
        let found = content::find(&tree, &self.survey, &self.url, &Ready::of(weights), usize::MAX);
        found.map(|found| (found.chosen, found.kind.map(|(kind, _)| kind))).unwrap_or_default()
    }

    /// The document that `weights` make of the page, as [`extract`](crate::extract()) would with
    /// them.
    pub fn document(&self, weights: &Weights) -> Document {
        let html = &self.html[..self.page_bytes];
        let tokens = TokenList::of(html);
        let (url, survey) = (self.url.as_str(), &self.survey);
        let page = Surveyed { html, tokens: &tokens, url, survey };
        extract::extract_with(&page, &Ready::of(weights)).0
    }

    /// Adds to the rows what the first forest says around each unit.
    pub fn add_surroundings(&self, words: &WordScores, rows: &mut [Vec<f32>], first: &[f32]) {
        let tree = Tree::of(&self.html, self.page_bytes);
        Reading::of(&tree, &self.survey, &self.url, words).add_surroundings(&tree, rows, first);
    }
}

/// Probabilities of the kinds of page.
pub fn kinds(forests: &[Forest], page: &[f32]) -> Vec<f32> {
    crate::page_type::probabilities(forests, page)
}
