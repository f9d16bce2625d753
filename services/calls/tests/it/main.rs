//! Calls: its decisions in any order; and the role from outside, on SQLite with the embedded bus and on PostgreSQL with
//! RabbitMQ.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test that fails says where"
)]

mod http;
mod lab;
mod orders;
mod stories;
mod story;
mod words;

/// Runs each case on both ways to run.
macro_rules! suite {
    ($($module:ident: $($case:ident),+;)*) => {
        mod embedded { $($(
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $case() { crate::lab::run("embedded", crate::$module::$case).await }
        )+)* }
        mod distributed { $($(
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $case() { crate::lab::run("distributed", crate::$module::$case).await }
        )+)* }
    };
}

suite! {
    stories:
        a_missed_call_is_told_once,
        a_lost_callback_is_followed_by_a_look,
        a_silent_call_is_looked_at_until_its_end,
        a_leg_that_still_rings_is_not_the_end,
        after_the_end_a_call_may_still_come_in,
        whoever_picks_up_is_asked,
        a_key_that_never_comes_was_not_pressed,
        a_fallback_that_dialled_is_believed,
        a_storm_comes_to_rest,
        nobody_ends_the_call_of_another,
        what_cannot_be_read_is_told_to_people,
        the_text_that_follows_is_in_the_timeline;
    http:
        a_call_has_the_shape_of_the_contract,
        a_list_pages_and_narrows,
        tenants_do_not_see_each_other,
        another_front_door_reports_a_call,
        what_cannot_be_reported_is_refused,
        nothing_is_open;
}
