//! A server of raw bytes: what it says to each request is scripted, and what it heard is kept.
//!
//! It lives on the runtime of the test, so that a paused clock stands still for both sides.
#![allow(dead_code)] // each test program uses the part of it that it needs

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::{Instant, sleep};
use tokio_rustls::TlsAcceptor;
use url::Url;

/// What a server does with a request.
pub enum Act {
    /// Sends these bytes and keeps the connection.
    Say(Vec<u8>),
    /// Sends these bytes and closes.
    Close(Vec<u8>),
    /// Sends these bytes and nothing more, for ever.
    Hang(Vec<u8>),
    /// Sends these bytes one by one, each after such a time, for ever from the start again.
    Trickle(Vec<u8>, Duration),
    /// Sends these bytes after such a time.
    Later(Duration, Vec<u8>),
    /// Breaks the connection (RST).
    Reset,
}

/// An answer with a length.
pub fn reply(status: u16, headers: &[(&str, &str)], body: &str) -> Act {
    Act::Say(bytes(status, headers, body.as_bytes()))
}

/// A JSON answer.
pub fn json(status: u16, body: &str) -> Act {
    reply(status, &[("Content-Type", "application/json")], body)
}

/// The bytes of an answer with a length.
pub fn bytes(status: u16, headers: &[(&str, &str)], body: &[u8]) -> Vec<u8> {
    let mut head = format!("HTTP/1.1 {status} Said\r\nContent-Length: {}\r\n", body.len());
    for (name, value) in headers {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    let mut all = format!("{head}\r\n").into_bytes();
    all.extend_from_slice(body);
    all
}

/// A request as it arrived.
#[derive(Clone, Debug)]
pub struct Heard {
    /// Method and target: `GET /path`.
    pub line: String,
    /// All header lines.
    pub head: String,
    /// The body.
    pub body: String,
    /// Which connection it came over, from 0.
    pub connection: usize,
    /// When.
    pub at: Instant,
}

impl Heard {
    /// The value of a header.
    pub fn header(&self, name: &str) -> Option<&str> {
        let lines = self.head.lines().filter_map(|line| line.split_once(':'));
        lines.filter(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim()).next()
    }
}

/// The server.
pub struct Server {
    /// Where it is, without a path.
    pub url: Url,
    heard: Arc<Mutex<Vec<Heard>>>,
    most: Arc<AtomicUsize>,
}

type Script = Arc<dyn Fn(usize, &Heard) -> Act + Send + Sync>;

impl Server {
    /// A server that does with the n-th request (from 0) what the script says.
    pub async fn start(script: impl Fn(usize, &Heard) -> Act + Send + Sync + 'static) -> Server {
        Server::begin(Arc::new(script), None).await
    }

    /// The same over TLS.
    pub async fn tls(tls: TlsAcceptor, script: impl Fn(usize, &Heard) -> Act + Send + Sync + 'static) -> Server {
        Server::begin(Arc::new(script), Some(tls)).await
    }

    async fn begin(script: Script, tls: Option<TlsAcceptor>) -> Server {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let port = listener.local_addr().expect("an address").port();
        let scheme = if tls.is_some() { "https" } else { "http" };
        let url = Url::parse(&format!("{scheme}://127.0.0.1:{port}/")).expect("an address");
        let heard = Arc::new(Mutex::new(Vec::new()));
        let (under_way, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        let server = Server { url, heard: heard.clone(), most: most.clone() };
        tokio::spawn(async move {
            for connection in 0.. {
                let Ok((stream, _)) = listener.accept().await else { return };
                let talk = Talk {
                    script: script.clone(),
                    heard: heard.clone(),
                    under_way: under_way.clone(),
                    most: most.clone(),
                    connection,
                };
                let tls = tls.clone();
                tokio::spawn(async move {
                    match tls {
                        None => talk.serve(stream, reset).await,
                        Some(tls) => {
                            if let Ok(stream) = tls.accept(stream).await {
                                talk.serve(stream, |_| ()).await;
                            }
                        }
                    }
                });
            }
        });
        server
    }

    /// An address on it.
    pub fn at(&self, path: &str) -> Url {
        self.url.join(path).expect("a path")
    }

    /// What it heard so far.
    pub fn heard(&self) -> Vec<Heard> {
        self.heard.lock().expect("no test panicked in it").clone()
    }

    /// How many requests came so far.
    pub fn count(&self) -> usize {
        self.heard().len()
    }

    /// The most requests that were under way at once.
    pub fn most(&self) -> usize {
        self.most.load(Ordering::SeqCst)
    }
}

fn reset(stream: TcpStream) {
    stream.set_zero_linger().expect("a socket");
}

struct Talk {
    script: Script,
    heard: Arc<Mutex<Vec<Heard>>>,
    under_way: Arc<AtomicUsize>,
    most: Arc<AtomicUsize>,
    connection: usize,
}

impl Talk {
    async fn serve<S: AsyncRead + AsyncWrite + Unpin>(self, mut stream: S, reset: impl FnOnce(S)) {
        while let Some(heard) = hear(&mut stream, self.connection).await {
            let number = {
                let mut all = self.heard.lock().expect("no test panicked in it");
                all.push(heard.clone());
                all.len() - 1
            };
            let act = (self.script)(number, &heard);
            self.most.fetch_max(self.under_way.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
            let keep = match act {
                Act::Say(text) => stream.write_all(&text).await.is_ok(),
                Act::Later(time, text) => {
                    sleep(time).await;
                    stream.write_all(&text).await.is_ok()
                }
                Act::Close(text) => stream.write_all(&text).await.is_ok() && stream.shutdown().await.is_err(),
                Act::Hang(text) => {
                    let _ = stream.write_all(&text).await;
                    std::future::pending::<bool>().await
                }
                Act::Trickle(text, time) => {
                    for byte in text.iter().cycle() {
                        sleep(time).await;
                        if stream.write_all(&[*byte]).await.is_err() {
                            break;
                        }
                    }
                    false
                }
                Act::Reset => {
                    self.under_way.fetch_sub(1, Ordering::SeqCst);
                    return reset(stream);
                }
            };
            self.under_way.fetch_sub(1, Ordering::SeqCst);
            if !keep {
                return;
            }
        }
    }
}

/// Takes one request in; none where the connection ends.
async fn hear<S: AsyncRead + Unpin>(stream: &mut S, connection: usize) -> Option<Heard> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.ok()?);
    }
    let head = String::from_utf8(head).expect("a head in ASCII");
    let (first, rest) = head.split_once("\r\n").expect("a first line");
    let line = first.trim_end_matches(" HTTP/1.1").to_owned();
    let mut heard = Heard { line, head: rest.to_owned(), body: String::new(), connection, at: Instant::now() };
    let length = heard.header("content-length").map_or(0, |text| text.parse().expect("a length"));
    let mut body = vec![0; length];
    stream.read_exact(&mut body).await.ok()?;
    heard.body = String::from_utf8(body).expect("a body in UTF-8");
    Some(heard)
}
