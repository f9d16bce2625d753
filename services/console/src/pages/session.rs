//! Who sent a request, and whether a page of ours sent it.

use std::collections::HashMap;

use actix_web::dev::Payload;
use actix_web::http::Method;
use actix_web::http::header::REFERER;
use actix_web::{FromRequest, HttpRequest, web};
use api::operator::{CSRF_HEADER, csrf_token, is_csrf_token, session_token};
use encryption::key_hash;
use futures::future::LocalBoxFuture;
use tracing::error;

use super::html::PageError;
use crate::effects::grant::use_session;
use crate::operator::Operator;
use crate::state::State;

/// The operator whose session a request carries. Without one, the request leads to the sign-in.
pub struct SignedIn(pub Operator);

/// A form of one of our pages, with who sent it.
pub struct Sent {
    /// Who sent it.
    pub operator: Operator,
    fields: HashMap<String, String>,
}

impl Sent {
    /// A field without spaces around it; empty where it is not there.
    pub fn field(&self, name: &str) -> &str {
        self.fields.get(name).map_or("", |value| value.trim())
    }

    /// A field as it was written.
    pub fn raw(&self, name: &str) -> &str {
        self.fields.get(name).map_or("", String::as_str)
    }
}

impl FromRequest for SignedIn {
    type Error = PageError;
    type Future = LocalBoxFuture<'static, Result<Self, PageError>>;

    fn from_request(req: &HttpRequest, _: &mut Payload) -> Self::Future {
        let req = req.clone();
        Box::pin(async move {
            let found = find(&req).await?;
            found.map(SignedIn).ok_or_else(|| wanted(&req))
        })
    }
}

impl FromRequest for Sent {
    type Error = PageError;
    type Future = LocalBoxFuture<'static, Result<Self, PageError>>;

    fn from_request(req: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let req = req.clone();
        let form = web::Form::<HashMap<String, String>>::from_request(&req, payload);
        Box::pin(async move {
            let operator = find(&req).await?.ok_or_else(|| wanted(&req))?;
            let unreadable = |_| PageError::Invalid("The form could not be read.".to_owned());
            let fields = form.await.map_err(unreadable)?.into_inner();
            let header = req.headers().get(CSRF_HEADER);
            let header = header.and_then(|value| value.to_str().ok());
            let given = fields.get("csrf").map(String::as_str).or(header);
            let token = session_token(&req).unwrap_or_default();
            if !given.is_some_and(|given| is_csrf_token(&token, given)) {
                return Err(PageError::Forged);
            }
            Ok(Self { operator, fields })
        })
    }
}

/// The operator, if the session counts.
pub async fn find(req: &HttpRequest) -> Result<Option<Operator>, PageError> {
    let Some(state) = req.app_data::<web::Data<State>>() else {
        error!("the console has no state");
        return Err(PageError::Away);
    };
    let Some(token) = session_token(req) else {
        return Ok(None);
    };
    let hash = key_hash(&token);
    let found = use_session(&state.store, &hash, state.clock.now()).await?;
    Ok(found.map(|session| Operator {
        id: session.operator_id,
        name: session.name,
        tenant: Some(session.tenant_id).filter(|tenant| !tenant.is_empty()),
        scopes: session.scopes,
        session: hash,
        csrf: csrf_token(&token),
    }))
}

/// What was wanted, to return to it: the page itself, or the page that a form stood on.
fn wanted(req: &HttpRequest) -> PageError {
    let wanted = if *req.method() == Method::GET {
        req.uri().path_and_query().map(ToString::to_string)
    } else {
        let referer = req.headers().get(REFERER);
        let referer = referer.and_then(|value| value.to_str().ok());
        let page = referer.and_then(|text| url::Url::parse(text).ok());
        page.map(|url| url.path().to_owned())
    };
    PageError::SignIn(wanted.unwrap_or_else(|| "/console/".to_owned()))
}
