//! Operators: the session that a browser sends, the token that shows that a page of ours sent it, and the operator for
//! whom another role asks.

use actix_web::HttpRequest;
use actix_web::http::Method;
use actix_web::http::header::COOKIE;
use events::v1::KeyGrant;
use subtle::ConstantTimeEq;

use crate::ApiError;
use encryption::key_hash;

/// The cookie that holds a session's token.
pub const SESSION_COOKIE: &str = "trunkline_session";
/// The header that shows that a request with a session came from a page of ours.
pub const CSRF_HEADER: &str = "X-CSRF-Token";
/// Beside `X-Service-Key`: the name of the operator for whom a role asks.
pub const OPERATOR: &str = "X-Operator";
/// The only tenant that this operator may see; absent: all.
pub const OPERATOR_TENANT: &str = "X-Operator-Tenant";
/// What this operator may do: `read`, `write` or `admin`, separated by spaces.
pub const OPERATOR_SCOPES: &str = "X-Operator-Scopes";

/// The token of the session that a request carries.
pub fn session_token(req: &HttpRequest) -> Option<String> {
    let cookies = req.headers().get_all(COOKIE);
    let pairs = cookies.filter_map(|value| value.to_str().ok());
    let mut pairs = pairs.flat_map(|value| value.split(';'));
    let token = pairs.find_map(|pair| {
        let (name, value) = pair.trim().split_once('=')?;
        (name == SESSION_COOKIE).then_some(value)
    })?;
    let plain = !token.is_empty() && token.len() <= 128;
    plain.then(|| token.to_owned())
}

/// The token against forged requests of a session: pages carry it, and another site cannot know it. It does not lead
/// back to the session's own token.
pub fn csrf_token(session: &str) -> String {
    key_hash(&format!("csrf:{session}"))
}

/// Whether a token is the session's.
pub fn is_csrf_token(session: &str, given: &str) -> bool {
    let expected = csrf_token(session);
    expected.as_bytes().ct_eq(given.as_bytes()).into()
}

/// Refuses a request that changes something and does not show that a page of ours sent it.
pub(crate) fn refuse_forged(req: &HttpRequest, session: &str) -> Result<(), ApiError> {
    if matches!(*req.method(), Method::GET | Method::HEAD) {
        return Ok(());
    }
    let given = header(req, CSRF_HEADER).unwrap_or_default();
    if is_csrf_token(session, given) {
        return Ok(());
    }
    Err(ApiError::forbidden(format!(
        "a request with a session that changes something needs the header {CSRF_HEADER}; load the page again"
    )))
}

/// The operator whom another role names. Whoever believes it has looked at `X-Service-Key`.
pub(crate) fn named_by_role(req: &HttpRequest) -> Option<KeyGrant> {
    header(req, "X-Service-Key")?;
    let name = header(req, OPERATOR)?;
    let scopes = header(req, OPERATOR_SCOPES).unwrap_or_default();
    Some(KeyGrant {
        known: true,
        name: name.to_owned(),
        tenant_id: header(req, OPERATOR_TENANT).unwrap_or_default().to_owned(),
        scopes: scopes.split_whitespace().map(str::to_owned).collect(),
    })
}

fn header<'a>(req: &'a HttpRequest, name: &str) -> Option<&'a str> {
    req.headers().get(name)?.to_str().ok()
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    #[test]
    fn session_token_is_found_among_other_cookies() {
        let with = |cookie: &str| {
            let req = TestRequest::default().insert_header((COOKIE, cookie));
            session_token(&req.to_http_request())
        };
        assert_eq!(with("a=1; trunkline_session=abc; b=2").unwrap(), "abc");
        assert_eq!(with("my_trunkline_session=abc"), None);
        assert_eq!(with("trunkline_session="), None);
        assert_eq!(with("nonsense"), None);
    }

    #[test]
    fn forged_request_is_refused() {
        let req = |method: Method, token: Option<&str>| {
            let req = TestRequest::default().method(method);
            let req = match token {
                Some(token) => req.insert_header((CSRF_HEADER, token)),
                None => req,
            };
            refuse_forged(&req.to_http_request(), "session").is_ok()
        };
        assert!(req(Method::GET, None));
        assert!(!req(Method::POST, None));
        assert!(!req(Method::DELETE, Some("wrong")));
        assert!(!req(Method::POST, Some("session")));
        assert!(req(Method::POST, Some(&csrf_token("session"))));
    }
}
