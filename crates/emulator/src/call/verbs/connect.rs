//! `<Connect>`: the call is a stream, or a conversation of words, until the application closes it (specification, sections 3 and 4).

use serde_json::{Map, Value};
use twiml::{Connect, Connected, ConversationRelay, Parameter, Stream as Noun};

use crate::call::Leg;
use crate::call::leg::{Flow, Kind};
use crate::document::method;
use crate::leg_control::Interrupt;
use crate::stream::{Ended, Relay, Stream};
use crate::webhooks;
use crate::wire::{Failure, Params, Request};

/// The longest name and value together.
const LONGEST_PARAMETER: usize = 500;

pub(crate) async fn run(leg: &mut Leg, connect: &Connect) -> Result<Flow, Interrupt> {
    if leg.kind == Kind::Whisper {
        leg.unsupported("Connect", "not in the TwiML for a callee");
        return Ok(Flow::Next);
    }
    let extra = match &connect.with {
        Connected::Stream(noun) => stream(leg, noun).await?,
        Connected::ConversationRelay(noun) => relay(leg, noun).await?,
    };
    match connect.action.as_deref() {
        Some(action) => {
            leg.goto("connect", Some(action), &method(connect.method), extra)
                .await
        }
        None => Ok(Flow::Next),
    }
}

async fn stream(leg: &mut Leg, noun: &Noun) -> Result<Params, Interrupt> {
    let sid = leg.context.shared.state().ids.sid("MZ");
    match hold(leg, noun, &sid).await {
        Ok(Ended::Closed) => told(leg, noun, &sid, "stream-stopped", None),
        Ok(Ended::Broken(failure)) | Err(failure) => {
            leg.context.note("stream", &failure);
            told(leg, noun, &sid, "stream-error", Some(&failure));
        }
        Ok(Ended::Interrupted(interrupt)) => {
            told(leg, noun, &sid, "stream-stopped", None);
            return Err(interrupt);
        }
    }
    Ok(Params::new())
}

/// A conversation of words. Answers what its action is told.
async fn relay(leg: &mut Leg, noun: &ConversationRelay) -> Result<Params, Interrupt> {
    let session = leg.context.shared.state().ids.sid("VX");
    let began = leg.context.shared.time.now();
    let context = leg.context.clone();
    let parameters = parameters(leg, &noun.parameters);
    let opening = Relay::open(&context, noun, session.clone(), parameters);
    let opened = tokio::select! {
        opened = opening => opened,
        why = context.control.interrupted() => return Err(why),
    };
    let (ended, handoff) = match opened {
        Ok(mut relay) => {
            context.moment("relay", format!("{session} begins"));
            let ended = Box::pin(relay.run(&mut leg.inputs)).await;
            context.moment("relay", format!("{session} ended"));
            (ended, relay.handoff)
        }
        Err(failure) => (Ended::Broken(failure), None),
    };
    let status = match ended {
        Ended::Closed => "ended",
        Ended::Broken(failure) => {
            context.note("relay", &failure);
            "failed"
        }
        Ended::Interrupted(interrupt) => return Err(interrupt),
    };
    let lasted = (context.shared.time.now() - began).num_seconds();
    let text = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    let mut params = vec![
        text("SessionId", &session),
        text("SessionStatus", status),
        text("SessionDuration", &lasted.to_string()),
    ];
    if let Some(handoff) = handoff {
        params.push(text("HandoffData", &handoff));
    }
    Ok(params)
}

async fn hold(leg: &mut Leg, noun: &Noun, sid: &str) -> Result<Ended, Failure> {
    let url = noun.url.clone().unwrap_or_default();
    let context = leg.context.clone();
    let opening = Stream::open(
        &context,
        &url,
        sid.to_owned(),
        parameters(leg, &noun.parameters),
    );
    let stream = tokio::select! {
        stream = opening => stream?,
        why = context.control.interrupted() => return Ok(Ended::Interrupted(why)),
    };
    leg.context.moment("stream", format!("{sid} begins"));
    told(leg, noun, sid, "stream-started", None);
    let ended = Box::pin(stream.run(&mut leg.inputs)).await;
    leg.context.moment("stream", format!("{sid} ended"));
    Ok(ended)
}

fn parameters(leg: &Leg, given: &[Parameter]) -> Map<String, Value> {
    let mut all = Map::new();
    for parameter in given {
        let name = parameter.name.clone().unwrap_or_default();
        let value = parameter.value.as_ref().map_or("", |value| value.as_str());
        if name.len() + value.len() >= LONGEST_PARAMETER {
            leg.unsupported("Parameter", "name and value have 500 characters or more");
            continue;
        }
        all.insert(name, value.into());
    }
    all
}

/// Tells the stream's status callback, where it has one.
fn told(leg: &Leg, noun: &Noun, sid: &str, event: &str, failure: Option<&Failure>) {
    let Some(url) = noun.status_callback.as_deref() else {
        return;
    };
    let Ok(url) = leg.resolve(url) else {
        return;
    };
    let shared = &leg.context.shared;
    let text = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    let mut params = vec![
        text("AccountSid", &shared.account.sid),
        text("CallSid", &leg.context.sid),
        text("StreamSid", sid),
        text("StreamName", noun.name.as_deref().unwrap_or(sid)),
        text("StreamEvent", event),
        text("Timestamp", &shared.time.now().to_rfc3339()),
    ];
    if let Some(failure) = failure {
        params.push(text("StreamError", &failure.words));
    }
    let token = shared.state().ids.token();
    let request = Request {
        kind: "stream-status",
        sid: Some(leg.context.sid.clone()),
        url,
        method: method(noun.status_callback_method),
        params,
        token,
    };
    webhooks::send(shared, request, event != "stream-started");
}
