//! One message, understood for another platform.

use std::sync::Arc;

use clock::Clock;
use events::v1::{ReplyDraft, ReplyDrafted, ResolveQuery, Resolved};
use events::{Envelope, Event};
use serde_json::json;
use testkit::EventRecorder;

use crate::fixtures::{drafted, tenant};
use crate::test_app::TestApp;

/// Answers what tenants and a model would.
async fn others(app: &TestApp) {
    let resolved = |_: &Envelope| {
        let resolved = Resolved {
            tenant: Some(tenant("smith", 0)),
            active: true,
        };
        Some(Envelope::new("trunkline/test", &Clock::system(), &resolved))
    };
    let tenants = Arc::new(EventRecorder::default());
    let query = [ResolveQuery::TYPE];
    tenants
        .listen_and_answer("test.tenants", &app.bus(), &query, resolved)
        .await;
    let write = |asked: &Envelope| {
        let draft: ReplyDraft = asked.decode().ok()?;
        let words = match draft.slots.first() {
            Some(slot) => format!("We can come {}. OK?", slot.label),
            None => "For you only $1.".to_owned(),
        };
        let slot = draft.slots.first().map(|it| it.starts_at.clone());
        let said = ReplyDrafted {
            conversation_id: String::new(),
            ..drafted(
                &draft.draft_id,
                "propose",
                &slot.unwrap_or_default(),
                &words,
            )
        };
        Some(Envelope::new("trunkline/test", &Clock::system(), &said))
    };
    let model = Arc::new(EventRecorder::default());
    let command = [ReplyDraft::TYPE];
    model
        .listen_and_answer("test.scoring", &app.bus(), &command, write)
        .await;
}

pub async fn message_of_another_platform_is_understood_without_a_thread(app: Arc<TestApp>) {
    others(&app).await;
    let asked = json!({
        "callerPhone": "+15550109999", "calledNumber": "+15550100001", "businessName": "Smith & Sons",
        "tradeType": "plumbing",
        "conversationHistory": ["Hello?", {"role": "assistant", "content": "How can we help?"}],
        "currentMessage": "My water heater burst at 789 Sunset Blvd 94110",
    });
    let (code, answer) = app.post("/dispatch/process", asked).await;
    assert_eq!(code, 200, "{answer}");
    assert_eq!(answer["extracted"]["job"]["value"], "leak under the sink");
    assert_eq!(
        (&answer["urgency"], &answer["danger"]),
        (&json!("emergency"), &json!("water"))
    );
    assert_eq!(
        (
            &answer["validation"]["area"],
            &answer["validation"]["capacity"]
        ),
        (&json!("inside"), &json!("available"))
    );
    assert_eq!(answer["next_action"], "propose");
    assert!(answer["proposed_slot"]["starts_at"].is_string());
    assert!(
        answer["reply"]
            .as_str()
            .unwrap()
            .starts_with("We can come ")
    );
    let draft = app.drafts(1).await.remove(0);
    let history: Vec<(&str, &str)> = draft
        .history
        .iter()
        .map(|it| (it.sender.as_str(), it.body.as_str()))
        .collect();
    assert_eq!(
        history,
        [
            ("customer", "Hello?"),
            ("ai", "How can we help?"),
            ("customer", "My water heater burst at 789 Sunset Blvd 94110")
        ]
    );
    assert_eq!(draft.tenant.unwrap().name, "Smith & Sons");
    assert_eq!(app.get("/conversations/").await["items"], json!([]));
    assert_eq!(app.sends().await.len(), 0);

    // A stranger's number says nothing of itself, and an invented price is not passed on.
    let asked = json!({
        "calledNumber": "+15550100001", "businessName": "Jones", "currentMessage": "how much is it",
    });
    let (code, answer) = app
        .call("POST", "/dispatch/process", "write-jones", Some(asked))
        .await;
    assert_eq!((code, &answer["proposed_slot"]), (200, &json!(null)));
    assert!(
        !answer["reply"].as_str().unwrap().contains("$1"),
        "{answer}"
    );
    for bad in [
        json!({"currentMessage": " "}),
        json!({"currentMessage": "x".repeat(5_001)}),
        json!({"message": "hi"}),
    ] {
        assert_eq!(app.post("/dispatch/process", bad).await.0, 422);
    }
}
