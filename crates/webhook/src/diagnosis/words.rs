//! What to say about each diagnosis.

use std::fmt;

use super::Diagnosis;

impl Diagnosis {
    /// A name for metrics and scripts.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Valid => "valid",
            Self::MissingHeader => "missing_header",
            Self::NoToken => "no_token",
            Self::NotBase64 => "not_base64",
            Self::WrongLength { .. } => "wrong_length",
            Self::Scheme { .. } => "scheme",
            Self::Port { .. } => "port",
            Self::Host { .. } => "host",
            Self::Path { .. } => "path",
            Self::TrailingSlash => "trailing_slash",
            Self::QueryLost { .. } => "query_lost",
            Self::QueryAdded => "query_added",
            Self::RotatedToken { .. } => "rotated_token",
            Self::OtherAccount { .. } => "other_account",
            Self::ExtraParameter { .. } => "extra_parameter",
            Self::BlanksNotSigned => "blanks_not_signed",
            Self::BlanksLost { .. } => "blanks_lost",
            Self::TrimmedBySigner => "trimmed_by_signer",
            Self::TrimmedHere { .. } => "trimmed_here",
            Self::QueryInBody => "query_in_body",
            Self::BodyNotSigned => "body_not_signed",
            Self::BodyHash => "body_hash",
            Self::NoBodyHash => "no_body_hash",
            Self::Unknown { .. } => "unknown",
        }
    }

    /// What is wrong, in a line.
    #[must_use]
    pub fn explanation(&self) -> String {
        match self {
            Self::Valid => "the signature fits".into(),
            Self::MissingHeader => "the request has no X-Twilio-Signature header".into(),
            Self::NoToken => "there is no auth token to check with".into(),
            Self::NotBase64 => "the signature is not Base64".into(),
            Self::WrongLength { bytes } => format!("the signature has {bytes} bytes, not 20"),
            Self::Scheme { signed } => format!(
                "the signature was made over {signed}:// and not the scheme that was checked"
            ),
            Self::Port { signed } => {
                format!("the signature was made over a URL with port {signed}")
            }
            Self::Host { signed, source } => {
                format!("the signature was made over {signed}, as seen in {source}")
            }
            Self::Path { source } => {
                format!("the signature was made over the path seen in {source}")
            }
            Self::TrailingSlash => "the URL differs by a slash at the end of its path".into(),
            Self::QueryLost { source } => {
                format!(
                    "the signature was made over the query seen in {source}, which the URL lacks"
                )
            }
            Self::QueryAdded => "the signature was made over the URL without its query".into(),
            Self::RotatedToken { index } => {
                format!(
                    "the signature was made with another known auth token, number {}",
                    index + 1
                )
            }
            Self::OtherAccount { .. } => {
                "the signature was made with the auth token of another account".into()
            }
            Self::ExtraParameter { name } => {
                format!(
                    "parameter {} is not part of what was signed",
                    crate::form::shown(name)
                )
            }
            Self::BlanksNotSigned => "the signer left out the parameters without a value".into(),
            Self::BlanksLost { names } => {
                format!("parameters without a value were lost: {}", names.join(", "))
            }
            Self::TrimmedBySigner => "the signer removed white space around values".into(),
            Self::TrimmedHere { name } => format!("white space around {name} was lost"),
            Self::QueryInBody => "the query's parameters are mixed into the body's".into(),
            Self::BodyNotSigned => {
                "the signature was made over the URL alone, without the form".into()
            }
            Self::BodyHash => "the body does not fit the bodySHA256 of the signed URL".into(),
            Self::NoBodyHash => "the signed URL has no bodySHA256 for this body".into(),
            Self::Unknown { count: 0, .. } => {
                "the signature fits nothing that was tried; there are no parameters".into()
            }
            Self::Unknown { names, count } => format!(
                "the signature fits nothing that was tried; the parameters are {}{}",
                names.join(", "),
                match count - names.len() {
                    0 => String::new(),
                    more => format!(" and {more} more"),
                }
            ),
        }
    }

    /// What to do about it, in a line.
    #[must_use]
    pub fn remedy(&self) -> &'static str {
        match self {
            Self::Valid => "nothing is to be done",
            Self::MissingHeader => {
                "only Twilio signs: use the emulator to try a webhook, and let proxies pass the header on"
            }
            Self::NoToken => "set TWILIO_AUTH_TOKEN, or the tenant's own tokens",
            Self::NotBase64 | Self::WrongLength { .. } => {
                "let proxies pass the header on unchanged; whoever signs by hand must send Base64 of HMAC-SHA1"
            }
            Self::Scheme { .. } | Self::Port { .. } | Self::Host { .. } => {
                "set WEBHOOK_BASE_URL to the address that Twilio calls"
            }
            Self::Path { .. } => {
                "let the proxy pass the path on unchanged, or add its prefix to WEBHOOK_BASE_URL"
            }
            Self::TrailingSlash => {
                "write the webhook's URL at Twilio as it is served, and do not redirect or rewrite it"
            }
            Self::QueryLost { .. } | Self::QueryAdded => {
                "let the proxy pass the query on unchanged"
            }
            Self::RotatedToken { .. } => {
                "put the account's current and next auth token in TWILIO_AUTH_TOKEN, separated by a comma"
            }
            Self::OtherAccount { .. } => {
                "see which account owns the number: its AccountSid must be the one whose token signs"
            }
            Self::ExtraParameter { .. } => {
                "find what adds the parameter on the way, or in the signing program"
            }
            Self::BlanksNotSigned => {
                "let the signing program sign blank parameters, as Twilio does"
            }
            Self::BlanksLost { .. } => "let nothing on the way drop blank parameters",
            Self::TrimmedBySigner => {
                "let the signing program sign values as they are, as Twilio does"
            }
            Self::TrimmedHere { .. } => "let nothing on the way trim values",
            Self::QueryInBody => "verify with the parameters of the body only",
            Self::BodyNotSigned => {
                "let the signing program sign the form; a JSON body must be sent as JSON, with bodySHA256 in the URL"
            }
            Self::BodyHash => "let nothing on the way rewrite the body",
            Self::NoBodyHash => "refuse it: Twilio covers every JSON body with bodySHA256",
            Self::Unknown { .. } => {
                "compare the auth token and the URL with those in Twilio's console; see whether a parameter was added or lost on the way"
            }
        }
    }
}

impl fmt::Display for Diagnosis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}; {}", self.explanation(), self.remedy())
    }
}
