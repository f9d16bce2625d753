//! recordings between a bus, a store and a Twilio that misbehave: one suite, embedded and on RabbitMQ and PostgreSQL.

#![expect(clippy::unwrap_used, reason = "tests fail that way")]

mod access;
mod counted;
mod faults;
mod fetching;
mod holds;
mod leases;
mod missing;
mod playing;
mod retention;
mod telling;
mod test_app;
mod tracks;
mod transcripts;
mod twilio;

testkit::suite! { crate::test_app::run;
    fetching: file_is_stored_once_with_its_facts, file_that_is_not_there_is_waited_for,
        one_channel_is_fetched_where_there_are_not_two, page_and_broken_file_are_fetched_again,
        page_that_stays_a_page_is_failed, address_on_another_host_is_not_fetched,
        redirect_carries_no_credentials, deleted_recording_is_told_with_its_reason,
        store_that_is_away_is_waited_for, file_larger_than_a_part_is_stored_in_parts;
    counted: stored_recordings_are_counted_by_type;
    telling: callback_many_times_is_one_object, callback_before_its_call_waits_for_it,
        callback_of_another_account_is_refused, absent_recording_is_told_with_its_code,
        callback_out_of_order_changes_nothing,
        recording_of_an_unknown_call_on_the_platforms_account_is_counted_and_not_fetched,
        recording_of_an_unknown_call_on_a_tenants_account_is_fetched_by_that_account;
    tracks: live_mix_is_replaced_by_twilios, live_mix_that_comes_late_is_replaced,
        track_of_another_tenant_is_refused,
        live_tracks_are_compared_with_twilios_and_the_replaced_one_is_erased,
        recording_that_lacks_something_is_told_and_both_are_kept,
        live_track_that_is_not_in_the_store_is_not_compared, replaced_mix_is_kept_under_legal_hold;
    access: another_tenants_recording_is_not_found, recording_without_a_file_says_why,
        deleted_recording_is_erased_and_told;
    holds: hold_set_after_the_call_wins_over_delete_until_it_is_lifted, hold_of_the_calls_time_that_is_lifted_does_not_keep,
        erasure_removes_row_objects_and_twilios_copy, what_comes_of_a_forgotten_call_is_not_kept;
    transcripts: recording_is_transcribed_served_by_speaker_and_deleted_with_its_file,
        recording_that_is_not_transcribed_says_why,
        only_twilios_recording_of_a_call_is_transcribed_and_only_where_it_is_wanted;
    leases: lease_is_one_holders_until_it_is_over;
    playing: file_is_served_whole_in_ranges_and_by_its_tag, recording_is_held_and_gone_on_with_and_the_gap_is_in_its_row;
    missing: recording_that_nobody_told_of_is_found_in_twilios_list, recording_that_the_list_lacks_at_first_is_found_later,
        recording_of_the_calls_conference_is_found_by_its_conference,
        call_of_which_twilio_has_nothing_is_looked_for_a_few_times_and_counted;
}

/// Two processes need a database and a bus that both reach.
mod of_two_processes {
    testkit::suite! { crate::test_app::run, Distributed;
        leases: one_of_two_processes_sweeps_and_the_other_when_it_is_gone;
    }
}

mod on_held_clock {
    testkit::suite! { crate::test_app::on_held_clock;
        retention: recording_whose_days_are_over_is_deleted_and_no_other,
            recording_is_deleted_at_twilio_too_where_the_tenant_wants_it,
            legal_hold_keeps_what_is_due_until_it_is_lifted,
            recording_is_kept_for_longer_where_the_tenant_wants_it_by_now,
            file_is_moved_to_the_storage_class_after_its_days,
            track_before_its_call_is_kept_and_moved_as_the_tenant_wants;
        playing: signed_address_plays_until_it_expires;
        holds: erasure_keeps_what_is_on_hold_says_so_and_removes_it_when_the_hold_is_lifted;
    }
}

mod on_s3 {
    testkit::suite! { crate::test_app::on_s3;
        faults: store_that_is_full_is_waited_for, store_that_forbids_is_waited_for, store_that_asks_for_less_is_waited_for,
            store_that_is_slow_gets_the_whole_file, small_file_of_a_store_in_trouble_is_stored_once,
            process_that_ends_in_mid_download_is_followed_by_one_that_stores,
            upload_of_a_killed_process_is_done_again_and_leaves_nothing;
        playing: redirect_leads_to_the_file_at_the_store, file_and_waveform_are_encrypted_as_the_tenant_wants;
    }
}
