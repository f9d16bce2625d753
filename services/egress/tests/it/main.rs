//! egress with a Twilio that misbehaves: one suite, on SQLite with the embedded bus and on PostgreSQL with RabbitMQ.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "tests fail that way"
)]

mod bench;
mod emulated;
mod messages;
mod numbers;
mod operators;
mod storms;
mod twilio;

/// Runs each case on both.
macro_rules! suite {
    ($($module:ident::$case:ident),* $(,)?) => {
        mod embedded {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $case() { crate::$module::$case(crate::bench::Engine::Embedded).await })*
        }
        mod distributed {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $case() { crate::$module::$case(crate::bench::Engine::Distributed).await })*
        }
    };
}

suite!(
    messages::a_message_is_sent_once_and_told,
    messages::a_command_that_comes_ten_times_is_one_message,
    messages::a_lost_answer_is_found_again,
    messages::a_message_that_the_list_does_not_show_yet_is_not_sent_twice,
    messages::a_crash_before_the_request_is_made_good,
    messages::a_crash_after_the_request_is_found,
    messages::identical_texts_are_different_messages,
    messages::identical_texts_with_lost_answers_are_not_confused,
    messages::what_twilio_did_not_process_is_tried_again,
    messages::an_unsubscribed_customer_is_left_alone,
    messages::another_refusal_is_final,
    messages::wrong_credentials_are_not_a_refusal,
    messages::our_own_rules_come_first,
    messages::opting_in_again_counts,
    numbers::a_number_is_bought_once,
    numbers::a_number_whose_answer_was_lost_is_found,
    numbers::the_first_number_for_sale_is_bought,
    numbers::a_refused_number_may_be_tried_again,
    numbers::a_number_is_given_back,
    numbers::a_call_is_looked_up,
    emulated::the_emulator_is_used_like_twilio,
    operators::the_ledger_is_shown_without_numbers,
    operators::the_way_to_twilio_is_shown_without_secrets,
);
