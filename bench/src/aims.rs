//! How far the figures should get.

/// A figure, what it is compared with, and how far it should get.
pub struct Aim {
    /// In words.
    pub what: &'static str,
    /// Whose figure.
    pub part: &'static str,
    /// Its name.
    pub figure: &'static str,
    /// Divided by the same figure of this part.
    pub over: Option<&'static str>,
    /// How far.
    pub bound: Bound,
    /// For people.
    pub unit: &'static str,
}

/// How far.
pub enum Bound {
    /// Or more.
    AtLeast(f64),
    /// Or less.
    AtMost(f64),
}

use Bound::{AtLeast, AtMost};

impl Aim {
    /// This figure of a part, or more.
    pub const fn at_least(
        bound: f64,
        unit: &'static str,
        part: &'static str,
        figure: &'static str,
        what: &'static str,
    ) -> Self {
        Self {
            what,
            part,
            figure,
            over: None,
            bound: AtLeast(bound),
            unit,
        }
    }

    /// This figure of a part, or less.
    pub const fn at_most(
        bound: f64,
        unit: &'static str,
        part: &'static str,
        figure: &'static str,
        what: &'static str,
    ) -> Self {
        Self {
            what,
            part,
            figure,
            over: None,
            bound: AtMost(bound),
            unit,
        }
    }

    /// Divided by the same figure of another part.
    pub const fn over(self, part: &'static str) -> Self {
        Self {
            over: Some(part),
            ..self
        }
    }
}

/// The figure to compare servers by.
pub const PER_CPU: &str = "requests_per_cpu_s";

/// Aims of the parts that have no section of their own.
pub const AIMS: &[Aim] = &[
    Aim {
        what: "ingress over Express, requests per CPU second",
        part: "ingress",
        figure: PER_CPU,
        over: Some("express"),
        bound: AtLeast(5.0),
        unit: "×",
    },
    Aim {
        what: "ingress over FastAPI, requests per CPU second",
        part: "ingress",
        figure: PER_CPU,
        over: Some("fastapi"),
        bound: AtLeast(10.0),
        unit: "×",
    },
    Aim {
        what: "ingress, requests per second",
        part: "ingress",
        figure: "requests_per_s",
        over: None,
        bound: AtLeast(2_000.0),
        unit: "/s",
    },
    Aim {
        what: "ingress, p99",
        part: "ingress",
        figure: "p99_ms",
        over: None,
        bound: AtMost(100.0),
        unit: " ms",
    },
    Aim {
        what: "full routing over FastAPI, requests per CPU second",
        part: "routing",
        figure: PER_CPU,
        over: Some("fastapi"),
        bound: AtLeast(1.0),
        unit: "×",
    },
    Aim::at_least(
        1.5,
        "×",
        "routing",
        PER_CPU,
        "full routing over Express, which only verifies and publishes, requests per CPU second",
    )
    .over("express"),
    Aim::at_least(
        4.0,
        "×",
        "routing",
        PER_CPU,
        "full routing over the same in Node (Express, two consumers, pg), requests per CPU second",
    )
    .over("node"),
    Aim::at_least(
        1_000.0,
        "/s",
        "embedded",
        PER_CPU,
        "embedded, a call answered with its <Dial>, requests per CPU second",
    ),
    Aim {
        what: "full routing, p99 of the answer to a call",
        part: "routing",
        figure: "p99_ms",
        over: None,
        bound: AtMost(50.0),
        unit: " ms",
    },
    Aim {
        what: "our reply over bare lapin, one at a time, p99",
        part: "reply",
        figure: "p99_ratio",
        over: None,
        bound: AtMost(3.0),
        unit: "×",
    },
    Aim {
        what: "embedded, start to ready (median)",
        part: "embedded",
        figure: "start_median_s",
        over: None,
        bound: AtMost(0.5),
        unit: " s",
    },
    Aim {
        what: "embedded, resident memory when idle",
        part: "embedded",
        figure: "idle_rss_mib",
        over: None,
        bound: AtMost(80.0),
        unit: " MiB",
    },
    Aim {
        what: "silence from the end of an answer to the next question, p95",
        part: "silence",
        figure: "key_p95_ms",
        over: None,
        bound: AtMost(1_000.0),
        unit: " ms",
    },
    Aim::at_most(
        2_500.0,
        " ms",
        "silence",
        "spoken_p95_ms",
        "silence after an answer that is spoken to Twilio, its own waiting included, p95",
    ),
    Aim {
        what: "slowest webhook of an interview, those that race an AI provider apart",
        part: "silence",
        figure: "webhook_slowest_ms",
        over: None,
        bound: AtMost(300.0),
        unit: " ms",
    },
    Aim {
        what: "slowest webhook with a chat provider that never answers",
        part: "silence",
        figure: "mute_webhook_slowest_ms",
        over: None,
        bound: AtMost(9_000.0),
        unit: " ms",
    },
    Aim {
        what: "first byte of a cached prompt, p99",
        part: "silence",
        figure: "prompt_p99_ms",
        over: None,
        bound: AtMost(10.0),
        unit: " ms",
    },
    Aim {
        what: "interviews at once: questions that came late",
        part: "silence",
        figure: "crowd_missed",
        over: None,
        bound: AtMost(0.0),
        unit: "",
    },
    Aim {
        what: "interviews at once: interviews that were not completed",
        part: "silence",
        figure: "crowd_unfinished",
        over: None,
        bound: AtMost(0.0),
        unit: "",
    },
];

impl Bound {
    /// Whether it is reached.
    pub fn holds(&self, reached: f64) -> bool {
        match self {
            AtLeast(bound) => reached >= *bound,
            AtMost(bound) => reached <= *bound,
        }
    }

    /// For people.
    pub fn text(&self, unit: &str) -> String {
        match self {
            AtLeast(bound) => format!("≥ {bound}{unit}"),
            AtMost(bound) => format!("≤ {bound}{unit}"),
        }
    }
}
