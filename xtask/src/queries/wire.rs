//! What a client of PostgreSQL sends: the statements that it has prepared, and of which schema they are.

/// What a client says instead of beginning: it asks for encryption, which is refused by who records.
const ASKS: [u32; 2] = [80_877_103, 80_877_104];
/// The version of the protocol with which it begins.
const BEGINS: u32 = 196_608;

/// What one connection has sent so far, as far as it is not a whole message yet.
#[derive(Default)]
pub struct Wire {
    bytes: Vec<u8>,
    /// Whether the first message has passed, which has no type.
    begun: bool,
    /// Which schema it works in; none: it does not say.
    schema: Option<String>,
}

/// A statement that is prepared.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Statement {
    /// The types of its parameters, as PostgreSQL numbers them; 0: it is to find out.
    pub types: Vec<u32>,
    /// Its text, on one line.
    pub text: String,
}

impl Wire {
    /// The schema that it works in.
    pub fn schema(&self) -> Option<&str> {
        self.schema.as_deref()
    }

    /// Takes what was sent; gives what was prepared by it.
    pub fn take(&mut self, sent: &[u8]) -> Vec<Statement> {
        self.bytes.extend_from_slice(sent);
        let mut prepared = Vec::new();
        while let Some((kind, message)) = self.next() {
            match kind {
                Some(b'P') => prepared.extend(statement(&message)),
                None => self.begin(&message),
                Some(_) => {}
            }
        }
        prepared
    }

    /// The next whole message: its type, where it has one, and what is in it.
    fn next(&mut self) -> Option<(Option<u8>, Vec<u8>)> {
        let head = usize::from(self.begun);
        let length = number(self.bytes.get(head..)?)?;
        let end = head + usize::try_from(length).ok()?;
        let kind = self.bytes.first().copied().filter(|_| self.begun);
        let message = self.bytes.get(head + 4..end)?.to_vec();
        self.bytes.drain(..end);
        Some((kind, message))
    }

    fn begin(&mut self, message: &[u8]) {
        match number(message) {
            Some(asks) if ASKS.contains(&asks) => return,
            Some(BEGINS) => {}
            // A request to cancel: nothing follows.
            _ => {
                self.begun = true;
                return;
            }
        }
        self.begun = true;
        let text = String::from_utf8_lossy(message.get(4..).unwrap_or_default()).into_owned();
        let path = text.split_once("search_path=").map(|(_, rest)| rest);
        let schema = path.and_then(|rest| rest.split([' ', '\0']).next());
        self.schema = schema.map(|name| name.trim_matches('"').to_owned());
    }
}

fn number(bytes: &[u8]) -> Option<u32> {
    let bytes = bytes.get(..4)?.try_into().ok()?;
    Some(u32::from_be_bytes(bytes))
}

/// `Parse`: a name and a text, each ended by a zero, then how many types, and the types.
fn statement(message: &[u8]) -> Option<Statement> {
    let mut parts = message.splitn(3, |byte| *byte == 0);
    let (_, text, rest) = (parts.next()?, parts.next()?, parts.next()?);
    let text = String::from_utf8_lossy(text);
    let types = rest.get(2..)?.chunks_exact(4).filter_map(number).collect();
    Some(Statement {
        types,
        text: text.split_whitespace().collect::<Vec<_>>().join(" "),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn begins(options: &str) -> Vec<u8> {
        let mut message = BEGINS.to_be_bytes().to_vec();
        for text in ["user", "postgres", "options", options, ""] {
            message.extend(text.as_bytes());
            message.push(0);
        }
        let mut all = u32::try_from(message.len() + 4)
            .unwrap()
            .to_be_bytes()
            .to_vec();
        all.extend(message);
        all
    }

    fn parses(text: &str, types: &[u32]) -> Vec<u8> {
        let mut message = b"s1\0".to_vec();
        message.extend(text.as_bytes());
        message.push(0);
        message.extend(u16::try_from(types.len()).unwrap().to_be_bytes());
        for kind in types {
            message.extend(kind.to_be_bytes());
        }
        let mut all = vec![b'P'];
        all.extend(u32::try_from(message.len() + 4).unwrap().to_be_bytes());
        all.extend(message);
        all
    }

    #[test]
    fn statements_are_found_however_the_bytes_come() {
        let mut all = vec![0, 0, 0, 8];
        all.extend(ASKS[0].to_be_bytes());
        all.extend(begins("-c search_path=e2e_1_calls -c timezone=UTC"));
        all.extend([b'Q', 0, 0, 0, 10]);
        all.extend(b"BEGIN\0");
        all.extend(parses("SELECT  a\n FROM b WHERE c = $1", &[25]));
        let found = vec![Statement {
            types: vec![25],
            text: "SELECT a FROM b WHERE c = $1".to_owned(),
        }];
        let mut wire = Wire::default();
        assert_eq!(wire.take(&all), found);
        assert_eq!(wire.schema(), Some("e2e_1_calls"));
        let mut wire = Wire::default();
        let one_by_one = all.chunks(1).flat_map(|byte| wire.take(byte));
        assert_eq!(one_by_one.collect::<Vec<_>>(), found);
    }
}
