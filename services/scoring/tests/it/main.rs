//! scoring between a bus, a Twilio and a provider that misbehave: one suite, embedded and on RabbitMQ.

#![expect(clippy::unwrap_used, reason = "tests fail that way")]

mod answers;
mod asked;
mod faults;
mod lab;
mod once;
mod outside;
mod prompts;
mod simulated;
mod transcripts;

mod provided {
    testkit::suite! { crate::lab::provided;
        transcripts: an_answer_is_transcribed, a_file_that_is_not_there_yet, a_file_that_never_comes,
            what_cannot_be_heard;
        answers: a_score_rests_on_what_was_said, a_quote_is_asked_for_again, what_was_not_said_is_not_scored,
            an_interview_is_summed_up, a_coach_recommends_nobody;
        asked: a_question_is_no_repeat, a_long_resume_is_cut, candidates_give_no_instructions;
        prompts: a_prompt_is_spoken_once, a_prompt_that_cannot_be_played_is_made_again,
            a_prompt_that_is_there_is_not_spoken, what_works_is_shown;
        once: what_comes_again_is_told_again, a_new_process_finds_what_was_paid, other_work_under_the_same_id;
        faults: a_fault_that_passes, a_fault_that_does_not_pass, a_refusal_is_final, a_store_that_is_away;
    }
}

mod patient {
    testkit::suite! { crate::lab::patient;
        asked: two_hundred_at_once;
    }
}

mod alone {
    testkit::suite! { crate::lab::alone;
        simulated: words_are_simulated_and_say_so, people_are_not_spoken_to_in_tones;
    }
}

mod emulated {
    testkit::suite! { crate::lab::emulated;
        simulated: the_emulators_callers_hear_tones;
    }
}
