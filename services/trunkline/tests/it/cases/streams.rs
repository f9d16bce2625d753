//! A bot on a stream: heard, understood, answered, hung up, on the real socket between the emulator and the platform.

use serde_json::{Value, json};

use super::interviews::interview;
use crate::cases::fixtures::caller;
use crate::local_platform::{LocalPlatform, Mode, Plan, eventually, play, so};

/// A bot that asks three questions.
pub const BOT: &str = "+15550100301";
/// An assistant that knows two things and may hand over.
const DESK: &str = "+15550100302";
/// The same two by way of Twilio's ears and voice.
const RELAYED_BOT: &str = "+15550100303";
const RELAYED_DESK: &str = "+15550100304";
/// A bot whose calls are recorded, with a notice of its own.
pub const TAPED_BOT: &str = "+15550100305";
/// The same with two questions.
pub const LONG_TAPED_BOT: &str = "+15550100306";
/// Who takes over.
const PERSON: &str = "+15550100312";

fn world() -> String {
    format!(
        r#"
tenants:
- id: quickrupee
  name: QuickRupee
  numbers:
  - {{number: "{BOT}", voice: "bot:loan", sms: none}}
  - {{number: "{RELAYED_BOT}", voice: "bot:loan-by-words", sms: none}}
- id: harbor
  name: Harbor Dental
  numbers:
  - {{number: "{DESK}", voice: "assistant:front-desk", sms: none}}
  - {{number: "{RELAYED_DESK}", voice: "assistant:desk-by-words", sms: none}}
- id: taped
  name: Taped Loans
  recording: {{enabled: true, format: wav, record_user_audio: true, record_assistant_audio: true, record_mixed_audio: true, consent_notice: true, retention_days: 90}}
  replay: {{enabled: true}}
  numbers:
  - {{number: "{TAPED_BOT}", voice: "bot:taped", sms: none}}
  - {{number: "{LONG_TAPED_BOT}", voice: "bot:taped-long", sms: none}}
flows:
- name: front-desk
  tenant: harbor
  kind: conversation
  greeting: "Harbor Dental, how can I help?"
  instructions: "You are the receptionist of Harbor Dental."
  knowledge: ["Open Monday to Friday, 8 to 17.", "A check-up costs 90 dollars."]
  tools:
  - {{name: transfer, to: "{PERSON}"}}
  - {{name: hang_up}}
- name: desk-by-words
  tenant: harbor
  kind: conversation
  engine: relay
  greeting: "Harbor Dental, how can I help?"
  instructions: "You are the receptionist of Harbor Dental."
  knowledge: ["Open Monday to Friday, 8 to 17.", "A check-up costs 90 dollars."]
  tools:
  - {{name: transfer, to: "{PERSON}"}}
  - {{name: hang_up}}
- name: loan-by-words
  tenant: quickrupee
  kind: eligibility
  engine: relay
  greeting: "Hello, this is QuickRupee."
  questions:
  - {{id: salaried, ask: "Are you a salaried employee?", expect: yes_no}}
  - {{id: metro, ask: "Do you live in a metro city?", expect: yes_no}}
  rule: all_yes
  eligible: "Great, you are eligible. Our team will call you."
  not_eligible: "Thank you. You are not eligible at this time."
- name: taped
  tenant: taped
  kind: eligibility
  greeting: "Hello, this is Taped Loans."
  recording_notice: "We keep a record of what you say."
  questions:
  - {{id: salaried, ask: "Are you a salaried employee?", expect: yes_no}}
  rule: all_yes
  eligible: "Great, you are eligible. Our team will call you."
  not_eligible: "Thank you. You are not eligible at this time."
- name: taped-long
  tenant: taped
  kind: eligibility
  greeting: "Hello, this is Taped Loans."
  questions:
  - {{id: salaried, ask: "Are you a salaried employee?", expect: yes_no}}
  - {{id: income, ask: "Is your monthly income above 25 thousand?", expect: yes_no}}
  rule: all_yes
  eligible: "Great, you are eligible. Our team will call you."
  not_eligible: "Thank you. You are not eligible at this time."
- name: loan
  tenant: quickrupee
  kind: eligibility
  greeting: "Hello, this is QuickRupee."
  questions:
  - {{id: salaried, ask: "Are you a salaried employee?", expect: yes_no}}
  - {{id: income, ask: "Is your monthly income above 25 thousand?", expect: yes_no}}
  - {{id: metro, ask: "Do you live in a metro city?", expect: yes_no}}
  rule: all_yes
  eligible: "Great, you are eligible. Our team will call you."
  not_eligible: "Thank you. You are not eligible at this time."
  max_call_s: 120
"#
    )
}

/// The platform's own voice is tones that the emulator understands.
pub fn plan(mode: Mode) -> Plan {
    Plan::new(mode, &world())
        .speed("5")
        .fronted()
        .env([("TRUNKLINE_SIMULATED_SPEECH", "on".to_owned())])
}

pub async fn hold(mode: Mode, case: impl AsyncFnOnce(&LocalPlatform)) {
    hold_as(plan(mode), case).await;
}

pub async fn hold_as(plan: Plan, case: impl AsyncFnOnce(&LocalPlatform)) {
    play(plan, async |platform: &LocalPlatform| {
        eventually("the flow is defined", async || {
            let list = platform.find("/api/flows/?limit=100").await?;
            so(list["items"].as_array()?.len() == 6)
        })
        .await;
        case(platform).await;
    })
    .await;
}

/// What the call says of its interview, once that has ended.
pub async fn outcome(platform: &LocalPlatform, sid: &str) -> Value {
    eventually("the call knows its interview's end", async || {
        let call = platform.find(&format!("/calls/{sid}")).await?;
        let is_over = call["interview"]["outcome"].is_string();
        is_over.then(|| call["interview"].clone())
    })
    .await
}

pub async fn caller_on_a_stream_is_eligible_by_words_and_keys(mode: Mode) {
    hold(mode, async |platform: &LocalPlatform| {
        let steps = json!([
            { "wait_for": "salaried employee" }, { "speak": { "text": "yes I am" } },
            { "wait_for": "monthly income" }, { "press": "1" },
            { "wait_for": "metro city" }, { "speak": { "text": "of course" } },
            { "wait_for": "you are eligible" },
        ]);
        let sid = platform.twilio.call(&caller(1), BOT, steps).await;
        let view = platform.twilio.over(&sid).await;
        assert!(view["problem"].is_null(), "{view:#}");
        let ended = outcome(platform, &sid).await;
        assert_eq!(
            (&ended["outcome"], &ended["flow"]),
            (&json!("eligible"), &json!("loan"))
        );
        assert_eq!(interview(platform, &sid).await["kind"], "eligibility");
        let lines = platform.get(&format!("/calls/{sid}/timeline")).await;
        let told = |what: &str| lines.to_string().contains(what);
        assert!(
            told("a stream began") && told("a turn was taken") && told("response_ms"),
            "{lines:#}"
        );
        let bodies = view["twiml"].as_array().unwrap();
        assert!(
            bodies[0]["body"].as_str().unwrap().contains("<Stream"),
            "{view:#}"
        );
    })
    .await;
}

pub async fn caller_who_interrupts_and_says_no_is_not_eligible(mode: Mode) {
    hold(mode, async |platform: &LocalPlatform| {
        let steps = json!([
            { "interrupt": { "after_s": 0.4, "text": "I have a question first" } },
            { "wait_for": "salaried employee" }, { "speak": { "text": "no I am not" } },
            { "wait_for": "monthly income" }, { "speak": { "text": "I haven't" } },
            { "wait_for": "metro city" }, { "speak": { "text": "no problem, I do" } },
            { "wait_for": "not eligible" },
        ]);
        let sid = platform.twilio.call(&caller(2), BOT, steps).await;
        let view = platform.twilio.over(&sid).await;
        assert!(view["problem"].is_null(), "{view:#}");
        let is_clear = |it: &Value| it["kind"] == "stream" && it["text"] == "clear";
        assert!(
            view["timeline"].as_array().unwrap().iter().any(is_clear),
            "{view:#}"
        );
        assert_eq!(outcome(platform, &sid).await["outcome"], "not_eligible");
    })
    .await;
}

pub async fn stream_that_drops_goes_on_where_it_stood(mode: Mode) {
    hold(mode, async |platform: &LocalPlatform| {
        platform
            .twilio
            .fault(json!({
                "kind": "stream", "drop_after_heard": "monthly income", "jitter_ms": 40, "loss": 0.01,
            }))
            .await;
        let steps = json!([
            { "wait_for": "salaried employee" }, { "press": "1" },
            { "wait_for": "monthly income" }, { "wait_for": "monthly income" },
            { "press": "1" }, { "wait_for": "metro city" }, { "press": "1" },
            { "wait_for": "you are eligible" },
        ]);
        let sid = platform.twilio.call(&caller(3), BOT, steps).await;
        let view = platform.twilio.over(&sid).await;
        assert!(view["problem"].is_null(), "{view:#}");
        assert_eq!(outcome(platform, &sid).await["outcome"], "eligible");
    })
    .await;
}

pub async fn assistant_answers_from_what_it_knows_and_says_goodbye(mode: Mode) {
    hold(mode, async |platform: &LocalPlatform| {
        let steps = json!([
            { "wait_for": "how can I help" }, { "speak": { "text": "what does a check-up cost" } },
            { "wait_for": "90 dollars" }, { "speak": { "text": "and are you open on Friday" } },
            { "wait_for": "Monday to Friday" }, { "speak": { "text": "thank you, goodbye" } },
            { "wait_for": "Goodbye" },
        ]);
        let sid = platform.twilio.call(&caller(4), DESK, steps).await;
        let view = platform.twilio.over(&sid).await;
        assert!(view["problem"].is_null(), "{view:#}");
        assert_eq!(view["status"], "completed", "{view:#}");
    })
    .await;
}

pub async fn assistant_hands_over_to_a_person(mode: Mode) {
    hold(mode, async |platform: &LocalPlatform| {
        platform.twilio
            .callee(PERSON, json!({ "behaviour": "answer", "talk_s": 5 }))
            .await;
        let steps = json!([
            { "wait_for": "how can I help" }, { "speak": { "text": "I want to speak to a person" } },
            { "wait_for": "I connect you" },
        ]);
        let sid = platform.twilio.call(&caller(5), DESK, steps).await;
        let view = platform.twilio.over(&sid).await;
        assert!(view["problem"].is_null(), "{view:#}");
        let leg = &view["legs"][0];
        assert_eq!(leg["to"], PERSON, "{view:#}");
        // They hear what it is about before they are connected.
        let heard = leg["heard"].to_string();
        assert!(heard.contains("I want to speak to a person"), "{view:#}");
        let summed_up = eventually("the call is summed up", async || {
            let streams = platform.find(&format!("/api/streams/calls/{sid}")).await?;
            let result = &streams["items"][0]["result"];
            result["summary"].is_string().then(|| result.clone())
        })
        .await;
        assert_eq!(summed_up["outcome"], "transferred", "{summed_up:#}");
    })
    .await;
}

pub async fn bot_over_words_is_answered_and_interrupted(mode: Mode) {
    hold(mode, async |platform: &LocalPlatform| {
        let steps = json!([
            { "interrupt": { "after_s": 0.2, "text": "wait a moment" } },
            { "wait_for": "salaried employee" }, { "speak": { "text": "yes I am" } },
            { "wait_for": "metro city" }, { "press": "1" },
            { "wait_for": "Our team will call you" },
        ]);
        let sid = platform.twilio.call(&caller(6), RELAYED_BOT, steps).await;
        let view = platform.twilio.over(&sid).await;
        assert!(view["problem"].is_null(), "{view:#}");
        let documents = view["twiml"].to_string();
        assert!(documents.contains("<ConversationRelay"), "{view:#}");
        let is_cut = |it: &Value| it["kind"] == "relay" && it["text"] == "interrupted";
        assert!(
            view["timeline"].as_array().unwrap().iter().any(is_cut),
            "{view:#}"
        );
        assert_eq!(outcome(platform, &sid).await["outcome"], "eligible");
    })
    .await;
}

pub async fn assistant_over_words_answers_and_hands_over(mode: Mode) {
    hold(mode, async |platform: &LocalPlatform| {
        platform
            .twilio
            .callee(PERSON, json!({ "behaviour": "answer", "talk_s": 5 }))
            .await;
        let steps = json!([
            { "wait_for": "how can I help" }, { "speak": { "text": "what does a check-up cost" } },
            { "wait_for": "90 dollars" }, { "pause": { "seconds": 10 } },
            { "speak": { "text": "I want to speak to a person" } },
            { "wait_for": "I connect you" },
        ]);
        let sid = platform.twilio.call(&caller(7), RELAYED_DESK, steps).await;
        let view = platform.twilio.over(&sid).await;
        assert!(view["problem"].is_null(), "{view:#}");
        assert_eq!(view["legs"][0]["to"], PERSON, "{view:#}");
    })
    .await;
}

pub async fn recorded_bot_has_its_tracks_and_twilios_mix(mode: Mode) {
    hold(mode, async |platform: &LocalPlatform| {
        let steps = json!([
            { "wait_for": "We keep a record" }, { "wait_for": "salaried employee" },
            { "speak": { "text": "yes I am" } }, { "wait_for": "Our team will call you" },
        ]);
        let sid = platform.twilio.call(&caller(8), TAPED_BOT, steps).await;
        let view = platform.twilio.over(&sid).await;
        assert!(view["problem"].is_null(), "{view:#}");
        let document = view["twiml"][0]["body"].as_str().unwrap();
        let told = document.find("We keep a record").unwrap();
        assert!(told < document.find("<Recording").unwrap(), "{document}");
        let of = |call: &Value, kind: &str| {
            let all = call["recordings"].as_array().cloned().unwrap_or_default();
            let is_it = |it: &Value| it["recording_type"] == kind && it["status"] == "completed";
            all.into_iter().find(is_it)
        };
        let call = eventually(
            "the tracks are stored, and the mix is Twilio's",
            async || {
                let call = platform.find(&format!("/calls/{sid}")).await?;
                let mixed = of(&call, "mixed")?;
                let is_whole = of(&call, "user").is_some() && of(&call, "assistant").is_some();
                (is_whole && mixed["metadata"]["source"] == "twilio_override").then_some(call)
            },
        )
        .await;
        assert_eq!(call["recordings"].as_array().unwrap().len(), 3, "{call:#}");
        assert_eq!(of(&call, "mixed").unwrap()["channels"], 2);
        for (kind, words) in [("user", "yes I am"), ("assistant", "salaried employee")] {
            let track = of(&call, kind).unwrap();
            assert!(track["recording_sid"].is_null(), "{track:#}");
            let path = format!("/calls/{sid}/recording/{}", track["id"].as_str().unwrap());
            let file = platform
                .file(&path, Some(crate::local_platform::ADMIN), None)
                .await;
            assert_eq!((file.status, file.kind.as_str()), (200, "audio/wav"));
            let sound = audio::Sound::read(&file.bytes).unwrap();
            let heard = sound.heard().unwrap_or_default();
            assert!(heard.contains(words), "{kind}: {heard}");
        }
    })
    .await;
}
