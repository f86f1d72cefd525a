//! `rosterctl drift --every`: drift again and again, with a line in the log for each round, metrics, health and a webhook.

use std::ffi::OsString;
use std::net::ToSocketAddrs;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::Arc;
use std::time::{Duration, Instant};

use clap::{Args, Parser};
use jiff::Timestamp;
use tokio::runtime::Handle;

use super::args::{Cli, Command, Common, DriftArgs};
use super::connect::webhook;
use super::context::{Context, runtime};
use super::drift::Compared;
use super::output::Output;
use super::serve::end;
use crate::clock::line::{self, Entry};
use crate::clock::listen::{Listener, Refused};
use crate::clock::message::Message;
use crate::clock::schedule::interval;
use crate::clock::webhook::Report;
use crate::clock::{Clock, Hook, Look, Metrics, Pace, Round, Seen, Sender, Trouble, Watch};
use crate::document::record::visible;
use crate::error::{Error, Exit};
use crate::live::Resource;
use crate::plan::document::Finding;
use crate::report::Plain;

/// What is said below the help of `drift`.
pub const HELP: &str = "`drift --every 15m` stays and compares again and again, with a line a round, until SIGINT or SIGTERM. Each round reads \
    rosters and target anew; one that fails says why, is never called clean, and ends nothing. `--listen 127.0.0.1:9464` \
    serves /metrics (Prometheus), /healthz and /readyz. `drift: { webhook: ... }` in the workspace file names whom to tell of \
    changes.";

/// Flags of drift on the clock.
#[derive(Clone, Debug, Default, Args)]
pub struct EveryArgs {
    /// Stay, and compare again in each such interval: 30s, 15m, 1h30m, 1d
    #[arg(long, value_name = "DURATION", value_parser = interval, conflicts_with_all = ["base", "report"])]
    pub every: Option<Duration>,
    /// Serve metrics and health on this address; port 0 takes a free one
    #[arg(long, value_name = "ADDRESS", requires = "every")]
    pub listen: Option<String>,
    /// Let --listen take an address that other machines reach; there is no sign-in
    #[arg(long, requires = "listen")]
    pub listen_remote: bool,
}

/// Runs the command until it is asked to stop.
pub fn run(every: Duration, args: &DriftArgs, common: &Common, output: &Output) -> Result<Exit, Error> {
    let write = match output.format {
        Plain::Text => line::text,
        Plain::Json => line::json,
    };
    let log = Log { output: Output::new(common), write };
    let runtime = runtime()?;
    let ended = runtime.block_on(async {
        let stop = end()?;
        let metrics = Arc::new(Metrics::new(every));
        let listener = match &args.clock.listen {
            Some(address) => Some(listen(address, args.clock.listen_remote, metrics.clone()).await?),
            None => None,
        };
        let url = listener.as_ref().map(|listener| listener.url.as_str());
        let log = Arc::new(log);
        log.write(&Entry::Started { every: every.as_secs(), listen: url })?;
        let sender = Sender::start(metrics.clone(), teller(log.clone()));
        let (mut broken, own) = (None, log.clone());
        let told = |round: &Round, hook: Option<Result<Hook, Error>>| {
            metrics.round(round);
            own.write(&Entry::Round(round))?;
            post(round, hook, &sender, &metrics, &own, &mut broken)
        };
        rounds(args.paths.clone(), &settled(common), Clock::start(every), Box::pin(stop), told).await?;
        log.write(&Entry::Stopped)
    });
    // A round under way only reads: it is abandoned, and nobody waits for it. What it runs on goes with the process, not
    // before it.
    std::mem::forget(runtime);
    ended.map(|()| Exit::Clean)
}

/// Rounds at a pace of the caller's own, without metrics, health and webhook: each is told as it ends. `args` are those
/// of the command line, from the program's name on. Ends with the pace.
pub fn paced(
    args: impl IntoIterator<Item = OsString>,
    pace: impl Pace,
    mut told: impl FnMut(&Round),
) -> Result<(), Error> {
    let cli =
        Cli::try_parse_from(args).map_err(|error| Error::usage(error.to_string(), "see `rosterctl drift --help`"))?;
    let Some(Command::Drift(args)) = &cli.command else {
        return Err(Error::usage("only `drift` has rounds", "name the command `drift`"));
    };
    let runtime = runtime()?;
    let told = |round: &Round, _: Option<Result<Hook, Error>>| {
        told(round);
        Ok(())
    };
    let ended = runtime.block_on(rounds(args.paths.clone(), &cli.common, pace, Box::pin(std::future::pending()), told));
    runtime.shutdown_background();
    ended
}

/// Where the lines go.
struct Log {
    output: Output,
    write: fn(&Entry<'_>) -> String,
}

impl Log {
    fn write(&self, entry: &Entry<'_>) -> Result<(), Error> {
        self.output.print(&(self.write)(entry))
    }
}

async fn listen(address: &str, remote: bool, metrics: Arc<Metrics>) -> Result<Listener, Error> {
    let shown = visible(address);
    let found = address.to_socket_addrs().ok().and_then(|mut all| all.next());
    let Some(address) = found else {
        let message = format!("`{shown}` is no address to listen on");
        return Err(Error::usage(message, "write an address and a port, such as 127.0.0.1:9464"));
    };
    Listener::bind(address, remote, metrics).await.map_err(|refused| match refused {
        Refused::Remote => Error::usage(
            format!("{shown} can be reached from other machines, and there is no sign-in"),
            "listen on 127.0.0.1, or say --listen-remote where the network keeps others out",
        ),
        Refused::Failed(error) => {
            Error::failed(format!("cannot listen on {shown}: {error}"), "choose another port with --listen")
        }
    })
}

/// Writes what becomes of deliveries into the log.
fn teller(log: Arc<Log>) -> crate::clock::webhook::Tell {
    Arc::new(move |report: Report| {
        let Report { outcome, delivery, attempts, message } = &report;
        let (message, attempts) = (message.as_deref(), *attempts);
        // A log that cannot be written ends the next round; a delivery goes on.
        let _ = log.write(&Entry::Webhook { outcome, delivery, attempts, message });
    })
}

/// Sends what a round has to tell. What is wrong with the webhook is written once.
fn post(
    round: &Round,
    hook: Option<Result<Hook, Error>>,
    sender: &Sender,
    metrics: &Metrics,
    log: &Log,
    broken: &mut Option<String>,
) -> Result<(), Error> {
    let wrong = match hook {
        None => None,
        Some(Err(error)) => Some(error.message),
        Some(Ok(hook)) => {
            match Message::of(round, hook.personal) {
                Some(message) => sender.send(&hook, message),
                None => sender.nudge(),
            }
            None
        }
    };
    if let Some(message) = wrong.as_deref().filter(|_| wrong != *broken) {
        metrics.delivery("unusable");
        let entry = Entry::Webhook { outcome: "unusable", delivery: "-", attempts: 0, message: Some(message) };
        log.write(&entry)?;
    }
    *broken = wrong;
    Ok(())
}

/// What a look at rosters and target brought.
struct Looked {
    target: String,
    hook: Option<Result<Hook, Error>>,
    seen: Result<Seen, Failed>,
}

/// Why nothing was compared.
enum Failed {
    /// The call or the world.
    Error(Error),
    /// What was found is wrong.
    Findings(Trouble),
}

/// One round after the other until there are no more, or somebody asks to stop. A round is told before the next begins.
async fn rounds(
    paths: Vec<PathBuf>,
    common: &Common,
    mut pace: impl Pace,
    mut stop: Pin<Box<dyn Future<Output = ()> + Send>>,
    mut told: impl FnMut(&Round, Option<Result<Hook, Error>>) -> Result<(), Error>,
) -> Result<(), Error> {
    let mut watch = Watch::default();
    let mut common = common.clone();
    // Of a workspace file that cannot be read just now, what it said before is used.
    let (mut target, mut hook): (Option<String>, Option<Hook>) = (None, None);
    loop {
        let next = tokio::select! {
            () = &mut stop => return Ok(()),
            next = pace.next() => next,
        };
        let Some(missed) = next else { return Ok(()) };
        let (time, began) = (Timestamp::now(), Instant::now());
        let (own, paths) = (common.clone(), paths.clone());
        // On a thread of its own: reading blocks, and stopping must not wait for it.
        let round = tokio::task::spawn_blocking(move || Handle::current().block_on(look(&paths, &own)));
        let looked = tokio::select! {
            () = &mut stop => return Ok(()),
            looked = round => looked,
        };
        let looked = looked.unwrap_or_else(|error| {
            let error = Error::failed(format!("the round ended by a bug in rosterctl: {error}"), "report it");
            Looked { target: String::new(), hook: None, seen: Err(Failed::Error(error)) }
        });
        let first = target.is_none();
        let seen = match looked.seen {
            // Wrong usage is so from the start; what becomes wrong later may become right again.
            Err(Failed::Error(error)) if error.exit == Exit::Usage && first => return Err(error),
            Err(Failed::Error(error)) => Err(trouble(&error)),
            Err(Failed::Findings(trouble)) => Err(trouble),
            Ok(seen) => Ok(seen),
        };
        if !looked.target.is_empty() {
            target = Some(looked.target);
        }
        let name = target.get_or_insert_with(|| common.target.clone().unwrap_or_else(|| "unknown".to_owned()));
        let round = watch.take(Look { time, took: began.elapsed(), missed, target: name.clone(), seen });
        let hook = match (looked.hook, &round.trouble) {
            (Some(found), _) => {
                hook = found.as_ref().ok().cloned();
                Some(found)
            }
            (None, Some(_)) => hook.clone().map(Ok),
            (None, None) => {
                hook = None;
                None
            }
        };
        told(&round, hook)?;
        // Remarks on the way are the same in each round.
        common.quiet = true;
    }
}

fn trouble(error: &Error) -> Trouble {
    let trouble = Trouble::new(visible(&error.message.replace('\n', " ")));
    match &error.hint {
        Some(hint) => Trouble { message: format!("{} ({})", trouble.message, visible(hint)), ..trouble },
        None => trouble,
    }
}

/// The flags with the workspace file named that is found at the start: were it gone later, another one further up, or
/// none at all, would have other targets.
fn settled(common: &Common) -> Common {
    let file = Context::open(common).ok().and_then(|context| context.file().map(Path::to_owned));
    Common { workspace: common.workspace.clone().or(file), ..common.clone() }
}

/// Reads everything anew and compares.
async fn look(paths: &[PathBuf], common: &Common) -> Looked {
    let nothing = |error| Looked { target: String::new(), hook: None, seen: Err(Failed::Error(error)) };
    let context = match Context::open(common) {
        Ok(context) => context,
        Err(error) => return nothing(error),
    };
    let known = context.workspace.is_some() || context.diagnostics.is_empty();
    let drift = context.workspace.as_ref().and_then(|workspace| workspace.drift.as_ref());
    let hook = drift.and_then(|drift| drift.webhook.as_ref()).map(|own| webhook(own, &context.base));
    let (rosters, settings) = match context.rosters(paths, &Output::new(common)) {
        Ok(read) => read,
        Err(error) => return Looked { hook, ..nothing(error) },
    };
    let target = if known { settings.reference(common).name } else { String::new() };
    let seen = match Compared::make(rosters, &settings, None, common).await {
        Ok(compared) => seen(compared, common).map_err(Failed::Findings),
        Err(error) => Err(Failed::Error(error)),
    };
    Looked { target, hook, seen }
}

/// What was seen, by the same measure as the exit code of `drift`: 1 is a failure, 0 is clean only where all was read.
fn seen(compared: Compared, common: &Common) -> Result<Seen, Trouble> {
    let exit = compared.exit(common);
    let Compared { drift, planned } = compared;
    if exit != Exit::Changes && planned.sound() && !drift.complete {
        let gaps = planned.live.iter().flat_map(|live| live.gaps.iter().chain(&live.suspect));
        let gaps = gaps.map(String::as_str).collect::<Vec<_>>().join("; ");
        let why = if gaps.is_empty() { "less was read than the portal has" } else { &gaps };
        return Err(Trouble::new(format!("the portal was not read completely, so there may be drift: {why}")));
    }
    if exit == Exit::Findings {
        let denied = planned.diagnostics.iter().filter(|finding| common.deny.denies(finding.severity));
        let count = denied.clone().count();
        let what = if planned.sound() { "the comparison has findings" } else { "the rosters have errors" };
        let first = denied.map(|finding| Finding::of(finding, &planned.rosters.sources)).next();
        return Err(first.map_or_else(|| Trouble::new(what), |first| findings(what, count, &first)));
    }
    let pairs = planned.pairs();
    let unreadable = pairs.flat_map(|(organisation, live)| {
        let one = |unread: &crate::live::Unread| -> (String, Option<Resource>, String) {
            (organisation.id.to_string(), unread.resource, unread.handle.to_string())
        };
        live.unread.iter().map(one)
    });
    let unreadable = unreadable.collect();
    Ok(Seen { differences: drift.differences, unreadable, complete: drift.complete })
}

/// Findings in a line: how many, and of the first the rule, where, and what is wrong. Sentences of rules may name people,
/// so that they stay here.
fn findings(what: &str, count: usize, first: &Finding) -> Trouble {
    let place = first.location.as_ref().map_or_else(String::new, |at| format!(" at {}:{}", at.path, at.line));
    let told = format!("{what} ({count}), first {}{place}", first.rule);
    Trouble { message: format!("{told}: {}", first.message.replace('\n', " ")), told }
}
