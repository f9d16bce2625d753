//! What an answer of the application means, for a call and for a message.

use twiml::{Medium, Method, Response, Verb};

use crate::wire::{Answer, Failure};

/// How an answer's body is to be taken (specification, section 3: content types).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Type {
    Twiml,
    Plain,
    Audio,
}

fn kind(answer: &Answer) -> Result<Type, Failure> {
    let full = answer.content_type.as_deref().unwrap_or_default();
    let bare = full
        .split(';')
        .next()
        .unwrap_or_default()
        .trim()
        .to_ascii_lowercase();
    match bare.as_str() {
        "text/xml" | "application/xml" | "text/html" => Ok(Type::Twiml),
        "text/plain" => Ok(Type::Plain),
        _ if bare.starts_with("audio/") => Ok(Type::Audio),
        "" => Err(Failure::new(12300, "the answer has no content type")),
        _ => Err(Failure::new(
            12300,
            format!("{bare} is not a content type for twiml"),
        )),
    }
}

/// Reads TwiML for a call or for a message.
pub(crate) fn read(xml: &str, medium: Medium) -> Result<Response, Failure> {
    let response =
        Response::from_xml(xml).map_err(|error| Failure::new(error.code(), error.to_string()))?;
    match response.misplaced(medium) {
        None => Ok(response),
        Some(verb) => Err(Failure::new(
            12200,
            format!("<{}> does not belong in this document", verb.name()),
        )),
    }
}

/// What a call does next.
#[derive(Debug)]
pub(crate) enum Voice {
    Twiml(Response),
    /// Plain text that is no TwiML is spoken, then the call ends.
    Spoken(String),
    /// A sound is played, then the call ends.
    Audio,
}

pub(crate) fn voice(answer: &Answer) -> Result<Voice, Failure> {
    Ok(match kind(answer)? {
        Type::Twiml => Voice::Twiml(read(&answer.body, Medium::Voice)?),
        Type::Plain => match read(&answer.body, Medium::Voice) {
            Ok(response) => Voice::Twiml(response),
            Err(_) => Voice::Spoken(answer.body.clone()),
        },
        Type::Audio => Voice::Audio,
    })
}

pub(crate) fn check_voice(answer: &Answer) -> Result<(), Failure> {
    voice(answer).map(|_| ())
}

/// What a messaging answer asks for.
#[derive(Debug, PartialEq)]
pub(crate) enum Reply {
    Message {
        to: Option<String>,
        body: String,
        media: Vec<String>,
        status_callback: Option<String>,
    },
    Redirect {
        url: String,
        method: String,
    },
}

/// An answer to a message may be empty (204 for example), plain text, or TwiML of `<Message>` and `<Redirect>`.
pub(crate) fn check_messaging(answer: &Answer) -> Result<(), Failure> {
    if answer.body.is_empty() {
        return Ok(());
    }
    match kind(answer)? {
        Type::Twiml => read(&answer.body, Medium::Messaging).map(|_| ()),
        Type::Plain => Ok(()),
        Type::Audio => Err(Failure::new(
            12300,
            "a message cannot be answered with a sound",
        )),
    }
}

/// The replies of an answer that passed [`check_messaging`].
pub(crate) fn messaging(answer: &Answer) -> Vec<Reply> {
    if answer.body.is_empty() {
        return Vec::new();
    }
    let plain = || Reply::Message {
        to: None,
        body: answer.body.clone(),
        media: Vec::new(),
        status_callback: None,
    };
    match (kind(answer), read(&answer.body, Medium::Messaging)) {
        (_, Ok(response)) => response.verbs.into_iter().filter_map(reply).collect(),
        (Ok(Type::Plain), Err(_)) => vec![plain()],
        _ => Vec::new(),
    }
}

fn reply(verb: Verb) -> Option<Reply> {
    match verb {
        Verb::Message(message) => Some(Reply::Message {
            to: message.to.map(|to| to.as_str().to_owned()),
            body: message
                .body
                .map(|body| body.as_str().to_owned())
                .unwrap_or_default(),
            media: message.media,
            status_callback: message.status_callback.or(message.action),
        }),
        Verb::Redirect(redirect) => Some(Reply::Redirect {
            url: redirect.url,
            method: method(redirect.method),
        }),
        _ => None,
    }
}

/// POST unless TwiML says otherwise.
pub(crate) fn method(method: Option<Method>) -> String {
    method.map_or("POST", Method::as_str).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(content_type: Option<&str>, body: &str) -> Answer {
        Answer {
            status: 200,
            content_type: content_type.map(str::to_owned),
            body: body.to_owned(),
            url: "http://localhost/".parse().unwrap(),
        }
    }

    fn code(content_type: Option<&str>, body: &str) -> Option<u32> {
        check_voice(&answer(content_type, body))
            .err()
            .map(|failure| failure.code)
    }

    #[test]
    fn answer_that_is_no_twiml_has_twilios_code() {
        assert_eq!(code(Some("text/xml; charset=utf-8"), "<Response/>"), None);
        assert_eq!(code(None, "<Response/>"), Some(12300));
        assert_eq!(code(Some("application/json"), "{}"), Some(12300));
        assert_eq!(code(Some("text/xml"), "<Response"), Some(12100));
        assert_eq!(
            code(Some("text/xml"), "<Response><Dance/></Response>"),
            Some(12200)
        );
        assert_eq!(
            code(
                Some("text/xml"),
                "<Response><Message>hi</Message></Response>"
            ),
            Some(12200)
        );
        assert_eq!(code(Some("text/plain"), "hello"), None);
    }

    #[test]
    fn message_is_answered_by_text_or_twiml() {
        let replies = messaging(&answer(
            Some("text/xml"),
            "<Response><Message>hi</Message></Response>",
        ));
        assert!(matches!(&replies[..], [Reply::Message { body, .. }] if body == "hi"));
        assert_eq!(messaging(&answer(Some("text/plain"), "hello")).len(), 1);
        assert!(messaging(&answer(None, "")).is_empty());
        assert!(
            check_messaging(&answer(Some("text/xml"), "<Response><Hangup/></Response>")).is_err()
        );
    }
}
