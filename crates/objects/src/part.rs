//! The memory of a part that is being gathered.

use bytes::Bytes;
use memmap2::MmapMut;

use crate::Error;

/// The size of a part in bytes. S3 takes 10,000 of them, and none but the last may be smaller than 5 MiB.
pub const PART: usize = 8 << 20;
/// Up to here a piece is the allocator's.
const SMALL: usize = 256 << 10;

/// Bytes that are gathered until they are sent. What grows large lies in a mapping of its own, of which only the pages that are written
/// take memory, and which goes back to the system as soon as it was sent: an allocator keeps pieces of this size, torn by what
/// lives longer.
#[derive(Default)]
pub(crate) struct Rest {
    small: Vec<u8>,
    large: Option<MmapMut>,
    length: usize,
}

/// What was written of a mapping.
struct Written {
    map: MmapMut,
    length: usize,
}

impl AsRef<[u8]> for Written {
    fn as_ref(&self) -> &[u8] {
        &self.map[..self.length]
    }
}

impl Rest {
    pub(crate) fn len(&self) -> usize {
        self.length
    }

    /// The next bytes, of which there are no more than a part takes.
    ///
    /// # Errors
    /// [`Error::Away`] when there is no memory.
    pub(crate) fn push(&mut self, bytes: &[u8]) -> Result<(), Error> {
        let end = self.length + bytes.len();
        if self.large.is_none() && end > SMALL {
            let map = MmapMut::map_anon(PART);
            let mut map =
                map.map_err(|e| Error::Away(format!("no memory for a part of an upload: {e}")))?;
            map[..self.small.len()].copy_from_slice(&self.small);
            self.small = Vec::new();
            self.large = Some(map);
        }
        match &mut self.large {
            Some(map) => map[self.length..end].copy_from_slice(bytes),
            None => self.small.extend_from_slice(bytes),
        }
        self.length = end;
        Ok(())
    }

    /// All of it; nothing is left.
    pub(crate) fn take(&mut self) -> Bytes {
        let length = std::mem::take(&mut self.length);
        let small = std::mem::take(&mut self.small);
        match self.large.take() {
            Some(map) => Bytes::from_owner(Written { map, length }),
            None => Bytes::from(small),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_gathered_in_pieces_of_any_size_is_taken_whole() {
        for size in [1, SMALL, SMALL + 1, PART] {
            let bytes: Vec<u8> = (0..size).map(|at| (at % 251) as u8).collect();
            let mut rest = Rest::default();
            for piece in bytes.chunks(77_777) {
                rest.push(piece).unwrap();
            }
            assert_eq!(rest.len(), size);
            assert_eq!(rest.take(), bytes);
            assert_eq!((rest.len(), rest.take()), (0, Bytes::new()));
        }
    }
}
