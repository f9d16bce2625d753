//! scoring between a bus, a Twilio and a provider that misbehave: one suite, embedded and on RabbitMQ.

#![expect(clippy::unwrap_used, reason = "tests fail that way")]

mod answers;
mod asked;
mod calls;
mod faults;
mod once;
mod outside;
mod prompts;
mod replies;
mod simulated;
mod test_app;
mod transcripts;
mod turns;

mod provided {
    testkit::suite! { crate::test_app::provided;
        transcripts: answer_is_transcribed, recording_that_is_archived_is_read_from_the_store, file_that_is_not_there_yet, file_that_never_comes,
            recording_not_there_yet_when_the_process_stops_is_fetched_by_the_next, what_cannot_be_heard;
        turns: recording_is_transcribed_by_speaker_and_paid_once,
            provider_that_is_away_in_the_middle_of_a_recording_is_waited_for,
            recording_that_cannot_be_transcribed_is_told_with_its_reason, silence_is_a_transcript_without_turns;
        answers: score_rests_on_what_was_said, quote_is_asked_for_again, what_was_not_said_is_not_scored,
            interview_is_summed_up, coach_recommends_nobody;
        asked: question_is_no_repeat, long_resume_is_cut, candidates_give_no_instructions;
        replies: reply_is_drafted_and_paid_once_with_facts_that_were_said, customers_give_no_instructions,
            failing_provider_is_told_with_its_reason, pictures_are_shown_to_the_model_as_data,
            model_that_cannot_see_is_asked_without_pictures,
            tenant_over_its_budget_is_refused_and_others_are_not;
        calls: call_is_summed_up_with_facts_that_the_caller_has_told,
            call_that_nobody_sums_up_is_told_with_the_reason;
        prompts: prompt_is_spoken_once, prompt_that_cannot_be_played_is_made_again,
            prompt_that_is_there_is_not_spoken, prompt_that_is_gone_is_made_again_by_its_name, what_works_is_shown;
        once: what_comes_again_is_told_again, new_process_finds_what_was_paid,
            results_of_an_interview_that_is_gone_are_removed, other_work_under_the_same_id;
        faults: fault_that_passes, fault_that_does_not_pass, refusal_is_final, store_that_is_away;
    }
}

mod patient {
    testkit::suite! { crate::test_app::patient;
        asked: two_hundred_at_once;
    }
}

mod alone {
    testkit::suite! { crate::test_app::alone;
        simulated: words_are_simulated_and_say_so, people_are_not_spoken_to_in_tones;
        replies: simulated_reply_says_so, simulated_reply_to_a_picture_says_that_it_cannot_see;
        calls: simulated_summary_says_so;
        turns: words_have_their_places_where_the_provider_gives_them;
    }
}

mod emulated {
    testkit::suite! { crate::test_app::emulated;
        simulated: emulators_callers_hear_tones;
    }
}
