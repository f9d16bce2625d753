//! Calls: its decisions in any order; and the role from outside, on SQLite with the embedded bus and on PostgreSQL with
//! RabbitMQ.

#![expect(clippy::unwrap_used, reason = "a test that fails says where")]

mod http;
mod interviewed;
mod interviews;
mod latency;
mod lists;
mod loops;
mod notes;
mod orders;
mod silence;
mod stories;
mod story;
mod test_app;
mod told;
mod whispers;
mod words;

testkit::suite! { crate::test_app::run;
    stories:
        missed_call_is_told_once,
        call_that_comes_in_more_than_once_at_once_is_decided_once,
        after_the_end_a_call_may_still_come_in,
        fallback_that_dialled_is_believed,
        storm_comes_to_rest,
        nobody_ends_the_call_of_another,
        what_cannot_be_read_is_told_to_people,
        text_that_follows_is_in_the_timeline,
        why_a_dial_and_a_text_failed_is_shown,
        apology_promises_a_text_only_when_one_follows,
        calls_whose_time_is_over_are_removed;
    silence:
        lost_callback_is_followed_by_a_look,
        silent_call_is_looked_at_until_its_end,
        leg_that_still_rings_is_not_the_end,
        call_that_twilio_does_not_know_is_a_fault_and_no_missed_call,
        signed_no_answer_is_a_missed_call_whatever_rest_says,
        call_that_nobody_tells_of_ends_some_day,
        call_known_by_its_state_alone_is_looked_at;
    loops:
        call_forwarded_back_by_the_carrier_is_missed_and_not_dialled,
        call_that_comes_back_while_it_rings_ends_the_ringing,
        numbers_that_forward_to_each_other_do_not_loop,
        number_that_forwards_to_itself_is_not_dialled,
        suspended_tenant_dials_nobody_and_texts_nobody;
    lists:
        foreign_tenant_is_not_found_in_any_list,
        parameter_with_an_empty_value_is_unsaid;
    latency:
        turns_have_percentiles_beside_their_budget;
    whispers:
        whoever_picks_up_is_asked,
        key_that_never_comes_was_not_pressed;
    interviews:
        caller_who_leaves_an_interview_has_not_been_missed,
        who_was_called_for_an_interview_is_not_texted_back,
        without_an_interviews_word_twilios_counts,
        interview_whose_end_is_not_told_is_looked_at,
        interview_does_not_touch_anothers_call;
    notes:
        timeline_shows_what_processes_noted_with_durations,
        timeline_comes_in_pages_and_says_so,
        notes_of_a_call_are_bounded,
        webhooks_are_listed_with_their_verdict,
        parameters_are_kept_for_their_days_and_go_with_the_person,
        operator_hangs_up_and_passes_on_a_call_that_goes_on;
    http:
        call_has_the_shape_of_the_contract,
        list_pages_and_narrows,
        tenants_do_not_see_each_other,
        another_front_door_reports_a_call,
        another_front_doors_call_is_its_own,
        number_says_who_answers_a_reported_call,
        what_cannot_be_reported_is_refused,
        nothing_is_open,
        list_is_searched_and_cut_by_time,
        summary_counts_by_day_and_hour_in_a_time_zone;
}

/// Where calls are begun to listed numbers only.
mod listed {
    testkit::suite! { crate::test_app::listed;
        notes:
            transfer_to_a_number_that_is_not_listed_names_the_setting;
    }
}
