//! Calls that come back to where they were forwarded from.

use std::sync::Arc;

use events::v1::{TenantContext, TextBack, VoiceInbound};

use crate::story::{CALL, CALLER, NUMBER, OWNER, at};
use crate::test_app::{OTHER, TestApp};
use crate::told::{Told, What};
use crate::words::{dialled, inbound, tenant};

fn texting(id: &str) -> TenantContext {
    TenantContext {
        text_back: Some(TextBack {
            enabled: true,
            ..TextBack::default()
        }),
        ..tenant(id)
    }
}

fn comes_in(second: i64, event: VoiceInbound) -> Told {
    let call = event.voice.as_ref().unwrap().call_sid.clone();
    Told::new(
        second,
        &format!("{call}-inbound"),
        What::Inbound(event),
        true,
    )
}

/// A call of smith's that the owner's carrier has forwarded.
fn forwarded_back(call: &str, from: &str, forwarded_from: &str) -> VoiceInbound {
    let mut event = inbound(call, texting("smith"));
    let voice = event.voice.as_mut().unwrap();
    voice.from = from.into();
    voice.forwarded_from = forwarded_from.into();
    event
}

pub async fn call_forwarded_back_by_the_carrier_is_missed_and_not_dialled(app: Arc<TestApp>) {
    for (call, from, forwarded_from) in [
        ("CA1", CALLER, OWNER),
        ("CA2", CALLER, "5550100002"),
        ("CA3", OWNER, ""),
    ] {
        let event = forwarded_back(call, from, forwarded_from);
        let xml = app.ask(&comes_in(0, event)).await;
        assert!(
            !xml.contains("<Dial") && xml.contains("take your call"),
            "{xml}"
        );
        assert_eq!(
            xml.contains("will text you"),
            from == CALLER,
            "the owner is not texted: {xml}"
        );
        let row = app.row(call).await;
        assert_eq!(
            (row.outcome.as_str(), row.reason.as_str()),
            ("missed", "forwarded-back")
        );
    }
    app.rest().await;
    let mut from: Vec<_> = app
        .missed()
        .into_iter()
        .map(|missed| missed.call.unwrap().from)
        .collect();
    // Events of different calls come in any order.
    from.sort();
    assert_eq!(from, [OWNER, CALLER, CALLER]);
}

/// The call that rings the owner's phone comes back: the second hears a busy line, so that the first ends as missed,
/// and its caller is the real one, whatever the carrier says.
pub async fn call_that_comes_back_while_it_rings_ends_the_ringing(app: Arc<TestApp>) {
    app.ask(&comes_in(0, inbound(CALL, texting("smith")))).await;
    let back = forwarded_back("CA2", OWNER, "");
    let xml = app.ask(&comes_in(12, back)).await;
    assert!(xml.contains("<Reject reason=\"busy\"/>"), "{xml}");
    let busy = dialled(CALL, texting("smith"), "busy");
    app.publish("calls.dial-finished", at(13), &busy).await;
    assert_eq!(app.row(CALL).await.reason, "busy");
    app.rest().await;
    let from: Vec<_> = app
        .missed()
        .into_iter()
        .map(|missed| missed.call.unwrap().from)
        .collect();
    assert!(from.contains(&CALLER.to_owned()), "{from:?}");
}

/// smith forwards to jones's number, jones to smith's: the second of them ends it, and only smith's call is missed.
pub async fn numbers_that_forward_to_each_other_do_not_loop(app: Arc<TestApp>) {
    let mut smith = texting("smith");
    smith.forward_to = OTHER.into();
    let mut jones = texting("jones");
    jones.forward_to = NUMBER.into();
    jones.number.as_mut().unwrap().number = OTHER.into();
    let xml = app.ask(&comes_in(0, inbound(CALL, smith.clone()))).await;
    assert!(xml.contains(OTHER), "{xml}");
    let mut second = inbound("CA2", jones);
    second.voice.as_mut().unwrap().to = OTHER.into();
    let told = Told {
        tenant: "jones",
        ..comes_in(1, second)
    };
    let xml = app.ask(&told).await;
    assert!(!xml.contains("<Dial") && xml.contains("busy"), "{xml}");
    let row = app.row("CA2").await;
    assert_eq!(
        (row.outcome.as_str(), row.reason.as_str()),
        ("failed", "forwarding-loop")
    );
    app.publish("calls.dial-finished", at(2), &dialled(CALL, smith, "busy"))
        .await;
    app.rest().await;
    assert_eq!(app.missed().len(), 1);
}

/// A tenant that forwards to its own number.
pub async fn number_that_forwards_to_itself_is_not_dialled(app: Arc<TestApp>) {
    let mut smith = texting("smith");
    smith.forward_to = NUMBER.into();
    let xml = app.ask(&comes_in(0, inbound(CALL, smith))).await;
    assert!(
        !xml.contains("<Dial") && xml.contains("will text you"),
        "{xml}"
    );
}

/// Nothing is begun for a tenant that is suspended, and whoever calls it is not texted back.
pub async fn suspended_tenant_dials_nobody_and_texts_nobody(app: Arc<TestApp>) {
    let mut smith = texting("smith");
    smith.number.as_mut().unwrap().status = "suspended".into();
    let xml = app.ask(&comes_in(0, inbound(CALL, smith.clone()))).await;
    assert!(!xml.contains("<Dial"), "{xml}");
    // A call that the front door has turned away is known by its end alone.
    let ended = crate::words::status("CA2", smith.clone(), "completed", Some(3), "");
    app.publish("calls.status", at(5), &ended).await;
    let looked_up = events::v1::CallLookedUp {
        call_sid: "CA2".into(),
        tenant: Some(smith),
        found: true,
        status: "completed".into(),
        ..Default::default()
    };
    app.publish("calls.looked-up", at(16), &looked_up).await;
    for call in [CALL, "CA2"] {
        let row = app.row(call).await;
        assert_eq!(
            (row.outcome.as_str(), row.reason.as_str()),
            ("failed", "suspended")
        );
    }
    app.rest().await;
    assert!(app.missed().is_empty());
}
