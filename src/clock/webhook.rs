//! Messages on their way to a webhook: a short queue, a task of its own, attempts that wait longer and longer.
//!
//! Rounds never wait for a delivery. The queue holds a few messages; where it is full the oldest goes, since a newer one
//! says all that is known. A message that could not be delivered is tried again with the next round, unless a newer one
//! has come.

use std::collections::VecDeque;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::Notify;
use tokio::task::JoinHandle;
use tokio::time::sleep;

use super::message::Message;
use super::metrics::Metrics;
use crate::http::{Auth, Failure, Http, HttpError, Method, Request, Safety, Secret, Settings, Timeouts, Url, stamp};

/// Messages that wait; an older one goes where one more comes.
const WAITING: usize = 8;

/// How often a message is tried before the next round.
const ATTEMPTS: u32 = 5;

/// The first wait is at most this long; each further one may be twice as long.
const FIRST: Duration = Duration::from_secs(1);

/// Where messages go.
#[derive(Clone)]
pub struct Hook {
    url: Url,
    secret: Option<Secret>,
    /// Whether messages tell what is personal.
    pub personal: bool,
}

impl fmt::Debug for Hook {
    /// Without the path, by which some services know who may send.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Hook").field("host", &self.url.host_str()).field("personal", &self.personal).finish()
    }
}

impl Hook {
    /// A hook at an address; without a secret messages are not signed. To another machine only over https.
    pub fn new(url: Url, secret: Option<Secret>, personal: bool) -> Result<Hook, HttpError> {
        let hook = Hook { url, secret, personal };
        hook.client()?;
        Ok(hook)
    }

    /// A client that tries once: what is tried again, and when, is decided here.
    fn client(&self) -> Result<Http, HttpError> {
        let mut settings = Settings::new(self.url.clone(), Auth::None);
        // The address is a credential where the service knows its friends by it.
        settings.confidential()?;
        let seconds = Duration::from_secs;
        settings.timeouts = Timeouts { connect: seconds(5), idle: seconds(10), whole: seconds(15) };
        (settings.retries, settings.concurrency, settings.max_body) = (0, 1, 64 << 10);
        // What was delivered is told by the status, however much the receiver has to say.
        settings.cut_body = true;
        Http::new(settings)
    }

    /// A text without the path and the query of the address.
    fn hidden(&self, text: &str) -> String {
        let mut text = text.to_owned();
        let parts = [self.url.path(), self.url.query().unwrap_or_default()];
        for part in parts.into_iter().filter(|part| part.len() > 1) {
            text = text.replace(part, "/…");
        }
        text
    }

    /// A request that carries the message. The time is part of what is signed, so that nobody can send it again later.
    fn request(&self, message: &Message, delivery: &str, now: Timestamp) -> Request {
        let mut request = Request::new(Method::POST, self.url.clone(), Safety::Once);
        let time = now.as_second().to_string();
        if let Some(secret) = &self.secret {
            let signed = stamp(secret, &[time.as_bytes(), b".", message.body.as_bytes()]);
            request.also.push(("x-rosterctl-signature-256".into(), format!("sha256={signed}")));
        }
        request.also.push(("x-rosterctl-timestamp".into(), time));
        request.body = Some(message.body.clone().into());
        request.id = Some(delivery.to_owned());
        request
    }
}

/// What became of a delivery, or of an attempt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// `delivered`, `retrying`, `failed`, `rejected`, `superseded` or `unusable`.
    pub outcome: &'static str,
    /// The name of the delivery.
    pub delivery: String,
    /// How often it was tried.
    pub attempts: u32,
    /// Why it was not delivered.
    pub message: Option<String>,
}

/// Hears what becomes of deliveries.
pub type Tell = Arc<dyn Fn(Report) + Send + Sync>;

/// Sends messages on a task of its own, which ends when this is dropped.
pub struct Sender {
    shared: Arc<Shared>,
    task: JoinHandle<()>,
}

impl fmt::Debug for Sender {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Sender")
    }
}

impl Drop for Sender {
    fn drop(&mut self) {
        self.task.abort();
    }
}

struct Shared {
    waiting: Mutex<VecDeque<Sent>>,
    /// What could not be delivered, until something newer comes.
    owed: Mutex<Option<Sent>>,
    bell: Notify,
    metrics: Arc<Metrics>,
    tell: Tell,
}

/// A message and where it goes.
struct Sent {
    hook: Hook,
    message: Message,
    delivery: String,
}

impl Sender {
    /// Starts the task; needs a runtime.
    pub fn start(metrics: Arc<Metrics>, tell: Tell) -> Sender {
        let (waiting, owed) = (Mutex::default(), Mutex::default());
        let shared = Arc::new(Shared { waiting, owed, bell: Notify::new(), metrics, tell });
        let task = tokio::spawn(shared.clone().run());
        Sender { shared, task }
    }

    /// Puts a message into the queue and returns at once.
    pub fn send(&self, hook: &Hook, message: Message) {
        let sent = Sent { hook: hook.clone(), message, delivery: format!("{:016x}", fastrand::u64(..)) };
        let owed = lock(&self.shared.owed).take();
        let mut waiting = lock(&self.shared.waiting);
        waiting.push_back(sent);
        let over = if waiting.len() > WAITING { waiting.pop_front() } else { None };
        drop(waiting);
        for dropped in [owed, over].into_iter().flatten() {
            self.shared.end("superseded", &dropped, 0, None);
        }
        self.shared.bell.notify_one();
    }

    /// A round ended without news: what could not be delivered is tried again.
    pub fn nudge(&self) {
        if let Some(owed) = lock(&self.shared.owed).take() {
            lock(&self.shared.waiting).push_front(owed);
            self.shared.bell.notify_one();
        }
    }
}

impl Shared {
    async fn run(self: Arc<Shared>) {
        loop {
            let next = lock(&self.waiting).pop_front();
            match next {
                Some(sent) => self.deliver(sent).await,
                None => self.bell.notified().await,
            }
        }
    }

    async fn deliver(&self, sent: Sent) {
        let client = match sent.hook.client() {
            Ok(client) => client,
            Err(error) => return self.end("unusable", &sent, 0, Some(error.message)),
        };
        for attempt in 1..=ATTEMPTS {
            let why = match attempted(&client, &sent).await {
                Attempt::Delivered => return self.end("delivered", &sent, attempt, None),
                Attempt::Rejected(why) => return self.end("rejected", &sent, attempt, Some(why)),
                Attempt::Failed(why) => why,
            };
            if attempt < ATTEMPTS {
                self.metrics.retry();
                (self.tell)(report("retrying", &sent, attempt, Some(why)));
                sleep(FIRST.saturating_mul(1 << (attempt - 1)).mul_f64(0.5 + fastrand::f64() / 2.0)).await;
                continue;
            }
            self.end("failed", &sent, attempt, Some(why));
            // What is newer has everything that this one could say.
            if lock(&self.waiting).is_empty() {
                *lock(&self.owed) = Some(sent);
            }
            return;
        }
    }

    fn end(&self, outcome: &'static str, sent: &Sent, attempts: u32, why: Option<String>) {
        self.metrics.delivery(outcome);
        (self.tell)(report(outcome, sent, attempts, why));
    }
}

fn report(outcome: &'static str, sent: &Sent, attempts: u32, why: Option<String>) -> Report {
    let message = why.map(|why| sent.hook.hidden(&why));
    Report { outcome, delivery: sent.delivery.clone(), attempts, message }
}

/// How an attempt ended.
enum Attempt {
    Delivered,
    /// It will not be taken, however often it is sent.
    Rejected(String),
    /// It may be taken another time.
    Failed(String),
}

async fn attempted(client: &Http, sent: &Sent) -> Attempt {
    let request = sent.hook.request(&sent.message, &sent.delivery, Timestamp::now());
    match client.send(request).await {
        Ok(answer) if answer.succeeded() => Attempt::Delivered,
        Ok(answer) => {
            let why = format!("the receiver answers {}: {}", answer.status, answer.excerpt());
            match answer.status {
                408 | 425 | 429 | 500.. => Attempt::Failed(why),
                _ => Attempt::Rejected(why),
            }
        }
        // A redirect is not followed: what is signed for one place goes to no other.
        Err(failure @ (Failure::NotSent { .. } | Failure::Unknown { .. })) => Attempt::Failed(failure.to_string()),
        Err(failure @ (Failure::Denied { .. } | Failure::Unusable { .. })) => Attempt::Rejected(failure.to_string()),
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
