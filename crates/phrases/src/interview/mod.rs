//! What interviews say.

pub(crate) mod english;
pub(crate) mod german;
pub(crate) mod spanish;

use crate::phrase_struct::phrase_struct;

phrase_struct! {
    /// What interviews say in one language.
    pub struct InterviewPhrases {
        /// The coach's first words.
        coach_greeting,
        /// The screener's first words.
        screener_greeting,
        /// What the keys do.
        menu,
        /// What happens here, for a caller who asks.
        help,
        /// A key that does nothing, or silence.
        not_understood,
        /// Before the first question: how to answer.
        how_to_answer,
        /// Between two questions.
        thanks,
        /// While something is being prepared.
        hold,
        /// After the last answer, where feedback follows.
        preparing_feedback,
        /// The feedback takes longer.
        still_preparing,
        /// The feedback is not there in time.
        feedback_later,
        /// There is no feedback of an earlier interview.
        no_feedback,
        /// Before the feedback of the last interview.
        last_feedback,
        /// The last words of an interview.
        completion,
        /// The last words else.
        goodbye,
        /// The call is about no interview that we know.
        apology,
        /// The caller is eligible.
        eligible,
        /// The caller is not.
        not_eligible,
        /// An answer that decides was never understood.
        unclear,
        /// Neither yes nor no was understood.
        yes_or_no,
    }
}
