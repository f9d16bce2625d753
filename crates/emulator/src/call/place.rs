//! Placing calls: from a simulated phone to one of our numbers, and by the API to a simulated phone.

use std::sync::Arc;

use tokio::sync::mpsc::unbounded_channel;

use crate::Error;
use crate::call::amd::{Detection, detect};
use crate::call::callee::{pass, person, ring};
use crate::call::ending::{finish, hang_up_after, limit};
use crate::call::leg::Kind;
use crate::call::player::{Part, play, play_live};
use crate::call::verbs::play::keys;
use crate::call::{End, Leg};
use crate::leg_context::LegContext;
use crate::leg_control::{Ask, By, Control, Goto, Interrupt};
use crate::log::{Direction as Way, Entry};
use crate::recording::{self, Plan, WHOLE_CALL};
use crate::script::Script;
use crate::state::{Call, Direction, RecordingCallback, Shared, StatusCallback};
use crate::status::Status;
use crate::time::seconds;
use crate::wire::Params;

/// A scripted person calls one of the account's numbers. Answers the call's SID.
pub(crate) fn inbound(shared: &Arc<Shared>, script: Script) -> Result<String, Error> {
    let (control, inputs) = Control::new();
    let control = Arc::new(control);
    let now = shared.time.now();
    let mut state = shared.state();
    let Some(number) = state.number(&script.number).cloned() else {
        return Err(Error::UnknownNumber {
            number: script.number,
            owned: state
                .numbers
                .iter()
                .map(|number| number.phone_number.clone())
                .collect(),
        });
    };
    let sid = state.ids.sid("CA");
    let mut call = Call::new(
        sid.clone(),
        Direction::Inbound,
        &script.from,
        &script.number,
        now,
        Arc::clone(&control),
    );
    call.status = Status::Ringing;
    call.started = Some(now);
    call.number_sid = Some(number.sid.clone());
    call.forwarded_from = script.forwarded_from;
    call.expect = script.expect;
    let wishes = script.live.then(|| {
        let (sender, wishes) = unbounded_channel();
        call.live = Some(sender);
        wishes
    });
    call.callback = (!number.status_callback.is_empty()).then(|| StatusCallback {
        url: number.status_callback.clone(),
        method: number.status_callback_method.clone(),
        events: vec!["completed".to_owned()],
        sent: 0,
    });
    let route = number.voice;
    call.fallback =
        (!route.fallback_url.is_empty()).then_some((route.fallback_url, route.fallback_method));
    state.call_insert(call);
    state.moment(&sid, "status", Status::Ringing.as_str());
    drop(state);

    let context = LegContext {
        shared: Arc::clone(shared),
        sid: sid.clone(),
        control,
    };
    let part = Part {
        context: context.clone(),
        phone: script.from,
        number: script.number,
    };
    part.begin(&script.steps);
    shared.spawn(async move {
        play(&part, &script.steps).await;
        if let Some(wishes) = wishes {
            play_live(&part, wishes).await;
        }
    });
    let leg = Leg::new(context, Kind::Call, inputs);
    let first = Ask {
        kind: "voice",
        url: route.url,
        method: route.method,
        extra: Params::new(),
    };
    shared.spawn(Box::pin(answer_call(leg, first)));
    Ok(sid)
}

async fn answer_call(mut leg: Leg, first: Ask) {
    if first.url.is_empty() {
        let entry = Entry {
            sid: Some(leg.context.sid.clone()),
            ..Entry::new(Way::Note, "voice")
        };
        leg.context.shared.state().record(Entry {
            error: Some("the number has no VoiceUrl".to_owned()),
            ..entry
        });
        leg.context.control.end(By::Phone);
        leg.context.status(Status::Failed);
        return;
    }
    limit(&leg.context);
    let end = leg.run(Goto::Fetch(first)).await;
    finish(leg, end, Status::NoAnswer).await;
}

/// A call that the application asks for through the API.
pub(crate) struct Outbound {
    pub(crate) to: String,
    pub(crate) from: String,
    pub(crate) first: Goto,
    pub(crate) fallback: Option<(String, String)>,
    pub(crate) callback: Option<StatusCallback>,
    /// How long it rings.
    pub(crate) timeout_s: u32,
    pub(crate) time_limit_s: Option<u32>,
    /// Keys that are sent as soon as the callee picks up.
    pub(crate) send_digits: Option<String>,
    /// Answering machine detection was asked for.
    pub(crate) detect: Option<Detection>,
    /// `Record=true`
    pub(crate) record: Option<RecordWish>,
}

/// How a whole call is to be recorded.
pub(crate) struct RecordWish {
    pub(crate) channels: u16,
    pub(crate) track: twiml::Track,
    pub(crate) trim: bool,
    pub(crate) callback: Option<RecordingCallback>,
}

impl RecordWish {
    fn plan(self, call_sid: &str) -> Plan {
        Plan {
            call_sid: call_sid.to_owned(),
            source: WHOLE_CALL,
            name: None,
            channels: self.channels,
            track: self.track,
            trim: self.trim,
            callback: self.callback,
        }
    }
}

/// Takes a call and places it. Answers its SID.
pub(crate) fn outbound(shared: &Arc<Shared>, wish: Outbound) -> String {
    let (control, inputs) = Control::new();
    let control = Arc::new(control);
    let now = shared.time.now();
    let mut state = shared.state();
    let sid = state.ids.sid("CA");
    let mut call = Call::new(
        sid.clone(),
        Direction::OutboundApi,
        &wish.from,
        &wish.to,
        now,
        Arc::clone(&control),
    );
    call.number_sid = state.number(&wish.from).map(|number| number.sid.clone());
    call.callback = wish.callback.clone();
    call.fallback = wish.fallback.clone();
    call.time_limit_s = wish.time_limit_s.unwrap_or(call.time_limit_s);
    state.call_insert(call);
    state.moment(&sid, "status", Status::Queued.as_str());
    drop(state);
    let context = LegContext {
        shared: Arc::clone(shared),
        sid: sid.clone(),
        control,
    };
    let leg = Leg::new(context, Kind::Call, inputs);
    shared.spawn(Box::pin(place_call(leg, wish)));
    sid
}

async fn place_call(mut leg: Leg, wish: Outbound) {
    let context = leg.context.clone();
    let callee = context.shared.state().faults.callee(&wish.to);
    let rung = match pass(&context, 0.2).await {
        Ok(()) => {
            let timeout = context
                .shared
                .time
                .sleep(seconds(f64::from(wish.timeout_s + 5)));
            tokio::select! {
                rung = ring(&context, &callee) => rung,
                () = timeout => Ok(Some(Status::NoAnswer)),
            }
        }
        Err(by) => Err(by),
    };
    let end = match rung {
        Ok(Some(status)) => End::Over(By::Parent(status)),
        Err(by) => End::Over(by),
        Ok(None) => {
            leg.answered();
            limit(&context);
            person(&context, &callee);
            match (callee.behaviour, callee.talk_s) {
                (crate::faults::Behaviour::HangUp, _) => context.control.end(By::Phone),
                (_, Some(talks)) => hang_up_after(&context, talks),
                (_, None) => {}
            }
            if let Some(wish) = wish.record {
                recording::begin(&context.shared, wish.plan(&context.sid));
            }
            let first = match (&wish.send_digits, &wish.detect) {
                (Some(digits), _) => keys(&context, digits).await.map(|()| wish.first),
                (None, Some(detection)) => detect(&context, &callee, detection, wish.first).await,
                (None, None) => Ok(wish.first),
            };
            match first {
                Ok(first) => leg.run(first).await,
                Err(Interrupt::Goto(elsewhere)) => leg.run(*elsewhere).await,
                Err(Interrupt::Over(by)) => End::Over(by),
            }
        }
    };
    finish(leg, end, Status::NoAnswer).await;
}
