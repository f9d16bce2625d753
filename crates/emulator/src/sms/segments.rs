/// GSM 03.38's basic characters; each takes one septet (specification, section 7.4).
const BASIC: &str = "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà";
/// Those that take two, which stay together.
const EXTENDED: &str = "\u{c}^{}\\[~]|€";

/// How many parts a text is sent in.
pub(crate) fn segments(text: &str) -> usize {
    let septets: Option<Vec<usize>> = text
        .chars()
        .map(|c| match c {
            _ if BASIC.contains(c) => Some(1),
            _ if EXTENDED.contains(c) => Some(2),
            _ => None,
        })
        .collect();
    match septets {
        Some(units) => parts(&units, 160, 153),
        None => parts(
            &text.chars().map(char::len_utf16).collect::<Vec<_>>(),
            70,
            67,
        ),
    }
}

/// Fills parts of `many` units each, or one of `single`; a character is never split.
fn parts(units: &[usize], single: usize, many: usize) -> usize {
    if units.iter().sum::<usize>() <= single {
        return 1;
    }
    let mut parts = 1;
    let mut used = 0;
    for unit in units {
        if used + unit > many {
            parts += 1;
            used = 0;
        }
        used += unit;
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::segments;

    #[test]
    fn counts_as_the_specification_does() {
        for (text, count, expected) in [
            ("a", 160, 1),
            ("a", 161, 2),
            ("a", 306, 2),
            ("a", 307, 3),
            ("€", 80, 1),
            ("€", 81, 2),
            ("☃", 70, 1),
            ("☃", 71, 2),
            ("☃", 134, 2),
            ("☃", 135, 3),
            ("😀", 35, 1),
            ("😀", 36, 2),
            ("a", 1600, 11),
            ("", 1, 1),
        ] {
            assert_eq!(segments(&text.repeat(count)), expected, "{text} x {count}");
        }
    }
}
