//! One suite on the store inside the process, on its server over a socket with the network's client, and on an S3 of
//! another make at `S3_TEST_URL` (moto; `scripts/services.sh run` starts it).

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "tests fail that way"
)]

mod folder;
mod suite;
mod test_store;
mod trouble;

/// Runs each case on every store.
macro_rules! suite {
    ($($case:ident),* $(,)?) => {
        mod embedded { $(#[tokio::test] async fn $case() { crate::suite::$case(crate::test_store::embedded_store()).await })* }
        mod socket { $(#[tokio::test] async fn $case() { crate::suite::$case(crate::test_store::socket().await).await })* }
        mod elsewhere {
            $(#[tokio::test] async fn $case() { crate::suite::$case(crate::test_store::elsewhere().await).await })*
        }
    };
}

suite!(
    what_was_put_is_got,
    what_is_not_there_is_nothing,
    a_second_put_replaces,
    one_of_many_writers_wins,
    a_range_is_a_part,
    what_was_deleted_is_gone,
    a_list_has_every_key_once,
    pages_are_bounded_and_complete,
    keys_that_are_none_are_refused,
);
