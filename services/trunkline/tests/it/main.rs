//! The whole platform from outside: the binary's own processes, an emulator of Twilio beside them, requests over HTTP.
//! The same cases run on one process with everything inside and on one process for each role with RabbitMQ and
//! PostgreSQL between them.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "helpers of tests are tests"
)]

mod cases;
mod site;

use site::Mode;

/// Runs each case on both ways to run.
macro_rules! suite {
    ($($module:ident: $($case:ident),+;)*) => {
        mod embedded { $($(
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $case() { crate::cases::$module::$case(crate::Mode::Embedded).await }
        )+)* }
        mod split { $($(
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $case() { crate::cases::$module::$case(crate::Mode::Split).await }
        )+)* }
    };
}

suite! {
    calls:
        an_answered_call_is_answered_and_not_texted,
        each_way_of_missing_a_call_is_texted_once;
    signatures:
        what_twilio_did_not_sign_changes_nothing,
        tokens_rotate_and_tenants_keep_to_their_own,
        the_official_sdk_signs_as_we_check;
    surface:
        every_role_tells_how_it_is,
        nothing_is_open_by_mistake;
}
