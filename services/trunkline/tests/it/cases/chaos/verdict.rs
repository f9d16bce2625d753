//! Whether what was accepted had its effects, each once.

use std::collections::{BTreeSet, HashSet};
use std::sync::Mutex;
use std::time::{Duration, Instant};

use futures::{StreamExt, stream};
use serde_json::Value;
use testkit::S3;

use super::load::Sent;
use super::seen::Seen;
use crate::local_platform::{LONG, LocalPlatform, within};

/// How many are looked at at once.
const LOOKERS: usize = 8;

/// What a run came to.
#[derive(Default)]
pub struct Verdict {
    pub lost: Vec<String>,
    pub doubled: Vec<String>,
}

impl Verdict {
    fn count(&mut self, what: String, count: usize) {
        match count {
            0 => self.lost.push(what),
            1 => {}
            n => self.doubled.push(format!("{what}, {n} times")),
        }
    }
}

/// Looks at everything that was begun, until it is so or until the deadline.
pub async fn of(
    platform: &LocalPlatform,
    bucket: &S3,
    sent: &[Sent],
    seen: &Mutex<Seen>,
    deadline: Instant,
) -> Verdict {
    let judge = Judge {
        platform,
        seen,
        deadline,
    };
    let mut whole = Verdict::default();
    let mut parts = stream::iter(sent)
        .map(|it| judge.of(it))
        .buffer_unordered(LOOKERS);
    while let Some(part) = parts.next().await {
        whole.lost.extend(part.lost);
        whole.doubled.extend(part.doubled);
    }
    drop(parts);
    let listed = bucket.objects.list("recordings/").await.unwrap();
    let files = listed.iter().filter(|it| it.key.ends_with(".wav"));
    let files: Vec<&str> = files.map(|it| it.key.as_str()).collect();
    for it in sent {
        if let Sent::Recorded { sid } = it {
            judge.is_stored(&files, sid, &mut whole);
        }
    }
    let left = bucket.objects.sweep_uploads("", Duration::ZERO).await;
    if left != Ok(0) {
        whole
            .doubled
            .push(format!("uploads that nobody ends: {left:?}"));
    }
    let told = seen.lock().unwrap().doubled();
    whole.doubled.extend(told);
    whole
}

struct Judge<'a> {
    platform: &'a LocalPlatform,
    seen: &'a Mutex<Seen>,
    deadline: Instant,
}

impl Judge<'_> {
    /// Asks until it is so; none at the deadline.
    async fn until<T>(&self, ask: impl AsyncFn() -> Option<T>) -> Option<T> {
        let limit = self.deadline.saturating_duration_since(Instant::now()) + LONG;
        within(
            limit,
            "an answer, or the end of patience",
            async || match ask().await {
                Some(answer) => Some(Some(answer)),
                None => (Instant::now() >= self.deadline).then_some(None),
            },
        )
        .await
    }

    /// Of what passed.
    fn look<T>(&self, look: impl FnOnce(&Seen) -> T) -> T {
        look(&self.seen.lock().unwrap())
    }

    async fn of(&self, sent: &Sent) -> Verdict {
        let mut verdict = Verdict::default();
        match sent {
            Sent::Missed { sid, from } => self.is_texted(sid, from, &mut verdict).await,
            Sent::Text { from, words } => self.is_kept(from, words, &mut verdict).await,
            Sent::Interview { sid } => self.is_evaluated(sid, &mut verdict).await,
            Sent::Bot { sid, .. } => self.has_ended(sid, &mut verdict).await,
            Sent::Recorded { sid } => self.is_recorded(sid, &mut verdict).await,
        }
        verdict
    }

    fn was_heard_of(&self, call: &str) -> bool {
        self.look(|seen| seen.calls.contains(call))
    }

    async fn outcome(&self, call: &str) -> Option<Value> {
        let call = self.platform.find(&format!("/calls/{call}")).await?;
        let outcome = call["outcome"].clone();
        outcome.is_string().then_some(outcome)
    }

    async fn is_texted(&self, sid: &str, from: &str, verdict: &mut Verdict) {
        let texts = || self.look(|seen| seen.texted.get(from).copied().unwrap_or_default());
        if self.was_heard_of(sid) {
            let outcome = self.until(async || self.outcome(sid).await).await;
            // The fallback rings the business's phone, also when it is closed: whoever is put through is not texted.
            if outcome.is_none_or(|it| it == "missed")
                && self
                    .until(async || (texts() > 0).then_some(()))
                    .await
                    .is_none()
            {
                verdict.lost.push(format!("the text for call {sid}"));
            }
        }
        if texts() > 1 {
            let told = format!("{} texts for call {sid}", texts());
            verdict.doubled.push(told);
        }
    }

    async fn is_kept(&self, from: &str, words: &str, verdict: &mut Verdict) {
        let path = format!("/conversations/?q={}", &from[1..]);
        let kept = async || {
            let list = self.platform.find(&path).await?;
            messages(self.platform, &list, words).await
        };
        if self.look(|seen| seen.texts.contains(words)) {
            let count = self
                .until(async || kept().await.filter(|count| *count > 0))
                .await;
            verdict.count(format!("the text {words:?}"), count.unwrap_or_default());
        } else if kept().await.is_some_and(|count| count > 1) {
            verdict.doubled.push(format!("the text {words:?}"));
        }
    }

    /// Every question whose answer was taken has it, once; and there are results.
    async fn is_evaluated(&self, sid: &str, verdict: &mut Verdict) {
        if !self.was_heard_of(sid) {
            return;
        }
        let results = async || {
            let call = self.platform.find(&format!("/calls/{sid}")).await?;
            let id = call["interview"]["id"].as_str()?.to_owned();
            self.platform
                .find(&format!("/api/interviews/{id}/results/"))
                .await
        };
        let Some(results) = self.until(results).await else {
            return verdict.lost.push(format!("the results of call {sid}"));
        };
        let taken = self.look(|seen| seen.answers.get(sid).cloned().unwrap_or_default());
        let answers = results["answers"].as_array().cloned().unwrap_or_default();
        for (question, recordings) in taken {
            let mut these = answers.iter();
            let is_it = |it: &&Value| {
                let recording = it["recording"]["recording_sid"].as_str();
                it["question_number"] == question
                    && recording.is_some_and(|it| recordings.contains(it))
            };
            let count = these.by_ref().filter(is_it).count();
            verdict.count(format!("answer {question} of call {sid}"), count);
        }
        let sids: Vec<&str> = answers
            .iter()
            .filter_map(|it| it["recording"]["recording_sid"].as_str())
            .collect();
        if sids.iter().collect::<HashSet<_>>().len() < sids.len() {
            let told = format!("a recording of call {sid} is two answers");
            verdict.doubled.push(told);
        }
    }

    /// An interview that a bot has begun has an end, and so has every stream: one whose process was killed is told of by another.
    async fn has_ended(&self, sid: &str, verdict: &mut Verdict) {
        let told = |kind: &str| self.look(|seen| seen.told(kind, sid));
        let all = self
            .until(async || (told("interview.ended") >= told("interview.started")).then_some(()));
        if all.await.is_none() {
            verdict
                .lost
                .push(format!("the end of the interview of call {sid}"));
        }
        let all =
            self.until(async || (told("stream.ended") >= told("stream.started")).then_some(()));
        if all.await.is_none() {
            verdict
                .lost
                .push(format!("the end of a stream of call {sid}"));
        }
    }

    fn told_recordings(&self, sid: &str) -> BTreeSet<String> {
        self.look(|seen| seen.recordings.get(sid).cloned().unwrap_or_default())
    }

    async fn is_recorded(&self, sid: &str, verdict: &mut Verdict) {
        for recording in self.told_recordings(sid) {
            let rows = async || {
                let call = self.platform.find(&format!("/calls/{sid}")).await?;
                let rows = call["recordings"].as_array()?.iter();
                let rows = rows.filter(|it| it["recording_sid"] == recording.as_str());
                let rows: Vec<Value> = rows.cloned().collect();
                let is_stored = rows.iter().any(|it| it["status"] == "completed");
                is_stored.then_some(rows.len())
            };
            let count = self.until(rows).await.unwrap_or_default();
            verdict.count(format!("recording {recording} of call {sid}"), count);
        }
    }

    /// A recording is one file.
    fn is_stored(&self, files: &[&str], sid: &str, verdict: &mut Verdict) {
        for recording in self.told_recordings(sid) {
            let these = files.iter().filter(|file| file.contains(&recording));
            let what = format!("the file of recording {recording}");
            verdict.count(what, these.count());
        }
    }
}

/// How often the threads have a customer's text.
async fn messages(platform: &LocalPlatform, list: &Value, words: &str) -> Option<usize> {
    let mut found = HashSet::new();
    for thread in list["items"].as_array()? {
        let id = thread["id"].as_str()?;
        let whole = platform.find(&format!("/conversations/{id}")).await?;
        for message in whole["messages"].as_array()? {
            if message["body"] == words {
                found.insert(message["id"].to_string());
            }
        }
    }
    Some(found.len())
}
