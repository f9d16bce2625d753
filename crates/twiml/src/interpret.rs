//! A tree to typed elements: what may stand where.

use crate::attribute::Attributes;
use crate::characters::{is_space, shorten};
use crate::dial::{Client, Dial, Noun, Number, Sip};
use crate::document::{Response, Verb};
use crate::error::{Error, Fault, Schema};
use crate::limits::SIZE_LIMIT;
use crate::message::Message;
use crate::other::{CONNECTED, DIALLED, Other, Piece, STARTED, VERBS};
use crate::read::{Child, Node, tree};
use crate::say::{Say, Speech, Ssml, SsmlTag, push_text};
use crate::stream::{
    Connect, Connected, ConversationRelay, Language, Parameter, Recording, Start, Started, Stop,
    Stopped, Stream,
};
use crate::voice::{Gather, Hangup, Pause, Play, Prompt, Record, Redirect, Reject};

impl Response {
    /// Reads a document, one for calls or one for messages.
    ///
    /// Comments and processing instructions are passed over, CDATA is text. White space around URLs and numbers does not count.
    ///
    /// # Errors
    ///
    /// [`Error::TooBig`], [`Error::NotXml`] (also for any document type and any entity but the five of XML), and [`Error::Schema`] for elements
    /// that are unknown or in the wrong place. An unknown attribute is not an error, nor is a known one whose value does not fit: see
    /// [`Response::unknown`], and `extra()` of each element. A verb or noun that Twilio knows and this crate does not is an [`Other`].
    pub fn from_xml(xml: &str) -> Result<Self, Error> {
        if xml.len() > SIZE_LIMIT {
            return Err(Error::TooBig { bytes: xml.len() });
        }
        tree(xml)
            .and_then(|root| response(&root))
            .map_err(|fault| fault.locate(xml))
    }
}

/// The document of a tree.
fn response(node: &Node) -> Result<Response, Fault> {
    if node.name != "Response" {
        return Err(Fault::schema(node.at, Schema::Root(shorten(&node.name))));
    }
    let mut response: Response = node.read();
    response.verbs = node.each(|child| verb(node, child))?;
    Ok(response)
}

fn verb(parent: &Node, node: &Node) -> Result<Verb, Fault> {
    Ok(match node.name.as_str() {
        "Say" => Verb::Say(say(node)?),
        "Play" => Verb::Play(play(node)?),
        "Pause" => Verb::Pause(node.empty()?),
        "Gather" => Verb::Gather(gather(node)?),
        "Record" => Verb::Record(node.empty::<Record>()?),
        "Dial" => Verb::Dial(dial(node)?),
        "Redirect" => Verb::Redirect(Redirect {
            url: node.token()?,
            ..node.read()
        }),
        "Reject" => Verb::Reject(node.empty::<Reject>()?),
        "Hangup" => Verb::Hangup(node.empty::<Hangup>()?),
        "Connect" if node.has_any(CONNECTED) => Verb::Other(other(node)),
        "Connect" => Verb::Connect(connect(node)?),
        "Start" => Verb::Start(Start {
            started: node.each(|child| started(node, child))?,
            ..node.read()
        }),
        "Stop" => Verb::Stop(Stop {
            stopped: node.each(|child| stopped(node, child))?,
            ..node.read()
        }),
        "Message" => Verb::Message(message(node)?),
        name if VERBS.contains(&name) => Verb::Other(other(node)),
        _ => return Err(parent.refuse(node)),
    })
}

fn say(node: &Node) -> Result<Say, Fault> {
    Ok(Say {
        content: speech(node)?,
        ..node.read()
    })
}

fn speech(node: &Node) -> Result<Vec<Speech>, Fault> {
    let mut content = Vec::new();
    for child in &node.children {
        match child {
            Child::Text(text) => push_text(&mut content, text),
            Child::Element(child) => content.push(Speech::Ssml(Ssml {
                tag: SsmlTag::parse(&child.name).ok_or_else(|| node.refuse(child))?,
                attributes: child.read(),
                content: speech(child)?,
            })),
        }
    }
    Ok(content)
}

fn play(node: &Node) -> Result<Play, Fault> {
    Ok(Play {
        url: node.token()?,
        ..node.read()
    })
}

fn gather(node: &Node) -> Result<Gather, Fault> {
    let prompts = node.each(|child| {
        Ok(match child.name.as_str() {
            "Say" => Prompt::Say(say(child)?),
            "Play" => Prompt::Play(play(child)?),
            "Pause" => Prompt::Pause(child.empty::<Pause>()?),
            _ => return Err(node.refuse(child)),
        })
    })?;
    Ok(Gather {
        prompts,
        ..node.read()
    })
}

fn dial(node: &Node) -> Result<Dial, Fault> {
    let nouns = if node.has_elements() {
        node.each(|child| noun(node, child))?
    } else {
        let number = node.token()?;
        match number.is_empty() {
            true => Vec::new(),
            false => vec![Noun::Number(Number::new(number))],
        }
    };
    Ok(Dial {
        nouns,
        ..node.read()
    })
}

fn noun(parent: &Node, node: &Node) -> Result<Noun, Fault> {
    Ok(match node.name.as_str() {
        "Number" => Noun::Number(Number {
            number: node.token()?.into(),
            ..node.read()
        }),
        "Sip" => Noun::Sip(Sip {
            uri: node.token()?.into(),
            ..node.read()
        }),
        "Client" => Noun::Client(client(node)?),
        name if DIALLED.contains(&name) => Noun::Other(other(node)),
        _ => return Err(parent.refuse(node)),
    })
}

fn client(node: &Node) -> Result<Client, Fault> {
    let mut client: Client = node.read();
    if !node.has_elements() {
        client.identity = node.token()?.into();
        return Ok(client);
    }
    let mut identity = None;
    for child in node.elements()? {
        match child.name.as_str() {
            "Identity" if identity.is_some() => return Err(child.twice("Client", "Identity")),
            "Identity" => identity = Some(child.token()?),
            "Parameter" => client.parameters.push(child.empty()?),
            _ => return Err(node.refuse(child)),
        }
    }
    client.identity = identity
        .ok_or_else(|| node.missing("Client", "Identity"))?
        .into();
    Ok(client)
}

fn connect(node: &Node) -> Result<Connect, Fault> {
    let mut found = None;
    for child in node.elements()? {
        match child.name.as_str() {
            "Stream" | "ConversationRelay" if found.is_some() => {
                return Err(child.twice("Connect", "Stream"));
            }
            "Stream" => found = Some(Connected::Stream(stream(child)?)),
            "ConversationRelay" => {
                found = Some(Connected::ConversationRelay(Box::new(relay(child)?)));
            }
            _ => return Err(node.refuse(child)),
        }
    }
    Ok(Connect {
        with: found.ok_or_else(|| node.missing("Connect", "Stream"))?,
        ..node.read()
    })
}

fn relay(node: &Node) -> Result<ConversationRelay, Fault> {
    let mut relay: ConversationRelay = node.read();
    for child in node.elements()? {
        match child.name.as_str() {
            "Parameter" => relay.parameters.push(child.empty::<Parameter>()?),
            "Language" => relay.languages.push(child.empty::<Language>()?),
            _ => return Err(node.refuse(child)),
        }
    }
    Ok(relay)
}

fn stream(node: &Node) -> Result<Stream, Fault> {
    let parameters = node.each(|child| match child.name.as_str() {
        "Parameter" => child.empty::<Parameter>(),
        _ => Err(node.refuse(child)),
    })?;
    Ok(Stream {
        parameters,
        ..node.read()
    })
}

fn started(parent: &Node, node: &Node) -> Result<Started, Fault> {
    match node.name.as_str() {
        "Stream" => stream(node).map(Started::Stream),
        "Recording" => node.empty::<Recording>().map(Started::Recording),
        name if STARTED.contains(&name) => Ok(Started::Other(other(node))),
        _ => Err(parent.refuse(node)),
    }
}

fn stopped(parent: &Node, node: &Node) -> Result<Stopped, Fault> {
    match node.name.as_str() {
        "Stream" => stream(node).map(Stopped::Stream),
        "Recording" => node.empty::<Recording>().map(Stopped::Recording),
        name if STARTED.contains(&name) => Ok(Stopped::Other(other(node))),
        _ => Err(parent.refuse(node)),
    }
}

fn message(node: &Node) -> Result<Message, Fault> {
    let mut message: Message = node.read();
    if !node.has_elements() {
        let text = node.text()?;
        message.body = (!text.is_empty()).then(|| text.into());
        return Ok(message);
    }
    for child in node.elements()? {
        match child.name.as_str() {
            "Body" if message.body.is_some() => return Err(child.twice("Message", "Body")),
            "Body" => message.body = Some(child.text()?.into()),
            "Media" => message.media.push(child.token()?),
            _ => return Err(node.refuse(child)),
        }
    }
    Ok(message)
}

/// An element that has no type here, with all that is in it.
fn other(node: &Node) -> Other {
    let content = node.children.iter().filter_map(|child| match child {
        Child::Text(text) if text.is_empty() => None,
        Child::Text(text) => Some(Piece::Text(text.as_str().into())),
        Child::Element(child) => Some(Piece::Element(other(child))),
    });
    Other {
        name: node.name.clone(),
        attributes: node.read(),
        content: content.collect(),
    }
}

impl Node {
    /// An element with this node's attributes, and nothing in it yet.
    fn read<T: Attributes + Default>(&self) -> T {
        let mut element = T::default();
        for (name, value) in &self.attributes {
            if !element.set(name, value) {
                element.keep(name, value);
            }
        }
        element
    }

    /// The same, for an element that has nothing in it.
    fn empty<T: Attributes + Default>(&self) -> Result<T, Fault> {
        match self.elements()?.next() {
            Some(child) => Err(self.refuse(child)),
            None => Ok(self.read()),
        }
    }

    /// The text of an element that has no elements in it.
    fn text(&self) -> Result<&str, Fault> {
        match self.children.first() {
            None => Ok(""),
            Some(Child::Text(text)) if self.children.len() == 1 => Ok(text),
            _ => Err(self
                .children
                .iter()
                .find_map(Child::element)
                .map_or_else(|| self.stray(), |child| self.refuse(child))),
        }
    }

    /// The same, for a URL or a number: white space around it does not count.
    fn token(&self) -> Result<String, Fault> {
        Ok(self.text()?.trim_matches(is_space).to_owned())
    }

    fn has_elements(&self) -> bool {
        self.children.iter().any(|child| child.element().is_some())
    }

    /// Whether an element of one of these names is in it.
    fn has_any(&self, names: &[&str]) -> bool {
        let mut elements = self.children.iter().filter_map(Child::element);
        elements.any(|child| names.contains(&child.name.as_str()))
    }

    /// The elements in an element that has no text.
    fn elements(&self) -> Result<impl Iterator<Item = &Node>, Fault> {
        let stray = self.children.iter().any(
            |child| matches!(child, Child::Text(text) if !text.trim_matches(is_space).is_empty()),
        );
        match stray {
            true => Err(self.stray()),
            false => Ok(self.children.iter().filter_map(Child::element)),
        }
    }

    fn each<T>(&self, read: impl Fn(&Node) -> Result<T, Fault>) -> Result<Vec<T>, Fault> {
        self.elements()?.map(read).collect()
    }

    fn refuse(&self, child: &Node) -> Fault {
        Fault::schema(
            child.at,
            Schema::Element {
                parent: shorten(&self.name),
                name: shorten(&child.name),
            },
        )
    }

    fn stray(&self) -> Fault {
        Fault::schema(self.at, Schema::Text(shorten(&self.name)))
    }

    fn missing(&self, parent: &'static str, name: &'static str) -> Fault {
        Fault::schema(self.at, Schema::Missing { parent, name })
    }

    fn twice(&self, parent: &'static str, name: &'static str) -> Fault {
        Fault::schema(self.at, Schema::Twice { parent, name })
    }
}

impl Child {
    fn element(&self) -> Option<&Node> {
        match self {
            Self::Element(node) => Some(node),
            Self::Text(_) => None,
        }
    }
}
