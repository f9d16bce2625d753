//! Whether a WebSocket's handshake is Twilio's.

use actix_web::HttpRequest;
use directory::Account;
use role::Parts;
use webhook::signature::{Body, Request, Token, Validator};

const SIGNATURE: &str = "X-Twilio-Signature";

/// What a handshake is signed with; `None`: it is not.
pub fn signature(req: &HttpRequest) -> Option<&str> {
    req.headers().get(SIGNATURE)?.to_str().ok()
}

/// Whether a token of this account signed it. A handshake names no account, so the session does.
pub async fn is_signed(parts: &Parts, req: &HttpRequest, account_sid: &str) -> bool {
    let Some(account) = parts.directory.account_or_ask(account_sid).await else {
        return false;
    };
    signed_by(parts, req, &account)
}

/// The accounts that may have signed it; mostly one.
pub fn signers(parts: &Parts, req: &HttpRequest) -> Vec<String> {
    let known = parts.directory.accounts().into_iter();
    let signed = known.filter(|account| signed_by(parts, req, account));
    signed.map(|account| account.sid.clone()).collect()
}

fn signed_by(parts: &Parts, req: &HttpRequest, account: &Account) -> bool {
    let tokens = account.tokens.iter();
    let validator = Validator::new(tokens.filter_map(|token| Token::new(token.reveal()).ok()));
    let wire = req
        .uri()
        .path_and_query()
        .map_or_else(|| req.path().to_owned(), ToString::to_string);
    bases(parts, req).iter().any(|base| {
        let url = format!("{base}{wire}");
        let request = Request {
            url: &url,
            signature: signature(req),
            body: Body::Empty,
        };
        validator.verify(&request).is_ok()
    })
}

/// The addresses that the stream may have been given. Without a setting it is a laptop, reached under any of its names.
fn bases(parts: &Parts, req: &HttpRequest) -> Vec<String> {
    let header = |name: &str| req.headers().get(name).and_then(|v| v.to_str().ok());
    let mut bases = vec![for_sockets(&parts.settings.public_url())];
    if parts.settings.webhook_base_url.is_none()
        && let Some(host) = header("X-Forwarded-Host").or_else(|| header("Host"))
    {
        bases.extend(["ws", "wss"].map(|scheme| format!("{scheme}://{host}")));
    }
    bases
}

fn for_sockets(url: &str) -> String {
    match url.split_once("://") {
        Some(("http", rest)) => format!("ws://{rest}"),
        Some((_, rest)) => format!("wss://{rest}"),
        None => format!("wss://{url}"),
    }
}
