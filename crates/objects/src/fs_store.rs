//! Objects as files. One object is one file: its bytes, then its label. It appears whole or not at all.

use std::collections::BinaryHeap;
use std::fs::{self, File};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use s3s::crypto::{Checksum, Md5};

/// The last bytes of every object's file.
const MAGIC: &[u8; 8] = b"TRUNKOB1";
/// The label's length and the magic.
const TAIL: u64 = 12;
/// No label is longer.
const LABEL: u64 = 1024;
/// What is read at once of an object that goes out.
const PIECE: u64 = 256 << 10;
/// Where files are until they are whole.
const UNFINISHED: &str = ".unfinished";
/// No write takes as long: what is older was left by a process that died.
const ABANDONED: Duration = Duration::from_secs(3600);

/// A folder of buckets. Several processes may share it.
#[derive(Debug)]
pub(crate) struct FsStore {
    root: PathBuf,
}

/// What an object is, without its bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Label {
    pub content_type: String,
    /// MD5 in hex, as S3's for an object that was put whole.
    pub etag: String,
    pub size: u64,
    pub modified: SystemTime,
}

/// A page of keys.
pub(crate) struct Listed {
    pub found: Vec<(String, Label)>,
    /// The key after which the next page begins; `None`: this was the last.
    pub next: Option<String>,
}

/// An open object.
pub(crate) struct Opened {
    pub label: Label,
    file: File,
}

impl Opened {
    /// Goes to the beginning of a range.
    pub(crate) fn seek(&mut self, start: u64) -> io::Result<()> {
        self.file.seek(SeekFrom::Start(start)).map(drop)
    }

    /// The next piece, of at most so many bytes.
    pub(crate) fn piece(&mut self, length: u64) -> io::Result<Vec<u8>> {
        let length = length.min(PIECE);
        let mut bytes = Vec::with_capacity(usize::try_from(length).unwrap_or_default());
        (&self.file).take(length).read_to_end(&mut bytes)?;
        Ok(bytes)
    }
}

/// An object that is being written.
pub(crate) struct Draft {
    pub(crate) file: File,
    path: Unfinished,
    digest: Md5,
}

impl Draft {
    pub(crate) fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.digest.update(bytes);
        self.file.write_all(bytes)
    }

    /// Makes a file of its own of it, in that place; answers the MD5 of its bytes.
    pub(crate) fn keep(self, place: impl FnOnce(&str) -> PathBuf) -> io::Result<String> {
        let etag = hex::encode(self.digest.finalize());
        fs::rename(&self.path.0, place(&etag))?;
        Ok(etag)
    }
}

impl FsStore {
    /// Makes the folder, and removes what dead processes left unfinished.
    pub(crate) fn open(root: &Path) -> io::Result<Self> {
        let unfinished = root.join(UNFINISHED);
        fs::create_dir_all(&unfinished)?;
        for entry in fs::read_dir(&unfinished)?.flatten() {
            let age = entry.metadata().and_then(|meta| meta.modified());
            if age.is_ok_and(|at| at.elapsed().is_ok_and(|age| age > ABANDONED)) {
                let path = entry.path();
                // A file, or the folder of an upload in parts.
                let _ = fs::remove_file(&path).or_else(|_| fs::remove_dir_all(&path));
            }
        }
        Ok(Self {
            root: root.to_owned(),
        })
    }

    pub(crate) fn has_bucket(&self, bucket: &str) -> bool {
        self.root.join(bucket).is_dir()
    }

    pub(crate) fn make_bucket(&self, bucket: &str) -> io::Result<()> {
        create_folder(&self.root.join(bucket))
    }

    /// `None`: there is no such object.
    pub(crate) fn find(&self, bucket: &str, key: &str) -> io::Result<Option<Opened>> {
        let Some(path) = self.path(bucket, key) else {
            return Ok(None);
        };
        match File::open(&path) {
            Ok(file) => opened(file),
            Err(e) if is_absent(&e) => Ok(None),
            Err(e) => Err(e),
        }
    }

    /// A file to write an object into.
    pub(crate) fn draft(&self) -> io::Result<Draft> {
        let path = Unfinished(self.temporary());
        let file = File::create_new(&path.0)?;
        Ok(Draft {
            file,
            path,
            digest: Md5::new(),
        })
    }

    /// Gives a written file its place, with its label: content type, and ETag where it is not the MD5 of the bytes. `only_new`: unless
    /// there is an object; then the answer is `None`, else the ETag.
    pub(crate) fn put_draft(
        &self,
        draft: Draft,
        bucket: &str,
        key: &str,
        (content_type, etag): (&str, Option<String>),
        only_new: bool,
    ) -> io::Result<Option<String>> {
        let Some(path) = self.path(bucket, key) else {
            return Err(io::Error::from(io::ErrorKind::InvalidInput));
        };
        let folder = path.parent().unwrap_or(&self.root);
        create_folder(folder)?;
        let etag = etag.unwrap_or_else(|| hex::encode(draft.digest.finalize()));
        let label = format!("{etag} {content_type}");
        let length = u32::try_from(label.len()).map_err(io::Error::other)?;
        let (mut file, unfinished) = (draft.file, draft.path);
        file.write_all(label.as_bytes())?;
        file.write_all(&length.to_le_bytes())?;
        file.write_all(MAGIC)?;
        file.sync_data()?;
        if !only_new {
            fs::rename(&unfinished.0, &path)?;
            sync_folder(folder)?;
            return Ok(Some(etag));
        }
        // A link, unlike a move, fails where something is: of several writers one wins.
        match fs::hard_link(&unfinished.0, &path) {
            Ok(()) => {
                sync_folder(folder)?;
                Ok(Some(etag))
            }
            Err(e) if e.kind() == io::ErrorKind::AlreadyExists => Ok(None),
            Err(e) => Err(e),
        }
    }

    /// A name that nobody else has, for what is not whole yet.
    pub(crate) fn temporary(&self) -> PathBuf {
        let name = hex::encode(rand::random::<[u8; 16]>());
        self.unfinished().join(name)
    }

    /// Where what is not whole yet is.
    pub(crate) fn unfinished(&self) -> PathBuf {
        self.root.join(UNFINISHED)
    }

    pub(crate) fn delete(&self, bucket: &str, key: &str) -> io::Result<()> {
        let Some(path) = self.path(bucket, key) else {
            return Ok(());
        };
        match fs::remove_file(&path) {
            // What was erased stays erased, also when the machine loses its power now.
            Ok(()) => sync_folder(path.parent().unwrap_or(&self.root)),
            Err(e) if is_absent(&e) => Ok(()),
            Err(e) => Err(e),
        }
    }

    /// The first keys after `after` that begin with `prefix`, in order, at most `most`, with their labels. However many
    /// there are, no more than that are held or opened.
    pub(crate) fn list(
        &self,
        bucket: &str,
        prefix: &str,
        after: &str,
        most: usize,
    ) -> io::Result<Listed> {
        // The largest is on top, and one more than wanted tells that there are more.
        let mut first = BinaryHeap::new();
        // The part of the prefix that is folders for certain spares looking at all the others.
        let folder = prefix.rsplit_once('/').map_or("", |(folder, _)| folder);
        let mut waiting = vec![folder.to_owned()];
        while let Some(folder) = waiting.pop() {
            let Some(path) = self.path(bucket, &folder) else {
                continue;
            };
            let entries = match fs::read_dir(path) {
                Ok(entries) => entries,
                Err(e) if is_absent(&e) => continue,
                Err(e) => return Err(e),
            };
            for entry in entries {
                let entry = entry?;
                let Ok(name) = entry.file_name().into_string() else {
                    continue;
                };
                let key = if folder.is_empty() {
                    name
                } else {
                    format!("{folder}/{name}")
                };
                if entry.file_type()?.is_dir() {
                    if may_hold(&key, prefix, after) {
                        waiting.push(key);
                    }
                } else if key.starts_with(prefix) && key.as_str() > after {
                    first.push(key);
                    if first.len() > most.saturating_add(1) {
                        first.pop();
                    }
                }
            }
        }
        let mut keys = first.into_sorted_vec();
        let more = keys.len() > most;
        keys.truncate(most);
        let next = keys.last().filter(|_| more).cloned();
        let mut found = Vec::with_capacity(keys.len());
        for key in keys {
            if let Some(opened) = self.find(bucket, &key)? {
                found.push((key, opened.label));
            }
        }
        Ok(Listed { found, next })
    }

    /// Where a key's file is; `None` for a key that could leave its bucket. The empty key is the bucket.
    fn path(&self, bucket: &str, key: &str) -> Option<PathBuf> {
        let plain = |part: &str| {
            !part.is_empty() && !part.starts_with('.') && !part.contains(['\\', ':', '\0'])
        };
        let mut path = self.root.join(Some(bucket).filter(|b| plain(b))?);
        for part in key.split('/').filter(|_| !key.is_empty()) {
            path.push(Some(part).filter(|part| plain(part))?);
        }
        Some(path)
    }
}

/// Whether keys in `folder` can begin with `prefix` and come after `after`. `0` is the character after `/`.
fn may_hold(folder: &str, prefix: &str, after: &str) -> bool {
    let within = format!("{folder}/");
    (within.starts_with(prefix) || prefix.starts_with(&within))
        && format!("{folder}0").as_str() > after
}

/// Makes a folder and those above it, each named durably in the one above.
fn create_folder(folder: &Path) -> io::Result<()> {
    if folder.is_dir() {
        return Ok(());
    }
    let above = folder
        .parent()
        .filter(|above| !above.as_os_str().is_empty());
    if let Some(above) = above {
        create_folder(above)?;
    }
    match fs::create_dir(folder) {
        Err(e) if e.kind() != io::ErrorKind::AlreadyExists => return Err(e),
        // Another process may have made it and not yet synced it.
        _ => {}
    }
    // Where there is something in its place this says so, as `create_dir_all` does.
    if !folder.is_dir() {
        return Err(io::Error::from(io::ErrorKind::AlreadyExists));
    }
    sync_folder(above.unwrap_or(Path::new(".")))
}

/// Makes the names in a folder durable: syncing a file's bytes says nothing about its name (fsync(2)).
fn sync_folder(folder: &Path) -> io::Result<()> {
    // Elsewhere a folder cannot be opened as a file, and the file system keeps names by itself.
    if cfg!(unix) {
        File::open(folder)?.sync_all()?;
    }
    Ok(())
}

/// Removes its file, which by then has its place elsewhere or is of no use.
struct Unfinished(PathBuf);

impl Drop for Unfinished {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.0);
    }
}

pub(crate) fn is_absent(e: &io::Error) -> bool {
    matches!(
        e.kind(),
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory | io::ErrorKind::IsADirectory
    )
}

/// Reads the label. A file without one is not an object.
fn opened(mut file: File) -> io::Result<Option<Opened>> {
    let meta = file.metadata()?;
    if !meta.is_file() || meta.len() < TAIL {
        return Ok(None);
    }
    let mut tail = [0; TAIL as usize];
    file.seek(SeekFrom::End(-(TAIL.cast_signed())))?;
    file.read_exact(&mut tail)?;
    let (length, magic) = tail.split_at(4);
    let length = u64::from(length.try_into().map_or(0, u32::from_le_bytes));
    if magic != MAGIC || length > LABEL || length + TAIL > meta.len() {
        return Ok(None);
    }
    let size = meta.len() - TAIL - length;
    let mut label = String::new();
    file.seek(SeekFrom::Start(size))?;
    (&file).take(length).read_to_string(&mut label)?;
    let Some((etag, content_type)) = label.split_once(' ') else {
        return Ok(None);
    };
    let label = Label {
        content_type: content_type.to_owned(),
        etag: etag.to_owned(),
        size,
        modified: meta.modified()?,
    };
    Ok(Some(Opened { label, file }))
}
