//! The role on a platform of its own: one suite, on SQLite with the embedded bus and on PostgreSQL with RabbitMQ.

#![expect(clippy::unwrap_used, reason = "a test that fails says where")]

mod apply;
mod claims;
mod erasures;
mod fixtures;
mod flows;
mod keys;
mod lookups;
mod moments;
mod notify;
mod notify_queues;
mod numbers;
mod offers;
mod purchases;
mod reach;
mod resolution;
mod secrets;
mod test_app;
mod warnings;
mod webhooks;

testkit::suite! { crate::test_app::run;
    apply:
        document_is_applied_once,
        all_faults_are_told_at_once,
        window_of_no_time_is_refused,
        nothing_changes_when_anything_is_wrong,
        number_belongs_to_one_tenant,
        one_number_is_primary,
        what_is_shown_can_be_put_back,
        tenant_is_created_once,
        put_of_a_tenant_says_whether_it_is_new,
        what_is_no_document_is_refused;
    claims:
        number_of_another_account_cannot_be_claimed,
        number_of_the_platform_is_assigned_by_operators,
        number_at_twilio_has_one_owner,
        what_an_operator_has_suspended_only_operators_lift;
    erasures:
        erasure_is_over_when_every_part_has_answered;
    flows:
        flows_are_told_to_whoever_keeps_them,
        bad_flow_holds_everything_up,
        tenants_key_defines_its_own_flows,
        number_names_the_flow_of_its_calls;
    keys:
        key_opens_what_it_says,
        tenants_key_sees_its_tenant_only,
        key_made_with_a_tenants_key_is_the_tenants,
        withdrawn_key_opens_nothing,
        keys_of_an_apply_file,
        no_route_is_open;
    notify_queues:
        calls_are_collected_from_when_a_tenant_wants_to_be_told,
        refused_document_collects_nothing,
        new_broker_collects_for_who_wanted_it_before;
    lookups:
        change_is_seen_at_once,
        tenant_query_answers_the_named_one_or_the_only_one,
        change_of_another_replica_is_seen,
        edge_gets_its_directory,
        directory_comes_in_pages;
    moments:
        what_is_republished_keeps_its_moment;
    notify:
        missed_call_is_posted_and_signed,
        refused_post_is_tried_again,
        gone_is_the_end,
        text_is_posted_with_its_words,
        redirect_is_not_followed;
    numbers:
        number_is_looked_up,
        number_goes_from_state_to_state,
        lists_page;
    webhooks:
        webhooks_are_compared_number_by_number,
        number_is_pointed_at_the_platform,
        tenant_that_was_changed_meanwhile_is_not_replaced;
    offers:
        offer_travels_to_whoever_answers_customers,
        own_spend_limits_travel_to_the_edge,
        offer_faults_have_their_places,
        conversation_flow_and_its_numbers_are_routed;
    purchases:
        number_is_bought,
        idempotency_key_of_another_purchase_is_refused,
        purchase_that_names_no_tenant_is_the_keys_own_or_the_only_ones,
        refused_number_leaves_nothing,
        late_answer_settles_a_purchase,
        purchase_that_nobody_heard_is_ordered_again,
        suspended_tenant_buys_nothing,
        number_is_given_back;
    reach:
        inner_address_is_an_operators_word_on_a_laptop;
    resolution:
        call_goes_to_the_app_of_its_number,
        bot_is_one_app,
        who_is_not_served_is_told,
        callbacks_of_a_suspended_tenant_go_through,
        whisper_is_resolved_by_its_query,
        texts_go_to_conversations,
        another_account_cannot_speak_for_a_number;
    secrets:
        credentials_are_never_shown,
        credential_is_bound_to_its_row_and_sealed_anew;
    warnings:
        number_that_cannot_work_is_warned_of,
        app_that_no_role_serves_is_warned_of,
        calls_that_would_go_in_circles_are_refused,
        document_that_says_a_thing_twice_is_refused,
        platforms_own_account_needs_no_tokens;
}

/// Where addresses of tenants have to be public.
mod guarded {
    testkit::suite! { crate::test_app::guarded;
        reach:
            inner_address_is_refused_when_it_is_given,
            inner_address_that_is_there_already_is_not_posted_to;
    }
}

/// Where the case moves the clock.
mod held {
    testkit::suite! { crate::test_app::held;
        erasures:
            erasure_that_a_role_has_not_answered_is_asked_for_again,
            retention_of_a_tenant_is_told_to_whoever_keeps;
        keys:
            key_that_has_expired_opens_nothing;
    }
}
