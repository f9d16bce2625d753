//! XML text to a tree, and nothing that a hostile document could use: no document type, no entities of its own, bounded depth.

use std::borrow::Cow;

use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};

use crate::characters::{is_allowed, is_space, shorten};
use crate::error::{Fault, NotXml, Schema};

/// `<Response><Dial><Client><Parameter>` is 4 deep; SSML nests a little deeper.
const MAX_DEPTH: usize = 16;

/// An element.
#[derive(Debug)]
pub(crate) struct Node {
    pub(crate) name: String,
    pub(crate) attributes: Vec<(String, String)>,
    pub(crate) children: Vec<Child>,
    pub(crate) at: usize,
}

#[derive(Debug)]
pub(crate) enum Child {
    Element(Node),
    Text(String),
}

/// Reads one document.
pub(crate) fn tree(source: &str) -> Result<Node, Fault> {
    if let Some((at, c)) = source.char_indices().find(|(_, c)| !is_allowed(*c)) {
        return Err(Fault::not_xml(at, NotXml::Character(c)));
    }
    let bom = if source.starts_with('\u{feff}') { 3 } else { 0 };
    let mut reader = Reader::from_str(&source[bom..]);
    reader.config_mut().expand_empty_elements = true;
    reader.config_mut().check_comments = true;
    let mut tree = Tree::default();
    loop {
        let at = bom + offset(reader.buffer_position());
        let event = reader
            .read_event()
            .map_err(|error| Fault::not_xml(bom + offset(reader.error_position()), error))?;
        match event {
            Event::Start(start) => tree.open(element(&start, at)?)?,
            Event::End(_) => tree.close(at)?,
            Event::Text(text) => tree.text(&text.xml10_content(), at)?,
            Event::CData(_) if tree.open.is_empty() => {
                return Err(Fault::not_xml(at, NotXml::Outside));
            }
            Event::CData(text) => tree.text(&text.xml10_content(), at)?,
            Event::GeneralRef(name) => {
                let c = resolve(&name).map_err(|problem| Fault::not_xml(at, problem))?;
                tree.reference(c, at)?;
            }
            Event::Decl(_) if at != bom => return Err(Fault::not_xml(at, NotXml::LateDeclaration)),
            Event::DocType(_) => return Err(Fault::not_xml(at, NotXml::Doctype)),
            Event::Decl(_) | Event::Comment(_) | Event::PI(_) | Event::Empty(_) => {}
            Event::Eof => return tree.finish(at),
        }
    }
}

fn offset(position: u64) -> usize {
    usize::try_from(position).unwrap_or(usize::MAX)
}

#[derive(Default)]
struct Tree {
    open: Vec<Node>,
    root: Option<Node>,
}

impl Tree {
    fn open(&mut self, node: Node) -> Result<(), Fault> {
        if self.root.is_some() {
            return Err(Fault::not_xml(node.at, NotXml::SecondRoot));
        }
        if self.open.len() == MAX_DEPTH {
            return Err(Fault::schema(node.at, Schema::TooDeep));
        }
        self.open.push(node);
        Ok(())
    }

    fn close(&mut self, at: usize) -> Result<(), Fault> {
        let Some(node) = self.open.pop() else {
            return Err(Fault::not_xml(at, NotXml::Outside));
        };
        match self.open.last_mut() {
            Some(parent) => parent.children.push(Child::Element(node)),
            None => self.root = Some(node),
        }
        Ok(())
    }

    fn text(&mut self, text: &str, at: usize) -> Result<(), Fault> {
        match self.open.last_mut() {
            Some(node) => node.push_text(text),
            None if text.trim_matches(is_space).is_empty() => {}
            None => return Err(Fault::not_xml(at, NotXml::Outside)),
        }
        Ok(())
    }

    fn reference(&mut self, c: char, at: usize) -> Result<(), Fault> {
        match self.open.last_mut() {
            Some(node) => node.push_text(c.encode_utf8(&mut [0; 4])),
            None => return Err(Fault::not_xml(at, NotXml::Outside)),
        }
        Ok(())
    }

    fn finish(mut self, at: usize) -> Result<Node, Fault> {
        if let Some(node) = self.open.pop() {
            return Err(Fault::not_xml(
                node.at,
                NotXml::Unclosed(shorten(&node.name)),
            ));
        }
        self.root.ok_or_else(|| Fault::not_xml(at, NotXml::Empty))
    }
}

impl Node {
    fn push_text(&mut self, text: &str) {
        match self.children.last_mut() {
            Some(Child::Text(last)) => last.push_str(text),
            _ => self.children.push(Child::Text(text.to_owned())),
        }
    }
}

fn element(start: &BytesStart<'_>, at: usize) -> Result<Node, Fault> {
    let not_xml = |problem| Fault::not_xml(at, problem);
    let name = start.name().into_inner();
    if !is_name(name) {
        return Err(not_xml(NotXml::Name));
    }
    let mut attributes = Vec::new();
    for attribute in start.attributes() {
        let attribute = attribute.map_err(|error| not_xml(error.into()))?;
        let key = attribute.key.into_inner();
        if !is_name(key) {
            return Err(not_xml(NotXml::Name));
        }
        let value = normalise(&attribute.value).map_err(not_xml)?;
        attributes.push((key.to_owned(), value.into_owned()));
    }
    Ok(Node {
        name: name.to_owned(),
        attributes,
        children: Vec::new(),
        at,
    })
}

/// XML 1.0, production 5, with letters and digits as Unicode has them.
fn is_name(name: &str) -> bool {
    name.starts_with(|c: char| c.is_alphabetic() || matches!(c, '_' | ':'))
        && name
            .chars()
            .all(|c| c.is_alphanumeric() || matches!(c, '_' | ':' | '-' | '.'))
}

/// XML 1.0, section 3.3.3: references are resolved, and white space that stands there itself becomes a space.
fn normalise(raw: &str) -> Result<Cow<'_, str>, NotXml> {
    if !raw.contains(['&', '<', '\t', '\n', '\r']) {
        return Ok(Cow::Borrowed(raw));
    }
    let mut out = String::with_capacity(raw.len());
    let mut rest = raw;
    while let Some(c) = rest.chars().next() {
        let mut used = c.len_utf8();
        match c {
            '<' => return Err(NotXml::LessThan),
            '\r' if rest.starts_with("\r\n") => {
                used = 2;
                out.push(' ');
            }
            c if is_space(c) => out.push(' '),
            '&' => {
                let end = rest.find(';').ok_or(NotXml::Entity)?;
                out.push(resolve(&rest[1..end])?);
                used = end + 1;
            }
            c => out.push(c),
        }
        rest = &rest[used..];
    }
    Ok(Cow::Owned(out))
}

/// The character that `&name;` stands for.
fn resolve(name: &str) -> Result<char, NotXml> {
    let number = match name {
        "lt" => return Ok('<'),
        "gt" => return Ok('>'),
        "amp" => return Ok('&'),
        "quot" => return Ok('"'),
        "apos" => return Ok('\''),
        _ => name.strip_prefix('#').ok_or(NotXml::Entity)?,
    };
    let (digits, radix) = match number.strip_prefix('x') {
        Some(digits) => (digits, 16),
        None => (number, 10),
    };
    if !digits.chars().all(|c| c.is_digit(radix)) {
        return Err(NotXml::Entity);
    }
    let code = u32::from_str_radix(digits, radix).map_err(|_| NotXml::Entity)?;
    let c = char::from_u32(code).ok_or(NotXml::Entity)?;
    if is_allowed(c) {
        Ok(c)
    } else {
        Err(NotXml::Character(c))
    }
}
