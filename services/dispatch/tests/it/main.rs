//! Dispatch from outside: events on the bus, requests over HTTP, on SQLite with the embedded bus and on PostgreSQL
//! with RabbitMQ; and its decisions alone, in many orders.

#![expect(clippy::unwrap_used, reason = "a test that fails says where")]

mod delivery;
mod http;
mod lab;
mod model;
mod orders;
mod text_back;
mod texts;
mod world;

testkit::suite! { crate::lab::run;
    text_back:
        a_missed_call_is_answered_with_one_text,
        a_caller_is_texted_once_in_a_while,
        each_reason_to_stay_silent,
        what_a_text_costs_stands_in_the_log,
        stop_silences_and_start_wakes;
    texts:
        a_text_joins_the_thread_of_the_call,
        a_second_delivery_changes_nothing,
        a_wish_counts_by_its_own_time,
        egress_may_know_of_a_wish,
        what_makes_no_sense_is_put_aside;
    delivery:
        a_status_may_come_before_its_message,
        a_final_status_stays,
        who_has_opted_out_at_twilio_has_opted_out,
        a_guard_is_believed_until_the_customer_speaks;
    http:
        a_conversation_has_the_shape_of_the_contract,
        a_list_is_paged_with_the_latest_news_first,
        a_person_takes_over,
        a_request_may_be_repeated,
        what_cannot_be_sent_is_refused,
        tenants_do_not_see_each_other,
        nothing_is_open;
    orders:
        a_storm_of_events_comes_to_rest;
}
