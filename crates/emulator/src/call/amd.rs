//! Answering machine detection (specification, section 2.7): who has picked up follows from how the phone was told to behave.

use crate::faults::{Behaviour, Callee};
use crate::leg_context::LegContext;
use crate::leg_control::{Goto, Interrupt};
use crate::status::Status;
use crate::time::seconds;
use crate::webhooks::deliver;
use crate::wire::Request;

/// A person says hello and then waits; a machine goes on talking.
const HUMAN_S: f64 = 2.0;
const MACHINE_S: f64 = 3.0;
/// What a machine says before its beep, unless a fault says otherwise.
const GREETING_S: f64 = 8.0;
/// The beep, and the silence that takes its place (`MachineDetectionSpeechEndThreshold`).
const BEEP_S: f64 = 1.0;
const SILENCE_S: f64 = 1.2;

/// What the application wants to know.
#[derive(Clone, Debug)]
pub(crate) struct Detection {
    /// `DetectMessageEnd`: after the greeting.
    pub(crate) until_end: bool,
    /// `MachineDetectionTimeout`
    pub(crate) timeout_s: f64,
    /// `AsyncAmd`: the TwiML is not held up.
    pub(crate) meanwhile: bool,
    /// `AsyncAmdStatusCallback` and its method.
    pub(crate) callback: Option<(String, String)>,
}

/// Who has picked up, and when that is known.
fn verdict(callee: &Callee, detection: &Detection) -> (&'static str, f64) {
    let (who, after_s) = match (callee.behaviour, detection.until_end) {
        (Behaviour::Machine, false) => ("machine_start", MACHINE_S),
        (Behaviour::Machine, true) => {
            let greeting_s = callee.greeting_s.unwrap_or(GREETING_S);
            match callee.beep {
                Some(false) => ("machine_end_silence", greeting_s + SILENCE_S),
                _ => ("machine_end_beep", greeting_s + BEEP_S),
            }
        }
        _ => ("human", HUMAN_S),
    };
    if after_s > detection.timeout_s {
        ("unknown", detection.timeout_s)
    } else {
        (who, after_s)
    }
}

/// Finds out who has picked up, before the call's TwiML or while it runs. Answers where the call goes on.
pub(crate) async fn detect(
    context: &LegContext,
    callee: &Callee,
    detection: &Detection,
    first: Goto,
) -> Result<Goto, Interrupt> {
    if detection.meanwhile {
        detect_meanwhile(context, callee, detection);
        return Ok(first);
    }
    let (who, after_s) = verdict(callee, detection);
    context.wait(seconds(after_s)).await?;
    found(context, who);
    Ok(match first {
        Goto::Fetch(mut ask) => {
            ask.extra.push(("AnsweredBy".to_owned(), who.to_owned()));
            Goto::Fetch(ask)
        }
        inline => inline,
    })
}

/// The same beside whatever the leg does.
pub(crate) fn detect_meanwhile(context: &LegContext, callee: &Callee, detection: &Detection) {
    let (who, after_s) = verdict(callee, detection);
    let (context, callback) = (context.clone(), detection.callback.clone());
    let shared = context.shared.clone();
    shared.spawn(async move { report(&context, who, after_s, callback).await });
}

fn found(context: &LegContext, who: &'static str) {
    let mut state = context.shared.state();
    if let Some(call) = state.call_mut(&context.sid) {
        call.answered_by = Some(who);
    }
    state.moment(&context.sid, "answered-by", who);
}

/// The callback of `AsyncAmd`, which says neither who calls nor whom.
async fn report(
    context: &LegContext,
    who: &'static str,
    after_s: f64,
    callback: Option<(String, String)>,
) {
    tokio::select! {
        biased;
        () = context.control.over() => return,
        () = context.shared.time.sleep(seconds(after_s)) => {}
    }
    if context.look(|call| call.status != Status::InProgress) {
        return;
    }
    found(context, who);
    let Some((url, method)) = callback else {
        return;
    };
    let token = context.shared.state().ids.token();
    let pair = |name: &str, value: String| (name.to_owned(), value);
    let request = Request {
        kind: "amd-status",
        sid: Some(context.sid.clone()),
        url,
        method,
        params: vec![
            pair("CallSid", context.sid.clone()),
            pair("AccountSid", context.shared.account.sid.clone()),
            pair("AnsweredBy", who.to_owned()),
            pair(
                "MachineDetectionDuration",
                format!("{:.0}", after_s * 1000.0),
            ),
        ],
        token,
    };
    // How it went is in the log.
    let _ = deliver(&context.shared, &request, |_| Ok(())).await;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_picks_up_follows_from_the_phones_behaviour() {
        let said = |behaviour, beep, until_end, greeting_s| {
            let callee = Callee {
                behaviour,
                beep,
                greeting_s: Some(greeting_s),
                ..Callee::default()
            };
            let detection = Detection {
                until_end,
                timeout_s: 30.0,
                meanwhile: false,
                callback: None,
            };
            verdict(&callee, &detection)
        };
        let machine = Behaviour::Machine;
        assert_eq!(said(Behaviour::Answer, None, true, 4.0), ("human", 2.0));
        assert_eq!(said(machine, None, false, 4.0), ("machine_start", 3.0));
        assert_eq!(said(machine, None, true, 4.0), ("machine_end_beep", 5.0));
        assert_eq!(
            said(machine, Some(false), true, 4.0),
            ("machine_end_silence", 5.2)
        );
        assert_eq!(said(machine, Some(true), true, 40.0), ("unknown", 30.0));
    }
}
