//! Decimals with three places, held as an integer: what scores, contributions and shares are in a
//! report. Nothing here rounds twice and nothing computes with floats, so the same parts print the
//! same digits on every machine (invariant I3).

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A decimal number in thousandths: `Milli(87_125)` is 87.125.
///
/// `{}` prints it exactly (`87.125`), `{:.1}` rounded once, half away from zero (`87.1`). In JSON
/// it is a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Milli(pub i64);

/// Why a text is not a [`Milli`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is not a decimal number with at most three places")]
pub struct MilliError {
    text: String,
}

impl Milli {
    /// Zero.
    pub const ZERO: Self = Self(0);

    /// A whole number.
    pub const fn whole(number: i64) -> Self {
        Self(number.saturating_mul(1_000))
    }

    /// `part` of `total` in percent, rounded once, half up; zero of nothing is zero.
    pub fn percent(part: u64, total: u64) -> Self {
        if total == 0 {
            return Self::ZERO;
        }
        Self::narrowed((i128::from(part) * 200_000 + i128::from(total)) / (2 * i128::from(total)))
    }

    /// `sum` divided by `count`, rounded once, half away from zero; `None` of nothing.
    pub fn mean(sum: i128, count: u64) -> Option<Self> {
        let count = i128::from(count);
        (count > 0).then(|| Self::narrowed((2 * sum + sum.signum() * count) / (2 * count)))
    }

    /// The number without its sign.
    pub const fn abs(self) -> Self {
        Self(self.0.saturating_abs())
    }

    fn narrowed(thousandths: i128) -> Self {
        let limited = thousandths.clamp(i128::from(i64::MIN), i128::from(i64::MAX));
        Self(i64::try_from(limited).unwrap_or(0))
    }
}

impl std::ops::Add for Milli {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }
}

impl std::iter::Sum for Milli {
    fn sum<I: Iterator<Item = Self>>(numbers: I) -> Self {
        numbers.fold(Self::ZERO, |sum, number| sum + number)
    }
}

impl fmt::Display for Milli {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let places = f.precision().unwrap_or(3).min(3);
        let unit = [1_000u64, 100, 10, 1][places];
        let rounded = (self.0.unsigned_abs() + unit / 2) / unit;
        let scale = 1_000 / unit;
        let mut digits = (rounded / scale).to_string();
        if places > 0 {
            digits.push_str(&format!(".{:0places$}", rounded % scale));
        }
        f.pad_integral(self.0 >= 0 || rounded == 0, "", &digits)
    }
}

impl FromStr for Milli {
    type Err = MilliError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let error = || MilliError { text: text.chars().take(40).collect() };
        let unsigned = text.strip_prefix('-').unwrap_or(text);
        let (whole, fraction) = unsigned.split_once('.').unwrap_or((unsigned, "0"));
        let all_digits = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
        if !all_digits(whole) || !all_digits(fraction) || fraction.len() > 3 {
            return Err(error());
        }
        let whole: i64 = whole.parse().map_err(|_| error())?;
        let fraction: i64 = format!("{fraction:0<3}").parse().map_err(|_| error())?;
        let size = whole.checked_mul(1_000).and_then(|w| w.checked_add(fraction));
        let size = size.ok_or_else(error)?;
        Ok(Self(if text.starts_with('-') { -size } else { size }))
    }
}

impl Serialize for Milli {
    /// Dividing by 1,000 is correctly rounded and the shortest digits that read back are printed,
    /// so this gives exactly the three places, and reads back, for all numbers below 2^49
    /// thousandths.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_f64(self.0 as f64 / 1_000.0)
    }
}

impl<'de> Deserialize<'de> for Milli {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Self((f64::deserialize(deserializer)? * 1_000.0).round() as i64))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn prints_exactly_and_rounds_once() {
        assert_eq!(Milli(87_125).to_string(), "87.125");
        assert_eq!(Milli(-5).to_string(), "-0.005");
        assert_eq!(format!("{:.1}", Milli(87_150)), "87.2");
        assert_eq!(format!("{:.1}", Milli(-87_150)), "-87.2");
        assert_eq!(format!("{:.1}", Milli(-4)), "0.0");
        assert_eq!(format!("{:.0}", Milli(99_500)), "100");
        assert_eq!(format!("{:>7.1}|{:+.1}", Milli(6_000), Milli(6_000)), "    6.0|+6.0");
    }

    #[test]
    fn shares_and_means_are_rounded_once() {
        assert_eq!(Milli::percent(1, 3), Milli(33_333));
        assert_eq!(Milli::percent(2, 3), Milli(66_667));
        assert_eq!(Milli::percent(u64::MAX, u64::MAX), Milli::whole(100));
        assert_eq!(Milli::percent(5, 0), Milli::ZERO);
        assert_eq!(Milli::mean(-3, 2), Some(Milli(-2)));
        assert_eq!(Milli::mean(0, 0), None);
    }

    #[test]
    fn what_is_not_a_decimal_is_refused() {
        for bad in ["", "-", ".5", "1.", "1.2345", "1e3", "+1", "NaN", "99999999999999999999"] {
            assert!(bad.parse::<Milli>().is_err(), "{bad:?} was accepted");
        }
        assert_eq!("1.5".parse(), Ok(Milli(1_500)));
    }

    proptest! {
        #[test]
        fn text_and_json_read_back(thousandths in -(1i64 << 49)..(1i64 << 49)) {
            let number = Milli(thousandths);
            prop_assert_eq!(number.to_string().parse(), Ok(number));
            let json = serde_json::to_string(&number).expect("a number");
            prop_assert_eq!(serde_json::from_str::<Milli>(&json).expect("reads back"), number);
            let shortest = |text: &str| text.trim_end_matches('0').trim_end_matches('.').to_owned();
            prop_assert_eq!(shortest(&json), shortest(&number.to_string()));
        }
    }
}
