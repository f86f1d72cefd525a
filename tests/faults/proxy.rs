//! What stands between client and server, and does to requests whatever a network, a proxy or a tired server may do.
//!
//! It lives on the runtime of the test, so that a paused clock stands still for both sides and nothing is waited for.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde_json::{Value as Json, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::sleep;
use url::Url;

use crate::directory::{Directory, Question, Reply};

/// What happens to a request. Those about pages happen to lists only; others pass them by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The connection is reset; the server never hears of it.
    ResetBefore,
    /// The server answers, and the connection is reset.
    ResetAfter,
    /// Half of the answer arrives.
    Truncated,
    /// Nothing happens, for ever.
    StallBefore,
    /// The server answers, and the answer never arrives.
    StallAfter,
    /// Half of the answer arrives, the rest never does.
    StallWithin,
    /// 429, without a word on when to come again.
    TooMany,
    /// 429, come again at once.
    TooManyNow,
    /// 429, come again at a time that has passed.
    TooManyPast,
    /// 503, without a word on when to come again.
    Unavailable,
    /// 503, come again in a moment.
    UnavailableSoon,
    /// 500, and nothing was done.
    ErrorBefore,
    /// 500 after it was done.
    ErrorAfter,
    /// A page of a gateway with 502, after it was done.
    GatewayAfter,
    /// A sign-in page with 200, and nothing was done.
    PageBefore,
    /// A page with 200 after it was done.
    PageAfter,
    /// The answer with a wrong type of content.
    WrongType,
    /// The answer in small pieces, slowly.
    Drip,
    /// The first page again.
    RepeatedPage,
    /// The page in another order.
    ShuffledPage,
    /// The page begins one too late: somebody was removed meanwhile.
    LatePage,
    /// The page begins one too early: somebody was added meanwhile.
    EarlyPage,
    /// The page without its last resource.
    ShortPage,
    /// An empty page.
    EmptyPage,
    /// Fewer are announced than there are.
    TooFew,
    /// More are announced than there are.
    TooMuch,
    /// It is not said how many there are.
    NoTotal,
}

pub const FAULTS: [Fault; 27] = {
    use Fault::*;
    [
        ResetBefore,
        ResetAfter,
        Truncated,
        StallBefore,
        StallAfter,
        StallWithin,
        TooMany,
        TooManyNow,
        TooManyPast,
        Unavailable,
        UnavailableSoon,
        ErrorBefore,
        ErrorAfter,
        GatewayAfter,
        PageBefore,
        PageAfter,
        WrongType,
        Drip,
        RepeatedPage,
        ShuffledPage,
        LatePage,
        EarlyPage,
        ShortPage,
        EmptyPage,
        TooFew,
        TooMuch,
        NoTotal,
    ]
};

/// What the proxy forwards to.
#[derive(Clone)]
pub enum Upstream {
    /// The directory of the tests, without a network in between.
    Own(Arc<Mutex<Directory>>),
    /// Any server on this machine. Its history is not known, so less can be asked of it.
    At(Url, reqwest::Client),
}

impl Upstream {
    /// A server on this machine that is already running.
    pub fn at(base: Url) -> Upstream {
        let tls = rustls::ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()));
        let tls = tls.with_safe_default_protocol_versions().expect("versions");
        let tls = tls.with_root_certificates(rustls::RootCertStore::empty()).with_no_client_auth();
        let client = reqwest::Client::builder().no_proxy().tls_backend_preconfigured(tls).build();
        Upstream::At(base, client.expect("a client"))
    }
}

/// Does something with the number of a request that the server has answered; true: the answer is lost.
type Hook = Box<dyn FnMut(usize) -> bool + Send>;

#[derive(Default)]
struct Script {
    faults: Vec<Option<Fault>>,
    /// How many requests came since the script began.
    number: usize,
    /// What was asked, and what happened to it.
    log: Vec<String>,
    hook: Option<Hook>,
}

/// The proxy.
#[derive(Clone)]
pub struct Proxy {
    /// Where it is; the base of the server behind it.
    pub url: Url,
    upstream: Upstream,
    script: Arc<Mutex<Script>>,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A request as it arrived.
struct Heard {
    method: String,
    /// Path and query.
    target: String,
    head: BTreeMap<String, String>,
    body: Vec<u8>,
}

impl Proxy {
    /// A proxy without faults.
    pub async fn start(upstream: Upstream) -> Proxy {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let port = listener.local_addr().expect("an address").port();
        let url = Url::parse(&format!("http://127.0.0.1:{port}/v2")).expect("an address");
        let proxy = Proxy { url, upstream, script: Arc::default() };
        let own = proxy.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let proxy = own.clone();
                tokio::spawn(async move { proxy.serve(stream).await });
            }
        });
        proxy
    }

    /// The n-th request from now on, from 0, meets the n-th fault; the log begins anew.
    pub fn script(&self, faults: &[Option<Fault>]) {
        *lock(&self.script) = Script { faults: faults.to_vec(), ..Script::default() };
    }

    /// Calls this after every request that the server has answered, with its number from 1.
    pub fn hook(&self, hook: impl FnMut(usize) -> bool + Send + 'static) {
        *lock(&self.script) = Script { hook: Some(Box::new(hook)), ..Script::default() };
    }

    /// No faults any more.
    pub fn heal(&self) {
        self.script(&[]);
    }

    /// What was asked since the script began, and what happened to it.
    pub fn log(&self) -> Vec<String> {
        lock(&self.script).log.clone()
    }

    async fn serve(&self, stream: TcpStream) {
        let mut stream = BufReader::new(stream);
        while let Some(heard) = hear(&mut stream).await {
            let list = heard.method == "GET" && {
                let path = heard.target.split('?').next().unwrap_or_default();
                path.ends_with("/Users") || path.ends_with("/Groups")
            };
            let fault = {
                let mut script = lock(&self.script);
                let fault = script.faults.get(script.number).copied().flatten();
                script.number += 1;
                let line = format!("{} {} {:?}", heard.method, heard.target, fault);
                script.log.push(line);
                fault
            };
            if !self.meet(fault, &heard, list, &mut stream).await {
                return;
            }
        }
    }

    /// Answers, or does not; says whether the connection goes on.
    async fn meet(&self, fault: Option<Fault>, heard: &Heard, list: bool, stream: &mut BufReader<TcpStream>) -> bool {
        use Fault::*;
        let gone = "Wed, 21 Oct 2015 07:28:00 GMT";
        let html = |status: u16| {
            let page = b"<html><head><title>Sign in</title></head><body>Who are you?</body></html>";
            bytes(status, &[("Content-Type", "text/html")], page)
        };
        let error = |status: u16, more: &[(&str, &str)]| {
            let body = json!({ "status": status.to_string(), "detail": "not now" }).to_string();
            bytes(status, &[&[("Content-Type", "application/json")], more].concat(), body.as_bytes())
        };
        let said = match fault {
            Some(ResetBefore) => return reset(stream),
            Some(StallBefore) => return stall(stream).await,
            Some(TooMany) => error(429, &[]),
            Some(TooManyNow) => error(429, &[("Retry-After", "0")]),
            Some(TooManyPast) => error(429, &[("Retry-After", gone)]),
            Some(Unavailable) => error(503, &[]),
            Some(UnavailableSoon) => error(503, &[("Retry-After", "1")]),
            Some(ErrorBefore) => error(500, &[]),
            Some(PageBefore) => html(200),
            other => {
                let start = match other.filter(|_| list) {
                    Some(RepeatedPage) => Start::At(1),
                    Some(LatePage) => Start::By(1),
                    Some(EarlyPage) => Start::By(-1),
                    _ => Start::By(0),
                };
                let mut reply = self.forward(heard, start).await;
                let lost = {
                    let mut script = lock(&self.script);
                    let number = script.number;
                    script.hook.as_mut().is_some_and(|hook| hook(number))
                };
                if lost {
                    return reset(stream);
                }
                if list && reply.status == 200 {
                    reply.body = tampered(other, &reply.body);
                }
                let kind = if other == Some(WrongType) { "text/csv" } else { "application/scim+json" };
                let mut headers = vec![("Content-Type", kind)];
                headers.extend(reply.etag.as_deref().map(|etag| ("ETag", etag)));
                let whole = bytes(reply.status, &headers, &reply.body);
                match other {
                    Some(ResetAfter) => return reset(stream),
                    Some(StallAfter) => return stall(stream).await,
                    Some(ErrorAfter) => error(500, &[]),
                    Some(GatewayAfter) => html(502),
                    Some(PageAfter) => html(200),
                    Some(Truncated | StallWithin) => {
                        let half = &whole[..whole.len() - reply.body.len().div_ceil(2).max(1)];
                        if stream.get_mut().write_all(half).await.is_err() {
                            return false;
                        }
                        return other == Some(StallWithin) && stall(stream).await;
                    }
                    Some(Drip) => {
                        for piece in whole.chunks(64) {
                            sleep(Duration::from_millis(300)).await;
                            if stream.get_mut().write_all(piece).await.is_err() {
                                return false;
                            }
                        }
                        return true;
                    }
                    _ => whole,
                }
            }
        };
        stream.get_mut().write_all(&said).await.is_ok()
    }

    async fn forward(&self, heard: &Heard, start: Start) -> Reply {
        let base = Url::parse("http://own/").expect("an address");
        let asked = base.join(&heard.target).expect("a target");
        let path = asked.path().strip_prefix("/v2").unwrap_or(asked.path());
        let mut query: BTreeMap<String, String> = asked.query_pairs().into_owned().collect();
        if let Some(text) = query.get_mut("startIndex") {
            let number: i64 = text.parse().unwrap_or(1);
            *text = match start {
                Start::At(at) => at,
                Start::By(by) => (number + by).max(1),
            }
            .to_string();
        }
        match &self.upstream {
            Upstream::Own(directory) => lock(directory).answer(&Question {
                method: &heard.method,
                path,
                query,
                if_match: heard.head.get("if-match").map(String::as_str),
                body: &heard.body,
            }),
            Upstream::At(base, client) => elsewhere(client, base, path, &query, heard).await,
        }
    }
}

/// Where a page begins.
#[derive(Clone, Copy)]
enum Start {
    At(i64),
    By(i64),
}

/// Asks a server on this machine.
async fn elsewhere(
    client: &reqwest::Client,
    base: &Url,
    path: &str,
    query: &BTreeMap<String, String>,
    heard: &Heard,
) -> Reply {
    let mut url = Url::parse(&format!("{}{path}", base.as_str().trim_end_matches('/'))).expect("an address");
    if !query.is_empty() {
        url.query_pairs_mut().extend_pairs(query);
    }
    let method = reqwest::Method::from_bytes(heard.method.as_bytes()).expect("a method");
    let mut request = client.request(method, url).body(heard.body.clone());
    for name in ["accept", "content-type", "if-match", "authorization", "x-request-id"] {
        if let Some(value) = heard.head.get(name) {
            request = request.header(name, value);
        }
    }
    let answer = request.send().await.expect("the server behind the proxy answers");
    let etag = answer.headers().get("etag").and_then(|etag| etag.to_str().ok()).map(str::to_owned);
    let status = answer.status().as_u16();
    Reply { status, etag, body: answer.bytes().await.expect("a whole answer").to_vec() }
}

/// A page that is not as the server sent it.
fn tampered(fault: Option<Fault>, body: &[u8]) -> Vec<u8> {
    let Ok(mut page) = serde_json::from_slice::<Json>(body) else { return body.to_vec() };
    let total = page["totalResults"].as_u64().unwrap_or(0);
    match (fault, page["Resources"].as_array_mut()) {
        (Some(Fault::ShuffledPage), Some(items)) => items.reverse(),
        (Some(Fault::ShortPage), Some(items)) => drop(items.pop()),
        (Some(Fault::EmptyPage), Some(items)) => items.clear(),
        (Some(Fault::TooFew), _) => page["totalResults"] = total.saturating_sub(1).into(),
        (Some(Fault::TooMuch), _) => page["totalResults"] = (total + 1).into(),
        (Some(Fault::NoTotal), _) => drop(page.as_object_mut().and_then(|page| page.remove("totalResults"))),
        _ => return body.to_vec(),
    }
    page.to_string().into_bytes()
}

fn bytes(status: u16, headers: &[(&str, &str)], body: &[u8]) -> Vec<u8> {
    let length = if status == 204 { String::new() } else { format!("Content-Length: {}\r\n", body.len()) };
    let mut head = format!("HTTP/1.1 {status} Said\r\n{length}");
    for (name, value) in headers {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    let mut all = format!("{head}\r\n").into_bytes();
    all.extend_from_slice(body);
    all
}

fn reset(stream: &mut BufReader<TcpStream>) -> bool {
    stream.get_mut().set_zero_linger().expect("a socket");
    false
}

/// Says nothing until the other side gives up.
async fn stall(stream: &mut BufReader<TcpStream>) -> bool {
    let mut more = [0; 64];
    while stream.read(&mut more).await.is_ok_and(|length| length > 0) {}
    false
}

/// Takes one request in; none where the connection ends.
async fn hear(stream: &mut BufReader<TcpStream>) -> Option<Heard> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.ok()?);
    }
    let head = String::from_utf8(head).ok()?;
    let mut lines = head.lines();
    let mut first = lines.next()?.split(' ');
    let (method, target) = (first.next()?.to_owned(), first.next()?.to_owned());
    let fields = lines.filter_map(|line| line.split_once(':'));
    let head: BTreeMap<String, String> =
        fields.map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned())).collect();
    let length = head.get("content-length").map_or(0, |text| text.parse().expect("a length"));
    let mut body = vec![0; length];
    stream.read_exact(&mut body).await.ok()?;
    Some(Heard { method, target, head, body })
}
