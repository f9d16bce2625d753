//! The numbers' webhooks at Twilio against ours, and Twilio's clock.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use egress::{Ours, Webhooks};
use settings::Settings;
use tenants::Inventory;
use twilio_api::{Client, IncomingNumber, NumberFilter};

use super::kept;
use super::report::{PATIENCE, Report};

/// More numbers than an account has.
const MOST: usize = 10_000;

/// Twilio's clock, as its answers say.
pub async fn clock(settings: &Settings, report: &mut Report) {
    let asked = reqwest::Client::new().head(settings.twilio_api_url());
    let Ok(answer) = asked.timeout(PATIENCE).send().await else {
        return;
    };
    let date = answer
        .headers()
        .get("date")
        .and_then(|date| date.to_str().ok());
    if let Some(Ok(now)) = date.map(DateTime::parse_from_rfc2822) {
        kept::clock(report, "Twilio", now.with_timezone(&Utc));
    }
}

/// Compares, account by account; with `fix` what is wrong is set.
pub async fn check(settings: &Settings, inventory: &Inventory, fix: bool, report: &mut Report) {
    if settings.runs_emulator() || inventory.numbers.is_empty() {
        return;
    }
    if settings.webhook_base_url.is_none() {
        return report.note(
            "webhooks",
            "set WEBHOOK_BASE_URL, so that what the numbers have at Twilio can be compared with it",
        );
    }
    let own: BTreeMap<&str, (&str, &str)> = inventory
        .accounts
        .iter()
        .map(|(tenant, sid, token)| (tenant.as_str(), (sid.as_str(), token.reveal())))
        .collect();
    let platform = settings.account.as_ref().and_then(|account| {
        let token = account.tokens.first()?;
        Some((account.sid.as_str(), token.reveal()))
    });
    let mut by_account: BTreeMap<(&str, &str), Vec<Wanted<'_>>> = BTreeMap::new();
    for (number, tenant, voice, sms) in &inventory.numbers {
        let Some(account) = own.get(tenant.as_str()).copied().or(platform) else {
            report.fault(
                "webhooks",
                format!("{}: no Twilio account is set", shown(number)),
            );
            continue;
        };
        by_account.entry(account).or_default().push(Wanted {
            number,
            ours: Ours {
                voice: *voice,
                sms: *sms,
            },
        });
    }
    let webhooks = Webhooks::of(&settings.public_url());
    for ((sid, token), wanted) in by_account {
        let client = match Client::new(settings.twilio_api_url(), sid, token) {
            Ok(client) => client,
            Err(e) => {
                report.fault("webhooks", crate::with_source(&e));
                continue;
            }
        };
        let listing = client
            .incoming_numbers()
            .list(&NumberFilter::default())
            .all(MOST);
        let listed = match tokio::time::timeout(PATIENCE, listing).await {
            Ok(Ok(listed)) => listed,
            Ok(Err(e)) => {
                report.fault("webhooks", format!("{sid}: {}", crate::with_source(&e)));
                continue;
            }
            Err(_) => {
                report.fault("webhooks", format!("{sid}: no answer in time"));
                continue;
            }
        };
        for it in wanted {
            let there = listed.iter().find(|there| there.phone_number == it.number);
            one(&client, &webhooks, &it, there, fix, report).await;
        }
    }
}

/// A number, and what of it is for us.
struct Wanted<'a> {
    number: &'a str,
    ours: Ours,
}

async fn one(
    client: &Client,
    webhooks: &Webhooks,
    wanted: &Wanted<'_>,
    there: Option<&IncomingNumber>,
    fix: bool,
    report: &mut Report,
) {
    let number = shown(wanted.number);
    let Some(there) = there else {
        return report.fault(
            "webhooks",
            format!(
                "{number} is not in its Twilio account; release it, or give the tenant its account"
            ),
        );
    };
    let (settings, wrong) = webhooks.differences(wanted.ours, there);
    if wrong.is_empty() {
        return report.ok("webhooks", format!("{number} comes here"));
    }
    let words = wrong.join("; ");
    if !fix {
        return report.fault(
            "webhooks",
            format!(
                "{number}: {words}; run `trunkline doctor --fix`, or set it in Twilio's console"
            ),
        );
    }
    match client
        .incoming_numbers()
        .update(&there.sid, &settings)
        .await
    {
        Ok(_) => report.ok("webhooks", format!("{number}: set ({words})")),
        Err(e) => report.fault("webhooks", format!("{number}: {}", crate::with_source(&e))),
    }
}

/// A business's own number; its last digits tell which.
fn shown(number: &str) -> String {
    let tail = number.len().saturating_sub(4);
    format!("the number that ends in {}", &number[tail..])
}
