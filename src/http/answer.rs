//! What a server answered, and its body as JSON: whatever else it is gets a sentence of its own.

use std::fmt;
use std::time::Duration;

use bytes::Bytes;
use reqwest::Method;
use serde::de::DeserializeOwned;
use serde_json::error::Category;
use url::Url;

use super::excerpt::{excerpt, of_body};
use super::failure::Failure;
use super::secret::Veil;

/// An answer with any status but 401 and 403, which are [`Failure::Denied`].
#[derive(Clone)]
pub struct Answer {
    /// The method that was asked with.
    pub method: Method,
    /// Where the answer came from, after redirects.
    pub url: Url,
    /// The HTTP status.
    pub status: u16,
    /// The version of the object (RFC 9110 §8.8.3), as it was sent: quotes and `W/` included.
    pub etag: Option<String>,
    /// Where a new object is, as it was sent: it may be relative.
    pub location: Option<String>,
    /// All `Link` headers (RFC 8288), joined by commas.
    pub link: Option<String>,
    /// All headers that are text, names in lower case; several of one name are joined by commas.
    pub headers: Vec<(String, String)>,
    /// How long the server wants to be left alone.
    pub retry_after: Option<Duration>,
    /// The `X-Request-Id` of the server, made printable, or ours where it sent none.
    pub request_id: String,
    /// The type of the body, as it was sent.
    pub content_type: Option<String>,
    /// The body, decompressed.
    pub body: Bytes,
    pub(super) veil: Veil,
}

impl fmt::Debug for Answer {
    /// Without the body, which may hold what must not be shown.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("Answer");
        shown.field("asked", &self.asked()).field("status", &self.status).field("etag", &self.etag);
        shown.field("content_type", &self.content_type).field("request_id", &self.request_id);
        shown.field("bytes", &self.body.len()).finish_non_exhaustive()
    }
}

impl Answer {
    fn asked(&self) -> String {
        format!("{} {}", self.method, self.url.path())
    }

    /// Whether the status says success: 200 to 299.
    pub fn succeeded(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// A text of the server made fit to be shown: short, on one line, no control characters, none of our secrets.
    pub fn shown(&self, text: &str) -> String {
        excerpt(text, &self.veil)
    }

    /// The beginning of the body, made fit to be shown as [`Answer::shown`] does; of a web page its title.
    pub fn excerpt(&self) -> String {
        let media = media(self.content_type.as_deref());
        match media.as_str() {
            "text/html" | "application/xhtml+xml" => format!("a web page: {}", page(&self.body, &self.veil)),
            _ => of_body(&self.body, &self.veil),
        }
    }

    /// The body as JSON. The type of the content must be JSON or say nothing about it (none, plain text, bytes);
    /// a web page is never JSON.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T, Failure> {
        let subject = format!("the answer to {} ({})", self.asked(), self.status);
        let body = self.body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&self.body);
        let body = body.trim_ascii();
        if body.is_empty() {
            let message = format!("{subject} is empty where JSON was expected");
            return Err(Failure::unusable(message, ADDRESS));
        }
        let media = media(self.content_type.as_deref());
        if matches!(media.as_str(), "text/html" | "application/xhtml+xml") || body.starts_with(b"<") {
            let message = format!("{subject} is a web page rather than JSON: {}", page(body, &self.veil));
            return Err(Failure::unusable(message, ADDRESS));
        }
        let json = media == "application/json" || media.ends_with("+json");
        if !json && !matches!(media.as_str(), "" | "text/plain" | "text/json" | "application/octet-stream") {
            let media = self.shown(&media);
            let message = format!("{subject} is `{media}` rather than JSON: {}", self.excerpt());
            return Err(Failure::unusable(message, ADDRESS));
        }
        serde_json::from_slice(body).map_err(|error| {
            let why = self.shown(&error.to_string());
            let excerpt = self.excerpt();
            match error.classify() {
                Category::Eof => Failure::unusable(
                    format!("{subject} ends in the middle, after {} bytes: {excerpt}", body.len()),
                    "try again; if it stays, look at the logs of the server or of a proxy before it",
                ),
                Category::Syntax | Category::Io => {
                    Failure::unusable(format!("{subject} is not JSON: {why}: {excerpt}"), ADDRESS)
                }
                Category::Data => Failure::unusable(
                    format!("{subject} is JSON of another shape than expected: {why}: {excerpt}"),
                    "check that the address is that of the portal, and its version",
                ),
            }
        })
    }
}

const ADDRESS: &str = "check the path in `url`, and whether a sign-in page or a proxy stands in the way";

/// The bare media type, lower-case.
fn media(content_type: Option<&str>) -> String {
    let bare = content_type.unwrap_or_default().split(';').next().unwrap_or_default();
    bare.trim().to_ascii_lowercase()
}

/// What to show of a web page: its title, or how it begins.
fn page(body: &[u8], veil: &Veil) -> String {
    let text = String::from_utf8_lossy(&body[..body.len().min(16 << 10)]);
    let lower = text.to_ascii_lowercase();
    let title = lower.find("<title").and_then(|at| {
        let start = at + lower[at..].find('>')? + 1;
        let end = start + lower[start..].find("</")?;
        Some(text[start..end].trim())
    });
    match title {
        Some(title) if !title.is_empty() => format!("\"{}\"", excerpt(title, veil)),
        _ => excerpt(&text, veil),
    }
}
