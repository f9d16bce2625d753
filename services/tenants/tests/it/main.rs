//! The role on a platform of its own: one suite, on SQLite with the embedded bus and on PostgreSQL with RabbitMQ.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test that fails says where"
)]

mod apply;
mod keys;
mod lab;
mod notify;
mod numbers;
mod resolution;
mod secrets;
mod world;

/// Runs each case on both.
macro_rules! suite {
    ($($module:ident::$case:ident),* $(,)?) => {
        mod embedded {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $case() { crate::lab::run(crate::lab::Mode::Embedded, crate::$module::$case).await })*
        }
        mod distributed {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $case() { crate::lab::run(crate::lab::Mode::Distributed, crate::$module::$case).await })*
        }
    };
}

suite!(
    apply::a_document_is_applied_once,
    apply::all_faults_are_told_at_once,
    apply::nothing_changes_when_anything_is_wrong,
    apply::a_number_belongs_to_one_tenant,
    apply::one_number_is_primary,
    apply::what_is_shown_can_be_put_back,
    apply::a_tenant_is_created_once,
    apply::flows_are_not_served_yet,
    keys::a_key_opens_what_it_says,
    keys::a_tenants_key_sees_its_tenant_only,
    keys::a_withdrawn_key_opens_nothing,
    keys::keys_of_an_apply_file,
    keys::no_route_is_open,
    notify::a_missed_call_is_posted_and_signed,
    notify::a_refused_post_is_tried_again,
    notify::gone_is_the_end,
    notify::a_text_is_posted_with_its_words,
    notify::a_redirect_is_not_followed,
    numbers::a_number_is_looked_up,
    numbers::a_number_goes_from_state_to_state,
    numbers::a_number_is_bought,
    numbers::a_refused_number_leaves_nothing,
    numbers::a_late_answer_settles_a_purchase,
    numbers::a_number_is_given_back,
    numbers::lists_page,
    resolution::a_call_goes_to_the_app_of_its_number,
    resolution::a_bot_is_one_app,
    resolution::who_is_not_served_is_told,
    resolution::callbacks_of_a_suspended_tenant_go_through,
    resolution::a_whisper_is_resolved_by_its_query,
    resolution::texts_go_to_conversations,
    resolution::another_account_cannot_speak_for_a_number,
    resolution::a_change_is_seen_at_once,
    resolution::a_change_of_another_replica_is_seen,
    resolution::the_edge_gets_its_directory,
    secrets::credentials_are_never_shown,
);
