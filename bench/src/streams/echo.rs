//! A bare WebSocket echo, on the server and the socket that the platform has: what the same frames cost without anything done to them.

use std::process::Command;
use std::time::Duration;

use actix_web::{App, Error, HttpRequest, HttpResponse, HttpServer, web};
use actix_ws::Message;
use anyhow::Result;

use crate::Options;
use crate::process::{Server, free_ports};

/// As many as the platform has.
const WORKERS: usize = 2;

/// Starts this program again as the echo.
pub async fn start(options: &Options) -> Result<(Server, u16)> {
    let port = free_ports()?;
    let mut command = Command::new(std::env::current_exe()?);
    command.args(["--amqp-url", "none", "--database-url", "none", "--echo"]);
    command.arg(port.to_string());
    let mut server = Server::start("echo", &mut command, &options.out.join("logs"))?;
    server.ready(port, Duration::from_secs(10)).await?;
    Ok((server, port))
}

/// Serves until it is ended.
pub fn serve(port: u16) -> Result<()> {
    actix_web::rt::System::new().block_on(async {
        let app = || {
            App::new()
                .route(
                    "/health/ready",
                    web::get().to(async || HttpResponse::Ok().body("ok")),
                )
                .route("/echo", web::get().to(open))
        };
        let server = HttpServer::new(app).workers(WORKERS);
        server.bind(("127.0.0.1", port))?.run().await?;
        Ok(())
    })
}

async fn open(request: HttpRequest, body: web::Payload) -> Result<HttpResponse, Error> {
    let (response, mut socket, mut messages) = actix_ws::handle(&request, body)?;
    actix_web::rt::spawn(async move {
        while let Some(Ok(message)) = messages.recv().await {
            let sent = match message {
                Message::Text(text) => socket.text(text).await,
                Message::Close(_) => break,
                _ => Ok(()),
            };
            if sent.is_err() {
                break;
            }
        }
        // Whoever is gone need not be told.
        let _ = socket.close(None).await;
    });
    Ok(response)
}
