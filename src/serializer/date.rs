//! The `Date` field (RFC 9110 6.6.1), made once a second.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Bytes of an IMF-fixdate (RFC 9110 5.6.7): `Sun, 06 Nov 1994 08:49:37 GMT`.
pub const DATE_LENGTH: usize = 29;

/// Seconds since 1970 by the system clock; 0 if it is set to an earlier time.
pub fn second() -> u64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |since| since.as_secs())
}

/// The text of the date last asked for.
#[derive(Debug)]
pub struct DateCache {
    second: u64,
    text: [u8; DATE_LENGTH],
}

impl Default for DateCache {
    fn default() -> Self {
        Self::new()
    }
}

impl DateCache {
    /// A cache that formats at its first use.
    pub const fn new() -> Self {
        Self {
            second: u64::MAX,
            text: [0; DATE_LENGTH],
        }
    }

    /// The date `second` seconds after 1970, at most the last one that the format can express.
    #[inline]
    pub fn at(&mut self, second: u64) -> &[u8; DATE_LENGTH] {
        if second != self.second {
            self.format(second);
        }
        &self.text
    }

    #[cold]
    fn format(&mut self, second: u64) {
        const LAST: u64 = 253_402_300_799;
        let text = httpdate::fmt_http_date(UNIX_EPOCH + Duration::from_secs(second.min(LAST)));
        self.text.copy_from_slice(text.as_bytes());
        self.second = second;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_date_is_an_imf_fixdate() {
        let mut cache = DateCache::new();
        assert_eq!(cache.at(784_111_777), b"Sun, 06 Nov 1994 08:49:37 GMT");
        assert_eq!(cache.at(0), b"Thu, 01 Jan 1970 00:00:00 GMT");
        assert_eq!(cache.at(u64::MAX - 1), b"Fri, 31 Dec 9999 23:59:59 GMT");
    }

    #[test]
    fn the_date_is_the_present_one_and_changes_with_the_second() {
        let before = SystemTime::now();
        let text = *DateCache::new().at(second());
        let parsed = httpdate::parse_http_date(std::str::from_utf8(&text).unwrap()).unwrap();
        assert!(before.duration_since(parsed).unwrap_or_default() < Duration::from_secs(2));
        let mut cache = DateCache::new();
        let first = *cache.at(1);
        assert_ne!(first, *cache.at(2));
    }
}
