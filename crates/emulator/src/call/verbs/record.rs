//! `<Record>`: the person on the phone speaks until silence, a key, the limit or the end (specification, sections 2.4 and 3).
//!
//! What is recorded follows what the script says, to the sample, and not how fast this machine happens to be: what a person says is
//! whole unless the limit or another party cuts it off, and their pauses are as long as the script has them.

use audio::{RATE, Sound};
use chrono::{DateTime, Utc};
use twiml::{Record, Track, Trim};

use crate::call::leg::{Flow, Kind};
use crate::call::{End, Leg};
use crate::document::method;
use crate::leg_control::{By, Input, Interrupt, Utterance};
use crate::recording::{self, Plan};
use crate::state::{RECORD_VERB, Wait};
use crate::time::seconds;
use crate::wire::Params;

/// Twilio's defaults.
const ANY_KEY: &str = "1234567890*#";
const SILENCE_S: u32 = 5;
const LONGEST_S: u32 = 3_600;
const LONGEST_TRANSCRIBED_S: u32 = 120;

/// How long the beep lasts.
const BEEP_S: f64 = 0.5;

/// `<Record>` without `action` asks the same URL again, and Twilio would do so for ever; this many times are enough to see it.
const ROUNDS: u32 = 25;

/// What ended a recording.
#[derive(Debug)]
enum Ended {
    Silence,
    Limit,
    Key(char),
    Interrupted(Interrupt),
}

pub(crate) async fn run(leg: &mut Leg, record: &Record) -> Result<Flow, Interrupt> {
    if leg.kind == Kind::Whisper {
        leg.unsupported("Record", "not in the TwiML for a callee");
        return Ok(Flow::Next);
    }
    if record.action.is_none() && circles(leg) {
        return Ok(Flow::End(End::HungUp));
    }
    let speaking = leg.ready();
    if record.play_beep != Some(false) {
        leg.context.begins("beep", "beep");
        leg.context.wait(seconds(BEEP_S)).await?;
        leg.context.heard("beep", "beep");
    }
    let sid = begin(leg, record);
    let mut tape = Tape::new(record);
    let ended = tape.run(leg, speaking).await;
    let sound = Sound::mono(tape.samples);
    let extra = params(leg, &sid, &sound, &ended);
    over(leg, &sid, &ended, tape.silence_s);
    recording::end(&leg.context.shared, &sid, sound).await;
    let (action, method) = (record.action.as_deref(), method(record.method));
    match ended {
        Ended::Interrupted(Interrupt::Over(by)) => {
            // The action is asked all the same; what it answers is not run.
            if let Ok(ask) = leg.next("record-action", action, &method, extra) {
                leg.parting.push(ask);
            }
            Err(Interrupt::Over(by))
        }
        Ended::Interrupted(elsewhere) => Err(elsewhere),
        _ => leg.goto("record-action", action, &method, extra).await,
    }
}

/// Takes note of the end: from here on the person waits for the next sound.
fn over(leg: &Leg, sid: &str, ended: &Ended, silence_s: u32) {
    let (by, own_timeout_ms) = match ended {
        Ended::Silence => ("silence", i64::from(silence_s) * 1000),
        Ended::Limit => ("limit", 0),
        Ended::Key(_) => ("key", 0),
        Ended::Interrupted(Interrupt::Over(_)) => ("hang-up", 0),
        Ended::Interrupted(Interrupt::Goto(_)) => ("redirect", 0),
    };
    let context = &leg.context;
    let wait = Wait::new(sid, by, context.shared.time.now(), own_timeout_ms);
    let mut state = context.shared.state();
    if let Some(call) = state.call_mut(&context.sid) {
        call.waits.push(wait);
    }
    state.moment(&context.sid, "recording", format!("{sid} ended by {by}"));
}

/// Takes note of a document that goes in circles, and says when it has done so for long enough.
fn circles(leg: &mut Leg) -> bool {
    leg.rounds += 1;
    let words = match leg.rounds {
        1 => {
            "<Record> has no action: the current url is asked again, a loop if it answers the same document"
        }
        ROUNDS => {
            "<Record> has come back to itself 25 times: the emulator hangs up, Twilio would go on"
        }
        _ => return false,
    };
    tracing::warn!(call.sid = %leg.context.sid, "{words}");
    recording::remark(&leg.context.shared, &leg.context.sid, "record", words);
    leg.rounds == ROUNDS
}

fn begin(leg: &Leg, record: &Record) -> String {
    let url = record
        .recording_status_callback
        .as_deref()
        .map(|url| leg.resolve(url));
    let method = method(record.recording_status_callback_method);
    let events = record.recording_status_callback_event.as_deref();
    let callback = recording::callback(url, method, events).unwrap_or_else(|failure| {
        leg.context.note("recording-status", &failure);
        None
    });
    if record.transcribe == Some(true) {
        leg.unsupported("Record", "transcribe is not simulated");
    }
    let plan = Plan {
        call_sid: leg.context.sid.clone(),
        source: RECORD_VERB,
        name: None,
        channels: 1,
        track: Track::Both,
        trim: record.trim != Some(Trim::DoNotTrim),
        callback,
    };
    recording::begin(&leg.context.shared, plan)
}

fn params(leg: &Leg, sid: &str, sound: &Sound, ended: &Ended) -> Params {
    let digits = match ended {
        Ended::Key(key) => key.to_string(),
        Ended::Interrupted(Interrupt::Over(By::Phone)) => "hangup".to_owned(),
        _ => String::new(),
    };
    vec![
        (
            "RecordingUrl".to_owned(),
            recording::url(&leg.context.shared, sid),
        ),
        ("RecordingSid".to_owned(), sid.to_owned()),
        (
            "RecordingDuration".to_owned(),
            recording::whole_seconds(sound).to_string(),
        ),
        ("Digits".to_owned(), digits),
    ]
}

/// What is recorded, while it is.
struct Tape {
    samples: Vec<i16>,
    keys: String,
    silence_s: u32,
    limit_s: u32,
    /// Silence since the person last spoke that is in the samples already.
    quiet_s: f64,
    /// Whether a microphone gives the sound, also that of silence, as it comes.
    is_live: bool,
}

impl Tape {
    fn new(record: &Record) -> Self {
        let limit = match record.transcribe {
            Some(true) => LONGEST_TRANSCRIBED_S,
            _ => LONGEST_S,
        };
        Self {
            samples: Vec::new(),
            keys: record
                .finish_on_key
                .clone()
                .unwrap_or_else(|| ANY_KEY.to_owned()),
            silence_s: record.timeout.unwrap_or(SILENCE_S),
            limit_s: record.max_length.unwrap_or(limit).max(1),
            quiet_s: 0.0,
            is_live: false,
        }
    }

    async fn run(&mut self, leg: &mut Leg, said: Option<Utterance>) -> Ended {
        let context = leg.context.clone();
        let mut limit = Box::pin(context.patience(f64::from(self.limit_s)));
        let mut silence = Box::pin(context.patience(f64::from(self.silence_s)));
        // Where the speech that goes on began, in samples and in time.
        let mut speaking = said.map(|said| self.say(&said, context.shared.time.now()));
        let ended = loop {
            tokio::select! {
                biased;
                Some(input) = leg.inputs.recv() => match input {
                    Input::Digit(key) if self.keys.contains(key) => break Ended::Key(key),
                    Input::Digit(_) => {}
                    Input::Begins => speaking = Some((self.samples.len(), context.shared.time.now())),
                    Input::Sound(sound) => {
                        self.is_live = true;
                        self.samples.extend(sound);
                    }
                    Input::Speech(said) if said.live => {}
                    Input::Speech(said) => speaking = Some(self.say(&said, context.shared.time.now())),
                    Input::Quiet => {
                        speaking = None;
                        self.quiet_s = 0.0;
                        silence = Box::pin(context.patience(f64::from(self.silence_s)));
                    }
                    Input::Pause(length_s) => self.pause(length_s),
                },
                why = context.control.interrupted() => break Ended::Interrupted(why),
                () = &mut limit => break Ended::Limit,
                () = &mut silence, if speaking.is_none() && self.silence_s > 0 => {
                    if !self.is_live {
                        self.pause(f64::from(self.silence_s) - self.quiet_s);
                    }
                    break Ended::Silence;
                }
            }
        };
        if let (Ended::Interrupted(_), Some((start, since)), false) =
            (&ended, speaking, self.is_live)
        {
            let said_s = (context.shared.time.now() - since).as_seconds_f64();
            self.samples.truncate(start + length(said_s));
        }
        if matches!(ended, Ended::Limit) && !self.is_live {
            self.samples.resize(length(f64::from(self.limit_s)), 0);
        }
        self.samples.truncate(length(f64::from(self.limit_s)));
        ended
    }

    /// Answers where and when it began.
    fn say(&mut self, said: &Utterance, now: DateTime<Utc>) -> (usize, DateTime<Utc>) {
        let start = self.samples.len();
        self.samples.extend_from_slice(&said.samples());
        (start, now)
    }

    fn pause(&mut self, length_s: f64) {
        self.quiet_s += length_s;
        let longer = self.samples.len() + length(length_s);
        self.samples.resize(longer, 0);
    }
}

fn length(seconds: f64) -> usize {
    (seconds.clamp(0.0, 14_400.0) * f64::from(RATE)).round() as usize
}
