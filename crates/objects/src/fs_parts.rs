//! Uploads in parts, on the folder: each part is a file until all of them are one object.

use std::fs;
use std::io::{self, Write};
use std::path::PathBuf;

use s3s::crypto::{Checksum, Md5};

use crate::fs_store::{Draft, FsStore, is_absent};

/// What an upload is about: bucket, key, content type, a line each.
const ABOUT: &str = "about";

/// An upload that was begun.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Upload {
    pub id: String,
    pub bucket: String,
    pub key: String,
    pub content_type: String,
    pub begun: std::time::SystemTime,
}

/// Why parts do not become an object.
#[derive(Debug)]
pub(crate) enum Incomplete {
    /// There is no such upload (any more).
    NoUpload,
    /// A part that is named is not there, or is another one.
    NoPart,
    Io(io::Error),
}

impl From<io::Error> for Incomplete {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

impl FsStore {
    /// Begins an upload. Answers its id.
    pub(crate) fn upload_begin(
        &self,
        bucket: &str,
        key: &str,
        content_type: &str,
    ) -> io::Result<String> {
        let folder = self.temporary();
        fs::create_dir(&folder)?;
        let mut about = fs::File::create_new(folder.join(ABOUT))?;
        about.write_all(format!("{bucket}\n{key}\n{content_type}").as_bytes())?;
        about.sync_data()?;
        let id = folder.file_name().unwrap_or_default();
        Ok(id.to_string_lossy().into_owned())
    }

    /// An upload that was begun and is not over.
    pub(crate) fn upload_find(&self, id: &str) -> io::Result<Option<Upload>> {
        let Some(folder) = self.upload_folder(id) else {
            return Ok(None);
        };
        let about = match fs::read_to_string(folder.join(ABOUT)) {
            Ok(about) => about,
            Err(e) if is_absent(&e) => return Ok(None),
            Err(e) => return Err(e),
        };
        let mut lines = about.splitn(3, '\n').map(str::to_owned);
        let (Some(bucket), Some(key), Some(content_type)) =
            (lines.next(), lines.next(), lines.next())
        else {
            return Ok(None);
        };
        Ok(Some(Upload {
            id: id.to_owned(),
            bucket,
            key,
            content_type,
            begun: fs::metadata(folder.join(ABOUT))?.modified()?,
        }))
    }

    /// The uploads of a bucket that are not over.
    pub(crate) fn upload_list(&self, bucket: &str) -> io::Result<Vec<Upload>> {
        let mut found = Vec::new();
        for entry in fs::read_dir(self.unfinished())?.flatten() {
            let Ok(name) = entry.file_name().into_string() else {
                continue;
            };
            found.extend(self.upload_find(&name)?.filter(|it| it.bucket == bucket));
        }
        found.sort_by(|a, b| (&a.key, &a.id).cmp(&(&b.key, &b.id)));
        Ok(found)
    }

    /// Takes a part that was written; one of the same number is replaced.
    pub(crate) fn upload_part(
        &self,
        id: &str,
        number: i32,
        draft: Draft,
    ) -> Result<String, Incomplete> {
        let folder = self.upload_folder(id).ok_or(Incomplete::NoUpload)?;
        if !folder.join(ABOUT).exists() {
            return Err(Incomplete::NoUpload);
        }
        draft.file.sync_data()?;
        let before = format!("{number}.");
        for entry in fs::read_dir(&folder)?.flatten() {
            if entry.file_name().to_string_lossy().starts_with(&before) {
                fs::remove_file(entry.path())?;
            }
        }
        Ok(draft.keep(|etag| folder.join(format!("{number}.{etag}")))?)
    }

    /// Makes an object of the parts that are named, in that order. Answers its ETag; `None`: `only_new`, and there is one.
    pub(crate) fn upload_complete(
        &self,
        id: &str,
        parts: &[(i32, String)],
        only_new: bool,
    ) -> Result<Option<String>, Incomplete> {
        let upload = self.upload_find(id)?.ok_or(Incomplete::NoUpload)?;
        let folder = self.upload_folder(id).ok_or(Incomplete::NoUpload)?;
        let mut whole = self.draft()?;
        let mut digests = Md5::new();
        for (number, etag) in parts {
            let digest = hex::decode(etag).map_err(|_| Incomplete::NoPart)?;
            let mut part = match fs::File::open(folder.join(format!("{number}.{etag}"))) {
                Ok(part) => part,
                Err(e) if is_absent(&e) => return Err(Incomplete::NoPart),
                Err(e) => return Err(e.into()),
            };
            digests.update(&digest);
            // The system copies from file to file.
            io::copy(&mut part, &mut whole.file)?;
        }
        // As S3 does it: the digest of the digests, and how many there are.
        let etag = format!("{}-{}", hex::encode(digests.finalize()), parts.len());
        let label = (upload.content_type.as_str(), Some(etag));
        let put = self.put_draft(whole, &upload.bucket, &upload.key, label, only_new)?;
        self.upload_abort(id)?;
        Ok(put)
    }

    /// Forgets an upload and its parts. Says whether there was one.
    pub(crate) fn upload_abort(&self, id: &str) -> io::Result<bool> {
        let Some(folder) = self.upload_folder(id) else {
            return Ok(false);
        };
        match fs::remove_dir_all(folder) {
            Ok(()) => Ok(true),
            Err(e) if is_absent(&e) => Ok(false),
            Err(e) => Err(e),
        }
    }

    /// Where an upload's parts are; `None` for what is no id of ours.
    fn upload_folder(&self, id: &str) -> Option<PathBuf> {
        let ours = id.len() == 32 && id.bytes().all(|byte| byte.is_ascii_hexdigit());
        ours.then(|| self.unfinished().join(id))
    }
}
