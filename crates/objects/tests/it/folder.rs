//! The embedded store's folder, which processes share and may die over.

use std::fs;
use std::path::PathBuf;

use futures::future::join_all;

use crate::test_store::embedded;

#[tokio::test]
async fn processes_share_a_folder() {
    let dir = tempfile::tempdir().unwrap();
    // Each has a server, credentials and temporary names of its own, as processes have.
    let stores: Vec<_> = (0..4).map(|_| embedded(dir.path())).collect();
    let writes = (0..200).map(|n| {
        let store = &stores[n % 4];
        async move {
            let key = format!("ai/{}.json", n / 4);
            store
                .put_if_absent(&key, format!("{n}"), "application/json")
                .await
                .unwrap()
        }
    });
    let won = join_all(writes)
        .await
        .into_iter()
        .filter(|won| *won)
        .count();
    assert_eq!(won, 50);
    for n in 0..50 {
        let key = format!("ai/{n}.json");
        let seen = join_all(stores.iter().map(|store| store.get(&key))).await;
        let first = seen[0].clone().unwrap().unwrap();
        assert!(
            seen.iter()
                .all(|other| other.as_ref().unwrap().as_ref() == Some(&first))
        );
    }
}

#[tokio::test]
async fn reader_sees_one_version_whole() {
    let dir = tempfile::tempdir().unwrap();
    let (writer, reader) = (embedded(dir.path()), embedded(dir.path()));
    let version = |n: u8| {
        (
            vec![n; 50_000 + usize::from(n) * 1_000],
            format!("audio/x-{n}"),
        )
    };
    let (bytes, kind) = version(0);
    writer.put("audio/a", bytes, &kind).await.unwrap();
    let writing = tokio::spawn(async move {
        for n in 1..60 {
            let (bytes, kind) = version(n);
            writer.put("audio/a", bytes, &kind).await.unwrap();
        }
    });
    while !writing.is_finished() {
        let seen = reader.get("audio/a").await.unwrap().unwrap();
        let (bytes, kind) = version(seen.bytes[0]);
        assert_eq!((seen.bytes.len(), seen.content_type), (bytes.len(), kind));
    }
    writing.await.unwrap();
}

/// A process that dies while it writes leaves an unfinished file; one whose end was cut off is no object.
#[tokio::test]
async fn what_a_dead_process_left_is_no_object() {
    let dir = tempfile::tempdir().unwrap();
    let store = embedded(dir.path());
    store
        .put("audio/a.wav", "sound", "audio/wav")
        .await
        .unwrap();
    let file = dir.path().join("trunkline/audio/a.wav");
    let whole = fs::read(&file).unwrap();
    assert!(whole.starts_with(b"sound"));
    for cut in 0..whole.len() {
        fs::write(&file, &whole[..cut]).unwrap();
        assert_eq!(store.get("audio/a.wav").await, Ok(None), "{cut}");
    }
    let unfinished: Vec<PathBuf> = fs::read_dir(dir.path().join(".unfinished"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    assert!(unfinished.is_empty(), "{unfinished:?}");
    let old = dir.path().join(".unfinished/old");
    let young = dir.path().join(".unfinished/young");
    fs::write(&young, "x").unwrap();
    let long_ago = fs::File::create(&old).unwrap();
    long_ago.set_modified(std::time::UNIX_EPOCH).unwrap();
    let next = embedded(dir.path());
    next.ready().await.unwrap();
    assert!(!old.exists() && young.exists());
    assert_eq!(next.list("").await, Ok(Vec::new()));
}

#[tokio::test]
async fn nothing_is_opened_before_the_first_use() {
    let dir = tempfile::tempdir().unwrap();
    let folder = dir.path().join("objects");
    let store = embedded(&folder);
    assert!(!folder.exists());
    store.ready().await.unwrap();
    assert!(folder.exists());
}
