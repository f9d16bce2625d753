//! How far an interview has come, and what it came to.

use std::sync::Arc;

use flow::{Answer, Asked, Progress, Recording, Scoring, Source, Stage, Transcription, Usage};
use interviews::door::{Evaluation, InterviewRow};
use serde_json::{Value, json};
use store::types::Json;

use testkit::ADMIN;

use crate::fixtures::{at, ended, pending};
use crate::test_app::TestApp;

const EVIL: &str = "<script>alert(\"1\")</script> & 'co'";

fn asked(number: u32, text: &str) -> Asked {
    Asked {
        number,
        id: format!("q{number}"),
        text: text.into(),
        source: Source::Fixed,
        simulated: false,
        at: at(i64::from(number)),
    }
}

fn usage(task: &str, provider: &str) -> Usage {
    Usage {
        task: task.into(),
        provider: provider.into(),
        model: "m1".into(),
        simulated: provider == "simulated",
        latency_ms: 1500,
        cost_micro_usd: Some(1200),
        prompt_tokens: Some(100),
        completion_tokens: Some(10),
    }
}

fn answer(number: u32) -> Answer {
    Answer {
        number,
        recording: Some(Recording {
            sid: format!("RE{number}"),
            url: format!("https://api.twilio.com/Recordings/RE{number}"),
            duration_s: Some(75),
        }),
        at: Some(at(i64::from(number))),
        transcript: "I led a team of five. It went well.".into(),
        transcription: Transcription::Done,
        score: Some(80),
        feedback: "Concrete.".into(),
        quote: "I led a team of five.".into(),
        scoring: Scoring::Done,
        usage: vec![usage("transcribe", "openai"), usage("score", "openai")],
        ..Answer::default()
    }
}

/// Three questions: a good answer, one without words, none.
pub fn progress() -> Progress {
    Progress {
        stage: Stage::Over,
        asked: vec![
            asked(1, "Why us?"),
            asked(2, "Why you?"),
            asked(3, "Why now?"),
        ],
        answers: vec![
            answer(1),
            Answer {
                transcript: String::new(),
                transcription: Transcription::Unable,
                score: None,
                feedback: String::new(),
                quote: String::new(),
                scoring: Scoring::Without,
                reason: "recording_absent".into(),
                usage: Vec::new(),
                ..answer(2)
            },
        ],
        evaluated: true,
        ..Progress::default()
    }
}

pub fn evaluated(id: &str, progress: &Progress, provider: &str) -> InterviewRow {
    let evaluation = Evaluation {
        overall_score: Some(80),
        recommendation: "strong_yes".into(),
        strengths: vec!["Leads".into()],
        areas_for_improvement: vec!["Says little".into()],
        feedback: "Well done.".into(),
        usage: vec![usage("summary", provider)],
    };
    InterviewRow {
        result: Some(Json::of(&evaluation).unwrap()),
        ..ended(id, "smith", progress)
    }
}

pub async fn flow_shows_how_far_it_has_come(app: Arc<TestApp>) {
    app.keep(&pending("new", "smith")).await;
    let shown = app.get("/api/interviews/new/flow/").await;
    assert_eq!(
        shown,
        json!({
            "interview_id": "new", "status": "pending", "outcome": null, "failure_reason": null,
            "call_sid": null, "waits_for": null, "waits_until": null, "stage": "new", "current_question": 0,
            "questions": ["Why us?", "Why you?", "Why now?"], "answers": [],
        })
    );

    let mut live = Progress {
        stage: Stage::Asking { missed: 0 },
        asked: vec![asked(1, "Why us?"), asked(2, "Why you?")],
        answers: vec![answer(1)],
        ..Progress::default()
    };
    live.answers[0].transcription = Transcription::Pending;
    live.answers[0].transcript = String::new();
    live.answers[0].score = None;
    app.keep(&InterviewRow {
        status: "in-progress".into(),
        call_sid: Some("CA1".into()),
        progress: Json::of(&live).unwrap(),
        ..pending("live", "smith")
    })
    .await;
    let shown = app.get("/api/interviews/live/flow").await;
    assert_eq!(
        (&shown["stage"], &shown["current_question"]),
        (&json!("asking"), &json!(2))
    );
    assert_eq!(
        shown["questions"],
        json!(["Why us?", "Why you?", "Why now?"])
    );
    let first = &shown["answers"][0];
    assert_eq!(
        [
            &first["question_number"],
            &first["question"],
            &first["transcript"],
            &first["transcript_status"],
            &first["score"]
        ],
        [
            &json!(1),
            &json!("Why us?"),
            &json!(null),
            &json!("pending"),
            &json!(null)
        ]
    );
    for path in ["/results/", "/results/page"] {
        let (status, body) = app
            .get_as(ADMIN, &format!("/api/interviews/live{path}"))
            .await;
        assert_eq!(
            (status, &body["error"]["code"]),
            (409, &json!("not_ready")),
            "{path}"
        );
    }
}

pub async fn results_are_there_at_the_end(app: Arc<TestApp>) {
    let results = "/api/interviews/one/results/";
    // The call is over, the work on it is not.
    let mut row = evaluated("one", &progress(), "openai");
    let mut early = progress();
    early.evaluated = false;
    app.keep(&InterviewRow {
        progress: Json::of(&early).unwrap(),
        result: None,
        evaluated_at: None,
        ..row.clone()
    })
    .await;
    let (status, body) = app.get_as(ADMIN, results).await;
    assert_eq!((status, &body["error"]["code"]), (409, &json!("not_ready")));

    let mut tx = app.store.begin().await.unwrap();
    interviews::door::interview_save(&mut tx, &row)
        .await
        .unwrap();
    tx.commit().await.unwrap();
    let shown = app.get(results).await;
    for (field, value) in [
        ("overall_score", json!(80)),
        ("recommendation", json!("strong_yes")),
        ("strengths", json!(["Leads"])),
        ("areas_for_improvement", json!(["Says little"])),
        ("feedback", json!("Well done.")),
        ("outcome", json!("completed")),
        ("simulated", json!(false)),
    ] {
        assert_eq!(shown[field], value, "{field}");
    }
    let brief = |it: &Value| {
        [
            "question",
            "transcript",
            "transcript_status",
            "score",
            "quote",
            "reason",
        ]
        .map(|field| it[field].clone())
    };
    let answers: Vec<_> = shown["answers"]
        .as_array()
        .unwrap()
        .iter()
        .map(brief)
        .collect();
    let said = "I led a team of five. It went well.";
    assert_eq!(
        json!(answers),
        json!([
            ["Why us?", said, "done", 80, "I led a team of five.", null],
            [
                "Why you?",
                "Unable to transcribe",
                "unable_to_transcribe",
                null,
                "",
                "recording_absent"
            ],
            ["Why now?", null, "unanswered", null, "", null],
        ])
    );
    assert_eq!(
        shown["answers"][0]["recording"],
        json!({"recording_sid": "RE1", "url": "https://api.twilio.com/Recordings/RE1", "duration_s": 75})
    );
    assert_eq!(shown["answers"][0]["usage"][1]["cost_micro_usd"], 1200);

    // Nobody was reached: that is the result.
    row = InterviewRow {
        id: "two".into(),
        outcome: "failed".into(),
        failure_reason: Some("busy".into()),
        result: None,
        evaluated_at: None,
        progress: Json::of(&Progress::default()).unwrap(),
        ..row
    };
    app.keep(&row).await;
    let shown = app.get("/api/interviews/two/results").await;
    assert_eq!(
        [
            &shown["outcome"],
            &shown["failure_reason"],
            &shown["overall_score"],
            &shown["recommendation"],
            &shown["answers"]
        ],
        [
            &json!("failed"),
            &json!("busy"),
            &json!(null),
            &json!(null),
            &json!([])
        ]
    );
}

pub async fn page_tells_everything_and_runs_nothing(app: Arc<TestApp>) {
    let page = async |id: &str| {
        let path = format!("/api/interviews/{id}/results/page");
        app.page(&path).await
    };
    let who = json!({"name": "Zoë <b>", "phone": "+15550109999"});
    let candidate = app.made("/api/candidates/", who).await;
    let job = json!({"title": "Plumber & Fitter"});
    let job = app.made("/api/job-descriptions/", job).await;
    app.keep(&InterviewRow {
        candidate_id: Some(candidate),
        job_id: Some(job),
        ..evaluated("one", &progress(), "openai")
    })
    .await;
    let (headers, html) = page("one").await;
    assert_eq!(headers["content-type"], "text/html; charset=utf-8");
    let policy = headers["content-security-policy"].to_str().unwrap();
    assert!(policy.starts_with("default-src 'none'"), "{policy}");
    for part in [
        "<html lang=\"en-GB\">",
        "Smith &amp; Sons",
        "Zoë &lt;b&gt;",
        "Plumber &amp; Fitter",
        "15 June 2025, 08:07 PDT",
        "9\u{a0}min<",
        "1 of 3 scored",
        "Strong yes",
        "Overall score: 80",
        "Well done.",
        "<li>Leads</li>",
        "<li>Says little</li>",
        "<mark>I led a team of five.</mark> It went well.",
        "Concrete.",
        "<a href=\"https://api.twilio.com/Recordings/RE1\" rel=\"noreferrer\">Recording</a>, 1\u{a0}min\u{a0}15\u{a0}s",
        "Unable to transcribe",
        "Reason: recording absent",
        "Not answered",
        "$0.0012",
    ] {
        assert!(html.contains(part), "{part} is not in {html}");
    }
    assert!(!html.contains(">simulated<"), "{html}");
    assert!(!html.contains(ADMIN) && !html.contains("+1555"), "{html}");

    // Everything that another person or a provider may have written.
    let mut evil = progress();
    evil.asked[0].text = EVIL.into();
    evil.asked[0].simulated = true;
    evil.answers[0].transcript = format!("well {EVIL} so");
    evil.answers[0].quote = EVIL.into();
    evil.answers[0].feedback = EVIL.into();
    evil.answers[0].usage = vec![usage("score", "simulated"), usage(EVIL, EVIL)];
    evil.answers[0].recording.as_mut().unwrap().url = "javascript:alert(1)".into();
    evil.answers[1].reason = EVIL.into();
    evil.answers[1].recording.as_mut().unwrap().url = "https://x/\"onclick=\"y".into();
    let mut row = evaluated("evil", &evil, "simulated");
    row.result = Some(Json(json!({
        "overall_score": 900, "recommendation": EVIL, "strengths": [EVIL],
        "areas_for_improvement": [EVIL], "feedback": EVIL, "usage": [],
    })));
    row.settings = Json(json!({"name": EVIL, "timezone": EVIL}));
    row.language = "\"><script>".into();
    row.failure_reason = Some(EVIL.into());
    row.flow_name = EVIL.into();
    app.keep(&row).await;
    let (_, html) = page("evil").await;
    assert!(!html.contains("<script"), "{html}");
    assert!(
        !html.contains("javascript:") && !html.contains("\"onclick"),
        "{html}"
    );
    let safe = "&lt;script&gt;alert(&quot;1&quot;)&lt;/script&gt; &amp; &#39;co&#39;";
    assert!(html.contains(&format!("<mark>{safe}</mark>")), "{html}");
    let shown = app.get("/api/interviews/evil/results/").await;
    assert_eq!(
        [
            &shown["simulated"],
            &shown["answers"][0]["simulated"],
            &shown["answers"][1]["simulated"]
        ],
        [&json!(true), &json!(true), &json!(false)]
    );
    // At the question, the score, the feedback and the work, and once for the whole; not at the transcript.
    assert_eq!(html.matches(">simulated<").count(), 5, "{html}");
}
