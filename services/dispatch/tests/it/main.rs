//! Dispatch from outside: events on the bus, requests over HTTP, on SQLite with the embedded bus and on PostgreSQL
//! with RabbitMQ; and its decisions alone, in many orders.

#![expect(clippy::unwrap_used, reason = "a test that fails says where")]

mod ahead;
mod answers;
mod bounds;
mod counted;
mod delivery;
mod emergencies;
mod fixtures;
mod histories;
mod http;
mod manners;
mod media;
mod model;
mod orders;
mod plans;
mod process;
mod test_app;
mod text_back;
mod texts;
mod threads;
mod twilio;

testkit::suite! { crate::test_app::run;
    text_back:
        missed_call_is_answered_with_one_text,
        caller_is_texted_once_in_a_while,
        each_reason_to_stay_silent,
        number_of_another_tenant_is_not_texted,
        what_a_text_costs_stands_in_the_log,
        stop_silences_and_start_wakes;
    counted:
        texts_back_and_conversations_are_counted;
    texts:
        text_joins_the_thread_of_the_call,
        second_delivery_changes_nothing,
        wish_counts_by_its_own_time,
        egress_may_know_of_a_wish,
        what_makes_no_sense_is_put_aside;
    delivery:
        status_may_come_before_its_message,
        final_status_stays,
        status_of_another_account_changes_nothing,
        early_status_of_another_account_is_not_believed,
        undelivered_text_is_told_and_sent_once_more,
        text_is_not_sent_again_when_something_came_between,
        text_that_has_expired_says_so_in_its_thread,
        who_has_opted_out_at_twilio_has_opted_out,
        guard_is_believed_until_the_customer_speaks;
    http:
        conversation_has_the_shape_of_the_contract,
        list_is_paged_with_the_latest_news_first,
        person_takes_over,
        request_may_be_repeated,
        what_cannot_be_sent_is_refused,
        tenants_do_not_see_each_other,
        parameter_with_an_empty_value_is_unsaid,
        nothing_is_open;
    threads:
        opt_out_is_kept_with_its_words_as_evidence,
        number_without_conversations_keeps_only_a_stop,
        landline_is_said_once_and_not_tried_again,
        refused_landline_is_remembered_too,
        calls_stand_in_the_thread_with_what_came_of_them,
        call_that_was_an_interview_or_recorded_says_so,
        thread_is_closed_by_an_operator_and_opened_by_a_text,
        list_is_narrowed_by_each_filter,
        messages_page_backwards,
        tapback_is_a_reaction_and_no_text;
    answers:
        burst_is_one_answer_after_the_window,
        draft_is_sent_and_booked_by_the_customers_yes,
        person_stop_or_newer_text_keeps_an_answer_back,
        reply_may_leave_the_thread_to_the_ai,
        failing_provider_is_one_fixed_text_and_a_person,
        invented_price_promise_or_place_is_never_sent,
        emergency_is_told_at_once_to_owner_and_customer,
        second_danger_is_told_and_the_same_one_again_after_hours,
        danger_in_what_looks_automatic_is_told_to_the_owner_only,
        emergency_after_takeover_or_stop_is_told_to_the_owner_only,
        automatic_reply_gets_one_answer_then_a_person,
        keyword_is_left_to_twilio_where_it_answers;
    ahead:
        answer_is_written_ahead_and_waits_in_the_thread,
        answer_that_waits_is_void_when_a_person_writes,
        failure_ahead_of_time_is_told_when_it_is_due;
    bounds:
        thirteenth_answer_within_an_hour_is_left_to_a_person,
        number_of_this_platform_is_never_answered,
        text_that_could_not_be_read_whole_is_kept_and_says_so,
        text_that_may_be_an_opt_out_is_looked_at_by_a_person,
        simulated_answer_is_labelled_in_the_thread,
        two_operators_at_once_take_a_thread_over_once,
        lead_is_worked_on_by_operators;
    process:
        message_of_another_platform_is_understood_without_a_thread;
    emergencies:
        owner_is_called_once_about_an_emergency;
    manners:
        first_text_says_whose_it_is_and_how_to_opt_out,
        texts_go_through_the_messaging_service,
        keyword_is_answered_in_the_tenants_words_unless_twilio_has,
        what_is_no_answer_waits_for_the_end_of_quiet_hours,
        safety_is_told_in_the_tenants_words,
        blocked_customer_is_kept_and_nothing_follows,
        short_code_and_other_channels_are_left_to_a_person;
    media:
        picture_is_stored_once_and_shown_by_our_own_address,
        redirect_to_the_cdn_is_followed_without_credentials,
        what_cannot_be_shown_is_not_kept_and_said_once,
        pictures_go_along_with_what_a_model_is_shown,
        forgotten_customer_leaves_no_object,
        thread_whose_time_is_over_takes_its_objects_along;
    orders:
        storm_of_events_comes_to_rest;
    plans:
        threads_and_messages_are_found_by_an_index_among_100_000;
}

mod on_postgresql {
    testkit::suite! { crate::test_app::run, Distributed;
        histories: shuffled_history_holds_on_postgresql;
    }
}
