//! Flows of a document: judged here, told to whoever keeps them.

use std::sync::Arc;

use events::v1::{FlowDefine, TenantChanged, TwilioVoiceInbound, VoiceInbound};
use serde_json::{Value, json};
use testkit::ADMIN;

use crate::fixtures::{call, world};
use crate::test_app::TestApp;

/// As in the contract.
fn eligibility() -> Value {
    json!({
        "name": "loan-eligibility", "kind": "eligibility", "greeting": "Hello, this is QuickRupee.",
        "questions": [
            { "id": "salaried", "ask": "Are you a salaried employee?", "expect": "yes_no" },
            { "id": "income", "ask": "Is your monthly income above 25 thousand?", "expect": "yes_no" },
        ],
        "rule": "all_yes", "eligible": "Great, you are eligible.",
        "not_eligible": "Thank you. You are not eligible at this time.", "max_call_s": 120,
    })
}

fn screener(first: &str) -> Value {
    json!({ "name": "nurses", "kind": "screener", "tenant": "smith", "questions": [first, "Why here?"] })
}

fn with(flows: Value) -> Value {
    let mut document = world();
    document["flows"] = flows;
    document
}

fn names(answer: &Value, list: &str) -> Vec<String> {
    let items = answer[list].as_array().unwrap().iter();
    items
        .map(|item| item.as_str().unwrap().to_owned())
        .filter(|item| item.starts_with("flow "))
        .collect()
}

pub async fn flows_are_told_to_whoever_keeps_them(app: Arc<TestApp>) {
    let both = ["flow loan-eligibility", "flow nurses"];
    let first = app
        .apply(with(json!([eligibility(), screener("Who are you?")])))
        .await;
    assert_eq!(names(&first, "created"), both);
    let mut told = app.recorder.wait_for::<FlowDefine>(2).await;
    told.sort_by_key(|(_, flow)| flow.name.clone());
    let [(everyone, loan), (smith, nurses)] = told.try_into().unwrap();
    assert_eq!(
        (loan.tenant_id.as_str(), loan.name.as_str()),
        ("", "loan-eligibility")
    );
    assert_eq!(
        (nurses.tenant_id.as_str(), nurses.name.as_str()),
        ("smith", "nurses")
    );
    assert_eq!(
        (everyone.tenant, smith.tenant.as_deref()),
        (None, Some("smith"))
    );
    let loan: Value = serde_json::from_str(&loan.definition).unwrap();
    let loan = flow::Definition::stored(&loan).unwrap();
    assert_eq!(loan, flow::Definition::read(&eligibility()).unwrap());

    // Again: nothing is new, and it is told all the same, for whoever has lost it.
    let again = app
        .apply(with(json!([eligibility(), screener("Who are you?")])))
        .await;
    assert_eq!(names(&again, "unchanged"), both);
    app.recorder.wait_for::<FlowDefine>(4).await;

    let third = app
        .apply(json!({ "flows": [screener("What are you?"), { "name": "nurses", "kind": "coach", "written": { "count": 5 } }] }))
        .await;
    // The one of smith is another; the one of everybody has its name only.
    assert_eq!(names(&third, "updated"), ["flow nurses"]);
    assert_eq!(names(&third, "created"), ["flow nurses"]);
    let told = app.recorder.wait_for::<FlowDefine>(6).await;
    let last = told.iter().rfind(|(_, flow)| flow.tenant_id == "smith");
    assert!(last.unwrap().1.definition.contains("What are you?"));
}

pub async fn bad_flow_holds_everything_up(app: Arc<TestApp>) {
    let mut document = with(json!([
        eligibility(),
        { "name": "a", "kind": "screener", "questions": ["One?", "Two?", { "ask": "" }], "wait_ms": 60_000 },
        { "name": "b", "kind": "robot", "tenant": "a b", "colour": "red" },
        "c",
        eligibility(),
    ]));
    document["tenants"][0]["timezone"] = json!("Mars/Olympus");
    let (status, answer) = app.post("/api/apply", document).await;
    assert_eq!(status, 422, "{answer}");
    let errors = answer["error"]["details"]["errors"].as_array().unwrap();
    let mut places: Vec<&str> = errors.iter().map(|e| e["path"].as_str().unwrap()).collect();
    places.sort_unstable();
    assert_eq!(
        places,
        [
            "flows[1].questions[2].ask",
            "flows[1].wait_ms",
            "flows[2].colour",
            "flows[2].kind",
            "flows[2].tenant",
            "flows[3]",
            "flows[4].name",
            "tenants[0].timezone",
        ]
    );

    // Right by itself, and wrong with what is there.
    let mut stray = screener("Who are you?");
    stray["tenant"] = json!("nobody");
    let (status, answer) = app
        .post("/api/apply", with(json!([eligibility(), stray])))
        .await;
    assert_eq!(
        (status, &answer["error"]["details"]["field"]),
        (422, &json!("flows[1].tenant"))
    );
    assert_eq!(app.get("/api/tenants/").await["items"], json!([]));
    app.world().await;
    app.recorder.wait_for::<TenantChanged>(2).await;
    assert!(app.recorder.heard::<FlowDefine>().is_empty());
}

pub async fn tenants_key_defines_its_own_flows(app: Arc<TestApp>) {
    let mut document = world();
    document["keys"] = json!([{ "name": "smiths", "tenant": "smith", "scopes": ["admin"], "key": "the-key-of-smith" }]);
    app.apply(document).await;
    let apply = async |flow: Value| {
        let body = json!({ "flows": [flow] });
        app.call("POST", "/api/apply", "the-key-of-smith", Some(body))
            .await
    };
    let (status, answer) = apply(screener("Who are you?")).await;
    assert_eq!(
        (status, names(&answer, "created").len()),
        (200, 1),
        "{answer}"
    );
    // What does not say whose it is could be nobody else's.
    let (status, answer) = apply(eligibility()).await;
    assert_eq!(
        (status, names(&answer, "created").len()),
        (200, 1),
        "{answer}"
    );
    let told = app.recorder.wait_for::<FlowDefine>(2).await;
    for (envelope, flow) in &told {
        assert_eq!(
            (envelope.tenant.as_deref(), flow.tenant_id.as_str()),
            (Some("smith"), "smith")
        );
    }
    let mut foreign = eligibility();
    foreign["tenant"] = json!("jones");
    let mut unsaid = screener("Who are you?");
    unsaid.as_object_mut().unwrap().remove("tenant");
    let twice = json!({ "flows": [screener("Who are you?"), unsaid] });
    for (body, field) in [
        (json!({ "flows": [foreign] }), "flows[0].tenant"),
        (twice, "flows[1].name"),
    ] {
        let (status, answer) = app
            .call("POST", "/api/apply", "the-key-of-smith", Some(body))
            .await;
        assert_eq!(
            (status, &answer["error"]["details"]["field"]),
            (422, &json!(field)),
            "{answer}"
        );
    }
    assert_eq!(app.recorder.heard::<FlowDefine>().len(), 2);
}

pub async fn number_names_the_flow_of_its_calls(app: Arc<TestApp>) {
    let mut document = world();
    document["tenants"][0]["ai"] = json!({ "chat_model": "large", "voice": "Ada", "voice_provider": "murf",
        "instructions": "Ask about night shifts." });
    document["tenants"][0]["numbers"] = json!([
        { "number": "+15550100001", "voice": "screener" },
        { "number": "+15550100003", "voice": "coach:nurses" },
    ]);
    app.apply(document.clone()).await;
    for (number, route, voice) in [
        ("+15550100001", "voice.inbound.screener", "screener"),
        ("+15550100003", "voice.inbound.coach", "coach:nurses"),
    ] {
        let before = app.recorder.heard::<VoiceInbound>().len();
        app.ask::<TwilioVoiceInbound, events::v1::TwimlReply>(&call(number))
            .await;
        let (envelope, inbound) = app
            .recorder
            .wait_for::<VoiceInbound>(before + 1)
            .await
            .pop()
            .unwrap();
        assert_eq!(envelope.kind, route);
        let tenant = inbound.tenant.unwrap();
        assert_eq!(tenant.number.unwrap().voice, voice);
        let ai = tenant.ai.unwrap();
        assert_eq!(
            (ai.chat_model.as_str(), ai.voice.as_str()),
            ("large", "Ada")
        );
        assert_eq!(
            (ai.voice_provider.as_str(), ai.speech_model.as_str()),
            ("murf", "")
        );
        assert_eq!(ai.instructions, "Ask about night shifts.");
    }
    let shown = app.get("/api/tenants/smith").await;
    assert_eq!(shown["ai"]["voice_provider"], "murf");
    assert_eq!(shown["numbers"][1]["voice"], "coach:nurses");
    // What is unsaid is the platform's.
    let jones = app.call("GET", "/api/tenants/jones", ADMIN, None).await.1;
    assert_eq!(jones["ai"]["chat_model"], Value::Null);

    document["tenants"][0]["ai"] = json!({ "voice_provider": "parrot", "chat": "x" });
    let (status, answer) = app.post("/api/apply", document).await;
    let errors = answer["error"]["details"]["errors"].as_array().unwrap();
    let places: Vec<&str> = errors.iter().map(|e| e["path"].as_str().unwrap()).collect();
    assert_eq!(status, 422);
    assert_eq!(
        places,
        ["tenants[0].ai.voice_provider", "tenants[0].ai.chat"]
    );
}
