use serde::Deserialize;

use crate::form::Form;
use crate::wire::{debug_only, text};
use crate::{Client, Error, Pages};

/// What a number can do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Capabilities {
    /// Calls.
    #[serde(alias = "Voice")]
    pub voice: bool,
    /// Text messages. (The search writes these in capitals.)
    #[serde(alias = "SMS")]
    pub sms: bool,
    /// Media messages.
    #[serde(alias = "MMS")]
    pub mms: bool,
}

/// A number of the account.
#[derive(Clone, Default, Deserialize)]
#[serde(default)]
pub struct IncomingNumber {
    /// `PN` and 32 hex digits.
    pub sid: String,
    /// E.164.
    pub phone_number: String,
    /// A name for people.
    #[serde(deserialize_with = "text")]
    pub friendly_name: Option<String>,
    /// What it can do.
    pub capabilities: Capabilities,
    /// Asked for TwiML when it is called.
    #[serde(deserialize_with = "text")]
    pub voice_url: Option<String>,
    /// Asked when `voice_url` fails.
    #[serde(deserialize_with = "text")]
    pub voice_fallback_url: Option<String>,
    /// Told when a call is over.
    #[serde(deserialize_with = "text")]
    pub status_callback: Option<String>,
    /// Asked for TwiML when it is texted.
    #[serde(deserialize_with = "text")]
    pub sms_url: Option<String>,
    /// Asked when `sms_url` fails.
    #[serde(deserialize_with = "text")]
    pub sms_fallback_url: Option<String>,
}
debug_only!(IncomingNumber { sid, capabilities });

/// A number's settings, for buying it or for changing it. To buy, set `phone_number` or `area_code`.
#[derive(Clone, Default)]
pub struct NumberSettings {
    /// Buy this one.
    pub phone_number: Option<String>,
    /// Buy any of this area.
    pub area_code: Option<String>,
    /// A name for people, up to 64 characters.
    pub friendly_name: Option<String>,
    /// Asked for TwiML when it is called.
    pub voice_url: Option<String>,
    /// How; POST when unset.
    pub voice_method: Option<String>,
    /// Asked when `voice_url` fails.
    pub voice_fallback_url: Option<String>,
    /// Told when a call is over.
    pub status_callback: Option<String>,
    /// Asked for TwiML when it is texted.
    pub sms_url: Option<String>,
    /// How; POST when unset.
    pub sms_method: Option<String>,
    /// Asked when `sms_url` fails.
    pub sms_fallback_url: Option<String>,
}
debug_only!(NumberSettings { area_code });

impl NumberSettings {
    fn form(&self) -> Form {
        Form::default()
            .maybe("PhoneNumber", &self.phone_number)
            .maybe("AreaCode", &self.area_code)
            .maybe("FriendlyName", &self.friendly_name)
            .maybe("VoiceUrl", &self.voice_url)
            .maybe("VoiceMethod", &self.voice_method)
            .maybe("VoiceFallbackUrl", &self.voice_fallback_url)
            .maybe("StatusCallback", &self.status_callback)
            .maybe("SmsUrl", &self.sms_url)
            .maybe("SmsMethod", &self.sms_method)
            .maybe("SmsFallbackUrl", &self.sms_fallback_url)
    }
}

/// Which of the account's numbers to list.
#[derive(Clone, Default)]
pub struct NumberFilter {
    /// Exactly this one, or a pattern with `*`.
    pub phone_number: Option<String>,
    /// With this name.
    pub friendly_name: Option<String>,
    /// Items in a page, 1 to 1000 (50 when unset).
    pub page_size: Option<u32>,
}
debug_only!(NumberFilter { page_size });

impl Client {
    /// The account's phone numbers.
    pub fn incoming_numbers(&self) -> IncomingNumbers<'_> {
        IncomingNumbers(self)
    }
}

/// `/IncomingPhoneNumbers`. See [`Client::incoming_numbers`].
pub struct IncomingNumbers<'a>(pub(crate) &'a Client);

impl<'a> IncomingNumbers<'a> {
    /// The account's numbers.
    pub fn list(&self, filter: &NumberFilter) -> Pages<'a, IncomingNumber> {
        let query = Form::default()
            .maybe("PhoneNumber", &filter.phone_number)
            .maybe("FriendlyName", &filter.friendly_name)
            .maybe("PageSize", &filter.page_size);
        Pages::new(
            self.0,
            &self.0.path("/IncomingPhoneNumbers.json"),
            "incoming_phone_numbers",
            query,
        )
    }

    /// Buys a number.
    ///
    /// # Errors
    /// Code 21422 when it cannot be had; as any request.
    pub async fn create(&self, settings: &NumberSettings) -> Result<IncomingNumber, Error> {
        self.0
            .post(&self.0.path("/IncomingPhoneNumbers.json"), &settings.form())
            .await
    }

    /// One number.
    ///
    /// # Errors
    /// As any request.
    pub async fn fetch(&self, sid: &str) -> Result<IncomingNumber, Error> {
        self.0
            .get(
                &self.0.path(&format!("/IncomingPhoneNumbers/{sid}.json")),
                &Form::default(),
            )
            .await
    }

    /// Changes a number's settings; what is unset stays.
    ///
    /// # Errors
    /// As any request.
    pub async fn update(
        &self,
        sid: &str,
        settings: &NumberSettings,
    ) -> Result<IncomingNumber, Error> {
        self.0
            .post(
                &self.0.path(&format!("/IncomingPhoneNumbers/{sid}.json")),
                &settings.form(),
            )
            .await
    }

    /// Gives a number back.
    ///
    /// # Errors
    /// As any request.
    pub async fn delete(&self, sid: &str) -> Result<(), Error> {
        self.0
            .delete(&self.0.path(&format!("/IncomingPhoneNumbers/{sid}.json")))
            .await
    }
}

/// Kinds of numbers for sale.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NumberKind {
    /// With an area code.
    Local,
    /// Free for the caller.
    TollFree,
    /// Mobile.
    Mobile,
}

/// What to look for.
#[derive(Clone, Default)]
pub struct NumberSearch {
    /// In this area.
    pub area_code: Option<String>,
    /// With these digits; `*` stands for one digit.
    pub contains: Option<String>,
    /// That can take calls.
    pub voice_enabled: Option<bool>,
    /// That can text.
    pub sms_enabled: Option<bool>,
    /// In this state or province.
    pub in_region: Option<String>,
    /// How many.
    pub page_size: Option<u32>,
}
debug_only!(NumberSearch {
    area_code,
    voice_enabled,
    sms_enabled,
    in_region,
    page_size
});

/// A number that can be bought.
#[derive(Clone, Default, Deserialize)]
#[serde(default)]
pub struct AvailableNumber {
    /// E.164.
    pub phone_number: String,
    /// For people.
    pub friendly_name: String,
    /// The town.
    #[serde(deserialize_with = "text")]
    pub locality: Option<String>,
    /// The state or province.
    #[serde(deserialize_with = "text")]
    pub region: Option<String>,
    /// ISO country.
    pub iso_country: String,
    /// What it can do.
    pub capabilities: Capabilities,
}
debug_only!(AvailableNumber {
    region,
    iso_country,
    capabilities
});

impl Client {
    /// Phone numbers that can be bought.
    pub fn available_numbers(&self) -> AvailableNumbers<'_> {
        AvailableNumbers(self)
    }
}

/// `/AvailablePhoneNumbers`. See [`Client::available_numbers`].
pub struct AvailableNumbers<'a>(pub(crate) &'a Client);

impl AvailableNumbers<'_> {
    /// Numbers for sale in a country (two letters). The answer has one page.
    ///
    /// # Errors
    /// As any request.
    pub async fn search(
        &self,
        country: &str,
        kind: NumberKind,
        search: &NumberSearch,
    ) -> Result<Vec<AvailableNumber>, Error> {
        let kind = match kind {
            NumberKind::Local => "Local",
            NumberKind::TollFree => "TollFree",
            NumberKind::Mobile => "Mobile",
        };
        let query = Form::default()
            .maybe("AreaCode", &search.area_code)
            .maybe("Contains", &search.contains)
            .maybe("VoiceEnabled", &search.voice_enabled)
            .maybe("SmsEnabled", &search.sms_enabled)
            .maybe("InRegion", &search.in_region)
            .maybe("PageSize", &search.page_size);
        let path = self
            .0
            .path(&format!("/AvailablePhoneNumbers/{country}/{kind}.json"));
        let mut pages = Pages::new(self.0, &path, "available_phone_numbers", query);
        Ok(pages.next().await?.unwrap_or_default())
    }
}
