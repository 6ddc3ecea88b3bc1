//! Words that tell what a part of a page is for: families of class and id words, and of words in
//! headings and short texts.
//!
//! What it refuses to do: know sites by name; only platforms that thousands of sites run on.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};
use std::sync::LazyLock;

/// Takes a key that is a hash already as it is.
#[derive(Debug, Default, Clone, Copy)]
pub struct AsIs(u64);

impl Hasher for AsIs {
    fn finish(&self) -> u64 {
        // Tables take the upper bits as well.
        self.0.wrapping_mul(0x9e37_79b9_7f4a_7c15)
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = self.0.rotate_left(8) ^ u64::from(*byte);
        }
    }

    fn write_u32(&mut self, value: u32) {
        self.0 ^= u64::from(value);
    }

    fn write_u64(&mut self, value: u64) {
        self.0 ^= value;
    }
}

/// A table whose keys are hashes.
pub type ByHash<K, V> = HashMap<K, V, BuildHasherDefault<AsIs>>;

/// Families of words in classes, ids, roles and itemprops.
#[rustfmt::skip]
const CLASS_FAMILIES: &[(&str, &str)] = &[
    ("nav", "nav navbar navigation menu menubar megamenu submenu topbar offcanvas drawer hamburger \
        navigationmenu menuitem mainnav subnav topnav dropdown mobilemenu mainmenu tabs tablist"),
    ("footer", "footer foot colophon bottom bottombar contentinfo sitefooter copyright legal"),
    ("header", "header masthead head topheader siteheader banner"),
    ("sidebar", "sidebar aside side sidenav rail secondary sidebars rightrail leftcol rightcol \
        complementary widget widgets rightcolumn leftcolumn"),
    ("comment", "comment comments disqus respond commentlist commenttext reviews review rating \
        ratings stars testimonial testimonials feedback"),
    ("related", "related recommended recommendation recommendations more similar suggested popular \
        trending upsell upsells crosssell crosssells alsolike recent latest next prev previous \
        readmore morefrom also outbrain taboola"),
    ("share", "share sharing social socials sharedaddy follow twitter facebook linkedin pinterest \
        addtoany addthis sharethis"),
    ("ad", "ad ads advert advertisement sponsor sponsored adsense dfp gpt promo promotion promoted \
        affiliate disclosure"),
    ("cookie", "cookie cookies consent gdpr onetrust privacy ccpa cookiebot"),
    ("overlay", "modal popup overlay dialog lightbox tooltip toast flyout alert notification \
        notice announcement"),
    ("breadcrumb", "breadcrumb breadcrumbs crumb crumbs"),
    ("meta", "meta byline author date time timestamp published postmeta entrymeta info credits \
        dateline readtime posted"),
    ("tags", "tag tags category categories topics label labels badge badges keywords"),
    ("pages", "pagination pager paging pagenav paginator loadmore pages"),
    ("newsletter", "newsletter subscribe subscription signup optin mailchimp email cta login signin \
        register account user profile"),
    ("form", "form search searchform input field filter filters facet facets sort sorting \
        refinement toolbar controls control button buttons btn actions action"),
    ("cart", "cart basket minicart checkout wishlist addtocart buy quantity qty swatch variant \
        variants shipping delivery"),
    ("hidden", "hidden hide invisible sr srs visuallyhidden screenreader skip offscreen \
        collapsed closed none noprint"),
    ("toc", "toc contents tableofcontents onthispage outline"),
    ("product", "product products item items pdp sku woocommerce shopify catalog goods"),
    ("price", "price prices pricing amount money cost sale"),
    ("description", "description desc details detail specification specifications specs spec \
        features feature attributes summary excerpt overview about intro abstract lead subtitle \
        accordion tab panel faq"),
    ("content", "content article post entry story body text main page richtext rte prose markdown \
        articlebody postbody entrycontent postcontent maincontent wysiwyg copy hentry blog \
        document wiki readme documentation docs doc theme"),
    ("card", "card cards tile tiles grid list listing listings result results teaser archive \
        collection gallery carousel slider swiper slick row col column container wrapper"),
    ("title", "title heading headline name h1 h2 h3"),
    ("thread", "thread message messages reply replies topic forum phpbb vbulletin xenforo \
        discourse bbcode question answer answers cooked bbwrapper messagebody postcell \
        conversation discussion posttext crayons"),
    ("signature", "signature sig poster postbit userinfo avatar rank joined reputation karma \
        votes vote likes like reactions upvote score"),
    ("section", "section hero block module banner cta partners clients logos logo team stats \
        solutions services benefits"),
    ("media", "caption figure image img photo video gallery media thumb thumbnail credit figcaption \
        player embed icon icons"),
    ("code", "code highlight pre codeblock syntax language example admonition footnote footnotes \
        references reference reflist navbox infobox catlinks editsection hatnote"),
];

/// Families of words in headings and short texts.
#[rustfmt::skip]
const TEXT_FAMILIES: &[(&str, &str)] = &[
    ("related", "related recommended similar popular trending latest recent more also might \
        featured next previous others topics stories posts articles recently"),
    ("share", "share tweet facebook twitter linkedin pinterest whatsapp instagram youtube follow \
        email print reddit telegram"),
    ("subscribe", "subscribe newsletter sign signup login log register account join free password \
        inbox"),
    ("legal", "copyright rights reserved privacy policy terms cookie cookies consent disclaimer \
        accessibility sitemap imprint impressum"),
    ("comment", "comment comments reply replies leave respond reviews review rating"),
    ("cart", "cart checkout basket shipping returns wishlist quantity qty buy stock delivery \
        compare sku"),
    ("action", "read view see learn show click here download get started try contact book demo \
        explore discover browse load skip close open menu search filter sort back home"),
    ("date", "january february march april may june july august september october november \
        december jan feb mar apr jun jul aug sep sept oct nov dec ago posted published updated \
        min minutes hours days am pm"),
    ("author", "by author written editor about contributor editorial team staff photo credit \
        image source"),
    ("stopword", "the a an of to in and is are was for on with that this it as at be by from or \
        we you your our der die das und ist nicht ein eine le la les des et est un une el los las \
        de que y en"),
];

/// How many families of class words there are.
pub(crate) const CLASS_COUNT: usize = CLASS_FAMILIES.len();
/// How many families of text words there are.
pub(crate) const TEXT_COUNT: usize = TEXT_FAMILIES.len();

type Families = ByHash<u32, u32>;

fn table(families: &'static [(&'static str, &'static str)]) -> Families {
    let mut table = Families::default();
    for (at, (_, words)) in families.iter().enumerate() {
        for word in words.split_whitespace() {
            *table.entry(hash(word)).or_default() |= 1 << at;
        }
    }
    table
}

static CLASS_WORDS: LazyLock<Families> = LazyLock::new(|| table(CLASS_FAMILIES));
static TEXT_WORDS: LazyLock<Families> = LazyLock::new(|| table(TEXT_FAMILIES));

/// Bytes of an attribute whose words are looked at.
const ATTRIBUTE_BYTES_MAX: usize = 512;
/// Longest word that is looked up, in bytes.
const WORD_BYTES_MAX: usize = 20;

/// Calls `each` with the words of a class or id in lower case: parted at what is no letter or
/// digit, and where a capital follows a small letter.
pub(crate) fn class_words(value: &str, mut each: impl FnMut(&str)) {
    class_pieces(value, |word| {
        if let Ok(word) = std::str::from_utf8(word) {
            each(word);
        }
    });
}

/// The same with the hash of each word.
pub(crate) fn class_hashes(value: &str, mut each: impl FnMut(u32)) {
    class_pieces(value, |word| each(word.iter().copied().fold(HASH_START, hash_byte)));
}

fn class_pieces(value: &str, mut each: impl FnMut(&[u8])) {
    let mut word = [0u8; WORD_BYTES_MAX];
    let mut len = 0;
    let mut before = b' ';
    let bytes = &value.as_bytes()[..value.len().min(ATTRIBUTE_BYTES_MAX)];
    for b in bytes.iter().copied().chain([b' ']) {
        let parts =
            !b.is_ascii_alphanumeric() || (b.is_ascii_uppercase() && before.is_ascii_lowercase());
        if parts && len > 0 {
            if let Some(word) = word.get(..len) {
                each(word);
            }
            len = 0;
        }
        if b.is_ascii_alphanumeric() {
            if let Some(slot) = word.get_mut(len) {
                *slot = b.to_ascii_lowercase();
            }
            len += 1;
        }
        before = b;
    }
}

/// The families of a class word, by its hash, a bit each.
pub(crate) fn class_families(word: u32) -> u32 {
    CLASS_WORDS.get(&word).copied().unwrap_or(0)
}

/// How many of these words, by their hashes, belong to each family.
pub(crate) fn text_families(words: &[u32]) -> [u16; TEXT_COUNT] {
    let mut counts = [0; TEXT_COUNT];
    for word in words {
        let Some(bits) = TEXT_WORDS.get(word) else { continue };
        for (at, count) in counts.iter_mut().enumerate() {
            *count += u16::from(bits & (1 << at) != 0);
        }
    }
    counts
}

/// Adds the hashes of the words of `text`, in lower case, of which there may be `words_max`.
pub(crate) fn text_words(text: &str, words_max: usize, out: &mut Vec<u32>) {
    let end = out.len() + words_max;
    let mut word = HASH_START;
    let mut in_word = false;
    for c in text.chars() {
        if c.is_ascii() {
            if c.is_ascii_alphanumeric() {
                word = hash_byte(word, (c as u8).to_ascii_lowercase());
                in_word = true;
                continue;
            }
        } else if c.is_alphanumeric() {
            for lower in c.to_lowercase() {
                let mut bytes = [0; 4];
                word = lower.encode_utf8(&mut bytes).bytes().fold(word, hash_byte);
            }
            in_word = true;
            continue;
        }
        if std::mem::take(&mut in_word) {
            out.push(word);
            if out.len() >= end {
                return;
            }
        }
        word = HASH_START;
    }
    if in_word {
        out.push(word);
    }
}

const HASH_START: u32 = 0x811c_9dc5;

fn hash_byte(hash: u32, byte: u8) -> u32 {
    (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193)
}

/// A hash of a word that is the same on every machine (FNV-1a).
pub(crate) fn hash(word: &str) -> u32 {
    word.bytes().fold(HASH_START, hash_byte)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(bits: u32) -> Vec<&'static str> {
        let set = |(at, family): (usize, &(&'static str, &str))| {
            (bits & (1 << at) != 0).then_some(family.0)
        };
        CLASS_FAMILIES.iter().enumerate().filter_map(set).collect()
    }

    #[test]
    fn class_words_name_families() {
        let families = |value: &str| {
            let mut found = 0;
            class_words(value, |word| found |= class_families(hash(word)));
            names(found)
        };
        assert_eq!(families("site-Footer__inner"), ["footer"]);
        assert_eq!(families("navBar main_menu"), ["nav", "content"]);
        assert!(families(&"x".repeat(10_000)).is_empty());
        const { assert!(CLASS_COUNT <= 32 && TEXT_COUNT <= 32) };
    }

    #[test]
    fn text_words_are_counted() {
        let mut words = Vec::new();
        text_words("RELATED posts, and the comments", 100, &mut words);
        assert_eq!((words.len(), words[0]), (5, hash("related")));
        let counts = text_families(&words);
        assert_eq!((counts[0], counts[4], counts[9]), (2, 1, 2));
    }
}
