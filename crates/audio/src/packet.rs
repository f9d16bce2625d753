//! How a word travels: a mark that begins it, its length, its bytes and a checksum, bit by bit as one of two tones.

/// Samples a bit takes: 1000 bits in a second.
pub(crate) const BIT: usize = 8;
/// A packet begins so.
pub(crate) const MARK: u16 = 0x2DD4;
/// Bits of the mark.
pub(crate) const MARK_BITS: usize = 16;
/// The longest piece of a word.
pub(crate) const LONGEST: usize = 200;

/// Waves of each tone in one bit, for a 0 and for a 1: 2000 Hz and 1000 Hz.
pub(crate) const WAVES: [f64; 2] = [2.0, 1.0];

/// The bits of a packet.
pub(crate) fn bits(word: &[u8]) -> Vec<bool> {
    let mut bytes = MARK.to_be_bytes().to_vec();
    bytes.push(word.len() as u8);
    bytes.extend_from_slice(word);
    bytes.extend_from_slice(&checksum(&bytes[2..]).to_be_bytes());
    bytes
        .iter()
        .flat_map(|byte| (0..8).rev().map(move |bit| byte >> bit & 1 == 1))
        .collect()
}

/// How many bits a word of so many bytes takes.
pub(crate) fn length(bytes: usize) -> usize {
    (bytes + 5) * 8
}

/// CRC-16 with the polynomial of X.25.
pub(crate) fn checksum(bytes: &[u8]) -> u16 {
    bytes.iter().fold(0xFFFF, |crc, byte| {
        (0..8).fold(crc ^ u16::from(*byte) << 8, |crc, _| {
            if crc & 0x8000 == 0 {
                crc << 1
            } else {
                crc << 1 ^ 0x1021
            }
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn checksum_has_its_published_value() {
        assert_eq!(checksum(b"123456789"), 0x29B1);
        assert_eq!(bits(b"ab").len(), length(2));
    }
}
