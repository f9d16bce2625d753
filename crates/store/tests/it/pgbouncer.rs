//! Through PgBouncer in transaction mode, which lends a server to each transaction and keeps nothing in between.

use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use clock::Clock;
use store::Database;

use super::{TestApp, all, insert, note};

/// A proxy with two servers to lend, ended when it is dropped.
struct PgBouncer {
    process: Child,
    port: u16,
    _dir: tempfile::TempDir,
}

impl PgBouncer {
    /// None where it is not installed: `.ci/run` and Debian's `pgbouncer` bring it.
    async fn start(url: &str, ignored: &str) -> Option<Self> {
        let program = ["/usr/sbin/pgbouncer", "/usr/bin/pgbouncer"];
        let program = program.into_iter().find(|it| Path::new(it).exists())?;
        let server: tokio_postgres::Config = url.parse().unwrap();
        let host = match server.get_hosts().first() {
            Some(tokio_postgres::config::Host::Tcp(host)) => host.clone(),
            _ => "127.0.0.1".to_owned(),
        };
        let server_port = server.get_ports().first().copied().unwrap_or(5432);
        let user = server.get_user().unwrap_or("postgres");
        let password = server.get_password().map(|it| {
            let password = String::from_utf8_lossy(it);
            format!(" password='{password}'")
        });
        let dir = tempfile::tempdir().unwrap();
        let port = TcpListener::bind("127.0.0.1:0")
            .unwrap()
            .local_addr()
            .unwrap()
            .port();
        let ini = format!(
            "[databases]\n* = host={host} port={server_port} user={user}{}\n\
             [pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = {port}\nauth_type = any\n\
             pool_mode = transaction\ndefault_pool_size = 2\nunix_socket_dir =\n{ignored}\n",
            password.unwrap_or_default()
        );
        let file = dir.path().join("pgbouncer.ini");
        std::fs::write(&file, ini).unwrap();
        // It does not run as root; the user that it switches to has to find its file.
        std::fs::set_permissions(dir.path(), std::fs::Permissions::from_mode(0o755)).unwrap();
        let id = Command::new("id").arg("-u").output().unwrap();
        let mut command = Command::new(program);
        if id.stdout == b"0\n" {
            command.args(["-u", "nobody"]);
        }
        let process = command
            .arg(&file)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let proxy = Self {
            process,
            port,
            _dir: dir,
        };
        let answers = async {
            while Database::ping(&proxy.url(url)).await.is_err() {
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(30), answers)
            .await
            .expect("pgbouncer starts and answers");
        Some(proxy)
    }

    /// The same database behind it.
    fn url(&self, url: &str) -> String {
        let server: tokio_postgres::Config = url.parse().unwrap();
        format!(
            "postgres://{}@127.0.0.1:{}/{}",
            server.get_user().unwrap_or("postgres"),
            self.port,
            server.get_dbname().unwrap_or("postgres")
        )
    }
}

impl Drop for PgBouncer {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn behind(database: &Database, proxy: &PgBouncer) -> Database {
    match database {
        Database::Postgres {
            url,
            namespace,
            pool_size,
        } => Database::Postgres {
            url: proxy.url(url),
            namespace: namespace.clone(),
            pool_size: *pool_size,
        },
        Database::Sqlite { .. } => database.clone(),
    }
}

fn url_of(database: &Database) -> String {
    match database {
        Database::Postgres { url, .. } => url.clone(),
        Database::Sqlite { .. } => String::new(),
    }
}

/// Two roles at once on two servers: each finds its own tables, whichever server it gets.
async fn roles_share_servers(ignored: &str) {
    let (one, two) = (TestApp::new("postgres"), TestApp::new("postgres"));
    let Some(proxy) = PgBouncer::start(&url_of(&one.database), ignored).await else {
        return;
    };
    let clock = Clock::system();
    let mut stores = Vec::new();
    for app in [&one, &two] {
        let app = TestApp {
            database: behind(&app.database, &proxy),
            dir: tempfile::tempdir().unwrap(),
        };
        stores.push(app.open().await);
    }
    let writing = stores.iter().enumerate().map(|(n, store)| {
        let clock = clock.clone();
        async move {
            for round in 0..20 {
                let id = format!("{n}-{round}");
                insert(store, &note(&id, &clock)).await.unwrap();
                assert_eq!(all(store).await.len(), round + 1);
            }
        }
    });
    futures::future::join_all(writing).await;
    for (n, store) in stores.iter().enumerate() {
        let notes = all(store).await;
        assert!(notes.iter().all(|it| it.id.starts_with(&format!("{n}-"))));
        // Taken back, and the connection is as good as before.
        let mut tx = store.begin().await.unwrap();
        store::inbox::forget(&mut tx, clock.now()).await.unwrap();
        tx.rollback().await.unwrap();
        store.ping().await.unwrap();
    }
    drop(stores);
    one.close().await;
    two.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn roles_behind_a_proxy_that_refuses_session_settings_keep_apart() {
    roles_share_servers("").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn roles_behind_a_proxy_that_drops_session_settings_keep_apart() {
    roles_share_servers("ignore_startup_parameters = options").await;
}
