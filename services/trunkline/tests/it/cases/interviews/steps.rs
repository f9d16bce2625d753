//! `kill -9` between the steps of interviews: they go on with the next webhook, and nothing is paid for twice.
//!
//! The webhooks are sent by hand, one after the other, so that each kill falls between two of them on any machine; the
//! recordings are real ones of the emulator.

use std::path::Path;

use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use rand::{Rng, SeedableRng};
use serde_json::json;
use twiml::{Response, Verb};

use super::fixtures::{SHORT, SHORT_QUESTIONS, world};
use super::{hold, interview_id, is_scored, keep_secret};
use crate::cases::fixtures::caller;
use crate::cases::kills::{number, say};
use crate::cases::signatures::ringing;
use crate::local_platform::{
    Answer, Hook, LONG, LocalPlatform, Mode, Plan, Provider, ROLES, sid, within,
};

const STUDIO: &str = "+15550100299";
/// A question whose answer was not taken yet is asked again, so there is more to say than there are questions.
const SAYS: usize = 6;

/// What a document wants of a caller.
enum Wants {
    Key(String),
    Answer { action: String, told: String },
    Patience(String),
    Nothing,
}

/// The first verb that leads on.
fn wants(document: &Response) -> Wants {
    for verb in &document.verbs {
        match verb {
            Verb::Gather(gather) => return Wants::Key(gather.action.clone().unwrap_or_default()),
            Verb::Record(record) => {
                let told = record.recording_status_callback.clone();
                return Wants::Answer {
                    action: record.action.clone().unwrap_or_default(),
                    told: told.unwrap_or_default(),
                };
            }
            Verb::Redirect(redirect) => return Wants::Patience(redirect.url.clone()),
            Verb::Hangup(_) => return Wants::Nothing,
            _ => {}
        }
    }
    Wants::Nothing
}

/// One call by hand.
struct Call<'a> {
    platform: &'a LocalPlatform,
    sid: String,
    from: String,
}

impl Call<'_> {
    /// A webhook of this call; of a whole address only what Twilio asks ingress for.
    fn hook(&self, url: &str) -> Hook {
        let path = url
            .strip_prefix(&self.platform.url_of("ingress"))
            .unwrap_or(url);
        let path = path.split('#').next().unwrap_or_default();
        let hook = ringing(self.platform.hook(path), &self.sid, &self.from, SHORT);
        hook.with(&[("CallStatus", "in-progress")])
    }

    /// An answer, of which Twilio tells once, twice or never.
    async fn answer(
        &self,
        random: &mut StdRng,
        action: &str,
        told: &str,
        recording: &str,
    ) -> Answer {
        let url = format!(
            "{}/2010-04-01/Accounts/{}/Recordings/{recording}",
            self.platform.twilio.base,
            crate::local_platform::ACCOUNT
        );
        let recorded = |hook: Hook| {
            hook.with(&[
                ("RecordingSid", recording),
                ("RecordingUrl", &url),
                ("RecordingDuration", "2"),
            ])
        };
        let answer = recorded(self.hook(action))
            .with(&[("Digits", "#")])
            .send()
            .await;
        for _ in 0..random.random_range(0..=2) {
            let status = recorded(self.hook(told)).without("CallStatus");
            let status = status
                .with(&[("RecordingStatus", "completed")])
                .send()
                .await;
            assert_eq!(status.status, 204, "{status:?}");
        }
        answer
    }
}

pub async fn kills_between_steps_lose_no_answer_and_pay_for_none_twice(mode: Mode) {
    let interviews = number("TRUNKLINE_TEST_KILLS").map_or(3, |kills| kills.div_ceil(4));
    let seed = number("TRUNKLINE_TEST_SEED").unwrap_or_else(rand::random);
    say(&format!("{mode:?}: TRUNKLINE_TEST_SEED={seed}"));
    let provider = Provider::start();
    let plan = Plan::new(mode, &world()).env(provider.env()).rough();
    hold(plan, async |platform: &LocalPlatform| {
        let mut random = StdRng::seed_from_u64(seed);
        let studio = format!("{}/studio", provider.base);
        platform
            .twilio
            .buy_for(STUDIO, &studio, &platform.url_of("ingress"))
            .await;
        for n in 0..u32::try_from(interviews).unwrap() {
            let said: Vec<String> = (0..SAYS)
                .map(|at| format!("In interview {n} this is what I say at moment {at}."))
                .collect();
            keep_secret(
                platform,
                &said.iter().map(String::as_str).collect::<Vec<_>>(),
            );
            let recordings = platform.twilio.record(STUDIO, &said).await;
            is_held_under_fire(platform, &provider, &mut random, n, &said, &recordings).await;
        }
    })
    .await;
}

/// Whether these words are in a file of the object store that is whole. Those are small.
fn is_kept(folder: &Path, words: &str) -> bool {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    entries.into_iter().any(|entry| {
        let path = entry.path();
        if path.is_dir() {
            return !path.ends_with(".unfinished") && is_kept(&path, words);
        }
        let small = entry.metadata().is_ok_and(|it| it.len() < 16 * 1024);
        let read = || std::fs::read(&path).unwrap_or_default();
        small && String::from_utf8_lossy(&read()).contains(words)
    })
}

/// Some process dies, or none.
async fn kills(platform: &LocalPlatform, provider: &Provider, random: &mut StdRng) {
    if random.random_bool(0.5) {
        return;
    }
    let data = platform.dir.path().join("data");
    let role = ROLES.choose(random).unwrap();
    let kept = |words: &str| is_kept(&data, words);
    provider.when_idle(kept, || platform.kill(role)).await;
    platform.revive(role);
    platform.is_live(role).await;
}

async fn is_held_under_fire(
    platform: &LocalPlatform,
    provider: &Provider,
    random: &mut StdRng,
    n: u32,
    said: &[String],
    recordings: &[String],
) {
    platform.are_ready().await;
    let call = Call {
        platform,
        sid: sid("CA"),
        from: caller(n),
    };
    let first = ringing(
        platform.hook("/webhooks/twilio/call"),
        &call.sid,
        &call.from,
        SHORT,
    );
    let mut answer = first.send().await;
    let mut given = 0;
    let mut steps = 0;
    loop {
        steps += 1;
        assert!(steps < 40, "the interview goes in circles: {answer:?}");
        kills(platform, provider, random).await;
        answer = match wants(&answer.twiml()) {
            Wants::Key(action) => call.hook(&action).with(&[("Digits", "1")]).send().await,
            Wants::Patience(url) => {
                platform.are_ready().await;
                call.hook(&url).send().await
            }
            Wants::Answer { action, told } => {
                let recording = recordings
                    .get(given)
                    .expect("questions that are not asked for ever");
                given += 1;
                call.answer(random, &action, &told, recording).await
            }
            Wants::Nothing => break,
        };
    }
    kills(platform, provider, random).await;
    platform.are_ready().await;
    let over = ringing(
        platform.hook("/webhooks/twilio/call"),
        &call.sid,
        &call.from,
        SHORT,
    );
    over.with(&[("CallStatus", "completed"), ("CallDuration", "60")])
        .send()
        .await;
    kills(platform, provider, random).await;
    platform.are_ready().await;

    let id = interview_id(platform, &call.sid).await;
    let results = within(LONG, "the results are there", async || {
        platform
            .find(&format!("/api/interviews/{id}/results/"))
            .await
    })
    .await;
    assert_eq!(results["outcome"], "completed", "{results:#}");
    let answers = results["answers"].as_array().unwrap();
    assert_eq!(answers.len(), SHORT_QUESTIONS.len(), "{results:#}");
    for answer in answers {
        is_scored(answer);
        assert!(
            said.iter()
                .any(|words| answer["transcript"] == json!(words)),
            "{answer:#}"
        );
    }
    for words in said {
        let paid = provider.transcribed(words);
        let kept = answers
            .iter()
            .any(|answer| answer["transcript"] == json!(words));
        assert!(
            paid <= 1 && (!kept || paid == 1),
            "{words:?} was paid {paid} times: {results:#}"
        );
    }
}
