//! A store that is away, or that does not want us.

use objects::{Config, Error, Objects};

use crate::test_store;

#[tokio::test]
async fn store_that_cannot_be_reached_is_away() {
    let socket = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = socket.local_addr().unwrap();
    drop(socket);
    let store = test_store::remote(&format!("http://{address}"), "a secret");
    for error in [
        store.ready().await.unwrap_err(),
        store.get("a").await.unwrap_err(),
        store.put("a", "x", "text/plain").await.unwrap_err(),
    ] {
        assert!(error.is_away(), "{error}");
    }
}

#[tokio::test]
async fn wrong_secret_is_a_refusal_that_does_not_tell_it() {
    let dir = tempfile::tempdir().unwrap();
    let endpoint = test_store::serve(dir.path()).await;
    test_store::remote(&endpoint, "a secret")
        .make_bucket()
        .await
        .unwrap();
    let store = test_store::remote(&endpoint, "another secret");
    let error = store.put("a", "x", "text/plain").await.unwrap_err();
    assert!(
        matches!(&error, Error::Refused(why) if why.contains("SignatureDoesNotMatch")),
        "{error}"
    );
    assert!(!format!("{store:?} {error:?}").contains("another secret"));
    assert_eq!(
        test_store::remote(&endpoint, "a secret").get("a").await,
        Ok(None)
    );
}

#[tokio::test]
async fn bucket_that_is_not_there_is_a_refusal() {
    let dir = tempfile::tempdir().unwrap();
    let store = test_store::remote(&test_store::serve(dir.path()).await, "a secret");
    for error in [
        store.ready().await.unwrap_err(),
        store.get("a").await.unwrap_err(),
        store.put("a", "x", "text/plain").await.unwrap_err(),
    ] {
        assert!(matches!(error, Error::Refused(_)), "{error}");
    }
    let error = store.probe().await.unwrap_err();
    assert_eq!(error.step, "stored");
    assert!(matches!(error.source, Error::Refused(_)), "{error}");
}

#[tokio::test]
async fn folder_that_cannot_be_used_is_away_and_may_come_back() {
    let dir = tempfile::tempdir().unwrap();
    let folder = dir.path().join("objects");
    std::fs::write(&folder, "a file in its place").unwrap();
    let store = Objects::open(Config::Embedded {
        dir: folder.clone(),
    });
    assert!(store.ready().await.unwrap_err().is_away());
    std::fs::remove_file(&folder).unwrap();
    store.ready().await.unwrap();
}
