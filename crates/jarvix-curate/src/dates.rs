//! Dates as pages write them, into ISO 8601: `YYYY-MM-DD`, or a full time stamp where the page
//! gives one. No guessing between day and month.

use jiff::civil::Date;
use jiff::fmt::temporal::{Pieces, PiecesOffset};

/// Years that a publication date can have.
const YEARS: std::ops::RangeInclusive<i16> = 1900..=2100;

/// The ISO form of a date in ISO 8601 or RFC 2822; `None` for anything else.
pub(crate) fn iso(text: &str) -> Option<String> {
    let text = text.trim();
    if text.len() > 64 || !text.is_ascii() {
        return None;
    }
    from_iso(text).or_else(|| from_rfc2822(text)).or_else(|| from_leading_date(text))
}

fn from_iso(text: &str) -> Option<String> {
    let pieces = Pieces::parse(text).ok()?;
    let date = plausible(pieces.date())?;
    let Some(time) = pieces.time() else { return Some(date.to_string()) };
    let offset = match pieces.offset() {
        Some(PiecesOffset::Zulu) => "Z".to_owned(),
        Some(PiecesOffset::Numeric(offset)) => offset_text(offset.offset().seconds()),
        _ => String::new(),
    };
    Some(format!("{date}T{:02}:{:02}:{:02}{offset}", time.hour(), time.minute(), time.second()))
}

fn offset_text(seconds: i32) -> String {
    if seconds == 0 {
        return "Z".to_owned();
    }
    let sign = if seconds < 0 { '-' } else { '+' };
    let minutes = seconds.abs() / 60;
    format!("{sign}{:02}:{:02}", minutes / 60, minutes % 60)
}

fn from_rfc2822(text: &str) -> Option<String> {
    let zoned = jiff::fmt::rfc2822::parse(text).ok()?;
    let date = plausible(zoned.date())?;
    let (time, offset) = (zoned.time(), offset_text(zoned.offset().seconds()));
    Some(format!("{date}T{:02}:{:02}:{:02}{offset}", time.hour(), time.minute(), time.second()))
}

/// `2025-09-04 whatever`, `2025/09/04`.
fn from_leading_date(text: &str) -> Option<String> {
    let head = text.get(..10)?.replace('/', "-");
    Some(plausible(head.parse().ok()?)?.to_string())
}

/// Months in the languages of Europe that use Latin letters, and in Russian: whole words in lower
/// case, of which three letters and more are understood.
#[rustfmt::skip]
const MONTHS: [&[&str]; 12] = [
    &["january", "januar", "janvier", "enero", "gennaio", "janeiro", "januari", "stycznia", "января", "ocak"],
    &["february", "februar", "février", "febrero", "febbraio", "fevereiro", "februari", "lutego", "февраля"],
    &["march", "märz", "mars", "marzo", "março", "maart", "marts", "marca", "марта", "mart"],
    &["april", "avril", "abril", "aprile", "kwietnia", "апреля", "nisan"],
    &["may", "mai", "mayo", "maggio", "maio", "mei", "maj", "maja", "мая", "mayıs"],
    &["june", "juni", "juin", "junio", "giugno", "junho", "czerwca", "июня", "haziran"],
    &["july", "juli", "juillet", "julio", "luglio", "julho", "lipca", "июля", "temmuz"],
    &["august", "août", "agosto", "augusti", "augustus", "sierpnia", "августа", "ağustos"],
    &["september", "septembre", "septiembre", "settembre", "setembro", "września", "сентября", "eylül", "sept"],
    &["october", "oktober", "octobre", "octubre", "ottobre", "outubro", "października", "октября", "ekim"],
    &["november", "novembre", "noviembre", "novembro", "listopada", "ноября", "kasım"],
    &["december", "dezember", "décembre", "diciembre", "dicembre", "dezembro", "desember", "grudnia", "декабря", "aralık"],
];

/// Words between the parts of a date.
const BETWEEN: &[&str] = &["de", "of", "del", "den"];

/// The first date with a month in words, in ISO order or in the order of East Asia, that stands in
/// a short text.
pub(crate) fn written(text: &str) -> Option<String> {
    let parts: Vec<&str> = text
        .split(|c: char| c.is_whitespace() || matches!(c, ',' | '.' | '|' | '(' | ')' | '\u{b7}'))
        .filter(|part| !part.is_empty() && !BETWEEN.contains(part))
        .take(24)
        .collect();
    let at = |n: usize| parts.get(n).copied().unwrap_or_default();
    let in_words = (0..parts.len()).find_map(|n| {
        let found = match (month(at(n)), day(at(n))) {
            (Some(month), _) => (year(at(n + 2))?, month, day(at(n + 1))?),
            (None, Some(day)) if month(at(n + 1)).is_some() => {
                (year(at(n + 2))?, month(at(n + 1))?, day)
            }
            _ => return from_leading_date(at(n)),
        };
        let date = Date::new(found.0, found.1, found.2).ok()?;
        Some(plausible(date)?.to_string())
    });
    in_words.or_else(|| in_numbers(text)).or_else(|| east_asian(text))
}

/// `17.05.2021`, where dots say that the day comes first, `2021.05.17`; with slashes or dashes only
/// where one number can be no month.
fn in_numbers(text: &str) -> Option<String> {
    let is_part = |c: char| c.is_ascii_digit() || matches!(c, '.' | '/' | '-');
    let words = text.split(|c: char| !is_part(c)).take(48);
    words.filter(|word| word.len() >= 8).find_map(|word| {
        let word = word.trim_matches(['.', '/', '-']);
        let mark = word.chars().find(|c| !c.is_ascii_digit())?;
        let mut parts = word.split(mark);
        let [a, b, c] = [parts.next()?, parts.next()?, parts.next()?];
        if parts.next().is_some() {
            return None;
        }
        let (year_text, first, second) = if a.len() == 4 { (a, c, b) } else { (c, a, b) };
        let (first, second): (i8, i8) = (first.parse().ok()?, second.parse().ok()?);
        let (day, month) = match mark {
            '.' => (first, second),
            _ if first > 12 => (first, second),
            _ if second > 12 => (second, first),
            _ => return None,
        };
        Some(plausible(Date::new(year(year_text)?, month, day).ok()?)?.to_string())
    })
}

/// `2025年3月4日`, `2025년 3월 4일`.
fn east_asian(text: &str) -> Option<String> {
    let marks = [['年', '년'], ['月', '월'], ['日', '일']];
    let mut rest = text;
    let mut numbers = [0i16; 3];
    for (number, mark) in numbers.iter_mut().zip(marks) {
        let at = rest.find(mark)?;
        let before = rest[..at].trim_end();
        let from = before
            .rfind(|c: char| !c.is_ascii_digit())
            .map_or(0, |at| at + before[at..].chars().next().map_or(1, char::len_utf8));
        *number = before[from..].parse().ok()?;
        rest = &rest[at + rest[at..].chars().next()?.len_utf8()..];
    }
    let [year, month, day] = numbers;
    let date = Date::new(year, i8::try_from(month).ok()?, i8::try_from(day).ok()?).ok()?;
    Some(plausible(date)?.to_string())
}

fn month(word: &str) -> Option<i8> {
    // No month is longer, and most words are not looked at twice.
    if !(3..=24).contains(&word.len()) || word.starts_with(|c: char| c.is_ascii_digit()) {
        return None;
    }
    let lower = word.to_lowercase();
    let is_start = |name: &&str| lower.chars().count() >= 3 && name.starts_with(&lower);
    let at = MONTHS.iter().position(|names| names.iter().any(is_start));
    at.and_then(|n| i8::try_from(n + 1).ok())
}

fn day(word: &str) -> Option<i8> {
    let digits = word.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    if digits.len() > 2 || word.len() > digits.len() + 2 {
        return None;
    }
    digits.parse().ok().filter(|day| (1..=31).contains(day))
}

fn year(word: &str) -> Option<i16> {
    word.parse().ok().filter(|year| word.len() == 4 && YEARS.contains(year))
}

fn plausible(date: Date) -> Option<Date> {
    YEARS.contains(&date.year()).then_some(date)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_become_iso() {
        let cases = [
            ("2025-09-04", Some("2025-09-04")),
            ("2025-09-04T10:05:06Z", Some("2025-09-04T10:05:06Z")),
            ("2025-09-04T10:05:06.123+02:00", Some("2025-09-04T10:05:06+02:00")),
            ("2025-09-04 10:05", Some("2025-09-04T10:05:00")),
            ("2025-09-04T10:05:06+0000", Some("2025-09-04T10:05:06Z")),
            ("Thu, 04 Sep 2025 10:05:06 GMT", Some("2025-09-04T10:05:06Z")),
            ("2025/09/04", Some("2025-09-04")),
            ("2025-09-04 at noon", Some("2025-09-04")),
            ("04/09/2025", None),
            ("0001-01-01", None),
            ("2025-13-40", None),
            ("yesterday", None),
            ("", None),
        ];
        for (text, expected) in cases {
            assert_eq!(iso(text).as_deref(), expected, "{text}");
        }
        let texts = [
            ("Posted on March 4th, 2025 by Ada", Some("2025-03-04")),
            ("4 Mar. 2025", Some("2025-03-04")),
            ("Updated 2025-03-04", Some("2025-03-04")),
            ("Publicado el 4 de marzo de 2025", Some("2025-03-04")),
            ("Am 4. März 2025 um 10 Uhr", Some("2025-03-04")),
            ("le 1er août 2024", Some("2024-08-01")),
            ("4 марта 2025", Some("2025-03-04")),
            ("投稿日：2025年3月4日", Some("2025-03-04")),
            ("2025년 3월 4일", Some("2025-03-04")),
            ("Stand: 04.03.2025.", Some("2025-03-04")),
            ("2025.03.04", Some("2025-03-04")),
            ("version 10.12.2025.1", None),
            ("40.03.2025", None),
            ("Updated: 10/31/2024", Some("2024-10-31")),
            ("31/10/2024", Some("2024-10-31")),
            ("03/04/2025", None),
            ("1-800-555-2025", None),
            ("2025年13月4日", None),
            ("年月日", None),
            ("Marching 4 2025", None),
            ("March 2025", None),
        ];
        for (text, expected) in texts {
            assert_eq!(written(text).as_deref(), expected, "{text}");
        }
    }
}
