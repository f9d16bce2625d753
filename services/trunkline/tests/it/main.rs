//! The whole platform from outside: the binary's own processes, an emulator of Twilio beside them, requests over HTTP.
//! The same cases run on one process with everything inside and on one process for each role with RabbitMQ and
//! PostgreSQL between them.
//!
//! | variable | for |
//! | --- | --- |
//! | `AMQP_URL`, `DATABASE_URL` | the servers of the split sites; those on the standard ports when unset |
//! | `TRUNKLINE_TEST_KILLS` | how many times `kill -9` is tried in each of the two ways to run; 50 when unset |
//! | `TRUNKLINE_TEST_SEED` | the seed that a failed run has printed |
//! | `TRUNKLINE_CHAOS_S` | for how many seconds of load processes are killed and wires are cut; 8 when unset, 600 by `make chaos` |
//! | `TRUNKLINE_CHAOS_RATE` | calls and texts a second in it; 4 when unset |
//! | `TRUNKLINE_SOAK_S` | for how many seconds the soak goes; 8 when unset, 3600 by `make soak` |
//! | `TRUNKLINE_ROLLING_CALLS`, `_RATE` | how many calls live, and texts a second come, while roles are replaced; 5 and 5, 100 and 50 by `make rolling` |
//! | `TRUNKLINE_OLD_BINARY` | what the roles are before they are replaced: the version before, `make rolling OLD=..` |
//! | `TRUNKLINE_TEST_BINARY` | another binary than the one that was built for the test |
//! | `TRUNKLINE_TEST_LOGS` | a folder where the logs of failed cases are kept |

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "helpers of tests are tests"
)]

mod cases;
mod local_platform;

use local_platform::Mode;

/// Runs each case in one process.
macro_rules! in_one_process {
    ($($module:ident: $($case:ident),+;)*) => {
        mod one_process { $($(
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $case() { crate::cases::$module::$case(crate::Mode::Embedded).await }
        )+)* }
    };
}

in_one_process! {
    streams:
        caller_on_a_stream_is_eligible_by_words_and_keys,
        caller_who_interrupts_and_says_no_is_not_eligible,
        stream_that_drops_goes_on_where_it_stood,
        assistant_answers_from_what_it_knows_and_says_goodbye,
        assistant_hands_over_to_a_person,
        assistant_over_words_answers_and_hands_over;
    streamdouble:
        streamdouble_is_heard_answered_and_let_go;
}

/// Runs each case on both ways to run.
macro_rules! suite {
    ($($module:ident: $($case:ident),+;)*) => {
        mod embedded { $($(
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $case() { crate::cases::$module::$case(crate::Mode::Embedded).await }
        )+)* }
        mod split { $($(
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $case() { crate::cases::$module::$case(crate::Mode::Split).await }
        )+)* }
    };
}

suite! {
    streams:
        bot_over_words_is_answered_and_interrupted,
        recorded_bot_has_its_tracks_and_twilios_mix;
    streams_again:
        call_is_run_again_from_its_inputs_until_the_person_is_forgotten;
    calls:
        answered_call_is_answered_and_not_texted,
        each_way_of_missing_a_call_is_texted_once;
    doors:
        who_is_not_served_hears_so,
        who_cannot_be_reached_apologizes,
        caller_is_texted_once_in_a_while;
    signatures:
        what_twilio_did_not_sign_changes_nothing,
        tokens_rotate_and_tenants_keep_to_their_own,
        official_sdk_signs_as_we_check;
    odd:
        what_cannot_be_read_is_refused,
        what_is_signed_and_wrong_breaks_no_call,
        each_way_of_asking_is_understood;
    orders:
        callbacks_late_twice_and_shuffled,
        any_order_of_webhooks_ends_the_same;
    twilio_down:
        text_is_sent_once_whatever_twilio_does,
        three_failures_in_a_row_are_waited_out,
        who_has_opted_out_at_twilio_is_left_alone;
    coach:
        mock_interview_from_the_menu_to_the_feedback,
        menu_by_key_by_word_and_by_silence;
    screener:
        candidates_are_interviewed_in_two_languages;
    unreached:
        whoever_is_not_reached_is_told_of_with_the_reason;
    recordings:
        whatever_becomes_of_a_recording_the_interview_has_its_results;
    providers:
        provider_that_fails_costs_an_answer_its_score_and_no_more,
        provider_that_never_writes_a_question_keeps_nobody_waiting;
    wrong:
        what_is_wrong_is_said_and_breaks_no_call;
    versions:
        running_interview_keeps_its_version;
    steps:
        kills_between_steps_lose_no_answer_and_pay_for_none_twice;
    kills:
        kills_lose_no_text_and_double_none;
    fetched:
        killed_in_mid_download_and_in_mid_upload_is_done_again_once;
    erasures:
        person_who_is_forgotten_leaves_no_row_object_or_copy,
        person_is_exported_whole_and_no_other;
    notify:
        business_is_told_of_its_calls;
    recorded:
        forwarded_call_is_announced_recorded_stored_and_played,
        tenant_with_format_mp3_has_mp3_in_the_store;
    reports:
        another_front_door_tells_of_calls,
        number_is_bought_dialled_and_given_back;
    wishes:
        stop_is_heard_and_start_as_well;
    sessions:
        session_sees_its_own_tenant_only;
    surface:
        every_role_tells_how_it_is,
        request_that_is_wrong_is_refused_in_one_way,
        nothing_is_open_by_mistake;
    stopping:
        end_in_the_middle_loses_nothing,
        call_ends_even_when_nobody_tells;
}
