//! The real store as an agent sees it: with faults on the way, torn writes, and the machine's clock.

use std::io;
use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use futures::{StreamExt, TryStreamExt, stream};
use stillframe_domain::ByteSource;
use stillframe_storage::{Chunks, LocalStorage, ObjectFacts, ObjectKey, Storage, StorageError};

use crate::agent::Agent;
use crate::breaks::Break;
use crate::world::World;

/// The store of one agent.
pub struct SimStorage {
    agent: Arc<Agent>,
}

impl SimStorage {
    /// The store as this agent sees it.
    pub fn new(agent: &Arc<Agent>) -> Self {
        Self { agent: Arc::clone(agent) }
    }

    fn world(&self) -> &World {
        &self.agent.world
    }

    fn real(&self) -> Arc<LocalStorage> {
        self.world().storage()
    }

    fn breaks(&self, broken: Break) -> bool {
        self.world().broken == Some(broken)
    }

    async fn call<T: Send>(
        &self,
        doing: &'static str,
        key: &str,
        call: impl Future<Output = Result<T, StorageError>> + Send,
    ) -> Result<T, StorageError> {
        let odds = self.world().plan.storage;
        let failed = || StorageError::Backend {
            doing,
            key: key.to_owned(),
            source: io::Error::other("as the seed has it"),
        };
        let what = format!("{doing} {key}");
        self.agent.before(&what, &odds).await.map_err(|_failed| failed())?;
        let result = self.world().call(call);
        self.agent.after(&what, &odds).await.map_err(|_failed| failed())?;
        result
    }

    /// A write, in the middle of which power may fail.
    async fn write<T: Send>(
        &self,
        key: &ObjectKey,
        call: impl Future<Output = Result<T, StorageError>> + Send,
    ) -> Result<T, StorageError> {
        if self.agent.is_alive() && self.agent.goes_wrong(self.world().plan.torn) {
            self.tear(key);
            self.agent.die().await;
        }
        let world = self.world();
        let noted = async {
            let result = call.await;
            if result.is_ok() {
                world.note_put(key.as_str());
            }
            result
        };
        self.call("put", key.as_str(), noted).await
    }

    /// Leaves what a put leaves that ends in its middle: a part of its bytes in the folder of puts.
    fn tear(&self, key: &ObjectKey) {
        let folder = self.world().dir.join("objects").join(".incoming\\");
        self.world().trace.step(&format!("tears {key}"));
        std::fs::write(folder.join("1-torn"), b"half").expect("the folder of puts is there");
    }

    /// Facts with the machine's time in the place of the file system's.
    fn dated(&self, key: &ObjectKey, facts: ObjectFacts) -> ObjectFacts {
        let put_at = self.world().put_at(key.as_str()).filter(|_| !self.breaks(Break::CleanYoung));
        ObjectFacts { modified_ms: put_at.map_or(0, |at| at.as_millis()), ..facts }
    }

    /// Stores an object some time after it was said to be stored.
    fn store_later(&self, key: &ObjectKey, content: &Bytes) -> ObjectFacts {
        let (agent, key, content) = (Arc::clone(&self.agent), key.clone(), content.clone());
        let size_bytes = content.len() as u64;
        tokio::spawn(async move {
            agent.world.pass(agent.world.faults.ms(500, 5_000)).await;
            if agent.is_alive() {
                agent.world.note_put(key.as_str());
                // Whether it could be stored, nobody is told.
                let _ = agent.world.call(agent.world.storage().put(&key, content));
            }
        });
        ObjectFacts { size_bytes, etag: "\"later\"".to_owned(), modified_ms: 0 }
    }
}

#[async_trait]
impl Storage for SimStorage {
    async fn put(&self, key: &ObjectKey, content: Bytes) -> Result<ObjectFacts, StorageError> {
        if self.breaks(Break::ReportBeforeStored) {
            return Ok(self.store_later(key, &content));
        }
        let is_torn = self.breaks(Break::KeepTornObject) && self.world().faults.is(200);
        let content = if is_torn { content.slice(..content.len() / 2) } else { content };
        let real = self.real();
        self.write(key, async { real.put(key, content).await }).await.map(|facts| self.dated(key, facts))
    }

    async fn put_stream(
        &self,
        key: &ObjectKey,
        content: Chunks,
        size_bytes_max: u64,
    ) -> Result<ObjectFacts, StorageError> {
        // Taken in first: what the stream waits for is within the simulated time.
        let chunks: Vec<io::Result<Bytes>> = content.collect().await;
        let real = self.real();
        let call = async { real.put_stream(key, stream::iter(chunks).boxed(), size_bytes_max).await };
        self.write(key, call).await.map(|facts| self.dated(key, facts))
    }

    async fn compose(
        &self,
        key: &ObjectKey,
        parts: &[ObjectKey],
        size_bytes_max: u64,
    ) -> Result<ObjectFacts, StorageError> {
        let real = self.real();
        let call = async { real.compose(key, parts, size_bytes_max).await };
        self.write(key, call).await.map(|facts| self.dated(key, facts))
    }

    async fn head(&self, key: &ObjectKey) -> Result<ObjectFacts, StorageError> {
        let real = self.real();
        let facts = self.call("head", key.as_str(), async { real.head(key).await }).await?;
        Ok(self.dated(key, facts))
    }

    async fn get(&self, key: &ObjectKey, from: u64, to: u64) -> Result<(ObjectFacts, Chunks), StorageError> {
        let real = self.real();
        let call = async {
            let (facts, chunks) = real.get(key, from, to).await?;
            let chunks: Vec<_> = chunks.collect().await;
            Ok((facts, chunks))
        };
        let (facts, chunks) = self.call("get", key.as_str(), call).await?;
        Ok((self.dated(key, facts), stream::iter(chunks).boxed()))
    }

    async fn delete(&self, key: &ObjectKey) -> Result<(), StorageError> {
        let real = self.real();
        let is_kept = self.breaks(Break::KeepRemoved);
        let call = async { if is_kept { Ok(()) } else { real.delete(key).await } };
        self.call("delete", key.as_str(), call).await
    }

    async fn list(&self, prefix: &str) -> Result<Vec<ObjectKey>, StorageError> {
        let real = self.real();
        self.call("list", prefix, async { real.list(prefix).await }).await
    }

    async fn list_after(
        &self,
        after: Option<&ObjectKey>,
        limit: usize,
    ) -> Result<Vec<ObjectKey>, StorageError> {
        let real = self.real();
        self.call("list_after", "", async { real.list_after(after, limit).await }).await
    }

    async fn open(&self, key: &ObjectKey) -> Result<Arc<dyn ByteSource>, StorageError> {
        let real = self.real();
        self.call("open", key.as_str(), async { real.open(key).await }).await
    }
}

/// All bytes of an object, for those who look at the disk.
pub fn read_whole(world: &World, key: &ObjectKey) -> Option<Vec<u8>> {
    let storage = world.storage();
    world.call(async {
        let (_, chunks) = storage.get(key, 0, u64::MAX).await.ok()?;
        let chunks: Vec<Bytes> = chunks.try_collect().await.ok()?;
        Some(chunks.concat())
    })
}
