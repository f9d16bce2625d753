//! The spend guard: how many texts and calls a tenant may cause in an hour, to which countries, and what AI may cost it in
//! a day. The platform's settings are the cap; a tenant's own limits can only be stricter.

use chrono::{DurationRound, TimeDelta};
use clock::{Clock, Time};
use directory::Directory;
use events::v1::{SpendLimited, SpendLimits};
use metrics::counter;
use phone::E164;
use role::{HandlerError, OutgoingEvent, Tx, derive_id};
use settings::SpendSettings;
use store::Store;
use tracing::warn;

use crate::db::effects::Entry;
use crate::db::spending::{self, Kind, Period, Spent};
use crate::effect::Refusal;

/// Why nothing more leaves.
pub(crate) const OVER_LIMIT: &str = "over_limit";
/// Millionths of a dollar in a hundredth.
const MICRO_IN_CENT: i64 = 10_000;

/// The spend guard. Clones share everything.
#[derive(Clone)]
pub(crate) struct SpendGuard {
    pub store: Store,
    pub clock: Clock,
    /// The platform's cap.
    pub cap: SpendSettings,
    /// What tenants have set for themselves.
    pub directory: Directory,
}

/// What a tenant may spend.
struct Limits {
    texts: Option<u32>,
    calls: Option<u32>,
    ai_cents: Option<u32>,
    /// Each has to allow a number; an empty one allows all.
    countries: [Vec<String>; 2],
}

impl Limits {
    fn of(cap: &SpendSettings, own: SpendLimits) -> Self {
        let stricter = |a: Option<u32>, b: Option<u32>| a.into_iter().chain(b).min();
        Self {
            texts: stricter(cap.texts_per_hour, own.texts_per_hour),
            calls: stricter(cap.calls_per_hour, own.calls_per_hour),
            ai_cents: stricter(cap.ai_cents_per_day, own.ai_cents_per_day),
            countries: [cap.countries.clone(), own.countries],
        }
    }

    fn allows(&self, number: &E164) -> bool {
        let within = |list: &Vec<String>| {
            list.is_empty() || list.iter().any(|it| number.as_str().starts_with(it))
        };
        self.countries.iter().all(within)
    }
}

/// What is about to leave.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Leaving<'a> {
    pub kind: Kind,
    pub tenant: &'a str,
    pub to: Option<&'a E164>,
    /// Its identity: it tells of the limit that it is the first to reach.
    pub id: &'a str,
    /// It leaves whatever was spent: a person may be in danger.
    pub urgent: bool,
    /// It was counted by an earlier attempt.
    pub counted: bool,
}

impl SpendGuard {
    fn limits(&self, tenant: &str) -> Limits {
        Limits::of(
            &self.cap,
            self.directory.spend_limits(tenant).unwrap_or_default(),
        )
    }

    /// Counts what is about to leave, in the transaction that lets it leave, or says why it does not. What this writes of a
    /// refusal stays.
    pub(crate) async fn check(
        &self,
        tx: &mut Tx,
        leaving: &Leaving<'_>,
    ) -> Result<Option<Refusal>, HandlerError> {
        if leaving.counted {
            return Ok(None);
        }
        let limits = self.limits(leaving.tenant);
        if leaving.to.is_some_and(|to| !limits.allows(to)) && !leaving.urgent {
            return Ok(Some(self.refuse(tx, leaving, Kind::Countries, 0).await?));
        }
        let most = match leaving.kind {
            Kind::Texts => limits.texts,
            Kind::Calls => limits.calls,
            Kind::Countries | Kind::Ai => None,
        };
        // What has no limit is not counted: it would be a write for nothing.
        let Some(most) = most.map(i64::from) else {
            return Ok(None);
        };
        let period = self.period(leaving.tenant, leaving.kind, self.clock.now());
        let allowed = if leaving.urgent { i64::MAX } else { most };
        if spending::add(tx, &period, 1, allowed).await? {
            return Ok(None);
        }
        Ok(Some(self.refuse(tx, leaving, leaving.kind, most).await?))
    }

    async fn refuse(
        &self,
        tx: &mut Tx,
        leaving: &Leaving<'_>,
        kind: Kind,
        most: i64,
    ) -> Result<Refusal, HandlerError> {
        let now = self.clock.now();
        let period = self.period(leaving.tenant, kind, now);
        if spending::limit(tx, &period, most, leaving.id, now).await? {
            told(leaving.tenant, kind);
        }
        spending::refuse(tx, &period).await?;
        counter!("egress_spend_refused_total", "kind" => kind.as_str()).increment(1);
        let detail = match kind {
            Kind::Countries => "the number's country is not among spend.countries".to_owned(),
            _ => format!("{most} {} an hour are allowed", kind.as_str()),
        };
        Ok(Refusal {
            code: 0,
            reason: OVER_LIMIT,
            detail,
        })
    }

    /// Adds what AI has cost; true when it reaches the limit with this.
    pub(crate) async fn add_ai(
        &self,
        tx: &mut Tx,
        tenant: &str,
        cost_micro_usd: u64,
        by: &str,
        at: Time,
    ) -> Result<Option<Spent>, HandlerError> {
        let period = self.period(tenant, Kind::Ai, at);
        let cost = i64::try_from(cost_micro_usd).unwrap_or(i64::MAX);
        // It is spent already, whatever is allowed.
        spending::add(tx, &period, cost, i64::MAX).await?;
        let Some(cents) = self.limits(tenant).ai_cents else {
            return Ok(None);
        };
        let most = i64::from(cents) * MICRO_IN_CENT;
        let spent = spending::find(tx, &period).await?;
        if spent.is_none_or(|spent| spent.amount < most) {
            return Ok(None);
        }
        if !spending::limit(tx, &period, most, by, at).await? {
            return Ok(None);
        }
        told(tenant, Kind::Ai);
        Ok(spending::limited_by(tx, by).await?)
    }

    /// Until when no AI provider is asked for a tenant.
    pub(crate) async fn ai_limited_until(
        &self,
        tenant: &str,
    ) -> Result<Option<Time>, store::Error> {
        let Some(cents) = self.limits(tenant).ai_cents else {
            return Ok(None);
        };
        let period = self.period(tenant, Kind::Ai, self.clock.now());
        let mut tx = self.store.read().await?;
        let spent = spending::find(&mut tx, &period).await?;
        let spent = spent.map_or(0, |spent| spent.amount);
        let is_over = spent >= i64::from(cents) * MICRO_IN_CENT;
        Ok(is_over.then(|| until(Kind::Ai, period.since)))
    }

    /// The event that tells of a limit, where this effect was refused as the first to reach it.
    pub(crate) async fn told_by(
        &self,
        entry: &Entry,
    ) -> Result<Option<OutgoingEvent>, HandlerError> {
        if entry.reason.as_deref() != Some(OVER_LIMIT) {
            return Ok(None);
        }
        let mut tx = self.store.read().await?;
        let spent = spending::limited_by(&mut tx, &entry.id).await?;
        Ok(spent.as_ref().map(limited))
    }

    fn period<'a>(&self, tenant: &'a str, kind: Kind, at: Time) -> Period<'a> {
        Period {
            tenant,
            kind,
            since: begin(kind, at),
        }
    }
}

fn told(tenant: &str, kind: Kind) {
    counter!("egress_spend_limited_total", "kind" => kind.as_str()).increment(1);
    warn!(
        tenant.id = tenant,
        kind = kind.as_str(),
        "a tenant has reached what it may spend"
    );
}

fn length(kind: &str) -> TimeDelta {
    match kind == Kind::Ai.as_str() {
        true => TimeDelta::days(1),
        false => TimeDelta::hours(1),
    }
}

/// The hour, or the day, that a time is in (UTC).
pub(crate) fn begin(kind: Kind, at: Time) -> Time {
    at.duration_trunc(length(kind.as_str())).unwrap_or(at)
}

fn until(kind: Kind, since: Time) -> Time {
    since + length(kind.as_str())
}

/// When the period of a row ends.
pub(crate) fn ends(spent: &Spent) -> Time {
    spent.since.0 + length(&spent.kind)
}

/// Tells of a limit: the same event however often.
pub(crate) fn limited(spent: &Spent) -> OutgoingEvent {
    let event = SpendLimited {
        tenant_id: spent.tenant_id.clone(),
        kind: spent.kind.clone(),
        limit: spent
            .most
            .and_then(|most| u64::try_from(most).ok())
            .unwrap_or_default(),
        until: ends(spent).to_rfc3339(),
    };
    let since = spent.since.0.to_rfc3339();
    let id = derive_id(&["spend.limited", &spent.tenant_id, &spent.kind, &since]);
    OutgoingEvent::new(&event).id(id).tenant(&spent.tenant_id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_two_limits_the_stricter_one_counts() {
        let cap = SpendSettings {
            texts_per_hour: Some(100),
            calls_per_hour: Some(5),
            countries: vec!["+1".to_owned(), "+44".to_owned()],
            ai_cents_per_day: None,
        };
        let own = SpendLimits {
            texts_per_hour: Some(200),
            calls_per_hour: Some(0),
            countries: vec!["+1".to_owned(), "+49".to_owned()],
            ai_cents_per_day: Some(50),
        };
        let limits = Limits::of(&cap, own);
        assert_eq!((limits.texts, limits.calls), (Some(100), Some(0)));
        assert_eq!(limits.ai_cents, Some(50));
        let allows = |number: &str| limits.allows(&E164::parse(number).unwrap());
        assert!(allows("+15550109999"));
        // Each of these is allowed by one of the two lists.
        assert!(!allows("+442071838750") && !allows("+4930901820"));
        let none = Limits::of(&SpendSettings::default(), SpendLimits::default());
        assert!(none.allows(&E164::parse("+442071838750").unwrap()));
        assert_eq!((none.texts, none.calls, none.ai_cents), (None, None, None));
    }

    #[test]
    fn periods_are_hours_and_days() {
        let at: Time = "2026-11-29T23:59:59.5Z".parse().unwrap();
        assert_eq!(
            begin(Kind::Texts, at).to_rfc3339(),
            "2026-11-29T23:00:00+00:00"
        );
        assert_eq!(
            begin(Kind::Ai, at).to_rfc3339(),
            "2026-11-29T00:00:00+00:00"
        );
        let next = until(Kind::Ai, begin(Kind::Ai, at));
        assert_eq!(next.to_rfc3339(), "2026-11-30T00:00:00+00:00");
    }
}
