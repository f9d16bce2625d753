//! Which of an interview's reviews count.

use super::view::{AnswerView, ReviewView};
use crate::db::ReviewRow;

/// The reviews that count: the latest of each answer, and of the whole. One that says nothing takes the one before back.
pub(super) struct Latest(Vec<ReviewRow>);

impl Latest {
    /// Of the reviews of one interview, the oldest first.
    pub(super) fn of<'a>(rows: impl IntoIterator<Item = &'a ReviewRow>) -> Self {
        let mut latest: Vec<ReviewRow> = Vec::new();
        for row in rows {
            latest.retain(|it| it.question_number != row.question_number);
            latest.push(row.clone());
        }
        Self(latest)
    }

    fn about(&self, number: i64) -> Option<ReviewView> {
        let found = self.0.iter().find(|it| it.question_number == number);
        let says = |it: &&ReviewRow| {
            !it.note.is_empty() || it.score.is_some() || it.recommendation.is_some()
        };
        found.filter(says).cloned().map(ReviewView::from)
    }

    /// Of the interview as a whole.
    pub(super) fn whole(&self) -> Option<ReviewView> {
        self.about(0)
    }

    /// Puts each beside its answer.
    pub(super) fn beside(&self, answers: &mut [AnswerView]) {
        for answer in answers {
            answer.review = self.about(i64::from(answer.question_number));
        }
    }
}
