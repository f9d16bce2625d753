//! What callers are told before anything is recorded.

use std::sync::Arc;

use crate::phone::Phone;
use crate::test_app::{NOTICED, RECORDED, TestApp};

pub async fn flow_with_its_own_notice_says_it_before_the_recording_starts(app: Arc<TestApp>) {
    let document = app.document("CA1", NOTICED).await;
    let place = |what: &str| {
        let found = document.find(what);
        found.unwrap_or_else(|| panic!("no {what} in {document}"))
    };
    assert!(place("We keep what you say.") < place("<Recording"));
    assert!(place("<Recording") < place("<Connect>"));
    assert!(!document.contains("being recorded"), "{document}");
    // Nor is it said again.
    let path = app.offered("CA1", NOTICED).await;
    let mut phone = Phone::call(&app, &path, "CA1").await;
    phone.hears("Are you salaried?").await;
    assert!(!phone.heard.iter().any(|it| it.contains("We keep")));
}

pub async fn flow_without_one_says_the_tenants(app: Arc<TestApp>) {
    let document = app.document("CA1", RECORDED).await;
    assert!(document.contains("being recorded"), "{document}");
    let silent = app.document("CA2", "loan").await;
    assert!(
        !silent.contains("<Say") && !silent.contains("<Recording"),
        "{silent}"
    );
}
