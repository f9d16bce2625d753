//! What every part of a running leg needs: its place in the state, waiting that can be interrupted, and being heard.

use std::sync::Arc;
use std::time::Duration;

use crate::leg_control::{Control, Interrupt};
use crate::log::{Direction, Entry};
use crate::recording::{self, tape};
use crate::state::{Call, Heard, Shared, Side};
use crate::status::Status;
use crate::time::seconds;
use crate::webhooks;
use crate::wire::{Failure, Request};

/// The least that is really waited for keys and words.
const LEAST_PATIENCE: Duration = Duration::from_millis(100);

/// One leg, as its tasks see it.
#[derive(Clone)]
pub(crate) struct LegContext {
    pub(crate) shared: Arc<Shared>,
    pub(crate) sid: String,
    pub(crate) control: Arc<Control>,
}

impl LegContext {
    /// Something about this leg's record, or the default when a reset has taken it away.
    pub(crate) fn look<T: Default>(&self, look: impl FnOnce(&Call) -> T) -> T {
        self.shared
            .state()
            .call(&self.sid)
            .map(look)
            .unwrap_or_default()
    }

    pub(crate) fn moment(&self, kind: &'static str, text: impl Into<String>) {
        self.shared.state().moment(&self.sid, kind, text);
    }

    /// An entry for Twilio's debugger.
    pub(crate) fn note(&self, kind: &'static str, failure: &Failure) {
        let entry = Entry {
            sid: Some(self.sid.clone()),
            ..Entry::new(Direction::Note, kind)
        };
        self.shared
            .state()
            .record(entry.failed(failure.code, failure.words.clone()));
    }

    /// Waits for simulated time, unless the leg ends or is sent elsewhere.
    pub(crate) async fn wait(&self, simulated: Duration) -> Result<(), Interrupt> {
        tokio::select! {
            biased;
            interrupt = self.control.interrupted() => Err(interrupt),
            () = self.shared.time.sleep(simulated) => Ok(()),
        }
    }

    /// Waits for the person on the phone to act: for simulated time, but really at least so long that a slow machine's scripts
    /// can act.
    pub(crate) async fn patience(&self, simulated_s: f64) {
        let real = self.shared.time.real(seconds(simulated_s));
        tokio::time::sleep(real.max(LEAST_PATIENCE)).await;
    }

    /// Speaks. It is heard once it has been said to the end, so that who waits for it answers as a person would.
    pub(crate) async fn say(&self, text: &str) -> Result<(), Interrupt> {
        self.begins("say", text);
        tape(&self.shared, &self.sid, Side::Outbound, || {
            audio::speech(text, None)
        });
        self.wait(seconds(audio::speech_s(text, None))).await?;
        self.heard("say", text);
        Ok(())
    }

    /// A sound begins: whoever has waited for one since their answer waits no longer.
    pub(crate) fn begins(&self, kind: &str, text: &str) {
        self.control.plays(true);
        let now = self.shared.time.now();
        let mut state = self.shared.state();
        // A script answers what it has heard to the end; a person reads along.
        if state
            .call(&self.sid)
            .is_some_and(|call| call.live.is_some())
        {
            let kind = if kind == "say" { "says" } else { "plays" };
            state.moment(&self.sid, kind, text);
        }
        let open = state
            .call_mut(&self.sid)
            .and_then(|call| call.waits.last_mut())
            .filter(|wait| wait.is_open());
        if let Some(wait) = open {
            let words = wait.close(now, format!("{kind}: {text}"));
            state.moment(&self.sid, "waited", words);
        }
    }

    /// Something has reached the ear of the person on the phone.
    pub(crate) fn heard(&self, kind: &'static str, text: &str) {
        self.control.plays(false);
        self.understood(kind, text);
    }

    /// The words of something that was heard a moment ago.
    pub(crate) fn understood(&self, kind: &'static str, text: &str) {
        let at = self.shared.time.now();
        let mut state = self.shared.state();
        if let Some(call) = state.call_mut(&self.sid) {
            call.heard.push(Heard {
                at,
                kind,
                text: text.to_owned(),
            });
        }
        state.moment(&self.sid, "heard", text);
        drop(state);
        self.control.heard();
    }

    /// Has a sound of a real voice understood, beside the call. Its words come when the ears have them, which may be after the
    /// sound has ended.
    pub(crate) fn listen(&self, kind: &'static str, name: &str, sound: &[i16]) {
        let Some(ears) = self.shared.ears.get() else {
            return;
        };
        let (words, context, name) = (ears(sound.to_vec()), self.clone(), name.to_owned());
        self.shared.tasks.spawn(async move {
            if let Some(words) = words.await.filter(|words| !words.is_empty()) {
                context.understood(kind, &format!("{name}{words}"));
            }
        });
    }

    /// Moves the leg on and tells whoever asked to be told. A leg that is over stays as it is.
    pub(crate) fn status(&self, status: Status) {
        let now = self.shared.time.now();
        let mut state = self.shared.state();
        let token = state.ids.token();
        let Some(call) = state
            .call_mut(&self.sid)
            .filter(|call| !call.status.is_final() && call.status != status)
        else {
            return;
        };
        call.status = status;
        call.updated = now;
        match status {
            Status::Initiated | Status::Ringing => {
                call.started.get_or_insert(now);
            }
            Status::InProgress => call.answered = Some(now),
            _ if status.is_final() => call.ended = Some(now),
            _ => {}
        }
        let wanted = call.callback.as_mut().filter(|callback| {
            status
                .event()
                .is_some_and(|event| callback.events.iter().any(|wanted| wanted == event))
        });
        let target = wanted.map(|callback| {
            callback.sent += 1;
            (
                callback.url.clone(),
                callback.method.clone(),
                callback.sent - 1,
            )
        });
        let mut request = target.map(|(url, method, sequence)| Request {
            kind: "call-status",
            sid: Some(self.sid.clone()),
            url,
            method,
            params: webhooks::progress(&self.shared.account.sid, call, sequence, now),
            token,
        });
        if let Some(last) = request.as_mut().filter(|_| status.is_final()) {
            let recorded = recording::of_whole_call(&self.shared, &state, &self.sid);
            last.params.extend(recorded);
        }
        state.moment(&self.sid, "status", status.as_str());
        drop(state);
        if status.is_final() {
            recording::stop(&self.shared, &self.sid, None);
        }
        if let Some(request) = request {
            webhooks::send(&self.shared, request, status.is_final());
        }
    }
}
