use std::marker::PhantomData;

use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::form::Form;
use crate::{Client, Error};

/// A list, page by page. The next page is where Twilio says it is (`next_page_uri`), never a page number made here.
pub struct Pages<'a, T> {
    client: &'a Client,
    key: &'static str,
    next: Option<String>,
    items: PhantomData<fn() -> T>,
}

impl<'a, T: DeserializeOwned> Pages<'a, T> {
    pub(crate) fn new(client: &'a Client, path: &str, key: &'static str, query: Form) -> Self {
        let first = if query.is_empty() {
            path.to_owned()
        } else {
            format!("{path}?{}", query.encode())
        };
        Self {
            client,
            key,
            next: Some(first),
            items: PhantomData,
        }
    }

    /// The next page, `None` after the last.
    ///
    /// # Errors
    /// As any request; the page can be asked for again.
    pub async fn next(&mut self) -> Result<Option<Vec<T>>, Error> {
        let Some(uri) = &self.next else {
            return Ok(None);
        };
        let mut page: Value = self.client.get(uri, &Form::default()).await?;
        let items = page
            .get_mut(self.key)
            .map(Value::take)
            .ok_or(garbled("the list's key", None))?;
        let items = serde_json::from_value(items)
            .map_err(|error| garbled("the list's items", Some(error)))?;
        self.next = match page.get("next_page_uri").and_then(Value::as_str) {
            // A path on the same host, as Twilio writes it. Anything else would carry the credentials elsewhere.
            Some(uri) if uri.starts_with('/') && !uri.starts_with("//") => Some(uri.to_owned()),
            Some(uri) if !uri.is_empty() => return Err(garbled("next_page_uri", None)),
            _ => None,
        };
        Ok(Some(items))
    }

    /// All items, page after page, up to `limit`.
    ///
    /// # Errors
    /// As any request.
    pub async fn all(mut self, limit: usize) -> Result<Vec<T>, Error> {
        let mut all = Vec::new();
        while all.len() < limit {
            let Some(page) = self.next().await? else {
                break;
            };
            all.extend(page);
        }
        all.truncate(limit);
        Ok(all)
    }
}

fn garbled(what: &'static str, source: Option<serde_json::Error>) -> Error {
    Error::Garbled { what, source }
}
