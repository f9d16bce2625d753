//! How long the parts of a turn took.

use std::time::Duration;

/// The moments of a turn, since the session began. What did not happen is `None`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct TurnTiming {
    /// The turn.
    pub turn: u64,
    /// The caller's last sound; of a key, when it was pressed.
    pub speech_end: Option<Duration>,
    /// The hangover is over: the utterance counts as complete.
    pub utterance: Option<Duration>,
    /// Its words are there.
    pub transcribed: Option<Duration>,
    /// It is said how it goes on.
    pub decided: Option<Duration>,
    /// The first piece of speech is there.
    pub first_byte: Option<Duration>,
    /// The first frame has left.
    pub first_frame: Option<Duration>,
    /// The first line has been heard to its end, as its mark says.
    pub heard: Option<Duration>,
    /// Whether the reply was interrupted.
    pub interrupted: bool,
}

impl TurnTiming {
    /// The parts of a turn that have a budget: the name, how long it took, and how long it may take for a conversation to feel natural
    /// (Twilio's targets for voice agents). What did not happen took no time.
    #[must_use]
    pub fn parts(&self) -> [(&'static str, Option<Duration>, Duration); 3] {
        let between = |from: Option<Duration>, to: Option<Duration>| to?.checked_sub(from?);
        let words = self.transcribed.or(self.utterance);
        [
            (
                "transcription",
                between(self.utterance, self.transcribed),
                Duration::from_millis(350),
            ),
            (
                "decision",
                between(words, self.decided),
                Duration::from_millis(375),
            ),
            (
                "speech",
                between(self.decided, self.first_byte),
                Duration::from_millis(100),
            ),
        ]
    }

    /// From the caller's last sound to our first frame.
    #[must_use]
    pub fn response(&self) -> Option<Duration> {
        self.first_frame?.checked_sub(self.speech_end?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_what_lies_between_the_moments() {
        let ms = |ms: u64| Some(Duration::from_millis(ms));
        let timing = TurnTiming {
            utterance: ms(1_000),
            transcribed: ms(1_200),
            decided: ms(1_700),
            ..TurnTiming::default()
        };
        let took = timing.parts().map(|(_, took, _)| took);
        assert_eq!(took, [ms(200), ms(500), None]);
        let over = timing.parts();
        let over = over
            .iter()
            .filter(|(_, took, budget)| took.is_some_and(|it| it > *budget));
        assert_eq!(over.map(|it| it.0).collect::<Vec<_>>(), ["decision"]);
    }
}
