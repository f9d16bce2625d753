//! Which numbers Twilio has other webhooks for than we expect: looked at now and then, since Twilio takes longer than a page may.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use parking_lot::{Mutex, MutexGuard};
use serde::Deserialize;

use crate::api::Api;
use crate::operator::Operator;

/// What is older is looked at again.
const FRESH: Duration = Duration::from_secs(300);
const PATH: &str = "/phone-numbers/webhooks?limit=100";

/// A number whose webhooks at Twilio are not ours.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct WrongNumber {
    /// E.164.
    pub number: Option<String>,
    /// Whose it is.
    pub tenant_id: String,
    /// `ok`, `wrong`, `absent` or `unknown`.
    pub state: String,
    /// What is wrong, in words.
    pub wrong: Vec<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Page {
    items: Vec<WrongNumber>,
}

/// What was seen last, by tenant. Clones share it.
#[derive(Debug, Clone, Default)]
pub struct WebhookWatch(Arc<Mutex<HashMap<String, Seen>>>);

#[derive(Debug)]
struct Seen {
    asked: Instant,
    numbers: Vec<WrongNumber>,
}

impl WebhookWatch {
    /// What was seen last. Where that is long ago it is looked at again, for the next page.
    pub fn known(&self, api: &Api, operator: &Operator) -> Vec<WrongNumber> {
        let whose = operator.tenant.clone().unwrap_or_default();
        let mut all = self.lock();
        let seen = all.entry(whose.clone());
        let mut is_due = false;
        let seen = seen.or_insert_with(|| {
            is_due = true;
            Seen {
                asked: Instant::now(),
                numbers: Vec::new(),
            }
        });
        if is_due || seen.asked.elapsed() > FRESH {
            seen.asked = Instant::now();
            let (watch, api, operator) = (self.clone(), api.clone(), operator.clone());
            actix_web::rt::spawn(async move { watch.look(&api, &operator, whose).await });
        }
        seen.numbers.clone()
    }

    async fn look(&self, api: &Api, operator: &Operator, whose: String) {
        let Ok(page) = api.get::<Page>(operator, PATH).await else {
            return;
        };
        let mut numbers = page.items;
        numbers.retain(|it| matches!(it.state.as_str(), "wrong" | "absent"));
        if let Some(seen) = self.lock().get_mut(&whose) {
            seen.numbers = numbers;
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, Seen>> {
        self.0.lock()
    }
}
