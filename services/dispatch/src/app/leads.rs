//! Leads are made from threads: what the customer wants, and where that stands.

use clock::Time;
use role::{Tx, derive_id};
use store::types;

use crate::db::{self, Conversation, Lead};

/// Where a lead may stand, in the usual order.
pub const STATUSES: &[&str] = &[
    "new",
    "qualified",
    "appointment_scheduled",
    "completed",
    "lost",
];

/// The id of a thread's lead.
pub fn id_of(conversation: &str) -> String {
    derive_id(&["lead", conversation])
}

/// The lead of a thread, made if there is none. The customer's lock is held.
pub async fn open(tx: &mut Tx, at: Time, thread: &Conversation) -> Result<Lead, store::Error> {
    let id = id_of(&thread.id);
    if let Some(lead) = db::lead_find(tx, &id).await? {
        return Ok(lead);
    }
    let lead = Lead {
        id,
        conversation_id: thread.id.clone(),
        tenant_id: thread.tenant_id.clone(),
        customer: thread.customer.clone(),
        status: "new".to_owned(),
        value: None,
        notes: String::new(),
        name: String::new(),
        address: String::new(),
        job: String::new(),
        preferred_time: String::new(),
        urgency: thread.urgency.clone(),
        appointment_at: None,
        created_at: types::Time(at),
        updated_at: types::Time(at),
    };
    db::lead_insert(tx, &lead).await?;
    Ok(lead)
}

/// An operator says where a lead stands.
pub async fn update(
    tx: &mut Tx,
    now: Time,
    lead: &Lead,
    status: &str,
    value: Option<f64>,
    notes: Option<String>,
) -> Result<Lead, store::Error> {
    db::opt_out_lock(tx, &lead.tenant_id, &lead.customer).await?;
    let mut lead = db::lead_find(tx, &lead.id)
        .await?
        .unwrap_or_else(|| lead.clone());
    status.clone_into(&mut lead.status);
    lead.value = value.or(lead.value);
    if let Some(notes) = notes {
        lead.notes = notes;
    }
    lead.updated_at = lead.updated_at.max(types::Time(now));
    db::lead_save(tx, &lead).await?;
    Ok(lead)
}
