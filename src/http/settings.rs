//! How a portal on the network is reached, and what of that is refused before a byte is sent.

use std::net::IpAddr;
use std::path::PathBuf;
use std::time::Duration;

use url::{Host, Url};

use super::failure::HttpError;
use super::secret::Secret;

/// How a portal is reached.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Where it is. Requests go to the same scheme, host and port.
    pub base: Url,
    /// How to sign in.
    pub auth: Auth,
    /// A PEM file with certificate authorities to trust besides those of the system.
    pub ca: Option<PathBuf>,
    /// The most requests under way at once; at least 1.
    pub concurrency: usize,
    /// The most requests started in a second; at least 1. None: no limit.
    pub requests_per_second: Option<u32>,
    /// How long to wait, for each attempt.
    pub timeouts: Timeouts,
    /// The largest body that is accepted, in bytes, after decompression.
    pub max_body: usize,
    /// Whether a larger body is cut there instead of refused: for those who only want the status.
    pub cut_body: bool,
    /// How often a request is repeated at most; 0: never.
    pub retries: u32,
    /// Sent as `User-Agent`.
    pub user_agent: String,
    /// Whether credentials may travel over plain http to another machine.
    pub insecure_http: bool,
    /// Statuses, besides 429, by which the portal refuses to begin, and is asked again later.
    pub later: Vec<u16>,
    /// The header that says how long to wait: seconds, a date, or seconds since 1970.
    pub wait_header: String,
}

impl Settings {
    /// The defaults: 8 requests at once, no limit a second, 64 MiB, 4 repetitions.
    pub fn new(base: Url, auth: Auth) -> Settings {
        Settings {
            base,
            auth,
            ca: None,
            concurrency: 8,
            requests_per_second: None,
            timeouts: Timeouts::default(),
            max_body: 64 << 20,
            cut_body: false,
            retries: 4,
            user_agent: concat!("rosterctl/", env!("CARGO_PKG_VERSION")).to_owned(),
            insecure_http: false,
            later: Vec::new(),
            wait_header: "retry-after".to_owned(),
        }
    }

    /// Refuses settings that cannot work or that would give secrets away.
    pub(super) fn check(&self) -> Result<(), HttpError> {
        address("url", &self.base)?;
        if self.concurrency == 0 {
            return Err(HttpError::new("a concurrency of 0 sends nothing", "set `concurrency` to 1 or more"));
        }
        if self.requests_per_second == Some(0) {
            return Err(HttpError::new("0 requests a second sends nothing", "set `requestsPerSecond` to 1 or more"));
        }
        match &self.auth {
            Auth::None => Ok(()),
            Auth::Bearer(_) | Auth::Basic { .. } => self.sheltered("url", &self.base),
            Auth::ClientCredentials { token_url, .. } => {
                address("tokenUrl", token_url)?;
                self.sheltered("tokenUrl", token_url)?;
                self.sheltered("url", &self.base)
            }
        }
    }

    /// Refuses an address on the way to which others could read what is sent.
    pub fn confidential(&self) -> Result<(), HttpError> {
        self.sheltered("url", &self.base)
    }

    /// Whether nobody on the way can read credentials that are sent there.
    fn sheltered(&self, key: &str, url: &Url) -> Result<(), HttpError> {
        if url.scheme() == "https" || loopback(url) || self.insecure_http {
            return Ok(());
        }
        let host = url.host_str().unwrap_or_default();
        Err(HttpError::new(
            format!("credentials would go to {host} over plain http, where others can read them"),
            format!("write https in `{key}`"),
        ))
    }
}

/// How long to wait. All three hold for each attempt on its own.
#[derive(Clone, Copy, Debug)]
pub struct Timeouts {
    /// Until a connection is there, TLS included.
    pub connect: Duration,
    /// Until the next byte.
    pub idle: Duration,
    /// Until the last byte.
    pub whole: Duration,
}

impl Default for Timeouts {
    fn default() -> Timeouts {
        let seconds = Duration::from_secs;
        Timeouts { connect: seconds(10), idle: seconds(30), whole: seconds(120) }
    }
}

/// How to sign in.
#[derive(Clone, Debug)]
pub enum Auth {
    /// Not at all.
    None,
    /// A bearer token (RFC 6750).
    Bearer(Secret),
    /// A user name and a password (RFC 7617).
    Basic {
        /// The user name.
        user: String,
        /// The password.
        password: Secret,
    },
    /// OAuth 2.0 client credentials (RFC 6749 §4.4), the client named by `client_secret_basic` (§2.3.1).
    ClientCredentials {
        /// Where tokens are issued.
        token_url: Url,
        /// The client's id.
        client_id: String,
        /// The client's secret.
        client_secret: Secret,
        /// The scope to ask for.
        scope: Option<String>,
    },
}

/// Refuses an address that is none of a server, or that carries credentials.
fn address(key: &str, url: &Url) -> Result<(), HttpError> {
    if !matches!(url.scheme(), "http" | "https") || !url.has_host() {
        let message = format!("`{key}` is no address of a web server");
        return Err(HttpError::new(message, "write it as https://host/path"));
    }
    if !url.username().is_empty() || url.password().is_some() {
        let message = format!("`{key}` carries a user name or a password");
        return Err(HttpError::new(message, "take it out and name it under `auth`"));
    }
    Ok(())
}

/// Whether an address is this machine: `localhost` (RFC 6761) or a loopback number.
pub(super) fn loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost" || name == "localhost.",
        Some(Host::Ipv4(ip)) => ip.is_loopback(),
        Some(Host::Ipv6(ip)) => IpAddr::V6(ip).to_canonical().is_loopback(),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_this_machine_is_loopback() {
        let loop_ = |text: &str| loopback(&Url::parse(text).unwrap());
        for own in [
            "http://localhost:1/x",
            "http://127.0.0.1",
            "http://127.9.9.9",
            "http://[::1]",
            "http://[::ffff:127.0.0.1]",
        ] {
            assert!(loop_(own), "{own}");
        }
        for other in ["http://localhost.example", "http://128.0.0.1", "http://[::2]", "http://a.localhost"] {
            assert!(!loop_(other), "{other}");
        }
    }
}
