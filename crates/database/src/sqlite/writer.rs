//! The one writer: group commit.
//!
//! A flush to the disk costs far more than most writes, so writes that wait while one is flushed share
//! the next transaction. Each has a savepoint of its own: one that fails takes nothing of the others
//! along. Nobody is answered before the transaction is durable, and a write that was begun is carried
//! through even when its caller has gone away.

use std::collections::HashMap;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use sqlx::{Sqlite, SqliteConnection, SqlitePool, Transaction};
use stillframe_domain::{Clock, QueueId, Rng, Timestamp};
use tokio::sync::{mpsc, oneshot, watch};

use super::error::{at, unavailable};
use crate::Result;
use crate::traits::Topic;

/// Most writes of one transaction.
const BATCH_MAX: usize = 64;
/// What the marks between the writes of a batch are called in errors.
const SAVEPOINT: &str = "writer::savepoint";
/// Most writes that wait; more wait for their place.
const QUEUE_MAX: usize = 1_024;

/// What a step returns.
pub(super) type Stepping<'t, T> = Pin<Box<dyn Future<Output = Result<T>> + Send + 't>>;
/// One atomic write.
pub(super) type Step<T> = Box<dyn for<'t> FnOnce(&'t mut Tx) -> Stepping<'t, T> + Send>;

/// The transaction of a write.
pub(super) struct Tx {
    transaction: Transaction<'static, Sqlite>,
    hints: Hints,
    /// When it began; the same for all that it writes.
    pub(super) now: Timestamp,
    /// For lease tokens and receipt handles.
    pub(super) rng: Arc<dyn Rng>,
}

impl Tx {
    /// Where statements run.
    pub(super) fn connection(&mut self) -> &mut SqliteConnection {
        &mut self.transaction
    }

    /// When the transaction began, as it is stored.
    pub(super) fn now_ms(&self) -> i64 {
        self.now.as_millis()
    }

    /// Has subscribers told after the commit.
    pub(super) fn hint(&mut self, topic: Topic) {
        self.hints.topics[topic as usize] = true;
    }

    /// Has those told after the commit who wait for a message of this queue.
    pub(super) fn hint_messages(&mut self, id: QueueId) {
        self.hints.queues.push(id);
    }

    async fn execute(&mut self, doing: &'static str, statement: &'static str) -> Result<()> {
        sqlx::query(statement).execute(self.connection()).await.map_err(at(doing))?;
        Ok(())
    }
}

/// Topics and message queues that a transaction touched.
#[derive(Debug, Clone, Default)]
struct Hints {
    topics: [bool; 3],
    queues: Vec<QueueId>,
}

/// Where subscribers of hints listen.
#[derive(Debug, Default)]
pub(super) struct HintSenders {
    topics: [watch::Sender<u64>; 3],
    /// A counter for each queue that somebody waits for, so that a message wakes nobody else.
    queues: Mutex<HashMap<QueueId, watch::Sender<u64>>>,
}

impl HintSenders {
    /// The counter of a topic.
    pub(super) fn of(&self, topic: Topic) -> &watch::Sender<u64> {
        &self.topics[topic as usize]
    }

    /// The counter of a queue.
    pub(super) fn subscribe_messages(&self, id: QueueId) -> watch::Receiver<u64> {
        let mut queues = self.queues();
        queues.retain(|_, sender| 0 < sender.receiver_count());
        queues.entry(id).or_default().subscribe()
    }

    fn queues(&self) -> MutexGuard<'_, HashMap<QueueId, watch::Sender<u64>>> {
        // Nothing that is done under the lock leaves the map half changed.
        self.queues.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn send(&self, hints: &Hints) {
        let grow = |sender: &watch::Sender<u64>| sender.send_modify(|count| *count = count.wrapping_add(1));
        for (sender, is_hinted) in self.topics.iter().zip(hints.topics) {
            if is_hinted {
                grow(sender);
            }
        }
        if !hints.queues.is_empty() {
            let queues = self.queues();
            hints.queues.iter().filter_map(|id| queues.get(id)).for_each(grow);
        }
    }
}

/// Hands writes to the task that commits them.
pub(super) struct Writer {
    queue: mpsc::Sender<Message>,
}

enum Message {
    Write(Box<dyn Operation>),
    /// The last message: answered when everything before it is done and the connection is closed.
    Close(oneshot::Sender<()>),
}

impl Writer {
    /// Starts the task.
    pub(super) fn start(
        pool: SqlitePool,
        clock: Arc<dyn Clock>,
        rng: Arc<dyn Rng>,
        hints: Arc<HintSenders>,
    ) -> Self {
        let (queue, messages) = mpsc::channel(QUEUE_MAX);
        let committer = Committer { pool, clock, rng, hints };
        tokio::spawn(committer.run(messages));
        Self { queue }
    }

    /// Carries a step through and answers when it is durable.
    pub(super) async fn run<T: Send + 'static>(&self, doing: &'static str, step: Step<T>) -> Result<T> {
        let (reply, answer) = oneshot::channel();
        let queued = Queued { doing, step: Some(step), result: None, reply };
        let is_taken = self.queue.send(Message::Write(Box::new(queued))).await.is_ok();
        match answer.await {
            Ok(result) if is_taken => result,
            _ => Err(unavailable(doing, "the database is closed")),
        }
    }

    /// Waits for everything that was handed over, then ends the task.
    pub(super) async fn close(&self) {
        let (reply, closed) = oneshot::channel();
        if self.queue.send(Message::Close(reply)).await.is_ok() {
            // An error means that the task has ended, which is what was wanted.
            let _ = closed.await;
        }
    }
}

/// A write without its type.
trait Operation: Send {
    /// Runs it within the transaction; says whether it succeeded.
    fn run<'t>(&'t mut self, tx: &'t mut Tx) -> Pin<Box<dyn Future<Output = bool> + Send + 't>>;
    /// Tells its caller; `failure` says why the transaction did not come about.
    fn answer(self: Box<Self>, failure: Option<&str>);
}

struct Queued<T> {
    doing: &'static str,
    step: Option<Step<T>>,
    result: Option<Result<T>>,
    reply: oneshot::Sender<Result<T>>,
}

impl<T: Send> Operation for Queued<T> {
    fn run<'t>(&'t mut self, tx: &'t mut Tx) -> Pin<Box<dyn Future<Output = bool> + Send + 't>> {
        let step = self.step.take().expect("each write is run once");
        Box::pin(async move {
            let result = step(tx).await;
            let is_success = result.is_ok();
            self.result = Some(result);
            is_success
        })
    }

    fn answer(self: Box<Self>, failure: Option<&str>) {
        let result = match (self.result, failure) {
            (Some(Err(error)), _) => Err(error),
            (Some(Ok(value)), None) => Ok(value),
            (_, failure) => Err(unavailable(self.doing, failure.unwrap_or("the write was not run"))),
        };
        // A caller that has gone away learns the outcome from the database.
        let _ = self.reply.send(result);
    }
}

struct Committer {
    pool: SqlitePool,
    clock: Arc<dyn Clock>,
    rng: Arc<dyn Rng>,
    hints: Arc<HintSenders>,
}

impl Committer {
    async fn run(self, mut messages: mpsc::Receiver<Message>) {
        let mut received = Vec::with_capacity(BATCH_MAX);
        while 0 < messages.recv_many(&mut received, BATCH_MAX).await {
            let mut batch = Vec::with_capacity(received.len());
            let mut closing = None;
            for message in received.drain(..) {
                match message {
                    Message::Write(operation) => batch.push(operation),
                    Message::Close(reply) => closing = Some(reply),
                }
            }
            if !batch.is_empty() {
                self.commit(batch).await;
            }
            if let Some(reply) = closing {
                self.pool.close().await;
                // Whoever asked may have stopped waiting.
                let _ = reply.send(());
                return;
            }
        }
    }

    /// Runs a batch in one transaction and answers each caller.
    async fn commit(&self, mut batch: Vec<Box<dyn Operation>>) {
        let failure = match self.run_batch(&mut batch).await {
            Ok(hints) => {
                self.hints.send(&hints);
                None
            }
            Err(error) => Some(chain(&error)),
        };
        for operation in batch {
            operation.answer(failure.as_deref());
        }
    }

    async fn begin(&self) -> sqlx::Result<Transaction<'static, Sqlite>> {
        self.pool.begin_with("BEGIN IMMEDIATE").await
    }

    /// Closes the connection, so that the next transaction has a new one. SQLite ends a transaction by itself
    /// when the disk is full or fails; the driver does not notice, and would refuse to begin another for
    /// ever.
    ///
    /// Source: <https://www.sqlite.org/lang_transaction.html>, 3, "Response To Errors Within A Transaction"
    /// (read 2026-11-27).
    async fn renew(&self) {
        if let Ok(connection) = self.pool.acquire().await {
            // What cannot be closed in good order is gone all the same.
            let _ = connection.close().await;
        }
    }

    async fn run_batch(&self, batch: &mut [Box<dyn Operation>]) -> Result<Hints> {
        const BEGIN: &str = "writer::begin";
        const COMMIT: &str = "writer::commit";
        let transaction = match self.begin().await {
            Ok(transaction) => transaction,
            Err(_) => {
                self.renew().await;
                self.begin().await.map_err(at(BEGIN))?
            }
        };
        let mut tx =
            Tx { transaction, hints: Hints::default(), now: self.clock.now(), rng: Arc::clone(&self.rng) };
        if let [alone] = batch {
            let is_success = alone.run(&mut tx).await;
            if !is_success {
                tx.transaction.rollback().await.map_err(at("writer::rollback"))?;
                return Ok(Hints::default());
            }
        } else {
            tx.execute(SAVEPOINT, "SAVEPOINT operation").await?;
            for operation in batch {
                run_among_others(operation.as_mut(), &mut tx).await?;
            }
        }
        tx.transaction.commit().await.map_err(at(COMMIT))?;
        Ok(tx.hints)
    }
}

/// Runs a write of a batch, which begins at a savepoint, and sets the next one's; fails only when the whole
/// transaction is lost.
///
/// The two statements in between are sent as one: of such short ones, handing them to the connection's thread is
/// the larger part of what they cost.
async fn run_among_others(operation: &mut dyn Operation, tx: &mut Tx) -> Result<()> {
    let hints = tx.hints.clone();
    if operation.run(tx).await {
        tx.execute(SAVEPOINT, "RELEASE operation; SAVEPOINT operation").await
    } else {
        tx.hints = hints;
        // The savepoint stays, for the next one.
        tx.execute(SAVEPOINT, "ROLLBACK TO operation").await
    }
}

/// An error with its causes as one text, for those who share its failure.
fn chain(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(Some(error), |&error| error.source());
    causes.map(ToString::to_string).collect::<Vec<_>>().join(": ")
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use stillframe_domain::{OsRng, SystemClock};

    use super::{at, unavailable};
    use crate::{Database as _, SqliteConfig, SqliteDatabase};

    #[tokio::test]
    async fn a_transaction_that_sqlite_ended_by_itself_does_not_end_the_writer() {
        const DOING: &str = "tests::full";
        let dir = tempfile::tempdir().unwrap();
        let config = SqliteConfig::new(dir.path().join("full.db"), Arc::new(SystemClock), Arc::new(OsRng));
        let database = SqliteDatabase::open(config).await.unwrap();
        let lost = database.write(DOING, |tx| {
            Box::pin(async {
                // What a full disk does.
                sqlx::query("ROLLBACK").execute(tx.connection()).await.map_err(at(DOING))?;
                Err::<(), _>(unavailable(DOING, "the disk is full"))
            })
        });
        lost.await.unwrap_err();
        database.ping().await.expect("the next write has a connection");
    }
}
