//! Calls: its decisions in any order; and the role from outside, on SQLite with the embedded bus and on PostgreSQL with
//! RabbitMQ.

#![expect(clippy::unwrap_used, reason = "a test that fails says where")]

mod http;
mod interviewed;
mod interviews;
mod lab;
mod orders;
mod silence;
mod stories;
mod story;
mod told;
mod whispers;
mod words;

testkit::suite! { crate::lab::run;
    stories:
        a_missed_call_is_told_once,
        after_the_end_a_call_may_still_come_in,
        a_fallback_that_dialled_is_believed,
        a_storm_comes_to_rest,
        nobody_ends_the_call_of_another,
        what_cannot_be_read_is_told_to_people,
        the_text_that_follows_is_in_the_timeline;
    silence:
        a_lost_callback_is_followed_by_a_look,
        a_silent_call_is_looked_at_until_its_end,
        a_leg_that_still_rings_is_not_the_end,
        a_call_that_twilio_does_not_know_is_a_fault_and_no_missed_call;
    whispers:
        whoever_picks_up_is_asked,
        a_key_that_never_comes_was_not_pressed;
    interviews:
        a_caller_who_leaves_an_interview_has_not_been_missed,
        who_was_called_for_an_interview_is_not_texted_back,
        without_an_interviews_word_twilios_counts,
        an_interview_whose_end_is_not_told_is_looked_at,
        an_interview_does_not_touch_anothers_call;
    http:
        a_call_has_the_shape_of_the_contract,
        a_list_pages_and_narrows,
        tenants_do_not_see_each_other,
        another_front_door_reports_a_call,
        another_front_doors_call_is_its_own,
        the_number_says_who_answers_a_reported_call,
        what_cannot_be_reported_is_refused,
        nothing_is_open;
}
