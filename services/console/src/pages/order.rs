//! What a form orders of a role: told, written down, and led back from.

use actix_web::HttpResponse;
use reqwest::Method;
use serde_json::Value;

use super::audit::note;
use super::html::{PageError, see};
use super::session::Sent;
use crate::api::answer;
use crate::state::State;

/// An order.
pub struct Order<'a> {
    /// How the role is told.
    pub method: Method,
    /// Where.
    pub path: &'a str,
    /// What.
    pub body: Option<&'a Value>,
    /// The mark by which the role does it once, however often the form is sent; an empty one marks nothing.
    pub once: &'a str,
    /// What the audit log calls it.
    pub action: &'a str,
    /// What it is done to.
    pub subject: &'a str,
}

impl Order<'_> {
    /// Tells the role, writes it down, and leads back to a page.
    pub async fn carry_out(
        self,
        state: &State,
        sent: &Sent,
        back: &str,
    ) -> Result<HttpResponse, PageError> {
        let operator = &sent.operator;
        let mut request = state.api.request(operator, self.method, self.path)?;
        if !self.once.is_empty() {
            request = request.header("Idempotency-Key", self.once);
        }
        if let Some(body) = self.body {
            request = request.json(body);
        }
        answer::<Value>(self.path, request).await?;
        note(state, operator, self.action, self.subject).await;
        Ok(see(back))
    }
}
