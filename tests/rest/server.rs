//! A server on this machine for portals of the tests: plain HTTP, what it hears is kept, and single requests can be made to
//! go wrong.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};

use serde_json::Value as Json;

/// The token that lets in.
pub const TOKEN: &str = "a-token-of-the-tests";

/// A request.
#[derive(Clone, Debug)]
pub struct Asked {
    pub method: String,
    /// The path below the base, decoded.
    pub path: String,
    /// What follows the question mark: names and values, decoded.
    pub query: Vec<(String, String)>,
    pub headers: Vec<(String, String)>,
    pub body: Json,
}

impl Asked {
    pub fn query(&self, name: &str) -> Option<&str> {
        self.query.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    pub fn number(&self, name: &str) -> Option<usize> {
        self.query(name)?.parse().ok()
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    /// The parts of the path.
    pub fn parts(&self) -> Vec<&str> {
        self.path.trim_matches('/').split('/').collect()
    }
}

/// An answer.
#[derive(Clone, Debug)]
pub struct Reply {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub content_type: &'static str,
    pub body: String,
}

/// A JSON answer.
pub fn json(status: u16, body: Json) -> Reply {
    Reply { status, headers: Vec::new(), content_type: "application/json", body: body.to_string() }
}

/// An answer without a body.
pub fn empty(status: u16) -> Reply {
    Reply { status, headers: Vec::new(), content_type: "text/plain", body: String::new() }
}

/// A web page, as sign-in pages and proxies send it.
pub fn page(status: u16) -> Reply {
    let body = "<!doctype html><title>Sign in</title>".to_owned();
    Reply { status, headers: Vec::new(), content_type: "text/html", body }
}

impl Reply {
    pub fn with(mut self, name: &str, value: impl ToString) -> Reply {
        self.headers.push((name.to_owned(), value.to_string()));
        self
    }
}

/// What a portal answers.
pub trait Portal: Send + 'static {
    fn answer(&mut self, asked: &Asked) -> Reply;
}

/// What happens to a request instead of what should.
pub enum Act<P> {
    /// Nothing is done, and this is answered.
    Instead(Reply),
    /// It is done, and this is answered.
    DoneThen(Reply),
    /// It is done, and the connection breaks.
    DoneThenGone,
    /// Something else is done first.
    First(fn(&mut P)),
}

struct Hook<P> {
    method: &'static str,
    path: String,
    skip: usize,
    times: usize,
    act: Act<P>,
}

struct Inner<P> {
    portal: P,
    heard: Vec<Asked>,
    hooks: Vec<Hook<P>>,
}

/// A server; it ends when it is dropped.
pub struct Server<P: Portal> {
    pub url: String,
    inner: Arc<Mutex<Inner<P>>>,
    stop: Arc<AtomicBool>,
    address: std::net::SocketAddr,
}

impl<P: Portal> Server<P> {
    pub fn start(portal: P) -> Server<P> {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let inner = Arc::new(Mutex::new(Inner { portal, heard: Vec::new(), hooks: Vec::new() }));
        let stop = Arc::new(AtomicBool::new(false));
        let (served, stopped) = (inner.clone(), stop.clone());
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                if stopped.load(Ordering::SeqCst) {
                    return;
                }
                let (Ok(stream), served) = (stream, served.clone()) else { continue };
                std::thread::spawn(move || while serve(&stream, &served).is_some() {});
            }
        });
        Server { url: format!("http://{address}/api"), inner, stop, address }
    }

    fn inner(&self) -> MutexGuard<'_, Inner<P>> {
        self.inner.lock().unwrap()
    }

    /// Looks at the portal, or changes it.
    pub fn portal<R>(&self, look: impl FnOnce(&mut P) -> R) -> R {
        look(&mut self.inner().portal)
    }

    /// Has something happen to requests whose path begins so (or is so, where it ends in `$`), after so many of them.
    pub fn hook(&self, method: &'static str, path: &str, skip: usize, times: usize, act: Act<P>) {
        self.inner().hooks.push(Hook { method, path: path.to_owned(), skip, times, act });
    }

    /// Nothing happens any more.
    pub fn unhook(&self) {
        self.inner().hooks.clear();
    }

    /// What was heard since the last call.
    pub fn heard(&self) -> Vec<Asked> {
        std::mem::take(&mut self.inner().heard)
    }
}

impl<P: Portal> Drop for Server<P> {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::SeqCst);
        let _ = TcpStream::connect(self.address);
    }
}

/// Answers one request; none where the connection ends.
fn serve<P: Portal>(stream: &TcpStream, inner: &Mutex<Inner<P>>) -> Option<()> {
    let asked = hear(stream)?;
    let reply = {
        let mut inner = inner.lock().unwrap();
        inner.heard.push(asked.clone());
        let inner = &mut *inner;
        let mut hook = None;
        for one in &mut inner.hooks {
            let there = match one.path.strip_suffix('$') {
                Some(whole) => asked.path == whole,
                None => asked.path.starts_with(&one.path),
            };
            if hook.is_some() || one.method != asked.method || !there || one.times == 0 {
                continue;
            }
            match one.skip {
                0 => hook = Some(one),
                _ => one.skip -= 1,
            }
        }
        let allowed = asked.header("authorization") == Some(&format!("Bearer {TOKEN}"));
        match hook {
            _ if !allowed => json(401, serde_json::json!({ "error": "who are you?" })),
            None => inner.portal.answer(&asked),
            Some(hook) => {
                hook.times -= 1;
                match &hook.act {
                    Act::Instead(reply) => reply.clone(),
                    Act::First(first) => {
                        first(&mut inner.portal);
                        inner.portal.answer(&asked)
                    }
                    Act::DoneThen(reply) => {
                        inner.portal.answer(&asked);
                        reply.clone()
                    }
                    Act::DoneThenGone => {
                        inner.portal.answer(&asked);
                        return None;
                    }
                }
            }
        }
    };
    let mut text = format!("HTTP/1.1 {} Said\r\nContent-Length: {}\r\n", reply.status, reply.body.len());
    if !reply.body.is_empty() {
        text.push_str(&format!("Content-Type: {}\r\n", reply.content_type));
    }
    for (name, value) in &reply.headers {
        text.push_str(&format!("{name}: {value}\r\n"));
    }
    let mut stream = stream;
    stream.write_all(format!("{text}\r\n{}", reply.body).as_bytes()).ok()
}

fn hear(stream: &TcpStream) -> Option<Asked> {
    let mut reader = BufReader::new(stream);
    let mut line = String::new();
    reader.read_line(&mut line).ok().filter(|read| *read > 0)?;
    let (method, rest) = line.trim_end().split_once(' ')?;
    let target = rest.split(' ').next()?;
    let mut headers = Vec::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok()?;
        let Some((name, value)) = line.trim_end().split_once(':') else { break };
        headers.push((name.to_owned(), value.trim().to_owned()));
    }
    let length = headers.iter().find(|(name, _)| name.eq_ignore_ascii_case("content-length"));
    let mut body = vec![0; length.map_or(0, |(_, value)| value.parse().unwrap())];
    reader.read_exact(&mut body).ok()?;
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let decoded = |text: &str| percent_encoding::percent_decode_str(text).decode_utf8_lossy().into_owned();
    let pairs = query.split('&').filter(|pair| !pair.is_empty());
    let pairs = pairs.map(|pair| pair.split_once('=').unwrap_or((pair, "")));
    Some(Asked {
        method: method.to_owned(),
        path: decoded(path.strip_prefix("/api").unwrap_or(path)),
        query: pairs.map(|(name, value)| (decoded(name), decoded(value))).collect(),
        headers,
        body: serde_json::from_slice(&body).unwrap_or_default(),
    })
}
