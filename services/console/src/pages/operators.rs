//! Operators, the session of whoever looks, and the audit log.

use actix_web::{HttpResponse, web};
use askama::Template;
use chrono::{DateTime, Utc};

use super::audit::row;
use super::flash::Flash;
use super::format::When;
use super::html::{PageError, Shell, page, see};
use super::session::{Sent, SignedIn};
use super::sign_in::tell_ended;
use super::tenants::{Tenant, choices};
use crate::app::rights::Rights;
use crate::db::{self, Membership, Operator as Row};
use crate::operator::Operator;
use crate::password::{self, LONGEST, SHORTEST};
use crate::state::State;

struct Shown {
    id: String,
    name: String,
    may: String,
    own: bool,
    signed_in: Option<When>,
}

struct Change {
    when: When,
    actor: String,
    action: String,
    subject: String,
}

#[derive(Template)]
#[template(path = "operators.html")]
struct OperatorsPage {
    shell: Shell,
    owner: bool,
    operators: Vec<Shown>,
    memberships: Vec<Membership>,
    tenants: Vec<Tenant>,
    audit: Vec<Change>,
}

const MESSAGES: [(&str, &str); 4] = [
    ("added", "The operator can sign in now."),
    (
        "removed",
        "The operator is removed and signed out everywhere.",
    ),
    ("password", "The password is changed."),
    ("tenant", "You work for another tenant now."),
];

/// `/console/settings/operators`.
pub async fn list(
    state: web::Data<State>,
    who: SignedIn,
    flash: web::Query<Flash>,
) -> Result<HttpResponse, PageError> {
    let operator = &who.0;
    let owner = operator.may_administer();
    let (rows, memberships, audit) = {
        let mut tx = state.store.read().await?;
        let audit = match owner {
            true => db::audit_list(&mut tx, operator.tenant.as_deref(), 100).await?,
            false => Vec::new(),
        };
        (
            db::operator_list(&mut tx).await?,
            db::membership_list(&mut tx, None).await?,
            audit,
        )
    };
    let mut shell = Shell::new(operator, "settings", "Operators");
    shell.done = flash.among(&MESSAGES);
    let shown = rows
        .iter()
        .filter_map(|row| shown(row, &memberships, operator));
    let own = memberships
        .iter()
        .filter(|it| it.operator_id == operator.id);
    page(&OperatorsPage {
        shell,
        owner,
        operators: shown.collect(),
        memberships: own.cloned().collect(),
        tenants: choices(&state.api, operator).await,
        audit: audit
            .into_iter()
            .map(|it| Change {
                when: When(it.at.0),
                actor: it.actor,
                action: it.action,
                subject: it.subject,
            })
            .collect(),
    })
}

/// An operator as whoever looks may see it: one of another tenant alone is not shown.
fn shown(row: &Row, memberships: &[Membership], viewer: &Operator) -> Option<Shown> {
    let seen = |it: &&Membership| {
        let tenant = viewer.tenant.as_deref();
        it.operator_id == row.id && tenant.is_none_or(|tenant| it.tenant_id == tenant)
    };
    let may: Vec<_> = memberships
        .iter()
        .filter(seen)
        .map(|it| match it.tenant_id.as_str() {
            "" => format!("{} of every tenant", it.role),
            tenant => format!("{} of {tenant}", it.role),
        })
        .collect();
    let when: Option<DateTime<Utc>> = row.signed_in_at.map(|at| at.0);
    (!may.is_empty()).then(|| Shown {
        id: row.id.clone(),
        name: row.name.clone(),
        may: may.join(", "),
        own: row.id == viewer.id,
        signed_in: when.map(When),
    })
}

/// `POST /console/settings/operators`.
pub async fn add(state: web::Data<State>, sent: Sent) -> Result<HttpResponse, PageError> {
    let operator = &sent.operator;
    if !operator.may_administer() {
        return Err(PageError::Forbidden);
    }
    let name = sent.field("name");
    if name.is_empty() || name.chars().count() > 100 || name.chars().any(char::is_control) {
        return Err(invalid("The name must have 1 to 100 characters."));
    }
    let rights = Rights::parse(sent.field("role"));
    let rights = rights.ok_or_else(|| invalid("The role must be owner, operator or viewer."))?;
    // An owner of one tenant adds operators of that tenant only.
    let tenant = operator.tenant.clone();
    let tenant = tenant.unwrap_or_else(|| sent.field("tenant").to_owned());
    let hash = hashed(sent.raw("password")).await?;
    let id = state.clock.id();
    let new = Row {
        id: id.clone(),
        name: name.to_owned(),
        login: name.to_lowercase(),
        password_hash: hash,
        created_at: state.clock.now().into(),
        signed_in_at: None,
    };
    let membership = Membership {
        operator_id: id.clone(),
        tenant_id: tenant,
        role: rights.as_str().to_owned(),
    };
    let mut tx = state.store.begin().await?;
    if !db::operator_insert(&mut tx, &new).await? {
        tx.rollback().await?;
        return Err(invalid(
            "There is an operator of this name; choose another.",
        ));
    }
    db::membership_set(&mut tx, &membership).await?;
    db::audit_insert(&mut tx, &row(&state, operator, "operator.add", name)).await?;
    tx.commit().await?;
    Ok(see("/console/settings/operators?said=added"))
}

/// `POST /console/settings/operators/{id}/remove`.
pub async fn remove(
    state: web::Data<State>,
    sent: Sent,
    id: web::Path<String>,
) -> Result<HttpResponse, PageError> {
    let operator = &sent.operator;
    if !operator.may_administer() {
        return Err(PageError::Forbidden);
    }
    let mut tx = state.store.begin().await?;
    let found = db::operator_find(&mut tx, &id).await?;
    let memberships = db::membership_list(&mut tx, Some(&id)).await?;
    // Whoever works for other tenants as well is not this owner's to remove.
    let own = |it: &Membership| {
        operator
            .tenant
            .as_ref()
            .is_none_or(|own| *own == it.tenant_id)
    };
    let Some(found) = found.filter(|_| memberships.iter().all(own)) else {
        tx.rollback().await?;
        return Err(PageError::NotFound);
    };
    db::operator_delete(&mut tx, &id).await?;
    let ended = db::sessions_of_operator_delete(&mut tx, &id).await?;
    db::audit_insert(
        &mut tx,
        &row(&state, operator, "operator.remove", &found.name),
    )
    .await?;
    tell_ended(&state, tx, ended).await?;
    Ok(see("/console/settings/operators?said=removed"))
}

/// `POST /console/settings/password`: the operator's own; other sessions end.
pub async fn change_password(
    state: web::Data<State>,
    sent: Sent,
) -> Result<HttpResponse, PageError> {
    let operator = &sent.operator;
    let found = db::operator_find(&mut state.store.read().await?, &operator.id).await?;
    let found = found.ok_or(PageError::NotFound)?;
    let old = sent.raw("old").chars().take(LONGEST).collect();
    if !password::verify(old, Some(found.password_hash)).await {
        return Err(invalid("The present password is wrong."));
    }
    let hash = hashed(sent.raw("new")).await?;
    let mut tx = state.store.begin().await?;
    db::password_set(&mut tx, &operator.id, &hash).await?;
    let own = db::session_find(&mut tx, &operator.session).await?;
    let mut ended = db::sessions_of_operator_delete(&mut tx, &operator.id).await?;
    if let Some(own) = own {
        ended.retain(|hash| *hash != own.hash);
        db::session_insert(&mut tx, &own).await?;
    }
    db::audit_insert(&mut tx, &row(&state, operator, "password.change", "")).await?;
    tell_ended(&state, tx, ended).await?;
    Ok(see("/console/settings/operators?said=password"))
}

/// `POST /console/settings/tenant`: works for another of the operator's tenants.
pub async fn switch(state: web::Data<State>, sent: Sent) -> Result<HttpResponse, PageError> {
    let operator = &sent.operator;
    let mut tx = state.store.begin().await?;
    let memberships = db::membership_list(&mut tx, Some(&operator.id)).await?;
    let tenant = sent.field("tenant");
    let chosen = memberships.iter().find(|it| it.tenant_id == tenant);
    let Some(rights) = chosen.and_then(|it| Rights::parse(&it.role)) else {
        tx.rollback().await?;
        return Err(PageError::NotFound);
    };
    db::session_switch(&mut tx, &operator.session, tenant, rights.scopes()).await?;
    // Every process is to ask again what this session may do.
    tell_ended(&state, tx, vec![operator.session.clone()]).await?;
    Ok(see("/console/settings/operators?said=tenant"))
}

async fn hashed(password: &str) -> Result<String, PageError> {
    let length = password.chars().count();
    if !(SHORTEST..=LONGEST).contains(&length) {
        return Err(PageError::Invalid(format!(
            "The password must have {SHORTEST} to {LONGEST} characters."
        )));
    }
    let hash = password::hash(password.to_owned()).await;
    hash.map_err(|e| {
        tracing::error!(error = %e, "a password is not kept");
        PageError::Away
    })
}

fn invalid(why: &str) -> PageError {
    PageError::Invalid(why.to_owned())
}
