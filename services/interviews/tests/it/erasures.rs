//! Candidates who are to be forgotten, and interviews whose time is over.

use std::sync::Arc;

use events::Event;
use events::v1::{PersonErase, RetentionDue};
use serde_json::json;
use testkit::{Ear, eventually};

use crate::lab::Lab;
use crate::world::{PERSON, at, ended, pending};

/// Deleting a candidate begins one erasure, however often it is asked for, and only by whoever may.
pub async fn candidate_is_forgotten_on_behalf_of_its_tenant_only(lab: Arc<Lab>) {
    let ear = Arc::new(Ear::default());
    ear.listen_as("test.erasures", &lab.bus(), &[PersonErase::TYPE])
        .await;
    let made = json!({ "name": "Ann", "phone": PERSON, "tenant_id": "smith" });
    let id = lab.made("/api/candidates/", made).await;
    let path = format!("/api/candidates/{id}");
    for (key, status) in [("read-smith", 403), ("write-jones", 404)] {
        assert_eq!(
            lab.call("DELETE", &path, key, None).await.0,
            status,
            "{key}"
        );
    }
    let (status, begun) = lab.call("DELETE", &path, "write-smith", None).await;
    assert_eq!(
        (status, &begun["status"]),
        (202, &json!("pending")),
        "{begun}"
    );
    let (_, again) = lab.call("DELETE", &path, "write-smith", None).await;
    assert_eq!(again["id"], begun["id"]);
    let heard = ear.hear::<PersonErase>(2).await;
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
pub async fn candidate_with_a_number_of_a_business_is_not_forgotten(lab: Arc<Lab>) {
    const OWN: &str = "+15550200001";
    let directory = lab.parts().directory;
    eventually("the directory is loaded", async || {
        directory.entry(OWN).is_some()
    })
    .await;
    let made = json!({ "name": "Jones", "phone": OWN, "tenant_id": "smith" });
    let id = lab.made("/api/candidates/", made).await;
    let path = format!("/api/candidates/{id}");
    let (status, refused) = lab.call("DELETE", &path, "write-smith", None).await;
    assert_eq!(
        (status, &refused["error"]["code"]),
        (409, &json!("own_number")),
        "{refused}"
    );
    assert_eq!(lab.get_as("read-smith", &path).await.0, 200);
}

/// What ended before the time goes; what goes on, what ended later, and what is another tenant's stays.
pub async fn interviews_whose_time_is_over_are_removed(lab: Arc<Lab>) {
    let none = flow::Progress::default();
    let mut late = ended("late", "smith", &none);
    late.ended_at = Some(at(5_000).into());
    for row in [
        ended("old", "smith", &none),
        ended("theirs", "jones", &none),
        pending("live", "smith"),
        late,
    ] {
        lab.keep(&row).await;
    }
    let due = RetentionDue {
        tenant_id: "smith".into(),
        interviews_before: at(4_000).to_rfc3339(),
        ..RetentionDue::default()
    };
    lab.publish(&due).await;
    eventually("the old one is removed", async || {
        lab.get_as("read-smith", "/api/interviews/old").await.0 == 404
    })
    .await;
    for (key, id) in [
        ("read-jones", "theirs"),
        ("read-smith", "live"),
        ("read-smith", "late"),
    ] {
        let path = format!("/api/interviews/{id}");
        assert_eq!(lab.get_as(key, &path).await.0, 200, "{id}");
    }
    // Nothing said: nothing goes.
    let kept = RetentionDue {
        tenant_id: "jones".into(),
        ..RetentionDue::default()
    };
    let envelope = lab.envelope(&kept);
    lab.bus().publish(&envelope).await.unwrap();
    lab.handled(&lab.store, "interviews.expire", &envelope.id)
        .await;
    assert_eq!(
        lab.get_as("read-jones", "/api/interviews/theirs").await.0,
        200
    );
}
