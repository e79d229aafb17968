//! Apps, keys, nonces.

use std::sync::Arc;

use stillframe_domain::{AccessKey, AppId, AppSettings, OsRng, PullMode};

use super::{SHORT, Subject};
use crate::DatabaseError;

pub(super) async fn run(make: &impl AsyncFn() -> Subject) {
    apps_are_numbered_from_1_and_keep_their_settings(make().await).await;
    keys_are_found_by_anyone_but_listed_and_deleted_by_their_app(make().await).await;
    a_nonce_is_new_once_per_scope_until_its_time_is_over(make().await).await;
    writes_that_fail_or_whose_caller_goes_away_harm_no_others(make().await).await;
}

async fn apps_are_numbered_from_1_and_keep_their_settings(s: Subject) {
    let settings = AppSettings {
        media_base_url: Some("https://cdn.example.org/%7Ex".to_owned()),
        automatic_covers: false,
        tencent_mode: PullMode::Pull,
        ..AppSettings::default()
    };
    let first = s.database.insert_app("first", &settings).await.expect("insert");
    let second = s.database.insert_app("second", &AppSettings::default()).await.expect("insert");
    assert_eq!((first.id, second.id), (AppId(1), AppId(2)));
    assert_eq!(s.database.find_app(first.id).await.expect("find"), Some(first.clone()));
    assert_eq!(first.settings, settings);
    assert!(s.database.update_app_settings(second.id, &settings).await.expect("update"));
    let second = s.database.find_app(second.id).await.expect("find").expect("is there");
    assert_eq!((second.name.as_str(), &second.settings), ("second", &settings));
    assert_eq!(s.database.list_apps().await.expect("list"), [first, second]);
    assert!(!s.database.update_app_settings(AppId(3), &settings).await.expect("update"));
    assert_eq!(s.database.find_app(AppId(3)).await.expect("find"), None);
}

async fn keys_are_found_by_anyone_but_listed_and_deleted_by_their_app(s: Subject) {
    let (own, other) = (s.app().await.id, s.app().await.id);
    let keys = [AccessKey::mint(own, &OsRng), AccessKey::mint(own, &OsRng), AccessKey::mint(other, &OsRng)];
    for key in &keys {
        s.database.insert_key(key).await.expect("insert");
        assert_eq!(s.database.find_key(&key.key_id).await.expect("find").as_ref(), Some(key));
        let app = s.database.find_app(key.app_id).await.expect("find").expect("is there");
        assert_eq!(s.database.find_caller(&key.key_id).await.expect("find"), Some((key.clone(), app)));
    }
    let taken = AccessKey { app_id: other, ..keys[0].clone() };
    let conflict = s.database.insert_key(&taken).await;
    assert!(matches!(conflict, Err(DatabaseError::Conflict { .. })), "{conflict:?}");
    assert_eq!(s.database.list_keys(own).await.expect("list"), keys[..2]);
    assert!(!s.database.delete_key(other, &keys[0].key_id).await.expect("delete"), "of another app");
    assert!(s.database.delete_key(own, &keys[0].key_id).await.expect("delete"));
    assert!(!s.database.delete_key(own, &keys[0].key_id).await.expect("delete"), "gone already");
    assert_eq!(s.database.find_key(&keys[0].key_id).await.expect("find"), None);
    assert_eq!(s.database.find_caller(&keys[0].key_id).await.expect("find"), None);
    assert_eq!(s.database.list_keys(own).await.expect("list"), keys[1..2]);
}

async fn a_nonce_is_new_once_per_scope_until_its_time_is_over(s: Subject) {
    let remember = async |scope: &str, nonce: &str| {
        s.database.remember_nonce(scope, nonce, SHORT).await.expect("remember")
    };
    assert!(remember("a", "1").await);
    assert!(!remember("a", "1").await);
    assert!(remember("b", "1").await && remember("a", "2").await);
    s.wait(SHORT).await;
    assert!(remember("a", "1").await, "forgotten");
    assert!(!remember("a", "1").await);
}

async fn writes_that_fail_or_whose_caller_goes_away_harm_no_others(s: Subject) {
    let app = s.app().await.id;
    let taken = AccessKey::mint(app, &OsRng);
    s.database.insert_key(&taken).await.expect("insert");
    let writes: Vec<_> = (0..60)
        .map(|n| {
            let (database, mut key) = (Arc::clone(&s.database), AccessKey::mint(app, &OsRng));
            if n % 3 == 1 {
                key.key_id.clone_from(&taken.key_id);
            }
            let id = key.key_id.clone();
            (n % 3, id, tokio::spawn(async move { database.insert_key(&key).await }))
        })
        .collect();
    for (kind, id, write) in writes {
        match kind {
            0 => write.await.expect("no panic").expect("insert"),
            1 => {
                let conflict = write.await.expect("no panic");
                assert!(matches!(conflict, Err(DatabaseError::Conflict { .. })), "{conflict:?}");
            }
            _ => {
                write.abort();
                // Gone away before or after: either way the others were not held up.
                let _ = write.await;
                continue;
            }
        }
        assert!(s.database.find_key(&id).await.expect("find").is_some());
    }
    assert_eq!(s.database.find_key(&taken.key_id).await.expect("find"), Some(taken));
    s.database.ping().await.expect("ping");
}
