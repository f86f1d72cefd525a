//! Signing in: what goes into `Authorization`, and tokens that are fetched once, kept, and renewed in time.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, SystemTime};

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use bytes::Bytes;
use reqwest::Method;
use reqwest::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderValue};
use rustls::ClientConfig;
use serde::Deserialize;
use serde_json::Value as Json;
use tokio::sync::Mutex;
use tokio::time::{Instant, sleep};
use url::{Url, form_urlencoded};

use super::excerpt::{excerpt, of_body};
use super::failure::{Failure, HttpError};
use super::request::Safety;
use super::retry::{self, Met, Next};
use super::secret::{Secret, Veil};
use super::settings::{Auth, Settings};
use super::wire::{Raw, Wire};

/// A token is renewed this long before it expires, or after nine tenths of its life where that is later.
const EARLY: Duration = Duration::from_secs(30);

/// A token that came in place of a refused one and is refused as well is not replaced again for so long.
const PATIENCE: Duration = Duration::from_secs(30);

/// What a request is signed with.
pub(super) struct Pass {
    pub header: Option<HeaderValue>,
    pub veil: Veil,
    /// Which token it is; 0 for what never changes.
    number: u64,
    fetched: Instant,
    renew: Option<Instant>,
    expires: Option<Instant>,
    replaces_refused: bool,
    accepted: AtomicBool,
}

impl Pass {
    fn fixed(header: Option<HeaderValue>, veil: Veil) -> Pass {
        Pass {
            header,
            veil,
            number: 0,
            fetched: Instant::now(),
            renew: None,
            expires: None,
            replaces_refused: false,
            accepted: AtomicBool::new(false),
        }
    }

    /// The server let somebody in with it.
    pub(super) fn accepted(&self) {
        if !self.accepted.load(Ordering::Relaxed) {
            self.accepted.store(true, Ordering::Relaxed);
        }
    }
}

/// How requests are signed.
pub(super) enum Signer {
    /// Always the same.
    Fixed(Arc<Pass>),
    /// By tokens.
    Tokens(Box<Tokens>),
}

impl Signer {
    pub(super) fn new(settings: &Settings, tls: &ClientConfig) -> Result<Signer, HttpError> {
        let fixed = |header, secrets: Vec<Secret>| Signer::Fixed(Arc::new(Pass::fixed(header, Veil::new(secrets))));
        Ok(match &settings.auth {
            Auth::None => fixed(None, Vec::new()),
            Auth::Bearer(token) => fixed(Some(bearer(token).ok_or_else(unsendable)?), vec![token.clone()]),
            Auth::Basic { user, password } => {
                if user.contains(':') {
                    let message = "the user name holds a colon, which basic sign-in cannot send (RFC 7617 §2)";
                    return Err(HttpError::new(message, "use another user, or a bearer token"));
                }
                let pair = pair(user, password.expose());
                fixed(Some(basic(&pair).ok_or_else(unsendable)?), vec![password.clone(), pair])
            }
            Auth::ClientCredentials { token_url, client_id, client_secret, scope } => {
                let form = |text: &str| form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
                let pair = pair(&form(client_id), &form(client_secret.expose()));
                let mut body = form_urlencoded::Serializer::new(String::new());
                body.append_pair("grant_type", "client_credentials");
                if let Some(scope) = scope {
                    body.append_pair("scope", scope);
                }
                Signer::Tokens(Box::new(Tokens {
                    wire: Wire::new(token_url, tls, settings)?,
                    url: token_url.clone(),
                    header: basic(&pair).ok_or_else(unsendable)?,
                    secrets: [client_secret.clone(), pair],
                    body: Bytes::from(body.finish()),
                    retries: settings.retries,
                    held: RwLock::new(None),
                    rounds: AtomicU64::new(0),
                    fetching: Mutex::new(None),
                }))
            }
        })
    }

    /// What to sign the next request with.
    pub(super) async fn pass(&self) -> Result<Arc<Pass>, Failure> {
        match self {
            Signer::Fixed(pass) => Ok(pass.clone()),
            Signer::Tokens(tokens) => tokens.pass().await,
        }
    }

    /// The server refused this one. Whether there is another to try with.
    pub(super) async fn replace(&self, refused: &Pass) -> Result<bool, Failure> {
        match self {
            Signer::Fixed(_) => Ok(false),
            Signer::Tokens(tokens) => tokens.replace(refused).await,
        }
    }
}

fn pair(user: &str, password: &str) -> Secret {
    Secret::new(BASE64_STANDARD.encode(format!("{user}:{password}")))
}

fn basic(pair: &Secret) -> Option<HeaderValue> {
    sensitive(&format!("Basic {}", pair.expose()))
}

fn bearer(token: &Secret) -> Option<HeaderValue> {
    if token.expose().is_empty() || !token.expose().bytes().all(|byte| byte.is_ascii_graphic()) {
        return None;
    }
    sensitive(&format!("Bearer {}", token.expose()))
}

fn sensitive(text: &str) -> Option<HeaderValue> {
    let mut header = HeaderValue::from_str(text).ok()?;
    header.set_sensitive(true);
    Some(header)
}

fn unsendable() -> HttpError {
    let message = "the token is empty, or holds a space, a line break or another character that cannot be sent";
    HttpError::new(message, "look at the end of the file or variable that it comes from")
}

/// Tokens by client credentials (RFC 6749 §4.4).
pub(super) struct Tokens {
    wire: Wire,
    url: Url,
    header: HeaderValue,
    secrets: [Secret; 2],
    body: Bytes,
    retries: u32,
    held: RwLock<Option<Arc<Pass>>>,
    /// How often a fetch has ended.
    rounds: AtomicU64,
    /// Held by the one who fetches; how the last fetch failed.
    fetching: Mutex<Option<Failure>>,
}

/// What a token endpoint answers (RFC 6749 §5.1, §5.2).
#[derive(Deserialize)]
struct Issued {
    access_token: Option<Json>,
    token_type: Option<Json>,
    expires_in: Option<Json>,
    error: Option<Json>,
    error_description: Option<Json>,
}

impl Tokens {
    fn held(&self) -> Option<Arc<Pass>> {
        self.held.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    async fn pass(&self) -> Result<Arc<Pass>, Failure> {
        let fresh = |pass: &Arc<Pass>| pass.renew.is_none_or(|renew| Instant::now() < renew);
        if let Some(pass) = self.held().filter(fresh) {
            return Ok(pass);
        }
        let round = self.rounds.load(Ordering::SeqCst);
        let mut failed = self.fetching.lock().await;
        if let Some(pass) = self.held().filter(fresh) {
            return Ok(pass);
        }
        // Whoever waited for the same fetch shares its failure instead of asking again.
        if let Some(failure) = failed.as_ref().filter(|_| self.rounds.load(Ordering::SeqCst) != round) {
            return Err(failure.clone());
        }
        match self.fetch(&mut failed, false).await {
            Ok(pass) => Ok(pass),
            Err(failure) => {
                let lives = |pass: &Arc<Pass>| pass.expires.is_some_and(|expires| Instant::now() < expires);
                self.held().filter(lives).ok_or(failure)
            }
        }
    }

    async fn replace(&self, refused: &Pass) -> Result<bool, Failure> {
        let round = self.rounds.load(Ordering::SeqCst);
        let mut failed = self.fetching.lock().await;
        if self.held().is_some_and(|held| held.number != refused.number) {
            return Ok(true);
        }
        let in_vain = refused.replaces_refused && !refused.accepted.load(Ordering::Relaxed);
        if in_vain && refused.fetched.elapsed() < PATIENCE {
            return Ok(false);
        }
        if let Some(failure) = failed.as_ref().filter(|_| self.rounds.load(Ordering::SeqCst) != round) {
            return Err(failure.clone());
        }
        self.fetch(&mut failed, true).await.map(|_| true)
    }

    /// Fetches a token, as often as it takes. The caller holds the lock.
    async fn fetch(&self, failed: &mut Option<Failure>, replaces_refused: bool) -> Result<Arc<Pass>, Failure> {
        let mut repeated = 0;
        let outcome = loop {
            let (failure, met) = match self.wire.exchange(self.request()).await {
                Err(broken) => (broken.failure, broken.met),
                Ok(raw) => {
                    let date = raw.header("date");
                    let wait = raw.header("retry-after").and_then(|at| retry::wait(at, date, SystemTime::now()));
                    match self.read(&raw, replaces_refused) {
                        Ok(pass) => break Ok(pass),
                        Err(failure) => (failure, Some(Met::Status(raw.status, wait))),
                    }
                }
            };
            // To ask twice for a token does no harm.
            let next = met.map(|met| retry::next(Safety::Read, met, repeated, self.retries, fastrand::f64()));
            match next {
                Some(Next::After(wait)) => sleep(wait).await,
                Some(Next::TooLong(wait)) => {
                    let message = format!("{}; it asks to be left alone until {}", failure, retry::when(wait));
                    break Err(Failure::not_sent(message, "try again then"));
                }
                Some(Next::Stop) | None => break Err(self.blamed(failure).after(repeated + 1)),
            }
            repeated += 1;
        };
        self.rounds.fetch_add(1, Ordering::SeqCst);
        *failed = outcome.as_ref().err().cloned();
        if let Ok(pass) = &outcome {
            *self.held.write().unwrap_or_else(PoisonError::into_inner) = Some(pass.clone());
        }
        outcome
    }

    /// Nothing was sent to the portal itself, however the fetch ended.
    fn blamed(&self, failure: Failure) -> Failure {
        match failure {
            Failure::Unknown { message, hint } | Failure::Unusable { message, hint } => {
                Failure::NotSent { message: format!("no token: {message}"), hint }
            }
            other => other,
        }
    }

    fn request(&self) -> reqwest::Request {
        let mut request = reqwest::Request::new(Method::POST, self.url.clone());
        let headers = request.headers_mut();
        headers.insert(AUTHORIZATION, self.header.clone());
        headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/x-www-form-urlencoded"));
        *request.body_mut() = Some(self.body.clone().into());
        request
    }

    /// Reads what the endpoint answered. A body that may hold a token is never quoted.
    fn read(&self, raw: &Raw, replaces_refused: bool) -> Result<Arc<Pass>, Failure> {
        let host = self.url.host_str().unwrap_or_default();
        let subject = format!("the token endpoint {host}{} answered {}", self.url.path(), raw.status);
        let hint = "check `tokenUrl`, `clientId` and `clientSecret`";
        let veil = Veil::new(self.secrets.iter().cloned());
        let issued: Option<Issued> = serde_json::from_slice(&raw.body).ok();
        if !(200..300).contains(&raw.status) {
            let said = match &issued {
                Some(Issued { error: Some(Json::String(error)), error_description, .. }) => {
                    match error_description.as_ref().and_then(Json::as_str) {
                        Some(more) => excerpt(&format!("{error}: {more}"), &veil),
                        None => excerpt(error, &veil),
                    }
                }
                _ => of_body(&raw.body, &veil),
            };
            let message = format!("{subject}: {said}");
            return Err(match raw.status {
                400 | 401 | 403 => {
                    Failure::Denied { status: raw.status, message, hint: Some(hint.to_owned()), answer: None }
                }
                _ => Failure::not_sent(message, hint),
            });
        }
        let wrong = |what: &str| Failure::not_sent(format!("{subject} {what}"), hint);
        if raw.body.trim_ascii().is_empty() {
            return Err(wrong("and sent nothing"));
        }
        if raw.body.trim_ascii_start().starts_with(b"<") {
            return Err(wrong("with a web page rather than a token"));
        }
        let issued = issued.ok_or_else(|| wrong("with something that is no JSON object of a token"))?;
        let Some(Json::String(token)) = issued.access_token else {
            return Err(wrong("without `access_token`"));
        };
        match &issued.token_type {
            None | Some(Json::Null) => {}
            Some(Json::String(kind)) if kind.eq_ignore_ascii_case("bearer") => {}
            Some(other) => {
                let kind = excerpt(other.as_str().unwrap_or("something that is no text"), &veil);
                return Err(wrong(&format!("with a token of type `{kind}`, where only bearer is understood")));
            }
        }
        let token = Secret::new(token);
        let header = bearer(&token).ok_or_else(|| wrong("with a token that is empty or cannot be sent"))?;
        // Some write the number as text.
        let seconds = match &issued.expires_in {
            Some(Json::String(text)) => text.trim().parse().ok(),
            Some(number) => number.as_f64(),
            None => None,
        };
        let life = seconds.and_then(|seconds: f64| Duration::try_from_secs_f64(seconds).ok());
        let now = Instant::now();
        let after = |life: Duration| now.checked_add(life);
        let early = |life: Duration| life.saturating_sub(EARLY).max(life.mul_f64(0.9));
        Ok(Arc::new(Pass {
            header: Some(header),
            veil: Veil::new(self.secrets.iter().cloned().chain([token])),
            number: self.rounds.load(Ordering::SeqCst) + 1,
            fetched: now,
            renew: life.and_then(|life| after(early(life))),
            expires: life.and_then(after),
            replaces_refused,
            accepted: AtomicBool::new(false),
        }))
    }
}
