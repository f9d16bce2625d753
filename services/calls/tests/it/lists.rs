//! What holds of every list.

use std::sync::Arc;

use serde_json::json;

use crate::test_app::TestApp;
use crate::told::Told;

/// The addresses of the lists of this process with the names of their parameters.
async fn lists(app: &TestApp) -> Vec<(String, Vec<String>)> {
    let document = app.get("/api/openapi.json").await;
    let paths = document["paths"].as_object().unwrap().iter();
    let lists = paths.filter_map(|(path, methods)| {
        let ours = path.starts_with("/calls") || path == "/events";
        let parameters = methods["get"]["parameters"].as_array()?.iter();
        let names = parameters.filter(|it| it["in"] == "query");
        let names = names.map(|it| it["name"].as_str().unwrap().to_owned());
        (ours && !path.contains('{')).then(|| (path.clone(), names.collect()))
    });
    lists.collect()
}

pub async fn foreign_tenant_is_not_found_in_any_list(app: Arc<TestApp>) {
    let mut tried = Vec::new();
    for (path, names) in lists(&app).await {
        if names.contains(&"tenant".to_owned()) {
            let foreign = format!("{path}?tenant=jones");
            let answer = app.call("GET", &foreign, "read-smith", None).await;
            assert_eq!(
                (answer.0, &answer.1["error"]["code"]),
                (404, &json!("not_found")),
                "{foreign}"
            );
            tried.push(path);
        }
    }
    let mut wanted = [
        "/calls/",
        "/calls/latency",
        "/calls/summary",
        "/calls/webhooks",
        "/events",
    ];
    wanted.sort_unstable();
    tried.sort_unstable();
    assert_eq!(tried, wanted);
}

/// HTML forms send the name of every field that is left blank.
pub async fn parameter_with_an_empty_value_is_unsaid(app: Arc<TestApp>) {
    app.ask(&Told::comes_in("CA1")).await;
    let mut lists = lists(&app).await;
    // That one does not end.
    lists.retain(|(path, _)| path != "/events");
    let timeline = ["limit", "cursor"].map(str::to_owned).to_vec();
    lists.push(("/calls/CA1/timeline".to_owned(), timeline));
    assert_eq!(lists.len(), 5);
    for (path, names) in lists {
        let blank = format!("{path}?{}=", names.join("=&"));
        assert_eq!(app.get(&blank).await, app.get(&path).await, "{blank}");
    }
}
