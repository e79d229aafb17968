//! The real database as an agent sees it: with faults on the way, and watched.
//!
//! What is noted stands between the effect of a call and the answer that may be lost, so that it is what the
//! database truly did. Deliberate breaks stand on either side of the real call, as a wrong database would.

mod events;
mod forward;
mod jobs;
mod media;

use std::sync::Arc;

use async_trait::async_trait;
use stillframe_database::{Database, DatabaseError, Result, SqliteDatabase, Topic};
use tokio::sync::watch;

use crate::agent::Agent;
use crate::breaks::Break;
use crate::world::World;

/// The database of one agent.
pub struct SimDatabase {
    agent: Arc<Agent>,
}

impl SimDatabase {
    /// The database as this agent sees it.
    pub fn new(agent: &Arc<Agent>) -> Self {
        Self { agent: Arc::clone(agent) }
    }

    fn world(&self) -> &World {
        &self.agent.world
    }

    fn real(&self) -> Arc<SqliteDatabase> {
        self.world().database()
    }

    /// Whether this is broken on purpose, and breaks now.
    fn breaks(&self, broken: Break) -> bool {
        self.world().broken == Some(broken)
    }

    /// A call, with what befalls it on its way there and back.
    async fn call<T>(&self, doing: &'static str, call: impl Future<Output = Result<T>> + Send) -> Result<T>
    where
        T: Send,
    {
        self.call_then(doing, call, |_| {}).await
    }

    /// As [`Self::call`], with what is to be noted of an effect.
    async fn call_then<T: Send>(
        &self,
        doing: &'static str,
        call: impl Future<Output = Result<T>> + Send,
        note: impl FnOnce(&T) + Send,
    ) -> Result<T> {
        let odds = self.world().plan.database;
        self.agent.before(doing, &odds).await.map_err(|_failed| unavailable(doing))?;
        let result = self.world().call(call);
        if let Ok(value) = &result {
            note(value);
        }
        self.world().pass_hints_on();
        self.agent.after(doing, &odds).await.map_err(|_failed| unavailable(doing))?;
        result
    }
}

#[async_trait]
impl Database for SimDatabase {
    fn subscribe(&self, topic: Topic) -> watch::Receiver<u64> {
        self.world().subscribe(topic)
    }

    async fn ping(&self) -> Result<()> {
        let real = self.real();
        self.call("ping", async { real.ping().await }).await
    }

    async fn close(&self) {
        // The machine closes it, when all of its agents are gone.
    }
}

fn unavailable(doing: &'static str) -> DatabaseError {
    DatabaseError::Unavailable { doing, source: "as the seed has it".into() }
}
