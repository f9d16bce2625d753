//! A stand-in for the role that knows the API keys.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use bus::{Bus, Delivery, Disposition, Handler};
use clock::Clock;
use encryption::key_hash;
use events::v1::{KeyGrant, KeyQuery};
use events::{Envelope, Event};

use crate::subscription;

/// The keys that there are.
#[derive(Default)]
pub struct Keys {
    grants: Mutex<HashMap<String, KeyGrant>>,
    asked: AtomicU32,
}

struct Clerk(Arc<Keys>, Bus);

impl Keys {
    /// Answers for the keys on a bus from now on.
    pub async fn serve(self: &Arc<Self>, bus: &Bus) {
        let clerk = Clerk(self.clone(), bus.clone());
        let queries = subscription("test.keys", &[KeyQuery::TYPE]);
        bus.consume(queries, Arc::new(clerk)).await.unwrap();
    }

    /// A key is good for these scopes. No tenant: the platform's own. Its name is the key in capitals.
    pub fn give(&self, key: &str, tenant: &str, scopes: &[&str]) {
        let grant = KeyGrant {
            known: true,
            name: key.to_uppercase(),
            tenant_id: tenant.into(),
            scopes: scopes.iter().map(|scope| (*scope).into()).collect(),
        };
        self.grants.lock().unwrap().insert(key_hash(key), grant);
    }

    /// Gives keys named for what they open: `read-TENANT` and `write-TENANT`.
    pub fn give_each(&self, tenants: &[&str]) {
        for tenant in tenants {
            for scope in ["read", "write"] {
                self.give(&format!("{scope}-{tenant}"), tenant, &[scope]);
            }
        }
    }

    /// A key is good for nothing any more. Whoever believes in it is not told.
    pub fn withdraw(&self, key: &str) {
        self.grants.lock().unwrap().remove(&key_hash(key));
    }

    /// How often a role asked.
    pub fn asked(&self) -> u32 {
        self.asked.load(Ordering::Relaxed)
    }
}

#[async_trait]
impl Handler for Clerk {
    async fn handle(&self, delivery: Delivery) -> Disposition {
        let Ok(query) = delivery.envelope.decode::<KeyQuery>() else {
            return Disposition::Dead("no query".into());
        };
        self.0.asked.fetch_add(1, Ordering::Relaxed);
        let grant = self.0.grants.lock().unwrap().get(&query.hash).cloned();
        let clock = Clock::system();
        let reply = Envelope::new("trunkline/test", &clock, &grant.unwrap_or_default());
        if let Some(to) = &delivery.envelope.reply_to {
            // Whoever asked may have gone.
            let _ = self.1.reply(to, &reply).await;
        }
        Disposition::Done
    }
}
