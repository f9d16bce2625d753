//! What can go wrong, for the program that runs the emulator.

use std::io;

/// Why the emulator cannot start, or cannot do what its handle was asked.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The address is taken or not ours.
    #[error("the emulator cannot listen on {address}")]
    Listen {
        /// What it was told to listen on.
        address: String,
        /// Why not.
        #[source]
        source: io::Error,
    },
    /// The HTTP client for webhooks could not be built.
    #[error("the emulator's webhook client cannot be built")]
    Client(#[source] reqwest::Error),
    /// A setting that cannot work.
    #[error("the emulator's {setting} {problem}")]
    Setting {
        /// Which one.
        setting: &'static str,
        /// What is wrong with it and how to mend it.
        problem: &'static str,
    },
    /// A number that the account does not own was called or texted.
    #[error("{number} is not a number of this emulator; it has {}", if .owned.is_empty() { "none yet (buy one at IncomingPhoneNumbers.json)".to_owned() } else { .owned.join(", ") })]
    UnknownNumber {
        /// The number that was wanted.
        number: String,
        /// The numbers there are.
        owned: Vec<String>,
    },
    /// A caller's script that is neither YAML nor JSON.
    #[error("the script is not yaml: {0}")]
    Syntax(#[source] serde_yaml_ng::Error),
    /// A caller's script that is not one.
    #[error("the script cannot be read: {0}")]
    Script(#[source] serde_json::Error),
    /// A caller's script that asks for what cannot be done.
    #[error("the script cannot be played: {0}")]
    Unplayable(&'static str),
}
