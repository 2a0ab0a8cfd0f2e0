//! When a download is tried again, and after how long.

use std::{
    error::Error as StdError,
    hash::{BuildHasher, RandomState},
    io,
    time::Duration,
};

use ::http::{HeaderMap, header};
use jiff::{Timestamp, fmt::rfc2822};

use crate::{Error, Unreached};

/// The pause before the first repetition; doubled for each further one.
const FIRST_PAUSE: Duration = Duration::from_millis(250);
/// The longest pause that is not asked for by the server.
const LONGEST_PAUSE: Duration = Duration::from_secs(10);

/// How one try ended, when not in success.
pub(crate) struct Failure {
    pub error: Box<Error>,
    pub again: Again,
    /// How long the server asks to wait, when it does.
    pub retry_after: Option<Duration>,
}

/// Whether another try may end otherwise.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Again {
    Never,
    Maybe,
}

impl Failure {
    /// A failure that another try would meet again.
    pub fn final_(error: Error) -> Self {
        Self { error: Box::new(error), again: Again::Never, retry_after: None }
    }

    /// A failure that another try may not meet.
    pub fn passing(error: Error, retry_after: Option<Duration>) -> Self {
        Self { error: Box::new(error), again: Again::Maybe, retry_after }
    }

    /// How long to wait after so many tries.
    pub fn pause(&self, tries: u32) -> Duration {
        self.retry_after.unwrap_or_else(|| backoff(tries))
    }

    /// The error after so many tries.
    pub fn after(mut self, times: u32) -> Error {
        if let Error::Status { tries, .. } | Error::Unreachable { tries, .. } = self.error.as_mut() {
            *tries = times;
        }
        *self.error
    }
}

/// The pause after a try: doubled each time, and spread so that many clients do not come back at once.
pub(crate) fn backoff(tries: u32) -> Duration {
    let full = FIRST_PAUSE.saturating_mul(2u32.saturating_pow(tries.saturating_sub(1))).min(LONGEST_PAUSE);
    let spread = RandomState::new().hash_one(tries) % 512;
    full.mul_f64(0.75 + spread as f64 / 1024.0)
}

/// What the server asks to wait (RFC 9110, section 10.2.3): seconds, or a date, which is taken by the server's own clock where it tells it.
pub(crate) fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let text = |name| Some(headers.get(name)?.to_str().ok()?.trim());
    let wanted = text(header::RETRY_AFTER)?;
    if let Ok(seconds) = wanted.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let until = date(wanted)?;
    let now = text(header::DATE).and_then(date).unwrap_or_else(Timestamp::now);
    // A date that has passed means now.
    Some(Duration::try_from(until.duration_since(now)).unwrap_or_default())
}

fn date(text: &str) -> Option<Timestamp> {
    rfc2822::DateTimeParser::new().parse_timestamp(text).ok()
}

/// Finds out where a connection failed, from the errors below an error.
pub(crate) fn unreached(error: &(dyn StdError + 'static)) -> Unreached {
    let mut current = Some(error);
    while let Some(error) = current {
        let text = error.to_string();
        if text.starts_with("dns error") {
            return Unreached::Name;
        }
        if text.starts_with("tunnel error") || text.contains("SOCKS error") {
            return Unreached::Proxy;
        }
        if text.starts_with("http2 error") {
            return Unreached::Closed;
        }
        if let Some(error) = error.downcast_ref::<hyper::Error>()
            && (error.is_incomplete_message() || error.is_closed() || error.is_canceled())
        {
            return Unreached::Closed;
        }
        if let Some(error) = error.downcast_ref::<io::Error>() {
            // An io::Error does not give what it wraps as its source.
            if let Some(inner) = error.get_ref() {
                match unreached(inner) {
                    Unreached::Other => {}
                    found => return found,
                }
            }
            match error.kind() {
                io::ErrorKind::ConnectionRefused => return Unreached::Refused,
                io::ErrorKind::HostUnreachable | io::ErrorKind::NetworkUnreachable => {
                    return Unreached::Route;
                }
                io::ErrorKind::ConnectionReset
                | io::ErrorKind::ConnectionAborted
                | io::ErrorKind::BrokenPipe
                | io::ErrorKind::UnexpectedEof => return Unreached::Closed,
                _ => {}
            }
        }
        current = error.source();
    }
    Unreached::Other
}

/// The innermost cause in words: the layers above it say only that they failed.
pub(crate) fn root(error: reqwest::Error) -> Box<dyn StdError + Send + Sync> {
    let mut innermost: &dyn StdError = &error;
    while let Some(source) = innermost.source() {
        innermost = source;
    }
    let text = innermost.to_string();
    // rustls ends some texts with the address of a page for programmers.
    text.split(": https://").next().unwrap_or_default().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(values: &[(&'static str, &str)]) -> Option<Duration> {
        let mut headers = HeaderMap::new();
        for (name, value) in values {
            headers.insert(*name, value.parse().unwrap());
        }
        retry_after(&headers)
    }

    #[test]
    fn a_server_asks_in_seconds_or_by_a_date() {
        assert_eq!(asked(&[("retry-after", "7")]), Some(Duration::from_secs(7)));
        let date = ("date", "Sat, 21 Nov 2026 10:00:00 GMT");
        assert_eq!(
            asked(&[date, ("retry-after", "Sat, 21 Nov 2026 10:01:30 GMT")]),
            Some(Duration::from_secs(90))
        );
        assert_eq!(asked(&[date, ("retry-after", "Sat, 21 Nov 2026 09:00:00 GMT")]), Some(Duration::ZERO));
        assert_eq!(asked(&[("retry-after", "soon")]), None);
        assert_eq!(asked(&[]), None);
    }

    #[test]
    fn pauses_grow_to_a_bound() {
        assert!(backoff(1) >= FIRST_PAUSE.mul_f64(0.75) && backoff(1) < FIRST_PAUSE.mul_f64(1.25));
        assert!(backoff(3) > backoff(1));
        assert!(backoff(u32::MAX) <= LONGEST_PAUSE.mul_f64(1.25));
    }
}
