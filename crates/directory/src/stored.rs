//! The directory on the disk: what a process begins with while the role that owns it is away.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::PathBuf;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use clock::Clock;
use events::{Envelope, v1};
use parking_lot::Mutex;
use sha2::{Digest, Sha256};
use tracing::{info, warn};

use encryption::Sealer;

/// A sealed file. It holds whose account is whose, so it must not be written by others than us: what cannot be opened
/// with our key is as good as none.
pub(super) struct Stored {
    path: PathBuf,
    sealer: Sealer,
    clock: Clock,
    /// The number of the answer that it holds, and its digest: it is written only when that changes.
    held: Mutex<(u64, [u8; 32])>,
}

impl Stored {
    pub(super) fn new(path: PathBuf, sealer: Sealer, clock: Clock) -> Self {
        Self {
            path,
            sealer,
            clock,
            held: Mutex::default(),
        }
    }

    /// What was kept last; none when there is none, or none that can be used.
    pub(super) fn load(&self) -> Option<v1::Directory> {
        let sealed = match fs::read(&self.path) {
            Ok(sealed) => sealed,
            Err(e) if e.kind() == io::ErrorKind::NotFound => return None,
            Err(e) => {
                warn!(file = %self.path.display(), error = %e, "the kept directory cannot be read");
                return None;
            }
        };
        let opened = self.sealer.open(&sealed).ok();
        let bytes = opened.and_then(|text| STANDARD.decode(text.reveal()).ok());
        let envelope = bytes.and_then(|bytes| Envelope::from_bytes(&bytes).ok());
        let Some((time, directory)) = envelope.and_then(|it| Some((it.time, it.decode().ok()?)))
        else {
            warn!(
                file = %self.path.display(),
                "the kept directory cannot be opened; was TRUNKLINE_SECRET_KEY changed?"
            );
            return None;
        };
        info!(kept.at = %time, "the kept directory is used until a newer one comes");
        Some(directory)
    }

    /// Keeps the answer with this number, if it says something else than the one that is kept, and is later.
    pub(super) fn keep(&self, number: u64, directory: &v1::Directory) {
        let envelope = Envelope::new("trunkline/role", &self.clock, directory);
        let digest: [u8; 32] = Sha256::digest(&envelope.data).into();
        let mut held = self.held.lock();
        if number < held.0 || digest == held.1 {
            return;
        }
        match self.write(&envelope.to_bytes()) {
            Ok(()) => *held = (number, digest),
            Err(e) => warn!(
                file = %self.path.display(),
                error = %e,
                "the directory cannot be kept; a restart will need the role that owns it"
            ),
        }
    }

    /// Whole or not at all: under another name first, which no other process on the same folder has.
    fn write(&self, bytes: &[u8]) -> io::Result<()> {
        let sealed = self.sealer.seal(&STANDARD.encode(bytes));
        let sealed = sealed.map_err(io::Error::other)?;
        let draft = self
            .path
            .with_extension(format!("draft-{}", std::process::id()));
        let mut file = File::create(&draft)?;
        file.write_all(&sealed)?;
        file.sync_data()?;
        fs::rename(&draft, &self.path)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use settings::Secret;

    fn stored(dir: &tempfile::TempDir, key: &str) -> Stored {
        let sealer = Sealer::new(&Secret::new(key));
        Stored::new(dir.path().join("directory.sealed"), sealer, Clock::system())
    }

    #[test]
    fn stored_directory_opens_with_the_same_key_only_and_shows_nothing() {
        let dir = tempfile::tempdir().unwrap();
        assert!(stored(&dir, "k1").load().is_none());
        let entry = v1::directory::Entry {
            number: "+15550100001".into(),
            forward_to: "+15550100002".into(),
            ..Default::default()
        };
        let directory = v1::Directory {
            entries: vec![entry],
            ..Default::default()
        };
        stored(&dir, "k1").keep(1, &directory);
        assert_eq!(stored(&dir, "k1").load(), Some(directory));
        assert!(stored(&dir, "k2").load().is_none());
        let path = dir.path().join("directory.sealed");
        let bytes = fs::read(&path).unwrap();
        assert!(!bytes.windows(6).any(|part| part == b"555010"));
        fs::write(&path, &bytes[..bytes.len() - 1]).unwrap();
        assert!(stored(&dir, "k1").load().is_none());
        let left = fs::read_dir(dir.path()).unwrap().count();
        assert_eq!(left, 1, "nothing but the file");
    }
}
