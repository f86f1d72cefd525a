//! One budget of requests, shared by all who use a client: how many at once, how many a second, and less of both while
//! the server struggles.
//!
//! A struggle halves what is allowed; only a request that began after the last halving can halve it again, so that a
//! burst of refusals counts once. Each row of successes gives one seat, and a tenth of the rate, back.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Semaphore;
use tokio::time::{Instant, sleep_until};

/// The longest that a server may keep everybody waiting.
pub(super) const LONGEST: Duration = Duration::from_secs(300);

/// How many rows of successes, one for each seat, give a seat back.
const ROWS: usize = 4;

/// The budget.
pub(super) struct Budget {
    seats: Semaphore,
    state: Mutex<State>,
    most: usize,
    rate: Option<f64>,
}

struct State {
    /// Seats that there are, taken or free.
    allowed: usize,
    /// Seats that go away as soon as they are given back.
    owed: usize,
    /// Starts in a second; without meaning where there is no limit.
    rate: f64,
    /// When the next request may start.
    next: Instant,
    /// Until when nobody may start.
    closed: Option<Instant>,
    /// Successes since the last change.
    successes: usize,
    /// Grows with each halving.
    round: u64,
}

/// The server wants nothing for longer than anybody should wait.
#[derive(Debug)]
pub(super) struct Closed {
    /// For how long.
    pub wait: Duration,
}

/// The right to have one request under way.
pub(super) struct Seat<'a> {
    budget: &'a Budget,
    round: u64,
}

impl Budget {
    /// At most so many at once, and so many started in a second.
    pub(super) fn new(most: usize, per_second: Option<u32>) -> Budget {
        let most = most.clamp(1, Semaphore::MAX_PERMITS);
        let rate = per_second.map(f64::from);
        let state = State {
            allowed: most,
            owed: 0,
            rate: rate.unwrap_or_default(),
            next: Instant::now(),
            closed: None,
            successes: 0,
            round: 0,
        };
        Budget { seats: Semaphore::new(most), state: Mutex::new(state), most, rate }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until a request may start.
    pub(super) async fn seat(&self) -> Result<Seat<'_>, Closed> {
        // Never closed, so it always gives one.
        if let Ok(permit) = self.seats.acquire().await {
            permit.forget();
        }
        let mut seat = Seat { budget: self, round: 0 };
        loop {
            let Some(start) = self.book(&mut seat)? else { return Ok(seat) };
            sleep_until(start).await;
            let state = self.state();
            // Whoever was shut out meanwhile books again behind the end of that.
            if state.closed.is_none_or(|closed| closed <= Instant::now()) {
                seat.round = state.round;
                return Ok(seat);
            }
        }
    }

    /// Books the next start. None: now.
    fn book(&self, seat: &mut Seat<'_>) -> Result<Option<Instant>, Closed> {
        let mut state = self.state();
        seat.round = state.round;
        if self.rate.is_none() && state.closed.is_none() {
            return Ok(None);
        }
        let now = Instant::now();
        if let Some(closed) = state.closed {
            let wait = closed.saturating_duration_since(now);
            if wait > LONGEST {
                return Err(Closed { wait });
            }
            if wait.is_zero() {
                state.closed = None;
            }
        }
        let start = state.closed.unwrap_or(now).max(now);
        if self.rate.is_none() {
            return Ok((start > now).then_some(start));
        }
        let start = state.next.max(start);
        state.next = start + Duration::from_secs_f64(1.0 / state.rate);
        Ok((start > now).then_some(start))
    }

    /// Nobody starts before this time is over.
    pub(super) fn close(&self, wait: Duration) {
        let Some(until) = Instant::now().checked_add(wait) else { return };
        let mut state = self.state();
        state.closed = Some(state.closed.map_or(until, |closed| closed.max(until)));
    }

    /// How many may be under way at present.
    #[cfg(test)]
    fn allowed(&self) -> usize {
        self.state().allowed
    }
}

impl Seat<'_> {
    /// The server coped.
    pub(super) fn well(&self) {
        let budget = self.budget;
        let mut state = budget.state();
        let full_rate = budget.rate.is_none_or(|rate| state.rate >= rate);
        if state.allowed == budget.most && full_rate {
            return;
        }
        state.successes += 1;
        if state.successes < ROWS * state.allowed {
            return;
        }
        state.successes = 0;
        if let Some(rate) = budget.rate {
            state.rate = (state.rate + rate / 10.0).min(rate);
        }
        if state.allowed < budget.most {
            state.allowed += 1;
            if state.owed > 0 {
                state.owed -= 1;
            } else {
                budget.seats.add_permits(1);
            }
        }
    }

    /// The server struggled.
    pub(super) fn struggled(&self) {
        let budget = self.budget;
        let mut state = budget.state();
        state.successes = 0;
        if self.round < state.round {
            return;
        }
        state.round += 1;
        state.rate = (state.rate / 2.0).max(1.0);
        let fewer = state.allowed / 2;
        state.allowed -= fewer;
        state.owed += fewer - budget.seats.forget_permits(fewer);
    }
}

impl Drop for Seat<'_> {
    fn drop(&mut self) {
        let mut state = self.budget.state();
        if state.owed > 0 {
            state.owed -= 1;
        } else {
            self.budget.seats.add_permits(1);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn starts_are_as_far_apart_as_the_rate_says() {
        let budget = Budget::new(4, Some(10));
        let begin = Instant::now();
        for _ in 0..21 {
            drop(budget.seat().await.unwrap());
        }
        assert_eq!(begin.elapsed().as_millis() / 10, 200, "20 gaps of a tenth of a second");
    }

    #[tokio::test(start_paused = true)]
    async fn a_burst_of_struggles_halves_once_and_successes_give_back_slowly() {
        let budget = Budget::new(8, None);
        let mut seats = Vec::new();
        for _ in 0..8 {
            seats.push(budget.seat().await.unwrap());
        }
        seats.iter().for_each(Seat::struggled);
        assert_eq!(budget.allowed(), 4);
        seats.clear();
        assert_eq!(budget.seats.available_permits(), 4);
        for most in [2, 1, 1] {
            budget.seat().await.unwrap().struggled();
            assert_eq!((budget.allowed(), budget.seats.available_permits()), (most, most));
        }
        let mut successes = 0;
        while budget.allowed() < 8 {
            budget.seat().await.unwrap().well();
            successes += 1;
        }
        assert_eq!(successes, (1..8).map(|allowed| ROWS * allowed).sum::<usize>());
        assert_eq!(budget.seats.available_permits(), 8);
    }

    #[tokio::test(start_paused = true)]
    async fn the_rate_falls_to_one_and_comes_back() {
        let budget = Budget::new(1, Some(4));
        for _ in 0..3 {
            budget.seat().await.unwrap().struggled();
        }
        drop(budget.seat().await.unwrap());
        let begin = Instant::now();
        drop(budget.seat().await.unwrap());
        assert_eq!(begin.elapsed().as_millis(), 1000);
        for _ in 0..ROWS * 10 {
            budget.seat().await.unwrap().well();
        }
        drop(budget.seat().await.unwrap());
        let begin = Instant::now();
        drop(budget.seat().await.unwrap());
        assert_eq!(begin.elapsed().as_millis(), 250);
    }

    #[tokio::test(start_paused = true)]
    async fn nobody_starts_while_it_is_closed_and_nobody_waits_for_hours() {
        let budget = Budget::new(4, Some(100));
        budget.close(Duration::from_secs(7));
        budget.close(Duration::from_secs(3));
        let begin = Instant::now();
        let (first, second) = tokio::join!(budget.seat(), budget.seat());
        assert!(begin.elapsed() >= Duration::from_secs(7), "{:?}", begin.elapsed());
        drop((first, second));
        budget.close(LONGEST * 2);
        assert!(budget.seat().await.is_err_and(|closed| closed.wait > LONGEST));
        assert_eq!(budget.seats.available_permits(), 4, "who gave up keeps no seat");
    }

    #[tokio::test(start_paused = true)]
    async fn closing_shuts_out_who_already_waits_for_a_start() {
        let budget = Budget::new(4, Some(1));
        drop(budget.seat().await.unwrap());
        let begin = Instant::now();
        let (seat, ()) = tokio::join!(budget.seat(), async { budget.close(Duration::from_secs(20)) });
        drop(seat.unwrap());
        assert!(begin.elapsed() >= Duration::from_secs(20), "{:?}", begin.elapsed());
    }
}
