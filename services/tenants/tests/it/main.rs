//! The role on a platform of its own: one suite, on SQLite with the embedded bus and on PostgreSQL with RabbitMQ.

#![expect(clippy::unwrap_used, reason = "a test that fails says where")]

mod apply;
mod flows;
mod keys;
mod lab;
mod listening;
mod lookups;
mod moments;
mod notify;
mod numbers;
mod purchases;
mod resolution;
mod secrets;
mod world;

testkit::suite! { crate::lab::run;
    apply:
        a_document_is_applied_once,
        all_faults_are_told_at_once,
        a_window_of_no_time_is_refused,
        nothing_changes_when_anything_is_wrong,
        a_number_belongs_to_one_tenant,
        one_number_is_primary,
        what_is_shown_can_be_put_back,
        a_tenant_is_created_once,
        what_is_no_document_is_refused;
    flows:
        flows_are_told_to_whoever_keeps_them,
        a_bad_flow_holds_everything_up,
        a_tenants_key_defines_its_own_flows,
        a_number_names_the_flow_of_its_calls;
    keys:
        a_key_opens_what_it_says,
        a_tenants_key_sees_its_tenant_only,
        a_withdrawn_key_opens_nothing,
        keys_of_an_apply_file,
        no_route_is_open;
    listening:
        calls_are_collected_from_when_a_tenant_wants_to_be_told,
        a_refused_document_collects_nothing,
        a_new_broker_collects_for_who_wanted_it_before;
    lookups:
        a_change_is_seen_at_once,
        a_change_of_another_replica_is_seen,
        the_edge_gets_its_directory;
    moments:
        what_is_republished_keeps_its_moment;
    notify:
        a_missed_call_is_posted_and_signed,
        a_refused_post_is_tried_again,
        gone_is_the_end,
        a_text_is_posted_with_its_words,
        a_redirect_is_not_followed;
    numbers:
        a_number_is_looked_up,
        a_number_goes_from_state_to_state,
        lists_page;
    purchases:
        a_number_is_bought,
        a_refused_number_leaves_nothing,
        a_late_answer_settles_a_purchase,
        a_number_is_given_back;
    resolution:
        a_call_goes_to_the_app_of_its_number,
        a_bot_is_one_app,
        who_is_not_served_is_told,
        callbacks_of_a_suspended_tenant_go_through,
        a_whisper_is_resolved_by_its_query,
        texts_go_to_conversations,
        another_account_cannot_speak_for_a_number;
    secrets:
        credentials_are_never_shown;
}
