//! What callers are told before anything is recorded.

use std::sync::Arc;

use crate::lab::{Lab, NOTICED, RECORDED};
use crate::phone::Phone;

pub async fn flow_with_its_own_notice_says_it_before_the_recording_starts(lab: Arc<Lab>) {
    let document = lab.document("CA1", NOTICED).await;
    let place = |what: &str| {
        let found = document.find(what);
        found.unwrap_or_else(|| panic!("no {what} in {document}"))
    };
    assert!(place("We keep what you say.") < place("<Recording"));
    assert!(place("<Recording") < place("<Connect>"));
    assert!(!document.contains("being recorded"), "{document}");
    // Nor is it said again.
    let path = lab.offered("CA1", NOTICED).await;
    let mut phone = Phone::call(&lab, &path, "CA1").await;
    phone.hears("Are you salaried?").await;
    assert!(!phone.heard.iter().any(|it| it.contains("We keep")));
}

pub async fn flow_without_one_says_the_tenants(lab: Arc<Lab>) {
    let document = lab.document("CA1", RECORDED).await;
    assert!(document.contains("being recorded"), "{document}");
    let silent = lab.document("CA2", "loan").await;
    assert!(
        !silent.contains("<Say") && !silent.contains("<Recording"),
        "{silent}"
    );
}
