//! The client: one request, with all that it takes until there is an answer or a failure.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime};

use reqwest::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue, IF_MATCH};
use tokio::time::sleep;
use url::Url;

use crate::document::record::visible;

use super::answer::Answer;
use super::budget::{Budget, Closed, LONGEST};
use super::excerpt::excerpt;
use super::failure::{Failure, HttpError};
use super::request::{Request, Safety};
use super::retry::{self, Met, Next};
use super::settings::{Auth, Settings};
use super::sign::{Pass, Signer};
use super::trust;
use super::wire::{Broken, Raw, Wire};

/// A reading follows at most so many redirects.
const HOPS: u32 = 5;

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// A client of one portal. All who use the portal share it, and with it the budget of requests.
pub struct Http {
    base: Url,
    wire: Wire,
    signer: Signer,
    budget: Budget,
    retries: u32,
    later: Vec<u16>,
    wait_header: String,
    sent: AtomicU64,
    concurrency: usize,
}

/// How an attempt ended, where that is not the end of the request.
enum Turn {
    Done(Box<Answer>),
    Failed(Failure),
    Redirect(Url),
    Repeat(Duration),
    /// The credentials were refused: those, and what to say where there are no others.
    Refused(Arc<Pass>, Failure),
}

impl std::fmt::Debug for Http {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Http").field("base", &self.base.as_str()).finish_non_exhaustive()
    }
}

impl Http {
    /// A client. Reads the file of certificate authorities, sends nothing.
    pub fn new(settings: Settings) -> Result<Http, HttpError> {
        settings.check()?;
        let token_url = match &settings.auth {
            Auth::ClientCredentials { token_url, .. } => Some(token_url),
            _ => None,
        };
        let secure = settings.base.scheme() == "https" || token_url.is_some_and(|url| url.scheme() == "https");
        let ca = settings.ca.as_deref();
        let tls = if secure || ca.is_some() { trust::config(ca)? } else { trust::nobody()? };
        Ok(Http {
            wire: Wire::new(&settings.base, &tls, &settings)?,
            signer: Signer::new(&settings, &tls)?,
            budget: Budget::new(settings.concurrency, settings.requests_per_second),
            retries: settings.retries,
            later: settings.later.clone(),
            wait_header: settings.wait_header.clone(),
            sent: AtomicU64::new(0),
            concurrency: settings.concurrency,
            base: settings.base,
        })
    }

    /// Where the portal is.
    pub fn base(&self) -> &Url {
        &self.base
    }

    /// How many requests may be under way at once.
    pub fn concurrency(&self) -> usize {
        self.concurrency
    }

    /// Requests sent to the portal so far: repetitions and redirects count, requests for tokens do not.
    pub fn requests(&self) -> u64 {
        self.sent.load(Ordering::Relaxed)
    }

    /// Sends a request, waits its turn, repeats it as its safety allows. To drop the future gives up: whether the
    /// server did anything is then not known.
    pub async fn send(&self, mut request: Request) -> Result<Answer, Failure> {
        self.own(&request)?;
        let id = match request.id.take() {
            Some(id) => id,
            None => format!("{:016x}", fastrand::u64(..)),
        };
        let headers = headers(&request, &id)?;
        let (mut repeated, mut hops, mut replaced) = (0, 0, false);
        loop {
            let seat = self.budget.seat().await.map_err(|Closed { wait }| {
                let message =
                    format!("{}: the server asks to be left alone until {}", request.asked(), retry::when(wait));
                Failure::not_sent(message, "try again then")
            })?;
            let pass = self.signer.pass().await?;
            self.sent.fetch_add(1, Ordering::Relaxed);
            let outcome = self.wire.exchange(outgoing(&request, &headers, &pass)).await;
            match &outcome {
                Ok(raw) if !matches!(raw.status, 429 | 503 | 504) && !self.later.contains(&raw.status) => seat.well(),
                Err(Broken { met: None, .. }) => {}
                Ok(_) | Err(_) => seat.struggled(),
            }
            // Before the seat is free: what closes the budget must do so before somebody else takes it.
            let turn = self.turn(&request, &id, pass, outcome, repeated);
            drop(seat);
            match turn {
                Turn::Done(answer) => return Ok(*answer),
                Turn::Failed(failure) => return Err(failure.after(repeated + 1)),
                Turn::Redirect(to) if hops < HOPS => {
                    request.url = to;
                    hops += 1;
                }
                Turn::Redirect(_) => {
                    let message = format!("{}: the server redirects more than {HOPS} times", request.asked());
                    return Err(Failure::unusable(message, "check `url`; a sign-in page may redirect in a circle"));
                }
                Turn::Repeat(wait) => {
                    repeated += 1;
                    sleep(wait).await;
                }
                // The server did nothing, so that even what may happen only once is sent again.
                Turn::Refused(pass, _) if !replaced && self.signer.replace(&pass).await? => replaced = true,
                Turn::Refused(_, failure) => return Err(failure),
            }
        }
    }

    /// Refuses what would carry credentials elsewhere.
    fn own(&self, request: &Request) -> Result<(), Failure> {
        let (url, base) = (&request.url, &self.base);
        if url.origin() != base.origin() {
            let (to, here) = (place(url), place(base));
            let message = format!("{} is meant for {to}, and this client is for {here}", request.asked());
            return Err(Failure::not_sent(message, "the server names an address elsewhere; check `url`"));
        }
        if !url.username().is_empty() || url.password().is_some() {
            let message = format!("{}: the address carries a user name or a password", request.asked());
            return Err(Failure::not_sent(message, "take it out and name it under `auth`"));
        }
        Ok(())
    }

    /// What an attempt leads to.
    fn turn(&self, request: &Request, id: &str, pass: Arc<Pass>, outcome: Result<Raw, Broken>, repeated: u32) -> Turn {
        let next = |met| retry::next(request.safety, met, repeated, self.retries, fastrand::f64());
        let raw = match outcome {
            Ok(raw) => raw,
            Err(Broken { failure, met }) => {
                return match met.map(next) {
                    Some(Next::After(wait)) => Turn::Repeat(wait),
                    _ => Turn::Failed(failure),
                };
            }
        };
        if raw.status != 401 || self.later.contains(&401) {
            pass.accepted();
        }
        let answer = answer(request, id, &pass, raw, &self.wait_header);
        let wait = answer.retry_after;
        // What means the same as 429 here is treated so, whatever the portal calls it.
        let busy = answer.status == 429 || self.later.contains(&answer.status);
        let status = if busy { 429 } else { answer.status };
        match status {
            401 | 403 => {
                let failure = denied(request, answer);
                if status == 401 { Turn::Refused(pass, failure) } else { Turn::Failed(failure) }
            }
            301 | 302 | 303 | 307 | 308 if answer.location.is_some() => self.redirected(request, &answer),
            429 | 500.. => {
                // Too many requests are everybody's; an outage too, unless it is for so long that it may be this
                // object's alone.
                match wait {
                    Some(wait) if status == 429 || (status == 503 && wait <= LONGEST) => self.budget.close(wait),
                    _ => {}
                }
                let asks = |wait| format!("it asks to be left alone until {}", retry::when(wait));
                let subject = format!("{}: the server answers {}", request.asked(), answer.status);
                match next(Met::Status(status, wait)) {
                    Next::After(wait) => Turn::Repeat(wait),
                    // To change something and to be told 503 is the caller's to judge.
                    Next::TooLong(wait) if status == 429 || request.safety == Safety::Read => {
                        Turn::Failed(Failure::not_sent(format!("{subject}; {}", asks(wait)), "try again then"))
                    }
                    Next::Stop if status == 429 => {
                        let message = match wait {
                            Some(wait) => format!("{subject}, too many requests; {}", asks(wait)),
                            None => format!("{subject}, too many requests"),
                        };
                        Turn::Failed(Failure::not_sent(message, "lower `requestsPerSecond` or `concurrency`"))
                    }
                    Next::Stop | Next::TooLong(_) => Turn::Done(Box::new(answer)),
                }
            }
            _ => Turn::Done(Box::new(answer)),
        }
    }

    /// Where a redirect leads; only readings follow, and only to the same place.
    fn redirected(&self, request: &Request, answer: &Answer) -> Turn {
        let asked = request.asked();
        let location = answer.location.as_deref().unwrap_or_default();
        let Ok(mut to) = request.url.join(location) else {
            let shown = answer.shown(location);
            let message = format!("{asked}: the server redirects to `{shown}`, which is no address");
            return Turn::Failed(Failure::unusable(message, "check `url`"));
        };
        let (from, there) = (place(&self.base), place(&to));
        if to.origin() != self.base.origin() {
            let (message, hint) = if self.base.scheme() == "https" && to.scheme() == "http" {
                let message = format!("{asked}: the server redirects from {from} to {there}, which is not encrypted");
                (message, "have the server redirect to https; the request was not sent there".to_owned())
            } else {
                let message = format!("{asked}: the server redirects from {from} to {there}");
                (message, format!("if the portal is there, write {there} in `url`; nothing was sent there"))
            };
            return Turn::Failed(astray(request, answer.status, message, hint));
        }
        if request.safety != Safety::Read {
            let path = answer.shown(to.path());
            let message = format!("{asked}: the server redirects to {path}, and only readings are redirected");
            let hint = "check the path in `url`".to_owned();
            return Turn::Failed(astray(request, answer.status, message, hint));
        }
        // A reading that carries them is refused; what a server puts there is nobody's wish.
        if to.set_username("").is_err() || to.set_password(None).is_err() {
            return Turn::Failed(Failure::unusable(format!("{asked}: the server redirects nowhere"), "check `url`"));
        }
        Turn::Redirect(to)
    }
}

/// A redirect that is not followed. 307 and 308 say that the request was not carried out here (RFC 9110 §15.4.8); after
/// the others a change may have been made.
fn astray(request: &Request, status: u16, message: String, hint: String) -> Failure {
    let hint = Some(hint);
    match (request.safety, status) {
        (Safety::Read, _) => Failure::Unusable { message, hint },
        (_, 307 | 308) => Failure::NotSent { message, hint },
        _ => Failure::Unknown { message, hint },
    }
}

/// Scheme, host and port.
fn place(url: &Url) -> String {
    visible(&url.origin().ascii_serialization())
}

fn denied(request: &Request, answer: Answer) -> Failure {
    let status = answer.status;
    let (what, hint) = match status {
        401 => (
            "the server does not accept the credentials",
            "check `auth`, whether they have expired, and whether they are meant for exactly this address (audience)",
        ),
        _ => ("the credentials may not do this", "have the portal's administrator grant it to them"),
    };
    let mut message = format!("{}: {what} ({status})", request.asked());
    if !answer.body.is_empty() {
        message.push_str(": ");
        message.push_str(&answer.excerpt());
    }
    Failure::Denied { status, message, hint: Some(hint.to_owned()), answer: Some(Box::new(answer)) }
}

/// The headers that all attempts have in common.
fn headers(request: &Request, id: &str) -> Result<HeaderMap, Failure> {
    let mut headers = HeaderMap::with_capacity(6);
    let content_type = request.body.as_ref().map(|_| request.content_type);
    let all = [
        (ACCEPT, Some(request.accept)),
        (CONTENT_TYPE, content_type),
        (REQUEST_ID, Some(id)),
        (IF_MATCH, request.if_match.as_deref()),
    ];
    for (name, value) in all {
        let Some(value) = value else { continue };
        let sent = HeaderValue::from_str(value).map_err(|_| {
            let message = format!("{}: the header {name} cannot carry `{}`", request.asked(), visible(value));
            Failure::not_sent(message, "line breaks and control characters cannot be sent")
        })?;
        headers.insert(name, sent);
    }
    for (name, value) in &request.also {
        let sent = HeaderValue::from_str(value).map_err(|_| {
            let message = format!("{}: the header {name} cannot carry `{}`", request.asked(), visible(value));
            Failure::not_sent(message, "line breaks and control characters cannot be sent")
        })?;
        let name = HeaderName::from_bytes(name.as_bytes()).map_err(|_| {
            let message = format!("{}: `{}` is no name of a header", request.asked(), visible(name));
            Failure::not_sent(message, "letters, digits and dashes make a name")
        })?;
        headers.insert(name, sent);
    }
    Ok(headers)
}

/// A request as it goes out, signed.
fn outgoing(request: &Request, headers: &HeaderMap, pass: &Pass) -> reqwest::Request {
    let mut outgoing = reqwest::Request::new(request.method.clone(), request.url.clone());
    *outgoing.headers_mut() = headers.clone();
    if let Some(header) = &pass.header {
        outgoing.headers_mut().insert(AUTHORIZATION, header.clone());
    }
    *outgoing.body_mut() = request.body.clone().map(Into::into);
    outgoing
}

/// What came back, for the caller.
fn answer(request: &Request, id: &str, pass: &Pass, raw: Raw, wait_header: &str) -> Answer {
    let text = |name: &str| raw.header(name).map(str::to_owned);
    let wait = raw.header(wait_header);
    let mut headers: Vec<(String, String)> = Vec::with_capacity(raw.headers.len());
    for (name, value) in &raw.headers {
        let Ok(value) = value.to_str() else { continue };
        match headers.iter_mut().find(|(known, _)| known == name.as_str()) {
            Some((_, all)) => all.extend([", ", value]),
            None => headers.push((name.as_str().to_owned(), value.to_owned())),
        }
    }
    let links: Vec<&str> = raw.headers.get_all("link").iter().filter_map(|link| link.to_str().ok()).collect();
    Answer {
        method: request.method.clone(),
        url: request.url.clone(),
        status: raw.status,
        etag: text("etag"),
        location: text("location"),
        link: (!links.is_empty()).then(|| links.join(", ")),
        headers,
        retry_after: wait.and_then(|wait| retry::wait(wait, raw.header("date"), SystemTime::now())),
        request_id: raw.header("x-request-id").map_or_else(|| id.to_owned(), |id| excerpt(id, &pass.veil)),
        content_type: text("content-type"),
        veil: pass.veil.clone(),
        body: raw.body,
    }
}
