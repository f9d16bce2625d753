//! What stands on the pages, whatever the other roles answer.

use std::sync::Arc;

use crate::test_app::TestApp;

const PAGES: &[&str] = &[
    "/console/",
    "/console/calls",
    "/console/conversations",
    "/console/leads",
    "/console/interviews",
    "/console/numbers",
    "/console/phone",
    "/console/analytics",
    "/console/operating",
    "/console/webhooks",
    "/console/settings/operators",
];

pub async fn page_works_while_data_is_missing(app: Arc<TestApp>) {
    let owner = app.owner().await;
    for path in PAGES {
        let page = owner.get(path).await;
        assert_eq!(page.status, 200, "{path}: {}", page.body);
        assert_eq!(page.body.matches("<h1").count(), 1, "{path}");
        for part in ["<main", "<nav", "<header", "<title>", "lang=\"en\""] {
            assert!(page.body.contains(part), "{path} lacks {part}");
        }
    }
    // What does not exist is said so.
    for path in ["/console/calls/none", "/console/conversations/none"] {
        assert_eq!(owner.get(path).await.status, 404, "{path}");
    }
}

pub async fn queries_of_pages_are_described_and_not_insisted_on(app: Arc<TestApp>) {
    let document = app.get("/api/openapi.json").await;
    let names = |path: &str| {
        let parameters = &document["paths"][path]["get"]["parameters"];
        let parameters = parameters.as_array().unwrap().iter();
        let of_query = parameters.filter(|it| it["in"] == "query");
        let named = of_query.map(|it| {
            assert!(it["description"].is_string(), "{path}: {it}");
            assert_eq!(it["required"], false, "{path}: {it}");
            it["name"].as_str().unwrap()
        });
        named.collect::<Vec<_>>().join(" ")
    };
    for (path, expected) in [
        ("/console/calls", "cursor from outcome q tenant to"),
        ("/console/webhooks", "cursor key tenant verdict"),
        (
            "/console/conversations",
            "answering cursor q tenant unread urgency",
        ),
        ("/console/leads", "cursor status tenant"),
        ("/console/interviews", "cursor flow job said status tenant"),
        ("/console/interviews/compare", "id"),
        ("/console/numbers", "cursor said"),
        ("/console/flows/{name}", "against said tenant version"),
        ("/console/flows/{name}/edit", "template tenant"),
        ("/console/analytics", "from tenant to"),
        ("/console/calls/{id}", "said"),
    ] {
        let mut found: Vec<_> = names(path).split(' ').map(str::to_owned).collect();
        found.sort_unstable();
        assert_eq!(found.join(" "), expected, "{path}");
    }
    let owner = app.owner().await;
    for path in PAGES {
        let page = owner.get(&format!("{path}?tenant=&colour=red")).await;
        assert_eq!(page.status, 200, "{path}: {}", page.body);
    }
}

pub async fn page_has_a_strict_policy(app: Arc<TestApp>) {
    let owner = app.owner().await;
    for path in PAGES.iter().chain(&["/console/sign-in"]) {
        let page = owner.get(path).await;
        if page.status == 303 {
            continue;
        }
        assert!(
            page.policy.starts_with("default-src 'none'"),
            "{path}: {}",
            page.policy
        );
        assert!(!page.policy.contains("unsafe"), "{path}: {}", page.policy);
        assert!(!page.body.contains(" style="), "{path}");
        assert!(!page.body.contains(" onclick="), "{path}");
        assert!(!page.body.contains("https://"), "{path}");
    }
}

pub async fn markup_is_shown_as_text(app: Arc<TestApp>) {
    let name = "<script>alert(1)</script>";
    let browser = app.operator(name, "owner", "").await;
    for path in ["/console/", "/console/settings/operators"] {
        let page = browser.get(path).await;
        assert!(!page.body.contains(name), "{path}");
        assert!(page.body.contains("alert(1)"), "{path}");
    }
    let path = "/console/calls?q=%22%3E%3Cimg%20src%3Dx%3E&from=%22%3E%3Cb%3E";
    let page = browser.get(path).await;
    assert!(
        !page.body.contains("<img") && !page.body.contains("<b>"),
        "{}",
        page.body
    );
}

pub async fn page_without_session_leads_to_the_sign_in(app: Arc<TestApp>) {
    let browser = app.browser();
    for path in PAGES {
        let answer = browser.get(path).await;
        assert_eq!(answer.status, 303, "{path}");
        assert!(
            answer.location.starts_with("/console/sign-in?next="),
            "{}",
            answer.location
        );
    }
    let form = browser.get("/console/sign-in").await;
    for part in [
        "<h1>Sign in</h1>",
        "Name</label>",
        "Password</label>",
        "API key</label>",
        ">Sign in</button>",
    ] {
        assert!(form.body.contains(part), "the sign-in lacks {part}");
    }
}

pub async fn files_have_names_that_change(app: Arc<TestApp>) {
    let browser = app.browser();
    let form = browser.get("/console/sign-in").await;
    let mut found = 0;
    for part in form.body.split("\"/console/assets/").skip(1) {
        let path = format!("/console/assets/{}", part.split('"').next().unwrap());
        assert_eq!(browser.get(&path).await.status, 200, "{path}");
        found += 1;
    }
    assert_eq!(found, 3, "{}", form.body);
    assert_eq!(browser.get("/console/assets/console.css").await.status, 404);
}

pub async fn sound_of_the_telephone_is_for_our_own_page(app: Arc<TestApp>) {
    let owner = app.owner().await;
    let path = "/console/phone/calls/CA1/sound";
    for origin in [None, Some("https://evil.example"), Some("null")] {
        let headers: Vec<_> = origin.map(|it| ("origin", it)).into_iter().collect();
        let answer = owner.ask("GET", path, &headers).await;
        assert_eq!(answer.status, 403, "{origin:?}");
    }
    // Of our page: but there is no emulator here.
    let origin = app.base();
    let answer = owner.ask("GET", path, &[("origin", &origin)]).await;
    assert_eq!(answer.status, 404);
}

pub async fn telephone_is_off_without_the_emulator(app: Arc<TestApp>) {
    let owner = app.owner().await;
    let page = owner.get("/console/phone").await;
    assert!(page.body.contains("works with a real Twilio account"));
    assert!(!page.body.contains("data-call"), "{}", page.body);
    for (path, field) in [
        ("/console/phone/calls", ("number", "+15550100001")),
        ("/console/phone/texts", ("text", "Hello")),
        ("/console/phone/calls/CA1/steps", ("press", "1")),
    ] {
        assert_eq!(owner.submit(path, &[field]).await.status, 404, "{path}");
    }
}
