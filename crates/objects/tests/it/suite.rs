//! What every store does.

use futures::future::join_all;
use objects::Error;

use crate::test_store::TestStore;

pub async fn what_was_put_is_got(test_store: TestStore) {
    let (store, key) = (&test_store.objects, test_store.key("audio/ab.wav"));
    store.ready().await.unwrap();
    let bytes: Vec<u8> = (0..=255).cycle().take(200_000).collect();
    store.put(&key, bytes.clone(), "audio/wav").await.unwrap();
    let got = store.get(&key).await.unwrap().unwrap();
    assert_eq!(got.bytes, bytes);
    assert_eq!(
        (got.content_type.as_str(), got.size),
        ("audio/wav", 200_000)
    );
    let head = store.head(&key).await.unwrap().unwrap();
    assert_eq!(
        (head.content_type.as_str(), head.size),
        ("audio/wav", 200_000)
    );
    assert_eq!(head.etag, got.etag);
    assert!(!got.etag.is_empty() && !got.etag.contains('"'));

    let empty = test_store.key("audio/empty");
    store.put(&empty, Vec::new(), "text/plain").await.unwrap();
    assert_eq!(store.get(&empty).await.unwrap().unwrap().size, 0);
}

pub async fn what_is_not_there_is_nothing(test_store: TestStore) {
    let key = test_store.key("no/such.json");
    assert_eq!(test_store.objects.get(&key).await, Ok(None));
    assert_eq!(test_store.objects.head(&key).await, Ok(None));
    assert_eq!(test_store.objects.get_range(&key, 0, None).await, Ok(None));
    assert_eq!(test_store.objects.delete(&key).await, Ok(()));
    assert_eq!(
        test_store.objects.list(&test_store.key("no/")).await,
        Ok(Vec::new())
    );
}

pub async fn a_second_put_replaces(test_store: TestStore) {
    let (store, key) = (&test_store.objects, test_store.key("ai/x.json"));
    store.put(&key, "first", "text/plain").await.unwrap();
    let before = store.head(&key).await.unwrap().unwrap();
    store.put(&key, "2nd", "application/json").await.unwrap();
    let after = store.get(&key).await.unwrap().unwrap();
    assert_eq!(
        (&after.bytes[..], after.content_type.as_str()),
        (&b"2nd"[..], "application/json")
    );
    assert_ne!(before.etag, after.etag);
}

pub async fn one_of_many_writers_wins(test_store: TestStore) {
    let (store, key) = (&test_store.objects, test_store.key("ai/once.json"));
    let writers = (0..8).map(|n| store.put_if_absent(&key, format!("writer {n}"), "text/plain"));
    let won: Vec<bool> = join_all(writers)
        .await
        .into_iter()
        .map(Result::unwrap)
        .collect();
    assert_eq!(won.iter().filter(|won| **won).count(), 1, "{won:?}");
    let winner = won.iter().position(|won| *won).unwrap();
    let held = store.get(&key).await.unwrap().unwrap();
    assert_eq!(held.bytes, format!("writer {winner}"));
    assert_eq!(
        store.put_if_absent(&key, "late", "text/plain").await,
        Ok(false)
    );
}

pub async fn a_range_is_a_part(test_store: TestStore) {
    let (store, key) = (&test_store.objects, test_store.key("audio/r.ulaw"));
    store.put(&key, "0123456789", "audio/basic").await.unwrap();
    for (first, last, part) in [
        (2, Some(5), "2345"),
        (7, None, "789"),
        (8, Some(99), "89"),
        (0, Some(0), "0"),
    ] {
        let got = store.get_range(&key, first, last).await.unwrap().unwrap();
        assert_eq!((&got.bytes[..], got.size), (part.as_bytes(), 10));
        assert_eq!(got.content_type, "audio/basic");
    }
    assert_eq!(
        store.get_range(&key, 10, None).await,
        Err(Error::OutOfRange)
    );
    assert_eq!(
        store.get_range(&key, 5, Some(2)).await,
        Err(Error::OutOfRange)
    );
}

pub async fn what_was_deleted_is_gone(test_store: TestStore) {
    let (store, key) = (&test_store.objects, test_store.key("audio/gone.wav"));
    store.put(&key, "x", "audio/wav").await.unwrap();
    store.delete(&key).await.unwrap();
    assert_eq!(store.get(&key).await, Ok(None));
    assert_eq!(store.put_if_absent(&key, "y", "audio/wav").await, Ok(true));
}

/// More than S3 gives in one page.
pub async fn a_list_has_every_key_once(test_store: TestStore) {
    let store = &test_store.objects;
    let puts = (0..1_005).map(|n| {
        let key = test_store.key(&format!("many/{}/{n:04}", n % 3));
        async move { store.put(&key, "x", "text/plain").await }
    });
    let puts: Vec<_> = puts.collect();
    for some in futures::future::join_all(puts).await {
        some.unwrap();
    }
    store
        .put(&test_store.key("manyfold"), "xyz", "text/plain")
        .await
        .unwrap();
    let all = store.list(&test_store.key("many")).await.unwrap();
    let keys: Vec<&str> = all.iter().map(|entry| entry.key.as_str()).collect();
    assert_eq!(keys.len(), 1_006);
    assert!(keys.is_sorted() && keys.windows(2).all(|two| two[0] != two[1]));
    assert_eq!(
        store.list(&test_store.key("many/1/")).await.unwrap().len(),
        335
    );
    assert_eq!(
        store
            .list(&test_store.key("many/1/000"))
            .await
            .unwrap()
            .len(),
        3
    );
    let fold = store.list(&test_store.key("manyf")).await.unwrap();
    assert_eq!((fold.len(), fold[0].size), (1, 3));
}

/// However many there are, a page is a page; and the pages together are the list.
pub async fn pages_are_bounded_and_complete(test_store: TestStore) {
    let store = &test_store.objects;
    let keys = [
        "p/a", "p/a-b", "p/a0", "p/b/1", "p/b/2", "p/b0", "p/c/d/e", "p/z",
    ];
    for key in keys {
        store
            .put(&test_store.key(key), key, "text/plain")
            .await
            .unwrap();
    }
    store
        .put(&test_store.key("q"), "x", "text/plain")
        .await
        .unwrap();
    for limit in [1, 2, 3, 7, 8, 1_000] {
        let (mut seen, mut after) = (Vec::new(), String::new());
        loop {
            let page = store
                .page(&test_store.key("p/"), &after, limit)
                .await
                .unwrap();
            assert!(page.entries.len() <= limit);
            seen.extend(page.entries.into_iter().map(|entry| entry.key));
            match page.next {
                Some(next) => after = next,
                None => break,
            }
        }
        let expected: Vec<String> = keys.iter().map(|key| test_store.key(key)).collect();
        assert_eq!(seen, expected, "pages of {limit}");
    }
}

pub async fn keys_that_are_none_are_refused(test_store: TestStore) {
    let long = "x".repeat(513);
    for key in [
        "",
        "/a",
        "a/",
        "a//b",
        "../a",
        "a/../../b",
        ".hidden",
        "a/.b",
        "a b",
        "a\\b",
        "ä",
        "a\0",
        &long,
    ] {
        assert_eq!(
            test_store.objects.put(key, "x", "text/plain").await,
            Err(Error::BadKey),
            "{key:?}"
        );
        assert_eq!(
            test_store.objects.get(key).await,
            Err(Error::BadKey),
            "{key:?}"
        );
    }
}
