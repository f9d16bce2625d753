//! The role on a platform of its own, with a test double at each end of the bus.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};

use chrono::{DateTime, Utc};
use clock::Clock;
use events::v1::{
    CallPlace, ConversationChanged, MediaErase, MediaFetch, MediaFetched, MessageFailed,
    MessageSend, OptOutChanged, PersonForgotten, ReplyDraft,
};
use events::{Envelope, Event};
use objects::{Config, Objects};
use serde_json::Value;
use store::{Store, on};
use testkit::{Log, Mode, TestPlatform, eventually};

use crate::fixtures;
use crate::twilio::Twilio;

pub struct TestApp {
    platform: TestPlatform,
    pub twilio: Twilio,
    store: Store,
    published: Mutex<Vec<(String, String)>>,
    next: AtomicU32,
}

testkit::has_platform!(TestApp);

#[derive(diesel::QueryableByName)]
struct Count {
    #[diesel(sql_type = diesel::sql_types::BigInt)]
    count: i64,
}

/// What this process logs.
pub fn log() -> &'static Log {
    Log::of("info,dispatch=trace,role=debug,bus=debug")
}

pub async fn run<F: Future<Output = ()>>(mode: Mode, case: fn(Arc<TestApp>) -> F) {
    log();
    let twilio = Twilio::start().await;
    let settings = [
        ("TWILIO_ACCOUNT_SID", fixtures::ACCOUNT),
        ("TWILIO_AUTH_TOKEN", "11111111111111111111111111111111"),
        ("TWILIO_API_BASE_URL", &twilio.url),
    ];
    let platform =
        TestPlatform::new("dispatch", mode, Clock::held(fixtures::at(0)), &settings).await;
    let parts = platform.open().await;
    let heard = [
        MessageSend::TYPE,
        OptOutChanged::TYPE,
        ReplyDraft::TYPE,
        ConversationChanged::TYPE,
        "conversation.changed.drafted",
        MessageFailed::TYPE,
        CallPlace::TYPE,
        MediaFetch::TYPE,
        MediaFetched::TYPE,
        MediaErase::TYPE,
        PersonForgotten::TYPE,
    ];
    platform.recorder.listen(&parts.bus, &heard).await;
    platform.keys.give_each(&["smith", "jones"]);
    platform.keys.serve(&parts.bus).await;
    platform
        .start(vec![dispatch::ROLE.start(&parts).await.unwrap()])
        .await;
    let store = platform
        .store("dispatch", dispatch::test_support::MIGRATIONS)
        .await;
    let app = TestApp {
        platform,
        twilio,
        store,
        published: Mutex::default(),
        next: AtomicU32::new(0),
    };
    testkit::run(app, case).await;
}

impl TestApp {
    /// Publishes an event of this time, and gives its id.
    pub async fn publish<E: Event>(&self, time: DateTime<Utc>, event: &E) -> String {
        let id = format!("event-{}", self.next.fetch_add(1, Ordering::Relaxed));
        self.publish_as(&id, time, event).await;
        id
    }

    /// Publishes an event with this id.
    pub async fn publish_as<E: Event>(&self, id: &str, time: DateTime<Utc>, event: &E) {
        self.throw(id, time, event).await;
        let queue = match E::TYPE {
            "call.missed" => "dispatch.text-back",
            "sms.inbound" => "dispatch.inbound",
            "message.sent" => "dispatch.sent",
            "message.refused" => "dispatch.refused",
            "twilio.message.status" => "dispatch.status",
            "call.ended" => "dispatch.call-ended",
            "reply.drafted" => "dispatch.reply-drafted",
            "reply.draft_failed" => "dispatch.reply-draft-failed",
            "message.again" => "dispatch.message-again",
            "interview.ended" => "dispatch.interview-ended",
            "recording.stored" => "dispatch.recording-stored",
            "call.placed" => "dispatch.call-placed",
            "call.refused" => "dispatch.call-refused",
            _ => "dispatch.opt-out",
        };
        self.published
            .lock()
            .unwrap()
            .push((queue.to_owned(), id.to_owned()));
    }

    /// Publishes an event that will not be decided, so that nobody waits for it.
    pub async fn throw<E: Event>(&self, id: &str, time: DateTime<Utc>, event: &E) {
        let envelope = Envelope::at("trunkline/test", id.to_owned(), time, event).tenant("smith");
        self.bus().publish(&envelope).await.unwrap();
    }

    /// Waits until all that was published is decided, and what followed has arrived.
    pub async fn rest(&self) {
        let published = std::mem::take(&mut *self.published.lock().unwrap());
        for (queue, id) in &published {
            self.handled(&self.store, queue, id).await;
        }
        self.outbox_is_empty(&self.store).await;
        self.recorder.catch_up::<MessageSend>(&self.bus()).await;
    }

    /// The commands to send a message, with their envelopes, in the order of their arrival.
    pub async fn sends(&self) -> Vec<(Envelope, MessageSend)> {
        self.rest().await;
        let heard = self.recorder.distinct().into_iter();
        heard
            .filter_map(|e| Some((e.clone(), e.decode().ok()?)))
            .collect()
    }

    /// The wishes that dispatch told of.
    pub async fn changes(&self) -> Vec<bool> {
        self.rest().await;
        let heard = self.recorder.distinct().into_iter();
        let ours = heard.filter(|e| e.source == "trunkline/dispatch");
        ours.filter_map(|e| Some(e.decode::<OptOutChanged>().ok()?.opted_out))
            .collect()
    }

    /// The thread of the caller with smith's first number, when all is at rest.
    pub async fn thread(&self) -> Value {
        self.rest().await;
        let id = fixtures::thread_id("smith", 0, fixtures::CALLER);
        self.get(&format!("/conversations/{id}")).await
    }

    /// The answers that were asked for, once there are so many.
    pub async fn drafts(&self, count: usize) -> Vec<ReplyDraft> {
        eventually("answers are asked for", async || {
            self.drafts_now().len() >= count
        })
        .await;
        self.rest().await;
        self.drafts_now()
    }

    /// Waits until no thread's answer waits for its time any more: each is asked for some seconds before.
    pub async fn is_due(&self) {
        eventually("what is due is heard", async || {
            let threads = self.get("/conversations/?limit=200").await;
            let threads = threads["items"].as_array().unwrap().clone();
            threads.iter().all(|it| it["reply_due_at"].is_null())
        })
        .await;
        self.rest().await;
    }

    /// The answers that have been asked for.
    pub fn drafts_now(&self) -> Vec<ReplyDraft> {
        let heard = self.recorder.distinct().into_iter();
        heard.filter_map(|e| e.decode().ok()).collect()
    }

    /// What was told of threads: the change and its reason.
    pub async fn told(&self) -> Vec<(String, String)> {
        self.rest().await;
        let heard = self.recorder.distinct().into_iter();
        let changes = heard.filter_map(|e| e.decode::<ConversationChanged>().ok());
        changes.map(|it| (it.change, it.reason)).collect()
    }

    /// The role's database, for decisions without the bus around them.
    pub fn own_store(&self) -> &Store {
        &self.store
    }

    /// How many events wait for their time.
    pub async fn timers(&self) -> usize {
        self.rest().await;
        let mut tx = self.store.read().await.unwrap();
        let rows = on!(&mut tx, c => diesel::sql_query("SELECT COUNT(*) AS count FROM outbox")
            .get_result::<Count>(c)
            .await);
        usize::try_from(rows.unwrap().count).unwrap()
    }

    /// The object store of the role.
    pub fn objects(&self) -> Objects {
        Objects::open(Config::Embedded {
            dir: self.settings().data_dir.join("objects"),
        })
    }

    /// What an address answers, as it is.
    pub async fn file(&self, path: &str, key: &str, headers: &[(&str, &str)]) -> reqwest::Response {
        let mut request = testkit::client().get(format!("{}{path}", self.base()));
        if !key.is_empty() {
            request = request.header("X-API-Key", key);
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        request.send().await.unwrap()
    }
}
