//! A picture or file that comes with a text message, as scripts and controls name it.

use serde::{Deserialize, Serialize};

/// A picture or file as the controls take it: its URL, or its type with a URL or with its bytes in base64.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Media {
    /// A picture somewhere on the web.
    Url(String),
    /// With its type.
    Described {
        /// Such as `image/jpeg`.
        content_type: String,
        /// Where it is.
        #[serde(default)]
        url: Option<String>,
        /// Or its bytes, in base64.
        #[serde(default)]
        data: Option<String>,
    },
}
