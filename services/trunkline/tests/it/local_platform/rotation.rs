//! A role's second process, and one address before both, as a load balancer gives it: each request goes to the one that is
//! in rotation, over a connection of its own.

use std::sync::Arc;
use std::sync::atomic::{AtomicU16, Ordering};

use actix_web::dev::ServerHandle;
use actix_web::web::{self, Bytes, Data};
use actix_web::{App, HttpRequest, HttpResponse, HttpServer};
use serde_json::Value;

use super::wait::{eventually, free_port, so};
use super::{LocalPlatform, install_tls};

/// What belongs to a connection, not to what it carries.
const OF_CONNECTIONS: [&str; 4] = ["connection", "host", "content-length", "transfer-encoding"];

/// The address.
pub struct Rotation {
    port: u16,
    target: Arc<AtomicU16>,
    handle: ServerHandle,
}

#[derive(Clone)]
struct Way {
    target: Arc<AtomicU16>,
    client: reqwest::Client,
}

impl Rotation {
    /// Opens it; it leads nowhere yet.
    pub async fn open() -> Self {
        install_tls();
        let target = Arc::new(AtomicU16::new(0));
        let client = reqwest::Client::builder().pool_max_idle_per_host(0);
        let way = Way {
            target: target.clone(),
            client: client.build().unwrap(),
        };
        let server = HttpServer::new(move || {
            App::new()
                .app_data(Data::new(way.clone()))
                .default_service(web::to(pass))
        })
        .workers(2)
        .disable_signals()
        .bind(("127.0.0.1", 0))
        .unwrap();
        let port = server.addrs()[0].port();
        let server = server.run();
        let handle = server.handle();
        tokio::spawn(server);
        Self {
            port,
            target,
            handle,
        }
    }

    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// From now on requests go to this port; those under way end where they are.
    pub fn lead_to(&self, port: u16) {
        self.target.store(port, Ordering::SeqCst);
    }
}

impl Drop for Rotation {
    fn drop(&mut self) {
        drop(self.handle.stop(false));
    }
}

async fn pass(request: HttpRequest, body: Bytes, way: Data<Way>) -> HttpResponse {
    let port = way.target.load(Ordering::SeqCst);
    let url = format!("http://127.0.0.1:{port}{}", request.uri());
    let method = request.method().as_str().parse().unwrap();
    let mut far = way.client.request(method, url).body(body);
    for (name, value) in request.headers() {
        if !OF_CONNECTIONS.contains(&name.as_str()) {
            far = far.header(name.as_str(), value.as_bytes());
        }
    }
    let Ok(answer) = far.send().await else {
        return HttpResponse::BadGateway().finish();
    };
    let mut near = HttpResponse::build(answer.status().as_u16().try_into().unwrap());
    for (name, value) in answer.headers() {
        if !OF_CONNECTIONS.contains(&name.as_str()) {
            near.append_header((name.as_str(), value.as_bytes()));
        }
    }
    match answer.bytes().await {
        Ok(bytes) => near.body(bytes),
        Err(_) => HttpResponse::BadGateway().finish(),
    }
}

impl LocalPlatform {
    /// Where a role of a split platform listens.
    pub fn port_of(&self, role: &str) -> u16 {
        let ports = self.ports.lock().unwrap();
        *ports.get(role).expect("a role of this platform")
    }

    /// Starts a second process of a role on the same parts, and waits until it can do its work: where it listens.
    pub async fn replicate(&self, role: &str) -> u16 {
        let port = free_port();
        let name = format!("{role}-2");
        let data = self.dir.path().join("data").join(&name);
        std::fs::create_dir_all(&data).unwrap();
        // Where there is no S3, the objects are those of the others.
        let files = self.dir.path().join("data/files/objects");
        std::fs::create_dir_all(&files).unwrap();
        std::os::unix::fs::symlink(files, data.join("objects")).unwrap();
        {
            let mut processes = self.processes.lock().unwrap();
            let old = processes.get(role).unwrap();
            let mut new = old.replica(&name, self.dir.path(), port, &data);
            new.start();
            processes.insert(name, new);
        }
        let url = format!("http://127.0.0.1:{port}/health/ready");
        eventually(&format!("the new {role} is ready"), async || {
            let report: Value = self.http.get(&url).send().await.ok()?.json().await.ok()?;
            so(report["ready"] == true)
        })
        .await;
        port
    }

    /// Stops the first process of a role in order; the second, which listens here, is the role's from now on.
    pub async fn retire(&self, role: &str, port: u16) {
        self.end(role).await;
        self.succeed(role, port);
    }

    /// `kill -9` of the first process of a role; the second is the role's from now on. The first may come back as `ROLE-1`.
    pub fn lose(&self, role: &str, port: u16) {
        self.kill(role);
        self.succeed(role, port);
    }

    /// Starts the process again that was lost, beside the one that is the role's by now.
    pub fn bring_back(&self, role: &str) {
        let mut processes = self.processes.lock().unwrap();
        processes.get_mut(&format!("{role}-1")).unwrap().start();
    }

    fn succeed(&self, role: &str, port: u16) {
        self.ports.lock().unwrap().insert(role.to_owned(), port);
        let mut processes = self.processes.lock().unwrap();
        let new = processes.remove(&format!("{role}-2")).unwrap();
        let old = processes.insert(role.to_owned(), new);
        // Its log is looked through in the end.
        processes.insert(format!("{role}-1"), old.unwrap());
    }
}
