//! Trades, seasons, dangers, and how urgent they are.

/// A trade, as far as rules differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Trade {
    /// Water, drains, gas pipes.
    Plumbing,
    /// Wires, panels, outlets.
    Electrical,
    /// Heating, ventilation, air conditioning.
    Hvac,
    /// Locks and keys.
    Locksmith,
    /// Garage doors.
    GarageDoor,
    /// Anything else: the rules of all trades.
    Other,
}

impl Trade {
    /// Reads what a business calls its trade.
    #[must_use]
    pub fn parse(trade: &str) -> Self {
        let trade = trade.to_ascii_lowercase();
        let has = |words: &[&str]| words.iter().any(|word| trade.contains(word));
        if has(&["plumb", "drain", "sewer"]) {
            Self::Plumbing
        } else if has(&["electric"]) {
            Self::Electrical
        } else if has(&["hvac", "heating", "cooling", "furnace", "air condition"]) {
            Self::Hvac
        } else if has(&["lock"]) {
            Self::Locksmith
        } else if has(&["garage"]) {
            Self::GarageDoor
        } else {
            Self::Other
        }
    }
}

/// The season at the business, for what only it makes dangerous.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Season {
    /// No heat is an emergency.
    Winter,
    /// No cooling is one for the frail.
    Summer,
    /// Neither.
    Mild,
}

/// How urgent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// In its turn.
    Normal,
    /// Today.
    Urgent,
    /// Now: a person is told at once.
    Emergency,
}

impl Level {
    /// `normal`, `urgent`, `emergency`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Normal => "normal",
            Self::Urgent => "urgent",
            Self::Emergency => "emergency",
        }
    }

    /// Reads one of those words.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        [Self::Normal, Self::Urgent, Self::Emergency]
            .into_iter()
            .find(|level| level.as_str() == word)
    }
}

/// What is dangerous, by which the customer is told what to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Danger {
    /// Gas in the air.
    Gas,
    /// Carbon monoxide.
    CarbonMonoxide,
    /// Fire, smoke, a burning smell.
    Fire,
    /// Electricity that is loose.
    Shock,
    /// Water or sewage that does not stop.
    Water,
    /// Cold, or heat, that harms.
    Climate,
    /// A person or an animal that cannot get out.
    Trapped,
    /// A home that does not lock, or was broken into.
    Intrusion,
    /// Something heavy that fell or may fall.
    Falling,
}

impl Danger {
    /// All of them.
    pub const ALL: [Self; 9] = [
        Self::Gas,
        Self::CarbonMonoxide,
        Self::Fire,
        Self::Shock,
        Self::Water,
        Self::Climate,
        Self::Trapped,
        Self::Intrusion,
        Self::Falling,
    ];

    /// One word, for events and metrics.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Gas => "gas",
            Self::CarbonMonoxide => "carbon_monoxide",
            Self::Fire => "fire",
            Self::Shock => "shock",
            Self::Water => "water",
            Self::Climate => "climate",
            Self::Trapped => "trapped",
            Self::Intrusion => "intrusion",
            Self::Falling => "falling",
        }
    }

    /// Whether people may die of it: no calming word lowers it.
    pub(crate) fn is_deadly(self) -> bool {
        matches!(
            self,
            Self::Gas | Self::CarbonMonoxide | Self::Fire | Self::Trapped
        )
    }
}

/// When a rule holds in full; else what it finds is urgent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum When {
    Always,
    /// In winter, in the cold, or for the frail.
    Cold,
    /// In great heat, or for the frail.
    Heat,
    /// When the frail are named.
    Frail,
}
