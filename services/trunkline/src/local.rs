//! What a laptop makes up for itself: keys and the emulator's account, kept in the data folder, readable by its
//! owner only, so that the commands of the same folder find each other.

use std::fs;
use std::io::Write;
use std::path::Path;

use role::Parts;
use serde::{Deserialize, Serialize};
use settings::{Environment, Secret, Settings, TwilioAccount};

use crate::Failure;
use crate::cli::{Place, Target};

const FILE: &str = "local.json";
/// Where a platform answers of which nothing else is known.
const USUAL_URL: &str = "http://localhost:8080";

/// The made-up values.
#[derive(Clone, Serialize, Deserialize)]
pub struct Local {
    pub admin_api_key: String,
    pub service_key: String,
    pub secret_key: String,
    pub account_sid: String,
    pub auth_token: String,
    /// Where the platform of this folder answers, while it runs.
    #[serde(default)]
    pub platform_url: Option<String>,
    /// Where its emulator does.
    #[serde(default)]
    pub emulator_url: Option<String>,
    /// The first API key has been shown.
    #[serde(default)]
    pub key_shown: bool,
}

impl Local {
    fn made_up() -> Self {
        let text = |prefix: &str| Parts::made_up(prefix).reveal().to_owned();
        Self {
            admin_api_key: text("tk_"),
            service_key: text("sk_"),
            secret_key: text(""),
            account_sid: text("AC"),
            auth_token: text(""),
            platform_url: None,
            emulator_url: None,
            key_shown: false,
        }
    }

    /// Reads the folder's values, if it has any.
    pub fn read(dir: &Path) -> Option<Self> {
        serde_json::from_slice(&fs::read(dir.join(FILE)).ok()?).ok()
    }

    /// Writes them, in one piece: whoever reads meanwhile must not find half of them, and make up others.
    fn write(&self, dir: &Path) -> Result<(), Failure> {
        let fail = |e: std::io::Error| {
            Failure::failed(format!(
                "cannot write to the data folder {}: {e}; choose another with --data-dir",
                dir.display()
            ))
        };
        fs::create_dir_all(dir).map_err(fail)?;
        let draft = dir.join(format!("{FILE}.{}", std::process::id()));
        let mut options = fs::OpenOptions::new();
        options.write(true).create(true).truncate(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let text = serde_json::to_vec_pretty(self).map_err(Failure::failed)?;
        options
            .open(&draft)
            .and_then(|mut file| file.write_all(&text))
            .and_then(|()| fs::rename(&draft, dir.join(FILE)))
            .map_err(fail)
    }

    /// Reads them, or makes them up.
    fn open(dir: &Path) -> Result<Self, Failure> {
        match Self::read(dir) {
            Some(local) => Ok(local),
            None => {
                let local = Self::made_up();
                local.write(dir)?;
                Ok(local)
            }
        }
    }

    /// Changes some of them.
    pub fn change(dir: &Path, change: impl FnOnce(&mut Self)) -> Result<(), Failure> {
        let mut local = Self::open(dir)?;
        change(&mut local);
        local.write(dir)
    }
}

/// Settings with everything filled in that a laptop makes up.
pub struct Complete {
    pub settings: Settings,
    pub local: Local,
    /// The first API key was made up, and nobody has seen it yet.
    pub key_is_unseen: bool,
}

/// Reads the settings of a place.
pub fn settings(place: &Place, port: u16) -> Result<Settings, Failure> {
    let mut settings = Settings::load(&Environment, Some(place.config()))?;
    settings.data_dir.clone_from(&place.data_dir);
    settings.port = port;
    Ok(settings)
}

/// Fills in what is unset. `alone`: only some of the roles run here, so nothing that they share may be made up.
pub fn complete(mut settings: Settings, alone: bool) -> Result<Complete, Failure> {
    if alone {
        let missing: Vec<_> = [
            (
                "INTERNAL_SERVICE_KEY",
                settings.internal_service_key.is_none(),
            ),
            ("TRUNKLINE_SECRET_KEY", settings.secret_key.is_none()),
            ("TRUNKLINE_ADMIN_API_KEY", settings.admin_api_key.is_none()),
            ("AMQP_URL", settings.amqp_url.is_none()),
        ]
        .into_iter()
        .filter_map(|(name, missing)| missing.then_some(name))
        .collect();
        if !missing.is_empty() {
            return Err(Failure::Usage(format!(
                "a role that runs alone needs {}: set the same value for every role",
                missing.join(", ")
            )));
        }
    }
    let local = Local::open(&settings.data_dir)?;
    let key_is_unseen = !local.key_shown && settings.admin_api_key.is_none();
    settings
        .admin_api_key
        .get_or_insert_with(|| Secret::new(&local.admin_api_key));
    settings
        .internal_service_key
        .get_or_insert_with(|| Secret::new(&local.service_key));
    settings
        .secret_key
        .get_or_insert_with(|| Secret::new(&local.secret_key));
    Ok(Complete {
        settings,
        local,
        key_is_unseen,
    })
}

/// The account of the emulator: the one that is set, or the made-up one.
pub fn emulated_account(settings: &Settings, local: &Local) -> TwilioAccount {
    settings.account.clone().unwrap_or_else(|| TwilioAccount {
        sid: local.account_sid.clone(),
        tokens: vec![Secret::new(&local.auth_token)],
        number: None,
    })
}

/// Where a platform answers that runs already.
pub fn url(target: &Target) -> String {
    let known = || Local::read(&target.place.data_dir)?.platform_url;
    target
        .url
        .clone()
        .or_else(known)
        .unwrap_or_else(|| USUAL_URL.to_owned())
}

/// The API key for a platform that runs already.
pub fn api_key(target: &Target) -> Result<String, Failure> {
    if let Some(key) = &target.api_key {
        return Ok(key.clone());
    }
    let settings = Settings::load(&Environment, Some(target.place.config()))?;
    if let Some(key) = settings.admin_api_key {
        return Ok(key.reveal().to_owned());
    }
    Local::read(&target.place.data_dir).map(|local| local.admin_api_key).ok_or_else(|| {
        Failure::Usage(format!(
            "no API key: give --api-key, set TRUNKLINE_ADMIN_API_KEY, or name the platform's data folder with --data-dir (looked in {})",
            target.place.data_dir.display()
        ))
    })
}
