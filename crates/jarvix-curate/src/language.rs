//! The language of a text, and the stop words that tell prose from word lists.
//!
//! Detection counts where it is sure; else what the page declares; else detection's guess, if there
//! is enough to guess by. Chinese, Japanese and Korean are told by their characters, the others by
//! whatlang. Codes are ISO 639-1 where there is one. What it refuses to do: name several languages.

use std::borrow::Cow;
use std::collections::HashSet;

use whatlang::Lang;

use crate::words::Words;

/// Characters of the text that detection looks at.
const SAMPLE_CHARS_MAX: usize = 8_000;
/// Characters below which detection is guesswork.
const SAMPLE_CHARS_MIN: usize = 60;
/// Characters below which a guess that is not sure is not worth saying.
const GUESS_CHARS_MIN: usize = 200;
/// East Asian characters that tell their language.
const EAST_CHARS_MIN: usize = 20;
/// Latin letters that one letter of another script outweighs: names, addresses and code take more
/// room on a page than what is said about them.
const LATIN_WEIGHT: usize = 4;
/// Where Greek begins; what comes before is Latin.
const OTHER_SCRIPTS: char = '\u{370}';
/// One in so many East Asian characters is kana if the text is Japanese; Chinese has next to none.
const KANA_SHARE: usize = 10;

/// The language of `text`, else the one that the page declares (the value of a `lang` attribute).
pub fn language(text: &str, declared: Option<&str>) -> Option<String> {
    told(text, declared).map(|told| told.code)
}

/// A language, and what told it.
pub(crate) struct Told {
    /// Its code.
    pub(crate) code: String,
    /// What said so.
    pub(crate) source: &'static str,
    /// How sure that is, 0 to 1.
    pub(crate) confidence: f32,
}

/// The same, with what told it.
pub(crate) fn told(text: &str, declared: Option<&str>) -> Option<Told> {
    let of_text = |code: &str| Told { code: code.to_owned(), source: "text", confidence: 0.95 };
    let said = || {
        let code = declared.and_then(declared_code)?;
        Some(Told { code, source: "declaration", confidence: 0.8 })
    };
    let end = text.char_indices().nth(SAMPLE_CHARS_MAX).map_or(text.len(), |(at, _)| at);
    let sample = &text[..end];
    if let Some(code) = east_asian(sample) {
        return Some(of_text(code));
    }
    let has = |chars: usize| sample.chars().nth(chars - 1).is_some();
    let info = has(SAMPLE_CHARS_MIN).then(|| whatlang::detect(&main_script(sample))).flatten();
    match info {
        Some(info) if info.is_reliable() => Some(of_text(two_letters(info.lang()))),
        // Close relatives (Danish and Norwegian) are rarely told apart for sure, but mostly right.
        Some(info) => said().or_else(|| {
            let guess = Told { source: "text, a guess", confidence: 0.6, ..of_text("") };
            has(GUESS_CHARS_MIN)
                .then(|| Told { code: two_letters(info.lang()).to_owned(), ..guess })
        }),
        None => said(),
    }
}

/// The sample without its Latin letters if they are more than the others only by names and code:
/// whatlang goes by the script that most letters are of.
fn main_script(sample: &str) -> Cow<'_, str> {
    let latin = sample.chars().filter(char::is_ascii_alphabetic).count();
    let others = sample.chars().filter(|c| *c >= OTHER_SCRIPTS && c.is_alphabetic()).count();
    if latin < others || others < SAMPLE_CHARS_MIN || others * LATIN_WEIGHT < latin {
        return Cow::Borrowed(sample);
    }
    sample.chars().map(|c| if c.is_ascii_alphabetic() { ' ' } else { c }).collect()
}

/// Chinese, Japanese or Korean, if the text is in one of them.
fn east_asian(sample: &str) -> Option<&'static str> {
    let (mut kana, mut han, mut hangul, mut others) = (0, 0, 0, 0);
    for c in sample.chars() {
        match c {
            '\u{3041}'..='\u{30ff}' | '\u{31f0}'..='\u{31ff}' => kana += 1,
            '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}' | '\u{20000}'..='\u{323af}' => {
                han += 1
            }
            '\u{1100}'..='\u{11ff}' | '\u{ac00}'..='\u{d7a3}' => hangul += 1,
            c => others += usize::from(c.is_alphabetic()),
        }
    }
    let east = kana + han + hangul;
    if east < EAST_CHARS_MIN || east * LATIN_WEIGHT < others {
        return None;
    }
    Some(match () {
        () if hangul > kana + han => "ko",
        () if kana * KANA_SHARE >= east => "ja",
        () => "zh",
    })
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
    fn east_asian_languages_are_told_by_their_characters() {
        let latin = "grep --recursive --include PATTERN FILE ";
        let japanese = "このオプションはファイルの内容を再帰的に検索します。";
        let chinese = "该选项会递归地搜索目录中所有文件的内容，并显示匹配的行。";
        let korean = "이 옵션은 디렉터리의 모든 파일을 재귀적으로 검색합니다.";
        let cases = [
            (japanese.to_owned(), Some("ja")),
            (chinese.to_owned(), Some("zh")),
            (korean.to_owned(), Some("ko")),
            (format!("{latin}{japanese}{latin}"), Some("ja")),
            (format!("{latin}{chinese}{latin}"), Some("zh")),
            ("日本".to_owned(), None),
        ];
        for (text, expected) in cases {
            assert_eq!(language(&text, None).as_deref(), expected, "{text}");
        }
        // A text that names things in another script is not in that language.
        let english = "The restaurant is called すし and the street 銀座 is known to everyone who \
                       has ever been in that part of the city at night.";
        assert_eq!(language(english, Some("ja")).as_deref(), Some("en"));
    }

    #[test]
    fn names_and_code_do_not_hide_what_is_said_about_them() {
        let code = "let parser = Parser::with_options(Options::default().recursive(true)); ";
        let russian = "Эта функция читает файл целиком и возвращает число найденных строк. ";
        let text = format!("{code}{russian}{code}{russian}{code}");
        assert_eq!(language(&text, None).as_deref(), Some("ru"));
        let english =
            "This function reads the file and returns the number of lines that it found. ";
        let text = format!("{}{}", english.repeat(5), "Иван Петров, Москва");
        assert_eq!(language(&text, None).as_deref(), Some("en"));
    }

    #[test]
    fn a_guess_yields_to_the_declaration_and_beats_silence() {
        // Danish that might as well be Norwegian.
        let danish = "Programmet viser en liste over filer i den valgte mappe. ".repeat(5);
        let info = whatlang::detect(&danish).unwrap();
        assert!(!info.is_reliable(), "{info:?}");
        assert_eq!(language(&danish, Some("nb")).as_deref(), Some("nb"));
        assert_eq!(language(&danish, None).as_deref(), Some(two_letters(info.lang())));
        // Too short to guess by.
        let short: String = danish.chars().take(100).collect();
        assert_eq!(language(&short, None), None);
    }

    #[test]
    fn stop_words_are_counted_once_each() {
        assert_eq!(stop_words(&Words::of("The cat and the dog, THE end of it"), "en"), Some(3));
        assert_eq!(stop_words(&Words::of("a"), "xx"), None);
    }
}
