//! How well a session hears speech in noise: whole sessions in virtual time, without a platform. What counts is what the session does:
//! which utterances it wants transcribed, and when it stops speaking.

mod corpus;
mod cost;

use std::fmt::{self, Write};
use std::time::Duration;

use anyhow::Result;
use serde_json::{Value, json};
use session::{Config, FRAME, FRAME_TIME, Heard, Input, Output, Session, Then};

use crate::aims::Aim;
use crate::load::Latencies;
use crate::section::{Figures, Section};
use crate::{Options, say};
use corpus::{Corpus, NOISES, Noise, Scene};

/// How far speech is above the noise, in dB; none: no noise.
const LEVELS: [Option<i32>; 4] = [None, Some(20), Some(10), Some(5)];
/// Silence that ends an utterance, as after a question of yes or no.
const HANGOVER_MS: u64 = 500;
/// What is heard this long before or after a sentence still belongs to it.
const NEAR: usize = 10;

/// The part `hearing`.
pub const SECTION: Section = Section {
    part: "hearing",
    write,
    aims: &[
        Aim::at_most(
            1.0,
            " %",
            "hearing",
            "missed_20_percent",
            "speech 20 dB above noise: sentences that were not heard",
        ),
        Aim::at_most(
            5.0,
            " %",
            "hearing",
            "missed_10_percent",
            "the same at 10 dB",
        ),
        Aim::at_most(
            5.0,
            " %",
            "hearing",
            "merged_20_percent",
            "speech 20 dB above noise: sentences that were run together with another",
        ),
        Aim::at_most(
            2.0,
            " a minute",
            "hearing",
            "false_per_minute",
            "noise alone, or between sentences: what was taken for speech",
        ),
        Aim::at_most(
            60.0,
            " ms",
            "hearing",
            "clipped_p95_ms",
            "beginnings of sentences that were cut off, p95, in noise of 20 dB",
        ),
        Aim::at_most(
            400.0,
            " ms",
            "hearing",
            "barge_p50_ms",
            "from the first sound of an interruption to the clear, p50, in noise of 20 dB",
        ),
    ],
};

/// Measures.
pub fn measure(options: &Options) -> Result<Value> {
    let corpus = Corpus::new(&options.out)?;
    say(&format!(
        "bench: hearing, {} sentences by {}",
        corpus.sentences.len(),
        corpus.voice
    ));
    let mut rows = Vec::new();
    let mut totals = [
        Tally::default(),
        Tally::default(),
        Tally::default(),
        Tally::default(),
    ];
    for noise in NOISES {
        for (place, level) in LEVELS.into_iter().enumerate() {
            // Silence is the same whatever it is no noise of.
            if level.is_none() && noise != Noise::White {
                continue;
            }
            let scene = corpus.scene(noise, level);
            let mut tally = listened(&scene);
            interrupted(&scene, &mut tally);
            rows.push(tally.row(noise, level));
            totals[place].add(tally);
        }
    }
    let all = |figure: fn(&Tally) -> f64| totals.iter().map(figure).sum::<f64>();
    let minutes = all(|it| it.minutes);
    let loud = &totals[1];
    Ok(json!({
        "voice": corpus.voice, "sentences": corpus.sentences.len(), "rows": rows,
        "missed_20_percent": totals[1].missed_percent(),
        "merged_20_percent": totals[1].merged_percent(),
        "merged_10_percent": totals[2].merged_percent(),
        "missed_10_percent": totals[2].missed_percent(),
        "missed_5_percent": totals[3].missed_percent(),
        "false_per_minute": all(|it| it.false_starts as f64) / minutes,
        "clipped_p95_ms": loud.clipped().ms(0.95),
        "barge_p50_ms": loud.barges().ms(0.50),
        "barge_p95_ms": loud.barges().ms(0.95),
        "judge_us": cost::judged_us(&corpus.scene(Noise::Street, Some(20))),
    }))
}

/// What came of a scene.
#[derive(Default)]
struct Tally {
    said: usize,
    missed: usize,
    /// Heard together with another: the pause between them was not noticed.
    merged: usize,
    /// Heard as more than one.
    split: usize,
    false_starts: usize,
    false_barges: usize,
    minutes: f64,
    clipped: Vec<Duration>,
    ended: Vec<Duration>,
    barges: Vec<Duration>,
}

impl Tally {
    fn add(&mut self, other: Self) {
        self.said += other.said;
        self.missed += other.missed;
        self.merged += other.merged;
        self.split += other.split;
        self.false_starts += other.false_starts;
        self.false_barges += other.false_barges;
        self.minutes += other.minutes;
        self.clipped.extend(other.clipped);
        self.ended.extend(other.ended);
        self.barges.extend(other.barges);
    }

    fn missed_percent(&self) -> f64 {
        self.percent(self.missed)
    }

    fn merged_percent(&self) -> f64 {
        self.percent(self.merged)
    }

    fn percent(&self, of_them: usize) -> f64 {
        100.0 * of_them as f64 / self.said.max(1) as f64
    }

    fn clipped(&self) -> Latencies {
        Latencies::new(self.clipped.clone())
    }

    fn barges(&self) -> Latencies {
        Latencies::new(self.barges.clone())
    }

    fn row(&self, noise: Noise, level: Option<i32>) -> Value {
        let ended = Latencies::new(self.ended.clone());
        let name = match level {
            Some(_) => noise.name(),
            None => "none",
        };
        json!({
            "noise": name, "level_db": level, "said": self.said, "missed_percent": self.missed_percent(),
            "merged_percent": self.merged_percent(), "split": self.split,
            "false_starts": self.false_starts, "false_barges": self.false_barges, "minutes": self.minutes,
            "clipped_p50_ms": self.clipped().ms(0.50), "clipped_p95_ms": self.clipped().ms(0.95),
            "ended_p50_ms": ended.ms(0.50), "ended_p95_ms": ended.ms(0.95),
            "barge_p50_ms": self.barges().ms(0.50), "barge_p95_ms": self.barges().ms(0.95),
        })
    }
}

/// A session that is driven frame by frame.
struct Driven {
    session: Session,
    at: Duration,
}

/// What a frame brought.
#[derive(Default)]
struct Brought {
    /// Frames of an utterance that is over.
    utterance: Option<usize>,
    cleared: bool,
}

impl Driven {
    /// Listens, or speaks for ever.
    fn new(speaks: bool) -> Self {
        let mut config = Config::default();
        config.limits.call_s = 86_400;
        let mut driven = Self {
            session: Session::new(config),
            at: Duration::ZERO,
        };
        driven.session.handle(driven.at, Input::Started);
        driven.follow(speaks);
        driven
    }

    fn frame(&mut self, frame: &[u8; FRAME], speaks: bool) -> Brought {
        self.at += FRAME_TIME;
        let media = Input::Media {
            timestamp_ms: None,
            payload: frame,
        };
        self.session.handle(self.at, media);
        self.follow(speaks)
    }

    /// Whoever hears, decides and speaks for the session does so at once.
    fn follow(&mut self, speaks: bool) -> Brought {
        let mut brought = Brought::default();
        while let Some(output) = self.session.poll() {
            match output {
                Output::Transcribe { utterance, sound } => {
                    brought.utterance = Some(sound.len() / FRAME);
                    let text = "yes".to_owned();
                    let words = Input::Transcript { utterance, text };
                    self.session.handle(self.at, words);
                }
                Output::Ask { turn, heard } => self.decide(turn, &heard, speaks),
                Output::Speak { line, .. } => {
                    // A minute of something; nobody listens to it.
                    let chunk = vec![0x55; FRAME * 50 * 60];
                    let speech = Input::Speech {
                        line,
                        chunk: &chunk,
                        last: true,
                    };
                    self.session.handle(self.at, speech);
                }
                Output::Clear => brought.cleared = true,
                _ => {}
            }
        }
        brought
    }

    fn decide(&mut self, turn: u64, heard: &Heard, speaks: bool) {
        let listen = Then::Listen {
            silence_ms: 600_000,
            hangover_ms: HANGOVER_MS,
        };
        // Silence is no reason to speak again.
        let is_line = speaks && *heard != Heard::Silence;
        let decision = Input::Decision {
            turn,
            lines: is_line
                .then(|| "On and on.".to_owned())
                .into_iter()
                .collect(),
            then: Some(listen),
        };
        self.session.handle(self.at, decision);
    }
}

/// The sentences in or near which a stretch of the line lies.
fn sentences_at(scene: &Scene, from: usize, to: usize) -> impl Iterator<Item = usize> {
    let near = move |(begin, end): &(usize, usize)| from <= end + NEAR && to + NEAR >= *begin;
    let all = scene.sentences.iter().enumerate();
    all.filter_map(move |(which, place)| near(place).then_some(which))
}

/// Listens to a scene: what is heard, and when.
fn listened(scene: &Scene) -> Tally {
    let mut tally = Tally {
        said: scene.sentences.len(),
        minutes: scene.frames.len() as f64 / 3_000.0,
        ..Tally::default()
    };
    let hangover = usize::try_from(HANGOVER_MS / 20).unwrap_or_default();
    let mut heard = vec![0; scene.sentences.len()];
    let mut driven = Driven::new(false);
    for (place, frame) in scene.frames.iter().enumerate() {
        let Some(length) = driven.frame(frame, false).utterance else {
            continue;
        };
        let from = (place + 1).saturating_sub(length);
        let held: Vec<_> = sentences_at(scene, from, place.saturating_sub(hangover)).collect();
        let (Some(first), Some(last)) = (held.first(), held.last()) else {
            tally.false_starts += 1;
            continue;
        };
        if heard[*first] == 0 {
            let begin = scene.sentences[*first].0;
            tally.clipped.push(frames(from.saturating_sub(begin)));
        }
        let end = scene.sentences[*last].1;
        tally.ended.push(frames(place.saturating_sub(end)));
        tally.merged += held.len() - 1;
        held.iter().for_each(|which| heard[*which] += 1);
    }
    tally.missed = heard.iter().filter(|times| **times == 0).count();
    tally.split = heard.iter().filter(|times| **times > 1).count();
    tally
}

/// Speaks during a scene: when it stops, and whether it should have.
fn interrupted(scene: &Scene, tally: &mut Tally) {
    let mut driven = Driven::new(true);
    let mut stopped = vec![false; scene.sentences.len()];
    for (place, frame) in scene.frames.iter().enumerate() {
        if !driven.frame(frame, true).cleared {
            continue;
        }
        match sentences_at(scene, place, place).last() {
            Some(which) if !stopped[which] => {
                stopped[which] = true;
                let begin = scene.sentences[which].0;
                tally.barges.push(frames(place.saturating_sub(begin) + 1));
            }
            Some(_) => {}
            None => tally.false_barges += 1,
        }
    }
}

fn frames(count: usize) -> Duration {
    FRAME_TIME * u32::try_from(count).unwrap_or(u32::MAX)
}

fn write(figures: &Figures<'_>, text: &mut String) -> fmt::Result {
    writeln!(
        text,
        "\nHearing, {:.0} sentences by {} in noise, a hangover of {HANGOVER_MS} ms; nothing is transcribed. False: what was taken for speech, and what \
         stopped the bot, where nobody spoke. To judge a frame of a noisy line takes {:.0} µs.\n\n\
         | noise | dB | missed | run together | split | false | stops | cut off p95 ms | end heard p50 ms | p95 ms | interruption p50 ms | p95 ms |\n\
         | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |",
        figures.get("sentences"),
        figures.word("voice"),
        figures.get("judge_us")
    )?;
    for row in figures.list("rows") {
        let level = match row.has("level_db") {
            true => row.get("level_db").to_string(),
            false => "none".to_owned(),
        };
        writeln!(
            text,
            "| {} | {level} | {:.1} % | {:.1} % | {} | {} | {} | {:.0} | {:.0} | {:.0} | {:.0} | {:.0} |",
            row.word("noise"),
            row.get("missed_percent"),
            row.get("merged_percent"),
            row.get("split"),
            row.get("false_starts"),
            row.get("false_barges"),
            row.get("clipped_p95_ms"),
            row.get("ended_p50_ms"),
            row.get("ended_p95_ms"),
            row.get("barge_p50_ms"),
            row.get("barge_p95_ms")
        )?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clean_sentences_are_all_heard_and_silence_is_not() {
        let corpus = Corpus::of_tones();
        let scene = corpus.scene(Noise::White, None);
        let mut tally = listened(&scene);
        interrupted(&scene, &mut tally);
        assert_eq!(
            (tally.missed, tally.false_starts, tally.false_barges),
            (0, 0, 0)
        );
        assert_eq!(tally.barges.len(), scene.sentences.len());
    }
}
