//! When a request is repeated, and how long to wait before: only where it is certain that nothing happened, or where
//! repeating does no harm.

use std::time::{Duration, SystemTime};

use super::budget::LONGEST;
use super::request::Safety;

/// The first wait is at most this long; each further one may be twice as long.
const FIRST: Duration = Duration::from_millis(250);

/// No wait of our own is longer.
const CAP: Duration = Duration::from_secs(20);

/// Longer than any server can mean; keeps sums of times within what a clock can hold.
const FAR: Duration = Duration::from_secs(366 * 24 * 3600);

/// The year 2001, in seconds since 1970.
const EPOCH: Duration = Duration::from_secs(1_000_000_000);

/// What became of an attempt that did not simply succeed.
#[derive(Clone, Copy, Debug)]
pub(super) enum Met {
    /// No connection was made.
    Refused,
    /// The connection broke, or the time ran out, after the request was sent.
    Lost,
    /// A status, and how long the server wants to be left alone.
    Status(u16, Option<Duration>),
}

/// What to do now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Next {
    /// Take what there is.
    Stop,
    /// Wait as long, then repeat.
    After(Duration),
    /// The server wants to be left alone for longer than anybody should wait.
    TooLong(Duration),
}

/// What to do after so many repetitions of at most so many. `chance` is between 0 and 1.
pub(super) fn next(safety: Safety, met: Met, repeated: u32, most: u32, chance: f64) -> Next {
    let repeatable = match met {
        Met::Refused | Met::Status(429, _) => true,
        Met::Lost | Met::Status(500 | 502 | 504, _) => safety == Safety::Read,
        Met::Status(503, wait) => safety == Safety::Read || (safety == Safety::Idempotent && wait.is_some()),
        Met::Status(..) => false,
    };
    if !repeatable {
        return Next::Stop;
    }
    let most = if matches!(met, Met::Status(500, _)) { most / 2 } else { most };
    match met {
        Met::Status(_, Some(wait)) if wait > LONGEST => Next::TooLong(wait),
        _ if repeated >= most => Next::Stop,
        Met::Status(_, Some(wait)) => Next::After(wait),
        _ => Next::After(FIRST.saturating_mul(1 << repeated.min(16)).min(CAP).mul_f64(chance.clamp(0.0, 1.0))),
    }
}

/// What a `Retry-After` means (RFC 9110 §10.2.3): seconds or a date. A date in the past means now. `date` is the
/// answer's own `Date`, so that a clock that is off on one of the two sides does no harm.
pub(super) fn wait(retry_after: &str, date: Option<&str>, now: SystemTime) -> Option<Duration> {
    let text = retry_after.trim();
    if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
        let seconds = text.parse().map_or(FAR, Duration::from_secs);
        // So many seconds are no wait but a time: since 1970, as some portals tell when they are free again.
        if seconds >= EPOCH && seconds < EPOCH * 10 {
            let until = SystemTime::UNIX_EPOCH + seconds;
            return Some(until.duration_since(now).unwrap_or_default().min(FAR));
        }
        return Some(seconds.min(FAR));
    }
    let until = httpdate::parse_http_date(text).ok()?;
    let now = date.and_then(|date| httpdate::parse_http_date(date.trim()).ok()).unwrap_or(now);
    Some(until.duration_since(now).unwrap_or_default().min(FAR))
}

/// The time at which a wait is over, in words.
pub(super) fn when(wait: Duration) -> String {
    httpdate::fmt_http_date(SystemTime::now() + wait.min(FAR))
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn repeats(safety: Safety, met: Met) -> bool {
        matches!(next(safety, met, 0, 4, 1.0), Next::After(_))
    }

    #[test]
    fn what_may_have_happened_is_repeated_for_readings_only() {
        use Safety::{Idempotent, Once, Read};
        for safety in [Read, Idempotent, Once] {
            assert!(repeats(safety, Met::Refused) && repeats(safety, Met::Status(429, None)));
            assert!(!repeats(safety, Met::Status(404, None)) && !repeats(safety, Met::Status(501, None)));
            assert_eq!(repeats(safety, Met::Lost), safety == Read);
            for status in [500, 502, 503, 504] {
                assert_eq!(repeats(safety, Met::Status(status, None)), safety == Read, "{status}");
            }
            assert_eq!(repeats(safety, Met::Status(503, Some(SECOND))), safety != Once);
            assert_eq!(repeats(safety, Met::Status(500, Some(SECOND))), safety == Read);
        }
    }

    #[test]
    fn waits_double_up_to_a_cap_and_errors_of_the_server_are_repeated_less() {
        let wait = |repeated, chance| next(Safety::Read, Met::Lost, repeated, 99, chance);
        assert_eq!(wait(0, 1.0), Next::After(FIRST));
        assert_eq!(wait(3, 1.0), Next::After(FIRST * 8));
        assert_eq!(wait(3, 0.5), Next::After(FIRST * 4));
        assert_eq!(wait(3, 0.0), Next::After(Duration::ZERO));
        assert_eq!(wait(90, 1.0), Next::After(CAP));
        let ends = |status| (0..).find(|n| next(Safety::Read, Met::Status(status, None), *n, 4, 1.0) == Next::Stop);
        assert_eq!((ends(502), ends(500)), (Some(4), Some(2)));
        let long = Met::Status(429, Some(LONGEST + SECOND));
        assert_eq!(next(Safety::Once, long, 0, 4, 1.0), Next::TooLong(LONGEST + SECOND));
        assert_eq!(next(Safety::Read, Met::Status(503, Some(LONGEST)), 0, 4, 1.0), Next::After(LONGEST));
    }

    #[test]
    fn both_forms_of_retry_after_are_understood() {
        let now = httpdate::parse_http_date("Sun, 06 Nov 1994 08:49:37 GMT").unwrap();
        let seconds = |text, date| wait(text, date, now).map(|wait| wait.as_secs());
        assert_eq!(seconds(" 120 ", None), Some(120));
        assert_eq!(seconds("0", None), Some(0));
        let then = httpdate::parse_http_date("Mon, 10 Sep 2001 00:00:00 GMT").unwrap();
        assert_eq!(wait("1000080060", None, then), Some(Duration::from_secs(60)));
        assert_eq!(wait("1000000000", None, then), Some(Duration::ZERO));
        assert_eq!(seconds("99999999999999999999999", None), Some(FAR.as_secs()));
        assert_eq!(seconds("Sun, 06 Nov 1994 08:50:37 GMT", None), Some(60));
        assert_eq!(seconds("Sun, 06 Nov 1994 08:50:37 GMT", Some("Sun, 06 Nov 1994 08:50:30 GMT")), Some(7));
        assert_eq!(seconds("Sun, 06 Nov 1994 08:00:00 GMT", None), Some(0));
        for wrong in ["", "-1", "1.5", "soon", "Sun, 99 Nov 1994 08:00:00 GMT"] {
            assert_eq!(seconds(wrong, None), None, "{wrong}");
        }
    }
}
