//! `<Start>` and `<Stop>`: what runs beside the call, across its documents (specification, section 3: Start/Recording).

use twiml::{Channels, Start, Started, Stop, Stopped, Track, Trim};

use crate::call::Leg;
use crate::call::leg::NOT_RUN;
use crate::document::method;
use crate::recording::{self, Plan, TWIML};

pub(crate) fn start(leg: &Leg, start: &Start) {
    for started in &start.started {
        match started {
            Started::Recording(it) => begin(leg, it),
            Started::Stream(_) => leg.unsupported("Stream", NOT_RUN),
            Started::Other(other) => leg.unsupported(other.name(), NOT_RUN),
        }
    }
}

pub(crate) fn stop(leg: &Leg, stop: &Stop) {
    for stopped in &stop.stopped {
        match stopped {
            Stopped::Recording(it) => end(leg, it.name.as_deref()),
            Stopped::Stream(_) => leg.unsupported("Stream", NOT_RUN),
            Stopped::Other(other) => leg.unsupported(other.name(), NOT_RUN),
        }
    }
}

fn begin(leg: &Leg, it: &twiml::Recording) {
    let url = it
        .recording_status_callback
        .as_deref()
        .map(|url| leg.resolve(url));
    let method = method(it.recording_status_callback_method);
    let events = it.recording_status_callback_event.as_deref();
    let callback = recording::callback(url, method, events).unwrap_or_else(|failure| {
        leg.context.note("recording-status", &failure);
        None
    });
    let plan = Plan {
        call_sid: leg.context.sid.clone(),
        source: TWIML,
        name: it.name.clone(),
        channels: match it.channels {
            Some(Channels::Mono) => 1,
            Some(Channels::Dual) | None => 2,
        },
        track: it.track.unwrap_or(Track::Both),
        trim: it.trim != Some(Trim::DoNotTrim),
        callback,
    };
    recording::begin(&leg.context.shared, plan);
}

/// Ends the recordings of that name, or all that were started like this.
fn end(leg: &Leg, name: Option<&str>) {
    let context = &leg.context;
    let named: Vec<String> = context
        .shared
        .state()
        .recordings
        .iter()
        .filter(|it| it.call_sid == context.sid && it.source == TWIML && it.status.is_live())
        .filter(|it| name.is_none_or(|name| it.name.as_deref() == Some(name)))
        .map(|it| it.sid.clone())
        .collect();
    if named.is_empty() {
        context.moment("unsupported", "<Stop>: no such recording is running");
    }
    for sid in named {
        recording::stop(&context.shared, &context.sid, Some(&sid));
    }
}
