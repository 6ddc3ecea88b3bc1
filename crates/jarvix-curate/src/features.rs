//! A page and its units as rows of numbers, for the forests of [`crate::weights`].
//!
//! Every number is of the page's own text and structure; none is of its place in time or of the
//! site's name. What it refuses to do: decide.

use xxhash_rust::xxh3::xxh3_64;

use crate::context::Context;
use crate::survey::Survey;
use crate::tree::{Name, Tree};
use crate::units::{Counts, Unit, Units};
use crate::vocabulary::{self, ByHash, TEXT_COUNT};
use crate::weights::WordScores;

/// Words of a unit that are looked up.
const WORDS_MAX: usize = 40;
/// Parts the words of a triple in its hash.
const TRIPLE_PRIME: u64 = 0x9e37_79b9_7f4a_7c15;
/// Room for the features of a unit.
const ROW_WIDTH: usize = 448;
/// Ancestors of a unit whose counts are features.
const LEVELS: usize = 5;

/// A page cut into units, with what is known around them.
pub(crate) struct Scene<'a> {
    pub(crate) tree: &'a Tree<'a>,
    pub(crate) units: &'a Units,
    pub(crate) context: &'a Context,
    pub(crate) survey: &'a Survey,
    pub(crate) scores: &'a WordScores,
    pub(crate) url: &'a str,
    /// The words of the units, by their hashes, one unit behind the other.
    pub(crate) words: &'a UnitWords,
}

/// The first words of each unit, by their hashes.
#[derive(Debug, Default)]
pub(crate) struct UnitWords {
    words: Vec<u32>,
    /// Where the words of each unit end.
    ends: Vec<usize>,
}

impl UnitWords {
    /// The words of `units`.
    pub(crate) fn of(units: &Units) -> Self {
        let mut found = Self::default();
        for unit in &units.units {
            vocabulary::text_words(units.text(unit), WORDS_MAX, &mut found.words);
            found.ends.push(found.words.len());
        }
        found
    }

    fn get(&self, unit: usize) -> &[u32] {
        let start = if unit == 0 { 0 } else { self.ends[unit - 1] };
        &self.words[start..self.ends[unit]]
    }
}

fn log(value: u32) -> f32 {
    (1.0 + value as f32).ln()
}

fn ratio(part: u32, whole: u32) -> f32 {
    if whole == 0 { 0.0 } else { part as f32 / whole as f32 }
}

impl Scene<'_> {
    fn total(&self) -> Counts {
        self.units.counts.first().copied().unwrap_or_default()
    }

    /// Features of the whole page.
    pub(crate) fn page_row(&self) -> Vec<f32> {
        let total = self.total();
        let mut row = Vec::with_capacity(192);
        let more = [total.headings, total.images, total.links, total.items, total.fields];
        for value in [total.words, total.units, total.paragraphs, total.prices].iter().chain(&more)
        {
            row.push(log(*value));
        }
        for part in [total.link_words, total.prose_words, total.commas, total.stops, total.digits] {
            row.push(ratio(part, total.words));
        }
        row.push(ratio(total.words, total.units));
        row.push(ratio(total.prices, total.units));
        row.push(ratio(total.images, total.units));
        for core in self.context.cores {
            let counts = &self.units.counts[core as usize];
            row.extend([ratio(counts.words, total.words), ratio(counts.link_words, counts.words)]);
            row.push(log(counts.words));
            row.push(ratio(counts.prices, counts.units));
        }
        row.extend(self.context.marked.iter().map(|count| log(*count)));
        let families = vocabulary::text_families(&self.words.words);
        row.extend(families.iter().map(|count| ratio(u32::from(*count) * 100, total.words)));
        self.push_repeats(&mut row);
        self.push_statements(&mut row);
        self.push_address(&mut row);
        self.push_core_names(&mut row);
        row
    }

    /// The most repeated siblings: how many, how long, how full of links.
    fn push_repeats(&self, row: &mut Vec<f32>) {
        let best = |fits: fn(&Counts) -> bool| {
            let around = self.context.around.iter().enumerate();
            around
                .filter(|(at, a)| {
                    a.repeat_index == 0 && a.repeats > 2 && fits(&self.units.counts[*at])
                })
                .max_by_key(|(at, a)| u32::from(a.repeats) * self.units.counts[*at].words.min(200))
                .map(|(at, a)| (u32::from(a.repeats), self.units.counts[at]))
        };
        for found in [
            best(|c| c.words > 2),
            best(|c| c.words > 15),
            best(|c| c.prices > 0),
            best(|c| c.images > 0 && c.links > 0),
            best(|c| c.paragraphs > 1),
        ] {
            let (repeats, counts) = found.unwrap_or_default();
            row.extend([log(repeats), log(counts.words), ratio(counts.link_words, counts.words)]);
        }
    }

    /// What the page says of itself.
    fn push_statements(&self, row: &mut Vec<f32>) {
        let kind = self.survey.meta(&["og:type"]).unwrap_or_default().to_ascii_lowercase();
        for word in ["article", "product", "website", "group", "profile"] {
            row.push(f32::from(u8::from(kind.contains(word))));
        }
        for words in STATED_TYPES {
            row.push(f32::from(u8::from(self.survey.structured.states_type(words))));
        }
        let generator = self.survey.meta(&["generator"]).unwrap_or_default().to_ascii_lowercase();
        for words in GENERATORS {
            row.push(f32::from(u8::from(words.iter().any(|word| generator.contains(word)))));
        }
    }

    fn push_address(&self, row: &mut Vec<f32>) {
        let address = self.url.to_ascii_lowercase();
        let rest = address.split_once("://").map_or(address.as_str(), |(_, rest)| rest);
        let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
        let (path, query) = path.split_once('?').unwrap_or((path, ""));
        let segments: Vec<&str> = path.split('/').filter(|s| !s.is_empty()).collect();
        let last = segments.last().copied().unwrap_or_default();
        row.push(segments.len() as f32);
        row.push(last.matches('-').count() as f32);
        row.push(last.bytes().filter(u8::is_ascii_digit).count() as f32);
        row.push(f32::from(u8::from(last.contains('.'))));
        row.push(query.len().min(100) as f32);
        for words in ADDRESS_WORDS {
            let stands = |text: &str| {
                text.split(|c: char| !c.is_ascii_alphanumeric()).any(|w| words.contains(&w))
            };
            row.push(f32::from(u8::from(stands(host))) + 2.0 * f32::from(u8::from(stands(path))));
        }
    }

    /// The marks over the core of the prose.
    fn push_core_names(&self, row: &mut Vec<f32>) {
        let around = &self.context.around[self.context.cores[1] as usize];
        row.extend(around.near.iter().map(|near| f32::from(*near)));
        row.extend([around.least, around.greatest, around.sum]);
    }

    /// A row of features for each unit.
    pub(crate) fn unit_rows(&self, page: &[f32]) -> Vec<Vec<f32>> {
        let mut title = Vec::new();
        let stated = self.survey.title.as_deref().unwrap_or_default();
        vocabulary::text_words(stated, WORDS_MAX, &mut title);
        title.sort_unstable();
        title.dedup();
        let mut copies: ByHash<u64, u32> = ByHash::default();
        let hashes: Vec<u64> =
            self.units.units.iter().map(|u| xxh3_64(self.units.text(u).as_bytes())).collect();
        for hash in &hashes {
            *copies.entry(*hash).or_default() += 1;
        }
        let count = self.units.units.len();
        let families: Vec<[u16; TEXT_COUNT]> =
            (0..count).map(|at| vocabulary::text_families(self.words.get(at))).collect();
        let told: Vec<[f32; 3]> = (0..count).map(|at| self.told(at)).collect();
        let new = self.new_shares();
        let mut rows = Vec::with_capacity(self.units.units.len());
        let mut place = Place::default();
        for (at, unit) in self.units.units.iter().enumerate() {
            let mut row = Vec::with_capacity(ROW_WIDTH);
            place.enter(self, at);
            self.push_own(&mut row, unit, &families[at], &told[at]);
            row.push(copies.get(&hashes[at]).map_or(1.0, |n| *n as f32));
            row.push(new[at]);
            let own = self.words.get(at);
            let in_title = title.iter().filter(|word| own.contains(word)).count();
            row.push(in_title as f32 / (unit.counts.words.max(1) as f32));
            row.push(in_title as f32 / (title.len().max(1) as f32));
            self.push_around(&mut row, unit);
            self.push_above(&mut row, unit);
            self.push_place(&mut row, at, &place, &families, &told);
            self.push_neighbours(&mut row, at, &told);
            row.extend(page);
            place.leave(unit);
            rows.push(row);
        }
        rows
    }

    /// For units that the page states but does not show, the share of word triples that nothing
    /// shown has; 2 for all others.
    fn new_shares(&self) -> Vec<f32> {
        let triples = |unit: &Unit| -> Vec<u64> {
            let mut words = Vec::new();
            vocabulary::text_words(self.units.text(unit), usize::MAX >> 1, &mut words);
            let triple = |w: &[u32]| {
                w.iter()
                    .fold(0u64, |hash, word| (hash ^ u64::from(*word)).wrapping_mul(TRIPLE_PRIME))
            };
            words.windows(3).map(triple).collect()
        };
        if self.tree.added == u32::MAX {
            return vec![2.0; self.units.units.len()];
        }
        let units = self.units.units.iter();
        let added: Vec<bool> = units.map(|unit| unit.first >= self.tree.added).collect();
        let units = || self.units.units.iter().zip(&added);
        let shown = units().filter(|(_, added)| !**added).map(|(unit, _)| triples(unit));
        let mut shown: Vec<u64> = shown.flatten().collect();
        shown.sort_unstable();
        units()
            .map(|(unit, added)| {
                if !added {
                    return 2.0;
                }
                let own: Vec<u64> = triples(unit);
                let new = own.iter().filter(|hash| shown.binary_search(hash).is_err()).count();
                ratio(new as u32, own.len() as u32)
            })
            .collect()
    }

    /// Mean, least and greatest of the learned scores of a unit's words.
    fn told(&self, unit: usize) -> [f32; 3] {
        let (mut sum, mut least, mut greatest, mut known) = (0.0f32, 0.0f32, 0.0f32, 0.0f32);
        for score in self.words.get(unit).iter().filter_map(|word| self.scores.texts.get(word)) {
            sum += score;
            known += 1.0;
            least = least.min(*score);
            greatest = greatest.max(*score);
        }
        [if known > 0.0 { sum / known } else { 0.0 }, least, greatest]
    }

    fn push_own(
        &self,
        row: &mut Vec<f32>,
        unit: &Unit,
        families: &[u16; TEXT_COUNT],
        told: &[f32; 3],
    ) {
        let counts = &unit.counts;
        row.push(log(counts.words));
        for part in [counts.link_words, counts.commas, counts.stops, counts.capitals, counts.chars]
        {
            row.push(ratio(part, counts.words));
        }
        row.push(ratio(counts.digits, counts.chars));
        row.push(counts.prices as f32);
        let text = self.units.text(unit);
        let last = text.chars().next_back().unwrap_or(' ');
        row.push(match last {
            '.' | '!' | '?' | '…' | '。' => 2.0,
            ':' | ';' | ',' => 1.0,
            c if c.is_alphanumeric() => 0.0,
            _ => 0.5,
        });
        let first = text.chars().next().unwrap_or(' ');
        row.push(
            f32::from(u8::from(first.is_uppercase()))
                + 2.0 * f32::from(u8::from(first.is_ascii_digit())),
        );
        row.push(f32::from(u8::from(text.contains(['©', '|', '›', '»', '•']))));
        row.extend(families.iter().map(|count| f32::from(*count)));
        row.push(ratio(u32::from(families[TEXT_COUNT - 1]), counts.words.min(WORDS_MAX as u32)));
        row.extend(told);
        row.push(f32::from(self.tree.nodes[unit.block as usize].name as u8));
        row.push(f32::from(self.tree.nodes[unit.block as usize].name.heading_level()));
    }

    fn push_around(&self, row: &mut Vec<f32>, unit: &Unit) {
        let node = &self.tree.nodes[unit.block as usize];
        let around = &self.context.around[unit.block as usize];
        // Links and buttons within the line are around the text, not around its block.
        let inner = &self.context.around[self.tree.nodes[unit.first as usize].parent as usize];
        row.push(f32::from(node.depth));
        let nearest = around.near.iter().zip(&inner.near).map(|(a, b)| f32::from(*a.min(b)));
        row.extend(nearest);
        row.extend([
            around.own,
            around.least.min(inner.least),
            around.greatest.max(inner.greatest),
        ]);
        row.extend([around.sum, inner.own]);
        row.push(f32::from(node.depth - around.with_heading.min(node.depth)));
        row.push(f32::from(around.with_heading));
        row.push(f32::from(node.depth - around.with_core.min(node.depth)));
        row.push(f32::from(around.with_core));
        for core in self.context.cores {
            let end = self.tree.nodes[core as usize].end;
            row.push(if unit.first < core {
                0.0
            } else if unit.first < end {
                1.0
            } else {
                2.0
            });
        }
    }

    /// The counts of the blocks around a unit and how often they are repeated.
    fn push_above(&self, row: &mut Vec<f32>, unit: &Unit) {
        let total = self.total();
        let blocks = self.tree.path(unit.block).filter(|at| !self.tree.nodes[*at as usize].inline);
        let path: Vec<u32> = blocks.take(8).collect();
        for level in 0..LEVELS {
            let at = path.get(level).or(path.last()).copied().unwrap_or(0);
            let counts = &self.units.counts[at as usize];
            row.extend([log(counts.words), log(counts.units)]);
            for part in [counts.link_words, counts.prose_words, counts.stops] {
                row.push(ratio(part, counts.words));
            }
            for part in [counts.words, counts.images, counts.fields, counts.headings] {
                row.push(ratio(part, counts.units));
            }
            row.push(ratio(counts.words, total.words));
            let around = &self.context.around[at as usize];
            row.extend([f32::from(around.repeats), f32::from(around.repeat_index)]);
        }
        let most = path.iter().enumerate().max_by_key(|(level, at)| {
            (self.context.around[**at as usize].repeats, std::cmp::Reverse(*level))
        });
        let (level, at) = most.map_or((0, 0), |(level, at)| (level, *at));
        let (around, counts) = (&self.context.around[at as usize], &self.units.counts[at as usize]);
        row.extend([level as f32, f32::from(around.repeats), f32::from(around.repeat_index)]);
        row.extend([log(counts.words), ratio(counts.link_words, counts.words)]);
        row.extend([ratio(counts.prices, counts.units), ratio(counts.images, counts.units)]);
        let parent = self.tree.nodes[at as usize].parent;
        let counts = &self.units.counts[parent as usize];
        row.extend([log(counts.words), ratio(counts.link_words, counts.words)]);
        row.push(ratio(counts.words, total.words));
    }

    fn push_place(
        &self,
        row: &mut Vec<f32>,
        at: usize,
        place: &Place,
        families: &[[u16; TEXT_COUNT]],
        told: &[[f32; 3]],
    ) {
        let total = self.total();
        row.push(at as f32 / self.units.units.len() as f32);
        row.push(ratio(place.words, total.words));
        row.push(ratio(place.prose_words, total.prose_words));
        row.extend([log(place.words), log(total.words - place.words.min(total.words))]);
        row.push(place.main_heading.map_or(-1.0, |h| (at - h) as f32));
        row.push(place.main_heading.map_or(-1.0, |_| log(place.words_since_main)));
        match place.heading {
            None => row.extend([-1.0; 3 + 3 + TEXT_COUNT]),
            Some(heading) => {
                let unit = &self.units.units[heading];
                let block = &self.tree.nodes[unit.block as usize];
                let parent = &self.tree.nodes[block.parent as usize];
                row.extend([(at - heading) as f32, f32::from(block.name.heading_level())]);
                row.push(f32::from(u8::from(self.units.units[at].first < parent.end)));
                row.extend(told[heading]);
                row.extend(families[heading].iter().map(|count| f32::from(*count)));
            }
        }
    }

    fn push_neighbours(&self, row: &mut Vec<f32>, at: usize, told: &[[f32; 3]]) {
        for step in [-2isize, -1, 1, 2] {
            let found =
                at.checked_add_signed(step).and_then(|n| Some((n, self.units.units.get(n)?)));
            match found {
                None => row.extend([-1.0; 6]),
                Some((n, unit)) => {
                    let counts = &unit.counts;
                    row.extend([log(counts.words), ratio(counts.link_words, counts.words)]);
                    row.push(ratio(counts.stops, counts.words));
                    row.push(f32::from(self.tree.nodes[unit.block as usize].name as u8));
                    row.push(told[n][0]);
                    let same = self.context.around[unit.block as usize].signature
                        == self.context.around[self.units.units[at].block as usize].signature;
                    row.push(f32::from(u8::from(same)));
                }
            }
        }
        for reach in [5usize, 15] {
            let from = at.saturating_sub(reach);
            let to = (at + reach + 1).min(self.units.units.len());
            let mut sum = Counts::default();
            for unit in &self.units.units[from..to] {
                sum.words += unit.counts.words;
                sum.link_words += unit.counts.link_words;
                sum.prose_words += unit.counts.prose_words;
            }
            row.extend([log(sum.words), ratio(sum.link_words, sum.words)]);
            row.push(ratio(sum.prose_words, sum.words));
        }
    }
}

/// Where the walk over the units stands.
#[derive(Default)]
struct Place {
    words: u32,
    prose_words: u32,
    heading: Option<usize>,
    main_heading: Option<usize>,
    words_since_main: u32,
}

impl Place {
    fn enter(&mut self, scene: &Scene<'_>, at: usize) {
        let name = scene.tree.nodes[scene.units.units[at].block as usize].name;
        if name == Name::H1 && self.main_heading.is_none() {
            self.main_heading = Some(at);
        }
        if name.heading_level() > 0 {
            self.heading = Some(at);
        }
    }

    fn leave(&mut self, unit: &Unit) {
        self.words += unit.counts.words;
        self.prose_words += unit.counts.prose_words;
        if self.main_heading.is_some() {
            self.words_since_main += unit.counts.words;
        }
    }
}

/// Types of structured data that tell the kind of a page.
const STATED_TYPES: &[&[&str]] = &[
    &["Article", "NewsArticle", "BlogPosting", "TechArticle", "Report"],
    &["Product", "ProductGroup", "IndividualProduct"],
    &["DiscussionForumPosting", "QAPage", "Question"],
    &["ItemList", "CollectionPage", "OfferCatalog", "SearchResultsPage"],
    &["FAQPage"],
    &["Service", "LocalBusiness", "SoftwareApplication", "ProfessionalService"],
    &["Organization", "Corporation"],
    &["BreadcrumbList"],
    &["Recipe", "HowTo"],
    &["Event", "Course", "JobPosting"],
];

const GENERATORS: &[&[&str]] = &[
    &["wordpress"],
    &["discourse", "phpbb", "vbulletin", "xenforo", "mybb", "invision"],
    &["docusaurus", "sphinx", "mkdocs", "hugo", "jekyll", "gitbook", "vitepress"],
    &["shopify", "woocommerce", "magento", "prestashop"],
    &["wix", "webflow", "squarespace", "hubspot"],
    &["mediawiki"],
];

const ADDRESS_WORDS: &[&[&str]] = &[
    &["blog", "blogs", "news", "article", "articles", "story", "stories", "post", "posts"],
    &["product", "products", "item", "p", "dp", "sku", "shop", "store", "buy"],
    &["forum", "forums", "thread", "threads", "topic", "community", "discuss", "questions", "t"],
    &["docs", "doc", "documentation", "api", "reference", "guide", "manual", "wiki", "help"],
    &["category", "collections", "collection", "categories", "catalog", "c", "browse"],
    &["services", "service", "solutions", "platform", "features", "pricing", "software"],
    &["list", "best", "top", "courses", "events", "awards", "directory", "search", "tag", "topics"],
    &["about", "company", "contact", "team", "careers"],
    &["2019", "2020", "2021", "2022", "2023", "2024", "2025", "2026"],
    &["html", "php", "aspx"],
];
