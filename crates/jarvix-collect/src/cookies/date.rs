//! Dates of cookies, which are written in many ways: RFC 6265, 5.1.1, word by word.

/// Microseconds since 1970-01-01 UTC; `None` for what is no date.
pub(super) fn parse_date(text: &str) -> Option<i64> {
    let is_word = |c: char| c.is_ascii_alphanumeric() || c == ':';
    let (mut time, mut day, mut month, mut year) = (None, None, None, None);
    for word in text.split(|c: char| !is_word(c)).filter(|word| !word.is_empty()) {
        if time.is_none() && time_of(word).is_some() {
            time = time_of(word);
        } else if day.is_none() && number(word, 1..=2).is_some() {
            day = number(word, 1..=2);
        } else if month.is_none() && month_of(word).is_some() {
            month = month_of(word);
        } else if year.is_none() && number(word, 2..=4).is_some() {
            year = number(word, 2..=4);
        }
    }
    let ((hour, minute, second), day, month, year) = (time?, day?, month?, year?);
    let year = match year {
        70..=99 => year + 1900,
        0..=69 => year + 2000,
        _ => year,
    };
    if year < 1601 || !(1..=31).contains(&day) || hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    let days = days_since_1970(year, month, day);
    Some((days * 86_400 + hour * 3600 + minute * 60 + second) * 1_000_000)
}

/// The digits that `word` begins with, if there are as many as `digits` says.
fn number(word: &str, digits: std::ops::RangeInclusive<usize>) -> Option<i64> {
    let end = word.find(|c: char| !c.is_ascii_digit()).unwrap_or(word.len());
    if digits.contains(&end) { word[..end].parse().ok() } else { None }
}

fn time_of(word: &str) -> Option<(i64, i64, i64)> {
    let mut parts = word.split(':');
    let time = (
        number(parts.next()?, 1..=2)?,
        number(parts.next()?, 1..=2)?,
        number(parts.next()?, 1..=2)?,
    );
    parts.next().is_none().then_some(time)
}

fn month_of(word: &str) -> Option<i64> {
    const MONTHS: &str = "janfebmaraprmayjunjulaugsepoctnovdec";
    let start = word.get(..3)?.to_ascii_lowercase();
    let at = MONTHS.find(&start).filter(|at| at.is_multiple_of(3))?;
    i64::try_from(at / 3 + 1).ok()
}

/// Howard Hinnant's `days_from_civil`.
fn days_since_1970(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era * 146_097 + day_of_era - 719_468
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_of_every_fashion_are_read() {
        let expected = Some(784_111_777_000_000);
        for text in [
            "Sun, 06 Nov 1994 08:49:37 GMT",
            "Sunday, 06-Nov-94 08:49:37 GMT",
            "Sun Nov  6 08:49:37 1994",
            "06-Nov-1994 8:49:37",
            "1994 november 6 08:49:37 GMT",
        ] {
            assert_eq!(parse_date(text), expected, "{text}");
        }
        assert_eq!(parse_date("Thu, 01 Jan 1970 00:00:00 GMT"), Some(0));
        assert_eq!(parse_date("Tue, 29 Feb 2028 00:00:00 GMT"), Some(1_835_395_200_000_000));
        for text in ["", "tomorrow", "06 Nov 1994", "32 Nov 1994 00:00:00", "6 Nov 1994 25:00:00"] {
            assert_eq!(parse_date(text), None, "{text:?}");
        }
    }
}
