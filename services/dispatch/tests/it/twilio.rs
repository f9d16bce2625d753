//! A Twilio, and a CDN beside it, that serve files as they are told to.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

/// What is answered at a path.
#[derive(Clone)]
pub enum Answer {
    File(Vec<u8>),
    /// To this address.
    Redirect(String),
}

#[derive(Default)]
struct World {
    answers: HashMap<String, Answer>,
    /// The path of each request, and whether it had credentials.
    asked: Vec<(String, bool)>,
}

pub struct Twilio {
    pub url: String,
    world: Arc<Mutex<World>>,
    task: JoinHandle<()>,
}

impl Twilio {
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let world = Arc::new(Mutex::new(World::default()));
        let serving = world.clone();
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let world = serving.clone();
                tokio::spawn(async move {
                    let _ = serve(stream, &world).await;
                });
            }
        });
        Self { url, world, task }
    }

    /// Has this at a path; gives its address.
    pub fn has(&self, path: &str, answer: Answer) -> String {
        let mut world = self.world.lock().unwrap();
        world.answers.insert(path.to_owned(), answer);
        format!("{}{path}", self.url)
    }

    /// What was asked for, and whether with credentials.
    pub fn asked(&self) -> Vec<(String, bool)> {
        self.world.lock().unwrap().asked.clone()
    }
}

impl Drop for Twilio {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn serve(stream: TcpStream, world: &Mutex<World>) -> std::io::Result<()> {
    let mut stream = BufReader::new(stream);
    let mut line = String::new();
    stream.read_line(&mut line).await?;
    let path = line.split(' ').nth(1).unwrap_or_default().to_owned();
    let mut has_credentials = false;
    while line.trim_end() != "" {
        line.clear();
        stream.read_line(&mut line).await?;
        has_credentials |= line.to_ascii_lowercase().starts_with("authorization:");
    }
    let answer = {
        let mut world = world.lock().unwrap();
        world.asked.push((path.clone(), has_credentials));
        world.answers.get(&path).cloned()
    };
    let (head, body) = match answer {
        Some(Answer::File(bytes)) => ("200 OK\r\ncontent-type: text/plain".to_owned(), bytes),
        Some(Answer::Redirect(to)) => (format!("302 Found\r\nlocation: {to}"), Vec::new()),
        None => ("404 Not Found".to_owned(), Vec::new()),
    };
    let head = format!(
        "HTTP/1.1 {head}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
        body.len()
    );
    stream.write_all(head.as_bytes()).await?;
    stream.write_all(&body).await?;
    stream.shutdown().await
}
