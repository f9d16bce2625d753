//! What strangers can cause, and what they cannot.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Instant;

use testkit::eventually;

use crate::lab::{
    ANSWER, JONES_ACCOUNT, JONES_TOKEN, Lab, NUMBER, OTHER, OWNER, call_form, encode, log, with,
};

const PATH: &str = "/webhooks/twilio/call";

/// A signature of the right form, of nobody's.
const FORGED: (&str, &str) = ("X-Twilio-Signature", "AAAAAAAAAAAAAAAAAAAAAAAAAAA=");

/// Looking for the reason costs more than refusing, so it is done for a few only.
pub async fn forged_posts_in_a_flood_are_counted_and_not_explained(lab: Arc<Lab>) {
    let form = call_form(&[("CallStatus", "ringing")]);
    let began = Instant::now();
    for _ in 0..100 {
        let answer = lab.post_as(FORGED.1, PATH, &form, &[]).await;
        assert_eq!(answer.status, 403, "{answer:?}");
    }
    let allowed = 20 + 10 * (began.elapsed().as_secs() + 1);
    let counted = async |reason: &str| {
        let reason = format!("reason=\"{reason}\"");
        let labels = [reason.as_str(), "path=\"/webhooks/twilio/call\""];
        lab.counter("webhooks_refused_total", &labels).await
    };
    let (explained, not) = (counted("unknown").await, counted("unexplained").await);
    assert!(explained >= 1 && not >= 100_u64.saturating_sub(allowed));
    // A genuine one comes through as ever.
    let answer = lab.post(PATH, &form).await;
    assert_eq!((answer.status, answer.body.as_str()), (200, ANSWER));
    lab.desk.take(1).await;
}

pub async fn made_up_accounts_are_not_asked_for_one_by_one(lab: Arc<Lab>) {
    let form = call_form(&[("CallStatus", "ringing")]);
    let (before, began) = (lab.desk.asked(), Instant::now());
    for n in 0..100 {
        let form = with(&form, "AccountSid", &format!("AC{n:032x}"));
        let answer = lab.post_as(FORGED.1, PATH, &form, &[]).await;
        assert_eq!(answer.status, 403, "{answer:?}");
    }
    let asked = lab.desk.asked() - before;
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
        assert_eq!(lab.post_as(FORGED.1, PATH, &form, &[]).await.status, 403);
    }
}

/// Unsigned, forged, JSON, text: the log says why, and nothing that a stranger has written.
pub async fn nothing_that_a_stranger_writes_stands_in_the_log(lab: Arc<Lab>) {
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
        let answer = lab.send("POST", PATH, &headers, body).await;
        assert_eq!(answer.status, 403, "{headers:?}: {answer:?}");
    }
    let hashed = format!("{PATH}?bodySHA256={}", "0".repeat(64));
    for path in [PATH, &hashed] {
        let before = lab
            .counter("webhooks_refused_total", &["reason=\"json_body\""])
            .await;
        let answer = lab
            .send(
                "POST",
                path,
                &[FORGED, json_type],
                json.clone().into_bytes(),
            )
            .await;
        assert_eq!(answer.status, 403, "{path}: {answer:?}");
        let after = lab
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
    lab.send("GET", &path, &[FORGED], Vec::new()).await;
    assert!(!log().text().contains("there are no parameters"));
}

/// tenants is away when this process begins: what it was told before still holds.
pub async fn restart_without_tenants_knows_accounts_and_numbers(lab: Arc<Lab>) {
    let file = lab.directory_file();
    let size = || std::fs::metadata(&file).ok().map(|it| it.len());
    eventually("what was learnt first is kept", async || size().is_some()).await;
    let before = size();
    lab.learns_of_jones().await;
    eventually("so is jones", async || size() > before).await;
    let ringing = call_form(&[("CallStatus", "ringing")]);
    let jones = with(&with(&ringing, "AccountSid", JONES_ACCOUNT), "To", OTHER);
    lab.stop().await;
    let kept = std::fs::read(&file).unwrap();
    assert!(
        !kept.windows(6).any(|part| part == b"555010"),
        "it is sealed"
    );

    lab.desk.silent.store(true, Ordering::Relaxed);
    lab.up_alone().await;
    let answer = lab.post(PATH, &ringing).await;
    assert!(
        answer.status == 200 && answer.body.contains(OWNER),
        "{NUMBER} is known: {answer:?}"
    );
    let answer = lab.post_signed(JONES_TOKEN, PATH, &jones, &[]).await;
    assert!(
        answer.status == 200 && answer.body.contains("<Say>"),
        "jones's webhooks are believed: {answer:?}"
    );
    assert_eq!(
        lab.post_signed("not-the-token", PATH, &jones, &[])
            .await
            .status,
        403
    );
}

/// Nobody has ever told which accounts there are: that is no refusal, since Twilio would not come again.
pub async fn start_without_any_directory_asks_twilio_to_come_again(lab: Arc<Lab>) {
    lab.stop().await;
    let file = lab.directory_file();
    eventually("what was learnt last is kept", async || file.exists()).await;
    std::fs::write(&file, b"damaged").unwrap();
    lab.up_alone().await;
    let ringing = call_form(&[("CallStatus", "ringing")]);
    let jones = with(&ringing, "AccountSid", JONES_ACCOUNT);
    let answer = lab.post_signed(JONES_TOKEN, PATH, &jones, &[]).await;
    assert_eq!(answer.status, 503, "{answer:?}");
    assert!(answer.body.contains("not known yet"), "{}", answer.body);
    let odd = with(&ringing, "AccountSid", "AC1");
    assert_eq!(lab.post_as(FORGED.1, PATH, &odd, &[]).await.status, 403);
    // The platform's own account stands in the settings.
    assert_eq!(lab.post(PATH, &ringing).await.status, 200);
}
