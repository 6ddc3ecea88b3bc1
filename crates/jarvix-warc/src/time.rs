//! `WARC-Date`: RFC 3339 in UTC, to the microsecond where it is known.

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

/// Microseconds since 1970-01-01 UTC of a `WARC-Date`; `None` if it is none. A day without a time
/// (WARC 1.1 allows it) is its beginning.
pub fn parse_date(text: &str) -> Option<i64> {
    let text = text.trim();
    if let Ok(moment) = text.parse::<Timestamp>() {
        return Some(moment.as_microsecond());
    }
    let day: Date = text.get(..10)?.parse().ok().filter(|_| text.len() == 10)?;
    Some(day.to_zoned(TimeZone::UTC).ok()?.timestamp().as_microsecond())
}

/// The `WARC-Date` of a moment; the beginning of 1970 for one that cannot be written.
pub fn format_date(micros: i64) -> String {
    Timestamp::from_microsecond(micros).unwrap_or(Timestamp::UNIX_EPOCH).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_come_back() {
        for micros in [0, 1, 1_700_000_000_000_000, 1_700_000_000_123_456, -1] {
            assert_eq!(parse_date(&format_date(micros)), Some(micros));
        }
        assert_eq!(format_date(1_700_000_000_000_000), "2023-11-14T22:13:20Z");
        assert_eq!(parse_date("2023-11-14"), parse_date("2023-11-14T00:00:00Z"));
        for bad in ["", "20231114221320", "yesterday", "2023-11-14X", "2023-13-01T00:00:00Z"] {
            assert_eq!(parse_date(bad), None, "{bad}");
        }
        assert_eq!(format_date(i64::MAX), "1970-01-01T00:00:00Z");
    }
}
