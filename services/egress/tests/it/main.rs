//! egress with a Twilio that misbehaves: one suite, on SQLite with the embedded bus and on PostgreSQL with RabbitMQ.

#![expect(clippy::unwrap_used, reason = "tests fail that way")]

mod bench;
mod calls;
mod emulated;
mod exchange;
mod live;
mod messages;
mod numbers;
mod operators;
mod storms;
mod twilio;

mod on_any_day {
    testkit::suite! { crate::bench::run;
        messages: a_message_is_sent_once_and_told, a_command_that_comes_ten_times_is_one_message,
            a_lost_answer_is_found_again, a_message_that_the_list_does_not_show_yet_is_not_sent_twice,
            a_crash_before_the_request_is_made_good, a_crash_after_the_request_is_found,
            identical_texts_are_different_messages, identical_texts_with_lost_answers_are_not_confused,
            what_twilio_did_not_process_is_tried_again, an_unsubscribed_customer_is_left_alone,
            another_refusal_is_final, wrong_credentials_are_not_a_refusal, opting_in_again_counts;
        calls: a_call_is_placed_once_and_told, a_command_that_comes_fifty_times_is_one_call,
            a_call_whose_answer_was_lost_is_found_again, calls_between_the_same_two_are_not_confused,
            a_crash_while_calling_is_made_good, what_twilio_did_not_take_is_tried_again,
            a_refused_call_is_not_tried_again;
        live: a_call_is_hung_up_wherever_it_stands, a_call_is_redirected_by_each_order;
        numbers: a_number_is_bought_once, a_number_whose_answer_was_lost_is_found,
            the_first_number_for_sale_is_bought, a_refused_number_may_be_tried_again, a_number_is_given_back,
            a_call_is_looked_up;
        operators: the_ledger_is_shown_without_numbers, the_way_to_twilio_is_shown_without_secrets,
            twilios_recordings_are_listed;
    }
}

mod whitelisted {
    testkit::suite! { crate::bench::whitelisted;
        messages: our_own_rules_come_first;
        calls: whom_we_may_not_call_is_not_called;
    }
}

mod with_the_emulator {
    testkit::suite! { crate::emulated::run;
        emulated: the_emulator_is_used_like_twilio, the_emulator_is_called_like_twilio;
    }
}
