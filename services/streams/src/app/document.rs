//! What a call is answered.

use events::v1::{TenantContext, TwimlReply};
use flow::Engine;
use phrases::{Language, Speaker};
use role::HandlerError;
use twiml::{
    Connect, ConversationRelay, Dial, Hangup, Method, Number, Redirect, Response, Say, Start,
    Stream,
};

use super::Wanted;
use crate::db::SessionRow;

/// Where Twilio asks how it goes on when a stream is over. The number's app takes it, whichever path it is.
const NEXT: &str = "/voice";
/// Twilio's first choice of language.
const LANGUAGE: &str = "en-US";

/// A stream, and what follows when it ends: Twilio asks again, and hears what has become of the session. Before the first one
/// the caller is told of the recording, and it starts, where the tenant's calls are recorded.
pub fn stream(
    public_url: &str,
    row: &SessionRow,
    tenant: &TenantContext,
    wanted: &Wanted,
) -> Result<TwimlReply, HandlerError> {
    let connect = match row.engine() {
        Engine::Media => Connect::new(
            Stream::new(socket_url(public_url, "twilio", &row.id))
                .parameter("session", row.id.as_str())
                .parameter("attempt", row.attempt.to_string()),
        ),
        Engine::Relay => Connect::relay(relay(public_url, row, tenant, wanted)),
    };
    let opening = match row.attempt {
        1 => recorded(tenant, wanted, public_url),
        _ => Response::new(),
    };
    written(
        &opening
            .connect(connect)
            .redirect(Redirect::new(NEXT).method(Method::Post)),
    )
}

/// The conversation that Twilio hears and speaks. Our first turn is the greeting, so that it is told like any other.
fn relay(
    public_url: &str,
    row: &SessionRow,
    tenant: &TenantContext,
    wanted: &Wanted,
) -> ConversationRelay {
    let language = [&wanted.language, &tenant.language];
    let language = language.into_iter().find(|it| !it.is_empty());
    let mut relay = ConversationRelay::new(socket_url(public_url, "relay", &row.id))
        .language(language.map_or(LANGUAGE, String::as_str))
        .dtmf_detection(true)
        .interruptible("any")
        .parameter("session", row.id.as_str());
    if !wanted.voice.is_empty() {
        relay = relay.voice(wanted.voice.as_str());
    }
    if !wanted.voice_provider.is_empty() {
        relay = relay.tts_provider(wanted.voice_provider.as_str());
    }
    relay
}

fn recorded(tenant: &TenantContext, wanted: &Wanted, public_url: &str) -> Response {
    let own = wanted.notice.as_str();
    let settings = tenant.recording.as_ref().filter(|it| it.enabled);
    let is_ours = own.is_empty() && settings.is_some_and(|it| it.consent_notice);
    let told = match (own, is_ours) {
        (_, true) => Response::new().say(notice(tenant)),
        ("", false) => Response::new(),
        (own, false) => Response::new().say(own_notice(own, tenant, wanted)),
    };
    match settings {
        Some(_) => told.start(Start::call_recording(public_url)),
        None => told,
    }
}

/// That the call is recorded, in the tenant's language and voice where we have the words in that language.
fn notice(tenant: &TenantContext) -> Say {
    let (language, speaker) = Speaker::new(&tenant.language, &tenant.voice).ours();
    spoken(language.calls().recording_notice, speaker)
}

/// The flow's own words, in its language.
fn own_notice(words: &str, tenant: &TenantContext, wanted: &Wanted) -> Say {
    let speaker = match wanted.language.as_str() {
        "" => Speaker::new(&tenant.language, &tenant.voice),
        // The tenant's voice may be one of another language.
        own if own == tenant.language => Speaker::new(own, &tenant.voice),
        own => Speaker::new(own, ""),
    };
    spoken(words, speaker)
}

fn spoken(words: &str, speaker: Speaker<'_>) -> Say {
    let mut say = Say::new(words);
    if !speaker.voice.is_empty() {
        say = say.voice(speaker.voice);
    }
    if !speaker.language.is_empty() {
        say = say.language(speaker.language);
    }
    say
}

/// The same address, for a socket.
fn socket_url(public_url: &str, engine: &str, session: &str) -> String {
    let base = match public_url.split_once("://") {
        Some(("http", rest)) => format!("ws://{rest}"),
        Some((_, rest)) => format!("wss://{rest}"),
        None => format!("wss://{public_url}"),
    };
    format!("{base}/ws/{engine}/{session}")
}

/// The call is over.
pub fn hang_up() -> Result<TwimlReply, HandlerError> {
    written(&Response::new().hangup(Hangup::new()))
}

/// A person takes over, and hears first what it is about. When nobody answers, or they hang up, the call asks how it goes on.
pub fn transfer(row: &SessionRow, tenant: &TenantContext) -> Result<TwimlReply, HandlerError> {
    let business = tenant.number.as_ref().map_or("", |it| it.number.as_str());
    let url = format!(
        "/webhooks/twilio/call/whisper/{}?number=%2B{}&by=assistant",
        row.call_sid,
        business.trim_start_matches('+')
    );
    let person = Number::new(row.target.as_str()).url(url);
    let mut dial = Dial::new().number(person);
    if tenant.dial_timeout_s > 0 {
        dial = dial.timeout(tenant.dial_timeout_s);
    }
    let next = Redirect::new(NEXT).method(Method::Post);
    written(&Response::new().dial(dial).redirect(next))
}

/// What whoever takes over hears.
pub fn whisper(words: &str, tenant: &TenantContext) -> Result<TwimlReply, HandlerError> {
    let (language, speaker) = Speaker::new(&tenant.language, &tenant.voice).ours();
    let opening = match language {
        Language::English => "Your assistant hands a caller over to you.",
        Language::German => "Ihr Assistent übergibt Ihnen einen Anruf.",
        Language::Spanish => "Su asistente le pasa una llamada.",
    };
    let told = format!("{opening} {words}");
    written(&Response::new().say(spoken(told.trim_end(), speaker)))
}

/// A person is called in place of a stream.
pub fn connect(target: &str, words: &str) -> Result<TwimlReply, HandlerError> {
    let said = Response::new().say(Say::new(words));
    written(&said.dial(Dial::new().number(Number::new(target))))
}

/// The interview goes on without a stream: by Twilio's own voice and ears.
pub fn without_stream(interview: &str) -> Result<TwimlReply, HandlerError> {
    let url = format!("/continue-interview?interview_id={interview}");
    written(&Response::new().redirect(Redirect::new(url).method(Method::Post)))
}

/// Nothing can be done.
pub fn apology(language: &str) -> Result<TwimlReply, HandlerError> {
    let words = phrases::Language::of(language).interview().apology;
    written(&Response::new().say(Say::new(words)).hangup(Hangup::new()))
}

fn written(response: &Response) -> Result<TwimlReply, HandlerError> {
    let xml = response
        .to_xml()
        .map_err(|e| HandlerError::Reject(e.to_string()))?;
    Ok(TwimlReply { xml })
}
