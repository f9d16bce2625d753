//! What interviews say in English.

use super::InterviewPhrases;

pub(crate) const PHRASES: InterviewPhrases = InterviewPhrases {
    coach_greeting: "Welcome to interview coaching.",
    screener_greeting: "Hello, and thank you for taking this interview.",
    menu: "For a mock interview, press or say 1. To hear your last feedback, press or say 2. To end this call, press or say 3.",
    help: "In a mock interview I ask you a few questions, one after the other, and at the end you hear what was good and what was not.",
    not_understood: "Sorry, I did not get that.",
    how_to_answer: "Answer after the tone, and press the pound key when you are done.",
    thanks: "Thank you.",
    hold: "One moment, please.",
    preparing_feedback: "Thank you, that was the last question. One moment, please, while I prepare your feedback.",
    still_preparing: "Just a moment longer.",
    feedback_later: "Your feedback is not ready yet. Call again later and press 2 to hear it.",
    no_feedback: "There is no feedback for you yet.",
    last_feedback: "Here is the feedback on your last interview.",
    completion: "Thank you for completing the interview. Goodbye!",
    goodbye: "Goodbye!",
    apology: "We are sorry, something went wrong with this call. Please try again later.",
    eligible: "Great, you are eligible. Our team will call you.",
    not_eligible: "Thank you. You are not eligible at this time.",
    unclear: "Thank you. I could not understand every answer. Our team will call you back.",
    yes_or_no: "Please say yes or no, or press 1 for yes and 2 for no.",
};

/// Questions for when a written one is late.
pub(crate) const QUESTIONS: &[&str] = &[
    "Tell me about a time when you took the lead.",
    "Tell me about a time when you had to work under pressure.",
    "Describe a difficult problem that you solved, and how you went about it.",
    "Tell me about a disagreement with a colleague, and how it ended.",
    "What is a mistake that you learned something from?",
    "How do you decide what to do first when everything is urgent?",
    "Tell me about something that you had to learn quickly.",
    "What are you most proud of in your work so far?",
];
