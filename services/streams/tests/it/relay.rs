//! Calls whose words come and go: Twilio hears and speaks.

use std::sync::Arc;
use std::time::Duration;

use futures::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream};

use crate::phone::{self, Phone, refused};
use crate::test_app::{ACCOUNT, RELAYED, TOKEN, TestApp, signed};

/// Twilio's side of a conversation.
struct Words {
    socket: WebSocketStream<MaybeTlsStream<TcpStream>>,
    /// What came, in order.
    told: Vec<Value>,
    closed: Option<u16>,
}

impl Words {
    async fn open(app: &TestApp, path: &str) -> Self {
        let signature = signed(path, TOKEN);
        Self {
            socket: phone::open(app, path, Some(&signature)).await.unwrap(),
            told: Vec::new(),
            closed: None,
        }
    }

    async fn call(app: &TestApp, path: &str, call_sid: &str) -> Self {
        let mut words = Self::open(app, path).await;
        let setup = json!({
            "type": "setup", "sessionId": "VX1", "accountSid": ACCOUNT, "callSid": call_sid,
            "from": "+15550109999", "to": "+15550100003", "direction": "inbound", "callStatus": "RINGING",
            "callType": "PSTN", "customParameters": {},
        });
        words.send(setup).await;
        words
    }

    async fn send(&mut self, message: Value) {
        let _ = self.socket.send(Message::text(message.to_string())).await;
    }

    async fn say(&mut self, text: &str) {
        let prompt = json!({"type": "prompt", "voicePrompt": text, "lang": "en-US", "last": true});
        self.send(prompt).await;
    }

    /// Reads on until something that was told contains this.
    async fn hears(&mut self, text: &str) -> Value {
        let read = async {
            loop {
                let found = self.told.iter().find(|it| it.to_string().contains(text));
                if let Some(found) = found {
                    return found.clone();
                }
                self.read().await;
            }
        };
        let found = tokio::time::timeout(testkit::PATIENCE, read).await;
        found.unwrap_or_else(|_| panic!("{text} was not told"))
    }

    async fn read(&mut self) {
        match self.socket.next().await {
            Some(Ok(Message::Text(text))) => self.told.push(serde_json::from_str(&text).unwrap()),
            Some(Ok(Message::Close(frame))) => {
                self.closed = Some(frame.map_or(1005, |it| it.code.into()));
            }
            Some(Ok(_)) => {}
            _ => {
                self.closed.get_or_insert(0);
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        }
    }

    async fn closed(&mut self) -> u16 {
        let read = async {
            while self.closed.is_none() {
                self.read().await;
            }
        };
        tokio::time::timeout(testkit::PATIENCE, read).await.unwrap();
        self.closed.unwrap()
    }
}

pub async fn flow_over_words_is_asked_and_answered_like_any_other(app: Arc<TestApp>) {
    let document = app.document("CA1", RELAYED).await;
    assert!(document.contains("<ConversationRelay"), "{document}");
    assert!(document.contains(r#"dtmfDetection="true""#), "{document}");
    let path = app.offered("CA1", RELAYED).await;
    assert!(path.starts_with("/ws/relay/"));
    let mut words = Words::call(&app, &path, "CA1").await;
    let first = words.hears("Hello from the test.").await;
    assert_eq!(
        (&first["type"], &first["last"]),
        (&json!("text"), &json!(false))
    );
    assert_eq!(words.hears("Are you salaried?").await["last"], true);
    words.say("yes I am").await;
    words.hears("Do you live in a city?").await;
    words.send(json!({"type": "dtmf", "digit": "2"})).await;
    let last = words.hears("Thank you and goodbye.").await;
    assert_eq!(last["interruptible"], false);
    let ended = app.ended("CA1").await;
    assert_eq!((ended.reason.as_str(), ended.turns), ("goodbye", 3));
    let hung_up = app.recorder.wait_for::<events::v1::CallHangUp>(1).await;
    assert_eq!(hung_up[0].1.call_sid, "CA1");
}

pub async fn handshake_of_words_is_verified_and_its_path_works_once(app: Arc<TestApp>) {
    let path = app.offered("CA1", RELAYED).await;
    assert_eq!(refused(&app, &path, None).await, 403);
    let foreign = signed(&path, "22222222222222222222222222222222");
    assert_eq!(refused(&app, &path, Some(&foreign)).await, 403);
    // The same session is no media stream.
    let other = path.replace("/ws/relay/", "/ws/twilio/");
    assert_eq!(
        refused(&app, &other, Some(&signed(&other, TOKEN))).await,
        404
    );
    let mut first = Words::call(&app, &path, "CA1").await;
    first.hears("Are you salaried?").await;
    let mut second = Words::open(&app, &path).await;
    assert_eq!(second.closed().await, 1008);
    // A media stream's path takes no words.
    let media = app.offered("CA2", "loan").await;
    let words = media.replace("/ws/twilio/", "/ws/relay/");
    assert_eq!(
        refused(&app, &words, Some(&signed(&words, TOKEN))).await,
        404
    );
    let mut phone = Phone::call(&app, &media, "CA2").await;
    phone.hears("Are you salaried?").await;
}

pub async fn conversation_after_a_drop_goes_on_over_words(app: Arc<TestApp>) {
    let path = app.offered("CA1", RELAYED).await;
    let mut words = Words::call(&app, &path, "CA1").await;
    for text in ["", "[[[", r#"{"type":3}"#, r#"{"type":"tomorrow"}"#] {
        let _ = words.socket.send(Message::text(text)).await;
    }
    words.hears("Are you salaried?").await;
    words
        .send(json!({"type": "interrupt", "utteranceUntilInterrupt": "Hello from", "durationUntilInterruptMs": "200"}))
        .await;
    words.say("yes I am").await;
    words.hears("Do you live in a city?").await;
    drop(words);
    let ended = app.ended("CA1").await;
    assert_eq!((ended.reason.as_str(), ended.malformed), ("stopped", 3));
    let again = app.offered("CA1", RELAYED).await;
    assert!(again.starts_with("/ws/relay/") && again != path);
    let mut words = Words::call(&app, &again, "CA1").await;
    words.hears("Are you salaried?").await;
}
