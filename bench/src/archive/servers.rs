//! Where recordings come from, and where they go.

use std::convert::Infallible;
use std::fs;
use std::path::{Path, PathBuf};

use actix_web::dev::ServerHandle;
use actix_web::web::{self, Bytes};
use actix_web::{App, HttpResponse, HttpServer};
use anyhow::Result;
use futures::{StreamExt, stream};
use hyper_util::rt::{TokioExecutor, TokioIo};

/// The store: the one that is inside the platform, on a port and a thread of its own.
pub fn serve_store(dir: &Path, user: &str, secret: &str) -> Result<String> {
    fs::create_dir_all(dir)?;
    let dir: PathBuf = dir.to_owned();
    let listener = std::net::TcpListener::bind(("127.0.0.1", 0))?;
    listener.set_nonblocking(true)?;
    let url = format!("http://{}", listener.local_addr()?);
    let service = objects::test_support::service(&dir, user, secret)?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()?;
    // It ends with the process.
    std::thread::spawn(move || {
        runtime.block_on(async move {
            let Ok(listener) = tokio::net::TcpListener::from_std(listener) else {
                return;
            };
            while let Ok((socket, _)) = listener.accept().await {
                let service = service.clone();
                tokio::spawn(async move {
                    hyper_util::server::conn::auto::Builder::new(TokioExecutor::new())
                        .serve_connection(TokioIo::new(socket), service)
                        .await
                });
            }
        });
    });
    Ok(url)
}

/// Twilio, as far as it has recordings: noise of as many bytes as the SID says.
pub fn serve_files() -> Result<(String, ServerHandle)> {
    let listener = std::net::TcpListener::bind(("127.0.0.1", 0))?;
    let url = format!("http://{}", listener.local_addr()?);
    let server = HttpServer::new(|| App::new().default_service(web::to(file)))
        .workers(1)
        .disable_signals()
        .listen(listener)?
        .run();
    let handle = server.handle();
    tokio::spawn(server);
    Ok((url, handle))
}

async fn file(request: actix_web::HttpRequest) -> HttpResponse {
    let name = request.path().rsplit('/').next().unwrap_or_default();
    let size = name
        .get(2..14)
        .and_then(|hex| u64::from_str_radix(hex, 16).ok());
    let Some(size) = size.filter(|_| name.starts_with("RE") && name.ends_with(".wav")) else {
        return HttpResponse::NotFound().finish();
    };
    let piece = Bytes::from(
        (0..64u32 << 10)
            .map(|n| (n.wrapping_mul(2_654_435_761) >> 20) as u8)
            .collect::<Vec<u8>>(),
    );
    let head = Bytes::from(header(size));
    let rest = size.saturating_sub(head.len() as u64);
    let whole = rest / piece.len() as u64;
    let last = piece.slice(..usize::try_from(rest % piece.len() as u64).unwrap_or_default());
    let pieces = stream::iter(std::iter::once(head))
        .chain(stream::iter((0..whole).map(move |_| piece.clone())))
        .chain(stream::iter(std::iter::once(last)))
        .map(Ok::<Bytes, Infallible>);
    HttpResponse::Ok()
        .content_type("audio/x-wav")
        .no_chunking(size)
        .streaming(pieces)
}

/// Of a WAV file of so many bytes with two channels of PCM at 8 kHz.
pub fn header(size: u64) -> Vec<u8> {
    let size = u32::try_from(size).unwrap_or(u32::MAX);
    let mut head = b"RIFF".to_vec();
    head.extend_from_slice(&(size - 8).to_le_bytes());
    head.extend_from_slice(b"WAVEfmt ");
    head.extend_from_slice(&16u32.to_le_bytes());
    for short in [1u16, 2] {
        head.extend_from_slice(&short.to_le_bytes());
    }
    for long in [8_000u32, 32_000] {
        head.extend_from_slice(&long.to_le_bytes());
    }
    for short in [4u16, 16] {
        head.extend_from_slice(&short.to_le_bytes());
    }
    head.extend_from_slice(b"data");
    head.extend_from_slice(&(size - 44).to_le_bytes());
    head
}
