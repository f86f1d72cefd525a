//! The embedded portal over HTTP: a SCIM 2.0 server (RFC 7643, RFC 7644, cursors of RFC 9865) for rehearsals.
//!
//! Every change goes the way that a plan's operations go: the same rules, the same life cycle, the same trail. What the
//! portal does not model and clients say is kept beside the row and given back.

mod beside;
mod body;
mod bulk;
mod discovery;
mod filter;
mod http;
mod list;
mod patch;
mod path;
mod problem;
mod project;
mod queue;
mod render;
mod schema;
mod token;
mod wish;
mod write;

use std::net::SocketAddr;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use axum::Router;
use axum::extract::Request;
use axum::http::header;
use axum::serve::ListenerExt;
use serde_json::Value as Json;
use smol_str::SmolStr;
use tokio::net::TcpListener;

use crate::live::embedded::Shelf;
use crate::live::{Embedded, LiveError};
use crate::platform::Platform;
use list::Lists;
use problem::Problem;
use queue::Queue;
pub use token::Token;
use write::Written;

/// The folder of everything that is served.
pub const PREFIX: &str = "/scim/v2";

/// How long requests may go on once the server shall stop.
const FAREWELL: Duration = Duration::from_secs(10);

/// How the portal is served.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Who may come in; empty: everybody, which only loopback addresses allow.
    pub tokens: Vec<Token>,
    /// Where objects go whose external id names no organisation; none: to the only one.
    pub organisation: Option<SmolStr>,
    /// The platform of organisations that the portal does not know yet; none: there are no new ones.
    pub platform: Option<Arc<Platform>>,
    /// How many bytes a request has at most.
    pub max_payload: usize,
}

/// How large requests are unless said otherwise: 4 MiB.
pub const MAX_PAYLOAD: usize = 4 * 1024 * 1024;

/// What the writer has done.
enum Done {
    /// One change.
    One(Box<Written>),
    /// The answers of a bulk request.
    Many(Json),
}

/// What all requests share.
struct Shared {
    settings: Settings,
    portal: Arc<Embedded>,
    queue: Queue<Done>,
    lists: Lists,
    /// Where the server listens.
    host: String,
}

impl Shared {
    /// Looks at the portal on a thread where that may take its time.
    async fn look<R: Send + 'static>(
        self: &Shared,
        work: impl FnOnce(&Shelf<'_>, &Lists) -> Result<R, Problem> + Send,
    ) -> Result<R, Problem> {
        let looked = tokio::task::block_in_place(|| self.portal.look(|shelf| Ok(work(shelf, &self.lists))));
        looked?.unwrap_or_else(|| Err(Problem::new(503, "the portal's file is gone")))
    }

    /// The platforms of the portal, and the one for new organisations.
    fn platforms(&self) -> Result<Vec<Arc<Platform>>, Problem> {
        let known = self.portal.look(|shelf| {
            let mut known: Vec<Arc<Platform>> = Vec::new();
            for one in shelf.organisations()? {
                known.extend(shelf.platform(&one.id)?);
            }
            Ok(known)
        });
        let known = known?.unwrap_or_default();
        Ok(known.into_iter().chain(self.settings.platform.clone()).collect())
    }
}

/// A server that listens.
pub struct Server {
    listener: TcpListener,
    shared: Arc<Shared>,
    writer: JoinHandle<()>,
    address: SocketAddr,
}

impl Server {
    /// Makes the portal ready and listens. Without tokens only loopback addresses are possible.
    pub async fn bind(portal: Embedded, address: SocketAddr, settings: Settings) -> Result<Server, LiveError> {
        if settings.tokens.is_empty() && !address.ip().is_loopback() {
            return Err(LiveError::new(
                format!("without tokens the portal is not served on {address}, where others could reach it"),
                "give tokens with --token-file or ROSTERCTL_SERVE_TOKEN, or listen on 127.0.0.1",
            ));
        }
        portal.ready()?;
        let failed = |what: &str, error: std::io::Error| {
            LiveError::new(format!("{what}: {error}"), "choose another address with --listen; port 0 takes a free one")
        };
        let listener = TcpListener::bind(address).await;
        let listener = listener.map_err(|error| failed(&format!("cannot listen on {address}"), error))?;
        let address = listener.local_addr().map_err(|error| failed("the server has no address", error))?;
        let portal = Arc::new(portal);
        let (queue, writer) = Queue::start(portal.clone()).map_err(|error| failed("no writer could start", error))?;
        let shared = Shared { settings, portal, queue, lists: Lists::default(), host: address.to_string() };
        Ok(Server { listener, shared: Arc::new(shared), writer, address })
    }

    /// Where clients find it.
    pub fn url(&self) -> String {
        format!("http://{}{PREFIX}", self.address)
    }

    /// Answers until `end` comes; requests that have begun are finished. `log` gets a line for each request.
    pub async fn run(
        self,
        end: impl Future<Output = ()> + Send + 'static,
        log: Option<fn(&str)>,
    ) -> Result<(), LiveError> {
        let shared = self.shared.clone();
        let answer = move |request: Request| {
            let shared = shared.clone();
            async move {
                let begin = Instant::now();
                let line = log.map(|_| format!("{} {}", request.method(), request.uri()));
                let accept = request.headers().get(header::ACCEPT).and_then(|value| value.to_str().ok());
                let accept = accept.map(str::to_owned);
                let (reply, who) = http::answer(&shared, request).await;
                if let (Some(log), Some(line)) = (log, line) {
                    log(&format!("{who} {line} {} {} ms", reply.status(), begin.elapsed().as_millis()));
                }
                reply.response(accept.as_deref())
            }
        };
        let router = Router::new().fallback(answer);
        let listener = self.listener.tap_io(|stream| {
            // Answers are short: waiting to fill packets only delays them. Where it cannot be set, it is slower.
            let _ = stream.set_nodelay(true);
        });
        let (stop, stopped) = tokio::sync::watch::channel(false);
        let ending = async move {
            end.await;
            let _ = stop.send(true);
        };
        let farewell = async move {
            let mut stopped = stopped;
            let _ = stopped.wait_for(|stopped| *stopped).await;
            tokio::time::sleep(FAREWELL).await;
        };
        let served = tokio::select! {
            served = axum::serve(listener, router).with_graceful_shutdown(ending) => served,
            // Who keeps a request open for ever does not keep the server open.
            () = farewell => Ok(()),
        };
        drop(self.shared);
        let _ = tokio::task::block_in_place(|| self.writer.join());
        served.map_err(|error| LiveError::new(format!("the server stopped: {error}"), "start it again"))
    }
}
