//! What came out, as a table for people and as JSON.

use std::fmt::Write as _;

use anyhow::Result;
use serde_json::{Map, Value, json};

use crate::aims::{AIMS, Aim, PER_CPU};
use crate::section::{Figures, Section};
use crate::{Options, archive, console, forged, hearing, notes, streams, texts};

/// Parts that bring their tables and aims along.
const SECTIONS: [&Section; 8] = [
    &forged::SECTION,
    &notes::SECTION,
    &archive::SECTION,
    &streams::SECTION,
    &streams::PIPECAT,
    &texts::SECTION,
    &console::SECTION,
    &hearing::SECTION,
];

/// The rows of the load table: part, and what it is.
const LOADED: [(&str, &str); 6] = [
    (
        "ingress",
        "Trunkline ingress: verify, publish, confirm, answer",
    ),
    (
        "routing",
        "Trunkline ingress + tenants + calls: full routing to the <Dial>",
    ),
    (
        "embedded",
        "Trunkline in one process, SQLite and its own bus: the same, 32 at once",
    ),
    (
        "node",
        "Express, amqplib, pg: a gateway and two consumers, the same routing",
    ),
    (
        "express",
        "Express, twilio, amqplib: verify, publish, confirm, answer",
    ),
    (
        "fastapi",
        "FastAPI, twilio, aio-pika: verify, publish, confirm, answer",
    ),
];

/// Everything that was measured, and everything that could not be.
pub struct Report {
    head: String,
    settings: Value,
    figures: Map<String, Value>,
    failures: Vec<(String, String)>,
}

impl Report {
    /// An empty report on a run with these options.
    pub fn new(options: &Options) -> Self {
        let cores = std::thread::available_parallelism().map_or(0, usize::from);
        Self {
            head: format!(
                "{cores} cores, shared by the load, the broker and the server; ingress and its peers in turns, \
                 one at a time; {} connections for {} s under full load, then {} requests/s for {} s, from which \
                 the latencies are taken, counted from when each request was due.",
                options.connections, options.seconds, options.paced_rate, options.paced_seconds
            ),
            settings: json!({
                "cores": cores, "connections": options.connections, "seconds": options.seconds,
                "paced_rate": options.paced_rate, "paced_seconds": options.paced_seconds,
            }),
            figures: Map::new(),
            failures: Vec::new(),
        }
    }

    /// Keeps the outcome of a part; a part that was not asked for leaves no trace.
    pub fn keep(&mut self, part: &str, outcome: Option<Result<Value>>) {
        match outcome {
            Some(Ok(figures)) => drop(self.figures.insert(part.to_owned(), figures)),
            Some(Err(error)) => self.failures.push((part.to_owned(), format!("{error:#}"))),
            None => {}
        }
    }

    /// Whether all that was asked for could run.
    pub fn complete(&self) -> bool {
        self.failures.is_empty()
    }

    /// The figures.
    pub fn json(&self) -> Value {
        let aims: Vec<Value> = aims()
            .filter_map(|aim| {
                let reached = self.reached(aim)?;
                Some(json!({ "what": aim.what, "aim": aim.bound.text(aim.unit), "reached": reached, "ok": aim.bound.holds(reached) }))
            })
            .collect();
        let failures: Map<String, Value> = self
            .failures
            .iter()
            .map(|(part, why)| (part.clone(), json!(why)))
            .collect();
        json!({ "settings": self.settings, "figures": self.figures, "aims": aims, "could_not_run": failures })
    }

    /// The tables.
    pub fn text(&self) -> String {
        // Writing to a String cannot fail.
        let mut text = format!("# Benchmarks\n\n{}\n", self.head);
        let has = |parts: &[&str]| parts.iter().any(|part| self.figures.contains_key(*part));
        if LOADED
            .iter()
            .any(|(part, _)| self.figure(part, "requests_per_s").is_some())
        {
            let _ = self.write_loads(&mut text);
        }
        if has(&["ingress", "routing"]) && has(&["express", "fastapi", "node"]) {
            let _ = self.write_ratios(&mut text);
        }
        if has(&["reply"]) {
            let _ = self.write_reply(&mut text);
        }
        if has(&["silence"]) {
            let _ = self.write_silence(&mut text);
        }
        for section in SECTIONS {
            if let Some(figures) = self.figures.get(section.part) {
                let _ = (section.write)(&Figures(figures), &mut text);
            }
        }
        if aims().any(|aim| self.reached(aim).is_some()) {
            let _ = self.write_aims(&mut text);
        }
        for (part, why) in &self.failures {
            let _ = writeln!(text, "\nCould not run: {part}: {why}");
        }
        text
    }

    fn write_loads(&self, text: &mut String) -> std::fmt::Result {
        text.push_str("\n| server | requests/s | per CPU second | p50 ms | p99 ms | peak RSS MiB |\n| --- | ---: | ---: | ---: | ---: | ---: |\n");
        for (part, what) in LOADED {
            let figure = |name| self.figure(part, name);
            if let Some(rate) = figure("requests_per_s") {
                writeln!(
                    text,
                    "| {what} | {rate:.0} | {:.0} | {:.2} | {:.2} | {:.0} |",
                    figure(PER_CPU).unwrap_or_default(),
                    figure("p50_ms").unwrap_or_default(),
                    figure("p99_ms").unwrap_or_default(),
                    figure("peak_rss_mib").unwrap_or_default(),
                )?;
            }
        }
        Ok(())
    }

    fn write_ratios(&self, text: &mut String) -> std::fmt::Result {
        text.push_str("\n| ours ÷ theirs | requests/s | per CPU second | p50 | p99 | peak RSS |\n| --- | ---: | ---: | ---: | ---: | ---: |\n");
        for ours in ["ingress", "routing"] {
            for theirs in ["express", "fastapi", "node"] {
                let ratio = |name| Some(self.figure(ours, name)? / self.figure(theirs, name)?);
                if let Some(rate) = ratio("requests_per_s") {
                    writeln!(
                        text,
                        "| {ours} ÷ {theirs} | {rate:.2} | {:.2} | {:.2} | {:.2} | {:.2} |",
                        ratio(PER_CPU).unwrap_or_default(),
                        ratio("p50_ms").unwrap_or_default(),
                        ratio("p99_ms").unwrap_or_default(),
                        ratio("peak_rss_mib").unwrap_or_default(),
                    )?;
                }
            }
        }
        Ok(())
    }

    fn write_reply(&self, text: &mut String) -> std::fmt::Result {
        let figure = |name| self.figure("reply", name).unwrap_or_default();
        text.push_str("\n| one at a time | p50 ms | p99 ms |\n| --- | ---: | ---: |\n");
        writeln!(
            text,
            "| bare lapin: question to a quorum queue, direct reply | {:.2} | {:.2} |",
            figure("bare_p50_ms"),
            figure("bare_p99_ms")
        )?;
        writeln!(
            text,
            "| ours: webhook to <Dial> through ingress, tenants, calls | {:.2} | {:.2} |",
            figure("ours_p50_ms"),
            figure("ours_p99_ms")
        )
    }

    fn write_silence(&self, text: &mut String) -> std::fmt::Result {
        let figure = |name| self.figure("silence", name).unwrap_or_default();
        text.push_str("\nCoached interviews on a provider whose chat takes 5 s, speech 3 s, transcription 4 s; answers of 10 to 14 s. From the end of an answer to the next question; the seed has 8 to 15 s there.\n");
        text.push_str("\n| silence | p50 ms | p95 ms |\n| --- | ---: | ---: |\n");
        let row = |text: &mut String, what: &str, p50, p95| {
            writeln!(text, "| {what} | {:.0} | {:.0} |", figure(p50), figure(p95))
        };
        let own = format!(
            "{} at once, answer ended by silence; {} s of it are Twilio's and not counted",
            figure("interviews"),
            figure("own_silence_s")
        );
        let key = format!("{} at once, answer ended by a key", figure("interviews"));
        let crowd = format!("{} at once, answer ended by a key", figure("crowd"));
        row(text, &key, "key_p50_ms", "key_p95_ms")?;
        row(text, &own, "silence_p50_ms", "silence_p95_ms")?;
        row(text, &crowd, "crowd_p50_ms", "crowd_p95_ms")?;
        let spoken = format!(
            "answer spoken to Twilio's own ears; {:.0} ms of it are Twilio's and counted",
            figure("spoken_own_ms")
        );
        row(text, &spoken, "spoken_p50_ms", "spoken_p95_ms")?;
        row(
            text,
            "first byte of a cached prompt (p50, p99)",
            "prompt_p50_ms",
            "prompt_p99_ms",
        )?;
        writeln!(
            text,
            "\n{:.0} of {:.0} interviews completed, {:.0} questions late; slowest webhook {:.0} ms, {:.0} ms where an AI provider is raced.",
            figure("completed"),
            figure("interviews"),
            figure("missed"),
            figure("webhook_slowest_ms"),
            figure("raced_slowest_ms")
        )?;
        writeln!(
            text,
            "At once: {:.0} of {:.0} completed, {:.0} fallback questions, {:.0} texts by Twilio's own voice; slowest webhook {:.0} ms.",
            figure("crowd_completed"),
            figure("crowd"),
            figure("crowd_fallbacks"),
            figure("crowd_said"),
            figure("crowd_webhook_slowest_ms")
        )?;
        writeln!(
            text,
            "With a chat provider that never answers: {:.0} of {:.0} completed, {:.0} fallback questions; slowest webhook {:.0} ms.",
            figure("mute_completed"),
            figure("interviews"),
            figure("mute_fallbacks"),
            figure("mute_webhook_slowest_ms")
        )
    }

    fn write_aims(&self, text: &mut String) -> std::fmt::Result {
        text.push_str("\n| figure | aim | reached | |\n| --- | ---: | ---: | --- |\n");
        for aim in aims() {
            if let Some(reached) = self.reached(aim) {
                let verdict = if aim.bound.holds(reached) {
                    "yes"
                } else {
                    "**no**"
                };
                writeln!(
                    text,
                    "| {} | {} | {reached:.2}{} | {verdict} |",
                    aim.what,
                    aim.bound.text(aim.unit),
                    aim.unit
                )?;
            }
        }
        Ok(())
    }

    fn reached(&self, aim: &Aim) -> Option<f64> {
        let ours = self.figure(aim.part, aim.figure)?;
        match aim.over {
            Some(peer) => Some(ours / self.figure(peer, aim.figure)?),
            None => Some(ours),
        }
    }

    fn figure(&self, part: &str, name: &str) -> Option<f64> {
        self.figures.get(part)?.get(name)?.as_f64()
    }
}

/// Every aim.
fn aims() -> impl Iterator<Item = &'static Aim> {
    let of_sections = SECTIONS.iter().flat_map(|section| section.aims);
    AIMS.iter().chain(of_sections)
}

#[cfg(test)]
mod tests {
    use super::*;
    use anyhow::anyhow;
    use clap::Parser;

    fn report() -> Report {
        let options = Options::parse_from(["bench", "--amqp-url", "a", "--database-url", "b"]);
        Report::new(&options)
    }

    #[test]
    fn ratios_and_aims_come_from_the_figures() {
        let mut report = report();
        report.keep("ingress", Some(Ok(json!({"requests_per_s": 4000.0, "requests_per_cpu_s": 9000.0, "p50_ms": 1.0, "p99_ms": 2.0, "peak_rss_mib": 20.0}))));
        report.keep("express", Some(Ok(json!({"requests_per_s": 2000.0, "requests_per_cpu_s": 1500.0, "p50_ms": 2.0, "p99_ms": 8.0, "peak_rss_mib": 200.0}))));
        let text = report.text();
        assert!(
            text.contains("| ingress ÷ express | 2.00 | 6.00 | 0.50 | 0.25 | 0.10 |"),
            "{text}"
        );
        assert!(
            text.contains("| ingress over Express, requests per CPU second | ≥ 5× | 6.00× | yes |"),
            "{text}"
        );
        assert!(!text.contains("FastAPI, requests"), "{text}");
        assert!(report.complete());
    }

    #[test]
    fn part_with_a_section_has_its_table_and_its_verdicts() {
        let mut report = report();
        report.keep(
            "texts",
            Some(Ok(
                json!({"threads": 100_000, "sqlite_inbox_p99_ms": 31.0, "unsettled": 0.0}),
            )),
        );
        let text = report.text();
        assert!(
            text.contains("| texts and threads, 100000 conversations |"),
            "{text}"
        );
        assert!(
            text.contains("on SQLite, p99 | ≤ 20 ms | 31.00 ms | **no** |"),
            "{text}"
        );
        assert_eq!(report.json()["aims"].as_array().unwrap().len(), 2);
    }

    #[test]
    fn what_could_not_run_is_named() {
        let mut report = report();
        report.keep("fastapi", Some(Err(anyhow!("python3 cannot be run"))));
        report.keep("express", None);
        assert!(!report.complete());
        assert!(
            report
                .text()
                .contains("Could not run: fastapi: python3 cannot be run")
        );
        assert_eq!(
            report.json()["could_not_run"]["fastapi"],
            "python3 cannot be run"
        );
    }
}
