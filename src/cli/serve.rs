//! `rosterctl serve`: the embedded portal over HTTP.

use std::net::{SocketAddr, ToSocketAddrs};
use std::path::Path;
use std::sync::Arc;

use super::args::{Common, ServeArgs};
use super::context::{Context, Settings, block_on};
use super::output::{Output, progress};
use crate::document::record::visible;
use crate::error::{Error, Exit};
use crate::live::Embedded;
use crate::model::no_platform;
use crate::platform::{BUILT_IN, Platform};
use crate::serve::{self, MAX_PAYLOAD, Server, Token};

/// The variable with the token of a server that has only one.
const TOKEN: &str = "ROSTERCTL_SERVE_TOKEN";

/// Runs the command.
pub fn run(args: &ServeArgs, common: &Common, output: &Output) -> Result<Exit, Error> {
    let address = address(&args.listen)?;
    let settings = serve::Settings {
        tokens: tokens(args.token_file.as_deref())?,
        organisation: args.organisation.as_deref().map(Into::into),
        platform: args.platform.as_deref().map(platform).transpose()?.map(Arc::new),
        max_payload: MAX_PAYLOAD,
    };
    let portal = match &args.db {
        Some(path) => Embedded::open(path)?,
        None => {
            let context = Context::open(common)?;
            if !context.diagnostics.is_empty() {
                return output.refuse(&context.diagnostics, &context.sources);
            }
            Settings::from(context).target(common)?.into_embedded()?
        }
    };
    let log: Option<fn(&str)> = (common.verbose > 0).then_some(progress);
    block_on(async {
        let server = Server::bind(portal, address, settings).await?;
        // Asked for before the address is said: whoever reads it may stop the server at once.
        let end = end()?;
        output.print(&format!("{}\n", server.url()))?;
        server.run(end, log).await?;
        Ok(Exit::Clean)
    })?
}

fn address(text: &str) -> Result<SocketAddr, Error> {
    let found = text.to_socket_addrs().ok().and_then(|mut all| all.next());
    found.ok_or_else(|| {
        let message = format!("`{}` is no address to listen on", visible(text));
        Error::usage(message, "write an address and a port, such as 127.0.0.1:8080")
    })
}

fn tokens(file: Option<&Path>) -> Result<Vec<Token>, Error> {
    let mut tokens = Vec::new();
    if let Some(file) = file {
        let text = std::fs::read_to_string(file).map_err(|error| {
            let message = format!("the tokens in `{}` cannot be read: {error}", file.display());
            Error::failed(message, "name a text file with a line `name token [actor-id]` for each token")
        })?;
        tokens = Token::read(&text).map_err(|problem| {
            let message = format!("the file of tokens `{}` cannot be used: {problem}", file.display());
            Error::failed(message, "write a line `name token [actor-id]` for each token")
        })?;
    }
    if let Some(token) = std::env::var(TOKEN).ok().filter(|token| !token.trim().is_empty()) {
        tokens.push(Token::new("token", token.trim(), None));
    }
    Ok(tokens)
}

/// The platform that is built in or in a file.
fn platform(reference: &str) -> Result<Platform, Error> {
    if let Some(platform) = Platform::built_in(reference) {
        return Ok(platform);
    }
    let (message, help) = no_platform(reference);
    let path = Path::new(reference);
    if BUILT_IN.iter().all(|(id, _)| *id != reference) && path.is_file() {
        let unusable = |problem: String| {
            let message = format!("the platform file `{}` cannot be used: {problem}", visible(reference));
            Error::failed(message, "`rosterctl validate` of a roster that names it shows every problem")
        };
        let text = std::fs::read_to_string(path).map_err(|error| unusable(error.to_string()))?;
        return Platform::from_text(reference, &text).map_err(|problems| {
            let first = problems.first().map(|problem| problem.message.clone()).unwrap_or_default();
            unusable(first)
        });
    }
    Err(Error::usage(message, help))
}

/// Ends when somebody asks the program to.
pub(super) fn end() -> Result<impl Future<Output = ()> + Send + 'static, Error> {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        let failed = |error| Error::failed(format!("signals cannot be waited for: {error}"), "try again");
        let mut interrupt = signal(SignalKind::interrupt()).map_err(failed)?;
        let mut terminate = signal(SignalKind::terminate()).map_err(failed)?;
        Ok(async move {
            tokio::select! {
                _ = interrupt.recv() => {}
                _ = terminate.recv() => {}
            }
        })
    }
    #[cfg(not(unix))]
    Ok(async {
        let _ = tokio::signal::ctrl_c().await;
    })
}
