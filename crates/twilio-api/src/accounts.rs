use serde::Deserialize;

use crate::form::Form;
use crate::wire::debug_only;
use crate::{Client, Error};

/// An account. Its token, which Twilio sends along, is not read.
#[derive(Clone, Default, Deserialize)]
#[serde(default)]
pub struct Account {
    /// `AC` and 32 hex digits.
    pub sid: String,
    /// A name for people.
    pub friendly_name: String,
    /// `active`, `suspended` or `closed`.
    pub status: String,
    /// `Trial` or `Full`.
    #[serde(rename = "type")]
    pub kind: String,
}
debug_only!(Account { sid, status, kind });

impl Client {
    /// The account itself.
    pub fn accounts(&self) -> Accounts<'_> {
        Accounts(self)
    }
}

/// `/Accounts`. See [`Client::accounts`].
pub struct Accounts<'a>(pub(crate) &'a Client);

impl Accounts<'_> {
    /// The client's own account: the cheapest way to check credentials.
    ///
    /// # Errors
    /// Code 20003 when the credentials are wrong; as any request.
    pub async fn fetch(&self) -> Result<Account, Error> {
        self.0.get(&self.0.path(".json"), &Form::default()).await
    }
}
