//! The words of a text, as rules compare them.

/// The words in lower case. Apostrophes vanish ("don't" is `dont`), everything else that is no letter or digit separates.
/// Letters that stand alone in a row are one word: "S.T.O.P." is `stop`.
pub(crate) fn words(text: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let mut word = String::new();
    for c in text.chars().filter_map(plain) {
        if c.is_alphanumeric() {
            word.extend(c.to_lowercase());
        } else if !is_apostrophe(c) && !word.is_empty() {
            words.push(std::mem::take(&mut word));
        }
    }
    if !word.is_empty() {
        words.push(word);
    }
    join_letters(words)
}

/// Whether two texts have the same words in the same order.
#[must_use]
pub fn same_words(one: &str, other: &str) -> bool {
    words(one) == words(other)
}

/// The letter that a look-alike stands for; none for what cannot be seen.
fn plain(c: char) -> Option<char> {
    match c {
        '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' => None,
        '\u{2060}'..='\u{206f}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' => None,
        '\n' | '\r' | '\t' => Some(' '),
        c if c.is_control() => None,
        // Full-width forms of ASCII.
        '\u{ff01}'..='\u{ff5e}' => char::from_u32(u32::from(c) - 0xfee0),
        // Mathematical letters: bold, italic and so on, 52 of each.
        '\u{1d400}'..='\u{1d6a3}' => {
            let place = (u32::from(c) - 0x1d400) % 52;
            let first = if place < 26 { 'A' } else { 'a' };
            char::from_u32(u32::from(first) + place % 26)
        }
        c => Some(c),
    }
}

fn is_apostrophe(c: char) -> bool {
    matches!(
        c,
        '\'' | '\u{2019}' | '\u{2018}' | '\u{2bc}' | '`' | '\u{b4}'
    )
}

fn join_letters(words: Vec<String>) -> Vec<String> {
    let single = |word: &String| word.chars().count() == 1 && word.chars().all(char::is_alphabetic);
    let mut joined: Vec<String> = Vec::with_capacity(words.len());
    let mut row: Vec<String> = Vec::new();
    for word in words {
        if single(&word) {
            row.push(word);
            continue;
        }
        close(&mut row, &mut joined);
        joined.push(word);
    }
    close(&mut row, &mut joined);
    joined
}

fn close(row: &mut Vec<String>, joined: &mut Vec<String>) {
    if row.len() >= 4 {
        joined.push(row.concat());
        row.clear();
    } else {
        joined.append(row);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_ignore_case_punctuation_and_invisible_characters() {
        for (text, expected) in [
            ("“Stop.”", vec!["stop"]),
            ("S.T.O.P", vec!["stop"]),
            ("ST\u{0}OP", vec!["stop"]),
            ("\u{200b}ＳＴＯＰ\u{fe0f}", vec!["stop"]),
            ("𝐒𝐓𝐎𝐏", vec!["stop"]),
            ("I don’t / won't", vec!["i", "dont", "wont"]),
            ("opt-out", vec!["opt", "out"]),
            ("", vec![]),
        ] {
            assert_eq!(words(text), expected, "{text}");
        }
    }
}
