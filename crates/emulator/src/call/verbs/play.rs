//! `<Play>`: a sound file, or keys (specification, section 3).

use twiml::Play;

use crate::call::leg::Flow;
use crate::call::verbs::speech::FOR_EVER;
use crate::call::{Broken, Leg};
use crate::leg_context::LegContext;
use crate::leg_control::Interrupt;
use crate::recording::tape;
use crate::state::Side;
use crate::time::seconds;

/// A key, and a `w`.
const KEY_S: f64 = 0.2;
const WAIT_S: f64 = 0.5;

pub(crate) async fn run(leg: &mut Leg, play: &Play) -> Result<Flow, Interrupt> {
    let played = match place(leg, play) {
        Ok(url) => sound(&leg.context, play, &url).await?,
        Err(broken) => Err(broken),
    };
    match played {
        Ok(()) => Ok(Flow::Next),
        Err(broken) => leg.broken(broken).await,
    }
}

/// Where a document's sounds are, so that they can be played while the leg listens.
pub(crate) fn place(leg: &Leg, play: &Play) -> Result<String, Broken> {
    if play.digits.is_some() && play.url.trim().is_empty() {
        return Ok(String::new());
    }
    let url = play.url.trim();
    leg.resolve(url).map_err(|failure| {
        leg.context.note("play", &failure);
        Broken {
            code: failure.code,
            url: url.to_owned(),
        }
    })
}

/// Plays to the end, as often as it is asked to. A sound that cannot be had breaks the document.
pub(crate) async fn sound(
    context: &LegContext,
    play: &Play,
    url: &str,
) -> Result<Result<(), Broken>, Interrupt> {
    if let Some(digits) = &play.digits {
        keys(context, digits).await?;
    }
    if url.is_empty() {
        return Ok(Ok(()));
    }
    let clip = match context.clip(url).await? {
        Ok(clip) => clip,
        Err(failure) => {
            return Ok(Err(Broken {
                code: failure.code,
                url: url.to_owned(),
            }));
        }
    };
    let name = name(url);
    let text = match &clip.words {
        Some(words) => format!("{name}: {words}"),
        None => name.to_owned(),
    };
    let times = match play.repeat {
        Some(0) => FOR_EVER,
        times => times.unwrap_or(1),
    };
    for _ in 0..times {
        context.begins("play", &text);
        if clip.words.is_none() {
            // Not as the words of a simulated voice: these were understood, rightly or wrongly.
            context.listen("play", &format!("{name} (understood): "), &clip.samples);
        }
        tape(&context.shared, &context.sid, Side::Outbound, || {
            clip.samples.to_vec()
        });
        let playing = context.control.sounds(&clip.samples);
        // A sound of no length must not make a loop that never waits.
        context.wait(seconds(clip.seconds.max(0.02))).await?;
        playing.ended();
        context.heard("play", &text);
    }
    Ok(Ok(()))
}

/// Sends keys; a `w` is a wait.
pub(crate) async fn keys(context: &LegContext, digits: &str) -> Result<(), Interrupt> {
    let length: f64 = digits
        .chars()
        .map(|key| {
            if matches!(key, 'w' | 'W') {
                WAIT_S
            } else {
                KEY_S
            }
        })
        .sum();
    context.begins("keys", digits);
    context.wait(seconds(length)).await?;
    context.heard("keys", digits);
    Ok(())
}

/// The file's name, which a script can wait for.
fn name(url: &str) -> &str {
    let path = url.split(['?', '#']).next().unwrap_or_default();
    path.rsplit('/')
        .find(|part| !part.is_empty())
        .unwrap_or(url)
}

#[cfg(test)]
mod tests {
    use super::name;

    #[test]
    fn sound_is_known_by_its_file_name() {
        assert_eq!(
            name("https://example.test/audio/welcome.mp3?v=2#rc=1"),
            "welcome.mp3"
        );
        assert_eq!(name("https://example.test/audio/"), "audio");
    }
}
