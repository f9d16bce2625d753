//! Forgetting a customer: their queued texts and calls are removed. The list of opt-outs knows a pseudonym from now on, so that
//! the person is not texted again.

use async_trait::async_trait;
use encryption::Sealer;
use events::v1::{CallPlace, MessageSend, PersonForget};
use events::{Envelope, Event};
use role::erasure::{BATCH, Forgotten};
use role::{Cause, Decider, Decision, HandlerError, Tx};
use store::Error;

use crate::db::{opt_outs, waiting};

/// Takes `person.forget`. The ledger has no numbers but redacted ones: it forgets by itself.
pub(crate) struct Forget(pub Sealer);

#[async_trait]
impl Decider for Forget {
    type Event = PersonForget;
    const NAME: &'static str = "forget-person";

    async fn decide(
        &self,
        tx: &mut Tx,
        _: &Cause,
        event: PersonForget,
    ) -> Result<Decision, HandlerError> {
        let tenant = Some(event.tenant_id.as_str()).filter(|tenant| !tenant.is_empty());
        let pseudonym = self.0.pseudonym(&event.number);
        let renamed = opt_outs::forget(tx, tenant, &event.number, &pseudonym).await?;
        let person = (tenant, event.number.as_str());
        let texts = remove_queued::<MessageSend>(tx, person, |it| &it.to).await?;
        let calls = remove_queued::<CallPlace>(tx, person, |it| &it.to).await?;
        let mut forgotten = Forgotten::new(&event.receipt_id, "egress");
        forgotten.count("opt_outs_by_number", renamed);
        forgotten.count("waiting_texts", texts);
        forgotten.count("waiting_calls", calls);
        Ok(forgotten.decision())
    }
}

/// Removes a person's commands of one type from the backlog, of a tenant or of all; says how many. No refusal is published: the
/// roles that ordered them forget the person by the same event, and a refusal would tell the number once more.
async fn remove_queued<C: Event>(
    tx: &mut Tx,
    (tenant, number): (Option<&str>, &str),
    recipient: fn(&C) -> &str,
) -> Result<usize, Error> {
    let (mut removed, mut last) = (0, String::new());
    let limit = i64::try_from(BATCH).unwrap_or(i64::MAX);
    loop {
        let page = waiting::page(tx, C::TYPE, tenant, &last, limit).await?;
        let Some((id, _)) = page.last() else {
            return Ok(removed);
        };
        last.clone_from(id);
        let is_theirs = |envelope: &[u8]| {
            let command = Envelope::from_bytes(envelope).and_then(|it| it.decode::<C>());
            command.is_ok_and(|command| recipient(&command) == number)
        };
        let theirs = page.into_iter().filter(|(_, it)| is_theirs(it));
        let ids: Vec<String> = theirs.map(|(id, _)| id).collect();
        if !ids.is_empty() {
            waiting::remove(tx, C::TYPE, &ids).await?;
        }
        removed += ids.len();
    }
}
