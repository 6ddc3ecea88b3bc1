//! How many e-mail addresses, telephone numbers, account numbers and payment card numbers stand in
//! a text. One pass; each candidate looks at a bounded number of characters.
//!
//! It counts what was surely meant as one: check digits are computed, and a run of digits is no
//! telephone number unless it is written like one. What it refuses to do: to keep what it finds.

/// Counts of a text.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Pii {
    pub(crate) emails: u64,
    pub(crate) phones: u64,
    pub(crate) ibans: u64,
    pub(crate) cards: u64,
}

/// Longest local part and domain of an address (RFC 5321).
const LOCAL_BYTES_MAX: usize = 64;
const DOMAIN_BYTES_MAX: usize = 255;
/// Longest run of digits, separators and brackets that is looked at, in bytes.
const NUMBER_BYTES_MAX: usize = 48;
/// Fewest and most digits of a telephone number (E.164 allows 15).
const PHONE_DIGITS_MIN: usize = 8;
const PHONE_DIGITS_MAX: usize = 15;

/// The personal data that `text` shows.
pub(crate) fn count(text: &str) -> Pii {
    let bytes = text.as_bytes();
    let mut found = Pii { emails: emails(bytes), ..Pii::default() };
    let mut at = 0;
    while let Some(start) = bytes[at..].iter().position(u8::is_ascii_digit).map(|n| at + n) {
        if let Some(end) = iban_end(bytes, start) {
            found.ibans += 1;
            at = end;
            continue;
        }
        let number = Number::at(bytes, start);
        found.cards += u64::from(number.is_card());
        found.phones += u64::from(number.is_phone());
        at = number.end.max(start + 1);
    }
    found
}

fn emails(bytes: &[u8]) -> u64 {
    memchr::memchr_iter(b'@', bytes).filter(|&at| is_email(bytes, at)).count() as u64
}

/// Whether an address stands around the `@` at `at`.
fn is_email(bytes: &[u8], at: usize) -> bool {
    let is_local = |b: &&u8| b.is_ascii_alphanumeric() || b"._%+-".contains(b);
    let local = bytes[..at].iter().rev().take(LOCAL_BYTES_MAX + 1).take_while(is_local).count();
    let is_domain = |b: &&u8| b.is_ascii_alphanumeric() || b".-".contains(b);
    let domain = &bytes[at + 1..];
    let length = domain.iter().take(DOMAIN_BYTES_MAX + 1).take_while(is_domain).count();
    let Ok(domain) = std::str::from_utf8(&domain[..length]) else { return false };
    let domain = domain.trim_end_matches(['.', '-']);
    let fits = (1..=LOCAL_BYTES_MAX).contains(&local) && length <= DOMAIN_BYTES_MAX;
    let labels_fit =
        || domain.split('.').all(|l| !l.is_empty() && !l.starts_with('-') && !l.ends_with('-'));
    // `@2x.png` is a picture, not a domain.
    let ends_well = |last: &str| {
        last.len() >= 2
            && last.bytes().all(|b| b.is_ascii_alphabetic())
            && !["png", "jpg", "jpeg", "gif", "svg", "webp"].contains(&last)
    };
    fits && labels_fit() && domain.rsplit_once('.').is_some_and(|(_, last)| ends_well(last))
}

/// Countries and the lengths of their account numbers (ISO 13616 registry).
#[rustfmt::skip]
const IBAN_LENGTHS: &[(&[u8; 2], usize)] = &[
    (b"AD", 24), (b"AE", 23), (b"AL", 28), (b"AT", 20), (b"AZ", 28), (b"BA", 20), (b"BE", 16),
    (b"BG", 22), (b"BH", 22), (b"BI", 27), (b"BR", 29), (b"BY", 28), (b"CH", 21), (b"CR", 22),
    (b"CY", 28), (b"CZ", 24), (b"DE", 22), (b"DJ", 27), (b"DK", 18), (b"DO", 28), (b"EE", 20),
    (b"EG", 29), (b"ES", 24), (b"FI", 18), (b"FK", 18), (b"FO", 18), (b"FR", 27), (b"GB", 22),
    (b"GE", 22), (b"GI", 23), (b"GL", 18), (b"GR", 27), (b"GT", 28), (b"HN", 28), (b"HR", 21),
    (b"HU", 28), (b"IE", 22), (b"IL", 23), (b"IQ", 23), (b"IS", 26), (b"IT", 27), (b"JO", 30),
    (b"KW", 30), (b"KZ", 20), (b"LB", 28), (b"LC", 32), (b"LI", 21), (b"LT", 20), (b"LU", 20),
    (b"LV", 21), (b"LY", 25), (b"MC", 27), (b"MD", 24), (b"ME", 22), (b"MK", 19), (b"MN", 20),
    (b"MR", 27), (b"MT", 31), (b"MU", 30), (b"NI", 28), (b"NL", 18), (b"NO", 15), (b"OM", 23),
    (b"PK", 24), (b"PL", 28), (b"PS", 29), (b"PT", 25), (b"QA", 29), (b"RO", 24), (b"RS", 22),
    (b"RU", 33), (b"SA", 24), (b"SC", 31), (b"SD", 18), (b"SE", 24), (b"SI", 19), (b"SK", 24),
    (b"SM", 27), (b"SO", 23), (b"ST", 25), (b"SV", 28), (b"TL", 23), (b"TN", 24), (b"TR", 26),
    (b"UA", 29), (b"VA", 22), (b"VG", 24), (b"XK", 20), (b"YE", 30),
];

/// The end of the account number whose first digit is at `digit`, if there is one: right length for
/// its country, right check digits, single spaces allowed.
fn iban_end(bytes: &[u8], digit: usize) -> Option<usize> {
    let start = digit.checked_sub(2)?;
    let country: &[u8; 2] = bytes[start..digit].try_into().ok()?;
    let (_, length) = IBAN_LENGTHS.iter().find(|(code, _)| *code == country)?;
    if start > 0 && bytes[start - 1].is_ascii_alphanumeric() {
        return None;
    }
    let (mut taken, mut at) = (Vec::with_capacity(*length), start);
    while taken.len() < *length {
        match *bytes.get(at)? {
            b if b.is_ascii_digit() || b.is_ascii_uppercase() => taken.push(b),
            b' ' if bytes[at - 1] != b' ' => {}
            _ => return None,
        }
        at += 1;
    }
    let ends = !bytes.get(at).is_some_and(u8::is_ascii_alphanumeric);
    // ISO 7064, mod 97-10: the first four characters move to the end, letters count from 10.
    let moved = taken[4..].iter().chain(&taken[..4]);
    let rest = moved.fold(0u32, |rest, b| match b {
        b'0'..=b'9' => (rest * 10 + u32::from(b - b'0')) % 97,
        _ => (rest * 100 + u32::from(b - b'A') + 10) % 97,
    });
    (ends && rest == 1).then_some(at)
}

/// A run of digits with the separators that numbers are written with.
struct Number<'a> {
    /// Its groups of digits.
    groups: Vec<&'a [u8]>,
    /// What stands before it: `+`, `(` or neither.
    before: Option<u8>,
    /// Whether letters, digits or signs stand right before or after it: then it is part of a word,
    /// an amount or an address.
    part: bool,
    end: usize,
}

impl<'a> Number<'a> {
    fn at(bytes: &'a [u8], start: usize) -> Self {
        let mut end = start;
        let mut groups = Vec::new();
        while end < bytes.len() && end - start < NUMBER_BYTES_MAX {
            let rest = &bytes[end..];
            let digits = rest.iter().take(NUMBER_BYTES_MAX).take_while(|b| b.is_ascii_digit());
            let digits = digits.count();
            groups.push(&rest[..digits]);
            end += digits;
            let gap = separator(&bytes[end..]);
            if gap == 0 || !bytes.get(end + gap).is_some_and(u8::is_ascii_digit) {
                break;
            }
            end += gap;
        }
        let sign = start.checked_sub(1).map(|at| bytes[at]);
        let before = sign.filter(|b| matches!(b, b'+' | b'('));
        let outer = match before {
            Some(b'(') if start >= 2 && bytes[start - 2] == b'+' => Some(b'+'),
            Some(_) => start.checked_sub(2).map(|at| bytes[at]),
            None => sign,
        };
        let joins =
            |b: u8| b.is_ascii_alphanumeric() || !b.is_ascii() || b"_-./,=#&%$+".contains(&b);
        let after =
            bytes.get(end).is_some_and(|b| b.is_ascii_alphanumeric() || b"_=%&".contains(b));
        let decimals = bytes.get(end).is_some_and(|b| b".,-/".contains(b))
            && bytes.get(end + 1).is_some_and(u8::is_ascii_digit);
        Self { groups, before, part: outer.is_some_and(joins) || after || decimals, end }
    }

    fn digits(&self) -> impl Iterator<Item = u8> + '_ {
        self.groups.iter().flat_map(|group| group.iter().map(|b| b - b'0'))
    }

    /// International, `(0..)` or `0..` in groups, or North American in 3-3-4.
    fn is_phone(&self) -> bool {
        let digits = self.digits().count();
        if self.part || !(PHONE_DIGITS_MIN..=PHONE_DIGITS_MAX).contains(&digits) {
            return false;
        }
        let lengths: Vec<usize> = self.groups.iter().map(|group| group.len()).collect();
        let is_date = matches!(*lengths, [1..=2, 1..=2, 4, ..] | [4, 1..=2, 1..=2, ..]);
        let mut first = self.digits();
        let (first, second) = (first.next(), first.next());
        match (self.before, first, second) {
            (Some(b'+'), Some(1..), _) => true,
            (_, Some(0), Some(0)) => lengths.len() > 1 && digits >= PHONE_DIGITS_MIN + 2,
            (_, Some(0), _) => lengths.len() > 1 && lengths[0] > 1 && digits >= 9 && !is_date,
            (_, Some(2..), _) => *lengths == [3, 3, 4],
            (None, Some(1), _) => *lengths == [1, 3, 3, 4],
            _ => false,
        }
    }

    /// 13 to 19 digits in at most five groups, an issuer's first digits, the check digit of Luhn.
    fn is_card(&self) -> bool {
        let digits: Vec<u8> = self.digits().collect();
        if self.part || self.before.is_some() || self.groups.len() > 5 {
            return false;
        }
        let starts = digits.iter().take(4).fold(0u32, |n, d| n * 10 + u32::from(*d));
        let issued = match digits.len() {
            13 | 19 => starts / 1000 == 4,
            14 => matches!(starts / 100, 36 | 38) || (3000..=3059).contains(&starts),
            15 => matches!(starts / 100, 34 | 37),
            16 => {
                starts / 1000 == 4
                    || (5100..=5599).contains(&starts)
                    || (2221..=2720).contains(&starts)
                    || starts == 6011
                    || starts / 100 == 65
                    || (3528..=3589).contains(&starts)
            }
            _ => false,
        };
        // Groups of another shape are tables and part numbers.
        let lengths: Vec<usize> = self.groups.iter().map(|group| group.len()).collect();
        let shaped = lengths.len() == 1 || lengths.starts_with(&[4]) && !lengths.contains(&1);
        let luhn: u32 = digits.iter().rev().enumerate().map(|(n, d)| luhn(n, u32::from(*d))).sum();
        issued && shaped && luhn.is_multiple_of(10)
    }
}

fn luhn(position: usize, digit: u32) -> u32 {
    let doubled = digit << (position % 2);
    doubled / 10 + doubled % 10
}

/// Bytes of the separator at the start: a space, sign or bracket, or two of them.
fn separator(bytes: &[u8]) -> usize {
    let space = |bytes: &[u8]| match bytes {
        [b' ', ..] => 1,
        [0xC2, 0xA0, ..] => 2,
        [0xE2, 0x80, 0xAF | 0x91, ..] => 3,
        _ => 0,
    };
    let sign = |bytes: &[u8]| usize::from(bytes.first().is_some_and(|b| b"-./()".contains(b)));
    let mut taken = space(bytes);
    taken += sign(&bytes[taken..]);
    if taken > 0 {
        taken += space(&bytes[taken..]);
        taken += usize::from(bytes.get(taken) == Some(&b'('));
    }
    taken
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(cases: &[(&str, u64)], of: fn(&Pii) -> u64) {
        for (text, expected) in cases {
            let found = count(text);
            assert_eq!(of(&found), *expected, "{text}: {found:?}");
        }
    }

    #[test]
    fn addresses() {
        check(
            &[
                ("", 0),
                ("@", 0),
                ("Write to anna.b+c@mail.example.org.", 1),
                ("<a@b.de>, c@d.com; a@b", 2),
                ("picture@2x.png and @handle and me @ example.org", 0),
                ("a@.org a@b..org a@-b.org a@b.o1", 0),
                ("größe@example.org", 1),
                ("a@a@a@a.org", 1),
            ],
            |found| found.emails,
        );
        assert_eq!(count(&format!("{}@example.org", "a".repeat(65))).emails, 0);
        assert_eq!(count(&format!("a@{}.org", "a".repeat(300))).emails, 0);
    }

    #[test]
    fn telephone_numbers() {
        check(
            &[
                ("Tel. +49 30 1234567", 1),
                ("+1 (555) 010-9999, 0044 20 7946 0958", 2),
                ("(030) 1234567 and 030/123 45 67", 2),
                ("01 23 45 67 89", 1),
                ("555-010-9999, (555) 010-9999; 1-800-555-0199", 3),
                ("+49\u{a0}(0)30\u{a0}1234567", 1),
                ("from 2026-11-27 to 01.02.2003, at 10.0.0.1", 0),
                ("ISBN 978-3-16-148410-0, 12345678901, 1 000 000 000", 0),
                ("0.1234567890 and -0123 456789 and $0 123 456 789", 0),
                ("id=030-1234567&x, a030 1234567", 0),
                ("+12", 0),
                ("2003 2004 2005 2006 2007", 0),
            ],
            |found| found.phones,
        );
    }

    #[test]
    fn account_numbers_are_computed() {
        check(
            &[
                ("IBAN: DE89 3704 0044 0532 0130 00.", 1),
                ("DE89370400440532013000 GB82WEST12345698765432", 2),
                ("FR14 2004 1010 0505 0001 3M02 606", 1),
                ("NO93 8601 1117 947, MT84MALT011000012345MTLCAST001S", 2),
                ("DE88 3704 0044 0532 0130 00", 0),
                ("DE8937040044053201300", 0),
                ("DE893704004405320130001", 0),
                ("XDE89370400440532013000 ZZ89370400440532013000", 0),
            ],
            |found| found.ibans,
        );
    }

    #[test]
    fn card_numbers_are_computed() {
        check(
            &[
                ("4111 1111 1111 1111 or 5555-5555-5555-4444", 2),
                ("378282246310005", 1),
                ("4111 1111 1111 1112", 0),
                ("9111111111111111, 0000000000000000", 0),
                ("x4111111111111111, 4111111111111111.5", 0),
            ],
            |found| found.cards,
        );
    }

    #[test]
    fn nothing_is_counted_in_two_ways_and_no_text_breaks_it() {
        let text = "DE89 3704 0044 0532 0130 00, +49 30 1234567, a@b.org, 4111 1111 1111 1111";
        assert_eq!(count(text), Pii { emails: 1, phones: 1, ibans: 1, cards: 1 });
        for end in (0..text.len()).filter(|end| text.is_char_boundary(*end)) {
            count(&text[..end]);
            count(&text[end..]);
        }
        for text in ["1 ".repeat(100_000), "DE".repeat(100_000), "a@".repeat(100_000)] {
            count(&text);
        }
    }
}
