//! What an interview is made of: candidates, job descriptions, flows. What can be said of all three.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde_json::{Value, json};
use testkit::ADMIN;

use crate::test_app::TestApp;

const CANDIDATES: &str = "/api/candidates/";
const JOBS: &str = "/api/job-descriptions/";
pub const FLOWS: &str = "/api/flows/";

pub fn ada() -> Value {
    json!({"name": "Ada", "phone": "+15550109999"})
}

pub fn flow(name: &str, ask: &str) -> Value {
    json!({"name": name, "kind": "screener", "questions": [{"ask": ask}]})
}

pub async fn candidates_and_jobs_are_kept_as_they_were_given(app: Arc<TestApp>) {
    let resume = format!("Led a team.\n{}", "é".repeat(100_000));
    let given = json!({
        "name": " Ada Lovelace ", "phone": "+15550109999", "email": "ada@example.com",
        "timezone": "Europe/London", "language": "en-GB", "resume": format!("{resume}\u{0}\u{c}"),
    });
    let id = app.made(CANDIDATES, given.clone()).await;
    let shown = app.get(&format!("/api/candidates/{id}")).await;
    assert_eq!(
        shown,
        json!({
            "id": id, "tenant_id": "smith", "name": "Ada Lovelace", "phone": "+15550109999",
            "email": "ada@example.com", "timezone": "Europe/London", "language": "en-GB",
            "resume": resume, "created_at": "2025-06-15T15:06:40Z",
        })
    );
    let list = app.get("/api/candidates").await;
    assert_eq!(list["items"][0]["id"], json!(id));
    assert!(list["items"][0].get("resume").is_none());

    let id = app.made_by(ADMIN, CANDIDATES, json!({"tenant_id": "jones", "name": "Bo", "phone": "+4915112345678", "email": null, "resume": ""})).await;
    let shown = app.get(&format!("/api/candidates/{id}/")).await;
    assert_eq!(shown["tenant_id"], "jones");
    assert_eq!(
        (&shown["email"], &shown["resume"]),
        (&json!(null), &json!(""))
    );

    let given = json!({"title": "Plumber", "description": "Mends pipes.", "questions": ["Why us?", " Why you? "], "language": "de-DE"});
    let id = app.made(JOBS, given).await;
    let shown = app.get(&format!("/api/job-descriptions/{id}")).await;
    assert_eq!(
        shown,
        json!({
            "id": id, "tenant_id": "smith", "title": "Plumber", "description": "Mends pipes.",
            "questions": ["Why us?", "Why you?"], "flow": null, "language": "de-DE",
            "created_at": "2025-06-15T15:06:40Z",
        })
    );
    assert_eq!(app.get(JOBS).await["items"], json!([shown]));
}

pub async fn each_fault_is_told_with_its_field(app: Arc<TestApp>) {
    let with = |mut body: Value, field: &str, value: Value| {
        body[field] = value;
        body
    };
    let job = || json!({"title": "Plumber", "questions": ["Why?"]});
    let coach = json!({"name": "talk", "kind": "coach", "written": {"count": 3}});
    app.made(FLOWS, coach).await;
    let cases = [
        (CANDIDATES, json!({"phone": "+15550109999"}), "name"),
        (CANDIDATES, json!({"name": "Ada"}), "phone"),
        (CANDIDATES, with(ada(), "name", json!("  ")), "name"),
        (CANDIDATES, with(ada(), "name", json!(5)), "name"),
        (CANDIDATES, with(ada(), "phone", json!("555-0199")), "phone"),
        (
            CANDIDATES,
            with(ada(), "phone", json!(15550109999_i64)),
            "phone",
        ),
        (CANDIDATES, with(ada(), "email", json!("ada")), "email"),
        (
            CANDIDATES,
            with(ada(), "timezone", json!("Mars/Base")),
            "timezone",
        ),
        (
            CANDIDATES,
            with(ada(), "language", json!("English!")),
            "language",
        ),
        (
            CANDIDATES,
            with(ada(), "resume", json!("x".repeat(262_145))),
            "resume",
        ),
        (
            CANDIDATES,
            with(ada(), "tenant_id", json!("jones")),
            "tenant_id",
        ),
        (
            CANDIDATES,
            with(ada(), "tenant_id", json!("no name")),
            "tenant_id",
        ),
        (CANDIDATES, with(ada(), "shoe_size", json!(42)), "shoe_size"),
        (CANDIDATES, json!([]), "body"),
        (JOBS, json!({"questions": ["Why?"]}), "title"),
        (JOBS, with(job(), "questions", json!("Why?")), "questions"),
        (
            JOBS,
            with(job(), "questions", json!(["Why?", ""])),
            "questions[1]",
        ),
        (
            JOBS,
            with(job(), "questions", json!(["Why?", 7])),
            "questions[1]",
        ),
        (
            JOBS,
            with(job(), "questions", json!(["x".repeat(3_001)])),
            "questions[0]",
        ),
        (
            JOBS,
            with(job(), "questions", json!(vec!["Why?"; 51])),
            "questions",
        ),
        (JOBS, with(job(), "flow", json!("nowhere")), "flow"),
        (JOBS, with(job(), "flow", json!("talk")), "flow"),
        (
            FLOWS,
            json!({"kind": "screener", "questions": ["Why?"]}),
            "name",
        ),
        (FLOWS, json!({"name": "x", "questions": ["Why?"]}), "kind"),
        (FLOWS, json!({"name": "x", "kind": "screener"}), "questions"),
        (
            FLOWS,
            with(flow("x", "Why?"), "wait_ms", json!(9_000)),
            "wait_ms",
        ),
        (
            FLOWS,
            with(flow("x", "Why?"), "colour", json!("red")),
            "colour",
        ),
        (FLOWS, flow("x", " "), "questions[0].ask"),
    ];
    for (path, body, field) in cases {
        let (status, answer) = app.smith(path, body).await;
        let error = &answer["error"];
        assert_eq!(
            (status, &error["code"]),
            (422, &json!("invalid")),
            "{path} {field}: {answer}"
        );
        assert_eq!(error["details"]["field"], field, "{path}: {answer}");
    }
    let (_, answer) = app
        .smith(CANDIDATES, json!({"name": 5, "email": "ada"}))
        .await;
    let errors = answer["error"]["details"]["errors"].as_array().unwrap();
    let fields: Vec<_> = errors
        .iter()
        .map(|it| it["path"].as_str().unwrap())
        .collect();
    assert_eq!(fields, ["name", "phone", "email"]);
    // A key of all tenants has to name one, but for a flow.
    for (path, body) in [(CANDIDATES, ada()), (JOBS, job())] {
        let (status, answer) = app.post_as(ADMIN, path, body).await;
        assert_eq!(
            (status, &answer["error"]["details"]["field"]),
            (422, &json!("tenant_id"))
        );
    }
    for path in [CANDIDATES, JOBS] {
        assert_eq!(app.get(path).await["items"], json!([]), "{path}");
    }
}

pub async fn what_is_no_json_or_too_much_of_it_is_refused(app: Arc<TestApp>) {
    for path in [CANDIDATES, JOBS, FLOWS, "/api/trigger-interview/"] {
        let post = async |body: String| {
            let headers = [
                ("X-API-Key", "write-smith"),
                ("Content-Type", "application/json"),
            ];
            let (status, answer) = app.send("POST", path, &headers, Some(&body)).await;
            (status, answer["error"]["code"].clone())
        };
        assert_eq!(
            post("{\"name\":".into()).await,
            (400, json!("bad_request")),
            "{path}"
        );
        assert_eq!(
            post("name=Ada".into()).await,
            (400, json!("bad_request")),
            "{path}"
        );
        let much = json!({"resume": "x".repeat(1 << 20)}).to_string();
        assert_eq!(post(much).await, (413, json!("too_large")), "{path}");
    }
}

pub async fn lists_are_paged(app: Arc<TestApp>) {
    // All of them at the same moment.
    for n in 0..5 {
        app.made(CANDIDATES, ada()).await;
        app.made(JOBS, json!({"title": format!("Job {n}")})).await;
        app.made(FLOWS, flow(&format!("flow{n}"), "Why?")).await;
    }
    app.clock.advance(chrono::TimeDelta::seconds(1));
    for path in [CANDIDATES, JOBS] {
        let body = json!({"name": "Last", "title": "Last", "phone": "+15550109999"});
        let fields = if path == JOBS {
            ["title"].as_slice()
        } else {
            &["name", "phone"]
        };
        let body = fields.iter().map(|it| ((*it).to_owned(), body[it].clone()));
        app.made(path, Value::Object(body.collect())).await;
        assert_eq!(
            app.get(&format!("{path}?limit=1")).await["items"][0][fields[0]],
            "Last"
        );
    }
    for (path, count) in [(CANDIDATES, 6), (JOBS, 6), (FLOWS, 5)] {
        let (mut seen, mut pages, mut cursor) = (BTreeSet::new(), 0, String::new());
        loop {
            let page = app.get(&format!("{path}?limit=2{cursor}")).await;
            pages += 1;
            for item in page["items"].as_array().unwrap() {
                assert!(seen.insert(item["id"].to_string()), "{path}: twice");
            }
            match page["next_cursor"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => break,
            }
        }
        assert_eq!((seen.len(), pages), (count, 3), "{path}");
        let (status, answer) = app.get_as(ADMIN, &format!("{path}?cursor=x")).await;
        assert_eq!(
            (status, &answer["error"]["details"]["field"]),
            (422, &json!("cursor"))
        );
    }
}

pub async fn query_that_is_not_one_is_refused_with_its_name(app: Arc<TestApp>) {
    app.made(FLOWS, flow("hello", "Why?")).await;
    let lists = [CANDIDATES, JOBS, FLOWS, "/api/interviews/"];
    let faults = [
        ("limit=0", "limit"),
        ("limit=201", "limit"),
        ("limit=many", "limit"),
        ("cursor=x", "cursor"),
        ("colour=red", "colour"),
        ("limit=1&limit=2", "limit"),
    ];
    let mut cases: Vec<(String, &str)> = Vec::new();
    for path in lists {
        cases.extend(faults.map(|(query, name)| (format!("{path}?{query}"), name)));
    }
    cases.push((format!("{FLOWS}hello?version=one"), "version"));
    cases.push((format!("{FLOWS}hello?verison=1"), "verison"));
    for (path, name) in cases {
        let (status, answer) = app.get_as(ADMIN, &path).await;
        let error = &answer["error"];
        assert_eq!(
            (status, &error["code"], &error["details"]["field"]),
            (422, &json!("invalid"), &json!(name)),
            "{path}: {answer}"
        );
    }
}

pub async fn tenant_that_is_not_there_is_refused(app: Arc<TestApp>) {
    for (path, mut body) in [
        (CANDIDATES, ada()),
        (JOBS, json!({"title": "Plumber"})),
        (FLOWS, flow("x", "Why?")),
    ] {
        body["tenant_id"] = json!("nobody");
        let (status, answer) = app.post_as(ADMIN, path, body).await;
        assert_eq!(
            (status, &answer["error"]["details"]["field"]),
            (422, &json!("tenant_id")),
            "{path}: {answer}"
        );
    }
}

pub async fn only_tenant_need_not_be_named(app: Arc<TestApp>) {
    app.alone.store(true, std::sync::atomic::Ordering::Relaxed);
    let candidate = app.made_by(ADMIN, CANDIDATES, ada()).await;
    let questions = json!({"title": "Plumber", "questions": ["Why?"]});
    let job = app.made_by(ADMIN, JOBS, questions).await;
    for (path, id) in [(CANDIDATES, &candidate), (JOBS, &job)] {
        let shown = app.get_as(ADMIN, &format!("{path}{id}")).await.1;
        assert_eq!(shown["tenant_id"], "smith", "{shown}");
        let list = app.get_as(ADMIN, path).await.1;
        assert_eq!(list["items"].as_array().unwrap().len(), 1, "{path}");
    }
    app.made(FLOWS, flow("own", "Why?")).await;
    let (status, shown) = app.get_as(ADMIN, &format!("{FLOWS}own")).await;
    assert_eq!((status, &shown["tenant_id"]), (200, &json!("smith")));
    let body = json!({"candidate_id": candidate, "job_description_id": job});
    app.made_by(ADMIN, "/api/trigger-interview/", body).await;
}

pub async fn request_with_the_same_idempotency_key_makes_one_thing(app: Arc<TestApp>) {
    for (path, body, field) in [
        (CANDIDATES, ada(), "name"),
        (JOBS, json!({"title": "Plumber"}), "title"),
        (FLOWS, flow("x", "Why?"), "topic"),
    ] {
        let once = async |body: &Value| app.smith_once("k1", path, body.clone()).await;
        let (one, two) = tokio::join!(once(&body), once(&body));
        assert_eq!(one.1["id"], two.1["id"], "{path}: {one:?} {two:?}");
        let mut changed = body.clone();
        changed[field] = json!("Changed");
        let (status, answer) = once(&changed).await;
        assert_eq!(
            (status, &answer["error"]["code"]),
            (409, &json!("idempotency_key_reused")),
            "{path}"
        );
        // Another made meanwhile is not undone by the repeat.
        let later = app.smith_once("k2", path, changed).await;
        assert_eq!(later.0, 201, "{}", later.1);
        let again = once(&body).await;
        assert_eq!((again.0, &again.1["id"]), (201, &one.1["id"]), "{path}");
        assert_eq!(again.1["version"], one.1["version"], "{path}");
    }
    for (path, count) in [(CANDIDATES, 2), (JOBS, 2), (FLOWS, 1)] {
        let list = app.get(path).await;
        assert_eq!(list["items"].as_array().unwrap().len(), count, "{path}");
    }
    let latest = app.get(&format!("{FLOWS}x?tenant=smith")).await;
    assert_eq!(latest["version"], 2);
}

pub async fn tenants_do_not_see_each_other(app: Arc<TestApp>) {
    let candidate = app.made(CANDIDATES, ada()).await;
    let job = app.made(JOBS, json!({"title": "Plumber"})).await;
    app.made(FLOWS, flow("hello", "Why?")).await;
    for path in [
        format!("{CANDIDATES}{candidate}"),
        format!("{JOBS}{job}"),
        format!("{FLOWS}hello"),
        format!("{CANDIDATES}?tenant=smith"),
        format!("{JOBS}?tenant=smith"),
        format!("{FLOWS}?tenant=smith"),
        "/api/interviews/?tenant=smith".to_owned(),
    ] {
        assert_eq!(app.get_as("read-smith", &path).await.0, 200, "{path}");
        assert_eq!(app.get_as("read-jones", &path).await.0, 404, "{path}");
    }
    for path in [CANDIDATES, JOBS, FLOWS] {
        let (_, list) = app.get_as("read-jones", path).await;
        assert_eq!(list["items"], json!([]), "{path}");
        let (status, _) = app.post_as("read-smith", path, ada()).await;
        assert_eq!(status, 403, "{path}");
    }
}

pub async fn nothing_is_open(app: Arc<TestApp>) {
    let document = app.get("/api/openapi.json").await;
    let ours = [
        "candidates",
        "job-descriptions",
        "flows",
        "trigger-interview",
        "interviews",
    ];
    let mut routes = 0;
    for (path, methods) in document["paths"].as_object().unwrap() {
        if !ours
            .iter()
            .any(|it| path.starts_with(&format!("/api/{it}")))
        {
            continue;
        }
        for method in methods.as_object().unwrap().keys() {
            routes += 1;
            let method = method.to_uppercase();
            let path = path.replace("{id}", "x").replace("{name}", "x");
            for key in ["", "no-such-key"] {
                let body = (method == "POST").then(|| json!({}));
                let (status, answer) = app.call(&method, &path, key, body).await;
                assert_eq!(status, 401, "{method} {path}");
                assert_eq!(answer["error"]["code"], "unauthorized");
            }
        }
    }
    assert_eq!(routes, 23);
    for path in [CANDIDATES, JOBS, FLOWS, "/api/trigger-interview/"] {
        let body = &document["paths"][path]["post"]["requestBody"];
        assert!(
            body["content"]["application/json"]["schema"].is_object(),
            "{path}"
        );
    }
}
