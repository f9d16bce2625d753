//! How a page leaves: its headers, what stands around every page, and what is said when there is none.

use actix_web::http::{StatusCode, header};
use actix_web::{HttpResponse, ResponseError};
use askama::Template;
use std::fmt;
use tracing::error;

use super::assets;
use crate::api::{Missing, segment};
use crate::operator::Operator;

/// Nothing is loaded from elsewhere, nothing runs that is not a file of ours, and nobody may frame us.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; \
    media-src 'self' blob:; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// What stands around a page.
#[derive(Debug, Clone, Default)]
pub struct Shell {
    /// What the page shows, for its `<title>`.
    pub title: String,
    /// The entry of the navigation that is current.
    pub section: &'static str,
    /// Who looks.
    pub operator: Operator,
    /// What went well a moment ago.
    pub done: Option<&'static str>,
    /// What could not be shown or done.
    pub faults: Vec<String>,
    /// The kinds of event at which the page looks again.
    pub live: &'static str,
}

impl Shell {
    /// Of a page.
    pub fn new(operator: &Operator, section: &'static str, title: impl Into<String>) -> Self {
        Self {
            title: title.into(),
            section,
            operator: operator.clone(),
            ..Self::default()
        }
    }

    /// Looks again when such an event passes.
    #[must_use]
    pub fn live(mut self, kinds: &'static str) -> Self {
        self.live = kinds;
        self
    }

    /// Takes what there is, or says why there is nothing.
    pub fn or_missing<T: Default>(&mut self, what: &str, answer: Result<T, Missing>) -> T {
        answer.unwrap_or_else(|missing| {
            self.faults.push(format!("{what}: {}", missing.words()));
            T::default()
        })
    }

    /// The address of the style.
    pub fn css(&self) -> &'static str {
        &assets::CSS.path
    }

    /// The address of the script.
    pub fn js(&self) -> &'static str {
        &assets::JS.path
    }

    /// The address of the icon.
    pub fn icon(&self) -> &'static str {
        &assets::ICON.path
    }

    /// Of the entry that is current.
    pub fn current(&self, section: &str) -> &'static str {
        if self.section == section {
            "aria-current=\"page\""
        } else {
            ""
        }
    }
}

/// A page that is there.
pub fn page(template: &impl Template) -> Result<HttpResponse, PageError> {
    with_status(StatusCode::OK, template)
}

/// The same with another status.
pub fn with_status(
    status: StatusCode,
    template: &impl Template,
) -> Result<HttpResponse, PageError> {
    let body = template.render().map_err(|e| {
        error!(error = %e, "a page cannot be written");
        PageError::Away
    })?;
    Ok(respond(status, body))
}

fn respond(status: StatusCode, body: String) -> HttpResponse {
    HttpResponse::build(status)
        .content_type("text/html; charset=utf-8")
        .insert_header((header::CONTENT_SECURITY_POLICY, POLICY))
        .insert_header((header::X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .insert_header((header::REFERRER_POLICY, "same-origin"))
        .insert_header((header::X_FRAME_OPTIONS, "DENY"))
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .body(body)
}

/// Leads to another page.
pub fn see(path: &str) -> HttpResponse {
    HttpResponse::SeeOther()
        .insert_header((header::LOCATION, path))
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .finish()
}

/// Where to go after the sign-in: a page of the console, whatever was asked for.
pub fn page_of_ours(next: &str) -> &str {
    let ours = next == "/console" || next.starts_with("/console/") || next.starts_with("/console?");
    let plain = next.len() <= 1000
        && !next.contains("//")
        && !next.contains('\\')
        && next.chars().all(|c| c.is_ascii_graphic())
        && !next.starts_with("/console/sign-in");
    if ours && plain { next } else { "/console/" }
}

/// Why there is no page.
#[derive(Debug, Clone)]
pub enum PageError {
    /// Nobody has signed in, or the session is over; what was wanted.
    SignIn(String),
    /// The request does not show that a page of ours sent it.
    Forged,
    /// The operator may not do this.
    Forbidden,
    /// There is no such thing, or not for this operator.
    NotFound,
    /// The form cannot be used, and why.
    Invalid(String),
    /// Something of ours is away.
    Away,
}

#[derive(Template)]
#[template(path = "error.html")]
struct ErrorPage<'a> {
    shell: Shell,
    heading: &'a str,
    words: &'a str,
}

impl fmt::Display for PageError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.words().1)
    }
}

impl PageError {
    fn words(&self) -> (&str, &str) {
        match self {
            Self::SignIn(_) => ("Sign in", "Sign in to see this page."),
            Self::Forged => (
                "Nothing was changed",
                "The form was not sent by a page of this console, or the page is from an earlier session. Go back, load the page again and repeat it.",
            ),
            Self::Forbidden => (
                "Not allowed",
                "Your role does not allow this. An owner can change it under Settings.",
            ),
            Self::NotFound => (
                "Not found",
                "There is no such page, or it belongs to another tenant.",
            ),
            Self::Invalid(why) => ("Nothing was changed", why),
            Self::Away => (
                "Not available",
                "A part of the platform does not answer. Try again shortly.",
            ),
        }
    }
}

impl ResponseError for PageError {
    fn status_code(&self) -> StatusCode {
        match self {
            Self::SignIn(_) => StatusCode::SEE_OTHER,
            Self::Forged | Self::Forbidden => StatusCode::FORBIDDEN,
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::Invalid(_) => StatusCode::UNPROCESSABLE_ENTITY,
            Self::Away => StatusCode::SERVICE_UNAVAILABLE,
        }
    }

    fn error_response(&self) -> HttpResponse {
        if let Self::SignIn(next) = self {
            return see(&format!("/console/sign-in?next={}", segment(next)));
        }
        let (heading, words) = self.words();
        let shell = Shell {
            title: heading.to_owned(),
            ..Shell::default()
        };
        let page = ErrorPage {
            shell,
            heading,
            words,
        };
        let body = page.render().unwrap_or_else(|_| heading.to_owned());
        respond(self.status_code(), body)
    }
}

impl From<Missing> for PageError {
    fn from(missing: Missing) -> Self {
        match missing {
            Missing::NotFound => Self::NotFound,
            Missing::Refused(_, why) => Self::Invalid(why),
            Missing::Away => Self::Away,
        }
    }
}

impl From<store::Error> for PageError {
    fn from(e: store::Error) -> Self {
        error!(error = %e, "a page failed at the database");
        Self::Away
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sign_in_leads_to_pages_of_ours_only() {
        for next in ["/console/", "/console/calls?q=a", "/console"] {
            assert_eq!(page_of_ours(next), next);
        }
        let elsewhere = [
            "//evil.example",
            "https://evil.example",
            "/console//evil.example",
            "/console/\\evil",
            "/calls/",
            "/console/sign-in?next=x",
            "/console/\r\nx: y",
            "",
        ];
        for next in elsewhere {
            assert_eq!(page_of_ours(next), "/console/", "{next}");
        }
    }
}
