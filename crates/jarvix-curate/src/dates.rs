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

/// The day of a Unix time, with the time of day unless it is midnight: extractors that know only
/// the day give midnight.
pub(crate) fn from_unix(seconds: i64) -> Option<String> {
    let at = jiff::Timestamp::from_second(seconds).ok()?.to_zoned(jiff::tz::TimeZone::UTC);
    let date = plausible(at.date())?;
    if seconds.rem_euclid(86_400) == 0 {
        return Some(date.to_string());
    }
    let time = at.time();
    Some(format!("{date}T{:02}:{:02}:{:02}Z", time.hour(), time.minute(), time.second()))
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
        assert_eq!(from_unix(1_756_944_000).as_deref(), Some("2025-09-04"));
        assert_eq!(from_unix(1_756_944_001).as_deref(), Some("2025-09-04T00:00:01Z"));
        assert_eq!(from_unix(i64::MAX), None);
    }
}
