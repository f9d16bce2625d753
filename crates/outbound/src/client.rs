//! The client.

use std::sync::Arc;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use reqwest::header::LOCATION;
use reqwest::{Client, Method, redirect};
use url::Host;

use crate::address::{Reach, Refused, judge};
use crate::guard::{Guard, Names, System, refusal};

/// What an answer may cost.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// From the first byte sent to the last one read.
    pub deadline: Duration,
    /// The most bytes of an answer that are read.
    pub answer_bytes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            deadline: Duration::from_secs(5),
            answer_bytes: 64 * 1024,
        }
    }
}

/// A request to be sent.
#[derive(Debug, Clone)]
pub struct Request<'a> {
    /// The method.
    pub method: Method,
    /// Where to.
    pub url: &'a str,
    /// Beside those of the client.
    pub headers: Vec<(&'static str, String)>,
    /// The body.
    pub body: Vec<u8>,
}

/// What came back.
#[derive(Debug, Clone)]
pub struct Answer {
    /// The status code.
    pub status: u16,
    /// The body, as far as it was read.
    pub body: Bytes,
    /// Whether there was more of it.
    pub is_cut: bool,
    /// Where a redirect leads, which is not followed.
    pub location: Option<String>,
}

/// Why there is no answer. It never holds the address, which may hold a secret.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The address is not asked.
    #[error("the address {0}")]
    Refused(#[from] Refused),
    /// It took too long.
    #[error("no answer within {} s", .0.as_secs_f32())]
    Late(Duration),
    /// Nobody is there.
    #[error("no connection")]
    Unreachable,
    /// Something else: a header that cannot be, an answer that is no HTTP.
    #[error("the request failed")]
    Failed,
}

/// Sends requests. Clones share connections.
#[derive(Clone)]
pub struct Outbound {
    public: Client,
    private: Client,
}

impl Outbound {
    /// A client with this name in `User-Agent`.
    ///
    /// # Errors
    ///
    /// The machine's TLS cannot be set up.
    pub fn new(user_agent: &str) -> Result<Self, Error> {
        Self::looking_up(user_agent, Arc::new(System))
    }

    fn looking_up(user_agent: &str, names: Arc<dyn Names>) -> Result<Self, Error> {
        // The provider of the process, whoever installed it first.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = |reach| {
            let names = names.clone();
            Client::builder()
                .redirect(redirect::Policy::none())
                .no_proxy()
                .dns_resolver(Arc::new(Guard { reach, names }))
                .user_agent(user_agent)
                .build()
                .map_err(|_| Error::Failed)
        };
        Ok(Self {
            public: client(Reach::Public)?,
            private: client(Reach::Private)?,
        })
    }

    /// Sends a request as far as it may go.
    ///
    /// # Errors
    ///
    /// Why there is no answer. A status that is no success is an answer.
    pub async fn send(
        &self,
        request: Request<'_>,
        reach: Reach,
        limits: Limits,
    ) -> Result<Answer, Error> {
        let url = judge(request.url, reach)?;
        // An address that is spelled out is not looked up.
        match url.host() {
            Some(Host::Ipv4(ip)) => reach.connects(ip.into())?,
            Some(Host::Ipv6(ip)) => reach.connects(ip.into())?,
            Some(Host::Domain(_)) | None => {}
        }
        let client = match reach {
            Reach::Public => &self.public,
            Reach::Private => &self.private,
        };
        let mut sending = client.request(request.method, url).body(request.body);
        for (name, value) in request.headers {
            sending = sending.header(name, value);
        }
        let answering = async {
            let response = sending.send().await.map_err(|e| described(&e))?;
            read(response, limits.answer_bytes).await
        };
        tokio::time::timeout(limits.deadline, answering)
            .await
            .unwrap_or(Err(Error::Late(limits.deadline)))
    }
}

async fn read(mut response: reqwest::Response, most: usize) -> Result<Answer, Error> {
    let status = response.status().as_u16();
    let location = response.headers().get(LOCATION);
    let location = location.and_then(|it| response.url().join(it.to_str().ok()?).ok());
    let location = location.map(String::from);
    let mut body = BytesMut::new();
    let mut is_cut = false;
    while let Some(chunk) = response.chunk().await.map_err(|e| described(&e))? {
        let room = most - body.len();
        body.extend_from_slice(&chunk[..chunk.len().min(room)]);
        if chunk.len() > room {
            is_cut = true;
            break;
        }
    }
    Ok(Answer {
        status,
        body: body.freeze(),
        is_cut,
        location,
    })
}

fn described(error: &reqwest::Error) -> Error {
    if let Some(refused) = refusal(error) {
        return Error::Refused(refused);
    }
    if error.is_connect() {
        Error::Unreachable
    } else {
        Error::Failed
    }
}

#[cfg(test)]
mod tests {
    use std::net::{Ipv4Addr, SocketAddr};
    use std::sync::Mutex;

    use reqwest::dns::Resolve;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpListener;

    use super::*;
    use crate::guard::Looked;

    /// Answers each look-up with the next of these.
    struct Scripted(Mutex<Vec<Vec<Ipv4Addr>>>);

    impl Names for Scripted {
        fn look_up(&self, _: String) -> Looked {
            let mut answers = self.0.lock().unwrap();
            let next = if answers.len() > 1 {
                answers.remove(0)
            } else {
                answers[0].clone()
            };
            let addresses = next.into_iter().map(|ip| SocketAddr::new(ip.into(), 0));
            let addresses = addresses.collect();
            Box::pin(async move { Ok(addresses) })
        }
    }

    fn scripted(answers: &[&[Ipv4Addr]]) -> Outbound {
        let answers = answers.iter().map(|answer| answer.to_vec()).collect();
        Outbound::looking_up("test", Arc::new(Scripted(Mutex::new(answers)))).unwrap()
    }

    /// A server that answers each request with this, once the client has stopped talking; gives its port.
    async fn serve(answer: Vec<u8>) -> (u16, Arc<Mutex<u32>>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let asked = Arc::new(Mutex::new(0));
        let count = asked.clone();
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                *count.lock().unwrap() += 1;
                let answer = answer.clone();
                tokio::spawn(async move {
                    let mut buffer = [0; 4096];
                    let _ = stream.read(&mut buffer).await;
                    let _ = stream.write_all(&answer).await;
                });
            }
        });
        (port, asked)
    }

    fn get(url: &str) -> Request<'_> {
        Request {
            method: Method::GET,
            url,
            headers: vec![("accept", "text/plain".to_owned())],
            body: Vec::new(),
        }
    }

    const OK: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello";

    #[tokio::test]
    async fn name_of_an_inner_address_is_not_connected_to() {
        let (port, asked) = serve(OK.to_vec()).await;
        let url = format!("http://crm.example:{port}/");
        let outbound = scripted(&[&[Ipv4Addr::LOCALHOST]]);
        let refused = outbound
            .send(get(&url), Reach::Public, Limits::default())
            .await;
        assert!(
            matches!(refused, Err(Error::Refused(Refused::Private))),
            "{refused:?}"
        );
        let outbound = scripted(&[&[Ipv4Addr::new(169, 254, 169, 254)]]);
        let refused = outbound
            .send(get(&url), Reach::Private, Limits::default())
            .await;
        assert!(
            matches!(refused, Err(Error::Refused(Refused::Reserved))),
            "{refused:?}"
        );
        assert_eq!(*asked.lock().unwrap(), 0);
    }

    #[tokio::test]
    async fn name_that_changes_its_address_gains_nothing() {
        let public = Ipv4Addr::new(8, 8, 8, 8);
        let answers = vec![vec![Ipv4Addr::LOCALHOST, public], vec![Ipv4Addr::LOCALHOST]];
        let guard = Guard {
            reach: Reach::Public,
            names: Arc::new(Scripted(Mutex::new(answers))),
        };
        let resolve = || guard.resolve("crm.example".parse().unwrap());
        // What is connected to is what was judged.
        let given: Vec<SocketAddr> = resolve().await.unwrap().collect();
        assert_eq!(given, [SocketAddr::new(public.into(), 0)]);
        let Err(refused) = resolve().await else {
            unreachable!("an inner address was given");
        };
        assert_eq!(refusal(refused.as_ref()), Some(Refused::Private));
    }

    #[tokio::test]
    async fn laboratory_asks_its_own_machine() {
        let (port, _) = serve(OK.to_vec()).await;
        let outbound = Outbound::new("test").unwrap();
        let url = format!("http://127.0.0.1:{port}/");
        let answer = outbound
            .send(get(&url), Reach::Private, Limits::default())
            .await
            .unwrap();
        assert_eq!(
            (answer.status, &answer.body[..], answer.is_cut),
            (200, &b"hello"[..], false)
        );
        let refused = outbound
            .send(get(&url), Reach::Public, Limits::default())
            .await;
        assert!(
            matches!(refused, Err(Error::Refused(Refused::Private))),
            "{refused:?}"
        );
    }

    #[tokio::test]
    async fn answer_is_bounded_in_size_and_time() {
        let long = [
            b"HTTP/1.1 200 OK\r\ncontent-length: 100000\r\n\r\n".to_vec(),
            vec![b'x'; 100_000],
        ]
        .concat();
        let (port, _) = serve(long).await;
        let outbound = Outbound::new("test").unwrap();
        let url = format!("http://127.0.0.1:{port}/");
        let limits = Limits {
            answer_bytes: 1_000,
            ..Limits::default()
        };
        let answer = outbound
            .send(get(&url), Reach::Private, limits)
            .await
            .unwrap();
        assert_eq!((answer.body.len(), answer.is_cut), (1_000, true));

        // One that promises five bytes and sends none.
        let (port, _) = serve(b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\n".to_vec()).await;
        let url = format!("http://127.0.0.1:{port}/");
        let limits = Limits {
            deadline: Duration::from_millis(200),
            ..limits
        };
        let late = outbound.send(get(&url), Reach::Private, limits).await;
        assert!(
            matches!(late, Err(Error::Late(_) | Error::Failed)),
            "{late:?}"
        );
    }

    #[tokio::test]
    async fn redirect_is_an_answer() {
        let moved =
            b"HTTP/1.1 302 Found\r\nlocation: http://169.254.169.254/\r\ncontent-length: 0\r\n\r\n";
        let (port, _) = serve(moved.to_vec()).await;
        let outbound = Outbound::new("test").unwrap();
        let url = format!("http://127.0.0.1:{port}/");
        let answer = outbound
            .send(get(&url), Reach::Private, Limits::default())
            .await
            .unwrap();
        assert_eq!(answer.status, 302);
        assert_eq!(answer.location.as_deref(), Some("http://169.254.169.254/"));
    }
}
