//! What interviews say in Spanish.

use super::InterviewPhrases;

pub(crate) const PHRASES: InterviewPhrases = InterviewPhrases {
    coach_greeting: "Bienvenido al entrenamiento de entrevistas.",
    screener_greeting: "Hola, y gracias por dedicar su tiempo a esta entrevista.",
    menu: "Para una entrevista de práctica, marque o diga 1. Para escuchar sus últimos comentarios, marque o diga 2. Para terminar, marque o diga 3.",
    help: "En una entrevista de práctica le hago algunas preguntas, una tras otra, y al final escucha qué estuvo bien y qué no.",
    not_understood: "Lo siento, no le he entendido.",
    how_to_answer: "Responda después del tono y marque la tecla numeral cuando termine.",
    thanks: "Gracias.",
    hold: "Un momento, por favor.",
    preparing_feedback: "Gracias, esa fue la última pregunta. Un momento, por favor, mientras preparo sus comentarios.",
    still_preparing: "Solo un momento más.",
    feedback_later: "Sus comentarios aún no están listos. Vuelva a llamar más tarde y marque 2 para escucharlos.",
    no_feedback: "Todavía no hay comentarios para usted.",
    last_feedback: "Estos son los comentarios de su última entrevista.",
    completion: "Gracias por completar la entrevista. ¡Hasta luego!",
    goodbye: "¡Hasta luego!",
    apology: "Lo sentimos, algo salió mal en esta llamada. Inténtelo de nuevo más tarde.",
    eligible: "Muy bien, usted cumple los requisitos. Nuestro equipo le llamará.",
    not_eligible: "Gracias. Por ahora no cumple los requisitos.",
    unclear: "Gracias. No pude entender todas las respuestas. Nuestro equipo le llamará.",
    yes_or_no: "Diga sí o no, o marque 1 para sí y 2 para no.",
};

/// Questions for when a written one is late.
pub(crate) const QUESTIONS: &[&str] = &[
    "Hábleme de una ocasión en la que tomó la iniciativa.",
    "Hábleme de una ocasión en la que tuvo que trabajar bajo presión.",
    "Describa un problema difícil que resolvió y cómo lo hizo.",
    "Hábleme de un desacuerdo con un colega y de cómo terminó.",
    "¿De qué error aprendió algo?",
    "¿Cómo decide qué hacer primero cuando todo es urgente?",
    "Hábleme de algo que tuvo que aprender rápidamente.",
    "¿De qué está más orgulloso en su trabajo hasta ahora?",
];
