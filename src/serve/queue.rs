//! One writer for all who write: what waits together is done in one transaction and settles on the disk once.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::JoinHandle;

use tokio::sync::oneshot;

use super::problem::Problem;
use crate::live::Embedded;
use crate::live::embedded::Job;

/// How many requests share a transaction at most.
const TOGETHER: usize = 256;

type Outcome<R> = Result<R, Problem>;

struct Ticket<R> {
    job: Job<Outcome<R>>,
    answer: oneshot::Sender<Outcome<R>>,
}

/// The way to the writer; it ends when nobody has one any more.
pub struct Queue<R> {
    tickets: Sender<Ticket<R>>,
}

impl<R> Clone for Queue<R> {
    fn clone(&self) -> Queue<R> {
        Queue { tickets: self.tickets.clone() }
    }
}

impl<R: Send + 'static> Queue<R> {
    /// Starts a writer.
    pub fn start(portal: Arc<Embedded>) -> std::io::Result<(Queue<R>, JoinHandle<()>)> {
        let (tickets, waiting) = channel();
        let writer = std::thread::Builder::new().name("writer".to_owned());
        let writer = writer.spawn(move || write(&portal, &waiting))?;
        Ok((Queue { tickets }, writer))
    }

    /// Does a piece of work when it is its turn; what it says counts once it is on the disk.
    pub async fn wait(&self, job: Job<Outcome<R>>) -> Outcome<R> {
        let (answer, result) = oneshot::channel();
        let gone = || Problem::new(503, "the server is shutting down; try again");
        self.tickets.send(Ticket { job, answer }).map_err(|_| gone())?;
        result.await.unwrap_or_else(|_| Err(gone()))
    }
}

fn write<R>(portal: &Embedded, waiting: &Receiver<Ticket<R>>) {
    while let Ok(first) = waiting.recv() {
        let tickets = std::iter::once(first).chain(waiting.try_iter().take(TOGETHER - 1));
        let (jobs, answers): (Vec<_>, Vec<_>) = tickets.map(|ticket| (ticket.job, ticket.answer)).unzip();
        // A fault in one request must not leave all later ones without a writer. Nothing of its transaction is done.
        let done = catch_unwind(AssertUnwindSafe(|| portal.together(jobs)));
        let problem = match done {
            Ok(Ok(results)) => {
                // Whoever does not wait any more has hung up.
                answers.into_iter().zip(results).for_each(|(answer, result)| drop(answer.send(result)));
                continue;
            }
            Ok(Err(error)) => Problem::from(error),
            Err(_) => Problem::new(500, "the server has a fault; nothing was done"),
        };
        answers.into_iter().for_each(|answer| drop(answer.send(Err(problem.clone()))));
    }
}
