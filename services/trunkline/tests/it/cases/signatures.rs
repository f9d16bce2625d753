//! Who may knock: only what Twilio has signed, for a number of the account that signed.

use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::json;
use tokio::process::Command;
use tokio::sync::OnceCell;

use super::fixtures::{OWN, OWN_ACCOUNT, OWN_OWNER, OWN_TOKENS, SMITH, SMITH_OWNER, caller, world};
use super::outages::ingress_knows_the_numbers;
use crate::local_platform::{
    Hook, LocalPlatform, Mode, Plan, TOKEN, eventually, play, sid, so, within,
};

/// The parameters of a call that comes in.
pub fn ringing(hook: Hook, call: &str, from: &str, to: &str) -> Hook {
    hook.with(&[
        ("CallSid", call),
        ("From", from),
        ("To", to),
        ("CallStatus", "ringing"),
        ("Direction", "inbound"),
        ("ApiVersion", "2010-04-01"),
        ("FromCity", ""),
    ])
}

const CALL: &str = "/webhooks/twilio/call";
/// Who is told of a change knows it at once; who only looks now and then takes longer than this.
pub const BY_NEWS: Duration = Duration::from_secs(20);

pub async fn what_twilio_did_not_sign_changes_nothing(mode: Mode) {
    play(
        Plan::new(mode, &world()),
        async |platform: &LocalPlatform| {
            let (call, from) = (sid("CA"), caller(1));
            let honest = ringing(platform.hook(CALL), &call, &from, SMITH);
            let forged = [
                ("missing", honest.clone().signature("")),
                (
                    "of another key",
                    honest.clone().token("not-the-token-of-anybody"),
                ),
                ("garbled", honest.clone().signature("%%% not base64 %%%")),
                ("short", honest.clone().signature("AAAA")),
                ("long", honest.clone().signature(&"A".repeat(4000))),
                (
                    "of other parameters",
                    honest.clone().body(b"CallSid=CA1&AccountSid=AC1".to_vec()),
                ),
                (
                    "of an account that nobody knows",
                    honest
                        .clone()
                        .with(&[("AccountSid", "ACffffffffffffffffffffffffffffffff")]),
                ),
                (
                    "of an account that is none",
                    honest.clone().with(&[("AccountSid", "../../etc")]),
                ),
                (
                    "without an account and with a wrong key",
                    honest.clone().without("AccountSid").token("not-the-token"),
                ),
            ];
            for (what, hook) in forged {
                let answer = hook.send().await;
                assert_eq!(answer.status, 403, "a signature {what}: {answer:?}");
                let body: serde_json::Value = serde_json::from_str(&answer.body).unwrap();
                assert_eq!(body["error"]["code"], "forbidden", "{what}");
                assert!(
                    !answer.body.contains(TOKEN) && !answer.body.contains(&from),
                    "{what}"
                );
            }
            for path in [
                "/webhooks/twilio/call/status/CA00000000000000000000000000000001",
                "/webhooks/twilio/call/whisper/CA00000000000000000000000000000001",
                "/webhooks/twilio/call/whisper/CA00000000000000000000000000000001/answer",
                "/webhooks/twilio/sms",
                "/webhooks/twilio/sms/status",
            ] {
                let hook = ringing(platform.hook(path), &call, &from, SMITH).token("not-the-token");
                assert_eq!(hook.send().await.status, 403, "{path}");
                assert_eq!(hook.get().send().await.status, 403, "GET {path}");
            }
            // What was refused left nothing; what comes after it shows that everything behind was listening.
            let honest_call = sid("CA");
            ringing(platform.hook(CALL), &honest_call, &caller(2), SMITH)
                .send()
                .await
                .twiml();
            let published = platform
                .counter("ingress", "bus_published_total", "twilio.")
                .await;
            assert_eq!(published, 1, "one webhook was believed");
            let calls = platform.get("/calls/").await;
            let calls = calls["items"].as_array().unwrap();
            assert_eq!(calls.len(), 1, "{calls:#?}");
            assert_eq!(calls[0]["call_sid"], honest_call);
            assert_eq!(platform.get("/conversations/").await["items"], json!([]));
            let refused = platform
                .counter("ingress", "webhooks_refused_total", "")
                .await;
            assert!(refused >= 9, "each refusal is counted: {refused}");
            let missing = platform
                .counter("ingress", "webhooks_refused_total", "missing")
                .await;
            assert!(missing >= 1, "by its reason");
        },
    )
    .await;
}

pub async fn tokens_rotate_and_tenants_keep_to_their_own(mode: Mode) {
    play(
        Plan::new(mode, &world()),
        async |platform: &LocalPlatform| {
            ingress_knows_the_numbers(platform).await;
            let from = caller(1);
            let own = |to: &str| {
                let hook = ringing(platform.hook(CALL), &sid("CA"), &from, to);
                hook.with(&[("AccountSid", OWN_ACCOUNT)])
            };
            for token in OWN_TOKENS {
                let answer = own(OWN).token(token).send().await;
                let xml = answer.twiml().to_xml().unwrap();
                assert!(
                    xml.contains(OWN_OWNER),
                    "either token is good while rotating: {xml}"
                );
            }
            let foreign = own(SMITH).token(OWN_TOKENS[0]).send().await;
            assert_eq!(
                foreign.status, 403,
                "a tenant's account says nothing for another's number"
            );
            let ours = ringing(platform.hook(CALL), &sid("CA"), &from, OWN)
                .send()
                .await;
            let xml = ours.twiml().to_xml().unwrap();
            assert!(
                !xml.contains(OWN_OWNER),
                "nor the platform's for the number of a tenant with its own: {xml}"
            );
            assert_eq!(
                own(OWN).token(TOKEN).send().await.status,
                403,
                "nor with the platform's token"
            );
            let unnamed =
                ringing(platform.hook(CALL), &sid("CA"), &from, SMITH).without("AccountSid");
            let xml = unnamed.send().await.twiml().to_xml().unwrap();
            assert!(
                xml.contains("<Say>") && !xml.contains(SMITH_OWNER),
                "signed, and no webhook of Twilio's: {xml}"
            );

            // The rotation is over: the old token is worth nothing any more.
            let new = format!(
                "twilio: {{account_sid: {OWN_ACCOUNT}, auth_tokens: [\"{}\"]}}",
                OWN_TOKENS[0]
            );
            let before = format!(
                "twilio: {{account_sid: {OWN_ACCOUNT}, auth_tokens: [\"{}\", \"{}\"]}}",
                OWN_TOKENS[0], OWN_TOKENS[1]
            );
            let after = world().replace(&before, &new);
            assert_ne!(after, world());
            let file = platform.dir.path().join("rotated.yaml");
            std::fs::write(&file, after).unwrap();
            let applied = platform.apply(&file.display().to_string()).await;
            assert_eq!(applied.code, Some(0), "{applied:?}");
            within(BY_NEWS, "the old token is refused", async || {
                so(own(OWN).token(OWN_TOKENS[1]).send().await.status == 403)
            })
            .await;
            own(OWN).token(OWN_TOKENS[0]).send().await.twiml();
        },
    )
    .await;
}

const PYTHON_SDK: &str = "twilio==9.13.0";
const SIGN: &str = "
import json, sys
from twilio.request_validator import RequestValidator
wanted = json.load(sys.stdin)
validator = RequestValidator(wanted['token'])
print(validator.compute_signature(wanted['url'], wanted['params']))
";

/// The interpreter of the official SDK, which the emulator's tests use as well.
async fn python() -> &'static Path {
    static PYTHON: OnceCell<PathBuf> = OnceCell::const_new();
    PYTHON
        .get_or_init(async || python_with("python", PYTHON_SDK).await)
        .await
}

/// The interpreter of a virtual environment that has a package, made once.
pub async fn python_with(name: &str, package: &str) -> PathBuf {
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().unwrap();
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../scripts/venv.sh");
    let name = format!("sdk/{name}");
    let mut make = Command::new(script);
    make.args([name.as_str(), package])
        .env("CARGO_TARGET_DIR", target);
    run(&mut make).await;
    target.join(name).join("bin/python")
}

async fn run(command: &mut Command) {
    let output = tokio::time::timeout(
        Duration::from_secs(300),
        command.kill_on_drop(true).output(),
    );
    let output = output
        .await
        .expect("python and its package index answer")
        .unwrap();
    let words = String::from_utf8_lossy(&output.stderr);
    assert!(
        output.status.success(),
        "python3 with venv and pip is needed: {words}"
    );
}

async fn signed_by_the_sdk(hook: &Hook) -> String {
    let params: serde_json::Map<_, _> = hook
        .params
        .iter()
        .map(|(name, value)| (name.clone(), json!(value)))
        .collect();
    let wanted = json!({ "token": TOKEN, "url": hook.url(), "params": params }).to_string();
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), wanted).unwrap();
    let mut command = Command::new(python().await);
    command
        .args(["-c", SIGN])
        .stdin(std::fs::File::open(file.path()).unwrap());
    let output = command.kill_on_drop(true).output().await.unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

pub async fn official_sdk_signs_as_we_check(mode: Mode) {
    play(
        Plan::new(mode, &world()),
        async |platform: &LocalPlatform| {
            let call = sid("CA");
            let hook = ringing(platform.hook(CALL), &call, &caller(1), SMITH);
            let hook = hook.with(&[
                ("CallerName", "J\u{f8}rgen & s\u{f8}nner  100% \u{2713}"),
                ("SpeechResult", ""),
            ]);
            let signature = signed_by_the_sdk(&hook).await;
            let xml = hook
                .clone()
                .signature(&signature)
                .send()
                .await
                .twiml()
                .to_xml()
                .unwrap();
            assert!(xml.contains(SMITH_OWNER), "{xml}");
            let message = sid("SM");
            let hook = platform.hook("/webhooks/twilio/sms").with(&[
                ("MessageSid", &message),
                ("From", &caller(1)),
                ("To", SMITH),
                ("Body", "  My heater +1 leaks & drips \u{1f4a7}\n"),
                ("NumMedia", "0"),
            ]);
            let signature = signed_by_the_sdk(&hook).await;
            hook.clone().signature(&signature).send().await.twiml();
            let tampered = hook
                .with(&[("Body", "something else")])
                .signature(&signature);
            assert_eq!(tampered.send().await.status, 403);
            platform.get(&format!("/calls/{call}")).await;
            eventually("the text is kept", async || {
                let list = platform.find("/conversations/").await?;
                so(!list["items"].as_array()?.is_empty())
            })
            .await;
        },
    )
    .await;
}
