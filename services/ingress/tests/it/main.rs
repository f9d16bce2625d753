//! The front door, with Twilio before it and a decider behind it, on the embedded bus and on RabbitMQ.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test that fails says where"
)]

mod audio;
mod desk;
mod interview_parameters;
mod interviews;
mod limits;
mod notes;
mod outage;
mod parameters;
mod rows;
mod strangers;
mod test_app;
mod trust;

testkit::suite! { crate::test_app::run;
    interviews: live_interview_is_asked_to_wait;
    rows: every_row_becomes_its_event, whoever_waits_too_long_gets_the_fallback, same_webhook_is_the_same_event,
        what_has_nowhere_to_go_holds_nobody_up;
    notes: webhook_is_noted_with_verdict_names_and_duration, refused_webhook_is_noted_with_the_reason,
        parameters_are_noted_where_the_tenant_keeps_them;
    trust: who_is_not_twilio_changes_nothing, account_may_have_been_made_a_moment_ago;
    strangers: made_up_accounts_are_not_asked_for_one_by_one,
        restart_without_tenants_knows_accounts_and_numbers,
        start_without_any_directory_asks_twilio_to_come_again;
    outage: spool_unreadable_files_are_set_aside_and_the_rest_drains;
}

/// To which bus it goes makes no difference.
mod whatever_the_bus {
    testkit::suite! { crate::test_app::run, Embedded;
        audio: prompt_is_served_to_anybody, prompt_that_is_gone_is_made_again_while_twilio_waits,
            prompt_that_cannot_be_made_again_is_a_moment_of_silence, part_of_a_prompt, what_is_no_prompt_is_not_found,
            store_that_is_away;
        interview_parameters: interview_parameters_become_fields, bad_parameters_of_interviews;
        interviews: nobody_waits_for_one_who_cannot, whose_recording_it_is,
            queries_of_our_own_urls_are_described_and_not_insisted_on;
        parameters: parameters_become_fields, bad_parameters_never_break_a_live_call, what_cannot_be_read_is_not_believed;
        strangers: forged_posts_in_a_flood_are_counted_paced_and_not_explained,
            nothing_that_a_stranger_writes_stands_in_the_log;
        trust: two_tokens_count_while_rotating, what_cannot_be_read_is_told_in_the_log;
    }
}

/// There is a wire to be cut.
mod by_wire {
    testkit::suite! { crate::test_app::run, Distributed;
        interviews: interview_survives_an_outage;
        outage: outage_is_survived_in_order, spool_survives_a_restart,
            fallback_does_not_dial_the_phone_that_forwarded_the_call;
    }
}
