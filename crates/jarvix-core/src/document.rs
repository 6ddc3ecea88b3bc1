//! The document: what a reader would take from a page, and what curation measured of it. The list
//! of signals stands here once; schema, SQL, profiles, help and report derive from it.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::LinkKind;

macro_rules! signals {
    ($($variant:ident $name:literal $about:literal;)*) => {
        /// A numeric quality signal of a document; one column of `documents` each.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Signal {
            $(#[doc = $about] $variant,)*
        }

        impl Signal {
            /// Every signal, in column order.
            pub const ALL: &[Self] = &[$(Self::$variant,)*];

            /// Column name.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }

            /// What it measures, with unit and source.
            pub const fn about(self) -> &'static str {
                match self { $(Self::$variant => $about,)* }
            }
        }
    };
}

signals! {
    CharCount "char_count" "Characters of the main text.";
    SentenceCount "sentence_count" "Sentences of the main text.";
    ParagraphCount "paragraph_count" "Paragraphs (non-empty lines) of the main text.";
    MeanWordLength "mean_word_length" "Mean word length in characters (Gopher: 3 to 10; Rae et al. 2021).";
    LongestWordLength "longest_word_length" "Characters of the longest word (C4 as in datatrove: at most 1,000).";
    Lix "lix" "Readability as LIX: words per sentence plus the percentage of words of more than six letters (Björnsson 1968: 25 is easy, 55 is hard); empty for scripts without spaces.";
    SymbolWordRatio "symbol_word_ratio" "Hash signs and ellipses per word (Gopher: at most 0.1).";
    BulletLineRatio "bullet_line_ratio" "Share of lines that begin with a bullet (Gopher: at most 0.9).";
    EllipsisLineRatio "ellipsis_line_ratio" "Share of lines that end with an ellipsis (Gopher: at most 0.3).";
    AlphaWordRatio "alpha_word_ratio" "Share of words with at least one letter (Gopher: at least 0.8).";
    StopWordCount "stop_word_count" "Stop words of the text's language (Gopher: at least 2).";
    DuplicateLineRatio "duplicate_line_ratio" "Share of lines that repeat an earlier line (Gopher: at most 0.3).";
    DuplicateLineCharRatio "duplicate_line_char_ratio" "Share of characters in repeated lines (Gopher: at most 0.2; FineWeb: at most 0.01).";
    DuplicateParagraphRatio "duplicate_paragraph_ratio" "Share of paragraphs (what stands between blank lines of the Markdown) that repeat an earlier one (Gopher: at most 0.3).";
    DuplicateParagraphCharRatio "duplicate_paragraph_char_ratio" "Share of characters in repeated paragraphs (Gopher: at most 0.2).";
    Top2gramRatio "top_2gram_ratio" "Share of characters in the most frequent word pair (Gopher: at most 0.20).";
    Top3gramRatio "top_3gram_ratio" "Share of characters in the most frequent three words (Gopher: at most 0.18).";
    Top4gramRatio "top_4gram_ratio" "Share of characters in the most frequent four words (Gopher: at most 0.16).";
    Duplicate5gramRatio "duplicate_5gram_ratio" "Share of characters in five words that came before in the same order (Gopher: at most 0.15).";
    Duplicate6gramRatio "duplicate_6gram_ratio" "Share of characters in six words that came before in the same order (Gopher: at most 0.14).";
    Duplicate7gramRatio "duplicate_7gram_ratio" "Share of characters in seven words that came before in the same order (Gopher: at most 0.13).";
    Duplicate8gramRatio "duplicate_8gram_ratio" "Share of characters in eight words that came before in the same order (Gopher: at most 0.12).";
    Duplicate9gramRatio "duplicate_9gram_ratio" "Share of characters in nine words that came before in the same order (Gopher: at most 0.11).";
    Duplicate10gramRatio "duplicate_10gram_ratio" "Share of characters in ten words that came before in the same order (Gopher: at most 0.10).";
    PunctuatedLineRatio "punctuated_line_ratio" "Share of lines that end with punctuation (FineWeb: at least 0.12; Penedo et al. 2024).";
    ShortLineRatio "short_line_ratio" "Share of lines of at most 30 characters (FineWeb: at most 0.67).";
    NewlineRatio "newline_ratio" "Line breaks per word (FineWeb: at most 0.3).";
    TerminalLineRatio "terminal_line_ratio" "Share of lines that end with a full stop, question mark, exclamation mark or quotation mark, and not with an ellipsis (C4 keeps no others; Raffel et al. 2020).";
    FewWordLineRatio "few_word_line_ratio" "Share of lines of fewer than three words (C4 drops such lines).";
    JavascriptLineCount "javascript_line_count" "Lines that say javascript (C4 drops such lines).";
    PolicyLineCount "policy_line_count" "Lines that say terms of use, privacy policy, cookie policy or use cookies (C4 drops such lines).";
    LoremIpsumCount "lorem_ipsum_count" "How often the text says lorem ipsum (C4: never).";
    CurlyBracketCount "curly_bracket_count" "Opening curly brackets in the text (C4: none).";
    LinkDensity "link_density" "Share of the whole page's visible text that stands in links.";
    TextShare "text_share" "Main text as a share of the page's visible text.";
    BoilerplateRatio "boilerplate_ratio" "Share of the page's visible text that is not main text: 1 - text_share.";
    HeadingCount "heading_count" "Headings (h1 to h6) of the page.";
    ListItemCount "list_item_count" "List items of the page.";
    TableCount "table_count" "Tables of the page.";
    ImageCount "image_count" "Images of the page.";
    LinkCount "link_count" "Links of the page that can be followed.";
    ExternalLinkCount "external_link_count" "Links that lead to another host.";
    KeywordHits "keyword_hits" "Words and phrases of buying in title, description and text: in the language of the text and English, or in any known one if the language is not.";
    ComparisonHits "comparison_hits" "Words and phrases of comparing and reviewing in title, description and text.";
    SupportHits "support_hits" "Words and phrases of looking for help in title, description and text.";
    CareerHits "career_hits" "Words and phrases of jobs and applications in title, description and text.";
    EmailCount "email_count" "E-mail addresses in the main text.";
    PhoneCount "phone_count" "Telephone numbers in the main text: international ones, and national ones that are written as such.";
    IbanCount "iban_count" "Account numbers (IBAN) in the main text: length of the country and check digits are right (ISO 13616, mod 97).";
    CardNumberCount "card_number_count" "Payment card numbers in the main text: issuer, length and check digit are right (ISO/IEC 7812, Luhn).";
    MetadataCount "metadata_count" "How many of title, author, date, description, language, site name and canonical URL the page states (0 to 7).";
    DefectCount "defect_count" "Defects met while reading the page.";
}

impl fmt::Display for Signal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

macro_rules! gates {
    ($($variant:ident $name:literal $about:literal;)*) => {
        /// Why a document is not content, although the server said 200.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub enum Gate {
            $(#[doc = $about] $variant,)*
        }

        impl Gate {
            /// Every gate, in order of precedence.
            pub const ALL: &[Self] = &[$(Self::$variant,)*];

            /// The word in `documents.gate`.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }

            /// One sentence for people.
            pub const fn about(self) -> &'static str {
                match self { $(Self::$variant => $about,)* }
            }
        }
    };
}

gates! {
    DecodeLimit "decode_limit" "The body decodes to more than the limit: a decompression bomb.";
    DecodeError "decode_error" "The body cannot be decoded as its content coding says.";
    NotText "not_text" "The body is not text, whatever its content type says.";
    Policy "policy" "A list of the user's denies the address or what the page says.";
    Challenge "challenge" "A bot check or captcha stands in place of the page.";
    Consent "consent" "The page asks for consent before it shows anything.";
    Login "login" "The page asks to sign in before it shows anything.";
    Paywall "paywall" "The text ends at a paywall.";
    Parked "parked" "A parked domain: it is for sale or shows advertisements only.";
    SoftNotFound "soft_404" "The page says that it does not exist, although the server said 200.";
    EmptyShell "empty_shell" "The page is empty until its scripts run.";
    Listing "listing" "A sitemap or a robots.txt: it lists addresses and is no content.";
    NoText "no_text" "The page has no main text.";
    WrongLanguage "wrong_language" "The text is in none of the languages that were asked for.";
}

impl fmt::Display for Gate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

macro_rules! defects {
    ($($variant:ident $name:literal $about:literal;)*) => {
        /// Something wrong with a page that did not keep it from being read.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub enum Defect {
            $(#[doc = $about] $variant,)*
        }

        impl Defect {
            /// Every defect.
            pub const ALL: &[Self] = &[$(Self::$variant,)*];

            /// The word in `documents.defects`.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }

            /// One sentence for people.
            pub const fn about(self) -> &'static str {
                match self { $(Self::$variant => $about,)* }
            }
        }
    };
}

defects! {
    Truncated "truncated" "The body was cut at the byte cap or ended early.";
    CharsetMismatch "charset_mismatch" "The declared charset is not the one the text is in.";
    InvalidCharacters "invalid_characters" "Some bytes are not valid in the page's charset.";
    DeepNesting "deep_nesting" "Elements are nested too deep; the text was read without a tree.";
    TooComplex "too_complex" "The page is too large or too tangled for a tree; the text was read without one.";
    ExtractorFailed "extractor_failed" "The extractor failed; the text was read without a tree.";
    JsonLdMalformed "json_ld_malformed" "Structured data on the page is not valid JSON.";
    TooManyLinks "too_many_links" "The page has more links than are kept.";
    TextCut "text_cut" "The text was longer than the limit and was cut.";
    NoTitle "no_title" "The page has no title.";
}

impl fmt::Display for Defect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Where the value of a column comes from.
#[derive(Debug, Clone, PartialEq)]
pub struct Source {
    /// The column.
    pub column: String,
    /// What on the page said it, such as `json_ld` or `meta article:published_time`.
    pub source: String,
    /// How sure that is, 0 to 1.
    pub confidence: f32,
}

/// A part of a document's text: a heading and what follows it up to the next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Section {
    /// Level of the heading, 1 to 6; 0 for text before the first one.
    pub level: u8,
    /// The heading's text; empty for text before the first one.
    pub heading: String,
    /// Where the part begins in the text, in characters; the heading is in it.
    pub start: u32,
    /// One behind its last character.
    pub end: u32,
}

/// What is sold on a page, as the page states it.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Product {
    /// Its name.
    pub name: Option<String>,
    /// Its brand or maker.
    pub brand: Option<String>,
    /// Its price; the lowest where there are several.
    pub price: Option<f64>,
    /// The price's currency, ISO 4217.
    pub currency: Option<String>,
    /// `in_stock`, `out_of_stock`, `preorder` and the other words of schema.org, in snake case.
    pub availability: Option<String>,
    /// Mean of its ratings, scaled to 0 to 5.
    pub rating: Option<f64>,
    /// How many ratings or reviews that is the mean of.
    pub rating_count: Option<u64>,
}

/// A row of `documents`.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Document {
    /// Canonical URL of the page.
    pub url: String,
    /// Ordinal of the page.
    pub ordinal: u64,
    /// Title.
    pub title: Option<String>,
    /// Author or authors, separated by `; `.
    pub author: Option<String>,
    /// Publication date as ISO 8601: `YYYY-MM-DD`, or a full time stamp where the page gives one.
    pub published: Option<String>,
    /// Date of the last change, in the same form.
    pub modified: Option<String>,
    /// Language of the text, ISO 639-1 where there is one, else 639-3.
    pub language: Option<String>,
    /// Kind of page: article, forum, product, listing, collection, documentation, service, other.
    pub page_type: Option<String>,
    /// Name of the site.
    pub site_name: Option<String>,
    /// Description from the page's metadata.
    pub description: Option<String>,
    /// Canonical URL that the page states, in canonical form.
    pub canonical_url: Option<String>,
    /// What the page asks of robots (`noindex`, `nofollow`, or both with a comma), in its
    /// `X-Robots-Tag` or a meta element; `None` where it asks nothing.
    pub robots: Option<String>,
    /// URL of the lead image.
    pub image: Option<String>,
    /// Where the page stands on its site, from the top, as its breadcrumbs say.
    pub breadcrumbs: Vec<String>,
    /// What is sold on the page.
    pub product: Product,
    /// The software behind the site, such as `shopify` or `wordpress`.
    pub platform: Option<String>,
    /// Addresses to write to or to call: `mailto:` and `tel:`, each once, in page order.
    pub contacts: Vec<String>,
    /// The site's profiles on social networks, as URLs, each once, in page order.
    pub social_links: Vec<String>,
    /// Where the values of other columns come from, in column order.
    pub sources: Vec<Source>,
    /// Main text, one paragraph a line.
    pub text: String,
    /// Main text as Markdown.
    pub markdown: String,
    /// The parts of the text between its headings, in order and without gaps.
    pub sections: Vec<Section>,
    /// Words of the main text.
    pub word_count: u64,
    /// Why the document is not content; `None` for content.
    pub gate: Option<Gate>,
    /// Evidence for the gate, in words.
    pub gate_reason: Option<String>,
    /// Charset the body was read in.
    pub charset: Option<String>,
    /// Size of the body after content decoding.
    pub bytes_decoded: u64,
    /// XXH3-128 of the normalised text (lower case, words only), 32 hex digits; `None` without text.
    pub text_hash: Option<String>,
    /// MinHash of word 5-grams: 112 values of 32 bits, little endian; `None` under 5 words.
    pub minhash: Option<Vec<u8>>,
    /// Defects met, sorted.
    pub defects: Vec<Defect>,
    /// The signals, in the order of [`Signal::ALL`]; `None` where it cannot be measured.
    pub signals: Vec<Option<f64>>,
}

impl Document {
    /// The value of one signal.
    pub fn signal(&self, signal: Signal) -> Option<f64> {
        self.signals.get(signal as usize).copied().flatten()
    }
}

/// A row of `links`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    /// Canonical URL of the page that has the link.
    pub url: String,
    /// Ordinal of that page.
    pub ordinal: u64,
    /// How it leads there.
    pub kind: LinkKind,
    /// Position among the page's links, from 0.
    pub position: u32,
    /// Canonical URL it leads to.
    pub target: String,
    /// Its text, at most 200 characters; for an address in a sitemap, when it last changed.
    pub text: Option<String>,
    /// Its `rel` words, as they stand.
    pub rel: Option<String>,
    /// Whether it leads to the same host.
    pub internal: bool,
    /// Whether the page asks not to follow it (`rel=nofollow` or meta robots).
    pub nofollow: bool,
}

/// A row of `duplicates`: a document that repeats another one, of the run or of an earlier run.
#[derive(Debug, Clone, PartialEq)]
pub struct Duplicate {
    /// Canonical URL of the repeating document.
    pub url: String,
    /// Its ordinal.
    pub ordinal: u64,
    /// Name of the cluster: the representative's ordinal, in its run.
    pub cluster: u64,
    /// Canonical URL of the representative: the lowest ordinal of the cluster; documents of
    /// earlier runs come before all others.
    pub duplicate_of: String,
    /// The earlier run that the representative belongs to; `None` for this run.
    pub duplicate_run: Option<String>,
    /// `exact` (same normalised text) or `near`.
    pub kind: String,
    /// Canonical URL of the document that it was compared with: the representative, unless it is
    /// like that only by way of others.
    pub similar_to: String,
    /// The earlier run that this document belongs to; `None` for this run.
    pub similar_run: Option<String>,
    /// Similarity to that document, 0 to 1.
    pub similarity: f64,
    /// Share of its own word 5-grams that that document has too, 0 to 1.
    pub shared_share: f64,
}

/// A row of `rejects`: an input line that is not a usable URL.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reject {
    /// The input it came from, by name.
    pub source: String,
    /// Its line number, from 1.
    pub line_no: u64,
    /// The line, escaped and cut.
    pub text: String,
    /// Why it cannot be used.
    pub reason: String,
}
