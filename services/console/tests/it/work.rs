//! What operators do on the pages of interviews, numbers, flows and conversations, and what the roles are told.

use std::sync::Arc;

use serde_json::{Value, json};

use crate::test_app::TestApp;

pub const EVIL: &str = "<script>alert(1)</script>";

pub fn changed_meanwhile() -> Value {
    json!({ "error": { "code": "changed_meanwhile", "message": "it was changed meanwhile; load it again and repeat your change" } })
}

fn answer(review: Value) -> Value {
    json!({
        "question_number": 1, "question": "Why us?", "transcript": "I led a team.", "transcript_status": "done", "score": 80,
        "quote": "a team", "feedback": "Good.", "recording": { "recording_sid": "RE1" }, "review": review,
    })
}

fn interview(app: &TestApp) {
    let roles = app.roles();
    let it = json!({ "id": "i1", "tenant_id": "smith", "status": "ended", "outcome": "completed", "person": "+15550109999", "call_sid": "CA1", "flow": "screener" });
    roles.say("GET /api/interviews/i1", 200, it);
    let own = json!({ "id": "r1", "question_number": 1, "note": EVIL, "score": 60, "by": "Ann", "at": "2026-11-29T10:00:00Z" });
    let answers = json!([answer(own)]);
    roles.say(
        "GET /api/interviews/i1/flow/",
        200,
        json!({ "stage": "over", "answers": answers }),
    );
    roles.say(
        "GET /api/interviews/i1/results/",
        200,
        json!({ "overall_score": 80, "recommendation": "yes", "answers": answers }),
    );
    roles.list("/api/interviews/i1/reviews/", json!([]));
    let recording = json!({ "id": "rec1", "recording_sid": "RE1", "status": "completed" });
    roles.say(
        "GET /calls/CA1",
        200,
        json!({ "id": "c1", "recordings": [recording] }),
    );
}

pub async fn answer_is_played_beside_its_words_and_both_scores(app: Arc<TestApp>) {
    interview(&app);
    let page = app.owner().await.get("/console/interviews/i1").await;
    assert_eq!(page.status, 200);
    for part in [
        "src=\"/calls/CA1/recording/rec1/play\"",
        "I led <mark>a team</mark>.",
        "80<span class=\"soft small\"> AI</span>",
        "60<span class=\"soft small\"> person</span>",
        "/api/interviews/i1/results/page",
        "format=csv",
    ] {
        assert!(page.body.contains(part), "{part} is not in {}", page.body);
    }
    assert!(!page.body.contains(EVIL));
}

pub async fn note_is_written_over_the_one_that_was_seen(app: Arc<TestApp>) {
    interview(&app);
    let roles = app.roles();
    let what = "POST /api/interviews/i1/reviews/";
    roles.say(what, 201, json!({ "id": "r2" }));
    let owner = app.owner().await;
    let fields = [
        ("question_number", "1"),
        ("note", "Better."),
        ("score", "70"),
        ("seen", "r1"),
        ("once", "x"),
    ];
    let answer = owner.submit("/console/interviews/i1/review", &fields).await;
    assert_eq!(answer.location, "/console/interviews/i1?said=review");
    let told = roles.told(what).3;
    assert_eq!(
        told,
        json!({ "note": "Better.", "replaces": "r1", "question_number": 1, "score": 70 })
    );
    // The second of two tabs is told.
    roles.say(what, 409, changed_meanwhile());
    let answer = owner.submit("/console/interviews/i1/review", &fields).await;
    assert_eq!(answer.status, 422);
    assert!(
        answer.body.contains("It was changed meanwhile"),
        "{}",
        answer.body
    );
    // Without the token of the page nothing is told.
    let before = roles.times(what);
    assert_eq!(
        owner
            .send("/console/interviews/i1/review", &fields)
            .await
            .status,
        403
    );
    assert_eq!(roles.times(what), before);
}

pub async fn candidates_stand_side_by_side(app: Arc<TestApp>) {
    let of = |id: &str, name: &str| json!({ "interview_id": id, "candidate": { "name": name }, "overall_score": 80, "answers": [answer(Value::Null)] });
    let roles = app.roles();
    roles.list(
        "/api/interviews/results",
        json!([of("b", "Bob"), of("a", EVIL)]),
    );
    let page = app
        .owner()
        .await
        .get("/console/interviews/compare?id=a&id=b")
        .await;
    let (first, second) = (
        page.body.find("/console/interviews/a"),
        page.body.find("/console/interviews/b"),
    );
    assert!(
        first.unwrap() < second.unwrap(),
        "they stand as they were chosen"
    );
    assert!(!page.body.contains(EVIL));
    assert_eq!(page.body.matches("I led <mark>a team</mark>.").count(), 2);
    let empty = app.owner().await.get("/console/interviews/compare").await;
    assert!(empty.body.contains("Choose two or more"), "{}", empty.body);
}

pub async fn webhooks_of_a_number_are_set_by_a_button(app: Arc<TestApp>) {
    let roles = app.roles();
    roles.list("/phone-numbers/", json!([]));
    let sides = |sms: &str| json!({ "voice_url": "https://a.example/call", "status_callback": "https://a.example/call", "sms_url": sms });
    roles.list(
        "/phone-numbers/webhooks",
        json!([{ "id": "n1", "number": "+15550100001", "state": "wrong", "wrong": ["texts go to nowhere"],
            "expected": sides("https://a.example/sms"), "actual": sides("") }]),
    );
    roles.say("GET /api/webhook-test/", 200, json!({ "method": "POST" }));
    let what = "POST /phone-numbers/n1/webhooks";
    roles.say(what, 200, json!({ "state": "ok" }));
    let owner = app.owner().await;
    let page = owner.get("/console/numbers").await;
    for part in [
        "texts go to nowhere",
        "goes elsewhere",
        "Set the webhooks of +1 555 010 0001",
        "differs",
    ] {
        assert!(page.body.contains(part), "{part} is not in {}", page.body);
    }
    let answer = owner.submit("/console/numbers/n1/webhooks", &[]).await;
    assert_eq!((answer.status, roles.times(what)), (303, 1));
    // Who may only look sees no button.
    let viewer = app.operator("Vera", "viewer", "").await;
    assert!(
        !viewer
            .get("/console/numbers")
            .await
            .body
            .contains("Set the webhooks of")
    );
}

fn loan() -> Value {
    json!({ "name": "loan", "kind": "eligibility", "greeting": "Hello.", "questions": [{ "id": "q1", "ask": "Employed?", "expect": "yes_no" }] })
}

fn flow(app: &TestApp) {
    let roles = app.roles();
    let version = |version: i64, greeting: &str| {
        let mut definition = loan();
        definition["greeting"] = json!(greeting);
        json!({ "name": "loan", "kind": "eligibility", "version": version, "tenant_id": "smith", "definition": definition })
    };
    roles.say("GET /api/flows/loan", 200, version(2, "Hello."));
    roles.list("/api/flows/", json!([version(2, "Hello.")]));
    roles.list(
        "/api/flows/loan/versions",
        json!([{ "version": 2 }, { "version": 1 }]),
    );
    let heard =
        json!([{ "voice": "platform", "text": "Hello." }, { "voice": "caller", "text": "yes" }]);
    roles.say(
        "POST /api/flows/preview",
        200,
        json!({ "heard": heard, "heard_with_no": [{ "voice": "platform", "text": "Sorry." }] }),
    );
}

pub async fn flow_shows_what_is_heard_and_its_versions(app: Arc<TestApp>) {
    flow(&app);
    let owner = app.owner().await;
    let page = owner
        .get("/console/flows/loan?tenant=smith&against=1")
        .await;
    for part in [
        "data-say>Hello.",
        "Sorry.",
        "Version 1</a>",
        "Version 1 against 2",
        "Change it",
    ] {
        assert!(page.body.contains(part), "{part} is not in {}", page.body);
    }
    let list = owner.get("/console/flows").await;
    assert!(
        list.body.contains("/console/flows/loan?tenant=smith"),
        "{}",
        list.body
    );
}

pub async fn flow_is_changed_in_a_form_and_heard_before(app: Arc<TestApp>) {
    flow(&app);
    let roles = app.roles();
    let owner = app.owner().await;
    let page = owner.get("/console/flows/loan/edit?tenant=smith").await;
    assert!(
        page.body.contains("Change flow loan") && page.body.contains(">Employed?</textarea>"),
        "{}",
        page.body
    );
    let definition = loan().to_string();
    let mut fields = vec![
        ("definition", definition.as_str()),
        ("seen", "2"),
        ("tenant", "smith"),
        ("name", "loan"),
        ("greeting", "Good day."),
        ("questions", "Employed?\nOf age?"),
        ("do", "preview"),
    ];
    let shown = owner.submit("/console/flows/loan/edit", &fields).await;
    assert_eq!(shown.status, 200);
    let played = roles.told("POST /api/flows/preview").3;
    assert_eq!(
        (&played["greeting"], &played["questions"][0]["id"]),
        (&json!("Good day."), &json!("q1"))
    );
    assert_eq!(
        played["questions"][1],
        json!({ "ask": "Of age?", "expect": "yes_no" })
    );
    assert_eq!(roles.times("POST /api/flows/"), 0);

    roles.say("POST /api/flows/", 201, json!({ "version": 3 }));
    fields.pop();
    fields.push(("do", "store"));
    let stored = owner.submit("/console/flows/loan/edit", &fields).await;
    assert_eq!(
        stored.location,
        "/console/flows/loan?tenant=smith&said=saved"
    );
    let told = roles.told("POST /api/flows/");
    assert_eq!(
        (told.2.as_str(), &told.3["tenant_id"]),
        ("2", &json!("smith"))
    );
    // Another tab was faster: what was written is not lost.
    roles.say("POST /api/flows/", 409, changed_meanwhile());
    let refused = owner.submit("/console/flows/loan/edit", &fields).await;
    assert_eq!(refused.status, 422);
    for part in ["It was changed meanwhile", "Good day."] {
        assert!(
            refused.body.contains(part),
            "{part} is not in {}",
            refused.body
        );
    }
    let viewer = app.operator("Vera", "viewer", "").await;
    assert_eq!(viewer.get("/console/flows/loan/edit").await.status, 403);
    let new = owner.get("/console/flows/coach/edit?template=coach").await;
    assert!(new.body.contains("New flow"), "{}", new.body);
}

pub async fn opt_out_has_its_evidence(app: Arc<TestApp>) {
    let roles = app.roles();
    let thread = json!({ "id": "t1", "tenant_id": "smith", "customer": "+15550107777", "number": "+15550100001", "status": "active",
        "answering": "ai", "opted_out": true, "messages": [], "lead_id": "l1" });
    roles.say("GET /conversations/t1", 200, thread);
    roles.list("/calls/", json!([]));
    let words = json!({ "wish": "STOP", "body": format!("stop {EVIL}"), "source": "words", "message_sid": "SM1", "at": "2026-11-29T10:00:00Z" });
    roles.list("/opt-outs/", json!([words]));
    roles.say(
        "GET /leads/l1",
        200,
        json!({ "id": "l1", "status": "qualified", "notes": "Hot" }),
    );
    let what = "PUT /leads/l1/status";
    roles.say(what, 200, json!({ "id": "l1" }));
    let owner = app.owner().await;
    let page = owner.get("/console/conversations/t1").await;
    for part in [
        "Opt-out, with its evidence",
        "as our rules read it, SM1",
        "opted out",
        "Hot",
    ] {
        assert!(page.body.contains(part), "{part} is not in {}", page.body);
    }
    assert!(!page.body.contains(EVIL));
    let fields = [
        ("lead", "l1"),
        ("status", "lost"),
        ("value", "120.5"),
        ("notes", "Went elsewhere"),
    ];
    assert_eq!(
        owner
            .submit("/console/conversations/t1/lead", &fields)
            .await
            .status,
        303
    );
    assert_eq!(
        roles.told(what).3,
        json!({ "status": "lost", "notes": "Went elsewhere", "value": 120.5 })
    );
}
