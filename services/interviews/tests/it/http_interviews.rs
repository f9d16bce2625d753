//! Triggering interviews, and finding them.

use std::sync::Arc;

use interviews::door::{InterviewRow, TenantSettings, interview_find, interview_save};
use serde_json::{Value, json};
use store::types::Json;

use crate::http::ada;
use testkit::ADMIN;

use crate::fixtures::{ACCOUNT, ended, pending};
use crate::test_app::TestApp;

const TRIGGER: &str = "/api/trigger-interview/";
const QUESTIONS: [&str; 2] = ["Why us?", "Why you?"];

async fn candidate(app: &TestApp) -> String {
    app.made("/api/candidates/", ada()).await
}

async fn job(app: &TestApp, mut more: Value) -> String {
    more["title"] = json!("Plumber");
    app.made("/api/job-descriptions/", more).await
}

async fn row(app: &TestApp, id: &str) -> InterviewRow {
    let mut tx = app.store.read().await.unwrap();
    interview_find(&mut tx, id).await.unwrap().unwrap()
}

async fn triggered(app: &TestApp, body: Value) -> InterviewRow {
    let id = app.made(TRIGGER, body).await;
    row(app, &id).await
}

fn asked(row: &InterviewRow) -> Vec<&str> {
    let questions = row.definition.0["questions"].as_array().unwrap();
    questions
        .iter()
        .map(|it| it["ask"].as_str().unwrap())
        .collect()
}

pub async fn triggered_interview_is_called_from_the_primary_number(app: Arc<TestApp>) {
    let mut who = ada();
    who["timezone"] = json!("Europe/London");
    let candidate = app.made("/api/candidates/", who).await;
    let job = job(&app, json!({"questions": QUESTIONS})).await;
    let body = json!({"candidate_id": candidate, "job_description_id": job});
    let (status, answer) = app.smith(TRIGGER, body.clone()).await;
    let id = answer["interview_id"].as_str().unwrap().to_owned();
    assert_eq!(status, 201);
    assert_eq!(
        answer,
        json!({"id": id, "interview_id": id, "status": "pending", "call_sid": null, "waits_for": null, "waits_until": null})
    );

    let (envelope, dial) = app.dial(&id).await;
    assert_eq!(dial.attempt, 1);
    assert_eq!(envelope.tenant.as_deref(), Some("smith"));
    assert_eq!(envelope.key.as_deref(), Some(id.as_str()));

    let kept = row(&app, &id).await;
    assert_eq!(
        [
            &kept.tenant_id,
            &kept.number,
            &kept.person,
            &kept.account_sid,
            &kept.direction
        ],
        ["smith", "+15550100002", "+15550109999", ACCOUNT, "outbound"]
    );
    assert_eq!(
        (kept.kind.as_str(), kept.language.as_str()),
        ("screener", "en-GB")
    );
    assert_eq!(
        (asked(&kept), &kept.definition.0["topic"]),
        (QUESTIONS.to_vec(), &json!("Plumber"))
    );
    let settings: TenantSettings = kept.settings.read().unwrap();
    assert_eq!(
        [
            settings.name,
            settings.timezone,
            settings.voice,
            settings.ai.chat_model
        ],
        ["Smith & Sons", "Europe/London", "Polly.Amy", "clever"]
    );

    // The admin sees it as well; another number of the tenant may call.
    let mut other = body;
    other["from"] = json!("+15550100001");
    other["again"] = json!(true);
    let (status, answer) = app.post_as(ADMIN, TRIGGER, other).await;
    assert_eq!(status, 201, "{answer}");
    let other = row(&app, answer["id"].as_str().unwrap()).await;
    assert_eq!(other.number, "+15550100001");

    // Of a tenant whose primary number is not active another one calls.
    let theirs = app.made_by("write-jones", "/api/candidates/", ada()).await;
    let job = json!({"title": "Baker", "questions": QUESTIONS});
    let job = app
        .made_by("write-jones", "/api/job-descriptions/", job)
        .await;
    let body = json!({"candidate_id": theirs, "job_description_id": job});
    let id = app.made_by("write-jones", TRIGGER, body).await;
    let kept = row(&app, &id).await;
    assert_eq!(kept.number, "+15550200002");
    let settings: TenantSettings = kept.settings.read().unwrap();
    assert_eq!(settings.timezone, "America/Los_Angeles");
}

pub async fn questions_and_the_flow_are_chosen_as_told(app: Arc<TestApp>) {
    let candidate = candidate(&app).await;
    let plain = job(&app, json!({"questions": QUESTIONS})).await;
    let go =
        |job: &str| json!({"candidate_id": candidate, "job_description_id": job, "again": true});
    let made = triggered(&app, go(&plain)).await;
    assert_eq!(
        (made.flow_name.as_str(), made.flow_version),
        ("screener", 0)
    );

    let flow = |name: &str| json!({"name": name, "kind": "screener", "questions": ["Of the flow?"], "wait_ms": 1234, "language": "es-ES"});
    for name in ["screener", "strict", "short"] {
        app.made("/api/flows/", flow(name)).await;
    }
    // The tenant's own screener is the form of jobs that name no flow; their questions stay.
    let made = triggered(&app, go(&plain)).await;
    assert_eq!(
        (made.flow_name.as_str(), made.flow_version),
        ("screener", 1)
    );
    assert_eq!(
        (asked(&made), &made.definition.0["wait_ms"]),
        (QUESTIONS.to_vec(), &json!(1234))
    );
    assert_eq!(made.language, "es-ES");

    let own = job(&app, json!({"flow": "strict", "language": "de-DE"})).await;
    let made = triggered(&app, go(&own)).await;
    assert_eq!(
        (made.flow_name.as_str(), asked(&made)),
        ("strict", vec!["Of the flow?"])
    );
    assert_eq!(made.language, "de-DE");

    let mut wanted = go(&own);
    wanted["flow"] = json!("short");
    assert_eq!(triggered(&app, wanted).await.flow_name, "short");

    // What runs keeps its version.
    let mut changed = flow("strict");
    changed["questions"] = json!(["Of the second version?"]);
    assert_eq!(app.smith("/api/flows/", changed).await.1["version"], 2);
    assert_eq!(asked(&row(&app, &made.id).await), ["Of the flow?"]);
    let made = triggered(&app, go(&own)).await;
    assert_eq!(
        (made.flow_version, asked(&made)),
        (2, vec!["Of the second version?"])
    );
}

pub async fn what_cannot_be_triggered_is_refused_with_its_field(app: Arc<TestApp>) {
    let candidate = candidate(&app).await;
    let plain = job(&app, json!({"questions": QUESTIONS})).await;
    let empty = job(&app, json!({})).await;
    let theirs = json!({"title": "Baker", "questions": QUESTIONS});
    let theirs = app
        .made_by("write-jones", "/api/job-descriptions/", theirs)
        .await;
    let stranger = app.made_by("write-jones", "/api/candidates/", ada()).await;
    let coach = json!({"name": "talk", "kind": "coach", "written": {"count": 3}});
    app.made("/api/flows/", coach).await;
    let go =
        |candidate: &str, job: &str| json!({"candidate_id": candidate, "job_description_id": job});
    let with = |field: &str, value: &str| {
        let mut body = go(&candidate, &plain);
        body[field] = json!(value);
        body
    };
    for (body, status, field) in [
        (json!({"job_description_id": plain}), 422, "candidate_id"),
        (
            json!({"candidate_id": candidate}),
            422,
            "job_description_id",
        ),
        (
            json!({"candidate_id": 5, "job_description_id": plain}),
            422,
            "candidate_id",
        ),
        (go("nobody", &plain), 404, "candidate_id"),
        (go(&stranger, &plain), 404, "candidate_id"),
        (go(&candidate, "nothing"), 404, "job_description_id"),
        (go(&candidate, &theirs), 404, "job_description_id"),
        (go(&candidate, &empty), 422, "job_description_id"),
        (with("flow", "nowhere"), 422, "flow"),
        (with("flow", "talk"), 422, "flow"),
        (with("from", "5550100001"), 422, "from"),
        (with("from", "+15550100003"), 422, "from"),
        (with("from", "+15550200002"), 422, "from"),
        (with("from", "+15550999999"), 422, "from"),
        (with("when", "now"), 422, "when"),
        (with("again", "yes"), 422, "again"),
    ] {
        let (was, answer) = app.smith(TRIGGER, body).await;
        assert_eq!(was, status, "{field}: {answer}");
        assert_eq!(answer["error"]["details"]["field"], field, "{answer}");
    }
    // Nor does a key that sees both tenants mix them.
    let (status, _) = app.post_as(ADMIN, TRIGGER, go(&candidate, &theirs)).await;
    assert_eq!(status, 404);

    let nobody = app.made_by("write-silent", "/api/candidates/", ada()).await;
    let job = json!({"title": "Monk", "questions": QUESTIONS});
    let job = app
        .made_by("write-silent", "/api/job-descriptions/", job)
        .await;
    let (status, answer) = app
        .post_as("write-silent", TRIGGER, go(&nobody, &job))
        .await;
    assert_eq!(
        (status, &answer["error"]["code"]),
        (409, &json!("no_active_number"))
    );
    let (status, _) = app
        .post_as("read-smith", TRIGGER, go(&candidate, &plain))
        .await;
    assert_eq!(status, 403);
    assert_eq!(app.get("/api/interviews/").await["items"], json!([]));
}

pub async fn repeated_request_is_one_interview(app: Arc<TestApp>) {
    let candidate = candidate(&app).await;
    let plain = job(&app, json!({"questions": QUESTIONS})).await;
    let body = json!({"candidate_id": candidate, "job_description_id": plain});
    let once = async |once: &str, body: Value| app.smith_once(once, TRIGGER, body).await;
    let (one, two) = tokio::join!(once("k1", body.clone()), once("k1", body.clone()));
    assert_eq!((one.0, two.0), (201, 201), "{} {}", one.1, two.1);
    assert_eq!(one.1["id"], two.1["id"]);
    let again = once("k1", body.clone()).await;
    assert_eq!(again.1["id"], one.1["id"]);
    let mut more = body.clone();
    more["again"] = json!(true);
    let other = once("k2", more).await;
    assert_ne!(other.1["id"], one.1["id"]);

    let third = job(&app, json!({"questions": QUESTIONS})).await;
    let changed = json!({"candidate_id": candidate, "job_description_id": third});
    let (status, answer) = once("k1", changed).await;
    assert_eq!(
        (status, &answer["error"]["code"]),
        (409, &json!("idempotency_key_reused"))
    );
    assert_eq!(once("", body).await.0, 422);

    for made in [&one, &other] {
        app.dial(made.1["id"].as_str().unwrap()).await;
    }
    assert_eq!(
        app.get("/api/interviews/").await["items"]
            .as_array()
            .unwrap()
            .len(),
        2
    );
}

/// The same as long as every field is, said or left out.
pub async fn key_of_an_interview_with_another_flow_or_number_is_reused(app: Arc<TestApp>) {
    let candidate = candidate(&app).await;
    for name in ["screener", "strict", "short"] {
        let flow = json!({"name": name, "kind": "screener", "questions": ["Of the flow?"]});
        app.made("/api/flows/", flow).await;
    }
    let plain = job(&app, json!({"questions": QUESTIONS})).await;
    let strict = job(&app, json!({"flow": "strict"})).await;
    let of = |job: &str, more: Value| {
        let mut body = json!({"candidate_id": candidate, "job_description_id": job, "again": true});
        let fields = more.as_object().unwrap().clone();
        body.as_object_mut().unwrap().extend(fields);
        body
    };
    let (first, second) = ("+15550100002", "+15550100001");
    for (key, made, others) in [
        (
            "k1",
            of(&plain, json!({})),
            vec![
                of(&plain, json!({"flow": "short"})),
                of(&plain, json!({"from": second})),
            ],
        ),
        (
            "k2",
            of(&strict, json!({})),
            vec![
                of(&strict, json!({"flow": "screener"})),
                of(&plain, json!({})),
            ],
        ),
        (
            "k3",
            of(&strict, json!({"flow": "short", "from": second})),
            vec![
                of(&strict, json!({"flow": "strict", "from": second})),
                of(&strict, json!({"from": second})),
                of(&strict, json!({"flow": "short", "from": first})),
            ],
        ),
    ] {
        let (status, one) = app.smith_once(key, TRIGGER, made.clone()).await;
        assert_eq!(status, 201, "{one}");
        for other in others {
            let (status, answer) = app.smith_once(key, TRIGGER, other.clone()).await;
            assert_eq!(
                (status, &answer["error"]["code"]),
                (409, &json!("idempotency_key_reused")),
                "{key} {other}"
            );
        }
        // Another version of the flow meanwhile makes it no other request.
        let flow = json!({"name": "short", "kind": "screener", "questions": [key]});
        app.made("/api/flows/", flow).await;
        let again = app.smith_once(key, TRIGGER, made).await;
        assert_eq!((again.0, &again.1["id"]), (201, &one["id"]), "{key}");
    }
}

/// A double click calls nobody twice.
pub async fn second_trigger_for_the_same_candidate_and_job_is_refused(app: Arc<TestApp>) {
    let candidate = candidate(&app).await;
    let plain = job(&app, json!({"questions": QUESTIONS})).await;
    let body = json!({"candidate_id": candidate, "job_description_id": plain});
    let click = async || app.smith(TRIGGER, body.clone()).await;
    let (one, two, three) = tokio::join!(click(), click(), click());
    let (made, refused): (Vec<_>, Vec<_>) =
        [one, two, three].into_iter().partition(|it| it.0 == 201);
    assert_eq!((made.len(), refused.len()), (1, 2), "{made:?} {refused:?}");
    for (status, answer) in &refused {
        assert_eq!(
            (*status, &answer["error"]["code"]),
            (409, &json!("already_running"))
        );
        let running = &answer["error"]["details"]["interview"];
        assert_eq!(running["interview_id"], made[0].1["id"], "{answer}");
    }
    // Another job is another interview, and so is one that is asked for in so many words.
    let second = job(&app, json!({"questions": QUESTIONS})).await;
    let other = json!({"candidate_id": candidate, "job_description_id": second});
    assert_eq!(app.smith(TRIGGER, other).await.0, 201);
    let mut again = body.clone();
    again["again"] = json!(true);
    assert_eq!(app.smith(TRIGGER, again).await.0, 201);
    // What is over stands in nobody's way.
    for id in app.get("/api/interviews/").await["items"]
        .as_array()
        .unwrap()
    {
        let mut row = row(&app, id["id"].as_str().unwrap()).await;
        row.status = "ended".into();
        let mut tx = app.store.begin().await.unwrap();
        interview_save(&mut tx, &row).await.unwrap();
        tx.commit().await.unwrap();
    }
    assert_eq!(click().await.0, 201);
}

pub async fn trigger_in_quiet_hours_tells_until_when_it_waits(app: Arc<TestApp>) {
    // It is 15:06:40 UTC: 8:06 in Los Angeles.
    let night = json!({"from": "20:00", "to": "09:00"});
    let flow =
        json!({"name": "night", "kind": "screener", "questions": ["Awake?"], "quiet_hours": night});
    app.made("/api/flows/", flow).await;
    let candidate = candidate(&app).await;
    let job = job(&app, json!({"flow": "night"})).await;
    let body = json!({"candidate_id": candidate, "job_description_id": job});
    let (status, answer) = app.smith(TRIGGER, body).await;
    assert_eq!(status, 201);
    let id = answer["id"].as_str().unwrap();
    let waits = |it: &Value| {
        let fields = ["status", "waits_for", "waits_until"];
        fields.map(|field| it[field].as_str().unwrap_or_default().to_owned())
    };
    let expected = ["pending", "quiet_hours", "2025-06-15T16:00:00Z"];
    assert_eq!(waits(&answer), expected);
    for path in ["", "/flow/"] {
        let shown = app.get(&format!("/api/interviews/{id}{path}")).await;
        assert_eq!(waits(&shown), expected, "{path}");
    }
}

pub async fn interviews_are_listed_by_tenant_and_status(app: Arc<TestApp>) {
    let none = flow::Progress::default();
    for n in 0..3 {
        app.keep(&pending(&format!("p{n}"), "smith")).await;
        app.keep(&ended(&format!("e{n}"), "smith", &none)).await;
    }
    app.keep(&pending("theirs", "jones")).await;
    let ids = async |key: &str, query: &str| -> Vec<String> {
        let (status, list) = app.get_as(key, &format!("/api/interviews/{query}")).await;
        assert_eq!(status, 200, "{list}");
        let items = list["items"].as_array().unwrap().iter();
        items
            .map(|it| it["id"].as_str().unwrap().to_owned())
            .collect()
    };
    assert_eq!(ids(ADMIN, "").await.len(), 7);
    assert_eq!(ids(ADMIN, "?tenant=jones").await, ["theirs"]);
    assert_eq!(ids("read-jones", "").await, ["theirs"]);
    assert_eq!(ids("read-smith", "?status=ended").await, ["e2", "e1", "e0"]);
    // A blank field of a form narrows nothing, and widens nothing.
    let blank = "?tenant=&status=&flow=&job_description_id=&candidate_id=&limit=&cursor=";
    assert_eq!(ids(ADMIN, blank).await.len(), 7);
    assert_eq!(ids("read-jones", blank).await, ["theirs"]);
    assert_eq!(
        ids(ADMIN, "?status=pending&limit=2").await,
        ["theirs", "p2"]
    );
    let next = app.get("/api/interviews/?status=pending&limit=2").await["next_cursor"].clone();
    let next = format!("?status=pending&limit=2&cursor={}", next.as_str().unwrap());
    assert_eq!(ids(ADMIN, &next).await, ["p1", "p0"]);
    let (status, answer) = app.get_as(ADMIN, "/api/interviews/?status=asleep").await;
    assert_eq!(
        (status, &answer["error"]["details"]["field"]),
        (422, &json!("status"))
    );

    let one = app.get("/api/interviews/e0").await;
    let list = app.get("/api/interviews/?status=ended").await;
    assert_eq!(one, list["items"][2]);
    assert_eq!(
        (&one["flow"], &one["flow_version"]),
        (&json!("screener"), &json!(2))
    );
    assert_eq!(
        (&one["outcome"], &one["ended_at"]),
        (&json!("completed"), &json!("2025-06-15T15:16:40Z"))
    );
    for rest in ["", "/flow/", "/results/", "/results/page"] {
        let path = format!("/api/interviews/e0{rest}");
        assert_eq!(app.get_as("read-smith", &path).await.0, 200, "{rest}");
        assert_eq!(app.get_as("read-jones", &path).await.0, 404, "{rest}");
        let path = format!("/api/interviews/nothing{rest}");
        let (status, answer) = app.get_as(ADMIN, &path).await;
        assert_eq!(
            (status, &answer["error"]["details"]["field"]),
            (404, &json!("interview_id"))
        );
    }
}

pub async fn only_a_live_interview_is_moved_on(app: Arc<TestApp>) {
    app.keep(&pending("p", "smith")).await;
    app.keep(&ended("e", "smith", &flow::Progress::default()))
        .await;
    let post = async |key: &str, id: &str| {
        let path = format!("/api/interviews/{id}/flow/");
        let (status, answer) = app.call("POST", &path, key, None).await;
        (status, answer["error"]["code"].clone())
    };
    for id in ["p", "e"] {
        assert_eq!(
            post("write-smith", id).await,
            (409, json!("not_in_progress"))
        );
        assert_eq!(post("write-jones", id).await, (404, json!("not_found")));
        assert_eq!(post("read-smith", id).await.0, 403);
    }
    assert_eq!(
        post("write-smith", "nothing").await,
        (404, json!("not_found"))
    );
}

/// The order is given, but nobody can carry it out: the request does not wait for ever.
pub async fn who_moves_on_what_does_not_move_is_told(app: Arc<TestApp>) {
    let stuck = InterviewRow {
        status: "in-progress".into(),
        progress: Json(json!("unreadable")),
        ..pending("s", "smith")
    };
    app.keep(&stuck).await;
    let path = "/api/interviews/s/flow/";
    let (status, answer) = app.smith(path, json!({})).await;
    assert_eq!(status, 202, "{answer}");
    assert_eq!(answer, app.get(path).await, "as it was");
}
