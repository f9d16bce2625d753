//! Signing in and out.

use std::collections::HashMap;

use actix_web::http::StatusCode;
use actix_web::http::header::{LOCATION, RETRY_AFTER, SET_COOKIE};
use actix_web::{HttpRequest, HttpResponse, web};
use api::operator::SESSION_COOKIE;
use api::{ApiError, Caller};
use askama::Template;
use chrono::Duration;
use encryption::{key_hash, new_key};
use events::Envelope;
use events::v1::KeyChanged;
use role::Tx;
use serde::Deserialize;
use serde_json::json;
use tracing::{info, warn};

use super::html::{PageError, Shell, page, page_of_ours, see, with_status};
use super::session::{Sent, find};
use crate::app::rights::Rights;
use crate::app::session::{ABSOLUTE, Identity, begin};
use crate::state::State;
use crate::{db, password};

/// How long a link signs in.
const LINK_LASTS: Duration = Duration::hours(24);

#[derive(Template)]
#[template(path = "sign_in.html")]
struct SignInPage {
    shell: Shell,
    next: String,
    name: String,
    wrong: Option<String>,
}

/// `?next=&link=`.
#[derive(Debug, Deserialize)]
pub struct Wanted {
    next: Option<String>,
    link: Option<String>,
    said: Option<String>,
}

impl SignInPage {
    fn new(next: &str) -> Self {
        Self {
            shell: Shell {
                title: "Sign in".to_owned(),
                ..Shell::default()
            },
            next: page_of_ours(next).to_owned(),
            name: String::new(),
            wrong: None,
        }
    }
}

/// `/`.
pub async fn front(req: HttpRequest) -> Result<HttpResponse, PageError> {
    let signed_in = find(&req).await?.is_some();
    Ok(see(if signed_in {
        "/console/"
    } else {
        "/console/sign-in"
    }))
}

/// `GET /console/sign-in`.
pub async fn show(
    req: HttpRequest,
    state: web::Data<State>,
    wanted: web::Query<Wanted>,
) -> Result<HttpResponse, PageError> {
    let next = wanted.next.as_deref().unwrap_or_default();
    let mut form = SignInPage::new(next);
    if let Some(link) = &wanted.link {
        return use_link(&state, link, form).await;
    }
    if find(&req).await?.is_some() {
        return Ok(see(&form.next));
    }
    if wanted.said.as_deref() == Some("out") {
        form.shell.done = Some("You are signed out.");
    }
    page(&form)
}

async fn use_link(
    state: &State,
    link: &str,
    mut form: SignInPage,
) -> Result<HttpResponse, PageError> {
    let now = state.clock.now();
    let mut tx = state.store.begin().await?;
    if !db::link_use(&mut tx, &key_hash(link), now.into()).await? {
        tx.rollback().await?;
        form.wrong = Some("This link was used before, or is too old. Sign in with your name and password or an API key, or start the platform again for a new link.".to_owned());
        return with_status(StatusCode::FORBIDDEN, &form);
    }
    let who = Identity {
        name: "first owner".to_owned(),
        scopes: Rights::Owner.scopes().to_owned(),
        ..Identity::default()
    };
    start(state, tx, who, &form.next).await
}

/// `POST /console/sign-in`.
pub async fn sign_in(
    req: HttpRequest,
    state: web::Data<State>,
    fields: web::Form<HashMap<String, String>>,
) -> Result<HttpResponse, PageError> {
    if is_cross_site(&req) {
        return Err(PageError::Forged);
    }
    let field = |name: &str| fields.get(name).map_or("", |value| value.trim());
    let (name, key) = (field("name"), field("api_key"));
    let mut form = SignInPage::new(field("next"));
    form.name = name.chars().take(100).collect();
    let login = name.to_lowercase();
    let address = req.peer_addr().map(|it| it.ip().to_string());
    let address = address.unwrap_or_default();
    let now = state.clock.now();
    if let Some(wait_s) = state.limit.wait_s(&login, &address, now) {
        let minutes = (wait_s + 59) / 60;
        form.wrong = Some(format!("Too many attempts. Try again in {minutes} min."));
        let mut refused = with_status(StatusCode::TOO_MANY_REQUESTS, &form)?;
        refused.headers_mut().insert(RETRY_AFTER, wait_s.into());
        return Ok(refused);
    }
    let who = if key.is_empty() {
        by_password(&state, &login, fields.get("password")).await?
    } else {
        by_key(&state, key).await?
    };
    let Some(who) = who else {
        state.limit.failed(&login, &address, now);
        warn!("a sign-in failed");
        form.wrong = Some(if key.is_empty() {
            "Name or password is wrong.".to_owned()
        } else {
            "This API key is not known, or was withdrawn.".to_owned()
        });
        return with_status(StatusCode::UNAUTHORIZED, &form);
    };
    state.limit.succeeded(&login);
    let tx = state.store.begin().await?;
    start(&state, tx, who, &form.next).await
}

async fn by_key(state: &State, key: &str) -> Result<Option<Identity>, PageError> {
    let caller = state.keys.caller(key).await.map_err(|_| PageError::Away)?;
    Ok(caller.map(|caller| Identity {
        operator_id: String::new(),
        key_hash: key_hash(key),
        name: format!("key {}", caller.name),
        tenant_id: caller.tenant.unwrap_or_default(),
        scopes: caller.scopes.join(" "),
    }))
}

async fn by_password(
    state: &State,
    login: &str,
    given: Option<&String>,
) -> Result<Option<Identity>, PageError> {
    let given = given.cloned().unwrap_or_default();
    if login.is_empty() || given.len() > password::LONGEST {
        return Ok(None);
    }
    let (operator, memberships) = {
        let mut tx = state.store.read().await?;
        let operator = db::operator_by_login(&mut tx, login).await?;
        let id = operator.as_ref().map_or("", |it| it.id.as_str());
        let memberships = db::membership_list(&mut tx, Some(id)).await?;
        (operator, memberships)
    };
    let kept = operator.as_ref().map(|it| it.password_hash.clone());
    if !password::verify(given, kept).await {
        return Ok(None);
    }
    let Some(operator) = operator else {
        return Ok(None);
    };
    // The first is the one for every tenant, where there is one.
    let first = memberships.into_iter().next();
    Ok(first.and_then(|membership| {
        let rights = Rights::parse(&membership.role)?;
        Some(Identity {
            operator_id: operator.id,
            key_hash: String::new(),
            name: operator.name,
            tenant_id: membership.tenant_id,
            scopes: rights.scopes().to_owned(),
        })
    }))
}

/// Begins a session and leads to the page that was wanted.
async fn start(
    state: &State,
    mut tx: Tx,
    who: Identity,
    next: &str,
) -> Result<HttpResponse, PageError> {
    let token = new_key("");
    let now = state.clock.now();
    begin(&mut tx, now, state.clock.id(), key_hash(&token), who).await?;
    tx.commit().await?;
    info!("an operator signed in");
    let lasts = ABSOLUTE.num_seconds();
    let secure = if state.secure { "; Secure" } else { "" };
    Ok(HttpResponse::SeeOther()
        .insert_header((LOCATION, next))
        .insert_header(("cache-control", "no-store"))
        .insert_header((
            SET_COOKIE,
            format!(
                "{SESSION_COOKIE}={token}; Path=/; Max-Age={lasts}; HttpOnly; SameSite=Lax{secure}"
            ),
        ))
        .finish())
}

/// `POST /console/sign-out`; `everywhere` ends the operator's other sessions, too.
pub async fn sign_out(state: web::Data<State>, sent: Sent) -> Result<HttpResponse, PageError> {
    let operator = &sent.operator;
    let mut tx = state.store.begin().await?;
    let mut ended = vec![operator.session.clone()];
    db::session_delete(&mut tx, &operator.session).await?;
    if sent.field("everywhere") == "yes" && !operator.id.is_empty() {
        ended.extend(db::sessions_of_operator_delete(&mut tx, &operator.id).await?);
    }
    tell_ended(&state, tx, ended).await?;
    let over = format!("{SESSION_COOKIE}=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax");
    Ok(HttpResponse::SeeOther()
        .insert_header((LOCATION, "/console/sign-in?said=out"))
        .insert_header((SET_COOKIE, over))
        .finish())
}

/// Commits, and tells every process that these sessions count no more.
pub async fn tell_ended(state: &State, mut tx: Tx, ended: Vec<String>) -> Result<(), PageError> {
    let now = state.clock.now();
    let event = |hash: String| {
        let changed = KeyChanged { hash, made: false };
        Envelope::at("trunkline/console", state.clock.id(), now, &changed)
    };
    let leaving: Vec<_> = ended.into_iter().map(event).collect();
    state.relay.put(&mut tx, now, &leaving).await?;
    tx.commit().await?;
    state.relay.leave(leaving);
    Ok(())
}

/// `POST /console/links`, for a key of the whole platform: a link that signs in once, as long as no operator has been
/// added.
pub async fn make_link(state: web::Data<State>, caller: Caller) -> Result<HttpResponse, ApiError> {
    if caller.tenant.is_some() {
        return Err(ApiError::forbidden(
            "a key that is bound to a tenant makes no link for the whole platform",
        ));
    }
    let token = new_key("");
    let now = state.clock.now();
    let mut tx = state.store.begin().await?;
    if db::operator_count(&mut tx).await? > 0 {
        tx.rollback().await?;
        return Err(ApiError::conflict(
            "has_operators",
            "operators sign in by name and password",
        ));
    }
    db::link_insert(&mut tx, &key_hash(&token), (now + LINK_LASTS).into()).await?;
    tx.commit().await?;
    let path = format!("/console/sign-in?link={token}");
    Ok(HttpResponse::Created().json(json!({ "id": token, "path": path })))
}

/// Whether a browser says that another site sent this.
fn is_cross_site(req: &HttpRequest) -> bool {
    let site = req.headers().get("sec-fetch-site");
    let site = site.and_then(|value| value.to_str().ok());
    site.is_some_and(|site| site == "cross-site" || site == "same-site")
}
