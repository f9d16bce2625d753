//! Candidates who are to be forgotten, and interviews whose time is over.

use std::sync::Arc;

use events::Event;
use events::v1::{PersonErase, RetentionDue};
use serde_json::json;
use testkit::{EventRecorder, eventually};

use crate::fixtures::{PERSON, at, ended, pending};
use crate::test_app::TestApp;

/// Deleting a candidate begins one erasure, however often it is asked for, and only by whoever may.
pub async fn candidate_is_forgotten_on_behalf_of_its_tenant_only(app: Arc<TestApp>) {
    let recorder = Arc::new(EventRecorder::default());
    recorder
        .listen_as("test.erasures", &app.bus(), &[PersonErase::TYPE])
        .await;
    let made = json!({ "name": "Ann", "phone": PERSON, "tenant_id": "smith" });
    let id = app.made("/api/candidates/", made).await;
    let path = format!("/api/candidates/{id}");
    for (key, status) in [("read-smith", 403), ("write-jones", 404)] {
        assert_eq!(
            app.call("DELETE", &path, key, None).await.0,
            status,
            "{key}"
        );
    }
    let (status, begun) = app.call("DELETE", &path, "write-smith", None).await;
    assert_eq!(
        (status, &begun["status"]),
        (202, &json!("pending")),
        "{begun}"
    );
    let (_, again) = app.call("DELETE", &path, "write-smith", None).await;
    assert_eq!(again["id"], begun["id"]);
    let heard = recorder.wait_for::<PersonErase>(2).await;
    for (_, erase) in heard {
        assert_eq!(json!(erase.receipt_id), begun["id"]);
        assert_eq!(
            (erase.tenant_id.as_str(), erase.number.as_str()),
            ("smith", PERSON)
        );
        assert_eq!(erase.candidate_id, id);
    }
}

/// A candidate with a business's number: every call of the business would go.
pub async fn candidate_with_a_number_of_a_business_is_not_forgotten(app: Arc<TestApp>) {
    const OWN: &str = "+15550200001";
    let directory = app.parts().directory;
    eventually("the directory is loaded", async || {
        directory.entry(OWN).is_some()
    })
    .await;
    let made = json!({ "name": "Jones", "phone": OWN, "tenant_id": "smith" });
    let id = app.made("/api/candidates/", made).await;
    let path = format!("/api/candidates/{id}");
    let (status, refused) = app.call("DELETE", &path, "write-smith", None).await;
    assert_eq!(
        (status, &refused["error"]["code"]),
        (409, &json!("own_number")),
        "{refused}"
    );
    assert_eq!(app.get_as("read-smith", &path).await.0, 200);
}

/// What ended before the time goes; what goes on, what ended later, and what is another tenant's stays.
pub async fn interviews_whose_time_is_over_are_removed(app: Arc<TestApp>) {
    let none = flow::Progress::default();
    let mut late = ended("late", "smith", &none);
    late.ended_at = Some(at(5_000).into());
    for row in [
        ended("old", "smith", &none),
        ended("theirs", "jones", &none),
        pending("live", "smith"),
        late,
    ] {
        app.keep(&row).await;
    }
    let due = RetentionDue {
        tenant_id: "smith".into(),
        interviews_before: at(4_000).to_rfc3339(),
        ..RetentionDue::default()
    };
    app.publish(&due).await;
    eventually("the old one is removed", async || {
        app.get_as("read-smith", "/api/interviews/old").await.0 == 404
    })
    .await;
    for (key, id) in [
        ("read-jones", "theirs"),
        ("read-smith", "live"),
        ("read-smith", "late"),
    ] {
        let path = format!("/api/interviews/{id}");
        assert_eq!(app.get_as(key, &path).await.0, 200, "{id}");
    }
    // Nothing said: nothing goes.
    let kept = RetentionDue {
        tenant_id: "jones".into(),
        ..RetentionDue::default()
    };
    let envelope = app.envelope(&kept);
    app.bus().publish(&envelope).await.unwrap();
    app.handled(&app.store, "interviews.expire", &envelope.id)
        .await;
    assert_eq!(
        app.get_as("read-jones", "/api/interviews/theirs").await.0,
        200
    );
}
