//! The lock on the folder of a journal: one process at a time.

use std::fs::File;
use std::path::Path;

use crate::Error;

/// Held for as long as the file lives.
pub(super) fn take(dir: &Path) -> Result<File, Error> {
    let path = dir.join("bus.lock");
    let failed = |error| Error::Config(format!("{} cannot be opened: {error}", path.display()));
    let file = File::options()
        .create(true)
        .truncate(false)
        .write(true)
        .open(&path)
        .map_err(failed)?;
    file.try_lock().map_err(|_| {
        Error::Config(format!(
            "{} is in use by another process: stop it, give this one a folder of its own, or set AMQP_URL \
             so that both share a RabbitMQ",
            dir.display()
        ))
    })?;
    Ok(file)
}
