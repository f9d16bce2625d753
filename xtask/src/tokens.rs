//! Just enough of a Rust lexer to say which paths a source names.

/// A path as the source names it, `use` trees expanded: `["tokio", "net", "TcpStream"]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Named {
    /// The line it stands on.
    pub line: usize,
    /// Its segments; a glob is `*`.
    pub path: Vec<String>,
}

impl Named {
    /// Whether this path lies under `prefix`, or is a glob that takes it in.
    pub fn is_under(&self, prefix: &[&str]) -> bool {
        for (i, want) in prefix.iter().enumerate() {
            match self.path.get(i) {
                Some(have) if have == want => {}
                Some(have) => return have == "*" && i > 0,
                None => return false,
            }
        }
        true
    }
}

#[derive(Debug, PartialEq, Eq)]
struct Token {
    line: usize,
    text: String,
}

impl Token {
    fn is_ident(&self) -> bool {
        self.text
            .starts_with(|c: char| c.is_alphabetic() || c == '_')
    }
}

/// Every path with two segments or more, and everything that `use` names, outside comments, strings
/// and `#[cfg(test)]` modules.
pub fn named(source: &str) -> Vec<Named> {
    let tokens = without_tests(lex(source));
    let mut found = Vec::new();
    let mut i = 0;
    while i < tokens.len() {
        if tokens[i].text == "use" && text(&tokens, i + 1) != "<" {
            i = use_tree(&tokens, i + 1, &[], &mut found);
        } else if starts_path(&tokens, i) {
            i = plain_path(&tokens, i, &mut found);
        } else {
            i += 1;
        }
    }
    found
}

fn text(tokens: &[Token], i: usize) -> &str {
    tokens.get(i).map_or("", |t| t.text.as_str())
}

fn starts_path(tokens: &[Token], i: usize) -> bool {
    if !tokens[i].is_ident() {
        return false;
    }
    match i.checked_sub(1).map(|p| text(tokens, p)) {
        Some(".") => false,
        // `::diesel::..` starts at the root; `Vec::<T>::new` does not.
        Some("::") => {
            let before = i.checked_sub(2).map(|p| &tokens[p]);
            !before.is_some_and(|t| t.is_ident() || t.text == ">")
        }
        _ => true,
    }
}

fn plain_path(tokens: &[Token], mut i: usize, found: &mut Vec<Named>) -> usize {
    let line = tokens[i].line;
    let mut path = vec![tokens[i].text.clone()];
    while text(tokens, i + 1) == "::" && tokens.get(i + 2).is_some_and(Token::is_ident) {
        path.push(tokens[i + 2].text.clone());
        i += 2;
    }
    if path.len() > 1 {
        found.push(Named { line, path });
    }
    i + 1
}

/// Expands one tree of a `use` declaration; returns where it ends.
fn use_tree(tokens: &[Token], mut i: usize, prefix: &[String], found: &mut Vec<Named>) -> usize {
    let mut path = prefix.to_vec();
    let line = tokens.get(i).map_or(0, |t| t.line);
    loop {
        match text(tokens, i) {
            "{" => {
                i += 1;
                while !matches!(text(tokens, i), "}" | "") {
                    i = use_tree(tokens, i, &path, found);
                    if text(tokens, i) == "," {
                        i += 1;
                    }
                }
                return i + 1;
            }
            "::" => i += 1,
            "as" => i += 2,
            "" | ";" | "," | "}" => break,
            segment => {
                path.push(segment.to_owned());
                i += 1;
            }
        }
    }
    found.push(Named { line, path });
    i
}

/// Leaves out `#[cfg(test)] mod name { .. }`.
fn without_tests(tokens: Vec<Token>) -> Vec<Token> {
    const MARK: [&str; 8] = ["#", "[", "cfg", "(", "test", ")", "]", "mod"];
    let mut kept = Vec::with_capacity(tokens.len());
    let mut tokens = tokens.into_iter().peekable();
    while let Some(token) = tokens.next() {
        kept.push(token);
        let tail = kept.len().saturating_sub(MARK.len());
        if !kept[tail..].iter().map(|t| t.text.as_str()).eq(MARK) {
            continue;
        }
        let mut depth = 0;
        for token in tokens.by_ref() {
            match token.text.as_str() {
                "{" => depth += 1,
                "}" => depth -= 1,
                _ => {}
            }
            if depth == 0 && matches!(token.text.as_str(), "}" | ";") {
                break;
            }
        }
        kept.truncate(tail);
    }
    kept
}

fn lex(source: &str) -> Vec<Token> {
    let chars: Vec<char> = source.chars().collect();
    let mut tokens = Vec::new();
    let (mut i, mut line) = (0, 1);
    while i < chars.len() {
        let start = i;
        let mut keep = true;
        match chars[i] {
            c if c.is_whitespace() => {
                i += 1;
                keep = false;
            }
            '/' if chars.get(i + 1) == Some(&'/') => {
                i = end_of_line(&chars, i);
                keep = false;
            }
            '/' if chars.get(i + 1) == Some(&'*') => {
                i = end_of_comment(&chars, i);
                keep = false;
            }
            '"' => {
                i = end_of_string(&chars, i);
                keep = false;
            }
            '\'' => {
                i = end_of_quote(&chars, i);
                keep = false;
            }
            c if c.is_alphanumeric() || c == '_' => {
                i = word_end(&chars, i);
                let word: String = chars[start..i].iter().collect();
                if let Some(end) = prefixed_literal(&chars, i, &word) {
                    i = end;
                    keep = false;
                } else if word == "r" && chars.get(i) == Some(&'#') {
                    // A raw identifier: `r#type`.
                    i = word_end(&chars, i + 1);
                }
            }
            ':' if chars.get(i + 1) == Some(&':') => i += 2,
            _ => i += 1,
        }
        if keep {
            let text: String = chars[start..i].iter().collect();
            let text = text.strip_prefix("r#").map_or(text.clone(), str::to_owned);
            tokens.push(Token { line, text });
        }
        line += chars[start..i.min(chars.len())]
            .iter()
            .filter(|c| **c == '\n')
            .count();
    }
    tokens
}

fn word_end(chars: &[char], mut i: usize) -> usize {
    while chars
        .get(i)
        .is_some_and(|c| c.is_alphanumeric() || *c == '_')
    {
        i += 1;
    }
    i
}

fn end_of_line(chars: &[char], mut i: usize) -> usize {
    while chars.get(i).is_some_and(|c| *c != '\n') {
        i += 1;
    }
    i
}

fn end_of_comment(chars: &[char], mut i: usize) -> usize {
    let mut depth = 0;
    while i < chars.len() {
        match (chars[i], chars.get(i + 1)) {
            ('/', Some('*')) => (depth, i) = (depth + 1, i + 2),
            ('*', Some('/')) => (depth, i) = (depth - 1, i + 2),
            _ => i += 1,
        }
        if depth == 0 {
            break;
        }
    }
    i
}

fn end_of_string(chars: &[char], mut i: usize) -> usize {
    i += 1;
    while i < chars.len() && chars[i] != '"' {
        i += if chars[i] == '\\' { 2 } else { 1 };
    }
    i + 1
}

/// A character literal, or a lifetime, of which only the quote is taken.
fn end_of_quote(chars: &[char], i: usize) -> usize {
    match (chars.get(i + 1), chars.get(i + 2)) {
        (Some('\\'), _) => {
            let mut end = i + 3;
            while end < chars.len() && chars[end] != '\'' {
                end += 1;
            }
            end + 1
        }
        (Some(_), Some('\'')) => i + 3,
        _ => word_end(chars, i + 1),
    }
}

/// Where `b".."`, `r#".."#` and their kin end, when `word` is the prefix of one.
fn prefixed_literal(chars: &[char], i: usize, word: &str) -> Option<usize> {
    match (word, chars.get(i)) {
        ("b" | "c", Some('"')) => Some(end_of_string(chars, i)),
        ("b", Some('\'')) => Some(end_of_quote(chars, i)),
        ("r" | "br" | "cr", Some('"' | '#')) => {
            let hashes = chars[i..].iter().take_while(|c| **c == '#').count();
            if chars.get(i + hashes) != Some(&'"') {
                return None;
            }
            let mut end = i + hashes + 1;
            while end < chars.len() {
                let closes = chars[end] == '"'
                    && chars[end + 1..]
                        .iter()
                        .take(hashes)
                        .filter(|c| **c == '#')
                        .count()
                        == hashes;
                if closes {
                    return Some(end + hashes + 1);
                }
                end += 1;
            }
            Some(end)
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn paths(source: &str) -> Vec<String> {
        named(source).iter().map(|n| n.path.join("::")).collect()
    }

    #[test]
    fn use_trees_are_expanded() {
        assert_eq!(
            paths("use tokio::{net::{TcpStream, UdpSocket as U}, time, self}; use bus; use a::*;"),
            [
                "tokio::net::TcpStream",
                "tokio::net::UdpSocket",
                "tokio::time",
                "tokio::self",
                "bus",
                "a::*"
            ]
        );
    }

    #[test]
    fn paths_in_code_are_seen_and_fields_are_not() {
        let source = "fn f(bus: B) -> impl F + use<'_> { bus.publish(std::fs::read(x)); Vec::<u8>::new(); ::lapin::a() }";
        assert_eq!(paths(source), ["std::fs::read", "lapin::a"]);
    }

    #[test]
    fn comments_strings_and_lifetimes_are_not_code() {
        let source = r####"
            // std::fs::a /* */
            /* std::fs::b /* std::fs::c */ std::fs::d */
            fn f<'a>(x: &'a str) { g("std::fs::e \" std::fs::f", '"', '\'', r#"std::fs::h " "#, b"std::fs::i"); }
            fn h() { crate::real::path() }
        "####;
        assert_eq!(paths(source), ["crate::real::path"]);
        assert_eq!(named(source)[0].line, 5);
    }

    #[test]
    fn test_modules_are_left_out() {
        let source = "use a::b; #[cfg(test)] mod tests { use std::fs; fn f() { {} } } use c::d; #[cfg(test)] mod more; use e::f;";
        assert_eq!(paths(source), ["a::b", "c::d", "e::f"]);
    }

    #[test]
    fn a_glob_takes_in_what_is_under_it() {
        let seen = &named("use tokio::*;")[0];
        assert!(seen.is_under(&["tokio", "net"]));
        assert!(!seen.is_under(&["std", "net"]));
        assert!(named("use tokio::net;")[0].is_under(&["tokio", "net"]));
        assert!(!named("use tokio::sync::net;")[0].is_under(&["tokio", "net"]));
    }
}
