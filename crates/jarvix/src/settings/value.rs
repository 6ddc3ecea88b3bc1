//! The kinds of value that settings take, and how their text is checked.

use std::fmt;

use super::secret;

/// What values a setting takes.
#[derive(Debug, Clone, Copy)]
pub enum Kind {
    /// Any text.
    Text,
    /// Texts, separated by commas.
    List,
    /// Texts that may hold commas; one for each time the flag is given, one a line in a variable.
    Texts,
    /// One of these words.
    Choice(&'static [&'static str]),
    /// A whole number between the two, both included.
    Count {
        /// The smallest.
        min: u64,
        /// The largest.
        max: u64,
    },
    /// A number of seconds, or with a unit: `1.5`, `500ms`, `2m`, `1h`.
    Seconds,
    /// The same, above 0.
    SomeSeconds,
    /// A number that is not negative.
    Number,
    /// A number from 0 to 1.
    Fraction,
    /// A number of bytes, or with a unit: `65536`, `64KiB`, `10MB`.
    Bytes,
    /// A number of bytes above 0, or with a unit: `65536`, `64KiB`, `10MB`.
    SomeBytes,
    /// A number of threads, or `auto`.
    Threads,
    /// `on` or `off`; the flag has no value and means `off`.
    Off,
    /// `on` or `off`; the flag has no value and means `on`.
    On,
    /// Lines `NAME: VALUE`, whose values nobody is to see.
    HiddenHeaders,
    /// Lines `HOST=SECRET`, whose secrets nobody is to see.
    HiddenLogins,
    /// An address that may have a password in it.
    HiddenAddress,
}

impl Kind {
    /// How the value is called in help.
    pub const fn value_name(self) -> &'static str {
        match self {
            Self::Text | Self::Texts => "TEXT",
            Self::HiddenHeaders | Self::HiddenLogins | Self::HiddenAddress => "TEXT",
            Self::List => "LIST",
            Self::Choice(_) => "WORD",
            Self::Count { .. } | Self::Number | Self::Fraction => "N",
            Self::Seconds | Self::SomeSeconds => "SECONDS",
            Self::Bytes | Self::SomeBytes => "BYTES",
            Self::Threads => "N|auto",
            Self::Off | Self::On => "on|off",
        }
    }

    /// Whether the flag may be repeated.
    pub const fn is_list(self) -> bool {
        matches!(self, Self::List | Self::Texts | Self::HiddenHeaders | Self::HiddenLogins)
    }

    /// What stands between the items of a list: what no item has.
    pub const fn separator(self) -> &'static str {
        match self {
            Self::Texts | Self::HiddenHeaders | Self::HiddenLogins => "\n",
            _ => ",",
        }
    }

    /// Whether a value may hold a secret.
    pub const fn is_hidden(self) -> bool {
        matches!(self, Self::HiddenHeaders | Self::HiddenLogins | Self::HiddenAddress)
    }

    /// The value as it may be shown to anyone.
    pub fn shown(self, text: &str) -> String {
        let lines = |between: char, after: &str| {
            let shown = text.lines().map(|line| secret::hidden_after(line, between, after));
            shown.collect::<Vec<_>>().join(", ")
        };
        match self {
            Self::HiddenHeaders => lines(':', " "),
            Self::HiddenLogins => lines('=', ""),
            Self::HiddenAddress => secret::hidden_login(text),
            _ => text.to_owned(),
        }
    }

    /// Checks `text`; the reason why it does not fit.
    pub fn check(self, text: &str) -> Result<(), String> {
        let fits = match self {
            Self::Text | Self::List | Self::Texts => true,
            Self::HiddenHeaders | Self::HiddenLogins | Self::HiddenAddress => true,
            Self::Choice(words) => words.contains(&text),
            Self::Count { min, max } => text.parse::<u64>().is_ok_and(|n| (min..=max).contains(&n)),
            Self::Seconds => seconds(text).is_some(),
            Self::SomeSeconds => seconds(text).is_some_and(|s| s > 0.0),
            Self::Number => number(text).is_some(),
            Self::Fraction => number(text).is_some_and(|n| n <= 1.0),
            Self::Bytes => bytes(text).is_some(),
            Self::SomeBytes => bytes(text).is_some_and(|n| n > 0),
            Self::Threads => {
                text == "auto" || text.parse::<usize>().is_ok_and(|n| (1..=1024).contains(&n))
            }
            Self::Off | Self::On => matches!(text, "on" | "off"),
        };
        if fits { Ok(()) } else { Err(self.to_string()) }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text | Self::List | Self::Texts => f.write_str("any text"),
            Self::HiddenHeaders => f.write_str("a line NAME: VALUE"),
            Self::HiddenLogins => f.write_str("a line HOST=SECRET"),
            Self::HiddenAddress => f.write_str("an address"),
            Self::Choice(words) => write!(f, "one of {}", words.join(", ")),
            Self::Count { min, max } => write!(f, "a whole number from {min} to {max}"),
            Self::Seconds => f.write_str("a number of seconds such as 30, 1.5, 500ms or 2m"),
            Self::SomeSeconds => {
                f.write_str("a number of seconds above 0 such as 30, 1.5, 500ms or 2m")
            }
            Self::Number => f.write_str("a number that is not negative"),
            Self::Fraction => f.write_str("a number from 0 to 1"),
            Self::Bytes => f.write_str("a number of bytes such as 65536, 64KiB or 10MB"),
            Self::SomeBytes => {
                f.write_str("a number of bytes above 0 such as 65536, 64KiB or 10MB")
            }
            Self::Threads => f.write_str("a number from 1 to 1024, or auto"),
            Self::Off | Self::On => f.write_str("on or off"),
        }
    }
}

/// A value that does not fit its key, or a key that does not exist.
#[derive(Debug, thiserror::Error)]
pub enum SettingError {
    /// The value is of the wrong kind.
    #[error("{origin} sets {name} to {value:?}, which is not {expected}")]
    Value {
        /// The key.
        name: String,
        /// What was given.
        value: String,
        /// What would fit.
        expected: String,
        /// Where it was given.
        origin: String,
    },
    /// There is no such key.
    #[error("{origin} sets {name:?}, which is not a setting{hint}")]
    Unknown {
        /// What was given.
        name: String,
        /// The nearest key, in words, or nothing.
        hint: String,
        /// Where it was given.
        origin: String,
    },
    /// A settings file cannot be read.
    #[error("failed to read the settings file {path}: {reason}")]
    File {
        /// The file.
        path: String,
        /// Why.
        reason: String,
    },
}

/// Seconds from `1.5`, `500ms`, `30s`, `2m` or `1h`.
pub fn seconds(text: &str) -> Option<f64> {
    let split = text.find(|c: char| c.is_ascii_alphabetic()).unwrap_or(text.len());
    let factor = match text[split..].trim() {
        "" | "s" => 1.0,
        "ms" => 0.001,
        "m" | "min" => 60.0,
        "h" => 3600.0,
        _ => return None,
    };
    number(text[..split].trim()).map(|n| n * factor).filter(|s| *s <= 31_536_000.0)
}

/// A number that is finite and not negative.
pub fn number(text: &str) -> Option<f64> {
    text.parse::<f64>().ok().filter(|n| n.is_finite() && *n >= 0.0)
}

/// Bytes from `65536`, `64KiB`, `10MB`, `1.5 GiB`.
pub fn bytes(text: &str) -> Option<u64> {
    let split = text.find(|c: char| c.is_ascii_alphabetic()).unwrap_or(text.len());
    let factor: u64 = match text[split..].trim().to_ascii_lowercase().as_str() {
        "" | "b" => 1,
        "k" | "kib" => 1 << 10,
        "m" | "mib" => 1 << 20,
        "g" | "gib" => 1 << 30,
        "kb" => 1_000,
        "mb" => 1_000_000,
        "gb" => 1_000_000_000,
        _ => return None,
    };
    let count = text[..split].trim();
    if let Ok(whole) = count.parse::<u64>() {
        return whole.checked_mul(factor);
    }
    number(count).map(|n| (n * factor as f64) as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_are_read() {
        assert_eq!(seconds("1.5"), Some(1.5));
        assert_eq!(seconds("500ms"), Some(0.5));
        assert_eq!(seconds("2m"), Some(120.0));
        assert_eq!(bytes("10MiB"), Some(10 << 20));
        assert_eq!(bytes("1.5 GiB"), Some(3 << 29));
        for bad in ["", "x", "-1", "1 parsec", "NaN", "inf"] {
            assert!(seconds(bad).is_none() && bytes(bad).is_none(), "{bad:?} was read");
        }
    }
}
