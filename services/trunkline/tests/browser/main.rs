//! The console in a real browser: signing in, reading, answering, phoning. One platform and one browser for all of it, since
//! starting them is what takes the time; each step goes on where the one before has left the page.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test that fails says where"
)]

mod axe;
mod calls;
mod desk;
mod driver;
mod phone;
mod platform;
mod steps;

use driver::Chromium;
use platform::Platform;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn console_in_a_browser_does_what_operators_do() {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let platform = Platform::start().await;
    let browser = Chromium::start().await;
    let walk = steps::Walk {
        platform: &platform,
        browser: &browser,
    };
    walk.sign_in_by_the_link().await;
    walk.empty_pages_say_what_to_do().await;
    walk.caller_is_interviewed_meanwhile().await;
    walk.phone_is_called_and_heard().await;
    walk.phone_is_spoken_to_through_the_microphone().await;
    walk.missed_call_is_seen_and_answered().await;
    walk.interview_is_phoned_and_spoken_to().await;
    walk.call_is_looked_into_and_heard().await;
    walk.live_call_is_hung_up().await;
    walk.refused_webhook_is_seen_with_its_reason().await;
    walk.doctor_is_read_as_a_page().await;
    walk.second_tab_is_told().await;
    walk.interview_is_judged_by_a_person().await;
    walk.flow_is_heard_before_it_is_stored().await;
    walk.numbers_and_tenants_are_looked_after().await;
    walk.pages_are_accessible_and_light().await;
    walk.pages_read_without_script().await;
    walk.operator_signs_in_by_password().await;
    walk.expired_session_returns().await;
    walk.thousand_events_leave_the_page_answering().await;
    walk.no_request_left_the_machine().await;
    walk.pictures().await;
}
