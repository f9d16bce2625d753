//! Webhooks by hand, signed or not.

use std::time::Duration;

use url::form_urlencoded::Serializer;
use webhook::Params;
use webhook::signature::{Token, sign_form, sign_url};

use super::twilio::{ACCOUNT, TOKEN};
use super::wait::client;

/// A request that is about to be sent to ingress.
#[derive(Clone)]
pub struct Hook {
    pub base: String,
    pub path: String,
    pub params: Vec<(String, String)>,
    token: String,
    /// In place of the right one; empty: none at all.
    signature: Option<String>,
    headers: Vec<(String, String)>,
    get: bool,
    body: Option<Vec<u8>>,
}

/// What came back.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub content_type: String,
    pub body: String,
}

impl Hook {
    /// For a path of ingress, with the account in its parameters.
    pub fn new(base: &str, path: &str) -> Self {
        Self {
            base: base.to_owned(),
            path: path.to_owned(),
            params: vec![("AccountSid".to_owned(), ACCOUNT.to_owned())],
            token: TOKEN.to_owned(),
            signature: None,
            headers: Vec::new(),
            get: false,
            body: None,
        }
    }

    /// Adds parameters; one that is there already is replaced.
    pub fn with(mut self, params: &[(&str, &str)]) -> Self {
        for (name, value) in params {
            self.params.retain(|(known, _)| known != name);
            self.params.push(((*name).to_owned(), (*value).to_owned()));
        }
        self
    }

    /// Leaves a parameter out.
    pub fn without(mut self, name: &str) -> Self {
        self.params.retain(|(known, _)| known != name);
        self
    }

    /// Signs with another token.
    pub fn token(mut self, token: &str) -> Self {
        token.clone_into(&mut self.token);
        self
    }

    /// Sends this signature; empty: none.
    pub fn signature(mut self, signature: &str) -> Self {
        self.signature = Some(signature.to_owned());
        self
    }

    /// Sends another header.
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// As GET, with the parameters in the query.
    pub fn get(mut self) -> Self {
        self.get = true;
        self
    }

    /// Sends these bytes in place of the form, signed as if they were it.
    pub fn body(mut self, body: Vec<u8>) -> Self {
        self.body = Some(body);
        self
    }

    /// The address without the query of a GET.
    pub fn url(&self) -> String {
        format!("{}{}", self.base, self.path)
    }

    /// Sends it once.
    pub async fn send(&self) -> Answer {
        let form = Serializer::new(String::new())
            .extend_pairs(&self.params)
            .finish();
        let token = Token::new(&self.token).unwrap();
        let (url, right) = if self.get {
            let url = format!("{}?{form}", self.url());
            let signature = sign_url(&token, &url);
            (url, signature)
        } else {
            let mut params = Params::default();
            for (name, value) in &self.params {
                params.push(name, value);
            }
            (self.url(), sign_form(&token, &self.url(), &params))
        };
        let client = client();
        let mut request = if self.get {
            client.get(url)
        } else {
            let body = self.body.clone().unwrap_or(form.into_bytes());
            client
                .post(url)
                .header("Content-Type", "application/x-www-form-urlencoded")
                .body(body)
        };
        let signature = self.signature.clone().unwrap_or(right);
        if !signature.is_empty() {
            request = request.header("X-Twilio-Signature", signature);
        }
        for (name, value) in &self.headers {
            request = request.header(name, value);
        }
        let response = request.timeout(Duration::from_secs(15)).send().await;
        let response = response.expect("ingress answers in the time that Twilio gives");
        let content_type = response.headers().get("content-type");
        let content_type = content_type.and_then(|v| v.to_str().ok()).unwrap_or("");
        Answer {
            status: response.status().as_u16(),
            content_type: content_type.to_owned(),
            body: response.text().await.unwrap(),
        }
    }
}

impl Answer {
    /// A TwiML document, as Twilio wants it.
    #[track_caller]
    pub fn twiml(&self) -> twiml::Response {
        assert_eq!(self.status, 200, "{self:?}");
        assert!(self.content_type.starts_with("text/xml"), "{self:?}");
        twiml::Response::from_xml(&self.body).unwrap_or_else(|e| panic!("{e}: {self:?}"))
    }
}

/// A CallSid or MessageSid that nobody has had yet.
pub fn sid(prefix: &str) -> String {
    format!("{prefix}{:032x}", rand::random::<u128>())
}
