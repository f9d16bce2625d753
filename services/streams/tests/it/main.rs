//! The role from outside: Twilio at one end of a socket, interviews at the other end of the bus.
#![expect(
    clippy::unwrap_used,
    reason = "a test stops at the first thing that is wrong"
)]

mod assistants;
mod faults;
mod forgotten;
mod heard_along;
mod leaks;
#[path = "../../../../crates/ai/tests/it/listener.rs"]
mod listener;
mod listening;
mod lost;
mod notices;
mod phone;
mod provider;
mod providers;
mod reading;
mod recording;
mod relay;
mod replay;
mod script;
mod sockets;
mod test_app;

/// Runs each case on both sets of parts.
macro_rules! cases {
    ($($with:ident $module:ident: $($case:ident),+;)*) => {
        mod embedded { $($(
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $case() { crate::test_app::$with(testkit::Mode::Embedded, crate::$module::$case).await }
        )+)* }
        mod distributed { $($(
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $case() { crate::test_app::$with(testkit::Mode::Distributed, crate::$module::$case).await }
        )+)* }
    };
}

cases! {
    run sockets:
        handshake_unsigned_or_foreign_is_refused,
        stream_without_a_session_in_its_path_is_found_by_its_call,
        path_works_once_and_a_second_socket_is_closed,
        malformed_messages_are_skipped_and_counted,
        process_that_stops_ends_live_calls_as_moved,
        call_after_a_drop_is_offered_another_stream;
    run recording:
        call_is_stored_as_three_tracks_of_one_clock,
        interrupted_bot_is_recorded_to_where_it_was_cut,
        frames_that_were_lost_are_silence_at_their_place,
        frames_just_before_the_end_are_recorded,
        tracks_are_mp3_files_where_the_tenant_wants_them,
        held_recording_is_silent_until_it_goes_on,
        call_after_a_drop_is_recorded_in_two_parts,
        journal_of_a_killed_process_is_stored_at_the_next_start,
        journal_of_another_process_that_is_killed_is_stored_beside_calls_that_go_on,
        minute_of_a_call_is_uploaded_while_it_goes_on,
        recording_of_a_machine_that_is_gone_is_made_from_its_minutes;
    run forgotten:
        journal_of_a_call_that_was_forgotten_is_removed_and_not_stored,
        call_forgotten_while_its_tracks_wait_for_the_store_does_not_come_back;
    on_s3 forgotten:
        tracks_are_encrypted_as_the_tenant_wants,
        call_of_a_tenant_that_encrypts_is_stored_encrypted,
        tracks_that_could_not_be_stored_are_when_the_store_is_well_again;
    run replay:
        call_run_again_from_its_inputs_is_the_same_byte_for_byte,
        call_whose_inputs_were_changed_is_not_taken_for_the_same,
        call_of_a_tenant_that_keeps_no_inputs_has_none,
        inputs_go_with_the_person_and_with_the_call,
        journal_of_inputs_that_is_over_or_nobodys_is_removed_and_not_stored;
    provided replay:
        other_instructions_and_model_are_put_to_the_callers_words;
    run relay:
        flow_over_words_is_asked_and_answered_like_any_other,
        handshake_of_words_is_verified_and_its_path_works_once,
        conversation_after_a_drop_goes_on_over_words;
    provided assistants:
        answer_is_spoken_while_it_is_written,
        speech_is_played_before_its_end_has_come,
        interrupted_answer_is_remembered_to_the_cut_and_its_rest_is_not_said,
        model_that_breaks_off_is_gone_on_for_without_a_repetition,
        model_that_is_gone_in_the_middle_is_followed_by_an_apology_and_a_person,
        tenant_over_its_budget_is_spoken_to_by_no_provider,
        transfer_whispers_what_it_is_about_and_ends_with_the_person,
        transfer_that_nobody_takes_comes_back_to_the_assistant,
        tool_is_asked_with_a_signature_and_its_answer_is_data,
        call_is_summed_up_and_kept_with_what_was_said,
        page_talks_with_an_assistant_over_a_path_that_works_once;
    provided faults:
        call_of_a_killed_process_goes_on_in_another_from_the_middle_of_its_turn;
    run assistants:
        tool_at_a_private_address_is_not_asked;
    run faults:
        first_mark_that_is_lost_silences_nobody,
        frames_that_come_at_once_with_a_clear_among_them_keep_their_places;
    run lost:
        session_of_a_killed_process_is_told_ended_once_and_no_other,
        session_that_was_taken_for_lost_and_lives_is_hung_up_and_told_no_second_time;
    two_voices providers:
        voice_that_fails_hangs_or_answers_no_voice_is_followed_by_the_next;
    provided providers:
        voice_that_nobody_has_ends_the_stream_and_the_call_goes_on_without_it,
        transcriber_that_fails_or_hangs_has_the_caller_asked_again;
    heard_along heard_along:
        caller_is_understood_while_speaking,
        ears_that_break_or_say_nothing_cost_the_caller_no_word,
        connections_and_ears_are_open_while_the_phone_still_rings;
    run leaks:
        sessions_opened_and_dropped_leave_nothing_behind;
    run listening:
        operator_hears_a_live_call_and_who_speaks_is_noted;
    run reading:
        streams_of_a_call_are_found_by_its_id_and_by_its_call_sid,
        streams_of_a_version_before_are_found_by_the_id_of_their_call,
        tool_secret_is_of_the_keys_tenant_or_of_the_only_one;
    run notices:
        flow_with_its_own_notice_says_it_before_the_recording_starts,
        flow_without_one_says_the_tenants;
    run script:
        caller_is_asked_understood_and_hung_up_after_the_goodbye,
        caller_who_interrupts_stops_the_bot,
        bot_that_nobody_decides_for_goes_on_without_a_stream;
}
