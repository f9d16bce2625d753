//! A file that one task writes and another takes when nobody writes it any more: a first line of JSON that says what it is of, then bytes.
//! Whoever has it holds its lock; the system lets that go when a process is killed. A call hands its bytes over and does not wait for
//! the disk: its next frame would wait with it.

use std::fs::{File, TryLockError};
use std::io::{BufRead, BufReader, Error, ErrorKind, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::io::AsyncWriteExt;
use tokio::runtime::Handle;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

/// The longest first line that is read.
const LONGEST_HEADER: u64 = 16_384;
/// Pieces, of about a second each, that may wait for the disk.
const WAITING: usize = 30;
/// How long a call waits for a disk that is as far behind as that. It is behind for a moment where a gap of a minute is written.
const PATIENCE: Duration = Duration::from_secs(2);

/// A file that is being written.
pub struct Writing {
    pieces: mpsc::Sender<Vec<u8>>,
    task: JoinHandle<std::io::Result<()>>,
}

impl Writing {
    /// Begins a file, which `workers` write. `written` hears of each piece that is in it, in bytes.
    ///
    /// # Errors
    /// Where the folder cannot be written, or the file is there already.
    pub async fn begin<T: Serialize>(
        path: PathBuf,
        about: &T,
        workers: &Handle,
        written: impl Fn(usize) + Send + 'static,
    ) -> std::io::Result<Self> {
        let header = header(about)?;
        let opened = workers.spawn_blocking(move || create_locked(&path, &header));
        let file = tokio::fs::File::from_std(opened.await.map_err(Error::other)??);
        let (pieces, waiting) = mpsc::channel(WAITING);
        let task = workers.spawn(write(file, waiting, written));
        Ok(Self { pieces, task })
    }

    /// Hands a piece over. False: the disk does not take it, and is to be given up.
    pub async fn write(&self, piece: Vec<u8>) -> bool {
        self.pieces.send_timeout(piece, PATIENCE).await.is_ok()
    }

    /// Waits until everything is written.
    ///
    /// # Errors
    /// Where something could not be.
    pub async fn finish(self) -> std::io::Result<()> {
        drop(self.pieces);
        self.task.await.map_err(Error::other)?
    }
}

async fn write(
    mut file: tokio::fs::File,
    mut waiting: mpsc::Receiver<Vec<u8>>,
    written: impl Fn(usize),
) -> std::io::Result<()> {
    while let Some(piece) = waiting.recv().await {
        file.write_all(&piece).await?;
        file.flush().await?;
        written(piece.len());
    }
    Ok(())
}

fn header<T: Serialize>(about: &T) -> std::io::Result<Vec<u8>> {
    let mut header = serde_json::to_vec(about)?;
    header.push(b'\n');
    Ok(header)
}

/// Begins a file.
///
/// # Errors
/// Where the folder cannot be written, or the file is there already.
pub async fn create<T: Serialize>(path: PathBuf, about: &T) -> std::io::Result<tokio::fs::File> {
    let header = header(about)?;
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn disk_that_is_far_behind_is_given_up_and_what_it_took_is_whole() {
        let runtime = || {
            let mut builder = tokio::runtime::Builder::new_current_thread();
            builder.enable_time().build().unwrap()
        };
        // The workers do nothing until they are driven, like a disk that does not answer.
        let (caller, workers) = (runtime(), runtime());
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.live");
        let begun = Writing::begin(path.clone(), &"about", workers.handle(), |_| {});
        let writing = caller.block_on(begun).unwrap();
        let taken = caller.block_on(async {
            let mut taken = 0;
            while writing.write(b"piece".to_vec()).await {
                taken += 1;
            }
            taken
        });
        assert_eq!(taken, WAITING);
        workers.block_on(writing.finish()).unwrap();
        let written = std::fs::read_to_string(path).unwrap();
        assert_eq!(written, format!("\"about\"\n{}", "piece".repeat(WAITING)));
    }
}
