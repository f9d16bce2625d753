//! How many SMS a text takes.

/// The alphabet a text is sent in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encoding {
    /// Seven bits a character (3GPP TS 23.038): 160 in one segment, 153 in each of several.
    Gsm7,
    /// Sixteen bits a unit: 70 in one segment, 67 in each of several. One character outside GSM-7 is enough.
    Ucs2,
}

/// How a text is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Segments {
    /// The alphabet.
    pub encoding: Encoding,
    /// How many segments are paid for. An empty text is one message too.
    pub count: usize,
    /// Characters of GSM-7, those of its extension counted twice, or units of UTF-16.
    pub units: usize,
}

/// Letters and signs of the basic GSM-7 set; ASCII letters, digits and most punctuation are in [`gsm7_units`].
const BASIC: &str = "@£¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ¤¡ÄÖÑÜ§¿äöñüà";

/// Signs of its extension, which take two characters.
const EXTENSION: &str = "\u{c}^{}\\[~]|€";

/// Counts the segments of a text, as Twilio bills them without smart encoding.
#[must_use]
pub fn segments(body: &str) -> Segments {
    let gsm7: Option<Vec<usize>> = body.chars().map(gsm7_units).collect();
    match gsm7 {
        Some(units) => pack(Encoding::Gsm7, &units, 160, 153),
        None => {
            let units: Vec<usize> = body.chars().map(char::len_utf16).collect();
            pack(Encoding::Ucs2, &units, 70, 67)
        }
    }
}

fn gsm7_units(c: char) -> Option<usize> {
    match c {
        ' '..='?' | 'A'..='Z' | 'a'..='z' => Some(1),
        _ if BASIC.contains(c) => Some(1),
        _ if EXTENSION.contains(c) => Some(2),
        _ => None,
    }
}

/// No character is split between two segments.
fn pack(encoding: Encoding, sizes: &[usize], alone: usize, each: usize) -> Segments {
    let units = sizes.iter().sum();
    let (mut count, mut used) = (1, 0);
    if units > alone {
        for size in sizes {
            if used + size > each {
                (count, used) = (count + 1, 0);
            }
            used += size;
        }
    }
    Segments {
        encoding,
        count,
        units,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_as_twilio_does() {
        for (text, times, encoding, count) in [
            ("a", 160, Encoding::Gsm7, 1),
            ("a", 161, Encoding::Gsm7, 2),
            ("a", 306, Encoding::Gsm7, 2),
            ("a", 307, Encoding::Gsm7, 3),
            ("a", 1600, Encoding::Gsm7, 11),
            ("€", 80, Encoding::Gsm7, 1),
            ("€", 81, Encoding::Gsm7, 2),
            ("☃", 70, Encoding::Ucs2, 1),
            ("☃", 71, Encoding::Ucs2, 2),
            ("☃", 134, Encoding::Ucs2, 2),
            ("☃", 135, Encoding::Ucs2, 3),
            ("😀", 35, Encoding::Ucs2, 1),
            ("😀", 36, Encoding::Ucs2, 2),
        ] {
            let it = segments(&text.repeat(times));
            assert_eq!((it.encoding, it.count), (encoding, count), "{times} {text}");
        }
    }

    #[test]
    fn extension_sign_is_not_split() {
        // 152 + 2 do not fit in 153, so that one place is lost.
        let text = format!("{}€{}", "a".repeat(152), "a".repeat(151));
        let it = segments(&text);
        assert_eq!((it.count, it.units), (2, 305));
        let it = segments(&format!("{text}a"));
        assert_eq!((it.count, it.units), (3, 306));
    }

    #[test]
    fn knows_the_alphabet() {
        let ascii_outside: String = (' '..='~').filter(|c| gsm7_units(*c).is_none()).collect();
        assert_eq!(ascii_outside, "`");
        assert_eq!(segments("ç").encoding, Encoding::Ucs2);
        assert_eq!(segments("Ç").encoding, Encoding::Gsm7);
        assert_eq!(segments("“smart”").encoding, Encoding::Ucs2);
        // 128 positions, one of which leads to the extension.
        assert_eq!(BASIC.chars().count() + (' '..='?').count() + 52, 127);
        assert_eq!(segments("").count, 1);
        assert_eq!(segments("[{}]").units, 8);
    }
}
