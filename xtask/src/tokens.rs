//! Which paths a source names, and what it declares.

use std::str::FromStr;

use anyhow::{Result, anyhow};
use proc_macro2::{Delimiter, Spacing, TokenStream, TokenTree};

/// A path as the source names it, `use` trees expanded: `["tokio", "net", "TcpStream"]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Named {
    /// The line it stands on.
    pub line: usize,
    /// Its segments; a glob is `*`.
    pub path: Vec<String>,
    /// Where it comes from.
    pub from: From,
}

/// How a path is named.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum From {
    /// In code.
    Code,
    /// By `use`, under this name.
    Use(String),
    /// By `pub use` or `pub(..) use`, under this name.
    Reexport(String),
}

/// What a source has, outside comments, strings and `#[cfg(test)]` modules.
#[derive(Debug)]
pub struct Source {
    /// Every path with two segments or more, and everything that `use` names.
    pub named: Vec<Named>,
    /// The modules that are files of their own: `mod name;`.
    pub modules: Vec<String>,
    /// The items that it defines.
    pub items: Vec<String>,
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

/// Reads a source.
pub fn read(source: &str) -> Result<Source> {
    let tokens = without_tests(lex(source)?);
    let mut found = Vec::new();
    let mut i = 0;
    while i < tokens.len() {
        if tokens[i].text == "use" && text(&tokens, i + 1) != "<" {
            let public = i > 0 && matches!(tokens[i - 1].text.as_str(), "pub" | ")");
            i = use_tree(&tokens, i + 1, &[], public, &mut found);
        } else if starts_path(&tokens, i) {
            i = plain_path(&tokens, i, &mut found);
        } else {
            i += 1;
        }
    }
    let after = |words: &[&str], end: &[&str]| {
        tokens
            .windows(3)
            .filter(|t| words.contains(&t[0].text.as_str()) && t[1].is_ident())
            .filter(|t| end.is_empty() || end.contains(&t[2].text.as_str()))
            .map(|t| t[1].text.clone())
            .collect()
    };
    Ok(Source {
        named: found,
        modules: after(&["mod"], &[";"]),
        items: after(
            &[
                "struct", "enum", "union", "trait", "type", "fn", "const", "static",
            ],
            &[],
        ),
    })
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
        found.push(Named {
            line,
            path,
            from: From::Code,
        });
    }
    i + 1
}

/// Expands one tree of a `use` declaration; returns where it ends.
fn use_tree(
    tokens: &[Token],
    mut i: usize,
    prefix: &[String],
    public: bool,
    found: &mut Vec<Named>,
) -> usize {
    let mut path = prefix.to_vec();
    let mut alias = None;
    let line = tokens.get(i).map_or(0, |t| t.line);
    loop {
        match text(tokens, i) {
            "{" => {
                i += 1;
                while !matches!(text(tokens, i), "}" | "") {
                    i = use_tree(tokens, i, &path, public, found);
                    if text(tokens, i) == "," {
                        i += 1;
                    }
                }
                return i + 1;
            }
            "::" => i += 1,
            "as" => {
                alias = Some(text(tokens, i + 1).to_owned());
                i += 2;
            }
            "" | ";" | "," | "}" => break,
            segment => {
                path.push(segment.to_owned());
                i += 1;
            }
        }
    }
    let last = path.iter().rev().find(|segment| *segment != "self");
    let name = alias.or_else(|| last.cloned()).unwrap_or_default();
    let from = if public {
        From::Reexport(name)
    } else {
        From::Use(name)
    };
    found.push(Named { line, path, from });
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

/// The identifiers and punctuation of a source, groups opened up, `::` as one; no literals, lifetimes or comments.
fn lex(source: &str) -> Result<Vec<Token>> {
    let stream = TokenStream::from_str(source)
        .map_err(|e| anyhow!("line {}: not Rust: {e}", e.span().start().line))?;
    let mut tokens = Vec::new();
    flatten(stream, &mut tokens);
    Ok(tokens)
}

fn flatten(stream: TokenStream, out: &mut Vec<Token>) {
    let mut trees = stream.into_iter().peekable();
    while let Some(tree) = trees.next() {
        let line = tree.span().start().line;
        let mut push = |text: String, line| out.push(Token { line, text });
        match tree {
            TokenTree::Ident(ident) => {
                let text = ident.to_string();
                push(text.strip_prefix("r#").unwrap_or(&text).to_owned(), line);
            }
            // A lifetime: its name is no path.
            TokenTree::Punct(punct) if punct.as_char() == '\'' => {
                trees.next();
            }
            TokenTree::Punct(punct) => {
                let pair = |next: &TokenTree| matches!(next, TokenTree::Punct(next) if next.as_char() == ':');
                if punct.as_char() == ':'
                    && punct.spacing() == Spacing::Joint
                    && trees.next_if(pair).is_some()
                {
                    push("::".to_owned(), line);
                } else {
                    push(punct.as_char().to_string(), line);
                }
            }
            TokenTree::Literal(_) => {}
            TokenTree::Group(group) => {
                let (open, close) = match group.delimiter() {
                    Delimiter::Parenthesis => ("(", ")"),
                    Delimiter::Brace => ("{", "}"),
                    Delimiter::Bracket => ("[", "]"),
                    Delimiter::None => ("", ""),
                };
                push(open.to_owned(), line);
                flatten(group.stream(), out);
                out.push(Token {
                    line: group.span_close().start().line,
                    text: close.to_owned(),
                });
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(source: &str) -> Vec<Named> {
        read(source).unwrap().named
    }

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
    fn glob_takes_in_what_is_under_it() {
        let seen = &named("use tokio::*;")[0];
        assert!(seen.is_under(&["tokio", "net"]));
        assert!(!seen.is_under(&["std", "net"]));
        assert!(named("use tokio::net;")[0].is_under(&["tokio", "net"]));
        assert!(!named("use tokio::sync::net;")[0].is_under(&["tokio", "net"]));
    }

    #[test]
    fn use_keeps_its_name_and_whether_it_is_public() {
        let from: Vec<From> = named("use a::b as c; pub(crate) use d::{self, e}; f::g();")
            .into_iter()
            .map(|n| n.from)
            .collect();
        let name = |n: &str| n.to_owned();
        assert_eq!(
            from,
            [
                From::Use(name("c")),
                From::Reexport(name("d")),
                From::Reexport(name("e")),
                From::Code
            ]
        );
    }

    #[test]
    fn modules_and_items_are_listed() {
        let source =
            read("mod a; mod b { struct C; } #[cfg(test)] mod d; pub const E: u8 = 1;").unwrap();
        assert_eq!(source.modules, ["a"]);
        assert_eq!(source.items, ["C", "E"]);
    }

    #[test]
    fn source_that_is_not_rust_is_an_error() {
        assert!(read("fn f( {").is_err());
    }
}
