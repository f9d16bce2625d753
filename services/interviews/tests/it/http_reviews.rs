//! What people say beside AI, results of many interviews, counts, and flows before they are stored.

use std::sync::Arc;

use flow::Progress;
use interviews::door::{FiguresRow, InterviewRow, figures_put};
use serde_json::{Value, json};
use testkit::ADMIN;

use crate::fixtures::{at, pending};
use crate::http_results::{evaluated, progress};
use crate::test_app::TestApp;

const REVIEWS: &str = "/api/interviews/one/reviews/";

async fn review(app: &TestApp, body: Value) -> String {
    app.made(REVIEWS, body).await
}

pub async fn review_stands_beside_the_score_of_ai(app: Arc<TestApp>) {
    app.keep(&evaluated("one", &progress(), "openai")).await;
    let first = json!({ "question_number": 1, "score": 55, "note": "Says less than it seems." });
    review(&app, first).await;
    let second = json!({ "question_number": 1, "score": 60, "note": "Second thoughts. <b>" });
    review(&app, second).await;
    review(
        &app,
        json!({ "recommendation": "maybe", "note": "Call again." }),
    )
    .await;
    let shown = app.get("/api/interviews/one/results/").await;
    // What AI said stays as it was.
    assert_eq!(
        (&shown["overall_score"], &shown["recommendation"]),
        (&json!(80), &json!("strong_yes"))
    );
    assert_eq!(shown["answers"][0]["score"], 80);
    let own = &shown["answers"][0]["review"];
    assert_eq!(
        (&own["score"], &own["note"]),
        (&json!(60), &json!("Second thoughts. <b>"))
    );
    assert_eq!(own["by"], "WRITE-SMITH");
    let at = app.parts().clock.now().to_rfc3339();
    assert_eq!(own["at"].as_str().unwrap()[..19], at[..19]);
    assert_eq!(shown["answers"][1]["review"], Value::Null);
    assert_eq!(shown["review"]["recommendation"], "maybe");
    let flow = app.get("/api/interviews/one/flow/").await;
    assert_eq!(flow["answers"][0]["review"]["score"], 60);
    // Who said what before, the newest first.
    let all = app.get(REVIEWS).await;
    let notes: Vec<&str> = all["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| it["note"].as_str().unwrap())
        .collect();
    assert_eq!(
        notes,
        [
            "Call again.",
            "Second thoughts. <b>",
            "Says less than it seems."
        ]
    );
    let (_, page) = app.page("/api/interviews/one/results/page").await;
    assert!(
        page.contains("scores it 60 – Second thoughts. &lt;b&gt;"),
        "{page}"
    );
    assert!(page.contains("recommends: maybe"), "{page}");
    // One that says nothing takes the last back.
    review(&app, json!({ "question_number": 1 })).await;
    let shown = app.get("/api/interviews/one/results/").await;
    assert_eq!(shown["answers"][0]["review"], Value::Null);
}

pub async fn review_over_one_that_was_not_seen_is_refused(app: Arc<TestApp>) {
    app.keep(&evaluated("one", &progress(), "openai")).await;
    let mine = json!({ "note": "Good.", "replaces": "" });
    let first = review(&app, mine.clone()).await;
    let (status, answer) = app
        .smith(REVIEWS, json!({ "note": "Bad.", "replaces": "" }))
        .await;
    assert_eq!(
        (status, &answer["error"]["code"]),
        (409, &json!("changed_meanwhile"))
    );
    assert_eq!(answer["error"]["details"]["latest"]["note"], "Good.");
    // Of another answer nothing was written meanwhile.
    review(
        &app,
        json!({ "question_number": 2, "note": "Short.", "replaces": "" }),
    )
    .await;
    review(&app, json!({ "note": "Bad.", "replaces": first })).await;
    // A request that comes again is one review.
    for _ in 0..2 {
        let (status, _) = app
            .smith_once("once", REVIEWS, json!({ "note": "Fair." }))
            .await;
        assert_eq!(status, 201);
    }
    let (status, answer) = app
        .smith_once("once", REVIEWS, json!({ "note": "Poor." }))
        .await;
    assert_eq!(
        (status, &answer["error"]["code"]),
        (409, &json!("idempotency_key_reused"))
    );
    assert_eq!(app.get(REVIEWS).await["items"].as_array().unwrap().len(), 4);
}

pub async fn review_that_is_none_is_refused_with_its_field(app: Arc<TestApp>) {
    app.keep(&evaluated("one", &progress(), "openai")).await;
    for (body, field) in [
        (json!({ "score": 101 }), "score"),
        (json!({ "score": "good" }), "score"),
        (json!({ "recommendation": "perhaps" }), "recommendation"),
        (
            json!({ "question_number": 1, "recommendation": "yes" }),
            "recommendation",
        ),
        (
            json!({ "question_number": 4, "note": "x" }),
            "question_number",
        ),
        (json!({ "note": 7 }), "note"),
        (json!({ "mood": "good" }), "mood"),
    ] {
        let (status, answer) = app.smith(REVIEWS, body.clone()).await;
        assert_eq!(
            (status, &answer["error"]["details"]["field"]),
            (422, &json!(field)),
            "{body}"
        );
    }
    assert_eq!(app.get(REVIEWS).await["items"], json!([]));
}

pub async fn reviews_of_another_tenant_are_not_found(app: Arc<TestApp>) {
    app.keep(&evaluated("one", &progress(), "openai")).await;
    let note = json!({ "note": "x" });
    assert_eq!(
        app.post_as("write-jones", REVIEWS, note.clone()).await.0,
        404
    );
    assert_eq!(app.get_as("read-jones", REVIEWS).await.0, 404);
    // Who may only look writes nothing.
    assert_eq!(app.post_as("read-smith", REVIEWS, note).await.0, 403);
    let (_, shown) = app
        .get_as("read-jones", "/api/interviews/results?ids=one")
        .await;
    assert_eq!(shown["items"], json!([]));
    let (status, _) = app
        .get_as("read-jones", "/api/interviews/summary?tenant=smith")
        .await;
    assert_eq!(status, 404);
}

pub async fn results_of_many_are_compared_and_exported(app: Arc<TestApp>) {
    let who = json!({ "name": "=Ada \"A\"", "phone": "+15550109999" });
    let candidate = app.made("/api/candidates/", who).await;
    let job = app
        .made("/api/job-descriptions/", json!({ "title": "Plumber" }))
        .await;
    app.keep(&InterviewRow {
        candidate_id: Some(candidate),
        job_id: Some(job.clone()),
        created_at: at(1).into(),
        ..evaluated("one", &progress(), "openai")
    })
    .await;
    app.keep(&evaluated("two", &progress(), "openai")).await;
    app.keep(&pending("open", "smith")).await;
    review(
        &app,
        json!({ "question_number": 1, "score": 60, "note": "a, b" }),
    )
    .await;
    let shown = app.get("/api/interviews/results?ids=two,one,open").await;
    let ids = |shown: &Value| -> Vec<String> {
        let items = shown["items"].as_array().unwrap().iter();
        items
            .map(|it| it["interview_id"].as_str().unwrap().to_owned())
            .collect()
    };
    let mut named = ids(&shown);
    named.sort();
    assert_eq!(named, ["one", "open", "two"]);
    assert_eq!(shown["items"][0]["answers"][0]["review"]["score"], 60);
    // Unnamed: those that are over, narrowed.
    assert_eq!(
        ids(&app.get("/api/interviews/results").await),
        ["one", "two"]
    );
    let path = format!("/api/interviews/results?job_description_id={job}");
    assert_eq!(ids(&app.get(&path).await), ["one"]);
    let list = format!("/api/interviews/?job_description_id={job}");
    assert_eq!(app.get(&list).await["items"].as_array().unwrap().len(), 1);

    let (headers, file) = app.page("/api/interviews/results?format=csv&limit=1").await;
    assert_eq!(headers["content-type"], "text/csv; charset=utf-8");
    let lines: Vec<&str> = file.split("\r\n").collect();
    assert!(
        lines[0].starts_with("interview_id,tenant_id,candidate,"),
        "{file}"
    );
    // A line for each of its three questions; a name that begins like a formula is none.
    assert_eq!(lines.len(), 5, "{file}");
    let first = "\"one\",\"smith\",\"'=Ada \"\"A\"\"\",\"Plumber\"";
    assert!(lines[1].starts_with(first), "{file}");
    assert!(
        lines[1].contains("\"80\",\"60\",\"a, b\",\"WRITE-SMITH\""),
        "{file}"
    );
    assert!(headers.contains_key("x-next-cursor"));
    for bad in ["format=xml", "ids=,"] {
        let path = format!("/api/interviews/results?{bad}");
        assert_eq!(app.get_as(ADMIN, &path).await.0, 422, "{bad}");
    }
}

pub async fn interviews_are_counted_by_how_far_they_have_come(app: Arc<TestApp>) {
    app.keep(&pending("new", "smith")).await;
    let busy = InterviewRow {
        status: "ended".into(),
        outcome: "failed".into(),
        call_sid: Some("CA2".into()),
        ended_at: Some(at(2).into()),
        ..pending("busy", "smith")
    };
    let done = InterviewRow {
        call_sid: Some("CA3".into()),
        ..evaluated("done", &progress(), "openai")
    };
    let mut tx = app.store.begin().await.unwrap();
    for row in [&busy, &done] {
        interviews::door::interview_insert(&mut tx, row)
            .await
            .unwrap();
        // Twice is once.
        for _ in 0..2 {
            figures_put(&mut tx, &FiguresRow::of(row)).await.unwrap();
        }
    }
    tx.commit().await.unwrap();
    app.keep(&evaluated("theirs", &Progress::default(), "openai"))
        .await;
    app.keep(&pending("jones", "jones")).await;

    let (status, shown) = app
        .get_as(
            "read-smith",
            "/api/interviews/summary?to=2026-01-01T00:00:00Z&from=2025-06-01",
        )
        .await;
    assert_eq!(status, 200, "{shown}");
    assert_eq!(
        shown["funnel"],
        json!({ "made": 4, "called": 2, "picked_up": 2, "answered": 1, "completed": 2, "evaluated": 2 })
    );
    assert_eq!(
        shown["scores"][8],
        json!({ "from": 80, "to": 89, "interviews": 1 })
    );
    // Two of an answer and a summary, 1200 each.
    let ai = &shown["ai"];
    assert_eq!(
        (
            &ai["interviews"],
            &ai["cost_micro_usd"],
            &ai["mean_micro_usd"]
        ),
        (&json!(1), &json!(3600.0), &json!(3600.0))
    );
    assert_eq!(
        (&ai["prompt_tokens"], &ai["completion_tokens"]),
        (&json!(300.0), &json!(30.0))
    );
    assert_eq!(
        shown["days"],
        json!([{ "day": "2025-06-15", "interviews": 2, "cost_micro_usd": 3600.0 }])
    );
    let empty = app
        .get("/api/interviews/summary?from=2024-01-01&to=2024-02-01")
        .await;
    assert_eq!(
        (&empty["funnel"]["made"], &empty["ai"]["interviews"]),
        (&json!(0), &json!(0))
    );
    for bad in [
        "from=x",
        "from=2026-02-01&to=2026-01-01",
        "from=2020-01-01&to=2026-01-01",
    ] {
        let path = format!("/api/interviews/summary?{bad}");
        assert_eq!(app.get_as(ADMIN, &path).await.0, 422, "{bad}");
    }
}

fn loan() -> Value {
    json!({
        "name": "loan", "kind": "eligibility", "greeting": "Hello.", "eligible": "Great.", "not_eligible": "Sorry.",
        "questions": [{ "ask": "Employed?", "expect": "yes_no" }],
    })
}

pub async fn flow_is_played_before_it_is_stored(app: Arc<TestApp>) {
    let (status, shown) = app
        .post_as("read-smith", "/api/flows/preview", loan())
        .await;
    assert_eq!(status, 200, "{shown}");
    let lines = |field: &str| -> Vec<String> {
        let lines = shown[field].as_array().unwrap().iter();
        lines
            .map(|it| it["text"].as_str().unwrap().to_owned())
            .collect()
    };
    let heard = lines("heard");
    assert_eq!(
        (heard[0].as_str(), heard.last().unwrap().as_str()),
        ("Hello.", "Great.")
    );
    assert_eq!(lines("heard_with_no").last().unwrap(), "Sorry.");
    assert_eq!(shown["definition"]["max_call_s"], 0);
    let bad = json!({ "name": "loan", "kind": "eligibility", "questions": [] });
    let (status, answer) = app.post_as("read-smith", "/api/flows/preview", bad).await;
    assert_eq!(
        (status, &answer["error"]["details"]["field"]),
        (422, &json!("questions"))
    );
    let desk = json!({ "name": "desk", "kind": "conversation", "greeting": "Hi.", "instructions": "Be kind." });
    let (_, shown) = app.post_as("read-smith", "/api/flows/preview", desk).await;
    assert_eq!(
        shown["heard"][0],
        json!({ "voice": "platform", "text": "Hi." })
    );
    // Nothing of it is kept.
    assert_eq!(app.get("/api/flows/").await["items"], json!([]));
}

pub async fn versions_of_a_flow_are_listed(app: Arc<TestApp>) {
    app.made("/api/flows/", loan()).await;
    let mut second = loan();
    second["greeting"] = json!("Good day.");
    app.made("/api/flows/", second).await;
    let shown = app.get("/api/flows/loan/versions?tenant=smith").await;
    let versions: Vec<_> = shown["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| it["version"].clone())
        .collect();
    assert_eq!(versions, [json!(2), json!(1)]);
    assert_eq!(
        app.get_as(ADMIN, "/api/flows/none/versions?tenant=smith")
            .await
            .0,
        404
    );
    assert_eq!(
        app.get_as("read-jones", "/api/flows/loan/versions").await.0,
        404
    );
}

/// A field of each row, by pages of two.
async fn pages(app: &TestApp, path: &str, field: &str) -> Vec<Vec<Value>> {
    let (mut pages, mut cursor) = (Vec::new(), String::new());
    loop {
        let path = format!("{path}?limit=2{cursor}");
        let (status, page) = app.get_as("read-smith", &path).await;
        assert_eq!(status, 200, "{path}: {page}");
        let items = page["items"].as_array().unwrap().iter();
        pages.push(items.map(|it| it[field].clone()).collect());
        let Some(next) = page["next_cursor"].as_str() else {
            return pages;
        };
        cursor = format!("&cursor={next}");
    }
}

pub async fn versions_and_reviews_are_paged(app: Arc<TestApp>) {
    app.keep(&evaluated("one", &progress(), "openai")).await;
    let mut notes = Vec::new();
    for number in 1..=5 {
        let mut flow = loan();
        flow["greeting"] = json!(format!("Greeting {number}"));
        app.made("/api/flows/", flow).await;
        let note = json!({ "note": format!("Note {number}") });
        notes.insert(0, json!(review(&app, note).await));
    }
    let versions = (1..=5).rev().map(|it| json!(it)).collect();
    for (path, field, rows) in [
        ("/api/flows/loan/versions", "version", versions),
        (REVIEWS, "id", notes),
    ] {
        let chunks: Vec<_> = rows.chunks(2).map(<[Value]>::to_vec).collect();
        assert_eq!(pages(&app, path, field).await, chunks, "{path}");
        let (_, all) = app.get_as("read-smith", path).await;
        assert_eq!(all["items"].as_array().unwrap().len(), 5, "{path}");
        for wrong in ["cursor=none", "limit=0", "limit=201", "page=2"] {
            let (status, answer) = app.get_as("read-smith", &format!("{path}?{wrong}")).await;
            let field = wrong.split('=').next().unwrap();
            assert_eq!(
                (status, &answer["error"]["details"]["field"]),
                (422, &json!(field)),
                "{path} {wrong}"
            );
        }
    }
    // What is wrong in itself is told before what is not there.
    for path in ["/api/flows/none/versions", "/api/interviews/none/reviews/"] {
        let wrong = app.get_as("read-smith", &format!("{path}?cursor=!")).await;
        assert_eq!(wrong.0, 422, "{path}");
        assert_eq!(app.get_as("read-smith", path).await.0, 404, "{path}");
    }
}

pub async fn flow_over_a_version_that_was_not_seen_is_refused(app: Arc<TestApp>) {
    let put = async |seen: &str, greeting: &str| {
        let mut flow = loan();
        flow["greeting"] = json!(greeting);
        let headers = [("If-Match", seen)];
        let base = app.base();
        app.call_at(
            &base,
            "POST",
            "/api/flows/",
            "write-smith",
            Some(flow),
            &headers,
        )
        .await
    };
    assert_eq!(put("0", "One.").await.0, 201);
    assert_eq!(put("1", "Two.").await.1["version"], 2);
    for seen in ["0", "1", "\"1\""] {
        let (status, answer) = put(seen, "Three.").await;
        assert_eq!(
            (status, &answer["error"]["code"]),
            (409, &json!("changed_meanwhile")),
            "{seen}"
        );
    }
    assert_eq!(put("x", "Three.").await.0, 422);
    assert_eq!(put("2", "Three.").await.0, 201);
}
