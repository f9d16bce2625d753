//! Whether a caller who is turned away is going to be texted: nothing is said that will not be done.

use chrono::Duration;
use clock::Time;
use events::v1::{TenantContext, VoiceParameters};
use phone::Address;
use role::Tx;

use crate::db::customers;

/// The window of a tenant that has not chosen one.
const WINDOW_S: u32 = 1800;

/// Whether a text follows, as far as this role can know.
pub async fn will_be_texted(
    tx: &mut Tx,
    tenant: &TenantContext,
    voice: &VoiceParameters,
    at: Time,
) -> Result<bool, store::Error> {
    let Some(text_back) = tenant.text_back.as_ref().filter(|it| it.enabled) else {
        return Ok(false);
    };
    let caller = Address::parse(&voice.from);
    let Some(caller) = caller.as_e164().map(phone::E164::as_str) else {
        return Ok(false);
    };
    let own = tenant.number.as_ref().map_or("", |it| it.number.as_str());
    let is_business = [voice.to.as_str(), own, &tenant.forward_to].contains(&caller);
    if is_business {
        return Ok(false);
    }
    let known = customers::find(tx, &tenant.tenant_id, caller).await?;
    let window = match text_back.window_s {
        0 => WINDOW_S,
        window_s => window_s,
    };
    let since = at - Duration::seconds(i64::from(window));
    Ok(known.is_none_or(|it| {
        !it.opted_out && !it.unreachable && it.texted_at.is_none_or(|texted| texted.0 <= since)
    }))
}
