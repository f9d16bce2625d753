//! The chunks of a RIFF file.

use crate::Error;

/// A chunk's name and what is in it.
pub(crate) type Chunk<'a> = (&'a [u8], &'a [u8]);

/// The chunks of a file. A file that breaks off, or that says it is longer than it is, ends where it ends. Samples that are said
/// to be none while something follows are all that follows: a program that died while it recorded has left the 0 there.
pub(crate) fn chunks(file: &[u8]) -> Result<Vec<Chunk<'_>>, Error> {
    if file.len() < 12 || !file.starts_with(b"RIFF") || &file[8..12] != b"WAVE" {
        return Err(Error::NotWav);
    }
    let mut found = Vec::new();
    let mut rest = &file[12..];
    while let Some((header, after)) = rest.split_at_checked(8) {
        let claimed = u32::from_le_bytes([header[4], header[5], header[6], header[7]]) as usize;
        let length = match claimed {
            0 if header.starts_with(b"data") => after.len(),
            claimed => claimed.min(after.len()),
        };
        found.push((&header[..4], &after[..length]));
        // Chunks begin at even places.
        rest = after.get(length + length % 2..).unwrap_or_default();
    }
    Ok(found)
}

/// A chunk's content.
pub(crate) fn find<'a>(chunks: &[Chunk<'a>], name: &'static str) -> Result<&'a [u8], Error> {
    chunks
        .iter()
        .find(|(found, _)| *found == name.as_bytes())
        .map(|(_, content)| *content)
        .ok_or(Error::Missing(name.trim_end()))
}

/// A file of these chunks.
pub(crate) fn file(chunks: &[(&[u8; 4], &[u8])]) -> Vec<u8> {
    let mut body = b"WAVE".to_vec();
    for (name, content) in chunks {
        body.extend_from_slice(*name);
        body.extend_from_slice(&(content.len() as u32).to_le_bytes());
        body.extend_from_slice(content);
        if content.len() % 2 == 1 {
            body.push(0);
        }
    }
    let mut file = b"RIFF".to_vec();
    file.extend_from_slice(&(body.len() as u32).to_le_bytes());
    file.extend(body);
    file
}
