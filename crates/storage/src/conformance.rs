//! The contract of [`Storage`] as a suite that every backend passes.
//!
//! It writes below `conformance/` of the store that it is given and removes what it wrote.

use bytes::Bytes;
use futures::{StreamExt, TryStreamExt, future, stream};

use crate::{Chunks, ObjectFacts, ObjectKey, Storage, StorageError};

/// Where everything is written.
const FOLDER: &str = "conformance/";

/// Runs the whole contract over an empty store.
///
/// # Panics
/// Where the store breaks the contract.
pub async fn check(storage: &dyn Storage) {
    an_object_reads_back_whole_and_by_range(storage).await;
    an_empty_object_is_an_object(storage).await;
    what_is_not_there_is_not_found(storage).await;
    a_put_replaces_and_changes_the_validator(storage).await;
    readers_of_a_replaced_object_see_one_version(storage).await;
    streams_are_stored_up_to_their_limit(storage).await;
    a_broken_stream_leaves_nothing(storage).await;
    parts_are_composed_in_the_order_given(storage).await;
    a_composition_that_cannot_be_leaves_what_was(storage).await;
    concurrent_puts_leave_one_whole_object(storage).await;
    lists_are_sorted_and_by_folder(storage).await;
    pages_walk_the_whole_store(storage).await;
    deletes_can_be_repeated(storage).await;
    let left = storage.list(FOLDER).await.expect("list");
    for key in &left {
        storage.delete(key).await.expect("delete");
    }
    assert_eq!(storage.list(FOLDER).await.expect("list"), [], "the suite cleans up");
}

async fn an_object_reads_back_whole_and_by_range(storage: &dyn Storage) {
    let key = key("range");
    let content = pattern(700_001);
    let put = storage.put(&key, content.clone()).await.expect("put");
    let size = content.len() as u64;
    assert_eq!(put.size_bytes, size);
    assert!(put.etag.len() > 2 && put.etag.starts_with('"') && put.etag.ends_with('"'), "{}", put.etag);
    assert_eq!(storage.head(&key).await.expect("head"), put, "head tells what put told");
    let edges = [
        (0, size),
        (0, u64::MAX),
        (0, 1),
        (size - 1, size),
        (size - 1, size + 10),
        (262_143, 262_145),
        (1, 699_999),
        (5, 5),
        (size, size + 1),
        (size + 7, u64::MAX),
    ];
    for (from, to) in edges {
        let (facts, bytes) = read(storage, &key, from, to).await;
        let (start, end) = (from.min(size) as usize, to.min(size) as usize);
        assert_eq!(facts, put);
        assert!(bytes == content[start..end.max(start)], "range {from}..{to}");
    }
    let source = storage.open(&key).await.expect("open");
    assert_eq!((source.len(), source.validator()), (size, put.etag));
    let reads = tokio::task::spawn_blocking(move || {
        let mut buffer = [0; 100];
        [0, 350_000, size - 30, size, size + 5].map(|at| {
            let length = source.read_at(at, &mut buffer).expect("read");
            (at, buffer[..length].to_vec())
        })
    });
    for (at, bytes) in reads.await.expect("no panic") {
        let start = at.min(size) as usize;
        assert_eq!(bytes.is_empty(), size <= at, "only the end gives nothing");
        assert!(content[start..].starts_with(&bytes), "read at {at}");
    }
}

async fn an_empty_object_is_an_object(storage: &dyn Storage) {
    let key = key("empty");
    let put = storage.put(&key, Bytes::new()).await.expect("put");
    assert_eq!((put.size_bytes, storage.head(&key).await.expect("head")), (0, put.clone()));
    assert_eq!(read(storage, &key, 0, u64::MAX).await, (put, Vec::new()));
    assert!(storage.open(&key).await.expect("open").is_empty());
}

async fn what_is_not_there_is_not_found(storage: &dyn Storage) {
    storage.put(&key("there/is"), pattern(1)).await.expect("put");
    for name in ["none", "none/none", "there", "there/is/not"] {
        let key = key(name);
        let is_missing = |error: Option<StorageError>| matches!(error, Some(StorageError::NotFound { .. }));
        assert!(is_missing(storage.head(&key).await.err()), "head {name}");
        assert!(is_missing(storage.get(&key, 0, 1).await.err()), "get {name}");
        assert!(is_missing(storage.open(&key).await.err()), "open {name}");
        storage.delete(&key).await.expect("deleting what is not there is success");
    }
    storage.head(&key("there/is")).await.expect("and removes nothing else");
}

async fn a_put_replaces_and_changes_the_validator(storage: &dyn Storage) {
    let key = key("replaced");
    let mut etags = Vec::new();
    for round in 0..20_u8 {
        let content = Bytes::from(vec![round; 16]);
        etags.push(storage.put(&key, content.clone()).await.expect("put").etag);
        assert_eq!(read(storage, &key, 0, 99).await.1, content);
    }
    etags.sort_unstable();
    etags.dedup();
    assert_eq!(etags.len(), 20, "as long as before, at once, and yet told apart");
}

async fn readers_of_a_replaced_object_see_one_version(storage: &dyn Storage) {
    let key = key("version");
    let (old, new) = (Bytes::from(vec![1; 600_000]), Bytes::from(vec![2; 600_000]));
    storage.put(&key, old).await.expect("put");
    let (_, mut chunks) = storage.get(&key, 0, u64::MAX).await.expect("get");
    let mut seen = chunks.next().await.expect("a chunk").expect("bytes").to_vec();
    storage.put(&key, new).await.expect("put");
    // A store that cannot go on with the old version has to say so, not to mix.
    if let Ok(rest) = chunks.try_collect::<Vec<_>>().await {
        seen.extend(rest.concat());
        assert!(seen.len() == 600_000 && seen.iter().all(|&byte| byte == 1));
    }
}

async fn streams_are_stored_up_to_their_limit(storage: &dyn Storage) {
    let key = key("stream");
    let content = pattern(300_000);
    let put = storage.put_stream(&key, chunked(&content, 7_777), 300_000).await.expect("exactly the limit");
    assert_eq!(put.size_bytes, 300_000);
    assert!(read(storage, &key, 0, u64::MAX).await.1 == content);
    let refused = storage.put_stream(&key, chunked(&content, 7_777), 299_999).await;
    assert!(
        matches!(refused, Err(StorageError::TooLarge { size_bytes_max: 299_999, .. })),
        "one byte too many: {refused:?}"
    );
    assert_eq!(storage.head(&key).await.expect("head"), put, "what was there stays as it was");
    let none = storage.put_stream(&key, stream::empty().boxed(), 0).await.expect("nothing fits into nothing");
    assert_eq!(none.size_bytes, 0);
}

async fn a_broken_stream_leaves_nothing(storage: &dyn Storage) {
    let key = key("broken/stream");
    let broken = stream::iter([Ok(pattern(400_000)), Err(std::io::Error::other("connection reset"))]);
    let error = storage.put_stream(&key, broken.boxed(), u64::MAX).await.expect_err("it broke off");
    assert!(
        matches!(&error, StorageError::Content { source, .. } if source.to_string() == "connection reset")
    );
    assert!(matches!(storage.head(&key).await, Err(StorageError::NotFound { .. })));
    assert_eq!(storage.list(&format!("{FOLDER}broken/")).await.expect("list"), []);
}

async fn parts_are_composed_in_the_order_given(storage: &dyn Storage) {
    let content = pattern(900_000);
    let sizes = [300_001, 0, 5, 599_994];
    let (mut parts, mut from) = (Vec::new(), 0);
    for (n, size) in sizes.into_iter().enumerate() {
        // Names whose order is not that of the parts.
        let part = key(&format!("compose/{}", 9 - n));
        storage.put(&part, content.slice(from..from + size)).await.expect("put");
        parts.push(part);
        from += size;
    }
    let whole = key("composed");
    let put = storage.compose(&whole, &parts, 900_000).await.expect("compose");
    assert_eq!(storage.head(&whole).await.expect("head"), put);
    let (facts, bytes) = read(storage, &whole, 0, u64::MAX).await;
    assert!(facts.size_bytes == 900_000 && bytes == content);
    let twice = [parts[2].clone(), parts[2].clone()];
    let again = storage.compose(&whole, &twice, 10).await.expect("a part may stand twice");
    assert_eq!((again.size_bytes, again.etag != put.etag), (10, true), "a composition replaces");
    let own = storage.compose(&parts[2], &twice, 10).await.expect("a part may be replaced by the whole");
    assert_eq!(own.size_bytes, 10);
    for part in &parts {
        storage.head(part).await.expect("the parts stay");
    }
    assert_eq!(storage.compose(&whole, &[], 0).await.expect("of nothing").size_bytes, 0);
}

async fn a_composition_that_cannot_be_leaves_what_was(storage: &dyn Storage) {
    let (whole, part, none) = (key("kept/whole"), key("kept/part"), key("kept/none"));
    let put = storage.put(&whole, pattern(7)).await.expect("put");
    storage.put(&part, pattern(100)).await.expect("put");
    let missing = storage.compose(&whole, &[part.clone(), none.clone()], 1_000).await;
    assert!(matches!(&missing, Err(StorageError::NotFound { key }) if *key == none.to_string()));
    let large = storage.compose(&whole, &[part.clone(), part.clone()], 199).await;
    assert!(matches!(large, Err(StorageError::TooLarge { size_bytes_max: 199, .. })), "{large:?}");
    assert_eq!(storage.head(&whole).await.expect("head"), put, "what was there stays as it was");
    assert_eq!(storage.list(&format!("{FOLDER}kept/")).await.expect("list").len(), 2);
}

async fn concurrent_puts_leave_one_whole_object(storage: &dyn Storage) {
    let same = key("concurrent/same");
    let puts = (0..8_u8).map(|n| {
        let same = &same;
        async move {
            let own = key(&format!("concurrent/{n}/own"));
            storage.put(&own, pattern(10)).await.expect("put of another key");
            storage
                .put(same, Bytes::from(vec![n; 50_000 + usize::from(n)]))
                .await
                .expect("put of the same key")
        }
    });
    let facts = future::join_all(puts).await;
    let (winner, bytes) = read(storage, &same, 0, u64::MAX).await;
    assert!(facts.contains(&winner), "the object is one of those that were put");
    assert!(bytes.iter().all(|&byte| usize::from(byte) + 50_000 == bytes.len()), "and whole");
    let deletes = (0..8).map(|n| async move {
        // A folder may become empty while another put needs it.
        let (gone, kept) = (key(&format!("concurrent/{n}/own")), key(&format!("concurrent/{n}/new")));
        let (deleted, put) = future::join(storage.delete(&gone), storage.put(&kept, pattern(1))).await;
        deleted.and(put.map(drop)).expect("a put beside a delete");
        storage.head(&kept).await.expect("the put counts");
    });
    future::join_all(deletes).await;
}

async fn lists_are_sorted_and_by_folder(storage: &dyn Storage) {
    let names = ["list/b", "list/a/2", "list/a/1", "list/a.x", "list2/c", "list/ä"];
    for name in names {
        storage.put(&key(name), pattern(1)).await.expect("put");
    }
    let list = async |folder: &str| {
        let keys = storage.list(folder).await.expect("list");
        keys.iter().map(|key| key.as_str().replacen(FOLDER, "", 1)).collect::<Vec<_>>()
    };
    assert_eq!(list("conformance/list/").await, ["list/a.x", "list/a/1", "list/a/2", "list/b", "list/ä"]);
    assert_eq!(list("conformance/list/a/").await, ["list/a/1", "list/a/2"]);
    for folder in ["conformance/none/", "../", "/", "conformance/list/../list2/"] {
        assert_eq!(list(folder).await, [""; 0], "{folder}");
    }
    let all = storage.list("").await.expect("list");
    assert!(names.iter().all(|name| all.contains(&key(name))) && all.is_sorted());
}

async fn pages_walk_the_whole_store(storage: &dyn Storage) {
    for name in ["page/b", "page/a/2", "page/a/1", "page/a.x", "page/a/1/deep", "page-/c", "page2/d"] {
        // A file system cannot hold an object that is named like a folder.
        let _ = storage.put(&key(name), pattern(1)).await;
    }
    let all = storage.list("").await.expect("list");
    for limit in [1, 2, 3, 1_000] {
        let mut walked = Vec::new();
        loop {
            let page = storage.list_after(walked.last(), limit).await.expect("list");
            assert!(page.len() <= limit);
            let is_last = page.len() < limit;
            walked.extend(page);
            if is_last {
                break;
            }
        }
        assert_eq!(walked, all, "pages of {limit}");
    }
    let behind = storage.list_after(Some(&key("page/a/15")), 1).await.expect("list");
    assert_eq!(behind, [key("page/a/2")], "a page begins behind a key that is not there");
    assert_eq!(storage.list_after(None, 0).await.expect("list"), []);
}

async fn deletes_can_be_repeated(storage: &dyn Storage) {
    let key = key("deleted/one");
    storage.put(&key, pattern(3)).await.expect("put");
    let source = storage.open(&key).await.expect("open");
    storage.delete(&key).await.expect("delete");
    storage.delete(&key).await.expect("delete again");
    assert!(matches!(storage.head(&key).await, Err(StorageError::NotFound { .. })));
    assert_eq!(source.len(), 3, "an opened object keeps its facts");
    storage.put(&key, pattern(4)).await.expect("put after delete");
    assert_eq!(storage.head(&key).await.expect("head").size_bytes, 4);
}

fn key(name: &str) -> ObjectKey {
    ObjectKey::parse(&format!("{FOLDER}{name}")).expect("the suite's keys are valid")
}

/// Bytes that differ from place to place.
fn pattern(size: usize) -> Bytes {
    (0..size).map(|at| (at % 251) as u8).collect()
}

fn chunked(content: &Bytes, size: usize) -> Chunks {
    let chunks: Vec<_> = content.chunks(size).map(|chunk| Ok(Bytes::copy_from_slice(chunk))).collect();
    stream::iter(chunks).boxed()
}

async fn read(storage: &dyn Storage, key: &ObjectKey, from: u64, to: u64) -> (ObjectFacts, Vec<u8>) {
    let (facts, chunks) = storage.get(key, from, to).await.expect("get");
    let chunks: Vec<Bytes> = chunks.try_collect().await.expect("chunks");
    (facts, chunks.concat())
}
