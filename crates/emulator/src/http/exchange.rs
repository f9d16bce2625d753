//! One request on its way through the table, and its answer.

use std::sync::Arc;

use actix_web::web::Bytes;
use serde_json::{Value, json};

use crate::state::Shared;

/// Names and values of a form or a query; a name may come several times.
#[derive(Clone, Debug, Default)]
pub(crate) struct Fields(pub(crate) Vec<(String, String)>);

impl Fields {
    pub(crate) fn parse(text: &[u8]) -> Self {
        Self(url::form_urlencoded::parse(text).into_owned().collect())
    }

    /// The first value that is not empty.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.given(name).filter(|value| !value.is_empty())
    }

    /// The first value, which may be empty: how a setting is taken back.
    pub(crate) fn given(&self, name: &str) -> Option<&str> {
        self.0
            .iter()
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.as_str())
    }

    pub(crate) fn all(&self, name: &str) -> Vec<String> {
        self.0
            .iter()
            .filter(|(key, _)| key == name)
            .map(|(_, value)| value.clone())
            .collect()
    }
}

/// A request on its way through the table.
pub(crate) struct Exchange {
    pub(crate) shared: Arc<Shared>,
    pub(crate) path: String,
    pub(crate) query: Fields,
    pub(crate) form: Fields,
    pub(crate) body: Bytes,
    /// What stood in the pattern's braces.
    pub(crate) vars: Vec<(&'static str, String)>,
}

impl Exchange {
    /// What stood in the pattern's braces under this name.
    pub(crate) fn var(&self, name: &str) -> &str {
        self.vars
            .iter()
            .find(|(key, _)| *key == name)
            .map(|(_, value)| value.as_str())
            .unwrap_or_default()
    }
}

/// An answer.
#[derive(Debug)]
pub(crate) enum Reply {
    Json(u16, Value),
    /// Twilio's error, with its code for the log.
    Refusal {
        status: u16,
        code: u32,
        message: String,
        retry_after_s: Option<u32>,
    },
    Empty(u16),
    Redirect(String),
    Bytes(String, Vec<u8>),
    /// A stream of server-sent events, for one call or message if it is named.
    Events(Option<String>),
    /// The connection is closed without an answer.
    Dropped,
}

impl Reply {
    pub(crate) fn refused(status: u16, code: u32, message: impl Into<String>) -> Self {
        Self::Refusal {
            status,
            code,
            message: message.into(),
            retry_after_s: None,
        }
    }

    /// An error of the controls.
    pub(crate) fn control_error(status: u16, code: &str, message: impl Into<String>) -> Self {
        let message = message.into();
        Self::Json(
            status,
            json!({ "error": { "code": code, "message": message, "details": {} } }),
        )
    }
}
