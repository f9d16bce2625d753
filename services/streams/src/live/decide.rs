//! How it goes on: interviews says so, over the bus.

use std::time::Duration;

use bus::Bus;
use clock::Clock;
use events::Envelope;
use events::v1::{AiPreferences, StreamOffer, TurnHeard, TurnSay};
use role::derive_id;
use session::{EndReason, Heard, Then};
use tracing::warn;

use crate::db::SessionRow;

/// How long one request is waited for, and how often it is made: the same turn is answered the same.
const PATIENCE: Duration = Duration::from_secs(4);
const TRIES: u32 = 2;

/// A caller who is asked for yes or no answers in a word.
const SHORT_HANGOVER_MS: u64 = 500;
pub const HANGOVER_MS: u64 = 700;
/// Silence for so long is an answer.
pub const SILENCE_MS: u64 = 7_000;

/// What was decided.
#[derive(Debug, Clone, Default)]
pub struct Decided {
    /// What is said.
    pub lines: Vec<String>,
    /// What follows.
    pub then: Option<Then>,
    /// The interview.
    pub interview_id: String,
    /// BCP 47.
    pub language: String,
    /// Who hears and speaks.
    pub wishes: AiPreferences,
    /// The longest call, in seconds; 0: as long as streams last.
    pub longest_s: u64,
}

/// Asks interviews.
#[derive(Clone)]
pub struct Decide {
    /// The bus.
    pub bus: Bus,
    /// The time.
    pub clock: Clock,
}

impl Decide {
    /// What follows a turn; `None` when nobody says so in time.
    pub async fn turn(
        &self,
        row: &SessionRow,
        offer: &StreamOffer,
        turn: u64,
        heard: &Heard,
    ) -> Option<Decided> {
        let (kind, text) = match heard {
            Heard::Begin => ("begin", ""),
            Heard::Words(words) => ("words", words.as_str()),
            Heard::Digits(digits) => ("digits", digits.as_str()),
            Heard::Silence => ("silence", ""),
        };
        let event = TurnHeard {
            session_id: row.id.clone(),
            turn: u32::try_from(turn).unwrap_or(u32::MAX),
            voice: offer.voice.clone(),
            tenant: offer.tenant.clone(),
            app: row.app.clone(),
            flow: row.flow.clone(),
            heard: kind.to_owned(),
            text: text.to_owned(),
            confidence: None,
        };
        let id = derive_id(&["turn.heard", &row.id, &turn.to_string()]);
        let envelope = Envelope::at("trunkline/streams", id, self.clock.now(), &event)
            .tenant(row.tenant_id.clone())
            .key(row.call_sid.clone());
        for _ in 0..TRIES {
            match self.bus.request(envelope.clone(), PATIENCE).await {
                Ok(reply) => match reply.decode::<TurnSay>() {
                    Ok(said) => return Some(decided(said)),
                    Err(error) => warn!(%error, "the answer to a turn cannot be read"),
                },
                Err(error) => warn!(%error, "a turn was not answered in time"),
            }
        }
        None
    }
}

fn decided(said: TurnSay) -> Decided {
    let listen = |hangover_ms| Then::Listen {
        silence_ms: SILENCE_MS,
        hangover_ms,
    };
    let then = match said.then.as_str() {
        "yes_no" => listen(SHORT_HANGOVER_MS),
        "hang_up" => Then::End(EndReason::Goodbye),
        _ => listen(HANGOVER_MS),
    };
    Decided {
        lines: said.lines,
        then: Some(then),
        interview_id: said.interview_id,
        language: said.language,
        wishes: said.wishes.unwrap_or_default(),
        longest_s: u64::from(said.max_call_s),
    }
}
