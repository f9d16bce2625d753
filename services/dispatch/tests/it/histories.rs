//! Shuffled histories of texts, calls, statuses, takeovers, drafts and timers: after a STOP or a takeover nothing is sent by itself, and
//! when everything that came from Twilio comes once more, in another order, nothing is sent and nothing has changed.

use std::sync::Arc;

use chrono::TimeDelta;
use clock::Time;
use dispatch::test_support;
use events::v1::{
    AnsweringDue, CallMissed, MessageSend, MessageSent, ReplyDraft, ReplyDue, SmsInbound,
    TwilioMessageStatus,
};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestCaseError, TestError, TestRunner};
use store::{Database, Store, Tx};
use test_support::{Answering, Conversation, Follow, Message, Out, Written};
use tokio::runtime::Handle;

use crate::fixtures::{
    CALLER, WHOLE_THREAD, at, draft_failed, drafted, missed, refused, sent, status, text, thread_id,
};
use crate::test_app::TestApp;

/// So many are tried on SQLite, unless `TRUNKLINE_TEST_HISTORIES` says otherwise, by two threads with a database each.
const ON_SQLITE: u32 = 1_900;
const THREADS: u32 = 2;
/// On PostgreSQL each query is a journey.
const ON_POSTGRES: u32 = 100;

fn on_sqlite() -> u32 {
    #[expect(clippy::disallowed_methods, reason = "a test has no other settings")]
    let wanted = std::env::var("TRUNKLINE_TEST_HISTORIES").ok();
    wanted.map_or(ON_SQLITE, |wanted| wanted.parse().unwrap())
}

/// Twilio's words for a text, the last three with a code.
const STATUSES: [(&str, Option<u32>); 5] = [
    ("sent", None),
    ("delivered", None),
    ("failed", Some(30_003)),
    ("undelivered", Some(30_008)),
    ("undelivered", Some(21_610)),
];

#[derive(Debug, Clone, Copy)]
enum Step {
    Text(usize),
    Missed,
    /// The oldest timer (or the youngest) is delivered, perhaps twice.
    Timer {
        youngest: bool,
        again: bool,
    },
    Draft {
        youngest: bool,
        fails: bool,
        again: bool,
    },
    Write {
        takes_over: bool,
    },
    Switch {
        to_ai: bool,
    },
    HandBack,
    /// Twilio took the latest text, or the one before, and says this of it.
    Status {
        back: usize,
        word: usize,
    },
    /// It did not: the customer has opted out there.
    Refused {
        back: usize,
    },
    Pass(i64),
}

/// Something that is heard from outside, and may be heard again: by a webhook that Twilio repeats. What comes over the bus alone is
/// known by its id.
#[derive(Debug, Clone)]
enum News {
    Text(Box<SmsInbound>),
    /// A call that was answered with a text.
    Missed(Box<CallMissed>),
    Sent(MessageSent),
    Status(TwilioMessageStatus),
}

const BODIES: [&str; 9] = [
    "my sink leaks",
    "STOP",
    "please stop texting me",
    "START",
    "yes",
    "water is pouring through the ceiling",
    "789 Sunset Blvd 94110 tomorrow",
    "I'm driving with Do Not Disturb turned on",
    "👍",
];

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        5 => (0..BODIES.len()).prop_map(Step::Text),
        1 => Just(Step::Missed),
        4 => any::<(bool, bool)>().prop_map(|(youngest, again)| Step::Timer { youngest, again }),
        4 => any::<(bool, bool, bool)>().prop_map(|(youngest, fails, again)| Step::Draft { youngest, fails, again }),
        1 => any::<bool>().prop_map(|takes_over| Step::Write { takes_over }),
        1 => any::<bool>().prop_map(|to_ai| Step::Switch { to_ai }),
        1 => Just(Step::HandBack),
        2 => (0..3_usize, 0..STATUSES.len()).prop_map(|(back, word)| Step::Status { back, word }),
        1 => (0..2_usize).prop_map(|back| Step::Refused { back }),
        2 => (1..400_i64).prop_map(Step::Pass),
    ];
    prop::collection::vec(step, 4..24)
}

/// What is on its way, and what must hold.
#[derive(Default)]
struct History {
    now: i64,
    nth: usize,
    timers: Vec<ReplyDue>,
    drafts: Vec<ReplyDraft>,
    hand_backs: Vec<AnsweringDue>,
    opted_out: bool,
    human: bool,
    sent: Vec<String>,
    heard: Vec<(News, Time)>,
}

impl History {
    fn time(&self) -> Time {
        at(0) + TimeDelta::seconds(self.now)
    }

    /// Takes what followed, and looks whether it may have been sent.
    fn take(&mut self, follow: Follow, by_operator: bool) -> Result<(), TestCaseError> {
        for out in follow.0 {
            match out {
                Out::Send(send) => self.sent(&send, by_operator)?,
                Out::Due(timer, _) => self.timers.push(*timer),
                Out::Draft(draft) => self.drafts.push(*draft),
                Out::HandBack(timer, _) => self.hand_backs.push(timer),
                _ => {}
            }
        }
        Ok(())
    }

    fn sent(&mut self, send: &MessageSend, by_operator: bool) -> Result<(), TestCaseError> {
        prop_assert!(
            !self.sent.contains(&send.message_id),
            "sent twice: {send:?}"
        );
        self.sent.push(send.message_id.clone());
        if send.to == CALLER {
            prop_assert!(!self.opted_out, "sent after STOP: {send:?}");
            prop_assert!(by_operator || !self.human, "sent after takeover: {send:?}");
        }
        Ok(())
    }
}

/// Which of the texts that were sent: the latest, or one before.
fn sent_before(history: &History, back: usize) -> Option<String> {
    let place = history.sent.len().checked_sub(back + 1)?;
    history.sent.get(place).cloned()
}

fn pick<T: Clone>(from: &mut Vec<T>, youngest: bool, again: bool) -> Option<T> {
    let place = if youngest {
        from.len().checked_sub(1)?
    } else {
        0
    };
    let one = from.get(place)?.clone();
    if !again {
        from.remove(place);
    }
    Some(one)
}

/// Hears of something that happened then.
async fn hear(
    tx: &mut Tx,
    history: &mut History,
    news: &News,
    at: Time,
) -> Result<(), TestCaseError> {
    match news {
        News::Text(event) => {
            let (it, tenant) = (event.text.as_ref(), event.tenant.as_ref());
            let kept = test_support::keep(tx, at, it.unwrap(), tenant.unwrap(), false).await;
            if let Some(kept) = kept.unwrap() {
                history.opted_out = kept.opted_out;
                // An operator's time may have run out by now.
                history.human = kept.conversation.answering == "human";
                history.take(kept.follow, false)?;
            }
        }
        News::Missed(event) => {
            let (call, tenant) = (event.call.as_ref(), event.tenant.as_ref());
            let answer = test_support::answer(tx, at, call.unwrap(), tenant.unwrap(), false).await;
            if let Ok(send) = answer.unwrap() {
                // A missed call is answered whoever has the thread: it is not the AI.
                history.sent(&send, true)?;
            }
        }
        News::Sent(event) => test_support::sent(tx, at, at, event).await.unwrap(),
        News::Status(event) => {
            test_support::status(tx, at, event).await.unwrap();
            let found = test_support::conversation_find(tx, &thread_id("smith", 0, CALLER)).await;
            history.opted_out = found.unwrap().is_some_and(|it| it.1);
        }
    }
    Ok(())
}

/// Hears of it for the first time.
async fn first(tx: &mut Tx, history: &mut History, news: News) -> Result<(), TestCaseError> {
    let (now, sent) = (history.time(), history.sent.len());
    hear(tx, history, &news, now).await?;
    // A call that was left alone for a reason of that moment may be answered when it is told again.
    if !matches!(news, News::Missed(_)) || history.sent.len() > sent {
        history.heard.push((news, now));
    }
    Ok(())
}

async fn take_step(tx: &mut Tx, history: &mut History, step: Step) -> Result<(), TestCaseError> {
    history.nth += 1;
    history.now += 1;
    let (now, id) = (history.time(), thread_id("smith", 0, CALLER));
    match step {
        Step::Pass(seconds) => history.now += seconds,
        Step::Text(body) => {
            let event = text(&format!("SM{}", history.nth), CALLER, BODIES[body]);
            first(tx, history, News::Text(Box::new(event))).await?;
        }
        Step::Missed => {
            let event = missed(&format!("CA{}", history.nth), CALLER);
            first(tx, history, News::Missed(Box::new(event))).await?;
        }
        Step::Timer { youngest, again } => {
            if let Some(timer) = pick(&mut history.timers, youngest, again) {
                let follow = test_support::due(tx, now, &timer).await.unwrap();
                history.take(follow, false)?;
            }
        }
        Step::Draft {
            youngest,
            fails,
            again,
        } => {
            if let Some(draft) = pick(&mut history.drafts, youngest, again) {
                let slot = draft.slots.first().map_or("", |it| it.starts_at.as_str());
                let follow = if fails {
                    test_support::failed(tx, now, &draft_failed(&draft.draft_id)).await
                } else {
                    let words = "We can come. Shall I book it?";
                    let event = drafted(&draft.draft_id, "propose", slot, words);
                    test_support::drafted(tx, now, &event).await
                };
                history.take(follow.unwrap(), false)?;
            }
        }
        Step::Status { back, word } => {
            if let Some(message) = sent_before(history, back) {
                let (word, code) = STATUSES[word];
                let sid = format!("SM-{message}");
                first(tx, history, News::Sent(sent(&message, &sid))).await?;
                first(tx, history, News::Status(status(&sid, word, code))).await?;
            }
        }
        Step::Refused { back } => {
            if let Some(message) = sent_before(history, back) {
                let event = refused(&message, 21_610, "refused_by_twilio");
                test_support::refused(tx, now, &event).await.unwrap();
                let found = test_support::conversation_find(tx, &id).await.unwrap();
                history.opted_out = found.is_some_and(|it| it.1);
            }
        }
        Step::Write { takes_over } => {
            let Some((thread, _)) = test_support::conversation_find(tx, &id).await.unwrap() else {
                return Ok(());
            };
            let text = test_support::Text {
                id: format!("human-{}", history.nth),
                body: "A person writes.".to_owned(),
                media_urls: Vec::new(),
                takes_over,
            };
            match test_support::write(tx, now, &thread, &text).await.unwrap() {
                Written::New(follow) => {
                    prop_assert!(!history.opted_out);
                    history.take(follow, true)?;
                    history.human |= takes_over;
                }
                refused => prop_assert!(history.opted_out, "{refused:?}"),
            }
        }
        Step::Switch { to_ai } => {
            let Some((thread, _)) = test_support::conversation_find(tx, &id).await.unwrap() else {
                return Ok(());
            };
            let answering = if to_ai {
                Answering::Ai
            } else {
                Answering::Human
            };
            let (_, follow) = test_support::switch(tx, now, &thread, answering)
                .await
                .unwrap();
            history.human = !to_ai;
            history.take(follow, true)?;
        }
        Step::HandBack => {
            if let Some(timer) = pick(&mut history.hand_backs, false, false) {
                let due: Time = timer.until.parse().unwrap();
                history.now = history.now.max((due - at(0)).num_seconds());
                let follow = test_support::hand_back::due(tx, history.time(), &timer)
                    .await
                    .unwrap();
                history.take(follow, false)?;
                let found = test_support::conversation_find(tx, &id).await.unwrap();
                history.human = found.is_some_and(|(it, _)| it.answering == "human");
            }
        }
    }
    Ok(())
}

/// What can be seen of the thread: who answers, what was said, and whether its customer has opted out.
async fn seen(tx: &mut Tx) -> (Option<(Conversation, bool)>, Vec<Message>) {
    let id = thread_id("smith", 0, CALLER);
    let thread = test_support::conversation_find(tx, &id).await.unwrap();
    let messages = test_support::message_list(tx, &id, &WHOLE_THREAD).await;
    (thread, messages.unwrap())
}

/// What was heard from outside is heard once more, in another order: nothing is sent, and nothing has changed.
async fn hear_again(tx: &mut Tx, history: &mut History) -> Result<(), TestCaseError> {
    let (before, sent) = (seen(tx).await, history.sent.len());
    let mut heard = history.heard.clone();
    // Repeats come in any order; this one is another than the first for any length.
    heard.reverse();
    let middle = heard.len() / 3;
    heard.rotate_left(middle);
    for (news, at) in &heard {
        hear(tx, history, news, *at).await?;
    }
    prop_assert_eq!(history.sent.len(), sent);
    prop_assert_eq!(seen(tx).await, before);
    Ok(())
}

/// Tries so many histories, each in a transaction that is taken back.
fn tried(cases: u32, store: &Store, runtime: &Handle) -> Result<(), TestError<Vec<Step>>> {
    let config = Config {
        cases,
        failure_persistence: None,
        ..Config::default()
    };
    TestRunner::new(config).run(&steps(), |steps| {
        runtime.block_on(async {
            let mut tx = store.begin().await.unwrap();
            let mut history = History::default();
            let mut outcome = Ok(());
            for step in &steps {
                outcome = take_step(&mut tx, &mut history, *step).await;
                if outcome.is_err() {
                    break;
                }
            }
            if outcome.is_ok() {
                outcome = hear_again(&mut tx, &mut history).await;
            }
            tx.rollback().await.unwrap();
            outcome
        })
    })
}

#[test]
fn shuffled_history_never_sends_after_stop_or_takeover_and_is_the_same_when_heard_again() {
    let one = || {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let dir = tempfile::tempdir().unwrap();
        let database = Database::Sqlite {
            dir: dir.path().to_owned(),
        };
        let store = runtime
            .block_on(Store::open(&database, "dispatch", test_support::MIGRATIONS))
            .unwrap();
        tried(on_sqlite().div_ceil(THREADS), &store, runtime.handle()).unwrap();
    };
    std::thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(one);
        }
    });
}

/// The same on the other engine.
pub async fn shuffled_history_holds_on_postgresql(app: Arc<TestApp>) {
    let store = app.own_store().clone();
    let runtime = Handle::current();
    let tried = tokio::task::spawn_blocking(move || tried(ON_POSTGRES, &store, &runtime));
    tried.await.unwrap().unwrap();
}
