//! Whose number is this? Webhooks find their business, and its app.

use std::sync::Arc;

use clock::Clock;
use events::v1::{
    CallStatus, DialFinished, Directory, DirectoryQuery, NumberChanged, ResolveQuery, Resolved,
    SmsInbound, TwilioCallStatus, TwilioDialFinished, TwilioSmsInbound, TwilioVoiceInbound,
    TwilioWhisper, TwimlReply, VoiceInbound, VoiceWhisper,
};
use events::v1::{InboundText, TenantChanged};
use role::settings::Secret;
use serde_json::json;
use testkit::{ADMIN, Mode, eventually};

use crate::lab::{Lab, log, run_at};
use crate::world::{ACCOUNT, OTHER_ACCOUNT, call, query, voice, webhook};

pub async fn a_call_goes_to_the_app_of_its_number(lab: Arc<Lab>) {
    lab.world().await;
    let xml = lab.ring("+15550100001").await;
    assert!(xml.contains("voice.inbound.forward"), "{xml}");
    let (envelope, event) = lab.ear.hear::<VoiceInbound>(1).await.remove(0);
    assert_eq!(envelope.kind, "voice.inbound.forward");
    assert_eq!(envelope.source, "trunkline/tenants");
    assert_eq!(
        (envelope.tenant.as_deref(), event.origin.as_str()),
        (Some("smith"), "twilio")
    );
    assert_eq!(
        envelope.key.as_deref(),
        Some("CA00000000000000000000000000000001")
    );
    let tenant = event.tenant.unwrap();
    assert_eq!(
        (tenant.name.as_str(), tenant.forward_to.as_str()),
        ("Smith Plumbing", "+15550100002")
    );
    assert_eq!(
        (tenant.account_sid.as_str(), tenant.dial_timeout_s),
        (ACCOUNT, 20)
    );
    assert_eq!(
        (tenant.timezone.as_str(), tenant.trade.as_str()),
        ("America/Los_Angeles", "plumbing")
    );
    let hours: Vec<_> = tenant
        .hours
        .iter()
        .map(|h| (h.weekday, h.from_minute, h.to_minute))
        .collect();
    assert_eq!(hours, [(1, 420, 1080), (6, 480, 720), (6, 780, 960)]);
    let number = tenant.number.unwrap();
    assert_eq!(
        (
            number.number.as_str(),
            number.primary,
            number.status.as_str()
        ),
        ("+15550100001", true, "active")
    );
    assert!(
        tenant
            .text_back
            .unwrap()
            .template
            .contains("{business_name}")
    );

    // A repeat of the webhook becomes the same event.
    let twice = lab.envelope(&call("+15550100001"));
    lab.bus().publish(&twice).await.unwrap();
    lab.bus().publish(&twice).await.unwrap();
    let own = TwilioVoiceInbound {
        webhook: Some(webhook("/webhooks/twilio/call", ACCOUNT)),
        voice: Some(voice("+15550100001", "+15550107777", "outbound-api")),
    };
    let reply: TwimlReply = lab.ask(&own).await;
    assert!(reply.xml.contains("forward"));
    eventually("three calls", async || {
        lab.ear.heard::<VoiceInbound>().len() == 3
    })
    .await;
}

pub async fn a_bot_is_one_app(lab: Arc<Lab>) {
    lab.world().await;
    let mut event = call("+15550100011");
    event.webhook = Some(webhook("/webhooks/twilio/call", OTHER_ACCOUNT));
    let reply: TwimlReply = lab.ask(&event).await;
    assert!(reply.xml.contains("voice.inbound.bot-->"), "{}", reply.xml);
    let (_, event) = lab.ear.hear::<VoiceInbound>(1).await.remove(0);
    assert_eq!(
        event.tenant.unwrap().number.unwrap().voice,
        "bot:loan-eligibility"
    );
    // A path of old names the app of a number that has none.
    let mut event = call("+15550100003");
    event.webhook = Some(webhook("/webhook/voice", ACCOUNT));
    let reply: TwimlReply = lab.ask(&event).await;
    assert!(
        reply.xml.contains("voice.inbound.coach-->"),
        "{}",
        reply.xml
    );
}

pub async fn who_is_not_served_is_told(lab: Arc<Lab>) {
    lab.world().await;
    let counter = |reason: &str| format!("tenants_unresolved_total{{reason=\"{reason}\"}}");
    lab.counter("").await;
    let told = async |number: &str, reason: &str, words: &str| {
        let line = counter(reason);
        let before = lab.counter(&line).await;
        let xml = lab.ring(number).await;
        assert!(
            xml.contains(words) && xml.contains("<Hangup/>"),
            "{reason}: {xml}"
        );
        assert!(lab.counter(&line).await > before, "{reason}");
    };
    told("+15550100998", "unknown_number", "Sorry").await;
    told("client:alice", "unknown_number", "Sorry").await;
    told("+15550100003", "no_app", "Lo sentimos").await;
    assert!(log().text().contains("+1•••••0998"));
    assert!(!log().text().contains("+15550100998"));

    let found = lab.get("/phone-numbers/lookup/+15550100001").await;
    let path = format!("/phone-numbers/{}/status", found["id"].as_str().unwrap());
    lab.put(&path, json!({ "status": "suspended" })).await;
    told("+15550100001", "number_inactive", "Lo sentimos").await;
    lab.put(&path, json!({ "status": "active" })).await;
    assert!(
        lab.ring("+15550100001")
            .await
            .contains("voice.inbound.forward")
    );
    lab.put(
        "/api/tenants/smith/status",
        json!({ "status": "suspended" }),
    )
    .await;
    told("+15550100001", "tenant_suspended", "Lo sentimos").await;
    assert_eq!(lab.ear.heard::<VoiceInbound>().len(), 1);
}

pub async fn callbacks_of_a_suspended_tenant_go_through(lab: Arc<Lab>) {
    lab.world().await;
    lab.put(
        "/api/tenants/smith/status",
        json!({ "status": "suspended" }),
    )
    .await;
    let status = |to: &str| TwilioCallStatus {
        webhook: Some(webhook("/webhooks/twilio/call", ACCOUNT)),
        voice: Some(voice("+15550109999", to, "inbound")),
        duration_s: Some(7),
        sequence_number: Some(2),
        ..TwilioCallStatus::default()
    };
    let dial = |from: &str| TwilioDialFinished {
        webhook: Some(webhook("/webhooks/twilio/call/status/CA1", ACCOUNT)),
        voice: Some(voice(from, "+15550109999", "outbound-api")),
        ..TwilioDialFinished::default()
    };
    // Nobody's: dropped.
    lab.publish(&status("+15550100998")).await;
    lab.publish(&dial("+15550100998")).await;
    lab.publish(&status("+15550100001")).await;
    lab.publish(&dial("+15550100001")).await;
    let (envelope, event) = lab.ear.hear::<CallStatus>(1).await.remove(0);
    assert_eq!(
        (
            event.duration_s,
            event.sequence_number,
            event.origin.as_str()
        ),
        (Some(7), Some(2), "twilio")
    );
    assert_eq!(
        (envelope.tenant.as_deref(), envelope.reply_to),
        (Some("smith"), None)
    );
    // A suspended tenant's numbers count as suspended.
    assert_eq!(event.tenant.unwrap().number.unwrap().status, "suspended");
    let (_, event) = lab.ear.hear::<DialFinished>(1).await.remove(0);
    assert_eq!(event.tenant.unwrap().tenant_id, "smith");
}

pub async fn a_whisper_is_resolved_by_its_query(lab: Arc<Lab>) {
    lab.world().await;
    let mut asked = webhook("/webhooks/twilio/call/whisper/CA1", ACCOUNT);
    asked.query = vec![query("n", "1"), query("number", "+15550100001")];
    let whisper = |webhook| TwilioWhisper {
        webhook: Some(webhook),
        voice: Some(voice("+15550109999", "+15550100002", "outbound-dial")),
        parent_call_sid: "CA1".to_owned(),
        ..TwilioWhisper::default()
    };
    let reply: TwimlReply = lab.ask(&whisper(asked)).await;
    assert!(reply.xml.contains("voice.whisper"));
    let (envelope, event) = lab.ear.hear::<VoiceWhisper>(1).await.remove(0);
    assert_eq!(
        (
            envelope.key.as_deref(),
            event.tenant.unwrap().tenant_id.as_str()
        ),
        (Some("CA1"), "smith")
    );
    let reply: TwimlReply = lab.ask(&whisper(webhook("/whisper", ACCOUNT))).await;
    assert!(reply.xml.contains("<Hangup/>"));
}

pub async fn texts_go_to_conversations(lab: Arc<Lab>) {
    lab.world().await;
    let text = |to: &str| TwilioSmsInbound {
        webhook: Some(webhook("/webhooks/twilio/sms", ACCOUNT)),
        text: Some(InboundText {
            from: "+15550109999".into(),
            to: to.into(),
            body: "STOP".into(),
            ..InboundText::default()
        }),
    };
    for to in ["+15550100998", "+15550100003", "+15550100001"] {
        lab.publish(&text(to)).await;
    }
    let (envelope, event) = lab.ear.hear::<SmsInbound>(1).await.remove(0);
    assert_eq!(
        (envelope.kind.as_str(), envelope.tenant.as_deref()),
        ("sms.inbound", Some("smith"))
    );
    assert_eq!(event.text.unwrap().body, "STOP");
    // Of a suspended tenant as well: an opt-out counts.
    lab.put(
        "/api/tenants/smith/status",
        json!({ "status": "suspended" }),
    )
    .await;
    lab.publish(&text("+15550100001")).await;
    let heard = lab.ear.hear::<SmsInbound>(2).await;
    assert_eq!(heard.len(), 2);
    assert!(
        heard
            .iter()
            .any(|(_, text)| text.tenant.clone().unwrap().number.unwrap().status == "suspended")
    );
}

pub async fn another_account_cannot_speak_for_a_number(lab: Arc<Lab>) {
    lab.world().await;
    // jones signs with its own token, and names a number of smith's.
    let mut forged = call("+15550100001");
    forged.webhook = Some(webhook("/webhooks/twilio/call", OTHER_ACCOUNT));
    let reply: TwimlReply = lab.ask(&forged).await;
    assert!(
        reply.xml.contains("Sorry") && reply.xml.contains("<Hangup/>"),
        "{}",
        reply.xml
    );
    lab.publish(&TwilioSmsInbound {
        webhook: Some(webhook("/webhooks/twilio/sms", OTHER_ACCOUNT)),
        text: Some(InboundText {
            to: "+15550100001".into(),
            ..InboundText::default()
        }),
    })
    .await;
    assert!(lab.ring("+15550100001").await.contains("forward"));
    assert_eq!(
        (
            lab.ear.heard::<VoiceInbound>().len(),
            lab.ear.heard::<SmsInbound>().len()
        ),
        (1, 0)
    );
}

async fn resolve(lab: &Lab, number: &str) -> Resolved {
    lab.ask(&ResolveQuery {
        number: number.to_owned(),
    })
    .await
}

pub async fn a_change_is_seen_at_once(lab: Arc<Lab>) {
    assert_eq!(resolve(&lab, "+15550100001").await, Resolved::default());
    lab.world().await;
    let found = resolve(&lab, "+15550100001").await;
    assert!(found.active);
    for name in ["One", "Two", "Three"] {
        lab.put("/api/tenants/smith", json!({ "name": name })).await;
        assert_eq!(
            resolve(&lab, "+15550100001").await.tenant.unwrap().name,
            name
        );
    }
    lab.put(
        "/api/tenants/smith/status",
        json!({ "status": "suspended" }),
    )
    .await;
    let found = resolve(&lab, "+15550100001").await;
    assert_eq!((found.active, found.tenant.is_some()), (false, true));
}

pub async fn a_change_of_another_replica_is_seen(lab: Arc<Lab>) {
    lab.world().await;
    let other = lab.replica().await;
    // Both have it in memory by now.
    for _ in 0..40 {
        assert_eq!(
            resolve(&lab, "+15550100001").await.tenant.unwrap().name,
            "Smith Plumbing"
        );
    }
    let body = Some(json!({ "name": "Renamed" }));
    let path = "/api/tenants/smith";
    let (status, _) = lab.call_at(&other, "PUT", path, ADMIN, body, &[]).await;
    assert_eq!(status, 200);
    // Much sooner than an entry grows old.
    eventually("every replica sees it", async || {
        for _ in 0..20 {
            if resolve(&lab, "+15550100001").await.tenant.unwrap().name != "Renamed" {
                return false;
            }
        }
        true
    })
    .await;
}

pub async fn the_edge_gets_its_directory(lab: Arc<Lab>) {
    lab.world().await;
    let directory: Directory = lab.ask(&DirectoryQuery {}).await;
    let account = &directory.accounts[0];
    assert_eq!(
        (
            directory.accounts.len(),
            account.account_sid.as_str(),
            account.tenant_id.as_str()
        ),
        (1, OTHER_ACCOUNT, "jones")
    );
    let tokens: Vec<Secret> = account
        .sealed_tokens
        .iter()
        .map(|t| lab.parts.sealer.open(t).unwrap())
        .collect();
    assert_eq!(
        tokens.iter().map(Secret::reveal).collect::<Vec<_>>(),
        ["a-token-of-jones", "an-older-token"]
    );
    let mut entries: Vec<_> = directory
        .entries
        .iter()
        .map(|e| {
            (
                e.number.as_str(),
                e.tenant_id.as_str(),
                e.account_sid.as_str(),
                e.dialable,
            )
        })
        .collect();
    entries.sort_unstable();
    assert_eq!(
        entries,
        [
            ("+15550100001", "smith", ACCOUNT, true),
            ("+15550100003", "smith", ACCOUNT, false),
            ("+15550100011", "jones", OTHER_ACCOUNT, false),
        ]
    );
    lab.put(
        "/api/tenants/smith/status",
        json!({ "status": "suspended" }),
    )
    .await;
    let directory: Directory = lab.ask(&DirectoryQuery {}).await;
    assert!(directory.entries.iter().all(|e| !e.dialable));
    // The directory of this process follows.
    let known = &lab.parts.directory;
    eventually("the directory is fresh", async || {
        known.entry("+15550100001").is_some_and(|e| !e.dialable)
            && known.account(OTHER_ACCOUNT).is_some()
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_a_database_an_old_answer_is_used() {
    let clock = Clock::held(Clock::system().now());
    run_at(Mode::Distributed, clock, |lab: Arc<Lab>| async move {
        lab.world().await;
        // The role hears of its own changes too, and forgets once more.
        lab.ear.hear::<NumberChanged>(3).await;
        lab.ear.hear::<TenantChanged>(2).await;
        for _ in 0..50 {
            assert!(resolve(&lab, "+15550100001").await.active);
        }
        lab.parts.database.drop_schemas(&["tenants"]).await.unwrap();
        // Fresh: the database is not asked. Old: it is, in vain.
        assert!(resolve(&lab, "+15550100001").await.active);
        lab.parts.clock.advance(chrono::Duration::seconds(31));
        assert!(resolve(&lab, "+15550100001").await.active);
        assert!(log().text().contains("an old look-up is used"));
    })
    .await;
}
