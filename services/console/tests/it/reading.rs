//! What operators read on the pages of threads, leads and calls.

use std::sync::Arc;

use serde_json::{Value, json};

use crate::test_app::TestApp;
use crate::work::EVIL;

fn thread() -> Value {
    json!({ "id": "t1", "tenant_id": "smith", "customer": "+15550107777", "number": "+15550100001", "status": "active",
        "answering": "ai", "messages": [], "reply_due_at": "2027-01-15T08:01:00Z" })
}

pub async fn draft_is_read_before_it_leaves(app: Arc<TestApp>) {
    let roles = app.roles();
    for list in ["/calls/", "/opt-outs/"] {
        roles.list(list, json!([]));
    }
    roles.say("GET /conversations/t1", 200, thread());
    let owner = app.owner().await;
    let page = owner.get("/console/conversations/t1").await.body;
    assert!(page.contains("Its words appear here half a minute before they leave."));
    let mut written = thread();
    written["draft"] = json!({ "text": format!("Where is it? {EVIL}"), "leaves_at": "2027-01-15T08:01:00Z", "simulated": true });
    roles.say("GET /conversations/t1", 200, written);
    let page = owner.get("/console/conversations/t1").await.body;
    for part in [
        "Where is it? &#60;script&#62;",
        "not sent yet",
        "simulated",
        "data-until=\"2027-01-15T08:01:00.000Z\"",
        "Take over and edit it",
        // Of a segment, unless it is set otherwise.
        "data-segments=\"8300\"",
    ] {
        assert!(page.contains(part), "{part} is not in {page}");
    }
    // Who only looks reads it, and can do nothing about it.
    let viewer = app.operator("Vera", "viewer", "").await;
    let page = viewer.get("/console/conversations/t1").await.body;
    assert!(page.contains("Where is it?") && !page.contains("Take over"));
}

pub async fn recording_is_read_word_by_word(app: Arc<TestApp>) {
    let roles = app.roles();
    let recording = json!({ "id": "rec1", "recording_sid": "RE1", "status": "completed" });
    roles.say(
        "GET /calls/c1",
        200,
        json!({ "id": "c1", "call_sid": "CA1", "status": "completed", "outcome": "answered", "recordings": [recording] }),
    );
    roles.list("/calls/c1/timeline", json!([]));
    let words = json!([{ "text": "Good", "from_s": 1.5 }, { "text": EVIL, "from_s": 2.0 }]);
    let turn = |words: Value| json!({ "speaker": "customer", "from_s": 1.0, "to_s": 3.0, "text": "Good morning", "words": words });
    let path = "GET /calls/c1/recording/rec1/transcript";
    let told = |words: Value| json!({ "recording_id": "rec1", "turns": [turn(words)] });
    roles.say(path, 200, told(words));
    let owner = app.owner().await;
    let page = owner.get("/console/calls/c1").await.body;
    assert!(page.contains("<span data-at=\"1.5\">Good</span>"), "{page}");
    assert!(
        page.contains("<span data-at=\"2.0\">&#60;script&#62;"),
        "{page}"
    );
    assert!(!page.contains("estimated"), "they were measured");
    // The part of the page with the sound follows the call, too.
    assert!(page.contains("id=\"recordings\" data-refresh"));
    roles.say(path, 200, told(json!([])));
    let page = owner.get("/console/calls/c1").await.body;
    assert!(
        page.contains(">morning</span>") && page.contains("estimated"),
        "{page}"
    );
}

pub async fn leads_lead_to_their_threads(app: Arc<TestApp>) {
    let roles = app.roles();
    roles.list("/leads/", json!([]));
    let owner = app.owner().await;
    assert!(
        owner
            .get("/console/leads")
            .await
            .body
            .contains("No leads yet")
    );
    let lead = json!({ "id": "l1", "tenant_id": "smith", "conversation_id": "t1", "customer": "+15550107777", "status": "appointment_scheduled",
        "name": EVIL, "job": "leak", "value": 240.5, "urgency": "urgent", "appointment_at": "2027-01-15T08:00:00Z" });
    roles.say(
        "GET /leads/",
        200,
        json!({ "items": [lead], "next_cursor": "more" }),
    );
    let page = owner.get("/console/leads?status=qualified").await.body;
    for part in [
        "href=\"/console/conversations/t1\"",
        "appointment scheduled",
        "240.50",
        "urgent",
        "&#60;script&#62;",
        "cursor=more",
        "value=\"qualified\" selected",
    ] {
        assert!(page.contains(part), "{part} is not in {page}");
    }
    let inbox = owner.get("/console/conversations").await.body;
    assert!(inbox.contains("href=\"/console/leads\""));
}

pub async fn thread_has_media_reactions_and_what_failed(app: Arc<TestApp>) {
    let roles = app.roles();
    for list in ["/calls/", "/opt-outs/"] {
        roles.list(list, json!([]));
    }
    let mut told = thread();
    told["messages"] = json!([
        { "id": "m1", "direction": "inbound", "sender": "customer", "body": "look", "sent_at": "2027-01-15T07:58:00Z",
          "media": [{ "content_type": "image/png", "url": "/conversations/t1/media/x", "status": "stored" },
                    { "content_type": EVIL, "url": "javascript:alert(1)", "status": "stored" },
                    { "url": "/conversations/t1/media/y", "status": "too_large" }] },
        { "id": "m2", "direction": "outbound", "sender": "ai", "body": "Thanks", "status": "undelivered", "error_code": 30003,
          "error_message": "Unreachable", "reactions": [{ "sign": "👍", "removed": false }, { "sign": "👎", "removed": true }] },
    ]);
    told["urgency"] = json!("emergency");
    told["entries"] = json!([
        { "kind": "call", "at": "2027-01-15T07:57:00Z", "call_id": "c9", "detail": { "outcome": "missed" } },
        { "kind": "answering", "at": "2027-01-15T07:59:00Z", "detail": { "answering": "human" } },
    ]);
    roles.say("GET /conversations/t1", 200, told);
    let page = app
        .owner()
        .await
        .get("/console/conversations/t1")
        .await
        .body;
    for part in [
        "<img class=\"picture\" src=\"/conversations/t1/media/x\"",
        "A file was not kept: too large.",
        "(Twilio error 30003: Unreachable)",
        "👍",
        "emergency",
        "Call missed",
        "href=\"/console/calls/c9\"",
        "A person has taken over",
    ] {
        assert!(page.contains(part), "{part} is not in {page}");
    }
    // In the order of their times.
    assert!(page.find("Call missed") < page.find(">look<"), "{page}");
    assert!(!page.contains("javascript:") && !page.contains("👎") && !page.contains(EVIL));
}
