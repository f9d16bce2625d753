use super::language::Language;
use crate::task::{AboutInterview, Summary, Turn};

/// From this score on an answer counts as a strength.
const STRONG: u32 = 60;
/// How many answers are named as strengths, and as what could be better.
const NAMED: usize = 3;

/// Sums up by the scores alone, and says so.
pub(super) fn sum_up(about: &AboutInterview, language: Language) -> Summary {
    let mut scored: Vec<(&Turn, u32)> = about
        .turns
        .iter()
        .filter_map(|turn| Some((turn, turn.score?)))
        .collect();
    scored.sort_by_key(|(turn, score)| (std::cmp::Reverse(*score), turn.question_number));
    let sum: u32 = scored.iter().map(|(_, score)| (*score).min(100)).sum();
    let count = scored.len() as u32;
    let overall = (sum + count / 2).checked_div(count).unwrap_or_default();
    let line = |(turn, score): &(&Turn, u32)| {
        let number = turn.question_number;
        match language {
            Language::English => format!("Question {number}: {score} of 100"),
            Language::German => format!("Frage {number}: {score} von 100"),
        }
    };
    let (strong, weak) = scored.split_at(scored.partition_point(|(_, score)| *score >= STRONG));
    Summary {
        overall_score: overall,
        recommendation: recommendation(about, overall, count).to_owned(),
        strengths: strong.iter().take(NAMED).map(line).collect(),
        areas_for_improvement: weak.iter().rev().take(NAMED).map(line).collect(),
        feedback: feedback(&scored, overall, language),
    }
}

fn recommendation(about: &AboutInterview, overall: u32, count: u32) -> &'static str {
    match overall {
        _ if about.kind != "screener" => "",
        // Nothing speaks for or against.
        _ if count == 0 => "maybe",
        80.. => "strong_yes",
        65.. => "yes",
        45.. => "maybe",
        _ => "no",
    }
}

fn feedback(scored: &[(&Turn, u32)], overall: u32, language: Language) -> String {
    let Some((best, _)) = scored.first() else {
        return language
            .pick(
                "This is a simulated evaluation. No answer could be scored.",
                "Dies ist eine simulierte Auswertung. Keine Antwort konnte bewertet werden.",
            )
            .to_owned();
    };
    let best = best.question_number;
    match language {
        Language::English => format!(
            "This is a simulated evaluation by the length and form of your answers. Your average is {overall} of 100. Your best \
             answer was the one to question {best}."
        ),
        Language::German => format!(
            "Dies ist eine simulierte Auswertung nach Länge und Form Ihrer Antworten. Im Mittel sind es {overall} von 100 \
             Punkten. Am besten war Ihre Antwort auf Frage {best}."
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn summary(kind: &str, scores: &[Option<u32>]) -> Summary {
        let turn = |(number, score): (u32, &Option<u32>)| Turn {
            question_number: number,
            score: *score,
            ..Turn::default()
        };
        let about = AboutInterview {
            kind: kind.into(),
            turns: (1..).zip(scores).map(turn).collect(),
            ..AboutInterview::default()
        };
        sum_up(&about, Language::English)
    }

    #[test]
    fn answers_without_a_score_are_left_out() {
        let summary = summary("screener", &[Some(90), None, Some(41)]);
        assert_eq!(
            (summary.overall_score, summary.recommendation.as_str()),
            (66, "yes")
        );
        assert_eq!(summary.strengths, ["Question 1: 90 of 100"]);
        assert_eq!(summary.areas_for_improvement, ["Question 3: 41 of 100"]);
        assert!(summary.feedback.contains("simulated"));
    }

    #[test]
    fn coach_recommends_nothing_and_no_scores_say_nothing() {
        assert_eq!(summary("coach", &[Some(90)]).recommendation, "");
        let nothing = summary("screener", &[None]);
        assert_eq!(
            (nothing.overall_score, nothing.recommendation.as_str()),
            (0, "maybe")
        );
        assert!(nothing.strengths.is_empty() && nothing.areas_for_improvement.is_empty());
    }
}
