//! Words and phrases of buying intent in English, German, French and Spanish: a small built-in
//! list, counted in the word sequence, so that punctuation and case do not matter.

use std::collections::HashMap;
use std::sync::LazyLock;

use crate::words::Words;

#[rustfmt::skip]
const PHRASES: &[&str] = &[
    // English
    "buy", "buying", "purchase", "order now", "order online", "shop now", "add to cart",
    "add to basket", "add to bag", "checkout", "price", "prices", "pricing", "price list", "cost",
    "quote", "get a quote", "request a quote", "discount", "discounts", "coupon", "promo code",
    "deal", "deals", "special offer", "on sale", "for sale", "free shipping", "in stock",
    "free trial", "start your trial", "money back", "request a demo", "book a demo", "get a demo",
    "contact sales", "subscribe now", "subscription", "per month", "warranty", "best price",
    "lowest price", "vs", "review", "reviews", "compare", "alternative to",
    // German
    "kaufen", "jetzt kaufen", "bestellen", "jetzt bestellen", "preis", "preise", "preisliste",
    "kosten", "angebot", "angebote", "angebot anfordern", "rabatt", "gutschein", "sonderangebot",
    "in den warenkorb", "warenkorb", "versandkosten", "kostenloser versand", "auf lager",
    "lieferzeit", "kostenlos testen", "demo anfordern", "demo buchen", "im abo", "testbericht",
    // French
    "acheter", "achat", "commander", "prix", "tarif", "tarifs", "devis", "demander un devis",
    "promotion", "promotions", "code promo", "remise", "ajouter au panier", "panier",
    "livraison gratuite", "en stock", "essai gratuit", "demander une démo", "abonnement",
    // Spanish
    "comprar", "compra ahora", "pedido", "precio", "precios", "presupuesto",
    "solicitar presupuesto", "descuento", "descuentos", "oferta", "ofertas", "cupón",
    "añadir al carrito", "carrito", "envío gratis", "prueba gratis", "solicitar una demo",
    "suscripción",
];

/// Phrases by their first word, the longest first.
static BY_FIRST_WORD: LazyLock<HashMap<&'static str, Vec<Vec<&'static str>>>> =
    LazyLock::new(|| {
        let mut table: HashMap<&str, Vec<Vec<&str>>> = HashMap::new();
        for phrase in PHRASES {
            let words: Vec<&str> = phrase.split(' ').collect();
            table.entry(words[0]).or_default().push(words);
        }
        for phrases in table.values_mut() {
            phrases.sort_by_key(|words| std::cmp::Reverse(words.len()));
        }
        table
    });

/// How many words and phrases of buying intent stand in `words`; of overlapping ones the longest
/// counts.
pub(crate) fn hits(words: &Words) -> u64 {
    let (mut at, mut hits) = (0, 0);
    while at < words.len() {
        let fits = |phrase: &&Vec<&str>| {
            phrase.iter().enumerate().skip(1).all(|(n, word)| words.get(at + n) == *word)
        };
        let found = BY_FIRST_WORD.get(words.get(at)).and_then(|list| list.iter().find(fits));
        hits += u64::from(found.is_some());
        at += found.map_or(1, Vec::len);
    }
    hits
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn phrases_count_once_and_whole() {
        let cases = [
            ("", 0),
            ("Buy it: best PRICE, free shipping!", 3),
            ("Request a quote", 1),
            ("add to", 0),
            ("Jetzt kaufen - in den Warenkorb", 2),
            ("Ajouter au panier, prix en baisse", 2),
            ("Añadir al carrito", 1),
            ("priceless buyer", 0),
        ];
        for (text, expected) in cases {
            assert_eq!(hits(&Words::of(text)), expected, "{text}");
        }
    }

    #[test]
    fn every_phrase_is_in_word_form() {
        for phrase in PHRASES {
            assert_eq!(Words::of(phrase).joined(), *phrase);
        }
    }
}
