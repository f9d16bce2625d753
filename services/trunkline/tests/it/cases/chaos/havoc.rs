//! What goes wrong, and when.

use std::fmt;
use std::time::Duration;

use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use rand::{Rng, SeedableRng};
use testkit::{Proxy, S3};

use super::{Run, address};
use crate::local_platform::{LocalPlatform, Provider, ROLES};

/// Wires beside those that every platform has.
pub struct Wires {
    store: Proxy,
    provider: Proxy,
}

impl Wires {
    pub fn new(provider: &Provider, bucket: &S3) -> Self {
        Self {
            store: Proxy::to(bucket.endpoint()),
            provider: Proxy::to(&provider.base),
        }
    }

    /// What the platform is told, in place of what it would be told.
    pub fn env(&self) -> [(&'static str, String); 2] {
        [
            ("AWS_ENDPOINT_URL", address(&self.store)),
            ("OPENAI_BASE_URL", format!("{}/v1", address(&self.provider))),
        ]
    }

    pub fn mend(&self) {
        self.store.mend();
        self.provider.mend();
    }
}

/// How often what went wrong.
#[derive(Default)]
pub struct Faults {
    kills: usize,
    stops: usize,
    cuts: usize,
    pauses: usize,
    slowed: usize,
    /// Of the bus, the database, the store and the provider.
    wires: [usize; 4],
}

impl fmt::Display for Faults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [bus, database, store, provider] = self.wires;
        write!(
            f,
            "{} kills and {} halts of processes; wires cut {} times, paused {}, slowed {} \
             (RabbitMQ {bus}, PostgreSQL {database}, S3 {store}, AI provider {provider})",
            self.kills, self.stops, self.cuts, self.pauses, self.slowed,
        )
    }
}

/// Faults, one after the other, from a series of its own: how fast the load goes does not change it.
pub async fn havoc(platform: &LocalPlatform, wires: &Wires, run: &Run) -> Faults {
    let mut random = StdRng::seed_from_u64(run.seed ^ 0x0068_6176_6f63);
    let mut faults = Faults::default();
    let pauses = match run.is_long() {
        true => 2_000..12_000,
        false => 200..2_500,
    };
    while run.goes_on() {
        let pause = random.random_range(pauses.clone());
        tokio::time::sleep(Duration::from_millis(pause)).await;
        let (what, away) = (random.random_range(0..12), random.random_range(50..3_000));
        let role = *ROLES.choose(&mut random).unwrap();
        let manner = random.random_range(0..3);
        let away = Duration::from_millis(away);
        match what {
            // Each of the four wires.
            0..4 => {
                faults.wires[what] += 1;
                let wire = match what {
                    0 => platform.bus_wire.as_ref().unwrap(),
                    1 => platform.database_wire.as_ref().unwrap(),
                    2 => &wires.store,
                    _ => &wires.provider,
                };
                ail(wire, manner, &mut random, &mut faults);
                tokio::time::sleep(away).await;
                wire.mend();
            }
            4..6 => {
                platform.halt(role);
                tokio::time::sleep(away).await;
                platform.go_on(role);
                faults.stops += 1;
            }
            _ => {
                platform.kill(role);
                tokio::time::sleep(away).await;
                platform.revive(role);
                faults.kills += 1;
            }
        }
    }
    faults
}

fn ail(wire: &Proxy, manner: u32, random: &mut StdRng, faults: &mut Faults) {
    match manner {
        0 => {
            wire.cut();
            faults.cuts += 1;
        }
        1 => {
            wire.pause();
            faults.pauses += 1;
        }
        _ => {
            wire.slow(Duration::from_millis(random.random_range(5..150)));
            faults.slowed += 1;
        }
    }
}
