//! egress with a Twilio that misbehaves: one suite, on SQLite with the embedded bus and on PostgreSQL with RabbitMQ.
//!
//! `TRUNKLINE_TEST_TEXTS` is how many texts of one tenant the test of the backlog enqueues; 2,000 when unset.

#![expect(clippy::unwrap_used, reason = "tests fail that way")]

mod accounts;
mod backlog;
mod bench;
mod calls;
mod doubts;
mod emulated;
mod exchange;
mod live;
mod messages;
mod numbers;
mod operators;
mod spending;
mod stops;
mod storms;
mod twilio;
mod webhooks;

mod on_any_day {
    testkit::suite! { crate::bench::run;
        messages: message_is_sent_once_and_told, command_that_comes_ten_times_is_one_message,
            lost_answer_is_found_again, message_that_the_list_does_not_show_yet_is_not_sent_twice,
            crash_before_the_request_is_made_good, crash_after_the_request_is_found,
            identical_texts_are_different_messages, identical_texts_with_lost_answers_are_not_confused,
            what_twilio_did_not_process_is_tried_again, unsubscribed_customer_is_left_alone,
            texts_of_a_conversation_leave_in_order_one_at_a_time, text_that_comes_before_its_predecessor_waits_for_it,
            unprompted_text_waits_for_the_end_of_quiet_hours,
            another_refusal_is_final, wrong_credentials_are_not_a_refusal, opting_in_again_counts;
        calls: call_is_placed_once_and_told, command_that_comes_fifty_times_is_one_call,
            call_whose_answer_was_lost_is_found_again, calls_between_the_same_two_are_not_confused,
            crash_while_calling_is_made_good, what_twilio_did_not_take_is_tried_again,
            refused_call_is_not_tried_again, call_that_says_its_own_document_is_placed_without_an_address;
        live: call_is_hung_up_in_any_state, call_is_redirected_by_each_order;
        numbers: number_is_bought_once, number_is_verified_under_its_account, number_whose_answer_was_lost_is_found,
            first_number_for_sale_is_bought, refused_number_may_be_tried_again, number_is_given_back,
            call_is_looked_up;
        webhooks: number_that_goes_elsewhere_is_seen_and_set, number_that_cannot_be_set_says_why;
        doubts: callback_that_names_a_message_settles_its_doubt, callback_of_another_account_is_no_witness,
            message_without_any_sign_is_repeated_and_counted, old_effects_are_forgotten;
        stops: stop_that_is_told_before_the_text_refuses_it, stop_that_is_told_while_the_text_waits_refuses_it,
            stop_that_is_being_decided_holds_the_text_back, stop_that_is_told_after_the_request_left_refuses_the_next;
        accounts: second_token_is_tried_and_remembered, lookup_that_is_refused_is_told,
            account_that_hangs_delays_no_other, suspended_number_sends_and_calls_nobody;
        operators: ledger_is_shown_without_numbers, way_to_twilio_is_shown_without_secrets,
            twilios_recordings_are_listed;
    }
}

mod slow {
    testkit::suite! { crate::bench::slow;
        backlog: texts_over_their_pace_delay_no_other_tenant, calls_over_their_pace_delay_no_other_account,
            forgotten_person_is_removed_from_the_backlog;
    }
}

mod whitelisted {
    testkit::suite! { crate::bench::whitelisted;
        messages: our_own_rules_come_first;
        calls: whom_we_may_not_call_is_not_called;
    }
}

mod bounded {
    testkit::suite! { crate::bench::bounded;
        spending: texts_over_the_limit_are_refused_and_told_once,
            calls_and_countries_over_the_limit_are_refused, text_that_is_tried_again_counts_once,
            own_limits_of_a_tenant_are_stricter_only, cost_of_ai_over_the_budget_is_told_once,
            two_processes_together_keep_to_a_tenants_limits;
    }
}

mod with_the_emulator {
    testkit::suite! { crate::emulated::run;
        emulated: emulator_is_used_like_twilio, emulator_is_called_like_twilio;
    }
}
