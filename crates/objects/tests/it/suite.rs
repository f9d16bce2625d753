//! What every store does.

use std::time::Duration;

use futures::future::join_all;
use futures::{StreamExt, stream};
use objects::test_support::{put_in_chunks, put_parts_in_chunks};
use objects::{Encryption, Error, PART};

use crate::test_store::TestStore;

/// Requests that a store is given at the same time.
const AT_ONCE: usize = 32;

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

pub async fn second_put_replaces(test_store: TestStore) {
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

pub async fn range_is_a_part(test_store: TestStore) {
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
pub async fn list_has_every_key_once(test_store: TestStore) {
    let store = &test_store.objects;
    let puts = (0..1_005).map(|n| {
        let key = test_store.key(&format!("many/{}/{n:04}", n % 3));
        async move { store.put(&key, "x", "text/plain").await }
    });
    let mut puts = stream::iter(puts).buffer_unordered(AT_ONCE);
    while let Some(put) = puts.next().await {
        put.unwrap();
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

pub async fn probe_leaves_nothing(test_store: TestStore) {
    let store = &test_store.objects;
    store.probe().await.unwrap();
    assert_eq!(store.list("doctor/").await.unwrap(), []);
}

fn bytes(length: usize) -> Vec<u8> {
    (0..=250u8).cycle().take(length).collect()
}

/// Less than a part, a part, parts, and parts with a rest; in pieces of odd lengths.
pub async fn upload_of_any_length_is_stored_whole(test_store: TestStore) {
    let store = &test_store.objects;
    for length in [0, 1, 100_000, PART, PART + 1, 2 * PART, 2 * PART + 77] {
        let (key, whole) = (test_store.key(&format!("rec/{length}.wav")), bytes(length));
        let mut upload = store.upload(&key, "audio/wav").await.unwrap();
        for piece in whole.chunks(1_000_003) {
            upload.write(piece).await.unwrap();
        }
        assert_eq!(upload.size(), length as u64);
        upload.finish().await.unwrap();
        let got = store.get(&key).await.unwrap().unwrap();
        assert!(got.bytes == whole, "{length}");
        assert_eq!(
            (got.size, got.content_type.as_str()),
            (length as u64, "audio/wav")
        );
        store.delete(&key).await.unwrap();
    }
}

pub async fn upload_that_is_given_up_leaves_nothing(test_store: TestStore) {
    let (store, key) = (&test_store.objects, test_store.key("rec/given-up.wav"));
    let begun = async |length: usize| {
        let mut upload = store.upload(&key, "audio/wav").await.unwrap();
        upload.write(&bytes(length)).await.unwrap();
        upload
    };
    begun(3).await.abort().await.unwrap();
    begun(2 * PART + 3).await.abort().await.unwrap();
    assert_eq!(store.head(&key).await, Ok(None));
    let swept = async |age| store.sweep_uploads(&key, age).await.unwrap();
    assert_eq!(swept(Duration::ZERO).await, 0);
    // A process that dies aborts nothing: its parts are swept, but not those of an upload that is going on.
    std::mem::forget(begun(PART + 3).await);
    if test_store.dates_uploads {
        assert_eq!(swept(Duration::from_secs(3600)).await, 0);
    }
    assert_eq!(swept(Duration::ZERO).await, 1);
    assert_eq!(swept(Duration::ZERO).await, 0);
}

/// The process that began it died; whoever stores the object anew leaves nothing of it.
pub async fn upload_that_replaces_another_leaves_nothing_of_it(test_store: TestStore) {
    let (store, key) = (&test_store.objects, test_store.key("rec/again.wav"));
    let mut dead = store.upload(&key, "audio/wav").await.unwrap();
    dead.write(&bytes(PART + 3)).await.unwrap();
    std::mem::forget(dead);
    let whole = bytes(PART + 77);
    let upload = store.upload(&key, "audio/wav").await.unwrap();
    let mut upload = upload.replacing();
    upload.write(&whole).await.unwrap();
    upload.finish().await.unwrap();
    let got = store.get(&key).await.unwrap().unwrap();
    assert!(got.bytes == whole);
    assert_eq!(store.sweep_uploads(&key, Duration::ZERO).await, Ok(0));
}

pub async fn object_is_encrypted_and_moved_as_it_was_ordered(test_store: TestStore) {
    let store = &test_store.objects;
    for (length, how, word) in [
        (3, Encryption::Bucket, None),
        (3, Encryption::S3, Some("AES256")),
        (PART + 3, Encryption::Kms(None), Some("aws:kms")),
    ] {
        let (key, whole) = (test_store.key("rec/kept.wav"), bytes(length));
        let upload = store.upload(&key, "audio/wav").await.unwrap();
        let mut upload = upload.encrypted(how.clone());
        upload.write(&whole).await.unwrap();
        upload.finish().await.unwrap();
        let kept = store.kept_as(&key).await.unwrap().unwrap();
        assert_eq!(kept.0, "STANDARD");
        if let Some(word) = word {
            assert_eq!(kept.1, word, "{how:?}");
        }
        assert_eq!(store.set_storage_class(&key, "GLACIER_IR").await, Ok(true));
        let moved = store.kept_as(&key).await.unwrap().unwrap();
        assert_eq!(moved.0, "GLACIER_IR");
        assert_eq!(moved.1, kept.1, "it stays encrypted");
        let got = store.get(&key).await.unwrap().unwrap();
        assert!(got.bytes == whole);
        assert_eq!(got.content_type, "audio/wav");
        store.delete(&key).await.unwrap();
    }
    let key = test_store.key("rec/none");
    assert_eq!(store.set_storage_class(&key, "GLACIER_IR").await, Ok(false));
}

pub async fn stream_gives_a_range_in_pieces(test_store: TestStore) {
    let (store, key) = (&test_store.objects, test_store.key("rec/streamed.wav"));
    let whole = bytes(3_000_000);
    store.put(&key, whole.clone(), "audio/wav").await.unwrap();
    for (range, part) in [
        (None, &whole[..]),
        (Some((5, Some(5))), &whole[5..6]),
        (
            Some((1_000_000, Some(2_999_998))),
            &whole[1_000_000..2_999_999],
        ),
        (Some((2_000_000, None)), &whole[2_000_000..]),
    ] {
        let mut streamed = store.stream(&key, range).await.unwrap().unwrap();
        assert_eq!(
            (streamed.size, streamed.length),
            (3_000_000, part.len() as u64)
        );
        let mut got = Vec::new();
        while let Some(piece) = streamed.chunk().await.unwrap() {
            got.extend_from_slice(&piece);
        }
        assert!(got == part, "{range:?}");
    }
    let beyond = store.stream(&key, Some((3_000_000, None))).await;
    assert_eq!(beyond.err(), Some(Error::OutOfRange));
    assert!(
        store
            .stream(&test_store.key("rec/no"), None)
            .await
            .unwrap()
            .is_none()
    );
}

/// Other clients send checksums behind the body, in chunks: what is stored is what was sent, not what it was wrapped in.
pub async fn body_in_chunks_with_a_checksum_behind_it_is_stored_as_it_is(test_store: TestStore) {
    let store = &test_store.objects;
    for length in [1, 70_000, 3_000_000] {
        let (key, whole) = (test_store.key("rec/chunked.wav"), bytes(length));
        let (announced, _) = put_in_chunks(store, &key, whole.clone()).await.unwrap();
        assert_eq!(announced, "aws-chunked x-amz-checksum-crc32");
        let got = store.get(&key).await.unwrap().unwrap();
        assert!(got.bytes == whole, "{length}");
        let part = store.get_range(&key, 0, Some(0)).await.unwrap().unwrap();
        assert_eq!((part.size, part.bytes[0]), (length as u64, whole[0]));
    }
}

pub async fn parts_in_chunks_with_a_checksum_behind_them_are_stored_as_they_are(
    test_store: TestStore,
) {
    let (store, key) = (&test_store.objects, test_store.key("rec/parts.wav"));
    let whole = bytes(PART + 70_000);
    put_parts_in_chunks(store, &key, whole.clone(), PART)
        .await
        .unwrap();
    let got = store.get(&key).await.unwrap().unwrap();
    assert!(got.bytes == whole);
    assert_eq!(got.size, whole.len() as u64);
}

pub async fn presigned_address_gives_the_object_and_its_ranges(test_store: TestStore) {
    let (store, key) = (&test_store.objects, test_store.key("rec/presigned.wav"));
    let whole = bytes(100_000);
    store.put(&key, whole.clone(), "audio/wav").await.unwrap();
    let address = store.presigned(&key, Duration::from_secs(60)).await;
    let address = address.unwrap().unwrap();
    let client = reqwest::Client::new();
    let answer = client.get(&address).send().await.unwrap();
    assert_eq!(answer.status(), 200);
    assert_eq!(answer.headers()["content-type"], "audio/wav");
    assert!(answer.bytes().await.unwrap() == whole);
    let part = client.get(&address).header("Range", "bytes=1000-1999");
    let part = part.send().await.unwrap();
    assert_eq!(part.status(), 206);
    assert!(part.bytes().await.unwrap() == whole[1_000..2_000]);
    if test_store.checks_signatures {
        let other = address.replace("presigned.wav", "presigned2.wav");
        assert_eq!(client.get(other).send().await.unwrap().status(), 403);
        let forged = address.replace("X-Amz-Expires=60", "X-Amz-Expires=600");
        assert_ne!(forged, address);
        assert_eq!(client.get(forged).send().await.unwrap().status(), 403);
    }
    let week = Duration::from_secs(8 * 24 * 3600);
    let refused = store.presigned(&key, week).await;
    assert!(matches!(refused, Err(Error::Refused(_))), "{refused:?}");
}
