//! The provider that needs none.

use ai::task::{AboutAnswer, AboutInterview, AboutQuestion, Question, Score, Summary, Turn};
use ai::{
    Ai, Block, ChatRequest, Provider, Settings, Simulated, SpeakRequest, Task, TranscribeRequest,
};

use crate::server::{ai, wav};

fn simulated() -> Ai {
    let _ = rustls::crypto::ring::default_provider().install_default();
    ai(Settings {
        simulated: Simulated::WordsAndSpeech,
        ..Settings::default()
    })
}

fn asked(task: Task, language: &str, block: Block) -> ChatRequest {
    ChatRequest {
        language: language.into(),
        ..ChatRequest::new(task, "Do your work.")
            .with(Block::text("resume", "{\"not\":\"the data\"}"))
            .with(block)
    }
}

#[tokio::test]
async fn what_is_spoken_is_heard_again() {
    let ai = simulated();
    let text = "I led a team of 5 people, größer als je zuvor.";
    let spoken = ai.speak(&SpeakRequest::new(text)).await.unwrap();
    assert!(spoken.usage.simulated);
    assert_eq!(spoken.usage.provider, Provider::Simulated);
    assert_eq!(spoken.value.content_type, "audio/wav");
    let again = ai.speak(&SpeakRequest::new(text)).await.unwrap();
    assert_eq!(again.value, spoken.value);
    let request = TranscribeRequest::new(spoken.value.bytes, "a.wav");
    let heard = ai.transcribe(&request).await.unwrap();
    assert!(heard.usage.simulated);
    assert_eq!(heard.value, text);
    let words = TranscribeRequest {
        words: true,
        ..request
    };
    let words = ai.listen(&words).await.unwrap().value.words;
    assert_eq!(words.len(), text.split(' ').count());
    assert!(words.windows(2).all(|it| it[0].from_s < it[1].from_s));
}

#[tokio::test]
async fn nothing_is_made_up() {
    let ai = simulated();
    for file in [wav(2.0, 8_000), b"ID3\x04".to_vec(), Vec::new()] {
        let heard = ai.transcribe(&TranscribeRequest::new(file, "a.wav")).await;
        assert_eq!(heard.unwrap().value, "");
    }
    // Data of another shape are no data.
    let request = asked(Task::Score, "en", Block::text("answer", "I led a team."));
    let error = ai.chat::<Score>(&request).await.unwrap_err();
    assert_eq!(error.reason(), "provider_refused");
}

#[tokio::test]
async fn interview_is_asked_scored_and_summed_up_in_two_languages() {
    let ai = simulated();
    for (language, topic, mark) in [
        ("en-US", "databases", "imulated"),
        ("de", "Datenbanken", "imuliert"),
    ] {
        let mut about = AboutQuestion {
            topic: topic.into(),
            question_number: 1,
            ..AboutQuestion::default()
        };
        for _ in 0..5 {
            let request = asked(Task::Question, language, Block::json("interview", &about));
            let fits = |question: &Question| !about.asked.contains(&question.question);
            let answer = ai.chat_that(&request, fits).await.unwrap();
            assert!(answer.usage.simulated);
            about.asked.push(answer.value.question);
        }
        assert!(about.asked.iter().all(|question| question.contains(topic)));

        let answer = AboutAnswer {
            question: about.asked[0].clone(),
            transcript: "Yes. We moved 3 databases at night, because nobody was there.".into(),
            ..AboutAnswer::default()
        };
        let request = asked(Task::Score, language, Block::json("answer", &answer));
        let score = ai.chat::<Score>(&request).await.unwrap().value;
        assert_eq!(score, ai.chat::<Score>(&request).await.unwrap().value);
        assert_eq!(
            score.quote,
            "We moved 3 databases at night, because nobody was there."
        );
        assert!(score.feedback.contains(mark) && score.score > 0);

        let turn = |score| Turn {
            question_number: 1,
            score,
            ..Turn::default()
        };
        let interview = AboutInterview {
            kind: "screener".into(),
            turns: vec![turn(Some(score.score)), turn(None)],
            ..AboutInterview::default()
        };
        let request = asked(
            Task::Summary,
            language,
            Block::json("interview", &interview),
        );
        let summary = ai.chat::<Summary>(&request).await.unwrap();
        assert_eq!(summary.value.overall_score, score.score);
        assert!(summary.value.feedback.contains(mark));
        assert_eq!(summary.usage.cost_micro_usd, None);
    }
}
