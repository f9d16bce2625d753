use chrono::{DateTime, Utc};
use reqwest::Method;
use reqwest::header::{CONTENT_TYPE, LOCATION};
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
    /// Of this conference.
    pub conference_sid: Option<String>,
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
    /// The conference whose sound it is.
    #[serde(deserialize_with = "text")]
    pub conference_sid: Option<String>,
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
    /// When the sound begins.
    #[serde(deserialize_with = "date")]
    pub start_time: Option<DateTime<Utc>>,
    /// `inbound`, `outbound` or `both`.
    #[serde(deserialize_with = "text")]
    pub track: Option<String>,
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

/// Where a file is.
#[derive(Debug)]
pub enum FileAt {
    /// On its way from Twilio.
    Here(Media),
    /// At this address, which wants no credentials.
    Elsewhere(String),
}

impl Media {
    fn of(response: reqwest::Response) -> Self {
        let content_type = response
            .headers()
            .get(CONTENT_TYPE)
            .and_then(|value| value.to_str().ok())
            .map(str::to_owned);
        Self {
            content_type,
            length: response.content_length(),
            response,
        }
    }

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

/// A recording of a live call that is to begin.
#[derive(Clone, Debug, Default)]
pub struct NewRecording {
    /// Told of the recording's states; absolute, empty: nobody.
    pub status_callback: String,
}

impl NewRecording {
    /// Each party on a channel of its own, uncut.
    #[must_use]
    pub fn dual(status_callback: &str) -> Self {
        Self {
            status_callback: status_callback.to_owned(),
        }
    }
}

/// What becomes of a live recording.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RecordingChange {
    /// Held: what is said meanwhile is silent in the file, so that its times stay right.
    Pause,
    /// Gone on with.
    Resume,
    /// Ended, while the call goes on.
    Stop,
}

impl Client {
    /// Recordings and their media.
    pub fn recordings(&self) -> Recordings<'_> {
        Recordings(self)
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
            .maybe("ConferenceSid", &filter.conference_sid)
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

    /// Begins to record a call that is going on.
    ///
    /// # Errors
    /// Code 21220 when the call is not going on; as any request.
    pub async fn start(&self, call_sid: &str, new: &NewRecording) -> Result<Recording, Error> {
        let callback = Some(&new.status_callback).filter(|url| !url.is_empty());
        let form = Form::default()
            .with("RecordingChannels", "dual")
            .with("Trim", "do-not-trim")
            .maybe("RecordingStatusCallback", &callback)
            .each(
                "RecordingStatusCallbackEvent",
                if callback.is_some() {
                    &["in-progress", "completed", "absent"]
                } else {
                    &[]
                },
            );
        let path = self.0.path(&format!("/Calls/{call_sid}/Recordings.json"));
        self.0.post(&path, &form).await
    }

    /// Holds, goes on with or ends a recording of a live call.
    ///
    /// # Errors
    /// Code 21220 when the recording is over; as any request.
    pub async fn change(
        &self,
        call_sid: &str,
        sid: &str,
        change: RecordingChange,
    ) -> Result<Recording, Error> {
        let form = match change {
            RecordingChange::Pause => Form::default()
                .with("Status", "paused")
                .with("PauseBehavior", "silence"),
            RecordingChange::Resume => Form::default().with("Status", "in-progress"),
            RecordingChange::Stop => Form::default().with("Status", "stopped"),
        };
        let path = self
            .0
            .path(&format!("/Calls/{call_sid}/Recordings/{sid}.json"));
        self.0.post(&path, &form).await
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
        if !self.is_own_host(&url) {
            return Err(Error::Setup("the media's url is not on twilio's host"));
        }
        self.media(url).await
    }

    /// The same, where a redirect is not followed: whoever follows it takes no credentials along. For clients of
    /// [`Client::for_media`].
    ///
    /// # Errors
    /// As [`Client::media_at`].
    pub async fn file_at(&self, url: &str) -> Result<FileAt, Error> {
        let url = Url::parse(url).map_err(|_| Error::Setup("the media's url is not one"))?;
        if !self.is_own_host(&url) {
            return Err(Error::Setup("the media's url is not on twilio's host"));
        }
        let response = self.send(Method::GET, url.clone(), None).await?;
        if !response.status().is_redirection() {
            return Ok(FileAt::Here(Media::of(response)));
        }
        let location = response.headers().get(LOCATION);
        let location = location.and_then(|it| it.to_str().ok());
        let next = location.and_then(|it| url.join(it).ok());
        next.map(|next| FileAt::Elsewhere(next.into()))
            .ok_or(Error::Garbled {
                what: "the redirect's address",
                source: None,
            })
    }

    /// Whether an address that a webhook named is where this client would send its credentials: the endpoint's host, or Twilio's.
    #[must_use]
    pub fn is_own(&self, url: &str) -> bool {
        Url::parse(url).is_ok_and(|url| self.is_own_host(&url))
    }

    fn is_own_host(&self, url: &Url) -> bool {
        let host = url.host_str().unwrap_or_default();
        let twilios = url.scheme() == "https"
            && host
                .strip_suffix(".twilio.com")
                .is_some_and(|name| name.split('.').next() == Some("api"));
        url.origin() == self.base().origin() || twilios
    }

    async fn media(&self, url: Url) -> Result<Media, Error> {
        let response = self.send(Method::GET, url, None).await?;
        Ok(Media::of(response))
    }
}
