//! What every role shares, with a role that does as it is told: on SQLite with the embedded bus and on PostgreSQL with
//! RabbitMQ.

#![expect(clippy::unwrap_used, reason = "a test that fails says where")]

mod callbacks;
mod dead;
mod frame;
mod health;
mod http;
mod sample;
mod settings;
mod test_app;

testkit::suite! { crate::test_app::run;
    dead:
        bound_key_sees_its_own_dead_letters,
        dead_letters_come_in_pages,
        dead_letter_makes_readiness_say_degraded;
    frame:
        event_that_comes_twice_is_decided_once,
        request_past_its_deadline_wants_no_reply,
        kept_slot_is_answered_by_a_later_event,
        outbox_of_a_dead_process_is_published,
        timer_fires_once_and_survives_a_restart,
        rejected_event_is_a_dead_letter_with_the_reason,
        fault_and_a_panic_are_tried_again,
        fact_may_go_unheard,
        command_waits_for_its_consumer,
        performer_publishes_its_outcome_before_the_command_is_done;
    http:
        key_opens_what_it_says,
        made_up_keys_cost_few_questions,
        withdrawn_key_opens_nothing,
        roles_have_a_key_of_their_own,
        every_refusal_has_one_shape,
        refusals_are_counted,
        fixed_words_go_before_names,
        document_describes_every_route,
        list_comes_in_pages;
    health:
        part_that_is_not_well_makes_it_unavailable,
        port_is_open_until_the_requests_in_hand_have_their_answers;
}

mod tutorial {
    testkit::suite! { crate::callbacks::run;
        callbacks:
            missed_call_is_listed_once,
            tenant_does_not_see_anothers;
    }
}
