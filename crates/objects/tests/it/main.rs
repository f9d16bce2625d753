//! One suite on the store inside the process, on its server over a socket with the network's client, and on S3s of two other makes at
//! `S3_TEST_URL` (moto) and `S3_SECOND_TEST_URL` (SeaweedFS); `scripts/services.sh run` starts them.

#![expect(clippy::unwrap_used, reason = "tests fail that way")]

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
        mod second_elsewhere {
            $(#[tokio::test] async fn $case() { crate::suite::$case(crate::test_store::second_elsewhere().await).await })*
        }
    };
}

/// What the store inside the process does not have: an address.
macro_rules! addressed {
    ($($store:ident),*) => {
        mod addressed { $(
            #[tokio::test]
            async fn $store() {
                crate::suite::presigned_address_gives_the_object_and_its_ranges(crate::test_store::$store().await).await
            }
        )* }
    };
}

addressed!(socket, elsewhere, second_elsewhere);

/// What only moto has.
mod elsewhere_only {
    #[tokio::test]
    async fn object_is_encrypted_and_moved_as_it_was_ordered() {
        crate::suite::object_is_encrypted_and_moved_as_it_was_ordered(
            crate::test_store::elsewhere().await,
        )
        .await;
    }
}

suite!(
    what_was_put_is_got,
    what_is_not_there_is_nothing,
    second_put_replaces,
    one_of_many_writers_wins,
    range_is_a_part,
    what_was_deleted_is_gone,
    list_has_every_key_once,
    pages_are_bounded_and_complete,
    keys_that_are_none_are_refused,
    probe_leaves_nothing,
    upload_of_any_length_is_stored_whole,
    upload_that_is_given_up_leaves_nothing,
    upload_that_replaces_another_leaves_nothing_of_it,
    stream_gives_a_range_in_pieces,
    body_in_chunks_with_a_checksum_behind_it_is_stored_as_it_is,
    parts_in_chunks_with_a_checksum_behind_them_are_stored_as_they_are,
);
