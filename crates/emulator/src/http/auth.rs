//! Who may ask what: basic authentication with the account's credentials or an API key.

use actix_web::HttpRequest;
use actix_web::http::header::AUTHORIZATION;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use subtle::ConstantTimeEq as _;

use crate::http::{Access, Reply};
use crate::state::Shared;

/// Whether a request has the credentials that an endpoint asks for.
pub(crate) fn is_authorized(shared: &Shared, request: &HttpRequest, access: Access) -> bool {
    let given: Vec<u8> = request
        .headers()
        .get(AUTHORIZATION)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.strip_prefix("Basic "))
        .and_then(|value| STANDARD.decode(value.trim()).ok())
        .unwrap_or_default();
    let is = |sid: &str, secret: &str| -> bool {
        let wanted = format!("{sid}:{secret}");
        given.as_slice().ct_eq(wanted.as_bytes()).into()
    };
    let is_owner = || is(&shared.account.sid, &shared.account.token);
    let has_key = || {
        let state = shared.state();
        state.keys.iter().any(|key| is(&key.sid, &key.secret))
    };
    match access {
        Access::Open => true,
        Access::Account => is_owner() || has_key(),
        Access::Owner | Access::Control => is_owner(),
    }
}

/// The answer to a request without them.
pub(crate) fn refuse_stranger(access: Access) -> Reply {
    if access.is_api() {
        return Reply::refused(401, 20003, "Authenticate");
    }
    Reply::control_error(
        401,
        "unauthenticated",
        "use the emulator's account sid and auth token with basic authentication",
    )
}
