//! The console from outside: a browser without script, on SQLite with the embedded bus and on PostgreSQL with RabbitMQ.

#![expect(clippy::unwrap_used, reason = "a test that fails says where")]

mod business;
mod calls;
mod feed;
mod pages;
mod reading;
mod roles;
mod sessions;
mod sign_in;
mod test_app;
mod work;

testkit::suite! { crate::test_app::run;
    sign_in:
        link_signs_in_once,
        link_is_refused_where_there_are_operators,
        key_signs_in_for_its_tenant,
        name_and_password_sign_in,
        wrong_password_is_refused_and_limited,
        sign_in_leads_where_one_wanted_to_go,
        sign_in_of_another_site_is_refused;
    sessions:
        session_opens_what_a_key_opens,
        session_needs_its_token_to_change_something,
        forged_form_changes_nothing,
        session_ends_when_idle,
        session_ends_everywhere,
        key_that_is_withdrawn_ends_its_sessions_and_one_that_is_made_does_not,
        viewer_changes_nothing,
        operator_of_a_tenant_sees_no_other_operators,
        role_that_asks_for_an_operator_is_believed_with_its_key_only;
    feed:
        events_go_on_after_the_last_that_was_seen,
        reader_of_an_unknown_event_is_told_of_a_gap,
        reader_of_other_types_than_before_is_told_of_a_gap,
        tenants_session_hears_its_tenant_only;
    pages:
        page_works_while_data_is_missing,
        queries_of_pages_are_described_and_not_insisted_on,
        page_has_a_strict_policy,
        markup_is_shown_as_text,
        page_without_session_leads_to_the_sign_in,
        files_have_names_that_change,
        telephone_is_off_without_the_emulator,
        sound_of_the_telephone_is_for_our_own_page;
}

mod before_roles {
    testkit::suite! { crate::test_app::run_before_roles;
        work:
            answer_is_played_beside_its_words_and_both_scores,
            note_is_written_over_the_one_that_was_seen,
            candidates_stand_side_by_side,
            webhooks_of_a_number_are_set_by_a_button,
            flow_shows_what_is_heard_and_its_versions,
            flow_is_changed_in_a_form_and_heard_before,
            opt_out_has_its_evidence;
        calls:
            call_that_goes_on_is_ended_or_passed_on,
            call_shows_its_sound_its_pair_and_its_turns,
            dead_letters_are_replayed_one_by_one_or_by_kind,
            list_of_calls_is_narrowed_and_led_on,
            interview_is_started_with_who_was_added;
        reading:
            thread_has_media_reactions_and_what_failed,
            draft_is_read_before_it_leaves,
            recording_is_read_word_by_word,
            leads_lead_to_their_threads;
        business:
            tenant_is_changed_part_by_part,
            tenant_that_another_tab_has_changed_is_left_alone,
            credentials_go_in_and_never_come_out,
            analytics_have_a_table_beside_each_chart,
            key_is_shown_once_and_can_end;
    }
}
