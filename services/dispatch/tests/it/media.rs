//! What customers' messages carry.

use std::sync::Arc;

use chrono::TimeDelta;
use events::v1::{
    Media, MediaErase, MediaFetch, MediaFetched, PersonForget, PersonForgotten, RetentionDue,
    SmsInbound,
};
use serde_json::{Value, json};
use testkit::{ADMIN, eventually};

use crate::fixtures::{ACCOUNT, CALLER, at, text, thread_id};
use crate::test_app::TestApp;
use crate::twilio::Answer;

const PNG: &[u8] = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR and what follows";

/// A text that carries these, whatever they are said to be.
fn carrying(sid: &str, body: &str, urls: &[&str]) -> SmsInbound {
    let mut event = text(sid, CALLER, body);
    let media = urls.iter().map(|url| Media {
        url: (*url).to_owned(),
        content_type: "image/jpeg".into(),
    });
    event.text.as_mut().unwrap().media = media.collect();
    event
}

fn path(media: &str) -> String {
    format!("/2010-04-01/Accounts/{ACCOUNT}/Messages/MM1/Media/{media}")
}

/// The files of the first message, once none is on its way any more.
async fn settled(app: &TestApp) -> Vec<Value> {
    let files = async || {
        let thread = app.thread().await;
        let messages = thread["messages"].as_array().unwrap().clone();
        let of_customer = messages.into_iter().filter(|it| it["sender"] == "customer");
        let files = of_customer.flat_map(|it| it["media"].as_array().unwrap().clone());
        files.collect::<Vec<Value>>()
    };
    eventually("the files are settled", async || {
        files().await.iter().all(|it| it["status"] != "pending")
    })
    .await;
    files().await
}

pub async fn picture_is_stored_once_and_shown_by_our_own_address(app: Arc<TestApp>) {
    let url = app.twilio.has(&path("ME1"), Answer::File(PNG.to_vec()));
    let event = carrying("SM1", "look at this", &[&url]);
    app.publish(at(0), &event).await;
    let file = settled(&app).await.remove(0);
    assert_eq!(
        (&file["status"], &file["content_type"], &file["size_bytes"]),
        (&json!("stored"), &json!("image/png"), &json!(PNG.len()))
    );
    let address = file["url"].as_str().unwrap();
    assert!(address.starts_with("/conversations/"), "{address}");
    assert_eq!(app.twilio.asked(), [(path("ME1"), true)]);

    let answer = app.file(address, "read-smith", &[]).await;
    assert_eq!(answer.status(), 200);
    let header = |name: &str| answer.headers()[name].to_str().unwrap().to_owned();
    assert_eq!(header("content-type"), "image/png");
    assert_eq!(header("x-content-type-options"), "nosniff");
    assert!(header("content-security-policy").contains("sandbox"));
    let tag = header("etag");
    assert_eq!(answer.bytes().await.unwrap(), PNG);
    let answer = app.file(address, ADMIN, &[("range", "bytes=1-3")]).await;
    assert_eq!(
        (answer.status().as_u16(), answer.bytes().await.unwrap()),
        (206, "PNG".into())
    );
    let answer = app.file(address, ADMIN, &[("if-none-match", &tag)]).await;
    assert_eq!(answer.status(), 304);

    // Neither another tenant, nor another thread, nor nobody.
    assert_eq!(app.file(address, "read-jones", &[]).await.status(), 404);
    assert_eq!(app.file(address, "", &[]).await.status(), 401);
    let other = text("SM2", "+15550109998", "hello");
    app.publish(at(1), &other).await;
    app.rest().await;
    let elsewhere = address.replace(
        &thread_id("smith", 0, CALLER),
        &thread_id("smith", 0, "+15550109998"),
    );
    assert_eq!(app.file(&elsewhere, ADMIN, &[]).await.status(), 404);
    assert_eq!(
        app.file(&format!("{address}1"), ADMIN, &[]).await.status(),
        404
    );

    // The same order again finds the object.
    let (_, order) = app.recorder.wait_for::<MediaFetch>(1).await.remove(0);
    app.throw("again", at(2), &order).await;
    eventually("it is told again", async || {
        app.recorder.heard::<MediaFetched>().len() == 2
    })
    .await;
    assert_eq!(app.twilio.asked().len(), 1);
}

pub async fn redirect_to_the_cdn_is_followed_without_credentials(app: Arc<TestApp>) {
    let cdn = app.twilio.has("/cdn/cat?sig=1", Answer::File(PNG.to_vec()));
    let url = app.twilio.has(&path("ME1"), Answer::Redirect(cdn));
    app.publish(at(0), &carrying("SM1", "", &[&url])).await;
    assert_eq!(settled(&app).await[0]["status"], "stored");
    assert_eq!(
        app.twilio.asked(),
        [(path("ME1"), true), ("/cdn/cat?sig=1".to_owned(), false)]
    );
}

pub async fn what_cannot_be_shown_is_not_kept_and_said_once(app: Arc<TestApp>) {
    let mut large = PNG.to_vec();
    large.resize(5 * 1024 * 1024 + 1, 0);
    let large = app.twilio.has(&path("ME1"), Answer::File(large));
    let page = b"<script>alert(1)</script>".to_vec();
    let page = app.twilio.has(&path("ME2"), Answer::File(page));
    let elsewhere = "https://twilio.example.com/cat.jpg";
    let event = carrying("SM1", "my sink leaks", &[&large, &page, elsewhere]);
    app.publish(at(0), &event).await;
    let statuses: Vec<Value> = settled(&app)
        .await
        .iter()
        .map(|it| it["status"].clone())
        .collect();
    assert_eq!(statuses, ["too_large", "unsupported", "foreign_host"]);
    let asked: Vec<String> = app.twilio.asked().into_iter().map(|it| it.0).collect();
    assert!(!asked.iter().any(|it| it.contains("cat")), "{asked:?}");
    let file = &settled(&app).await[1];
    let answer = app.file(file["url"].as_str().unwrap(), ADMIN, &[]).await;
    assert_eq!(answer.status(), 404);

    let said = async || {
        let sends = app.sends().await.into_iter();
        let bodies = sends.map(|(_, it)| it.body);
        bodies.filter(|it| it.contains("could not open")).count()
    };
    eventually("the customer is told", async || said().await == 1).await;
    app.publish(at(5), &carrying("SM2", "and this", &[&page]))
        .await;
    settled(&app).await;
    assert_eq!(said().await, 1);
    // The AI answers all the same.
    assert!(app.thread().await["reply_due_at"].is_string());
}

pub async fn pictures_go_along_with_what_a_model_is_shown(app: Arc<TestApp>) {
    let png = app.twilio.has(&path("ME1"), Answer::File(PNG.to_vec()));
    let pdf = app
        .twilio
        .has(&path("ME2"), Answer::File(b"%PDF-1.7 plan".to_vec()));
    let event = carrying("SM1", "what is this?", &[&png, &pdf]);
    app.publish(at(0), &event).await;
    settled(&app).await;
    app.clock.advance(TimeDelta::seconds(3635));
    let draft = app.drafts(1).await.remove(0);
    let line = &draft.history[0];
    assert_eq!((line.media, line.pictures.len()), (2, 1));
    assert_eq!(line.pictures[0].content_type, "image/png");
    let stored = app.objects().get(&line.pictures[0].key).await.unwrap();
    assert_eq!(stored.unwrap().bytes, PNG);
}

/// How many objects there are of messages.
async fn objects(app: &TestApp) -> usize {
    app.objects().list("media/").await.unwrap().len()
}

pub async fn forgotten_customer_leaves_no_object(app: Arc<TestApp>) {
    let url = app.twilio.has(&path("ME1"), Answer::File(PNG.to_vec()));
    app.publish(at(0), &carrying("SM1", "look", &[&url])).await;
    settled(&app).await;
    app.clock.advance(TimeDelta::seconds(3635));
    let draft = app.drafts(1).await.remove(0);
    let drafted = format!("ai/reply/{}.json", draft.draft_id);
    app.objects()
        .put(&drafted, "{}", "application/json")
        .await
        .unwrap();
    assert_eq!(objects(&app).await, 1);
    let forget = PersonForget {
        receipt_id: "r1".into(),
        number: CALLER.into(),
        ..PersonForget::default()
    };
    app.throw("forget", at(70), &forget).await;
    let told = app.recorder.wait_for::<PersonForgotten>(2).await;
    let awaited = &told
        .iter()
        .find(|it| it.1.part == "dispatch")
        .unwrap()
        .1
        .awaits;
    let part = &told.iter().find(|it| it.1.part != "dispatch").unwrap().1;
    assert!(awaited.contains(&part.part), "{awaited:?}");
    assert_eq!(part.counts[0].what, "objects");
    assert_eq!(objects(&app).await, 0);
    assert_eq!(app.objects().get(&drafted).await.unwrap(), None);

    // A file that comes when the customer is forgotten goes again.
    let late = MediaFetched {
        media_id: "gone.0".into(),
        message_id: "gone".into(),
        tenant_id: "smith".into(),
        ..MediaFetched::default()
    };
    app.objects()
        .put("media/smith/gone.0", PNG, "image/png")
        .await
        .unwrap();
    app.throw("late", at(71), &late).await;
    eventually("the late file is removed", async || {
        objects(&app).await == 0
    })
    .await;
}

pub async fn thread_whose_time_is_over_takes_its_objects_along(app: Arc<TestApp>) {
    let url = app.twilio.has(&path("ME1"), Answer::File(PNG.to_vec()));
    app.publish(at(0), &carrying("SM1", "look", &[&url])).await;
    settled(&app).await;
    let due = RetentionDue {
        tenant_id: "smith".into(),
        conversations_before: at(60).to_rfc3339(),
        ..RetentionDue::default()
    };
    app.throw("due", at(60), &due).await;
    let (_, erase) = app.recorder.wait_for::<MediaErase>(1).await.remove(0);
    assert!(erase.receipt_id.is_empty());
    eventually("the file is removed", async || objects(&app).await == 0).await;
}
