//! One exchange on the wire: a request out, an answer in, within the bounds of time and size; and what it means when
//! that breaks.

use std::error::Error as _;
use std::io;

use bytes::{Bytes, BytesMut};
use reqwest::header::{CONTENT_ENCODING, HeaderMap};
use reqwest::{Client, redirect};
use rustls::{CertificateError, ClientConfig};
use url::Url;

use crate::document::record::visible;

use super::failure::{Failure, HttpError};
use super::retry::Met;
use super::settings::{Settings, loopback};

/// Connections to one host.
pub(super) struct Wire {
    client: Client,
    max_body: usize,
    cut_body: bool,
}

/// What came back.
pub(super) struct Raw {
    pub status: u16,
    pub headers: HeaderMap,
    pub body: Bytes,
}

impl Raw {
    /// The text of a header; none where it is absent or no text.
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }
}

/// An exchange that came to nothing.
pub(super) struct Broken {
    pub failure: Failure,
    /// How to go on; none where repeating cannot help.
    pub met: Option<Met>,
}

impl Wire {
    /// Connections to the host of an address. Those of this machine never go through a proxy; all others do as the
    /// environment (`HTTP_PROXY`, `HTTPS_PROXY`, `NO_PROXY`) or the system says.
    pub(super) fn new(to: &Url, tls: &ClientConfig, settings: &Settings) -> Result<Wire, HttpError> {
        let mut builder = Client::builder()
            .user_agent(&settings.user_agent)
            .redirect(redirect::Policy::none())
            .connect_timeout(settings.timeouts.connect)
            .read_timeout(settings.timeouts.idle)
            .timeout(settings.timeouts.whole)
            .tcp_nodelay(true)
            .pool_max_idle_per_host(settings.concurrency)
            .tls_backend_preconfigured(tls.clone());
        if loopback(to) {
            builder = builder.no_proxy();
        }
        let client = builder.build().map_err(|error| {
            let why = reason(&error).text;
            HttpError::new(format!("no client can be made: {why}"), "check the target's settings and the proxy's")
        })?;
        Ok(Wire { client, max_body: settings.max_body, cut_body: settings.cut_body })
    }

    /// Sends a request once and takes the whole answer in.
    pub(super) async fn exchange(&self, request: reqwest::Request) -> Result<Raw, Broken> {
        let (method, url) = (request.method().clone(), request.url().clone());
        let asked = || format!("{method} {}", url.path());
        let mut response = match self.client.execute(request).await {
            Ok(response) => response,
            Err(error) => return Err(unanswered(&error, &asked(), &url)),
        };
        let status = response.status().as_u16();
        let announced = response.content_length().unwrap_or_default();
        if announced > self.max_body as u64 && !self.cut_body {
            return Err(self.too_large(&asked(), status));
        }
        if let Some(encoding) = response.headers().get(CONTENT_ENCODING).filter(|value| *value != "identity") {
            let encoding = visible(&String::from_utf8_lossy(encoding.as_bytes()));
            let message = format!("the answer to {} ({status}) is packed as `{encoding}`", asked());
            let failure = Failure::unusable(message, "have the server, or the proxy before it, send plain or gzip");
            return Err(Broken { failure, met: None });
        }
        let mut all = BytesMut::new();
        let mut first: Option<Bytes> = None;
        loop {
            let mut chunk = match response.chunk().await {
                Ok(Some(chunk)) => chunk,
                Ok(None) => break,
                Err(error) => return Err(broken_off(&error, &asked(), status)),
            };
            let so_far = all.len() + first.as_ref().map_or(0, Bytes::len);
            let room = self.max_body.saturating_sub(so_far);
            let over = chunk.len() > room;
            if over && !self.cut_body {
                return Err(self.too_large(&asked(), status));
            }
            chunk.truncate(room);
            // Most answers are one piece, which is kept as it is.
            match first.take() {
                None if all.is_empty() => first = Some(chunk),
                one => {
                    all.extend_from_slice(one.as_deref().unwrap_or_default());
                    all.extend_from_slice(&chunk);
                }
            }
            if over {
                break;
            }
        }
        let body = first.unwrap_or_else(|| all.freeze());
        Ok(Raw { status, headers: std::mem::take(response.headers_mut()), body })
    }

    fn too_large(&self, asked: &str, status: u16) -> Broken {
        let message = format!("the answer to {asked} ({status}) is larger than {} bytes", self.max_body);
        let failure = Failure::unusable(message, "have the server send smaller pages");
        Broken { failure, met: None }
    }
}

/// Why, in words.
struct Reason {
    text: String,
    hint: &'static str,
    /// Whether trying again may help.
    passing: bool,
}

/// No answer came, or not even its head.
fn unanswered(error: &reqwest::Error, asked: &str, url: &Url) -> Broken {
    let host = visible(url.host_str().unwrap_or_default());
    let port = url.port_or_known_default().unwrap_or_default();
    let Reason { text, hint, passing } = reason(error);
    if error.is_builder() {
        let failure = Failure::not_sent(format!("{asked} cannot be sent: {text}"), hint);
        return Broken { failure, met: None };
    }
    if error.is_connect() {
        let failure = Failure::not_sent(format!("no connection to {host}:{port}: {text}"), hint);
        return Broken { failure, met: passing.then_some(Met::Refused) };
    }
    let message = format!("{asked} was sent to {host}:{port} and not answered: {text}");
    Broken { failure: Failure::Unknown { message, hint: Some(hint.to_owned()) }, met: Some(Met::Lost) }
}

/// The answer began and did not end.
fn broken_off(error: &reqwest::Error, asked: &str, status: u16) -> Broken {
    let Reason { text, hint, .. } = reason(error);
    let message = format!("the answer to {asked} ({status}) broke off: {text}");
    Broken { failure: Failure::Unknown { message, hint: Some(hint.to_owned()) }, met: Some(Met::Lost) }
}

/// What lies at the bottom of an error. Addresses are left out: they may hold what must not be shown.
fn reason(error: &reqwest::Error) -> Reason {
    let reach = "check `url`, and whether the server is up and can be reached from here";
    let passing = |text: &str| Reason { text: text.to_owned(), hint: reach, passing: true };
    let mut deepest = None;
    let mut cause = error.source();
    while let Some(inner) = cause {
        if let Some(tls) = tls(inner) {
            return untrusted(tls);
        }
        deepest = Some(inner);
        cause = inner.source();
    }
    if error.is_timeout() {
        return passing("the time ran out");
    }
    if error.is_dns() {
        return passing("the name of the host is not known");
    }
    let kind = deepest.and_then(|inner| inner.downcast_ref::<io::Error>()).map(io::Error::kind);
    match kind {
        Some(io::ErrorKind::ConnectionRefused) => passing("the connection was refused"),
        Some(io::ErrorKind::ConnectionReset | io::ErrorKind::ConnectionAborted | io::ErrorKind::BrokenPipe) => {
            passing("the server broke the connection")
        }
        Some(io::ErrorKind::UnexpectedEof) => passing("the server closed the connection in the middle"),
        _ => passing(&visible(&deepest.map_or_else(|| "no reason is known".to_owned(), ToString::to_string))),
    }
}

/// The error of TLS that an error is or wraps. What an `io::Error` wraps is not its source, and it may wrap another.
fn tls<'e>(error: &'e (dyn std::error::Error + 'static)) -> Option<&'e rustls::Error> {
    let wrapped = || error.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
    error.downcast_ref().or_else(|| tls(wrapped()?))
}

/// What is wrong with the other side's certificate or its TLS.
fn untrusted(error: &rustls::Error) -> Reason {
    let own = "if your organisation issues the server's certificate itself, name the file of its authority with `ca`";
    let renew = "have the server's certificate renewed, and check the clock here";
    let (text, hint) = match error {
        rustls::Error::InvalidCertificate(certificate) => match certificate {
            CertificateError::UnknownIssuer => ("nobody known here issued the server's certificate".to_owned(), own),
            CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
                ("the server's certificate has expired".to_owned(), renew)
            }
            CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
                ("the server's certificate is not valid yet".to_owned(), renew)
            }
            CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => (
                "the server's certificate is that of another host".to_owned(),
                "write the host in `url` as the certificate names it",
            ),
            other => (format!("the server's certificate is not accepted: {}", visible(&other.to_string())), own),
        },
        other => (format!("no TLS: {}", visible(&other.to_string())), "check scheme and port of `url`"),
    };
    Reason { text, hint, passing: false }
}
