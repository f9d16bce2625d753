//! The chunks of a RIFF file.

use crate::Error;

/// A chunk's name and what is in it.
pub(crate) type Chunk<'a> = (&'a [u8], &'a [u8]);

/// The chunks of a file. A file that breaks off, or that says it is longer than it is, ends where it ends. Samples that are said
/// to be none while something follows are all that follows: a program that died while it recorded has left the 0 there.
pub(crate) fn chunks(file: &[u8]) -> Result<Vec<Chunk<'_>>, Error> {
    if file.len() < 12 || !file.starts_with(b"RIFF") || &file[8..12] != b"WAVE" {
        return Err(Error::NotSound);
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

/// How the samples of a WAV file are written, and where they begin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Shape {
    /// RFC 2361's tag.
    pub(crate) format: u16,
    pub(crate) rate: u32,
    pub(crate) channels: u16,
    pub(crate) bits: u16,
    /// Where the samples begin in the file.
    pub(crate) data: usize,
    /// Their length in bytes, as the header claims it; 0 claims nothing.
    pub(crate) claimed: u32,
}

/// What the beginning of a file says of its samples; `None` until they have begun.
pub(crate) fn shape(head: &[u8]) -> Option<Shape> {
    let mut format: Option<&[u8]> = None;
    let mut at = 12usize;
    loop {
        let header = head.get(at..at + 8)?;
        let claimed = u32::from_le_bytes([header[4], header[5], header[6], header[7]]);
        let begin = at + 8;
        match &header[..4] {
            b"fmt " => format = Some(head.get(begin..begin + 16)?),
            b"data" => {
                let format = format?;
                let short = |at: usize| u16::from_le_bytes([format[at], format[at + 1]]);
                return Some(Shape {
                    format: short(0),
                    rate: u32::from_le_bytes([format[4], format[5], format[6], format[7]]),
                    channels: short(2),
                    bits: short(14),
                    data: begin,
                    claimed,
                });
            }
            _ => {}
        }
        let length = claimed as usize;
        // Chunks begin at even places.
        at = begin.checked_add(length)?.checked_add(length % 2)?;
    }
}

/// A chunk's content.
pub(crate) fn find<'a>(chunks: &[Chunk<'a>], name: &'static str) -> Result<&'a [u8], Error> {
    chunks
        .iter()
        .find(|(found, _)| *found == name.as_bytes())
        .map(|(_, content)| *content)
        .ok_or(Error::Missing(name.trim_end()))
}

/// The 44 bytes before the samples of a WAV file at the telephone's rate with 16 bits a sample, for a file that is written piece by
/// piece: how many moments it has must be known before. What is too long for the format, 37 hours, claims to be as long as it can.
#[must_use]
pub fn pcm_header(channels: u16, moments: u64) -> [u8; 44] {
    let step = u64::from(channels) * 2;
    let data = u32::try_from(moments.saturating_mul(step)).unwrap_or(u32::MAX - 36);
    let mut header = [0; 44];
    header[..4].copy_from_slice(b"RIFF");
    header[4..8].copy_from_slice(&data.saturating_add(36).to_le_bytes());
    header[8..16].copy_from_slice(b"WAVEfmt ");
    header[16..20].copy_from_slice(&16u32.to_le_bytes());
    header[20..22].copy_from_slice(&1u16.to_le_bytes());
    header[22..24].copy_from_slice(&channels.to_le_bytes());
    header[24..28].copy_from_slice(&crate::RATE.to_le_bytes());
    header[28..32].copy_from_slice(&(crate::RATE * u32::from(channels) * 2).to_le_bytes());
    header[32..34].copy_from_slice(&(channels * 2).to_le_bytes());
    header[34..36].copy_from_slice(&16u16.to_le_bytes());
    header[36..40].copy_from_slice(b"data");
    header[40..].copy_from_slice(&data.to_le_bytes());
    header
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

#[cfg(test)]
mod tests {
    use super::pcm_header;
    use crate::{Encoding, Sound};

    #[test]
    fn header_before_samples_is_that_of_a_whole_file() {
        let sound = Sound::stereo(&[1, 2, 3], &[4, 5, 6]);
        let file = sound.to_wav(Encoding::Pcm16).unwrap();
        assert_eq!(file[..44], pcm_header(2, 3));
        assert_eq!(pcm_header(1, u64::MAX)[4..8], [0xFF; 4]);
    }
}
