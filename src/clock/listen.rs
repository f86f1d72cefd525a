//! Metrics and health over HTTP, for machines near by: there is no sign-in, so other machines are let in only where
//! somebody says so. Numbers and the target's name are shown, nothing of people.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use super::metrics::{CONTENT_TYPE, Metrics};

/// A listener that answers until it is dropped.
#[derive(Debug)]
pub struct Listener {
    /// Where it is found: `http://127.0.0.1:9464`.
    pub url: String,
    task: JoinHandle<()>,
}

impl Drop for Listener {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Why nobody can listen there.
#[derive(Debug)]
pub enum Refused {
    /// Other machines could reach the address, and nobody said that they may.
    Remote,
    /// The system refuses.
    Failed(std::io::Error),
}

impl Listener {
    /// Listens. `remote`: other machines may reach the address.
    pub async fn bind(address: SocketAddr, remote: bool, metrics: Arc<Metrics>) -> Result<Listener, Refused> {
        if !remote && !address.ip().to_canonical().is_loopback() {
            return Err(Refused::Remote);
        }
        let listener = TcpListener::bind(address).await.map_err(Refused::Failed)?;
        let address = listener.local_addr().map_err(Refused::Failed)?;
        let answers = Router::new()
            .route("/metrics", get(exposition))
            .route("/healthz", get(|| async { "ok\n" }))
            .route("/readyz", get(ready))
            .with_state(metrics);
        let task = tokio::spawn(async move {
            // It ends with the process; an error of one connection is that connection's.
            let _ = axum::serve(listener, answers).await;
        });
        Ok(Listener { url: format!("http://{address}"), task })
    }
}

async fn exposition(State(metrics): State<Arc<Metrics>>) -> Response {
    ([(header::CONTENT_TYPE, CONTENT_TYPE)], metrics.exposition()).into_response()
}

async fn ready(State(metrics): State<Arc<Metrics>>) -> Response {
    match metrics.ready() {
        Ok(()) => "ok\n".into_response(),
        Err(why) => (StatusCode::SERVICE_UNAVAILABLE, format!("{why}\n")).into_response(),
    }
}
