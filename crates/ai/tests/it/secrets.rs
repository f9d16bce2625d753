//! Keys and content are nowhere but on the wire; what happened is in the metrics.

use std::io;
use std::sync::{Arc, LazyLock, Mutex};

use ai::task::Score;
use ai::{Block, ChatRequest, Deepgram, Secret, Settings, SpeakRequest, Task, TranscribeRequest};
use metrics_exporter_prometheus::PrometheusBuilder;
use tracing_subscriber::EnvFilter;

use crate::listener::Listener;
use crate::server::{Act, CHAT, SPEAK, Server, TRANSCRIBE, ai};

/// What all tests of this process have logged.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

static LOG: LazyLock<Log> = LazyLock::new(|| {
    let log = Log::default();
    let writer = log.clone();
    // The played providers may log what they like.
    let filter = EnvFilter::new("trace,actix_http=off,actix_web=off,actix_server=off");
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(move || writer.clone())
        .init();
    log
});

/// Begins to keep what is logged: for the whole process, since other threads log too.
pub fn keep_the_log() {
    LazyLock::force(&LOG);
}

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// What nobody may read: keys, and words of callers and operators. The server's own errors quote one of them.
const PRIVATE: [&str; 6] = [
    "sk-openai-key",
    "dg-secret-key",
    "xi-secret-key",
    "murf-secret-key",
    "secret",
    "hunter2",
];

#[tokio::test]
async fn neither_keys_nor_content_are_shown() {
    let server = Server::start().await;
    let settings = server.all();
    let ai = ai(settings.clone());
    let chat = ChatRequest::new(Task::Score, "a secret instruction")
        .with(Block::text("answer", "hunter2"));
    let hear = TranscribeRequest::new(b"hunter2".to_vec(), "of-secret-person.wav");
    let speak = SpeakRequest::new("a secret text");

    let listener = Listener::start().await;
    let with_ears = self::ai(Settings {
        deepgram: Some(Deepgram {
            base_url: listener.base.clone(),
            ..Deepgram::new("dg-secret-key")
        }),
        ..settings.clone()
    });
    let ears = with_ears.ears("en").unwrap();
    ears.sound(vec![0x55; 4_000]);
    let words = ears.finish(false);

    let mut shown = format!(
        "{settings:?} {ai:?} {chat:?} {hear:?} {speak:?} {:?}",
        Secret::new("hunter2")
    );
    let heard = words.heard().await.unwrap();
    shown += &format!("{with_ears:?} {ears:?} {heard:?}");
    let bad = |path, act: Act| server.next(path, [act.clone(), act.clone(), act]);
    let invalid = Act::Say("application/json", b"{\"secret\":\"hunter2\"}".to_vec());
    for act in [Act::status(400), Act::status(500), Act::Break, invalid] {
        bad(CHAT, act.clone());
        bad(TRANSCRIBE, act);
        // Refused ones ask once and leave the rest of the list; each is wrong in its way.
        let chatted = ai.chat::<Score>(&chat).await.unwrap_err();
        let heard = ai.transcribe(&hear).await.unwrap_err();
        shown += &format!("{chatted} {chatted:?} {heard} {heard:?}");
    }
    bad(SPEAK, Act::status(401));
    let spoken = ai.speak(&speak).await.unwrap();
    shown += &format!("{spoken:?}");

    let log = String::from_utf8(LOG.0.lock().unwrap().clone()).unwrap();
    assert!(log.contains("asked a provider"), "nothing was logged");
    assert!(shown.contains("[secret]"));
    let shown = shown.replace("[secret]", "");
    for private in PRIVATE {
        assert!(!shown.contains(private), "{private} in {shown}");
        assert!(!log.contains(private), "{private} in the log:\n{log}");
    }
}

#[tokio::test(flavor = "current_thread")]
async fn every_attempt_is_counted() {
    let recorder = PrometheusBuilder::new().build_recorder();
    let metrics = recorder.handle();
    let _recorder = metrics::set_default_local_recorder(&recorder);
    let server = Server::start().await;
    let ai = ai(server.openai());
    server.next(CHAT, [Act::status(500), Act::Content("invalid".into())]);
    ai.chat::<Score>(&crate::chat::request()).await.unwrap();
    let text = metrics.render();
    for outcome in ["failed", "invalid", "ok"] {
        let line = format!(
            "ai_attempts_total{{provider=\"openai\",task=\"score\",outcome=\"{outcome}\"}} 1"
        );
        assert!(text.contains(&line), "{line} in\n{text}");
    }
    assert!(text.contains("ai_attempt_seconds"));
}
