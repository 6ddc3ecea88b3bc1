//! The language of a text, and the stop words that tell prose from word lists.
//!
//! Detection (whatlang) counts where it is sure; else what the page declares. Codes are ISO 639-1
//! where there is one.

use std::collections::HashSet;

use whatlang::Lang;

use crate::words::Words;

/// Characters of the text that detection looks at.
const SAMPLE_CHARS_MAX: usize = 8_000;
/// Characters below which detection is guesswork.
const SAMPLE_CHARS_MIN: usize = 60;

/// The language of `text`, else the one that the page declares.
pub(crate) fn language(text: &str, declared: Option<&str>) -> Option<String> {
    detect(text).or_else(|| declared.and_then(declared_code))
}

fn detect(text: &str) -> Option<String> {
    let end = text.char_indices().nth(SAMPLE_CHARS_MAX).map_or(text.len(), |(at, _)| at);
    let sample = &text[..end];
    if sample.chars().take(SAMPLE_CHARS_MIN).count() < SAMPLE_CHARS_MIN {
        return None;
    }
    let info = whatlang::detect(sample).filter(whatlang::Info::is_reliable)?;
    Some(two_letters(info.lang()).to_owned())
}

/// `de-AT`, `en_US`, `DE`: the primary tag in lower case, if it can be one.
pub(crate) fn declared_code(declared: &str) -> Option<String> {
    let primary = declared.trim().split(['-', '_', ',', ';', ' ']).next()?.to_ascii_lowercase();
    let fits = matches!(primary.len(), 2 | 3) && primary.bytes().all(|b| b.is_ascii_lowercase());
    let short = match Lang::from_code(&primary) {
        Some(lang) => two_letters(lang).to_owned(),
        None => primary,
    };
    fits.then_some(short)
}

#[rustfmt::skip]
const fn two_letters(lang: Lang) -> &'static str {
    match lang {
        Lang::Epo => "eo", Lang::Eng => "en", Lang::Rus => "ru", Lang::Cmn => "zh",
        Lang::Spa => "es", Lang::Por => "pt", Lang::Ita => "it", Lang::Ben => "bn",
        Lang::Fra => "fr", Lang::Deu => "de", Lang::Ukr => "uk", Lang::Kat => "ka",
        Lang::Ara => "ar", Lang::Hin => "hi", Lang::Jpn => "ja", Lang::Heb => "he",
        Lang::Yid => "yi", Lang::Pol => "pl", Lang::Amh => "am", Lang::Jav => "jv",
        Lang::Kor => "ko", Lang::Nob => "nb", Lang::Dan => "da", Lang::Swe => "sv",
        Lang::Fin => "fi", Lang::Tur => "tr", Lang::Nld => "nl", Lang::Hun => "hu",
        Lang::Ces => "cs", Lang::Ell => "el", Lang::Bul => "bg", Lang::Bel => "be",
        Lang::Mar => "mr", Lang::Kan => "kn", Lang::Ron => "ro", Lang::Slv => "sl",
        Lang::Hrv => "hr", Lang::Srp => "sr", Lang::Mkd => "mk", Lang::Lit => "lt",
        Lang::Lav => "lv", Lang::Est => "et", Lang::Tam => "ta", Lang::Vie => "vi",
        Lang::Urd => "ur", Lang::Tha => "th", Lang::Guj => "gu", Lang::Uzb => "uz",
        Lang::Pan => "pa", Lang::Aze => "az", Lang::Ind => "id", Lang::Tel => "te",
        Lang::Pes => "fa", Lang::Mal => "ml", Lang::Ori => "or", Lang::Mya => "my",
        Lang::Nep => "ne", Lang::Sin => "si", Lang::Khm => "km", Lang::Tuk => "tk",
        Lang::Aka => "ak", Lang::Zul => "zu", Lang::Sna => "sn", Lang::Afr => "af",
        Lang::Lat => "la", Lang::Slk => "sk", Lang::Cat => "ca", Lang::Tgl => "tl",
        Lang::Hye => "hy", Lang::Cym => "cy",
    }
}

/// A few of the most frequent words of each language; English as in Gopher (Rae et al. 2021).
#[rustfmt::skip]
const STOP_WORDS: &[(&str, &[&str])] = &[
    ("en", &["the", "be", "to", "of", "and", "that", "have", "with"]),
    ("de", &["der", "die", "und", "in", "den", "von", "zu", "das", "mit", "sich", "ist", "nicht"]),
    ("fr", &["de", "la", "le", "et", "les", "des", "en", "un", "une", "du", "est", "que"]),
    ("es", &["de", "la", "que", "el", "en", "y", "los", "del", "se", "las", "por", "un"]),
    ("it", &["di", "e", "il", "la", "che", "in", "a", "per", "un", "del", "non", "con"]),
    ("pt", &["de", "a", "o", "que", "e", "do", "da", "em", "um", "para", "com", "não"]),
    ("nl", &["de", "en", "van", "ik", "te", "dat", "die", "in", "een", "hij", "het", "niet"]),
    ("pl", &["w", "i", "z", "na", "do", "się", "nie", "że", "to", "jest", "o", "jak"]),
    ("sv", &["och", "det", "att", "i", "en", "jag", "som", "på", "är", "av", "för", "med"]),
    ("da", &["og", "i", "det", "at", "en", "den", "til", "er", "som", "på", "de", "med"]),
    ("nb", &["og", "i", "det", "som", "på", "en", "er", "til", "av", "for", "med", "at"]),
    ("fi", &["ja", "on", "ei", "se", "että", "oli", "hän", "mutta", "tai", "kun", "myös", "joka"]),
    ("cs", &["a", "se", "v", "na", "je", "že", "o", "s", "z", "do", "i", "to"]),
    ("sk", &["a", "sa", "v", "na", "je", "že", "o", "s", "z", "do", "aj", "to"]),
    ("hu", &["a", "az", "és", "hogy", "nem", "is", "egy", "meg", "de", "ez", "volt", "csak"]),
    ("ro", &["de", "și", "în", "a", "la", "cu", "pe", "nu", "că", "un", "o", "din"]),
    ("tr", &["ve", "bir", "bu", "da", "de", "için", "ile", "çok", "olarak", "daha", "gibi", "ne"]),
    ("ru", &["и", "в", "не", "на", "что", "с", "по", "как", "это", "для", "из", "к"]),
    ("uk", &["і", "в", "не", "на", "що", "з", "та", "до", "як", "це", "для", "у"]),
    ("bg", &["и", "на", "в", "да", "за", "се", "от", "с", "не", "по", "че", "са"]),
    ("el", &["και", "το", "να", "του", "η", "της", "με", "την", "για", "από", "που", "στο"]),
    ("ca", &["de", "la", "i", "el", "que", "a", "en", "les", "per", "un", "del", "amb"]),
    ("id", &["yang", "dan", "di", "dengan", "untuk", "pada", "ini", "dari", "dalam", "itu", "tidak", "ke"]),
    ("vi", &["và", "của", "là", "có", "cho", "được", "trong", "một", "các", "không", "với", "này"]),
    ("ar", &["في", "من", "على", "إلى", "أن", "عن", "مع", "هذا", "التي", "ما", "لا", "هذه"]),
    ("he", &["של", "את", "על", "לא", "זה", "עם", "הוא", "כי", "או", "גם", "אם", "היא"]),
    ("hi", &["के", "है", "में", "की", "और", "से", "को", "का", "पर", "यह", "हैं", "कि"]),
    ("hr", &["i", "u", "je", "na", "se", "da", "za", "su", "od", "s", "a", "ne"]),
    ("sr", &["и", "у", "је", "на", "се", "да", "за", "су", "од", "са", "а", "не"]),
    ("sl", &["in", "je", "v", "na", "se", "da", "za", "so", "z", "ki", "pa", "ne"]),
    ("et", &["ja", "on", "ei", "et", "see", "oli", "ta", "aga", "ka", "kui", "või", "mis"]),
    ("lv", &["un", "ir", "ar", "no", "par", "kas", "uz", "lai", "tā", "arī", "bet", "pie"]),
    ("lt", &["ir", "kad", "yra", "su", "tai", "iš", "į", "bet", "ar", "kaip", "o", "už"]),
];

/// How many different stop words of `language` the text has; `None` for a language without a list.
pub(crate) fn stop_words(words: &Words, language: &str) -> Option<u64> {
    let (_, list) = STOP_WORDS.iter().find(|(code, _)| *code == language)?;
    let mut missing: HashSet<&str> = list.iter().copied().collect();
    for word in words.iter() {
        if missing.is_empty() {
            break;
        }
        missing.remove(word);
    }
    Some((list.len() - missing.len()) as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_speaks_before_declarations() {
        let german = "Der schnelle braune Fuchs springt über den faulen Hund, und niemand weiß, \
                      warum er das immer wieder tut, obwohl es ihm nichts einbringt.";
        let cases = [
            (german, Some("en"), Some("de")),
            ("kurz", Some("de-AT"), Some("de")),
            ("kurz", Some("EN_us"), Some("en")),
            ("kurz", Some("deu"), Some("de")),
            ("kurz", Some("x-default; <script>"), None),
            ("kurz", Some(""), None),
            ("kurz", None, None),
        ];
        for (text, declared, expected) in cases {
            assert_eq!(language(text, declared).as_deref(), expected, "{text} {declared:?}");
        }
    }

    #[test]
    fn stop_words_are_counted_once_each() {
        assert_eq!(stop_words(&Words::of("The cat and the dog, THE end of it"), "en"), Some(3));
        assert_eq!(stop_words(&Words::of("a"), "xx"), None);
    }
}
