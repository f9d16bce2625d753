//! The front door, with Twilio before it and somebody behind it, on the embedded bus and on RabbitMQ.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test that fails says where"
)]

mod desk;
mod lab;
mod log;
mod outage;
mod proxy;
mod rows;
mod trust;

/// Runs each case on one way to run.
macro_rules! suite {
    ($mode:ident: $($module:ident::$case:ident),+ $(,)?) => {
        mod $mode { $(
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $case() { crate::lab::run(stringify!($mode), crate::$module::$case).await }
        )+ }
    };
}

suite! {
    embedded:
        rows::every_row_becomes_its_event,
        rows::parameters_become_fields,
        rows::bad_parameters_never_break_a_live_call,
        rows::what_cannot_be_read_is_not_believed,
        rows::whoever_waits_too_long_gets_the_fallback,
        rows::the_same_webhook_is_the_same_event,
        rows::what_has_nowhere_to_go_holds_nobody_up,
        trust::who_is_not_twilio_changes_nothing,
        trust::two_tokens_count_while_rotating,
        trust::an_account_may_have_been_made_a_moment_ago,
        outage::a_damaged_file_is_put_aside,
}

suite! {
    distributed:
        rows::every_row_becomes_its_event,
        rows::whoever_waits_too_long_gets_the_fallback,
        rows::the_same_webhook_is_the_same_event,
        rows::what_has_nowhere_to_go_holds_nobody_up,
        trust::who_is_not_twilio_changes_nothing,
        trust::an_account_may_have_been_made_a_moment_ago,
        outage::an_outage_is_survived_in_order,
        outage::the_spool_survives_a_restart,
        outage::a_damaged_file_is_put_aside,
}
