//! A role that does as it is told, so that the frame around it can be watched.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use actix_web::{HttpResponse, web};
use api::health::Flag;
use api::{Access, ApiError, Body, Caller, Method, Page, Query, Route, Scope, query_shape, shape};
use async_trait::async_trait;
use bus::Bus;
use chrono::TimeDelta;
use clock::Clock;
use diesel_migrations::embed_migrations;
use events::v1::{
    CallLookup, CallSettle, NumberBought, NumberBuy, NumberRelease, NumberReleased, OptOutChanged,
};
use events::{Envelope, Event};
use role::{
    Cause, Decider, Decision, HandlerError, Outcome, Parts, Performer, ReplySlot, Role, Tx,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;
use store::prelude::*;
use store::{Migrations, on};
use testkit::EventRecorder;

pub const MIGRATIONS: Migrations = Migrations {
    postgres: embed_migrations!("tests/it/migrations/postgres"),
    sqlite: embed_migrations!("tests/it/migrations/sqlite"),
};

diesel::table! {
    notes (id) {
        id -> Text,
        word -> Text,
    }
}

/// How many events left a note.
pub async fn notes(tx: &mut Tx) -> i64 {
    on!(tx, c => notes::table.count().get_result(c).await).unwrap()
}

pub async fn role(
    name: &'static str,
    parts: &Parts,
    flag: &Flag,
    recorder: &Arc<EventRecorder>,
) -> Role {
    let mut role = Role::new(name, parts);
    role.with_store(MIGRATIONS).await.unwrap();
    role.decides(Obedient).unwrap();
    let (bus, recorder) = (parts.bus.clone(), recorder.clone());
    role.performs(Persistent {
        runs: AtomicU32::new(0),
        bus,
        recorder,
    })
    .unwrap();
    role.needs("sample.cache", flag.clone());
    role.serves(ROUTES, flag.clone());
    role
}

/// Who waits on an order that was told to `wait`.
async fn slot_of(tx: &mut Tx, id: &str) -> ReplySlot {
    let kept: String =
        on!(tx, c => notes::table.find(id).select(notes::word).first(c).await).unwrap();
    serde_json::from_str(&kept).unwrap()
}

/// Decides what `country` says.
pub struct Obedient;

#[async_trait]
impl Decider for Obedient {
    type Event = NumberBuy;
    const NAME: &'static str = "obedient";

    async fn decide(
        &self,
        tx: &mut Tx,
        cause: &Cause,
        event: NumberBuy,
    ) -> Result<Decision, HandlerError> {
        let word = event.country.as_str();
        let kept = match word {
            "wait" => serde_json::to_string(&cause.reply_slot()).unwrap(),
            _ => word.to_owned(),
        };
        let row = (notes::id.eq(&cause.id), notes::word.eq(kept));
        on!(tx, c => diesel::insert_into(notes::table).values(row).execute(c).await)
            .map_err(store::Error::from)?;
        let call_sid = event.number_id.clone();
        let mut decision = Decision::nothing();
        if word == "wait" {
            return Ok(decision);
        }
        for id in word.strip_prefix("answer ").unwrap_or_default().split(' ') {
            if !id.is_empty() {
                let late = NumberBought {
                    number_id: id.into(),
                    reason: format!("told by {}", cause.id),
                    ..NumberBought::default()
                };
                decision = decision.reply_late(slot_of(tx, id).await, &late);
            }
        }
        let decision = match (word, cause.attempt) {
            ("later", 1) => return Err(HandlerError::Retry("not yet".into())),
            ("never", _) => return Err(HandlerError::Reject("it cannot be".into())),
            ("panic", 1) => panic!("as told"),
            ("fact", _) => decision.publish(&OptOutChanged::default()),
            ("command", _) => decision.publish(&CallLookup {
                call_sid,
                ..CallLookup::default()
            }),
            ("timer", _) => decision.schedule(
                TimeDelta::seconds(60),
                &CallSettle {
                    call_sid,
                    tenant: None,
                },
            ),
            _ => decision.publish(&NumberReleased {
                number_id: call_sid,
                ..NumberReleased::default()
            }),
        };
        let reply = NumberBought {
            number_id: event.number_id,
            ok: cause.wants_reply,
            reason: notes(tx).await.to_string(),
            ..NumberBought::default()
        };
        Ok(decision.reply(&reply))
    }
}

/// Its outcome is a command, whose consumer is there only when it has been performed for the second time.
struct Persistent {
    runs: AtomicU32,
    bus: Bus,
    recorder: Arc<EventRecorder>,
}

#[async_trait]
impl Performer for Persistent {
    type Command = NumberRelease;
    const NAME: &'static str = "persistent";

    fn retry_delays(&self) -> Vec<Duration> {
        vec![Duration::from_millis(20); 4]
    }

    async fn perform(
        &self,
        cause: &Cause,
        command: NumberRelease,
    ) -> Result<Outcome, HandlerError> {
        let run = self.runs.fetch_add(1, Ordering::Relaxed) + 1;
        assert_eq!(run, cause.attempt);
        if run == 2 {
            self.recorder
                .listen_as("test.lookups", &self.bus, &[CallLookup::TYPE])
                .await;
        }
        let account_sid = format!("run {run}");
        let outcome = CallLookup {
            call_sid: command.number_id,
            account_sid,
            tenant: None,
        };
        Ok(Outcome::nothing().publish(&outcome))
    }
}

#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Thing {
    name: String,
    size: u32,
}

pub const ROUTES: &[Route] = &[
    Route::new(
        Method::Get,
        "/things/",
        Access::Key(Scope::Read),
        "Who asks",
        || web::to(who),
    ),
    Route::new(
        Method::Post,
        "/things/",
        Access::Key(Scope::Write),
        "Makes a thing",
        || web::to(make),
    )
    .takes(shape::<Thing>)
    .gives(shape::<Thing>),
    Route::new(
        Method::Get,
        "/things/{id}",
        Access::Key(Scope::Read),
        "A thing",
        || web::to(no_thing),
    )
    .gives(shape::<Thing>),
    Route::new(
        Method::Get,
        "/things/special",
        Access::Public,
        "A fixed word",
        || web::to(special),
    ),
    Route::new(
        Method::Delete,
        "/things/{id}",
        Access::Key(Scope::Admin),
        "No more",
        || web::to(special),
    ),
    Route::new(Method::Get, "/inside", Access::Service, "For roles", || {
        web::to(special)
    }),
    Route::new(Method::Get, "/pages", Access::Public, "A list", || {
        web::to(pages)
    })
    .asks(query_shape::<Page>),
    Route::new(
        Method::Get,
        "/waits",
        Access::Public,
        "Waits for the flag",
        || web::to(waits),
    ),
];

async fn who(caller: Caller) -> HttpResponse {
    let may_write = caller.may(Scope::Write);
    let sees = ["smith", "jones"].map(|tenant| caller.may_see(tenant));
    HttpResponse::Ok().json(json!({ "name": caller.name, "tenant": caller.tenant, "may_write": may_write, "sees": sees }))
}

async fn make(Body(thing): Body<Thing>) -> Result<HttpResponse, ApiError> {
    if thing.size == 0 {
        return Err(ApiError::invalid("size", "must be 1 or more"));
    }
    Ok(HttpResponse::Created().json(thing))
}

async fn no_thing() -> Result<HttpResponse, ApiError> {
    Err(ApiError::not_found("thing"))
}

async fn special() -> HttpResponse {
    HttpResponse::Ok().json(json!({ "special": true }))
}

/// Says that it is in hand, and has an answer when the flag is set.
async fn waits(flag: web::Data<Flag>, bus: web::Data<Bus>) -> HttpResponse {
    let begun = Envelope::new("trunkline/test", &Clock::system(), &CallSettle::default());
    bus.publish(&begun).await.unwrap();
    while !flag.load(Ordering::Relaxed) {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    HttpResponse::Ok().finish()
}

async fn pages(page: Query<Page>) -> HttpResponse {
    let from = page
        .cursor
        .as_ref()
        .and_then(|c| c.parse::<i64>().ok())
        .map_or(0, |c| c + 1);
    let rows = (from..5)
        .take(usize::try_from(page.limit() + 1).unwrap())
        .collect();
    let (items, next_cursor) = page.of(rows, i64::to_string);
    HttpResponse::Ok().json(json!({ "items": items, "next_cursor": next_cursor }))
}
