use chrono::{DateTime, Utc};
use reqwest::Method;
use reqwest::header::CONTENT_TYPE;
use serde::Deserialize;
use twilio_types::RecordingStatus;
use url::Url;

use crate::form::Form;
use crate::wire::{date, debug_only, number, text};
use crate::{Client, Error, Pages};

/// Which recordings to list.
#[derive(Clone, Debug, Default)]
pub struct RecordingFilter {
    /// Of this call.
    pub call_sid: Option<String>,
    /// Made on or after this day.
    pub created_from: Option<DateTime<Utc>>,
    /// Items in a page, 1 to 1000 (50 when unset).
    pub page_size: Option<u32>,
}

/// A recording, as Twilio tells it.
#[derive(Clone, Default, Deserialize)]
#[serde(default)]
pub struct Recording {
    /// `RE` and 32 hex digits.
    pub sid: String,
    /// The call, its parent leg.
    #[serde(deserialize_with = "text")]
    pub call_sid: Option<String>,
    /// Where it is.
    pub status: RecordingStatus,
    /// Seconds; unset until it is completed.
    #[serde(deserialize_with = "number", rename = "duration")]
    pub duration_s: Option<u32>,
    /// 1 or 2.
    #[serde(deserialize_with = "number")]
    pub channels: Option<u32>,
    /// `RecordVerb`, `DialVerb`, `OutboundAPI` and so on.
    #[serde(deserialize_with = "text")]
    pub source: Option<String>,
    /// Why there is none.
    #[serde(deserialize_with = "number")]
    pub error_code: Option<u32>,
    /// When it was made.
    #[serde(deserialize_with = "date")]
    pub date_created: Option<DateTime<Utc>>,
}
debug_only!(Recording {
    sid,
    call_sid,
    status,
    duration_s,
    channels
});

/// How the sound is encoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MediaFormat {
    /// `.wav`
    Wav,
    /// `.mp3`
    Mp3,
}

/// A file on its way: read it in pieces, it may be long.
pub struct Media {
    /// Its type, as the server says.
    pub content_type: Option<String>,
    /// Its length in bytes, if the server says.
    pub length: Option<u64>,
    response: reqwest::Response,
}
debug_only!(Media {
    content_type,
    length
});

impl Media {
    /// The next piece, `None` at the end.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when the connection breaks.
    pub async fn chunk(&mut self) -> Result<Option<Vec<u8>>, Error> {
        let piece = self.response.chunk().await.map_err(Error::from_transport)?;
        Ok(piece.map(Vec::from))
    }

    /// All of it at once.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when the connection breaks.
    pub async fn bytes(self) -> Result<Vec<u8>, Error> {
        self.response
            .bytes()
            .await
            .map(Vec::from)
            .map_err(Error::from_transport)
    }
}

/// `/Recordings`. See [`Client::recordings`].
pub struct Recordings<'a>(pub(crate) &'a Client);

impl<'a> Recordings<'a> {
    /// One recording.
    ///
    /// # Errors
    /// As any request.
    pub async fn fetch(&self, sid: &str) -> Result<Recording, Error> {
        self.0
            .get(
                &self.0.path(&format!("/Recordings/{sid}.json")),
                &Form::default(),
            )
            .await
    }

    /// Recordings, the newest first.
    pub fn list(&self, filter: &RecordingFilter) -> Pages<'a, Recording> {
        let query = Form::default()
            .maybe("CallSid", &filter.call_sid)
            .maybe(
                "DateCreated>",
                &filter
                    .created_from
                    .map(|date| date.format("%Y-%m-%d").to_string()),
            )
            .maybe("PageSize", &filter.page_size);
        Pages::new(
            self.0,
            &self.0.path("/Recordings.json"),
            "recordings",
            query,
        )
    }

    /// Removes a recording and its media.
    ///
    /// # Errors
    /// As any request.
    pub async fn delete(&self, sid: &str) -> Result<(), Error> {
        self.0
            .delete(&self.0.path(&format!("/Recordings/{sid}.json")))
            .await
    }

    /// A recording's sound. 404 until it is completed; 400 when it does not have that many channels (ask for one).
    ///
    /// # Errors
    /// As any request.
    pub async fn media(
        &self,
        sid: &str,
        format: MediaFormat,
        channels: Option<u32>,
    ) -> Result<Media, Error> {
        let extension = match format {
            MediaFormat::Wav => "wav",
            MediaFormat::Mp3 => "mp3",
        };
        let query = Form::default()
            .maybe("RequestedChannels", &channels)
            .encode();
        let query = if query.is_empty() {
            query
        } else {
            format!("?{query}")
        };
        let url = self.0.url(
            &self
                .0
                .path(&format!("/Recordings/{sid}.{extension}{query}")),
        )?;
        self.0.media(url).await
    }
}

impl Client {
    /// A file that a webhook named (`MediaUrl0`, `RecordingUrl`). Refuses hosts that are not Twilio's, because the credentials go along.
    ///
    /// # Errors
    /// [`Error::Setup`] for a foreign host; as any request.
    pub async fn media_at(&self, url: &str) -> Result<Media, Error> {
        let url = Url::parse(url).map_err(|_| Error::Setup("the media's url is not one"))?;
        let host = url.host_str().unwrap_or_default();
        let twilios = url.scheme() == "https"
            && host
                .strip_suffix(".twilio.com")
                .is_some_and(|name| name.split('.').next() == Some("api"));
        if url.origin() != self.base().origin() && !twilios {
            return Err(Error::Setup("the media's url is not on twilio's host"));
        }
        self.media(url).await
    }

    async fn media(&self, url: Url) -> Result<Media, Error> {
        let response = self.send(Method::GET, url, None).await?;
        let content_type = response
            .headers()
            .get(CONTENT_TYPE)
            .and_then(|value| value.to_str().ok())
            .map(str::to_owned);
        Ok(Media {
            content_type,
            length: response.content_length(),
            response,
        })
    }
}
