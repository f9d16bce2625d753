//! Topic patterns as RabbitMQ reads them.

/// Whether a routing key matches a pattern: words are separated by dots, `*` is exactly one word
/// and `#` any number of them, none included.
pub fn matches(pattern: &str, key: &str) -> bool {
    let pattern: Vec<&str> = pattern.split('.').collect();
    let key: Vec<&str> = key.split('.').collect();
    words_match(&pattern, &key)
}

fn words_match(pattern: &[&str], key: &[&str]) -> bool {
    match pattern {
        [] => key.is_empty(),
        ["#"] => true,
        ["#", rest @ ..] => (0..=key.len()).any(|skipped| words_match(rest, &key[skipped..])),
        [word, rest @ ..] => match key {
            [first, others @ ..] => (*word == "*" || word == first) && words_match(rest, others),
            [] => false,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::matches;

    #[test]
    fn words_stars_and_hashes() {
        for (pattern, key) in [
            ("call.missed", "call.missed"),
            ("call.*", "call.missed"),
            ("*.missed", "call.missed"),
            ("#", "call.missed"),
            ("#", ""),
            ("call.#", "call"),
            ("call.#", "call.missed.late"),
            ("#.late", "call.missed.late"),
            ("#.late", "late"),
            ("call.#.late", "call.late"),
            ("*.#.*", "a.b"),
            ("voice.inbound.*", "voice.inbound.forward"),
        ] {
            assert!(matches(pattern, key), "{pattern} should match {key}");
        }
        for (pattern, key) in [
            ("call.missed", "call.ended"),
            ("call", "call.missed"),
            ("call.*", "call"),
            ("call.*", "call.missed.late"),
            ("*.#.*", "a"),
            ("#.late", "call.later"),
            ("call.mis*", "call.missed"),
        ] {
            assert!(!matches(pattern, key), "{pattern} should not match {key}");
        }
    }
}
