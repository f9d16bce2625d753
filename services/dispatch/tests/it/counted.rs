//! How quickly callers are texted and customers answered, counted.

use std::sync::Arc;

use serde_json::json;
use testkit::ADMIN;

use crate::fixtures::{CALLER, at, missed, sent};
use crate::test_app::TestApp;

pub async fn texts_back_and_conversations_are_counted(app: Arc<TestApp>) {
    app.publish(at(0), &missed("CA1", CALLER)).await;
    let sends = app.sends().await;
    let id = sends[0].1.message_id.clone();
    // Twilio takes the text a minute after the call was missed.
    app.publish(at(1), &sent(&id, "SM1")).await;
    app.rest().await;
    let period = "from=2025-06-15&to=2025-06-15";
    let path = format!("/conversations/summary?{period}");
    let shown = app.get(&path).await;
    assert_eq!(
        (&shown["conversations"], &shown["texted_back"]),
        (&json!(1), &json!(1))
    );
    assert_eq!(shown["texts"]["system"], 1);
    assert_eq!(shown["time_to_reply_ai"]["count"], 0);
    assert_eq!(shown["time_to_text"]["count"], 1);
    assert_eq!(
        shown["days"],
        json!([{ "day": "2025-06-15", "conversations": 1, "texted_back": 1, "booked": 0, "opted_out": 0 }])
    );
    let (_, theirs) = app.call("GET", &path, "read-jones", None).await;
    assert_eq!(theirs["conversations"], 0);
    let path = format!("{path}&tenant=smith");
    assert_eq!(app.call("GET", &path, "read-jones", None).await.0, 404);
    let path = "/conversations/summary?to=never";
    assert_eq!(app.call("GET", path, ADMIN, None).await.0, 422);
}
