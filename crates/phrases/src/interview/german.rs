//! What interviews say in German.

use super::InterviewPhrases;

pub(crate) const PHRASES: InterviewPhrases = InterviewPhrases {
    coach_greeting: "Willkommen beim Interviewtraining.",
    screener_greeting: "Guten Tag, und danke, dass Sie sich Zeit für dieses Gespräch nehmen.",
    menu: "Für ein Probeinterview drücken oder sagen Sie 1. Für Ihre letzte Rückmeldung drücken oder sagen Sie 2. Zum Beenden drücken oder sagen Sie 3.",
    help: "In einem Probeinterview stelle ich Ihnen nacheinander ein paar Fragen, und am Ende hören Sie, was gut war und was nicht.",
    not_understood: "Das habe ich leider nicht verstanden.",
    how_to_answer: "Antworten Sie nach dem Ton, und drücken Sie die Rautetaste, wenn Sie fertig sind.",
    thanks: "Vielen Dank.",
    hold: "Einen Augenblick, bitte.",
    preparing_feedback: "Vielen Dank, das war die letzte Frage. Einen Augenblick, bitte, ich bereite Ihre Rückmeldung vor.",
    still_preparing: "Nur noch einen Augenblick.",
    feedback_later: "Ihre Rückmeldung ist noch nicht fertig. Rufen Sie später wieder an und drücken Sie 2, um sie zu hören.",
    no_feedback: "Es gibt noch keine Rückmeldung für Sie.",
    last_feedback: "Hier ist die Rückmeldung zu Ihrem letzten Interview.",
    completion: "Vielen Dank für das Gespräch. Auf Wiederhören!",
    goodbye: "Auf Wiederhören!",
    apology: "Es tut uns leid, bei diesem Anruf ist etwas schiefgegangen. Bitte versuchen Sie es später noch einmal.",
    eligible: "Sehr gut, Sie erfüllen die Bedingungen. Wir rufen Sie an.",
    not_eligible: "Vielen Dank. Sie erfüllen die Bedingungen zurzeit nicht.",
    unclear: "Vielen Dank. Ich habe nicht jede Antwort verstanden. Wir rufen Sie zurück.",
    yes_or_no: "Bitte sagen Sie ja oder nein, oder drücken Sie 1 für ja und 2 für nein.",
};

/// Questions for when a written one is late.
pub(crate) const QUESTIONS: &[&str] = &[
    "Erzählen Sie von einer Situation, in der Sie die Führung übernommen haben.",
    "Erzählen Sie von einer Situation, in der Sie unter Druck arbeiten mussten.",
    "Beschreiben Sie ein schwieriges Problem, das Sie gelöst haben, und wie Sie vorgegangen sind.",
    "Erzählen Sie von einer Meinungsverschiedenheit mit Kollegen, und wie sie ausging.",
    "Aus welchem Fehler haben Sie etwas gelernt?",
    "Wie entscheiden Sie, was zuerst kommt, wenn alles dringend ist?",
    "Erzählen Sie von etwas, das Sie schnell lernen mussten.",
    "Worauf sind Sie in Ihrer Arbeit bisher am meisten stolz?",
];
