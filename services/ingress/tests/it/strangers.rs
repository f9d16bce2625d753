//! What strangers can cause, and what they cannot.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use testkit::eventually;

use crate::test_app::{
    ANSWER, JONES_ACCOUNT, JONES_TOKEN, NUMBER, OTHER, OWNER, TestApp, call_form, encode, log, with,
};

const PATH: &str = "/webhooks/twilio/call";

/// A signature of the right form, of nobody's.
const FORGED: (&str, &str) = ("X-Twilio-Signature", "AAAAAAAAAAAAAAAAAAAAAAAAAAA=");

/// So many forged posts, one after the other, take at least so long: some are free, the others 10 ms each.
const FLOOD: u64 = 250;
const PACED: Duration = Duration::from_millis(1_450);

/// Looking for the reason costs more than refusing, so it is done for a few only; and whoever waits for one refusal before
/// the next forged post is held to a pace.
pub async fn forged_posts_in_a_flood_are_counted_paced_and_not_explained(app: Arc<TestApp>) {
    let form = call_form(&[("CallStatus", "ringing")]);
    let began = Instant::now();
    for _ in 0..FLOOD {
        let answer = app.post_as(FORGED.1, PATH, &form, &[]).await;
        assert_eq!(answer.status, 403, "{answer:?}");
    }
    assert!(began.elapsed() >= PACED, "{:?}", began.elapsed());
    let allowed = 20 + 10 * (began.elapsed().as_secs() + 1);
    let counted = async |reason: &str| {
        let reason = format!("reason=\"{reason}\"");
        let labels = [reason.as_str(), "path=\"/webhooks/twilio/call\""];
        app.counter("webhooks_refused_total", &labels).await
    };
    let (explained, not) = (counted("unknown").await, counted("unexplained").await);
    assert!(explained >= 1 && not >= FLOOD.saturating_sub(allowed));
    // A genuine one comes through as ever.
    let answer = app.post(PATH, &form).await;
    assert_eq!((answer.status, answer.body.as_str()), (200, ANSWER));
    app.desk.take(1).await;
}

pub async fn made_up_accounts_are_not_asked_for_one_by_one(app: Arc<TestApp>) {
    let form = call_form(&[("CallStatus", "ringing")]);
    let (before, began) = (app.desk.asked(), Instant::now());
    for n in 0..100 {
        let form = with(&form, "AccountSid", &format!("AC{n:032x}"));
        let answer = app.post_as(FORGED.1, PATH, &form, &[]).await;
        assert_eq!(answer.status, 403, "{answer:?}");
    }
    let asked = app.desk.asked() - before;
    let seconds = usize::try_from(began.elapsed().as_secs()).unwrap();
    assert!(asked <= seconds + 2, "{asked} questions in {seconds} s");
    // What is no AccountSid is not asked for at all, so it is told at once even where nobody answers.
    for odd in [
        "AC1",
        "../../etc",
        "ACxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
        "\0",
    ] {
        let form = with(&form, "AccountSid", odd);
        assert_eq!(app.post_as(FORGED.1, PATH, &form, &[]).await.status, 403);
    }
}

/// Unsigned, forged, JSON, text: the log says why, and nothing that a stranger has written.
pub async fn nothing_that_a_stranger_writes_stands_in_the_log(app: Arc<TestApp>) {
    let card = "my card is 4111 1111 1111 1111";
    let json = format!(r#"{{"Body":"{card}"}}"#);
    let form = ("Content-Type", "application/x-www-form-urlencoded");
    let json_type = ("Content-Type", "application/json; charset=utf-8");
    let text_type = ("Content-Type", "text/plain");
    let long = "Q".repeat(60_000);
    for (headers, body) in [
        (vec![], json.as_str()),
        (vec![form], json.as_str()),
        (vec![FORGED, form], json.as_str()),
        (vec![json_type], json.as_str()),
        (vec![FORGED, json_type], json.as_str()),
        (vec![FORGED, text_type], card),
        (vec![text_type], card),
        (
            vec![FORGED, form],
            "4111111111111111=1&+15550107777&card4111111111111111=2",
        ),
        (vec![FORGED, form], long.as_str()),
        (vec![FORGED, form], "a%0Afake+line%1B%5B31m=1"),
    ] {
        let body = body.as_bytes().to_vec();
        let answer = app.send("POST", PATH, &headers, body).await;
        assert_eq!(answer.status, 403, "{headers:?}: {answer:?}");
    }
    let hashed = format!("{PATH}?bodySHA256={}", "0".repeat(64));
    for path in [PATH, &hashed] {
        let before = app
            .counter("webhooks_refused_total", &["reason=\"json_body\""])
            .await;
        let answer = app
            .send(
                "POST",
                path,
                &[FORGED, json_type],
                json.clone().into_bytes(),
            )
            .await;
        assert_eq!(answer.status, 403, "{path}: {answer:?}");
        let after = app
            .counter("webhooks_refused_total", &["reason=\"json_body\""])
            .await;
        assert!(after > before, "{path}");
    }
    let text = log().text();
    assert!(text.contains("reason=\"json_body\"") && text.contains("reason=\"unknown\""));
    for never in [
        "4111 1111",
        "4111111111",
        "card is",
        "5550107777",
        "fake line",
        "\u{1b}[31m",
        &"Q".repeat(41),
    ] {
        assert!(!text.contains(never), "{never:?} is in the log");
    }
    let refusals = text.lines().filter(|line| line.contains("webhook refused"));
    let widest = refusals.map(str::len).max();
    assert!(widest < Some(2_000), "{widest:?}");
    // The parameters of a GET are told, too.
    let form = call_form(&[("CallStatus", "ringing")]);
    let path = format!("{PATH}?{}", encode(&form));
    app.send("GET", &path, &[FORGED], Vec::new()).await;
    assert!(!log().text().contains("there are no parameters"));
}

/// tenants is away when this process begins: what it was told before still holds.
pub async fn restart_without_tenants_knows_accounts_and_numbers(app: Arc<TestApp>) {
    let file = app.directory_file();
    let size = || std::fs::metadata(&file).ok().map(|it| it.len());
    eventually("what was learnt first is kept", async || size().is_some()).await;
    let before = size();
    app.learns_of_jones().await;
    eventually("so is jones", async || size() > before).await;
    let ringing = call_form(&[("CallStatus", "ringing")]);
    let jones = with(&with(&ringing, "AccountSid", JONES_ACCOUNT), "To", OTHER);
    app.stop().await;
    let kept = std::fs::read(&file).unwrap();
    assert!(
        !kept.windows(6).any(|part| part == b"555010"),
        "it is sealed"
    );

    app.desk.silent.store(true, Ordering::Relaxed);
    app.up_alone().await;
    let answer = app.post(PATH, &ringing).await;
    assert!(
        answer.status == 200 && answer.body.contains(OWNER),
        "{NUMBER} is known: {answer:?}"
    );
    let answer = app.post_signed(JONES_TOKEN, PATH, &jones, &[]).await;
    assert!(
        answer.status == 200 && answer.body.contains("<Say>"),
        "jones's webhooks are believed: {answer:?}"
    );
    assert_eq!(
        app.post_signed("not-the-token", PATH, &jones, &[])
            .await
            .status,
        403
    );
}

/// Nobody has ever told which accounts there are: that is no refusal, since Twilio would not come again.
pub async fn start_without_any_directory_asks_twilio_to_come_again(app: Arc<TestApp>) {
    app.stop().await;
    let file = app.directory_file();
    eventually("what was learnt last is kept", async || file.exists()).await;
    std::fs::write(&file, b"damaged").unwrap();
    app.up_alone().await;
    let ringing = call_form(&[("CallStatus", "ringing")]);
    let jones = with(&ringing, "AccountSid", JONES_ACCOUNT);
    let answer = app.post_signed(JONES_TOKEN, PATH, &jones, &[]).await;
    assert_eq!(answer.status, 503, "{answer:?}");
    assert!(answer.body.contains("not known yet"), "{}", answer.body);
    let odd = with(&ringing, "AccountSid", "AC1");
    assert_eq!(app.post_as(FORGED.1, PATH, &odd, &[]).await.status, 403);
    // The platform's own account stands in the settings.
    assert_eq!(app.post(PATH, &ringing).await.status, 200);
}
