//! The local store keeps the contract, and what only a directory can break.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

use bytes::Bytes;
use futures::StreamExt;
use stillframe_storage::{LocalStorage, ObjectKey, Storage, StorageError, conformance};

fn key(text: &str) -> ObjectKey {
    ObjectKey::parse(text).expect("a key")
}

/// Every file below a directory except the lock, relative to it.
fn files(directory: &Path) -> Vec<String> {
    let mut found = Vec::new();
    let mut pending = vec![directory.to_owned()];
    while let Some(folder) = pending.pop() {
        for entry in fs::read_dir(folder).expect("readable") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                pending.push(path);
            } else if path.file_name() != Some("lock".as_ref()) {
                found.push(path.strip_prefix(directory).expect("below").display().to_string());
            }
        }
    }
    found.sort();
    found
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_contract_is_kept() {
    let directory = tempfile::tempdir().expect("a directory");
    let storage = LocalStorage::open(directory.path().join("made/when/missing")).await.expect("open");
    conformance::check(&storage).await;
    assert_eq!(files(directory.path()), [""; 0], "not even a temporary file is left");
    let root = directory.path().join("made/when/missing");
    assert_eq!(fs::read_dir(root).expect("readable").count(), 1, "nor an empty folder");
}

#[tokio::test]
async fn objects_are_files_of_the_same_name_and_survive_reopening() {
    let directory = tempfile::tempdir().expect("a directory");
    let storage = LocalStorage::open(directory.path()).await.expect("open");
    let put = storage.put(&key("a/b.jpg"), Bytes::from_static(b"picture")).await.expect("put");
    assert_eq!(fs::read(directory.path().join("a/b.jpg")).expect("a file"), b"picture");
    drop(storage);
    let storage = LocalStorage::open(directory.path()).await.expect("open again");
    assert_eq!(storage.head(&key("a/b.jpg")).await.expect("head"), put);
}

#[tokio::test]
async fn leftovers_of_a_killed_process_are_removed_but_not_those_of_a_living_one() {
    let directory = tempfile::tempdir().expect("a directory");
    let storage = LocalStorage::open(directory.path()).await.expect("open");
    let (sender, receiver) = tokio::sync::oneshot::channel::<()>();
    let waiting = futures::stream::once(async move {
        receiver.await.expect("the test goes on");
        Ok(Bytes::from_static(b"late"))
    });
    let slow = {
        let storage = storage.clone();
        tokio::spawn(async move { storage.put_stream(&key("slow"), waiting.boxed(), 100).await })
    };
    while files(directory.path()).is_empty() {
        tokio::task::yield_now().await;
    }
    let incoming = directory.path().join(".incoming\\");
    fs::write(incoming.join("1-1"), b"half").expect("a leftover");
    let other = LocalStorage::open(directory.path()).await.expect("open beside");
    assert_eq!(files(directory.path()).len(), 2, "one of them may be in use");
    sender.send(()).expect("the put waits");
    slow.await.expect("no panic").expect("put");
    drop((storage, other));
    LocalStorage::open(directory.path()).await.expect("open alone");
    assert_eq!(files(directory.path()), ["slow"]);
}

#[tokio::test]
async fn a_dropped_put_leaves_nothing() {
    let directory = tempfile::tempdir().expect("a directory");
    let storage = LocalStorage::open(directory.path()).await.expect("open");
    let endless = futures::stream::iter([Ok(Bytes::from_static(b"begun"))]).chain(futures::stream::pending());
    let begun = {
        let storage = storage.clone();
        tokio::spawn(async move { storage.put_stream(&key("never"), endless.boxed(), 100).await })
    };
    while files(directory.path()).is_empty() {
        tokio::task::yield_now().await;
    }
    begun.abort();
    assert!(begun.await.is_err_and(|error| error.is_cancelled()));
    // A write that had begun on the blocking threads ends on its own.
    while !files(directory.path()).is_empty() {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn links_out_of_the_root_are_not_followed() {
    let outside = tempfile::tempdir().expect("a directory");
    fs::write(outside.path().join("secret"), b"secret").expect("a file");
    let directory = tempfile::tempdir().expect("a directory");
    let storage = LocalStorage::open(directory.path()).await.expect("open");
    symlink(outside.path(), directory.path().join("folder")).expect("a link");
    symlink(outside.path().join("secret"), directory.path().join("file")).expect("a link");
    for name in ["folder/secret", "file"] {
        let missing = storage.head(&key(name)).await;
        assert!(matches!(missing, Err(StorageError::NotFound { .. })), "{name}: {missing:?}");
        assert!(storage.open(&key(name)).await.is_err());
    }
    assert!(storage.put(&key("folder/new"), Bytes::new()).await.is_err());
    storage.put(&key("file"), Bytes::from_static(b"own")).await.expect("replaces the link itself");
    storage.delete(&key("folder/secret")).await.expect("nothing of ours is there");
    assert_eq!(storage.list("").await.expect("list"), [key("file")]);
    assert_eq!(fs::read(outside.path().join("secret")).expect("untouched"), b"secret");
}

#[tokio::test]
async fn a_folder_in_the_way_is_an_error_and_leaves_nothing() {
    let directory = tempfile::tempdir().expect("a directory");
    let storage = LocalStorage::open(directory.path()).await.expect("open");
    storage.put(&key("a/b"), Bytes::new()).await.expect("put");
    for name in ["a", "a/b/c"] {
        let refused = storage.put(&key(name), Bytes::new()).await;
        assert!(matches!(refused, Err(StorageError::Backend { .. })), "{name}: {refused:?}");
    }
    assert_eq!(files(directory.path()), ["a/b"]);
}

#[tokio::test]
async fn a_root_that_is_no_directory_or_vanished_is_a_backend_error() {
    let directory = tempfile::tempdir().expect("a directory");
    let file = directory.path().join("file");
    fs::write(&file, b"").expect("a file");
    assert!(matches!(LocalStorage::open(&file).await, Err(StorageError::Backend { doing: "open", .. })));
    let root = directory.path().join("root");
    let storage = LocalStorage::open(&root).await.expect("open");
    fs::remove_dir_all(&root).expect("removed");
    let refused = storage.put(&key("a"), Bytes::new()).await;
    assert!(matches!(refused, Err(StorageError::Backend { doing: "write", .. })), "{refused:?}");
}
