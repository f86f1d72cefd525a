//! When rounds begin: on a grid from the start of the process, each a little late by chance.
//!
//! The grid does not move, so that rounds do not drift; chance keeps many processes that started together from asking
//! one portal together. A round that takes longer than the interval misses the next ones: they are not made up for.

use std::future::Future;
use std::time::Duration;

use jiff::{Span, SpanRelativeTo};
use tokio::time::{Instant, sleep_until};

/// The shortest interval: a portal is asked for everything in each round.
pub const SHORTEST: Duration = Duration::from_secs(1);

/// The longest interval.
pub const LONGEST: Duration = Duration::from_secs(366 * 24 * 3600);

/// A round begins at most this part of the interval late.
const JITTER: u32 = 10;

/// And never later than this.
const MOST_JITTER: Duration = Duration::from_secs(60);

/// Reads an interval such as `30s`, `15m`, `1h30m` or `1d`; a day has 24 hours.
pub fn interval(text: &str) -> Result<Duration, String> {
    let wrong = || "write a duration such as 30s, 15m, 1h30m or 1d".to_owned();
    let span: Span = text.trim().parse().map_err(|_| wrong())?;
    let days = SpanRelativeTo::days_are_24_hours();
    let duration = span.to_duration(days).map_err(|_| wrong())?;
    let duration = Duration::try_from(duration).map_err(|_| "a round cannot begin before the last".to_owned())?;
    match duration {
        short if short < SHORTEST => Err("write 1s or more: each round reads the whole portal".to_owned()),
        long if long > LONGEST => Err("write 366d or less".to_owned()),
        fitting => Ok(fitting),
    }
}

/// A grid of rounds; times count from the start of the process.
#[derive(Clone, Debug)]
pub struct Schedule {
    every: Duration,
    /// The place on the grid of the last round; none: there was none yet.
    last: Option<u64>,
}

/// When a round begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Begin {
    /// The time, from the start of the process.
    pub at: Duration,
    /// How many rounds were missed before it, because the last took too long.
    pub missed: u64,
}

impl Schedule {
    /// A round at once, then one in each interval.
    pub fn new(every: Duration) -> Schedule {
        Schedule { every: every.clamp(SHORTEST, LONGEST), last: None }
    }

    /// When the next round begins, asked at `now`. `chance`, from 0 to 1, decides how late it is.
    pub fn next(&mut self, now: Duration, chance: f64) -> Begin {
        let Some(last) = self.last else {
            self.last = Some(0);
            return Begin { at: now, missed: 0 };
        };
        let passed = now.as_nanos().div_ceil(self.every.as_nanos());
        let place = u64::try_from(passed).unwrap_or(u64::MAX).max(last.saturating_add(1));
        self.last = Some(place);
        let late = (self.every / JITTER).min(MOST_JITTER).mul_f64(chance.clamp(0.0, 1.0));
        let on_grid = self.every.as_nanos().saturating_mul(u128::from(place));
        let seconds = u64::try_from(on_grid / 1_000_000_000).unwrap_or(u64::MAX / 2);
        let on_grid = Duration::new(seconds, (on_grid % 1_000_000_000) as u32);
        Begin { at: on_grid.saturating_add(late), missed: place - last - 1 }
    }
}

/// Says when a round begins, and when there are no more.
pub trait Pace: Send {
    /// Waits until the next round begins, and says how many were missed before it; none: there is no further round.
    fn next(&mut self) -> impl Future<Output = Option<u64>> + Send;
}

/// The pace of a schedule by the clock of the machine that only runs forward: what somebody does to the time of day
/// neither hastens nor delays a round.
#[derive(Debug)]
pub struct Clock {
    schedule: Schedule,
    start: Instant,
}

impl Clock {
    /// A clock that starts now.
    pub fn start(every: Duration) -> Clock {
        Clock { schedule: Schedule::new(every), start: Instant::now() }
    }
}

impl Pace for Clock {
    async fn next(&mut self) -> Option<u64> {
        let Begin { at, missed } = self.schedule.next(self.start.elapsed(), fastrand::f64());
        sleep_until(self.start + at).await;
        Some(missed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn durations_are_words() {
        let of = |text| interval(text).map(|duration| duration.as_secs());
        for (text, seconds) in
            [("1s", 1), ("30s", 30), ("15m", 900), ("1h30m", 5400), ("1d", 86_400), (" 90s ", 90), ("1w", 604_800)]
        {
            assert_eq!(of(text), Ok(seconds), "{text}");
        }
        for wrong in ["", "15", "m", "-5m", "0s", "500ms", "1 month", "400d", "9999999999999h", "15m later"] {
            assert!(of(wrong).is_err(), "{wrong}: {:?}", of(wrong));
        }
    }

    #[test]
    fn the_grid_does_not_move_whatever_chance_says() {
        let mut schedule = Schedule::new(100 * SECOND);
        assert_eq!(schedule.next(Duration::ZERO, 1.0), Begin { at: Duration::ZERO, missed: 0 });
        for (round, chance) in (1u32..=1000).zip([0.0, 0.3, 1.0].into_iter().cycle()) {
            let grid = 100 * SECOND * round;
            // Asked right after the last round, which was up to 10 seconds late.
            let begin = schedule.next(grid - 89 * SECOND, chance);
            assert_eq!(begin, Begin { at: grid + (10 * SECOND).mul_f64(chance), missed: 0 });
        }
    }

    #[test]
    fn missed_rounds_are_counted_and_not_made_up_for() {
        let mut schedule = Schedule::new(10 * SECOND);
        schedule.next(Duration::ZERO, 0.0);
        assert_eq!(schedule.next(35 * SECOND, 0.0), Begin { at: 40 * SECOND, missed: 3 });
        assert_eq!(schedule.next(41 * SECOND, 0.0), Begin { at: 50 * SECOND, missed: 0 });
        // A process that was stopped for a year goes on with one round.
        assert_eq!(schedule.next(LONGEST, 0.0).at, LONGEST.div_duration_f64(10 * SECOND).ceil() as u32 * (10 * SECOND));
        let mut far = Schedule::new(LONGEST);
        far.next(Duration::ZERO, 0.0);
        assert!(far.next(Duration::MAX, 1.0).at >= LONGEST);
    }

    #[test]
    fn no_round_is_more_than_a_minute_late() {
        let mut schedule = Schedule::new(24 * 3600 * SECOND);
        schedule.next(Duration::ZERO, 0.0);
        assert_eq!(schedule.next(SECOND, 1.0).at, 24 * 3600 * SECOND + MOST_JITTER);
    }

    #[tokio::test(start_paused = true)]
    async fn the_clock_waits_for_its_grid() {
        let start = Instant::now();
        let mut clock = Clock::start(100 * SECOND);
        assert_eq!(clock.next().await, Some(0));
        assert_eq!(start.elapsed(), Duration::ZERO);
        assert_eq!(clock.next().await, Some(0));
        assert!((100..=110).contains(&start.elapsed().as_secs()));
        tokio::time::advance(250 * SECOND).await;
        assert_eq!(clock.next().await, Some(2));
        assert!((400..=410).contains(&start.elapsed().as_secs()), "{:?}", start.elapsed());
    }
}
