//! G.711 mu-law: sixteen bits to eight and back (ITU-T G.711, table 2; the samples are scaled to 16 bits).

/// Added to a magnitude, so that each segment begins at a power of two.
const BIAS: i32 = 0x84;
/// Louder samples are clipped.
const CLIP: i32 = 32_635;

/// Silence.
pub const SILENCE: u8 = 0xFF;

const DECODED: [i16; 256] = decoded();

const fn decoded() -> [i16; 256] {
    let mut table = [0; 256];
    let mut code = 0;
    while code < 256 {
        // All bits of a code are sent inverted.
        let bits = !(code as u8) as i32;
        let magnitude = ((((bits & 0x0F) << 3) + BIAS) << ((bits & 0x70) >> 4)) - BIAS;
        table[code] = if bits & 0x80 == 0 {
            magnitude
        } else {
            -magnitude
        } as i16;
        code += 1;
    }
    table
}

/// The sample of a code.
#[must_use]
pub const fn decode(code: u8) -> i16 {
    DECODED[code as usize]
}

/// The code of a sample.
#[must_use]
pub const fn encode(sample: i16) -> u8 {
    let sign = if sample < 0 { 0x80 } else { 0 };
    let loud = (sample as i32).abs();
    let biased = if loud > CLIP { CLIP } else { loud } + BIAS;
    // The highest bit that is set, 7 to 14, names the segment; the four bits below it the step within.
    let segment = 24 - biased.leading_zeros() as i32;
    let step = (biased >> (segment + 3)) & 0x0F;
    !(sign | (segment << 4) | step) as u8
}

/// Samples of many codes.
#[must_use]
pub fn decode_all(codes: &[u8]) -> Vec<i16> {
    codes.iter().map(|code| decode(*code)).collect()
}

/// Codes of many samples.
#[must_use]
pub fn encode_all(samples: &[i16]) -> Vec<u8> {
    samples.iter().map(|sample| encode(*sample)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// G.711 in its own words: 14 bits, (2 step + 33) 2^segment - 33, times four.
    fn level(code: u8) -> i32 {
        let (segment, step) = (i32::from(!code >> 4 & 7), i32::from(!code & 15));
        let level = 4 * ((2 * step + 33) * 2i32.pow(segment as u32) - 33);
        if code < 0x80 { -level } else { level }
    }

    /// The quietest magnitude that belongs to a segment's step.
    fn floor(segment: i32, step: i32) -> i32 {
        4 * ((2 * step + 32) * 2i32.pow(segment as u32) - 33)
    }

    #[test]
    fn every_code_has_the_level_of_the_recommendation() {
        for code in 0..=255 {
            assert_eq!(i32::from(decode(code)), level(code), "code {code:#04x}");
        }
        let known = [(0xFF, 0), (0x7F, 0), (0x00, -32_124), (0x80, 32_124)];
        assert!(known.iter().all(|(code, sample)| decode(*code) == *sample));
    }

    #[test]
    fn every_sample_falls_into_the_step_that_holds_it() {
        let steps: Vec<(i32, i32)> = (0..8)
            .flat_map(|segment| (0..16).map(move |step| (segment, step)))
            .collect();
        for sample in i16::MIN..=i16::MAX {
            let loud = i32::from(sample).abs().min(32_635);
            let at = steps.partition_point(|(segment, step)| floor(*segment, *step) <= loud) - 1;
            let expected = if sample < 0 { 0x7F } else { 0xFF } - at as u8;
            assert_eq!(encode(sample), expected, "sample {sample}");
        }
    }

    #[test]
    fn code_comes_back_as_itself() {
        for code in 0..=255u8 {
            let again = encode(decode(code));
            // There are two zeros, and one of them comes back as the other.
            assert!(again == code || (code == 0x7F && again == SILENCE));
        }
        assert_eq!(decode_all(&encode_all(&[0, 1000])), [0, 988]);
    }
}
