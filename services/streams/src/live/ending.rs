//! The end of a call: written down first, for Twilio asks at once how it goes on; then the recording, then the socket.

use std::time::Duration;

use actix_ws::{CloseCode, Message, MessageStream};
use metrics::counter;
use session::EndReason;
use tracing::info;

use super::call::Running;
use super::converse::Conversation;
use super::wire::{self, Incoming};
use crate::db::BROWSER;

/// How long events that are on their way may take to arrive. Those that do not by then are lost with the call.
const LAST_EVENTS: Duration = Duration::from_secs(5);
/// How long the far side may take to end a call that is hung up.
const FAREWELL: Duration = Duration::from_secs(10);

impl Running {
    /// The session is over: it is written down first, for Twilio asks at once how the call goes on.
    pub(super) async fn part(mut self, reason: EndReason, messages: &mut MessageStream) {
        self.work.abort_all();
        self.end.reason = Some(reason);
        self.end.lasted = self.session.on_the_line();
        self.end.result = self
            .talk
            .as_ref()
            .map(Conversation::result)
            .unwrap_or_default();
        if let Some(talk) = &self.talk {
            self.end.state = Some(talk.state());
            self.end.language.clone_from(&self.language);
            self.end.wishes = talk.wishes();
        }
        self.call.teller.ended(&self.call.row, &self.end).await;
        self.end_journal().await;
        if let Some(telling) = self.telling.take() {
            let _ = tokio::time::timeout(LAST_EVENTS, telling).await;
        }
        if let Some(recorder) = self.recorder.take() {
            recorder.finish().await;
            self.call.recording.ended.notify_one();
        }
        if matches!(
            reason,
            EndReason::Goodbye | EndReason::TimeUp | EndReason::Transfer
        ) {
            self.call.recording.forget(&self.call.row.call_sid);
        }
        counter!("streams_ended_total", "reason" => reason.as_str()).increment(1);
        info!(
            reason = reason.as_str(),
            turns = self.end.turns,
            malformed = self.end.malformed,
            "a stream has ended"
        );
        let is_telephone = self.call.row.engine != BROWSER;
        if is_telephone && matches!(reason, EndReason::Goodbye | EndReason::TimeUp) {
            // Twilio closes when the call is hung up; if we did, the call would ask how it goes on.
            let closed = async {
                while let Some(Ok(message)) = messages.recv().await {
                    let is_last = match message {
                        Message::Close(_) => true,
                        Message::Text(text) => {
                            matches!(wire::read(&text, None), Ok(Incoming::Stop))
                        }
                        Message::Ping(bytes) => self.sink.pong(&bytes).await.is_err(),
                        _ => false,
                    };
                    if is_last {
                        return;
                    }
                }
            };
            let _ = tokio::time::timeout(FAREWELL, closed).await;
        }
        self.sink.close(CloseCode::Normal).await;
    }
}
