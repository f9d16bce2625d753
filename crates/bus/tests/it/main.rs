//! One suite of promises, kept by both buses, and what only one of them can be asked.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "helpers of tests are tests"
)]

mod amqp;
mod crash;
mod embedded;
mod harness;
mod node;
mod property;
mod suite;
mod trouble;

/// Instantiates every function of the suite for each bus.
macro_rules! suite {
    ($($module:ident::$name:ident),* $(,)?) => {
        mod on_embedded {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() {
                crate::harness::run(crate::harness::TestBus::embedded().await, crate::suite::$module::$name).await;
            })*
        }

        mod on_rabbitmq {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() {
                crate::harness::run(crate::harness::TestBus::amqp().await, crate::suite::$module::$name).await;
            })*
        }
    };
}

suite! {
    routing::published_event_is_consumed,
    routing::one_queue_keeps_its_order,
    routing::patterns_choose_what_a_queue_takes,
    routing::consumers_of_one_queue_share_its_work,
    routing::every_queue_gets_its_copy,
    routing::event_that_nobody_takes_is_refused,
    routing::fact_may_go_unheard,
    routing::declared_queue_keeps_events_for_its_consumer,
    routing::many_events_in_one_go_keep_their_order,
    routing::one_unroutable_event_does_not_spoil_the_others,
    settling::repeat_waits_without_blocking_others,
    settling::repeats_run_out_and_the_dead_return_one_by_one,
    settling::dead_letter_is_dead_at_once,
    settling::dead_letter_that_may_not_go_stays,
    settling::outage_longer_than_all_repeats_is_waited_for,
    settling::panic_is_a_repeat,
    settling::consumer_killed_before_its_ack_loses_nothing,
    settling::event_that_kills_its_consumers_is_poison,
    settling::stop_finishes_what_is_in_hand,
    settling::prefetch_bounds_a_slow_consumer_and_nobody_else,
    settling::delayed_repeats_survive_a_restart,
    settling::waiting_events_survive_a_restart,
    replies::question_is_answered,
    replies::republished_question_is_answered_by_a_third,
    replies::many_questions_at_once,
    replies::no_reply_in_time_but_the_event_is_handled,
    replies::question_that_nobody_takes_is_refused,
    replies::late_reply_harms_nobody,
    replies::what_is_handed_on_is_handled_and_answered,
    replies::what_is_not_handled_at_once_is_told,
    taps::every_tap_sees_every_event_that_it_wants,
    taps::open_tap_is_shown_everything,
    taps::slow_tap_is_told_what_it_missed,
    taps::tap_makes_nothing_routable,
}
