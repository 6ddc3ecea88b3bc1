//! Numbers and lists as people read them. Integers in, text out; nothing is computed with floats.

use crate::Milli;

/// `9412` as `9,412`.
pub(crate) fn number(n: u64) -> String {
    let digits = n.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// `1 page`, `9,412 pages`.
pub(crate) fn counted(n: u64, one: &str, many: &str) -> String {
    format!("{} {}", number(n), if n == 1 { one } else { many })
}

/// A round number in at most five characters: `500`, `2.5k`, `200k`, `1M`.
pub(crate) fn compact(n: u64) -> String {
    let (unit, suffix) = match n {
        0..1_000 => return n.to_string(),
        1_000..1_000_000 => (1_000, "k"),
        1_000_000..1_000_000_000 => (1_000_000, "M"),
        _ => (1_000_000_000, "G"),
    };
    match (n % unit) * 10 / unit {
        0 => format!("{}{suffix}", n / unit),
        tenths => format!("{}.{tenths}{suffix}", n / unit),
    }
}

/// A host by name: pages without one are files of this machine.
pub(crate) fn host(name: &str) -> &str {
    if name.is_empty() { "local files" } else { name }
}

/// Bytes in decimal units with one place: `11.4 MB`.
pub(crate) fn bytes(n: u64) -> String {
    const UNITS: [&str; 5] = ["kB", "MB", "GB", "TB", "PB"];
    if n < 1_000 {
        return counted(n, "byte", "bytes");
    }
    let mut unit = 1_000u64;
    let mut name = 0;
    // Rounded to one place, 999,950 is already 1.0 of the next unit.
    while name + 1 < UNITS.len() && n / unit >= 1_000 - u64::from(n % unit >= unit / 20 * 19) {
        unit *= 1_000;
        name += 1;
    }
    let tenths = (u128::from(n) * 20 + u128::from(unit)) / (u128::from(unit) * 2);
    format!("{}.{} {}", tenths / 10, tenths % 10, UNITS[name])
}

/// `part` of `total` as `13.8%`; of nothing there is no share, something is never shown as nothing, nor less than all as all.
pub(crate) fn share(part: u64, total: u64) -> String {
    if total == 0 {
        return "–".to_owned();
    }
    let percent = Milli::percent(part, total);
    if part > 0 && percent < Milli(50) {
        "<0.1%".to_owned()
    } else if part < total && percent >= Milli(99_950) {
        ">99.9%".to_owned()
    } else {
        format!("{percent:.1}%")
    }
}

/// A decimal without zeros at its end: `20`, `0.4`.
pub(crate) fn plain(decimal: Milli) -> String {
    decimal.to_string().trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// `a`, `a and b`, `a, b and c`.
pub(crate) fn list(items: &[String]) -> String {
    match items {
        [] => String::new(),
        [one] => one.clone(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}

/// A column's or outcome's name as words: `link_density` as `link density`.
pub(crate) fn spaced(name: &str) -> String {
    name.replace('_', " ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_read_well() {
        assert_eq!([0, 999, 1_000, 1_234_567].map(number), ["0", "999", "1,000", "1,234,567"]);
        assert_eq!([40, 2_500, 200_000, 1_000_000].map(compact), ["40", "2.5k", "200k", "1M"]);
        assert_eq!(
            [0, 1, 999, 1_000, 11_449_000, 999_949, 999_950, 1_000_000, u64::MAX].map(bytes),
            [
                "0 bytes",
                "1 byte",
                "999 bytes",
                "1.0 kB",
                "11.4 MB",
                "999.9 kB",
                "1.0 MB",
                "1.0 MB",
                "18446.7 PB"
            ]
        );
        assert_eq!(share(1, 10_000), "<0.1%");
        assert_eq!(share(9_999, 10_000), ">99.9%");
        assert_eq!(share(1, 3), "33.3%");
        assert_eq!(share(0, 0), "–");
        assert_eq!([20_000, 400, -1_050].map(|n| plain(Milli(n))), ["20", "0.4", "-1.05"]);
        assert_eq!(list(&["a", "b", "c"].map(str::to_owned)), "a, b and c");
    }
}
