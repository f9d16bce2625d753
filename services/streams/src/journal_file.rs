//! A file that one task writes and another takes when nobody writes it any more: a first line of JSON that says what it is of, then bytes.
//! Whoever has it holds its lock; the system lets that go when a process is killed.

use std::fs::{File, TryLockError};
use std::io::{BufRead, BufReader, Error, ErrorKind, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use serde::Serialize;
use serde::de::DeserializeOwned;

/// The longest first line that is read.
const LONGEST_HEADER: u64 = 16_384;

/// Begins a file.
///
/// # Errors
/// Where the folder cannot be written, or the file is there already.
pub async fn create<T: Serialize>(path: PathBuf, about: &T) -> std::io::Result<tokio::fs::File> {
    let mut header = serde_json::to_vec(about)?;
    header.push(b'\n');
    let opened = tokio::task::spawn_blocking(move || create_locked(&path, &header));
    let file = opened.await.map_err(Error::other)??;
    Ok(tokio::fs::File::from_std(file))
}

/// It gets its name when it is locked and has its header: every file that nobody holds is taken.
fn create_locked(path: &Path, header: &[u8]) -> std::io::Result<File> {
    if path.exists() {
        return Err(ErrorKind::AlreadyExists.into());
    }
    let mut draft = path.as_os_str().to_owned();
    draft.push(".begun");
    let mut file = File::create(&draft)?;
    let named = match file.try_lock() {
        Ok(()) => file
            .write_all(header)
            .and_then(|()| std::fs::rename(&draft, path)),
        Err(TryLockError::Error(error)) => Err(error),
        Err(TryLockError::WouldBlock) => return Err(ErrorKind::WouldBlock.into()),
    };
    if let Err(error) = named {
        let _ = std::fs::remove_file(&draft);
        return Err(error);
    }
    Ok(file)
}

/// A file that nobody writes any more. It is ours until it is dropped.
#[derive(Debug)]
pub struct Taken<T> {
    /// What it is of.
    pub about: T,
    /// Bytes behind the first line.
    pub length: u64,
    /// Where it lies.
    pub path: PathBuf,
    file: File,
    begin: u64,
}

/// Why a file is not read now.
#[derive(Debug, thiserror::Error)]
pub enum Unread {
    /// Another task writes or archives it.
    #[error("another task has it")]
    Busy,
    /// It was archived meanwhile.
    #[error("it is gone")]
    Gone,
    /// It does not say what it is of.
    #[error("its first line says not what it is of: {0}")]
    Unknown(serde_json::Error),
    /// The folder cannot be read.
    #[error("it cannot be read: {0}")]
    Io(#[from] std::io::Error),
}

impl<T: DeserializeOwned> Taken<T> {
    /// Takes a file, unless another task has it.
    ///
    /// # Errors
    /// See [`Unread`].
    pub fn take(path: &Path) -> Result<Self, Unread> {
        let file = File::open(path).map_err(|error| match error.kind() {
            ErrorKind::NotFound => Unread::Gone,
            _ => Unread::Io(error),
        })?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(Unread::Busy),
            Err(TryLockError::Error(error)) => return Err(Unread::Io(error)),
        }
        // Whoever had it has removed it between our opening and our lock.
        if !path.exists() {
            return Err(Unread::Gone);
        }
        let mut line = Vec::new();
        let mut head = BufReader::new(std::io::Read::take(&file, LONGEST_HEADER));
        head.read_until(b'\n', &mut line)?;
        let about = serde_json::from_slice(&line).map_err(Unread::Unknown)?;
        let begin = line.len() as u64;
        Ok(Self {
            about,
            length: file.metadata()?.len().saturating_sub(begin),
            path: path.to_owned(),
            file,
            begin,
        })
    }
}

impl<T> Taken<T> {
    /// The file from behind its first line.
    ///
    /// # Errors
    /// Where it cannot be read.
    pub fn rewound(&self) -> std::io::Result<tokio::fs::File> {
        self.from(self.begin)
    }

    /// The file from its first line.
    ///
    /// # Errors
    /// Where it cannot be read.
    pub fn whole(&self) -> std::io::Result<tokio::fs::File> {
        self.from(0)
    }

    fn from(&self, place: u64) -> std::io::Result<tokio::fs::File> {
        let mut file = self.file.try_clone()?;
        file.seek(SeekFrom::Start(place))?;
        Ok(tokio::fs::File::from_std(file))
    }

    /// It is not needed any more.
    ///
    /// # Errors
    /// Where it cannot be removed.
    pub fn remove(self) -> std::io::Result<()> {
        std::fs::remove_file(&self.path)
    }
}

/// The files of a folder whose names end so.
///
/// # Errors
/// Where the folder cannot be read.
pub async fn files(dir: &Path, suffix: &str) -> std::io::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    let mut entries = tokio::fs::read_dir(dir).await?;
    while let Some(entry) = entries.next_entry().await? {
        let path = entry.path();
        if path.extension().is_some_and(|it| it == suffix) {
            found.push(path);
        }
    }
    Ok(found)
}

/// Sets a file aside that says not what it is of; its bytes are still there.
pub async fn set_aside(path: &Path) -> bool {
    tokio::fs::rename(path, path.with_extension("unreadable"))
        .await
        .is_ok()
}
