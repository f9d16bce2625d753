//! `Accounts/{sid}.json`: the one account.

use serde_json::json;

use crate::http::{Exchange, Reply};
use crate::time::rfc2822;

pub(super) fn fetch(exchange: &Exchange) -> Result<Reply, Reply> {
    let account = &exchange.shared.account;
    let path = format!("/2010-04-01/Accounts/{}", account.sid);
    let now = rfc2822(exchange.shared.time.now());
    Ok(Reply::Json(
        200,
        json!({
            "sid": account.sid,
            "friendly_name": "Trunkline emulator",
            "status": "active",
            "type": "Full",
            "owner_account_sid": account.sid,
            "auth_token": account.token,
            "date_created": now,
            "date_updated": now,
            "uri": format!("{path}.json"),
            "subresource_uris": {
                "calls": format!("{path}/Calls.json"),
                "keys": format!("{path}/Keys.json"),
                "messages": format!("{path}/Messages.json"),
                "recordings": format!("{path}/Recordings.json"),
                "incoming_phone_numbers": format!("{path}/IncomingPhoneNumbers.json"),
                "available_phone_numbers": format!("{path}/AvailablePhoneNumbers.json"),
            },
        }),
    ))
}
