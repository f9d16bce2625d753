//! Interviews from outside: requests over HTTP, events on the bus, on SQLite with the embedded bus and on PostgreSQL
//! with RabbitMQ.

#![expect(clippy::unwrap_used, reason = "a test that fails says where")]

mod coach;
mod db;
mod erasures;
mod faults;
mod fixtures;
mod http;
mod http_flows;
mod http_interviews;
mod http_results;
mod http_reviews;
mod screener;
mod silence;
mod stage;
mod test_app;

testkit::suite! { crate::test_app::run;
    db:
        two_who_store_a_flow_at_once_make_two_versions,
        call_belongs_to_one_interview,
        line_that_several_want_at_once_is_ordered_once,
        speech_that_is_ready_stays_ready,
        last_feedback_is_of_the_same_kind_and_person;
    http:
        candidates_and_jobs_are_kept_as_they_were_given,
        each_fault_is_told_with_its_field,
        what_is_no_json_or_too_much_of_it_is_refused,
        lists_are_paged,
        query_that_is_not_one_is_refused_with_its_name,
        tenant_that_is_not_there_is_refused,
        only_tenant_need_not_be_named,
        request_with_the_same_idempotency_key_makes_one_thing,
        tenants_do_not_see_each_other,
        nothing_is_open;
    http_flows:
        assistant_is_kept_and_found_over_the_bus,
        flow_keeps_its_versions,
        what_a_flow_always_says_is_spoken_ahead,
        tenants_own_flow_goes_before_every_tenants;
    http_interviews:
        triggered_interview_is_called_from_the_primary_number,
        questions_and_the_flow_are_chosen_as_told,
        what_cannot_be_triggered_is_refused_with_its_field,
        repeated_request_is_one_interview,
        key_of_an_interview_with_another_flow_or_number_is_reused,
        second_trigger_for_the_same_candidate_and_job_is_refused,
        trigger_in_quiet_hours_tells_until_when_it_waits,
        interviews_are_listed_by_tenant_and_status,
        only_a_live_interview_is_moved_on,
        who_moves_on_what_does_not_move_is_told;
    erasures:
        candidate_is_forgotten_on_behalf_of_its_tenant_only,
        candidate_with_a_number_of_a_business_is_not_forgotten,
        interviews_whose_time_is_over_are_removed;
    http_results:
        flow_shows_how_far_it_has_come,
        results_are_there_at_the_end,
        page_tells_everything_and_runs_nothing;
    http_reviews:
        review_stands_beside_the_score_of_ai,
        review_over_one_that_was_not_seen_is_refused,
        review_that_is_none_is_refused_with_its_field,
        reviews_of_another_tenant_are_not_found,
        results_of_many_are_compared_and_exported,
        interviews_are_counted_by_how_far_they_have_come,
        flow_is_played_before_it_is_stored,
        versions_of_a_flow_are_listed,
        versions_and_reviews_are_paged,
        flow_over_a_version_that_was_not_seen_is_refused;
}

mod on_a_call {
    testkit::suite! { crate::stage::run;
        coach:
            what_every_caller_hears_is_spoken_before_anybody_calls,
            coach_is_heard_from_the_menu_to_the_feedback,
            line_whose_file_is_gone_is_said_and_ordered_again,
            late_question_is_replaced_and_asked_next,
            question_that_comes_in_the_wait_is_asked_at_once,
            menu_says_what_it_can,
            operator_moves_it_on;
        screener:
            candidate_is_called_and_evaluated,
            who_is_busy_is_called_again,
            candidate_is_let_alone,
            missing_answer_is_left_out;
        silence:
            screener_call_of_silence_is_not_completed,
            screener_call_that_is_never_transcribed_is_completed,
            eligibility_call_of_silence_ends_early_as_nobody,
            eligibility_answers_that_nobody_understands_are_unclear,
            key_in_the_message_for_machines_begins_the_interview,
            order_that_expires_in_quiet_hours_is_given_again_after_them,
            consent_notice_is_spoken_in_the_language_of_the_call;
        faults:
            earlier_call_does_not_spoil_the_next,
            machine_is_not_interviewed,
            results_do_not_wait_for_ever,
            call_whose_end_nobody_tells_ends,
            end_that_calls_has_found_out_ends_the_interview,
            another_account_has_no_say,
            two_requests_that_are_held_are_both_answered,
            who_hides_has_no_last_feedback,
            our_words_are_spoken_in_their_language,
            what_is_unknown_is_spoken_of;
    }
}
