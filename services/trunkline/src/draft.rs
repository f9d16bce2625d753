//! The file of an export while it is written.

use std::fs::{self, File, OpenOptions};
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use tar::{Builder, EntryType, Header};

use crate::Failure;
use crate::archive::{CONTENT_TYPE, OBJECTS};

/// The file while it is written, under another name: what has its own name is whole.
pub struct Draft {
    tar: Builder<BufWriter<File>>,
    draft: PathBuf,
    file: PathBuf,
}

impl Draft {
    pub fn open(file: &Path) -> Result<Self, Failure> {
        let shown = file.display();
        if file.exists() {
            return Err(Failure::Usage(format!(
                "{shown} is there already; name another file"
            )));
        }
        let mut draft = file.as_os_str().to_owned();
        draft.push(".part");
        let draft = PathBuf::from(draft);
        let mut options = OpenOptions::new();
        options.write(true).create(true).truncate(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let opened = options.open(&draft);
        let opened =
            opened.map_err(|e| Failure::Usage(format!("{shown} cannot be written: {e}")))?;
        Ok(Self {
            tar: Builder::new(BufWriter::new(opened)),
            draft,
            file: file.to_owned(),
        })
    }

    pub fn add(&mut self, name: &str, bytes: &[u8]) -> Result<(), Failure> {
        let mut header = Header::new_ustar();
        header.set_entry_type(EntryType::Regular);
        header.set_mode(0o600);
        header.set_size(bytes.len() as u64);
        let added = self.tar.append_data(&mut header, name, bytes);
        added.map_err(|e| self.failed(&e))
    }

    pub fn add_object(&mut self, key: &str, kind: &str, bytes: &[u8]) -> Result<(), Failure> {
        let kind = [(CONTENT_TYPE, kind.as_bytes())];
        let added = self.tar.append_pax_extensions(kind);
        added.map_err(|e| self.failed(&e))?;
        self.add(&format!("{OBJECTS}{key}"), bytes)
    }

    pub fn finish(self) -> Result<(), Failure> {
        let Self { tar, draft, file } = self;
        let finished = tar.into_inner().and_then(|mut out| {
            out.flush()?;
            out.get_ref().sync_all()?;
            fs::rename(&draft, &file)
        });
        finished.map_err(|e| Failure::failed(format!("{} cannot be written: {e}", file.display())))
    }

    fn failed(&self, error: &std::io::Error) -> Failure {
        Failure::failed(format!(
            "{} cannot be written: {error}",
            self.draft.display()
        ))
    }
}
