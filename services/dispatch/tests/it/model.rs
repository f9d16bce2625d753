//! What dispatch should do, said plainly: no database, no locks, one event after the other.

use std::collections::BTreeMap;

use proptest::prelude::*;

/// Minutes.
pub type Minute = i64;

/// The facts of one case: they have their times, whatever the order in which they are heard.
#[derive(Debug, Clone)]
pub struct Facts {
    /// Calls of one caller: when, of which tenant, to which of its numbers.
    pub calls: Vec<(Minute, bool, u8)>,
    /// Texts of theirs: when, to which tenant, what.
    pub texts: Vec<(Minute, bool, Word)>,
    /// What is heard, in this order.
    pub news: Vec<News>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Word {
    Stop,
    Start,
    Other,
}

/// Something heard about the call or text of this index.
#[derive(Debug, Clone, Copy)]
pub enum News {
    Missed(usize),
    Text(usize),
    Sent(usize),
    Status(usize, &'static str),
    /// By Twilio (true) or by a guard of ours.
    Refused(usize, bool),
}

pub const CALLS: usize = 6;
pub const TEXTS: usize = 5;
const WINDOW: Minute = 30;

pub fn facts(most: usize) -> impl Strategy<Value = Facts> {
    let word = prop_oneof![Just(Word::Stop), Just(Word::Start), Just(Word::Other)];
    let status = prop::sample::select(&[
        "sending",
        "sent",
        "delivered",
        "undelivered",
        "failed",
        "read",
    ]);
    let news = prop_oneof![
        4 => (0..CALLS).prop_map(News::Missed),
        3 => (0..TEXTS).prop_map(News::Text),
        2 => (0..CALLS).prop_map(News::Sent),
        3 => (0..CALLS, status).prop_map(|(call, word)| News::Status(call, word)),
        1 => (0..CALLS, any::<bool>()).prop_map(|(call, twilio)| News::Refused(call, twilio)),
    ];
    (
        prop::collection::vec((0..100_i64, any::<bool>(), 0..2_u8), CALLS),
        prop::collection::vec((0..100_i64, any::<bool>(), word), TEXTS),
        prop::collection::vec(news, most / 4..most),
    )
        .prop_map(|(calls, texts, news)| Facts { calls, texts, news })
}

/// A text-back.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Answer {
    pub sent: bool,
    pub refused: bool,
}

/// All that is known.
#[derive(Debug, Default)]
pub struct Model {
    /// By tenant: the latest wish with its time; of two at once, silence.
    pub wishes: BTreeMap<bool, (Minute, bool)>,
    /// Tenants whose guard says that the caller wants no texts.
    pub hearsay: Vec<bool>,
    /// By call.
    pub answers: BTreeMap<usize, Answer>,
    /// By call: what Twilio said of its text, the highest.
    pub statuses: BTreeMap<usize, usize>,
    /// Texts that are kept.
    pub kept: Vec<usize>,
}

pub const STATUSES: [&str; 7] = [
    "queued",
    "sending",
    "sent",
    "failed",
    "undelivered",
    "delivered",
    "read",
];

impl Model {
    pub fn opted_out(&self, tenant: bool) -> bool {
        self.wishes
            .get(&tenant)
            .map_or_else(|| self.hearsay.contains(&tenant), |wish| wish.1)
    }

    /// Whether a missed call is answered.
    pub fn missed(&mut self, facts: &Facts, call: usize) -> bool {
        let (at, tenant, _) = facts.calls[call];
        let near = |other: &usize| {
            let (then, whose, _) = facts.calls[*other];
            whose == tenant && (then - at).abs() < WINDOW
        };
        let silent = self.opted_out(tenant)
            || self.answers.contains_key(&call)
            || self.answers.keys().any(near);
        if !silent {
            self.answers.insert(call, Answer::default());
        }
        !silent
    }

    /// Whether a text is new, and what is told of the caller's wish.
    pub fn text(&mut self, facts: &Facts, text: usize) -> (bool, Option<bool>) {
        if self.kept.contains(&text) {
            return (false, None);
        }
        self.kept.push(text);
        let (at, tenant, word) = facts.texts[text];
        let wish = match word {
            Word::Stop => true,
            Word::Start => false,
            Word::Other => return (true, None),
        };
        (true, self.wish(tenant, at, wish).then_some(wish))
    }

    /// Whether a wish is news.
    fn wish(&mut self, tenant: bool, at: Minute, wish: bool) -> bool {
        let before = self.opted_out(tenant);
        match self.wishes.get(&tenant) {
            Some(known) if *known >= (at, wish) => false,
            Some(_) => {
                self.wishes.insert(tenant, (at, wish));
                before != wish
            }
            None => {
                self.wishes.insert(tenant, (at, wish));
                true
            }
        }
    }

    pub fn sent(&mut self, call: usize) {
        if let Some(answer) = self.answers.get_mut(&call) {
            answer.sent = true;
            self.status(call, "queued");
        }
    }

    pub fn status(&mut self, call: usize, word: &str) {
        let rank = STATUSES.iter().position(|s| *s == word).unwrap();
        let highest = self.statuses.entry(call).or_default();
        *highest = rank.max(*highest);
    }

    pub fn refused(&mut self, facts: &Facts, call: usize, twilio: bool) {
        let (at, tenant, _) = facts.calls[call];
        if twilio {
            self.wish(tenant, at, true);
        } else if !self.wishes.contains_key(&tenant) {
            self.hearsay.push(tenant);
        }
        if let Some(answer) = self.answers.get_mut(&call) {
            answer.refused = true;
        }
    }

    /// The status that is shown of a call's text.
    pub fn shown(&self, call: usize) -> Option<&'static str> {
        let answer = self.answers.get(&call)?;
        Some(match (answer, self.statuses.get(&call)) {
            (Answer { sent: true, .. }, Some(rank)) => STATUSES[*rank],
            (Answer { refused: true, .. }, _) => "refused",
            _ => "queued",
        })
    }
}
