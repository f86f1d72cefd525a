//! A SCIM server on this machine that does what servers were seen to do (`Quirks`), counts what it is asked, and shows
//! what it really has.
//!
//! It speaks real HTTP on a port of the loopback interface, from a thread of its own, so that the real program can be
//! run against it.
#![allow(dead_code)] // each test program uses the part of it that it needs

mod bulk;
mod lists;
mod portal;
pub mod quirks;
mod reply;
mod resource;

use std::sync::{Arc, Mutex, MutexGuard};

use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::service::service_fn;
use hyper::{Request, Response, Version};
use hyper_util::rt::TokioIo;
use serde_json::Value as Json;
use tokio::net::TcpListener;

use portal::Call;
pub use portal::{Act, Hook, Portal};
pub use quirks::Quirks;
use reply::Reply;
pub use resource::{Kind, Resource};

/// The token that the server lets in.
pub const TOKEN: &str = "a-token-of-the-tests";

/// A request that was heard.
#[derive(Clone, Debug)]
pub struct Heard {
    /// Its method.
    pub method: String,
    /// Its path after the base, decoded.
    pub path: String,
    /// Its query, as sent.
    pub query: String,
    /// Its body; null: none.
    pub body: Json,
    /// `If-Match`.
    pub if_match: Option<String>,
    /// The status answered; 0: the connection was broken.
    pub status: u16,
}

/// The server.
pub struct Server {
    portal: Arc<Mutex<Portal>>,
    /// The base address of SCIM.
    pub url: String,
    stop: Option<tokio::sync::oneshot::Sender<()>>,
}

impl Server {
    /// Starts a server; it ends when it is dropped.
    pub fn start(quirks: Quirks) -> Server {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
        listener.set_nonblocking(true).expect("a socket");
        let url = format!("http://{}/scim/v2", listener.local_addr().expect("an address"));
        let portal = Portal::new(quirks, &url);
        let portal = Arc::new(Mutex::new(portal));
        let (stop, stopped) = tokio::sync::oneshot::channel();
        let served = portal.clone();
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
            runtime.block_on(async {
                tokio::select! {
                    () = serve(listener, served) => {}
                    _ = stopped => {}
                }
            });
        });
        Server { portal, url, stop: Some(stop) }
    }

    /// The portal, to look at and to change.
    pub fn portal(&self) -> MutexGuard<'_, Portal> {
        self.portal.lock().expect("no request panicked in it")
    }

    /// Has something happen to requests.
    pub fn hook(&self, method: &'static str, path: &str, skip: usize, times: usize, act: Act) {
        self.portal().hooks.push(Hook { method, path: path.to_owned(), skip, times, act });
    }

    /// What was heard since the last call.
    pub fn heard(&self) -> Vec<Heard> {
        std::mem::take(&mut self.portal().heard)
    }

    /// How much was heard so far.
    pub fn mark(&self) -> usize {
        self.portal().heard.len()
    }

    /// What was heard since a mark; it is kept.
    pub fn since(&self, mark: usize) -> Vec<Heard> {
        self.portal().heard[mark..].to_vec()
    }

    /// What is there, as the server would show it to whoever asks for everything.
    pub fn all(&self, kind: Kind) -> Vec<Json> {
        let portal = self.portal();
        let plain = Portal::new(Quirks::default(), &portal.base);
        let all = portal.all[kind as usize].iter();
        let whole = |one: &Resource| {
            let mut json = plain.view(kind, one, None, true);
            json["members"] = one.members.clone().into();
            json
        };
        all.map(whole).collect()
    }

    /// The only resource with this text in it.
    pub fn one(&self, kind: Kind, text: &str) -> Json {
        let all = self.all(kind);
        let found: Vec<&Json> = all.iter().filter(|one| one.to_string().contains(text)).collect();
        assert_eq!(found.len(), 1, "not exactly one {kind:?} has {text:?}: {all:#?}");
        found[0].clone()
    }

    /// How many resources there are.
    pub fn count(&self, kind: Kind) -> usize {
        self.portal().all[kind as usize].len()
    }

    /// Everything, versions included: equal only where nobody changed anything.
    pub fn state(&self) -> Vec<Json> {
        [Kind::User, Kind::Group, Kind::Contact].into_iter().flat_map(|kind| self.all(kind)).collect()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Some(stop) = self.stop.take() {
            let _ = stop.send(());
        }
    }
}

async fn serve(listener: std::net::TcpListener, portal: Arc<Mutex<Portal>>) {
    let listener = TcpListener::from_std(listener).expect("a socket");
    loop {
        let Ok((stream, _)) = listener.accept().await else { return };
        let portal = portal.clone();
        let old = portal.lock().expect("no request panicked in it").quirks.http10;
        tokio::spawn(async move {
            let answer = service_fn(move |request| {
                let portal = portal.clone();
                async move { respond(request, &portal).await }
            });
            let mut http = hyper::server::conn::http1::Builder::new();
            // A connection that is broken on purpose ends with an error.
            let _ = http.keep_alive(!old).serve_connection(TokioIo::new(stream), answer).await;
        });
    }
}

/// The connection is broken instead of an answer.
#[derive(Debug)]
struct Gone;

impl std::fmt::Display for Gone {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("the connection is broken")
    }
}

impl std::error::Error for Gone {}

async fn respond(request: Request<Incoming>, portal: &Mutex<Portal>) -> Result<Response<Full<Bytes>>, Gone> {
    let (head, body) = request.into_parts();
    let bytes = body.collect().await.map_err(|_| Gone)?.to_bytes();
    let sent: Json = serde_json::from_slice(&bytes).unwrap_or_default();
    let header = |name: &str| head.headers.get(name).and_then(|value| value.to_str().ok());
    let decoded = |text: &str| percent_encoding::percent_decode_str(text).decode_utf8_lossy().into_owned();
    let path = head.uri.path().strip_prefix("/scim/v2").unwrap_or_default();
    let path: Vec<String> = path.split('/').skip(1).map(decoded).collect();
    let query = head.uri.query().unwrap_or_default();
    let pairs = query.split('&').map(|pair| pair.split_once('=').unwrap_or((pair, "")));
    let call = Call {
        method: head.method.as_str(),
        query: pairs.map(|(key, value)| (decoded(key), decoded(value))).collect(),
        authorization: header("authorization").unwrap_or_default(),
        if_match: header("if-match"),
        body: &sent,
        path,
    };
    let (reply, old) = {
        let mut portal = portal.lock().expect("no request panicked in it");
        let reply = portal.answer(&call);
        let heard = Heard {
            method: call.method.to_owned(),
            path: format!("/{}", call.path.join("/")),
            query: query.to_owned(),
            body: sent.clone(),
            if_match: call.if_match.map(str::to_owned),
            status: reply.as_ref().map_or(0, |reply| reply.status),
        };
        portal.heard.push(heard);
        (reply, portal.quirks.http10)
    };
    let Reply { status, content_type, body, etag, location } = reply.ok_or(Gone)?;
    let mut response = Response::builder().status(status);
    if old {
        response = response.version(Version::HTTP_10);
    }
    if !body.is_empty() {
        response = response.header("Content-Type", content_type);
    }
    for (name, value) in [("ETag", etag), ("Location", location)] {
        if let Some(value) = value {
            response = response.header(name, value);
        }
    }
    Ok(response.body(Full::new(Bytes::from(body))).expect("a sound answer"))
}
