//! When a URL is tried again: jittered, doubling waits, unless the server says how long.

use std::time::Duration;

use http::HeaderMap;
use http::header::RETRY_AFTER;
use jarvix_core::Entropy;

use crate::settings::Backoff;

/// What an ending says about trying again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Retry {
    /// It would end the same way.
    No,
    /// It may pass.
    Backoff,
    /// The server said when.
    After(Duration),
}

impl Retry {
    /// How long to wait before the next attempt, after `attempts` of them; `None` if there is to
    /// be none.
    pub(crate) fn wait(
        self,
        attempts: u32,
        retries: u32,
        backoff: &Backoff,
        entropy: &dyn Entropy,
    ) -> Option<Duration> {
        if attempts > retries {
            return None;
        }
        match self {
            Self::No => None,
            Self::After(wait) => Some(wait),
            Self::Backoff => Some(jittered(attempts, backoff, entropy)),
        }
    }
}

/// Between half and one and a half of `base`, doubled for every attempt before this, up to `cap`:
/// fetches that failed together do not come back together.
pub(crate) fn jittered(attempts: u32, backoff: &Backoff, entropy: &dyn Entropy) -> Duration {
    let doubled = backoff.base.saturating_mul(1u32 << attempts.saturating_sub(1).min(20));
    doubled.min(backoff.cap).mul_f64(0.5 + entropy.fraction()).min(backoff.cap)
}

/// How long the server asks to wait: seconds, or a date, of which the past means now. What is
/// neither is no wish.
pub(crate) fn retry_after(headers: &HeaderMap, now_us: i64) -> Option<Duration> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    if let Ok(seconds) = text.parse::<u64>() {
        return Some(Duration::from_secs(seconds));
    }
    // More digits than a number has: a very long time, all the same.
    if !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit()) {
        return Some(Duration::from_secs(u64::from(u32::MAX)));
    }
    let at = httpdate::parse_http_date(text).ok()?;
    let now = std::time::UNIX_EPOCH + Duration::from_micros(u64::try_from(now_us).unwrap_or(0));
    Some(at.duration_since(now).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;
    use jarvix_core::env::SeededEntropy;

    fn asked(text: &str) -> Option<Duration> {
        let mut headers = HeaderMap::new();
        headers.insert(RETRY_AFTER, HeaderValue::from_str(text).expect("a header"));
        // 1994-11-06 08:49:37 UTC.
        retry_after(&headers, 784_111_777_000_000)
    }

    #[test]
    fn seconds_dates_past_and_huge_values_are_read() {
        assert_eq!(asked("120"), Some(Duration::from_secs(120)));
        assert_eq!(asked("Sun, 06 Nov 1994 08:50:37 GMT"), Some(Duration::from_secs(60)));
        assert_eq!(asked("Sun, 06 Nov 1994 08:00:00 GMT"), Some(Duration::ZERO));
        assert!(asked("99999999999999999999999").is_some_and(|wait| wait.as_secs() > 1_000_000));
        for text in ["", "soon", "-5", "1.5"] {
            assert_eq!(asked(text), None, "{text:?}");
        }
        assert_eq!(retry_after(&HeaderMap::new(), 0), None);
    }

    #[test]
    fn waits_double_with_jitter_up_to_the_cap_and_end() {
        let backoff = Backoff::default();
        let dice = SeededEntropy::new(7);
        let wait = |attempts, retries| Retry::Backoff.wait(attempts, retries, &backoff, &dice);
        for _ in 0..100 {
            let first = wait(1, 9).expect("there is a second attempt").as_millis();
            assert!((250..=750).contains(&first), "{first} ms");
            let fourth = wait(4, 9).expect("there is a fifth attempt").as_millis();
            assert!((2_000..=6_000).contains(&fourth), "{fourth} ms");
            assert!(wait(60, 99).expect("there is a next one") <= backoff.cap);
        }
        assert_eq!(wait(3, 2), None);
        assert_eq!(Retry::No.wait(1, 2, &backoff, &dice), None);
        let said = Duration::from_secs(9);
        assert_eq!(Retry::After(said).wait(1, 2, &backoff, &dice), Some(said));
    }
}
